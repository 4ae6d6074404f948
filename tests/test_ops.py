"""The table: every rule of every row against derivatives found by other means."""

import hypothesis.extra.numpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.cases import CASES, general, high, low, positive, unit
from tests.oracles import HIPS, central_difference, complex_step, disagreement, hips_applies, hips_derivative
from tinygraph import kernels as k
from tinygraph.ops import LOCALLY_CONSTANT, TABLE

seeds = st.integers(0, 2**32 - 1)
ROWS = [pytest.param(op, id=op.name) for op in TABLE.values()]


def weights(shape):
    """The derivative to start from: numbers of no symmetry."""
    return 1 + np.sin(1 + np.arange(np.prod(shape, dtype=int))).reshape(shape) / 2


def scalar(case, i, function=None, sum=np.sum, dtype=np.float64):
    """The weighted sum of the case's result as a function of input i alone."""
    seed = weights(np.shape(case())).astype(dtype)
    return lambda x: sum(seed * case(*replaced(case.inputs, i, x), function=function))


def replaced(inputs, i, x):
    return (*inputs[:i], x, *inputs[i + 1 :])


def lifted(case, dtype=np.float64):
    """The inputs as the engine takes them, in `dtype` and locked: writing into one would raise."""
    inputs = [x.astype(dtype) if getattr(x, "dtype", None) == np.float64 else x for x in case.inputs]
    for i in case.wanted:
        inputs[i] = tg.parameter(inputs[i])
        inputs[i].value.setflags(write=False)
    return inputs


def derivatives(case, dtype=np.float64):
    """What the engine says, by position of the input."""
    inputs = lifted(case, dtype)
    z = case(*inputs)
    d = z.backward(weights(z.shape))
    return {i: d[inputs[i]] for i in case.wanted}


# One check is one input of one case under one of these --------------------------------------------


def check_first(case):
    """Against complex step, or central differences where the function is not analytic."""
    actual = derivatives(case)
    for i in case.wanted:
        yield i, disagreement(actual[i], numeric(case, i), **tolerance(case))


def numeric(case, i):
    if analytic(case):
        return complex_step(scalar(case, i), case.inputs[i])
    return central_difference(scalar(case, i), case.inputs[i], h=2**-5 if in_single(case) else 1e-6)


def analytic(case):
    return TABLE[case.function].analytic and "dtype" not in case.settings


def in_single(case):
    return case.settings.get("dtype") is np.float32


def tolerance(case):
    if analytic(case):
        return {"rtol": 1e-9, "atol": 1e-11}
    return {"rtol": 1e-2, "atol": 1e-3} if in_single(case) else {"rtol": 1e-7, "atol": 1e-8}


def check_single(case):
    """In float32, the derivative is float32 and close to that in float64."""
    expected, actual = derivatives(case), derivatives(case, np.float32)
    for i in case.wanted:
        if actual[i].dtype != np.float32:
            yield i, f"dtype {actual[i].dtype} instead of float32"
        else:
            yield i, disagreement(actual[i], expected[i], rtol=1e-3, atol=1e-3)


def check_hips(case):
    """Against HIPS autograd."""
    actual = derivatives(case)
    for i in case.wanted:
        expected = hips_derivative(scalar(case, i, HIPS[case.function]), case.inputs[i])
        yield i, disagreement(actual[i], expected, rtol=1e-9, atol=1e-11)


def check_second(case):
    """The derivative of the derivatives against central differences of the derivatives."""
    wanted = case.wanted
    positions = tuple(range(len(wanted)))
    seed = weights(np.shape(case()))

    def first(*xs):
        return np.sum(seed * case(*placed(case.inputs, wanted, xs)))

    def second(*xs):
        """One number made of all first derivatives."""
        return sum(
            np.sum(weights(x.shape) * dx) for x, dx in zip(xs, tg.grad(first, positions)(*xs), strict=True)
        )

    xs = tuple(case.inputs[i] for i in wanted)
    actual = tg.grad(second, positions)(*xs)
    for j, i in enumerate(wanted):
        h = 2**-5 if in_single(case) else 1e-5
        expected = central_difference(lambda x, j=j: second(*replaced(xs, j, x)), xs[j], h)
        tolerance = {"rtol": 1e-1, "atol": 1e-2} if in_single(case) else {"rtol": 1e-5, "atol": 1e-6}
        yield i, disagreement(actual[j], expected, **tolerance)


