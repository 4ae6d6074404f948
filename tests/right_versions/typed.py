"""Backpropagation for a fully connected network with relu units and a sigmoid output."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
LinearCache: TypeAlias = tuple[Array, Array, Array]


class Gradients(NamedTuple):
    """What one layer passes down, and what it keeps."""

    dA_prev: Array
    dW: Array
    db: Array


def linear_backward(dZ: Array, cache: LinearCache) -> Gradients:
    """Go back through Z = W A_prev + b.

    Arguments:
    dZ -- gradient of the cost with respect to the linear output, of shape (n, m)
    cache -- tuple of values (A_prev, W, b) coming from the forward propagation

    >>> linear_backward(np.array([[2.0]]), (np.array([[3.0]]), np.array([[5.0]]), np.array([[0.0]]))).dW
    array([[6.]])
    """
    A_prev, W, _ = cache
    m: int = A_prev.shape[1]
    return Gradients(
        dA_prev=W.T @ dZ,
        dW=dZ @ A_prev.T / m,
        db=np.sum(dZ, axis=1, keepdims=True) / m,
    )


def linear_activation_backward(
    dA: Array, cache: tuple[LinearCache, Array], activation: Literal["relu", "sigmoid"]
) -> Gradients:
    """Go back through A = g(Z)."""
    linear_cache, Z = cache
    match activation:
        case "relu":
            slope = np.where(Z > 0.0, 1.0, 0.0)
        case "sigmoid":
            A = 1.0 / (1.0 + np.exp(-Z))
            slope = A * (1.0 - A)
        case _:
            raise ValueError(f"unknown activation {activation!r}")
    return linear_backward(dA * slope, linear_cache)


def L_model_backward(AL: Array, Y: Array, caches: list[tuple[LinearCache, Array]]) -> dict[str, Array]:
    """All layers, from the last to the first."""
    L = len(caches)
    grads: dict[str, Array] = {}
    dA: Array = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    for layer in range(L, 0, -1):
        step = linear_activation_backward(dA, caches[layer - 1], "sigmoid" if layer == L else "relu")
        grads[f"dA{layer - 1}"], grads[f"dW{layer}"], grads[f"db{layer}"] = step
        dA = step.dA_prev
    return grads


def update_parameters(
    parameters: dict[str, Array], grads: dict[str, Array], learning_rate: float
) -> dict[str, Array]:
    """One step of gradient descent."""
    return {name: value - learning_rate * grads[f"d{name}"] for name, value in parameters.items()}
