"""Rows and compositions that put entries elsewhere: shapes, orders, parts, arrays side by side."""

from __future__ import annotations

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
    """`np.full_like` of a recorded number, which is repeated; of `a` only shape and dtype are read."""
    if not isinstance(fill_value, k.Recording):
        return NotImplemented
    number: Numeric = cast_floats(fill_value, np.dtype(dtype or a.dtype))
    return np.broadcast_to(number, np.shape(a) if shape is None else shape)
