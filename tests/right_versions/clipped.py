import numpy as np

EPS = 1e-12


def compute_cost(AL, Y):
    AL = np.clip(AL, EPS, 1 - EPS)
    m = Y.shape[1]
    return float(-(1 / m) * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)))


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.tensordot(dZ, A_prev, axes=(1, 1)) / m
    db = dZ.sum(axis=-1, keepdims=True) / m
    dA_prev = np.tensordot(W, dZ, axes=(0, 0))
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "sigmoid":
        s = 1 / (1 + np.exp(-np.clip(Z, -500, 500)))
        dZ = dA * s * (1 - s)
    else:
        dZ = dA * np.clip(np.sign(Z), 0, 1)
    return linear_backward(dZ, linear_cache)


def L_model_backward(AL, Y, caches):
    AL = np.clip(AL, EPS, 1 - EPS)
    dA = -(Y / AL) + (1 - Y) / (1 - AL)
    L = len(caches)
    grads = {"dA" + str(L): dA}
    for l in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == L else "relu")
        grads.update({"dA" + str(l - 1): dA, "dW" + str(l): dW, "db" + str(l): db})
    return grads
