"""What stands on the nodes: names with shapes, symbols of operations, and the marks of the backward row."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygraph.graph.reading import Call, Quantity, is_number
from tinygraph.notation.text import clean_text, name_text, shape_text
from viz.picture import Picture
from viz.text import derivative_text, lines, span

__all__ = [
    "call_label",
    "call_symbol",
    "call_tooltip",
    "is_seed",
    "mark_doubt",
    "name_span",
    "quantity_label",
    "rule_label",
    "shape_span",
    "twin_label",
]

INFIX = frozenset("+−*/@") | {"**"}


def name_span(q: Quantity) -> str:
    """The name of a quantity, or a dot."""
    return span(name_text(q.name) if q.name else "·")


def quantity_label(picture: Picture, q: Quantity) -> str:
    """A name and, smaller below it, a shape."""
    return lines(name_span(q) if q.name or not q.shape else "", shape_span(picture, q))


def shape_span(picture: Picture, q: Quantity) -> str:
    """A shape, small and faint; nothing for a single number."""
    text = shape_text(q.shape)
    return span(text, color=picture.palette.faint, point_size="9") if text else ""


def twin_label(picture: Picture, q: Quantity) -> str:
    """The derivative with respect to a quantity: its name, with a mark where several arrive."""
    text = derivative_text(q.name) if q.name else "d·"
    if q.terms > 1:
        picture.mark("⊕")
        text = f"⊕ {text}"
    elif is_seed(q):
        text += " = 1"
    return mark_doubt(picture, q, text)


def is_seed(q: Quantity) -> bool:
    """Whether the sweep starts here, from 1."""
    return q.is_output and q.shape == () and not q.arriving


def mark_doubt(picture: Picture, q: Quantity, text: str) -> str:
    """The text of a derivative, marked if it is the first wrong one or follows from it."""
    verdict = picture.verdicts.get(q.id)
    if verdict is None:
        return span(text)
    picture.mark(verdict)
    if verdict == "wrong":
        return f"<B>{span(f'{text} ✗', color=picture.palette.wrong_text)}</B>"
    return span(f"{text} ?")


def call_label(call: Call) -> str:
    """The symbol of an operation with what enters it, in several lines where it is long."""
    detail = [span(part, point_size="9") for part in call_detail(call).split(", ") if part]
    return lines(break_label(operation_symbol(call)), *detail)


def rule_label(picture: Picture, call: Call) -> str:
    """The symbol of the derivative of an operation."""
    picture.mark("′")
    if call.stretches:
        picture.mark("Σ")
    return break_label(call.node.op.symbol + "′" + (" Σ" if call.stretches else ""))


def break_label(text: str) -> str:
    head, dash, tail = text.partition("-")
    breaks = head[-1:].isalpha() and len(text) > 10  # not at the sign of a number
    return lines(span(head + dash), span(tail)) if dash and breaks else span(text)


def call_detail(call: Call) -> str:
    """What an operation does in this call: 3 × 3, stride 2."""
    node = call.node
    return node.op.detail(*node.cache, **node.settings) if node.op.detail else ""


def call_symbol(call: Call) -> str:
    """The symbol of an operation and what it does in this call, on one line."""
    return f"{operation_symbol(call)} {call_detail(call)}".rstrip()


def operation_symbol(call: Call) -> str:
    """`+`, or `** 2` and `max(·, 0)` where numbers enter."""
    sign, inputs = call.node.op.symbol, [x for x in call.node.inputs if x is not None]
    if not any(map(is_number, inputs)):
        return sign
    shown = [number_text(x) if is_number(x) else "·" for x in inputs]
    if sign in INFIX:
        return f" {sign} ".join(shown).strip("· ")
    return f"{sign}({', '.join(shown)})"


def number_text(x: Any) -> str:
    """A number, short."""
    is_plain = isinstance(x, int | float | np.number) and not isinstance(x, bool)
    return f"{x:.4g}" if is_plain else clean_text(str(x), 12)


def call_tooltip(call: Call) -> str:
    """The operation's definition and settings, for whoever points at it."""
    settings = [f"{key}={clean_text(str(value))}" for key, value in call.node.settings.items()]
    return "; ".join([f"{call.node.op.name}: {call.node.op.formula}", *settings])
