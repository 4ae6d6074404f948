import numpy as np
from numpy import dot, exp, sum, where


def _m(A):
    return A.shape[1]


def _scale(x, m):
    return x * (1 / m)


def grad_weights(dZ, A_prev):
    return _scale(dot(dZ, A_prev.T), _m(A_prev))


def grad_bias(dZ):
    return _scale(sum(dZ, axis=1, keepdims=True), _m(dZ))


def grad_input(dZ, W):
    return dot(W.T, dZ)


def _sigmoid(Z):
    return 1 / (1 + exp(-Z))


def grad_activation(Z, activation):
    if activation == "relu":
        return where(Z > 0, 1, 0)
    if activation == "sigmoid":
        return _sigmoid(Z) * (1 - _sigmoid(Z))
    if activation == "tanh":
        return 1 - np.power(np.tanh(Z), 2)
    raise NotImplementedError(activation)


def linear_backward(dZ, cache):
    A_prev, W, _ = cache
    return grad_input(dZ, W), grad_weights(dZ, A_prev), grad_bias(dZ)


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    dZ = dA * grad_activation(Z, activation)
    return linear_backward(dZ, linear_cache)


def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    names = ["relu"] * (L - 1) + ["sigmoid"]
    dA = -(Y / AL) + (1 - Y) / (1 - AL)
    for l, activation in reversed(list(zip(range(1, L + 1), names))):
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], activation)
        grads[f"dA{l - 1}"], grads[f"dW{l}"], grads[f"db{l}"] = dA, dW, db
    return grads


def update_parameters(parameters, grads, learning_rate):
    for key in parameters.keys():
        parameters[key] = parameters[key] - learning_rate * grads["d" + key]
    return parameters
