"""Calls of NumPy as people write them: what each function of the public list is called with.

An example is an expression in arrays that are made from one matrix x of shape (3, 4), so that one derivative
checks them all. Functions with rows of their own are tried more thoroughly by `tests.cases`.
"""

import csv
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import tinygraph as tg
from tests.cases import general
from tests.laws import weights
from tests.oracles import disagreement

__all__ = ["EXAMPLES", "LISTED", "NOT_DISPATCHED", "X", "arrays_in", "evaluate", "wrong_with"]

X = general(np.random.default_rng(12), (3, 4))
LISTED = list(csv.DictReader((Path(__file__).parent / "data/numpy_calls.csv").open(encoding="utf-8")))
# What NumPy hands to no other kind of array: it asks for plain numbers, which a Tensor refuses to be.
NOT_DISPATCHED = {
    "array", "asarray", "ascontiguousarray", "full", "vectorize", "r_", "c_", "array([a, b])", "array([[a], [b]])",
}  # fmt: skip


def names_from(x):
    """The arrays that examples speak of, made from x."""
    A = x[:, :3]
    return {
        "x": x,
        "v": x[0],  # a vector
        "w": x[1],
        "a": x[0, 0],  # a number
        "b": x[1, 2],
        "A": A,  # a square matrix
        "S": A @ A.T + 2 * np.eye(3),  # symmetric, positive
        "t": np.reshape(x, (2, 3, 2)),
        "stack": np.reshape(x, (3, 2, 2)),  # three matrices
        "p": np.exp(x / 2),  # positive
        "u": 0.5 + x / 5.5,  # between 0.1 and 0.9
        "holes": np.where(np.eye(3, 4) == 1, np.nan, x),
        "c": C,  # constants
        "np": np,
        "signal": SIGNAL,
        "special": SPECIAL,
    }


C = np.linspace(0.3, 1.7, 12).reshape(3, 4)
SIGNAL = SimpleNamespace(kernel=np.array([0.2, -0.5, 1.0]))
SPECIAL = SimpleNamespace()

