"""Boxes that open: what each layout shows, and where its links lead."""

import numpy as np
import pytest

import tinygraph as tg
from tests.viz.graphs import network, skip, three_layers
from viz.compose import read_scene
from viz.layouts import MOST_LAYOUTS, MOST_REPEATS, find_layouts


def deep(n):
    return network([3, *[4] * n, 1], [np.tanh] * n + [tg.sigmoid])


def layouts(J):
    return find_layouts("layers", read_scene([J], None).boxes)


@pytest.mark.parametrize("graph", [three_layers, skip, lambda: deep(MOST_REPEATS), lambda: deep(100)])
def test_every_layout_holds_every_operation_once(graph):
    J = graph()
    calls = read_scene([J], None).graph.calls

    for layout in layouts(J):
        shown = [call.id for part in layout.boxes for call in part.calls]
        assert sorted(call.id for call in calls) == sorted(shown)


@pytest.mark.parametrize("graph", [three_layers, lambda: deep(MOST_REPEATS), lambda: deep(100)])
def test_links_lead_to_the_layout_in_which_a_box_is_open(graph):
    found = layouts(graph())
    by_name = {layout.name: layout for layout in found}

    assert len(by_name) == len(found) <= MOST_LAYOUTS
    for layout in found[1:]:
        before = by_name[layout.parent]
        assert before.links[layout.opened.key] == layout.name
        assert layout.opened in before.boxes
        assert layout.opened not in layout.boxes
        assert set(layout.inner) <= set(layout.boxes)


def test_layer_opens_to_its_operations():
    found = layouts(three_layers())

    assert [layout.opened.title for layout in found[1:]] == ["1", "2", "3"]
    assert [part.calls[0].node.op.symbol for part in found[1].inner] == ["@", "+", "relu"]


def test_a_few_repeats_open_to_each_and_each_to_its_operations():
    found = layouts(deep(MOST_REPEATS))
    opened = [layout.opened.title for layout in found[1:]]

    assert len(found[2].inner) == MOST_REPEATS - 1
    assert opened == ["1", "", str(MOST_REPEATS + 1), *(str(i) for i in range(2, MOST_REPEATS + 1))]


def test_many_repeats_open_to_the_first_and_the_last():
    first, middle, last = layouts(deep(100))[2].inner

    assert (first.title, middle.fold.times, last.title) == ("2", 97, "100")


def test_operations_and_layers_of_one_call_do_not_open():
    found = layouts(three_layers())

    assert [layout.opened.title for layout in found[1:]] == ["1", "2", "3"]
    assert all(len(part.calls) > 1 for layout in found[1:] for part in [layout.opened])
    assert [call.node.op.name for part in found[1].inner for call in part.calls] == ["matmul", "add", "relu"]
    x = tg.parameter(np.ones((2, 2)), name="x")
    assert len(layouts(np.sum(np.exp(x)))) == 1


def test_the_first_layout_is_closed_and_those_of_a_closed_box_hang_on_it():
    first, *others = layouts(three_layers())

    assert (first.name, first.opened, first.parent) == ("layers", None, "")
    assert [layout.name for layout in others] == [f"layers.{i}" for i in range(1, len(others) + 1)]
    assert {layout.parent for layout in others} == {"layers"}


def test_repeats_open_to_layers_which_open_in_turn_but_not_to_repeats_in_them():
    found = layouts(deep(100))
    repeats = [layout for layout in found if layout.opened is not None and layout.opened.fold]

    assert len(repeats) == 1
    [rest] = [part for part in repeats[0].inner if part.fold]
    assert rest.key == f"{repeats[0].opened.key}.rest"
    assert rest.fold.times == repeats[0].opened.fold.times - 2
    inside = [layout for layout in found if layout.parent == repeats[0].name]
    assert [layout.opened.title for layout in inside] == [p.title for p in repeats[0].inner if p.layer]


@pytest.mark.parametrize("n", [MOST_REPEATS - 1, MOST_REPEATS, MOST_REPEATS + 1])
def test_a_few_repeats_are_all_shown_and_of_more_the_ends(n):
    J = network([4] * (n + 2) + [1], [tg.relu, *[np.tanh] * n, tg.sigmoid])
    [opened] = [layout for layout in layouts(J) if layout.opened is not None and layout.opened.fold]

    assert len(opened.inner) == (n if n <= MOST_REPEATS else 3)
    assert opened.opened.fold.times == n
