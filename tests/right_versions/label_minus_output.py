# delta = (target - output), as in older books, so every gradient gets a minus in front.
import numpy as np


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def backward(parameters, X, Y):
    L = len(parameters) // 2
    outputs = [X]
    for l in range(1, L + 1):
        net = parameters["W" + str(l)].dot(outputs[-1]) + parameters["b" + str(l)]
        outputs.append(logistic(net) if l == L else net * (net > 0))
    m = X.shape[1]
    grads = {}
    error = Y - outputs[-1]
    for l in range(L, 0, -1):
        grads["dW" + str(l)] = -(error.dot(outputs[l - 1].T)) / m
        grads["db" + str(l)] = -error.sum(axis=1, keepdims=True) / m
        error = parameters["W" + str(l)].T.dot(error) * (outputs[l - 1] > 0)
    return grads
