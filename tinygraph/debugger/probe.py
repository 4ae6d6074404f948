"""The network that somebody's functions are tried on: a real forward pass in which no mistake can hide.

All sizes differ, so that a transpose or a wrong axis shows; no bias is 0; every relu unit is on for some
examples and off for others, and never near its kink; everything is float64. The derivatives are the engine's.
The cost is the cross-entropy of the last layer, a sigmoid or a softmax.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from tinygraph.checks.comparison import Target, targets_of
from tinygraph.engine.tensor import Tensor, parameter, tensor
from tinygraph.losses import binary_cross_entropy, softmax_cross_entropy
from tinygraph.rules import kernels as k

__all__ = ["Probe", "cost_of", "make_probe"]

FEWEST_EXAMPLES = 7
CLEAR = 0.05  # how far a relu unit stays from its kink
HIDDEN_ACTIVATIONS: dict[str, Any] = {"relu": k.relu, "tanh": np.tanh, "sigmoid": k.sigmoid}
OUTPUT_ACTIVATIONS: dict[str, Any] = {"sigmoid": k.sigmoid, "softmax": k.softmax}
ALL_ACTIVATIONS = HIDDEN_ACTIVATIONS | OUTPUT_ACTIVATIONS


@dataclass(frozen=True)
class Probe:
    """One forward pass, in the lectures' notation, and the derivatives that belong to it.

    `activations` are those of layers 1 to L, `caches` theirs in the course's form, ((A_prev, W, b), Z);
    `J` is the cost; `targets` holds dA_l, dZ_l, dW_l and db_l for all layers, and dA0.
    """

    X: Any
    Y: Any
    parameters: dict[str, Any]
    activations: tuple[str, ...]
    AL: Any
    J: float
    caches: list[Any]
    targets: dict[str, Target]
    m: int
    seed: int

    @property
    def L(self) -> int:
        """The number of layers."""
        return len(self.caches)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The units of each layer, the inputs first."""
        return (self.X.shape[0], *(Z.shape[0] for _, Z in self.caches))

    @property
    def values(self) -> dict[str, Any]:
        """The forward pass by name: Z1, A1, Z2, ..."""
        A = [A_prev for (A_prev, _, _), _ in self.caches[1:]] + [self.AL]
        named: dict[str, Any] = {}
        for layer, (_, Z) in enumerate(self.caches, start=1):
            named |= {f"Z{layer}": Z, f"A{layer}": A[layer - 1]}
        return named

    def activation(self, layer: int) -> str:
        """The activation of a layer."""
        return self.activations[layer - 1]

    def derivative(self, name: str, convention: str) -> Any:
        """A derivative as it is passed on under a convention."""
        target = self.targets[name]
        return target.value * self.m if target.carries_m and convention == "course" else target.value


def make_probe(
    sizes: Sequence[int] | None = None,
    seed: int = 0,
    activations: Sequence[str] | None = None,
    m: int | None = None,
) -> Probe:
    """A probe with n_0, n_1, ..., n_L units and as many examples as no layer has units.

    Args:
        sizes: if omitted, 5, 4, 3, 1, or what suits the activations.
        seed: of the random numbers.
        activations: of layers 1 to L: relu, tanh or sigmoid, and at the end sigmoid or softmax. If omitted,
            relu and at the end sigmoid.
        m: the number of examples, if it is not to be chosen.

    Raises:
        ValueError: fewer than two sizes, or one below 1; activations that are unknown or not one per layer.

    >>> probe = make_probe([4, 3, 1])
    >>> probe.X.shape, sorted(probe.targets)
    ((4, 7), ['dA0', 'dA1', 'dA2', 'dW1', 'dW2', 'dZ1', 'dZ2', 'db1', 'db2'])
    >>> make_probe(activations=["tanh", "softmax"]).sizes
    (5, 4, 3)
    """
    sizes = checked_sizes(sizes, activations)
    activations = checked_activations(sizes, activations)
    m = m or next(n for n in itertools.count(FEWEST_EXAMPLES) if n not in sizes)
    random = np.random.default_rng(seed)
    Y = draw_labels(random, sizes[-1], m, activations[-1])
    A = parameter(random.standard_normal((sizes[0], m)), "A0")
    X, caches = A.value, []
    parameters: dict[str, Any] = {}
    for layer, n in enumerate(sizes[1:], start=1):
        W, b = draw_layer(random, A.value, n)
        parameters |= {f"W{layer}": W, f"b{layer}": b}
        Z = parameter(W, f"W{layer}") @ A + parameter(b, f"b{layer}")
        caches.append(((A.value, W, b), Z.value))
        A = ALL_ACTIVATIONS[activations[layer - 1]](Z)
    J = cross_entropy(Z, A, Y, activations[-1])
    targets, m = targets_of(J)
    return Probe(X, Y, parameters, activations, A.value, float(J.value), caches, targets, m, seed)


