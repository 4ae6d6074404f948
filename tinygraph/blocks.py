"""Building blocks of networks for images and sequences, written with rows of the table.

Where libraries differ, the lectures' convention is the default: units in rows and examples in columns, images
with their channels last. Masks, indices and statistics of earlier batches are data, so nothing is drawn at
random here and a compiled step may be given others each time.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from tinygraph.engine.tensor import call_written, value_of
from tinygraph.errors import DtypeError, ShapeError
from tinygraph.guards.stories import describe
from tinygraph.rules import convolution as c
from tinygraph.rules import kernels as k
from tinygraph.rules.operation import compose
from tinygraph.rules.shapes import cast_floats, with_shape
from tinygraph.rules.types import Operand

__all__ = [
    "attention",
    "avg_pool2d",
    "batch_norm",
    "conv2d",
    "dropout",
    "embedding",
    "gru_cell",
    "layer_norm",
    "lstm_cell",
    "max_pool2d",
    "rnn_cell",
]

BlockFunction = TypeVar("BlockFunction", bound=Callable[..., Any])
Size = int | Sequence[int]
NEVER = -1e9  # a score whose softmax is 0
Axes = int | Sequence[int]


def make_block(write: BlockFunction) -> BlockFunction:
    """Let a function written with rows be one box in a picture, which opens."""

    @functools.wraps(write)
    def call(*args: Any, **settings: Any) -> Any:
        return call_written(call, write, args, settings)

    compose(call)(write)
    return call  # type: ignore[return-value]


# Images ----------------------------------------------------------------


@make_block
def conv2d(
    x: Operand,
    w: Operand,
    b: Operand = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    layout: str = "NHWC",
) -> Any:
    """The convolution of images with filters, as networks have it (no filter is turned around), plus b.

    Args:
        x: (m, n_H, n_W, n_C); with layout="NCHW", (m, n_C, n_H, n_W).
        w: (f, f, n_C / groups, filters); with layout="NCHW", (filters, n_C / groups, f, f), as in PyTorch.
        b: one number per filter, in any shape: (filters,), or the lectures' (1, 1, 1, filters).
        stride, dilation: a number, or one for the height and one for the width.
        padding: zeros around the images: a number, one for the height and one for the width, "valid" (none)
            or "same" (as many as make the images keep their size, with stride 1).
        groups: so many groups of channels, each with filters of its own.

    Raises:
        ShapeError: shapes do not fit each other, or a filter is larger than the images.

    >>> import tinygraph as tg
    >>> W1 = tg.parameter(np.ones((3, 3, 1, 2)), name="W1")
    >>> Z1 = tg.conv2d(np.ones((5, 8, 8, 1)), W1, stride=2, padding=1)
    >>> Z1.shape, Z1.sum().backward()["dW1"].shape
    ((5, 4, 4, 2), (3, 3, 1, 2))
    """
    x, w = image_of(x, "images", layout), image_of(w, "filters", layout)
    size, groups = c.filter_size(w, layout), whole_number(groups, "groups")
    channels, filters = (w.shape[2], w.shape[3]) if layout == "NHWC" else (w.shape[1], w.shape[0])
    if channels * groups != x.shape[layout.index("C")] or filters % groups:
        raise ShapeError(
            f"{filters} filters in {groups} groups, of {channels} channels each, do not fit images "
            f"{x.shape} with {x.shape[layout.index('C')]} channels; with layout={layout!r}, filters are "
            f"{'(f, f, channels, filters)' if layout == 'NHWC' else '(filters, channels, f, f)'}"
        )
    places = read_places(x.shape, size, stride, padding, dilation, layout)
    places |= {"groups": groups} if groups != 1 else {}
    places |= {"layout": layout} if layout != "NHWC" else {}
    z = c.conv2d(x, w, **places)
    return z if b is None else z + bias_of(b, filters, layout)


def image_of(x: Operand, what: str, layout: str) -> Any:
    """An array of four axes."""
    if layout not in ("NHWC", "NCHW"):
        raise ShapeError(f'layout is "NHWC", channels last, or "NCHW", not {layout!r}')
    x = with_shape(x)
    if len(x.shape) != 4:
        raise ShapeError(f"{what} have four axes, unlike {describe(x)}")
    return x


def bias_of(b: Operand, filters: int, layout: str) -> Any:
    """One number per filter, along the axis of channels."""
    b = with_shape(b)
    if b.size != filters:
        raise ShapeError(f"b has one number for each of {filters} filters, unlike {describe(b)}")
    along = (filters,) if layout == "NHWC" else (filters, 1, 1)
    return b if b.shape[-len(along) :] == along else np.reshape(b, along)


def whole_number(n: Any, name: str) -> int:
    """A number from 1 on."""
    if not isinstance(n, int | np.integer) or n < 1:
        raise ShapeError(f"{name} is a whole number from 1 on, not {n!r}")
    return int(n)


def pair_of(number: Size, name: str, least: int = 1) -> tuple[int, int]:
    """A number for the height and one for the width."""
    pair: Any = (number, number) if np.ndim(number) == 0 else tuple(number)  # type: ignore[arg-type]
    if len(pair) != 2 or not all(isinstance(n, int | np.integer) and n >= least for n in pair):
        raise ShapeError(f"{name} is a whole number from {least} on, or a pair of them, not {number!r}")
    return int(pair[0]), int(pair[1])


def read_places(
    shape: tuple[int, ...], size: Size, stride: Size, padding: Size | str, dilation: Size, layout: str
) -> dict[str, Any]:
    """Where windows are, as the rows say it, without what is usual."""
    size, strides, steps = pair_of(size, "size"), pair_of(stride, "stride"), pair_of(dilation, "dilation")
    axis = layout.index("H")
    reach = [d * (n - 1) for n, d in zip(size, steps, strict=True)]
    if padding == "same":
        if strides != (1, 1):
            raise ShapeError('padding="same" keeps the size of images, which only stride 1 can')
        border = tuple((r // 2, r - r // 2) for r in reach)
    else:
        border = tuple((n, n) for n in pair_of(0 if padding == "valid" else padding, "padding", 0))  # type: ignore[arg-type]
    if any(n + sum(b) <= r for n, b, r in zip(shape[axis : axis + 2], border, reach, strict=True)):
        raise ShapeError(
            f"windows of {size} with dilation {steps} are larger than images {shape} with padding {padding}"
        )
    given = {"stride": (strides, (1, 1)), "padding": (border, c.NO_BORDER), "dilation": (steps, (1, 1))}
    return {name: value for name, (value, usual) in given.items() if value != usual}


def cut_windows(
    x: Operand,
    size: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    layout: str,
    fill: float = 0.0,
) -> Any:
    """The windows of a pool."""
    x, size = image_of(x, "images", layout), pair_of(size, "size")
    around = pair_of(padding, "padding", 0)
    if any(2 * n > k for n, k in zip(around, size, strict=True)):
        raise ShapeError(f"padding {padding} is more than half of windows of {size}: some would hold nothing")
    places = read_places(x.shape, size, size if stride is None else stride, padding, dilation, layout)
    places |= {"axis": 2} if layout == "NCHW" else {}
    if "padding" in places and fill:
        places["fill"] = fill
        x = x.astype(float) if x.dtype.kind in "iub" else x  # no integer is minus infinity
    return c.windows(x, size=size, **places)


@make_block
def max_pool2d(
    x: Operand,
    size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    layout: str = "NHWC",
) -> Any:
    """The largest entry of each window of images, channel by channel; ties share the derivative equally.

    Args:
        x: images (m, n_H, n_W, n_C); with layout="NCHW", (m, n_C, n_H, n_W).
        size: rows and columns of a window, or one number for both.
        stride: from window to window; None is `size`, so that windows lie side by side.
        padding: a border that is never the largest, at most half of `size`.

    Raises:
        ShapeError: windows are larger than the images, or the border than half a window.

    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    return np.max(cut_windows(x, size, stride, padding, dilation, layout, -math.inf), axis=(0, 1))


