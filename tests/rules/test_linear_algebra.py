"""Linear algebra against what is known of matrices, without differences."""

import numpy as np
import pytest

import tinygraph as tg

A = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7], [1.0, 0.2, 3.0]])
S = A @ A.T + np.diag([1.0, 2.0, 3.0])


def derivative(f, x=A):
    return tg.grad(f)(x)


def minor(x, i, j):
    return np.linalg.det(np.delete(np.delete(x, i, 0), j, 1))


@pytest.mark.parametrize("x", [A, np.outer([1.0, 2.0, 3.0], [1.0, 0.5, -1.0]), np.eye(3)])
def test_the_derivative_of_a_determinant_is_the_cofactors_of_singular_matrices_too(x):
    expected = [[(-1) ** (i + j) * minor(x, i, j) for j in range(3)] for i in range(3)]

    np.testing.assert_allclose(derivative(np.linalg.det, x), expected, atol=1e-14)


def test_of_the_logarithm_of_a_determinant_it_is_the_inverse():
    """The Matrix Cookbook, equation 57."""
    np.testing.assert_allclose(derivative(lambda x: np.linalg.slogdet(x)[1]), np.linalg.inv(A).T)
    assert np.linalg.slogdet(tg.parameter(-A)).sign == -1


@pytest.mark.parametrize(
    "rebuilt",
    [
        lambda x: np.linalg.qr(x)[0] @ np.linalg.qr(x)[1],
        lambda x: np.linalg.svd(x)[0] * np.linalg.svd(x)[1] @ np.linalg.svd(x)[2],
        lambda x: np.linalg.inv(np.linalg.inv(x)),
        lambda x: np.linalg.pinv(np.linalg.pinv(x)),
        lambda x: np.linalg.solve(x, x @ x),
        lambda x: np.real((np.linalg.eig(x)[1] * np.linalg.eig(x)[0]) @ np.linalg.inv(np.linalg.eig(x)[1])),
    ],
)
def test_what_gives_the_matrix_back_has_the_identity_for_its_derivative(rebuilt):
    weights = np.arange(9.0).reshape(3, 3)

    np.testing.assert_allclose(derivative(lambda x: np.sum(rebuilt(x) * weights)), weights, atol=1e-11)


@pytest.mark.parametrize(
    "rebuilt",
    [
        lambda x: np.linalg.cholesky(x) @ np.linalg.cholesky(x).T,
        lambda x: np.linalg.eigh(x)[1] * np.linalg.eigh(x)[0] @ np.linalg.eigh(x)[1].T,
    ],
)
def test_of_a_symmetric_matrix_the_triangle_that_numpy_reads_has_the_derivative(rebuilt):
    weights = np.arange(9.0).reshape(3, 3)
    expected = np.tril(weights) + np.tril(weights.T, -1)

    np.testing.assert_allclose(derivative(lambda x: np.sum(rebuilt(x) * weights), S), expected, atol=1e-11)


def test_eigenvalues_sum_to_the_trace_and_multiply_to_the_determinant():
    for f in (np.linalg.eigvalsh, np.linalg.eigvals):
        np.testing.assert_allclose(derivative(lambda x, f=f: np.real(np.sum(f(x))), S), np.eye(3), atol=1e-12)
    dx = derivative(lambda x: np.prod(np.linalg.eigvalsh(x)), S)
    cofactors = derivative(np.linalg.det, S)
    np.testing.assert_allclose(dx, np.tril(cofactors) + np.tril(cofactors, -1), rtol=1e-10, atol=1e-12)


def test_the_derivative_of_the_nuclear_norm_has_singular_values_of_1():
    dx = derivative(lambda x: np.linalg.norm(x, "nuc"))

    np.testing.assert_allclose(dx.T @ dx, np.eye(3), atol=1e-13)


def test_least_squares_are_those_of_the_normal_equations():
    x, y = np.vander(np.linspace(0, 2, 6), 3), np.sin(np.arange(6.0))

    def by_hand(x):
        return np.sum(np.linalg.solve(x.T @ x, x.T @ y) ** 3)

    dx = derivative(lambda x: np.sum(np.linalg.lstsq(x, y, rcond=None)[0] ** 3), x)
    np.testing.assert_allclose(dx, derivative(by_hand, x), rtol=1e-9)
