"""Random programs: derivatives by complex step, errors of our own alone, and inputs left as they were.

`make test` runs 600; `make fuzz` runs 20,000, others each time.
"""

import contextlib
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import tinygraph as tg
from tests.programs import COMPLEX, REAL, STEPS, TWO, Program, programs
from tinygraph.engine.sweep import recorded_order
from tinygraph.errors import ShapeError, TinygraphError
from tinygraph.rules import convolution as c
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
NOT_DRAWN |= {c.windows, c.fold, c.conv2d, c.conv2d_transpose, c.conv2d_filters}  # of images

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
