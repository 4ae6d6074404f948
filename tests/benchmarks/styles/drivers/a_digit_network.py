import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs(module):
    np.random.seed(27)  # noqa: NPY002 - the module draws from it
    net = module.Network([4, 5, 3, 2])
    r = np.random.default_rng(27)
    return net, r.standard_normal((4, 1)), r.random((2, 1))


def answers(module):
    net, x, y = inputs(module)
    nabla_b, nabla_w = net.backprop(x, y)
    found = {f"b{layer}": value for layer, value in enumerate(nabla_b)}
    return found | {f"w{layer}": value for layer, value in enumerate(nabla_w)}


def truth(module):
    net, x, y = inputs(module)

    def cost(kind, layer, v):
        values = getattr(net, kind)
        kept, values[layer] = values[layer], v
        result = np.sum((net.feedforward(x) - y) ** 2) / 2
        values[layer] = kept
        return result

    found = {}
    for layer in range(3):
        found[f"b{layer}"] = numeric(lambda v, layer=layer: cost("biases", layer, v), net.biases[layer])
        found[f"w{layer}"] = numeric(lambda v, layer=layer: cost("weights", layer, v), net.weights[layer])
    return found
