import numpy as np

from tests.benchmarks.styles.numeric import numeric

PAIRS = {
    "bn": ("batchnorm_forward", "batchnorm_backward_alt", {"mode": "train"}),
    "ln": ("layernorm_forward", "layernorm_backward", {"eps": 1e-4}),
}


def inputs():
    r = np.random.default_rng(4)
    return (
        2 * r.standard_normal((5, 4)) - 1,
        r.standard_normal(4),
        r.standard_normal(4),
        r.standard_normal((5, 4)),
    )


def answers(module):
    x, gamma, beta, dout = inputs()
    found = {}
    for name, (forward, backward, param) in PAIRS.items():
        _, cache = getattr(module, forward)(x, gamma, beta, dict(param))
        dx, dgamma, dbeta = getattr(module, backward)(dout, cache)
        found |= {f"{name} dx": dx, f"{name} dgamma": dgamma, f"{name} dbeta": dbeta}
    return found


def truth(module):
    x, gamma, beta, dout = inputs()
    found = {}
    for name, (forward, _, param) in PAIRS.items():

        def value(x, gamma, beta, forward=forward, param=param):
            return np.sum(dout * getattr(module, forward)(x, gamma, beta, dict(param))[0])

        found[f"{name} dx"] = numeric(lambda v, f=value: f(v, gamma, beta), x)
        found[f"{name} dgamma"] = numeric(lambda v, f=value: f(x, v, beta), gamma)
        found[f"{name} dbeta"] = numeric(lambda v, f=value: f(x, gamma, v), beta)
    return found
