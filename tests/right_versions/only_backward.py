import numpy as np


def backward(parameters, X, Y):
    W1, b1 = parameters["W1"], parameters["b1"]
    L = len(parameters) // 2
    A = np.maximum(W1 @ X + b1, 0) if L > 1 else 1 / (1 + np.exp(-(W1 @ X + b1)))
    outputs = [X, A]
    for l in range(2, L + 1):
        Z = parameters[f"W{l}"] @ outputs[-1] + parameters[f"b{l}"]
        outputs.append(1 / (1 + np.exp(-Z)) if l == L else np.maximum(Z, 0))

    m = X.shape[1]
    grads = {}
    dZ = outputs[L] - Y
    for l in range(L, 0, -1):
        grads[f"dW{l}"] = 1 / m * dZ @ outputs[l - 1].T
        grads[f"db{l}"] = 1 / m * np.sum(dZ, axis=1, keepdims=True)
        dA_prev = parameters[f"W{l}"].T @ dZ
        dZ = dA_prev * (outputs[l - 1] > 0)
    return grads
