"""Rows that put entries elsewhere: other shapes, other orders, parts, and arrays side by side."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.operation import Each, add_row, compose
from tinygraph.rules.shapes import cast_floats, move_axis, place_of_axis, with_shape
from tinygraph.rules.types import AnyIndex, Numeric, Option, Shape

__all__: list[str] = []


def transpose_dx(dz: Numeric, z: Numeric, x: Numeric, axes: Sequence[int] | None = None) -> Numeric:
    if axes is None:
        return np.transpose(dz)
    return np.transpose(dz, tuple(np.argsort([a % x.ndim for a in axes]).tolist()))


def take_dx(
    dz: Numeric, z: Numeric, x: Numeric, indices: AnyIndex = None, axis: int | None = None
) -> Numeric:
    if axis is None or x.ndim == 0:
        return np.reshape(k.scatter(dz, shape=(x.size,), index=indices), x.shape)
    return k.scatter(dz, shape=x.shape, index=(slice(None),) * (axis % x.ndim) + (indices,))


def tile_dx(dz: Numeric, z: Numeric, x: Numeric, reps: AnyIndex = 1) -> Numeric:
    """The sum over the copies."""
    lengths = (1,) * (z.ndim - x.ndim) + x.shape
    apart = [part for whole, n in zip(z.shape, lengths, strict=True) for part in (whole // max(n, 1), n)]
    return np.reshape(np.sum(np.reshape(dz, apart), axis=tuple(range(0, 2 * z.ndim, 2))), x.shape)


def concatenate_each(i: int, dz: Numeric, z: Numeric, *xs: Numeric, axis: int | None = 0) -> Numeric:
    if axis is None:
        start = sum(x.size for x in xs[:i])
        return np.reshape(dz[start : start + xs[i].size], xs[i].shape)
    axis = axis % xs[i].ndim
    start = sum(x.shape[axis] for x in xs[:i])
    return dz[(slice(None),) * axis + (slice(start, start + xs[i].shape[axis]),)]


def stack_each(i: int, dz: Numeric, z: Numeric, *xs: Numeric, axis: int = 0) -> Numeric:
    return dz[(slice(None),) * (axis % dz.ndim) + (i,)]


add_row(
    np.reshape,
    "reshape",
    "x in another shape",
    lambda dz, z, x, shape=None: np.reshape(dz, x.shape),
    forward=lambda x, shape: np.reshape(x, shape),
)
add_row(np.ravel, "ravel", "x as a vector", lambda dz, z, x: np.reshape(dz, x.shape))
add_row(np.transpose, "transpose", "x with its axes permuted", transpose_dx)
add_row(
    np.swapaxes,
    "swapaxes",
    "x with two axes exchanged",
    lambda dz, z, x, axis1=0, axis2=1: np.swapaxes(dz, axis1=axis1, axis2=axis2),
)
add_row(np.flip, "flip", "x reversed along axis", lambda dz, z, x, axis=None: np.flip(dz, axis=axis))
add_row(
    np.expand_dims,
    "expand dims",
    "x with an axis of length 1 more",
    lambda dz, z, x, axis=0: np.reshape(dz, x.shape),
)
add_row(
    np.squeeze,
    "squeeze",
    "x without its axes of length 1",
    lambda dz, z, x, axis=None: np.reshape(dz, x.shape),
)
add_row(
    np.broadcast_to,
    "broadcast",
    "x repeated to a shape",
    lambda dz, z, x, shape=None: dz,
    stretches=True,
    forward=lambda x, shape: np.broadcast_to(x, shape),
)
add_row(
    np.concatenate,
    "concatenate",
    "the xs one after another along axis",
    Each(concatenate_each),
    forward=lambda *xs, axis=0: np.concatenate(xs, axis=axis),
)
add_row(
    np.stack,
    "stack",
    "the xs along a new axis",
    Each(stack_each),
    forward=lambda *xs, axis=0: np.stack(xs, axis=axis),
)
add_row(
    operator.getitem,
    "[ ]",
    "x[index]",
    lambda dz, z, x, index=None: k.scatter(dz, shape=x.shape, index=index),
    forward=lambda x, index: x[index],
)
add_row(
    k.scatter,
    "scatter",
    "zeros with x added at index",
    lambda dz, z, x, shape=None, index=None: dz[index],
)
add_row(np.take, "take", "the entries of x at indices along axis", take_dx)
add_row(
    np.moveaxis,
    "move axis",
    "x with axes moved",
    lambda dz, z, x, source=0, destination=0: np.moveaxis(dz, destination, source),
    forward=lambda x, source, destination: np.moveaxis(x, source, destination),
)
add_row(
    np.roll,
    "roll",
    "x shifted along axis, what falls out put in front",
    lambda dz, z, x, shift=0, axis=None: np.roll(dz, shift=np.negative(shift).tolist(), axis=axis),
    forward=lambda x, shift, axis=None: np.roll(x, shift, axis),
)
add_row(
    np.rot90,
    "rotate",
    "x turned k times from the first to the second axis",
    lambda dz, z, x, k=1, axes=(0, 1): np.rot90(dz, k=-k, axes=axes),
)
add_row(np.tile, "tile", "x repeated as a whole", tile_dx, forward=lambda x, reps: np.tile(x, reps))

# Parts and joins ----------------------------------------------------------------

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
    arr, values = with_shape(arr), with_shape(values)
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
    return np.take(arr, np.delete(np.arange(arr.shape[axis]), obj), axis=axis)


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


# Other shapes and orders ----------------------------------------------------------------


def make_raise(shape: Callable[[Shape], Shape]) -> AnyIndex:
    """The function that gives one or several arrays a shape that follows from theirs."""

    def raise_arrays(*arys: Numeric) -> Numeric:
        xs = tuple(
            x if shape(x.shape) == x.shape else np.reshape(x, shape(x.shape)) for x in map(with_shape, arys)
        )
        return xs[0] if len(xs) == 1 else xs

    return raise_arrays


compose(np.atleast_1d)(make_raise(lambda shape: shape or (1,)))
compose(np.atleast_2d)(make_raise(lambda shape: (1,) * (2 - len(shape)) + shape))
compose(np.atleast_3d)(
    make_raise(
        lambda shape: (
            (*shape, 1)
            if len(shape) == 2
            else ((1,) + (shape or (1,)) + (1,))[:3]
            if len(shape) < 2
            else shape
        )
    )
)
compose(np.copy)(lambda a, order="K", subok=False: np.positive(a))
compose(np.flipud)(lambda m: np.flip(m, 0))
compose(np.fliplr)(lambda m: np.flip(m, 1))
compose(np.matrix_transpose, np.linalg.matrix_transpose)(lambda x: np.swapaxes(x, -1, -2))
compose(np.broadcast_arrays)(
    lambda *args, subok=False: tuple(
        np.broadcast_to(x, np.broadcast_shapes(*(np.shape(y) for y in args))) for x in args
    )
)


@compose(np.rollaxis)
def rollaxis(a: Numeric, axis: int, start: int = 0) -> Numeric:
    """`np.rollaxis`: the axis before that at `start`."""
    axis, start = place_of_axis(axis, a.ndim), start + a.ndim * (start < 0)
    return move_axis(a, axis, start - (axis < start))


@compose(np.reshape)
def reshape_columns(
    a: Numeric,
    /,
    shape: Option = None,
    order: str = "C",
    *,
    newshape: Option = None,
    copy: bool | None = None,
) -> Numeric:
    """`np.reshape` in the order of columns: that of rows, of the transposes."""
    if order != "F":
        return NotImplemented
    shape = np.reshape(np.empty(a.shape), newshape if shape is None else shape).shape
    return np.transpose(np.reshape(np.transpose(a), shape[::-1]))


@compose(np.ravel)
def ravel_columns(a: Numeric, order: str = "C") -> Numeric:
    """`np.ravel` in the order of columns."""
    return np.reshape(a, -1, order="F") if order == "F" else NotImplemented


@compose(np.repeat)
def repeat(a: Numeric, repeats: AnyIndex, axis: int | None = None) -> Numeric:
    """`np.repeat`: each entry taken as often as wanted."""
    if axis is None or a.ndim == 0:
        a, axis = np.ravel(a), 0
    return np.take(a, np.repeat(np.arange(a.shape[axis]), repeats), axis=axis)


@compose(np.resize)
def resize(a: Numeric, new_shape: Option) -> Numeric:
    """`np.resize`: the entries again from the first where there are too few."""
    shape = np.broadcast_to(0, new_shape).shape
    return np.reshape(np.take(a, np.arange(np.prod(shape, dtype=int)) % a.size), shape)


@compose(np.meshgrid)
def meshgrid(
    *xi: Numeric, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Numeric, ...]:
    """`np.meshgrid`: each vector along an axis of its own."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing={indexing!r} is neither 'xy' nor 'ij'")
    n = len(xi)
    axes = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else [*range(n)]
    grids = [
        np.reshape(x, [-1 if i == axis else 1 for i in range(n)]) for x, axis in zip(xi, axes, strict=True)
    ]
    return tuple(grids) if sparse else np.broadcast_arrays(*grids)


