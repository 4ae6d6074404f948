"""The chain rule with whole Jacobian matrices, example by example."""

import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dA_prev = np.column_stack([dZ[:, i] @ W for i in range(m)])
    dW = np.array([np.outer(dZ[:, i], A_prev[:, i]) for i in range(m)]).mean(axis=0)
    db = np.array([dZ[:, i : i + 1] for i in range(m)]).mean(axis=0)
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    columns = []
    for z, da in zip(Z.T, dA.T):
        if activation == "relu":
            jacobian = np.diag((z > 0).astype(float))
        else:
            a = 1 / (1 + np.exp(-z))
            jacobian = np.diag(a) - np.diag(a**2)
        columns.append(jacobian.T @ da)
    return linear_backward(np.array(columns).T, linear_cache)


def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dA = (AL - Y) / (AL - AL**2)
    for l in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], "relu" if l < L else "sigmoid")
        grads["dA" + str(l - 1)] = dA
        grads["dW" + str(l)] = dW
        grads["db" + str(l)] = db
    return grads
