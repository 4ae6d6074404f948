"""The verdict of a comparison in the picture."""

from types import SimpleNamespace

import pytest

import tinygraph as tg
import viz
from tests.viz.graphs import VIEWS, elements, skip, text, three_layers


def report(*wrong, right=()):
    rows = [SimpleNamespace(name=name, ok=name in right, missing=False) for name in (*right, *wrong)]
    return SimpleNamespace(first_wrong=wrong[0] if wrong else None, rows=rows)


def marked(drawing):
    """The names of derivatives that are marked, by their mark."""
    shown = [text(node) for node in elements(drawing, "derivative").values()]
    return {mark: {name.split()[-2] for name in shown if name.endswith(mark)} for mark in "✗?"}


def test_first_wrong_is_marked_and_what_the_sweep_computes_from_it_is_in_doubt():
    drawing = viz.draw(three_layers(), view="ops", highlight=report("dZ2"))

    assert marked(drawing) == {"✗": {"dZ₂"}, "?": {"dW₂", "db₂", "dA₁", "dZ₁", "dW₁", "db₁"}}
    assert "✗ wrong" in drawing.description
    assert "? depends" in drawing.description


def test_doubt_follows_both_ways_round_a_skip_connection():
    drawing = viz.draw(skip(), view="ops", highlight=report("dA2"))

    assert marked(drawing) == {"✗": {"dA₂"}, "?": {"dZ₂", "dW₂", "db₂", "dA₁", "dZ₁", "dW₁", "db₁"}}


def test_what_was_compared_and_agrees_is_not_in_doubt():
    drawing = viz.draw(three_layers(), view="ops", highlight=report("dZ2", "dW2", right=["db2", "dA1"]))

    assert marked(drawing) == {"✗": {"dZ₂"}, "?": {"dW₂", "dZ₁", "dW₁", "db₁"}}


def test_wrong_steps_that_do_not_follow_from_each_other_are_all_marked():
    drawing = viz.draw(three_layers(), view="ops", highlight=report("dW3", "dZ1", "dW1"))

    assert marked(drawing) == {"✗": {"dW₃", "dZ₁"}, "?": {"dW₁", "db₁"}}


@pytest.mark.parametrize("view", VIEWS)
def test_first_wrong_is_amber_in_every_view(view):
    plain, amber = (
        viz.draw(three_layers(), view=view),
        viz.draw(three_layers(), view=view, highlight=report("dZ2")),
    )

    assert "#fff0c2" not in plain.source
    assert "#fff0c2" in amber.source
    assert "dZ₂" in next(line for line in amber.source.splitlines() if "#fff0c2" in line)


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_wrong_changes_nothing(view):
    J = three_layers()

    assert viz.draw(J, view=view).source == viz.draw(J, view=view, highlight=report(right=["dZ2"])).source


def test_wrong_name_that_is_not_in_the_picture_is_told_by_the_legend():
    drawing = viz.draw(three_layers(), view="ops", highlight=report("dA0"))

    assert "✗ wrong first: dA0, which is not in this picture" in drawing.description
    assert marked(drawing) == {"✗": set(), "?": set()}


def test_a_real_comparison_is_drawn():
    J = three_layers()
    hand = dict(J.backward().chain("course"))
    for name in ("dZ2", "dW2"):
        hand[name] = 2 * hand[name]

    drawing = viz.draw(J, view="ops", highlight=tg.compare(J, hand))

    assert marked(drawing)["✗"] == {"dZ₂"}
    assert marked(drawing)["?"] == {"dW₂"}


def test_what_was_not_compared_is_in_doubt_if_it_follows():
    J = three_layers()
    d = dict(J.backward())

    drawing = viz.draw(J, view="ops", highlight=tg.compare(J, {"dZ2": 2 * d["dZ2"], "dA1": d["dA1"]}))

    assert marked(drawing) == {"✗": {"dZ₂"}, "?": {"dW₂", "db₂", "dZ₁", "dW₁", "db₁"}}


def test_a_derivative_of_data_is_not_in_the_picture():
    drawing = viz.draw(three_layers(), highlight=report("dX"))

    assert "wrong first: dX, which is not in this picture" in drawing.description
