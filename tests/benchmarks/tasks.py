"""What is timed, as data: five networks and one long chain.

Every contestant starts from the same examples and the same parameters, and
follows the same rule W := W - LEARNING_RATE * dW.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

LEARNING_RATE = 0.0075  # the lectures' own


@dataclass(frozen=True)
class Network:
    """A fully connected network in the lectures' layout: examples are the columns of X."""

    name: str
    layer_dims: tuple[int, ...]
    m: int
    dtype: str = "float64"
    hidden: str = "relu"  # or "tanh"
    output: str = "sigmoid"  # or "softmax"

    tolerance = property(lambda self: {"float64": 1e-8, "float32": 1e-2}[self.dtype])
    parts = 1

    @property
    def activations(self):
        """The activation of each layer, first to last: ("relu", "relu", "sigmoid")."""
        return (self.hidden,) * (len(self.layer_dims) - 2) + (self.output,)

    def initialize_parameters(self):
        """Freshly made {"W1": (n1, n0), "b1": (n1, 1), ...}, the same at every call."""
        rng = np.random.default_rng(1)
        parameters = {}
        for layer, (n_prev, n) in enumerate(pairwise(self.layer_dims), start=1):
            parameters[f"W{layer}"] = (rng.standard_normal((n, n_prev)) / np.sqrt(n_prev)).astype(self.dtype)
            parameters[f"b{layer}"] = np.zeros((n, 1), self.dtype)
        return parameters

    def make_examples(self):
        """X (n0, m) and the labels: 0 or 1 as Y (1, m), or one-hot columns Y (classes, m)."""
        rng = np.random.default_rng(2)
        X = rng.standard_normal((self.layer_dims[0], self.m)).astype(self.dtype)
        classes = self.layer_dims[-1]
        if self.output == "sigmoid":
            return X, rng.integers(0, 2, (classes, self.m)).astype(self.dtype)
        return X, np.eye(classes, dtype=self.dtype)[:, rng.integers(0, classes, self.m)]


@dataclass(frozen=True)
class Chain:
    """y = x, then y = y + x `links` times; J = sum(y), so dx is links + 1 everywhere."""

    name: str = "chain"
    links: int = 100_000
    shape: tuple[int, int] = (4, 4)

    tolerance = 1e-12
    parts = property(lambda self: self.links)

    def initialize_parameters(self):
        return {"x": np.random.default_rng(1).standard_normal(self.shape)}


TASKS = {
    task.name: task
    for task in (
        Network("tiny", (3, 4, 4, 1), m=5),
        Network("planar", (2, 4, 1), m=400, hidden="tanh"),
        Network("images", (12288, 20, 7, 5, 1), m=209),
        Network("digits", (64, 128, 64, 10), m=64, dtype="float32", output="softmax"),
        Network("large", (784, 512, 256, 10), m=128, dtype="float32", output="softmax"),
        Chain(),
    )
}
