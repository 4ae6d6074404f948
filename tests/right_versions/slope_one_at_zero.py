import numpy as np


def relu_backward(dA, Z):
    dZ = dA.copy()
    dZ[Z < 0] = 0
    return dZ


def sigmoid_backward(dA, Z):
    S = 1 / (1 + np.exp(-Z))
    return dA * S * (1 - S)


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T
    db = dZ @ np.ones((m, 1))
    return W.T @ dZ, dW / m, db / m


def linear_activation_backward(dA, cache, activation):
    backward_of = {"relu": relu_backward, "sigmoid": sigmoid_backward}
    linear_cache, Z = cache
    return linear_backward(backward_of[activation](dA, Z), linear_cache)
