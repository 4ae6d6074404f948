"""The cases of every row of the table, as data: a function, the shapes and values of its inputs, settings.

`CASES[function]` lists them. Values are drawn from a seed that follows from the case, in general position: no
entry is near a kink of the function or ties with another, unless the case is there for that. Derivatives are
taken by the inputs that are arrays of float64; all others (numbers, conditions, labels) are constants.
"""

import operator
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import scipy.special

import tinygraph as tg
from tinygraph.rules import convolution as c
from tinygraph.rules import factors
from tinygraph.rules import kernels as k
from tinygraph.rules.table import load_rows

load_rows(np.fft.fft)
load_rows(scipy.special.erf)

__all__ = ["CASES", "KINKS", "Case", "of_complex"]


@dataclass(frozen=True, eq=False)
class Case:
    """One call of one row. `call(function, *inputs, **settings)` is how a user writes it.

    `public` is the function that leads to the row, where it is not the row's own.
    """

    function: Callable[..., Any]
    shapes: tuple[Any, ...]
    samplers: tuple[Callable[..., Any], ...]
    settings: dict[str, Any]
    call: Callable[..., Any]
    public: Callable[..., Any]

    @cached_property
    def inputs(self) -> tuple[Any, ...]:
        rng = np.random.default_rng(zlib.crc32(repr(self).encode()))
        return tuple(sample(rng, shape) for sample, shape in zip(self.samplers, self.shapes, strict=True))

    @cached_property
    def wanted(self) -> tuple[int, ...]:
        """The positions of the inputs to derive by."""
        return tuple(i for i, x in enumerate(self.inputs) if getattr(x, "dtype", None) == np.float64)

    def __call__(self, *inputs: Any, function: Callable[..., Any] | None = None) -> Any:
        return self.call(function or self.public, *(inputs or self.inputs), **self.settings)

    def __repr__(self) -> str:
        pairs = zip(self.samplers, self.shapes, strict=True)
        inputs = [sampler.__name__ + ("" if shape is None else f" {shape}") for sampler, shape in pairs]
        settings = [f"{name}={value!r}" for name, value in self.settings.items()]
        return f"{self.public.__name__}({', '.join(inputs + settings)})"


# Values -------------------------------------------------------------------------------------------


def general(rng, shape):
    """Between -2 and 2, distinct, none near 0."""
    n = int(np.prod(shape))
    steps = rng.permutation(n) - n // 2 + 0.5 + 0.2 * rng.uniform(-1, 1, n)
    return (steps * (4 / max(n, 2))).reshape(shape)


def positive(rng, shape):
    return np.exp(general(rng, shape) / 2)


def unit(rng, shape):
    """Between 0.1 and 0.9."""
    return 0.5 + general(rng, shape) / 5.5


def large(rng, shape):
    return 20 * general(rng, shape)


def above_one(rng, shape):
    return 1 + positive(rng, shape)


def small(rng, shape):
    return general(rng, shape) / 1500


def regular(rng, shape):
    """Square matrices, or stacks of them, far from singular."""
    return general(rng, shape) / 3 + np.eye(shape[-1])


def triangles(rng, shape):
    """Each of both triangles that of a symmetric matrix with distinct eigenvalues."""
    return general(rng, shape) + np.diag(3.0 * np.arange(shape[-1]))


def positive_definite(rng, shape):
    x = general(rng, shape)
    return x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1])


def low(rng, shape):
    return -0.5 + 0.1 * general(rng, shape)


def high(rng, shape):
    return 0.5 + 0.1 * general(rng, shape)


def condition(rng, shape):
    return rng.random(shape) < 0.5


def with_zero(rng, shape):
    """One entry is 0."""
    x = np.array(general(rng, shape))
    x[(0,) * x.ndim] = 0
    return x


def with_zeros(rng, shape):
    """Every other entry is 0."""
    x = np.array(general(rng, shape))
    x.reshape(-1)[::2] = 0
    return x


def one_hot(rng, shape):
    """Columns along the first axis that sum to one, not all of them 0 and 1."""
    y = rng.random(shape)
    return y / y.sum(axis=0)


def one_hot_rows(rng, shape):
    """Rows along the last axis that sum to one."""
    return one_hot(rng, shape[::-1]).T


def signs(rng, shape):
    """1 and -1, by which nothing is derived."""
    return rng.choice(np.array([-1, 1], np.int8), shape)


def classes(rng, shape):
    return rng.integers(3, size=shape)


def bits(rng, shape):
    return rng.integers(2, size=shape).astype(bool)


def single_exact(rng, shape):
    """Multiples of 1/8, so that float32 holds them exactly."""
    return np.round(8 * np.asarray(general(rng, shape))) / 8 + 0.0


def constant(value):
    def sample(rng, shape):
        return value

    sample.__name__ = repr(value)
    return sample


# Shapes and settings ------------------------------------------------------------------------------

