"""What a backward pass claims: what it gives, what it leaves behind, by how much it moved parameters."""

import numpy as np
import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.claims import RATE, call_backward, left_claims, returned_claims
from tinygraph.debugger.making import Maker
from tinygraph.debugger.passes import failure_of, pass_with
from tinygraph.debugger.structure import copy_state, leaves_of

X = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 11.0]])
D = np.array([[1.0], [-2.0], [4.0]])
TWO = np.array([[2.0], [3.0]])


def played(text, forward, state):
    """A forward pass on a state, done."""
    program = program_of(text)
    passed = pass_with(program, program.functions[forward], state, Maker("rows"))
    assert failure_of(passed) is None
    return passed


def claimed(text, state, given, owner=None):
    names = ("forward", "backward") if owner is None else (f"{owner}.forward", f"{owner}.backward")
    if owner is not None:
        thing = program_of(text).namespace[owner]()
        state = state | {"self": thing}
    passed = played(text, names[0], state)
    return dict(call_backward(passed, passed.program.functions[names[1]], copy_state(passed.after), given))


DENSE = """
class Dense:
    def __init__(self):
        self.W = np.array([[2.0], [3.0]])
        self.dW = np.zeros((2, 1))
        self.running_mean = np.zeros(1)
        self.lr = 0.5

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, d):
        self.dW = self.x.T @ d
        self.scratch = d * 2
        self.running_mean = d.mean(axis=0)
        self.W -= LR * self.dW
        return d @ self.W.T
"""
DW = np.array([[1.0 - 6 + 28], [2.0 - 10 + 44]])  # X.T @ D, by hand


def test_results_have_the_names_of_the_return_statement():
    program = program_of(
        "def back(d, w):\n    dw, parts = d * w, {'b': d.sum(0), 'n': 'text'}\n    return dw, parts"
    )
    function = program.functions["back"]
    found = dict(returned_claims(function, function.itself(D, D)))
    assert found.keys() == {"dw", "parts['b']"}
    assert found["parts['b']"] == [3.0]


def test_what_is_left_in_an_object_and_by_how_much_it_was_moved_is_claimed():
    found = claimed(DENSE.replace("LR", "self.lr"), {"x": X}, {"d": D}, "Dense")
    assert found.keys() == {"result", "self.dW", "self.scratch", "self.W"}
    assert np.allclose(found["self.dW"], DW)
    assert np.allclose(found["self.W"], DW)  # moved by lr times it
    assert np.allclose(found["self.scratch"], 2 * D)


def test_a_learning_rate_that_is_given_counts_before_the_one_held():
    text = DENSE.replace("LR", "learning_rate").replace("self, d)", "self, d, learning_rate)")
    found = claimed(text, {"x": X}, {"d": D, "learning_rate": 0.25}, "Dense")
    assert np.allclose(found["self.W"], DW)


def test_without_a_learning_rate_the_move_itself_is_claimed():
    text = DENSE.replace("LR", "3.0").replace("self.lr = 0.5", "self.epoch = 7")
    assert np.allclose(claimed(text, {"x": X}, {"d": D}, "Dense")["self.W"], 3 * DW)


def test_an_array_that_is_moved_in_place_is_claimed_once():
    text = """
    def forward(x, w):
        return x @ w

    def backward(x, w, d, alias, velocity, dw, eta):
        w -= eta * (x.T @ d)
        velocity += 1.0
        dw += 1.0
        return None
    """
    w = TWO.copy()
    passed = played(text, "forward", {"x": X, "w": w})
    state = passed.after
    extra = {"alias": state["w"], "velocity": np.zeros(2), "dw": np.zeros(2), "count": np.arange(3)}
    state |= extra
    given = {n: state[n] for n in ("x", "w", "alias", "velocity", "dw")} | {"d": D, "eta": 0.1}
    found = call_backward(passed, passed.program.functions["backward"], state, given)
    assert [n for n, _ in found] == ["w"]
    assert np.allclose(found[0][1], DW)


LISTS = """
class Net:
    def __init__(self):
        self.weights = [np.array([[2.0], [3.0]])]
        self.shape = np.ones(3)

    def forward(self, x):
        return x @ self.weights[0]

    def backward(self, x, d, eta):
        self.weights[0] -= eta * (x.T @ d)
        self.shape = np.ones(2)
"""


def test_parameters_in_lists_are_moved_and_those_of_another_shape_are_not():
    found = claimed(LISTS, {"x": X}, {"x": X, "d": D, "eta": 2}, "Net")
    assert found.keys() == {"self.weights[0]"}
    assert np.allclose(found["self.weights[0]"], DW)


class Kept:
    pass


def kept(**attributes):
    thing = Kept()
    vars(thing).update(attributes)
    return thing


def test_left_claims_are_new_arrays_and_changed_derivatives():
    before = kept(x=np.ones(2), dW=np.zeros(2), W=np.ones(2), db=np.zeros(1))
    told = np.full(3, 5.0)
    after = kept(
        x=np.zeros(2), dW=np.ones(2), W=np.ones(2), db=np.zeros(1), again=told, fresh=np.full(2, 9.0)
    )
    assert [n for n, _ in left_claims(before, after, {id(told)})] == ["self.dW", "self.fresh"]


def test_what_a_forward_pass_keeps_is_no_claim_but_derivatives_are():
    passed = kept(out=np.ones(2), dx=np.ones(2))
    paths = {leaf.path for leaf in leaves_of(passed, ("self",))}
    assert [n for n, _ in left_claims(kept(), passed, set(), paths)] == ["self.dx"]


def test_another_shape_is_another_value():
    found = left_claims(kept(dW=np.ones((1, 2))), kept(dW=np.ones(2)), set())
    assert [n for n, _ in found] == ["self.dW"]


@pytest.mark.parametrize(
    ("name", "rate"),
    [("lr", True), ("learningRate", True), ("eta", True), ("step_size", True), ("rate_of_w", False),
     ("x", False)],
)  # fmt: skip
def test_names_of_learning_rates(name, rate):
    assert bool(RATE.match(name)) is rate
