"""Random graphs: recipes that Hypothesis draws, and the loss that a recipe stands for.

A recipe is a list of moves. Each takes one or two of the arrays there are and adds one; a move that does not
fit the shapes it meets is left out, so every recipe is a graph. The loss is the mean over some of the arrays.
"""

import operator
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

import tinygraph as tg

__all__ = ["Recipe", "assert_same", "recipes"]

ROWS, COLUMNS = 3, 4
SHAPES = [(3, 4), (3, 1), (1, 4), (4,), (4, 3), (3, 3), (1,), (), (1, 1), (2, 3, 4), (2, 1, 4)]

UNARY = [
    *(np.tanh, tg.sigmoid, tg.relu, tg.softplus, tg.gelu, tg.elu, tg.leaky_relu, np.sin, np.cos, np.square),
    *(np.negative, np.abs, np.arctan, np.positive, lambda x: x**3, lambda x: x**2, lambda x: 1 / (2 + x * x)),
    *(lambda x: np.sqrt(1 + x * x), lambda x: np.log1p(x * x), lambda x: np.exp(-x * x), lambda x: 2 * x - 1),
    *(lambda x: np.where(x > 0.1, x, 0.5 * x), lambda x: np.clip(x, -0.5, 0.7), lambda x: (x * x + 1) ** 0.5),
    *(
        lambda x: np.where(x < 0, 0, x),
        lambda x: np.expm1(x / 4),
        lambda x: x / 3,
        lambda x: x.astype(np.float64),
    ),
    *(lambda x: 2.0 ** np.tanh(x), lambda x: (1 + x * x) ** -1, lambda x: x + np.float64(0.5)),
]
BINARY = [
    *(np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.logaddexp, np.add, np.multiply),
    *(lambda x, y: x / (1 + y * y), lambda x, y: np.where(x > y, x, y), lambda x, y: tg.mse(x, y)),
    *(lambda x, y: (1 + x * x) ** (np.tanh(y)), lambda x, y: x + y + x, lambda x, y: np.where(x > 0, y, x)),
]
VIEWS = [
    *(lambda x: x.T, np.ravel, lambda x: np.reshape(x, (-1, 2)), lambda x: np.flip(x), lambda x: x[..., 1:]),
    *(lambda x: x[::-1], lambda x: x[0], lambda x: np.broadcast_to(x, (2, *x.shape)), lambda x: x[..., ::2]),
    *(
        lambda x: np.expand_dims(x, 0),
        np.squeeze,
        lambda x: np.swapaxes(x, 0, -1),
        lambda x: x[..., [0, 0, -1]],
    ),
    *(lambda x: np.take(x[..., :], [0, 0], axis=-1), lambda x: x[None, ..., :1], lambda x: x[1:] * x[:-1]),
]
REDUCTIONS = [
    *(np.sum, np.mean, np.max, np.min, np.var, np.std, np.prod, np.linalg.norm, tg.logsumexp),
    *(
        lambda x, axis, keepdims: tg.softmax(x[..., None], axis=axis or 0),
        lambda x, axis, keepdims: np.cumsum(x, axis=axis),
    ),
    *(lambda x, axis, keepdims: tg.log_softmax(x[..., None], axis=axis or 0), np.sum, np.mean),
]
JOINS = [
    *(operator.matmul, np.dot, lambda x, y: x @ y.T, lambda x, y: x.T @ y, np.outer, operator.matmul),
    *(lambda x, y: np.concatenate([x, y]), lambda x, y: np.stack([x, y], axis=-1)),
    *(lambda x, y: np.concatenate([x, y], axis=None), lambda x, y: np.einsum("ij,kj->ik", x, y)),
    *(lambda x, y: np.concatenate([x, y], axis=-1), lambda x, y: np.einsum("...i,...i->...", x, y)),
]

unary = st.tuples(st.sampled_from(UNARY))
view = st.tuples(st.sampled_from(VIEWS))
axes = st.sampled_from([None, 0, -1])
reduction = st.tuples(st.sampled_from(REDUCTIONS), axes, st.booleans())
moves = st.tuples(
    st.one_of(
        *(unary, st.tuples(st.sampled_from(BINARY)), view, reduction, st.tuples(st.sampled_from(JOINS))),
        *(unary, st.tuples(st.sampled_from(BINARY)), st.tuples(st.sampled_from(JOINS))),
    ),
    st.integers(0, 5),
    st.integers(0, 5),
)


@dataclass
class Recipe:
    """Leaves as (shape, dtype, is a parameter), moves, and how many of the last arrays make the loss."""

    leaves: list
    moves: list
    summed: int
    seed: int

    def arrays(self, seed=0):
        rng = np.random.default_rng(self.seed + seed)
        return [rng.standard_normal(shape).astype(dtype) for shape, dtype, _ in self.leaves]

    def loss(self, leaves):
        """The loss as a Tensor of one entry, from Tensors and arrays."""
        pool = list(leaves)
        for (function, *settings), i, j in self.moves:
            x, y = pool[-1 - i % len(pool)], pool[-1 - j % len(pool)]
            made = attempt(function, x, y, settings)
            if made is not None and np.size(made) <= 500:
                pool.append(made)
        parts = [x for x in pool[-self.summed :] if np.size(x)] + [
            p for p in leaves if isinstance(p, tg.Tensor)
        ]
        return sum(np.mean(np.tanh(x) * x) for x in parts)


def attempt(function, x, y, settings):
    """What a move gives; None where the shapes do not fit."""
    try:
        if settings:
            axis, keepdims = settings
            return (
                function(x, axis=axis, keepdims=keepdims)
                if np.size(x) and (np.ndim(x) or axis is None)
                else None
            )
        return function(x, y) if any(function is f for f in [*BINARY, *JOINS]) else function(x)
    except (ValueError, IndexError, TypeError, np.exceptions.AxisError):
        return None


dtypes = st.sampled_from([np.float64, np.float64, np.float32])


@st.composite
def recipes(draw):
    dtype, other = draw(dtypes), draw(dtypes)
    leaf = st.tuples(st.sampled_from(SHAPES), st.sampled_from([dtype, dtype, other]), st.booleans())
    leaves = [(draw(st.sampled_from(SHAPES)), dtype, True), *draw(st.lists(leaf, min_size=1, max_size=4))]
    chosen = draw(st.lists(moves, min_size=1, max_size=14))
    return Recipe(leaves, chosen, draw(st.integers(1, 4)), draw(st.integers(0, 2**31)))


def assert_same(expected, actual):
    """The same bits: equal numbers or NaN, of the same dtype, and zeros of the same sign."""
    expected, actual = np.asarray(expected), np.asarray(actual)

    assert (expected.shape, expected.dtype) == (actual.shape, actual.dtype)
    np.testing.assert_array_equal(actual, expected)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(actual[numbers]), np.signbit(expected[numbers]))
