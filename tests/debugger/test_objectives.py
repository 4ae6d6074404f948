"""The losses that a program may have: written ones, its own functions, the usual ones."""

import numpy as np
import pytest

from tests.debugger.test_statements import program_of
from tinygraph.debugger.objectives import (
    USUAL_LOSSES,
    is_prediction,
    label_arrays,
    labels_in_shape,
    losses_of,
    number_of_examples,
    predictions,
    scales_of,
)
from tinygraph.debugger.protocols.scripts import scripts_of
from tinygraph.debugger.statements import function_machine, script_machine

HEAD = """
import numpy as np
X = np.array([[1.0, 2.0], [3.0, 5.0], [0.5, -1.0]])
y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
W = np.array([[0.5, -0.25], [0.125, 0.25]])
p = 1 / (1 + np.exp(-(X @ W)))
"""
BACK = """
dz = (p - y) / 3
dW = X.T @ dz
W -= 0.1 * dW
"""
P = 1 / (
    1 + np.exp(-(np.array([[1.0, 2.0], [3.0, 5.0], [0.5, -1.0]]) @ np.array([[0.5, -0.25], [0.125, 0.25]])))
)
Y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])


def found_in(text):
    program = program_of(text)
    machine = script_machine(program, next(scripts_of(program)))
    return machine, losses_of(machine, machine.run(recording=True))


def numbers(machine, losses):
    run = machine.run()
    return {loss.name: loss.number(run) for loss in losses}


def test_a_written_loss_before_the_backward_pass_is_the_only_one():
    machine, losses = found_in(HEAD + "loss = -np.mean(y * np.log(p))\n" + BACK + "cost = np.sum(p)\n")
    assert [(x.name, x.strict, x.assumed) for x in losses] == [("loss", True, False)]
    assert numbers(machine, losses)["loss"] == pytest.approx(-np.mean(Y * np.log(P)))


def test_a_loss_that_is_computed_later_or_printed_is_one_of_several():
    machine, losses = found_in(HEAD + BACK + "cost = np.sum(p * p)\nprint('now', np.mean(np.abs(p - y)))\n")
    own = [x for x in losses if not x.assumed]
    assert [(x.name, x.strict) for x in own] == [("cost", False)]  # it ends after the last loss of a name
    assert numbers(machine, own) == {"cost": pytest.approx(np.sum(P * P))}
    assert len(losses) > len(own)


def test_what_is_printed_in_a_loop_may_be_a_loss():
    text = HEAD.partition("p =")[0] + "for epoch in range(1):\n    p = 1 / (1 + np.exp(-(X @ W)))\n"
    text += "    print('error', np.mean(np.abs(p - y)))\n" + "".join(
        f"    {x}\n" for x in BACK.strip().split("\n")
    )
    machine, losses = found_in(text)
    found = numbers(machine, [x for x in losses if not x.assumed])
    assert found == {"what is given to print": pytest.approx(np.mean(np.abs(P - Y)))}


OWN = """
def mse(p, y):
    return np.mean((p - y) ** 2)
"""


def test_the_files_own_loss_function_is_taken_at_the_end_of_the_forward_pass():
    machine, losses = found_in(HEAD + OWN + BACK + "p = None\n")
    own = next(x for x in losses if x.name == "mse(p, y)")
    assert not own.strict
    assert not own.assumed
    assert numbers(machine, [own])["mse(p, y)"] == pytest.approx(np.mean((P - Y) ** 2))


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [("def loss(guess, labels):\n    return np.sum(guess - labels)\n", "loss(p, y)", np.sum(P - Y)),
     ("def loss(cache, y):\n    return np.sum(cache['p'] * cache['X'])\n", "loss({p,X}, y)",
      np.sum(P * [[1, 2], [3, 5], [0.5, -1]])),
     ("def loss(p, y, m=3):\n    return np.sum(p) / m\n", "loss(p, y)", np.sum(P) / 3)],
)  # fmt: skip
def test_a_loss_function_is_given_known_names(function, name, value):
    machine, losses = found_in(HEAD + function + BACK)
    assert numbers(machine, losses)[name] == pytest.approx(value)


def test_a_dict_that_has_the_keys_is_given_as_it_is():
    function = "def loss(cache, y):\n    return np.sum(cache['p'])\ncache = {'p': 2 * p, 'z': X}\n"
    machine, losses = found_in(HEAD + function + BACK)
    assert numbers(machine, losses)["loss(cache, y)"] == pytest.approx(2 * np.sum(P))


METHOD = """
import numpy as np
class Net:
    def __init__(self):
        self.W = np.array([[0.5, -0.25], [0.125, 0.25]])
    def cost(self, y):
        return np.sum((self.p - y) ** 2)
    def train(self, X, y):
        self.p = X @ self.W
        dp = self.p - y
        dW = X.T @ dp
        self.W -= dW
"""


def test_a_method_is_called_on_the_object():
    program = program_of(METHOD)
    net = program.namespace["Net"]()
    X = np.array([[1.0, 2.0], [3.0, 5.0], [0.5, -1.0]])
    machine = function_machine(program, program.functions["Net.train"], {"self": net, "X": X, "y": Y})
    losses = losses_of(machine, machine.run(recording=True))
    assert numbers(machine, losses)["Net.cost(y)"] == pytest.approx(np.sum((X @ net.W - Y) ** 2))