SHAPES = [(), (1,), (3,), (0,), (2, 3), (3, 3), (3, 1), (1, 3), (2, 0), (2, 1, 3), (2, 2, 2)]
PAIRS = [
    *(((), ()), ((3,), (3,)), ((2, 3), (2, 3)), ((3, 3), (3, 3)), ((2, 1, 3), (2, 1, 3))),
    *(((), (3,)), ((3,), ()), ((2, 3), ()), ((1,), (3,)), ((3,), (1,)), ((1,), ()), ((2, 3), (1, 1))),
    *(((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 1), (3,)), ((3, 1), (3, 4)), ((1, 4), (3, 4))),
    *(((2, 1, 3), (4, 1)), ((2, 3, 2), (2,)), ((2, 2, 2), (1, 2, 1)), ((1, 1, 2), (3, 2))),
    *(((0,), (0,)), ((0,), (1,)), ((), (0,)), ((2, 0), (1, 0)), ((2, 1), (0,))),
]
NUMBERS = [(), (3,), (2, 3), (0,)]  # shapes that meet a Python number


def axes(shape, several=True):
    """Every kind of axis that fits `shape`: None, positive, negative, tuples."""
    n = len(shape)
    yield None
    yield from range(-n, n)
    if several:
        yield ()
        yield from [(0,), (0, 1), (-1, 0)][: 0 if n == 0 else 1 if n == 1 else 3]
        yield from [(0, 2), (-1, -3), (2, 0, 1)] if n == 3 else []


def over(shape, keepdims=(False, True), several=True, filled=False, **grid):
    """Settings of a reduction; `filled` leaves out those that would reduce nothing to something."""
    for axis, keep, *rest in product(axes(shape, several), keepdims, *grid.values()):
        if not filled or taken_together(shape, axis):
            yield {"axis": axis, "keepdims": keep} | dict(zip(grid, rest, strict=True))


def taken_together(shape, axis):
    """How many entries a reduction takes together."""
    chosen = range(len(shape)) if axis is None else np.atleast_1d(np.array(axis, dtype=int))
    return int(np.prod([shape[a] for a in chosen]))


def no_settings(*shapes):
    return [{}]


def with_each(name, *values):
    return lambda *shapes: [{name: value} for value in values]


def along(*shapes):
    """Every single axis."""
    return [{"axis": axis} for axis in axes(shapes[0], several=False) if axis is not None]


def plainly(function, *inputs, **settings):
    return function(*inputs, **settings)


def cases_of(
    functions: Iterable[Callable[..., Any]],
    shapes: Iterable[Any],
    samplers: Iterable[Callable[..., Any]],
    settings: Callable[..., Iterable[dict[str, Any]]] = no_settings,
    call: Callable[..., Any] = plainly,
    public: Callable[..., Any] | None = None,
) -> list[Case]:
    """All combinations; `shapes` holds a tuple of shapes per case, or a shape where there is one input."""
    samplers = tuple(samplers)
    shapes = [(s,) if len(samplers) == 1 else s for s in shapes]
    return [
        Case(function, s, samplers, setting, call, public or function)
        for function, s in product(functions, shapes)
        for setting in settings(*s)
    ]


# The cases ----------------------------------------------------------------------------------------

ARITHMETIC = [np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.logaddexp]
REDUCED = [*SHAPES, (2, 3, 2)]


def arithmetic():
    numbers = [(s, None) for s in NUMBERS]
    swapped = [(None, s) for s in NUMBERS]
    yield from cases_of(ARITHMETIC, PAIRS, [general, general])
    yield from cases_of([np.divide], PAIRS, [general, positive])
    yield from cases_of([np.divide], PAIRS, [positive, general])
    for number in (2, 1.5, -3):
        yield from cases_of([*ARITHMETIC, np.divide], numbers, [general, constant(number)])
        yield from cases_of([*ARITHMETIC, np.divide], swapped, [constant(number), general])
    yield from cases_of([np.power], PAIRS, [positive, general])
    for exponent in (0, 1, 2, 3, -1, 2.0, -2):
        yield from cases_of([np.power], numbers, [general, constant(exponent)])
    for exponent in (0.5, -1.5, 2.5):
        yield from cases_of([np.power], numbers, [positive, constant(exponent)])
    for exponent in (np.array(2.0, np.float32), np.array([3, 2, 0])):
        yield from cases_of([np.power], [((3,), None), ((2, 3), None)], [general, constant(exponent)])
    for base in (1, 2, 0.5):
        yield from cases_of([np.power], swapped, [constant(base), general])
    yield from cases_of([np.mod, np.fmod], PAIRS, [large, positive])
    yield from cases_of([np.mod, np.fmod], [(s, None) for s in NUMBERS], [large, constant(-1.5)])
    yield from cases_of([np.hypot, np.arctan2, np.logaddexp2, np.fmax, np.fmin], PAIRS, [general, general])
    yield from cases_of([np.fmax, np.fmin], numbers, [general, constant(np.nan)])
    yield from cases_of([np.copysign], numbers, [general, constant(-2)])
    yield from cases_of([np.copysign], [((3,), (3,)), ((2, 1), (3,))], [general, signs])


