"""The factors of a matrix, one function each, where NumPy gives several at once; and its cofactors.

So each factor is a row of its own, with one rule, and a factor that nobody reads costs nothing backward.
"""

from __future__ import annotations

import numpy as np

from tinygraph.rules.kernels import kernel
from tinygraph.rules.types import Numeric, Option

__all__ = [
    "FACTOR_CODE",
    "cofactors",
    "eigenvectors",
    "general_eigenvectors",
    "left_vectors",
    "log_determinant",
    "orthogonal_factor",
    "right_vectors",
    "sign_of_determinant",
    "singular_values",
    "triangular_factor",
]


@kernel
def eigenvectors(x: Numeric, UPLO: Option = "L") -> Numeric:
    """The eigenvectors of a symmetric matrix, in columns, as `np.linalg.eigh` gives them.

    >>> np.abs(eigenvectors(np.diag([2.0, 1.0])))
    array([[0., 1.],
           [1., 0.]])
    """
    return np.linalg.eigh(x, UPLO)[1]


@kernel
def general_eigenvectors(x: Numeric) -> Numeric:
    """The eigenvectors of any square matrix, in columns, as `np.linalg.eig` gives them.

    >>> np.abs(general_eigenvectors(np.array([[1.0, 0.0], [0.0, 2.0]])))
    array([[1., 0.],
           [0., 1.]])
    """
    return np.linalg.eig(x)[1]


@kernel
def singular_values(x: Numeric) -> Numeric:
    """The singular values of a matrix, the largest first.

    >>> singular_values(np.diag([3.0, 4.0]))
    array([4., 3.])
    """
    return np.linalg.svd(x, compute_uv=False)


@kernel
def left_vectors(x: Numeric) -> Numeric:
    """The left singular vectors of a matrix, in columns, as many as there are singular values.

    >>> np.abs(left_vectors(np.diag([3.0, 4.0])))
    array([[0., 1.],
           [1., 0.]])
    """
    return np.linalg.svd(x, full_matrices=False)[0]


@kernel
def right_vectors(x: Numeric) -> Numeric:
    """The right singular vectors of a matrix, in rows, as many as there are singular values.

    >>> np.abs(right_vectors(np.diag([3.0, 4.0])))
    array([[0., 1.],
           [1., 0.]])
    """
    return np.linalg.svd(x, full_matrices=False)[2]


@kernel
def orthogonal_factor(x: Numeric) -> Numeric:
    """Q of x = Q R, with orthonormal columns.

    >>> np.abs(orthogonal_factor(np.diag([3.0, 4.0])))
    array([[1., 0.],
           [0., 1.]])
    """
    return np.linalg.qr(x)[0]


@kernel
def triangular_factor(x: Numeric) -> Numeric:
    """R of x = Q R, zero below the diagonal.

    >>> np.abs(triangular_factor(np.diag([3.0, 4.0])))
    array([[3., 0.],
           [0., 4.]])
    """
    return np.linalg.qr(x)[1]


@kernel
def log_determinant(x: Numeric) -> Numeric:
    """log |det x|, which neither overflows nor underflows.

    >>> round(float(log_determinant(np.diag([1e300, 1e300]))), 3)
    1381.551
    """
    return np.linalg.slogdet(x)[1]


@kernel
def sign_of_determinant(x: Numeric) -> Numeric:
    """The sign of det x: 1, -1, or 0 where x is singular.

    >>> float(sign_of_determinant(np.diag([1.0, -2.0])))
    -1.0
    """
    return np.linalg.slogdet(x)[0]


# How NumPy code says it.
FACTOR_CODE = {
    eigenvectors: "np.linalg.eigh({})[1]",
    general_eigenvectors: "np.linalg.eig({})[1]",
    singular_values: "np.linalg.svd({}, compute_uv=False)",
    left_vectors: "np.linalg.svd({}, full_matrices=False)[0]",
    right_vectors: "np.linalg.svd({}, full_matrices=False)[2]",
    orthogonal_factor: "np.linalg.qr({})[0]",
    triangular_factor: "np.linalg.qr({})[1]",
    log_determinant: "np.linalg.slogdet({})[1]",
    sign_of_determinant: "np.linalg.slogdet({})[0]",
}


@kernel
def cofactors(x: Numeric) -> Numeric:
    """The derivative of det x by each entry of x: det x times the transposed inverse, if there is one.

    It is found from the singular values, so it is right for singular x too.

    >>> cofactors(np.array([[1.0, 2.0], [3.0, 4.0]])).round(12)
    array([[ 4., -3.],
           [-2.,  1.]])
    """
    U, Vh = left_vectors(x), right_vectors(x)
    s = np.sum(U * (x @ np.swapaxes(Vh, -1, -2)), axis=-2)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :])
    sign = np.linalg.det(U) * np.linalg.det(Vh)
    return (U * np.prod(others, axis=-1)[..., None, :]) @ Vh * sign[..., None, None]
