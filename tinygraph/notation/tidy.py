"""Formulas made short, without a change of their numbers: what a rule does for arrays, a person leaves out.

A factor 1 goes, numbers meet in one factor, a number that is repeated to be multiplied with an array is that
number, and a sum that was given back its axes only to lose them is a plain sum.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from tinygraph.notation.symbols import One, Symbol
from tinygraph.rules import kernels as k
from tinygraph.rules.shapes import reduced_axes

__all__ = ["number_of", "scale_formula", "tidy_formula", "without_factor"]

Factor = Fraction | float
PLAIN_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.sum, "multiply": np.prod, "maximum": np.max, "minimum": np.min
}  # fmt: skip


def tidy_formula(x: Any) -> Any:
    """The expression of symbols `x`, as short as it can be written.

    >>> dZ, one = Symbol((2, 3), float, "dZ"), One((), float, "1")
    >>> str(tidy_formula(dZ * (2 * one / 4))), str(tidy_formula(np.add.reduce(dZ, axis=(1,), keepdims=True)))
    ('dZ / 2', 'np.sum(dZ, axis=1, keepdims=True)')
    """
    return tidy_part(x, {})


def tidy_part(x: Any, known: dict[int, Any]) -> Any:
    """The same; parts that several places share stay shared, or a deep graph would take for ever."""
    if isinstance(x, list | tuple):
        return type(x)(tidy_part(part, known) for part in x)
    if not isinstance(x, Symbol) or x.function is None:
        return x
    if id(x) not in known:
        # From the inside out: what a rule looks at is short already.
        made = remake(x, tuple(tidy_part(part, known) for part in x.args))
        rule: Callable[[Symbol], Any] = TIDY_RULES.get(made.function, remake)
        known[id(x)] = rule(made)
    return known[id(x)]


def remake(x: Symbol, args: tuple[Any, ...] | None = None) -> Symbol:
    """The call of x with other arguments, and with the settings that a person writes."""
    made = Symbol(x.shape, x.dtype)
    made.function, made.args, made.settings = x.function, x.args if args is None else args, x.settings
    # Rules of the table call np.add.reduce, which is faster than np.sum.
    owner = getattr(x.function, "__self__", None)
    if isinstance(owner, np.ufunc):
        made.function = PLAIN_REDUCTIONS.get(owner.__name__, x.function)
    if made.settings.get("keepdims") is False:
        made.settings = {key: value for key, value in made.settings.items() if key != "keepdims"}
    return made


# Numbers


def number_of(x: Any) -> Factor | None:
    """The number that x is, or that each entry is, if it is made of numbers and the seed 1 alone."""
    if isinstance(x, One):
        return Fraction(1)
    if isinstance(x, int | float) and not isinstance(x, bool):
        return as_factor(x)
    if not isinstance(x, Symbol) or x.function is None:
        return None
    if x.function in SPREADING:
        return number_of(x.args[0])
    parts = [number_of(part) for part in x.args] if x.function in ARITHMETIC else [None]
    if None in parts or (x.function is np.divide and not parts[1]):
        return None
    return as_factor(ARITHMETIC[x.function](*parts))


def as_factor(x: Any) -> Factor:
    """Whole numbers and ratios of them are exact, so that 3 * (x / 3) is x; other numbers are floats."""
    return Fraction(x) if isinstance(x, int | Fraction) or (np.isfinite(x) and x == int(x)) else x


SPREADING = frozenset({np.broadcast_to, np.reshape, np.expand_dims, np.positive, k.cast_to})
ARITHMETIC: dict[Any, Callable[..., Factor]] = {
    np.add: lambda x, y: x + y,
    np.subtract: lambda x, y: x - y,
    np.multiply: lambda x, y: x * y,
    np.divide: lambda x, y: x / y,
    np.negative: lambda x: -x,
}


def times_number(x: Any, factor: Factor) -> Any:
    """x times a number, as one writes it: 2 * x / 3, not 0.667 * x, and one number rather than two."""
    inner, own = split_number(x)
    factor = as_factor(own * factor)
    if factor == 1:
        return inner
    if isinstance(inner, One):
        return number_in_shape(factor, inner)
    if factor < 0:
        return -times_number(inner, -factor)
    if isinstance(factor, float):
        return shortest_float(factor) * inner
    large = inner if factor.numerator == 1 else factor.numerator * inner
    return large if factor.denominator == 1 else large / factor.denominator


def number_in_shape(factor: Factor, one: One) -> Any:
    """A number, or an array of it."""
    top, bottom = (factor.numerator, factor.denominator) if isinstance(factor, Fraction) else (factor, 1)
    number = Symbol((), one.dtype)
    number.function, number.args = (np.positive, (top,)) if bottom == 1 else (np.divide, (top, bottom))
    return number.record(np.broadcast_to, (number, one.shape), {}) if one.shape else number


def shortest_float(x: float) -> float:
    """x without the digits that only rounding made: 0.3 for 0.1 * 3."""
    short = float(f"{x:.12g}")
    return short if abs(short - x) <= 1e-15 * abs(x) else x


def split_number(x: Any) -> tuple[Any, Factor]:
    """x without the number that it is multiplied with, and that number."""
    if isinstance(x, Symbol) and x.function is np.negative:
        inner, own = split_number(x.args[0])
        return inner, -own
    if isinstance(x, Symbol) and x.function in (np.multiply, np.divide):
        left, right = x.args
        # Of a product with 0 nothing is taken out: 0 * x has the shape of x, and so it stays.
        if (number := number_of(right)) and has_shape_of(left, x):
            inner, own = split_number(left)
            return inner, own / number if x.function is np.divide else own * number
        if x.function is np.multiply and (number := number_of(left)) and has_shape_of(right, x):
            inner, own = split_number(right)
            return inner, own * number
    return x, Fraction(1)


def has_shape_of(x: Any, result: Symbol) -> bool:
    """Whether x alone gives a result its shape, so that the other operand may be a plain number."""
    return isinstance(x, Symbol) and x.shape == result.shape


def scale_formula(x: Any, m: int) -> Any:
    """m times an expression, where that takes something away; None where it would only add a factor."""
    if isinstance(x, Symbol) and x.function in (np.add, np.subtract):  # both parts, or neither
        left, right = (scale_formula(part, m) for part in x.args)
        return None if left is None or right is None else tidy_formula(remake(x, (left, right)))
    if isinstance(x, Symbol) and x.function in (np.broadcast_to, np.reshape, np.transpose, np.negative):
        inner = scale_formula(x.args[0], m)
        return None if inner is None else tidy_formula(remake(x, (inner, *x.args[1:])))
    number = number_of(x)
    if number is not None:
        shortens = isinstance(number, Fraction) and number.denominator > 1
        return number_in_shape(as_factor(number * m), One(x.shape, x.dtype, "1")) if shortens else None
    _, own = split_number(x)
    return times_number(x, Fraction(m)) if isinstance(own, Fraction) and own.denominator > 1 else None


def without_factor(x: Any, name: str) -> Any:
    """An expression without the factor `name` that it is multiplied with; None if it has no such factor."""
    if not isinstance(x, Symbol) or x.function not in (np.multiply, np.divide, np.negative):
        return None
    if x.function is np.multiply and any(is_named(part, name) for part in x.args):
        return next(part for part in x.args if not is_named(part, name))
    for i, part in enumerate(x.args[:1] if x.function is np.divide else x.args):
        rest = without_factor(part, name)
        if rest is not None:
            return tidy_formula(remake(x, (*x.args[:i], rest, *x.args[i + 1 :])))
    return None


def is_named(x: Any, name: str) -> bool:
    return isinstance(x, Symbol) and x.function is None and x.name == name


# Rules by function


def tidy_product(x: Symbol) -> Any:
    """A product: a number that was repeated is a number, and all of them are one."""
    left, right = x.args
    for number, other in ((number_of(left), right), (number_of(right), left)):
        if number is not None and has_shape_of(other, x):
            return times_number(other, number)
    left, right = without_repeats(x)
    (first, a), (second, b) = split_number(left), split_number(right)
    if (a, b) == (1, 1):
        return remake(x, (left, right))
    return times_number(remake(x, (first, second)), a * b)


def tidy_quotient(x: Symbol) -> Any:
    """A quotient: numbers that are multiplied with it stand in front, or below."""
    left, right = without_repeats(x)
    number = number_of(right)
    if number and has_shape_of(left, x):
        return times_number(left, 1 / number)
    number = number_of(left)
    inner, own = (1, number) if number is not None and number != 1 else split_number(left)
    return remake(x, (left, right)) if own == 1 else times_number(remake(x, (inner, right)), own)


def tidy_sum(x: Symbol) -> Any:
    """x + (−y) is x − y."""
    left, right = without_repeats(x)
    if isinstance(right, Symbol) and right.function is np.negative and not isinstance(left, int | float):
        return remake_as(np.subtract, x, (left, right.args[0]))
    return remake(x, (left, right))


def tidy_difference(x: Symbol) -> Any:
    """A difference, of which NumPy repeats one side."""
    return remake(x, without_repeats(x))


def without_repeats(x: Symbol) -> tuple[Any, Any]:
    """Two operands without what repeats one to the shape that the other has anyway."""
    left, right = x.args
    left = without_repeat(left, right, x.shape)
    return left, without_repeat(right, left, x.shape)


def without_repeat(x: Any, other: Any, shape: tuple[int, ...]) -> Any:
    """What x repeats to `shape`, if `other` has that shape, so that NumPy repeats it; x itself if not."""
    # One number in each place may be written without its shape.
    if not isinstance(other, Symbol) or other.shape != shape or number_of(other) is not None:
        return x
    inner = x
    while isinstance(inner, Symbol) and inner.function in (np.broadcast_to, np.reshape, np.expand_dims):
        inner = inner.args[0]
        if isinstance(inner, Symbol) and inner.shape == ():
            return inner
    return x.args[0] if isinstance(x, Symbol) and x.function is np.broadcast_to else x


def tidy_negative(x: Symbol) -> Any:
    """−(−x) is x, and −(x − y) is y − x."""
    inner = x.args[0]
    if isinstance(inner, Symbol) and inner.function is np.negative:
        return inner.args[0]
    if isinstance(inner, Symbol) and inner.function is np.subtract and isinstance(inner.args[0], Symbol):
        left, right = inner.args
        if left.shape == getattr(right, "shape", None) == x.shape:  # A - Y, but not x - 1 for -(1 - x)
            return remake_as(np.subtract, x, (right, left))
    return x


def tidy_total(x: Symbol) -> Any:
    """The sum of one number in many places is that number times how many of them a sum takes."""
    number = number_of(x.args[0])
    if number is None:
        return x
    return number_in_shape(as_factor(number * (x.args[0].size // max(x.size, 1))), One(x.shape, x.dtype, "1"))


def tidy_repeat(x: Symbol) -> Any:
    """Ones repeated are ones."""
    return One(x.shape, x.dtype, "1") if isinstance(x.args[0], One) else x


def tidy_reshape(x: Symbol) -> Any:
    """A reshape of a reshape is one, of ones it is ones, of a sum that kept its axes the sum that did not."""
    inner = x.args[0]
    while isinstance(inner, Symbol) and inner.function is np.reshape:
        inner = inner.args[0]
    if inner.shape == x.shape:
        return inner
    if isinstance(inner, One):
        return One(x.shape, x.dtype, "1")
    if inner.function in (np.sum, np.mean) and inner.settings.get("keepdims"):
        axes = reduced_axes(inner.settings.get("axis"), inner.args[0].ndim)
        if x.shape == tuple(n for i, n in enumerate(inner.args[0].shape) if i not in axes):
            return without_keepdims(inner, x)
    return remake_as(np.reshape, x, (inner, *x.args[1:]))


def without_keepdims(reduction: Symbol, x: Symbol) -> Symbol:
    """A reduction that loses its axes, with the shape of x."""
    made = remake_as(reduction.function, x, reduction.args)
    made.settings = {key: value for key, value in reduction.settings.items() if key != "keepdims"}
    return made


def remake_as(function: Any, x: Symbol, args: tuple[Any, ...]) -> Symbol:
    """Another call with a result like x."""
    made = remake(x, args)
    made.function = function
    return made


def tidy_reciprocal(x: Symbol) -> Any:
    """1 / x."""
    return remake_as(np.divide, x, (1, *x.args))


TIDY_RULES: dict[Any, Callable[[Symbol], Any]] = {
    np.multiply: tidy_product,
    np.divide: tidy_quotient,
    np.add: tidy_sum,
    np.subtract: tidy_difference,
    np.negative: tidy_negative,
    np.broadcast_to: tidy_repeat,
    np.reciprocal: tidy_reciprocal,
    np.sum: tidy_total,
    np.reshape: tidy_reshape,
}
