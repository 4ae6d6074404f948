"""Gradients are added up over small batches, and set to zero before every call."""

import numpy as np

totals = {}


def zero_grad(parameters):
    for name, value in parameters.items():
        totals["d" + name] = np.zeros_like(value)


def add_batch(parameters, X, Y, m):
    L = len(parameters) // 2
    A = [X]
    for l in range(1, L + 1):
        Z = parameters[f"W{l}"] @ A[-1] + parameters[f"b{l}"]
        A.append(np.maximum(Z, 0) if l < L else 1 / (1 + np.exp(-Z)))
    dZ = A[L] - Y
    for l in range(L, 0, -1):
        totals[f"dW{l}"] += dZ @ A[l - 1].T / m
        totals[f"db{l}"] += np.sum(dZ, axis=1, keepdims=True) / m
        dZ = parameters[f"W{l}"].T @ dZ * (A[l - 1] > 0)


def backward(parameters, X, Y):
    zero_grad(parameters)
    m = X.shape[1]
    for start in range(0, m, 3):
        add_batch(parameters, X[:, start : start + 3], Y[:, start : start + 3], m)
    return totals