def placed(inputs, positions, xs):
    inputs = list(inputs)
    for i, x in zip(positions, xs, strict=True):
        inputs[i] = x
    return inputs


CHECKS = [check_first, check_single, check_hips, check_second]


def applies(check, case):
    return check is not check_hips or hips_applies(case)


def failures(check, cases):
    """The inputs that fail `check`, each with its case and what is wrong."""
    for case in cases:
        try:
            yield from (f"{case!r}, input {i}: {wrong}" for i, wrong in check(case) if wrong)
        except Exception as error:
            error.add_note(f"in {case!r}")
            raise


@pytest.mark.parametrize("op", ROWS)
@pytest.mark.parametrize("check", CHECKS)
def test_derivatives(op, check):
    cases = [case for case in CASES[op.function] if applies(check, case)]

    assert list(failures(check, cases)) == []


def test_every_row_has_cases():
    assert TABLE.keys() == CASES.keys()


def test_there_are_at_least_12_000_checks():
    """One check is one input, not empty, of one case, by one oracle."""
    checked = [
        (case, i)
        for check in CHECKS
        for op in TABLE
        for case in CASES[op]
        if applies(check, case)
        for i in case.wanted
    ]
    count = sum(case.inputs[i].size > 0 for case, i in checked)
    print(f"{count} gradient checks, and {len(checked) - count} of empty arrays")

    assert count >= 12_000


def test_an_oracle_that_disagrees_is_heard():
    nan = np.array([1.0, np.nan])

    assert disagreement(np.ones(2), np.ones(2), rtol=0, atol=0) == ""
    assert disagreement(np.ones(2), np.array([1, 1.1]), 1e-3, 0) == "entry [1]: 1.0 instead of 1.1"
    assert disagreement(nan, nan, 1, 1) == "entry [1]: nan instead of nan"
    assert disagreement(np.ones((1, 2)), np.ones(2), 1, 1) == "shape (1, 2) instead of (2,)"


# Values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", ROWS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_are_those_of_the_function_to_the_last_bit(op, dtype):
    for case in CASES[op.function]:
        inputs = lifted(case, dtype)
        expected = case(*(x.value if isinstance(x, tg.Tensor) else x for x in inputs))

        actual = case(*inputs)

        assert (np.shape(expected), expected.dtype) == (actual.shape, actual.dtype), case
        ulps = 4 if op.bypass else 0  # on plain arrays, the cost knows nothing of the logits
        np.testing.assert_allclose(
            actual.value, expected, rtol=ulps * np.finfo(dtype).eps, err_msg=repr(case)
        )


@pytest.mark.parametrize("op", ROWS)
def test_float32_stays_float32_beside_python_numbers_and_labels(op):
    for case in CASES[op.function]:
        if case.settings.get("dtype") is not np.float64 and not promoted(case):
            assert case(*lifted(case, np.float32)).dtype == np.float32, case


def promoted(case):
    """Whether NumPy itself promotes: by integers, or by np.dot, which turns a number into an array."""
    number = any(isinstance(x, float) for x in case.inputs)
    integers = any(getattr(x, "dtype", None) == np.int64 for x in case.inputs)
    return (number and case.function in (np.dot, np.outer)) or (integers and case.function is np.power)


@pytest.mark.parametrize("op", ROWS)
def test_one_wanted_input_alone_gets_the_same_derivative(op):
    """The others are plain arrays then, as in W @ X."""
    for case in CASES[op.function]:
        if len(case.wanted) > 1:
            together = derivatives(case)
            for i in case.wanted:
                x = tg.parameter(case.inputs[i])
                z = case(*replaced(case.inputs, i, x))
                alone = z.backward(weights(z.shape))[x]
                np.testing.assert_allclose(alone, together[i], rtol=1e-13, err_msg=repr(case))


# The derivative shown where the sweep goes past it ------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (1, 4), (3, 4), (2, 3, 2)])
@pytest.mark.parametrize("axis", [0, -1])
def test_dA_of_the_cross_entropy_behind_a_sigmoid(shape, axis):
    rng = np.random.default_rng(2)
    Z, y = tg.parameter(general(rng, shape), name="Z1"), unit(rng, shape)
    A = tg.sigmoid(Z).named("A1")

    d = tg.binary_cross_entropy(A, y, axis=axis).backward()

    expected = complex_step(lambda a: tg.binary_cross_entropy(a, y, axis=axis), A.value)
    np.testing.assert_allclose(d["dA1"], expected, rtol=1e-12)
    np.testing.assert_allclose(d["dZ1"], expected * A.value * (1 - A.value), rtol=1e-12)


