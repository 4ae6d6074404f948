"""Red and blue petals told apart by four tanh units: the course's planar data and the boundary they learn.

Writes planar_flower.png.
"""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

import tinygraph as tg

COLOURS = LinearSegmentedColormap.from_list("petals", ["#c8102e", "white", "#1d5fbf"])


def make_flower(m, noise=0.2, seed=1):
    """Points (2, m) about the curve r = 4 sin(4 angle), half of the turn labelled 0, half 1."""
    random = np.random.default_rng(seed)
    Y = np.repeat([[0.0, 1.0]], m // 2, axis=1)
    angle = np.tile(np.linspace(0, np.pi, m // 2), 2) + np.pi * Y[0] + random.normal(0, noise, m)
    radius = 4 * np.sin(4 * angle) + random.normal(0, noise, m)
    return radius * np.array([np.sin(angle), np.cos(angle)]), Y


def predict(X, W1, b1, W2, b2):
    A1 = np.tanh(W1 @ X + b1)
    return tg.sigmoid(W2 @ A1 + b2)


def train(X, Y, units=4, steps=5000, learning_rate=1.2):
    initial = tg.layerwise.initialize_parameters_deep([2, units, 1], seed=3)
    parameters = {name: tg.parameter(value, name=name) for name, value in initial.items()}
    descent = tg.optim.SGD(learning_rate)
    for _ in range(steps):
        J = tg.binary_cross_entropy(predict(X, **parameters), Y)
        descent.update(parameters, J.backward())
    return parameters


def draw_boundary(X, Y, probability, path):
    """The points on a field shaded by the probability of label 1, with the boundary where it is one half."""
    x, y = np.meshgrid(np.linspace(-5, 5, 400), np.linspace(-5, 5, 400))
    field = probability(np.array([x.ravel(), y.ravel()])).reshape(x.shape)
    figure = Figure(figsize=(5, 5), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.imshow(field, cmap=COLOURS, vmin=0, vmax=1, alpha=0.25, origin="lower", extent=(-5, 5, -5, 5))
    axes.contour(x, y, field, levels=[0.5], colors="black", linewidths=1.2)
    axes.scatter(*X, c=Y[0], cmap=COLOURS, s=22, edgecolors="white", linewidths=0.6)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", xticks=range(-4, 5, 2), yticks=range(-4, 5, 2))
    axes.spines[:].set_visible(False)
    figure.savefig(path)


X, Y = make_flower(m=400)
parameters = {name: p.value for name, p in train(X, Y).items()}
A2 = predict(X, **parameters)

print(f"Accuracy {np.mean((A2 > 0.5) == Y):.3f} on {Y.size} points with four hidden units.")
draw_boundary(X, Y, lambda points: predict(points, **parameters), "planar_flower.png")
print("The picture: planar_flower.png")
