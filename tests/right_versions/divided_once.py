"""J = 1/m * sum(...), so 1/m comes in once, at the top, and every line below is the plain chain rule."""

import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    dW = dZ @ A_prev.T
    db = dZ.sum(axis=1, keepdims=True)
    dA_prev = W.T @ dZ
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "relu":
        dZ = dA * (Z > 0)
    else:
        s = 1 / (1 + np.exp(-Z))
        dZ = dA * s * (1 - s)
    return linear_backward(dZ, linear_cache)


def L_model_backward(AL, Y, caches):
    m = Y.shape[1]
    L = len(caches)
    grads = {}
    dA = (-Y / AL + (1 - Y) / (1 - AL)) / m
    for l in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == L else "relu")
        grads[f"dA{l - 1}"] = dA
        grads[f"dW{l}"] = dW
        grads[f"db{l}"] = db
    return grads


def update_parameters(parameters, grads, learning_rate):
    new = {}
    for name in parameters:
        new[name] = parameters[name] - learning_rate * grads["d" + name]
    return new
