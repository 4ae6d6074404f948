"""Windows and convolutions: batches that are taken in parts, and what boxes say. Rules: test_table.py."""

import numpy as np
import pytest

from tinygraph.rules import convolution as c

random = np.random.default_rng(0)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_a_batch_that_is_taken_in_parts(layout):
    """By NumPy's own windows and einsum, in one piece."""
    x, w, dz = (random.normal(size=s) for s in ((5, 40, 40, 4), (3, 3, 4, 6), (5, 19, 19, 6)))
    cut = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2]
    z = np.einsum("nhwcij,ijco->nhwo", cut, w, optimize=True)
    dw = np.einsum("nhwcij,nhwo->ijco", cut, dz, optimize=True)
    dx = np.zeros_like(x)
    for i, j in np.ndindex(3, 3):
        dx[:, i : i + 37 : 2, j : j + 37 : 2] += dz @ w[i, j].T
    settings = {"stride": (2, 2), "layout": layout}
    turn = (lambda a: np.moveaxis(a, 3, 1)) if layout == "NCHW" else (lambda a: a)
    turn_filters = (lambda a: a.transpose(3, 2, 0, 1)) if layout == "NCHW" else (lambda a: a)

    assert 1 < len(c.split_batch(x, (3, 3))) < 5
    np.testing.assert_allclose(
        c.conv2d(turn(x), turn_filters(w), **settings), turn(z), rtol=1e-10, atol=1e-12
    )
    actual = c.conv2d_filters(turn(x), turn(dz), (3, 3), **settings)
    np.testing.assert_allclose(actual, turn_filters(dw), rtol=1e-10, atol=1e-12)
    actual = c.conv2d_transpose(turn(dz), turn_filters(w), turn(x).shape, **settings)
    np.testing.assert_allclose(actual, turn(dx), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("count", [0, 1, 3, 100])
def test_parts_are_all_of_a_batch_once(count):
    x = np.empty((count, 60, 60, 16))

    assert [i for part in c.split_batch(x, (3, 3)) for i in range(count)[part]] == list(range(count))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "3 × 2"),
        ({"stride": (2, 2)}, "3 × 2, stride 2"),
        ({"stride": (2, 1), "dilation": (1, 3)}, "3 × 2, stride 2 × 1, dilation 1 × 3"),
        ({"padding": ((1, 1), (0, 1))}, "3 × 2, padding 1 × 0+1"),
        ({"padding": ((2, 2), (2, 2)), "groups": 4}, "3 × 2, padding 2, 4 groups"),
    ],
)
def test_what_a_box_says(settings, expected):
    assert c.describe_places((3, 2), **settings) == expected
    assert c.describe_filters(None, np.empty((3, 2, 1, 8)), **settings) == f"8 filters {expected}"
    first = np.empty((8, 1, 3, 2))
    assert c.describe_filters(None, first, layout="NCHW", **settings) == f"8 filters {expected}"
