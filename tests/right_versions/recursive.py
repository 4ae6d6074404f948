import numpy as np


def backward(parameters, X, Y, l=1):
    """The gradients of layers l and above; dA of what came in is passed up in "dA"."""
    L = len(parameters) // 2
    W, b = parameters[f"W{l}"], parameters[f"b{l}"]
    m = X.shape[1]
    Z = W @ X + b
    if l == L:
        grads = {}
        dZ = 1 / (1 + np.exp(-Z)) - Y
    else:
        grads = backward(parameters, np.maximum(Z, 0), Y, l + 1)
        dZ = grads.pop("dA") * (Z > 0)
    grads[f"dW{l}"] = dZ @ X.T / m
    grads[f"db{l}"] = dZ.sum(axis=1, keepdims=True) / m
    if l > 1:
        grads["dA"] = W.T @ dZ
    return grads
