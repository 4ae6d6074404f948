import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs():
    r = np.random.default_rng(19)
    return r.standard_normal((5, 1)), 0.4, r.standard_normal((5, 8)), (r.random((1, 8)) < 0.5).astype(float)


def answers(module):
    return module.propagate(*inputs())[0]


def truth(module):
    w, b, X, Y = inputs()
    return {
        "dw": numeric(lambda v: module.propagate(v, b, X, Y)[1], w),
        "db": numeric(lambda v: module.propagate(w, v, X, Y)[1], b),
    }
