import numpy as np

from tests.benchmarks.styles.numeric import numeric

NAMES = ("dx", "dgamma", "dbeta")


def inputs():
    r = np.random.default_rng(31)
    x, dout = 2 * r.standard_normal((2, 4, 3, 2)) + 1, r.standard_normal((2, 4, 3, 2))
    return x, r.standard_normal(4), r.standard_normal(4), dout


def cases(module):
    """(name, arrays, upstream, forward, backward) of each pair."""
    x, gamma, beta, dout = inputs()
    wide = gamma.reshape(1, 4, 1, 1), beta.reshape(1, 4, 1, 1)
    rows, drows = (v.transpose(0, 2, 3, 1).reshape(-1, 4) for v in (x, dout))
    train = {"mode": "train"}
    yield "rows", [rows, gamma, beta], drows, lambda *a: module.batchnorm_forward(*a, dict(train))
    yield "spatial", [x, gamma, beta], dout, lambda *a: module.spatial_batchnorm_forward(*a, dict(train))
    yield "group", [x, *wide], dout, lambda *a: module.spatial_groupnorm_forward(*a, 2, {})


def answers(module):
    backwards = {
        "rows": module.batchnorm_backward,
        "spatial": module.spatial_batchnorm_backward,
        "group": module.spatial_groupnorm_backward,
    }
    found = {}
    for case, arrays, dout, forward in cases(module):
        _, cache = forward(*arrays)
        for name, value in zip(NAMES, backwards[case](dout, cache), strict=True):
            found[f"{case} {name}"] = value
    return found


def truth(module):
    found = {}
    for case, arrays, dout, forward in cases(module):
        for k, name in enumerate(NAMES):
            found[f"{case} {name}"] = numeric(
                lambda v, a=arrays, k=k, d=dout, f=forward: np.sum(d * f(*a[:k], v, *a[k + 1 :])[0]),
                arrays[k],
            )
    return found