@make_block
def avg_pool2d(
    x: Operand, size: Size, stride: Size | None = None, padding: Size = 0, layout: str = "NHWC"
) -> Any:
    """The mean of each window of images, channel by channel; a border counts as zeros.

    Args and errors are those of `max_pool2d`.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    return np.mean(cut_windows(x, size, stride, padding, 1, layout), axis=(0, 1))


# Normalization ----------------------------------------------------------------


@make_block
def batch_norm(
    Z: Operand,
    gamma: Operand = None,
    beta: Operand = None,
    axis: Axes | None = None,
    mean: Operand = None,
    var: Operand = None,
    eps: float = 1e-5,
) -> Any:
    """gamma (Z - mean) / sqrt(var + eps) + beta, with mean and variance of the batch (Ioffe, Szegedy 2015).

    Args:
        Z: (n, m), or images (m, n_H, n_W, n_C).
        gamma, beta: one number per unit or channel, as a vector or in a shape that broadcasts; 1 and 0.
        axis: the axes of examples and places; None is 1 for (n, m), and (0, 1, 2) for images. Rows (m, n)
            need axis=0, images with their channels first (0, 2, 3).
        mean, var: statistics to use in place of those of this batch, as at test time.

    Raises:
        ShapeError: Z has neither two nor four axes and `axis` is None, or a shape does not broadcast.

    >>> batch_norm(np.array([[1.0, 3.0], [10.0, 30.0]])).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    Z = with_shape(Z)
    if axis is None and len(Z.shape) not in (2, 4):
        raise ShapeError(f"of {describe(Z)}, say which axes hold the examples: axis=0")
    axes = ({2: (1,), 4: (0, 1, 2)}[len(Z.shape)]) if axis is None else axes_of(axis, Z)
    kept = tuple(i for i in range(len(Z.shape)) if i not in axes)
    mean = np.mean(Z, axis=axes, keepdims=True) if mean is None else along_axes(mean, Z, kept)
    var = np.var(Z, axis=axes, keepdims=True) if var is None else along_axes(var, Z, kept)
    return scale_and_shift((Z - mean) / np.sqrt(var + eps), gamma, beta, kept)


