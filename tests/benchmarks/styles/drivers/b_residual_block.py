import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(23)
PLAIN = {
    "x": _R.normal(size=(5, 3)),
    "w1": _R.normal(size=(3, 4)),
    "b1": _R.normal(size=4),
    "w2": _R.normal(size=(4, 3)),
    "b2": _R.normal(size=3),
}
WIDER = PLAIN | {"w2": _R.normal(size=(4, 2)), "b2": _R.normal(size=2), "skip": _R.normal(size=(3, 2))}
CASES = {"plain": (PLAIN, _R.normal(size=(5, 3))), "wider": (WIDER, _R.normal(size=(5, 2)))}


def answers(module):
    x, slope = PLAIN["x"], CASES["plain"][1]
    found = {"gelu": module.gelu_backward(slope, module.gelu_forward(x)[1])}
    _, cache = module.affine_forward(x, PLAIN["w1"], PLAIN["b1"])
    ahead = np.cos(np.arange(20.0)).reshape(5, 4)
    found |= dict(zip(("affine x", "affine w", "affine b"), module.affine_backward(ahead, cache)))
    for case, (values, dout) in CASES.items():
        _, cache = module.block_forward(**values)
        found |= {f"{case} {name}": g for name, g in zip(values, module.block_backward(dout, cache))}
    return found


def truth(module):
    x, w, b, slope = PLAIN["x"], PLAIN["w1"], PLAIN["b1"], CASES["plain"][1]
    ahead = np.cos(np.arange(20.0)).reshape(5, 4)
    found = {
        "gelu": numeric(lambda v: np.sum(slope * module.gelu_forward(v)[0]), x),
        "affine x": numeric(lambda v: np.sum(ahead * module.affine_forward(v, w, b)[0]), x),
        "affine w": numeric(lambda v: np.sum(ahead * module.affine_forward(x, v, b)[0]), w),
        "affine b": numeric(lambda v: np.sum(ahead * module.affine_forward(x, w, v)[0]), b),
    }
    for case, (values, dout) in CASES.items():
        for name, value in values.items():
            found[f"{case} {name}"] = numeric(
                lambda v: np.sum(dout * module.block_forward(**(values | {name: v}))[0]), value
            )
    return found
