"""The lectures' derivation as a program: one statement per quantity, each an expression of the earlier ones.

dA and dZ are in the lectures' form, m times the true derivatives; m, lr and lambd are names like any other.
Where a quantity has two right formulas (dZ of the output), both are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygraph.graph.derivation import Statement
from tinygraph.notation.expressions import Expression

__all__ = [
    "backward_program",
    "forward_program",
    "layer_program",
    "names",
    "slopes",
    "unit_program",
    "update_program",
]


def names(*words: str) -> list[Any]:
    """An expression for each name."""
    return [Expression(word) for word in words]


def slopes(layer: int) -> dict[str, Any]:
    """g'(Z) of a layer for each activation, as the lectures write it.

    >>> str(slopes(2)["tanh"])
    '1 - A2 ** 2'
    """
    Z, A = names(f"Z{layer}", f"A{layer}")
    return {
        "relu": Z > 0,
        "sigmoid": A * (1 - A),
        "tanh": 1 - A**2,
        "leaky_relu": np.where(Z > 0, 1, 0.01),
        "linear": 1,
    }


def through_activation(layer: int, activation: str) -> Any:
    """dZ from dA."""
    dA, A = names(f"dA{layer}", f"A{layer}")
    if activation == "softmax":
        return A * (dA - np.sum(A * dA, axis=0, keepdims=True))
    if activation == "sigmoid":
        return dA * A * (1 - A)
    return dA if activation == "linear" else dA * slopes(layer)[activation]


def layer_program(
    layer: int, activation: str, through: bool = True, convention: str = "course"
) -> list[Statement]:
    """One layer backward: dZ from dA if `through` its activation, then dW, db, dA of the layer below.

    Under the convention "true", dA and dZ carry the 1/m and dW and db do not divide by m.

    >>> [f"{s.name} = {s.right[0]}" for s in layer_program(2, "relu")][:2]
    ['dZ2 = dA2 * (Z2 > 0)', 'dW2 = dZ2 @ A1.T / m']
    """
    dZ, A_prev, W, m = names(f"dZ{layer}", f"A{layer - 1}", f"W{layer}", "m")
    course, summed = convention == "course", np.sum(dZ, axis=1, keepdims=True)
    first = [Statement(f"dZ{layer}", (through_activation(layer, activation),), layer)] if through else []
    return [
        *first,
        Statement(f"dW{layer}", (dZ @ A_prev.T / m if course else dZ @ A_prev.T,), layer),
        Statement(f"db{layer}", (summed / m if course else summed,), layer),
        Statement(f"dA{layer - 1}", (W.T @ dZ,), layer),
    ]


def backward_program(activations: Sequence[str], convention: str = "course") -> list[Statement]:
    """All layers backward, from the cross-entropy of the last activation, sigmoid or softmax."""
    L = len(activations)
    A, Y, m = names(f"A{L}", "Y", "m")
    start = -(Y / A) + (1 - Y) / (1 - A) if activations[-1] == "sigmoid" else -(Y / A)
    output = [A - Y, activation_formula(L, activations[-1]) - Y]
    if convention == "true":
        start, output = start / m, [formula / m for formula in output]
    program = [Statement(f"dA{L}", (start,), L)]
    for layer in range(L, 0, -1):
        program += layer_program(layer, activations[layer - 1], convention=convention)
    program[1] = program[1]._replace(right=(*output, *program[1].right))
    return program


def activation_formula(layer: int, activation: str) -> Any:
    """A from Z."""
    (Z,) = names(f"Z{layer}")
    e = np.exp(Z)
    return {
        "relu": np.maximum(Z, 0),
        "sigmoid": 1 / (1 + np.exp(-Z)),
        "tanh": np.tanh(Z),
        "softmax": e / np.sum(e, axis=0, keepdims=True),
        "linear": Z,
    }[activation]


def forward_program(activations: Sequence[str]) -> list[Statement]:
    """All layers forward: Z and A of each, and the cost."""
    program = []
    for layer, activation in enumerate(activations, start=1):
        W, A_prev, b = names(f"W{layer}", f"A{layer - 1}", f"b{layer}")
        program.append(Statement(f"Z{layer}", (W @ A_prev + b,), layer))
        program.append(Statement(f"A{layer}", (activation_formula(layer, activation),), layer))
    A, Y, m = names(f"A{len(activations)}", "Y", "m")
    binary = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    several = -np.sum(Y * np.log(A)) / m
    program.append(Statement("J", (binary if activations[-1] == "sigmoid" else several,), len(activations)))
    return program


def update_program(layers: int) -> list[Statement]:
    """W - lr * dW and b - lr * db of every layer; the new value is called W1_new."""
    (lr,) = names("lr")
    return [
        Statement(f"{p}{layer}_new", (Expression(f"{p}{layer}") - lr * Expression(f"d{p}{layer}"),), layer)
        for layer in range(1, layers + 1)
        for p in "Wb"
    ]


def unit_program() -> list[Statement]:
    """Week 2: one unit with weights w in a column; A0 is X and A1 the output. dw and db are of layer 1."""
    X, A, Y, m, dZ = names("A0", "A1", "Y", "m", "dZ1")
    return [
        Statement("dZ1", (A - Y,), 1),
        Statement("dw", (X @ dZ.T / m,), 1),
        Statement("db", (np.sum(dZ) / m,), 1),
        Statement("J", (forward_program(["sigmoid"])[-1].right[0],), 1),
    ]
