import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(5)
Z, SLOPE = _R.normal(size=(3, 4)), _R.normal(size=(3, 4))
X, Y = _R.normal(size=(5, 3)), _R.uniform(size=(5, 2))
VALUES = {
    "W": _R.normal(size=(3, 4)),
    "w0": _R.normal(size=4),
    "V": _R.normal(size=(4, 2)),
    "v0": _R.normal(size=2),
}
SIMPLE = ("Logistic", "Tanh", "Elu", "SoftPlus", "Swish")


def build(module, activation, **changed):
    net = module.OneHidden((3, 4, 2), getattr(module, activation)())
    for name, value in (VALUES | changed).items():
        setattr(net, name, value)
    return net


def answers(module):
    found = {"Softmax": module.Softmax().gradient(Z, SLOPE)}
    for activation in SIMPLE:
        found[activation] = SLOPE * getattr(module, activation)().gradient(Z)
        for name, value in zip(VALUES, build(module, activation).gradients(X, Y)):
            found[f"{activation} {name}"] = value
    return found


def truth(module):
    found = {"Softmax": numeric(lambda v: np.sum(SLOPE * module.Softmax()(v)), Z)}
    for activation in SIMPLE:
        found[activation] = numeric(lambda v: np.sum(SLOPE * getattr(module, activation)()(v)), Z)
        for name, value in VALUES.items():
            found[f"{activation} {name}"] = numeric(
                lambda v: build(module, activation, **{name: v}).loss(X, Y), value
            )
    return found
