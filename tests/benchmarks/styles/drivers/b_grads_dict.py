import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(4)
X, Y = _R.normal(size=(4, 3)), _R.normal(size=(4, 2))
VALUES = {
    (0, "W"): _R.normal(size=(3, 5)),
    (0, "b"): _R.normal(size=5),
    (1, "gain"): _R.normal(size=5),
    (3, "W"): _R.normal(size=(5, 2)),
    (3, "b"): _R.normal(size=2),
}


def build(module, changed=None):
    net = module.Net(
        [module.FullyConnected(3, 5), module.Scale(5), module.Tanh(), module.FullyConnected(5, 2)]
    )
    for (at, name), value in (VALUES | (changed or {})).items():
        net.layers[at].params[name] = value
    return net


def loss(module, net, x):
    return module.squared_error(net.forward(x), Y)


def answers(module):
    net = build(module)
    slope = module.squared_error_grad(net.forward(X), Y)
    found = {"prediction": slope, "X": net.backward(slope)}
    return found | {f"{at} {name}": net.layers[at].grads[name] for at, name in VALUES}


def truth(module):
    found = {
        "prediction": numeric(lambda v: module.squared_error(v, Y), build(module).forward(X)),
        "X": numeric(lambda v: loss(module, build(module), v), X),
    }
    for place, value in VALUES.items():
        found[f"{place[0]} {place[1]}"] = numeric(lambda v: loss(module, build(module, {place: v}), X), value)
    return found
