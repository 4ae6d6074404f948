import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(0)
X = _R.normal(size=(5, 3))
Y = np.array([0, 2, 1, 1, 2])
W1, B1 = _R.normal(size=(3, 4)), _R.normal(size=(1, 4))
W2, B2 = _R.normal(size=(4, 3)), _R.normal(size=(1, 3))


def build(module, **changed):
    first, second = module.DenseLayer(3, 4), module.DenseLayer(4, 3)
    first.weights, first.biases = changed.get("W1", W1), changed.get("B1", B1)
    second.weights, second.biases = changed.get("W2", W2), changed.get("B2", B2)
    return first, module.ReLU(), second, module.Softmax(), module.CategoricalLoss()


def forward(net, x):
    for part in net[:-1]:
        part.forward(x)
        x = part.output
    return net[-1].calculate(x, Y)


def answers(module):
    net = build(module)
    forward(net, X)
    first, relu, second, softmax, loss = net
    loss.backward(softmax.output, Y)
    softmax.backward(loss.dinputs)
    second.backward(softmax.dinputs)
    relu.backward(second.dinputs)
    first.backward(relu.dinputs)
    both = module.SoftmaxAndLoss()
    both.forward(second.output, Y)
    both.backward(both.output, Y)
    return {
        "probabilities": loss.dinputs,
        "logits": softmax.dinputs,
        "logits, both": both.dinputs,
        "W2": second.dweights,
        "B2": second.dbiases,
        "hidden": second.dinputs,
        "W1": first.dweights,
        "B1": first.dbiases,
        "X": first.dinputs,
    }


def truth(module):
    net = build(module)
    forward(net, X)
    hidden, logits, probabilities = net[1].output.copy(), net[2].output.copy(), net[3].output.copy()
    both = module.SoftmaxAndLoss()
    found = {
        "probabilities": numeric(lambda v: net[4].calculate(v, Y), probabilities),
        "logits": numeric(lambda v: forward(net[3:], v), logits),
        "logits, both": numeric(lambda v: both.forward(v, Y), logits),
        "hidden": numeric(lambda v: forward(net[2:], v), hidden),
        "X": numeric(lambda v: forward(net, v), X),
    }
    for name, value in {"W1": W1, "B1": B1, "W2": W2, "B2": B2}.items():
        found[name] = numeric(lambda v, name=name: forward(build(module, **{name: v}), X), value)
    return found
