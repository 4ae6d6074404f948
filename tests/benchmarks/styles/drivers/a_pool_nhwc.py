import numpy as np

from tests.benchmarks.styles.numeric import numeric

CASES = [
    ("max", {"f": 2, "stride": 1}),
    ("average", {"f": 2, "stride": 2}),
    ("average", {"f": 3, "stride": 1}),
]


def inputs(module, mode, hparameters):
    r = np.random.default_rng(24)
    A_prev = r.standard_normal((2, 5, 4, 2))
    A, cache = module.pool_forward(A_prev, hparameters, mode)
    return A_prev, r.standard_normal(A.shape), cache


def answers(module):
    found = {}
    for number, (mode, hparameters) in enumerate(CASES):
        _, dA, cache = inputs(module, mode, hparameters)
        found[f"{number} {mode}"] = module.pool_backward(dA, cache, mode)
    return found


def truth(module):
    found = {}
    for number, (mode, hparameters) in enumerate(CASES):
        A_prev, dA, _ = inputs(module, mode, hparameters)
        found[f"{number} {mode}"] = numeric(
            lambda v, dA=dA, h=hparameters, mode=mode: np.sum(dA * module.pool_forward(v, h, mode)[0]), A_prev
        )
    return found
