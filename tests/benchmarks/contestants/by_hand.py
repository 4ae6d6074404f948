"""The step as a good student writes it in the lectures' notation, line by line: the baseline, 1.

Written out rather than looped over the layers, because the loop and its lists would cost up to 8 % of a tiny
step and flatter everybody who is compared with it.
"""

import numpy as np

from ..tasks import LEARNING_RATE, Chain


def relu(Z):
    return np.maximum(0, Z)


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def softmax(Z):
    E = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    return E / np.sum(E, axis=0, keepdims=True)


def step_two_layers(X, Y, W1, b1, W2, b2):
    """tanh, sigmoid."""
    m = X.shape[1]

    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = sigmoid(Z2)
    cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m

    dA2 = -(Y / A2) + (1 - Y) / (1 - A2)
    dZ2 = dA2 * A2 * (1 - A2)
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (1 - A1**2)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m

    W1 -= LEARNING_RATE * dW1
    b1 -= LEARNING_RATE * db1
    W2 -= LEARNING_RATE * dW2
    b2 -= LEARNING_RATE * db2
    return cost


def step_three_layers(X, Y, W1, b1, W2, b2, W3, b3):
    """relu, relu, sigmoid."""
    m = X.shape[1]

    Z1 = W1 @ X + b1
    A1 = relu(Z1)
    Z2 = W2 @ A1 + b2
    A2 = relu(Z2)
    Z3 = W3 @ A2 + b3
    A3 = sigmoid(Z3)
    cost = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / m

    dA3 = -(Y / A3) + (1 - Y) / (1 - A3)
    dZ3 = dA3 * A3 * (1 - A3)
    dW3 = dZ3 @ A2.T / m
    db3 = np.sum(dZ3, axis=1, keepdims=True) / m
    dA2 = W3.T @ dZ3
    dZ2 = dA2 * (Z2 > 0)
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (Z1 > 0)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m

    W1 -= LEARNING_RATE * dW1
    b1 -= LEARNING_RATE * db1
    W2 -= LEARNING_RATE * dW2
    b2 -= LEARNING_RATE * db2
    W3 -= LEARNING_RATE * dW3
    b3 -= LEARNING_RATE * db3
    return cost


def step_four_layers(X, Y, W1, b1, W2, b2, W3, b3, W4, b4):
    """relu, relu, relu, sigmoid."""
    m = X.shape[1]

    Z1 = W1 @ X + b1
    A1 = relu(Z1)
    Z2 = W2 @ A1 + b2
    A2 = relu(Z2)
    Z3 = W3 @ A2 + b3
    A3 = relu(Z3)
    Z4 = W4 @ A3 + b4
    A4 = sigmoid(Z4)
    cost = -np.sum(Y * np.log(A4) + (1 - Y) * np.log(1 - A4)) / m

    dA4 = -(Y / A4) + (1 - Y) / (1 - A4)
    dZ4 = dA4 * A4 * (1 - A4)
    dW4 = dZ4 @ A3.T / m
    db4 = np.sum(dZ4, axis=1, keepdims=True) / m
    dA3 = W4.T @ dZ4
    dZ3 = dA3 * (Z3 > 0)
    dW3 = dZ3 @ A2.T / m
    db3 = np.sum(dZ3, axis=1, keepdims=True) / m
    dA2 = W3.T @ dZ3
    dZ2 = dA2 * (Z2 > 0)
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (Z1 > 0)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m

    W1 -= LEARNING_RATE * dW1
    b1 -= LEARNING_RATE * db1
    W2 -= LEARNING_RATE * dW2
    b2 -= LEARNING_RATE * db2
    W3 -= LEARNING_RATE * dW3
    b3 -= LEARNING_RATE * db3
    W4 -= LEARNING_RATE * dW4
    b4 -= LEARNING_RATE * db4
    return cost


def step_three_layers_softmax(X, Y, W1, b1, W2, b2, W3, b3):
    """relu, relu, softmax."""
    m = X.shape[1]

    Z1 = W1 @ X + b1
    A1 = relu(Z1)
    Z2 = W2 @ A1 + b2
    A2 = relu(Z2)
    Z3 = W3 @ A2 + b3
    A3 = softmax(Z3)
    cost = -np.sum(Y * np.log(A3)) / m

    dZ3 = A3 - Y
    dW3 = dZ3 @ A2.T / m
    db3 = np.sum(dZ3, axis=1, keepdims=True) / m
    dA2 = W3.T @ dZ3
    dZ2 = dA2 * (Z2 > 0)
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (Z1 > 0)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m

    W1 -= LEARNING_RATE * dW1
    b1 -= LEARNING_RATE * db1
    W2 -= LEARNING_RATE * dW2
    b2 -= LEARNING_RATE * db2
    W3 -= LEARNING_RATE * dW3
    b3 -= LEARNING_RATE * db3
    return cost


def step_chain(x, links):
    """Nothing but NumPy's two additions per link: y = y + x, and dx = dx + dy."""
    y = x
    for _ in range(links):
        y = np.add(y, x)
    cost = np.sum(y)

    dx = dy = np.ones_like(y)
    for _ in range(links):
        dx = np.add(dx, dy)

    x -= LEARNING_RATE * dx
    return cost


STEPS = {
    "tiny": step_three_layers,
    "planar": step_two_layers,
    "images": step_four_layers,
    "digits": step_three_layers_softmax,
    "large": step_three_layers_softmax,
}


class Training:
    def __init__(self, task):
        self.named = task.initialize_parameters()
        values = self.named.values()
        if isinstance(task, Chain):
            self.step_by_hand, self.arguments = step_chain, (*values, task.links)
        else:
            self.step_by_hand, self.arguments = STEPS[task.name], (*task.make_examples(), *values)

    def step(self):
        return self.step_by_hand(*self.arguments)

    def parameters(self):
        return self.named
