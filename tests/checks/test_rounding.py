"""The size of rounding, as seen from several seeds."""

import numpy as np
import pytest

from tinygraph.checks.rounding import euclidean_norm, largest_entry, rounding_bound


def test_rounding_covers_what_seeds_differ_by_and_more():
    variants = [np.array([1.0, 2e-17]), np.array([1.0, -1e-17]), np.array([1.0, 3e-17])]

    assert 4e-17 < rounding_bound(variants, scale=1.0) < 1e-14


def test_equal_variants_have_no_rounding():
    assert rounding_bound([np.ones(3)] * 3, scale=1.0) == 0.0


@pytest.mark.parametrize("odd", [1.5, np.nan, np.inf])
def test_what_is_not_linear_is_capped(odd):
    with np.errstate(invalid="ignore"):
        assert 0 <= rounding_bound([np.ones(2), np.full(2, odd)], scale=2.0) <= 1e-9


def test_empty_arrays_have_size_0():
    assert (
        rounding_bound([np.ones((0, 2))] * 3, scale=1.0)
        == largest_entry(np.ones(0))
        == euclidean_norm(np.ones(0))
        == 0.0
    )


def test_norm_is_that_of_all_entries():
    assert euclidean_norm(np.array([[3.0], [4.0]])) == 5.0
    assert largest_entry([-3.0, 2.0]) == 3.0
