import numpy as np

sigmoid = lambda z: 1 / (1 + np.exp(-z))


def linear_forward(A, W, b):
    return W.dot(A) + b, (A, W, b)


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return W.T.dot(dZ), dZ.dot(A_prev.T) / m, dZ.sum(1).reshape(-1, 1) / m


def linear_activation_backward(dA, cache, activation):
    lin, Z = cache
    if activation == "sigmoid":
        dZ = dA * sigmoid(Z) * sigmoid(-Z)
    else:
        dZ = dA * np.where(Z > 0, 1.0, 0.0)
    return linear_backward(dZ, lin)


def L_model_backward(AL, Y, caches):
    grads = {}
    dA = -Y / AL + (1 - Y) / (1 - AL)
    act = "sigmoid"
    l = len(caches)
    while l > 0:
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], act)
        grads["dW%d" % l] = dW
        grads["db%d" % l] = db
        l -= 1
        grads["dA%d" % l] = dA
        act = "relu"
    return grads


def update_parameters(parameters, grads, learning_rate):
    return {k: parameters[k] - learning_rate * grads["d" + k] for k in parameters}
