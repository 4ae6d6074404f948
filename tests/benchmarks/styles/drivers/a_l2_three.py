import numpy as np

from tests.benchmarks.styles.numeric import numeric

LAMBD = 0.7


def inputs():
    r = np.random.default_rng(21)
    sizes = [3, 5, 4, 1]
    parameters = {}
    for layer in (1, 2, 3):
        parameters[f"W{layer}"] = r.standard_normal((sizes[layer], sizes[layer - 1]))
        parameters[f"b{layer}"] = r.standard_normal((sizes[layer], 1))
    return r.standard_normal((3, 8)), (r.random((1, 8)) < 0.5).astype(float), parameters


def answers(module):
    X, Y, parameters = inputs()
    _, cache = module.forward_propagation(X, parameters)
    return module.backward_propagation_with_regularization(X, Y, cache, LAMBD)


def truth(module):
    X, Y, parameters = inputs()
    _, cache = module.forward_propagation(X, parameters)
    Z1, A1, _, _, Z2, A2, W2, b2, Z3, _, W3, b3 = cache
    m = X.shape[1]

    def cost(key, v):
        changed = parameters | {key: v}
        A3, _ = module.forward_propagation(X, changed)
        return module.compute_cost_with_regularization(A3, Y, changed, LAMBD)

    # dA and dZ are m times the derivative
    def from_A2(A2):
        return module.compute_cost(module.sigmoid(W3 @ A2 + b3), Y)

    def from_A1(A1):
        return from_A2(module.relu(W2 @ A1 + b2))

    found = {"d" + key: numeric(lambda v, key=key: cost(key, v), parameters[key]) for key in parameters}
    found["dZ3"] = m * numeric(lambda v: module.compute_cost(module.sigmoid(v), Y), Z3)
    found["dA2"] = m * numeric(from_A2, A2)
    found["dZ2"] = m * numeric(lambda v: from_A2(module.relu(v)), Z2)
    found["dA1"] = m * numeric(from_A1, A1)
    found["dZ1"] = m * numeric(lambda v: from_A1(module.relu(v)), Z1)
    return found
