import numpy as np

from tests.benchmarks.styles.numeric import numeric

COSTS = ("QuadraticCost", "CrossEntropyCost")


def inputs(module, cost):
    r = np.random.default_rng(28)
    net = module.Network([3, 5, 4, 2], getattr(module, cost), r)
    return net, r.standard_normal((3, 6)), (r.random((2, 6)) < 0.5).astype(float), r.standard_normal((2, 6))


def answers(module):
    found = {}
    for cost in COSTS:
        net, X, Y, Z = inputs(module, cost)
        nabla_b, nabla_w = net.backprop(X, Y)
        found |= {f"{cost} b{layer}": value for layer, value in enumerate(nabla_b)}
        found |= {f"{cost} w{layer}": value for layer, value in enumerate(nabla_w)}
        found[f"{cost} delta"] = net.cost.delta(Z, module.sigmoid(Z), Y)
    return found


def truth(module):
    found = {}
    for cost in COSTS:
        net, X, Y, Z = inputs(module, cost)

        def value(kind, layer, v, net=net, X=X, Y=Y):
            values = getattr(net, kind)
            kept, values[layer] = values[layer], v
            result = net.cost.fn(net.feedforward(X), Y)
            values[layer] = kept
            return result

        for layer in range(3):
            found[f"{cost} b{layer}"] = numeric(
                lambda v, f=value, layer=layer: f("biases", layer, v), net.biases[layer]
            )
            found[f"{cost} w{layer}"] = numeric(
                lambda v, f=value, layer=layer: f("weights", layer, v), net.weights[layer]
            )
        found[f"{cost} delta"] = numeric(lambda v, net=net, Y=Y: net.cost.fn(module.sigmoid(v), Y), Z)
    return found
