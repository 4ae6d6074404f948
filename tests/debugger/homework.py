"""Hand-derived layers as people write them, as text: a right version, and pieces to spoil it with."""


def at_import(text):
    """A definition that runs a text, among the names of its module, whatever else of a file is run."""
    return f"class Begun:\n    exec({text!r}, globals())\n\n\n"


RIGHT = """\
import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "relu":
        dZ = np.array(dA, copy=True)
        dZ[Z <= 0] = 0
    else:
        s = 1 / (1 + np.exp(-Z))
        dZ = dA * s * (1 - s)
    return linear_backward(dZ, linear_cache)


def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dA = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    for l in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == L else "relu")
        grads["dA" + str(l - 1)], grads["dW" + str(l)], grads["db" + str(l)] = dA, dW, db
    return grads


def update_parameters(parameters, grads, learning_rate):
    parameters = dict(parameters)
    for name in parameters:
        parameters[name] = parameters[name] - learning_rate * grads["d" + name]
    return parameters
"""

TRUE = (
    RIGHT.replace("A_prev.T) / m", "A_prev.T)")
    .replace("keepdims=True) / m", "keepdims=True)")
    .replace("np.divide(1 - Y, 1 - AL))", "np.divide(1 - Y, 1 - AL)) / Y.shape[1]")
)

BACKWARD = """\
import numpy as np


def backward(parameters, X, Y):
    L = len(parameters) // 2
    A, cache = X, []
    for l in range(1, L + 1):
        Z = parameters["W%d" % l] @ A + parameters["b%d" % l]
        cache.append((A, Z))
        A = 1 / (1 + np.exp(-Z)) if l == L else np.maximum(Z, 0)
    m = X.shape[1]
    grads, dZ = {}, A - Y
    for l in range(L, 0, -1):
        A_prev, _ = cache[l - 1]
        grads["dW%d" % l] = dZ @ A_prev.T / m
        grads["db%d" % l] = dZ.sum(axis=1, keepdims=True) / m
        if l > 1:
            dZ = parameters["W%d" % l].T @ dZ * (cache[l - 2][1] > 0)
    return grads
"""


def functions(text, *names):
    """The imports of a text and only these of its functions."""
    head, *parts = text.split("\n\n\n")
    return "\n\n\n".join(
        [head, *(part for part in parts if part.split("(")[0].removeprefix("def ") in names)]
    )