@compose(np.full_like)
def full_like(
    a: Numeric,
    fill_value: Numeric,
    dtype: Option = None,
    order: str = "K",
    subok: bool = True,
    shape: Option = None,
) -> Numeric:
    """`np.full_like`: a number that is recorded, stretched; else a plain array."""
    if not isinstance(fill_value, k.Recording):
        return NotImplemented
    number = with_shape(fill_value).astype(dtype or a.dtype)
    return np.broadcast_to(number, a.shape if shape is None else shape)


# Linear in what they are given ----------------------------------------------------------------


@compose(np.linspace)
def linspace(
    start: Numeric, stop: Numeric, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Option = None, axis: int = 0,
) -> Numeric:  # fmt: skip
    """`np.linspace`: shares of both ends."""
    kind = np.result_type(*(getattr(x, "dtype", x) for x in (start, stop)), 0.0)
    start, stop = (cast_floats(with_shape(x), kind) for x in (start, stop))
    share = np.linspace(0, 1, num, endpoint)
    share = np.reshape(share, (-1,) + (1,) * max(start.ndim, stop.ndim)).astype(kind)
    z = move_axis(start * (1 - share) + stop * share, 0, axis)
    z = z if dtype is None else z.astype(dtype)
    steps = num - endpoint
    return (z, (stop - start) / steps if steps > 0 else np.nan) if retstep else z


