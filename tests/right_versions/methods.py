import numpy as np


class Backprop:
    """The whole homework as methods of one class."""

    slopes = {
        "relu": lambda Z: (Z > 0) * 1.0,
        "sigmoid": lambda Z: np.exp(Z) / (1 + np.exp(Z)) ** 2,
        "tanh": lambda Z: 1 - np.tanh(Z) ** 2,
    }

    @staticmethod
    def linear(dZ, cache):
        A_prev, W, b = cache
        m = np.shape(A_prev)[1]
        return np.dot(W.T, dZ), np.dot(dZ, A_prev.T) / m, dZ.mean(1, keepdims=True)

    @classmethod
    def layer(cls, dA, cache, activation):
        linear_cache, Z = cache
        return cls.linear(dA * cls.slopes[activation](Z), linear_cache)

    def model(self, AL, Y, caches):
        self.grads = {}
        dA = -np.divide(Y, AL) + np.divide(1 - Y, 1 - AL)
        for l in range(len(caches), 0, -1):
            name = "sigmoid" if l == len(caches) else "relu"
            dA, self.grads[f"dW{l}"], self.grads[f"db{l}"] = self.layer(dA, caches[l - 1], name)
            self.grads[f"dA{l - 1}"] = dA
        return self.grads


linear_backward = Backprop.linear
linear_activation_backward = Backprop.layer
L_model_backward = Backprop().model