def one_variable():
    kernels = [k.sigmoid, k.relu, k.leaky_relu, k.elu, k.softplus, k.gelu]
    anywhere = [np.negative, np.positive, np.square, np.absolute, np.exp, np.expm1, np.sin, np.cos, np.arctan]
    yield from cases_of([*anywhere, np.tanh, np.reciprocal, *kernels], SHAPES, [general])
    anywhere += [
        np.exp2,
        np.sinh,
        np.cosh,
        np.arcsinh,
        np.sinc,
        np.degrees,
        np.radians,
        np.cbrt,
        np.nan_to_num,
        np.i0,
    ]
    yield from cases_of(anywhere[9:], SHAPES, [general])
    yield from cases_of([np.log, np.log1p, np.sqrt, np.square, np.reciprocal], SHAPES, [positive])
    yield from cases_of([np.log2, np.log10], SHAPES, [positive])
    yield from cases_of([np.tan, np.arcsin, np.arccos, np.arctanh], SHAPES, [unit])
    yield from cases_of([np.arccosh], SHAPES, [above_one])
    yield from cases_of([np.sinc], [(3,), (2, 3)], [small])
    yield from cases_of([np.nan_to_num], [(3,), (2, 3)], [with_nan], with_each("nan", 1.5))
    yield from cases_of([scipy.special.erf, scipy.special.erfc], SHAPES, [general])
    yield from cases_of([np.absolute], [(3,), (2, 3)], [general], call=of_complex)
    yield from cases_of([np.real, np.imag, np.conjugate], SHAPES, [general], call=of_complex)
    yield from cases_of([np.tanh, np.arctan, *kernels], [(3,), (2, 3)], [large])
    yield from cases_of([k.leaky_relu], SHAPES, [general], with_each("slope", 0.2, 0, 1.5))
    yield from cases_of([k.elu], SHAPES, [general], with_each("alpha", 0.5, 2))
    yield from cases_of([k.cast_to], SHAPES, [general], with_each("dtype", np.float64))
    yield from cases_of([k.cast_to], SHAPES, [single_exact], with_each("dtype", np.float32))


def with_nan(rng, shape):
    """One entry is no number."""
    x = general(rng, shape)
    x.reshape(-1)[0] = np.nan
    return x


def of_complex(function, x, **settings):
    """Two real numbers for each complex one that comes out, from real numbers as complex ones."""
    z = function(x * (1 + 0.5j), **settings)
    return z if z.dtype.kind == "f" else np.real(z) + 0.7 * np.imag(z)


def choices():
    triples = [((), (), ()), ((3,), (3,), (3,)), ((2, 3), (2, 3), (2, 3)), ((0,), (0,), (0,))]
    stretched = [((2, 1), (3,), ()), ((3,), (2, 1), (2, 3)), ((), (3,), (2, 1)), ((2, 3), (1,), (1, 1, 1))]
    yield from cases_of([np.where], [*triples, *stretched], [condition, general, general])
    yield from cases_of(
        [np.where], [((3,), (3,), None), ((2, 1), (3,), None)], [condition, general, constant(2)]
    )
    yield from cases_of(
        [np.where], [((3,), None, (3,)), ((2, 1), None, (3,))], [condition, constant(2), general]
    )
    bounded = [((2, 3), (3,), ()), ((3,), (2, 1), (2, 3)), ((), (3,), (3,)), ((2, 3), (1, 3), (2, 1))]
    yield from cases_of([np.clip], [*triples, *bounded], [general, low, high])
    yield from cases_of([np.clip], [*triples, *bounded], [general, high, low])  # all is the upper bound then
    yield from cases_of([np.clip], [*triples, *bounded], [general, general, unit])
    for bounds in (
        [low, constant(None)],
        [constant(None), high],
        [constant(0.5), low],
        [high, constant(-0.5)],
    ):
        some = [(x, *(None if "constant" in b.__qualname__ else y for b in bounds)) for x, y, _ in bounded]
        yield from cases_of([np.clip], some, [general, *bounds])
    for bounds in ((-0.5, 0.5), (None, 0.5), (-0.5, None), (-1, 1)):
        yield from cases_of([np.clip], [(s, None, None) for s in SHAPES], [general, *map(constant, bounds)])