@compose(np.logspace)
def logspace(
    start: Numeric, stop: Numeric, num: int = 50, endpoint: bool = True, base: Numeric = 10.0,
    dtype: Option = None, axis: int = 0,
) -> Numeric:  # fmt: skip
    """`np.logspace`."""
    return np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))


@compose(np.geomspace)
def geomspace(
    start: Numeric, stop: Numeric, num: int = 50, endpoint: bool = True, dtype: Option = None, axis: int = 0
) -> Numeric:
    """`np.geomspace`, for ends of one sign."""
    ends = np.linspace(np.log(np.abs(start)), np.log(np.abs(stop)), num, endpoint, axis=axis)
    return np.sign(start) * np.exp(ends)


PAD_BY_INDEX = ("edge", "reflect", "symmetric", "wrap")


@compose(np.pad)
def pad(
    array: Numeric,
    pad_width: AnyIndex,
    mode: Option = "constant",
    *,
    constant_values: Numeric = 0,
    **settings: Option,
) -> Numeric:
    """`np.pad`: the entries put into zeros, or taken once more beyond the edges."""
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - array.ndim, 0)) for i in range(array.ndim)]
        pad_width = [(w, w) if np.ndim(w) == 0 else w for w in pad_width]
    widths = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    if mode == "constant":
        inside = tuple(slice(b, b + n) for n, (b, _) in zip(array.shape, widths, strict=True))
        shape = tuple(n + b + a for n, (b, a) in zip(array.shape, widths, strict=True))
        z = k.scatter(array, shape=shape, index=inside)
        if not np.any(constant_values):
            return z
        around = np.pad(np.zeros(array.shape, array.dtype), widths, constant_values=constant_values)
        return z + around
    if mode not in PAD_BY_INDEX or settings.get("reflect_type", "even") != "even":
        raise ValueError(
            f"np.pad with mode={mode!r} has no derivative here; constant, {', '.join(PAD_BY_INDEX)} have"
        )
    for axis, (before, after) in enumerate(widths):
        if before or after:
            order = np.pad(np.arange(array.shape[axis]), (before, after), mode)
            array = np.take(array, order, axis=axis)
    return array


# Diagonals and triangles ----------------------------------------------------------------


def diagonal_places(n: int, m: int, offset: int) -> tuple[Numeric, Numeric]:
    """The rows and columns of a diagonal of an n by m matrix."""
    i = np.arange(max(0, min(n + min(offset, 0), m - max(offset, 0))))
    return i - min(offset, 0), i + max(offset, 0)


