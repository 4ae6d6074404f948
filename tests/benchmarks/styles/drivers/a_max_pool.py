import numpy as np

from tests.benchmarks.styles.numeric import numeric

CASES = {
    "overlapping": ("naive", {"pool_height": 3, "pool_width": 2, "stride": 1}),
    "tiles": ("naive", {"pool_height": 2, "pool_width": 2, "stride": 2}),
    "reshaped": ("tiles", {"pool_height": 2, "pool_width": 2, "stride": 2}),
}


def inputs(module, kind, pool_param):
    r = np.random.default_rng(6)
    x = r.standard_normal((2, 3, 4, 6))
    out, cache = getattr(module, "max_pool_forward_" + kind)(x, pool_param)
    return x, r.standard_normal(out.shape), cache


def answers(module):
    found = {}
    for name, (kind, pool_param) in CASES.items():
        _, dout, cache = inputs(module, kind, pool_param)
        found[name] = getattr(module, "max_pool_backward_" + kind)(dout, cache)
    return found


def truth(module):
    found = {}
    for name, (kind, pool_param) in CASES.items():
        x, dout, _ = inputs(module, kind, pool_param)
        forward = getattr(module, "max_pool_forward_" + kind)
        found[name] = numeric(lambda v, f=forward, p=pool_param, d=dout: np.sum(d * f(v, p)[0]), x)
    return found
