"""The output layer starts from dZ = A - Y: no division by A, nothing to blow up."""

import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = dZ.sum(axis=1, keepdims=True) / m
    return W.T @ dZ, dW, db


def relu_backward(dA, Z):
    return dA * (Z > 0)


def L_model_backward(AL, Y, caches):
    L = len(caches)
    grads = {}
    dZ = AL - Y
    for l in range(L, 0, -1):
        linear_cache, _ = caches[l - 1]
        dA, grads[f"dW{l}"], grads[f"db{l}"] = linear_backward(dZ, linear_cache)
        grads[f"dZ{l}"] = dZ
        grads[f"dA{l - 1}"] = dA
        if l > 1:
            dZ = relu_backward(dA, caches[l - 2][1])
    return grads


def compute_cost(AL, Y):
    # log(1 + e^z) - y z, from the logits
    Z = np.log(AL) - np.log1p(-AL)
    return np.sum(np.logaddexp(0, Z) - Y * Z) / Y.shape[1]
