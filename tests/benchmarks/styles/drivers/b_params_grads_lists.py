import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(3)
X, T = _R.normal(size=(6, 4)), np.array([0, 1, 2, 2, 1, 0])
NAMES = ("W1", "b1", "W2", "b2")
VALUES = (_R.normal(size=(4, 5)), _R.normal(size=5), _R.normal(size=(5, 3)), _R.normal(size=3))


def build(module, changed=None, value=None):
    net = module.Classifier(4, 5, 3)
    for name, kept, given in zip(NAMES, net.params, VALUES):
        kept[...] = value if name == changed else given
    return net


def answers(module):
    net = build(module)
    net.forward(X, np.eye(3)[T])
    found = {"X": net.backward()}
    found["X, dout 2"] = net.backward(2)
    net.backward()
    return found | dict(zip(NAMES, net.grads))


def truth(module):
    found = {
        name: numeric(lambda v: build(module, name, v).forward(X, T), value)
        for name, value in zip(NAMES, VALUES)
    }
    found["X"] = numeric(lambda v: build(module).forward(v, T), X)
    found["X, dout 2"] = numeric(lambda v: 2 * build(module).forward(v, T), X)
    return found
