import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(24)
X = np.column_stack([np.ones(7), _R.normal(size=(7, 3))])
CASES = {
    "ridge": (_R.normal(size=4), (X, _R.normal(size=7), 0.7)),
    "logistic": (_R.normal(size=4), (X, np.array([0, 1, 1, 0, 1, 0, 0]), 0.7)),
    "softmax": (_R.normal(size=12), (X, np.array([0, 1, 2, 2, 1, 0, 0]), 0.7, 3)),
}


def answers(module):
    return {name: getattr(module, f"{name}_gradient")(theta, *rest) for name, (theta, rest) in CASES.items()}


def truth(module):
    return {
        name: numeric(lambda v: getattr(module, f"{name}_cost")(v, *rest), theta)
        for name, (theta, rest) in CASES.items()
    }
