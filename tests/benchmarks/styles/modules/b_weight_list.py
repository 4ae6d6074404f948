# style: class with lists of matrices, predict stores activations, compute_gradients loops down the layers, rows
# judged: MLP.compute_gradients
import numpy as np


class MLP:
    def __init__(self, layer_sizes, learning_rate=0.1):
        self.learning_rate = learning_rate
        self.n_layers = len(layer_sizes) - 1
        self.weights = [
            np.random.randn(layer_sizes[k], layer_sizes[k + 1]) / np.sqrt(layer_sizes[k])
            for k in range(self.n_layers)
        ]
        self.biases = [np.zeros((1, s)) for s in layer_sizes[1:]]

    @staticmethod
    def _sigma(z):
        return 1 / (1 + np.exp(-z))

    def predict(self, X):
        self.activations = [X]
        a = X
        for k in range(self.n_layers):
            a = self._sigma(a @ self.weights[k] + self.biases[k])
            self.activations.append(a)
        return a

    def loss(self, X, Y):
        P = self.predict(X)
        return -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).sum() / len(X)

    def compute_gradients(self, X, Y):
        """Gradients of self.loss, as two lists in the order of the layers. Call predict(X) first."""
        weight_grads = [None] * self.n_layers
        bias_grads = [None] * self.n_layers

        # cross-entropy and sigmoid together
        delta = (self.activations[-1] - Y) / len(X)
        for k in range(self.n_layers - 1, -1, -1):
            a = self.activations[k]
            weight_grads[k] = a.T @ delta
            bias_grads[k] = delta.sum(axis=0, keepdims=True)
            if k > 0:
                delta = (delta @ self.weights[k].T) * a * (1 - a)
        return weight_grads, bias_grads

    def fit(self, X, Y, n_steps):
        for _ in range(n_steps):
            self.predict(X)
            gw, gb = self.compute_gradients(X, Y)
            for k in range(self.n_layers):
                self.weights[k] -= self.learning_rate * gw[k]
                self.biases[k] -= self.learning_rate * gb[k]
