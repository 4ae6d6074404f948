import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return [W.T @ dZ, np.inner(dZ, A_prev) / m, np.array([[row.sum() / m] for row in dZ])]


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    s = 1 / (1 + np.exp(-Z))
    slope = {"relu": Z > 0, "sigmoid": s * (1 - s)}[activation]
    return linear_backward(dA * slope, linear_cache)


def L_model_backward(AL, Y, caches):
    L = len(caches)
    dA = {L: -(Y / AL - (1 - Y) / (1 - AL))}
    dW, db = {}, {}
    for l in range(L, 0, -1):
        dA[l - 1], dW[l], db[l] = linear_activation_backward(
            dA[l], caches[l - 1], "sigmoid" if l == L else "relu"
        )
    return (
        {f"dA{l}": dA[l] for l in range(L)}
        | {f"dW{l}": dW[l] for l in range(1, L + 1)}
        | {f"db{l}": db[l] for l in range(1, L + 1)}
    )


def update_parameters(parameters, grads, learning_rate):
    return {name: p - learning_rate * grads[f"d{name}"] for name, p in parameters.items()}