def cost_of(probe: Probe) -> Tensor:
    """The cost of a probe, recorded again under the names of the lectures."""
    A = tensor(probe.X, "X")
    for layer, activation in enumerate(probe.activations, start=1):
        W, b = (parameter(probe.parameters[f"{p}{layer}"], f"{p}{layer}") for p in "Wb")
        Z = W @ A + b
        A = ALL_ACTIVATIONS[activation](Z)
    return cross_entropy(Z, A, tensor(probe.Y, "Y"), activation)


def cross_entropy(Z: Any, A: Any, Y: Any, activation: str) -> Tensor:
    """The cost that goes with the activation of the last layer."""
    J = softmax_cross_entropy(Z, Y, 0) if activation == "softmax" else binary_cross_entropy(A, Y, 0)
    return cast(Tensor, J)


def checked_sizes(sizes: Sequence[int] | None, activations: Sequence[str] | None) -> tuple[int, ...]:
    """The sizes, if they are those of a network; those that suit the activations, if omitted."""
    if sizes is None:
        L = len(activations or ()) or 3
        several = (activations or [""])[-1] == "softmax"
        return (*range(L + 2 + several, 2, -1), *([] if several else [1]))
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"the sizes are {list(sizes)}; expected those of two layers or more, the inputs first: 5,4,3,1"
        )
    return tuple(sizes)


def checked_activations(sizes: tuple[int, ...], activations: Sequence[str] | None) -> tuple[str, ...]:
    """The activations, if they fit; relu and at the end sigmoid, if omitted."""
    L = len(sizes) - 1
    if activations is None:
        return ("relu",) * (L - 1) + ("sigmoid",)
    *hidden, output = activations or [""]
    if (
        len(activations) != L
        or output not in OUTPUT_ACTIVATIONS
        or not HIDDEN_ACTIVATIONS.keys() >= set(hidden)
    ):
        raise ValueError(
            f"the activations are {', '.join(activations)}; expected {L}, one for each layer: "
            f"{', '.join(HIDDEN_ACTIVATIONS)}, and at the end {' or '.join(OUTPUT_ACTIVATIONS)}"
        )
    if output == "softmax" and sizes[-1] < 2:
        raise ValueError("a softmax of one unit is always 1; give it at least two classes: --sizes 6,5,4,3")
    return tuple(activations)


def draw_labels(random: np.random.Generator, n: int, m: int, output: str) -> Any:
    """Zeros and ones in random order, about as many of each; for a softmax, one 1 in each column."""
    if output == "softmax":
        return np.eye(n)[:, random.permutation(np.arange(m) % n)]
    return random.permuted(np.arange(n * m).reshape(n, m) % 2, axis=1).astype(np.float64)


def draw_layer(random: np.random.Generator, A_prev: Any, n: int) -> tuple[Any, Any]:
    """W and b of a layer whose units are all clearly on for some examples and clearly off for others."""
    n_prev = A_prev.shape[0]
    W, b = np.empty((n, n_prev)), np.empty((n, 1))
    waiting = np.arange(n)
    while waiting.size:
        W[waiting] = random.standard_normal((waiting.size, n_prev)) / np.sqrt(n_prev)
        b[waiting] = random.standard_normal((waiting.size, 1)) / 2
        Z = W @ A_prev + b
        mixed = (Z > CLEAR).any(axis=1) & (Z < -CLEAR).any(axis=1) & (np.abs(Z) > CLEAR).all(axis=1)
        waiting = np.flatnonzero(~mixed)
    return W, b
