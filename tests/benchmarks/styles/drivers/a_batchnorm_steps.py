import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs():
    r = np.random.default_rng(3)
    return (
        2 * r.standard_normal((6, 4)) + 1,
        r.standard_normal(4),
        r.standard_normal(4),
        r.standard_normal((6, 4)),
    )


def answers(module):
    x, gamma, beta, dout = inputs()
    _, cache = module.batchnorm_forward(x, gamma, beta, {"mode": "train"})
    return dict(zip(("dx", "dgamma", "dbeta"), module.batchnorm_backward(dout, cache), strict=True))


def truth(module):
    x, gamma, beta, dout = inputs()

    def value(x, gamma, beta):
        return np.sum(dout * module.batchnorm_forward(x, gamma, beta, {"mode": "train"})[0])

    return {
        "dx": numeric(lambda v: value(v, gamma, beta), x),
        "dgamma": numeric(lambda v: value(x, v, beta), gamma),
        "dbeta": numeric(lambda v: value(x, gamma, v), beta),
    }
