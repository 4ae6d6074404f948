"""What a file means by its derivatives: where 1 / m is, which way updates go, in which order results come."""

import ast

import numpy as np
import pytest

from tests.debugger.somebody import program_of, verdicts_of
from tinygraph.debugger.conventions import (
    adds_to_parameter,
    common_convention,
    go_by_layers,
    settle_conventions,
    top_label,
    usual_order,
)
from tinygraph.debugger.structure import Attribute
from tinygraph.debugger.trial import Claim, Judgement, Trial, Verdict

M = 7
WHERE = {"dW": ("W",), "db": ("b",), "dx": ("x",)}


def verdict(label, factor, by=None, ok=None):
    claim = Claim(label, np.ones(2), by or WHERE.get(label))
    return Verdict(claim, factor == 1.0 if ok is None else ok, "as found", None, factor)


def judgement(function, *verdicts, m=M, **more):
    state = more.pop("state", {"x": 1, "W": 1, "b": 1})
    trial = Trial(function, "", state, dict, list, m=m, **more)
    return Judgement(trial, list(verdicts), {})


def settled(text, *verdicts, convention="alone", **more):
    """What is said of each claim, with whether it is right."""
    program = program_of(text)
    function = program.functions["back"]
    one = judgement(function, *verdicts, **more)
    settle_conventions(program, function, [one], convention)
    return [(v.ok, v.said.partition(":")[0]) for v in one.verdicts]


ALONE = "def back(dout):\n    return dx, dW, db\n"
ASIS = (True, "as found"), (False, "as found")


# Layers


def test_a_layer_that_divides_by_m_is_right_where_all_do():
    one = [verdict("dx", 1.0), verdict("dW", 1 / M), verdict("db", 1.0)]
    assert settled(ALONE, *one, convention="1/m") == [
        (True, "as found"), (True, "agrees"),
        (False, "is not divided by m, as the others here are")]  # fmt: skip
    assert settled(ALONE, *one) == [ASIS[0], ASIS[1], ASIS[0]]


def test_with_one_example_nothing_can_be_divided():
    assert settled(ALONE, verdict("dW", 1.0), convention="1/m", m=1) == [ASIS[0]]


ADDED = ALONE + "\ndef train(dout, W, lr):\n    dx, dW, db = back(dout)\n    W += lr * dW\n"


def test_the_way_down_that_is_added_is_right():
    turned = verdict("dW", -1.0), verdict("db", -1.0)
    assert settled(ADDED, *turned) == [(True, "agrees")] * 2
    assert settled(ALONE, *turned) == [ASIS[1]] * 2
    assert settled(ADDED.replace("lr * dW", "dW"), *turned) == [(True, "agrees")] * 2
    assert settled(ADDED, turned[0], verdict("db", 1.0)) == [ASIS[1], ASIS[0]]
    assert settled(ADDED, *turned, verdict("dx", -1.0)) == [ASIS[1]] * 3


def test_what_raised_or_has_its_own_factor_is_left_as_it_is():
    program = program_of(ALONE)
    function = program.functions["back"]
    one = judgement(function, verdict("dW", 1 / M), settles=False)
    one.trial.settles = False
    other = judgement(function, verdict("dW", 1 / M))
    other.raised = ValueError()
    settle_conventions(program, function, [one, other], "1/m")
    assert [j.verdicts[0].ok for j in (one, other)] == [False, False]


# Networks

LATER = ALONE + "\ndef train(dout, m):\n    dx, dW, db = back(dout)\n    return dW / m\n"


def test_a_sum_that_is_divided_later_is_right():
    summed = verdict("dW", float(M)), verdict("db", float(M))
    assert settled(LATER, *summed, scalar=True) == [(True, "agrees")] * 2
    assert settled(LATER, verdict("dW", 1.0), scalar=True, m=1) == [ASIS[0]]
    assert (
        settled(ALONE, *summed, scalar=True, loss="cost") == [(False, "m times the derivative of cost")] * 2
    )


def test_intermediate_derivatives_may_be_m_times_where_parameters_are_exact():
    one = verdict("dW", 1.0), verdict("dZ", float(M), by=("x",))
    assert settled(ALONE, *one, scalar=True) == [ASIS[0], (True, "agrees")]
    assert settled(ALONE, one[0], verdict("dZ", 2.0, by=("x",)), scalar=True) == [*ASIS]


