import numpy as np

from tests.benchmarks.styles.numeric import numeric

KEEP = 0.8


def inputs():
    r = np.random.default_rng(20)
    sizes = [3, 6, 5, 1]
    parameters = {}
    for layer in (1, 2, 3):
        parameters[f"W{layer}"] = r.standard_normal((sizes[layer], sizes[layer - 1]))
        parameters[f"b{layer}"] = r.standard_normal((sizes[layer], 1))
    return r.standard_normal((3, 8)), (r.random((1, 8)) < 0.5).astype(float), parameters


def answers(module):
    X, Y, parameters = inputs()
    _, cache = module.forward_propagation_with_dropout(X, parameters, KEEP)
    return module.backward_propagation_with_dropout(X, Y, cache, KEEP)


def truth(module):
    X, Y, parameters = inputs()
    _, cache = module.forward_propagation_with_dropout(X, parameters, KEEP)
    Z1, D1, _, _, _, Z2, D2, _, W2, b2, Z3, _, W3, b3 = cache
    m = X.shape[1]

    def cost(key, v):
        return module.compute_cost(
            module.forward_propagation_with_dropout(X, parameters | {key: v}, KEEP)[0], Y
        )

    # dA2 and dA1 belong to the activations before units are dropped; dA and dZ are m times the derivative
    def from_A2(A2):
        return module.compute_cost(module.sigmoid(W3 @ (A2 * D2 / KEEP) + b3), Y)

    def from_A1(A1):
        return from_A2(module.relu(W2 @ (A1 * D1 / KEEP) + b2))

    found = {"d" + key: numeric(lambda v, key=key: cost(key, v), parameters[key]) for key in parameters}
    found["dZ3"] = m * numeric(lambda v: module.compute_cost(module.sigmoid(v), Y), Z3)
    found["dA2"] = m * numeric(from_A2, module.relu(Z2))
    found["dZ2"] = m * numeric(lambda v: from_A2(module.relu(v)), Z2)
    found["dA1"] = m * numeric(from_A1, module.relu(Z1))
    found["dZ1"] = m * numeric(lambda v: from_A1(module.relu(v)), Z1)
    return found
