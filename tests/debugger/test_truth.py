"""Derivatives by differences: how exact, and what is left out at a kink."""

import numpy as np
import pytest

from tinygraph.debugger.truth import numeric_truth, recorded_truth, slope_along

X = np.array([[0.3, -0.7], [1.2, 0.4]])


def state():
    return {"x": X.copy()}


@pytest.mark.parametrize(
    ("formula", "derivative"),
    [(np.exp, np.exp), (np.tanh, lambda x: 1 - np.tanh(x) ** 2), (lambda x: x**3, lambda x: 3 * x**2)],
)
def test_a_derivative_is_exact_to_ten_digits(formula, derivative):
    truth = numeric_truth(lambda s: float(np.sum(formula(s["x"]))), state, ("x",))
    assert truth.value == pytest.approx(derivative(X), rel=1e-9)
    assert truth.known.all()


def test_an_entry_at_a_kink_is_not_known():
    kinked = numeric_truth(lambda s: float(np.sum(np.maximum(s["x"] - 0.30005, 0))), state, ("x",))
    assert not kinked.known[0, 0]
    assert kinked.known[1:].all()


def test_along_a_direction_all_entries_move():
    way = np.array([[1.0, -1.0], [-1.0, 1.0]])
    slope = slope_along(lambda s: float(np.sum(s["x"] ** 2)), state, ("x",), way)
    assert slope == pytest.approx(np.sum(2 * X * way), rel=1e-8)


def recorded(number, x, seen=None):
    """The recorded derivative by x, held against differences: its own, or those of another."""
    way = np.ones_like(x)
    slope = slope_along(seen or number, lambda: {"x": x.copy()}, ("x",), way)
    return recorded_truth(number, {"x": x.copy()}, ("x",), [(way, slope)])


def test_what_records_is_recorded_exactly():
    x = np.array([0.3, -0.7, 1.2])
    truth = recorded(lambda s: np.sum(np.tanh(s["x"]) ** 2), x)
    np.testing.assert_allclose(truth.value, 2 * np.tanh(x) * (1 - np.tanh(x) ** 2), rtol=1e-14)
    assert truth.known.all()
    assert truth.error < 1e-12


def copied(s):
    total = np.zeros(3)
    for i in range(3):
        total[i] = s["x"][i] ** 2
    return np.sum(total)


@pytest.mark.parametrize(
    "number",
    [copied, lambda s: float(np.sum(np.asarray(s["x"]))), lambda s: 1.0],
    ids=["written into an array", "made plain", "constant"],
)
def test_what_does_not_record_is_left_to_differences(number):
    assert recorded(number, np.array([0.3, -0.7, 1.2])) is None


def test_a_record_that_differences_deny_is_no_truth():
    x = np.array([0.3, -0.7, 1.2])
    assert recorded(lambda s: np.sum(s["x"]), x, seen=lambda s: float(np.sum(s["x"] ** 2))) is None
