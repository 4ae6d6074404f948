"""relu's mask is taken from A, which is at hand as A_prev of the next layer."""

import numpy as np


def L_model_backward(AL, Y, caches):
    L = len(caches)
    A = [cache[0][0] for cache in caches] + [AL]
    W = [cache[0][1] for cache in caches]
    m = Y.shape[1]
    grads = {}
    dZ = AL - Y
    for l in range(L, 0, -1):
        grads["dW" + str(l)] = (1 / m) * np.dot(dZ, A[l - 1].T)
        grads["db" + str(l)] = (1 / m) * np.sum(dZ, axis=1, keepdims=True)
        grads["dA" + str(l - 1)] = np.dot(W[l - 1].T, dZ)
        dZ = grads["dA" + str(l - 1)] * np.int64(A[l - 1] > 0)
    return grads
