"""Shapes: undoing a broadcast, and putting back the axes that a reduction took away.

Everything here is plain NumPy, so it works on any array that answers NumPy's calls.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from tinygraph.rules.types import Numeric, Option, Shape

__all__ = [
    "LARGEST_HALF",
    "Axis",
    "broadcast_axes",
    "cast_floats",
    "conjugate_of",
    "count",
    "divide_by_count",
    "divide_by_ties",
    "move_axis",
    "place_of_axis",
    "places_of_axes",
    "reduced_axes",
    "restore_axes",
    "spread",
    "undo_broadcast",
    "with_shape",
]

Axis = int | Sequence[int] | None


def undo_broadcast(dz: Numeric, shape: Shape) -> Numeric:
    """The derivative with respect to an array of `shape` that was broadcast to `dz.shape`: a sum.

    An entry that a broadcast used k times contributed k times, so its derivative is the sum of k entries.

    >>> undo_broadcast(np.ones((3, 4)), (3, 1)).ravel()
    array([4., 4., 4.])
    """
    axes, extra = broadcast_axes(dz.shape, shape)
    if axes:
        dz = np.add.reduce(dz, axis=axes, keepdims=True)
    return np.reshape(dz, shape) if extra else dz


@functools.lru_cache(maxsize=4096)
def broadcast_axes(large: Shape, small: Shape) -> tuple[tuple[int, ...], bool]:
    """The axes along which a broadcast from `small` to `large` repeats, and whether it put axes in front.

    >>> broadcast_axes((2, 3, 4), (3, 1))
    ((0, 2), True)
    """
    extra = len(large) - len(small)
    stretched = tuple(i + extra for i, n in enumerate(small) if n == 1 and large[i + extra] != 1)
    return (*range(extra), *stretched), extra > 0


def reduced_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """`axis` as a tuple of non-negative numbers; None means all of them.

    >>> reduced_axes(-1, 3), reduced_axes(None, 2)
    ((2,), (0, 1))
    """
    if axis is None:
        return tuple(range(ndim))
    axes = (axis,) if np.ndim(axis) == 0 else tuple(axis)  # type: ignore[arg-type]
    return tuple(int(a) % ndim if ndim else 0 for a in axes)  # type: ignore[arg-type]


def restore_axes(dz: Numeric, shape: Shape, axis: Axis, keepdims: bool) -> Numeric:
    """`dz` of a reduction over `axis` of an array of `shape`, with the reduced axes put back as ones.

    >>> restore_axes(np.ones(3), (3, 4), 1, False).shape
    (3, 1)
    """
    if keepdims or not shape:
        return dz
    reduced = reduced_axes(axis, len(shape))
    return np.reshape(dz, tuple(1 if i in reduced else n for i, n in enumerate(shape)))


def spread(dz: Numeric, shape: Shape, axis: Axis, keepdims: bool) -> Numeric:
    """`dz` of a sum over `axis` of an array of `shape`, handed to each of the entries summed.

    >>> spread(np.array([1.0, 2.0]), (2, 3), 1, False)
    array([[1., 1., 1.],
           [2., 2., 2.]])
    """
    return np.broadcast_to(restore_axes(dz, shape, axis, keepdims), shape)


def divide_by_count(dz: Numeric, n: float) -> Numeric:
    """dz / n, also where n is larger than any number of the dtype, as 70,000 is for float16.

    >>> float(divide_by_count(np.float16(1.0), 100_000)) > 0
    True
    """
    small = n > LARGEST_HALF and getattr(dz, "dtype", None) == np.float16
    return dz * (1 / n) if small else dz / n


LARGEST_HALF = 65_504


def divide_by_ties(dz: Numeric, ties: Numeric) -> Numeric:
    """dz by whole numbers, one for each place, in the dtype of dz: the same.

    >>> divide_by_ties(np.ones(2, np.float32), np.array([1, 2]))
    array([1. , 0.5], dtype=float32)
    """
    small = dz.dtype == np.float16
    return dz * (1 / ties).astype(dz.dtype) if small else dz / ties.astype(dz.dtype)


def count(shape: Shape, axis: Axis) -> int:
    """How many entries of an array of `shape` a reduction over `axis` takes together.

    >>> count((3, 4), 1), count((3, 4), None)
    (4, 12)
    """
    total = 1
    for a in reduced_axes(axis, len(shape)) if shape else ():
        total *= shape[a]
    return total


def with_shape(x: Numeric) -> Numeric:
    """What may be a list or a number as an array; what has a shape as it is.

    >>> with_shape([1, 2]).shape
    (2,)
    """
    return x if hasattr(x, "shape") else np.asarray(x)


def cast_floats(x: Numeric, dtype: Option) -> Numeric:
    """An array in another floating type, itself where it is of that already."""
    return x if x.dtype == dtype else x.astype(dtype)


def conjugate_of(x: Numeric) -> Numeric:
    """x, or its conjugate where it is complex.

    >>> conjugate_of(np.array([1 + 2j]))
    array([1.-2.j])
    """
    return np.conjugate(x) if x.dtype.kind == "c" else x


def move_axis(x: Numeric, source: int, destination: int) -> Numeric:
    """`np.moveaxis`, and x itself where the axis is there already.

    >>> x = np.ones((2, 3))
    >>> move_axis(x, 1, -1) is x, move_axis(x, 0, -1).shape
    (True, (3, 2))
    """
    there = place_of_axis(source, x.ndim) == place_of_axis(destination, x.ndim)
    return x if there else np.moveaxis(x, source, destination)


def place_of_axis(axis: int, ndim: int) -> int:
    """An axis as a number from 0 on; IndexError if there is none.

    >>> place_of_axis(-1, 3)
    2
    """
    try:
        return range(ndim)[axis]
    except IndexError:
        raise IndexError(f"axis {axis} is out of bounds for an array of {ndim} axes") from None


def places_of_axes(axis: Option, ndim: int) -> tuple[int, ...]:
    """`reduced_axes` of a call that has not been checked.

    Raises:
        IndexError: there is no such axis.
        ValueError: an axis stands twice.

    >>> places_of_axes((-1, 0), 3), places_of_axes(None, 2)
    ((2, 0), (0, 1))
    """
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(place_of_axis(a, ndim) for a in ((axis,) if np.ndim(axis) == 0 else axis))
    if len({*axes}) < len(axes):
        raise ValueError(f"an axis stands twice in {axis}")
    return axes
