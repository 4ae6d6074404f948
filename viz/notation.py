"""Formulas as on paper: expressions with ᵀ for a transpose, ∗ for entry by entry, and no `np.`.

What only puts axes of length 1 or repeats along them is left out inside of formulas, as on paper.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph import kernels as k
from tinygraph.expressions import Expression, name_of_function
from viz.text import shape_text

__all__ = ["formula_text"]

SUM, PRODUCT, SIGN, POWER, ATOM = 4, 5, 6, 7, 9
SIGNS: dict[Callable[..., Any], tuple[str, int]] = {
    np.add: (" + ", SUM),
    np.subtract: (" − ", SUM),
    np.multiply: (" ∗ ", PRODUCT),
    np.divide: (" / ", PRODUCT),
    np.power: ("**", POWER),
    np.greater: (" > ", 2),
    np.greater_equal: (" ≥ ", 2),
    np.less: (" < ", 2),
    np.less_equal: (" ≤ ", 2),
    np.equal: (" = ", 2),
    np.not_equal: (" ≠ ", 2),
}
PRODUCTS = frozenset({np.matmul, np.dot})
TOTALS = frozenset({np.sum, np.add.reduce})
SAME_NUMBERS = frozenset({np.broadcast_to, np.expand_dims, np.squeeze, k.cast_to, np.positive})
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SHORT = re.compile(r"(d?\w[₀-₉₍₎]*ᵀ?)|\(.*\)ᵀ?")


def formula_text(x: Any) -> str:
    """An expression as it is written on paper; its names are shown as they are.

    >>> dZ, X = Expression("dZ₁"), Expression("X")
    >>> formula_text(np.matmul(dZ, X.T)), formula_text(dZ * (1 - X * X))
    ('dZ₁Xᵀ', 'dZ₁ ∗ (1 − X ∗ X)')
    """
    inner = plain(x)
    text = written(inner)[0]
    if isinstance(x, Expression) and x.function is np.broadcast_to:
        return f"{text}, repeated to {shape_text(x.args[1])}"
    return text


def plain(x: Any) -> Any:
    """The expression within calls that change no number: more axes, repeats, another dtype."""
    while isinstance(x, Expression) and (x.function in SAME_NUMBERS or is_same_reshape(x)):
        x = x.args[0]
    return guarded(x)


def is_same_reshape(x: Expression) -> bool:
    """Whether a reshape only adds or takes away axes of length 1."""
    if x.function is not np.reshape:
        return False
    before, after = np.shape(x.args[0]), getattr(x, "shape", ())
    return [n for n in before if n != 1] == [n for n in after if n != 1]


def guarded(x: Any) -> Any:
    """q for `where(p == 0, 1, q)`, which only avoids 0 / 0 (see `tinygraph.ops.ratio`)."""
    if isinstance(x, Expression) and x.function is np.where and len(x.args) == 3:
        condition, one, q = x.args
        if isinstance(condition, Expression) and condition.function is np.equal:
            return plain(q) if (condition.args[1], one) == (0, 1) else x
    return x


def written(x: Any) -> tuple[str, int]:
    """Text, and how tightly its outermost sign binds."""
    x = plain(x)
    if not isinstance(x, Expression):
        return constant(x), ATOM if not (isinstance(x, int | float) and x < 0) else SIGN
    if x.function is None:
        return x.name, ATOM
    if x.function in PRODUCTS:
        return product(*x.args), PRODUCT
    if x.function is np.power and isinstance(x.args[1], int):
        return f"{bracketed(x.args[0], ATOM)}{str(x.args[1]).translate(SUPERSCRIPTS)}", POWER
    if x.function in SIGNS:
        return infix(x, *SIGNS[x.function])
    if x.function is np.negative:
        return f"−{bracketed(x.args[0], SIGN)}", SIGN
    if x.function is np.transpose and len(x.args) == 1 and not x.settings:
        return f"{bracketed(x.args[0], ATOM)}ᵀ", ATOM
    if x.function is operator.getitem:
        return f"{bracketed(x.args[0], ATOM)}[{index_text(x.args[1])}]", ATOM
    return called(x), ATOM


def infix(x: Expression, sign: str, tightness: int) -> tuple[str, int]:
    """A sign between two expressions."""
    left, right = x.args
    first = bracketed(left, tightness + (sign == "**"))
    return f"{first}{sign}{bracketed(right, tightness + (sign not in (' + ', ' ∗ ')))}", tightness


def product(x: Any, y: Any) -> str:
    """A matrix product: side by side where both are short, with @ otherwise."""
    left, right = bracketed(x, ATOM), bracketed(y, ATOM)
    short = SHORT.fullmatch(left) and SHORT.fullmatch(right)
    return f"{left}{right}" if short else f"{bracketed(x, PRODUCT)} @ {right}"


def called(x: Expression) -> str:
    """A function with its arguments and settings."""
    settings = {key: value for key, value in x.settings.items() if key not in ("keepdims", "dtype")}
    arguments = [written(a)[0] for a in x.args]
    if x.function in TOTALS:
        axis = settings.pop("axis", None)
        over = [] if axis is None else [f"axis {', '.join(map(str, np.atleast_1d(axis)))}"]
        return f"Σ({', '.join(arguments + over)})"
    named = [f"{key}={written(value)[0]}" for key, value in settings.items()]
    name = name_of_function(x.function).removeprefix("np.")  # type: ignore[arg-type]
    return f"{'√' if name == 'sqrt' else name}({', '.join(arguments + named)})"


def bracketed(x: Any, tightness: int) -> str:
    """Text, in brackets if it binds less tightly than asked."""
    text, own = written(x)
    return text if own >= tightness else f"({text})"


def constant(x: Any) -> str:
    """A number, a shape or another setting; an array as its shape."""
    if isinstance(x, list | tuple):
        inner = [written(i)[0] for i in x]
        return f"[{', '.join(inner)}]" if isinstance(x, list) else f"({', '.join(inner)})"
    if np.ndim(x):
        return f"array {shape_text(np.shape(x))}"
    if isinstance(x, bool | np.bool_ | str) or x is None:
        return str(x)
    return f"{x:.4g}".replace("-", "−") if isinstance(x, int | float | np.number) else str(x)


def index_text(index: Any) -> str:
    """What stands between the brackets of an index."""
    if isinstance(index, tuple):
        return ", ".join(map(index_text, index))
    if isinstance(index, slice):
        ends = ["" if i is None else str(i) for i in (index.start, index.stop)]
        return ":".join(ends if index.step is None else [*ends, str(index.step)])
    return "…" if index is Ellipsis else constant(index)
