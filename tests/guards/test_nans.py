"""`detect_nan` stops at the first operation that makes a NaN or inf of finite inputs, and says from what."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.errors import NonFiniteError


def parameter(values, name="x", dtype=np.float64):
    return tg.parameter(np.array(values, dtype=dtype), name=name)


FORWARD = {
    "log of 0": (
        lambda: np.log(parameter([[1.0, 0.0]], "A1")),
        r"np\.log\(A1\) \(test_nans\.py:\d+\): entry \[0, 1\] is -inf, from A1 = 0\.0\.",
    ),
    "0 / 0": (
        lambda: parameter([1.0, 0.0], "a") / parameter([1.0, 0.0], "b"),
        r"a / b \(test_nans\.py:\d+\): entry \[1\] is nan, from a = 0\.0, b = 0\.0\.",
    ),
    "1 / 0, stretched": (
        lambda: np.ones((2, 3)) / parameter([4.0, 0.0, 1.0]),
        r"x / x .*: entry \[0, 1\] is inf, from x = 1\.0, x = 0\.0\.|entry \[0, 1\] is inf",
    ),
    "overflow of exp": (
        lambda: np.exp(parameter([0.0, 1000.0], "Z1")),
        r"np\.exp\(Z1\).*entry \[1\] is inf, from Z1 = 1000\.0\.",
    ),
    "overflow of a product": (
        lambda: parameter([[1e300]], "W1") @ parameter([[1e300]], "X"),
        r"W1 @ X .*entry \[0, 0\] is inf, from W1 between 1e\+300 and 1e\+300, X between",
    ),
    "overflow in float32": (
        lambda: np.square(parameter([1e30], "x", np.float32)),
        r"np\.square\(x\).*is inf, from x = 1\.0\d*e\+30",
    ),
    "root of a negative number": (
        lambda: np.sqrt(parameter(-1.0)),
        r"np\.sqrt\(x\).*the result is nan, from x = -1\.0\.",
    ),
    "negative base": (
        lambda: parameter([-2.0]) ** 0.5,
        r"x \*\* 0\.5 .*entry \[0\] is nan, from x = -2\.0, 0\.5",
    ),
    "a sum": (
        lambda: np.sum(parameter([1e308, 1e308])),
        r"np\.sum\(x\).*the result is inf, from x between 1e\+308",
    ),
}


@pytest.mark.parametrize(("make", "message"), FORWARD.values(), ids=FORWARD)
def test_forward(make, message):
    with tg.detect_nan(), pytest.raises(NonFiniteError, match=message):
        make()


BACKWARD = {
    "sqrt'(0)": (
        lambda: np.sum(np.sqrt(parameter([4.0, 0.0]))),
        r"through np\.sqrt\(x\) \(test_nans\.py:\d+\), by x: entry \[1\] is inf, from dz = 1\.0, x = 0\.0",
    ),
    "norm'(0) by hand": (
        lambda: np.sqrt(np.sum(np.square(parameter([0.0, 0.0])))),
        r"backward through np\.sqrt\(x\).*the result is inf, from dz = 1\.0, x = 0\.0",
    ),
    "log'(tiny)": (
        lambda: np.log(parameter(1e-320)) * 1e5,
        r"backward through np\.log\(x\).*is inf, from dz = 100000\.0, x = 1e-320",
    ),
    "power": (
        lambda: parameter(0.0) ** 0.5,
        r"backward through x \*\* 0\.5 .*is inf, from dz = 1\.0, x = 0\.0",
    ),
    "a matrix": (
        lambda: np.sum((parameter([[1e-200]], "W1") @ np.full((1, 1), 1e200)) * 1e200),
        r"backward through W1 @ y .*by W1: entry \[0, 0\] is inf, from dz between 1e\+200",
    ),
}


@pytest.mark.parametrize(("make", "message"), BACKWARD.values(), ids=BACKWARD)
def test_backward(make, message):
    with tg.detect_nan():
        J = make()
        with pytest.raises(NonFiniteError, match=message):
            J.backward()


def test_the_norm_of_0_has_a_finite_derivative():
    x = parameter([0.0, 0.0])
    with tg.detect_nan():
        np.testing.assert_array_equal(np.linalg.norm(x).backward()[x], [0, 0])


def test_what_was_not_finite_before_passes():
    """The first operation is to blame, not those after it; and data may hold what it likes."""
    x, mask = parameter([1.0, 2.0]), np.array([0.0, -np.inf])
    with tg.detect_nan():
        J = np.sum(tg.softmax(x + mask) * np.array([1.0, 0.0]))
        assert np.isfinite(J.backward()[x]).all()


def test_a_nan_beside_an_inf_that_was_given_is_found():
    x = parameter([0.0, 1.0])
    with tg.detect_nan(), pytest.raises(NonFiniteError, match=r"entry \[0\] is nan, from x = 0\.0, y = 0\.0"):
        x / np.array([0.0, np.inf])


def test_the_numbers_are_the_same():
    x = np.linspace(-2, 2, 12).reshape(3, 4)

    def derivative():
        W1 = tg.parameter(x, name="W1")
        return np.sum(tg.sigmoid(W1 @ x.T) / (1 + np.square(W1[:, :1]))).backward()[W1]

    expected = derivative()
    with tg.detect_nan():
        np.testing.assert_array_equal(derivative(), expected)


def test_second_derivatives():
    with tg.detect_nan(), pytest.raises(NonFiniteError):
        tg.grad(lambda x: tg.grad(lambda y: y**1.5)(x))(0.0)


def test_outside_nothing_is_searched():
    with np.errstate(divide="ignore"):
        assert np.isinf(np.log(parameter(0.0)).value)


def test_under_no_grad_too():
    with tg.no_grad(), tg.detect_nan(), pytest.raises(NonFiniteError, match=r"np\.log\(x\)"):
        np.log(parameter(0.0))


def test_integers_and_empty_arrays_are_finite():
    x = parameter(np.empty((0, 2)))
    with tg.detect_nan():
        assert np.sum(x * np.ones((1, 2), int)).backward()[x].shape == (0, 2)
