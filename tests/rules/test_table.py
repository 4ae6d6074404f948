"""The table: every rule of every row against derivatives found by other means."""

import hypothesis.extra.numpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.cases import CASES, KINKS, general, high, low, positive, unit
from tests.laws import (
    CHECKS,
    applies,
    check_kinks,
    derivatives,
    failures,
    lifted,
    promoted,
    replaced,
    weights,
)
from tests.oracles import complex_step, disagreement
from tinygraph.rules import kernels as k
from tinygraph.rules.factors import sign_of_determinant
from tinygraph.rules.table import LOCALLY_CONSTANT, TABLE, is_elementwise

seeds = st.integers(0, 2**32 - 1)
ROWS = [pytest.param(op, id=op.name) for op in TABLE.values()]


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
        assert promoted(case) or case(*lifted(case, np.float32)).dtype == np.float32, case


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


@pytest.mark.parametrize("function", KINKS, ids=lambda function: function.__name__)
def test_the_choice_at_a_kink_is_the_one_stated(function):
    assert list(check_kinks(function)) == []


def test_every_kink_stated_is_tested():
    assert {op.function for op in TABLE.values() if op.kink} == KINKS.keys()


def test_kinks_are_stated_in_these_words():
    expected = {
        "power": "dx at y = 0: 0; dy at x = 0: 0",
        "absolute": "at 0: 0",
        "hypot": "at 0: 0",
        "copysign": "at x = 0: 0",
        "sqrt": "at 0: inf",
        "cbrt": "at 0: inf",
        "relu": "at 0: 0",
        "leaky_relu": "at 0: slope",
        "elu": "at 0: alpha",
        "maximum": "where x = y: half to each; max(x, 0) as relu",
        "minimum": "where x = y: half to each",
        "fmax": "where x = y: half to each",
        "fmin": "where x = y: half to each",
        "clip": "at a bound: to x",
        "max": "ties: equal shares",
        "min": "ties: equal shares",
        "std": "at 0: 0",
        "norm": "at 0: 0",
    }

    assert {op.name: op.kink for op in TABLE.values() if op.kink} == expected


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
TWO_INPUTS |= {np.may_share_memory, np.shares_memory, np.full_like, np.floor_divide, np.array_equiv, np.isin}
OTHER_INPUTS = {np.argpartition: (1,), np.digitize: ([0.0],)}
OTHER_KINDS = {np.save, np.savetxt, np.bincount, sign_of_determinant}  # of files, whole numbers, and matrices


@pytest.mark.parametrize("function", sorted(LOCALLY_CONSTANT - OTHER_KINDS, key=lambda f: f.__name__))
def test_locally_constant_functions_give_plain_arrays(function):
    x = tg.parameter([-1.5, 0.0, 2.5])
    others = OTHER_INPUTS.get(function, (1.0,) * (function in TWO_INPUTS))

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


def is_by_entry(case):
    """Whether an entry of an input, changed alone, changes no other entries of z than it is stretched to."""
    arrays = [i for i, x in enumerate(case.inputs) if isinstance(x, np.ndarray)]
    z = np.asarray(case())
    try:
        same_shape = np.broadcast_shapes(*(case.inputs[i].shape for i in arrays)) == z.shape
    except ValueError:
        return False
    return same_shape and all(changes_its_own(case, i, z) for i in arrays)


def changes_its_own(case, i, z):
    """The same for the entries of input i."""
    x = case.inputs[i]
    entries = np.broadcast_to(np.arange(x.size).reshape(x.shape), z.shape)
    for entry in range(x.size):
        changed = np.array(x)
        changed.flat[entry] = not x.flat[entry] if x.dtype == bool else x.flat[entry] + 7
        with np.errstate(all="ignore"):
            others = np.asarray(case(*case.inputs[:i], changed, *case.inputs[i + 1 :])) != z
        if (others & (entries != entry)).any():
            return False
    return True


@pytest.mark.parametrize("op", ROWS)
def test_elementwise_is_what_makes_each_entry_from_one_of_each_input(op):
    assert op.elementwise == all(map(is_by_entry, CASES[op.function]))


@pytest.mark.parametrize("function", sorted(LOCALLY_CONSTANT, key=lambda f: f.__name__))
def test_functions_that_are_no_rows_are_elementwise_if_they_are_ufuncs(function):
    assert is_elementwise(function) == isinstance(function, np.ufunc)
    assert not is_elementwise(None)
