"""Suspicious broadcasts: (n,) beside (n, 1), or (m, 1) beside (1, m), which make a square.

They are noticed during the sweep, where a broadcast is undone, so that recording costs nothing.
"""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING

import numpy as np

from tinygraph.errors import BroadcastError, BroadcastWarning
from tinygraph.guards.modes import current_mode
from tinygraph.guards.stories import place_of, recorded_call
from tinygraph.notation.examples import units_axis
from tinygraph.notation.names import SUMS, function_of
from tinygraph.rules.types import Values

if TYPE_CHECKING:
    from tinygraph.engine.tensor import Tensor

__all__ = ["notice_square"]

_seen: set[tuple[str, int]] = set()


def notice_square(z: Tensor, values: Values) -> None:
    """Warn, once per line of code, or raise, if two inputs of node `z` make a square that is seldom meant."""
    reaction = current_mode().broadcast
    several = not z._op.arity  # type: ignore[union-attr]
    if reaction == "ignore" or several:  # einsum says what meets what
        return
    pairs = itertools.combinations(range(len(values)), 2)
    pair = next(((i, j) for i, j in pairs if is_suspicious(np.shape(values[i]), np.shape(values[j]))), None)
    message = square_message(z, values, pair) if pair is not None else bias_message(z, values)
    if message is None:
        return
    if reaction == "raise":
        raise BroadcastError(message)
    place = z.node.place  # type: ignore[union-attr]
    if place not in _seen:
        warnings.warn_explicit(message, BroadcastWarning, *place)
        _seen.add(place)


def bias_message(z: Tensor, values: Values) -> str | None:
    """What is wrong where a bias of a square linear step has an entry for each example, not for each unit."""
    units = units_axis(z) if function_of(z) in SUMS else None
    if units is None:
        return None
    n = z.shape[0]
    wrong = {0: ((n,), (1, n)), 1: ((n, 1),)}.get(units, ())
    bias = next((i for i, x in enumerate(values) if np.shape(x) in wrong and n > 1), None)
    if bias is None or not getattr(z.inputs[bias], "is_parameter", False):
        return None
    call, operands = recorded_call(z)
    name, step = operands[bias], operands[1 - bias]
    right, examples = ((n, 1), "columns") if units == 0 else ((n,), "rows")
    return (
        f"{call} ({place_of(z)}): {name} is {np.shape(values[bias])} and examples are the {examples} of "
        f"{step} "
        f"({n}, {n}), so each example gets an entry of its own, and not each unit. Did you mean "
        f'{name}.reshape{right}? If it is meant, say so with tg.errstate(broadcast="ignore")'
    )


def is_suspicious(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether a vector meets a column of its length, or a column a row.

    >>> is_suspicious((5,), (5, 1)), is_suspicious((5, 1), (1, 5)), is_suspicious((4, 1), (4, 5))
    (True, True, False)
    """
    if len(a) + len(b) not in (3, 4) or 1 not in (*a, *b):
        return False
    row, column = (a, b) if len(a) < len(b) or a[0] == 1 else (b, a)
    n = row[-1] if row else 1
    return n > 1 and row in ((n,), (1, n)) and column == (n, 1)


def square_message(z: Tensor, values: Values, pair: tuple[int, int]) -> str:
    """Which two inputs of `z` make a square, and what was probably meant."""
    call, operands = recorded_call(z)
    shapes = [np.shape(values[i]) for i in pair]
    names = [operands[i] for i in pair]
    row = 0 if shapes[1][-1] == 1 else 1
    n = shapes[row][-1]
    return (
        f"{call} ({place_of(z)}): {names[0]} is {shapes[0]} and {names[1]} is {shapes[1]}, so each entry "
        f"meets every entry of the other: ({n}, {n}). Did you mean {names[row]}.reshape({n}, 1)? "
        'If it is meant, say so with tg.errstate(broadcast="ignore")'
    )
