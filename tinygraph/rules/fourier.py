"""Rows of Fourier transforms, whose results are complex; `functions` says what their derivatives are.

A transform is a symmetric matrix, so its derivative is the same transform of dz. This module is imported
where the first transform is recorded, as NumPy's own is.
"""

from __future__ import annotations

import functools

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.operation import add_row, compose
from tinygraph.rules.types import AnyFunction, Numeric, Option

__all__: list[str] = []


def resize_axis(x: Numeric, n: int, axis: int) -> Numeric:
    """The first n entries along an axis, zeros where there are fewer."""
    if n == x.shape[axis]:
        return x
    before = (slice(None),) * (axis % x.ndim)
    if n < x.shape[axis]:
        return x[(*before, slice(n))]
    shape = tuple(n if i == axis % x.ndim else length for i, length in enumerate(x.shape))
    return k.scatter(x, shape=shape, index=(*before, slice(x.shape[axis])))


def fft_dx(
    dz: Numeric, z: Numeric, x: Numeric, n: int | None = None, axis: int = -1, norm: Option = None
) -> Numeric:
    return resize_axis(np.fft.fft(dz, axis=axis, norm=norm), x.shape[axis], axis)


def ifft_dx(
    dz: Numeric, z: Numeric, x: Numeric, n: int | None = None, axis: int = -1, norm: Option = None
) -> Numeric:
    return resize_axis(np.fft.ifft(dz, axis=axis, norm=norm), x.shape[axis], axis)


def rfft_dx(
    dz: Numeric, z: Numeric, x: Numeric, n: int | None = None, axis: int = -1, norm: Option = None
) -> Numeric:
    length = x.shape[axis] if n is None else n
    whole = np.fft.fft(resize_axis(dz, length, axis), axis=axis, norm=norm)
    return resize_axis(np.real(whole), x.shape[axis], axis)


def irfft_dx(
    dz: Numeric, z: Numeric, x: Numeric, n: int | None = None, axis: int = -1, norm: Option = None
) -> Numeric:
    """The half given stands for its mirror image too, but for the first entry and that in the middle."""
    length = z.shape[axis]
    i = np.arange(length // 2 + 1)
    share = np.where((i == 0) | (2 * i == length), 1, 2)
    share = np.reshape(share, (-1,) + (1,) * (z.ndim - 1 - axis % z.ndim)).astype(dz.dtype)
    half = resize_axis(np.fft.ifft(dz, axis=axis, norm=norm), length // 2 + 1, axis)
    return resize_axis(half * share, x.shape[axis], axis)


# fmt: off
add_row(np.fft.fft,   "fft",   "sum over j of x[j] * exp(-2 pi i j k / n)",     fft_dx, analytic=False)
add_row(np.fft.ifft,  "ifft",  "sum over j of x[j] * exp(2 pi i j k / n) / n",  ifft_dx, analytic=False)
add_row(np.fft.rfft,  "rfft",  "the first half of fft(x)",                      rfft_dx, analytic=False)
add_row(np.fft.irfft, "irfft", "ifft of x and its mirror image",                irfft_dx, analytic=False)
# fmt: on


def transform_axes(each: AnyFunction, last: AnyFunction, default: Option = None) -> AnyFunction:
    """A transform over several axes: `last` over the last, where the halves are, `each` over others."""

    def transform(a: Numeric, s: Option = None, axes: Option = default, norm: Option = None) -> Numeric:
        if axes is None:
            axes = range(-a.ndim if s is None else -len(s), 0)
        lengths = (None,) * len(axes) if s is None else s
        steps = [
            (each if i else last, n, axis)
            for i, (n, axis) in enumerate(zip(lengths[::-1], axes[::-1], strict=True))
        ]
        if last is np.fft.irfft:
            steps.reverse()
        return functools.reduce(lambda x, step: step[0](x, step[1], step[2], norm), steps, a)

    return transform


for _several, _two, _each, _last in (
    (np.fft.fftn, np.fft.fft2, np.fft.fft, np.fft.fft),
    (np.fft.ifftn, np.fft.ifft2, np.fft.ifft, np.fft.ifft),
    (np.fft.rfftn, np.fft.rfft2, np.fft.fft, np.fft.rfft),
    (np.fft.irfftn, np.fft.irfft2, np.fft.ifft, np.fft.irfft),
):
    compose(_several)(transform_axes(_each, _last))
    compose(_two)(transform_axes(_each, _last, (-2, -1)))


def shift_by_half(part: AnyFunction) -> AnyFunction:
    """np.roll by half of each axis, which `part` makes of its length."""

    def shift(x: Numeric, axes: Option = None) -> Numeric:
        axes = tuple(range(x.ndim)) if axes is None else tuple(np.atleast_1d(axes).tolist())
        return np.roll(x, tuple(part(x.shape[axis]) for axis in axes), axes)

    return shift


compose(np.fft.fftshift)(shift_by_half(lambda n: n // 2))
compose(np.fft.ifftshift)(shift_by_half(lambda n: -(n // 2)))