def reductions():
    for shape in REDUCED:
        everything, filled = list(over(shape)), list(over(shape, filled=True))
        yield from cases_of([np.sum, np.prod], [shape], [general], lambda s, grid=everything: grid)
        yield from cases_of([np.max, np.min, np.mean], [shape], [general], lambda s, grid=filled: grid)
        yield from cases_of([k.logsumexp], [shape], [general], lambda s, grid=filled: grid)
        along_each = lambda s: [{"axis": a} for a in axes(s, False)]  # noqa: E731
        yield from cases_of([np.cumsum, np.cumprod], [shape], [general], along_each)
    yield from cases_of([np.sum, np.prod, np.cumsum, np.cumprod], [()], [general], with_each("axis", 0, -1))
    yield from cases_of([np.cumprod], [(3,), (2, 3)], [with_zeros], with_each("axis", None, 0, -1))
    for shape in [(3,), (2, 3), (3, 3), (3, 1, 2), (2, 3, 2), (0, 3), (3, 0)]:
        spreads = [
            s for s in over(shape, filled=True, ddof=(0, 1, 0.5)) if taken_together(shape, s["axis"]) > 1
        ]
        yield from cases_of([np.var, np.std], [shape], [general], lambda s, grid=spreads: grid)
    yield from cases_of([np.var], [(1,), (2, 1)], [general], with_each("axis", -1))
    for shape in [(1,), (3,), (2, 3), (3, 3), (2, 3, 2)]:
        yield from cases_of([np.linalg.norm], [shape], [general], norms)
    yield from cases_of([np.prod], [(3,), (2, 3)], [with_zero], over)
    yield from cases_of([np.prod], [(3,), (2, 3), (3, 3)], [with_zeros], over)
    in_type = lambda s: [{"axis": a, "dtype": t} for a in axes(s) for t in (np.float64, np.float32)]  # noqa: E731
    yield from cases_of([np.sum, np.mean, np.prod], [(3,), (2, 3)], [single_exact], in_type)
    in_type = lambda s: [{"axis": a, "dtype": t} for a in (None, -1) for t in (np.float64, np.float32)]  # noqa: E731
    yield from cases_of([np.var, np.std, np.cumsum], [(3,), (2, 3)], [single_exact], in_type)
    yield from cases_of(
        [k.softmax, k.log_softmax], [s for s in REDUCED if s and 0 not in s], [general], along
    )
    yield from cases_of([k.softmax, k.log_softmax], [(0, 3), (3, 0)], [general], empty_batch)
    yield from cases_of([k.softmax, k.log_softmax, k.logsumexp], [(3,), (2, 3)], [large], along)


def empty_batch(shape):
    """The axis of an empty array that is not empty."""
    return [{"axis": shape.index(3)}]


def norms(shape):
    for kept in ({}, {"keepdims": True}):
        yield from ({"axis": a} | kept for a in axes(shape, several=False))
        if len(shape) == 1:
            yield {"ord": 2} | kept
        if len(shape) == 2:
            yield {"ord": "fro"} | kept
        if len(shape) > 1:
            yield {"ord": None, "axis": (0, 1)} | kept
            yield {"ord": "fro", "axis": (-1, 0)} | kept
            yield {"ord": 2, "axis": -1} | kept


def into_shape(function, x, shape):
    return function(x, shape)


def shaped():
    reshapes = {
        (): [(), (1,), (1, 1)],
        (6,): [(2, 3), (-1, 2), 6, (1, 6, 1)],
        (2, 3): [(6,), -1, (3, 2), (3, -1, 1)],
    }
    reshapes |= {(0,): [(2, 0), 0], (2, 3, 2): [(3, 4), (2, 2, 3), (12,)]}
    for shape, shapes in reshapes.items():
        yield from cases_of([np.reshape], [shape], [general], with_each("shape", *shapes), into_shape)
    yield from cases_of([np.ravel, np.transpose, np.flip, np.squeeze], SHAPES, [general])
    for order in ((1, 0), (-1, 0), (0, 1)):
        yield from cases_of([np.transpose], [(2, 3), (3, 3), (0, 2)], [general], with_each("axes", order))
    orders = with_each("axes", (1, 2, 0), (2, 0, 1), (0, -1, 1), (-1, -3, -2), (2, 1, 0))
    yield from cases_of([np.transpose], [(2, 3, 4), (2, 2, 2)], [general], orders)
    pairs = [{"axis1": i, "axis2": j} for i, j in ((0, 1), (-1, 0), (1, 1), (-2, -1))]
    yield from cases_of([np.swapaxes], [(2, 3), (3, 3), (2, 3, 4), (0, 2)], [general], lambda s: pairs)
    yield from cases_of(
        [np.flip], [(2, 3), (2, 3, 2)], [general], with_each("axis", None, 0, -1, (0, 1), (-1,))
    )
    yield from cases_of([np.expand_dims], SHAPES, [general], with_each("axis", 0, -1, (0, 1), (0, -1)))
    yield from cases_of(
        [np.squeeze], [(1, 3, 1)], [general], with_each("axis", None, 0, -1, (0, 2), (-1, 0), ())
    )
    targets = {(): [(), (3,), (2, 3)], (3,): [(3,), (2, 3), (2, 1, 3)], (1,): [(4,), (0,)], (0,): [(2, 0)]}
    targets |= {(2, 1): [(2, 3), (4, 2, 3), (2, 0)], (1, 3): [(2, 3)], (2, 1, 3): [(2, 4, 3)]}
    for shape, shapes in targets.items():
        yield from cases_of([np.broadcast_to], [shape], [general], with_each("shape", *shapes))


