import numpy as np


def linear_forward(A_prev, W, b):
    return np.einsum("ij,jk->ik", W, A_prev) + b, (A_prev, W, b)


def linear_backward(dZ, cache):
    A_prev, W, _ = cache
    m = dZ.shape[1]
    dA_prev = np.einsum("ij,ik->jk", W, dZ)
    dW = np.einsum("ik,jk->ij", dZ, A_prev) / m
    db = np.einsum("ik->i", dZ)[:, None] / m
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "relu":
        slope = (Z > 0).astype(float)
    elif activation == "sigmoid":
        slope = np.exp(-Z) / (1 + np.exp(-Z)) ** 2
    else:
        slope = 1 - np.tanh(Z) ** 2
    return linear_backward(np.einsum("ik,ik->ik", dA, slope), linear_cache)


def L_model_backward(AL, Y, caches):
    grads = {}
    dA = (AL - Y) / np.einsum("ik,ik->ik", AL, 1 - AL)
    for layer in range(len(caches), 0, -1):
        activation = "sigmoid" if layer == len(caches) else "relu"
        dA, dW, db = linear_activation_backward(dA, caches[layer - 1], activation)
        grads[f"dA{layer - 1}"], grads[f"dW{layer}"], grads[f"db{layer}"] = dA, dW, db
    return grads
