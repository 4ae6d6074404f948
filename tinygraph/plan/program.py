"""The program of a step: the calls behind its results, in order, each once, the same to the last bit.

What nothing needs is gone, what was computed twice is computed once, and no formula is changed in a way that
rounds differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import numpy as np

from tinygraph.plan.record import Traced, nested_parts, same_array, values_of
from tinygraph.rules import kernels as k
from tinygraph.rules.nests import map_leaves
from tinygraph.rules.table import is_elementwise

__all__ = ["Program", "simplify_program", "symbols_in"]

BY_SHAPE = frozenset({np.zeros_like, np.ones_like, np.empty_like})


class Program:
    """Calls in order.

    `steps` are symbols with a function, `leaves` those without, in the order of first use; `results` are what
    was asked for, in the order in which it was asked.
    """

    def __init__(self, steps: list[Traced], leaves: list[Traced], results: list[Traced]) -> None:
        self.steps = steps
        self.leaves = leaves
        self.results = results


def simplify_program(
    results: Iterable[Traced], checks: Iterable[Traced], keep: bool = False
) -> tuple[Program, dict[Traced, Traced]]:
    """The program that computes `results` and makes `checks`, and what became of every symbol.

    With `keep`, each call reads what it was written to read, even where something else would do as well.
    """
    results, checks = list(results), list(checks)
    became: dict[Traced, Traced] = {}
    known: dict[Any, Traced] = {}
    constants: dict[int, Traced] = {}
    for s in reachable_symbols([*results, *checks]):
        if s.function is None:
            became[s] = s
        elif s.function is same_array:  # a copy, which nothing can tell from the array itself
            became[s] = became[s.args[0]]
        else:
            # In the order of recording, so that it is known by now what became of all that a call reads.
            s.args, s.settings = renew_arguments((s.args, s.settings), became, constants, s)
            drop_broadcasts(s)
            unchanged = unchanged_input(s)
            if is_fixed(s):
                became[s] = constant_of(s)
            elif unchanged is not None:
                became[s] = unchanged
            else:
                became[s] = known.setdefault(call_identity(s), s)
    if not keep:
        prefer_results(known.values())
        cast_masks(known.values())
    # Again from the ends: what was replaced, folded or seen to be twice there is read by nothing now.
    asked = [became[r] for r in results]
    ends = [*asked, *(c for c in checks if not c.args[0].fixed)]
    kept = [s for s in reachable_symbols(ends) if s.function is not None]
    used = dict.fromkeys(x for s in kept for x in symbols_in(s) if x.function is None)
    leaves = list(used | dict.fromkeys(r for r in asked if r.function is None))
    return Program(kept, leaves, asked), became


def is_fixed(s: Traced) -> bool:
    """Whether the result is the same at every step."""
    given = symbols_in(s)
    return s.function in BY_SHAPE or (bool(given) and all(x.fixed for x in given))


def unchanged_input(s: Traced) -> Traced | None:
    """The input that a multiplication or division by 1, or turning a number, gives back bit for bit."""
    if s.function is np.transpose and not s.shape:
        return s.args[0]  # type: ignore[no-any-return]
    if s.function not in (np.multiply, np.divide):
        return None
    x, y = s.args
    for kept, one in ((x, y), (y, x)) if s.function is np.multiply else ((x, y),):
        # A 1 may still repeat its other factor, or turn it into another dtype: then the call is needed.
        whole = isinstance(kept, Traced) and (kept.shape, kept.dtype) == (s.shape, s.dtype)
        if whole and is_constant(one) and values_of(one) == 1:
            return kept  # type: ignore[no-any-return]
    return None


def is_constant(x: Any) -> bool:
    """Whether x is one number, the same at every step."""
    return (x.fixed and not x.shape) if isinstance(x, Traced) else isinstance(x, int | float | np.number)


def constant_of(s: Traced) -> Traced:
    """A leaf with the numbers of `s`."""
    leaf = Traced(s.value, s.tape)
    leaf.serial, leaf.fixed = s.serial, True
    return leaf


def drop_broadcasts(s: Traced) -> None:
    """Let an elementwise call repeat its inputs by itself, where the others have the full shape."""
    # The rule of a sum broadcasts. A ufunc repeats an input as it goes, and no larger array is made for it.
    if not is_elementwise(s.function) or len(s.args) != 2:
        return
    x, y = s.args
    x = undo_stretch(x, y, s.shape)
    s.args = x, undo_stretch(y, x, s.shape)


def undo_stretch(x: Any, other: Any, shape: tuple[int, ...]) -> Any:
    """What x was before it was broadcast to `shape`, if `other` has that shape."""
    if not isinstance(x, Traced) or np.shape(values_of(other)) != shape:
        return x
    if x.function is np.broadcast_to and x.shape == shape:
        return x.args[0]
    # Strides of zero: one number in memory, repeated along all axes.
    if x.fixed and x.shape and x.value.size and not any(x.value.strides):
        number = Traced(x.value[(0,) * x.ndim], x.tape)
        number.serial, number.fixed = x.serial, True
        return number
    return x


def symbols_in(s: Traced) -> list[Traced]:
    """The symbols that a call was given."""
    found = []
    for x in (*s.args, *s.settings.values()):
        if isinstance(x, Traced):
            found.append(x)
        elif isinstance(x, tuple | list | slice):
            found += [inner for inner in nested_parts(x) if isinstance(inner, Traced)]
    return found


def reachable_symbols(ends: Iterable[Traced]) -> list[Traced]:
    """Everything that `ends` were made from, themselves included, in the order of recording."""
    stack = list(ends)
    found = set(stack)
    while stack:
        for x in symbols_in(stack.pop()):
            if x not in found:
                found.add(x)
                stack.append(x)
    return sorted(found, key=attrgetter("serial"))


def renew_arguments(x: Any, became: dict[Traced, Traced], constants: dict[int, Traced], user: Traced) -> Any:
    """`x` with each symbol replaced by what it became, and each array by a symbol that stands for it."""

    def symbol_of(leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray):
            if id(leaf) not in constants:  # one array is one argument of the step, however many calls read it
                constants[id(leaf)] = made = Traced(leaf, user.tape)
                made.serial = user.serial
            return constants[id(leaf)]
        return became[leaf] if isinstance(leaf, Traced) else leaf

    return map_leaves(symbol_of, x)


def call_identity(s: Traced) -> Any:
    """A key that two calls share only if they give the same bits."""
    return s.function, key_of(s.args), key_of(s.settings), s.quiet


def key_of(x: Any) -> Any:
    """An argument as a part of `call_identity`: symbols by which they are, numbers by what they are."""
    if isinstance(x, Traced):  # not its serial, which a constant shares with the call that uses it
        return key_of(x.value) if is_constant(x) else (Traced, id(x))
    if isinstance(x, tuple | list):
        return tuple(map(key_of, x))
    if isinstance(x, dict):
        return tuple((key, key_of(x[key])) for key in sorted(x))
    return type(x), repr(x)  # 1, 1.0 and True are equal, but give results of other dtypes; -0.0 and 0.0 too


def prefer_results(steps: Iterable[Traced]) -> None:
    """Ask max(x, 0) > 0 where x > 0 was asked: the same answer for every x, and x need not be kept."""
    # The relu of a hidden layer: A1 is needed for dW2 in any case, Z1 for nothing but this mask.
    rectified: dict[Traced, Traced] = {}
    for s in steps:
        if s.function is np.maximum and is_zero(s.args[1]) and isinstance(s.args[0], Traced):
            rectified[s.args[0]] = s
        elif s.function is np.greater and is_zero(s.args[1]) and s.args[0] in rectified:
            s.args = (rectified[s.args[0]], s.args[1])


def cast_masks(steps: Iterable[Traced]) -> None:
    """Turn a mask into numbers before it is multiplied: NumPy would do so too, but piece by piece."""
    cast: dict[Any, Traced] = {}
    for s in steps:
        if s.function is np.multiply and s.shape and s.dtype.kind == "f":
            s.args = tuple(mask_as_numbers(x, s, cast) for x in s.args)


def mask_as_numbers(x: Any, user: Traced, cast: dict[Any, Traced]) -> Any:
    """x, or if it is a mask of the full shape, its numbers in the dtype of `user`."""
    if not isinstance(x, Traced) or x.dtype.kind != "b" or x.shape != user.shape:
        return x
    if (x, user.dtype) not in cast:
        cast[x, user.dtype] = made = Traced(x.value.astype(user.dtype), user.tape)
        made.function, made.args, made.settings = k.cast_to, (x,), {"dtype": user.dtype}
        made.place, made.serial = user.place, user.serial - 0.5  # just before the call that asked first
    return cast[x, user.dtype]


def is_zero(x: Any) -> bool:
    return isinstance(x, int | float) and x == 0
