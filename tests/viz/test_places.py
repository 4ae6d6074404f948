"""Where each view shows what: every node that is named is drawn, and lights up when its time has come."""

import pygraphviz
import pytest

from tests.viz.graphs import GRAPHS
from viz.compose import read_scene
from viz.places import Places
from viz.views.compact import draw_compact
from viz.views.ops import draw_ops

VIEWS = {"ops": draw_ops, "compact": draw_compact}


def drawn(make, view):
    """The graph, its places, and the nodes and arrows that its picture has."""
    made = make()
    scene = read_scene(list(made) if isinstance(made, tuple) else [made], None)
    picture, places = VIEWS[view](scene)
    dot = pygraphviz.AGraph(string=picture.finish())
    return scene.graph, places, set(map(str, dot.nodes())), set(picture.between)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("make", GRAPHS)
def test_the_nodes_and_arrows_of_a_call_are_in_the_picture(make, view):
    graph, places, nodes, arrows = drawn(make, view)

    for call in graph.calls:
        lit, along = places.forward(call)
        assert lit <= nodes
        assert {(tail, head) for tail, head in along if tail != head} <= arrows
        assert {places.quantities[x.quantity] for x in call.inputs} | {places.calls[call]} <= {
            end for arrow in along for end in arrow
        } | lit


@pytest.mark.parametrize("make", GRAPHS)
def test_the_red_nodes_and_arrows_of_a_call_are_those_of_its_wanted_inputs(make):
    graph, places, _, arrows = drawn(make, "ops")

    for call in filter(lambda call: call.wanted, graph.calls):
        lit, along = places.backward(call)
        rule = f"d{call.id}"
        back = {head for tail, head in along if tail == rule != head}

        assert lit == {rule, f"{call.id}.cache"}
        assert back == {f"d{places.quantities[x.quantity]}" for x in call.inputs if x.wanted}
        assert {(rule, head) for head in back} <= arrows
        assert (f"d{places.quantities[call.result]}", rule) in along
        assert {(call.id, rule), (call.id, f"{call.id}.cache"), (f"{call.id}.cache", rule)} <= along


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("make", GRAPHS)
def test_every_derivative_that_is_shown_is_complete_once_it_is_done_and_not_before(make, view):
    graph, places, _, _ = drawn(make, view)
    wanted = [q for q in graph.quantities if q.wanted]
    done = set()
    seen = set()
    for q in wanted:
        assert places.complete([q], done) == set()
        done.add(q)
        seen |= places.complete([q], done)

    assert seen == places.shown_at.keys()
    assert {q for shown in places.shown_at.values() for q in shown} <= set(wanted)


def test_a_place_that_shows_several_derivatives_waits_for_all_of_them():
    graph, places, _, _ = drawn(GRAPHS[0], "ops")
    first, second = [q for q in graph.quantities if q.wanted and q.call is None][:2]
    both = Places(places.calls, {**places.quantities, second: places.quantities[first]})

    assert both.derivative(first) == both.derivative(second) == f"d{first.id}"
    assert both.complete([first], {first}) == set()
    assert both.complete([second], {first, second}) == {f"d{first.id}"}


def test_what_is_not_drawn_is_shown_nowhere_of_its_own():
    graph, places, _, _ = drawn(GRAPHS[0], "ops")
    inside = [q for q in graph.quantities if q.call is not None and places.quantities[q] == q.call.id]

    assert inside
    assert not {f"d{q.call.id}" for q in inside} & places.shown_at.keys()


def test_cells_are_where_derivatives_have_no_node():
    graph, places, _, _ = drawn(GRAPHS[0], "compact")
    shown = [q for q in graph.quantities if q in places.cells]

    assert shown
    assert all(places.derivative(q) == f"a_d{q.id}" for q in shown)
    assert places.twin == ""
