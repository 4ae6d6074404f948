"""Objects of somebody's classes."""

import numpy as np
import pytest

from tests.debugger.somebody import program_of, verdicts_of
from tinygraph.debugger.making import Maker
from tinygraph.debugger.objects import make_objects

TEXT = """
class Dense:
    def __init__(self, n_in, n_out, rng=None):
        self.W, self.b = np.zeros((n_in, n_out)), np.zeros(n_out)
    def forward(self, x):
        return x @ self.W + self.b
    def backward(self, d):
        return d @ self.W.T

class Net:
    def __init__(self, *sizes):
        self.weights = [np.zeros(s) for s in zip(sizes, sizes[1:])]

class Chain:
    def __init__(self):
        self.layers = []
    def add(self, layer):
        self.layers.append(layer)

class Held:
    def __init__(self, x, y):
        self.x, self.y, self.w = x, y, np.zeros(x.shape[1])

class Both:
    def __init__(self, size):
        self.params = {'W': np.zeros((size, 2))}
        self.layer = Dense(1, 1)
        self.layer.W = self.params['W']
"""


def first(name):
    program = program_of(TEXT)
    return next(make_objects(program, program.classes[name], Maker("rows", program=program)))


@pytest.mark.parametrize(("name", "shapes"), [("Dense", [(5, 3), (3,)]), ("Net", [(5, 4), (4, 6), (6, 3)])])
def test_sizes_are_different_and_parameters_are_random(name, shapes):
    thing = first(name)
    arrays = thing.weights if name == "Net" else [thing.W, thing.b]
    assert [x.shape for x in arrays] == shapes
    assert all(np.all(x) for x in arrays)


def test_an_empty_network_is_filled_with_the_layers_of_the_file():
    assert [type(x).__name__ for x in first("Chain").layers] == ["Dense", "Dense"]


def test_an_object_may_hold_its_data():
    held = first("Held")
    assert held.x.shape == (7, 5)
    assert set(np.unique(held.y)) <= {0.0, 1.0}


def test_an_array_that_is_held_twice_stays_one():
    both = first("Both")
    assert both.params["W"] is both.layer.W


@pytest.mark.parametrize(
    ("taken", "given"),
    [("inputs", "units"), ("in_dim", "out_dim"), ("n_in", "n_out"), ("inp", "out"),
     ("input_size", "hidden_size"), ("input_units", "hidden_units"), ("neurons_in", "neurons_out"),
     ("features", "neurons"), ("a", "b")],
)  # fmt: skip
def test_an_object_is_made_whatever_its_sizes_are_called(taken, given):
    text = f"""
        class Dense:
            def __init__(self, {taken}, {given}):
                self.W, self.b = np.zeros(({taken}, {given})), np.zeros({given})

            def forward(self, x):
                self.x = x
                return x @ self.W + self.b

            def backward(self, dout):
                self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
                return dout @ self.W.T
    """
    assert verdicts_of(text) == {"Dense.backward": "agrees"}
