import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs():
    r = np.random.default_rng(1)
    return (
        r.standard_normal((4, 2, 3)),
        r.standard_normal((6, 5)),
        r.standard_normal(5),
        r.standard_normal((4, 5)),
    )


def answers(module):
    x, w, b, dout = inputs()
    found = {}
    for name in ("affine", "affine_relu"):
        _, cache = getattr(module, name + "_forward")(x, w, b)
        for key, value in zip("xwb", getattr(module, name + "_backward")(dout, cache), strict=True):
            found[f"{name} d{key}"] = value
    _, cache = module.relu_forward(dout + 0.1)
    found["relu dx"] = module.relu_backward(dout, cache)
    return found


def truth(module):
    x, w, b, dout = inputs()
    found = {}
    for name in ("affine", "affine_relu"):
        forward = getattr(module, name + "_forward")

        def value(x, w, b, forward=forward):
            return np.sum(forward(x, w, b)[0] * dout)

        found[f"{name} dx"] = numeric(lambda v, value=value: value(v, w, b), x)
        found[f"{name} dw"] = numeric(lambda v, value=value: value(x, v, b), w)
        found[f"{name} db"] = numeric(lambda v, value=value: value(x, w, v), b)
    found["relu dx"] = numeric(lambda v: np.sum(module.relu_forward(v)[0] * dout), dout + 0.1)
    return found
