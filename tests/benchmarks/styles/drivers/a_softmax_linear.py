import numpy as np

from tests.benchmarks.styles.numeric import numeric

NAMES = ("softmax_loss_naive", "softmax_loss_vectorized")


def inputs():
    r = np.random.default_rng(8)
    return r.standard_normal((5, 4)), r.standard_normal((6, 5)), r.integers(0, 4, 6), 0.3


def answers(module):
    return {name: getattr(module, name)(*inputs())[1] for name in NAMES}


def truth(module):
    W, X, y, reg = inputs()
    return {name: numeric(lambda v, name=name: getattr(module, name)(v, X, y, reg)[0], W) for name in NAMES}
