"""Names of single tensors: what a weight's name says of its layer."""

import pytest

import tinygraph as tg
from tinygraph.notation.names import assigned_name, derivative_name, name_of, own_name, suffix_of


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
