"""Numbers as pictures show them: aligned, none longer than it need be, and nothing shown as 0 that is not."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.values import array_lines, number_writer


def written(array, digits=3):
    array = np.asarray(array)
    write = number_writer(array, digits)
    return [write(x) for x in array.ravel()]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        ([1.0, -2.5], ["1.00", "−2.50"]),
        ([12.0, 1.0], ["12.0", "1.0"]),
        ([123.0, 1.0], ["123.0", "1.0"]),
        ([9999.0, 1.0], ["9999.0", "1.0"]),
        ([10_000.0, 1.0], ["1.0e+04", "1.0e+00"]),
        ([0.001, 0.0], ["0.00100", "0"]),
        ([0.0009], ["9.0e−04"]),
        ([0.5, 0.25], ["0.500", "0.250"]),
        ([0.0, 0.0], ["0", "0"]),
        ([1, -20], ["1", "−20"]),
        ([123456, 0], ["123456", "0"]),
        ([True, False], ["1", "0"]),
        ([np.nan, np.inf, -np.inf], ["NaN", "∞", "−∞"]),
        ([np.inf, 2.0], ["∞", "2.00"]),
    ],
)
def test_numbers_are_written_as_the_largest_of_them_needs(array, expected):
    assert written(array) == expected


def test_more_digits_are_more_decimals_or_more_places_of_an_exponent():
    assert written([1.0, 0.5], digits=5) == ["1.0000", "0.5000"]
    assert written([1e6], digits=4) == ["1.00e+06"]
    assert written([25.0], digits=4) == ["25.00"]


@given(st.floats(0.001, 9999, allow_nan=False), st.integers(3, 6))
def test_the_largest_number_has_so_many_digits(x, digits):
    [text] = written([x], digits)
    figures = re.sub(r"^0\.0*|\D", "", text)

    assert float(text) == pytest.approx(x, rel=10.0 ** (1 - digits))
    assert abs(len(figures) - digits) <= 1 or x >= 10 ** (digits - 2)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (2.0, ["2.00"]),
        ([1.0, 2.0, 3.0], ["1.00 2.00 3.00"]),
        ([1.0, 2.0, 3.0, 4.0], ["1.00 2.00 3.00 …"]),
        ([[1.0], [-2.0]], [" 1.00", "−2.00"]),
        ([[1], [2], [3]], ["1", "2", "3"]),
        ([[1], [2], [3], [4]], ["1", "2", "3", "⋮"]),
        (np.arange(16).reshape(4, 4), ["0 1  2 …", "4 5  6 …", "8 9 10 …", "⋮"]),
        (np.arange(4).reshape(2, 1, 2), ["0 1", "2 3"]),
        (np.ones((0, 2)), ["empty"]),
        (np.ones((2, 0)), ["empty"]),
    ],
)
def test_the_first_rows_and_columns_are_shown_aligned(array, expected):
    found = array_lines(array)

    assert [re.sub(r" +", " ", line).strip() for line in found] == [
        re.sub(r" +", " ", line).strip() for line in expected
    ]
    rows = [line.removesuffix(" …") for line in found if line != "⋮"]
    assert len(set(map(len, rows))) == 1


def test_a_column_is_as_wide_as_its_widest_number():
    assert array_lines([[1, 200], [30, 4]]) == ["  1 200", " 30   4"]
