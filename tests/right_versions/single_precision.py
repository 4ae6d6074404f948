import numpy as np

DTYPE = np.float32


def linear_backward(dZ, cache):
    dZ = np.asarray(dZ, DTYPE)
    A_prev, W, b = (np.asarray(x, DTYPE) for x in cache)
    m = DTYPE(A_prev.shape[1])
    return W.T @ dZ, dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    Z, dA = Z.astype(DTYPE), dA.astype(DTYPE)
    if activation == "relu":
        return linear_backward(dA * (Z > 0), linear_cache)
    A = 1 / (1 + np.exp(-Z))
    return linear_backward(dA * A * (1 - A), linear_cache)


def L_model_backward(AL, Y, caches):
    AL, Y = AL.astype(DTYPE), Y.astype(DTYPE)
    L = len(caches)
    dA = -(Y / AL) + (1 - Y) / (1 - AL)
    grads = {}
    for l in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == L else "relu")
        grads |= {f"dA{l - 1}": dA, f"dW{l}": dW, f"db{l}": db}
    return grads


def update_parameters(parameters, grads, learning_rate):
    return {
        name: value.astype(DTYPE) - DTYPE(learning_rate) * grads["d" + name].astype(DTYPE)
        for name, value in parameters.items()
    }