@make_block
def layer_norm(
    Z: Operand, gamma: Operand = None, beta: Operand = None, axis: Axes = 0, eps: float = 1e-5
) -> Any:
    """gamma (Z - mean) / sqrt(var + eps) + beta, with mean and variance of each example (Ba et al. 2016).

    Args:
        Z: (n, m), an example in each column.
        gamma, beta: one number per unit, as a vector or in a shape that broadcasts; 1 and 0.
        axis: the axes of units: 0 for columns, -1 for rows.

    Raises:
        ShapeError: a shape does not broadcast.

    >>> layer_norm(np.array([[1.0, 10.0], [3.0, 30.0]])).round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    """
    Z = with_shape(Z)
    axes = axes_of(axis, Z)
    mean, var = np.mean(Z, axis=axes, keepdims=True), np.var(Z, axis=axes, keepdims=True)
    return scale_and_shift((Z - mean) / np.sqrt(var + eps), gamma, beta, axes)


def axes_of(axis: Axes, Z: Any) -> tuple[int, ...]:
    """Axes as numbers from 0 on."""
    given: Any = (axis,) if np.ndim(axis) == 0 else tuple(axis)  # type: ignore[arg-type]
    if not all(-len(Z.shape) <= a < len(Z.shape) for a in given):
        raise ShapeError(f"{describe(Z)} has no axis {axis}")
    return tuple(a % len(Z.shape) for a in given)


def scale_and_shift(Z: Any, gamma: Operand, beta: Operand, axes: tuple[int, ...]) -> Any:
    """gamma Z + beta."""
    Z = Z if gamma is None else along_axes(gamma, Z, axes) * Z
    return Z if beta is None else Z + along_axes(beta, Z, axes)


