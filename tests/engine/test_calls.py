"""What a call says: every function of the public list, as people write it."""

import warnings

import numpy as np
import pytest
import scipy.special

import tinygraph as tg
from tests.calls import (
    EXAMPLES,
    LISTED,
    NOT_DISPATCHED,
    X,
    arrays_in,
    cost,
    directions,
    evaluate,
    slopes,
    wrong_with,
)
from tests.oracles import disagreement
from tinygraph.errors import DtypeError, GraphError, ShapeError, TinygraphError, UnknownOperationError

REFUSED = {*NOT_DISPATCHED, "fill_diagonal", "put_along_axis"}
CONSTANT = {"histogram", "floor_divide"}
NEWER = {x for x in ("matvec", "unstack", "cumulative_sum", "cumulative_prod") if not hasattr(np, x)}
RECORDED = [row["call"] for row in LISTED if row["call"] not in REFUSED | CONSTANT | NEWER]
# What has no second derivative at the matrix, and what has no fixed shape or asks for numbers.
ONCE = {"np.linalg.det(np.outer(v[:3], w[:3]))"}
NOT_COMPILED = {"interp", "piecewise", "x[index]"}


@pytest.fixture(autouse=True)
def ignore_warnings_of_numpy():
    """Of means of nothing, and of functions that NumPy is about to leave."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_every_call_of_the_list_has_examples():
    assert [row["call"] for row in LISTED] == list(EXAMPLES)


@pytest.mark.parametrize("call", RECORDED)
def test_values_and_derivatives_of_what_records(call):
    assert [(x, wrong) for x in EXAMPLES[call] if (wrong := wrong_with(x))] == []


@pytest.mark.parametrize("call", RECORDED)
def test_second_derivatives(call):
    """The slope of the slope in one direction."""
    along = directions()[0]
    for example in set(EXAMPLES[call]) - ONCE:
        slope = tg.grad(lambda x, example=example: cost(example, x))
        second = tg.grad(lambda x, slope=slope: np.sum(slope(x) * along))(X)

        expected = slopes(lambda x, slope=slope: np.sum(slope(x) * along), 1e-4)
        actual = [np.sum(second * d) for d in directions()]
        assert disagreement(actual, expected, rtol=1e-5, atol=1e-6) == "", example


@pytest.mark.parametrize("call", [call for call in RECORDED if call not in NOT_COMPILED])
def test_compiled_steps_give_the_same(call):
    """Also on other numbers than those that were recorded."""
    for example in EXAMPLES[call][-1:]:
        step = tg.compile(lambda x, example=example: cost(example, x), backend="numpy")
        step(X)

        for actual, expected in zip(
            step(1.01 * X), tg.value_and_grad(lambda x, e=example: cost(e, x))(1.01 * X), strict=True
        ):
            np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12, err_msg=example)


@pytest.mark.parametrize("call", [call for call in RECORDED if call != "geomspace"])
def test_single_precision_stays_where_numpy_lets_it(call):
    x = X.astype(np.float32)
    for example in EXAMPLES[call]:
        leaf = tg.parameter(x)
        actual = arrays_in(evaluate(example, leaf))

        assert [z.dtype for z in actual] == [np.asarray(z).dtype for z in arrays_in(evaluate(example, x))]
        recorded = [z for z in actual if isinstance(z, tg.Tensor)]
        assert sum(np.sum(np.real(z)) for z in recorded).backward()[leaf].dtype == np.float32


@pytest.mark.parametrize("call", sorted(REFUSED))
def test_what_cannot_record_says_so(call):
    for example in EXAMPLES[call]:
        with pytest.raises(TinygraphError):
            wrong_with(example)


@pytest.mark.parametrize("call", sorted(CONSTANT))
def test_what_is_constant_gives_plain_arrays(call):
    assert {wrong_with(example) for example in EXAMPLES[call]} == {"a plain array"}


# Operands and settings ----------------------------------------------------------------------------


def test_operands_may_be_given_by_keyword():
    x = tg.parameter(X)

    np.testing.assert_array_equal(np.sum(a=x, axis=1).value, X.sum(1))
    np.testing.assert_array_equal(np.outer(b=x[0], a=X[1]).value, np.outer(X[1], X[0]))
    np.testing.assert_array_equal(np.transpose(axes=(1, 0), a=x).value, X.T)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.where([[1, 0, 1, 1]], x, [[0.0]]),
        lambda x: np.outer(x[0], [1, 2]),
        lambda x: np.linalg.solve(x[:, :3], [1.0, 2.0, 3.0]),
        lambda x: np.clip(x, [0, -1, -1, -1], 1),
        lambda x: np.hypot([1, 2, 3, 4], x),
        lambda x: np.stack([x[0], [1, 2, 3, 4]]),
        lambda x: np.split(x, np.int64(3))[1],
        lambda x: np.transpose(x[0], 0),
    ],
)
def test_lists_and_whole_numbers_beside_tensors(call):
    np.testing.assert_allclose(call(tg.parameter(X)).value, call(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: np.sum(x, dtype=int), DtypeError, r"np.sum\(..., dtype=int64\) of what wants"),
        (
            lambda x: np.median(x, overwrite_input=True),
            UnknownOperationError,
            r"np.median\(..., overwrite_inp",
        ),
        (lambda x: np.cov(x, aweights=[1, 2, 3, 4]), UnknownOperationError, r"np.cov\(..., aweights=...\)"),
        (
            lambda x: np.quantile(x, 0.5, method="weibull"),
            ShapeError,
            "linear, lower, higher, nearest, midpoint",
        ),
        (lambda x: np.pad(x, 1, mode="maximum"), ShapeError, "constant, edge, reflect, symmetric, wrap have"),
        (lambda x: np.linalg.svd(x), ShapeError, "write full_matrices=False"),
        (lambda x: np.linalg.qr(x), ShapeError, "no more columns than rows"),
        (lambda x: np.linalg.eigvalsh(x[:, :3] * 1j), DtypeError, "of complex numbers it has no derivative"),
        (lambda x: np.linalg.inv(np.outer(x[0], x[0])), ShapeError, "Singular matrix"),
        (lambda x: np.fill_diagonal(x, 0), GraphError, "np.fill_diagonal: x .* cannot be changed in place"),
        (lambda x: x.sort(), GraphError, r"write np.sort\(...\)"),
        (lambda x: x.partition(1), GraphError, r"write np.partition\(...\)"),
        (lambda x: np.lib.stride_tricks.as_strided(x, (2, 2)), GraphError, "plain array"),
    ],
)
def test_what_is_refused_says_what_there_is(call, kind, message):
    with pytest.raises(kind, match=message):
        call(tg.parameter(X, name="x"))


def test_a_derivative_that_a_singular_matrix_lacks():
    J = np.linalg.slogdet(tg.parameter(np.ones((2, 2)), name="A"))[1]

    with pytest.raises(GraphError, match="there is no derivative here: LinAlgError: Singular matrix"):
        J.backward()


@pytest.mark.parametrize(
    "call",
    [
        *(lambda x: np.sort(x, axis=2), lambda x: np.diff(x, axis=-3), lambda x: np.median(x, axis=5)),
        *(
            lambda x: np.gradient(x, axis=2),
            lambda x: np.trapezoid(x, axis=2),
            lambda x: np.median(x, (0, 0)),
        ),
        *(lambda x: np.average(x, axis=2), lambda x: np.linalg.norm(x, 1, axis=(0, 2))),
        *(
            lambda x: np.insert(x, 9, 1.0, axis=0),
            lambda x: np.delete(x, 9, axis=0),
            lambda x: np.diff(x, -1),
        ),
        *(lambda x: np.percentile(x, -3), lambda x: np.quantile(x, 1.5), lambda x: np.vander(x)),
        *(lambda x: np.interp(x, [1.0, 2.0], [1.0]), lambda x: np.meshgrid(x, indexing="zz")),
        *(lambda x: np.tensordot(x, x, 1), lambda x: np.inner(x, x[:, :1]), lambda x: np.block([[x], x])),
        *(
            lambda x: np.add.reduceat(x, [7]),
            lambda x: np.linalg.matrix_power(x, 2),
            lambda x: np.gradient(x[:1]),
        ),
        *(lambda x: np.take_along_axis(x, np.array([0]), axis=0), lambda x: np.correlate(x, x)),
        *(lambda x: np.average(x, weights=[0, 0, 0], axis=0), lambda x: np.choose(np.array([7]), [x, x])),
        lambda x: np.lib.stride_tricks.sliding_window_view(x, 9, axis=0),
    ],
)
def test_what_numpy_refuses_is_refused(call):
    with pytest.raises((ValueError, IndexError, TypeError, ZeroDivisionError)):
        call(X)

    with pytest.raises((TinygraphError, ZeroDivisionError)):
        call(tg.parameter(X))


def test_borders_may_be_given_by_axis():
    """As NumPy has it since 2.2."""
    z = np.pad(tg.parameter(X), {0: (1, 2)})

    np.testing.assert_array_equal(z.value, np.pad(X, ((1, 2), (0, 0))))


# Methods of arrays --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method",
    [
        *(
            "argmax",
            "argmin",
            "argsort",
            "any",
            "all",
            "tolist",
            "round",
            "nonzero",
            "copy",
            "flatten",
            "trace",
        ),
        *("diagonal", "cumprod", "cumsum", "prod", "ravel", "squeeze", "std", "var", "conj", "conjugate"),
    ],
)
def test_methods_are_those_of_arrays(method):
    actual, expected = getattr(tg.parameter(X), method)(), getattr(X, method)()

    np.testing.assert_allclose(
        actual.value if isinstance(actual, tg.Tensor) else actual, expected, rtol=1e-12
    )


def test_whole_parts_and_rests_as_operators():
    x = tg.parameter(X)

    for actual, expected in ((x % 0.7, X % 0.7), (7 % x, 7 % X), (divmod(x, 0.7)[1], X % 0.7)):
        np.testing.assert_array_equal(actual.value, expected)
    for actual, expected in ((x // 0.7, X // 0.7), (7 // x, 7 // X), (round(x, 1), X.round(1))):
        np.testing.assert_array_equal(actual, expected)


# Functions of SciPy -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        *(scipy.special.erf, scipy.special.erfc, scipy.special.expit, scipy.special.log_expit),
        *(lambda x: scipy.special.logit(0.5 + x / 8), lambda x: scipy.special.entr(x * x)),
        *(lambda x: scipy.special.xlogy(x, x * x + 1), lambda x: scipy.special.xlog1py(x, x * x)),
        lambda x: scipy.special.rel_entr(x * x, x * x + 1),
    ],
)
def test_functions_of_scipy(function):
    x = tg.parameter(X)
    z = function(x)

    np.testing.assert_allclose(z.value, function(X), rtol=1e-12)
    slope = (function(X + 1e-5) - function(X - 1e-5)) / 2e-5
    np.testing.assert_allclose(z.backward(np.ones(X.shape))[x], slope, rtol=1e-7, atol=1e-9)


def test_a_function_of_scipy_without_a_rule_is_called_by_its_name():
    with pytest.raises(UnknownOperationError, match=r"^scipy\.special\.gamma has no row"):
        scipy.special.gamma(tg.parameter(X))


def test_operators_and_methods_of_what_a_compiled_step_is_given():
    W = tg.parameter(X, name="W")

    def loss(x):
        return np.sum(W * (x % 2) + W * (7 // x)) + np.sum(W.flatten() * x.flatten())

    step = tg.compile(loss, [W])
    step(2 + X)
    _, [actual] = step(3 + X)

    np.testing.assert_allclose(actual, loss(3 + X).backward()[W])