@pytest.mark.parametrize("axis", [0, -1])
def test_dA_of_the_cross_entropy_behind_a_softmax(axis):
    rng = np.random.default_rng(2)
    W1, y = tg.parameter(general(rng, (3, 2)), name="W1"), rng.random((3, 4))
    Z = W1 @ general(rng, (2, 4))
    y /= y.sum(axis=axis, keepdims=True)

    d = tg.softmax_cross_entropy(Z, y, axis=axis).backward()

    m = 4 if axis == 0 else 3
    A = tg.softmax(Z.value, axis=axis)
    np.testing.assert_allclose(d["dA1"], complex_step(lambda a: -np.sum(y * np.log(a)) / m, A), rtol=1e-12)


# The choices at kinks -----------------------------------------------------------------------------

KINKS = [
    (np.power, (0.0, 0.0), {}, [0, 0], "dx at y = 0: 0; dy at x = 0: 0"),
    (np.power, (3.0, 0.0), {}, [0, np.log(3)], "dx at y = 0: 0; dy at x = 0: 0"),
    (np.power, (0.0, 2.0), {}, [0, 0], "dx at y = 0: 0; dy at x = 0: 0"),
    (np.absolute, (0.0,), {}, [0], "at 0: 0"),
    (np.sqrt, (0.0,), {}, [np.inf], "at 0: inf"),
    (k.relu, (0.0,), {}, [0], "at 0: 0"),
    (k.relu, (-0.0,), {}, [0], "at 0: 0"),
    (k.leaky_relu, (0.0,), {"slope": 0.25}, [0.25], "at 0: slope"),
    (k.elu, (0.0,), {"alpha": 2.0}, [2], "at 0: alpha"),
    (np.maximum, (1.5, 1.5), {}, [0.5, 0.5], "where x = y: half to each"),
    (np.minimum, (1.5, 1.5), {}, [0.5, 0.5], "where x = y: half to each"),
    (np.clip, (-1.0, -1.0, 1.0), {}, [1, 0, 0], "at a bound: to x"),
    (np.clip, (1.0, -1.0, 1.0), {}, [1, 0, 0], "at a bound: to x"),
    (np.max, ([2.0, 1.0, 2.0],), {}, [[0.5, 0, 0.5]], "ties: equal shares"),
    (np.min, ([2.0, 1.0, 1.0, 1.0],), {}, [[0, 1 / 3, 1 / 3, 1 / 3]], "ties: equal shares"),
    (np.std, ([2.0, 2.0],), {}, [[0, 0]], "at 0: 0"),
    (np.linalg.norm, ([0.0, 0.0],), {}, [[0, 0]], "at 0: 0"),
]


@pytest.mark.parametrize(("function", "inputs", "settings", "expected", "text"), KINKS)
def test_the_choice_at_a_kink_is_the_one_stated(function, inputs, settings, expected, text):
    leaves = [tg.parameter(x) for x in inputs]

    with np.errstate(divide="ignore"):
        d = function(*leaves, **settings).backward()

    assert TABLE[function].kink == text
    for x, dx in zip(leaves, expected, strict=True):
        np.testing.assert_array_equal(d[x], dx)


@pytest.mark.parametrize(("x", "number", "expected"), [(0.0, 0, 0), (3.0, 0, 0), (0.0, 2, 0), (0.0, 1, 1)])
def test_the_choice_for_a_power_with_a_python_number(x, number, expected):
    x = tg.parameter(x)

    assert (x**number).backward()[x] == expected


def test_zero_to_a_power_has_slope_zero():
    y = tg.parameter(2.0)

    assert (0**y).backward()[y] == 0


def test_every_kink_stated_is_tested():
    assert {op.function for op in TABLE.values() if op.kink} == {function for function, *_ in KINKS}


# Shapes nobody thought of -------------------------------------------------------------------------

BROADCASTING = [np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, k.mse]


@pytest.mark.parametrize("function", BROADCASTING)
@given(hypothesis.extra.numpy.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3), seeds)
@settings(deadline=None, derandomize=True, max_examples=30)
def test_any_two_shapes_that_broadcast(function, shapes, seed):
    check_random(function, [positive, positive], shapes.input_shapes, seed)