def along_axes(x: Operand, Z: Any, axes: tuple[int, ...]) -> Any:
    """Numbers of some axes of Z in a shape that broadcasts against Z, without making it larger."""
    x = with_shape(x)
    if not isinstance(x, k.Recording) and x.dtype.kind == Z.dtype.kind == "f":
        x = cast_floats(x, Z.dtype)
    wanted = tuple(n if i in axes else 1 for i, n in enumerate(Z.shape))
    if x.shape == wanted or not x.shape:
        return x
    if x.size != math.prod(wanted):
        raise ShapeError(
            f"{describe(Z)} needs {wanted}, one number for each entry along axis "
            f"{', '.join(map(str, axes))}, not {describe(x)}"
        )
    return np.reshape(x, wanted)


# Words and masks ----------------------------------------------------------------


@make_block
def embedding(indices: Operand, E: Operand, axis: int = 1) -> Any:
    """The columns of E that are the vectors of words.

    Args:
        indices: whole numbers from 0 on, of any shape.
        E: the embedding matrix (n, words) with axis=1; (words, n) with axis=0, as in PyTorch.

    Returns:
        (n, *shape of indices) with axis=1, (*shape of indices, n) with axis=0.

    Raises:
        DtypeError: the indices are no integers.
        IndexError: an index is no word of E.

    >>> embedding(np.array([2, 0]), np.array([[1.0, 2.0, 3.0]]))
    array([[3., 1.]])
    """
    indices, E = value_of(with_shape(indices)), with_shape(E)
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"indices of words are integers, not {indices.dtype}")
    words = E.shape[axes_of(axis, E)[0]]
    if has_numbers(indices) and indices.size and not 0 <= indices.min() <= indices.max() < words:
        raise IndexError(
            f"E has words 0 to {words - 1}, but indices lie in {indices.min()} to {indices.max()}"
        )
    return np.take(E, indices, axis=axis)


@make_block
def dropout(A: Operand, D: Operand, keep_prob: float = 0.5) -> Any:
    """A D / keep_prob: activations that are switched off by the mask D, the others scaled up.

    Args:
        A: activations.
        D: the mask, of the shape of A: `random.random(A.shape) < keep_prob`. It is data: where an activation
            stays it is True or 1, where it is switched off False or 0.
        keep_prob: the share that stays, above 0 and at most 1.

    Raises:
        ShapeError: D has another shape than A.
        ValueError: `keep_prob` is no such share, or D holds anything else than 0 and 1.

    >>> dropout(np.array([1.0, 2.0]), np.array([True, False]), keep_prob=0.8)
    array([1.25, 0.  ])
    """
    A, D = with_shape(A), with_shape(D)
    if A.shape != D.shape:
        raise ShapeError(f"{describe(A)} needs a mask of its shape, not {describe(D)}")
    if not 0 < keep_prob <= 1:
        raise ValueError(f"keep_prob is the share that stays, above 0 and at most 1, not {keep_prob}")
    if not holds_zeros_and_ones(D):
        raise ValueError("a mask holds 0 and 1; write random.random(A.shape) < keep_prob")
    return A * (D if D.dtype.kind == "b" or D.dtype == A.dtype else D.astype(A.dtype)) / keep_prob


def has_numbers(x: Any) -> bool:
    """Whether the numbers of an array are known, as those of a step that is being compiled are not."""
    return not isinstance(x, k.Recording)


def holds_zeros_and_ones(mask: Operand) -> bool:
    """Whether it holds nothing else, as far as that is known."""
    mask = value_of(mask)
    return mask.dtype.kind == "b" or not has_numbers(mask) or bool(np.all((mask == 0) | (mask == 1)))


