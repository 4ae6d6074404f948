"""Rows that take entries together over axes."""

from __future__ import annotations

import numpy as np

from tinygraph.rules.operation import add_row
from tinygraph.rules.shapes import (
    Axis,
    conjugate_of,
    count,
    divide_by_count,
    divide_by_ties,
    reduced_axes,
    restore_axes,
    spread,
)
from tinygraph.rules.types import Numeric, Option

__all__ = ["deviations_from_mean"]


def sum_dx(
    dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, dtype: Option = None, keepdims: bool = False
) -> Numeric:
    return spread(dz, x.shape, axis, keepdims)


def mean_dx(
    dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, dtype: Option = None, keepdims: bool = False
) -> Numeric:
    return spread(divide_by_count(dz, max(count(x.shape, axis), 1)), x.shape, axis, keepdims)


def deviations_from_mean(x: Numeric, axis: Axis) -> Numeric:
    return x - np.mean(x, axis=axis, keepdims=True)


def var_dx(
    dz: Numeric,
    z: Numeric,
    x: Numeric,
    axis: Axis = None,
    dtype: Option = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Numeric:
    dz = restore_axes(dz, x.shape, axis, keepdims)
    return dz * conjugate_of(deviations_from_mean(x, axis)) * (2 / (count(x.shape, axis) - ddof))


def std_dx(
    dz: Numeric,
    z: Numeric,
    x: Numeric,
    axis: Axis = None,
    dtype: Option = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Numeric:
    slope = restore_axes(dz / np.where(z == 0, 1, z), x.shape, axis, keepdims)
    deviations = conjugate_of(deviations_from_mean(x, axis))
    return divide_by_count(slope * deviations, count(x.shape, axis) - ddof)


def extreme_dx(dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, keepdims: bool = False) -> Numeric:
    hit = x == restore_axes(z, x.shape, axis, keepdims)
    ties = np.sum(hit, axis=axis, keepdims=True)
    return divide_by_ties(restore_axes(dz, x.shape, axis, keepdims), ties) * hit


def prod_dx(
    dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, dtype: Option = None, keepdims: bool = False
) -> Numeric:
    return restore_axes(dz, x.shape, axis, keepdims) * product_of_others(
        x, reduced_axes(axis if x.ndim else None, x.ndim)
    )


def product_of_others(x: Numeric, axes: tuple[int, ...]) -> Numeric:
    """The product of all other entries over `axes`, by running products from both ends: right for zeros."""
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    order = axes + kept
    rows = np.reshape(np.transpose(x, order), (-1, *(x.shape[i] for i in kept))) if x.size else x
    n = rows.shape[0] if rows.ndim else 0
    if n == 0:
        return np.ones_like(x)
    before, after = [np.ones_like(rows[0])], [np.ones_like(rows[0])]
    for i in range(n - 1):
        before.append(before[-1] * rows[i])
        after.append(after[-1] * rows[n - 1 - i])
    others = np.stack([b * a for b, a in zip(before, reversed(after), strict=True)])
    shape = tuple(x.shape[i] for i in order)
    return np.transpose(np.reshape(others, shape), tuple(np.argsort(order).tolist()))


def cumsum_dx(dz: Numeric, z: Numeric, x: Numeric, axis: int | None = None, dtype: Option = None) -> Numeric:
    if axis is None or x.ndim == 0:
        return np.reshape(np.flip(np.cumsum(np.flip(dz, axis=0), axis=0), axis=0), x.shape)
    return np.flip(np.cumsum(np.flip(dz, axis=axis), axis=axis), axis=axis)


def cumprod_dx(dz: Numeric, z: Numeric, x: Numeric, axis: int | None = None, dtype: Option = None) -> Numeric:
    """The product of all before, times the sum of dz and all products after: right for zeros."""
    flat = axis is None or x.ndim == 0
    rows, dzs = (np.ravel(v) if flat else np.moveaxis(v, axis, 0) for v in (x, dz))  # type: ignore[arg-type]
    n = rows.shape[0]
    if n == 0:
        return np.zeros_like(x)
    before, after = [np.ones_like(rows[0])], [dzs[n - 1]]
    for i in range(n - 1):
        before.append(before[-1] * rows[i])
        after.append(dzs[n - 2 - i] + rows[n - 1 - i] * after[-1])
    dx = np.stack([b * a for b, a in zip(before, reversed(after), strict=True)])
    return np.reshape(dx, x.shape) if flat else np.moveaxis(dx, 0, axis)  # type: ignore[arg-type]


def norm_dx(
    dz: Numeric, z: Numeric, x: Numeric, ord: Option = None, axis: Axis = None, keepdims: bool = False
) -> Numeric:
    slope = restore_axes(dz / np.where(z == 0, 1, z), x.shape, axis, keepdims)
    return slope * conjugate_of(x)


add_row(np.sum, "sum", "sum of x over axis", sum_dx)
add_row(np.mean, "mean", "mean of x over axis", mean_dx)
add_row(np.max, "max", "largest of x over axis", extreme_dx, kink="ties: equal shares")
add_row(np.min, "min", "smallest of x over axis", extreme_dx, kink="ties: equal shares")
add_row(np.prod, "prod", "product of x over axis", prod_dx)
add_row(np.var, "var", "sum((x - mean)**2, axis) / (n - ddof)", var_dx, analytic=False)
add_row(np.std, "std", "sqrt(sum((x - mean)**2, axis) / (n - ddof))", std_dx, kink="at 0: 0", analytic=False)
add_row(np.cumsum, "cumsum", "running sum of x along axis", cumsum_dx)
add_row(np.cumprod, "cumprod", "running product of x along axis", cumprod_dx)
add_row(
    np.linalg.norm,
    "norm",
    "sqrt(sum(x * x, axis))",
    norm_dx,
    kink="at 0: 0",
    analytic=False,
)
