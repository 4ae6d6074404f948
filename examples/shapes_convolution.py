"""Squares, discs and crosses told apart by two convolutions, and the network's picture.

Writes shapes_convolution.svg.
"""

import numpy as np

import tinygraph as tg
import viz

CLASSES = ("square", "disc", "cross")


def draw_shapes(m, random):
    """Images (m, 12, 12, 1) of shapes with noise, and which shape each is (m,)."""
    labels = random.integers(len(CLASSES), size=m)
    row, column, radius = (random.integers(low, high, (m, 1, 1)) for low, high in ((4, 8), (4, 8), (2, 5)))
    y, x = np.abs(np.arange(12)[:, None] - row), np.abs(np.arange(12) - column)
    inside = np.maximum(x, y) <= radius, x**2 + y**2 <= radius**2, (np.minimum(x, y) == 0) & (x + y <= radius)
    images = np.select([labels[:, None, None] == i for i in range(len(CLASSES))], inside).astype(float)
    return (images + random.normal(0, 0.2, images.shape))[..., None], labels


def first_parameters(random):
    shapes = {"W1": (3, 3, 1, 6), "W2": (3, 3, 6, 12), "W3": (len(CLASSES), 12)}
    weights = {name: random.normal(0, np.sqrt(2 / np.prod(s[:3])), s) for name, s in shapes.items()}
    return weights | {"b1": np.zeros(6), "b2": np.zeros(12), "b3": np.zeros((len(CLASSES), 1))}


def scores(X, W1, b1, W2, b2, W3, b3):
    """Z3 (classes, m): filters, the largest of each window, filters again, and the mean of each map."""
    A1 = tg.relu(tg.conv2d(X, W1, b1, padding="same"))
    P1 = tg.max_pool2d(A1, 2)
    A2 = tg.relu(tg.conv2d(P1, W2, b2, padding="same"))
    return W3 @ A2.mean(axis=(1, 2)).T + b3


random = np.random.default_rng(1)
X, Y = draw_shapes(200, random)
parameters = {name: tg.parameter(value, name=name) for name, value in first_parameters(random).items()}
descent = tg.optim.Adam(0.03)
for _ in range(50):
    J = tg.softmax_cross_entropy(scores(X, **parameters), Y)
    descent.update(parameters, J.backward())

X_test, Y_test = draw_shapes(200, random)
guess = scores(X_test, **{name: p.value for name, p in parameters.items()}).argmax(axis=0)
print(f"Test accuracy {np.mean(guess == Y_test):.3f}: {np.sum(guess == Y_test)} of {Y_test.size} shapes.")
viz.draw(tg.softmax_cross_entropy(scores(X, **parameters), Y), view="layers").save("shapes_convolution.svg")
print("The network, forward and backward: shapes_convolution.svg")
