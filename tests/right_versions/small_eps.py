# A tiny number keeps the logarithms and the quotients finite.
import numpy as np

eps = 1e-10


def compute_cost(AL, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(AL + eps) + (1 - Y) * np.log(1 - AL + eps)) / m


def backward(parameters, X, Y):
    L = len(parameters) // 2
    A = [X]
    Z = []
    for l in range(L):
        Z.append(np.matmul(parameters[f"W{l + 1}"], A[l]) + parameters[f"b{l + 1}"])
        A.append(np.maximum(0, Z[l]) if l < L - 1 else 1 / (1 + np.exp(-Z[l])))
    m = X.shape[1]
    dA = -Y / (A[L] + eps) + (1 - Y) / (1 - A[L] + eps)
    gradients = {}
    for l in range(L - 1, -1, -1):
        if l == L - 1:
            dZ = dA * A[L] * (1 - A[L])
        else:
            dZ = dA * (Z[l] > 0)
        gradients[f"dW{l + 1}"] = np.matmul(dZ, A[l].T) / m
        gradients[f"db{l + 1}"] = np.sum(dZ, axis=1, keepdims=True) / m
        dA = np.matmul(parameters[f"W{l + 1}"].T, dZ)
    return gradients