def moved():
    """What puts entries elsewhere."""
    for shape, source, destination in (((2, 3, 4), 0, -1), ((2, 3, 4), (0, 1), (2, 0)), ((2, 3), -1, 0)):
        settings = {"source": source, "destination": destination}
        yield from cases_of([np.moveaxis], [shape], [general], lambda s, given=settings: [given], by_position)
    shifts = [(1, None), (-2, 0), (1, -1), ((1, 2), (0, 1)), ((1, 1), (0, 0)), (5, None)]
    rolls = lambda s: [{"shift": shift, "axis": axis} for shift, axis in shifts]  # noqa: E731
    yield from cases_of([np.roll], [(2, 3), (3, 3), (2, 3, 2)], [general], rolls, by_position)
    yield from cases_of([np.roll], [(), (0,), (4,)], [general], with_each("shift", 1, -3), by_position)
    turns = lambda s: [{"k": n, "axes": pair} for n in (1, 2, 3, -1) for pair in ((0, 1), (-1, 0))]  # noqa: E731
    yield from cases_of([np.rot90], [(2, 3), (3, 3), (2, 3, 4)], [general], turns)
    copies = with_each("reps", 2, 0, (2, 3), (1, 2, 1), ())
    yield from cases_of([np.tile], [(), (3,), (2, 3), (0,), (2, 0)], [general], copies, by_position)


def by_position(function, x, **settings):
    return function(x, *settings.values())


def joined(function, *inputs, **settings):
    return function(inputs, **settings)


def joins():
    alike = [((3,), (3,)), ((2, 3), (2, 3)), ((0,), (0,)), ((2, 3, 2),) * 3]
    along_0 = [((2,), (3,)), ((2,), (0,)), ((2, 3), (1, 3)), ((0, 3), (2, 3))]
    along_1 = [((3, 2), (3, 1)), ((2, 0), (2, 3)), ((3, 1), (3, 2))]
    for shapes in alike:
        several = [general] * len(shapes)
        settings = with_each("axis", None, 0, -1, *range(1, len(shapes[0])))
        yield from cases_of([np.concatenate], [shapes], several, settings, joined)
        settings = with_each("axis", *range(-len(shapes[0]) - 1, len(shapes[0]) + 1))
        yield from cases_of([np.stack], [shapes], several, settings, joined)
    yield from cases_of([np.stack], [((), ())], [general] * 2, no_settings, joined)
    yield from cases_of([np.concatenate], along_0, [general] * 2, with_each("axis", None, 0), joined)
    yield from cases_of([np.concatenate], along_1, [general] * 2, with_each("axis", None, 1, -1), joined)
    yield from cases_of(
        [np.concatenate], [((2, 3), (), (3,))], [general] * 3, with_each("axis", None), joined
    )
    yield from cases_of([np.stack], [(3,)], [general], with_each("axis", 0, 1), joined)


def indexed(function, x, index):
    return function(x, index)


INDICES: dict[tuple[int, ...], list[Any]] = {
    (): [(), ..., None, (None, ..., None), True, np.array(True)],
    (4,): [
        *(0, -1, np.int64(2), slice(None), slice(1, 3), slice(None, None, -1), slice(3, 0, -2), slice(2, 2)),
        *(..., None, (..., 1), (None, slice(1, None)), (0,), ([],), np.array([], dtype=int)),
        *([0, 0, 3], np.array([1, -1, 1, 1]), np.array([[0, 2], [2, 2]]), np.array(2), (None, [1, 1])),
        *(np.array([True, False, True, True]), [True, False, False, False], np.zeros(4, bool)),
    ],
    (3, 3): [
        *(
            1,
            (1, 2),
            (slice(None), 0),
            (..., -1),
            (slice(None, None, 2), slice(1, None)),
            (1, ...),
            (None, 1, None),
        ),
        *([2, 2], (slice(None), [0, 0, 1]), ([0, 0], [1, 1]), ([0, 1, 0], 1), ([[0], [2]], [1, 1])),
        *((np.array([0, 1]), slice(None)), (None, [0, 0]), (..., [0, 0]), (slice(1, 3), [2, 2, 2])),
        *(np.eye(3, dtype=bool), np.array([True, False, True]), (slice(None), np.array([False, True, True]))),
        *(([0, 2], np.array([True, False, True])), np.zeros((3, 3), bool), np.array([], dtype=int)),
    ],
    (2, 3, 2): [
        *((0, slice(None), 1), (..., 0), (slice(None), [0, 0, 2]), ([0, 1], slice(None), [1, 1])),
        *(
            ([1, 1], 2),
            (0, [0, 2, 2], None),
            (np.array([True, False]), slice(1, None)),
            (..., [1, 1], [0, 0]),
        ),
        *(
            np.arange(12).reshape(2, 3, 2) % 3 == 0,
            (slice(None), np.array([[True, False], [False, True], [True, True]])),
        ),
    ],
    (0, 2): [slice(None), (slice(None), 1), np.array([], dtype=int), (..., None)],
}
INDICES[(0, 2)].append(np.zeros((0, 2), bool))


def indices():
    for shape, chosen in INDICES.items():
        yield from cases_of([operator.getitem], [shape], [general], with_each("index", *chosen), indexed)
        for index in chosen:
            taken, place = np.empty(shape)[index].shape, {"shape": shape, "index": index}
            yield from cases_of([k.scatter], [taken], [general], lambda s, place=place: [place])
    places = [0, -1, [1, 1, 2], np.array([[0, 2], [-1, 0]]), np.array([], dtype=int)]
    yield from cases_of(
        [np.take],
        [()],
        [general],
        lambda s: [{"indices": i, "axis": a} for i in (0, [[0, -1]]) for a in (0, -1)],
    )
    for axis in (None, 0, -1, 1):
        settings = lambda s, axis=axis: [{"indices": i, "axis": axis} for i in places]  # noqa: E731
        yield from cases_of([np.take], [(3,), (3, 3), (3, 4, 3)][axis == 1 :], [general], settings)


