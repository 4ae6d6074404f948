"""Right arrays under wrong names: dW given as db, or the results of a function in another order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.checks.report import Diagnosis, join_names
from tinygraph.checks.search import is_same_array

__all__ = ["exchanged_names", "told_of_exchange"]


def exchanged_names(hand: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, str]:
    """For each array that stands under another's name, that name: those that changed places among themselves.

    >>> dW, db = np.ones((2, 3)), np.array([[4.0], [5.0]])
    >>> exchanged_names({"dW": db, "db": dW}, {"dW": dW, "db": db})
    {'dW': 'db', 'db': 'dW'}
    """
    wrong = [name for name in hand if name in expected and not is_same_array(hand[name], expected[name])]
    found = {}
    for name in wrong:
        others = [x for x in wrong if x != name and is_same_array(hand[name], expected[x])]
        if len(others) == 1 and np.any(hand[name]):  # zeros are anybody's
            found[name] = others[0]
    return whole_cycles(found)


def whole_cycles(found: Mapping[str, str]) -> dict[str, str]:
    """Those that only changed places, so that none of them is lost."""
    kept = dict(found)
    while lost := [name for name in kept if name not in kept.values() or kept[name] not in kept]:
        for name in lost:
            del kept[name]
    return kept


def told_of_exchange(found: Mapping[str, str]) -> list[Diagnosis]:
    """One diagnosis for each round of names that changed places."""
    told, left = [], dict(found)
    while left:
        first = next(iter(left))
        names = [first]
        while (after := left.pop(names[-1])) != first:
            names.append(after)
        told.append(diagnosis_of_exchange(names))
    return told


def diagnosis_of_exchange(names: Sequence[str]) -> Diagnosis:
    """What is said of names each of which holds what the next one should be."""
    first, second, *rest = names
    if rest:
        pairs = join_names(
            f"{name} is what {after} should be"
            for name, after in zip(names, [*names[1:], first], strict=True)
        )
        said = f"{join_names(names)} stand in another order: {pairs}."
    else:
        said = (
            f"{first} and {second} are swapped: {first} is what {second} should be, and the other way round."
        )
    return Diagnosis(first, "swapped", said, formula=second, expected=first, also=tuple(names[1:]))
