"""The table of views: a row is all that `draw`, `page`, "auto" and the errors know of a view."""

import re

import pytest

import tinygraph as tg
import viz
from tests.viz.graphs import GRAPHS, mathematics, network, three_layers
from viz.choices import check_choices
from viz.compose import read_scene
from viz.places import Places
from viz.views.layers import has_layers
from viz.views.ops import MANY, draw_ops, is_surveyable
from viz.views.table import KNOWN_VIEWS, View, choose_view


def draw_list(scene):
    """A view that draws the operations and no arrows."""
    picture = scene.picture()
    for call in scene.graph.calls:
        picture.node(call.id, "operation", call.node.op.name)
    calls = {call: call.id for call in scene.graph.calls}
    return picture, Places(calls, dict.fromkeys(scene.graph.quantities, ""), "")


@pytest.fixture
def listing(monkeypatch):
    """The table with a row more."""

    def add(**columns):
        monkeypatch.setitem(KNOWN_VIEWS, "list", View("list", "a list", draw_list, **columns))

    return add


def scene_of(J):
    return read_scene(list(J) if isinstance(J, tuple) else [J], None)


def tabs(page):
    """The headings of a page, in their order, and the views that are under them."""
    text = page.html
    return re.findall(r'role="tab" [^>]*>([^<]*)<', text), re.findall(r' data-view="([^"]*)"', text)


def test_a_row_more_is_a_view_of_draw(listing):
    listing()
    drawing = viz.draw(three_layers(), "list")

    assert drawing.nodes == 10
    assert "class=operation" in drawing.source
    assert "class=fwd" not in drawing.source


def test_a_row_more_is_a_tab_of_the_page(listing):
    listing(least_scale=0.25)
    first, last = viz.page(mathematics(), "list"), viz.page(mathematics())

    assert tabs(first)[0] == ["a list", "operations", "compact"]
    assert tabs(last) == (["operations", "compact", "a list"], ["ops", "compact", "list"])
    assert 'data-view="list" data-least="0.25"' in first.html


def test_a_row_more_is_told_of_where_a_view_is_unknown(listing):
    listing()
    with pytest.raises(
        ValueError, match="view is one of 'auto', 'ops', 'layers', 'compact', 'list', not 'x'"
    ):
        viz.draw(three_layers(), "x")
    check_choices(view="list")


def test_a_row_says_for_which_graphs_it_has_a_tab_and_what_is_in_it(listing):
    listing(
        has_tab=has_layers,
        layouts=lambda scene: {"list": draw_list(scene), "list.1": draw_list(scene)},
    )

    assert tabs(viz.page(three_layers()))[1][-2:] == ["list", "list.1"]
    assert "a list" not in tabs(viz.page(mathematics()))[0]


def test_a_row_says_when_it_is_chosen(listing):
    listing(comes_first=lambda scene: not has_layers(scene), suits=lambda scene, most: True)

    assert choose_view(None, scene_of(mathematics()), 500).name == "list"
    assert choose_view("auto", scene_of(mathematics()), 500).name == "ops"
    assert choose_view(None, scene_of(three_layers()), 500).name == "layers"


def test_a_drawing_knows_how_many_nodes_it_has_at_least(listing):
    listing(least_nodes=lambda scene: 501)

    assert repr(viz.draw(three_layers(), "list")) == "<Drawing of J: more than 501 nodes>"


@pytest.mark.parametrize(
    ("graph", "name", "most", "view"),
    [
        (three_layers, None, 500, "layers"),
        (three_layers, "auto", 500, "ops"),
        (three_layers, "auto", 20, "layers"),
        (three_layers, "compact", 1, "compact"),
        (mathematics, None, 500, "ops"),
        (mathematics, None, 5, "layers"),
        (mathematics, "layers", 500, "layers"),
    ],
)
def test_without_a_choice_layers_are_drawn_where_there_are_any_and_operations_where_they_are_few(
    graph, name, most, view
):
    assert choose_view(name, scene_of(graph()), most) is KNOWN_VIEWS[view]


@pytest.mark.parametrize("graph", GRAPHS)
def test_operations_are_surveyed_up_to_the_nodes_of_their_picture(graph):
    scene = scene_of(graph())
    nodes = draw_ops(scene)[0].nodes

    assert is_surveyable(scene, nodes)
    assert not is_surveyable(scene, nodes - 1)


@pytest.mark.parametrize(("operations", "few"), [(MANY, True), (MANY + 1, False)])
def test_operations_are_surveyed_as_long_as_they_are_few(operations, few):
    y = tg.parameter(1.0, name="x")
    for _ in range(operations):
        y = y + 1.0

    assert is_surveyable(scene_of(y), 1000) == few


@pytest.mark.parametrize("view", KNOWN_VIEWS)
@pytest.mark.parametrize("graph", GRAPHS)
def test_no_view_has_fewer_nodes_than_it_says(graph, view):
    scene = scene_of(graph())

    assert KNOWN_VIEWS[view].least_nodes(scene) <= KNOWN_VIEWS[view].draw(scene)[0].nodes


def test_layers_have_a_tab_where_there_are_layers_or_repeats():
    chain = tg.parameter(1.0, name="x")
    for _ in range(20):
        chain = chain + 1.0

    assert KNOWN_VIEWS["layers"].has_tab(scene_of(network([3, 1], [tg.sigmoid])))
    assert KNOWN_VIEWS["layers"].has_tab(scene_of(chain))
    assert not KNOWN_VIEWS["layers"].has_tab(scene_of(mathematics()))
