"""Windows that slide over images, and convolutions: rows of what convolutional networks are made of.

A window of `size` (rows, columns) is cut at each place, `stride` apart, its entries `dilation` apart, from
images with a border of `padding` entries. Height and width of the images are at `axis` and the axis after it.
Entry [i, j] of all windows together is an image again, so windows come as images, shifted by (i, j).

A convolution is then one product of matrices. With z = conv2d(x, w), each entry of z is a sum of products of
an entry of x and one of w. So the derivative by x puts each entry of dz back where it came from
(`conv2d_transpose`), that by w sums over all places (`conv2d_filters`), and the derivatives of these two are
such sums again: three rows, each of which has the two others for its rules.

Code that is printed holds the functions of this module as they stand here, so they need nothing but NumPy and
each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygraph.rules.kernels import kernel
from tinygraph.rules.operation import add_row
from tinygraph.rules.types import AnyFunction, AnyIndex, Numeric, Shape

__all__ = [
    "NO_BORDER",
    "WRITTEN_OUT",
    "conv2d",
    "conv2d_filters",
    "conv2d_transpose",
    "filter_size",
    "fold",
    "windows",
]

Pair = Sequence[int]
Border = Sequence[Sequence[int]]  # entries before and after, for the height and for the width
UNIT, NO_BORDER = (1, 1), ((0, 0), (0, 0))


def window_entries(i: int, j: int, places: Pair, stride: Pair, dilation: Pair, axis: int) -> AnyIndex:
    """The index of the entries [i, j] of all windows, of which there are so many in a column and a row."""
    steps = zip((i, j), places, stride, dilation, strict=True)
    return (slice(None),) * axis + tuple(slice(k * d, k * d + n * s - s + 1, s) for k, n, s, d in steps)


def bordered_shape(shape: Shape, padding: Border, axis: int) -> Shape:
    """The shape of images with a border."""
    height, width = (n + sum(border) for n, border in zip(shape[axis : axis + 2], padding, strict=True))
    return (*shape[:axis], height, width, *shape[axis + 2 :])


def inside_border(shape: Shape, padding: Border, axis: int) -> AnyIndex:
    """The index of images within their border."""
    starts = zip(shape[axis : axis + 2], padding, strict=True)
    return (slice(None),) * axis + tuple(slice(before, before + n) for n, (before, _) in starts)


def count_places(shape: Shape, size: Pair, stride: Pair, dilation: Pair, axis: int) -> Shape:
    """How many windows images have in a column and in a row."""
    lengths = zip(shape[axis : axis + 2], size, stride, dilation, strict=True)
    return tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in lengths)


@kernel
def windows(
    x: Numeric,
    size: Pair = (1, 1),
    stride: Pair = (1, 1),
    padding: Border = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
    axis: int = 1,
    fill: float = 0.0,
) -> Numeric:
    """All windows of images, as an array (rows, columns, *shape of an image of the places).

    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> windows(x, (2, 2))[:, :, 0, 1, 1, 0]
    array([[4., 5.],
           [7., 8.]])
    """
    if np.any(padding):
        inside, shape = inside_border(x.shape, padding, axis), bordered_shape(x.shape, padding, axis)
        image, x = x, np.full_like(x, fill, shape=shape)
        x[inside] = image
    places = count_places(x.shape, size, stride, dilation, axis)
    z = np.empty((*size, *x.shape[:axis], *places, *x.shape[axis + 2 :]), x.dtype)
    for i, j in np.ndindex(*size):
        z[i, j] = x[window_entries(i, j, places, stride, dilation, axis)]
    return z


@kernel
def fold(
    z: Numeric,
    shape: Shape = (),
    stride: Pair = (1, 1),
    padding: Border = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
    axis: int = 1,
) -> Numeric:
    """Images of `shape` to which each entry of each window is added where it came from.

    >>> fold(np.ones((2, 2, 1, 2, 2, 1)), (1, 3, 3, 1))[0, :, :, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    x = np.zeros(bordered_shape(shape, padding, axis), z.dtype)
    places = z.shape[axis + 2 : axis + 4]
    for i, j in np.ndindex(*z.shape[:2]):
        x[window_entries(i, j, places, stride, dilation, axis)] += z[i, j]
    return x[inside_border(shape, padding, axis)]


def split_batch(x: Numeric, size: Pair) -> list[slice]:
    """Slices of so few images that their windows, about a megabyte, stay in the cache of a processor."""
    step = max(1, 2**20 * len(x) // max(1, x.nbytes * size[0] * size[1]))
    return [slice(start, start + step) for start in range(0, max(1, len(x)), step)]


def window_rows(
    x: Numeric, size: Pair, stride: Pair, padding: Border, dilation: Pair, groups: int, layout: str
) -> Numeric:
    """The windows as (groups, rows * columns * channels of the group, examples, places)."""
    x = np.moveaxis(x, layout.index("C"), 0)
    z = windows(x, size=size, stride=stride, padding=padding, dilation=dilation, axis=2)
    channels, *places = z.shape[2:]
    z = np.moveaxis(z.reshape(*size, groups, channels // groups, *places), 2, 0)
    return z.reshape(groups, size[0] * size[1] * channels // groups, *places)


def filter_rows(w: Numeric, groups: int, layout: str) -> Numeric:
    """Filters as (groups, filters of the group, rows * columns * channels of the group)."""
    w = np.moveaxis(w, 3, 0) if layout == "NHWC" else np.moveaxis(w, 1, 3)
    return w.reshape(groups, w.shape[0] // groups, -1)


def image_rows(z: Numeric, groups: int, layout: str) -> Numeric:
    """Images as (groups, channels of the group, everything else)."""
    z = np.moveaxis(z, layout.index("C"), 0)
    return z.reshape(groups, z.shape[0] // groups, -1)


@kernel
def conv2d(
    x: Numeric,
    w: Numeric,
    stride: Pair = (1, 1),
    padding: Border = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
    groups: int = 1,
    layout: str = "NHWC",
) -> Numeric:
    """The sum of each window of images times each filter.

    >>> conv2d(np.ones((1, 3, 3, 2)), np.ones((2, 2, 2, 1))).ravel()
    array([8., 8., 8., 8.])
    """
    size, channel = w.shape[:2] if layout == "NHWC" else w.shape[2:], layout.index("C")
    filters, axis = filter_rows(w, groups, layout), layout.index("H")
    places = count_places(bordered_shape(x.shape, padding, axis), size, stride, dilation, axis)
    number = filters.shape[0] * filters.shape[1]
    shape = (*places, number) if channel == 3 else (number, *places)
    z = np.empty((len(x), *shape), np.result_type(x, w))
    for part in split_batch(x, size):
        rows = window_rows(x[part], size, stride, padding, dilation, groups, layout)
        rows, places = rows.reshape(*rows.shape[:2], -1), rows.shape[2:]
        if channel == 3:  # what BLAS gives is laid out as z is then
            product = np.moveaxis(rows.swapaxes(1, 2) @ filters.swapaxes(1, 2), 0, 1)
            z[part] = product.reshape(*places, number)
        else:
            z[part] = (filters @ rows).reshape(number, *places).swapaxes(0, 1)
    return z


@kernel
def conv2d_transpose(
    z: Numeric,
    w: Numeric,
    shape: Shape = (),
    stride: Pair = (1, 1),
    padding: Border = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
    groups: int = 1,
    layout: str = "NHWC",
) -> Numeric:
    """Images of `shape` to which each entry of z is added times its filter, where its window was.

    >>> conv2d_transpose(np.ones((1, 2, 2, 1)), np.ones((2, 2, 1, 1)), (1, 3, 3, 1))[0, :, :, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    size, channel = w.shape[:2] if layout == "NHWC" else w.shape[2:], layout.index("C")
    filters = filter_rows(w, groups, layout).swapaxes(1, 2)
    x = np.empty(shape, np.result_type(z, w))
    for part in split_batch(x, size):
        rows = filters @ image_rows(z[part], groups, layout)
        image, places = np.moveaxis(x[part], channel, 0), np.moveaxis(z[part], channel, 0).shape[1:]
        rows = np.moveaxis(rows.reshape(groups, *size, len(image) // groups, *places), 0, 2)
        rows = rows.reshape(*size, len(image), *places)
        image[...] = fold(rows, image.shape, stride, padding, dilation, axis=2)
    return x


@kernel
def conv2d_filters(
    x: Numeric,
    z: Numeric,
    size: Pair = (1, 1),
    stride: Pair = (1, 1),
    padding: Border = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
    groups: int = 1,
    layout: str = "NHWC",
) -> Numeric:
    """The sum over all places of the entry of z there times the window of x.

    >>> conv2d_filters(np.ones((1, 3, 3, 1)), np.ones((1, 2, 2, 1)), (2, 2)).ravel()
    array([4., 4., 4., 4.])
    """
    w: Numeric = 0
    for part in split_batch(x, size):
        rows = window_rows(x[part], size, stride, padding, dilation, groups, layout)
        w = w + image_rows(z[part], groups, layout) @ rows.reshape(*rows.shape[:2], -1).swapaxes(1, 2)
    w = w.reshape(-1, *size, w.shape[2] // (size[0] * size[1]))
    return np.moveaxis(w, 0, 3) if layout == "NHWC" else np.moveaxis(w, 3, 1)


# In the order in which they need each other.
WRITTEN_OUT: tuple[AnyFunction, ...] = (
    *(window_entries, count_places, bordered_shape, inside_border, windows, fold),
    *(split_batch, window_rows, filter_rows, image_rows, conv2d, conv2d_transpose, conv2d_filters),
)


# Rules: those of a row have its settings, all of which say where windows are --------------------------


def filter_size(w: Numeric, layout: str = "NHWC", **_: Any) -> Shape:
    """Rows and columns of filters."""
    return w.shape[:2] if layout == "NHWC" else w.shape[2:]  # type: ignore[no-any-return]


def windows_dx(
    dz: Numeric, z: Numeric, x: Numeric, size: Pair = (1, 1), fill: float = 0.0, **places: Any
) -> Numeric:
    return fold(dz, shape=x.shape, **places)


def fold_dz(dx: Numeric, x: Numeric, z: Numeric, shape: Shape = (), **places: Any) -> Numeric:
    return windows(dx, size=z.shape[:2], **places)


def conv2d_dx(dz: Numeric, z: Numeric, x: Numeric, w: Numeric, **places: Any) -> Numeric:
    return conv2d_transpose(dz, w, shape=x.shape, **places)


def conv2d_dw(dz: Numeric, z: Numeric, x: Numeric, w: Numeric, **places: Any) -> Numeric:
    return conv2d_filters(x, dz, size=filter_size(w, **places), **places)


def transpose_dz(
    dx: Numeric, x: Numeric, z: Numeric, w: Numeric, shape: Shape = (), **places: Any
) -> Numeric:
    return conv2d(dx, w, **places)


def transpose_dw(
    dx: Numeric, x: Numeric, z: Numeric, w: Numeric, shape: Shape = (), **places: Any
) -> Numeric:
    return conv2d_filters(dx, z, size=filter_size(w, **places), **places)


def filters_dx(dw: Numeric, w: Numeric, x: Numeric, z: Numeric, size: Pair = UNIT, **places: Any) -> Numeric:
    return conv2d_transpose(z, dw, shape=x.shape, **places)


def filters_dz(dw: Numeric, w: Numeric, x: Numeric, z: Numeric, size: Pair = UNIT, **places: Any) -> Numeric:
    return conv2d(x, dw, **places)


# On the boxes of pictures -----------------------------------------------------------------------------


def describe_places(
    size: Shape,
    stride: Pair = UNIT,
    padding: Border = NO_BORDER,
    dilation: Pair = UNIT,
    groups: int = 1,
    **_: Any,
) -> str:
    """3 × 3, stride 2, padding 1."""
    told = {"stride": (stride, UNIT), "dilation": (dilation, UNIT)}
    parts = [" × ".join(map(str, size))]
    parts += [f"{name} {describe_pair(pair)}" for name, (pair, usual) in told.items() if pair != usual]
    if padding != NO_BORDER:
        sides = [describe_pair(border, "+") for border in padding]
        parts.append(f"padding {describe_pair(sides)}")
    return ", ".join(parts + [f"{groups} groups"] * (groups > 1))


def describe_pair(pair: Sequence[Any], between: str = " × ") -> str:
    """One number for two alike."""
    return str(pair[0]) if pair[0] == pair[1] else between.join(map(str, pair))


def describe_filters(x: Numeric, w: Numeric, **settings: Any) -> str:
    """The same with the number of filters in front."""
    number = w.shape[3] if settings.get("layout", "NHWC") == "NHWC" else w.shape[0]
    return f"{number} filters {describe_places(filter_size(w, **settings), **settings)}"


add_row(
    windows,
    "windows",
    "x[..., i + p, j + q, ...] for all p, q of places",
    windows_dx,
    stretches=False,
    detail=lambda x, **settings: describe_places(**settings),
)
add_row(
    fold,
    "fold",
    "the entries of windows added up where they were",
    fold_dz,
    stretches=False,
    detail=lambda z, **settings: describe_places(z.shape[:2], **settings),
)
add_row(
    conv2d,
    "conv2d",
    "sum over i, j, c of x[i + p, j + q, c] * w[i, j, c]",
    conv2d_dx,
    conv2d_dw,
    stretches=False,
    detail=describe_filters,
)
add_row(
    conv2d_transpose,
    "conv2d-transpose",
    "the sum of z[p, q] * w, each where its window was",
    transpose_dz,
    transpose_dw,
    stretches=False,
    detail=describe_filters,
)
add_row(
    conv2d_filters,
    "conv2d-filters",
    "sum over p, q of x[i + p, j + q, c] * z[p, q]",
    filters_dx,
    filters_dz,
    stretches=False,
    detail=lambda x, z, **settings: describe_places(**settings),
)
