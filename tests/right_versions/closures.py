"""Each forward step returns its value and the function that goes back through it."""

import numpy as np


def linear(A, W, b):
    def back(dZ):
        m = dZ.shape[1]
        return W.T @ dZ, dZ @ A.T / m, dZ.sum(axis=1, keepdims=True) / m

    return W @ A + b, back


def relu(Z):
    return np.maximum(Z, 0), lambda dA: dA * (Z > 0)


def sigmoid(Z):
    A = 1 / (1 + np.exp(-Z))
    return A, lambda dA: dA * A * (1 - A)


def cross_entropy(A, Y):
    J = -np.mean(np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A), axis=0))
    return J, lambda: (A - Y) / (A * (1 - A))


def backward(parameters, X, Y):
    L = len(parameters) // 2
    A, tape = X, []
    for l in range(1, L + 1):
        Z, through_linear = linear(A, parameters[f"W{l}"], parameters[f"b{l}"])
        A, through_activation = (sigmoid if l == L else relu)(Z)
        tape.append((l, through_linear, through_activation))
    _, start = cross_entropy(A, Y)

    grads, dA = {}, start()
    while tape:
        l, through_linear, through_activation = tape.pop()
        dA, grads[f"dW{l}"], grads[f"db{l}"] = through_linear(through_activation(dA))
    return grads
