import numpy as np

from tests.benchmarks.styles.numeric import numeric

KINDS = {
    "plain": {},
    "bn": {"use_bn": True, "reg": 0.1},
    "all": {"use_bn": True, "keep": 0.7, "seed": 5, "reg": 0.2},
}


def inputs(module, kind):
    r = np.random.default_rng(15)
    net = module.FullyConnectedNet([5, 4], 6, 3, **KINDS[kind])
    for key, value in net.params.items():
        net.params[key] = r.standard_normal(value.shape)
    return net, r.standard_normal((8, 2, 3)), r.integers(0, 3, 8)


def answers(module):
    found = {}
    for kind in KINDS:
        net, X, y = inputs(module, kind)
        _, grads = net.loss(X, y)
        # what precedes a batch normalisation has no use for a bias
        found |= {f"{kind} {key}": value for key, value in grads.items() if matters(net, key)}
    return found


def matters(net, key):
    return not (net.use_bn and key in ("b1", "b2"))


def truth(module):
    found = {}
    for kind in KINDS:
        net, X, y = inputs(module, kind)
        given = dict(net.params)

        def value(key, v, net=net, given=given, X=X, y=y):
            net.params = given | {key: v}
            return net.loss(X, y)[0]

        for key in given:
            if matters(net, key):
                found[f"{kind} {key}"] = numeric(lambda v, f=value, key=key: f(key, v), given[key])
    return found
