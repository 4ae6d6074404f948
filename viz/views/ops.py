"""The view of operations: every operation and its red twin."""

from __future__ import annotations

from viz.graph import Call, Graph, Quantity
from viz.labels import call_label, call_tooltip, quantity_label, rule_label, twin_label
from viz.picture import Picture
from viz.views.rows import Arrow, Block, draw_rows

__all__ = ["draw_ops"]


def draw_ops(picture: Picture, graph: Graph) -> None:
    """Draw every operation of `graph`, its named quantities and their derivatives."""
    shown = [q for q in graph.quantities if is_shown(q)]
    blocks = [quantity_block(picture, q) for q in shown] + [call_block(picture, c) for c in graph.calls]
    draw_rows(picture, blocks, [arrow for call in graph.calls for arrow in arrows(call)])


def is_shown(q: Quantity) -> bool:
    """Whether a quantity has a node of its own: leaves, what has a name, and where derivatives meet."""
    return q.call is None or q.name is not None or q.is_output or len(q.uses) != 1


def arrows(call: Call) -> list[Arrow]:
    """The arrows into a call, and the one to its result."""
    into = [Arrow(source(x.quantity), call.id, x.wanted) for x in call.inputs]
    return into + ([Arrow(call.id, call.result.id, call.wanted)] if is_shown(call.result) else [])


def source(q: Quantity) -> str:
    """The node from which a quantity comes: its own, or that of its call."""
    return q.id if is_shown(q) or q.call is None else q.call.id


def quantity_block(picture: Picture, q: Quantity) -> Block:
    twin = twin_label(picture, q) if q.wanted else ""
    return Block(q.id, "value", quantity_label(picture, q), "derivative", twin, beside=column_of(q))


def column_of(q: Quantity) -> str:
    """The call above which a leaf stands: its only one, if that has another input to stand in line with."""
    if q.call is not None or len(q.uses) != 1 or len(q.uses[0].inputs) == 1:
        return ""
    leaves = [x.quantity for x in q.uses[0].inputs if x.quantity.call is None and len(x.quantity.uses) == 1]
    return q.uses[0].id if q is min(leaves, key=lambda leaf: not leaf.wanted) else ""


def call_block(picture: Picture, call: Call) -> Block:
    cache = "cache" if call.wanted and call.reads_cache else ""
    rule = rule_label(picture, call) if call.wanted else ""
    return Block(call.id, "operation", call_label(call), "rule", rule, cache, tooltip=call_tooltip(call))
