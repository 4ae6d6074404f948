import numpy as np

from tests.benchmarks.styles.numeric import numeric

NAMES = ("Wxh", "Whh", "Why", "bh", "by")
_R = np.random.default_rng(16)
INPUTS, TARGETS, STATE = [1, 4, 2, 4, 0], [4, 2, 4, 0, 3], _R.normal(size=(8, 1))


def prepare(module):
    random = np.random.default_rng(17)
    for name in NAMES:
        setattr(module, name, 0.3 * random.normal(size=getattr(module, name).shape))


def answers(module):
    prepare(module)
    return dict(zip(NAMES, module.loss_fun(INPUTS, TARGETS, STATE)[1:-1]))


def truth(module):
    prepare(module)
    found = {}
    for name in NAMES:
        kept = getattr(module, name)

        def loss(v, name=name):
            setattr(module, name, v)
            return module.loss_fun(INPUTS, TARGETS, STATE)[0]

        found[name] = numeric(loss, kept)
        setattr(module, name, kept)
    return found
