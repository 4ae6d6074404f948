import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs(module):
    np.random.seed(27)
    net = module.Network([4, 5, 3, 2])
    r = np.random.default_rng(27)
    return net, r.standard_normal((4, 1)), r.random((2, 1))


def answers(module):
    net, x, y = inputs(module)
    nabla_b, nabla_w = net.backprop(x, y)
    found = {f"b{l}": value for l, value in enumerate(nabla_b)}
    return found | {f"w{l}": value for l, value in enumerate(nabla_w)}


def truth(module):
    net, x, y = inputs(module)

    def cost(kind, l, v):
        values = getattr(net, kind)
        kept, values[l] = values[l], v
        result = np.sum((net.feedforward(x) - y) ** 2) / 2
        values[l] = kept
        return result

    found = {}
    for l in range(3):
        found[f"b{l}"] = numeric(lambda v, l=l: cost("biases", l, v), net.biases[l])
        found[f"w{l}"] = numeric(lambda v, l=l: cost("weights", l, v), net.weights[l])
    return found
