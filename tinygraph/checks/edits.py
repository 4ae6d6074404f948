"""Single edits of an expression: what the right formula becomes when one thing in it is another.

Nothing here knows which mistakes people make: every place of the formula is changed in every way that the
grammar of NumPy calls allows, with the operands that are at hand.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tinygraph.notation.expressions import Expression

__all__ = ["Edit", "change_everywhere", "positions_in", "rename_operand", "single_edits", "truncate_formula"]


class Edit(NamedTuple):
    """An edited formula: what was done, how far-fetched that is, and to which part.

    `kind` is one of drop, sign, transpose, reshape, swap, compare, axis, keepdims, mean, mask, replace,
    times, over, plus, truncate; `before` is the part that was changed, `after` what stands there now.
    """

    expression: Any
    kind: str
    penalty: int
    before: Any
    after: Any


Rebuild = Callable[[Any], Any]
BINARY_OPERATORS = (np.multiply, np.matmul, np.divide, np.add, np.subtract)
COMPARISONS = (np.greater, np.greater_equal, np.less, np.less_equal)


def make_call(function: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    return Expression().record(function, args, settings)


def positions_in(x: Any, rebuild: Rebuild = lambda new: new) -> Iterator[tuple[Any, Rebuild]]:
    """Every part of an expression, with the function that puts something else in its place."""
    if not isinstance(x, list | tuple):
        yield x, rebuild
    parts = x if isinstance(x, list | tuple) else x.args if isinstance(x, Expression) else ()
    for i, part in enumerate(parts):

        def put(new: Any, i: int = i) -> Any:
            made = type(parts)((*parts[:i], new, *parts[i + 1 :]))
            return rebuild(made if parts is x else make_call(x.function, *made, **x.settings))

        yield from positions_in(part, put)


def single_edits(expression: Any, operands: Sequence[Any], factors: Sequence[Any]) -> Iterator[Edit]:
    """All formulas that are one edit away.

    Args:
        expression: the right formula.
        operands: what may stand in place of an operand, or be multiplied or added by mistake.
        factors: numbers by which something may be multiplied or divided by mistake (m, 2, lr, sizes).
    """
    named = [(operand, str(operand)) for operand in operands]  # to write them takes longer than all else
    for part, put in positions_in(expression):
        for after, kind, penalty in [
            *drop_part(part),
            *turn_sign(part),
            *change_call(part),
            *change_number(part, factors),
            *reshape_transpose(part),
            *replace_part(part, named, factors),
            *add_part(part, operands, factors),
        ]:
            yield Edit(put(after), kind, penalty, part, after)
    yield from repeat_edits(expression, operands)


Change = tuple[Any, str, int]


def drop_part(x: Any) -> Iterator[Change]:
    """A factor, a term or a call left out."""
    if isinstance(x, Expression) and x.function is not None:
        for part in (part for part in x.args if not isinstance(part, list | tuple)):
            yield part, "drop", 0 if isinstance(part, Expression) else 2
            yield from (
                (inner, "drop", 1) for inner, _ in positions_in(part) if isinstance(inner, Expression)
            )


def turn_sign(x: Any) -> Iterator[Change]:
    """A sign or a transpose more."""
    if isinstance(x, Expression):
        yield -x, "sign", 1
        yield x.T, "transpose", 1


def reshape_transpose(x: Any) -> Iterator[Change]:
    """A reshape to the shape of the transpose, which is a name of the setting, in the place of one."""
    if isinstance(x, Expression) and x.function is np.transpose and is_name(x.args[0]) and not x.settings:
        yield make_call(np.reshape, x.args[0], Expression(f"{x}.shape")), "reshape", 1


def change_call(x: Any) -> Iterator[Change]:
    """The same operands in another call, or the same call with other settings."""
    if not isinstance(x, Expression) or x.function is None:
        return
    yield from ((y, "swap", 1) for y in change_operator(x))
    if len(x.args) == 2:
        yield make_call(x.function, *reversed(x.args)), "swap", 1
        if x.function is np.multiply:
            left, right = x.args
            yield np.maximum(left, 0), "mask", 1
            yield make_call(np.matmul, right, left), "swap", 2
    if x.function in COMPARISONS:
        yield from ((make_call(f, *x.args), "compare", 0) for f in COMPARISONS if f is not x.function)
    if "axis" in x.settings:
        yield from change_axes(x)
    if x.function is np.divide and getattr(x.args[0], "function", None) is np.sum:
        yield from ((y, kind, n) for y, kind, n in change_axes(x.args[0]) if y.function is np.mean)


def change_axes(x: Any) -> Iterator[Change]:
    """A sum or mean over other axes, or with its axes dropped."""
    rest = {key: value for key, value in x.settings.items() if key not in ("axis", "keepdims")}
    function = np.mean if x.function is np.sum else np.sum
    for axis in (0, 1, None):
        for keepdims in (True, False):
            settings = rest | {"axis": axis} | ({"keepdims": True} if keepdims else {})
            if axis is None and not keepdims:
                settings = rest
            kind = "keepdims" if axis == x.settings.get("axis") else "axis"
            if settings != x.settings:
                yield make_call(x.function, *x.args, **settings), kind, 0
            yield make_call(function, *x.args, **settings), "mean", 1
            yield make_call(np.max, *x.args, **settings), "mean", 2


def change_operator(x: Any) -> Iterator[Any]:
    """The same two operands with another operator between them."""
    if isinstance(x, Expression) and x.function in BINARY_OPERATORS:
        yield from (make_call(f, *x.args) for f in BINARY_OPERATORS if f is not x.function)
        if x.function is np.multiply and isinstance(x.args[0], Expression):
            yield make_call(np.matmul, x.args[0].T, x.args[1])
        if x.function is np.divide:
            yield make_call(np.floor_divide, *x.args)


def change_number(x: Any, factors: Sequence[Any]) -> Iterator[Change]:
    """Another number in the place of one."""
    if isinstance(x, int | float) and not isinstance(x, bool):
        numbers = [0, 1, 2, 3, -x, *(f(x, n) for n in factors for f in (operator.mul, operator.truediv))]
        yield from ((n, "replace", 2) for n in numbers if str(n) != str(x))


def replace_part(x: Any, named: Sequence[tuple[Any, str]], factors: Sequence[Any]) -> Iterator[Change]:
    """Another operand, of those with their texts, in the place of this part."""
    mine = str(x)
    yield from ((operand, "replace", nearness_of(x, operand)) for operand, text in named if text != mine)
    counts = {str(factor) for factor in filter(is_name, factors)}  # units are easily taken for m
    for factor in factors:
        if (text := str(factor)) != mine:
            yield factor, "replace", 0 if {mine, text} <= counts else 2


def is_name(x: Any) -> bool:
    return isinstance(x, Expression) and x.function is None


def nearness_of(x: Any, operand: Any) -> int:
    """How far-fetched it is to write `operand` for `x`: little for two names, more for whole formulas."""
    return 3 - is_name(x) - is_name(operand)


def truncate_formula(expression: Any, penalty: int) -> Edit:
    """A formula whose result is stored in an array of integers, which cuts fractions off."""
    kept = np.trunc(expression)
    return Edit(kept, "truncate", penalty, expression, kept)


def repeat_edits(expression: Any, operands: Sequence[Any]) -> Iterator[Edit]:
    """What occurs several times changed in the same way each time: a name, or an operator."""
    parts = [part for part, _ in positions_in(expression) if isinstance(part, Expression)]
    texts, functions = [str(part) for part in parts if is_name(part)], [part.function for part in parts]
    for name in sorted({text for text in texts if texts.count(text) > 1}):
        for operand in filter(is_name, operands):
            edited = change_everywhere(expression, partial(rename_operand, name, operand))
            yield Edit(edited, "replace", 2, Expression(name), operand)
    for f in BINARY_OPERATORS:
        for i in range(len(BINARY_OPERATORS)) if functions.count(f) > 1 else ():
            edited = change_everywhere(expression, partial(join_operands, f, i))
            yield Edit(edited, "swap", 2, expression, edited)


def rename_operand(name: str, operand: Any, x: Any) -> Any:
    """The operand, if x is this name."""
    return operand if str(x) == name else x


def join_operands(f: Any, i: int, x: Any) -> Any:
    """What f joined in x, with the i-th of the other operators between."""
    return next(itertools.islice(change_operator(x), i, None), x) if x.function is f else x


def change_everywhere(x: Any, change: Callable[[Any], Any]) -> Any:
    """An expression with all its parts changed, the innermost first."""
    if isinstance(x, list | tuple):
        return type(x)(change_everywhere(part, change) for part in x)
    if not isinstance(x, Expression):
        return x
    if x.function is not None:
        x = make_call(x.function, *(change_everywhere(part, change) for part in x.args), **x.settings)
    return change(x)


def add_part(x: Any, operands: Sequence[Any], factors: Sequence[Any]) -> Iterator[Change]:
    """A factor, divisor or term more."""
    if not isinstance(x, Expression):
        return
    for factor in factors:
        yield x * factor, "times", 1 + (".shape" in str(factor))
        yield x / factor, "over", 1 + (not is_name(factor))
    for operand in operands:
        yield x * operand, "times", 3
        yield x / operand, "over", 4
        yield x + operand, "plus", 4
        yield x - operand, "plus", 4
