import numpy as np


def sigmoid(Z):
    """1 / (1 + exp(-Z)) without overflow on either side."""
    A = np.empty_like(Z)
    positive = Z >= 0
    A[positive] = 1 / (1 + np.exp(-Z[positive]))
    e = np.exp(Z[~positive])
    A[~positive] = e / (1 + e)
    return A


def relu(Z):
    return np.where(Z > 0, Z, 0)


def linear_forward(A, W, b):
    return W @ A + b, (A, W, b)


def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    return (sigmoid(Z) if activation == "sigmoid" else relu(Z)), (linear_cache, Z)


def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L + 1):
        A, cache = linear_activation_forward(
            A, parameters[f"W{l}"], parameters[f"b{l}"], "relu" if l < L else "sigmoid"
        )
        caches.append(cache)
    return A, caches


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, np.average(dZ, axis=1).reshape(b.shape)


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "sigmoid":
        A = sigmoid(Z)
        return linear_backward(dA * A * (1 - A), linear_cache)
    return linear_backward(dA * (relu(Z) > 0), linear_cache)
