"""HIPS autograd, with the cost in NumPy's functions as its tutorial has it."""

import autograd.numpy as np
from autograd import value_and_grad
from autograd.scipy.special import logsumexp

from ..tasks import LEARNING_RATE, Chain

# Not np.maximum(0, Z), whose derivative is float64 whatever Z is: the large network would take twice as long.
ACTIVATIONS = {"relu": lambda Z: Z * (Z > 0), "tanh": np.tanh}


def sigmoid_cost(Z, Y):
    A = 1 / (1 + np.exp(-Z))
    return -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / Y.shape[1]


def softmax_cost(Z, Y):
    # Not by np.max, for the same reason.
    return -np.sum(Y * (Z - logsumexp(Z, axis=0, keepdims=True))) / Y.shape[1]


def network_cost(network):
    X, Y = network.make_examples()
    g = ACTIVATIONS[network.hidden]
    output_cost = {"sigmoid": sigmoid_cost, "softmax": softmax_cost}[network.output]

    def cost(parameters):
        A = X
        for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            A = g(np.dot(W, A) + b)
        W, b = parameters[-2:]
        return output_cost(np.dot(W, A) + b, Y)

    return cost


def chain_cost(chain):
    def cost(parameters):
        (x,) = parameters
        y = x
        for _ in range(chain.links):
            y = y + x
        return np.sum(y)

    return cost


class Training:
    def __init__(self, task):
        self.named = task.initialize_parameters()
        self.values = tuple(self.named.values())
        cost = chain_cost(task) if isinstance(task, Chain) else network_cost(task)
        self.cost_and_derivatives = value_and_grad(cost)

    def step(self):
        J, derivatives = self.cost_and_derivatives(self.values)
        for W, dW in zip(self.values, derivatives, strict=True):
            W -= LEARNING_RATE * dW
        return J

    def parameters(self):
        return self.named
