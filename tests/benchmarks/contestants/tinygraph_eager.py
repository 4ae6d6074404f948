"""tinygraph as it runs line by line."""

import numpy as np

import tinygraph as tg

from ..tasks import LEARNING_RATE, Chain

ACTIVATIONS = {"relu": tg.relu, "tanh": np.tanh}


def sigmoid_cost(Z, Y):
    return tg.binary_cross_entropy(tg.sigmoid(Z), Y)


def network_cost(network):
    """The cost as a function of X, the labels and the parameters W1, b1, W2, b2, ... in that order."""
    g = ACTIVATIONS[network.hidden]
    output_cost = {"sigmoid": sigmoid_cost, "softmax": tg.softmax_cross_entropy}[network.output]

    def cost(parameters, X, labels):
        A = X
        for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            A = g(W @ A + b)
        W, b = parameters[-2:]
        return output_cost(W @ A + b, labels)

    return cost


def chain_cost(chain):
    def cost(parameters):
        (x,) = parameters
        y = x
        for _ in range(chain.links):
            y = y + x
        return np.sum(y)

    return cost


def make_inputs(network):
    """X and what the cost takes as labels: Y (1, m), or the class of each example as integers (m,)."""
    X, Y = network.make_examples()
    return X, Y.argmax(axis=0) if network.output == "softmax" else Y


def make_parameters(task):
    return [tg.parameter(value, name=name) for name, value in task.initialize_parameters().items()]


class Training:
    def __init__(self, task):
        self.tensors = make_parameters(task)
        self.optimizer = tg.optim.SGD(LEARNING_RATE)
        if isinstance(task, Chain):
            self.cost, self.inputs = chain_cost(task), ()
        else:
            X, labels = make_inputs(task)
            self.cost, self.inputs = network_cost(task), (tg.tensor(X, name="X"), labels)

    def step(self):
        J = self.cost(self.tensors, *self.inputs)
        d = J.backward()
        self.optimizer.update(self.tensors, d)
        return J.value

    def parameters(self):
        return {tensor.name: (tensor + 0).value for tensor in self.tensors}
