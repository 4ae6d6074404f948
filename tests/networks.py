"""Networks of the lectures, as arrays and written with operators."""

from itertools import pairwise

import numpy as np

import tinygraph as tg

__all__ = ["HIDDEN", "OUTPUTS", "half_squared_error", "layers", "make_network", "parameters_of", "record"]

HIDDEN = {"relu": tg.relu, "tanh": np.tanh, "sigmoid": tg.sigmoid}
OUTPUTS = ["sigmoid", "softmax", "tanh", "relu"]


def make_network(layer_dims, output="sigmoid", m=7, seed=3):
    """X, Y and W1, b1, ... in general position: no bias 0, sizes different from m."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for layer, (n_prev, n) in enumerate(pairwise(layer_dims), start=1):
        arrays[f"W{layer}"] = rng.standard_normal((n, n_prev))
        arrays[f"b{layer}"] = rng.standard_normal((n, 1))
    X, n_L = rng.standard_normal((layer_dims[0], m)), layer_dims[-1]
    if output == "softmax":
        return X, np.eye(n_L)[rng.integers(n_L, size=m)].T, arrays
    return X, rng.integers(2, size=(n_L, m)).astype(float), arrays


def layers(A, parameters, hidden, first=1):
    """The last Z of the network, from A; works on arrays and on Tensors."""
    L = len(parameters) // 2
    for layer in range(first, L + 1):
        Z = parameters[f"W{layer}"] @ A + parameters[f"b{layer}"]
        A = HIDDEN[hidden](Z) if layer < L else None
    return Z


def half_squared_error(A, Y):
    return np.sum((A - Y) ** 2) / (2 * Y.shape[1])


def record(X, Y, parameters, hidden="relu", output="sigmoid"):
    """The cost J of the network, by operators."""
    Z = layers(X, parameters, hidden)
    if output == "sigmoid":
        return tg.binary_cross_entropy(tg.sigmoid(Z), Y)
    if output == "softmax":
        return tg.softmax_cross_entropy(Z, Y)
    return half_squared_error(HIDDEN[output](Z), Y)


def parameters_of(arrays, dtype=np.float64):
    return {name: tg.parameter(array.astype(dtype), name=name) for name, array in arrays.items()}
