"""Names of single tensors: what a weight's name says of its layer."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.notation.names import (
    assigned_name,
    derivative_name,
    linear_weight,
    name_of,
    own_name,
    product_weight,
    structural_name,
    suffix_of,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("W1", "1"), ("w1", "1"), ("W", ""), ("W_out", "_out"), ("weight2", "2"), ("theta3", "3")),
        *(("b1", None), ("X", None), (None, None), ("", None), ("view", None)),
    ],
)
def test_suffix_of_a_weight(name, expected):
    assert suffix_of(name) == expected


def test_derivative_name():
    assert derivative_name("Z1") == "dZ1"


def test_a_name_that_was_given_comes_before_that_of_the_variable():
    V, given = tg.parameter([1.0]), tg.parameter([1.0], name="U")

    assert (own_name(V), assigned_name(V), name_of(V)) == ("V", "V", "V")
    assert (own_name(given), assigned_name(given)) == ("U", "given")
    assert own_name(1.0) is None


class CalledU:
    """Every parameter is called U, which is the name of no weight, but names its layer."""

    def own(self, x):
        return "U" if getattr(x, "is_parameter", False) else None

    def suffix(self, x):
        return "_U"


def test_a_parameter_of_any_name_is_the_weight_of_a_matrix_product_alone():
    x, y, X = tg.parameter(np.ones((3, 3))), tg.parameter(np.ones((3, 3))), np.ones((3, 3))

    assert product_weight(x @ X, CalledU()) is product_weight(X @ x.T, CalledU()) is x
    assert linear_weight(X @ x + y, CalledU()) is linear_weight(y + X @ x, CalledU()) is x
    assert structural_name(np.tanh(x @ X), CalledU()) == "A_U"
    for other in (x * X, x @ y, X + x, np.tanh(x), (x @ X) + (y @ X)):
        assert linear_weight(other, CalledU()) is None
    assert structural_name(np.tanh(x * X), CalledU()) is None


def test_a_weight_by_its_name_may_be_multiplied_entry_by_entry():
    W, x = tg.parameter(np.ones(3), name="W1"), tg.parameter(np.ones(3), name="x")

    assert name_of(np.tanh(W * x)) == "A1"
    assert name_of(np.tanh(x * x)) is None
