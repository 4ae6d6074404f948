import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(8)
X, Y = _R.normal(size=(6, 3)), _R.uniform(size=(6, 2))
VALUES = {"w_hidden": _R.normal(size=(4, 4)), "w_out": _R.normal(size=(4, 2))}


def build(module, **changed):
    net = module.Net((3, 4, 2), lr=0.5)
    for name, value in (VALUES | changed).items():
        setattr(net, name, value.copy())
    return net


def answers(module):
    net = build(module).train(X, Y, iterations=1)
    return {name: (value - getattr(net, name)) / 0.5 for name, value in VALUES.items()}


def truth(module):
    # the module keeps a mean of absolute errors, but descends half the sum of their squares
    return {
        name: numeric(lambda v: 0.5 * np.sum((Y - build(module, **{name: v}).forward(X)) ** 2), value)
        for name, value in VALUES.items()
    }
