"""Compositions of sums, means and differences: without NaN, with weights, in order, between neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygraph.rules.operation import compose
from tinygraph.rules.reductions import deviations_from_mean
from tinygraph.rules.shapes import cast_floats, move_axis, place_of_axis, places_of_axes, with_shape
from tinygraph.rules.types import AnyFunction, Numeric, Option

__all__ = ["sum_pieces"]


def skip_nans(function: AnyFunction, instead: float) -> AnyFunction:
    """A reduction of the entries that are numbers: `instead` stands for NaN."""

    def reduce_numbers(a: Numeric, *args: Option, **settings: Option) -> Numeric:
        return function(np.where(np.isnan(a), instead, a), *args, **settings)

    return reduce_numbers


compose(np.nansum)(skip_nans(np.sum, 0))
compose(np.nanprod)(skip_nans(np.prod, 1))
compose(np.nanmax)(skip_nans(np.max, -np.inf))
compose(np.nanmin)(skip_nans(np.min, np.inf))
compose(np.nancumsum)(skip_nans(np.cumsum, 0))
compose(np.nancumprod)(skip_nans(np.cumprod, 1))


@compose(np.nanmean)
def nanmean(a: Numeric, axis: Option = None, dtype: Option = None, *, keepdims: bool = False) -> Numeric:
    """`np.nanmean`."""
    n = np.sum(np.logical_not(np.isnan(a)), axis=axis, keepdims=keepdims)
    return np.nansum(a, axis=axis, dtype=dtype, keepdims=keepdims) / n.astype(a.dtype)


@compose(np.nanvar)
def nanvar(
    a: Numeric, axis: Option = None, dtype: Option = None, *, ddof: float = 0, keepdims: bool = False
) -> Numeric:
    """`np.nanvar`."""
    known = np.logical_not(np.isnan(a))
    n = np.sum(known, axis=axis, keepdims=keepdims)
    deviations = np.where(known, a, 0) - np.nanmean(a, axis=axis, keepdims=True)
    squares = np.sum(np.square(deviations) * known, axis=axis, dtype=dtype, keepdims=keepdims)
    return squares / (n - ddof).astype(a.dtype)


@compose(np.nanstd)
def nanstd(a: Numeric, *args: Option, **settings: Option) -> Numeric:
    """`np.nanstd`."""
    return np.sqrt(np.nanvar(a, *args, **settings))


@compose(np.ptp)
def ptp(a: Numeric, axis: Option = None, *, keepdims: bool = False) -> Numeric:
    """`np.ptp`: the largest less the smallest."""
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@compose(np.average)
def average(
    a: Numeric,
    axis: Option = None,
    weights: Numeric | None = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Numeric:
    """`np.average`: the mean, or that with weights."""
    a = with_shape(a)
    if weights is None and not returned:
        return np.mean(a, axis=axis, keepdims=keepdims)
    weights = np.ones((), a.dtype) if weights is None else with_shape(weights)
    if weights.ndim not in (0, a.ndim):
        if weights.ndim != 1:
            raise ValueError(f"weights of shape {weights.shape} are neither one per entry nor one per slice")
        weights = np.reshape(weights, [-1 if i == place_of_axis(axis, a.ndim) else 1 for i in range(a.ndim)])
    total = np.sum(np.broadcast_to(weights, a.shape), axis=axis, keepdims=keepdims)
    if isinstance(total, np.ndarray | np.generic) and not np.all(total):
        raise ZeroDivisionError("the weights sum to zero")
    z = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (z, np.broadcast_to(total, z.shape)) if returned else z


PLACES: dict[str, AnyFunction] = {
    "linear": lambda place: place,
    "lower": np.floor,
    "higher": np.ceil,
    "nearest": np.rint,
    "midpoint": lambda place: (np.floor(place) + np.ceil(place)) / 2,
}


@compose(np.quantile)
def quantile(
    a: Numeric, q: Numeric, axis: Option = None, *, method: str = "linear", keepdims: bool = False
) -> Numeric:
    """`np.quantile`: between the two sorted entries beside the place q * (n - 1)."""
    if method not in PLACES:
        raise ValueError(f"method={method!r} has no derivative here; {', '.join(PLACES)} have one")
    rows, q = np.sort(axes_in_one(a, axis), axis=0), np.asarray(q)
    if not np.all((q >= 0) & (q <= 1)):
        raise ValueError("a quantile lies between 0 and 1, a percentile between 0 and 100")
    place = PLACES[method](q * (rows.shape[0] - 1))
    low = np.floor(place).astype(int)
    z = rows[low]
    if (place != low).any():
        share = np.reshape(place - low, q.shape + (1,) * (rows.ndim - 1))
        share = share if q.ndim else share.astype(a.dtype)
        z = z + (rows[np.ceil(place).astype(int)] - z) * share
    return np.reshape(z, q.shape + restored_shape(a.shape, axis)) if keepdims else z


def axes_in_one(a: Numeric, axis: Option) -> Numeric:
    """The axes of a reduction as one, the first."""
    axes = places_of_axes(axis, a.ndim)
    if len(axes) == 1:
        return move_axis(a, axes[0], 0)
    kept = [i for i in range(a.ndim) if i not in axes]
    moved = np.transpose(a, [*axes, *kept]) if kept else a
    return np.reshape(moved, (-1, *(a.shape[i] for i in kept)))


def restored_shape(shape: tuple[int, ...], axis: Option) -> tuple[int, ...]:
    """The shape of a reduction that keeps its axes."""
    return tuple(1 if i in places_of_axes(axis, len(shape)) else n for i, n in enumerate(shape))


@compose(np.percentile)
def percentile(a: Numeric, q: Numeric, axis: Option = None, **settings: Option) -> Numeric:
    """`np.percentile`."""
    return np.quantile(a, np.true_divide(q, 100), axis=axis, **settings)


@compose(np.median)
def median(a: Numeric, axis: Option = None, *, keepdims: bool = False) -> Numeric:
    """`np.median`: the middle entry, or the mean of the two in the middle."""
    return np.quantile(a, 0.5, axis=axis, keepdims=keepdims)


@compose(np.trapezoid)
def integrate(y: Numeric, x: Numeric | None = None, dx: float = 1.0, axis: int = -1) -> Numeric:
    """`np.trapezoid`."""
    y = move_axis(with_shape(y), axis, -1)
    if x is None:
        d: Numeric = dx
    else:
        x = with_shape(x)
        d = np.diff(x) if x.ndim == 1 else np.diff(move_axis(x, axis, -1))
    return np.sum(d * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)


@compose(np.diff)
def diff(
    a: Numeric, n: int = 1, axis: int = -1, prepend: Numeric | None = None, append: Numeric | None = None
) -> Numeric:
    """`np.diff`: each entry less the one before, n times."""
    if n < 0:
        raise ValueError(f"n={n} times is less than none")
    a = with_shape(a)
    before, after = ([] if x is None else [end_along(x, a.shape, axis)] for x in (prepend, append))
    if before or after:
        a = np.concatenate([*before, a, *after], axis=axis)
    whole = (slice(None),) * place_of_axis(axis, a.ndim)
    for _ in range(n):
        a = a[(*whole, slice(1, None))] - a[(*whole, slice(-1))]
    return a


def end_along(x: Numeric, shape: tuple[int, ...], axis: int) -> Numeric:
    """What stands before or after an array of `shape`; a number once in each place."""
    x = with_shape(x)
    return x if x.ndim else np.broadcast_to(x, restored_shape(shape, axis))


@compose(np.ediff1d)
def ediff1d(ary: Numeric, to_end: Numeric | None = None, to_begin: Numeric | None = None) -> Numeric:
    """`np.ediff1d`: the differences of neighbours, between what is given."""
    between = np.diff(np.ravel(ary))
    given = [[] if x is None else [np.ravel(with_shape(x))] for x in (to_begin, to_end)]
    ends = [[cast_floats(x, between.dtype) for x in end] for end in given]
    return np.concatenate([*ends[0], between, *ends[1]])


@compose(np.gradient)
def gradient(f: Numeric, *varargs: Numeric, axis: Option = None, edge_order: int = 1) -> Numeric:
    """`np.gradient` by second-order differences inside, and first-order ones at the edges."""
    f = with_shape(f)
    if edge_order != 1:
        raise ValueError("np.gradient has a derivative here for edge_order=1 only")
    axes = places_of_axes(axis, f.ndim)
    spacings = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    found = [gradient_along(f, h, a) for h, a in zip(spacings, axes, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def gradient_along(f: Numeric, h: Numeric, axis: int) -> Numeric:
    """The same along one axis: the slopes beside a point, each weighted by the other's distance."""
    f = move_axis(f, axis, -1)
    if f.shape[-1] < 2:
        raise ValueError(f"an axis of length {f.shape[-1]} is too short for a difference")
    h = np.broadcast_to(h, (f.shape[-1] - 1,)) if np.ndim(h) == 0 else np.diff(h)
    h = h.astype(f.dtype) if isinstance(h, np.ndarray) else h
    slope = np.diff(f) / h
    inner = (h[1:] * slope[..., :-1] + h[:-1] * slope[..., 1:]) / (h[1:] + h[:-1])
    return move_axis(np.concatenate([slope[..., :1], inner, slope[..., -1:]], axis=-1), -1, axis)


