"""Formulas as on paper, in Unicode and in LaTeX: with ᵀ for a transpose, ∗ for entry by entry, and no `np.`.

What only puts axes of length 1 or repeats along them is left out inside of formulas, as on paper.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.notation.expressions import (
    ATOM,
    Expression,
    Notation,
    Written,
    name_of_function,
    shown_settings,
)
from tinygraph.notation.symbols import One, is_one
from tinygraph.notation.text import clean_text, name_text, shape_text
from tinygraph.rules import kernels as k

__all__ = ["Latex", "Unicode"]

COMPARED, SUM, PRODUCT, SIGN, POWER = 2, 4, 5, 6, 7
SAME_NUMBERS = frozenset({np.broadcast_to, np.expand_dims, np.squeeze, k.cast_to, np.positive})
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SHORT = re.compile(r"(d?\w[₀-₉₍₎]*ᵀ?)|\(.*\)ᵀ?")


class Unicode(Notation):
    """Writes expressions in Unicode text.

    Each method gives the text and how tightly its outermost sign binds.

    >>> dZ1, X = Expression("dZ1"), Expression("X")
    >>> Unicode().text(np.matmul(dZ1, X.T)), Unicode().text(dZ1 * (1 - X * X))
    ('dZ₁Xᵀ', 'dZ₁ ∗ (1 − X ∗ X)')
    """

    entrywise, scaled, minus = "∗", "·", "−"

    def text(self, x: Any) -> str:
        """The whole of an expression."""
        text = self.write(x)[0]
        if isinstance(x, Expression) and x.function is np.broadcast_to:
            return self.repeat(text, shape_text(x.args[1]))
        return self.repeat(text, shape_text(x.shape)) if isinstance(x, One) and x.shape else text

    def write(self, x: Any) -> Written:
        """Text, and how tightly its outermost sign binds."""
        x = plain_part(x)
        if not isinstance(x, Expression):
            return self.constant(x), ATOM if not (isinstance(x, int | float) and x < 0) else SIGN
        if x.function is None:
            return "1" if is_one(x) else self.name(x.name), ATOM
        writer = WRITERS.get(x.function)
        return writer(self, x) if writer else (self.call(x), ATOM)

    # The kinds of expressions

    def name(self, name: str) -> str:
        return name_text(name)

    def repeat(self, text: str, shape: str) -> str:
        return f"{text}, repeated to {shape}"

    def join(self, sign: str, tightness: int, left: Any, right: Any) -> Written:
        """A sign between two expressions; brackets on the right where the order matters."""
        after = tightness + (sign not in ("+", self.entrywise, self.scaled))
        end = self.bracket(right, after)
        # −x binds as tightly as any operand, but A + −B is hard to read.
        end = self.brackets(end) if end.startswith(self.minus) else end
        return f"{self.bracket(left, tightness)} {sign} {end}", tightness

    def add(self, x: Any, y: Any) -> Written:
        """x + y; x + (−y) is x − y."""
        y = plain_part(y)
        negative = getattr(y, "function", None) is np.negative
        return self.subtract(x, y.args[0]) if negative else self.join("+", SUM, x, y)

    def subtract(self, x: Any, y: Any) -> Written:
        return self.join(self.minus, SUM, x, y)

    def multiply(self, x: Any, y: Any) -> Written:
        """A product entry by entry, or with a number; a factor 1 is left out, and x · (1 / n) is x / n."""
        x, y = plain_part(x), plain_part(y)
        if is_one(x) or is_one(y):
            return self.write(y if is_one(x) else x)
        if getattr(y, "function", None) is np.divide and is_one(plain_part(y.args[0])):
            return self.divide(x, y.args[1])
        sign = self.scaled if is_scalar(x) or is_scalar(y) else self.entrywise
        return self.join(sign, PRODUCT, x, y)

    def divide(self, x: Any, y: Any) -> Written:
        return self.join("/", PRODUCT, x, y)

    def power(self, x: Any, y: Any) -> Written:
        end = str(y).translate(SUPERSCRIPTS) if isinstance(y, int) else f"**{self.bracket(y, POWER)}"
        return self.bracket(x, ATOM) + end, POWER

    def compare(self, sign: str, x: Any, y: Any) -> Written:
        """x > y."""
        return self.join(self.comparison_sign(sign), COMPARED, x, y)

    def comparison_sign(self, sign: str) -> str:
        """The sign itself; LaTeX has words for some."""
        return sign

    def negate(self, x: Any) -> Written:
        """−x."""
        return self.minus + self.bracket(x, SIGN), SIGN

    def turn(self, x: Expression) -> Written:
        """A transpose; with an order of axes it is a function like any other."""
        if x.settings or len(x.args) > 1:
            return self.call(x), ATOM
        return self.transpose(self.bracket(x.args[0], ATOM)), ATOM

    def transpose(self, text: str) -> str:
        return f"{text}ᵀ"

    def entries(self, x: Any, index: Any) -> Written:
        """x[index]."""
        return f"{self.bracket(x, ATOM)}[{self.index(index)}]", ATOM

    def product(self, x: Any, y: Any) -> Written:
        """A matrix product: side by side where both are short, with @ otherwise."""
        left, right = self.bracket(x, ATOM), self.bracket(y, ATOM)
        if SHORT.fullmatch(left) and SHORT.fullmatch(right):
            return left + right, PRODUCT
        return f"{self.bracket(x, PRODUCT)} @ {right}", PRODUCT

    def total(self, x: Any, axis: Any) -> Written:
        """A sum of entries."""
        over = "" if axis is None else f", axis {', '.join(map(str, np.atleast_1d(axis)))}"
        return f"Σ({self.write(x)[0]}{over})", ATOM

    def call(self, x: Expression) -> str:
        """A function with its arguments and settings."""
        settings = {
            key: value for key, value in shown_settings(x).items() if key not in ("keepdims", "dtype")
        }
        named = [f"{key}={self.write(value)[0]}" for key, value in settings.items()]
        name = name_of_function(x.function).removeprefix("np.")  # type: ignore[arg-type]
        return self.function(name, ", ".join([self.write(a)[0] for a in x.args] + named))

    def function(self, name: str, arguments: str) -> str:
        """A name before arguments in brackets."""
        return f"{'√' if name == 'sqrt' else name}({arguments})"

    def constant(self, x: Any) -> str:
        """A number, a shape or another setting; an array as its shape."""
        if isinstance(x, list | tuple):
            inner = ", ".join(self.write(i)[0] for i in x)
            return f"[{inner}]" if isinstance(x, list) else f"({inner})"
        if np.ndim(x):
            return self.words(f"array {shape_text(np.shape(x))}")
        if isinstance(x, bool | np.bool_ | str) or x is None:
            return self.words(str(x))
        number = isinstance(x, int | float | np.number)
        return f"{x:.4g}".replace("-", self.minus) if number else self.words(str(x))

    def words(self, text: str) -> str:
        """Plain text among the signs of a formula."""
        return text

    def index(self, index: Any) -> str:
        """What stands between the brackets of an index."""
        return "…" if index is Ellipsis else super().index(index)


class Latex(Unicode):
    r"""Writes expressions in LaTeX.

    >>> dZ1, X = Expression("dZ1"), Expression("X")
    >>> print(Latex().text(np.matmul(dZ1, X.T) / Expression("m")))
    \frac{dZ_{1} X^{\top}}{m}
    """

    entrywise, scaled, minus = r"\odot", r"\cdot", "-"
    known = frozenset({"sin", "cos", "tanh", "exp", "log", "arctan", "max", "min"})

    def name(self, name: str) -> str:
        stem, number = (match[1], match[2]) if (match := NUMBERED.fullmatch(name)) else (name, "")
        is_letter = len(stem.removeprefix("d")) <= 1 and stem.isascii() and stem.isalpha()
        shown = stem if is_letter else self.words(clean_text(stem))
        return shown + (f"_{{{number.replace('_', ', ')}}}" if number else "")

    def words(self, text: str) -> str:
        return rf"\text{{{text.translate(SPECIAL)}}}"

    def repeat(self, text: str, shape: str) -> str:
        return text + self.words(f", repeated to {shape}")

    def divide(self, x: Any, y: Any) -> Written:
        # A fraction stands in a product without brackets, but not under a power.
        return rf"\frac{{{self.write(x)[0]}}}{{{self.write(y)[0]}}}", SIGN

    def power(self, x: Any, y: Any) -> Written:
        return f"{{{self.bracket(x, ATOM)}}}^{{{self.write(y)[0]}}}", POWER

    def comparison_sign(self, sign: str) -> str:
        return {"≥": r"\ge", "≤": r"\le", "≠": r"\ne"}.get(sign, sign)

    def transpose(self, text: str) -> str:
        return rf"{text}^{{\top}}"

    def product(self, x: Any, y: Any) -> Written:
        return f"{self.bracket(x, PRODUCT)} {self.bracket(y, ATOM)}", PRODUCT

    def total(self, x: Any, axis: Any) -> Written:
        over = "" if axis is None else rf"_{{\text{{axis }} {', '.join(map(str, np.atleast_1d(axis)))}}}"
        return rf"\sum{over} {self.bracket(x, PRODUCT)}", PRODUCT

    def brackets(self, text: str) -> str:
        return rf"\left({text}\right)" if r"\frac" in text else f"({text})"

    def function(self, name: str, arguments: str) -> str:
        if name == "sqrt":
            return rf"\sqrt{{{arguments}}}"
        shown = f"\\{name}" if name in self.known else rf"\operatorname{{{name.translate(SPECIAL)}}}"
        return shown + self.brackets(arguments)


# How each function is written; all others as calls.
WRITERS: dict[Any, Callable[[Unicode, Expression], Written]] = {
    np.add: lambda n, x: n.add(*x.args),
    np.subtract: lambda n, x: n.subtract(*x.args),
    np.multiply: lambda n, x: n.multiply(*x.args),
    np.divide: lambda n, x: n.divide(*x.args),
    np.power: lambda n, x: n.power(*x.args),
    np.negative: lambda n, x: n.negate(*x.args),
    np.matmul: lambda n, x: n.product(*x.args),
    np.dot: lambda n, x: n.product(*x.args),
    np.transpose: lambda n, x: n.turn(x),
    np.sum: lambda n, x: n.total(x.args[0], x.settings.get("axis")),
    np.add.reduce: lambda n, x: n.total(x.args[0], x.settings.get("axis")),
    operator.getitem: lambda n, x: n.entries(*x.args),
    np.greater: lambda n, x: n.compare(">", *x.args),
    np.greater_equal: lambda n, x: n.compare("≥", *x.args),
    np.less: lambda n, x: n.compare("<", *x.args),
    np.less_equal: lambda n, x: n.compare("≤", *x.args),
    np.equal: lambda n, x: n.compare("=", *x.args),
    np.not_equal: lambda n, x: n.compare("≠", *x.args),
}

NUMBERED = re.compile(r"(.*?[^\W\d_])_?([0-9]+(?:_[0-9]+)?)")
SPECIAL = str.maketrans(
    {c: rf"\{c}" for c in "#$%&_{}"} | {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}
)


def is_scalar(x: Any) -> bool:
    """Whether x is a single number, as far as is known."""
    return getattr(x, "ndim", None) == 0 or isinstance(x, int | float)


def plain_part(x: Any) -> Any:
    """The expression within calls that change no number: more axes, repeats, another dtype."""
    while isinstance(x, Expression) and (x.function in SAME_NUMBERS or is_same_reshape(x)):
        x = x.args[0]
    return without_guard(x)


def is_same_reshape(x: Expression) -> bool:
    """Whether a reshape only adds or takes away axes of length 1."""
    if x.function is not np.reshape:
        return False
    before, after = np.shape(x.args[0]), getattr(x, "shape", ())
    return [n for n in before if n != 1] == [n for n in after if n != 1]


def without_guard(x: Any) -> Any:
    """q for `where(p == 0, 1, q)`, which only avoids 0 / 0 (see `tinygraph.rules.table.ratio`)."""
    if isinstance(x, Expression) and x.function is np.where and len(x.args) == 3:
        condition, one, q = x.args
        if isinstance(condition, Expression) and condition.function is np.equal:
            return plain_part(q) if (condition.args[1], one) == (0, 1) else x
    return x
