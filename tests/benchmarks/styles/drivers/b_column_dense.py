import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(1)
X, Y = _R.normal(size=(3, 1)), _R.normal(size=(2, 1))
VALUES = {
    "W1": _R.normal(size=(4, 3)),
    "b1": _R.normal(size=(4, 1)),
    "W2": _R.normal(size=(2, 4)),
    "b2": _R.normal(size=(2, 1)),
}
RATE = 0.5


def build(module, **changed):
    values = VALUES | changed
    first, second = module.Dense(3, 4), module.Dense(4, 2)
    first.W, first.b, second.W, second.b = (values[name].copy() for name in ("W1", "b1", "W2", "b2"))
    return [first, module.Tanh(), second, module.Tanh()]


def forward(net, x):
    for layer in net:
        x = layer.forward(x)
    return x


def answers(module):
    net = build(module)
    prediction = forward(net, X)
    slope = module.mse_prime(Y, prediction)
    found = {"prediction": slope}
    for name, layer in zip(("Z2", "A1", "Z1", "X"), reversed(net)):
        slope = layer.backward(slope, RATE)
        found[name] = slope
    for number, layer in ((1, net[0]), (2, net[2])):
        found[f"W{number}"] = (VALUES[f"W{number}"] - layer.W) / RATE
        found[f"b{number}"] = (VALUES[f"b{number}"] - layer.b) / RATE
    return found


def truth(module):
    net = build(module)
    inputs = [X]
    for layer in net:
        inputs.append(layer.forward(inputs[-1]))
    found = {
        name: numeric(lambda v, at=at: module.mse(Y, forward(net[at:], v)), inputs[at])
        for at, name in enumerate(("X", "Z1", "A1", "Z2", "prediction"))
    }
    for name, value in VALUES.items():
        found[name] = numeric(
            lambda v, name=name: module.mse(Y, forward(build(module, **{name: v}), X)), value
        )
    return found
