"""Rows of products of arrays."""

from __future__ import annotations

import string

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.operation import Each, add_row, compose
from tinygraph.rules.shapes import conjugate_of, move_axis, place_of_axis, undo_broadcast, with_shape
from tinygraph.rules.subscripts import einsum_rule, explicit_subscripts
from tinygraph.rules.types import AnyIndex, Numeric, Option

__all__: list[str] = []


def matrix_product(x: Numeric, y: Numeric) -> Numeric:
    """x @ y; for two matrices by dot, which calls the same BLAS routine at half the overhead."""
    try:
        if x.ndim != 2 or y.ndim != 2:
            return np.matmul(x, y)
        return x.dot(y) if type(x) is type(y) else np.dot(x, y)  # the latter asks y as well
    except AttributeError:  # a number, of which NumPy says what is wrong
        return np.matmul(x, y)


def matmul_dx(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    return (
        np.dot(dz, y.T) if x.ndim == 2 and y.ndim == 2 else undo_broadcast(stack_dx(dz, x.ndim, y), x.shape)
    )


def matmul_dy(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    return (
        np.dot(x.T, dz) if x.ndim == 2 and y.ndim == 2 else undo_broadcast(stack_dy(dz, x, y.ndim), y.shape)
    )


def stack_dx(dz: Numeric, x_ndim: int, y: Numeric) -> Numeric:
    """The derivative of x @ y by x where one is a vector or a stack of matrices."""
    if y.ndim == 1:
        return np.expand_dims(dz, axis=-1) * y
    if x_ndim == 1:
        return np.squeeze(y @ np.expand_dims(dz, axis=-1), axis=-1)
    return dz @ np.swapaxes(y, axis1=-1, axis2=-2)


def stack_dy(dz: Numeric, x: Numeric, y_ndim: int) -> Numeric:
    """The derivative of x @ y by y where one is a vector or a stack of matrices."""
    if x.ndim == 1:
        return (
            np.expand_dims(dz, axis=-1) * x if y_ndim == 1 else np.expand_dims(x, 1) * np.expand_dims(dz, -2)
        )
    if y_ndim == 1:
        return np.squeeze(np.swapaxes(x, axis1=-1, axis2=-2) @ np.expand_dims(dz, axis=-1), axis=-1)
    return np.swapaxes(x, axis1=-1, axis2=-2) @ dz


def dot_subscripts(x: Numeric, y: Numeric) -> tuple[str, str, str]:
    """The letters of x, y and z in np.dot: the last axis of x against the last but one of y."""
    shared, rest = string.ascii_letters[0], string.ascii_letters[1:]
    rows, rest = rest[: x.ndim - 1], rest[x.ndim - 1 :]
    columns = rest[: y.ndim - 1]
    return rows + shared, columns[:-1] + shared + columns[-1:], rows + columns


def dot_dx(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return dz * y
    if x.ndim <= 2 and y.ndim <= 2:
        return matmul_dx(dz, z, x, y)
    sx, sy, sz = dot_subscripts(x, y)
    return np.einsum(f"{sz},{sy}->{sx}", dz, y)


def dot_dy(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return dz * x
    if x.ndim <= 2 and y.ndim <= 2:
        return matmul_dy(dz, z, x, y)
    sx, sy, sz = dot_subscripts(x, y)
    return np.einsum(f"{sz},{sx}->{sy}", dz, x)


def safe_einsum(*xs: Numeric, subscripts: str, optimize: Option = False) -> Numeric:
    """`np.einsum`, but for a diagonal of lengths 0 and n, where NumPy gives what lies in memory."""
    if not all(np.size(x) for x in xs):
        terms, _ = explicit_subscripts(subscripts, [np.ndim(x) for x in xs])
        if any(len(set(zip(t, x.shape, strict=True))) > len(set(t)) for t, x in zip(terms, xs, strict=True)):
            raise ValueError(f"a letter of {subscripts!r} stands for two different lengths in one operand")
    return np.einsum(subscripts, *xs, optimize=optimize)


def whole_convolution(dz: Numeric, x: Numeric, y: Numeric, mode: str) -> Numeric:
    """The derivative of all entries of a convolution, from that of those in the middle."""
    n = min(x.size, y.size) - 1
    start = {"full": 0, "same": n // 2, "valid": n}[mode]
    return k.scatter(dz, shape=(x.size + y.size - 1,), index=slice(start, start + dz.size))


add_row(np.matmul, "@", "x @ y", matmul_dx, matmul_dy, forward=matrix_product, stretches=False)
add_row(np.dot, "dot", "sum of x times y, last axis of x, last but one of y", dot_dx, dot_dy)
add_row(
    np.outer,
    "outer",
    "x[i] * y[j]",
    lambda dz, z, x, y: np.reshape(dz @ np.ravel(y), x.shape),
    lambda dz, z, x, y: np.reshape(np.ravel(x) @ dz, y.shape),
)
add_row(
    np.einsum,
    "einsum",
    "sum of products by subscripts",
    Each(einsum_rule),
    forward=safe_einsum,
)
add_row(
    np.convolve,
    "convolve",
    "sum over i of x[i] * y[n - i]",
    lambda dz, z, x, y, mode="full": np.correlate(whole_convolution(dz, x, y, mode), y, "valid"),
    lambda dz, z, x, y, mode="full": np.correlate(whole_convolution(dz, x, y, mode), x, "valid"),
    stretches=False,
)

# Compositions ----------------------------------------------------------------


@compose(np.convolve)
def convolve_numbers(a: Numeric, v: Numeric, mode: Option = "full") -> Numeric:
    """`np.convolve` where one is a number, or both: as vectors of one entry."""
    a, v = with_shape(a), with_shape(v)
    if a.ndim and v.ndim:
        return NotImplemented
    return np.convolve(np.atleast_1d(a), np.atleast_1d(v), mode)


@compose(np.correlate)
def correlate(a: Numeric, v: Numeric, mode: Option = "valid") -> Numeric:
    """`np.correlate`: the convolution with the second array reversed."""
    a, v = with_shape(a), with_shape(v)
    if v.size > a.size:
        return np.flip(correlate(v, a, mode), 0)
    if a.ndim != 1 or v.ndim != 1:
        raise ValueError(f"arrays of {a.shape} and {v.shape} are not two vectors")
    return np.convolve(a, np.flip(conjugate_of(v), 0), mode)


@compose(np.tensordot, np.linalg.tensordot)
def tensordot(a: Numeric, b: Numeric, axes: AnyIndex = 2) -> Numeric:
    """`np.tensordot` as np.einsum: one letter for each pair of axes."""
    a, b = with_shape(a), with_shape(b)
    own, other = (range(-axes, 0), range(axes)) if np.ndim(axes) == 0 else map(np.atleast_1d, axes)
    letters, pairs = (
        list(string.ascii_letters),
        [(place_of_axis(i, a.ndim), place_of_axis(j, b.ndim)) for i, j in zip(own, other, strict=True)],
    )
    sa, sb = letters[: a.ndim], letters[a.ndim : a.ndim + b.ndim]
    for i, j in pairs:
        if a.shape[i] != b.shape[j]:
            raise ValueError(f"axis {i} of {a.shape} and axis {j} of {b.shape} must agree")
        sb[j] = sa[i]
    out = [c for c in sa + sb if (sa + sb).count(c) == 1]
    return np.einsum(f"{''.join(sa)},{''.join(sb)}->{''.join(out)}", a, b, optimize=True)


@compose(np.inner)
def inner(a: Numeric, b: Numeric, /) -> Numeric:
    """`np.inner`: products summed over the last axes."""
    a, b = with_shape(a), with_shape(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, (-1, -1))


compose(np.vdot)(lambda a, b, /: np.dot(conjugate_of(np.ravel(with_shape(a))), np.ravel(with_shape(b))))
compose(np.linalg.matmul)(lambda x1, x2, /: np.matmul(x1, x2))
compose(np.linalg.outer)(lambda x1, x2, /: np.outer(x1, x2))


@compose(np.vecdot, np.linalg.vecdot)
def vecdot(x1: Numeric, x2: Numeric, /, *, axis: int = -1) -> Numeric:
    """`np.vecdot`: the products of vectors along an axis."""
    return np.sum(conjugate_of(with_shape(x1)) * x2, axis=axis)


if hasattr(np, "matvec"):  # since NumPy 2.2
    compose(np.matvec)(lambda x1, x2, /: np.einsum("...ij,...j->...i", x1, x2))
    compose(np.vecmat)(lambda x1, x2, /: np.einsum("...i,...ij->...j", x1, x2))


@compose(np.kron)
def kron(a: Numeric, b: Numeric) -> Numeric:
    """`np.kron`: each entry of the first times the whole of the second."""
    a, b = with_shape(a), with_shape(b)
    n = max(a.ndim, b.ndim)
    first, second = ((1,) * (n - x.ndim) + x.shape for x in (a, b))
    a = np.reshape(a, [part for length in first for part in (length, 1)])
    b = np.reshape(b, [part for length in second for part in (1, length)])
    a = np.broadcast_to(a, np.broadcast_shapes(a.shape, b.shape))
    return np.reshape(a * b, [i * j for i, j in zip(first, second, strict=True)])


@compose(np.cross)
def cross(
    a: Numeric, b: Numeric, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Numeric:
    """`np.cross` of vectors of three entries."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = move_axis(with_shape(a), axisa, -1), move_axis(with_shape(b), axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError("np.cross has a derivative here for vectors of three entries")
    after, before = [1, 2, 0], [2, 0, 1]
    return move_axis(a[..., after] * b[..., before] - a[..., before] * b[..., after], -1, axisc)


compose(np.linalg.cross)(lambda x1, x2, /, *, axis=-1: cross(x1, x2, axis=axis))


@compose(np.polyval)
def polyval(p: Numeric, x: Numeric) -> Numeric:
    """`np.polyval` by Horner's rule, from the highest power on."""
    p, x = with_shape(p), with_shape(x)
    z = np.zeros_like(x)
    for i in range(p.shape[0]):
        z = z * x + p[i]
    return z


@compose(np.einsum)
def einsum_of_sublists(*operands: AnyIndex, optimize: Option = False) -> Numeric:
    """`np.einsum` with numbers for letters: einsum(x, [0, 1], y, [1, 2], [0, 2])."""
    if isinstance(operands[0], str):
        return NotImplemented
    lists = [*operands[1::2], *(operands[-1:] if len(operands) % 2 else ())]
    terms = ["".join("..." if i is Ellipsis else string.ascii_letters[i] for i in part) for part in lists]
    xs = operands[: len(operands) // 2 * 2 : 2]
    subscripts = ",".join(terms[: len(xs)]) + ("->" + terms[-1] if len(operands) % 2 else "")
    return np.einsum(subscripts, *xs, optimize=optimize)
