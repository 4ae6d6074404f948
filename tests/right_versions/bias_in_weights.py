"""b is one more column of W, and every A gets a row of ones."""

import numpy as np


def with_ones(A):
    return np.vstack([A, np.ones((1, A.shape[1]))])


def backward(parameters, X, Y):
    L = len(parameters) // 2
    theta = [np.hstack([parameters[f"W{l}"], parameters[f"b{l}"]]) for l in range(1, L + 1)]
    a = [with_ones(X)]
    for l in range(L):
        z = theta[l] @ a[l]
        a.append(with_ones(np.maximum(z, 0)) if l < L - 1 else 1 / (1 + np.exp(-z)))

    m = X.shape[1]
    delta = a[L] - Y
    grads = {}
    for l in range(L - 1, -1, -1):
        both = delta @ a[l].T / m
        grads[f"dW{l + 1}"] = both[:, :-1]
        grads[f"db{l + 1}"] = both[:, -1:]
        delta = (theta[l].T @ delta)[:-1] * (a[l][:-1] > 0)
    return grads
