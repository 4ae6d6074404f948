"""Undoing a broadcast and a reduction, for shapes nobody thought of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes

from tinygraph.rules.shapes import broadcast_axes, count, reduced_axes, restore_axes, spread, undo_broadcast

quick = settings(deadline=None, derandomize=True, max_examples=100)


@quick
@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3))
def test_undo_broadcast_is_the_transpose_of_broadcasting(shapes):
    """<broadcast(x), dz> = <x, undo(dz)> for every x: here for each unit array x."""
    shape, large = shapes.input_shapes[0], shapes.result_shape
    dz = np.arange(1.0, 1 + np.prod(large)).reshape(large)

    actual = undo_broadcast(dz, shape)

    assert actual.shape == shape
    for index in np.ndindex(shape):
        unit = np.zeros(shape)
        unit[index] = 1
        assert np.sum(np.broadcast_to(unit, large) * dz) == actual[index]


@pytest.mark.parametrize(
    ("large", "small", "expected"),
    [
        ((2, 3), (2, 3), ((), False)),
        ((2, 3), (3,), ((0,), True)),
        ((2, 3), (2, 1), ((1,), False)),
        ((2, 3), (), ((0, 1), True)),
        ((4, 1, 3), (1, 1), ((0, 2), True)),
        ((0, 3), (1, 3), ((0,), False)),
    ],
)
def test_broadcast_axes(large, small, expected):
    assert broadcast_axes(large, small) == expected


@pytest.mark.parametrize(
    ("axis", "ndim", "expected"),
    [(None, 2, (0, 1)), (None, 0, ()), (1, 2, (1,)), (-1, 3, (2,)), ((-1, 0), 3, (2, 0)), ((), 2, ())],
)
def test_reduced_axes(axis, ndim, expected):
    assert reduced_axes(axis, ndim) == expected


def test_reduced_axes_takes_integers_of_numpy():
    assert reduced_axes(np.int64(-1), 2) == (1,)


@quick
@given(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))
def test_restore_spread_and_count_agree_with_a_sum(shape):
    axes = [None, *range(-len(shape), len(shape)), *([(0, -1)] if len(shape) > 1 else []), ()]
    for axis in axes:
        for keepdims in (False, True):
            total = np.sum(np.ones(shape), axis=axis, keepdims=keepdims)

            assert (
                restore_axes(total, shape, axis, keepdims).shape
                == np.sum(np.ones(shape), axis=axis, keepdims=True).shape
            )
            np.testing.assert_array_equal(
                spread(total, shape, axis, keepdims), np.full(shape, count(shape, axis))
            )
