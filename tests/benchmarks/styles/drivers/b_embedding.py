import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(28)
CONTEXT, WORD = np.array([[1, 4, 1], [0, 2, 4], [5, 5, 5]]), np.array([2, 3, 0])
WEIGHT, OUT = _R.normal(size=(6, 3)), _R.normal(size=(3, 6))
PADDED, SLOPE = np.array([[1, 0, 3], [3, 0, 0]]), _R.normal(size=(2, 3, 3))


def build(module, weight=WEIGHT, out=OUT):
    net = module.CbowModel(vocab=6, dim=3)
    net.emb.weight, net.out = weight, out
    return net


def padded(module):
    return module.Embedding(vocab=6, dim=3, padding_idx=0, rng=np.random.default_rng(1))


def answers(module):
    net = build(module)
    net.loss(CONTEXT, WORD)
    net.backward()
    layer = padded(module)
    layer.forward(PADDED)
    layer.backward(SLOPE)
    bag = module.MeanBag()
    bag.forward(SLOPE)
    # the row of the padding is no parameter: left out
    return {
        "weight": net.emb.grad_weight,
        "out": net.grad_out,
        "padded": layer.grad_weight[1:],
        "bag": bag.backward(SLOPE[:, 0]),
    }


def truth(module):
    layer = padded(module)

    def look_up(v):
        layer.weight = np.vstack([np.zeros((1, 3)), v])
        return np.sum(SLOPE * layer.forward(PADDED))

    return {
        "weight": numeric(lambda v: build(module, weight=v).loss(CONTEXT, WORD), WEIGHT),
        "out": numeric(lambda v: build(module, out=v).loss(CONTEXT, WORD), OUT),
        "padded": numeric(look_up, layer.weight[1:]),
        "bag": numeric(lambda v: np.sum(SLOPE[:, 0] * module.MeanBag().forward(v)), SLOPE),
    }