def products():
    two = [((2, 3), (3, 4)), ((3, 3), (3, 3)), ((1, 3), (3, 1)), ((2, 1), (1, 3)), ((3,), (3,)), ((1,), (1,))]
    two += [
        ((2, 3), (3,)),
        ((3,), (3, 4)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 3)),
        ((2, 3), (3, 0)),
        ((0,), (0,)),
    ]
    two += [((3,), (3, 0)), ((0, 3), (3,)), ((0,), (0, 2)), ((1,), (1, 3)), ((2, 1), (1,))]
    batched = [
        ((2, 2, 3), (2, 3, 2)),
        ((2, 2, 3), (3, 2)),
        ((2, 3), (4, 3, 2)),
        ((2, 2, 3), (3,)),
        ((3,), (2, 3, 2)),
    ]
    batched += [
        ((2, 1, 2, 3), (4, 3, 2)),
        ((1, 2, 3), (4, 3, 2)),
        ((0, 2, 3), (3, 2)),
        ((2, 3, 3), (1, 3, 3)),
    ]
    batched += [((2, 1, 2, 3), (3,)), ((3,), (2, 1, 3, 2))]
    yield from cases_of([np.matmul], [*two, *batched], [general, general])
    dotted = [((), ()), ((), (2, 3)), ((3,), ()), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (3,))]
    dotted += [((3,), (2, 3, 2)), ((2, 1, 3), (2, 3, 2)), ((3,), (2, 2, 3, 1))]
    yield from cases_of([np.dot], [*two, *dotted], [general, general])
    yield from cases_of([np.dot, np.outer], [((2,), None), ((), None)], [general, constant(2.0)])
    outer = [
        ((2,), (3,)),
        ((), (3,)),
        ((3,), ()),
        ((2, 3), (2,)),
        ((2,), (2, 2)),
        ((0,), (3,)),
        ((1,), (1,)),
        ((3,), (3,)),
    ]
    yield from cases_of([np.outer], outer, [general, general])


def convolutions():
    lengths = [((4,), (3,)), ((3,), (4,)), ((2,), (5,)), ((3,), (3,)), ((1,), (4,))]
    yield from cases_of([np.convolve], lengths, [general] * 2, with_each("mode", "full", "same", "valid"))


def images():
    """Windows and convolutions of images with their channels last and first."""
    around = {"stride": (2, 1), "padding": ((1, 2), (0, 1)), "dilation": (1, 2)}
    some = lambda *s: [{"size": (2, 2)}, {"size": (2, 2), "axis": 2}, {"size": (3, 2)} | around]  # noqa: E731
    yield from cases_of([c.windows], [(1, 4, 3, 2), (2, 3, 4, 3)], [general], some)
    bordered = {"size": (2, 2), "padding": ((1, 1), (1, 1)), "fill": 2.0}
    yield from cases_of([c.windows], [(1, 3, 2, 1), (0, 3, 2, 1)], [general], lambda s: [bordered])
    yield from cases_of([c.fold], [(2, 2, 1, 2, 2, 2)], [general], with_each("shape", (1, 3, 3, 2)))
    shaped = {"shape": (1, 3, 4, 2)} | around
    yield from cases_of([c.fold], [(3, 2, 1, 2, 3, 2)], [general], lambda s: [shaped])
    last, first = {}, {"layout": "NCHW"}
    grouped = {"groups": 2, "stride": (2, 2), "layout": "NCHW"}
    for z, x, w, settings in [
        ((2, 2, 3, 2), (2, 3, 4, 2), (2, 2, 2, 2), last),
        ((1, 2, 3, 1), (1, 3, 4, 2), (3, 2, 2, 1), around),
        ((1, 2, 2, 3), (1, 1, 3, 4), (2, 1, 2, 2), first),
        ((1, 4, 1, 2), (1, 4, 3, 4), (4, 2, 2, 2), grouped),
        ((0, 2, 3, 2), (0, 3, 4, 1), (2, 2, 1, 2), last),
    ]:
        size = w[2:] if "layout" in settings else w[:2]
        for function, shapes, more in [
            (c.conv2d, (x, w), {}),
            (c.conv2d_transpose, (z, w), {"shape": x}),
            (c.conv2d_filters, (x, z), {"size": size}),
        ]:
            given = more | settings
            yield from cases_of([function], [shapes], [general] * 2, lambda *s, given=given: [given])