# The calls of the list, most used first; several examples are parted by "|".
EXAMPLES = {
    "array": "np.array(x)",
    "dot": "np.dot(x, c.T) | x.dot(c.T) | np.dot([[1.0, 2.0, 3.0]], x) | np.dot(x, [1.0, 2.0, 3.0, 4.0])",
    "sum": "np.sum(x) | np.sum(a=x, axis=1) | x.sum(0, keepdims=True)",
    "linspace": "np.linspace(a, b, 5) | np.linspace(0, v, 3, endpoint=False, axis=1) | np.linspace(a, 2, 5, retstep=True)",
    "exp": "np.exp(x)",
    "log": "np.log(p)",
    "asarray": "np.asarray(x)",
    "mean": "np.mean(x, axis=0) | x.mean()",
    "sqrt": "np.sqrt(p)",
    "concatenate": "np.concatenate([x, c]) | np.concatenate([v, [1.0, 2.0]]) | np.concatenate((x, x), axis=None, dtype=np.float64)",
    "max": "np.max(x, axis=1) | x.max()",
    "linalg.norm": "np.linalg.norm(x) | np.linalg.norm(x, axis=1)",
    "reshape": "np.reshape(x, (2, 6)) | x.reshape(-1, order='F') | np.reshape(x, (4, 3), order='F')",
    "squeeze": "np.squeeze(x[:1])",
    "maximum": "np.maximum(x, c) | np.maximum(0, x)",
    "multiply": "np.multiply(x, c) | np.multiply(x, [1, 2, 3, 4])",
    "min": "np.min(x, axis=0)",
    "tanh": "np.tanh(x)",
    "meshgrid": "np.meshgrid(v, w) | np.meshgrid(v, [1.0, 2.0], a, indexing='ij') | np.meshgrid(v, w, sparse=True)",
    "vstack": "np.vstack([x, c]) | np.vstack([v, w]) | np.vstack([x, [1.0, 2.0, 3.0, 4.0]])",
    "where": "np.where(c > 1, x, 0)",
    "sin": "np.sin(x)",
    "moveaxis": "np.moveaxis(t, 0, -1) | np.moveaxis(t, (0, 1), (2, 0))",
    "clip": "np.clip(x, -1, 1) | x.clip(0, None)",
    "hstack": "np.hstack([x, c]) | np.hstack([v, w]) | np.hstack([a, [1.0, 2.0], v])",
    "append": "np.append(x, v) | np.append(x, c, axis=0) | np.append(v, 1.0)",
    "prod": "np.prod(x, axis=1)",
    "cos": "np.cos(x)",
    "tile": "np.tile(x, 2) | np.tile(v, (3, 1)) | np.tile(x, (2, 1, 3)) | np.tile(a, 4)",
    "matmul": "np.matmul(x, c.T) | np.matmul([1.0, 2.0, 3.0], x)",
    "diag": "np.diag(v) | np.diag(x, 1) | np.diag(x, -1) | np.diag(v, -2)",
    "divide": "np.divide(x, c)",
    "mod": "np.mod(x, 0.7) | x % c | 7.3 % p | np.mod(c, p)",
    "expand_dims": "np.expand_dims(x, 1)",
    "square": "np.square(x)",
    "power": "np.power(p, 1.5) | np.power([1.0, 2.0, 3.0, 4.0], v)",
    "copy": "np.copy(x) | x.copy()",
    "linalg.solve": "np.linalg.solve(S, x) | np.linalg.solve(S, v[:3]) | np.linalg.solve(stack, np.swapaxes(t, 1, 2)[:1]) | np.linalg.solve(stack, v[:2])",
    "std": "np.std(x, axis=0, ddof=1)",
    "flipud": "np.flipud(x)",
    "linalg.inv": "np.linalg.inv(S) | np.linalg.inv(stack)",
    "einsum": "np.einsum('ij,kj->ik', x, c) | np.einsum('ij,j', x, [1.0, 2.0, 3.0, 4.0])",
    "swapaxes": "np.swapaxes(t, 0, 2)",
    "minimum": "np.minimum(x, c)",
    "transpose": "np.transpose(x) | np.transpose(v, 0) | np.transpose(a=t, axes=[1, 0, 2])",
    "column_stack": "np.column_stack([v, w]) | np.column_stack([x, c[:, 0]])",
    "repeat": "np.repeat(x, 2) | np.repeat(x, 3, axis=1) | np.repeat(v, [1, 0, 2, 3]) | x.repeat(2, axis=0)",
    "pad": "np.pad(x, 1) | np.pad(x, ((0, 1), (2, 0)), constant_values=3) | np.pad(v, (2, 1), mode='edge')"
    " | np.pad(x, 2, mode='reflect') | np.pad(x, ((1, 1), (0, 2)), 'symmetric') | np.pad(x, 1, 'wrap')"
    " | np.pad(x, {0: (1, 2)})",
    "roll": "np.roll(x, 1) | np.roll(x, -1, axis=1) | np.roll(x, (1, 2), axis=(0, 1))",
    "linalg.pinv": "np.linalg.pinv(x) | np.linalg.pinv(x.T) | np.linalg.pinv(stack, rcond=1e-10)",
    "linalg.cholesky": "np.linalg.cholesky(S) | np.linalg.cholesky(stack @ np.swapaxes(stack, 1, 2) + np.eye(2))",
    "split": "np.split(x, 2, axis=1) | np.split(x, np.int64(3)) | np.split(v, [1, 3])",
    "percentile": "np.percentile(x, 30) | np.percentile(x, [25, 50, 90], axis=1) | np.percentile(x, 40, axis=0, method='lower')",
    "cumsum": "np.cumsum(x, axis=0) | x.cumsum()",
    "outer": "np.outer(v, w) | np.outer(v, [1.0, 2.0])",
    "atleast_2d": "np.atleast_2d(v) | np.atleast_2d(x) | np.atleast_2d(a, v)",
    "linalg.lstsq": "np.linalg.lstsq(x.T, np.ones(4), rcond=None)[0] | np.linalg.lstsq(c.T + x.T, x.T)[:2] | np.linalg.lstsq(x.T, v)[3]",
    "diff": "np.diff(x) | np.diff(x, 2, axis=0) | np.diff(v, prepend=0.0, append=v[:1])",
    "linalg.svd": "np.linalg.svd(A) | np.linalg.svd(x, full_matrices=False) | np.linalg.svd(x.T, compute_uv=False)"
    " | np.linalg.svd(stack)",
    "full": "np.full((2, 3), a)",
    "sort": "np.sort(x) | np.sort(x, axis=0) | np.sort(x, axis=None)",
    "log2": "np.log2(p)",
    "tensordot": "np.tensordot(x, c, axes=([0, 1], [0, 1])) | np.tensordot(t, x, (1, 0)) | np.tensordot(v, w, 0) | np.tensordot(x, c.T, 1)",
    "atleast_1d": "np.atleast_1d(a) | np.atleast_1d(x)",
    "real": "np.real(x) | x.real",
    "linalg.eigh": "np.linalg.eigh(S) | np.linalg.eigh(S, UPLO='U').eigenvalues | np.linalg.eigh(stack + np.swapaxes(stack, 1, 2))",
    "sinc": "np.sinc(x) | np.sinc(x / 100)",
    "average": "np.average(x) | np.average(x, axis=1, weights=[1, 2, 3, 4]) | np.average(c, weights=p, axis=0) | np.average(x, weights=c, returned=True)",
    "trace": "np.trace(x) | np.trace(t, 1, 1, 2) | x.trace()",
    "linalg.eig": "np.linalg.eig(S)[1] | np.linalg.eig(S @ np.triu(A + c[:, :3])) | [np.abs(z) for z in np.linalg.eig(A)] | [np.real(z) for z in np.linalg.eig(A)] | np.imag(np.linalg.eig(A)[1])",
    "log10": "np.log10(p)",
    "logspace": "np.logspace(a, b, 4) | np.logspace(0, a, 4, base=2.0)",
    "amax": "np.amax(x, axis=0)",
    "linalg.det": "np.linalg.det(A) | np.linalg.det(stack) | np.linalg.det(np.outer(v[:3], w[:3]))",
    "cov": "np.cov(x) | np.cov(x, rowvar=False) | np.cov(v, w, bias=True) | np.cov(v)",
    "delete": "np.delete(x, 1, axis=0) | np.delete(x, [0, -1]) | np.delete(v, slice(1, 3))",
    "log1p": "np.log1p(p)",
    "nanmean": "np.nanmean(holes) | np.nanmean(holes, axis=0, keepdims=True)",
    "logaddexp": "np.logaddexp(x, c)",
    "vectorize": "np.vectorize(lambda y: y * y)(x)",
    "nansum": "np.nansum(holes) | np.nansum(holes, axis=1)",
    "ravel": "np.ravel(x) | np.ravel(x, order='F') | x.flatten()",
    "ascontiguousarray": "np.ascontiguousarray(x)",
    "array_split": "np.array_split(x, 3, axis=1) | np.array_split(v, np.int64(3))",
    "take": "np.take(x, [0, 2, 2], axis=1) | x.take(3)",
    "linalg.eigvalsh": "np.linalg.eigvalsh(S) | np.linalg.eigvalsh(S, 'U')",
    "dstack": "np.dstack([x, c]) | np.dstack([v, w])",
    "histogram": "np.histogram(x)[0]",
    "arccos": "np.arccos(u)",
    "arctan": "np.arctan(x)",
    "diagflat": "np.diagflat(x, 1)",
    "var": "np.var(x)",
    "linalg.qr": "np.linalg.qr(A) | np.linalg.qr(x.T) | np.linalg.qr(stack).R | np.linalg.qr(x.T, mode='r')",
    "insert": "np.insert(x, 1, v, axis=0) | np.insert(v, [1, 3], w[:2]) | np.insert(x, 2, c[:, 0], axis=1) | np.insert(v, 2, w)"
    " | np.insert(x, slice(1, 3), 5.0, axis=1)",
    "absolute": "np.absolute(x) | abs(x)",
    "inner": "np.inner(v, w) | np.inner(x, c) | np.inner(t, x[:, :2])",
    "kron": "np.kron(x, c) | np.kron(v, x)",
    "fill_diagonal": "np.fill_diagonal(x, 0)",
    "amin": "np.amin(x)",
    "median": "np.median(x) | np.median(x, axis=1, keepdims=True) | np.median(x, axis=0)",
    "tril": "np.tril(x) | np.tril(t, -1) | np.tril(v)",
    "broadcast_arrays": "np.broadcast_arrays(v, c, a)",
    "flip": "np.flip(x, 1)",
    "stack": "np.stack([x, c], axis=1) | np.stack([a, b])",
    "polyval": "np.polyval(v, 0.7) | np.polyval([1.0, 2.0, -1.0], x)",
    "expm1": "np.expm1(x)",
    "nan_to_num": "np.nan_to_num(x) | np.nan_to_num(holes, nan=2.0)",
    "triu": "np.triu(x) | np.triu(x, 1)",
    "arctan2": "np.arctan2(x, c) | np.arctan2(c, x)",
    "linalg.slogdet": "np.linalg.slogdet(A).logabsdet | np.linalg.slogdet(stack)[1]",
    "broadcast_to": "np.broadcast_to(v, (2, 4))",
    "cosh": "np.cosh(x)",
    "nanstd": "np.nanstd(holes) | np.nanstd(holes, axis=1, ddof=1)",
    "rot90": "np.rot90(x) | np.rot90(t, 3, axes=(2, 0))",
    "arccosh": "np.arccosh(1 + p)",
    "add": "np.add(x, c) | np.add(x, [1, 2, 3, 4])",
    "hypot": "np.hypot(x, c)",
    "nanmax": "np.nanmax(holes) | np.nanmax(holes, axis=1)",
    "cumprod": "np.cumprod(x) | np.cumprod(x, axis=1)",
    "fliplr": "np.fliplr(x)",
    "conj": "np.conj(x) | x.conj()",
    "subtract": "np.subtract(x, c)",
    "true_divide": "np.true_divide(x, c)",
    "cross": "np.cross(x[:, :3], c[:, :3]) | np.cross(x, c, axis=0) | np.cross([1.0, 2.0, 3.0], A)",
    "linalg.eigvals": "np.linalg.eigvals(S) | np.abs(np.linalg.eigvals(A)) | np.imag(np.linalg.eigvals(A))",
    "block": "np.block([[x, c], [c, x]]) | np.block([v, 1.0, w]) | np.block([[x, c[:, :1]], [np.ones((1, 5))]])",
    "full_like": "np.full_like(x, a) | np.full_like(c, 2.0) * x",
    "interp": "np.interp(x / 3, [-1.0, -0.2, 0.3, 1.0], [0.0, 2.0, 1.0, 5.0]) | np.interp(c, [0.0, 1.0, 1.3, 2.0], v)",
    "convolve": "np.convolve(v, signal.kernel) | np.convolve(v, w, 'same') | np.convolve(signal.kernel, v, mode='valid')",
    "polyfit": "np.polyfit([0.0, 1.0, 2.0, 3.0], v, 2) | np.polyfit(v, w, 1)",
    "apply_along_axis": "np.apply_along_axis(lambda r: r * r[0], 0, x) | np.apply_along_axis(np.sum, 1, x)",
    "negative": "np.negative(x)",
    "sinh": "np.sinh(x)",
    "arctanh": "np.arctanh(u)",
    "diagonal": "np.diagonal(x) | np.diagonal(t, -1, 2, 0) | x.diagonal(1)",
    "vdot": "np.vdot(x, c)",
    "fft.rfft": "np.abs(np.fft.rfft(x)) | np.fft.irfft(np.fft.rfft(v) * [1.0, 2.0, 3.0j])",
    "quantile": "np.quantile(x, 0.2) | np.quantile(x, [[0.1, 0.9]], axis=(0, 1)) | np.quantile(x, 0.3, method='midpoint')",
    "fabs": "np.fabs(x)",
    "positive": "np.positive(x)",
    "cbrt": "np.cbrt(x)",
    "reciprocal": "np.reciprocal(p)",
    "exp2": "np.exp2(x)",
    "tan": "np.tan(u)",
    "arcsin": "np.arcsin(u)",
    "arcsinh": "np.arcsinh(x)",
    "deg2rad": "np.deg2rad(x)",
    "rad2deg": "np.rad2deg(x)",
    "degrees": "np.degrees(x)",
    "radians": "np.radians(x)",
    "i0": "np.i0(x)",
    "ptp": "np.ptp(x) | np.ptp(x, axis=1)",
    "nanmin": "np.nanmin(holes)",
    "nanprod": "np.nanprod(holes, axis=0)",
    "nanvar": "np.nanvar(holes) | np.nanvar(holes, axis=0, ddof=1)",
    "nancumsum": "np.nancumsum(holes, axis=1)",
    "atleast_3d": "np.atleast_3d(x) | np.atleast_3d(v) | np.atleast_3d(a) | np.atleast_3d(t)",
    "ediff1d": "np.ediff1d(x) | np.ediff1d(v, to_begin=a, to_end=[1.0, 2.0])",
    "gradient": "np.gradient(x) | np.gradient(v, 0.5) | np.gradient(x, [0.0, 1.0, 1.5, 3.0], axis=1)",
    "trapezoid": "np.trapezoid(x) | np.trapezoid(x, dx=0.5, axis=0) | np.trapezoid(x, [0.0, 1.0, 1.5, 3.0]) | np.trapezoid(c, x)",
    "unwrap": "np.unwrap(3 * x) | np.unwrap(x, period=1.5, axis=0) | np.unwrap(x, discont=4)",
    "angle": "np.angle(x + 0.1j * x) | np.angle(np.fft.fft(v))",
    "imag": "np.imag(np.fft.fft(x)) | np.fft.fft(x).imag",
    "float_power": "np.float_power(p, 1.5) | np.float_power(c, x)",
    "fmax": "np.fmax(x, c) | np.fmax(holes, 0.1)",
    "fmin": "np.fmin(x, c)",
    "logaddexp2": "np.logaddexp2(x, c)",
    "remainder": "np.remainder(x, c)",
    "fmod": "np.fmod(x, c) | np.fmod(c, p)",
    "copysign": "np.copysign(x, -c) | np.copysign(x, v)",
    "ldexp": "np.ldexp(x, [0, 1, 2, -3])",
    "heaviside": "np.heaviside(c - 1 - 8 / 11 * 0.7 + 0.3 * (c > 1.1), a)",
    "floor_divide": "np.floor_divide(x, 0.7)",
    "select": "np.select([c < 0.5, c > 1.2], [x, x * x], default=1.0) | np.select([c < 1], [x])",
    "choose": "np.choose([[0, 1, 1, 0]], [x, c]) | np.choose([[0, 1, 3, -1]], [x, 2 * x, c], mode='wrap')",
    "piecewise": "np.piecewise(x, [x < 0, x >= 0], [lambda y: y * y, lambda y: 3 * y]) | np.piecewise(x, [x < -1], [2.0, np.exp])",
    "vecdot": "np.vecdot(x, c) | np.vecdot(x, c, axis=0)",
    "matvec": "np.matvec(x, v) | np.matvec(t, c[0, :2])",
    "linalg.multi_dot": "np.linalg.multi_dot([x, c.T, x])",
    "linalg.matrix_power": "np.linalg.matrix_power(A, 5) | np.linalg.matrix_power(S, -2) | np.linalg.matrix_power(A, 0) + A",
    "einsum (sublists)": "np.einsum(x, [0, 1], c, [2, 1], [0, 2]) | np.einsum(x, [0, 1], c, [0, 1]) | np.einsum(t, [Ellipsis, 0], [Ellipsis])",
    "linalg.matrix_norm": "np.linalg.matrix_norm(x) | np.linalg.matrix_norm(t, ord='nuc')",
    "linalg.vector_norm": "np.linalg.vector_norm(x) | np.linalg.vector_norm(t, axis=(0, 1), ord=3, keepdims=True)",
    "linalg.cond": "np.linalg.cond(A) | np.linalg.cond(S, 1) | np.linalg.cond(A, -2)",
    "linalg.tensorinv": "np.linalg.tensorinv(np.reshape(S, (3, 1, 3)), ind=1) | np.linalg.tensorinv(np.reshape(S, (3, 3, 1)), ind=1)",
    "linalg.norm ord=1": "np.linalg.norm(x, 1) | np.linalg.norm(v, 1) | np.linalg.norm(t, ord=1, axis=(2, 0), keepdims=True) | np.linalg.norm(x, -1)",
    "linalg.norm ord=inf": "np.linalg.norm(x, np.inf) | np.linalg.norm(x, -np.inf) | np.linalg.norm(x, np.inf, axis=1) | np.linalg.norm(v, -np.inf)",
    "linalg.norm ord=3": "np.linalg.norm(v, 3) | np.linalg.norm(x, 0.5, axis=0) | np.linalg.norm(x, 2) | np.linalg.norm(x, -2)"
    " | np.linalg.norm(x, 'nuc')",
    "fft.fft": "np.abs(np.fft.fft(x)) | np.real(np.fft.ifft(np.fft.fft(v, 6) ** 2)) | np.abs(np.fft.fft(x, axis=0, norm='ortho'))",
    "fft.fft2": "np.abs(np.fft.fft2(x)) | np.real(np.fft.ifft2(np.fft.fft2(x) * (c + 1j)))",
    "fft.fftn": "np.abs(np.fft.fftn(t)) | np.abs(np.fft.fftn(t, axes=(0, 2)))",
    "fft.fftshift": "np.fft.fftshift(x) | np.fft.ifftshift(x, axes=1)",
    "rollaxis": "np.rollaxis(t, 2) | np.rollaxis(t, 0, 3) | np.rollaxis(t, 1, -1)",
    "permute_dims": "np.permute_dims(t, (2, 0, 1))",
    "matrix_transpose": "np.matrix_transpose(t) | x.mT",
    "resize": "np.resize(x, (2, 3)) | np.resize(v, 7)",
    "concat": "np.concat([x, c], axis=1)",
    "r_": "np.r_[v, w]",
    "c_": "np.c_[v, w]",
    "vsplit": "np.vsplit(x, 3)",
    "hsplit": "np.hsplit(x, 2) | np.hsplit(v, [1])",
    "unstack": "np.unstack(x) | np.unstack(t, axis=1)",
    "take_along_axis": "np.take_along_axis(x, np.argsort(c, axis=1), axis=1) | np.take_along_axis(x, np.array([[0, 2, 1, 1]]), axis=0)"
    " | np.take_along_axis(x, np.array([5, 5, 1]), axis=None)",
    "compress": "np.compress([True, False, True], x, axis=0) | np.compress([0, 1, 1], v) | x.compress([False, True], axis=1)",
    "extract": "np.extract(c > 0.8, x)",
    "x[index]": "x[1, ::2] | x[[0, 0, 2]] | x[x > 0]",
    "array([a, b])": "np.array([a, b])",
    "array([[a], [b]])": "np.array([[a], [b]])",
    "geomspace": "np.geomspace(p[0, 0], p[1, 1], 4)",
    "vander": "np.vander(v) | np.vander(v, 3, increasing=True)",
    "partition": "np.partition(x, 2) | np.partition(x, [1], axis=0) | np.partition(x, 5, axis=None)",
    "corrcoef": "np.corrcoef(x) | np.corrcoef(v, w) | np.corrcoef(x, rowvar=False)",
    "correlate": "np.correlate(v, signal.kernel) | np.correlate(signal.kernel, v, 'full') | np.correlate(v, w[:2], mode='same')"
    " | np.correlate(v[:2], w, 'same') | np.correlate(v[:3], w, 'valid')",
    "maximum.reduce": "np.maximum.reduce(x)",
    "add.accumulate": "np.add.accumulate(x) | np.add.accumulate(x, axis=1) | np.multiply.accumulate(v)",
    "add.outer": "np.add.outer(v, w) | np.multiply.outer(x, [1.0, 2.0]) | np.subtract.outer([1.0, 2.0], x)",
    "add.reduceat": "np.add.reduceat(v, [0, 2])",
    "cumulative_sum": "np.cumulative_sum(x, axis=1) | np.cumulative_sum(v, include_initial=True)",
    "cumulative_prod": "np.cumulative_prod(x, axis=0)",
    "put_along_axis": "np.put_along_axis(x, np.array([[0]]), 0, axis=1)",
    "lib.stride_tricks.sliding_window_view": "np.lib.stride_tricks.sliding_window_view(v, 2)"
    " | np.lib.stride_tricks.sliding_window_view(x, (2, 3)) | np.lib.stride_tricks.sliding_window_view(x, 2, axis=0)",
    "astype": "x.astype(np.float64) | x.astype(float, copy=False)",
}  # fmt: skip


