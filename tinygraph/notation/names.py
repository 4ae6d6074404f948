"""Names from structure: what `W1 @ X + b1` and its activation are called when nobody said so.

A value has the name it was given, or follows from the name of the weight it was made with: W1 @ ... + b1 is
Z1 and its activation A1. Weights and biases without a name are numbered in the order of their use. This
module knows tensors by their attributes alone; `known` adds names to those that tensors carry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

__all__ = [
    "SUMS",
    "derivative_name",
    "function_of",
    "graph_names",
    "linear_weight",
    "name_of",
    "suffix_of",
    "take_names",
    "untransposed",
    "weight_of_product",
]

WEIGHT = re.compile(r"(?:[Ww]eights?|[Tt]heta|[Ww])(?P<suffix>.*)", re.DOTALL)
PRODUCTS = frozenset({np.matmul, np.dot, np.einsum, np.multiply})
SUMS = frozenset({np.add, np.subtract})

Known = Mapping[Any, str]
NOTHING: Known = {}


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


def given_name(tensor: Any, known: Known) -> str | None:
    """The name in `known`, else the one given to `tensor`."""
    if not hasattr(tensor, "given_name"):
        return None
    return known.get(tensor) or tensor.given_name


def function_of(x: Any) -> Any:
    """The function whose recorded result x is; None for a leaf, an array or a number."""
    op = getattr(x, "op", None)
    return None if op is None else op.function


def name_of(tensor: Any, known: Known = NOTHING) -> str | None:
    """The name given to `tensor`, or the one that its structure implies, or None.

    >>> import tinygraph as tg
    >>> W1, b1 = tg.parameter([[1.0, 2.0]], name="W1"), tg.parameter([[0.0]], name="b1")
    >>> A1 = tg.relu(W1 @ np.ones((2, 3)) + b1)
    >>> name_of(A1)
    'A1'
    """
    given = given_name(tensor, known)
    if given is not None or tensor.op is None:
        return given
    if tensor.op.function in SUMS:
        suffix = linear_suffix(tensor, known)
        return None if suffix is None else f"Z{suffix}"
    if tensor.op.activation:
        suffix = linear_suffix(tensor.inputs[0], known)
        return None if suffix is None else f"A{suffix}"
    return None


def linear_suffix(tensor: Any, known: Known) -> str | None:
    """The suffix of the layer whose linear step `tensor` is, with a bias or without; None if it is none."""
    given = given_name(tensor, known)
    if given is not None:
        return given[1:] if given[0] in "Zz" and function_of(tensor) is not None else None
    weight = linear_weight(tensor, known)
    return None if weight is None else suffix_of(given_name(weight, known))


def linear_weight(tensor: Any, known: Known = NOTHING) -> Any:
    """The weight W of `tensor` = W @ ... + b, or of W @ ... alone; None if it is something else."""
    if function_of(tensor) not in SUMS:
        return weight_of_product(tensor, known)
    first, second = tensor.inputs
    for product, bias in ((first, second), (second, first)):
        if function_of(bias) is None and (weight := weight_of_product(product, known)) is not None:
            return weight
    return None


def weight_of_product(tensor: Any, known: Known) -> Any:
    """The factor of a product whose name begins like a weight's, perhaps transposed."""
    if function_of(tensor) not in PRODUCTS:
        return None
    weights = [x for x in factors(tensor) if suffix_of(given_name(x, known)) is not None]
    return weights[0] if len(weights) == 1 else None


def factors(product: Any) -> list[Any]:
    """The parameters that a product multiplies, looking through a transpose."""
    return [x for x in map(untransposed, product.inputs) if getattr(x, "is_parameter", False)]


def untransposed(x: Any) -> Any:
    """The input of a transpose, and anything else as it is."""
    return x.inputs[0] if function_of(x) is np.transpose else x


def graph_names(order: Iterable[Any], given: Known = NOTHING, output: Any = None) -> dict[Any, str]:
    """The names of everything in a graph whose tensors are `order`, recorded first to last.

    Weights and biases without a name become W1, b1, W2, ... in the order of their use; a linear step without
    a bias is named as well; the output is J. A name that two tensors share is told apart as Z1, Z1_2, ...
    """
    order = list(order)
    known = dict(given) | number_parameters(order, given)
    biased = {
        x for t in order if function_of(t) in SUMS and name_of(t, known) for x in t.inputs if function_of(x)
    }
    found: dict[Any, str] = {}
    for t in order:
        for x in (*t.inputs, t):
            if (
                hasattr(x, "given_name")
                and x not in found
                and (name := name_of(x, known) or bare_linear(x, known, biased))
            ):
                found[x] = name
    if output is not None:
        found.setdefault(output, "J")
    return distinct(found)


def bare_linear(tensor: Any, known: Known, biased: set[Any]) -> str | None:
    """The name of a linear step to which no bias is added."""
    weight = None if tensor in biased else weight_of_product(tensor, known)
    return None if weight is None else f"Z{suffix_of(given_name(weight, known))}"


def number_parameters(order: list[Any], given: Known) -> dict[Any, str]:
    """W1, b1, W2, ... for the weights and biases of linear steps that have no name."""
    found: dict[Any, str] = {}
    layer = 0
    for t in order:
        function = function_of(t)
        if function in PRODUCTS and function is not np.multiply:
            for x in factors(t):
                if given_name(x, given) is None and x not in found:
                    layer += 1
                    found[x] = f"W{layer}"
        elif (
            function in SUMS and (suffix := suffix_of(given_name(linear_weight(t, found), found))) is not None
        ):
            for x in t.inputs:
                if getattr(x, "is_parameter", False) and given_name(x, given) is None:
                    found.setdefault(x, f"b{suffix}")
    return found


def distinct(found: dict[Any, str]) -> dict[Any, str]:
    """`found` with a number after each name that an earlier tensor has already."""
    numbers: dict[str, int] = {}  # the last of each name
    out = {}
    for tensor, name in found.items():
        free = name
        while free in numbers:
            numbers[name] += 1
            free = f"{name}_{numbers[name]}"
        numbers[free] = 1
        out[tensor] = free
    return out


def take_names(order: Iterable[Any], names: Mapping[str, Any] | None) -> dict[Any, str]:
    """The names that a mapping such as `locals()` gives to the tensors of a graph, and to arrays in it."""
    named = {id(x): name for name, x in (names or {}).items() if not name.startswith("_")}
    found: dict[Any, str] = {}
    for t in order:
        for x in (*t.inputs, t):
            if (
                hasattr(x, "given_name")
                and x.given_name is None
                and (name := named.get(id(x)) or named.get(id(x.value)))
            ):
                found[x] = name
    return found