def linear_algebra():
    squares = [(1, 1), (2, 2), (3, 3), (2, 3, 3)]
    yield from cases_of([np.linalg.inv, np.linalg.det, factors.cofactors], [*squares, (0, 0)], [regular])
    yield from cases_of([factors.log_determinant], squares, [regular])
    right = [((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 1))]
    right += [((2, 1, 3, 3), (2, 3, 1)), ((1, 1), (1,))]
    yield from cases_of([np.linalg.solve], right, [regular, general])
    yield from cases_of([np.linalg.cholesky], squares, [positive_definite])
    either = with_each("UPLO", "L", "U")
    yield from cases_of([np.linalg.eigvalsh, factors.eigenvectors], squares, [triangles], either)
    yield from cases_of(
        [np.linalg.eigvals, factors.general_eigenvectors], squares, [regular], call=parts_of_complex
    )
    tall, wide = [(3, 2), (3, 3), (2, 3, 2), (3, 1)], [(2, 3), (1, 3)]
    yield from cases_of([factors.orthogonal_factor, factors.triangular_factor], tall, [regular_columns])
    singular_parts = [factors.singular_values, factors.left_vectors, factors.right_vectors]
    yield from cases_of([*singular_parts, np.linalg.pinv], [*tall, *wide], [regular_columns])
    yield from cases_of([np.linalg.pinv], [(3, 2)], [regular_columns], with_each("rcond", 1e-9))


def regular_columns(rng, shape):
    """Matrices far from lower rank, no two columns alike."""
    return general(rng, shape) + 2 * np.eye(*shape[-2:]) + np.arange(shape[-1])


def parts_of_complex(function, x, **settings):
    """The sum of the real and the imaginary part of what comes out, each with a weight."""
    z = function(x, **settings)
    return np.real(z) + 0.7 * np.imag(z) if z.dtype.kind == "c" else z


def transforms():
    for shape in [(1,), (4,), (5,), (2, 3), (3, 2, 2)]:
        grid = [
            {"n": n, "axis": axis, "norm": norm}
            for n, axis, norm in product((None, 3, 6), {0, -1}, (None, "ortho", "forward"))
            if n or shape[axis] > 1
        ]
        lengths = lambda s, grid=grid: grid  # noqa: E731
        yield from cases_of([np.fft.fft, np.fft.ifft, np.fft.irfft], [shape], [general], lengths, of_complex)
        yield from cases_of([np.fft.rfft], [shape], [general], lengths, parts_of_complex)


def summed(function, *inputs, subscripts, **settings):
    return function(subscripts, *inputs, **settings)


