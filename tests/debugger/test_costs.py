"""Losses after a forward pass: the file's own with its arguments, else the usual ones."""

import numpy as np
import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.callers import Origin
from tinygraph.debugger.costs import (
    COMMON,
    LABELS,
    common_losses,
    constant,
    leaves_penalty,
    losses_after,
    prediction_of,
    source_at,
    take_named,
)
from tinygraph.debugger.making import Maker
from tinygraph.debugger.passes import Pass, failure_of, pass_with

A = np.array([[0.5, 0.2], [0.1, 0.9], [0.6, 0.3]])
Y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])

# By hand, from the entries above; the softmax of two scores is a sigmoid of their difference.
LOGS = np.log(0.5) + np.log(0.9) + np.log(0.6)
LOGS_OF_OTHERS = np.log(0.8) + np.log(0.9) + np.log(0.7)
SQUARES = 0.25 + 0.04 + 0.01 + 0.01 + 0.16 + 0.09
SOFT = sum(np.log1p(np.exp(-d)) for d in (0.3, 0.8, 0.3))
BY_HAND = {
    "half the squared error": SQUARES / 2,
    "cross-entropy": -(LOGS + LOGS_OF_OTHERS),
    "cross-entropy of classes": -LOGS,
    "mean squared error": SQUARES / 6,
    "mean cross-entropy": -(LOGS + LOGS_OF_OTHERS) / 3,
    "mean cross-entropy of classes": -LOGS / 3,
    "half the mean squared error": SQUARES / 6,
    "squared error": SQUARES,
    "squared error over m": SQUARES / 3,
    "cross-entropy of a softmax": SOFT,
    "mean cross-entropy of a softmax": SOFT / 3,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_usual_losses_are_what_they_are_called(name):
    assert COMMON[name](A, Y, 3) == pytest.approx(BY_HAND[name], rel=1e-12)
    assert COMMON[name](A.T, Y.T, 3) == pytest.approx(BY_HAND[name], rel=1e-12)  # examples as columns


def test_all_of_them_are_judged():
    assert COMMON.keys() == BY_HAND.keys()


FILE = """
def forward(x, w):
    z = x @ w
    probs = 1 / (1 + np.exp(-z))
    return z, probs

def cost(guess, y, lambd=0.1, *, w=None):
    return np.mean((guess - y) ** 2) + lambd * (0 if w is None else np.sum(w ** 2))

def table(probs, y):
    return probs[:, :, None] - y[:, None, :]

def each(probs, y):
    return -(y * np.log(probs)).sum(axis=1)

def words(probs, y):
    return "a text"

def endless(probs, y):
    return np.inf

def column(probs, y):
    return -(y * np.log(probs)).sum(axis=1, keepdims=True)

class Criterion:
    def loss(self, y):
        return 0.0

def backward(x, w, y, lambd):
    return w + lambd

def plain_backward(x, w, y):
    return w
"""
W = np.array([[0.3, -0.2], [0.1, 0.4]])
X = np.array([[1.0, 2.0], [-1.0, 0.5], [0.2, -0.7]])


def passed_by(text, layout="rows", name="forward", **state):
    program = program_of(text)
    passed = pass_with(program, program.functions[name], state, Maker(layout))
    assert failure_of(passed) is None
    return passed


def own_losses(passed, backward, *names, labels=None):
    functions = passed.program.functions
    return {
        loss.name: loss
        for loss in losses_after(passed, functions[backward], [functions[n] for n in names], labels or {})
    }


def test_the_files_own_losses_are_taken_of_the_output_and_the_labels():
    passed = passed_by(FILE, x=X, w=W)
    found = own_losses(
        passed, "backward", "cost", "each", "table", "words", "endless", "Criterion.loss", labels={"y": Y}
    )
    assert found.keys() == {"cost", "each", "table"}
    probs = 1 / (1 + np.exp(-(X @ W)))
    value = found["each"].number(passed.state, passed.raw)
    assert np.allclose(value, [-np.log(probs[0, 0]), -np.log(probs[1, 1]), -np.log(probs[2, 0])])
    assert [(loss.averaged, loss.sensible, loss.own) for loss in found.values()] == [
        (None, True, True), (True, True, True), (True, False, True)]  # fmt: skip


def test_a_penalty_of_which_the_backward_pass_does_not_speak_is_left_away_at_a_second_try():
    passed = passed_by(FILE, x=X, w=W)
    functions = passed.program.functions
    assert leaves_penalty(functions["cost"], functions["plain_backward"])
    assert not leaves_penalty(functions["cost"], functions["backward"])
    assert not leaves_penalty(functions["each"], functions["plain_backward"])
    found = own_losses(passed, "plain_backward", "cost", labels={"y": Y, "w": W})
    assert list(found) == ["cost", "cost without its penalty"]
    whole, without = (loss.number(passed.state, passed.raw) for loss in found.values())
    probs = 1 / (1 + np.exp(-(X @ W)))
    assert without == pytest.approx(np.mean((probs - Y) ** 2))
    assert whole == pytest.approx(without + 0.3 * np.sum(W**2))  # the penalty's strength that is made


def test_arguments_are_what_the_file_itself_gives():
    text = FILE + "\ndef step(x, w, y):\n    raw, squashed = forward(x, w)\n    return cost(raw, y)\n"
    passed = passed_by(text, x=X, w=W)
    found = own_losses(passed, "backward", "cost", labels={"y": Y, "lambd": 0.0})
    assert found["cost"].number(passed.state, passed.raw) == pytest.approx(np.mean((X @ W - Y) ** 2))


def test_a_source_is_an_argument_a_result_or_all_of_it():
    passed = passed_by(FILE, x=X, w=W)
    state, raw = {"x": "now"}, ("first", "second")
    assert source_at(Origin(argument="x"), passed)(state, raw) == "now"
    assert source_at(Origin(result=1), passed)(state, raw) == "second"
    assert source_at(Origin(), passed)(state, raw) is raw
    assert source_at(Origin(result=2), passed) is None
    assert source_at(Origin(argument="elsewhere"), passed) is None


def test_a_constant_is_given_anew_each_time():
    array = np.ones(2)
    given = constant(array)({}, None)
    given += 1
    assert array.tolist() == [1.0, 1.0]
    assert constant("mean")({}, None) == "mean"


def test_what_is_known_by_name_after_the_pass():
    passed = passed_by(FILE, x=X, w=W)
    assert take_named(passed, "z")({"x": 1}, ("a", "b")) == "a"


@pytest.mark.parametrize(
    ("returned", "taken"),
    [("a1, a2", "a2"), ("h, y_hat", "y_hat"), ("h, out, y_pred", "out"), ("h, z", "h")],
)
def test_the_prediction_is_the_output_of_such_a_name(returned, taken):
    names = returned.split(", ")
    values = "".join(f"    {n} = x + {i}\n" for i, n in enumerate(names))
    passed = passed_by(f"def forward(x):\n{values}    return {returned}\n", x=X)
    assert np.array_equal(prediction_of(passed, passed.state, passed.raw), X + names.index(taken))


SCORES = "def forward(x, w):\n    return x @ w\n"


@pytest.mark.parametrize(("layout", "turn"), [("rows", False), ("columns", True)])
def test_class_numbers_become_rows_or_columns_of_zeros_and_a_one(layout, turn):
    text = SCORES.replace("x @ w", "(x @ w).T") if turn else SCORES
    passed = passed_by(text, layout, x=X, w=np.abs(W))
    found = {loss.name: loss for loss in common_losses(passed, {"y": np.array([0, 1, 0])})}
    value = found["squared error"].number(passed.state, passed.raw)
    assert value == pytest.approx(np.sum((X @ np.abs(W) - Y) ** 2))
    assert not found["squared error"].own
    assert "cross-entropy" not in found  # there is no logarithm of what is negative


def test_the_mean_is_over_as_many_examples_as_the_pass_has():
    passed = passed_by(SCORES, x=np.ones((7, 2)), w=W)
    found = {loss.name: loss for loss in common_losses(passed, {"y": np.zeros(14)})}
    assert found["squared error over m"].number(passed.state, passed.raw) == pytest.approx(
        np.sum((np.ones((7, 2)) @ W) ** 2) / 7
    )


def test_without_labels_there_is_no_usual_loss():
    passed = passed_by(SCORES, x=X, w=W)
    assert list(common_losses(passed, {})) == []
    known = passed_by("def forward(x, targets):\n    return x * 2\n", x=X, targets=Y)
    assert "squared error" in {loss.name for loss in common_losses(known, {})}


def test_names_of_labels():
    assert all(LABELS.match(n) for n in ("y", "t", "y_true", "targets", "one_hot", "actual"))
    assert not any(LABELS.match(n) for n in ("y_hat", "x", "theta", "time"))


def test_a_number_for_each_example_is_no_table():
    passed = passed_by(FILE, x=X, w=W)
    assert own_losses(passed, "backward", "column", labels={"y": Y})["column"].sensible


def test_a_forward_pass_of_no_function_has_losses_too():
    """A usual function stands for a forward pass that the file has not."""
    program = program_of(FILE)
    passed = Pass(program, None, {"x": A}, Maker("rows"), False, lambda state: state["x"])
    assert failure_of(passed) is None
    found = own_losses(passed, "backward", "each", labels={"y": Y})
    assert found["each"].number(passed.state, passed.raw).sum() == pytest.approx(-LOGS)


def test_whole_numbers_are_no_classes_where_outputs_are_no_table():
    passed = passed_by("def forward(x):\n    return x[:, 0]\n", x=X)
    found = {loss.name: loss for loss in common_losses(passed, {"y": np.array([[0], [1], [2]])})}
    assert found["squared error"].number(passed.state, passed.raw) == pytest.approx(1 + 4 + 1.8**2)