@pytest.mark.parametrize("function", [np.clip])
@given(hypothesis.extra.numpy.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3), seeds)
@settings(deadline=None, derandomize=True, max_examples=30)
def test_any_three_shapes_that_broadcast(function, shapes, seed):
    check_random(function, [general, low, high], shapes.input_shapes, seed)


@given(
    hypothesis.extra.numpy.mutually_broadcastable_shapes(
        signature=np.matmul.signature, max_dims=2, max_side=3
    ),
    seeds,
)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_any_two_shapes_that_multiply(shapes, seed):
    check_random(np.matmul, [general, general], shapes.input_shapes, seed)


def check_random(function, samplers, shapes, seed):
    """Complex step and engine agree to 1e-8 of each other."""
    rng = np.random.default_rng(seed)
    arrays = [sample(rng, shape) for sample, shape in zip(samplers, shapes, strict=True)]
    leaves = [tg.parameter(x) for x in arrays]
    z = function(*leaves)
    d = z.backward(weights(z.shape))
    for i, x in enumerate(arrays):
        stepped = complex_step(lambda x, i=i: np.sum(weights(z.shape) * function(*replaced(arrays, i, x))), x)
        np.testing.assert_allclose(d[leaves[i]], stepped, rtol=1e-8, atol=1e-12)


# What has no row of its own -----------------------------------------------------------------------

COMPOSITIONS = [
    (lambda x: np.split(x, 2)[1], (4, 3)),
    (lambda x: np.split(x, [1, 3], axis=-1)[1], (2, 4)),
    (lambda x: np.array_split(x, 3)[2], (5, 2)),
    (lambda x: np.array_split(x, 3, axis=1)[0], (2, 4)),
    (lambda x: np.vstack([x, x[0]]), (2, 3)),
    (lambda x: np.vstack([x, x]), (3,)),
    (lambda x: np.hstack([x, 2 * x[:, :1]]), (2, 3)),
    (lambda x: np.hstack([x, x[:1]]), (3,)),
    (lambda x: np.amax(x, axis=0) + np.amin(x), (3,)),
]


@pytest.mark.parametrize(("function", "shape"), COMPOSITIONS)
def test_functions_written_with_rows(function, shape):
    x = tg.parameter(general(np.random.default_rng(0), shape))
    z = function(x)
    seed = weights(z.shape)

    np.testing.assert_array_equal(z.value, function(x.value))
    np.testing.assert_allclose(
        z.backward(seed)[x], complex_step(lambda x: np.sum(seed * function(x)), x.value)
    )


def test_fabs_is_absolute():
    x = tg.parameter([-2.0, 3.0])

    np.testing.assert_array_equal(np.fabs(x).backward(np.ones(2))[x], [-1, 1])


def test_split_into_unequal_parts_is_refused():
    with pytest.raises(ValueError, match="length 5 is not divisible into 2 equal parts"):
        np.split(tg.parameter(np.ones(5)), 2)


TWO_INPUTS = {np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.logical_and}
TWO_INPUTS |= {np.logical_or, np.logical_xor, np.allclose, np.isclose, np.array_equal, np.searchsorted}
TWO_INPUTS |= {np.may_share_memory, np.shares_memory, np.full_like}


@pytest.mark.parametrize("function", sorted(LOCALLY_CONSTANT - {k.one_hot}, key=lambda f: f.__name__))
def test_locally_constant_functions_give_plain_arrays(function):
    x = tg.parameter([-1.5, 0.0, 2.5])
    others = (1.0,) * (function in TWO_INPUTS)

    actual = function(x, *others)

    assert not isinstance(actual, tg.Tensor)
    if function is not np.empty_like:
        np.testing.assert_equal(actual, function(x.value, *others))


# The table as a page to read ----------------------------------------------------------------------


def test_rows_have_sign_and_formula_and_rules():
    for function, op in TABLE.items():
        assert op.function is function
        assert op.symbol
        assert op.formula
        assert op.name in repr(op)


@pytest.mark.parametrize(
    ("function", "i", "expected"),
    [
        (np.add, 0, (False, False, False)),
        (np.multiply, 0, (False, False, True)),
        (np.exp, 0, (True, False)),
        (np.matmul, 1, (False, True, False)),
        (np.sum, 0, (False, False)),
        (np.where, 0, ()),
    ],
)
def test_uses_says_which_values_a_rule_reads(function, i, expected):
    assert TABLE[function].uses(i) == expected
