"""Derivatives by differences: how exact, and what is left out at a kink."""

import numpy as np
import pytest

from tinygraph.debugger.truth import numeric_truth, slope_along

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