def evaluate(expression, x):
    """What an expression gives where x stands for the matrix."""
    return eval(expression, names_from(x))


def arrays_in(found):
    """What a call gives, one array or several, as a list."""
    return list(found) if isinstance(found, tuple | list) else [found]


def cost(expression, x):
    """One number made of all that an expression gives."""
    return sum(np.sum(weights(z.shape) * z) for z in arrays_in(evaluate(expression, x)))


@cache
def directions():
    rng = np.random.default_rng(5)
    return [rng.standard_normal(X.shape) for _ in range(3)]


def slopes(f, h):
    """The slopes of f at X in some directions, by central differences of fourth order."""
    return [
        (8 * (f(X + h * d) - f(X - h * d)) - f(X + 2 * h * d) + f(X - 2 * h * d)) / (12 * h) for d in directions()
    ]


def wrong_with(expression):
    """What is wrong with the value and the derivative of an example, "" if nothing is."""
    found, expected = arrays_in(evaluate(expression, tg.parameter(X))), arrays_in(evaluate(expression, X))
    if [np.shape(z) for z in found] != [np.shape(z) for z in expected]:
        return f"shapes {[np.shape(z) for z in found]} instead of {[np.shape(z) for z in expected]}"
    if not any(isinstance(z, tg.Tensor) and z.wants for z in found):
        return "a plain array"
    pairs = [(z.value if isinstance(z, tg.Tensor) else z, e) for z, e in zip(found, expected, strict=True)]
    wrong = [disagreement(z, e, rtol=1e-12, atol=1e-13) for z, e in pairs]
    dx = tg.grad(lambda x: cost(expression, x))(X)
    expected = slopes(lambda x: cost(expression, x), 1e-4)
    wrong.append(disagreement([np.sum(dx * d) for d in directions()], expected, rtol=1e-6, atol=1e-7))
    return "; ".join(filter(None, wrong))
