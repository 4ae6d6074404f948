# Before vectorising: one example after the other.
import math

import numpy as np


def backward(parameters, X, Y):
    L = len(parameters) // 2
    m = X.shape[1]
    grads = {}
    for name, value in parameters.items():
        grads["d" + name] = np.zeros(value.shape)

    for i in range(m):
        x, y = X[:, i], Y[:, i]
        a = [x]
        z = [None]
        for l in range(1, L + 1):
            z.append(parameters[f"W{l}"] @ a[-1] + parameters[f"b{l}"][:, 0])
            if l < L:
                a.append(np.array([max(0.0, t) for t in z[l]]))
            else:
                a.append(np.array([1 / (1 + math.exp(-t)) for t in z[l]]))

        delta = a[L] - y
        for l in range(L, 0, -1):
            grads[f"dW{l}"] += np.outer(delta, a[l - 1])
            grads[f"db{l}"] += delta[:, np.newaxis]
            if l > 1:
                delta = parameters[f"W{l}"].T @ delta
                delta[z[l - 1] < 0] = 0.0

    for name in grads:
        grads[name] /= m
    return grads


def compute_cost(AL, Y):
    total = 0.0
    n, m = Y.shape
    for i in range(m):
        for k in range(n):
            total -= math.log(AL[k, i]) if Y[k, i] == 1 else math.log(1 - AL[k, i])
    return total / m
