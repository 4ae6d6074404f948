# style: class with train(X, y), one function sigmoid(x, deriv=False), error and delta per layer, weights += ...
# judged: Net.train
import numpy as np


def sigmoid(x, deriv=False):
    if deriv == True:
        return x * (1 - x)      # expects the OUTPUT of sigmoid
    return 1 / (1 + np.exp(-x))


class Net:

    def __init__(self, sizes, lr=0.5, seed=1):
        n_in, n_hidden, n_out = sizes
        np.random.seed(seed)
        self.w_hidden = np.random.uniform(-1, 1, (n_in + 1, n_hidden))   # last row: bias
        self.w_out = np.random.uniform(-1, 1, (n_hidden, n_out))
        self.lr = lr
        self.history = []

    @staticmethod
    def with_ones(X):
        return np.hstack([X, np.ones((X.shape[0], 1))])

    def forward(self, X):
        hidden = sigmoid(self.with_ones(X).dot(self.w_hidden))
        return sigmoid(hidden.dot(self.w_out))

    def train(self, X, y, iterations=10000, every=None):
        X = self.with_ones(X)
        for it in range(iterations):
            hidden = sigmoid(X.dot(self.w_hidden))
            guess = sigmoid(hidden.dot(self.w_out))

            error = y - guess
            if every and it % every == 0:
                self.history.append(np.abs(error).mean())

            out_delta = error * sigmoid(guess, deriv=True)
            # blame of the hidden units
            hidden_error = out_delta.dot(self.w_out.T)
            hidden_delta = hidden_error * sigmoid(hidden, deriv=True)

            self.w_out += hidden.T.dot(out_delta) * self.lr
            self.w_hidden += X.T.dot(hidden_delta) * self.lr
        return self
