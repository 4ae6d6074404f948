import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs():
    r = np.random.default_rng(30)
    params = {"W1": (3, 2, 3, 3), "b1": (3,), "W2": (12, 4), "b2": (4,)}
    params = {key: r.standard_normal(shape) for key, shape in params.items()}
    return params, r.standard_normal((3, 2, 4, 4)), r.integers(0, 4, 3), r.standard_normal((3, 3, 2, 2))


def strided(module, params, x):
    """A convolution and a pooling whose windows overlap or leave something out."""
    conv = module.Convolution(params["W1"], params["b1"], stride=2, pad=1)
    pool = module.Pooling(3, 1)
    return conv, conv.forward(x), pool, pool.forward(x)


def answers(module):
    params, x, t, dout = inputs()
    found = module.SimpleConvNet(**params).gradient(x, t)
    conv, _, pool, _ = strided(module, params, x)
    found["conv x"] = conv.backward(dout)
    found["conv W"], found["conv b"] = conv.dW, conv.db
    found["pool x"] = pool.backward(dout[:, :2])
    return found


def truth(module):
    params, x, t, dout = inputs()

    def loss(x=x, **changed):
        return module.SimpleConvNet(**(params | changed)).loss(x, t)

    def conv(x=x, **changed):
        return np.sum(dout * strided(module, params | changed, x)[1])

    found = {key: numeric(lambda v, key=key: loss(**{key: v}), value) for key, value in params.items()}
    found["x"] = numeric(lambda v: loss(x=v), x)
    found["conv x"] = numeric(lambda v: conv(x=v), x)
    found["conv W"] = numeric(lambda v: conv(W1=v), params["W1"])
    found["conv b"] = numeric(lambda v: conv(b1=v), params["b1"])
    found["pool x"] = numeric(lambda v: np.sum(dout[:, :2] * strided(module, params, v)[3]), x)
    return found
