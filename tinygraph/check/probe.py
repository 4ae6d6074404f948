"""The network that somebody's functions are tried on: a real forward pass in which no mistake can hide.

All sizes differ, so that a transpose or a wrong axis shows; no bias is 0; every relu unit is on for some
examples and off for others, and never near its kink; everything is float64. The derivatives are the engine's.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph import kernels as k
from tinygraph.check.compare import Target, targets_of
from tinygraph.losses import binary_cross_entropy
from tinygraph.tensor import parameter

__all__ = ["Probe", "make_probe"]

FEWEST_EXAMPLES = 7
CLEAR = 0.05  # how far a relu unit stays from its kink


@dataclass(frozen=True)
class Probe:
    """One forward pass, in the lectures' notation, and the derivatives that belong to it.

    `caches` are those of layers 1 to L in the course's form, ((A_prev, W, b), Z); `targets` holds dA_l, dZ_l,
    dW_l and db_l for all layers, and dA0.
    """

    X: Any
    Y: Any
    parameters: dict[str, Any]
    AL: Any
    caches: list[Any]
    targets: dict[str, Target]
    m: int

    @property
    def L(self) -> int:
        """The number of layers."""
        return len(self.caches)

    def activation(self, layer: int) -> str:
        """The activation of a layer: relu, and a sigmoid at the end."""
        return "sigmoid" if layer == self.L else "relu"

    def derivative(self, name: str, convention: str) -> Any:
        """A derivative as it is passed on under a convention."""
        target = self.targets[name]
        return target.value * self.m if target.carries_m and convention == "course" else target.value


def make_probe(sizes: Sequence[int] = (5, 4, 3, 1), seed: int = 0) -> Probe:
    """A probe with n_0, n_1, ..., n_L units and as many examples as no layer has units.

    Raises:
        ValueError: fewer than two sizes, or one below 1.

    >>> probe = make_probe([4, 3, 1])
    >>> probe.X.shape, sorted(probe.targets)
    ((4, 7), ['dA0', 'dA1', 'dA2', 'dW1', 'dW2', 'dZ1', 'dZ2', 'db1', 'db2'])
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"the sizes are {list(sizes)}; expected those of two layers or more, the inputs first: 5,4,3,1"
        )
    random = np.random.default_rng(seed)
    m = next(n for n in itertools.count(FEWEST_EXAMPLES) if n not in sizes)
    Y = random.permuted(np.arange(sizes[-1] * m).reshape(sizes[-1], m) % 2, axis=1).astype(np.float64)
    A = parameter(random.standard_normal((sizes[0], m)), "A0")
    X, caches = A.value, []
    parameters: dict[str, Any] = {}
    for layer, n in enumerate(sizes[1:], start=1):
        W, b = draw_layer(random, A.value, n)
        parameters |= {f"W{layer}": W, f"b{layer}": b}
        Z = parameter(W, f"W{layer}") @ A + parameter(b, f"b{layer}")
        caches.append(((A.value, W, b), Z.value))
        A = (k.sigmoid if layer == len(sizes) - 1 else k.relu)(Z)
    targets, m = targets_of(binary_cross_entropy(A, Y))
    return Probe(X, Y, parameters, A.value, caches, targets, m)


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
