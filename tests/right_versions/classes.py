import numpy as np


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, A_prev):
        self.A_prev = A_prev
        return self.W @ A_prev + self.b

    def backward(self, dZ):
        m = dZ.shape[1]
        self.dW = dZ @ self.A_prev.T / m
        self.db = dZ.sum(axis=1, keepdims=True) / m
        return self.W.T @ dZ


class Relu:
    def forward(self, Z):
        self.mask = Z > 0
        return Z * self.mask

    def backward(self, dA):
        return dA * self.mask


class Sigmoid:
    def forward(self, Z):
        self.A = 1 / (1 + np.exp(-Z))
        return self.A

    def backward(self, dA):
        return dA * self.A * (1 - self.A)


class Network:
    def __init__(self, parameters):
        self.layers = []
        L = len(parameters) // 2
        for l in range(1, L + 1):
            self.layers.append(Linear(parameters[f"W{l}"], parameters[f"b{l}"]))
            self.layers.append(Sigmoid() if l == L else Relu())

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, A, Y):
        dA = -Y / A + (1 - Y) / (1 - A)
        for layer in reversed(self.layers):
            dA = layer.backward(dA)

    def gradients(self):
        grads = {}
        for l, layer in enumerate(self.layers[::2], start=1):
            grads[f"dW{l}"], grads[f"db{l}"] = layer.dW, layer.db
        return grads


def backward(parameters, X, Y):
    network = Network(parameters)
    network.backward(network.forward(X), Y)
    return network.gradients()
