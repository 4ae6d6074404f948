"""The program of a step: the calls behind its results, in order, each once, the same to the last bit.

What nothing needs is gone, what was computed twice is computed once, and no formula is changed in a way that
rounds differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import numpy as np

from tinygraph.plan.record import Traced, check, parts, same

__all__ = ["Program", "simplify"]


class Program:
    """Calls in order.

    `steps` are symbols with a function, `leaves` those without, in the order of first use; `results` are what
    was asked for, in the order in which it was asked.
    """

    def __init__(self, steps: list[Traced], leaves: list[Traced], results: list[Traced]) -> None:
        self.steps = steps
        self.leaves = leaves
        self.results = results


def simplify(results: Iterable[Traced], checks: Iterable[Traced]) -> tuple[Program, dict[Traced, Traced]]:
    """The program that computes `results` and makes `checks`, and what became of every symbol."""
    results = list(results)
    became: dict[Traced, Traced] = {}
    known: dict[Any, Traced] = {}
    constants: dict[int, Traced] = {}
    for s in reachable([*results, *checks]):
        if s.function is same:
            became[s] = became[s.args[0]]
        elif s.function is None:
            became[s] = s
        else:
            s.args, s.settings = renewed((s.args, s.settings), became, constants, s)
            became[s] = known.setdefault(identity(s), s)
    prefer_results(known.values())
    ends = [became[r] for r in results] + list(checks)
    kept = [s for s in reachable(ends) if s.function is not None]
    used = dict.fromkeys(x for s in kept for x in symbols_in(s) if x.function is None)
    leaves = list(used | dict.fromkeys(r for r in ends if r.function is None))
    return Program(kept, leaves, [became[r] for r in results]), became


def symbols_in(s: Traced) -> list[Traced]:
    """The symbols that a call was given."""
    return [x for x in parts((s.args, s.settings)) if isinstance(x, Traced)]


def reachable(ends: Iterable[Traced]) -> list[Traced]:
    """Everything that `ends` were made from, themselves included, in the order of recording."""
    stack = list(ends)
    found = set(stack)
    while stack:
        for x in symbols_in(stack.pop()):
            if x not in found:
                found.add(x)
                stack.append(x)
    return sorted(found, key=attrgetter("serial"))


def renewed(x: Any, became: dict[Traced, Traced], constants: dict[int, Traced], user: Traced) -> Any:
    """`x` with each symbol replaced by what it became, and each array by a symbol that stands for it."""
    if isinstance(x, Traced):
        return became[x]
    if isinstance(x, tuple | list):
        return type(x)([renewed(inner, became, constants, user) for inner in x])
    if isinstance(x, dict):
        return {key: renewed(inner, became, constants, user) for key, inner in x.items()}
    if isinstance(x, np.ndarray):
        if id(x) not in constants:
            constants[id(x)] = leaf = Traced(x, user.tape)
            leaf.serial = user.serial
        return constants[id(x)]
    return x


def identity(s: Traced) -> Any:
    """A key that two calls share only if they give the same bits."""
    return s.function, key_of(s.args), key_of(s.settings), s.quiet


def key_of(x: Any) -> Any:
    if isinstance(x, Traced):
        return x
    if isinstance(x, tuple | list):
        return tuple(map(key_of, x))
    if isinstance(x, dict):
        return tuple((key, key_of(x[key])) for key in sorted(x))
    return type(x), repr(x)


def prefer_results(steps: Iterable[Traced]) -> None:
    """Ask max(x, 0) > 0 where x > 0 was asked: the same answer for every x, and x need not be kept."""
    rectified: dict[Traced, Traced] = {}
    for s in steps:
        if s.function is np.maximum and is_zero(s.args[1]) and isinstance(s.args[0], Traced):
            rectified[s.args[0]] = s
        elif s.function is np.greater and is_zero(s.args[1]) and s.args[0] in rectified:
            s.args = (rectified[s.args[0]], s.args[1])


def is_zero(x: Any) -> bool:
    return isinstance(x, int | float) and x == 0
