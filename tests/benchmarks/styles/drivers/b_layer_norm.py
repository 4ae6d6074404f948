import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(21)
X, SLOPE = _R.normal(size=(2, 2, 3, 5))
GAMMA, BETA = _R.normal(size=(2, 5))


def build(module, kind, gamma=GAMMA, beta=BETA):
    layer = getattr(module, kind)(5)
    layer.gamma = gamma
    if kind == "LayerNorm":
        layer.beta = beta
    return layer


def answers(module):
    found = {}
    for kind in ("LayerNorm", "RMSNorm"):
        layer = build(module, kind)
        layer.forward(X)
        found[f"{kind} x"] = layer.backward(SLOPE)
        found[f"{kind} gamma"] = layer.d_gamma
        if kind == "LayerNorm":
            found[f"{kind} beta"] = layer.d_beta
    return found


def truth(module):
    found = {}
    for kind in ("LayerNorm", "RMSNorm"):
        found[f"{kind} x"] = numeric(lambda v: np.sum(SLOPE * build(module, kind).forward(v)), X)
        found[f"{kind} gamma"] = numeric(
            lambda v: np.sum(SLOPE * build(module, kind, gamma=v).forward(X)), GAMMA
        )
        if kind == "LayerNorm":
            found[f"{kind} beta"] = numeric(
                lambda v: np.sum(SLOPE * build(module, kind, beta=v).forward(X)), BETA
            )
    return found
