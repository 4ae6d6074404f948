import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs(module):
    r = np.random.default_rng(2)
    P = module.init([4, 5, 6, 3], seed=1)
    P = {key: value + 0.1 * r.standard_normal(value.shape) for key, value in P.items()}
    return P, r.standard_normal((7, 4)), r.integers(0, 3, 7), r.standard_normal((7, 5))


def answers(module):
    P, X, y, d = inputs(module)
    found = dict(module.step_grads(P, X, y)[1])
    found["scores"] = module.softmax_xent(X[:, :3], y)[1]
    _, c = module.fc_fwd(X, P["W0"], P["b0"])
    found["fc x"], found["fc W"], found["fc b"] = module.fc_bwd(d, c)
    _, c = module.lrelu_fwd(X @ P["W0"], 0.2)
    found["lrelu x"] = module.lrelu_bwd(d, c)
    return found


def truth(module):
    P, X, y, d = inputs(module)

    def loss(key, v):
        return module.softmax_xent(module.fwd(P | {key: v}, X)[0], y)[0]

    found = {key: numeric(lambda v, key=key: loss(key, v), P[key]) for key in P}
    found["scores"] = numeric(lambda v: module.softmax_xent(v, y)[0], X[:, :3])
    W, b = P["W0"], P["b0"]
    found["fc x"] = numeric(lambda v: np.sum(d * module.fc_fwd(v, W, b)[0]), X)
    found["fc W"] = numeric(lambda v: np.sum(d * module.fc_fwd(X, v, b)[0]), W)
    found["fc b"] = numeric(lambda v: np.sum(d * module.fc_fwd(X, W, v)[0]), b)
    found["lrelu x"] = numeric(lambda v: np.sum(d * module.lrelu_fwd(v, 0.2)[0]), X @ W)
    return found
