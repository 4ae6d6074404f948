"""MyGrad, without its guard on memory, as its documentation advises for speed."""

import mygrad as mg
from mygrad.nnet.activations import relu, sigmoid
from mygrad.nnet.losses import softmax_crossentropy

from ..tasks import LEARNING_RATE, Chain

mg.turn_memory_guarding_off()

ACTIVATIONS = {"relu": relu, "tanh": mg.tanh}


def sigmoid_cost(Z, Y):
    A = sigmoid(Z)
    return -mg.sum(Y * mg.log(A) + (1 - Y) * mg.log(1 - A)) / Y.shape[1]


def softmax_cost(Z, labels):
    return softmax_crossentropy(Z.T, labels)


def network_cost(network):
    X, Y = network.make_examples()
    g = ACTIVATIONS[network.hidden]
    softmax = network.output == "softmax"
    output_cost, labels = (softmax_cost, Y.argmax(axis=0)) if softmax else (sigmoid_cost, Y)

    def cost(parameters):
        A = X
        for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            A = g(mg.matmul(W, A) + b)
        W, b = parameters[-2:]
        return output_cost(mg.matmul(W, A) + b, labels)

    return cost


def chain_cost(chain):
    def cost(parameters):
        (x,) = parameters
        y = x
        for _ in range(chain.links):
            y = y + x
        return mg.sum(y)

    return cost


class Training:
    def __init__(self, task):
        self.named = {name: mg.tensor(value) for name, value in task.initialize_parameters().items()}
        self.tensors = tuple(self.named.values())
        self.cost = chain_cost(task) if isinstance(task, Chain) else network_cost(task)

    def step(self):
        J = self.cost(self.tensors)
        J.backward()
        for W in self.tensors:
            W.data -= LEARNING_RATE * W.grad
        return J.data

    def parameters(self):
        return {name: tensor.data for name, tensor in self.named.items()}
