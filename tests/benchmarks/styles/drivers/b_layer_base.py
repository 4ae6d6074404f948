import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(2)
X, DOUT = _R.normal(size=(4, 3)), _R.normal(size=(4, 2))
VALUES = {
    "W1": _R.normal(size=(3, 5)),
    "b1": _R.normal(size=5),
    "W2": _R.normal(size=(5, 2)),
    "b2": _R.normal(size=2),
}


def build(module, training=True, **changed):
    values = VALUES | changed
    rng = np.random.default_rng(3)
    net = module.Sequential(
        module.Linear(3, 5, rng), module.LeakyReLU(0.1), module.Dropout(0.3, rng), module.Linear(5, 2, rng)
    )
    net.layers[2].training = training
    net.layers[0].W, net.layers[0].b = values["W1"], values["b1"]
    net.layers[3].W, net.layers[3].b = values["W2"], values["b2"]
    return net


def answers(module):
    found = {}
    for training in (True, False):
        net = build(module, training)
        net(X)
        found[f"X {training}"] = net.backward(DOUT)
        found[f"W1 {training}"], found[f"b1 {training}"] = net.layers[0].dW, net.layers[0].db
        found[f"W2 {training}"], found[f"b2 {training}"] = net.layers[3].dW, net.layers[3].db
    return found


def truth(module):
    found = {}
    for training in (True, False):
        found[f"X {training}"] = numeric(lambda v: np.sum(build(module, training)(v) * DOUT), X)
        for name, value in VALUES.items():
            found[f"{name} {training}"] = numeric(
                lambda v: np.sum(build(module, training, **{name: v})(X) * DOUT), value
            )
    return found