@compose(np.diagonal)
def diagonal(a: Numeric, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Numeric:
    """`np.diagonal` by indexing."""
    places = place_of_axis(axis1, a.ndim), place_of_axis(axis2, a.ndim)
    x = a if places == (a.ndim - 2, a.ndim - 1) else np.moveaxis(a, places, (-2, -1))
    return x[(..., *diagonal_places(x.shape[-2], x.shape[-1], offset))]


@compose(np.linalg.diagonal)
def last_diagonal(x: Numeric, /, *, offset: int = 0) -> Numeric:
    """`np.linalg.diagonal`: that of the last two axes."""
    return diagonal(x, offset, -2, -1)


@compose(np.diag)
def diag(v: Numeric, k: int = 0) -> Numeric:
    """`np.diag`: the diagonal of a matrix, or the matrix with a diagonal."""
    return diagonal(v, k) if v.ndim == 2 else matrix_with_diagonal(v, k)


def matrix_with_diagonal(v: Numeric, offset: int) -> Numeric:
    """Zeros with `v` on a diagonal."""
    n = v.shape[0] + abs(offset)
    return k.scatter(v, shape=(n, n), index=diagonal_places(n, n, offset))


@compose(np.diagflat)
def diagflat(v: Numeric, k: int = 0) -> Numeric:
    """`np.diagflat`."""
    return matrix_with_diagonal(np.ravel(v), k)


@compose(np.trace)
def trace(a: Numeric, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Option = None) -> Numeric:
    """`np.trace`: the sum of a diagonal."""
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@compose(np.linalg.trace)
def last_trace(x: Numeric, /, *, offset: int = 0, dtype: Option = None) -> Numeric:
    """`np.linalg.trace`: that of the last two axes."""
    return trace(x, offset, -2, -1, dtype)


def below(m: Numeric, k: int) -> Numeric:
    """Which entries of matrices stand on the k-th diagonal or below; of a vector, of as many rows of it."""
    rows, columns = (m.shape * 2)[-2:]
    return np.tri(rows, columns, k, dtype=bool)


compose(np.tril)(lambda m, k=0: np.where(below(m, k), m, m.dtype.type(0)))
compose(np.triu)(lambda m, k=0: np.where(below(m, k - 1), m.dtype.type(0), m))


# Windows and slices ----------------------------------------------------------------


@compose(np.lib.stride_tricks.sliding_window_view)
def sliding_windows(
    x: Numeric, window_shape: Option, axis: Option = None, *, subok: bool = False, writeable: bool = False
) -> Numeric:
    """`np.lib.stride_tricks.sliding_window_view`: the entries of each window, taken."""
    lengths = np.atleast_1d(window_shape).tolist()
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis).tolist()
    for n, a in zip(lengths, axes, strict=True):
        a = place_of_axis(a, x.ndim)
        if not 0 <= n <= x.shape[a]:
            raise ValueError(f"a window of {n} does not fit into an axis of length {x.shape[a]}")
        starts = np.arange(x.shape[a] - n + 1)
        x = move_axis(np.take(x, starts[:, None] + np.arange(n), axis=a), a + 1, -1)
    return x


@compose(np.apply_along_axis)
def apply_along_axis(func1d: AnyIndex, axis: int, arr: Numeric, *args: Numeric, **kwargs: Numeric) -> Numeric:
    """`np.apply_along_axis`: the function is called on each slice."""
    moved = move_axis(with_shape(arr), axis, -1)
    rows = np.reshape(moved, (-1, moved.shape[-1]))
    z = np.stack([with_shape(func1d(rows[i], *args, **kwargs)) for i in range(rows.shape[0])])
    inner = z.ndim - 1
    z = np.reshape(z, moved.shape[:-1] + z.shape[1:])
    first, place = moved.ndim - 1, place_of_axis(axis, moved.ndim)
    return (
        np.moveaxis(z, tuple(range(first, first + inner)), tuple(range(place, place + inner))) if inner else z
    )


@compose(np.vander)
def vander(x: Numeric, N: int | None = None, increasing: bool = False) -> Numeric:
    """`np.vander`: the powers of each entry."""
    if x.ndim != 1:
        raise ValueError(f"an array of {x.shape} is no vector")
    n = x.shape[0] if N is None else N
    x = cast_floats(x, np.result_type(x.dtype, int))
    powers = [x**i for i in range(n)]
    return np.stack(powers if increasing else powers[::-1], axis=-1)
