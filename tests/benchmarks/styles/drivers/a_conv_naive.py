import numpy as np

from tests.benchmarks.styles.numeric import numeric

PARAMS = [{"stride": 2, "pad": 1}, {"stride": 1, "pad": 0}]


def inputs(module, conv_param):
    r = np.random.default_rng(5)
    x, w, b = r.standard_normal((2, 3, 5, 5)), r.standard_normal((4, 3, 3, 3)), r.standard_normal(4)
    out, cache = module.conv_forward_naive(x, w, b, conv_param)
    return x, w, b, r.standard_normal(out.shape), cache


def answers(module):
    found = {}
    for number, conv_param in enumerate(PARAMS):
        *_, dout, cache = inputs(module, conv_param)
        for key, value in zip("xwb", module.conv_backward_naive(dout, cache), strict=True):
            found[f"{number} d{key}"] = value
    return found


def truth(module):
    found = {}
    for number, conv_param in enumerate(PARAMS):
        x, w, b, dout, _ = inputs(module, conv_param)

        def value(x, w, b, conv_param=conv_param, dout=dout):
            return np.sum(dout * module.conv_forward_naive(x, w, b, conv_param)[0])

        found[f"{number} dx"] = numeric(lambda v, f=value, w=w, b=b: f(v, w, b), x)
        found[f"{number} dw"] = numeric(lambda v, f=value, x=x, b=b: f(x, v, b), w)
        found[f"{number} db"] = numeric(lambda v, f=value, x=x, w=w: f(x, w, v), b)
    return found
