"""The layout of a recorded result: which axis holds the units."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.notation.examples import UNCLEAR, units_axis

X = np.ones((3, 5))
W, V = tg.parameter(np.ones((2, 3))), tg.parameter(np.ones((4, 2)))
b = tg.parameter(np.ones((2, 1)))
COLUMNS = {
    "product": lambda: W @ X,
    "bias": lambda: W @ X + b,
    "bias first": lambda: b + W @ X,
    "dot": lambda: np.dot(W, X),
    "einsum": lambda: np.einsum("ij,jk->ik", W, X),
    "activation": lambda: tg.sigmoid(W @ X),
    "softmax": lambda: tg.softmax(W @ X),
    "two layers": lambda: V @ tg.relu(W @ X + b) * 2.0,
    "transposed weight": lambda: tg.parameter(np.ones((3, 2))).T @ X,
    "scaled": lambda: np.where(np.ones((2, 5)) > 0, W @ X, 0.0),
    "lifted": lambda: (+W) @ X,
    "X is one too": lambda: tg.parameter(np.ones((2, 3)), name="W1") @ tg.parameter(X, name="X"),
    "X alone": lambda: np.ones((2, 3)) @ tg.parameter(X, name="X"),
}


@pytest.mark.parametrize("make", COLUMNS.values(), ids=COLUMNS)
def test_columns_and_their_transpose(make):
    assert units_axis(make()) == 0
    assert units_axis(make().T) == 1
    with tg.no_grad():
        assert units_axis(make()) == 0
        assert units_axis(np.tanh(make())) == 0


ROWS = {
    "product": lambda: X.T @ W.T,
    "bias": lambda: X.T @ W.T + np.ones(2),
    "einsum": lambda: np.einsum("ij,kj->ik", X.T, W),
    "two layers": lambda: np.tanh(X.T @ W.T) @ V.T,
    "of a vector": lambda: np.reshape(X.T @ tg.parameter(np.ones(3)), (-1, 1)),
    "new axis": lambda: np.expand_dims(X.T @ tg.parameter(np.ones(3)), 1),
}


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_rows(make):
    assert units_axis(make()) == 1


def test_what_does_not_say_it():
    assert units_axis(W) is None
    assert units_axis(W * 2) is None
    assert units_axis(np.sum(W @ X, axis=0)) is None
    assert units_axis(tg.parameter(np.ones((2, 3))) @ tg.parameter(X)) == UNCLEAR
