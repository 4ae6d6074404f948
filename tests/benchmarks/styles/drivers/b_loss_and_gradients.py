import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(11)
X, Y = _R.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])


def params(module):
    found = module.make_params([4, 5, 4, 3])
    return {
        name: value + 0.1 * np.random.default_rng(1).normal(size=value.shape) for name, value in found.items()
    }


def answers(module):
    return module.loss_and_gradients(params(module), X, Y, reg=0.1)[1]


def truth(module):
    given = params(module)
    return {
        name: numeric(lambda v: module.loss_and_gradients(given | {name: v}, X, Y, reg=0.1)[0], value)
        for name, value in given.items()
    }
