import numpy as np


def initialize(sizes):
    rng = np.random.default_rng(1)
    parameters = {}
    for l in range(1, len(sizes)):
        parameters[f"W{l}"] = rng.normal(size=(sizes[l], sizes[l - 1])) * np.sqrt(2 / sizes[l - 1])
        parameters[f"b{l}"] = np.zeros((sizes[l], 1))
    return parameters


def forward(parameters, X):
    L = len(parameters) // 2
    cache = {"A0": X}
    for l in range(1, L + 1):
        cache[f"Z{l}"] = parameters[f"W{l}"] @ cache[f"A{l - 1}"] + parameters[f"b{l}"]
        Z = cache[f"Z{l}"]
        cache[f"A{l}"] = np.maximum(Z, 0) if l < L else 1 / (1 + np.exp(-Z))
    return cache[f"A{L}"], cache


def backward(parameters, X, Y):
    L = len(parameters) // 2
    A, cache = forward(parameters, X)
    m = X.shape[1]
    grads = {f"dZ{L}": A - Y}
    for l in range(L, 0, -1):
        dZ = grads[f"dZ{l}"]
        grads[f"dW{l}"] = dZ @ cache[f"A{l - 1}"].T / m
        grads[f"db{l}"] = np.sum(dZ, axis=1, keepdims=True) / m
        if l > 1:
            grads[f"dA{l - 1}"] = parameters[f"W{l}"].T @ dZ
            grads[f"dZ{l - 1}"] = grads[f"dA{l - 1}"] * (cache[f"Z{l - 1}"] > 0)
    return grads


if __name__ == "__main__":
    X = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    Y = np.array([[0, 1, 1, 0]])
    parameters = initialize([2, 4, 1])
    for step in range(3000):
        grads = backward(parameters, X, Y)
        for name in parameters:
            parameters[name] -= 0.5 * grads["d" + name]
    print(forward(parameters, X)[0].round(2))
