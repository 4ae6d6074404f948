"""Random programs: derivatives by complex step, errors of our own alone, and inputs left as they were.

Second derivatives by complex steps too, and compiled steps against the eager engine. `make test` runs 600 of
each, or fewer; `make fuzz` runs 20,000, others each time.
"""

import contextlib
import os
import sys
import tempfile
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.programs import COMPLEX, REAL, STEPS, TWO, Program, programs
from tinygraph.engine.sweep import recorded_order
from tinygraph.errors import ShapeError, TinygraphError
from tinygraph.plan import step as step_module
from tinygraph.rules import kernels as k
from tinygraph.rules.factors import FACTOR_CODE, cofactors, sign_of_determinant
from tinygraph.rules.table import TABLE

EXAMPLES = int(os.environ.get("TINYGRAPH_FUZZ", "600"))
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="TINYGRAPH_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
STEP = 1e-30


def directional(program, steps, arrays, i, direction):
    """The derivative of the cost along `direction` of leaf i, by complex step in double precision."""
    leaves = [a.astype(np.complex128) for a in arrays]
    leaves[i] = leaves[i] + STEP * 1j * direction
    with np.errstate(all="ignore"):
        return np.imag(program.cost(program.run(leaves, steps, COMPLEX))) / STEP


def sensitivity(program, steps, i, direction, expected):
    """How far rounding the leaves may move the derivative: near a kink, or where numbers cancel, far."""
    eps = max(np.finfo(a.dtype).eps for a in program.leaves)
    moved = 0.0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        arrays = [a * (1 + 8 * eps * rng.choice([-1, 1], a.shape)) for a in program.leaves]
        moved = max(moved, abs(directional(program, steps, arrays, i, direction) - expected))
    return moved


def check(program):
    steps, refused = program.steps()
    before = [a.tobytes() for a in program.leaves]
    leaves = [
        tg.parameter(a) if wanted else tg.tensor(a)
        for a, wanted in zip(program.leaves, program.wanted, strict=True)
    ]
    with np.errstate(all="ignore"), tg.errstate(broadcast="ignore"):
        pool = program.run(leaves, steps)
        for step, size in refused:
            with pytest.raises((TinygraphError, ZeroDivisionError)):
                step(REAL, pool[:size])
        J = program.cost(pool)
        d = J.backward() if isinstance(J, tg.Tensor) and J.wants else {}

    assert [a.tobytes() for a in program.leaves] == before
    assert [x.value.tobytes() for x in leaves] == before
    for i, leaf in enumerate(leaves):
        if leaf.wants and leaf.size:
            assert (d[leaf].shape, d[leaf].dtype) == (leaf.shape, leaf.dtype)
            compare(program, steps, i, d[leaf])


def compare(program, steps, i, derivative):
    direction = np.cos(3 * np.arange(derivative.size) + 1).reshape(derivative.shape)
    expected = directional(program, steps, program.leaves, i, direction)
    actual = np.sum(derivative.astype(np.float64) * direction)
    single = any(a.dtype == np.float32 for a in program.leaves)
    scale = np.sum(np.abs(derivative * direction), dtype=np.float64)
    tolerance = (1e-3 if single else 1e-8) * (1 + scale)
    if not abs(actual - expected) <= tolerance:
        tolerance += 1e3 * sensitivity(program, steps, i, direction, expected)

    assert abs(actual - expected) <= tolerance, f"leaf {i}: {actual} instead of {expected}"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@fuzz
@given(programs())
def test_random_programs(program):
    check(program)


# Second derivatives ------------------------------------------------------------------------------


def slope_of(program, steps, leaves, direction, namespace=REAL):
    """The derivative of the cost along `direction` of the leaves, by the engine, as a function of them."""

    def cost(wanted):
        return program.cost(program.run([wanted.get(i, a) for i, a in enumerate(leaves)], steps, namespace))

    def slope(wanted):
        return sum(np.sum(dx * direction[i]) for i, dx in tg.grad(cost)(wanted).items())

    return slope


def numeric_curvature(program, steps, arrays, direction, step):
    """The second derivative along `direction`: differences of what complex steps give."""

    def slope(t):
        leaves = [a + (t + STEP * 1j) * u for a, u in zip(arrays, direction, strict=True)]
        with np.errstate(all="ignore"):
            return np.imag(program.cost(program.run(leaves, steps, COMPLEX))) / STEP

    return (slope(step) - slope(-step)) / (2 * step)


