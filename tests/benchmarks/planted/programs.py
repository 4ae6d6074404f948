"""The right program as statements, one formula per quantity, and as the files that somebody hands in.

Formulas are text in the notation of one layer (dZ, A_prev, W, ...); `in_layer` numbers them. Nothing here is
taken from tinygraph.
"""

import re
from dataclasses import dataclass

import numpy as np

__all__ = ["NETWORKS", "Net", "evaluate", "in_layer", "names_in", "right_statements"]

SHORT = re.compile(r"\b(d?[AZWb]|D)(_prev|_next|_last|_new)?\b")
NAME = re.compile(r"\b[A-Za-z_]\w*\b")

FORWARD = {
    "relu": "np.maximum(Z, 0)",
    "tanh": "np.tanh(Z)",
    "sigmoid": "1 / (1 + np.exp(-Z))",
    "softmax": "np.exp(Z) / np.sum(np.exp(Z), axis=0, keepdims=True)",
}
THROUGH = {
    "relu": "dA * (Z > 0)",
    "tanh": "dA * (1 - A ** 2)",
    "sigmoid": "dA * A * (1 - A)",
    "softmax": "A * (dA - np.sum(A * dA, axis=0, keepdims=True))",
}
START = {"sigmoid": "-(Y / A) + (1 - Y) / (1 - A)", "softmax": "-(Y / A)"}
COST = {
    "sigmoid": "-np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m",
    "softmax": "-np.sum(Y * np.log(A)) / m",
}
LOGITS = "A - Y"
LINEAR = {
    "dW": "dZ @ A_prev.T / m",
    "db": "np.sum(dZ, axis=1, keepdims=True) / m",
    "dA_prev": "W.T @ dZ",
}
UPDATE = {"W_new": "W - lr * dW", "b_new": "b - lr * db"}


@dataclass(frozen=True)
class Net:
    """A network: its name here, the units of each layer, the inputs first, and the activations."""

    name: str
    sizes: tuple[int, ...]
    activations: tuple[str, ...]

    @property
    def L(self):
        return len(self.activations)


NETWORKS = (
    Net("binary", (5, 4, 3, 1), ("relu", "relu", "sigmoid")),
    Net("tanh", (5, 4, 3, 1), ("tanh", "tanh", "sigmoid")),
    Net("softmax", (6, 5, 4, 3), ("relu", "relu", "softmax")),
)


def in_layer(code, layer, L=0):
    """A formula of one layer, or the name of a quantity, in numbered names.

    >>> in_layer("dZ @ A_prev.T / m", 2)
    'dZ2 @ A1.T / m'
    """

    def numbered(match):
        at = {"_prev": layer - 1, "_next": layer + 1, "_last": L}.get(match[2], layer)
        return f"{match[1]}{at}{'_new' if match[2] == '_new' else ''}"

    return SHORT.sub(numbered, code)


def names_in(code):
    """The names in a formula."""
    return set(NAME.findall(code))


def right_statements(net, logits=False):
    """The backward pass: for each quantity its formula, in order. `logits`: dZ of the output is A - Y."""
    L, output = net.L, net.activations[-1]
    statements = {f"dA{L}": in_layer(START[output], L)}
    for layer in range(L, 0, -1):
        through = LOGITS if logits and layer == L else THROUGH[net.activations[layer - 1]]
        statements[f"dZ{layer}"] = in_layer(through, layer)
        for name, code in LINEAR.items():
            statements[in_layer(name, layer)] = in_layer(code, layer)
    return statements


def evaluate(statements, values):
    """The values, and those of the statements, one after the other; whatever is not finite raises."""
    values = dict(values)
    with np.errstate(all="raise", under="ignore"):
        for name, code in statements.items():
            values[name] = eval(code, {"np": np}, values)
    return values
