"""Arrays as the page shows them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from viz.pages.arrays import array_record


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (2.5, {"shape": "number", "rows": [["2.500"]]}),
        ([1.0, -0.25], {"shape": "2", "rows": [["1.000", "−0.250"]]}),
        ([[0.0, 1e-4]], {"shape": "1×2", "rows": [["0", "1.00e−04"]]}),
        ([[0.5, 1e-4]], {"shape": "1×2", "rows": [["0.5000", "0.0001"]]}),
        ([1e6], {"shape": "1", "rows": [["1.00e+06"]]}),
        ([np.nan, np.inf, -np.inf], {"shape": "3", "rows": [["NaN", "∞", "−∞"]]}),
        (np.array([3, -1]), {"shape": "2", "rows": [["3", "−1"]]}),
        (np.ones((0, 3)), {"shape": "0×3", "rows": []}),
        (np.ones((2, 1, 2)), {"shape": "2×1×2", "rows": [["1.000", "1.000"]] * 2}),
    ],
)
def test_small_arrays_are_numbers(array, expected):
    assert expected == array_record(array)


def test_large_array_is_a_map_of_means_with_its_range():
    array = np.full((64, 3), -2.0)
    array[:2] = [[1, 2, 3], [3, 2, 1]]

    found = array_record(array)

    assert found["heat"][0] == [100, 100, 100]
    assert found["heat"][1] == [-100, -100, -100]
    assert len(found["heat"]) == 32
    assert (found["min"], found["max"], found["scale"], found["block"]) == ("−2", "3", "2", 2)
    assert found["mean"] == f"{array.mean():.4g}".replace("-", "−")


def test_what_is_no_number_is_marked_and_counted():
    array = np.zeros((9, 9))
    array[0, :3] = np.nan, np.inf, -np.inf

    found = array_record(array)

    assert found["heat"][0][:4] == ["nan", "inf", "-inf", 0]
    assert (found["nan"], found["infinite"], found["max"]) == (1, 2, "0")


def test_nothing_but_nan_has_no_range():
    assert "min" not in array_record(np.full((20, 20), np.nan))


@settings(deadline=None)
@given(arrays(float, array_shapes(max_dims=3, max_side=90), elements=st.floats(width=32)))
def test_any_array_fits_into_the_map(array):
    found = array_record(array)
    rows = found.get("rows") or found["heat"]

    assert len(rows) <= 32
    assert all(len(row) == len(rows[0]) <= 64 for row in rows)
    assert all(isinstance(x, str) or -100 <= x <= 100 for row in rows for x in row)