def test_without_a_loss_the_usual_ones_are_taken():
    machine, losses = found_in(HEAD + BACK)
    assert all(x.assumed for x in losses)
    found = numbers(machine, losses)
    assert found["half the squared error of p and y"] == pytest.approx(0.5 * np.sum((P - Y) ** 2))
    entropy = -np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P))
    assert found["cross-entropy of p and y"] == pytest.approx(entropy)
    assert found["cross-entropy of classes of p and y"] == pytest.approx(-np.sum(Y * np.log(P)))
    half = next(x for x in losses if x.name.startswith("half"))
    assert half.said(2 / 3) == ("squared error over m of p and y", pytest.approx(1.0))


@pytest.mark.parametrize(
    ("name", "factor", "called"),
    [("half the squared error", 2.0, "squared error"),
     ("half the squared error", 2 / 35, "mean squared error"),
     ("half the squared error", 2 / 7, "squared error over m"),
     ("half the squared error", 1 / 7, "half the mean squared error"),
     ("cross-entropy", 1 / 7, "mean cross-entropy"), ("cross-entropy", 1.0, "cross-entropy")],
)  # fmt: skip
def test_what_multiples_are_called(name, factor, called):
    """Of 7 examples with 5 outputs: the mean squared error is 1/35 of the squares, 2/35 of half of them."""
    assert scales_of(name, 7, 35)[factor] == called
    assert name in USUAL_LOSSES


@pytest.mark.parametrize(
    ("y", "out", "m"),
    [(np.ones((7, 3)), np.ones((7, 3)), 7), (np.ones((1, 7)), np.ones((1, 7)), 7),
     (np.ones((7, 1)), np.ones((7, 1)), 7),
     (np.ones(7), np.ones((7, 3)), 7), (np.ones(7), np.ones((3, 7)), 7), (1.0, 1.0, 1), (2, np.ones(3), 1),
     (np.ones(5), np.ones(3), 1)],
)  # fmt: skip
def test_how_many_examples_there_are(y, out, m):
    assert number_of_examples(y, out) == m


def test_labels_take_the_shape_of_a_prediction():
    hot = [[1, 0, 0], [0, 0, 1]]
    assert labels_in_shape(np.array([0, 2]), np.ones((2, 3))).tolist() == hot
    assert labels_in_shape(np.array([0, 2]), np.ones((3, 2))).T.tolist() == hot
    assert labels_in_shape(np.array([0, 1]), np.ones((2, 1))).tolist() == [[0.0], [1.0]]


@pytest.mark.parametrize(
    ("x", "labels", "may_be"),
    [(np.ones((2, 3)), None, True), (np.ones((2, 3)), np.ones((2, 3)), True),
     (np.ones((2, 3)), np.array([0, 2]), True),
     (np.ones((3, 2)), np.array([0, 2]), True), (np.ones((2, 3)), np.array([0, 3]), False),
     (np.ones((2, 3)), np.ones(2), False),
     (np.arange(3), np.arange(3), False), (3, np.ones(1), False), ("text", None, False),
     (np.ones((4, 3)), np.array([0, 2]), False),
     (np.ones(3), np.array([0, 2]), False), (np.ones((2, 3, 1)), np.array([0, 2]), False)],
)  # fmt: skip
def test_what_can_be_a_prediction(x, labels, may_be):
    assert is_prediction(x, labels) is may_be


def test_predictions_are_what_the_backward_pass_begins_with_and_no_labels():
    program = program_of(HEAD + BACK)
    machine = script_machine(program, next(scripts_of(program)))
    first = machine.run(recording=True)
    assert predictions(machine, first, "y") == ["p", "X"]
    text = (
        HEAD.partition("p =")[0] + "for epoch in range(1):\n    p = np.tanh(X @ W)\n    dW = X.T @ (p - y)\n"
    )
    program = program_of(text + "    W -= dW\n")
    machine = script_machine(program, next(scripts_of(program)))
    assert predictions(machine, machine.run(recording=True), "y") == ["p"]  # the pass does not compute X


def test_labels_are_what_the_backward_pass_reads_first():
    text = HEAD.replace("\ny =", "\ny_val = np.ones(2)\nt = np.ones(3)\ny =") + "y_hat = p\n" + BACK
    program = program_of(text)
    machine = script_machine(program, next(scripts_of(program)))
    assert label_arrays(machine, machine.run(recording=True)) == ["y", "y_val", "t"]


def test_what_is_subtracted_and_computed_by_nothing_may_be_labels():
    head, _, forward = HEAD.replace("\ny =", "\nwish =").partition("p =")
    body = f"p ={forward}" + BACK.replace("y", "wish")
    text = head + "for epoch in range(1):\n" + "".join(f"    {x}\n" for x in body.split("\n") if x)
    program = program_of(text)
    machine = script_machine(program, next(scripts_of(program)))
    assert "wish" in label_arrays(machine, machine.run(recording=True))
    assert "p" not in label_arrays(machine, machine.run(recording=True))
