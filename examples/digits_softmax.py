"""Handwritten digits in ten classes: softmax, its cross-entropy, and the digits that are still misread.

Writes digits_softmax.png.
"""

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

import tinygraph as tg


def load_columns(seed=1):
    """Images of 8 x 8 pixels as columns (64, m) and their digits (m,): four fifths of them, then the rest."""
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(digits.size)
    X, Y = images[order].T / 16, digits[order]
    m = digits.size * 4 // 5
    return X[:, :m], Y[:m], X[:, m:], Y[m:]


def scores(X, W1, b1, W2, b2, W3, b3):
    """Z3, whose softmax holds the probability of each digit."""
    A1 = tg.relu(W1 @ X + b1)
    A2 = tg.relu(W2 @ A1 + b2)
    return W3 @ A2 + b3


def train(X, Y, steps=300, learning_rate=0.5):
    initial = tg.layerwise.initialize_parameters_deep([64, 64, 32, 10])
    parameters = {name: tg.parameter(value, name=name) for name, value in initial.items()}
    descent = tg.optim.SGD(learning_rate)
    for _ in range(steps):
        J = tg.softmax_cross_entropy(scores(X, **parameters), Y)
        descent.update(parameters, J.backward())
    return parameters


def draw_misread(X, Y, A, path):
    """Up to ten digits that were misread: what for, and how surely."""
    guess = A.argmax(axis=0)
    figure = Figure(figsize=(8, 3.8), dpi=160, layout="constrained")
    grid = figure.subplots(2, 5, subplot_kw={"xticks": [], "yticks": [], "frame_on": False}).flat
    for axes, i in zip(grid, np.flatnonzero(guess != Y), strict=False):
        axes.imshow(X[:, i].reshape(8, 8), cmap="Greys")
        axes.set_title(f"{guess[i]} for {Y[i]}  ({A[guess[i], i]:.0%})", size="medium")
    figure.savefig(path)


X, Y, X_test, Y_test = load_columns()
parameters = {name: p.value for name, p in train(X, Y).items()}
A = tg.softmax(scores(X_test, **parameters), axis=0)
right = A.argmax(axis=0) == Y_test

print(f"Test accuracy {right.mean():.3f}: {right.sum()} of {right.size} digits.")
draw_misread(X_test, Y_test, A, "digits_softmax.png")
print("Those it misreads: digits_softmax.png")
