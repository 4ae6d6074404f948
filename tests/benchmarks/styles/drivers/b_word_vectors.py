import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(15)
CENTER, OUTSIDE = _R.normal(size=(5, 3)), _R.normal(size=(5, 3))
NEGATIVE, WINDOW = [0, 3, 3, 4], [1, 4, 1]


def calls(module):
    return {
        "naive": (lambda c, o: module.naive_softmax_loss_and_gradient(c, 2, o), CENTER[1]),
        "negative": (lambda c, o: module.neg_sampling_loss_and_gradient(c, 2, o, NEGATIVE), CENTER[1]),
        "window": (lambda c, o: module.skipgram(3, WINDOW, c, o), CENTER),
    }


def answers(module):
    found = {}
    for name, (call, center) in calls(module).items():
        _, found[f"{name} center"], found[f"{name} outside"] = call(center, OUTSIDE)
    return found


def truth(module):
    found = {}
    for name, (call, center) in calls(module).items():
        found[f"{name} center"] = numeric(lambda v: call(v, OUTSIDE)[0], center)
        found[f"{name} outside"] = numeric(lambda v: call(center, v)[0], OUTSIDE)
    return found
