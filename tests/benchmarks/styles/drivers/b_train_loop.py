import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(14)
X, Y = _R.normal(size=(6, 3)), np.array([0.0, 1, 1, 0, 1, 0])
VALUES = {
    "w1": _R.normal(size=(3, 5)),
    "c1": _R.normal(size=5),
    "w2": _R.normal(size=(5, 1)),
    "c2": _R.normal(size=1),
}


def answers(module):
    new, _ = module.train(X, Y, 1, lr=0.5, start=VALUES.values())
    return {name: (value - after) / 0.5 for (name, value), after in zip(VALUES.items(), new)}


def truth(module):
    return {
        name: numeric(lambda v: module.train(X, Y, 1, start=(VALUES | {name: v}).values())[1][0], value)
        for name, value in VALUES.items()
    }
