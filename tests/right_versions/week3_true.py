import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def forward_propagation(X, parameters):
    cache = {}
    cache["Z1"] = parameters["W1"] @ X + parameters["b1"]
    cache["A1"] = np.tanh(cache["Z1"])
    cache["Z2"] = parameters["W2"] @ cache["A1"] + parameters["b2"]
    cache["A2"] = sigmoid(cache["Z2"])
    return cache["A2"], cache


def backward_propagation(parameters, cache, X, Y):
    # the mean over the examples, taken once
    dZ2 = (cache["A2"] - Y) / Y.shape[1]
    dA1 = parameters["W2"].T @ dZ2
    dZ1 = dA1 / np.cosh(cache["Z1"]) ** 2
    return {
        "dZ2": dZ2,
        "dW2": dZ2 @ cache["A1"].T,
        "db2": dZ2.sum(axis=1, keepdims=True),
        "dA1": dA1,
        "dZ1": dZ1,
        "dW1": dZ1 @ X.T,
        "db1": dZ1.sum(axis=1, keepdims=True),
    }
