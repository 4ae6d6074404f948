import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(12)
X, Y = _R.normal(size=(6, 3)), _R.integers(0, 2, size=(6, 2)).astype(float)
SIZES = [3, 5, 4, 2]
VALUES = {("weights", k): _R.normal(size=(SIZES[k], SIZES[k + 1])) for k in range(3)} | {
    ("biases", k): _R.normal(size=(1, SIZES[k + 1])) for k in range(3)
}


def build(module, changed=None):
    net = module.MLP(SIZES)
    for (kind, k), value in (VALUES | (changed or {})).items():
        getattr(net, kind)[k] = value
    return net


def answers(module):
    net = build(module)
    net.predict(X)
    found = dict(zip(("weights", "biases"), net.compute_gradients(X, Y)))
    return {f"{kind} {k}": found[kind][k] for kind, k in VALUES}


def truth(module):
    return {
        f"{kind} {k}": numeric(lambda v: build(module, {(kind, k): v}).loss(X, Y), value)
        for (kind, k), value in VALUES.items()
    }