def check_second(program):
    """The second derivative along one direction of all parameters at once."""
    steps, _ = program.steps()
    arrays = [a.astype(np.float64) for a in program.leaves]
    direction = [
        np.cos(3 * np.arange(a.size) + i).reshape(a.shape) * wanted
        for i, (a, wanted) in enumerate(zip(arrays, program.wanted, strict=True))
    ]
    wanted = {i: a for i, a in enumerate(arrays) if program.wanted[i]}
    with np.errstate(all="ignore"), tg.errstate(broadcast="ignore"):
        second = tg.grad(slope_of(program, steps, arrays, direction))(wanted)
    assert [(second[i].shape, second[i].dtype) for i in wanted] == [
        (a.shape, a.dtype) for a in wanted.values()
    ]
    actual = sum(np.sum(second[i] * direction[i]) for i in wanted)
    scale = 1 + sum(np.sum(np.abs(second[i] * direction[i])) for i in wanted)
    found = [numeric_curvature(program, steps, arrays, direction, h) for h in (1e-4, 1e-5, 3e-6, 1e-6)]
    spread = max(found) - min(found)  # wide near a kink, and where numbers cancel
    assert min(abs(actual - x) for x in found) <= 1e-5 * scale + 2 * spread, f"{actual} instead of {found}"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@fuzz
@given(programs(longest=15))
def test_second_derivatives_of_random_programs(program):
    check_second(program)


# Compiled steps -----------------------------------------------------------------------------------


class Kept(np.ndarray):
    """Behaves as its base."""


def memory_map(x):
    if not x.size:
        return x
    with tempfile.TemporaryFile() as file:  # the map stays when the file is closed
        mapped = np.memmap(file, dtype=x.dtype, shape=x.shape or (1,))
    mapped[...] = x
    return mapped.reshape(x.shape)


def read_only(x):
    return np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape) if x.size else x


KINDS = [
    lambda x: x,
    lambda x: x,
    np.asfortranarray,
    lambda x: np.asarray(x).view(Kept),
    memory_map,
    read_only,
    lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    lambda x: x[::-1].copy()[::-1] if x.ndim else x,
    lambda x: np.broadcast_to(x[:1], x.shape) if x.ndim and len(x) else x,
    lambda x: x.astype(np.float32),
    lambda x: tg.tensor(x),
]
RESIZED = [
    lambda x: x,
    lambda x: x,
    lambda x: x[..., :1],
    lambda x: x[:0],
    lambda x: np.repeat(x, 2, axis=-1),
]


class Calls:
    """A program as a step of training: how often it is called, and with what."""

    def __init__(self, program, data):
        self.program, self.data = program, data
        self.rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
        self.fitting = {}

    def inputs(self, parameters):
        """Arrays for the leaves that are no parameters: of other kinds and shapes at each call, or shared."""
        resize = self.data.draw(st.sampled_from(RESIZED))
        found = []
        for a, wanted in zip(self.program.leaves, self.program.wanted, strict=True):
            if not wanted:
                x = np.asarray(self.rng.standard_normal(a.shape), dtype=a.dtype)
                x = self.data.draw(st.sampled_from(KINDS))(resize(x) if x.ndim else x)
                found.append(self.data.draw(st.sampled_from([x, x, x, *found, *self.views(parameters)])))
        return found

    def views(self, parameters):
        return [v for p in parameters for v in (p.value, p.value.T)]

    def steps(self, leaves):
        """The steps that fit arrays of these shapes."""
        shapes = tuple(np.shape(x) for x in leaves)
        if shapes not in self.fitting:
            arrays = [np.full(shape, 0.5) for shape in shapes]
            self.fitting[shapes] = Program(arrays, self.program.wanted, self.program.drawn).steps()[0]
        return self.fitting[shapes]

    def cost(self, parameters, inputs):
        own, given = iter(parameters), iter(inputs)
        leaves = [next(own) if wanted else next(given) for wanted in self.program.wanted]
        return self.program.cost(self.program.run(leaves, self.steps(leaves)))


def make_parameters(program):
    return [tg.parameter(a) for a, wanted in zip(program.leaves, program.wanted, strict=True) if wanted]


def check_compiled(program, data, backend):
    """Compiled and eager go the same way."""
    eager, compiled = make_parameters(program), make_parameters(program)
    if not any(p.size for p in eager):
        return
    rules = [None, tg.optim.SGD, tg.optim.Adam] if all(p.size for p in eager) else [None]
    calls, rule = Calls(program, data), data.draw(st.sampled_from(rules))
    first, second = (rule(0.01), rule(0.01)) if rule else (None, None)
    step = tg.compile(lambda *xs: calls.cost(compiled, xs), compiled, optimizer=second, backend=backend)
    with np.errstate(all="ignore"), tg.errstate(broadcast="ignore"):
        for _ in range(data.draw(st.integers(1, 4))):
            given = calls.inputs(eager)
            alike = [twin_of(x, eager, compiled) for x in given]
            J = calls.cost(eager, given)
            d = J.backward()
            result = step(*alike)
            single = any(x.dtype == np.float32 for x in (*given, *program.leaves))
            share = 0 if backend == "numpy" else 1e-2 if single else 1e-7
            assert_near(result if rule else result[0], J.value, share)
            for i, p in enumerate(eager) if not rule else ():
                assert_near(result[1][i], d[p] if p in d else np.zeros_like(p.value), share)
            if rule:
                first.update(eager, d)
            for p, q in zip(eager, compiled, strict=True):
                assert_near(q.value, p.value, share)