@make_block
def attention(Q: Operand, K: Operand, V: Operand, mask: Operand = None, scale: float | None = None) -> Any:
    """softmax(Q Kᵀ / sqrt(d)) V, scaled dot-product attention (Vaswani et al. 2017).

    Args:
        Q: queries (..., n_q, d), one in each row, as in the lectures.
        K: keys (..., n_k, d).
        V: values (..., n_k, d_v).
        mask: True or 1 where a query may look at a key, in a shape that broadcasts to (..., n_q, n_k).
        scale: in place of 1 / sqrt(d).

    Returns:
        (..., n_q, d_v)

    Raises:
        ShapeError: shapes do not fit each other.
        ValueError: the mask holds anything else than 0 and 1, or leaves a query no key to look at.

    >>> Q = K = np.eye(2) * 100
    >>> attention(Q, K, np.array([[1.0], [2.0]])).ravel()
    array([1., 2.])
    """
    Q, K, V = with_shape(Q), with_shape(K), with_shape(V)
    check_lengths(Q, K, V)
    scores = Q @ np.swapaxes(K, -1, -2) * (1 / math.sqrt(Q.shape[-1]) if scale is None else scale)
    if mask is not None:
        scores = np.where(read_mask(mask, scores.shape), scores, NEVER)
    return k.softmax(scores, axis=-1) @ V


def check_lengths(Q: Any, K: Any, V: Any) -> None:
    """ShapeError where queries, keys and values do not fit each other."""
    if min(len(x.shape) for x in (Q, K, V)) < 2 or Q.shape[-1] != K.shape[-1] or K.shape[-2] != V.shape[-2]:
        raise ShapeError(
            f"queries {Q.shape}, keys {K.shape} and values {V.shape} do not fit: queries and keys are "
            "vectors of one length, in rows, and each key has a value"
        )


def read_mask(mask: Operand, shape: tuple[int, ...]) -> Any:
    """The mask of attention as booleans that broadcast to the scores."""
    mask = with_shape(mask)
    try:
        fits = np.broadcast_shapes(mask.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"the mask {mask.shape} does not broadcast to {shape}: (..., n_q, n_k)")
    if not holds_zeros_and_ones(mask):
        raise ValueError("a mask holds 0 and 1, or booleans: True where a query may look at a key")
    if has_numbers(value_of(mask)) and not np.all(np.any(value_of(mask), axis=-1)):
        raise ValueError("the mask leaves a query no key to look at")
    return mask if mask.dtype.kind == "b" else value_of(mask) > 0


# Recurrent cells ----------------------------------------------------------------


def apply_weights(W: Any, x: Any, b: Any, axis: int) -> Any:
    """W x + b, for an example in each column; with axis=-1 for one in each row."""
    return (W @ x if axis == 0 else x @ np.transpose(W)) + b


def read_cell(parameters: Mapping[str, Any], names: str, axis: int) -> list[Any]:
    """The parameters of a cell by their names."""
    if axis not in (0, -1):
        raise ShapeError(f"axis is 0, an example in each column, or -1, one in each row, not {axis}")
    missing = [name for name in names.split() if name not in parameters]
    if missing:
        raise KeyError(f"the cell needs {', '.join(missing)} among its parameters: {names}")
    return [parameters[name] for name in names.split()]


@make_block
def rnn_cell(xt: Operand, a_prev: Operand, parameters: Mapping[str, Any], axis: int = 0) -> Any:
    """tanh(Waa a_prev + Wax xt + ba), the lectures' recurrent cell; its output y is left to the caller.

    Args:
        xt: (n_x, m); rows (m, n_x) with axis=-1.
        a_prev: (n_a, m); rows (m, n_a) with axis=-1.
        parameters: "Waa" (n_a, n_a), "Wax" (n_a, n_x), "ba" (n_a, 1); with axis=-1, (n_a,).

    Raises:
        KeyError: a parameter is missing.
        ShapeError: shapes do not fit each other.

    >>> parameters = {"Waa": np.eye(2), "Wax": np.ones((2, 3)), "ba": np.zeros((2, 1))}
    >>> rnn_cell(np.ones((3, 1)), np.ones((2, 1)), parameters).round(4).ravel()
    array([0.9993, 0.9993])
    """
    Waa, Wax, ba = read_cell(parameters, "Waa Wax ba", axis)
    fed = Wax @ xt if axis == 0 else xt @ np.transpose(Wax)
    return np.tanh(apply_weights(Waa, a_prev, fed, axis) + ba)


