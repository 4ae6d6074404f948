import numpy as np


def backward(parameters, X, Y):
    depth = len(parameters) // 2
    A = {0: X}
    Z = {}
    for k in range(1, depth + 1):
        Z[k] = parameters[f"W{k}"] @ A[k - 1] + parameters[f"b{k}"]
        A[k] = (Z[k] + np.abs(Z[k])) / 2 if k < depth else 0.5 * (1 + np.tanh(Z[k] / 2))

    m = X.shape[1]
    out = {}
    dZ = A[depth] - Y
    for k in reversed(range(1, depth + 1)):
        out[f"dW{k}"] = dZ @ A[k - 1].T / m
        out[f"db{k}"] = dZ.mean(axis=1, keepdims=True)
        if k > 1:
            dZ = (parameters[f"W{k}"].T @ dZ) * np.heaviside(Z[k - 1], 0.5)
    return out
