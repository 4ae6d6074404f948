import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(9)
X, Y = _R.normal(size=(5, 3)), _R.normal(size=(5, 1))
VALUES = {"weights_i_h": _R.normal(size=(3, 4)), "weights_h_o": _R.normal(size=(4, 1))}
RATE = 0.5


def build(module, **changed):
    net = module.CountNetwork(3, 4, 1, RATE)
    for name, value in (VALUES | changed).items():
        setattr(net, name, value.copy())
    return net


def answers(module):
    net = build(module)
    outputs, hidden = net.forward_pass_train(X[0])
    zeros = [np.zeros_like(value) for value in VALUES.values()]
    steps = net.backpropagation(outputs, hidden, X[0], Y[0], *zeros)
    found = {f"one record, {name}": -step for name, step in zip(VALUES, steps)}
    net.train(X, Y)
    return found | {name: (value - getattr(net, name)) / RATE for name, value in VALUES.items()}


def truth(module):
    def one(net):
        return 0.5 * np.sum((Y[0] - net.forward_pass_train(X[0])[0]) ** 2)

    def all_of(net):
        return 0.5 * np.sum((Y - net.run(X)) ** 2) / len(X)

    found = {}
    for name, value in VALUES.items():
        found[f"one record, {name}"] = numeric(lambda v: one(build(module, **{name: v})), value)
        found[name] = numeric(lambda v: all_of(build(module, **{name: v})), value)
    return found
