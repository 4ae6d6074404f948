import numpy as np

from tests.benchmarks.styles.numeric import numeric

NAMES = ("svm_loss_naive", "svm_loss_vectorized")


def inputs():
    r = np.random.default_rng(9)
    return 0.4 * r.standard_normal((5, 4)), r.standard_normal((7, 5)), r.integers(0, 4, 7), 0.2


def answers(module):
    return {name: getattr(module, name)(*inputs())[1] for name in NAMES}


def truth(module):
    W, X, y, reg = inputs()
    return {name: numeric(lambda v, name=name: getattr(module, name)(v, X, y, reg)[0], W) for name in NAMES}
