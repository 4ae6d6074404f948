"""PyTorch's sample inputs for each operation (its OpInfo), on tinygraph: derivatives against PyTorch's.

`FORMS` says how each operation is written with NumPy's names, from the arguments that PyTorch gives it.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections import Counter

import numpy as np

import tinygraph as tg
from tinygraph.engine.tensor import Tensor, value_of
from tinygraph.errors import TinygraphError

AT_LEAST = 6000
LARGEST, MOST = 3000, 60  # entries of an input, and samples of an operation in one dtype
TOLERANCE = {"float64": 1e-7, "float32": 2e-3}


class Aside(Exception):  # noqa: N818 - no error
    """A sample with an argument that NumPy's function has not."""


def unary(f):
    return lambda x: f(x)


def binary(f):
    return lambda x, y: f(x, y)


def scaled(f):
    """x + alpha * y."""
    return lambda x, y, alpha=1: f(x, alpha * y if alpha != 1 else y)


def along(f, keeps=True):
    """A reduction: dim and keepdim are axis and keepdims."""

    def form(x, dim=None, keepdim=False, dtype=None):
        if np.ndim(dim) and not len(dim):
            dim = None
        settings = {"keepdims": keepdim} if keeps else {}
        x = x if dtype is None else cast(x, dtype)
        return f(x, axis=axes(dim, x), **settings)

    return form


def axes(dim, x):
    dim = tuple(dim) if isinstance(dim, list) else dim
    return None if x.ndim == 0 and dim is not None else dim


def cast(x, dtype):
    return x.astype(dtype)


def spread_of(f):
    """var and std: correction is ddof."""

    def form(x, dim=None, unbiased=None, keepdim=False, correction=None):
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        ddof = correction if correction is not None else 1 if unbiased in (None, True) else 0
        if np.ndim(dim) and not len(dim):
            dim = None
        return f(x, axis=axes(dim, x), ddof=ddof, keepdims=keepdim)

    return form


def best(f):
    """max and min: of everything, along an axis, or of two."""

    def form(x, other=None, keepdim=False, dim=None):
        dim = other if dim is None else dim
        if dim is None:
            return f[0](x)
        return f[1](x, dim) if not isinstance(dim, int) else f[0](x, axis=axes(dim, x), keepdims=keepdim)

    return form


def split(x, size, dim=0):
    if isinstance(size, int):
        return np.split(x, range(size, x.shape[dim], size), axis=dim)
    return np.split(x, np.cumsum(size)[:-1], axis=dim)


