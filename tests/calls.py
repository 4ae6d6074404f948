"""Calls of NumPy as people write them: what each function of the public list is called with.

An example is an expression in arrays that are made from one matrix x of shape (3, 4), so that one derivative
checks them all. Functions with rows of their own are tried more thoroughly by `tests.cases`.
"""

import csv
import tomllib
from functools import cache
from pathlib import Path

import numpy as np

import tinygraph as tg
from tests.cases import general
from tests.laws import weights
from tests.oracles import disagreement

__all__ = ["EXAMPLES", "LISTED", "NOT_DISPATCHED", "X", "arrays_in", "evaluate", "wrong_with"]

X = general(np.random.default_rng(12), (3, 4))
DATA = Path(__file__).parent / "data"
LISTED = list(csv.DictReader((DATA / "numpy_calls.csv").read_text(encoding="utf-8").splitlines()))
# What NumPy hands to no other kind of array: it asks for plain numbers, which a Tensor refuses to be.
NOT_DISPATCHED = {
    "array", "asarray", "ascontiguousarray", "full", "vectorize", "r_", "c_", "array([a, b])",
    "array([[a], [b]])",
}  # fmt: skip


def names_from(x):
    """The arrays that examples speak of, made from x."""
    A = x[:, :3]
    return {
        "x": x,
        "v": x[0],  # a vector
        "w": x[1],
        "a": x[0, 0],  # a number
        "b": x[1, 2],
        "A": A,  # a square matrix
        "S": A @ A.T + 2 * np.eye(3),  # symmetric, positive
        "t": np.reshape(x, (2, 3, 2)),
        "stack": np.reshape(x, (3, 2, 2)),  # three matrices
        "p": np.exp(x / 2),  # positive
        "u": 0.5 + x / 5.5,  # between 0.1 and 0.9
        "holes": np.where(np.eye(3, 4) == 1, np.nan, x),
        "c": C,  # constants
        "np": np,
        "kernel": np.array([0.2, -0.5, 1.0]),
    }


C = np.linspace(0.3, 1.7, 12).reshape(3, 4)

EXAMPLES = tomllib.loads((DATA / "numpy_calls.toml").read_text(encoding="utf-8"))


def evaluate(expression, x):
    """What an expression gives where x stands for the matrix."""
    return eval(expression, names_from(x))


def arrays_in(found):
    """What a call gives, one array or several, as a list."""
    return list(found) if isinstance(found, tuple | list) else [found]


def cost(expression, x):
    """One number made of all that an expression gives."""
    return sum(np.sum(weights(z.shape) * z) for z in arrays_in(evaluate(expression, x)))


@cache
def directions():
    rng = np.random.default_rng(5)
    return [rng.standard_normal(X.shape) for _ in range(3)]


def slopes(f, h):
    """The slopes of f at X in some directions, by central differences of fourth order."""
    return [
        (8 * (f(X + h * d) - f(X - h * d)) - f(X + 2 * h * d) + f(X - 2 * h * d)) / (12 * h)
        for d in directions()
    ]


def wrong_with(expression):
    """What is wrong with the value and the derivative of an example, "" if nothing is."""
    found, expected = arrays_in(evaluate(expression, tg.parameter(X))), arrays_in(evaluate(expression, X))
    if [np.shape(z) for z in found] != [np.shape(z) for z in expected]:
        return f"shapes {[np.shape(z) for z in found]} instead of {[np.shape(z) for z in expected]}"
    if not any(isinstance(z, tg.Tensor) and z.wants for z in found):
        return "a plain array"
    pairs = [(z.value if isinstance(z, tg.Tensor) else z, e) for z, e in zip(found, expected, strict=True)]
    wrong = [disagreement(z, e, rtol=1e-12, atol=1e-13) for z, e in pairs]
    dx = tg.grad(lambda x: cost(expression, x))(X)
    expected = slopes(lambda x: cost(expression, x), 1e-4)
    wrong.append(disagreement([np.sum(dx * d) for d in directions()], expected, rtol=1e-6, atol=1e-7))
    return "; ".join(filter(None, wrong))
