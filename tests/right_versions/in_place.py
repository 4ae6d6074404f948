import copy

import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dA_prev = np.empty_like(A_prev)
    np.matmul(W.T, dZ, out=dA_prev)
    dW = np.dot(dZ, A_prev.T)
    dW /= m
    db = np.add.reduce(dZ, axis=1, keepdims=True)
    db /= m
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    dZ = dA.copy()
    if activation == "relu":
        dZ *= Z > 0
    else:
        A = np.negative(Z)
        np.exp(A, out=A)
        A += 1
        np.reciprocal(A, out=A)
        dZ *= A
        A *= -1
        A += 1
        dZ *= A
    return linear_backward(dZ, linear_cache)


def L_model_backward(AL, Y, caches):
    grads = {}
    dA = AL - Y
    dA /= AL
    dA /= 1 - AL
    for l in range(len(caches), 0, -1):
        grads[f"dA{l - 1}"], grads[f"dW{l}"], grads[f"db{l}"] = linear_activation_backward(
            dA, caches[l - 1], ["relu", "sigmoid"][l == len(caches)]
        )
        dA = grads[f"dA{l - 1}"]
    return grads


def update_parameters(params, grads, learning_rate):
    parameters = copy.deepcopy(params)
    for name in parameters:
        parameters[name] -= learning_rate * grads["d" + name]
    return parameters
