"""Nested tuples, lists and dicts; a leaf is anything else.

What is made from a nest has its containers: a named tuple keeps its names, a kind of dict its kind.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["Leaf", "flatten_nest", "leaves", "map_leaves", "unflatten_nest"]

SEQUENCES = (tuple, list)
NESTS = (*SEQUENCES, dict)


def map_leaves(change: Callable[[Any], Any], nest: Any) -> Any:
    """The nest with `change(leaf)` in place of each leaf.

    >>> map_leaves(str, {"W": [1, (2, None)]})
    {'W': ['1', ('2', 'None')]}
    """
    if isinstance(nest, SEQUENCES):
        # Leaves are told from nests here already: that is one call less for each.
        parts = [map_leaves(change, x) if isinstance(x, NESTS) else change(x) for x in nest]
        return row_of(type(nest), parts)
    if not isinstance(nest, dict):
        return change(nest)
    changed = {key: map_leaves(change, x) for key, x in nest.items()}
    if type(nest) is dict:
        return changed
    made = copy.copy(nest)
    made.update(changed)
    return made


def row_of(kind: Any, parts: list[Any]) -> Any:
    """A list, a tuple or a named tuple."""
    return kind(parts) if kind is tuple or not hasattr(kind, "_make") else kind._make(parts)


def leaves(nest: Any) -> Iterator[Any]:
    """The leaves in order.

    >>> list(leaves({"W": [1, (2, None)]}))
    [1, 2, None]
    """
    if isinstance(nest, NESTS):
        for part in nest.values() if isinstance(nest, dict) else nest:
            if isinstance(part, NESTS):
                yield from leaves(part)
            else:
                yield part
    else:
        yield nest


class Leaf:
    """The place of a leaf in a form."""


def flatten_nest(nest: Any, taken: Callable[[Any], bool]) -> tuple[list[Any], Any]:
    """The leaves for which `taken` says so, and the form: all that is left, to be compared or a key.

    A form is `Leaf`, or (kind, forms), for a dict (dict, pairs of key and form); or a leaf that is not taken.

    >>> flatten_nest([1, (2, None)], lambda leaf: leaf is not None)[0]
    [1, 2]
    """
    found: list[Any] = []

    def form_of(x: Any) -> Any:
        if isinstance(x, dict):
            return dict, tuple([(key, form_of(part)) for key, part in x.items()])
        if isinstance(x, NESTS):
            return type(x), tuple(map(form_of, x))
        if not taken(x):
            return x
        found.append(x)
        return Leaf

    return found, form_of(nest)


def unflatten_nest(form: Any, leaves: Iterable[Any]) -> Any:
    """The nest of this form with these leaves; of a dict of any kind it has a plain one.

    >>> _, form = flatten_nest({"W": [1, (2, None)]}, lambda leaf: leaf is not None)
    >>> unflatten_nest(form, [3, 4])
    {'W': [3, (4, None)]}
    """
    rest = iter(leaves)

    def nest_of(form: Any) -> Any:
        if form is Leaf:
            return next(rest)
        if not isinstance(form, tuple):
            return form
        kind, parts = form
        if kind is dict:
            return {key: nest_of(part) for key, part in parts}
        return row_of(kind, [nest_of(part) for part in parts])

    return nest_of(form)
