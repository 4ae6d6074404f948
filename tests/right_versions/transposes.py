import numpy as np


def linear_backward(dZ, cache):
    (A_prev, W, b) = cache
    m = A_prev.shape[1]
    dW = np.transpose(np.matmul(A_prev, np.transpose(dZ))) / m
    db = np.transpose(np.sum(np.transpose(dZ), axis=0, keepdims=True)) / m
    dA_prev = np.transpose(np.matmul(np.transpose(dZ), W))
    return (dA_prev, dW, db)


def linear_activation_backward(dA, cache, activation):
    (linear_cache, Z) = cache
    if activation == "relu":
        dZ = np.multiply(dA, np.greater(Z, 0))
    elif activation == "sigmoid":
        A = np.divide(1, np.add(1, np.exp(np.negative(Z))))
        dZ = np.multiply(dA, np.multiply(A, np.subtract(1, A)))
    return linear_backward(dZ, linear_cache)


def L_model_backward(AL, Y, caches):
    grads = dict()
    L = len(caches)
    grads[f"dA{L}"] = np.subtract(np.divide(np.subtract(1, Y), np.subtract(1, AL)), np.divide(Y, AL))
    for l in np.arange(L, 0, -1):
        grads[f"dA{l - 1}"], grads[f"dW{l}"], grads[f"db{l}"] = linear_activation_backward(
            grads[f"dA{l}"], caches[l - 1], "sigmoid" if l == L else "relu"
        )
    return grads
