"""What belongs to what, and what is said of a claim."""

import numpy as np
import pytest

from tinygraph.debugger.structure import ArrayLeaf
from tinygraph.debugger.trial import (
    Claim,
    Deadline,
    OutOfPatience,
    Trial,
    Unplayable,
    bare_name,
    judge_trial,
    match_claims,
    patiently,
    quietly,
)

STATE = {
    "x": np.array([[1.0, 2.0, -1.0], [0.5, -0.3, 0.8]]),
    "w": np.array([0.4, -0.2, 0.9]),
    "y": np.array([1.0, 0.0]),
}


def forward(state):
    return {"loss": np.sum((state["x"] @ state["w"] - state["y"]) ** 2)}


def true_gradient(state):
    return 2 * state["x"].T @ (state["x"] @ state["w"] - state["y"])


def judged(claims, m=2):
    return judge_trial(
        Trial(None, "", STATE, forward, lambda state, outs, up: claims(state), m=m, scalar=True)
    )


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1, "agrees"),
        (2, "m times"),
        (0.5, "1/m times"),
        (-1, "has the other sign"),
        (3, "3 times the derivative"),
    ],
)
def test_a_factor_is_said(factor, said):
    verdict = judged(lambda state: [("dw", factor * true_gradient(state))]).verdicts[0]
    assert verdict.said.startswith(said)
    assert verdict.ok == (factor == 1)
    assert verdict.factor == pytest.approx(factor)


def test_another_number_is_told_with_its_place():
    def claims(state):
        found = true_gradient(state)
        found[1] += 1
        return [("dw", found)]

    assert judged(claims).verdicts[0].said.endswith("at [1]")


def test_another_shape_is_told():
    assert (
        judged(lambda state: [("dw", true_gradient(state)[:2])]).verdicts[0].said
        == "shape (2,) instead of (3,)"
    )


def test_an_exception_is_kept():
    assert isinstance(judged(lambda state: state["nothing"]).raised, KeyError)


def test_derivatives_of_what_does_not_matter_prove_nothing():
    trial = Trial(
        None, "", STATE, lambda s: {"loss": np.float64(1)}, lambda s, o, u: [("dw", 0 * s["w"])], scalar=True
    )
    with pytest.raises(Unplayable):
        judge_trial(trial)


def test_a_parameter_whose_derivative_is_lost_is_missed():
    state = {"p": {"w": np.ones(3), "b": np.array([0.5])}}

    def network(s):
        return {"loss": np.sum(s["p"]["w"] ** 2) + s["p"]["b"][0] ** 2}

    trial = Trial(None, "", state, network, lambda s, o, u: [("grads['dw']", 2 * s["p"]["w"])], scalar=True)
    assert [v.said for v in judge_trial(trial).wrong] == ["is not given"]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("dW1", "w1"),
        ("grad_W1", "w1"),
        ("self.dweights", "weights"),
        ("grads['W1']", "w1"),
        ("nabla_b[0]", "b[0]"),
    ],
)
def test_a_label_without_what_says_derivative(label, name):
    assert bare_name(label) == name


def test_claims_are_matched_by_name_then_by_kind_then_by_shape():
    leaves = [
        ArrayLeaf((n,), np.zeros(s))
        for n, s in (("X", (4, 3)), ("weights", (3, 2)), ("bias", (2,)), ("odd", (5,)))
    ]
    claims = [
        Claim(n, np.zeros(s)) for n, s in (("dX", (4, 3)), ("dW", (3, 2)), ("result 3", (5,)), ("db", (2,)))
    ]
    assert [c.by[0] for c in match_claims(claims, leaves, {})] == ["X", "weights", "odd", "bias"]


def test_each_call_of_theirs_gives_a_sign_of_life_and_none_begins_late():
    signs = []
    with patiently(Deadline(60.0), lambda: signs.append(1)), quietly(), quietly():
        pass
    with pytest.raises(OutOfPatience), patiently(Deadline(-1.0), lambda: None), quietly():
        raise AssertionError
    with quietly():
        assert signs == [1, 1]
