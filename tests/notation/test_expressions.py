"""Expressions: what is recorded, written as a person would, evaluates to what NumPy gives."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.notation.expressions import Expression, Notation, bare, name_of_function
from tinygraph.notation.symbols import One, Symbol
from tinygraph.rules import kernels as k

X, Y, W = Expression("X"), Expression("Y"), Expression("W")
rng = np.random.default_rng(0)
VALUES = {
    "X": rng.uniform(0.5, 2, (3, 3)),
    "Y": rng.uniform(0.5, 2, (3, 3)),
    "W": rng.uniform(0.5, 2, (3, 3)),
}

TEXTS = {
    "X + Y + W": lambda X, Y, W: (X + Y) + W,
    "X + (Y + W)": lambda X, Y, W: X + (Y + W),
    "X - (Y - W)": lambda X, Y, W: X - (Y - W),
    "X - Y - W": lambda X, Y, W: X - Y - W,
    "(X + Y) * W": lambda X, Y, W: (X + Y) * W,
    "X * Y + W": lambda X, Y, W: X * Y + W,
    "X / (Y * W)": lambda X, Y, W: X / (Y * W),
    "X / Y * W": lambda X, Y, W: X / Y * W,
    "X @ Y @ W": lambda X, Y, W: X @ Y @ W,
    "X @ (Y @ W)": lambda X, Y, W: X @ (Y @ W),
    "(X @ Y).T": lambda X, Y, W: (X @ Y).T,
    "X ** Y ** W": lambda X, Y, W: X ** (Y**W),
    "(X ** Y) ** W": lambda X, Y, W: (X**Y) ** W,
    "(X * Y) ** 2": lambda X, Y, W: (X * Y) ** 2,
    "2 ** X": lambda X, Y, W: 2**X,
    "-X ** 2": lambda X, Y, W: -(X**2),
    "(-X) ** 2": lambda X, Y, W: (-X) ** 2,
    "-(X * Y)": lambda X, Y, W: -(X * Y),
    "-(X + Y)": lambda X, Y, W: -(X + Y),
    "--X": lambda X, Y, W: np.negative(-X),
    "-X * Y": lambda X, Y, W: (-X) * Y,
    "X * -Y": lambda X, Y, W: X * (-Y),
    "X * -2": lambda X, Y, W: X * -2,
    "(-2) ** X": lambda X, Y, W: (-2) ** (X + 0 * Y) if isinstance(X, np.ndarray) else (-2) ** X,
    "1 - X": lambda X, Y, W: 1 - X,
    "1 / X": lambda X, Y, W: 1 / X,
    "1 + X": lambda X, Y, W: 1 + X,
    "(X > 0) * Y": lambda X, Y, W: (X > 0) * Y,
    "(X > Y) == (Y > W)": lambda X, Y, W: (X > Y) == (Y > W),
    "X >= 1": lambda X, Y, W: X >= 1,
    "X < Y + W": lambda X, Y, W: X < Y + W,
    "X <= 1": lambda X, Y, W: X <= 1,
    "X != 1": lambda X, Y, W: X != 1,
    "np.sum(X, axis=1, keepdims=True)": lambda X, Y, W: np.sum(X, axis=(1,), keepdims=True),
    "np.sum(X, axis=(0, 1))": lambda X, Y, W: np.sum(X, axis=(0, 1)),
    "np.sum(X)": lambda X, Y, W: np.sum(X, axis=None),
    "np.tanh(X * Y)": lambda X, Y, W: np.tanh(X * Y),
    "np.linalg.norm(X)": lambda X, Y, W: np.linalg.norm(X),
    "np.max(X, axis=0)": lambda X, Y, W: np.maximum.reduce(X, axis=0),
    "np.min(X, axis=0)": lambda X, Y, W: np.minimum.reduce(X, axis=0),
    "np.prod(X, axis=0)": lambda X, Y, W: np.multiply.reduce(X, axis=0),
    "np.sum(X, axis=0)": lambda X, Y, W: np.add.reduce(X, axis=0),
    "np.concatenate([X, Y], axis=1)": lambda X, Y, W: np.concatenate([X, Y], axis=1),
    "np.concatenate([X, W])": lambda X, Y, W: np.concatenate((X, W)),
    "np.reshape(X, (9,))": lambda X, Y, W: np.reshape(X, (9,)),
    "np.reshape(X, (1, 9))": lambda X, Y, W: np.reshape(X, (1, 9)),
    "np.transpose(X, (1, 0))": lambda X, Y, W: np.transpose(X, (1, 0)),
    "X[0, 1:]": lambda X, Y, W: X[0, 1:],
    "X[::2]": lambda X, Y, W: X[::2],
    "X[:-1]": lambda X, Y, W: X[:-1],
    "X[..., 0]": lambda X, Y, W: X[..., 0],
    "(X + Y)[[0, 1]]": lambda X, Y, W: (X + Y)[[0, 1]],
    "X @ Y": lambda X, Y, W: X.dot(Y),
    "X.astype(np.float32)": lambda X, Y, W: X.astype("float32"),
    "(X + Y).astype(np.int64)": lambda X, Y, W: (X + Y).astype(np.int64),
    "X * 0.5": lambda X, Y, W: X * np.float64(0.5),
    "np.where(X > 1, X, Y)": lambda X, Y, W: np.where(X > 1, X, Y),
}


@pytest.mark.parametrize(("text", "f"), TEXTS.items(), ids=TEXTS)
def test_an_expression_is_its_text_and_has_its_value(text, f):
    expression = f(X, Y, W)

    assert str(expression) == text
    assert repr(expression) == f"Expression({text!r})"
    if text != "(-2) ** X":
        value = f(**VALUES)
        np.testing.assert_array_equal(expression.evaluate(VALUES), value)
        np.testing.assert_array_equal(eval(text, {"np": np, **VALUES}), value)


def test_kernels_are_called_by_their_own_names():
    assert str(tg.relu(X)) == "relu(X)"
    assert name_of_function(k.sigmoid) == "sigmoid"
    assert name_of_function(np.add) == "np.add"
    assert name_of_function(np.linalg.norm) == "np.linalg.norm"


def test_a_call_of_a_sign_with_settings_is_a_call():
    assert str(np.add(X, Y, dtype="float32")) == "np.add(X, Y, dtype='float32')"
    assert str(np.transpose(X, axes=(1, 0))) == "np.transpose(X, axes=(1, 0))"


def test_the_seed_is_ones_in_the_shape_of_the_output():
    seed, array, x = One((), float, "1"), One((2, 3), float, "1"), Symbol((2, 3), float, "x")

    assert (str(seed), str(array)) == ("1", "np.ones((2, 3))")
    assert (str(x * seed), str(array * x)) == ("x * 1", "np.ones((2, 3)) * x")
    assert bare(seed) == 1
    np.testing.assert_array_equal(bare(array).evaluate({}), np.ones((2, 3)))


def test_a_bare_expression_is_the_same_without_shapes():
    x = Symbol((2, 3), float, "x")
    expression = bare([np.sum(x * x, axis=0), 3, "text"])

    assert (
        type(expression[0])
        is type(expression[0].args[0])
        is type(expression[0].args[0].args[1])
        is Expression
    )
    assert (str(expression[0]), *expression[1:]) == ("np.sum(x * x, axis=0)", 3, "text")
    np.testing.assert_array_equal(expression[0].evaluate({"x": np.full((2, 3), 2.0)}), [8, 8, 8])


def test_constants():
    constant = Notation().constant

    assert [constant(x) for x in (1, 0.5, np.float32(2), True, None, "a")] == [
        "1",
        "0.5",
        "2.0",
        "True",
        "None",
        "'a'",
    ]
    assert [constant(x) for x in ((1,), (1, 2), [1], (1, X), (), np.dtype(float))] == [
        "(1,)", "(1, 2)", "[1]", "[1, X]", "()", "np.float64",
    ]  # fmt: skip
