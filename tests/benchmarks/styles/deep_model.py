"""What the drivers of both editions of the deep model share."""

import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs(module, seed):
    r = np.random.default_rng(seed)
    parameters = module.initialize_parameters_deep([4, 5, 3, 1])
    for key in parameters:
        if key[0] == "b":
            parameters[key] = 0.3 * r.standard_normal(parameters[key].shape)
    return r.standard_normal((4, 6)), (r.random((1, 6)) < 0.5).astype(float), parameters


def answers_of(module, seed):
    X, Y, parameters = inputs(module, seed)
    AL, caches = module.L_model_forward(X, parameters)
    return module.L_model_backward(AL, Y, caches)


def truth_of(module, seed, shift):
    """The derivatives; grads["dA" + str(layer + shift)] belongs to A[layer]."""
    X, Y, parameters = inputs(module, seed)
    m = X.shape[1]

    def cost(key, v):
        return module.compute_cost(module.L_model_forward(X, parameters | {key: v})[0], Y)

    def cost_from(A, layer):
        for k in range(layer + 1, 4):
            W, b = parameters[f"W{k}"], parameters[f"b{k}"]
            A, _ = module.linear_activation_forward(A, W, b, "sigmoid" if k == 3 else "relu")
        return module.compute_cost(A, Y)

    found = {"d" + key: numeric(lambda v, key=key: cost(key, v), parameters[key]) for key in parameters}
    A = X
    for layer in range(3):
        # the backward pass starts from m times the derivative of the cost
        found[f"dA{layer + shift}"] = m * numeric(lambda v, layer=layer: cost_from(v, layer), A)
        A, _ = module.linear_activation_forward(
            A, parameters[f"W{layer + 1}"], parameters[f"b{layer + 1}"], "relu"
        )
    return found
