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
        (np.ones((3, 0)), {"shape": "3×0", "rows": []}),
        (np.eye(8), {"shape": "8×8", "rows": [["0"] * i + ["1.000"] + ["0"] * (7 - i) for i in range(8)]}),
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


@pytest.mark.parametrize(
    ("shape", "rows", "columns", "block"),
    [((9, 8), 9, 8, 1), ((8, 9), 8, 9, 1), ((32, 64), 32, 64, 1), ((33, 65), 32, 64, 4), ((64, 3), 32, 3, 2)],
)
def test_an_array_too_large_for_numbers_or_for_the_map_is_made_smaller(shape, rows, columns, block):
    array = np.arange(1.0, np.prod(shape) + 1).reshape(shape)
    found = array_record(array)

    assert (len(found["heat"]), len(found["heat"][0]), found["block"]) == (rows, columns, block)
    assert "rows" not in found
    assert (found["min"], found["max"]) == ("1", f"{array.max():.4g}")
    heat = np.array(found["heat"])
    assert (np.diff(heat, axis=0) >= 0).all()
    assert (np.diff(heat, axis=1) >= 0).all()


def test_a_cell_is_the_mean_of_its_block_in_hundredths_of_the_strongest():
    array = np.random.default_rng(0).normal(size=(64, 128))
    found = array_record(array)
    means = array.reshape(32, 2, 64, 2).mean(axis=(1, 3))

    np.testing.assert_array_equal(found["heat"], np.round(100 * means / np.abs(means).max()))
    assert float(found["scale"]) == pytest.approx(np.abs(means).max(), rel=1e-3)


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
