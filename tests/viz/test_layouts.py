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
    return find_layouts("layers", read_scene([J], None).boxes())


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
