import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(22)
N, T, D, H = 2, 3, 3, 4
X, H0, SLOPE = _R.normal(size=(N, T, D)), _R.normal(size=(N, H)), _R.normal(size=(N, T, H))
SHAPES = {"W": (D, H), "U": (H, H), "b": (H,)}
P = {kind + gate: _R.normal(size=shape) for kind, shape in SHAPES.items() for gate in "zrn"}


def answers(module):
    _, caches = module.gru_forward(X, H0, P)
    dx, dh, grads = module.gru_backward(SLOPE, caches, P)
    _, cache = module.gru_step_forward(X[:, 0], H0, P)
    one_x, one_h, one = module.gru_step_backward(SLOPE[:, 0], cache, P)
    return {"x": dx, "h": dh, **grads, "step x": one_x, "step h": one_h} | {
        f"step {k}": v for k, v in one.items()
    }


def truth(module):
    def whole(x, h, p):
        return np.sum(SLOPE * module.gru_forward(x, h, p)[0])

    def step(x, h, p):
        return np.sum(SLOPE[:, 0] * module.gru_step_forward(x, h, p)[0])

    found = {}
    for before, loss, x in (("", whole, X), ("step ", step, X[:, 0])):
        found[before + "x"] = numeric(lambda v: loss(v, H0, P), x)
        found[before + "h"] = numeric(lambda v: loss(x, v, P), H0)
        for name, value in P.items():
            found[before + name] = numeric(lambda v: loss(x, H0, P | {name: v}), value)
    return found
