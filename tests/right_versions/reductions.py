import functools
import operator

import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[-1]
    products = [np.multiply.outer(dZ[:, i], A_prev[:, i]) for i in range(m)]
    dW = functools.reduce(operator.add, products) / m
    db = np.add.reduce(dZ, axis=1, keepdims=True) / m
    dA_prev = functools.reduce(np.dot, [W.T, dZ])
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "relu":
        dZ = np.zeros_like(dA)
        np.copyto(dZ, dA, where=Z > 0)
    else:
        s = np.reciprocal(1 + np.exp(-Z))
        dZ = functools.reduce(np.multiply, (dA, s, 1 - s))
    return linear_backward(dZ, linear_cache)


def L_model_backward(AL, Y, caches):
    def step(state, numbered):
        dA, grads = state
        l, cache = numbered
        dA, dW, db = linear_activation_backward(dA, cache, "sigmoid" if l == len(caches) else "relu")
        return dA, {**grads, f"dA{l - 1}": dA, f"dW{l}": dW, f"db{l}": db}

    start = (1 - Y) / (1 - AL) - Y / AL
    _, grads = functools.reduce(step, reversed([*enumerate(caches, start=1)]), (start, {}))
    return grads
