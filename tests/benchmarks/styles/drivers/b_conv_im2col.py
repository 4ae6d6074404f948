import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(26)
X, W, B = _R.normal(size=(2, 2, 6, 6)), _R.normal(size=(3, 2, 3, 3)), _R.normal(size=3)
IMAGE = _R.normal(size=(2, 2, 5, 5))
SLOPE, STRIDED = _R.normal(size=(2, 27)), _R.normal(size=(2, 3, 3, 3))


def build(module, w=W, b=B, **options):
    conv = module.Conv2D(2, 3, 3, **options)
    conv.W, conv.b = w, b
    return conv


def forward(parts, x):
    for part in parts:
        x = part.forward(x)
    return x


def net(module, w=W, b=B):
    return [build(module, w, b, pad=1), module.MaxPool2D(2), module.Flatten()]


def answers(module):
    parts = net(module)
    forward(parts, X)
    slope = SLOPE
    found = {}
    for name, part in zip(("pooled", "convolved", "x"), reversed(parts)):
        slope = part.backward(slope)
        found[name] = slope
    strided = build(module, stride=2, pad=1)
    strided.forward(IMAGE)
    found["strided x"] = strided.backward(STRIDED)
    return found | {"W": parts[0].dW, "b": parts[0].db, "strided W": strided.dW, "strided b": strided.db}


def truth(module):
    def loss(parts, x):
        return np.sum(SLOPE * forward(parts, x))

    def strided(w, b, x):
        return np.sum(STRIDED * build(module, w, b, stride=2, pad=1).forward(x))

    parts = net(module)
    convolved = parts[0].forward(X)
    return {
        "pooled": numeric(lambda v: loss(parts[2:], v), parts[1].forward(convolved)),
        "convolved": numeric(lambda v: loss(parts[1:], v), convolved),
        "x": numeric(lambda v: loss(parts, v), X),
        "W": numeric(lambda v: loss(net(module, v), X), W),
        "b": numeric(lambda v: loss(net(module, W, v), X), B),
        "strided x": numeric(lambda v: strided(W, B, v), IMAGE),
        "strided W": numeric(lambda v: strided(v, B, IMAGE), W),
        "strided b": numeric(lambda v: strided(W, v, IMAGE), B),
    }
