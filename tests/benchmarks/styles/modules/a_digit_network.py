# style: Nielsen-like Network: one example at a time, lists of column vectors, backprop(x, y) -> (nabla_b, nabla_w)
# judged: Network.backprop
"""A network for digits that learns by stochastic gradient descent."""

import random

import numpy as np


class Network(object):

    def __init__(self, sizes):
        """[784, 30, 10] means 784 inputs, 30 hidden neurons and 10 outputs."""
        self.num_layers = len(sizes)
        self.sizes = sizes
        self.biases = [np.random.randn(n, 1) for n in sizes[1:]]
        self.weights = [np.random.randn(n, k) for k, n in zip(sizes[:-1], sizes[1:])]

    def feedforward(self, a):
        for w, b in zip(self.weights, self.biases):
            a = sigmoid(w @ a + b)
        return a

    def learn(self, training_data, epochs, size, eta, test_data=None):
        for j in range(epochs):
            random.shuffle(training_data)
            for k in range(0, len(training_data), size):
                self.update_mini_batch(training_data[k:k+size], eta)
            if test_data:
                print("Epoch {0}: {1} / {2}".format(j, self.evaluate(test_data), len(test_data)))

    def update_mini_batch(self, mini_batch, eta):
        total_b = [np.zeros(b.shape) for b in self.biases]
        total_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in mini_batch:
            nabla_b, nabla_w = self.backprop(x, y)
            total_b = [t + nb for t, nb in zip(total_b, nabla_b)]
            total_w = [t + nw for t, nw in zip(total_w, nabla_w)]
        rate = eta / len(mini_batch)
        self.biases = [b - rate * t for b, t in zip(self.biases, total_b)]
        self.weights = [w - rate * t for w, t in zip(self.weights, total_w)]

    def backprop(self, x, y):
        """The gradient of the cost of one example, layer by layer, in lists
        like self.biases and self.weights."""
        nabla_b = [None] * (self.num_layers - 1)
        nabla_w = [None] * (self.num_layers - 1)
        # forwards, remembering everything
        activations, zs = [x], []
        for w, b in zip(self.weights, self.biases):
            zs.append(w @ activations[-1] + b)
            activations.append(sigmoid(zs[-1]))
        # the error of the last layer
        delta = self.cost_derivative(activations[-1], y) * sigmoid_prime(zs[-1])
        nabla_b[-1] = delta
        nabla_w[-1] = delta @ activations[-2].T
        # l counts from the end: l = 2 is the last hidden layer
        for l in range(2, self.num_layers):
            delta = (self.weights[-l+1].T @ delta) * sigmoid_prime(zs[-l])
            nabla_b[-l] = delta
            nabla_w[-l] = delta @ activations[-l-1].T
        return nabla_b, nabla_w

    def cost_derivative(self, output_activations, y):
        """For the quadratic cost, half the squared distance."""
        return output_activations - y

    def evaluate(self, test_data):
        return sum(int(np.argmax(self.feedforward(x)) == y) for x, y in test_data)


def sigmoid(z):
    return 1.0/(1.0+np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z)*(1-sigmoid(z))
