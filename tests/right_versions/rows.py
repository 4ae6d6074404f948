"""Examples are rows here: H = X W + b, with W of shape (n_in, n_out). The last function turns it round."""

import numpy as np


def forward(X, weights, biases):
    activations, pre = [X], []
    for i, (W, b) in enumerate(zip(weights, biases)):
        z = activations[-1] @ W + b
        pre.append(z)
        last = i == len(weights) - 1
        activations.append(1 / (1 + np.exp(-z)) if last else np.maximum(z, 0))
    return activations, pre


def gradients(X, y, weights, biases):
    activations, pre = forward(X, weights, biases)
    n = len(X)
    dz = (activations[-1] - y) / n
    dW, db = [], []
    for i in range(len(weights) - 1, -1, -1):
        dW.insert(0, activations[i].T @ dz)
        db.insert(0, dz.sum(axis=0))
        if i > 0:
            dz = (dz @ weights[i].T) * (pre[i - 1] > 0)
    return dW, db


def backward(parameters, X, Y):
    L = len(parameters) // 2
    weights = [parameters[f"W{l}"].T for l in range(1, L + 1)]
    biases = [parameters[f"b{l}"].ravel() for l in range(1, L + 1)]
    dW, db = gradients(X.T, Y.T, weights, biases)
    grads = {}
    for l in range(1, L + 1):
        grads[f"dW{l}"] = dW[l - 1].T
        grads[f"db{l}"] = db[l - 1].reshape(-1, 1)
    return grads
