"""The layers of a graph, its derivatives in the order of the reverse sweep, and the course's factor m."""

from __future__ import annotations

from collections.abc import Container, Iterator, Set
from typing import Any, NamedTuple

import numpy as np

from tinygraph.engine.tensor import Tensor, value_of
from tinygraph.graph.naming import GraphNames
from tinygraph.notation import names as n
from tinygraph.notation.examples import units_axis
from tinygraph.rules import kernels as k

__all__ = ["Layer", "carries_m", "examples_of", "find_layers", "sweep_order"]


class Layer(NamedTuple):
    """One layer of a network: Z = W @ A_prev + b, A = g(Z).

    `b` is None where none is added, `A` where no activation follows.
    """

    suffix: str
    W: Tensor
    b: Any
    A_prev: Any
    Z: Tensor
    A: Tensor | None

    @property
    def activation(self) -> str:
        """The activation's name, or "linear"."""
        return self.A.op.name if self.A is not None and self.A.op is not None else "linear"


def find_layers(order: list[Tensor], names: GraphNames) -> list[Layer]:
    """The layers of a graph, first to last: its linear steps, whatever they are called."""
    users: dict[Tensor, list[Tensor]] = {}
    for t in order:
        for x in t.inputs:
            if isinstance(x, Tensor):
                users.setdefault(x, []).append(t)
    return [layer_at(names.everything[key], *step, users) for key, step in names.linear_steps.items()]


def layer_at(Z: Tensor, W: Tensor, suffix: str, users: dict[Tensor, list[Tensor]]) -> Layer:
    """The layer whose linear step is Z with the weight W."""
    product, b = Z, None
    if n.function_of(Z) in n.SUMS:
        first, second = Z.inputs
        is_first = any(n.untransposed(x) is W for x in getattr(first, "inputs", ()))
        product, b = (first, second) if is_first else (second, first)
    others = [x for x in product.inputs if n.untransposed(x) is not W]
    A = next((u for u in users.get(Z, ()) if u.op.activation), None)  # type: ignore[union-attr]
    return Layer(suffix, W, b, others[0] if others else None, Z, A)


def sweep_order(order: list[Tensor], named: Container[Tensor]) -> list[Tensor]:
    """The named tensors that want a derivative, in the order in which the sweep completes their derivatives.

    A leaf is complete once the first recorded node that uses it is passed; the leaves between two results are
    listed as they were used, so a layer reads dA, dZ, dW, db.
    """
    out: list[Tensor] = []
    leaves: list[Tensor] = []  # complete, and not listed yet
    first_use = {x: t for t in reversed(order) for x in t.inputs if isinstance(x, Tensor)}
    for t in reversed(order):
        if t in named and t.wants:
            out += [*reversed(leaves), t]
            leaves = []
        fresh = [x for x in t.inputs if isinstance(x, Tensor) and x.is_parameter and first_use[x] is t]
        leaves += [x for x in reversed(list(dict.fromkeys(fresh))) if x in named]
    return out + leaves[::-1]


def carries_m(tensor: Tensor, name: str) -> bool:
    """Whether the lectures leave 1/m out of this derivative: dA and dZ (and dX), but not dW and db."""
    return not tensor.is_parameter or name[:1] in "XA"


def examples_of(order: list[Tensor]) -> int:
    """m, the number of examples that the cost of a graph averages over.

    A cost of the table knows its axis of units; otherwise m is counted in the last matrix that data went
    into: along its rows if it was made by X @ W, and else along its columns, as in the lectures.
    """
    for t in reversed(order):
        function, settings, a = n.function_of(t), t._settings, value_of(t.inputs[0])
        if function in (k.probability_cross_entropy, k.sigmoid_cross_entropy):
            return int(k.examples_along(a, settings.get("axis", 0)))
        if function is k.softmax_cross_entropy:
            return int(a.size) // int(a.shape[settings.get("axis", 0)])
    from_data = made_from_data(order)
    return next((length_of_examples(x) for t in reversed(order) for x in data_matrices(t, from_data)), 1)


def length_of_examples(x: Tensor) -> int:
    """The examples in a matrix."""
    return int(x.shape[0 if units_axis(x) == 1 else -1])


def data_matrices(t: Tensor, from_data: Set[Tensor]) -> Iterator[Tensor]:
    """The results among the inputs of `t` that are matrices and made from data; a penalty's are not."""
    return (
        x for x in t.inputs if isinstance(x, Tensor) and x.wants and x.op and x.ndim == 2 and x in from_data
    )


def made_from_data(order: list[Tensor]) -> set[Tensor]:
    """The recorded tensors that something went into besides parameters and numbers."""
    found: set[Tensor] = set()
    for t in order:
        for x in t.inputs:
            is_data = (
                x in found or (x.op is None and not x.wants) if isinstance(x, Tensor) else np.ndim(x) > 0
            )
            if is_data:
                found.add(t)
    return found
