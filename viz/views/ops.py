"""The view of operations: every operation and its red twin."""

from __future__ import annotations

from viz.graph import Call, Graph, Quantity
from viz.labels import call_label, call_tooltip, quantity_label, rule_label, twin_label
from viz.picture import Picture
from viz.views.rows import Arrow, Block, above, draw_rows, is_shown

__all__ = ["draw_ops"]


def draw_ops(picture: Picture, graph: Graph) -> None:
    """Draw every operation of `graph`, its named quantities and their derivatives."""
    shown = [q for q in graph.quantities if is_shown(q)]
    blocks = [quantity_block(picture, q) for q in shown] + [call_block(picture, c) for c in graph.calls]
    draw_rows(picture, blocks, [arrow for call in graph.calls for arrow in arrows(call)])


def arrows(call: Call) -> list[Arrow]:
    """The arrows into a call, and the one to its result."""
    into = [Arrow(source(x.quantity), call.id, x.wanted) for x in call.inputs]
    return into + ([Arrow(call.id, call.result.id, call.wanted)] if is_shown(call.result) else [])


def source(q: Quantity) -> str:
    """The node from which a quantity comes: its own, or that of its call."""
    return q.id if is_shown(q) or q.call is None else q.call.id


def quantity_block(picture: Picture, q: Quantity) -> Block:
    twin = twin_label(picture, q) if q.wanted else ""
    return Block(
        q.id,
        "value",
        quantity_label(picture, q),
        "derivative",
        twin,
        beside=above(q),
        look=picture.look(q.id),
    )


def call_block(picture: Picture, call: Call) -> Block:
    rule = rule_label(picture, call) if call.wanted else ""
    return Block(
        call.id, "operation", call_label(call), "rule", rule, call.reads_cache, tooltip=call_tooltip(call)
    )
