"""Equations in LaTeX: one for each derivative that has a name, with all that adds up to it."""

import numpy as np
import pytest

import tinygraph as tg
from tests.viz.graphs import GRAPHS, skip, three_layers


def equations(J):
    """What each derivative is equal to, without its shape."""
    rows = J.backward().to_latex().splitlines()[1:-1]
    return dict(row.removesuffix(r" \\").split(r" && \in")[0].split(" &= ") for row in rows)


def test_derivatives_that_meet_are_added_in_one_equation():
    found = equations(skip())

    assert found["dA_{1}"] == r"dH_{3} + W_{2}^{\top} dZ_{2}"
    assert found["dW_{3}"] == r"0.2 \cdot W_{3} + dZ_{3} H_{3}^{\top}"


@pytest.mark.parametrize("n", [2, 3, 4])
def test_an_equation_has_a_term_for_each_way(n):
    x = tg.parameter(2.0, name="x")
    J = sum([np.sin(x * i) for i in range(2, n + 1)], np.cos(x))

    assert equations(J)["dx"].count("+") == n - 1


@pytest.mark.parametrize("make", [make for make in GRAPHS if make.__name__ != "two_losses"])
def test_each_derivative_has_one_equation(make):
    rows = make().backward().to_latex().splitlines()[1:-1]
    names = [row.split(" &= ")[0] for row in rows]

    assert names
    assert len(set(names)) == len(names)


def test_what_was_kept_of_a_sum_is_not_used_twice():
    x = tg.parameter(np.ones((2, 2)), name="x")
    found = equations(np.sum(np.sin(x) * x + x))

    assert found["dx"].count("+") == 2
    assert r"\cos(x)" in found["dx"]


def test_where_a_cost_looks_through_an_activation_the_chain_has_the_lectures_form():
    assert equations(three_layers())["dZ_{3}"] == r"dA_{3} \odot A_{3} \odot (1 - A_{3})"


def test_a_wrong_convention_is_refused():
    with pytest.raises(ValueError, match=r"convention.*'lectures'"):
        three_layers().backward().to_latex(convention="lectures")


@pytest.mark.parametrize(
    "step", [lambda y, x: np.sin(y), lambda y, x: -y, lambda y, x: y**2 + 0.1, lambda y, x: y @ np.eye(2)]
)
def test_a_long_chain_is_written_in_parts(step):
    x = y = tg.parameter(np.array([0.5, 0.25]), name="x")
    for _ in range(150):
        y = step(y, x)

    text = np.sum(y).backward().to_latex()

    assert text.splitlines()[-2].startswith("dx &=")
    assert len(text.splitlines()) > 10


def test_a_formula_that_nobody_could_read_is_refused():
    x = y = tg.parameter(np.array([0.5, 0.25]), name="x")
    for _ in range(600):
        y = y + x

    with pytest.raises(tg.errors.GraphError, match=r"nested too deep to be written; d\.chain\(\)"):
        np.sum(y).backward().to_latex()
