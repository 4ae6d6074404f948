"""Compositions that lay entries out in a pattern: ranges, borders, diagonals, windows."""

from __future__ import annotations

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.operation import compose
from tinygraph.rules.shapes import cast_floats, move_axis, place_of_axis, with_shape
from tinygraph.rules.types import AnyIndex, Numeric, Option

__all__: list[str] = []


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
    z = cast_result(move_axis(start * (1 - share) + stop * share, 0, axis), dtype)
    steps = num - endpoint
    return (z, (stop - start) / steps if steps > 0 else np.nan) if retstep else z


@compose(np.logspace)
def logspace(
    start: Numeric, stop: Numeric, num: int = 50, endpoint: bool = True, base: Numeric = 10.0,
    dtype: Option = None, axis: int = 0,
) -> Numeric:  # fmt: skip
    """`np.logspace`."""
    return cast_result(np.power(base, np.linspace(start, stop, num, endpoint, axis=axis)), dtype)


@compose(np.geomspace)
def geomspace(
    start: Numeric, stop: Numeric, num: int = 50, endpoint: bool = True, dtype: Option = None, axis: int = 0
) -> Numeric:
    """`np.geomspace`, for ends of one sign."""
    ends = np.linspace(np.log(np.abs(start)), np.log(np.abs(stop)), num, endpoint, axis=axis)
    return cast_result(np.sign(start) * np.exp(ends), dtype)


def cast_result(z: Numeric, dtype: Option) -> Numeric:
    return z if dtype is None else z.astype(dtype)


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
