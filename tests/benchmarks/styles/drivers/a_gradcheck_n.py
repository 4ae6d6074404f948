import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs():
    r = np.random.default_rng(22)
    sizes = [4, 5, 3, 1]
    parameters = {}
    for layer in (1, 2, 3):
        parameters[f"W{layer}"] = r.standard_normal((sizes[layer], sizes[layer - 1]))
        parameters[f"b{layer}"] = r.standard_normal((sizes[layer], 1))
    return r.standard_normal((4, 3)), np.array([[1.0, 1.0, 0.0]]), parameters


def answers(module):
    X, Y, parameters = inputs()
    _, cache = module.forward_propagation_n(X, Y, parameters)
    found = module.backward_propagation_n(X, Y, cache)
    assert module.gradient_check_n(parameters, found, X, Y) < 1e-6
    return found | {"dtheta": module.backward_propagation(2.0, 4.0)}


def truth(module):
    X, Y, parameters = inputs()
    _, (Z1, A1, _, _, Z2, A2, W2, b2, Z3, _, W3, b3) = module.forward_propagation_n(X, Y, parameters)

    def cost(key, v):
        return module.forward_propagation_n(X, Y, parameters | {key: v})[0]

    def from_Z3(Z3):
        A3 = 1 / (1 + np.exp(-Z3))
        return -np.mean(Y * np.log(A3) + (1 - Y) * np.log(1 - A3))

    def from_A2(A2):
        return from_Z3(W3 @ A2 + b3)

    def from_A1(A1):
        return from_A2(np.maximum(W2 @ A1 + b2, 0))

    found = {"d" + key: numeric(lambda v, key=key: cost(key, v), parameters[key]) for key in parameters}
    found["dZ3"] = numeric(from_Z3, Z3)  # here 1/m is in dZ3 already
    found["dA2"] = numeric(from_A2, A2)
    found["dZ2"] = numeric(lambda v: from_A2(np.maximum(v, 0)), Z2)
    found["dA1"] = numeric(from_A1, A1)
    found["dZ1"] = numeric(lambda v: from_A1(np.maximum(v, 0)), Z1)
    found["dtheta"] = numeric(lambda v: module.forward_propagation(2.0, v), 4.0)
    return found
