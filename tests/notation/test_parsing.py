"""Formulas from texts: read as they are written, and nothing else is."""

import numpy as np
import pytest

from tinygraph.notation.expressions import Expression
from tinygraph.notation.parsing import parse_formula

NAMES = {name: Expression(name) for name in ("Z", "A", "dA", "W")}


@pytest.mark.parametrize(
    "text",
    [
        "dA * (Z > 0)",
        "dA * (Z >= 0)",
        "W.T @ dA / 5",
        "-dA ** 2 - A + 0.5",
        "np.sum(dA, axis=1, keepdims=True)",
        "np.where(Z < 0, dA, 1 / (1 + np.exp(-Z)))",
        "dA * (A <= 1)",
    ],
)
def test_a_formula_is_read_as_python_reads_it(text):
    values = {name: np.arange(1.0, 10).reshape(3, 3) * i for i, name in enumerate(NAMES, 1)}

    expected = eval(text, {"np": np}, values)
    np.testing.assert_array_equal(parse_formula(text, NAMES).evaluate(values), expected)


@pytest.mark.parametrize(
    "text",
    ["Q + 1", "open('x')", "np.nothing(A)", "A.dtype", "A if Z else W", "[A]", "A < Z < W", "not A", "A % 2"],
)
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(ValueError, match="is no formula of numbers, known names"):
        parse_formula(text, NAMES)
