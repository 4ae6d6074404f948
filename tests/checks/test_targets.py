"""Whatever has a name has a derivative to compare with, under any of its names; central differences tell."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.checks.targets import base_of, other_derivative, targets_of

random = np.random.default_rng(0)
X, V, ONE = random.normal(size=(4, 5)), random.normal(size=(5, 2)), np.eye(3)[:, [0, 1, 2, 0, 1]]


def classifier():
    W, U = tg.parameter(random.normal(size=(6, 4))), tg.parameter(random.normal(size=(3, 6)))
    h = np.tanh(W @ X)
    logits = U @ h
    return tg.softmax_cross_entropy(logits, ONE), {"W": W, "U": U, "h": h, "logits": logits}


def attention():
    Q, K = tg.parameter(random.normal(size=(5, 3))), tg.parameter(random.normal(size=(5, 3)))
    scores = Q @ K.T
    e = np.exp(scores)
    weights = e / e.sum(axis=1, keepdims=True)
    out = weights @ V
    return (out**2).sum(), {"Q": Q, "K": K, "scores": scores, "e": e, "weights": weights, "out": out}


def given_names():
    pre = (tg.parameter(random.normal(size=(2, 4)), name="W.1") @ X).named("pre activation")
    return np.exp(pre).sum(), {"pre activation": pre}


@pytest.mark.parametrize("make", [classifier, attention, given_names])
@pytest.mark.parametrize("written", ["d{}", "grad_{}"])
def test_every_named_quantity_can_be_compared(make, written):
    J, parts = make()
    d = J.backward()
    hand = {written.format(name): d[x] for name, x in parts.items()}

    report = tg.compare(J, hand)

    assert report.ok, str(report)
    assert {row.name for row in report.rows if not row.missing} == hand.keys()
    assert not [row for row in report.rows if row.missing and row.name[1:] in parts]
    for name in hand:
        assert [r.name for r in tg.compare(J, hand | {name: hand[name] + 1}).rows if not r.ok] == [name]


def test_names_of_a_mapping_count():
    W = tg.parameter(random.normal(size=(2, 4)))
    made = [np.tanh(W @ X)]
    J = (made[0] ** 2).sum()

    assert tg.compare(J, {"dmine": 2 * made[0].value}, names={"mine": made[0]}).ok
    assert tg.compare(J, {"dmine": 2 * made[0].value}).first_wrong == "dmine"


def test_the_lectures_names_and_the_users_are_the_same_derivative():
    W1 = tg.parameter(random.normal(size=(2, 4)))
    pre = W1 @ X
    J = np.tanh(pre).sum()
    dZ = J.backward()[pre]

    assert tg.compare(J, {"dpre": dZ}).ok
    assert tg.compare(J, {"dZ1": dZ}).ok
    assert [row.name for row in tg.compare(J, {"dpre": dZ, "dZ1": dZ * 2}).rows if not row.ok] == ["dZ1"]


def test_data_have_derivatives_and_so_has_the_cost():
    J, _ = attention()
    out = J.backward()["dout"]
    values = {x.name: x.value for x in J.backward().graph.quantities}

    assert tg.compare(J, {"dV": values["weights"].T @ out, "dJ": 1.0}).ok
    assert not tg.compare(J, {"dV": values["weights"].T @ out * 2}).ok


def test_what_has_no_derivative_is_an_unknown_name():
    i = np.array([0, 2])
    W = tg.parameter(random.normal(size=(4,)), name="W")
    J = (W[i] ** 2).sum()

    for name in ("di", "dnothing", "W", "", 3):
        [row] = tg.compare(J, {name: i}).rows
        assert row.verdict == "unknown name; known: dW"


def test_the_base_of_a_name():
    assert list(map(base_of, ["dh", "grad_h", "ddh", "grad_dh", "h", 3])) == ["h", "h", "dh", "dh", "", ""]


def test_a_derivative_by_nothing_known_is_none():
    d = classifier()[0].backward()

    assert other_derivative(d, "nothing") is None
    assert other_derivative(d, "X").shape == X.shape
    assert list(targets_of(classifier()[0])[0]) == list(d)
