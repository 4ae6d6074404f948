"""Compositions that take arrays apart and put them together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from tinygraph.rules.kernels import plain_places
from tinygraph.rules.operation import compose
from tinygraph.rules.shapes import cast_floats, move_axis, place_of_axis, with_shape
from tinygraph.rules.types import AnyIndex, Numeric, Option

__all__: list[str] = []


Several = Sequence[Numeric]


@compose(np.split)
def split(ary: Numeric, indices_or_sections: AnyIndex, axis: int = 0) -> list[Numeric]:
    """`np.split` by indexing."""
    n, sections = ary.shape[axis], indices_or_sections
    if np.ndim(sections) == 0 and n % sections:
        raise ValueError(f"np.split: an axis of length {n} is not divisible into {sections} equal parts")
    return array_split(ary, sections, axis)


@compose(np.array_split)
def array_split(ary: Numeric, indices_or_sections: AnyIndex, axis: int = 0) -> list[Numeric]:
    """`np.array_split` by indexing: the first parts take one more where the length does not divide."""
    n, sections = ary.shape[axis], indices_or_sections
    if np.ndim(sections) == 0:
        sizes = [n // sections + (i < n % sections) for i in range(sections)]
        sections = np.cumsum(sizes)[:-1].tolist()
    edges = [0, *sections, n]
    before = (slice(None),) * place_of_axis(axis, ary.ndim)
    return [ary[(*before, slice(a, b))] for a, b in itertools.pairwise(edges)]


compose(np.vsplit)(lambda ary, indices_or_sections: split(ary, indices_or_sections, 0))
compose(np.hsplit)(lambda ary, indices_or_sections: split(ary, indices_or_sections, int(ary.ndim > 1)))
compose(np.dsplit)(lambda ary, indices_or_sections: split(ary, indices_or_sections, 2))
if hasattr(np, "unstack"):  # since NumPy 2.1
    compose(np.unstack)(lambda x, /, *, axis=0: tuple(move_axis(x, axis, 0)))


def make_join(raise_axes: AnyIndex, axis: Option) -> AnyIndex:
    """A join along an axis of arrays that have axes put to them before."""

    def join_arrays(tup: Several, *, dtype: Option = None, casting: str = "same_kind") -> Numeric:
        xs = [raise_axes(x) for x in map(with_shape, tup)]
        return np.concatenate(xs, axis=axis(xs[0]) if callable(axis) else axis, dtype=dtype)

    return join_arrays


compose(np.vstack)(make_join(np.atleast_2d, 0))
compose(np.hstack)(make_join(np.atleast_1d, lambda x: int(x.ndim > 1)))
compose(np.dstack)(make_join(np.atleast_3d, 2))
compose(np.column_stack)(make_join(lambda x: x if x.ndim > 1 else np.reshape(x, (-1, 1)), 1))


@compose(np.append)
def append(arr: Numeric, values: Numeric, axis: int | None = None) -> Numeric:
    """`np.append`."""
    if axis is None:
        return np.concatenate([np.ravel(with_shape(arr)), np.ravel(with_shape(values))])
    return np.concatenate([arr, values], axis=axis)


@compose(np.insert)
def insert(arr: Numeric, obj: AnyIndex, values: Numeric, axis: int | None = None) -> Numeric:
    """`np.insert`: the array and what is inserted, one after the other, then taken in the order wanted."""
    arr, values, obj = with_shape(arr), with_shape(values), plain_places(obj)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    n, shape = arr.shape[axis], list(arr.shape)
    if np.ndim(obj) == 0 and not isinstance(obj, slice):
        values = move_axis(np.reshape(values, (1,) * (arr.ndim - values.ndim) + values.shape), 0, axis)
        shape[axis] = values.shape[axis]
    else:
        shape[axis] = len(np.insert(np.arange(n), obj, 0)) - n
    order = np.insert(np.arange(n), obj, np.arange(n, n + shape[axis]))
    values = np.broadcast_to(cast_floats(values, arr.dtype), shape)
    return np.take(np.concatenate([arr, values], axis=axis), order, axis=axis)


@compose(np.delete)
def delete(arr: Numeric, obj: AnyIndex, axis: int | None = None) -> Numeric:
    """`np.delete`: the entries that stay, taken."""
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return np.take(arr, np.delete(np.arange(arr.shape[axis]), plain_places(obj)), axis=axis)


@compose(np.block)
def block(arrays: Numeric) -> Numeric:
    """`np.block`: the innermost lists are joined along the last axis, those around along the one before."""
    depth, ndim = nested_depth(arrays), max(with_shape(x).ndim for x in innermost(arrays))

    def join_blocks(part: Numeric, level: int) -> Numeric:
        if level == 0:
            x = with_shape(part)
            return np.reshape(x, (1,) * (max(depth, ndim) - x.ndim) + x.shape)
        return np.concatenate([join_blocks(x, level - 1) for x in part], axis=-level)

    return join_blocks(arrays, depth)


def nested_depth(part: Numeric) -> int:
    """How many lists stand in one another, everywhere as many."""
    if not isinstance(part, list):
        return 0
    depths = {nested_depth(inner) for inner in part}
    if len(depths) != 1:
        raise ValueError("the lists do not stand in one another everywhere as deep")
    return 1 + depths.pop()


def innermost(part: Numeric) -> list[Numeric]:
    """What stands in nested lists."""
    return [x for inner in part for x in innermost(inner)] if isinstance(part, list) else [part]
