"""The forms in which functions give their results: a tuple, a dict, a value and a cache, a cost.

To read a result is to find the arrays in it by their names. What the lectures leave open stays open: a cost
may be an array of one entry, a cache that is not in the course's form is not looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "Form",
    "caches_form",
    "costs_form",
    "dict_form",
    "gradients_form",
    "is_cache",
    "is_tuple",
    "layer_form",
    "tuple_form",
]

Named = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """What is expected, in words, and how to read it: values by name, or None for another form."""

    expected: str
    read: Callable[[Any], Named | None]


def is_tuple(value: Any, n: int) -> bool:
    return isinstance(value, tuple | list) and len(value) == n


def tuple_form(names: Sequence[str], expected: str) -> Form:
    """Values in a fixed order.

    >>> tuple_form(["dA0", "dW1"], "the tuple (dA_prev, dW)").read((1, 2))
    {'dA0': 1, 'dW1': 2}
    """

    def read(value: Any) -> Named | None:
        return dict(zip(names, value, strict=True)) if is_tuple(value, len(names)) else None

    return Form(expected, read)


dict_form = Form("a dict of arrays by name", lambda value: value if isinstance(value, dict) else None)


# Costs


def costs_form(name: str) -> Form:
    """One number."""

    def read(value: Any) -> Named | None:
        return {name: single_number(value)} if is_number_array(value) else None

    return Form("the cost, a number", read)


def gradients_form() -> Form:
    """A dict of gradients and the cost J, in either order: propagate of week 2."""

    def read(value: Any) -> Named | None:
        if not is_tuple(value, 2):
            return None
        grads, J = value if isinstance(value[0], dict) else reversed(value)
        if not isinstance(grads, dict) or not is_number_array(J):
            return None
        return {name: single_number(x) if name == "db" else x for name, x in grads.items()} | {
            "J": single_number(J)
        }

    return Form("the tuple (grads, cost), grads a dict", read)


def is_number_array(value: Any) -> bool:
    """Whether this is a number or an array of numbers."""
    return isinstance(value, int | float | np.ndarray | np.generic) and not isinstance(value, bool)


def single_number(value: Any) -> Any:
    """An array of one entry as a number."""
    return np.reshape(value, ()) if np.size(value) == 1 and is_number_array(value) else value


# Values and caches


def layer_form(letter: str, layer: int, may_keep_A: bool, expected: str) -> Form:
    """Z or A of one layer, and its cache; Z is read from the cache of a whole layer, if it keeps Z."""

    def read(value: Any) -> Named | None:
        if not is_tuple(value, 2) or isinstance(value[0], tuple | dict):
            return None
        named = {f"{letter}{layer}": value[0]}
        return named | read_cache(value[1], layer, value[0], may_keep_A) if letter == "A" else named

    return Form(expected, read)


def caches_form(may_keep_A: Sequence[bool], expected: str) -> Form:
    """A of the last layer, and the caches of all: a list in the course's form, or a dict by name."""
    L = len(may_keep_A)

    def read(value: Any) -> Named | None:
        if not is_tuple(value, 2) or isinstance(value[0], tuple | dict):
            return None
        AL, caches = value
        return inside(caches, AL) | {f"A{L}": AL}

    def inside(caches: Any, AL: Any) -> Named:
        if isinstance(caches, Mapping):
            known = {f"{letter}{layer}" for layer in range(1, L + 1) for letter in "ZA"}
            return {name: x for name, x in caches.items() if name in known}
        if not is_tuple(caches, L) or not all(map(is_cache, caches)):
            return {}
        A = [linear[0] for linear, _ in caches[1:]] + [AL]
        named: Named = {}
        for layer, cache in enumerate(caches, start=1):
            named |= read_cache(cache, layer, A[layer - 1], may_keep_A[layer - 1]) | {
                f"A{layer}": A[layer - 1]
            }
        return named

    return Form(expected, read)


def is_cache(cache: Any) -> bool:
    """Whether this is a cache in the course's form, ((A_prev, W, b), Z)."""
    return is_tuple(cache, 2) and is_tuple(cache[0], 3) and isinstance(cache[1], np.ndarray)


def read_cache(cache: Any, layer: int, A: Any, may_keep_A: bool) -> Named:
    """Z from a cache in the course's form; nothing where the cache holds A instead and may do so."""
    if not is_cache(cache) or (may_keep_A and np.array_equal(cache[1], A)):
        return {}
    return {f"Z{layer}": cache[1]}
