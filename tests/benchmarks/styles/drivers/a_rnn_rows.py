import numpy as np

from tests.benchmarks.styles.numeric import numeric

CASES = {"step": ("rnn_step_forward", "rnn_step_backward"), "all": ("rnn_forward", "rnn_backward")}
NAMES = ("dx", "dh", "dWx", "dWh", "db")


def inputs(case):
    r = np.random.default_rng(11)
    N, T, D, H = 2, 4, 3, 5
    x = r.standard_normal((N, T, D))
    arrays = [x, r.standard_normal((N, H)), r.standard_normal((D, H)), 0.5 * r.standard_normal((H, H))]
    arrays.append(r.standard_normal(H))
    dout = r.standard_normal((N, T, H))
    if case == "step":
        arrays[0], dout = x[:, 0], dout[:, 0]
    return arrays, dout


def answers(module):
    found = {}
    for case, (forward, backward) in CASES.items():
        arrays, dout = inputs(case)
        _, cache = getattr(module, forward)(*arrays)
        for name, value in zip(NAMES, getattr(module, backward)(dout, cache), strict=True):
            found[f"{case} {name}"] = value
    return found


def truth(module):
    found = {}
    for case, (forward, _) in CASES.items():
        arrays, dout = inputs(case)
        for place, name in enumerate(NAMES):

            def value(v, place=place, forward=forward, arrays=arrays, dout=dout):
                changed = [*arrays[:place], v, *arrays[place + 1 :]]
                return np.sum(dout * getattr(module, forward)(*changed)[0])

            found[f"{case} {name}"] = numeric(value, arrays[place])
    return found
