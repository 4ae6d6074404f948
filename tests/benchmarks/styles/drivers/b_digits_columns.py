import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(10)
X, Y = _R.normal(size=(4, 7)), np.array([0, 1, 2, 2, 1, 0, 2])
VALUES = {
    "W1": _R.normal(size=(5, 4)),
    "b1": _R.normal(size=(5, 1)),
    "W2": _R.normal(size=(3, 5)),
    "b2": _R.normal(size=(3, 1)),
}


def answers(module):
    cached = module.forward_prop(*VALUES.values(), X)
    return dict(zip(VALUES, module.back_prop(*cached, VALUES["W1"], VALUES["W2"], X, Y)))


def truth(module):
    def cost(values):
        return module.cost(module.forward_prop(*values.values(), X)[3], Y)

    return {name: numeric(lambda v: cost(VALUES | {name: v}), value) for name, value in VALUES.items()}