def test_a_network_that_goes_down_and_is_added_is_right_and_one_that_goes_up_is_not():
    down, up = verdict("dW", -1.0), verdict("dW", 1.0)
    assert settled(ADDED, down, scalar=True) == [(True, "agrees")]
    assert settled(ADDED, up, scalar=True) == [(False, "has the other sign")]
    assert settled(ALONE, up, scalar=True) == [ASIS[0]]
    assert settled(ADDED.replace("lr * dW", "-lr * dW"), up, scalar=True) == [ASIS[0]]
    assert settled(ADDED.replace("lr * dW", "dW"), up, scalar=True) == [
        ASIS[0]
    ]  # without a rate it is no step


def test_a_move_tells_its_own_sign():
    moved = verdict("W", -1.0, by=("W",))
    assert settled(ADDED, moved, scalar=True)[0][0] is False
    assert settled(ADDED, verdict("W", 1.0, by=("W",)), scalar=True) == [ASIS[0]]


def test_a_factor_that_all_share_is_told_once():
    assert settled(ALONE, verdict("dW", 2.0), verdict("db", 2.0), scalar=True) == [
        (False, "2 times the derivative of its loss")] * 2  # fmt: skip
    assert settled(ALONE, verdict("dW", 2.0), verdict("db", 3.0), scalar=True) == [ASIS[1]] * 2


# Which convention


def judged(*pairs):
    """(scalar, factor of dW, factor of db) as what came of functions."""
    function = program_of(ALONE).functions["back"]
    return [
        (function, [judgement(function, verdict("dW", w), verdict("db", b), scalar=scalar)])
        for scalar, w, b in pairs
    ]


@pytest.mark.parametrize(
    ("pairs", "convention"),
    [
        ([(False, 1.0, 1.0)], "alone"),
        ([(False, 1 / M, 1 / M)], "1/m"),
        ([(False, 1 / M, 1 / M), (False, 1 / M, 1.0)], "1/m"),
        ([(False, 1 / M, 1.0), (False, 1.0, 1.0)], "alone"),
        ([(False, 1 / M, 1.0)], "alone"),
        # The network comes out right, or m times too large, for the same kind of parameter.
        ([(False, 1 / M, 1.0), (True, 1.0, 3.0)], "1/m"),
        ([(False, 1.0, 1 / M), (True, 1.0, 3.0)], "alone"),
        ([(False, 1.0, 1 / M), (True, M, 3.0)], "1/m"),
        ([(False, 1 / M, 1.0), (True, M, 3.0)], "alone"),
        ([], "alone"),
    ],
)
def test_the_common_convention(pairs, convention):
    assert common_convention(judged(*pairs)) == convention


FILE = """
def cost(A, Y):
    return 0.5 * np.sum((A - Y) ** 2) / Y.shape[0]

def linear(x, w, b):
    return x @ w + b, (x, w)

def linear_backward(dz, cache):
    x, w = cache
    m = x.shape[0]
    return dz @ w.T, x.T @ dz / m, DB

def other(x, w, b):
    return x @ w + b, (x, w)

def other_backward(dz, cache):
    x, w = cache
    m = len(x)
    return dz @ w.T, x.T @ dz / m, dz.sum(axis=0) / m
"""


def test_the_one_layer_of_a_file_that_is_not_divided_is_wrong():
    right = verdicts_of(FILE.replace("DB", "dz.sum(axis=0) / m"))
    assert set(right.values()) == {"agrees"}
    wrong = verdicts_of(FILE.replace("DB", "dz.sum(axis=0)"))
    assert (wrong["linear_backward"], wrong["other_backward"]) == ("wrong", "agrees")


# What is added


@pytest.mark.parametrize(
    ("statement", "adds"),
    [("W += lr * dW", True), ("self.W1 = self.W1 + lr * g", True), ("weights[0] += d", True),
     ("dW += x", False),
     ("W -= d", False), ("W = V + d", False), ("W = W - d", False), ("total_w += x", False),
     ("loss += x", False),
     ("return W", False), ("W[i] = W[i] + d", True), ("gamma += d", True)],
)  # fmt: skip
def test_a_statement_adds_to_a_parameter(statement, adds):
    assert adds_to_parameter(ast.parse(statement).body[0]) is adds


