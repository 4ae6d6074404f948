import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(25)
X = _R.uniform(size=(5, 4))
VALUES = {"W": _R.normal(size=(4, 3)), "b_enc": _R.normal(size=3), "b_dec": _R.normal(size=4)}


def build(module, **changed):
    net = module.TiedAutoencoder(4, 3, l1=0.3)
    for name, value in (VALUES | changed).items():
        setattr(net, name, value)
    return net


def answers(module):
    return build(module).grad(X)


def truth(module):
    return {
        name: numeric(lambda v: build(module, **{name: v}).reconstruction_error(X), value)
        for name, value in VALUES.items()
    }