# fmt: off
EINSUMS = [
    ("i->i", (3,)), ("i->", (3,)), ("ij->ji", (2, 3)), ("ij->j", (2, 3)), ("ij->", (2, 3)),
    ("ii->i", (3, 3)), ("ii", (3, 3)), ("ii->", (3, 3)), ("ba", (2, 3)), ("iij->j", (2, 2, 3)),
    ("aab->b", (2, 2, 3)), ("iij->ij", (2, 2, 3)), ("...->...", (2, 3)), ("...i->...", (2, 3)),
    ("i...->...", (2, 3)), ("...ii->...i", (2, 3, 3)), ("iii->i", (2, 2, 2)), ("->", ()),
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 2)), (" ij, jk -> ki ", (2, 3), (3, 4)),
    ("i,i->", (3,), (3,)), ("i,j->ij", (2,), (3,)), ("i,j->ji", (2,), (3,)), ("i,i->i", (3,), (3,)),
    ("ij,ij->", (2, 3), (2, 3)), ("ij,j->i", (2, 3), (3,)), ("ij,k->k", (2, 3), (4,)),
    ("ij,kl->", (2, 3), (2, 2)), ("ii,i->i", (3, 3), (3,)), ("ii,jj->ij", (2, 2), (3, 3)),
    ("Ab,bA->bA", (2, 3), (3, 2)), ("aB,Bc", (2, 3), (3, 2)), (",i->i", (), (3,)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)), ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    ("...ij,jk", (2, 2, 3), (3, 2)), ("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)),
    ("i...,i...->...", (3, 2), (3, 1)), ("...,...", (2, 3), (3,)), ("i...,j->j...", (3, 2), (2,)),
    ("ij,ij->ij", (1, 3), (2, 3)), ("ij,ij->i", (2, 1), (2, 3)), ("ij,jk->ik", (2, 1), (3, 2)),
    ("ij,jk->ik", (0, 3), (3, 2)), ("ij,jk->ik", (2, 0), (0, 2)), ("i,i,i->i", (3,), (3,), (3,)),
    ("i,ij,j->", (2,), (2, 3), (3,)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    ("ijk,ilm,njm->lkn", (2, 2, 2), (2, 2, 2), (2, 2, 2)), ("i,j,k->kij", (2,), (3,), (2,)),
    ("i,ij,...j->...i", (2,), (2, 3), (2, 3)), ("ii,ij,jj->", (2, 2), (2, 2), (2, 2)),
]
# fmt: on


def einsums():
    for subscripts, *shapes in EINSUMS:
        settings = [{"subscripts": subscripts}, {"subscripts": subscripts, "optimize": True}]
        samplers = [general] * len(shapes)
        chosen = shapes[0] if len(shapes) == 1 else tuple(shapes)
        yield from cases_of([np.einsum], [chosen], samplers, lambda *s, grid=settings: grid, summed)


def cross_entropy_of_sigmoid(z, y, axis=0):
    return tg.binary_cross_entropy(tg.sigmoid(z), y, axis=axis)


def costs():
    alike = [((5,), (5,)), ((1, 5), (1, 5)), ((3, 4), (3, 4)), ((1, 1), (1, 1)), ((2, 3, 2), (2, 3, 2))]
    for axis, y in product((0, -1), (unit, bits)):
        setting = with_each("axis", axis)
        public = tg.binary_cross_entropy
        yield from cases_of([k.probability_cross_entropy], alike, [unit, y], setting, public=public)
        for public in (cross_entropy_of_sigmoid, tg.binary_cross_entropy_with_logits):
            yield from cases_of([k.sigmoid_cross_entropy], alike, [general, y], setting, public=public)
        yield from cases_of([k.sigmoid_cross_entropy], alike, [large, y], setting, public=public)
    public = tg.softmax_cross_entropy
    scores = [((3, 4), (3, 4)), ((3,), (3,)), ((3, 1), (3, 1)), ((3, 2, 2), (3, 2, 2))]
    yield from cases_of([k.softmax_cross_entropy], scores, [general, one_hot], public=public)
    labelled = [((3, 4), (4,)), ((3,), ()), ((3, 1), (1,)), ((4, 2, 2), (2, 2))]
    for z in (general, large):
        yield from cases_of([k.softmax_cross_entropy], labelled, [z, classes], public=public)
    by_row = [((4, 3), (4,)), ((2, 2, 3), (2, 2)), ((2, 3), (2,))]
    axis = with_each("axis", -1)
    two = [general, one_hot_rows]
    yield from cases_of([k.softmax_cross_entropy], [((2, 3), (2, 3))], two, axis, public=public)
    yield from cases_of([k.softmax_cross_entropy], by_row, [general, classes], axis, public=public)
    pairs = [pair for pair in PAIRS if 0 not in (*pair[0], *pair[1])]
    yield from cases_of([k.mse], pairs, [general, general])
    yield from cases_of([k.mse], [((3,), None), ((), None)], [general, constant(0.5)])


CASES: dict[Callable[..., Any], list[Case]] = {}
for _family in (
    arithmetic,
    one_variable,
    choices,
    reductions,
    shaped,
    moved,
    joins,
    indices,
    products,
    convolutions,
    images,
    linear_algebra,
    transforms,
    einsums,
    costs,
):
    for _case in _family():
        CASES.setdefault(_case.function, []).append(_case)

# Kinks: inputs, settings, derivatives. Arrays are derived by, numbers are constants --------------

at = np.array
KINKS: dict[Callable[..., Any], list[tuple[Any, ...]]] = {
    np.power: [
        ((at(0.0), at(0.0)), {}, [0, 0]),
        ((at(3.0), at(0.0)), {}, [0, np.log(3)]),
        ((at(0.0), at(2.0)), {}, [0, 0]),
        ((at(0.0), 0), {}, [0]),
        ((at(3.0), 0), {}, [0]),
        ((at(0.0), 1), {}, [1]),
        ((at(0.0), 2), {}, [0]),
        ((0, at(2.0)), {}, [0]),
        ((0, at(0.0)), {}, [0]),
        ((-2, at(2.0)), {}, [np.nan]),
    ],
    np.absolute: [((at(0.0),), {}, [0])],
    np.sqrt: [((at(0.0),), {}, [np.inf])],
    np.cbrt: [((at(0.0),), {}, [np.inf])],
    np.hypot: [((at(0.0), at(0.0)), {}, [0, 0])],
    np.copysign: [((at(0.0), 1.0), {}, [0])],
    np.fmax: [((at(1.5), at(1.5)), {}, [0.5, 0.5])],
    np.fmin: [((at(1.5), at(1.5)), {}, [0.5, 0.5])],
    k.relu: [((at(0.0),), {}, [0]), ((at(-0.0),), {}, [0])],
    k.leaky_relu: [((at(0.0),), {"slope": 0.25}, [0.25])],
    k.elu: [((at(0.0),), {"alpha": 2.0}, [2])],
    np.maximum: [((at(1.5), at(1.5)), {}, [0.5, 0.5])],
    np.minimum: [((at(1.5), at(1.5)), {}, [0.5, 0.5])],
    np.clip: [((at(-1.0), at(-1.0), at(1.0)), {}, [1, 0, 0]), ((at(1.0), at(-1.0), at(1.0)), {}, [1, 0, 0])],
    np.max: [((at([2.0, 1, 2]),), {}, [[0.5, 0, 0.5]]), ((at([2.0, 2, 2, 2]),), {}, [[0.25] * 4])],
    np.min: [((at([1.0, 1, 2]),), {}, [[0.5, 0.5, 0]]), ((at([2.0, 2, 2, 2]),), {}, [[0.25] * 4])],
    np.std: [((at([2.0, 2.0]),), {}, [[0, 0]])],
    np.linalg.norm: [((at([0.0, 0.0]),), {}, [[0, 0]])],
}
