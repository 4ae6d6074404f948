"""Names and shapes as text: subscripts, identifiers, and users' text made harmless."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["clean_text", "identifier", "name_text", "shape_text", "subscript", "unique_text"]

LONGEST_TEXT = 32
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Text that draws as it reads: one line, no control characters, shortened.

    >>> clean_text("two\\nlines"), clean_text("a" * 99, longest=5), clean_text("")
    ('two↵lines', 'aaaa…', '∅')
    """
    shown = "".join(map(visible_character, text[:longest])) or "∅"
    return shown if len(text) <= longest else shown[: longest - 1] + "…"


def visible_character(character: str) -> str:
    """The character, or a sign for one that would not show or would not be allowed in XML."""
    if character == "\n":
        return "↵"
    hidden = unicodedata.category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp") or character in DIRECTION_MARKS
    return "�" if hidden else character


def name_text(name: str) -> str:
    """A name with its digits as subscripts; Z1_2 is the second quantity called Z1.

    >>> name_text("W12"), name_text("x_2"), name_text("Z1_2"), name_text("W_out")
    ('W₁₂', 'x₂', 'Z₁₍₂₎', 'W_out')
    """
    match = re.fullmatch(r"(.*?[^\W\d_])(?:_?([0-9]+))?(?:_([0-9]+))?", name)
    if match is None:
        return clean_text(name)
    stem, number, again = match[1], (match[2] or ""), match[3]
    return clean_text(stem) + subscript(number) + (f"₍{subscript(again)}₎" if again else "")


def subscript(digits: str) -> str:
    """Digits as a subscript."""
    return digits.translate(SUBSCRIPTS)


def shape_text(shape: Iterable[int]) -> str:
    """A shape as in the lectures; a single number has none.

    >>> shape_text((4, 3)), shape_text((5,)), shape_text(())
    ('4×3', '5', '')
    """
    return "×".join(map(str, shape))


@lru_cache(maxsize=4096)
def identifier(text: str) -> str:
    """A name for a node in DOT and SVG: letters, digits, _ and . only.

    >>> identifier("W1"), identifier('a "b"')
    ('W1', 'a_b_')
    """
    return re.sub(r"[^\w.]+", "_", clean_text(text), flags=re.ASCII) or "_"


def unique_text(text: str, taken: dict[str, int]) -> str:
    """`text`, with a number added if it is taken; `taken` says how often each text was asked for.

    >>> taken = {}
    >>> unique_text("a", taken), unique_text("a", taken)
    ('a', 'a.2')
    """
    found = text
    while found in taken:
        taken[text] += 1
        found = f"{text}.{taken[text]}"
    taken[found] = 1
    return found
