"""Names: what was given, what the user's line says, and what follows from the structure.

A value has the name it was given; else that of the variable to which it was assigned; else it follows from
the name of the weight it was made with: W1 @ ... + b1 is Z1 and its activation A1. This module knows tensors
by their attributes alone, one at a time; `tinygraph.graph.naming` names a whole graph with it.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

import numpy as np

from tinygraph.notation.lines import Line, line_at

__all__ = [
    "MATRIX_PRODUCTS",
    "SUMS",
    "assigned_name",
    "derivative_name",
    "function_of",
    "is_direct",
    "is_operation_of",
    "layer_suffix",
    "line_of_call",
    "linear_weight",
    "name_of",
    "own_name",
    "parameter_factors",
    "product_weight",
    "structural_name",
    "suffix_of",
    "untransposed",
]

WEIGHT = re.compile(r"(?:[Ww]eights?|[Tt]heta|[Ww])(?P<suffix>.*)", re.DOTALL)
MATRIX_PRODUCTS = frozenset({np.matmul, np.dot, np.einsum})
PRODUCTS = MATRIX_PRODUCTS | {np.multiply}
SUMS = frozenset({np.add, np.subtract})
ALSO_CALLED = {"abs": "absolute", "fabs": "absolute", "amax": "max", "amin": "min"}


class Known(Protocol):
    """What is known of tensors without their structure."""

    def own(self, x: Any) -> str | None:
        """The name that x has by itself."""

    def suffix(self, x: Any) -> str | None:
        """The suffix of the layer that parameter x is the weight of; None if it is called like no weight."""


def derivative_name(name: str) -> str:
    """The name of the derivative of the cost with respect to `name`.

    >>> derivative_name("W1")
    'dW1'
    """
    return "d" + name


def suffix_of(weight: str | None) -> str | None:
    """What follows the W of a weight's name, which names its whole layer; None for other names.

    >>> suffix_of("W1"), suffix_of("W_out"), suffix_of("b1")
    ('1', '_out', None)
    """
    match = WEIGHT.fullmatch(weight or "")
    return match["suffix"] if match else None


# One tensor by itself


def own_name(x: Any) -> str | None:
    """The name that a tensor was given, or else that of the variable it was assigned to."""
    return getattr(x, "given_name", None) or assigned_name(x)


def assigned_name(x: Any) -> str | None:
    """The variable to which the user's line assigns a tensor; None if a call inside of a library made it."""
    line = line_of_call(x)
    return line.target if line is not None and is_direct(x, line) else None


def line_of_call(x: Any) -> Line | None:
    """What the user's line says of the call that made a tensor; None for what no line made."""
    code = getattr(x, "_code", None)
    return None if code is None else line_at(code, x._instruction)


def is_direct(x: Any, line: Line) -> bool:
    """Whether a tensor is what the expression in its line gives, and not something on the way to it."""
    return x.op is None or is_operation_of(x.op, line)


def is_operation_of(op: Any, line: Line) -> bool:
    """Whether a line calls an operation itself, and not something that is made with it."""
    called = line.called or ""
    return ALSO_CALLED.get(called, called) == op.name  # type: ignore[no-any-return]


def function_of(x: Any) -> Any:
    """The function whose recorded result x is; None for a leaf, an array or a number."""
    op = getattr(x, "op", None)
    return None if op is None else op.function


def name_of(tensor: Any) -> str | None:
    """The name given to `tensor`, or that of its variable, or the one that its structure implies, or None.

    >>> import tinygraph as tg
    >>> W1, b1 = tg.parameter([[1.0, 2.0]], name="W1"), tg.parameter([[0.0]], name="b1")
    >>> name_of(tg.relu(W1 @ np.ones((2, 3)) + b1))
    'A1'
    """
    return own_name(tensor) or structural_name(tensor, ALONE)


class Alone:
    """What tensors say by themselves, where no graph is at hand to number them."""

    def own(self, x: Any) -> str | None:
        """The name of x."""
        return own_name(x)

    def suffix(self, x: Any) -> str | None:
        """The suffix in the name of x."""
        return suffix_of(own_name(x))


ALONE = Alone()


# Structure


def structural_name(tensor: Any, known: Known) -> str | None:
    """Z1 for a linear step with a bias whose weight is W1, A1 for its activation; None for anything else."""
    if function_of(tensor) in SUMS:
        suffix = layer_suffix(tensor, known)
        return None if suffix is None else f"Z{suffix}"
    if getattr(tensor.op, "activation", False):
        suffix = layer_suffix(tensor.inputs[0], known)
        return None if suffix is None else f"A{suffix}"
    return None


def layer_suffix(tensor: Any, known: Known) -> str | None:
    """The suffix of the layer whose linear step `tensor` is, with a bias or without; None if it is none.

    A name that begins with Z says it; otherwise the weight does.
    """
    name = known.own(tensor) or ""
    if getattr(tensor, "given_name", None) and name:  # a given name is the last word, also if it is no Z
        return name[1:] if name[0] in "Zz" and function_of(tensor) is not None else None
    if name[:1] in ("Z", "z") and name[1:] and function_of(tensor) is not None:
        return name[1:]
    weight = linear_weight(tensor, known)
    return None if weight is None else known.suffix(weight)


def linear_weight(tensor: Any, known: Known) -> Any:
    """The weight W of `tensor` = W @ ... + b, or of W @ ... alone; None if it is something else."""
    if function_of(tensor) not in SUMS:
        return product_weight(tensor, known)
    first, second = tensor.inputs
    for product, bias in ((first, second), (second, first)):
        if function_of(bias) is None and (weight := product_weight(product, known)) is not None:
            return weight
    return None


def product_weight(tensor: Any, known: Known) -> Any:
    """The factor of a product that is a weight, perhaps transposed: by its name, else by being alone."""
    function = function_of(tensor)
    if function not in PRODUCTS:
        return None
    factors = [x for x in parameter_factors(tensor) if known.suffix(x) is not None]
    called = [x for x in factors if suffix_of(known.own(x)) is not None]
    # Entry by entry, two parameters may be anything; in a matrix product, the one parameter is the weight.
    weights = called if called or function is np.multiply else factors
    return weights[0] if len(weights) == 1 else None


def parameter_factors(product: Any) -> list[Any]:
    """The parameters that a product multiplies, looking through a transpose."""
    return [x for x in map(untransposed, product.inputs) if getattr(x, "is_parameter", False)]


def untransposed(x: Any) -> Any:
    """The input of a transpose, and anything else as it is."""
    return x.inputs[0] if function_of(x) is np.transpose else x
