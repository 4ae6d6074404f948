"""Long formulas told by the part in which they differ."""

from __future__ import annotations

import re
from typing import Any

from tinygraph.notation.expressions import Expression

__all__ = ["TELLABLE", "differing_texts", "shorten_text", "text_around"]

TELLABLE = 80
TOKEN = re.compile(r"[\w.]+|\s+|.")


def differing_texts(made: Any, right: Any) -> tuple[str, str]:
    """The largest parts of two formulas that hold all of their differences and are short enough to be told.

    >>> from tinygraph.notation.parsing import parse_formula
    >>> names = {x: Expression(x) for x in ("A", "B", "delta" * 20)}
    >>> made, right = (parse_formula(f"({'delta' * 20} * (A {s} B)).T", names) for s in "-+")
    >>> differing_texts(made, right)
    ('... (A - B) ...', '... (A + B) ...')
    """
    a, b = made, right
    while is_long(a) or is_long(b):
        inner = differing_parts(a, b)
        if inner is None:
            return shorten_pair(str(a), str(b))
        a, b = inner
    if a is made:
        return str(a), str(b)
    return between_dots(a), between_dots(b)


def text_around(made: Any, right: str) -> str:
    """What was made of all of the right formula, with dots in its place; empty if it is no part of it.

    >>> A, B = Expression("A"), Expression("B")
    >>> text_around((A @ B) * 2, "A @ B")
    '(...) * 2'
    """
    if not isinstance(made, Expression) or made.function is None or right not in map(str, made.args):
        return ""
    dots = tuple(Expression("(...)") if str(x) == right else x for x in made.args)
    return str(made.record(made.function, dots, made.settings))


def is_long(x: Any) -> bool:
    return len(str(x)) > TELLABLE


def between_dots(x: Any) -> str:
    """A part of a formula, between dots."""
    is_call = isinstance(x, Expression) and x.function is not None
    text = str(x)
    return f"... ({text}) ..." if is_call and not is_atom(text) else f"... {text} ..."


def is_atom(text: str) -> bool:
    """Whether a text needs no brackets: a name, or one call."""
    return bool(re.fullmatch(r"[\w.]+(\([^()]*\))?(\.T)?", text))


def differing_parts(a: Any, b: Any) -> tuple[Any, Any] | None:
    """The one pair of arguments in which two calls of one function differ."""
    if not (isinstance(a, Expression) and isinstance(b, Expression)):
        return None
    if a.function is None or a.function is not b.function or len(a.args) != len(b.args):
        return None
    pairs = [(x, y) for x, y in zip(a.args, b.args, strict=True) if str(x) != str(y)]
    return pairs[0] if len(pairs) == 1 and str(a.settings) == str(b.settings) else None


def shorten_pair(a: str, b: str) -> tuple[str, str]:
    """Two texts without what both begin and end with, as far as they are too long."""
    x, y = TOKEN.findall(a), TOKEN.findall(b)
    shorter = min(len(x), len(y))
    start = next((i for i in range(shorter) if x[i] != y[i]), shorter)
    end = next((i for i in range(shorter - start) if x[-1 - i] != y[-1 - i]), shorter - start)
    start, end = max(0, start - 4), max(0, end - 4)  # some words around it

    def told(words: list[str]) -> str:
        kept = "".join(words[start : len(words) - end]).strip()
        return f"{'... ' * bool(start)}{shorten_text(kept)}{' ...' * bool(end)}"

    return told(x), told(y)


def shorten_text(text: str) -> str:
    """A text that is too long without its middle.

    >>> len(shorten_text("x + " * 100)) <= TELLABLE
    True
    """
    if len(text) <= TELLABLE:
        return text
    half = (TELLABLE - 5) // 2
    return f"{text[:half].rstrip()} ... {text[-half:].lstrip()}"