def twin_of(x, eager, compiled):
    """The input itself, or for a view of a parameter that of its twin."""
    for p, q in zip(eager, compiled, strict=True):
        if x is p.value:
            return q.value
        if getattr(x, "base", None) is p.value:
            return q.value.T
    return x


def assert_near(actual, expected, share):
    """The same bits; of loops, which add in another order, the same up to a share of the largest."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    size = np.max(np.abs(expected[np.isfinite(expected)]), initial=1)
    np.testing.assert_allclose(actual, expected, rtol=share, atol=share * size)


@pytest.fixture
def _numba_that_compiles_nothing(monkeypatch, tmp_path_factory):
    """Its text runs as plain Python: the same loops, sooner."""
    stand_in = SimpleNamespace(njit=lambda **options: lambda function: function)
    monkeypatch.setitem(sys.modules, "numba", stand_in)
    monkeypatch.setattr(step_module, "find_spec", lambda name: True)
    monkeypatch.setenv("TINYGRAPH_CACHE", str(tmp_path_factory.mktemp("steps")))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.usefixtures("_numba_that_compiles_nothing")
@pytest.mark.parametrize("backend", ["numpy", "numba"])
@settings(fuzz, max_examples=max(EXAMPLES // 4, 1))
@given(program=programs(longest=12), data=st.data())
def test_compiled_steps_of_random_programs(program, data, backend):
    check_compiled(program, data, backend)


def test_a_rule_that_is_wrong_by_a_millionth_is_found(monkeypatch):
    program = Program([np.array([0.5, -1.0])], [True], [(lambda f, x: np.tanh(x), 0, 0, 0)])
    check(program)
    right = TABLE[np.tanh].rules[0]
    monkeypatch.setattr(TABLE[np.tanh], "rules", (lambda *args: right(*args) * (1 + 1e-6),))

    with pytest.raises(AssertionError, match="leaf 0"):
        check(program)


# Those that complex steps cannot check, of complex numbers and of matrices in general position alone.
NOT_DRAWN = {np.real, np.imag, np.conjugate, np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft}
NOT_DRAWN |= {np.linalg.cholesky, np.linalg.eigvals, np.linalg.eigvalsh, np.linalg.pinv, *FACTOR_CODE}
NOT_DRAWN -= {sign_of_determinant}
NOT_DRAWN |= {cofactors, k.scatter}  # the derivative of a determinant

# What random programs have found, kept ------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: np.take(x, [[0, -1]], axis=-1), 2.0),
        (lambda x: np.take(x, 0, axis=0), 1.0),
        (lambda x: np.prod(x, axis=0), 1.0),
        (lambda x: np.prod(x, axis=-1, keepdims=True), 1.0),
        (lambda x: np.cumsum(x, axis=-1), 1.0),
        (lambda x: np.cumsum(x), 1.0),
    ],
)
def test_an_axis_of_an_array_without_axes(function, expected):
    """NumPy allows it in these."""
    x = tg.parameter(3.0)

    derivative = np.sum(function(x)).backward()[x]

    np.testing.assert_array_equal(derivative, np.array(expected), strict=True)


def test_taking_nothing_from_an_empty_axis():
    x = tg.parameter(np.ones((0, 0)))
    z = np.take(x, [[0, -1]], axis=-1)

    assert z.backward(np.ones(z.shape))[x].shape == (0, 0)


def test_a_diagonal_of_two_lengths_is_refused():
    """NumPy gives four numbers from beyond the array."""
    with pytest.raises(ShapeError, match="'ii->i' stands for two different lengths"):
        np.einsum("ii->i", tg.parameter(np.ones((0, 4)), name="x"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.split(x, 2), r"np\.split\(x, 2\) \(test_fuzz\.py:\d+\): x is \(3,\): .*not divisible"),
        (lambda x: np.split(x[0], 2), r"np\.split\(x, 2\) .*x is \(\)"),
        (lambda x: np.array_split(x, 2, axis=1), r"np\.array_split\(x, 2, axis=1\) .*x is \(3,\)"),
        (
            lambda x: np.vstack([x, x[1:]]),
            r"np\.concatenate\(\[x, y\], axis=0\).*x is \(1, 3\), y is \(1, 2\)",
        ),
    ],
)
def test_functions_without_a_row_fail_with_a_story_too(call, message):
    with pytest.raises(TinygraphError, match=message):
        call(tg.parameter(np.ones(3), name="x"))


@pytest.mark.filterwarnings("ignore")
def test_the_steps_use_every_row():
    used = set()
    for step in STEPS:
        for shape in ((), (3,), (3, 1), (3, 3), (4, 4), (2, 3, 4)):
            x = tg.parameter(0.1 + np.arange(np.prod(shape)).reshape(shape) / 8)
            with contextlib.suppress(TinygraphError, ZeroDivisionError, np.exceptions.AxisError):
                found = step(REAL, x, x) if step in TWO else step(REAL, x)
                used.update(t.op.function for t in recorded_order(found))

    assert TABLE.keys() - used - NOT_DRAWN == set()
