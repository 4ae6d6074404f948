# style: Andrew Ng course 1 week 4, FIRST edition: grads["dA" + str(L)] is what layer L hands down (of A[L-1]); columns
# judged: relu_backward, sigmoid_backward, linear_backward, linear_activation_backward, L_model_backward
import numpy as np


def sigmoid(Z):
    return 1.0 / (1.0 + np.exp(-Z))


def relu(Z):
    return Z * (Z > 0)


def relu_backward(dA, activation_cache):
    return np.multiply(dA, activation_cache > 0)


def sigmoid_backward(dA, activation_cache):
    A = sigmoid(activation_cache)
    return np.multiply(dA, A * (1.0 - A))


def initialize_parameters_deep(layer_dims):
    np.random.seed(1)
    parameters = {}
    L = len(layer_dims)
    for l in range(1, L):
        parameters["W" + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1]) * 0.6
        parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))
        assert parameters["W" + str(l)].shape == (layer_dims[l], layer_dims[l - 1])
    return parameters


def linear_forward(A, W, b):
    Z = np.dot(W, A) + b
    assert Z.shape == (W.shape[0], A.shape[1])
    cache = (A, W, b)
    return Z, cache


def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    A = sigmoid(Z) if activation == "sigmoid" else relu(Z)
    return A, (linear_cache, Z)


def L_model_forward(X, parameters):
    """[LINEAR -> RELU] x (L-1), LINEAR -> SIGMOID"""
    caches, A = [], X
    L = len(parameters) // 2
    for l in range(1, L + 1):
        kind = "relu" if l < L else "sigmoid"
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], kind)
        caches.append(cache)
    return A, caches


def compute_cost(AL, Y):
    m = Y.shape[1]
    logprobs = np.multiply(np.log(AL), Y) + np.multiply(np.log(1 - AL), 1 - Y)
    return -np.sum(logprobs) / m


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return np.dot(W.T, dZ), np.dot(dZ, A_prev.T) / m, np.sum(dZ, axis=1, keepdims=True) / m


def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    back = {"relu": relu_backward, "sigmoid": sigmoid_backward}[activation]
    return linear_backward(back(dA, activation_cache), linear_cache)


def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dAL = -np.divide(Y, AL) + np.divide(1 - Y, 1 - AL)

    s = str(L)
    grads["dA" + s], grads["dW" + s], grads["db" + s] = linear_activation_backward(dAL, caches[L - 1], "sigmoid")

    for l in reversed(range(L - 1)):
        # layer l + 1: takes "dA(l+2)", leaves "dA(l+1)"
        s = str(l + 1)
        grads["dA" + s], grads["dW" + s], grads["db" + s] = linear_activation_backward(
            grads["dA" + str(l + 2)], caches[l], "relu")
    return grads
