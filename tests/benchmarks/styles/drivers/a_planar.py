import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs():
    r = np.random.default_rng(18)
    shapes = {"W1": (4, 2), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}
    parameters = {key: r.standard_normal(shape) for key, shape in shapes.items()}
    return r.standard_normal((2, 7)), (r.random((1, 7)) < 0.5).astype(float), parameters


def answers(module):
    X, Y, parameters = inputs()
    _, cache = module.forward_propagation(X, parameters)
    return module.backward_propagation(parameters, cache, X, Y)


def truth(module):
    X, Y, parameters = inputs()

    def cost(key, v):
        return module.compute_cost(module.forward_propagation(X, parameters | {key: v})[0], Y)

    return {"d" + key: numeric(lambda v, key=key: cost(key, v), parameters[key]) for key in parameters}
