import numpy as np


def sigmoid(x, deriv=False):
    if deriv:
        return x * (1 - x)  # x is already sigmoid(z)
    return 1 / (1 + np.exp(-x))


def relu(x, deriv=False):
    if deriv:
        return np.where(x > 0, 1, 0)
    return np.maximum(x, 0)


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return np.dot(W.T, dZ), np.dot(dZ, A_prev.T) / m, np.sum(dZ, axis=1, keepdims=True) / m


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    g = {"sigmoid": sigmoid, "relu": relu}[activation]
    A = g(Z)
    return linear_backward(dA * g(A, deriv=True), linear_cache)


def backward(parameters, X, Y):
    L = len(parameters) // 2
    layers = [X]
    for l in range(1, L + 1):
        g = relu if l < L else sigmoid
        layers.append(g(np.dot(parameters["W" + str(l)], layers[-1]) + parameters["b" + str(l)]))
    m = X.shape[1]
    A = layers[-1]
    dA = (A - Y) / (A * (1 - A))
    grads = {}
    for l in range(L, 0, -1):
        g = relu if l < L else sigmoid
        dZ = dA * g(layers[l], deriv=True)
        grads["dW" + str(l)] = np.dot(dZ, layers[l - 1].T) / m
        grads["db" + str(l)] = np.sum(dZ, axis=1, keepdims=True) / m
        dA = np.dot(parameters["W" + str(l)].T, dZ)
    return grads
