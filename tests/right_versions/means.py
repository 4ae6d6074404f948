import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    dW = np.mean(dZ[:, None, :] * A_prev[None, :, :], axis=2)
    db = np.mean(dZ, axis=1, keepdims=True)
    dA_prev = np.sum(W[:, :, None] * dZ[:, None, :], axis=0)
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    derivative = {
        "relu": lambda: np.sign(np.maximum(Z, 0)),
        "sigmoid": lambda: 0.25 / np.cosh(Z / 2) ** 2,
        "tanh": lambda: 1 / np.cosh(Z) ** 2,
    }
    return linear_backward(dA * derivative[activation](), linear_cache)


def compute_cost(AL, Y):
    losses = -(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    return np.mean(np.sum(losses, axis=0))
