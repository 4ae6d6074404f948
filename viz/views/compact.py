"""The compact view: one lane, where each quantity holds its value and, below it in red, its derivative."""

from __future__ import annotations

from typing import Any

from tinygraph.graph.reading import Call, Graph, Quantity
from tinygraph.guards.faults import our_work
from viz.compose import Drawn, Find, Scene
from viz.labels import call_label, call_tooltip, is_seed, name_span, shape_span, twin_label
from viz.picture import Picture
from viz.places import Places
from viz.style import MONO
from viz.text import span
from viz.values import array_lines
from viz.views.rows import is_shown, node_above, source_node

__all__ = ["draw_compact"]


def draw_compact(scene: Scene) -> Drawn:
    """Draw a graph in one lane, with the numbers if they are asked for."""
    picture, graph, values = scene.picture(scene.options.course), scene.graph, scene.options.values
    asked = [q for q in graph.quantities if values and q.wanted and is_shown(q) and not is_seed(q)]
    found = {q: scene.options.find(q) for q in asked}  # may run code of the user's
    with our_work("the compact view"):
        return picture, draw_lane(picture, graph, values, found.get)


def draw_lane(picture: Picture, graph: Graph, values: bool, find: Find) -> Places:
    """The lane, once the derivatives are found."""
    for q in graph.quantities:
        if is_shown(q):
            draw_quantity(picture, q, values, find)
    for call in graph.calls:
        picture.node(call.id, "operation", call_label(call), call_tooltip(call))
        draw_arrows(picture, call)
    cells = {q: f"a_d{q.id}" for q in graph.quantities if q.wanted and is_shown(q)}
    return Places({c: c.id for c in graph.calls}, {q: source_node(q) for q in graph.quantities}, "", cells)


def draw_quantity(picture: Picture, q: Quantity, values: bool, find: Find) -> None:
    """The cells of a quantity, across the arrow between it and its operation."""
    cells = [value_cell(picture, q, values)]
    if q.wanted:
        cells.append(derivative_cell(picture, q, values, find))
    # The cells stand across the arrow that leaves them: side by side on an arrow that goes down.
    above = node_above(q)
    upright = bool(above) == (picture.direction == "right")
    rows = "".join(cells) if upright else "</TR><TR>".join(cells)
    style = 'BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="3" COLOR="#9a9a9a"'
    picture.node(q.id, "cells", f"<TABLE {style}><TR>{rows}</TR></TABLE>")
    if above:
        picture.column(q.id, above)


def value_cell(picture: Picture, q: Quantity, values: bool) -> str:
    head = f"<B>{name_span(q)}</B> {shape_span(picture, q)}"
    picture.mark("cells")
    numbers = number_lines(picture, q.value, picture.palette.forward) if values else ""
    return f'<TD PORT="v" BGCOLOR="{picture.palette.value_fill}">{head.strip()}{numbers}</TD>'


def derivative_cell(picture: Picture, q: Quantity, values: bool, find: Find) -> str:
    head = f'<FONT COLOR="{picture.palette.backward}"><B>{twin_label(picture, q)}</B></FONT>'
    # The derivative of an output by itself is 1, which its label says already.
    numbers = "" if not values or is_seed(q) else derivative_lines(picture, find(q))
    fill = picture.palette.wrong_fill if picture.verdicts.get(q.id) == "wrong" else "white"
    own = f'ID="d{q.id}" TOOLTIP="derivative"'  # Graphviz makes a group of a cell that has both
    return f'<TD PORT="g" {own} BGCOLOR="{fill}">{head}{numbers}</TD>'


def derivative_lines(picture: Picture, array: Any) -> str:
    """The numbers of a derivative; one that was not computed says so, and is never shown as 0."""
    red = picture.palette.backward
    return (
        f"<BR/><I>{span('not computed', color=red, point_size='9')}</I>"
        if array is None
        else number_lines(picture, array, red)
    )


def number_lines(picture: Picture, array: Any, color: str) -> str:
    """An array in small figures, below a heading."""
    rows = [line.replace(" ", "\u00a0") for line in array_lines(array)]
    if "…" in rows[0] or rows[-1] == "⋮":
        picture.mark("…")
    return "".join(f"<BR/>{span(row, face=MONO, point_size='8.5', color=color)}" for row in rows)


def draw_arrows(picture: Picture, call: Call) -> None:
    """The black arrows into a call and to its result, and their red partners."""
    for x in call.inputs:
        draw_arrow_pair(picture, x.quantity, call, x.wanted)
    q = call.result
    if is_shown(q):
        picture.edge("fwd", call.id, f"{q.id}:v", weight="100")
        if call.wanted:
            picture.edge("bwd", f"{q.id}:g", call.id, against=True)


def draw_arrow_pair(picture: Picture, q: Quantity, call: Call, wanted: bool) -> None:
    """The arrow from a quantity, or from the operation that made it, into a call."""
    shown = is_shown(q) or q.call is None
    tail, back = (f"{q.id}:v", f"{q.id}:g") if shown else (q.call.id, q.call.id)  # type: ignore[union-attr]
    picture.edge("fwd", tail, call.id, weight="1" if node_above(q) else "100")
    if wanted:
        picture.edge("bwd", call.id, back, against=True)
