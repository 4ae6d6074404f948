"""Random programs over the whole table: what Hypothesis draws, and three ways to run it.

A program is its leaves and its steps. A step is a function and the numbers of the arrays it takes. It is
called with a namespace of functions first, so that the same step runs on arrays, on Tensors and on complex
numbers, where functions that are not analytic are written otherwise. A step that does not fit the shapes it
meets, or whose result is too large, is left out, so every draw is a program.

A row of the table that works entry by entry and takes complex numbers is drawn without a step of its own.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.special
from hypothesis import strategies as st

import tinygraph as tg
from tinygraph.rules import kernels as k
from tinygraph.rules.table import TABLE, load_rows

load_rows(scipy.special.erf)

__all__ = ["COMPLEX", "REAL", "STEPS", "TWO", "Program", "programs"]

SHAPES = [
    (),
    (1,),
    (3,),
    (4,),
    (0,),
    (1, 1),
    (3, 1),
    (1, 4),
    (3, 4),
    (4, 3),
    (3, 3),
    (0, 4),
    (3, 0),
    (2, 3, 4),
]
SHAPES += [(2, 1, 4), (2, 3, 1), (1, 3, 4)]
LARGEST = 300  # entries
BOUND = 30.0  # of the absolute values that go on


# The functions that complex numbers need in another form -------------------------------------------------


def over(function):
    """A reduction written for complex numbers, from one that takes axis and keepdims."""
    return lambda x, axis=None, keepdims=False, **rest: function(
        x, {"axis": axis, "keepdims": keepdims}, **rest
    )


def variance(x, kept, ddof=0):
    centred = x - np.mean(x, axis=kept["axis"], keepdims=True)
    n = x.size if kept["axis"] is None else x.shape[kept["axis"]]
    return np.sum(centred * centred, **kept) / (n - ddof)


def complex_logaddexp(x, y):
    top = np.where(x.real > y.real, x, y)
    return top + np.log(np.exp(x - top) + np.exp(y - top))


def lower_of(x, high):
    return np.where(x.real > np.real(high), high, x)


def regular_matrix(x):
    return x @ x.T + 3 * np.eye(x.shape[0])


LOG_2 = np.log(2)
REAL = SimpleNamespace(
    abs=np.abs, norm=np.linalg.norm, var=np.var, std=np.std, logaddexp=np.logaddexp, max=np.max, min=np.min,
    maximum=np.maximum, minimum=np.minimum, clip=np.clip, above=lambda x, c: x > c,
    hypot=np.hypot, arctan2=np.arctan2, mod=np.mod, fmod=np.fmod, fmax=np.fmax, fmin=np.fmin,
    logaddexp2=np.logaddexp2, copysign=np.copysign, cbrt=np.cbrt, i0=np.i0,
    degrees=np.degrees, radians=np.radians,
    cast=lambda x: x.astype(np.float64), sigmoid_cost=tg.binary_cross_entropy_with_logits,
    softmax_cost=tg.softmax_cross_entropy,
)  # fmt: skip
COMPLEX = SimpleNamespace(
    abs=lambda x: np.where(x.real < 0, -x, x),
    norm=over(lambda x, kept: np.sqrt(np.sum(x * x, **kept))),
    var=over(variance),
    std=over(lambda x, kept, ddof=0: np.sqrt(variance(x, kept, ddof))),
    logaddexp=complex_logaddexp,
    max=np.max,
    min=np.min,
    maximum=lambda x, y: np.where(x.real > y.real, x, y),
    minimum=lambda x, y: np.where(x.real < y.real, x, y),
    clip=lambda x, low, high: lower_of(np.where(x.real < np.real(low), low, x), high),
    hypot=lambda x, y: np.sqrt(x * x + y * y),
    arctan2=lambda x, y: np.arctan(x / y),  # to the right of the origin
    mod=lambda x, y: x - y * np.floor_divide(x.real, y.real),
    fmod=lambda x, y: x - y * np.trunc(x.real / y.real),
    fmax=lambda x, y: np.where(x.real > y.real, x, y),
    fmin=lambda x, y: np.where(x.real < y.real, x, y),
    logaddexp2=lambda x, y: complex_logaddexp(x * LOG_2, y * LOG_2) / LOG_2,
    copysign=lambda x, y: np.where((x.real < 0) == (y.real < 0), x, -x),
    i0=lambda x: np.mean(np.exp(x[..., None] * np.cos(np.arange(64) * (np.pi / 32))), axis=-1),
    cbrt=lambda x: np.where(x.real < 0, -1, 1) * np.power(np.where(x.real < 0, -x, x), 1 / 3),
    degrees=lambda x: x * (180 / np.pi),
    radians=lambda x: x * (np.pi / 180),
    above=lambda x, c: x.real > c,
    cast=lambda x: x,
    sigmoid_cost=lambda z, y: np.sum(tg.softplus(z) - y * z) / k.examples_along(z, 0),
    softmax_cost=lambda z, y: -np.sum(y * tg.log_softmax(z, axis=0)) / (z.size // z.shape[0]),
)


# The steps, by the number of arrays they take -------------------------------------------------------------

ONE = [
    lambda f, x: -x,
    lambda f, x: +x,
    lambda f, x: np.square(x),
    lambda f, x: f.abs(x),
    lambda f, x: 1 / (2 + x * x),
    lambda f, x: np.reciprocal(1.5 + x * x),
    lambda f, x: np.exp(x / 4),
    lambda f, x: np.expm1(x / 4),
    lambda f, x: np.log(1 + x * x),
    lambda f, x: np.log1p(x * x),
    lambda f, x: np.sqrt(0.5 + x * x),
    lambda f, x: np.sin(x),
    lambda f, x: np.cos(x),
    lambda f, x: np.arctan(x / 8),
    lambda f, x: np.tanh(x),
    lambda f, x: tg.sigmoid(x),
    lambda f, x: tg.relu(x),
    lambda f, x: tg.leaky_relu(x, 0.2),
    lambda f, x: tg.elu(x),
    lambda f, x: tg.softplus(x),
    lambda f, x: tg.gelu(x / 4),
    lambda f, x: x**2,
    lambda f, x: x**3 / 8,
    lambda f, x: (1 + x * x) ** -0.5,
    lambda f, x: 2.0 ** np.tanh(x),
    lambda f, x: x * 0.5 + 1,
    lambda f, x: 3 - x,
    lambda f, x: x / 3,
    lambda f, x: 1.0 * x - 2,
    lambda f, x: f.cast(x),
    lambda f, x: f.clip(x, -0.7, 1.1),
    lambda f, x: np.where(f.above(x, 0.1), x, 0.5 * x),
    lambda f, x: np.where(f.above(x, 0), 1.5, x),
    lambda f, x: x**0,
    lambda f, x: x**1,
    lambda f, x: tg.relu(x) ** 2,
    lambda f, x: x.T,
    lambda f, x: np.ravel(x),
    lambda f, x: np.reshape(x, (-1, 2)),
    lambda f, x: np.reshape(x, -1),
    lambda f, x: np.reshape(x, (1, *x.shape)),
    lambda f, x: np.flip(x),
    lambda f, x: np.flip(x, -1),
    lambda f, x: np.swapaxes(x, 0, -1),
    lambda f, x: np.expand_dims(x, -1),
    lambda f, x: np.squeeze(x),
    lambda f, x: np.broadcast_to(x, (2, *x.shape)),
    lambda f, x: np.transpose(x, (1, 0)),
    lambda f, x: x[0],
    lambda f, x: x[..., 1:],
    lambda f, x: x[::-1],
    lambda f, x: x[..., ::2],
    lambda f, x: x[..., [0, 0, -1]],
    lambda f, x: x[..., None],
    lambda f, x: x[()],
    lambda f, x: x[[True, False, True]],
    lambda f, x: x[-1, [1, 1]],
    lambda f, x: np.take(x, [0, 0, -1]),
    lambda f, x: np.take(x, 0),
    lambda f, x: np.take(x, [[0, -1]], axis=-1),
    lambda f, x: np.take(x, 0, axis=0),
    lambda f, x: np.cumsum(x),
    lambda f, x: np.cumsum(x, axis=-1),
    lambda f, x: tg.softmax(x),
    lambda f, x: tg.softmax(x, axis=-1),
    lambda f, x: tg.log_softmax(x, axis=-1),
    lambda f, x: np.einsum("i...->...", x),
    lambda f, x: np.einsum("ii->i", x[:, : (x.shape or (0,))[0]]),
    lambda f, x: np.split(x, 2)[1],
    lambda f, x: np.array_split(x, 2, axis=-1)[0],
    lambda f, x: f.cbrt(1.2 + np.tanh(x)),
    lambda f, x: f.i0(x),
    lambda f, x: f.degrees(x / 50),
    lambda f, x: f.radians(x),
    lambda f, x: np.nan_to_num(x),
    lambda f, x: np.cumprod(x, axis=-1),
    lambda f, x: np.tile(x, (2, 1)),
    lambda f, x: np.roll(x, 1, axis=0),
    lambda f, x: np.rot90(x),
    lambda f, x: np.moveaxis(x, 0, -1),
    lambda f, x: np.repeat(x, 2, axis=-1),
    lambda f, x: np.pad(x, 1),
    lambda f, x: np.pad(x, 1, mode="edge"),
    lambda f, x: np.diff(x),
    lambda f, x: np.diag(x),
    lambda f, x: np.trace(x),
    lambda f, x: np.tril(x),
    lambda f, x: np.triu(x, 1),
    lambda f, x: np.sort(x, axis=0),
    lambda f, x: np.gradient(x, axis=0),
    lambda f, x: np.append(x, x[..., :1]),
    lambda f, x: np.insert(x, 1, 0.5, axis=-1),
    lambda f, x: np.delete(x, 0, axis=0),
    lambda f, x: np.atleast_2d(x),
    lambda f, x: np.trapezoid(x),
    lambda f, x: np.ptp(x.real if f is COMPLEX else x) * 0 + np.nansum(x),
    lambda f, x: np.linalg.inv(regular_matrix(x)),
    lambda f, x: np.linalg.det(regular_matrix(x)) / 100,
    lambda f, x: np.linalg.solve(regular_matrix(x), x),
    lambda f, x: np.linalg.matrix_power(x, 2),
    lambda f, x: np.einsum("...->...", x),
    lambda f, x: f.sigmoid_cost(x, 0.25 + np.zeros(x.shape)),
    lambda f, x: f.softmax_cost(x, np.zeros(x.shape) + 1 / (x.shape or (1,))[0]),
    lambda f, x: tg.binary_cross_entropy(tg.sigmoid(x) * 0.8 + 0.1, 0.5 + np.zeros(x.shape)),
]
TWO = [
    lambda f, x, y: x + y,
    lambda f, x, y: x - y,
    lambda f, x, y: x * y,
    lambda f, x, y: x / (1 + y * y),
    lambda f, x, y: np.add(x, y),
    lambda f, x, y: f.maximum(x, y),
    lambda f, x, y: f.minimum(x, y),
    lambda f, x, y: f.logaddexp(x, y),
    lambda f, x, y: f.clip(0.4, x, y),
    lambda f, x, y: f.clip(x - y, -0.6, y),
    lambda f, x, y: (1 + x * x) ** np.tanh(y),
    lambda f, x, y: x + y + x,
    lambda f, x, y: np.where(f.above(x, 0), y, x),
    lambda f, x, y: tg.mse(x, y),
    lambda f, x, y: x @ y,
    lambda f, x, y: np.dot(x, y),
    lambda f, x, y: np.outer(x, y),
    lambda f, x, y: x @ y.T,
    lambda f, x, y: x.T @ y,
    lambda f, x, y: np.concatenate([x, y]),
    lambda f, x, y: np.concatenate([x, y], axis=-1),
    lambda f, x, y: np.concatenate([x, y], axis=None),
    lambda f, x, y: np.stack([x, y]),
    lambda f, x, y: np.stack([x, y], axis=-1),
    lambda f, x, y: np.einsum("ij,kj->ik", x, y),
    lambda f, x, y: np.einsum("...i,...i->...", x, y),
    lambda f, x, y: np.einsum("i,j", x, y),
    lambda f, x, y: np.vstack([x, y]),
    lambda f, x, y: np.hstack([x, y]),
    lambda f, x, y: x * y - y * x * x,
    lambda f, x, y: f.hypot(x, 0.3 + y * y),
    lambda f, x, y: f.arctan2(x, 0.3 + y * y),
    lambda f, x, y: f.mod(x, 0.7 + y * y),
    lambda f, x, y: f.fmod(x, 0.7 + y * y),
    lambda f, x, y: f.fmax(x, y),
    lambda f, x, y: f.fmin(x, y),
    lambda f, x, y: f.logaddexp2(x, y),
    lambda f, x, y: f.copysign(x, y),
    lambda f, x, y: np.convolve(x, y),
    lambda f, x, y: np.kron(x, y),
    lambda f, x, y: np.inner(x, y),
    lambda f, x, y: np.tensordot(x, y, (-1, -1)),
    lambda f, x, y: np.append(x, y, axis=-1),
    lambda f, x, y: np.column_stack([x, y]),
    lambda f, x, y: np.dstack([x, y]),
    lambda f, x, y: np.meshgrid(x, y)[1],
    lambda f, x, y: np.select([f.above(x, 0.2)], [x * y], x),
    lambda f, x, y: np.linspace(x, y, 3),
    lambda f, x, y: np.polyval(np.append(x, 1.0), np.tanh(y)),
]
AXES = [
    {},
    {"axis": 0},
    {"axis": -1},
    {"keepdims": True},
    {"axis": -1, "keepdims": True},
    {"axis": 0, "keepdims": True},
]
REDUCTIONS = [
    *(lambda f, x, **s: np.sum(x, **s), lambda f, x, **s: np.mean(x, **s), lambda f, x, **s: f.max(x, **s)),
    *(lambda f, x, **s: f.min(x, **s), lambda f, x, **s: np.prod(x, **s), lambda f, x, **s: f.var(x, **s)),
    *(
        lambda f, x, **s: f.std(x, **s),
        lambda f, x, **s: tg.logsumexp(x, **s),
        lambda f, x, **s: f.norm(x, **s),
    ),
]


def bring_near_half(x):
    """x between 1/4 and 3/4, where functions are defined that are defined anywhere, and have no poles."""
    return 0.5 + np.tanh(x) / 4


def step_of_row(op):
    """A step that calls the function of an elementwise row."""
    return lambda f, *xs: op.function(*map(bring_near_half, xs))


PLAIN = [op for op in TABLE.values() if op.elementwise and op.analytic and op.function is not k.cast_to]
ONE += [step_of_row(op) for op in PLAIN if op.arity == 1]
TWO += [step_of_row(op) for op in PLAIN if op.arity == 2]
STEPS = [*ONE, *TWO, *REDUCTIONS]


@dataclass(frozen=True)
class Step:
    """One call; `function`, the numbers of the arrays that it takes, and its settings."""

    function: Any
    arrays: tuple[int, ...]
    settings: dict[str, Any]

    def __call__(self, namespace, pool):
        return self.function(namespace, *(pool[i] for i in self.arrays), **self.settings)


@dataclass
class Program:
    """Leaves as arrays, which of them are parameters, and the steps drawn, fitting or not."""

    leaves: list[np.ndarray]
    wanted: list[bool]
    drawn: list[tuple[Any, int, int, int]]

    def steps(self):
        """The steps that fit, and those that NumPy refuses, each with the number of arrays there are then."""
        pool, fitting, refused = list(self.leaves), [], []
        for function, i, j, setting in self.drawn:
            first, second = len(pool) - 1 - i % len(pool), len(pool) - 1 - j % len(pool)
            arrays = (first, second) if function in TWO else (first,)
            step = Step(function, arrays, AXES[setting] if function in REDUCTIONS else {})
            try:
                with np.errstate(all="ignore"):
                    made = step(REAL, pool)
            except (ValueError, IndexError, TypeError, ZeroDivisionError):
                refused.append((step, len(pool)))
                continue
            if np.size(made) <= LARGEST and np.all(np.abs(made) < BOUND):
                fitting.append(step)
                pool.append(made)
        return fitting, refused

    def run(self, leaves, steps, namespace=REAL):
        """All arrays: the leaves and what each step makes."""
        pool = list(leaves)
        for step in steps:
            pool.append(step(namespace, pool))
        return pool

    def cost(self, pool):
        """One number in which each array takes part, with weights of no symmetry."""
        return sum(np.sum(x * weights(x.shape)) for x in pool if x.size)


def weights(shape):
    return np.cos(np.arange(int(np.prod(shape)))).reshape(shape)


@st.composite
def programs(draw, longest=30):
    dtypes = draw(st.sampled_from([(np.float64,), (np.float32,), (np.float64, np.float32)]))
    kinds = st.tuples(st.sampled_from(SHAPES), st.sampled_from(dtypes), st.booleans())
    leaves = [
        (draw(st.sampled_from(SHAPES)), dtypes[0], True),
        *draw(st.lists(kinds, min_size=1, max_size=4)),
    ]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arrays = [np.asarray(rng.standard_normal(shape), dtype=dtype) for shape, dtype, _ in leaves]
    move = st.tuples(
        st.sampled_from(STEPS), st.integers(0, 6), st.integers(0, 6), st.integers(0, len(AXES) - 1)
    )
    return Program(
        arrays, [wanted for *_, wanted in leaves], draw(st.lists(move, min_size=1, max_size=longest))
    )