@compose(np.cov)
def cov(
    m: Numeric, y: Numeric | None = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None
) -> Numeric:
    """`np.cov` without weights: products of deviations, over n - 1."""
    parts = [np.atleast_2d(v) if rowvar or v.ndim < 2 else v.T for v in (m, y) if v is not None]
    x = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=0)
    x = cast_floats(x, np.result_type(x.dtype, np.float64))
    centred = deviations_from_mean(x, 1)
    n = x.shape[1] - (0 if bias else 1) if ddof is None else x.shape[1] - ddof
    c = centred @ centred.T / n
    return np.squeeze(c) if 1 in c.shape else c


@compose(np.corrcoef)
def corrcoef(x: Numeric, y: Numeric | None = None, rowvar: bool = True) -> Numeric:
    """`np.corrcoef`: covariances over the standard deviations of both."""
    c = np.cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(np.diagonal(c))
    return c / deviation[:, None] / deviation


def make_running(function: AnyFunction, first: float) -> AnyFunction:
    """The form of a running reduction that may begin with nothing."""

    def run_along(
        x: Numeric, /, *, axis: int | None = None, dtype: Option = None, include_initial: bool = False
    ) -> Numeric:
        axis = 0 if axis is None else axis
        z = function(x, axis=axis, dtype=dtype)
        if not include_initial:
            return z
        return np.concatenate([np.full(restored_shape(x.shape, axis), first, z.dtype), z], axis=axis)

    return run_along


def sum_pieces(a: Numeric, indices: Sequence[int], axis: int = 0) -> Numeric:
    """`np.add.reduceat`: sums from each index to the next, the entry alone where the next is no later."""
    a = move_axis(a, axis, 0)
    if not all(0 <= i < a.shape[0] for i in indices):
        raise IndexError(f"of the indices {list(indices)} one is none of an axis of length {a.shape[0]}")
    ends = [*indices[1:], a.shape[0]]
    sums = [np.sum(a[i : max(i + 1, j)], axis=0) for i, j in zip(indices, ends, strict=True)]
    return move_axis(np.stack(sums), 0, axis)


compose(sum_pieces)(sum_pieces)
if hasattr(np, "cumulative_sum"):  # since NumPy 2.1
    compose(np.cumulative_sum)(make_running(np.cumsum, 0))
    compose(np.cumulative_prod)(make_running(np.cumprod, 1))
