import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    n, n_prev = W.shape
    m = A_prev.shape[1]
    dA_prev = np.zeros_like(A_prev)
    dW = np.zeros_like(W)
    db = np.zeros_like(b)
    for j in range(n):
        db[j, 0] = dZ[j].mean()
        for k in range(n_prev):
            dW[j, k] = (dZ[j] * A_prev[k]).sum() / m
            dA_prev[k] += W[j, k] * dZ[j]
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    dZ = np.empty_like(Z)
    for j in range(Z.shape[0]):
        for i in range(Z.shape[1]):
            if activation == "relu":
                dZ[j, i] = dA[j, i] if Z[j, i] > 0 else 0.0
            else:
                s = 1.0 / (1.0 + np.exp(-Z[j, i]))
                dZ[j, i] = dA[j, i] * s * (1.0 - s)
    return linear_backward(dZ, linear_cache)
