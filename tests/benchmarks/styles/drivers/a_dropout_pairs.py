import numpy as np

from tests.benchmarks.styles.numeric import numeric

PARAMS = {
    "train": {"mode": "train", "p": 0.7, "seed": 12},
    "test": {"mode": "test", "p": 0.7},
}


def inputs():
    r = np.random.default_rng(10)
    return (
        r.standard_normal((5, 3)),
        r.standard_normal((3, 6)),
        r.standard_normal(6),
        r.standard_normal((5, 6)),
    )


def answers(module):
    x, w, b, dout = inputs()
    found = {}
    for mode, param in PARAMS.items():
        _, cache = module.dropout_forward(x @ w, param)
        found[mode] = module.dropout_backward(dout, cache)
        _, cache = module.affine_relu_dropout_forward(x, w, b, param)
        for key, value in zip("xwb", module.affine_relu_dropout_backward(dout, cache), strict=True):
            found[f"{mode} d{key}"] = value
    return found


def truth(module):
    x, w, b, dout = inputs()
    found = {}
    for mode, param in PARAMS.items():
        found[mode] = numeric(lambda v, p=param: np.sum(dout * module.dropout_forward(v, p)[0]), x @ w)

        def value(x, w, b, param=param):
            return np.sum(dout * module.affine_relu_dropout_forward(x, w, b, param)[0])

        found[f"{mode} dx"] = numeric(lambda v, f=value: f(v, w, b), x)
        found[f"{mode} dw"] = numeric(lambda v, f=value: f(x, v, b), w)
        found[f"{mode} db"] = numeric(lambda v, f=value: f(x, w, v), b)
    return found
