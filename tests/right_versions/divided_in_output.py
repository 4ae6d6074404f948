import numpy as np


def forward(parameters, X):
    A, zs, activations = X, [], [X]
    L = len(parameters) // 2
    for l in range(1, L + 1):
        Z = parameters[f"W{l}"] @ A + parameters[f"b{l}"]
        A = np.maximum(Z, 0) if l < L else 1 / (1 + np.exp(-Z))
        zs.append(Z)
        activations.append(A)
    return zs, activations


def backward(parameters, X, Y):
    m = Y.shape[1]
    zs, activations = forward(parameters, X)
    L = len(zs)
    dZ = (activations[-1] - Y) / m
    grads = {}
    for l in range(L, 0, -1):
        grads[f"dZ{l}"] = dZ
        grads[f"dW{l}"] = dZ @ activations[l - 1].T
        grads[f"db{l}"] = dZ.sum(axis=1, keepdims=True)
        if l > 1:
            grads[f"dA{l - 1}"] = parameters[f"W{l}"].T @ dZ
            dZ = grads[f"dA{l - 1}"] * (zs[l - 2] > 0)
    return grads
