import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs(module, activation):
    r = np.random.default_rng(29)
    np.random.seed(29)  # noqa: NPY002 - the module draws from it
    net = module.TwoLayerNet(4, 5, 3, getattr(module, activation), 1.0)
    for value in net.params.values():
        value += 0.1 * r.standard_normal(value.shape)  # the layers hold the same arrays
    return net, r.standard_normal((6, 4)), np.eye(3)[r.integers(0, 3, 6)]


def answers(module):
    found = {}
    for activation in ("Relu", "Sigmoid"):
        net, x, t = inputs(module, activation)
        found |= {f"{activation} {key}": value for key, value in net.gradient(x, t).items()}
        dout = net.last.backward()
        for layer in reversed(net.layers.values()):
            dout = layer.backward(dout)
        found[f"{activation} x"] = dout
    return found


def truth(module):
    found = {}
    for activation in ("Relu", "Sigmoid"):
        net, x, t = inputs(module, activation)

        def loss(key, v, net=net, x=x, t=t):
            kept = net.params[key].copy()
            net.params[key][...] = v
            result = net.loss(x, t)
            net.params[key][...] = kept
            return result

        for key, value in net.params.items():
            found[f"{activation} {key}"] = numeric(lambda v, f=loss, key=key: f(key, v), value)
        found[f"{activation} x"] = numeric(lambda v, net=net, t=t: net.loss(v, t), x)
    return found
