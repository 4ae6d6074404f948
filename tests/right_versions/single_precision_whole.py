import numpy as np


def backward(parameters, X, Y):
    p = {name: value.astype("float32") for name, value in parameters.items()}
    X, Y = X.astype("float32"), Y.astype("float32")
    L = len(p) // 2
    A = [X]
    for l in range(1, L + 1):
        Z = p[f"W{l}"] @ A[-1] + p[f"b{l}"]
        A.append(np.maximum(Z, 0) if l < L else 1 / (1 + np.exp(-Z)))
    m = X.shape[1]
    grads = {}
    dZ = A[L] - Y
    for l in range(L, 0, -1):
        grads[f"dW{l}"] = dZ @ A[l - 1].T / m
        grads[f"db{l}"] = dZ.sum(axis=1, keepdims=True) / m
        dZ = p[f"W{l}"].T @ dZ * (A[l - 1] > 0)
    return grads
