import numpy as np

from tests.benchmarks.styles.numeric import numeric

PARAMS = [{"stride": 2, "pad": 2}, {"stride": 1, "pad": 0}]
NAMES = ("dA_prev", "dW", "db")


def inputs(module, hparameters):
    r = np.random.default_rng(23)
    arrays = [
        r.standard_normal((2, 4, 4, 2)),
        r.standard_normal((2, 2, 2, 3)),
        r.standard_normal((1, 1, 1, 3)),
    ]
    Z, cache = module.conv_forward(*arrays, hparameters)
    return arrays, r.standard_normal(Z.shape), cache


def answers(module):
    found = {}
    for number, hparameters in enumerate(PARAMS):
        _, dZ, cache = inputs(module, hparameters)
        for name, value in zip(NAMES, module.conv_backward(dZ, cache), strict=True):
            found[f"{number} {name}"] = value
    return found


def truth(module):
    found = {}
    for number, hparameters in enumerate(PARAMS):
        arrays, dZ, _ = inputs(module, hparameters)
        for place, name in enumerate(NAMES):

            def value(v, place=place, arrays=arrays, dZ=dZ, hparameters=hparameters):
                changed = [*arrays[:place], v, *arrays[place + 1 :]]
                return np.sum(dZ * module.conv_forward(*changed, hparameters)[0])

            found[f"{number} {name}"] = numeric(value, arrays[place])
    return found
