# error = Y - A, as in the perceptron rule: "dW" is the step to take, so the update adds it.


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m


def L_model_backward(AL, Y, caches):
    grads = {}
    error = Y - AL
    for l in range(len(caches), 0, -1):
        linear_cache, Z = caches[l - 1]
        if l < len(caches):
            error = error * (Z > 0)
        error, grads["dW" + str(l)], grads["db" + str(l)] = linear_backward(error, linear_cache)
        grads["dA" + str(l - 1)] = error
    return grads


def update_parameters(parameters, grads, learning_rate):
    for l in range(1, len(parameters) // 2 + 1):
        parameters["W" + str(l)] += learning_rate * grads["dW" + str(l)]
        parameters["b" + str(l)] += learning_rate * grads["db" + str(l)]
    return parameters
