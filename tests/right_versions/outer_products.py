import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = sum(np.outer(dZ[:, i], A_prev[:, i]) for i in range(m)) / m
    db = sum(dZ[:, [i]] for i in range(m)) / m
    dA_prev = np.stack([W.T @ dZ[:, i] for i in range(m)], axis=1)
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "relu":
        return linear_backward(np.where(Z > 0, dA, 0), linear_cache)
    A = 1 / (1 + np.exp(-Z))
    return linear_backward(dA * (A - A**2), linear_cache)


def L_model_backward(AL, Y, caches):
    dA = np.where(Y == 1, -1 / AL, 1 / (1 - AL))
    grads = {}
    for l, cache in reversed(list(enumerate(caches, 1))):
        dA, grads["dW" + str(l)], grads["db" + str(l)] = linear_activation_backward(
            dA, cache, "sigmoid" if cache is caches[-1] else "relu"
        )
        grads["dA" + str(l - 1)] = dA
    return grads
