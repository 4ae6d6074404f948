# style: cost(theta, X, y, lam) and gradient(theta, X, y, lam) pairs for scipy-like optimizers, bias not penalized
# judged: ridge_gradient, logistic_gradient, softmax_gradient
"""Linear models with an L2 penalty. X has a first column of ones, whose weight is left alone by the penalty."""
import numpy as np


def _penalized(theta):
    t = theta.copy()
    t[0] = 0
    return t


# --- linear -----------------------------------------------------------------

def ridge_cost(theta, X, y, lam):
    m = len(y)
    e = X @ theta - y
    t = _penalized(theta)
    return (e @ e + lam * (t @ t)) / (2 * m)


def ridge_gradient(theta, X, y, lam):
    m = len(y)
    return (X.T @ (X @ theta - y) + lam * _penalized(theta)) / m


# --- logistic, y in {0, 1} ---------------------------------------------------

def hypothesis(theta, X):
    return 1 / (1 + np.exp(-X @ theta))


def logistic_cost(theta, X, y, lam):
    m = len(y)
    h = hypothesis(theta, X)
    J = -(y @ np.log(h) + (1 - y) @ np.log(1 - h)) / m
    J += lam / (2 * m) * np.sum(theta[1:] ** 2)
    return J


def logistic_gradient(theta, X, y, lam):
    m = len(y)
    grad = X.T @ (hypothesis(theta, X) - y) / m
    grad[1:] = grad[1:] + lam / m * theta[1:]
    return grad


# --- multinomial; theta is flat, as minimizers want it --------------------------

def softmax_cost(theta, X, y, lam, k):
    T = theta.reshape(X.shape[1], k)
    s = X @ T
    top = s.max(axis=1)
    logz = top + np.log(np.exp(s - top[:, None]).sum(axis=1))
    return np.mean(logz - s[np.arange(len(y)), y]) + lam / 2 * np.sum(T[1:] ** 2)


def softmax_gradient(theta, X, y, lam, k):
    T = theta.reshape(X.shape[1], k)
    s = X @ T
    P = np.exp(s - s.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    G = X.T @ P / len(y)
    G[1:] += lam * T[1:]
    return G.ravel()