def test_the_files_own_statements_count():
    text = ALONE + "\nW, lr = np.ones(2), 0.1\nif False:\n    W += lr * back(1)[1]\n"
    assert settled(text, verdict("dW", -1.0)) == [(True, "agrees")]
    assert settled(text.replace("back(1)[1]", "other(1)"), verdict("dW", -1.0)) == [ASIS[1]]


# The order of results

CROSSED = "def back(dout):\n    return dx, dW, db\n"


def results(*names):
    """Right derivatives by these names, in the order of a return statement."""
    labels = ["dx", "dW", "db"]
    return [verdict(label, 1.0, by=(n,)) for label, n in zip(labels, names, strict=False)]


def test_results_come_in_the_order_of_the_arguments():
    crossed = (False, "stands in the place of another result")
    assert settled(CROSSED, *results("x", "W", "b")) == [ASIS[0]] * 3
    assert settled(CROSSED, *results("W", "b", "x")) == [ASIS[0]] * 3  # data last
    assert settled(CROSSED, *results("x", "b", "W")) == [crossed] * 3


def test_callers_say_what_a_result_is():
    crossed = (False, "stands in the place of another result")
    text = CROSSED + "\ndef step(d):\n    dx, dW, db = back(d)\n"
    assert settled(text, *results("x", "b", "W")) == [ASIS[0], crossed, crossed]
    swapped = CROSSED + "\ndef step(d):\n    dx, db, dW = back(d)\n"
    assert settled(swapped, *results("x", "b", "W")) == [ASIS[0]] * 3
    longer = text.replace("dx, dW, db = back", "dx, dweights, dbiases = back")
    assert settled(longer, *results("x", "b", "W")) == [ASIS[0], crossed, crossed]
    few = CROSSED + "\ndef step(d):\n    dx, rest = back(d)\n"
    assert settled(few, *results("x", "b", "W")) == [crossed] * 3


@pytest.mark.parametrize(
    ("names", "usual"),
    [("x W b", True), ("x b W", False), ("W b x", True), ("W x b", False), ("x", True), ("x unknown W", True),
     ("W2 b2 W1 b1", True), ("b2 W2 W1 b1", False), ("x W2 b2 W1 b1", True)],
)  # fmt: skip
def test_the_usual_order(names, usual):
    arguments = ["x", "W", "b", "W1", "b1", "W2", "b2"]
    assert usual_order([(n,) for n in names.split()], arguments) is usual


def test_a_result_of_which_nothing_is_known_ends_the_question():
    assert usual_order([("b",), None, ("W",)], ["W", "b"])


@pytest.mark.parametrize(
    ("names", "ordered"),
    [("W1 b1 W2 b2", True), ("W2 b2 W1 b1", True), ("W1 W2 b1 b2", True), ("W1 b1 b2 W2", False),
     ("W2 W1 b2 b1", True),
     ("W1 b2 W2 b1", False), ("b W", True), ("b1 W1", True)],
)  # fmt: skip
def test_names_go_by_layers(names, ordered):
    assert go_by_layers(names.split()) is ordered


def test_entries_of_a_dict_are_ordered_by_their_layers():
    paths = [("params", n) for n in ("W1", "b1", "b2", "W2")]
    assert not usual_order(paths, ["x", "params"])


@pytest.mark.parametrize(
    ("label", "top"), [("dW", "dW"), ("nabla_w[0]", "nabla_w"), ("grads['W']", ""), ("self.dW", "")]
)
def test_results_by_the_name_under_which_they_came_back(label, top):
    assert top_label(label) == top


def test_lists_of_derivatives_count_as_one_result():
    text = "def back(dout):\n    return nabla_w, nabla_b\n\ndef step(d):\n    nabla_b, nabla_w = back(d)\n"
    state = {"self": 1}
    own = [verdict(f"nabla_{n}[{i}]", 1.0, by=("self", Attribute(f"{w}"), i))
           for n, w in (("w", "weights"), ("b", "biases")) for i in (0, 1)]  # fmt: skip
    found = settled(text, *own, scalar=True, state=state)
    assert found == [(False, "stands in the place of another result")] * 4
    right = text.replace("nabla_b, nabla_w = back", "nabla_w, nabla_b = back")
    assert settled(right, *own, scalar=True, state=state) == [ASIS[0]] * 4