@make_block
def lstm_cell(
    xt: Operand, a_prev: Operand, c_prev: Operand, parameters: Mapping[str, Any], axis: int = 0
) -> tuple[Any, Any]:
    """The lectures' cell with a long short-term memory (Hochreiter and Schmidhuber 1997).

    With s = [a_prev; xt]: c = sigmoid(Wf s + bf) c_prev + sigmoid(Wi s + bi) tanh(Wc s + bc), and
    a = sigmoid(Wo s + bo) tanh(c).

    Args:
        xt: (n_x, m); rows (m, n_x) with axis=-1, and so for the others.
        a_prev, c_prev: (n_a, m).
        parameters: "Wf", "Wi", "Wc", "Wo" (n_a, n_a + n_x), "bf", "bi", "bc", "bo" (n_a, 1); with axis=-1,
            (n_a,).

    Returns:
        a_next and c_next, each (n_a, m).

    Raises:
        KeyError: a parameter is missing.
        ShapeError: shapes do not fit each other.

    >>> parameters = {f"W{gate}": np.ones((1, 2)) for gate in "fico"} | {f"b{gate}": 0.0 for gate in "fico"}
    >>> a, c = lstm_cell(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)), parameters)
    >>> float(a[0, 0].round(4)), float(c[0, 0].round(4))
    (0.8271, 1.7299)
    """
    Wf, bf, Wi, bi, Wc, bc, Wo, bo = read_cell(parameters, "Wf bf Wi bi Wc bc Wo bo", axis)
    s = np.concatenate([a_prev, xt], axis=axis)
    forget, update, output = (
        k.sigmoid(apply_weights(W, s, b, axis)) for W, b in ((Wf, bf), (Wi, bi), (Wo, bo))
    )
    c_next = forget * c_prev + update * np.tanh(apply_weights(Wc, s, bc, axis))
    return output * np.tanh(c_next), c_next


@make_block
def gru_cell(
    xt: Operand, c_prev: Operand, parameters: Mapping[str, Any], axis: int = 0, reset_after: bool = False
) -> Any:
    """The lectures' gated recurrent unit (Cho et al. 2014).

    With s = [c_prev; xt], u = sigmoid(Wu s + bu) and r = sigmoid(Wr s + br):
    c = u tanh(Wc [r c_prev; xt] + bc) + (1 - u) c_prev.

    Args:
        xt: (n_x, m); rows (m, n_x) with axis=-1, and so for the others.
        c_prev: (n_c, m).
        parameters: "Wu", "Wr", "Wc" (n_c, n_c + n_x), "bu", "br", "bc" (n_c, 1); with axis=-1, (n_c,).
        reset_after: r after the product, tanh(r (Wc₁ c_prev + bcc) + Wc₂ xt + bc), with one more parameter
            "bcc", as in PyTorch. There 1 - u is called z.

    Raises:
        KeyError: a parameter is missing.
        ShapeError: shapes do not fit each other.

    >>> parameters = {f"W{gate}": np.ones((1, 2)) for gate in "urc"} | {f"b{gate}": 0.0 for gate in "urc"}
    >>> gru_cell(np.ones((1, 1)), np.zeros((1, 1)), parameters).round(4)
    array([[0.5568]])
    """
    Wu, bu, Wr, br, Wc, bc = read_cell(parameters, "Wu bu Wr br Wc bc", axis)
    s = np.concatenate([c_prev, xt], axis=axis)
    u, r = (k.sigmoid(apply_weights(W, s, b, axis)) for W, b in ((Wu, bu), (Wr, br)))
    if reset_after:
        n = c_prev.shape[axis]
        (bcc,) = read_cell(parameters, "bcc", axis)
        reset = r * apply_weights(Wc[:, :n], c_prev, bcc, axis)
        candidate = np.tanh(reset + apply_weights(Wc[:, n:], xt, bc, axis))
    else:
        reset = np.concatenate([r * c_prev, xt], axis=axis)
        candidate = np.tanh(apply_weights(Wc, reset, bc, axis))
    return u * candidate + (1 - u) * c_prev
