"""The view of operations: every operation and its red twin."""

from __future__ import annotations

from tinygraph.graph.reading import Call, Graph, Quantity
from tinygraph.guards.faults import our_work
from viz.compose import Drawn, Scene
from viz.labels import call_label, call_tooltip, quantity_label, rule_label, twin_label
from viz.parts import Part, layer_parts
from viz.picture import Picture
from viz.places import Places
from viz.views.rows import Arrow, Block, draw_rows, is_shown, node_above, source_node

__all__ = ["draw_ops", "is_surveyable"]

MANY = 150  # operations: from more on, they are no longer surveyed one by one


def draw_ops(scene: Scene) -> Drawn:
    """Draw every operation of a graph, its quantities and their derivatives, and frames around its layers."""
    picture = scene.picture(scene.options.course)
    with our_work("the view of operations"):
        groups = layer_parts(scene.graph, scene.graph.layers) if scene.options.group else []
        return picture, draw_operations(picture, scene.graph, groups)


def is_surveyable(scene: Scene, most: int) -> bool:
    """Whether there are few operations, and with their quantities and twins at most so many nodes."""
    calls, quantities = scene.graph.calls, shown_quantities(scene.graph)
    nodes = sum(1 + call.wanted for call in calls) + sum(1 + q.wanted for q in quantities)
    return len(calls) <= MANY and nodes <= most


def draw_operations(picture: Picture, graph: Graph, groups: list[Part]) -> Places:
    """Draw all blocks and arrows, and frames around `groups`."""
    blocks = [quantity_block(picture, q) for q in shown_quantities(graph)]
    blocks += [call_block(picture, call) for call in graph.calls]
    frames = {part: layer_members(part) for part in groups}
    framed = {key for found in frames.values() for key, _ in found}
    draw_rows(picture, blocks, [arrow for call in graph.calls for arrow in call_arrows(call)], framed)
    for part, found in frames.items():
        draw_frames(picture, part, found)
    return Places({c: c.id for c in graph.calls}, {q: source_node(q) for q in graph.quantities})


def shown_quantities(graph: Graph) -> list[Quantity]:
    """The quantities that have a node of their own."""
    return [q for q in graph.quantities if is_shown(q)]


def call_arrows(call: Call) -> list[Arrow]:
    """The arrows into a call, and the one to its result."""
    into = [Arrow(source_node(x.quantity), call.id, x.wanted) for x in call.inputs]
    return into + ([Arrow(call.id, call.result.id, call.wanted)] if is_shown(call.result) else [])


def layer_members(part: Part) -> list[tuple[str, bool]]:
    """The operations of a layer, its parameters and results; and whether each has a twin."""
    # Leaves that other operations use too stand outside of the frame.
    private = [x.quantity for x in part.inputs if x.quantity.call is None and node_above(x.quantity)]
    results = [call.result for call in part.calls if is_shown(call.result)]
    return [
        *((call.id, call.wanted) for call in part.calls),
        *((q.id, q.wanted) for q in private + results),
    ]


def draw_frames(picture: Picture, part: Part, found: list[tuple[str, bool]]) -> None:
    """Frames around the members of a layer, and around their twins."""
    picture.group(part.key, f"layer {part.title} forward", [key for key, _ in found])
    twins = [f"d{key}" for key, wanted in found if wanted]
    if twins:
        picture.group(f"d{part.key}", f"layer {part.title} backward", twins, backward=True)


def quantity_block(picture: Picture, q: Quantity) -> Block:
    twin = twin_label(picture, q) if q.wanted else ""
    return Block(
        q.id,
        "value",
        quantity_label(picture, q),
        "derivative",
        twin,
        beside=node_above(q),
        look=picture.look(q.id),
    )


def call_block(picture: Picture, call: Call) -> Block:
    rule = rule_label(picture, call) if call.wanted else ""
    return Block(
        call.id, "operation", call_label(call), "rule", rule, call.reads_cache, tooltip=call_tooltip(call)
    )