def chunk(x, chunks, dim=0):
    return split(x, -(-x.shape[dim] // chunks), dim)


def tensor_split(x, indices_or_sections, dim=0):
    given = value_of(indices_or_sections)
    given = given.tolist() if isinstance(given, np.ndarray) else given
    return np.array_split(x, given if isinstance(given, int) else list(given), axis=dim)


def joined(f):
    return lambda xs, dim=0: f(list(xs), axis=dim)


def clamp(x, min=None, max=None):
    return np.clip(x, min, max)


def expand(x, *shape):
    shape = shape[0] if len(shape) == 1 and np.ndim(shape[0]) else shape
    full = (1,) * (len(shape) - x.ndim) + x.shape
    return np.broadcast_to(x, [n if s == -1 else s for s, n in zip(shape, full, strict=True)])


def repeat(x, *times):
    return np.tile(x, times[0] if len(times) == 1 and np.ndim(times[0]) else times)


def swap(x, a, b):
    return np.swapaxes(x, a, b) if x.ndim else x


def squeeze(x, dim=None):
    if dim is None or x.ndim == 0:
        return np.squeeze(x)
    dims = [d for d in (dim if np.ndim(dim) else [dim]) if x.shape[d] == 1]
    return np.squeeze(x, tuple(dims)) if dims else x * 1


def rolled(x, shifts, dims=None):
    return np.roll(x, shifts, axis=dims if np.ndim(dims) == 0 or len(dims) else None)


def diagonal_of(x, offset=0, dim1=0, dim2=1):
    return np.diagonal(x, offset, dim1, dim2)


def addmm(c, a, b, beta=1, alpha=1):
    return beta * c + alpha * (a @ b)


def addr(c, a, b, beta=1, alpha=1):
    return beta * c + alpha * np.outer(a, b)


def baddbmm(c, a, b, beta=1, alpha=1):
    return beta * c + alpha * (a @ b)


def addbmm(c, a, b, beta=1, alpha=1):
    return beta * c + alpha * np.sum(a @ b, axis=0)


def reduced(f):
    """A cost by entries, and how it is reduced."""

    def form(x, y, reduction="mean", **settings):
        each = f(x, y, **settings)
        return each if reduction == "none" else np.mean(each) if reduction == "mean" else np.sum(each)

    return form


def huber(x, y, delta=1.0):
    d = x - y
    return np.where(np.abs(d) <= delta, 0.5 * d * d, delta * (np.abs(d) - 0.5 * delta))


def linear(x, w, b=None):
    z = x @ np.swapaxes(w, -1, -2) if w.ndim > 1 else x @ w
    return z if b is None else z + b


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    along = tuple(range(-len(normalized_shape), 0))
    z = (x - np.mean(x, axis=along, keepdims=True)) / np.sqrt(np.var(x, axis=along, keepdims=True) + eps)
    z = z if weight is None else z * weight
    return z if bias is None else z + bias


def take_index(x, dim, index):
    return np.take(x, value_of(index), axis=dim) if x.ndim else x[..., None][np.zeros(np.shape(index), int)]


def gather(x, dim, index, sparse_grad=False):
    index = value_of(index)
    if not x.ndim or not np.ndim(index):
        raise Aside
    cut = tuple(slice(None) if i == dim % x.ndim else slice(n) for i, n in enumerate(index.shape))
    return np.take_along_axis(x[cut], index, axis=dim)


def norm_of(x, ord=None, dim=None, keepdim=False, dtype=None):
    x = x if dtype is None else cast(x, dtype)
    dim = tuple(dim) if isinstance(dim, list) else dim
    if ord is None and dim is None:
        return np.linalg.norm(np.ravel(x)) if not keepdim else aside()
    return np.linalg.norm(x, ord, axis=dim, keepdims=keepdim)


def vector_norm(x, ord=2, dim=None, keepdim=False, dtype=None):
    x = x if dtype is None else cast(x, dtype)
    return np.linalg.vector_norm(
        x, ord=ord, axis=tuple(dim) if isinstance(dim, list) else dim, keepdims=keepdim
    )


def matrix_norm(x, ord="fro", dim=(-2, -1), keepdim=False, dtype=None):
    x = x if dtype is None else cast(x, dtype)
    return np.linalg.norm(x, ord, axis=tuple(dim), keepdims=keepdim)


def aside(*_, **__):
    raise Aside


def rounding(x, y, rounding_mode=None):
    return np.divide(x, y) if rounding_mode is None else aside()


def lerp(a, b, weight):
    return a + weight * (b - a)


def norm_p(x, p="fro", dim=None, keepdim=False, dtype=None):
    return norm_of(x, p if p != "fro" else None, dim, keepdim, dtype) if p not in ("fro", "nuc") else aside()


def tensordot(x, y, dims=2):
    return np.tensordot(x, y, dims)


def index_add(x, dim, index, source, alpha=1):
    index = value_of(index)
    if not x.ndim or np.ndim(source) != x.ndim:
        raise Aside
    one_hot = np.eye(x.shape[dim])[index]
    return x + alpha * np.moveaxis(np.tensordot(one_hot, source, ([0], [dim])), 0, dim)


def masked_fill(x, mask, value):
    return np.where(value_of(mask), value, x)


def trapezoid(y, x=None, dx=1.0, dim=-1):
    return np.trapezoid(y, x, dx, axis=dim)


def diff(x, n=1, dim=-1, prepend=None, append=None):
    given = {key: a for key, a in {"prepend": prepend, "append": append}.items() if a is not None}
    return np.diff(x, n, axis=dim, **given)


def cross(x, y, dim=-1):
    return np.cross(x, y, axis=dim)


def cumulative(f):
    return lambda x, dim, dtype=None: f(x if dtype is None else cast(x, dtype), axis=axes(dim, x))


def quantile(x, q, dim=None, keepdim=False, interpolation="linear"):
    if not x.ndim or getattr(q, "wants", False):  # by q there is a derivative in PyTorch alone
        raise Aside
    return np.quantile(x, value_of(q), axis=dim, keepdims=keepdim, method=interpolation)


def softmaxed(f):
    def form(x, dim=None, dtype=None, _stacklevel=3, **_):
        x = x if dtype is None else cast(x, dtype)
        return f(x, axis=dim) if x.ndim else f(x[None], axis=0)[0]

    return form


def fourier(name):
    f = getattr(np.fft, name)
    several = name.endswith(("2", "n"))

    def form(x, n=None, dim=None, norm=None, s=None):
        given = {"norm": norm} | ({"s": s or n} if several else {"n": n})
        if dim is not None:
            given["axes" if several else "axis"] = dim
        return f(x, **given)

    return form


def einsum(xs, equation):
    return np.einsum(equation, *xs)


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    return np.nan_to_num(x, nan=nan or 0.0, posinf=posinf, neginf=neginf)


def to_shape(x, *shape):
    return np.reshape(x, shape[0] if len(shape) == 1 and np.ndim(shape[0]) else shape)


def flatten(x, start_dim=0, end_dim=-1):
    if not x.ndim:
        return np.reshape(x, (1,))
    start, end = start_dim % x.ndim, end_dim % x.ndim
    return np.reshape(x, (*x.shape[:start], -1, *x.shape[end + 1 :]))


def svd(x, full_matrices=True, some=True):
    return np.linalg.svd(x, compute_uv=False)


def triangular(f):
    return lambda x, diagonal=0: f(x, diagonal)


NAMES = {  # whose name is the same, or as good as
    "abs": "abs",
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atanh": "arctanh",
    "cos": "cos",
    "cosh": "cosh",
    "deg2rad": "deg2rad",
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "log": "log",
    "log10": "log10",
    "log1p": "log1p",
    "log2": "log2",
    "neg": "negative",
    "positive": "positive",
    "rad2deg": "rad2deg",
    "reciprocal": "reciprocal",
    "sin": "sin",
    "sinc": "sinc",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "square": "square",
    "tan": "tan",
    "tanh": "tanh",
    "ravel": "ravel",
    "fliplr": "fliplr",
    "flipud": "flipud",
    "trace": "trace",
    "msort": "sort",
    "real": "real",
    "conj": "conj",
}
PAIRS = {
    "atan2": "arctan2",
    "mul": "multiply",
    "true_divide": "divide",
    "fmax": "fmax",
    "fmin": "fmin",
    "maximum": "maximum",
    "minimum": "minimum",
    "max.binary": "maximum",
    "min.binary": "minimum",
    "hypot": "hypot",
    "logaddexp": "logaddexp",
    "logaddexp2": "logaddexp2",
    "pow": "power",
    "float_power": "float_power",
    "copysign": "copysign",
    "matmul": "matmul",
    "mm": "matmul",
    "bmm": "matmul",
    "mv": "matmul",
    "dot": "dot",
    "outer": "outer",
    "inner": "inner",
    "kron": "kron",
    "ldexp": "ldexp",
    "nextafter": "nextafter",
    "__rmod__": "mod",
    "remainder": "remainder",
    "fmod": "fmod",
    "vdot": "vdot",
}
FOURIER = (
    *("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"),
    *("fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn", "irfft2", "irfftn"),
)
FORMS = {name: unary(getattr(np, of)) for name, of in NAMES.items()}
FORMS |= {name: binary(getattr(np, of)) for name, of in PAIRS.items()}
FORMS |= {f"fft.{name}": fourier(name) for name in FOURIER}
FORMS |= {
    "add": scaled(np.add),
    "sub": scaled(np.subtract),
    "rsub": lambda x, y, alpha=1: y - alpha * x,
    "__radd__": lambda x, y: y + x,
    "__rmul__": lambda x, y: y * x,
    "__rsub__": lambda x, y: y - x,
    "__rdiv__": lambda x, y: y / x,
    "__rpow__": lambda x, y: y**x,
    "__rmatmul__": lambda x, y: y @ x,
    "__rmod__": lambda x, y: np.mod(y, x),
    "div.no_rounding_mode": rounding,
    "sum": along(np.sum),
    "mean": along(np.mean),
    "prod": along(np.prod),
    "amax": along(np.amax),
    "amin": along(np.amin),
    "nansum": along(np.nansum),
    "nanmean": along(np.nanmean),
    "logsumexp": along(tg.logsumexp),
    "var": spread_of(np.var),
    "std": spread_of(np.std),
    "var.unbiased": spread_of(np.var),
    "std.unbiased": spread_of(np.std),
    "max.reduction_no_dim": best((np.max, np.maximum)),
    "min.reduction_no_dim": best((np.min, np.minimum)),
    "max.reduction_with_dim": best((np.max, np.maximum)),
    "min.reduction_with_dim": best((np.min, np.minimum)),
    "cumsum": cumulative(np.cumsum),
    "cumprod": cumulative(np.cumprod),
    "quantile": quantile,
    "trapz": trapezoid,
    "trapezoid": trapezoid,
    "diff": diff,
    "clamp": clamp,
    "clamp_max": lambda x, m: np.minimum(x, m),
    "clamp_min": lambda x, m: np.maximum(x, m),
    "addmm": addmm,
    "addmm.decomposed": addmm,
    "addmv": addmm,
    "addr": addr,
    "baddbmm": baddbmm,
    "addbmm": addbmm,
    "addcmul": lambda x, a, b, value=1: x + value * a * b,
    "addcdiv": lambda x, a, b, value=1: x + value * (a / b),
    "lerp": lerp,
    "xlogy": lambda x, y: aside(),
    "broadcast_to": lambda x, s: np.broadcast_to(x, s),
    "expand": expand,
    "expand_as": lambda x, y: np.broadcast_to(x, np.shape(y)),
    "repeat": repeat,
    "tile": lambda x, dims: np.tile(x, dims),
    "transpose": swap,
    "swapaxes": swap,
    "t": np.transpose,
    "T": np.transpose,
    "mT": lambda x: np.swapaxes(x, -1, -2),
    "permute": lambda x, dims: np.transpose(x, dims),
    "movedim": np.moveaxis,
    "squeeze": squeeze,
    "squeeze.multiple": squeeze,
    "unsqueeze": lambda x, dim: np.expand_dims(x, dim),
    "reshape": to_shape,
    "view": to_shape,
    "reshape_as": lambda x, y: np.reshape(x, y.shape),
    "view_as": lambda x, y: np.reshape(x, y.shape),
    "flatten": flatten,
    "flip": lambda x, dims: np.flip(x, tuple(dims) if np.ndim(dims) else dims),
    "roll": rolled,
    "rot90": lambda x, k=1, dims=(0, 1): np.rot90(x, k, dims),
    "diag": lambda x, k=0: np.diag(x, k),
    "diagonal": diagonal_of,
    "linalg.diagonal": lambda A, *, offset=0, dim1=-2, dim2=-1: diagonal_of(A, offset, dim1, dim2),
    "diagflat": lambda x, k=0: np.diagflat(x, k),
    "tril": triangular(np.tril),
    "triu": triangular(np.triu),
    "cat": joined(np.concatenate),
    "stack": joined(np.stack),
    "hstack": lambda xs: np.hstack(list(xs)),
    "vstack": lambda xs: np.vstack(list(xs)),
    "dstack": lambda xs: np.dstack(list(xs)),
    "column_stack": lambda xs: np.column_stack(list(xs)),
    "split": split,
    "split.list_args": split,
    "split_with_sizes": split,
    "unsafe_split": split,
    "chunk": chunk,
    "unsafe_chunk": chunk,
    "tensor_split": tensor_split,
    "hsplit": lambda x, n: np.hsplit(x, n),
    "vsplit": lambda x, n: np.vsplit(x, n),
    "dsplit": lambda x, n: np.dsplit(x, n),
    "unbind": lambda x, dim=0: list(np.moveaxis(x, dim, 0)),
    "atleast_1d": lambda *xs: np.atleast_1d(*xs),
    "atleast_2d": lambda *xs: np.atleast_2d(*xs),
    "atleast_3d": lambda *xs: np.atleast_3d(*xs),
    "narrow": lambda x, dim, start, n: (
        aside()
        if np.ndim(start)
        else x[
            (slice(None),) * (dim % x.ndim)
            + (slice(start % (x.shape[dim] + 1), start % (x.shape[dim] + 1) + n),)
        ]
    ),
    "select": lambda x, dim, i: np.take(x, i, axis=dim),
    "index_select": take_index,
    "gather": gather,
    "take": lambda x, i: np.take(x, value_of(i)),
    "take_along_dim": lambda x, i, dim=None: (
        np.take_along_axis(x, value_of(i), dim) if dim is None or x.shape == i.shape else aside()
    ),
    "__getitem__": lambda x, *i: x[i[0] if len(i) == 1 else i] if i else x,
    "index_add": index_add,
    "masked_fill": masked_fill,
    "masked_select": lambda x, mask: aside() if x.shape != mask.shape else x[mask],
    "where": lambda x, mask, y: np.where(value_of(mask), x, y),
    "nan_to_num": nan_to_num,
    "sort": lambda x, dim=-1, descending=False, stable=False: (
        aside() if descending or not x.ndim else np.sort(x, dim)
    ),
    "einsum": einsum,
    "tensordot": tensordot,
    "cross": lambda x, y, dim=None: aside() if dim is None else cross(x, y, dim),
    "linalg.cross": cross,
    "cov": lambda x, correction=1, fweights=None, aweights=None: np.cov(
        x, ddof=correction, fweights=value_of(fweights), aweights=value_of(aweights)
    ),
    "corrcoef": np.corrcoef,
    "linalg.det": np.linalg.det,
    "linalg.inv": np.linalg.inv,
    "linalg.solve": lambda a, b, left=True: (
        aside() if not left or b.ndim == a.ndim - 1 != 1 else np.linalg.solve(a, b)
    ),
    "linalg.slogdet": lambda a: list(np.linalg.slogdet(a))[1],
    "logdet": lambda a: list(np.linalg.slogdet(a))[1],
    "linalg.cholesky": lambda a, upper=False: aside() if upper else np.linalg.cholesky(a),
    "linalg.svdvals": svd,
    "linalg.eigvalsh": lambda a, UPLO="L": np.linalg.eigvalsh(a, UPLO),
    "linalg.matrix_power": np.linalg.matrix_power,
    "matrix_power": np.linalg.matrix_power,
    "linalg.multi_dot": lambda xs: np.linalg.multi_dot(list(xs)),
    "linalg.norm": norm_of,
    "linalg.vector_norm": vector_norm,
    "linalg.norm.subgradients_at_zero": norm_of,
    "linalg.matrix_norm": matrix_norm,
    "norm": norm_p,
    "norm.inf": norm_p,
    "linalg.pinv": lambda a, *more, **s: aside() if more or s else np.linalg.pinv(a),
    "linalg.tensorinv": lambda a, ind=2: np.linalg.tensorinv(a, ind),
    "linalg.tensorsolve": lambda a, b, dims=None: np.linalg.tensorsolve(a, b, dims),
    "linalg.vecdot": lambda x, y, dim=-1: np.linalg.vecdot(x, y, axis=dim),
    "linalg.vander": lambda x, N=None: np.vander(x, N, increasing=True) if x.ndim == 1 else aside(),
    "softmax": softmaxed(tg.softmax),
    "log_softmax": softmaxed(tg.log_softmax),
    "softmax.with_dtype": softmaxed(tg.softmax),
    "log_softmax.with_dtype": softmaxed(tg.log_softmax),
    "nn.functional.softmin": softmaxed(lambda x, axis: tg.softmax(-x, axis=axis)),
    "sigmoid": tg.sigmoid,
    "nn.functional.relu": lambda x, inplace=False: tg.relu(x),
    "nn.functional.leaky_relu": lambda x, negative_slope=0.01, inplace=False: tg.leaky_relu(
        x, slope=negative_slope
    ),
    "nn.functional.elu": lambda x, alpha=1.0, inplace=False: tg.elu(x, alpha=alpha),
    "nn.functional.softplus": lambda x, beta=1, threshold=20: (
        tg.softplus(x * beta) / beta if threshold >= 20 else aside()
    ),
    "nn.functional.gelu": lambda x, approximate="none": tg.gelu(x) if approximate == "tanh" else aside(),
    "nn.functional.silu": lambda x, inplace=False: x * tg.sigmoid(x),
    "nn.functional.logsigmoid": lambda x: -tg.softplus(-x),
    "nn.functional.softsign": lambda x: x / (1 + np.abs(x)),
    "nn.functional.tanhshrink": lambda x: x - np.tanh(x),
    "nn.functional.mish": lambda x, inplace=False: x * np.tanh(tg.softplus(x)),
    "nn.functional.hardtanh": lambda x, min_val=-1.0, max_val=1.0, inplace=False: np.clip(
        x, min_val, max_val
    ),
    "nn.functional.relu6": lambda x, inplace=False: np.clip(x, 0, 6),
    "nn.functional.linear": linear,
    "nn.functional.layer_norm": layer_norm,
    "nn.functional.mse_loss": reduced(lambda x, y: np.square(x - y)),
    "nn.functional.l1_loss": reduced(lambda x, y: np.abs(x - y)),
    "nn.functional.huber_loss": reduced(huber),
    "nn.functional.smooth_l1_loss": reduced(
        lambda x, y, beta=1.0: huber(x, y, beta) / beta if beta else aside()
    ),
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "dist": lambda x, y, p=2: np.linalg.vector_norm(x - y, ord=p),
    "masked.sum": aside,
    "frac": lambda x: x - np.trunc(x),
    "clone": lambda x, **_: x * 1,
    "contiguous": lambda x, **_: x * 1,
    "nanquantile": aside,
    "cumulative_trapezoid": aside,
    "logit": aside,
    "ceil": np.ceil,
    "floor": np.floor,
    "trunc": np.trunc,
    "round": np.round,
    "sign": np.sign,
    "median": lambda x, dim=None, keepdim=False: (
        aside()
        if x.ndim == 0 or (x.size if dim is None else x.shape[dim]) % 2 == 0
        else np.median(x, axis=dim, keepdims=keepdim)
    ),
}

# Which operations may disagree, and why.
TIE, CORNER, TRIANGLE = (
    "where two are equal, and at the ends of a range, another of the derivatives there are; 0 for NaN",
    "at 0, infinity or NaN, where there is no derivative",
    "NumPy reads one triangle of the matrix; PyTorch spreads the derivative over both",
)
REASONS = {
    **dict.fromkeys(
        ["maximum", "minimum", "max.binary", "min.binary", "fmax", "fmin", "clamp_max", "clamp_min"], TIE
    ),
    **dict.fromkeys(["nn.functional.hardtanh", "nn.functional.relu", "nn.functional.relu6"], TIE),
    **dict.fromkeys(
        ["abs", "atan2", "copysign", "hypot", "nn.functional.elu", "logaddexp", "logaddexp2"], CORNER
    ),
    **dict.fromkeys(["linalg.norm.subgradients_at_zero", "float_power", "pow", "__rpow__"], CORNER),
    **dict.fromkeys(["linalg.cholesky", "linalg.eigvalsh"], TRIANGLE),
    "fmod": "the quotient, which is rounded in PyTorch: 249.99... becomes 250",
}


def plain(x):
    """What PyTorch gives as what NumPy takes."""
    import torch

    if isinstance(x, torch.Tensor):
        a = x.detach().resolve_conj().resolve_neg().numpy().copy()
        return tg.parameter(a) if x.requires_grad and a.dtype.kind == "f" else a
    if isinstance(x, torch.dtype):
        return np.dtype(str(x).removeprefix("torch."))
    if isinstance(x, torch.Size):
        return tuple(x)
    return x


def compare_sample(op, sample, tolerance):
    """What disagrees in one sample: "", or where."""
    import torch

    # Of a leaf that is a view of another PyTorch finds no derivative.
    sample = sample.transform(
        lambda t: t.detach().clone().requires_grad_(t.requires_grad) if isinstance(t, torch.Tensor) else t
    )
    given = [sample.input, *sample.args]
    theirs = op(sample.input, *sample.args, **sample.kwargs)
    theirs = [z for z in flat(theirs) if isinstance(z, torch.Tensor) and z.requires_grad]
    xs = [
        x
        for x in [*flat(given), *flat(list(sample.kwargs.values()))]
        if isinstance(x, torch.Tensor) and x.requires_grad
    ]
    changed = mapped(given)
    settings = dict(zip(sample.kwargs, mapped(list(sample.kwargs.values())), strict=True))
    ps = [p for p in [*flat(changed), *flat(list(settings.values()))] if isinstance(p, Tensor)]
    form = FORMS[name_of(op)]
    ours = [z for z in flat(form(*changed, **settings)) if hasattr(z, "shape")][: len(theirs)]
    if not theirs or not ps or len(ps) != len(xs):
        raise Aside
    random = np.random.default_rng(0)
    weights = [random.uniform(0.5, 1.5, tuple(z.shape)) for z in theirs]
    for z, t in zip(ours, theirs, strict=True):
        if bad := differs(value_of(z), t.detach().resolve_conj().numpy(), tolerance):
            raise Aside(f"another function: {bad}")
    cost = sum((torch.real(z) * torch.from_numpy(w)).sum() for z, w in zip(theirs, weights, strict=True))
    expected = torch.autograd.grad(cost, xs, allow_unused=True)
    J = sum(np.sum(np.real(z) * w) for z, w in zip(ours, weights, strict=True))
    d = J.backward() if isinstance(J, Tensor) and J.wants else {}
    for p, e in zip(ps, expected, strict=True):
        zero = np.zeros(p.shape)
        if bad := differs(d.get(p, zero), zero if e is None else e.numpy(), tolerance):
            return bad
    return ""


def size_of(x):
    return max((leaf.numel() for leaf in flat(x) if hasattr(leaf, "numel")), default=0)


def differs(a, b, tolerance):
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return f"shape {a.shape} instead of {b.shape}"
    if a.size and not np.allclose(a, b, tolerance, tolerance, equal_nan=True):
        return f"{a.ravel()[np.argmax(np.abs(a - b))]} instead of {b.ravel()[np.argmax(np.abs(a - b))]}"
    return ""


def flat(x):
    return [leaf for part in x for leaf in flat(part)] if isinstance(x, list | tuple) else [x]


def mapped(x):
    if isinstance(x, slice):
        return x
    return type(x)(map(mapped, x)) if type(x) in (list, tuple) else plain(x)


def name_of(op):
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


def samples_of(op, dtype):
    """PyTorch's samples, and those that it compares with references."""
    yield from op.sample_inputs("cpu", dtype, requires_grad=True)
    if op.reference_inputs_func is not None:
        with contextlib.suppress(ValueError):  # of those that ask for derivatives by integers
            yield from op.reference_inputs("cpu", dtype, requires_grad=True)


def run():
    """Compare all samples, print what was found, and give whether all that disagrees is explained."""
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    agree, refused, other, wrong = Counter(), {}, {}, {}
    for op in op_db:
        name = name_of(op)
        if name not in FORMS or not op.supports_autograd:
            continue
        for dtype in (torch.float64, torch.float32):
            if dtype not in op.supported_dtypes("cpu"):
                continue
            small = (s for s in samples_of(op, dtype) if size_of(s.input) <= LARGEST)
            for sample in itertools.islice(small, MOST):
                try:
                    bad = compare_sample(op, sample, TOLERANCE[str(dtype).removeprefix("torch.")])
                except TinygraphError as error:
                    refused.setdefault(name, []).append(f"{type(error).__name__}: {error}")
                except (
                    Aside,
                    NotImplementedError,
                    TypeError,
                    ValueError,
                    IndexError,
                    RuntimeError,
                    np.linalg.LinAlgError,
                ) as error:
                    other.setdefault(name, []).append(f"{type(error).__name__}: {error}")
                else:
                    if bad:
                        wrong.setdefault(name, []).append(
                            f"{bad} ({dtype}, {sample.summary() if hasattr(sample, 'summary') else ''})"
                        )
                    else:
                        agree[name] += 1
    return report(agree, refused, other, wrong)


def report(agree, refused, other, wrong):
    for title, found in (("refused", refused), ("aside", other)):
        for name, errors in sorted(found.items()):
            print(f"  {title}: {name} {len(errors)} ({' '.join(errors[0].split())[:150]})")
    for name, errors in sorted(wrong.items()):
        print(
            f"  disagrees: {name} {len(errors)} of {len(errors) + agree[name]}: "
            f"{REASONS.get(name) or 'NOT EXPLAINED ' + errors[0][:200]}"
        )
    total = sum(agree.values()) + sum(map(len, wrong.values()))
    print(
        f"PyTorch: {total} samples of {len({*agree, *wrong})} operations compared, "
        f"{sum(map(len, wrong.values()))} disagree"
    )
    return total >= AT_LEAST and wrong.keys() <= REASONS.keys()
