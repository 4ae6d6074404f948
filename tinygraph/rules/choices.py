"""Rows that choose: the larger, the smaller, the one where a condition holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.functions import LOG_2
from tinygraph.rules.operation import add_row, compose
from tinygraph.rules.shapes import place_of_axis, with_shape
from tinygraph.rules.types import AnyIndex, Numeric, Option, Shape

__all__: list[str] = []


def maximum_rule(dz: Numeric, x: Numeric, y: Numeric) -> Numeric:
    """By x; beside the number 0 it is relu, and so is its derivative."""
    if isinstance(y, int | float) and y == 0:
        return dz * (x > 0)
    return np.where(x == y, dz / 2, dz * (x > y))


def fmax_rule(dz: Numeric, x: Numeric, y: Numeric) -> Numeric:
    """By x, where NaN is smaller than any number."""
    return np.where(x == y, dz / 2, dz * np.logical_or(x > y, np.isnan(y)))


def clip_dx(dz: Numeric, z: Numeric, x: Numeric, low: Numeric | None, high: Numeric | None) -> Numeric:
    if low is not None:
        dz = dz * (x >= low)
    return dz if high is None else dz * (x <= high)


def clip_dlow(dz: Numeric, z: Numeric, x: Numeric, low: Numeric, high: Numeric | None) -> Numeric:
    return dz * (x < low) if high is None else dz * np.logical_and(x < low, low <= high)


def clip_dhigh(dz: Numeric, z: Numeric, x: Numeric, low: Numeric | None, high: Numeric) -> Numeric:
    return dz * (x > high) if low is None else dz * np.logical_or(x > high, low > high)


# fmt: off
add_row(np.maximum, "max", "x if x > y else y", lambda dz, z, x, y: maximum_rule(dz, x, y),
                                            lambda dz, z, x, y: maximum_rule(dz, y, x),
    kink="where x = y: half to each; max(x, 0) as relu")
add_row(np.minimum, "min", "x if x < y else y", lambda dz, z, x, y: np.where(x == y, dz / 2, dz * (x < y)),
                                            lambda dz, z, x, y: np.where(x == y, dz / 2, dz * (y < x)),
    kink="where x = y: half to each")
add_row(np.logaddexp, "logaddexp", "log(exp(x) + exp(y))", lambda dz, z, x, y: dz * k.sigmoid(x - y),
                                                       lambda dz, z, x, y: dz * k.sigmoid(y - x),
    analytic=False)
add_row(np.where, "where", "x if c else y", None, lambda dz, z, c, x, y: np.where(c, dz, 0),
                                              lambda dz, z, c, x, y: np.where(c, 0, dz),
    elementwise=True)
add_row(np.fmax, "fmax", "x if x > y or y is NaN else y", lambda dz, z, x, y: fmax_rule(dz, x, y),
                                                      lambda dz, z, x, y: fmax_rule(dz, y, x),
    kink="where x = y: half to each")
add_row(np.fmin, "fmin", "x if x < y or y is NaN else y", lambda dz, z, x, y: fmax_rule(dz, -x, -y),
                                                      lambda dz, z, x, y: fmax_rule(dz, -y, -x),
    kink="where x = y: half to each")
add_row(np.logaddexp2, "logaddexp2", "log2(2**x + 2**y)",
    lambda dz, z, x, y: dz * k.sigmoid((x - y) * LOG_2),
    lambda dz, z, x, y: dz * k.sigmoid((y - x) * LOG_2), analytic=False)
add_row(np.nan_to_num, "nan to num", "x, and a number where it is none",
    lambda dz, z, x, nan=0.0, posinf=None, neginf=None: np.where(np.isfinite(x), dz, 0),
    analytic=False, elementwise=True)
# fmt: on

add_row(
    np.clip,
    "clip",
    "min(max(x, low), high)",
    clip_dx,
    clip_dlow,
    clip_dhigh,
    kink="at a bound: to x",
    elementwise=True,
)


@compose(np.heaviside)
def unit_step(x: Numeric, y: Numeric) -> Numeric:
    """`np.heaviside`: a plain array, unless its value y at 0 is recorded."""
    return np.where(x == 0, y, (x > 0) * 1.0)


@compose(np.select)
def select(condlist: Sequence[Numeric], choicelist: Sequence[Numeric], default: Numeric = 0) -> Numeric:
    """`np.select` by np.where: the first condition that holds decides."""
    z = default
    for condition, x in zip(reversed(condlist), reversed(choicelist), strict=True):
        z = np.where(condition, x, z)
    return z


@compose(np.choose)
def choose(a: Numeric, choices: Sequence[Numeric], out: None = None, mode: Option = "raise") -> Numeric:
    """`np.choose` by np.where."""
    n = len(choices)
    places = np.choose(k.plain_places(a), np.arange(n), mode=mode)
    z = choices[0]
    for i in range(1, n):
        z = np.where(places == i, choices[i], z)
    return np.broadcast_to(z, np.broadcast_shapes(places.shape, z.shape))


@compose(np.piecewise)
def piecewise(
    x: Numeric,
    condlist: Numeric,
    funclist: Sequence[Callable[..., Numeric] | Numeric],
    *args: Numeric,
    **kw: Numeric,
) -> Numeric:
    """`np.piecewise`: each function is called on the entries where its condition holds."""
    conditions = list(condlist) if np.ndim(condlist[0]) or not x.ndim else [np.asarray(condlist)]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.logical_or.reduce(conditions))
    z: Numeric = np.zeros(x.shape, x.dtype)
    for condition, f in zip(conditions, funclist, strict=True):
        piece = k.scatter(f(x[condition], *args, **kw), shape=x.shape, index=condition) if callable(f) else f
        z = np.where(condition, piece, z)
    return z


@compose(np.interp)
def interpolate(
    x: Numeric, xp: Numeric, fp: Numeric, left: Numeric | None = None, right: Numeric | None = None
) -> Numeric:
    """`np.interp`: at each x the line through the points beside it; at a point, that to its right."""
    x, xp, fp = map(with_shape, (x, xp, fp))
    if xp.shape != fp.shape or not xp.size:
        raise ValueError(f"xp of {xp.shape} and fp of {fp.shape} are not as many numbers")
    i = np.clip(np.searchsorted(xp, x, side="right"), 1, xp.shape[0] - 1)
    x0, x1, y0, y1 = xp[i - 1], xp[i], fp[i - 1], fp[i]
    z = y0 + (y1 - y0) / (x1 - x0) * (x - x0)
    z = np.where(x < xp[0], fp[0] if left is None else left, z)
    return np.where(x >= xp[-1], np.where(x == xp[-1], fp[-1], fp[-1] if right is None else right), z)


@compose(np.extract)
def extract(condition: Numeric, arr: Numeric) -> Numeric:
    """`np.extract`: the entries where a condition holds."""
    return np.ravel(arr)[np.flatnonzero(condition)]


@compose(np.compress)
def compress(condition: Numeric, a: Numeric, axis: int | None = None) -> Numeric:
    """`np.compress`: the slices where a condition holds."""
    return np.take(a, np.flatnonzero(condition), axis=axis)


def places_along(index: AnyIndex, shape: Shape, axis: int) -> AnyIndex:
    """An index that takes the entries at `index` along `axis`, in the same place along others."""
    places, axis = np.ix_(*map(np.arange, shape)), place_of_axis(axis, len(shape))
    return (*places[:axis], index, *places[axis + 1 :])


@compose(np.take_along_axis)
def take_along_axis(arr: Numeric, indices: Numeric, axis: int | None = -1) -> Numeric:
    """`np.take_along_axis` by indexing."""
    if axis is None:
        return np.ravel(arr)[indices]
    if indices.ndim != arr.ndim:
        raise ValueError(f"indices of {indices.shape} have not as many axes as an array of {arr.shape}")
    return arr[places_along(indices, arr.shape, axis)]


@compose(np.sort)
def sort(a: Numeric, axis: int | None = -1, kind: Option = None) -> Numeric:
    """`np.sort`: the entries in the order that np.argsort finds."""
    if axis is None:
        a, axis = np.ravel(a), 0
    return take_along_axis(a, np.argsort(a, axis=axis, kind=kind), axis)


@compose(np.partition)
def partition(a: Numeric, kth: AnyIndex, axis: int | None = -1, kind: Option = "introselect") -> Numeric:
    """`np.partition`: the entries in the order that np.argpartition finds."""
    if axis is None:
        a, axis = np.ravel(a), 0
    return take_along_axis(a, np.argpartition(a, kth, axis=axis, kind=kind), axis)
