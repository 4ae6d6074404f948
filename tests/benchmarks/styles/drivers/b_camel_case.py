import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(30)
X, EXPECTED = _R.normal(size=3), _R.uniform(size=2)
VALUES = {
    "hiddenWeights": _R.normal(size=(4, 3)),
    "hiddenBias": _R.normal(size=4),
    "outputWeights": _R.normal(size=(2, 4)),
    "outputBias": _R.normal(size=2),
}


def build(module, **changed):
    net = module.NeuralNet(3, 4, 2)
    for name, value in (VALUES | changed).items():
        setattr(net, name, value)
    net.forwardPropagate(X)
    return net


def answers(module):
    net = build(module)
    net.backPropagate(EXPECTED)
    found = {name: getattr(net, f"{name}Grad") for name in VALUES}
    return found | {"activation": np.array([net.activationDerivative(0.7)])}


def truth(module):
    found = {
        name: numeric(lambda v: build(module, **{name: v}).computeLoss(EXPECTED), value)
        for name, value in VALUES.items()
    }
    return found | {"activation": numeric(lambda v: build(module).activation(v[0]), np.array([0.7]))}
