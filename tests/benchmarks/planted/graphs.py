"""Arrays derived by hand for networks with dropout and an L2 penalty, and what people get wrong there."""

from dataclasses import dataclass

import numpy as np

import tinygraph as tg
from tinygraph.debugger.probe import make_probe

from .cases import SEED
from .programs import LINEAR, NETWORKS, Net, evaluate, in_layer, right_statements

__all__ = ["GraphCase", "graphs"]

LAMBD, KEEP = 0.7, 0.8
DROPPED = "A_prev * D_prev / keep"
RIGHT = LINEAR | {
    "dW": f"dZ @ ({DROPPED}).T / m + lambd / m * W",
    "dA_prev": "W.T @ dZ * D_prev / keep",
}
MISTAKES = [
    ("l2-missing", "dW", f"dZ @ ({DROPPED}).T / m"),
    ("l2-scale", "dW", f"dZ @ ({DROPPED}).T / m + lambd / (2 * m) * W"),
    ("l2-scale", "dW", f"dZ @ ({DROPPED}).T / m + lambd * W"),
    ("l2-scale", "dW", f"dZ @ ({DROPPED}).T / m - lambd / m * W"),
    ("dropout-mask", "dA_prev", "W.T @ dZ"),
    ("dropout-mask", "dA_prev", "W.T @ dZ / keep"),
]
PLACES = {"compare (all)": ("dA", "dZ", "dW", "db"), "compare (dW, db)": ("dW", "db")}


@dataclass(frozen=True)
class GraphCase:
    """One wrong line, `name` = `code`, in the backward pass of a network with dropout and a penalty.

    `place` says what is given of it.
    """

    cause: str
    net: Net
    place: str
    name: str
    code: str

    @property
    def edit(self):
        """What was planted, for people."""
        return f"{self.name} = {self.code}"

    def cost(self):
        """The cost, recorded."""
        v, L = values_of(self.net), self.net.L
        p = {
            f"{letter}{k}": tg.parameter(v[f"{letter}{k}"], f"{letter}{k}")
            for k in range(1, L + 1)
            for letter in "Wb"
        }
        A = tg.tensor(v["A0"], "A0")
        for layer, activation in enumerate(self.net.activations, start=1):
            Z = (p[f"W{layer}"] @ A + p[f"b{layer}"]).named(f"Z{layer}")
            if layer < L:
                A = {"relu": tg.relu, "tanh": np.tanh}[activation](Z).named(f"A{layer}")
                A = A * tg.tensor(v[f"D{layer}"], f"D{layer}") / KEEP
        Y = tg.tensor(v["Y"], "Y")
        softmax = self.net.activations[-1] == "softmax"
        J = tg.softmax_cross_entropy(Z, Y) if softmax else tg.binary_cross_entropy(tg.sigmoid(Z), Y)
        return J + LAMBD / (2 * v["m"]) * sum((p[f"W{k}"] ** 2).sum() for k in range(1, L + 1))

    def made(self):
        """The derivatives that the pass with the wrong line makes, without the lectures' factor m."""
        return self.derivatives(statements(self.net) | {self.name: self.code})

    def right(self):
        """What the wrong line should have made of what is above it."""
        return self.derivatives(statements(self.net))

    def derivatives(self, lines):
        values = evaluate(lines, values_of(self.net))
        return {name: values[name] / (values["m"] if name[:2] in ("dA", "dZ") else 1) for name in lines}

    def given(self):
        """What of them is given."""
        return {name: x for name, x in self.made().items() if name[:2] in PLACES[self.place]}


def graphs(nets=NETWORKS):
    """Every mistake in every layer, with all derivatives given and with those of the parameters alone."""
    return [
        GraphCase(cause, net, place, in_layer(quantity, layer), in_layer(code, layer))
        for net in nets
        for cause, quantity, code in MISTAKES
        for layer in range(net.L, 0, -1)
        if in_layer(quantity, layer) in statements(net)
        for place in PLACES
    ]


def statements(net):
    """The right backward pass: with dZ of the output as A - Y, and without dA0."""
    found = right_statements(net, logits=True)
    for layer in range(1, net.L + 1):
        found |= {in_layer(name, layer): in_layer(code, layer) for name, code in RIGHT.items()}
    return {name: code for name, code in found.items() if name not in ("dA0", f"dA{net.L}")}


def values_of(net):
    """The forward pass by name, with the masks D1, D2, ...; D0 / keep is 1."""
    probe, random = make_probe(net.sizes, SEED, net.activations), np.random.default_rng(SEED)
    values = {
        "A0": probe.X,
        "Y": probe.Y,
        "m": probe.m,
        "lambd": LAMBD,
        "keep": KEEP,
        "D0": KEEP,
    } | probe.parameters
    A = probe.X
    for layer, activation in enumerate(net.activations, start=1):
        Z = values[f"W{layer}"] @ A + values[f"b{layer}"]
        A = {"relu": tg.relu, "tanh": np.tanh, "sigmoid": tg.sigmoid, "softmax": tg.softmax}[activation](Z)
        D = (random.random(Z.shape) < KEEP).astype(float)
        values |= {f"Z{layer}": Z, f"A{layer}": A, f"D{layer}": D}
        A = A * D / KEEP
    return values
