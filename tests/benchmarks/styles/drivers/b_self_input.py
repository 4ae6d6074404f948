import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(7)
X, Y = _R.normal(size=(6, 3)), _R.uniform(size=(6, 2))
VALUES = {"weights1": _R.normal(size=(3, 4)), "bias1": _R.normal(size=4), "weights2": _R.normal(size=(4, 2))}


def build(module, **changed):
    net = module.NeuralNetwork(X, Y)
    for name, value in (VALUES | changed).items():
        setattr(net, name, value.copy())
    net.feedforward()
    return net


def answers(module):
    net = build(module)
    net.backprop()
    return {name: value - getattr(net, name) for name, value in VALUES.items()}


def truth(module):
    return {
        name: numeric(lambda v: build(module, **{name: v}).sse(), value) for name, value in VALUES.items()
    }
