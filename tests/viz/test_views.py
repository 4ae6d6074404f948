"""What holds in every view."""

from functools import reduce

import numpy as np
import pygraphviz
import pytest
from hypothesis import example, given, settings

import tinygraph as tg
import viz
from tests.viz.graphs import GRAPHS, NAMES, VIEWS, edges, elements, network, text, three_layers, two_losses
from tinygraph.notation.text import name_text
from viz.picture import LEGEND
from viz.style import PALETTES

each_view = pytest.mark.parametrize("view", VIEWS)
each_graph = pytest.mark.parametrize("graph", GRAPHS)


@each_view
@each_graph
def test_every_arrow_has_a_class_with_its_colour_and_style(graph, view):
    lecture = PALETTES["lecture"]
    expected = {
        ("fwd", lecture.forward, ""),
        ("bwd", lecture.backward, "dashed"),
        ("cache", lecture.cache, "dotted"),
    }

    actual = {(edge.kind, edge.color, edge.style) for edge in edges(viz.draw(graph(), view=view))}

    assert actual <= expected
    assert {"fwd", "bwd"} <= {kind for kind, _, _ in actual}


@each_view
@each_graph
def test_svg_has_the_arrows_of_the_dot_text(graph, view):
    drawing = viz.draw(graph(), view=view)
    for kind in ("fwd", "bwd", "cache"):
        expected = sum(edge.kind == kind for edge in edges(drawing))

        assert expected == sum("edge" in g.get("class") for g in elements(drawing, kind).values())


@each_view
@each_graph
def test_heads_of_arrows_are_where_the_ids_say(graph, view):
    """Red arrows are laid out backwards; the arrowhead must still be at the node that the id ends with."""
    source = pygraphviz.AGraph(string=viz.draw(graph(), view=view).source)
    for edge in source.edges():
        if edge.attr["style"] != "invis":
            first, second = (edge[1], edge[0]) if edge.attr["dir"] == "back" else edge

            assert edge.attr["id"].startswith(f"{first}->{second}")


@each_view
@each_graph
def test_ids_are_unique(graph, view):
    source = pygraphviz.AGraph(string=viz.draw(graph(), view=view).source)

    ids = [x.attr["id"] for x in [*source.nodes(), *source.edges()] if x.attr["style"] != "invis"]

    assert len(ids) == len(set(ids))


@each_view
@each_graph
def test_legend_explains_the_marks_of_the_picture_and_no_others(graph, view):
    drawing = viz.draw(graph(), view=view)
    shown = "".join(text(g) for kind in ("node",) for g in elements(drawing, kind).values())
    for mark in ("⊕", "+=", "∗", "Σ", "′"):
        assert (mark in shown) == (LEGEND[mark] in drawing.description), mark
    for kind in ("fwd", "cache"):
        assert bool(elements(drawing, kind)) == (LEGEND[kind] in drawing.description)
    assert drawing.description.replace(" ", "") in text(elements(drawing, "graph")["graph0"]).replace(
        "\xa0", ""
    ).replace(" ", "")


@each_view
def test_nothing_leaves_the_picture(view):
    for node in elements(viz.draw(three_layers(), view=view), "node").values():
        assert text(node)


@each_view
@settings(deadline=None)
@given(NAMES, NAMES)
@example("<script>alert(1)</script>", 'a"b\\N\\l & c')
@example("x" * 20_000, "")
@example("two\nlines", "\x00\ud7ff\u202e")
@example("W1", "W1")
@example("a:b", "</text>")
@example("%s%d", "ᵀ′₁")
def test_names_are_shown_as_text(view, first, second):
    x, y = tg.parameter(np.ones((2, 2)), name=first), tg.parameter(np.ones((2, 2)), name=second)
    drawing = viz.draw(np.sum(np.exp(x) * y), view=view)

    shown = "".join(text(node) for node in elements(drawing, "node").values())

    assert not elements(drawing, "script")
    for name in {first, second} - {""}:
        assert "".join(name_text(name).split()) in "".join(shown.split())


@each_view
def test_chain_of_two_thousand_operations_becomes_text_without_recursion(view):
    x = tg.parameter(1.0, name="x")
    y = reduce(lambda y, _: y + 1.0, range(2000), x)

    drawing = viz.draw(y, view=view, fold=False)

    assert drawing.source.count("class=fwd") == 2001


@each_view
def test_several_outputs(view):
    drawing = viz.draw(two_losses(), view=view)

    assert drawing.title == "J₁ and J₂"
    assert "∂(J₁ + J₂)" in drawing.description


@each_view
def test_shapes_are_shown_with_the_names(view):
    shown = "".join(text(node) for node in elements(viz.draw(three_layers(), view=view), "node").values())

    for name in ("W₁4×5", "b₁4×1", "A₁4×6"):
        assert name in shown.replace(" ", "")


@pytest.mark.parametrize("direction", ["right", "down"])
@each_view
def test_forward_goes_in_the_given_direction(view, direction):
    graph = pygraphviz.AGraph(
        string=viz.draw(network([3, 1], [tg.sigmoid]), view=view, direction=direction).source
    )
    graph.layout("dot")
    x, y = map(float, graph.get_node("X").attr["pos"].split(","))
    x1, y1 = map(float, graph.get_node("A1").attr["pos"].split(","))

    assert x1 > x if direction == "right" else y1 < y
