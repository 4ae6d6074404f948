"""Rows of linear algebra, for single matrices and for stacks of them.

The rules are those of Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), and of Petersen and Pedersen, "The Matrix Cookbook" (2012), unless a rule says
otherwise. Of a symmetric matrix NumPy reads one triangle alone; so the derivative is in that triangle, where
each entry stands for its mirror image too, and 0 in the other.
"""

from __future__ import annotations

import functools

import numpy as np

from tinygraph.rules.factors import (
    cofactors,
    eigenvectors,
    general_eigenvectors,
    left_vectors,
    log_determinant,
    orthogonal_factor,
    right_vectors,
    sign_of_determinant,
    singular_values,
    triangular_factor,
)
from tinygraph.rules.kernels import Recording
from tinygraph.rules.operation import add_row, compose
from tinygraph.rules.shapes import conjugate_of, places_of_axes, with_shape
from tinygraph.rules.types import AnyFunction, AnyIndex, Numeric, Option, Options, Rule

__all__: list[str] = []


def mT(x: Numeric) -> Numeric:
    """Each matrix of a stack transposed."""
    return np.swapaxes(x, axis1=-1, axis2=-2)


def inv_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    return -(mT(z) @ dz @ mT(z))


def solve_dx(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    dy = solve_dy(dz, z, x, y)
    return -(dy[..., None] @ z[..., None, :] if y.ndim == 1 else dy @ mT(z))


def solve_dy(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    if y.ndim == 1 and x.ndim > 2:  # a vector for each of a stack of matrices
        return np.linalg.solve(mT(x), dz[..., None])[..., 0]
    return np.linalg.solve(mT(x), dz)


def cofactors_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    """Of det(x) inv(x).T, by the product rule, where x is not singular."""
    total = np.sum(dz * z, axis=(-2, -1), keepdims=True)
    return (total * z - z @ mT(dz) @ z) / np.linalg.det(x)[..., None, None]


def pinv_dx(dz: Numeric, z: Numeric, x: Numeric, rcond: Option = None, rtol: Option = None) -> Numeric:
    """Golub and Pereyra, "The differentiation of pseudo-inverses" (1973), at constant rank."""
    zT, dzT = mT(z), mT(dz)
    outside = dzT @ z @ zT - x @ (z @ (dzT @ z @ zT))
    inside = zT @ z @ dzT - (zT @ z @ dzT @ z) @ x
    return outside + inside - zT @ dz @ zT


def lower_half(x: Numeric) -> Numeric:
    """The triangle below the diagonal, and half of the diagonal."""
    return np.tril(x) - np.tril(np.triu(x)) / 2


def one_triangle(x: Numeric, UPLO: str = "L") -> Numeric:
    """The derivative by the triangle that NumPy reads, each entry with that by its mirror image."""
    return np.tril(x) + np.tril(mT(x), -1) if UPLO.upper() == "L" else np.triu(x) + np.triu(mT(x), 1)


def cholesky_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    """Murray, "Differentiation of the Cholesky decomposition" (2016), equation 9."""
    inverse = np.linalg.inv(z)
    return one_triangle(mT(inverse) @ lower_half(mT(z) @ dz) @ inverse)


def reciprocal_gaps(x: Numeric) -> Numeric:
    """1 / (x[j] - x[i]) for all pairs of the last axis, 0 for what is equal."""
    square = (*x.shape, x.shape[-1])
    gaps = np.broadcast_to(x[..., None, :], square) - np.broadcast_to(x[..., None], square)
    return np.where(gaps == 0, 0, 1 / np.where(gaps == 0, 1, gaps))


def eigenvalues_dx(dz: Numeric, z: Numeric, x: Numeric, UPLO: str = "L") -> Numeric:
    V = eigenvectors(x, UPLO=UPLO)
    return one_triangle((V * dz[..., None, :]) @ mT(V), UPLO)


def eigenvectors_dx(dz: Numeric, z: Numeric, x: Numeric, UPLO: Option = "L") -> Numeric:
    """For distinct eigenvalues; the derivative in the space of equal ones is taken as 0."""
    gaps = reciprocal_gaps(np.linalg.eigvalsh(x, UPLO=UPLO))
    return one_triangle(z @ (gaps * (mT(z) @ dz)) @ mT(z), UPLO)


def eigvals_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    V = general_eigenvectors(x)
    return mT(np.linalg.inv(V)) @ (dz[..., :, None] * mT(V))


def general_eigenvectors_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    """For distinct eigenvalues, and vectors as LAPACK scales them: of length 1, the largest entry real.

    Boeddeker et al., "On the computation of complex-valued gradients with application to statistically
    optimum beamforming" (2017), but with that entry kept real.
    """
    along = np.sum(dz * z, axis=-2, keepdims=True)
    size = np.abs(z)
    largest = size == np.max(size, axis=-2, keepdims=True)
    kept = dz - conjugate_of(z) * np.real(along)
    if z.dtype.kind == "c":
        kept = kept - 1j * np.imag(along) * (largest / np.where(largest, z, 1))
    gaps = reciprocal_gaps(np.linalg.eigvals(x))
    return mT(np.linalg.inv(z)) @ (gaps * (mT(z) @ kept)) @ mT(z)


def singular_values_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    return (left_vectors(x) * dz[..., None, :]) @ right_vectors(x)


def singular_vectors_dx(dU: Numeric, U: Numeric, s: Numeric, Vh: Numeric) -> Numeric:
    """Townsend, "Differentiating the singular value decomposition" (2016), for distinct singular values."""
    turn = mT(U) @ dU
    within = reciprocal_gaps(np.square(s)) * (turn - mT(turn)) * s[..., None, :]
    outside = (dU - U @ turn) / s[..., None, :]
    return (U @ within + outside) @ Vh


def left_vectors_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    return singular_vectors_dx(dz, z, singular_values(x), right_vectors(x))


def right_vectors_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    return mT(singular_vectors_dx(mT(dz), mT(z), singular_values(x), mT(left_vectors(x))))


def qr_dx(Q: Numeric, R: Numeric, dQ: Numeric, M: Numeric) -> Numeric:
    """Walter and Lehmann, "Algorithmic differentiation of linear algebra functions" (2018), for full rank."""
    mirrored = np.tril(M) + mT(np.tril(M, -1))
    return mT(np.linalg.solve(R, mT(dQ + Q @ mirrored)))


def orthogonal_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    return qr_dx(z, triangular_factor(x), dz, -(mT(dz) @ z))


def triangular_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    Q = orthogonal_factor(x)
    return qr_dx(Q, z, np.zeros_like(Q), z @ mT(dz))


def log_determinant_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    return dz[..., None, None] * mT(np.linalg.inv(x))


def add_real_row(function: AnyFunction, symbol: str, formula: str, rule: Rule) -> None:
    """Put a row into the table for real matrices alone: its rule has no conjugates."""

    def forward(x: Numeric, **settings: Option) -> Numeric:
        if x.dtype.kind == "c":
            raise TypeError("of complex numbers it has no derivative here")
        return function(x, **settings)

    add_row(function, symbol, formula, rule, forward=forward, analytic=False)


# fmt: off
add_row(np.linalg.inv,      "inv",   "the inverse of x", inv_dx)
add_row(np.linalg.solve,    "solve", "inv(x) @ y",       solve_dx, solve_dy)
add_row(np.linalg.det,      "det",   "determinant of x", lambda dz, z, x: dz[..., None, None] * cofactors(x))
add_row(cofactors,  "cofactors",     "det(x) * inv(x).T",  cofactors_dx, analytic=False)
add_real_row(log_determinant,      "log det",         "log(|det(x)|)",               log_determinant_dx)
add_real_row(np.linalg.pinv,       "pinv",            "the pseudo-inverse of x",     pinv_dx)
add_real_row(np.linalg.cholesky,   "cholesky",        "triangular z, x = z @ z.T",   cholesky_dx)
add_real_row(np.linalg.eigvalsh,   "eigenvalues",     "eigenvalues of x = x.T",      eigenvalues_dx)
add_real_row(eigenvectors,         "eigenvectors",    "eigenvectors of x = x.T",     eigenvectors_dx)
add_real_row(np.linalg.eigvals,    "eigenvalues",     "eigenvalues of x",            eigvals_dx)
add_real_row(general_eigenvectors, "eigenvectors",    "eigenvectors of x",           general_eigenvectors_dx)
add_real_row(singular_values,      "singular values", "s of x = U @ diag(s) @ V.T",  singular_values_dx)
add_real_row(left_vectors,         "left vectors",    "U of x = U @ diag(s) @ V.T",  left_vectors_dx)
add_real_row(right_vectors,        "right vectors",   "V.T of x = U @ diag(s) @ V.T", right_vectors_dx)
add_real_row(orthogonal_factor,    "Q",               "Q of x = Q @ R",              orthogonal_dx)
add_real_row(triangular_factor,    "R",               "R of x = Q @ R",              triangular_dx)
# fmt: on

# Compositions ----------------------------------------------------------------


SMALLEST = np.eye(1)


def as_numpy_gives(function: AnyFunction, *parts: Numeric) -> Numeric:
    """Several results in the named tuple that NumPy's function has for them."""
    return type(function(SMALLEST))(*parts)


@compose(np.linalg.slogdet)
def slogdet(a: Numeric) -> Numeric:
    """`np.linalg.slogdet`; the sign is a plain array."""
    return as_numpy_gives(np.linalg.slogdet, sign_of_determinant(a), log_determinant(a))


@compose(np.linalg.eigh)
def eigh(a: Numeric, UPLO: Option = "L") -> Numeric:
    """`np.linalg.eigh`."""
    return as_numpy_gives(np.linalg.eigh, np.linalg.eigvalsh(a, UPLO=UPLO), eigenvectors(a, UPLO=UPLO))


@compose(np.linalg.eig)
def eig(a: Numeric) -> Numeric:
    """`np.linalg.eig`."""
    return as_numpy_gives(np.linalg.eig, np.linalg.eigvals(a), general_eigenvectors(a))


@compose(np.linalg.svd)
def svd(a: Numeric, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Numeric:
    """`np.linalg.svd`, of as many vectors as there are singular values."""
    if not compute_uv:
        return singular_values(a)
    if full_matrices and a.shape[-1] != a.shape[-2]:
        raise ValueError("vectors beyond the singular values have no derivative; write full_matrices=False")
    return as_numpy_gives(np.linalg.svd, left_vectors(a), singular_values(a), right_vectors(a))


compose(np.linalg.svdvals)(lambda x, /: singular_values(x))


@compose(np.linalg.qr)
def qr(a: Numeric, mode: str = "reduced") -> Numeric:
    """`np.linalg.qr` of a matrix with no more columns than rows."""
    if mode not in ("reduced", "r") or a.shape[-1] > a.shape[-2]:
        raise ValueError(
            f"np.linalg.qr with mode={mode!r} of {a.shape} has no derivative here; there is one for "
            "mode='reduced' or 'r', and no more columns than rows"
        )
    return (
        triangular_factor(a)
        if mode == "r"
        else as_numpy_gives(np.linalg.qr, orthogonal_factor(a), triangular_factor(a))
    )


@compose(np.linalg.lstsq)
def lstsq(a: Numeric, b: Numeric, rcond: float | None = None) -> tuple[Numeric, Numeric, Numeric, Numeric]:
    """`np.linalg.lstsq` by the pseudo-inverse."""
    m, n = a.shape
    smallest = np.finfo(a.dtype).eps * max(m, n) if rcond is None else rcond
    x, rank = np.linalg.pinv(a, rcond=smallest) @ b, np.linalg.matrix_rank(a)
    rest = np.sum(np.square(a @ x - b), axis=0)
    rest = np.reshape(rest, -1) if rank == n < m else np.zeros(0)
    return x, rest, rank, singular_values(a)


@compose(np.polyfit)
def polyfit(x: Numeric, y: Numeric, deg: int) -> Numeric:
    """`np.polyfit`: least squares in the powers of x, each scaled to length 1."""
    powers = np.vander(with_shape(x), deg + 1)
    lengths = np.sqrt(np.sum(np.square(powers), axis=0))
    return (lstsq(powers / lengths, with_shape(y))[0].T / lengths).T


@compose(np.linalg.matrix_power)
def matrix_power(a: Numeric, n: int) -> Numeric:
    """`np.linalg.matrix_power` by repeated squares."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"an array of {a.shape} is no square matrix")
    if n < 0:
        return matrix_power(np.linalg.inv(a), -n)
    z: Numeric = None
    while n:
        if n % 2:
            z = a if z is None else z @ a
        n //= 2
        a = a @ a if n else a
    return a * 0 + np.eye(a.shape[-1], dtype=a.dtype) if z is None else z


@compose(np.linalg.multi_dot)
def multi_dot(arrays: AnyIndex) -> Numeric:
    """`np.linalg.multi_dot`, from the left."""
    return functools.reduce(np.dot, arrays)


@compose(np.linalg.norm)
def other_norm(x: Numeric, ord: Option = None, axis: Option = None, keepdims: bool = False) -> Numeric:
    """`np.linalg.norm` where it is not the root of a sum of squares."""
    x = with_shape(x)
    axes = places_of_axes(axis, x.ndim)
    if ord is None or isinstance(ord, Recording) or ord == ("fro" if len(axes) == 2 else 2):
        return NotImplemented
    if len(axes) == 1:
        return vector_norm(x, ord, axes[0], keepdims)
    if len(axes) != 2 or ord not in MATRIX_NORMS:
        raise ValueError(f"no norm of {x.shape} over the axes {axes} has ord={ord!r}")
    matrices = x if axes == (x.ndim - 2, x.ndim - 1) else np.moveaxis(x, axes, (-2, -1))
    z = MATRIX_NORMS[ord](matrices)
    return np.reshape(z, tuple(1 if i in axes else n for i, n in enumerate(x.shape))) if keepdims else z


def vector_norm(x: Numeric, ord: float, axis: int, keepdims: bool) -> Numeric:
    """The norm of vectors along an axis."""
    kept: Options = {"axis": axis, "keepdims": keepdims}
    size = np.abs(x)
    if abs(ord) == np.inf:
        return np.max(size, **kept) if ord > 0 else np.min(size, **kept)
    if ord == 0:
        return np.sum(x != 0, dtype=x.dtype, **kept)
    return np.sum(size, **kept) if ord == 1 else np.power(np.sum(np.power(size, ord), **kept), 1 / ord)


MATRIX_NORMS = {
    1: lambda x: np.max(np.sum(np.abs(x), axis=-2), axis=-1),
    -1: lambda x: np.min(np.sum(np.abs(x), axis=-2), axis=-1),
    np.inf: lambda x: np.max(np.sum(np.abs(x), axis=-1), axis=-1),
    -np.inf: lambda x: np.min(np.sum(np.abs(x), axis=-1), axis=-1),
    2: lambda x: singular_values(x)[..., 0],
    -2: lambda x: singular_values(x)[..., -1],
    "nuc": lambda x: np.sum(singular_values(x), axis=-1),
}


@compose(np.linalg.vector_norm)
def norm_of_vectors(x: Numeric, /, *, axis: Option = None, keepdims: bool = False, ord: float = 2) -> Numeric:
    """`np.linalg.vector_norm`: all axes named, and all where there is none, as one."""
    axes = places_of_axes(axis, x.ndim)
    kept = [i for i in range(x.ndim) if i not in axes]
    rows = np.reshape(np.transpose(x, [*kept, *axes]), (*(x.shape[i] for i in kept), -1))
    z = np.linalg.norm(rows, ord=ord, axis=-1)
    return np.reshape(z, tuple(1 if i in axes else n for i, n in enumerate(x.shape))) if keepdims else z


compose(np.linalg.matrix_norm)(
    lambda x, /, *, keepdims=False, ord="fro": np.linalg.norm(x, ord=ord, axis=(-2, -1), keepdims=keepdims)
)


@compose(np.linalg.cond)
def cond(x: Numeric, p: Option = None) -> Numeric:
    """`np.linalg.cond`: the norm of x times that of its inverse."""
    if p in (None, 2, -2):
        s = singular_values(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    norm = functools.partial(np.linalg.norm, ord=p, axis=(-2, -1))
    return norm(x) * norm(np.linalg.inv(x))


@compose(np.linalg.tensorinv)
def tensorinv(a: Numeric, ind: int = 2) -> Numeric:
    """`np.linalg.tensorinv`: the inverse of the matrix with the first `ind` axes as its rows."""
    rows, columns = a.shape[:ind], a.shape[ind:]
    inverse = np.linalg.inv(np.reshape(a, (int(np.prod(rows)), -1)))
    return np.reshape(inverse, columns + rows)


@compose(np.linalg.tensorsolve)
def tensorsolve(a: Numeric, b: Numeric, axes: AnyIndex = None) -> Numeric:
    """`np.linalg.tensorsolve`, which is np.linalg.solve in another shape."""
    if axes is not None:
        a = np.moveaxis(a, axes, range(a.ndim - len(axes), a.ndim))
    b = with_shape(b)
    return np.reshape(np.linalg.solve(np.reshape(a, (b.size, -1)), np.ravel(b)), a.shape[b.ndim :])
