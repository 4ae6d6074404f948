"""Slopes found by evaluating: against derivatives known on paper, with an error that holds."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.checks.differences import (
    Differences,
    NumericFunction,
    argument_names,
    checked_value,
    extrapolate_slope,
    place_of_limit,
    python_number,
)
from tinygraph.errors import DtypeError, GraphError, ShapeError

SMOOTH = {
    "cube": (lambda x: np.sum(x**3), lambda x: 3 * x**2),
    "sine": (lambda x: np.sum(np.sin(5 * x)), lambda x: 5 * np.cos(5 * x)),
    "exp": (lambda x: np.sum(np.exp(-x * x)), lambda x: -2 * x * np.exp(-x * x)),
    "quotient": (lambda x: np.sum(1 / (2 + x)), lambda x: -1 / (2 + x) ** 2),
}
X = np.array([0.7, -0.3, 1.9, 0.01])


def differences(f, x, analytic=False, name="x"):
    function = NumericFunction.read(f, {name: x} if name != "x" else [x])
    return Differences(function, float(python_number(function.at())), analytic)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e5])
@pytest.mark.parametrize(("f", "slope"), SMOOTH.values(), ids=SMOOTH)
def test_slopes_by_differences_are_off_by_no_more_than_they_say(f, slope, scale):
    d = differences(lambda x: f(x / scale), X * scale)
    for i, expected in enumerate(slope(X) / scale):
        found = d.close_slope("x", (i,))

        assert abs(found.value - expected) <= found.error
        assert found.error <= 1e-5 * np.max(np.abs(slope(X))) / scale
        assert found.sides is None
        assert d.quick_slope("x", (i,)) == pytest.approx(
            expected, rel=1e-5, abs=1e-5 * np.max(abs(slope(X))) / scale
        )


@pytest.mark.parametrize(("f", "slope"), SMOOTH.values(), ids=SMOOTH)
def test_slopes_by_a_complex_step_are_right_to_rounding(f, slope):
    d = differences(f, X, analytic=True)

    assert d.by_complex_step
    for i, expected in enumerate(slope(X)):
        found = d.close_slope("x", (i,))
        assert found.value == pytest.approx(expected, rel=1e-14)
        assert found.error <= 1e-13 * max(abs(expected), 1)
        assert d.quick_slope("x", (i,)) == found.value


def test_a_function_that_is_not_analytic_is_not_stepped_into_the_complex():
    assert not differences(lambda x: np.sum(x**2), X, analytic=False).by_complex_step
    assert not differences(lambda x: np.sum(np.abs(x) ** 3), X, analytic=True).by_complex_step


@pytest.mark.parametrize(("left", "right"), [(0.0, 1.0), (-1.0, 1.0), (0.01, 1.0), (2.0, -3.0)])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_kink_has_the_slopes_of_both_sides(left, right, scale):
    x = np.array([0.0, scale])
    d = differences(lambda x: np.sum(np.where(x > 0, right * x, left * x)), x)
    found = d.close_slope("x", (0,))

    assert found.sides == pytest.approx((left, right), abs=1e-6)
    assert d.close_slope("x", (1,)).sides is None


def test_steps_are_measured_by_the_typical_entry_and_by_the_entry_itself():
    d = differences(lambda x: np.sum(x), np.array([3.0, 0.0, -4.0, 100.0]))
    typical = np.sqrt((9 + 16 + 10_000) / 4)

    assert d.sizes("x", (0,)) == pytest.approx([typical, 3.0])
    assert d.sizes("x", (1,)) == pytest.approx([typical])
    assert d.sizes("x", (3,)) == pytest.approx([100.0])
    assert differences(lambda x: np.sum(x), np.zeros(2)).sizes("x", (0,)) == [1.0]


def test_noise_is_what_f_varies_by():
    random = np.random.default_rng(0)
    quiet = differences(lambda x: np.sum(x**2), X).noise
    loud = differences(lambda x: np.sum(x**2) + 1e-9 * random.standard_normal(), X).noise

    assert 0 < quiet < 1e-13
    assert 1e-10 < loud < 1e-7


def test_one_step_moves_one_entry_or_all():
    function = NumericFunction.read(lambda x: np.sum(x * np.arange(1, 5)), [X])
    base = np.sum(X * np.arange(1, 5))

    assert function.step("x", (2,), 0.5) == pytest.approx(base + 1.5)
    assert function.step("x", ..., 0.5) == pytest.approx(base + 5)
    assert function.step("x", ..., np.ones(4)) == pytest.approx(base + 10)
    np.testing.assert_array_equal(function.arrays["x"], X)


def test_inputs_are_read_by_name_by_position_or_alone():
    def f(a, b=0.0):
        return np.sum(a) + np.sum(b)

    assert list(NumericFunction.read(f, {"a": X, "b": X}).arrays) == ["a", "b"]
    assert list(NumericFunction.read(f, (X, X)).arrays) == ["a", "b"]
    assert list(NumericFunction.read(f, X).arrays) == ["a"]
    assert python_number(NumericFunction.read(f, {"b": X, "a": X}).at(b=np.zeros(4))) == pytest.approx(
        np.sum(X)
    )


def test_what_is_wrapped_as_data_does_not_vary():
    function = NumericFunction.read(lambda x, y: np.sum(x * y), [X, tg.tensor(X)])

    assert list(function.arrays) == ["x"]
    assert function.notes == []
    kept = NumericFunction.read(lambda x: np.sum(x), [tg.parameter(X.astype(np.float32))])
    assert kept.arrays["x"].dtype == np.float64
    assert kept.notes == ["x holds float32 and was checked in float64."]
    with pytest.raises(DtypeError, match="y holds int64"):
        NumericFunction.read(lambda x, y: x, [X, np.array([1, 2], np.int64)])


@pytest.mark.parametrize(
    ("f", "n", "names"),
    [
        (lambda a, b: 0, 2, ["a", "b"]),
        (lambda a, b: 0, 1, ["a"]),
        (lambda *a: 0, 2, ["x0", "x1"]),
        (lambda a: 0, 2, ["x0", "x1"]),
        (lambda a, *, b: 0, 1, ["a"]),
        (lambda a, *, b: 0, 2, ["x0", "x1"]),
        (lambda a, /, b: 0, 2, ["a", "b"]),
        (print, 1, ["x0"]),
        (int, 1, ["x0"]),
    ],
)
def test_arguments_are_named_where_the_function_has_that_many(f, n, names):
    found = argument_names(f, n)

    assert found == names or f is int


@pytest.mark.parametrize(
    "value", [2, 2.5, np.float32(2), np.array([[3.0]]), tg.tensor(4.0), 1 + 2j, True + 0]
)
def test_one_number_is_a_number(value):
    assert python_number(value) == np.asarray(getattr(value, "value", value)).item()


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (np.ones(2), r"one of shape \(2,\)"),
        (np.ones((0, 1)), r"one of shape \(0, 1\)"),
        ("text", "a str"),
        (True, "a bool"),
        (None, "a NoneType"),
    ],
)
def test_anything_else_is_refused(value, what):
    with pytest.raises(ShapeError, match=f"and got {what}; sum or average it"):
        python_number(value)


def test_a_function_that_gives_other_numbers_each_time_is_refused():
    random = np.random.default_rng(0)
    function = NumericFunction.read(lambda x: np.sum(x) * random.random(), [X])

    with pytest.raises(GraphError, match="for the same inputs"):
        checked_value(function, {"x": tg.parameter(X)})
    steady = NumericFunction.read(lambda x: np.sum(x * x), [X])
    assert checked_value(steady, {"x": tg.parameter(X)}).value == np.sum(X * X)
    odd = NumericFunction.read(lambda x: np.sum(x) * np.nan, [X])
    assert np.isnan(checked_value(odd, {"x": tg.parameter(X)}).value)


def test_extrapolation_takes_out_the_square_of_the_step():
    h = 10.0 ** -np.arange(1.0, 4.0)

    np.testing.assert_allclose(extrapolate_slope(7 + 3 * h**2), [7, 7], rtol=1e-14)
    assert place_of_limit([7.0] * 4, [3.0, np.nan, 1.0, 2.0]) == 2
    assert place_of_limit([7.0] * 3, [np.nan, np.inf, 5.0]) == 2


def test_a_large_step_that_smaller_ones_contradict_is_not_believed():
    assert place_of_limit([0.0, 9.2, 9.0], [0.0, 0.1, 0.3]) == 1
    assert place_of_limit([9.0, 9.2, 0.0], [0.0, 0.1, 9.0]) == 0
