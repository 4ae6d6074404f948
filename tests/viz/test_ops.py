"""The view of operations, against the engine's own graph."""

import itertools
from collections import Counter

import numpy as np
import pygraphviz
import pytest
from hypothesis import given, settings

import tinygraph as tg
import viz
from tests.viz.graphs import (
    GRAPHS,
    elements,
    nodes,
    pairs,
    random_graphs,
    reachable,
    square,
    text,
    three_layers,
)
from tinygraph.engine.sweep import recorded_order


def draw(J):
    return viz.draw(J, view="ops")


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_black_arrow_has_one_red_partner_where_a_derivative_is_wanted(graph):
    drawing = draw(graph())
    black, red, twins = pairs(drawing, "fwd"), pairs(drawing, "bwd"), nodes(drawing)
    expected = Counter(
        {(f"d{head}", f"d{tail}"): n for (tail, head), n in black.items() if f"d{tail}" in twins}
    )

    assert expected == red


@settings(deadline=None)
@given(random_graphs())
def test_leaves_reach_the_output_in_the_picture_as_in_the_recording(output):
    order = recorded_order(output)
    inputs = [x for t in order for x in t.inputs if isinstance(x, tg.Tensor)]
    leaves = {x.name for x in inputs if x.op is None}
    wanted = {x.name for x in inputs if x.is_parameter}
    drawing = draw(output)
    black, red = set(pairs(drawing, "fwd")), set(pairs(drawing, "bwd"))
    name = output.name or "J"

    assert all(name in reachable([leaf], black) for leaf in leaves)
    assert leaves == nodes(drawing).keys() & {"x0", "x1", "x2", "c"}
    if output.wants:
        assert {f"d{x}" for x in wanted} == reachable([f"d{name}"], red) & {"dx0", "dx1", "dx2", "dc"}


@settings(deadline=None)
@given(random_graphs())
def test_every_operation_of_the_recording_is_drawn(output):
    drawing = viz.draw(output, view="ops")
    classes = Counter(nodes(drawing).values())

    assert len(recorded_order(output)) == classes["operation"]
    assert sum(t.wants for t in recorded_order(output)) == classes["rule"]


def test_parallel_arrows_are_kept():
    drawing = draw(square())

    assert Counter({("A", "J.multiply"): 2, ("J.multiply", "J"): 1}) == pairs(drawing, "fwd")
    assert Counter({("dJ.multiply", "dA"): 2, ("dJ", "dJ.multiply"): 1}) == pairs(drawing, "bwd")
    assert text(elements(drawing, "derivative")["dA"]) == "⊕ dA"


def test_inputs_that_want_no_derivative_have_no_twin():
    drawn = nodes(draw(three_layers())).keys()

    assert {"X", "Y", "W1", "dW1"} <= drawn
    assert not {"dX", "dY"} & drawn


def test_cache_arrows_follow_from_the_rules():
    x, y = tg.parameter(1.0, name="x"), tg.parameter(2.0, name="y")
    expected = {("J.exp", "dJ.exp"), ("p.multiply", "dp.multiply")}

    drawing = draw(np.exp((x * y).named("p") + x * 3))

    assert expected == set(pairs(drawing, "cache"))


def test_einsum_caches_the_factor_that_a_rule_reads():
    W, X = tg.parameter(np.ones((2, 3)), name="W"), tg.parameter(np.ones((3, 4)), name="X")

    assert set(pairs(draw(np.einsum("ij,jk->ik", W, X).named("Z")), "cache")) == {("Z.einsum", "dZ.einsum")}
    assert not pairs(draw(np.einsum("ij->i", W).named("Z")), "cache")


def test_cost_is_shown_on_the_path_of_the_lectures():
    drawing = draw(three_layers())

    assert ("A3", "J.sigmoid_cross_entropy") in pairs(drawing, "fwd")
    assert ("Z3", "J.sigmoid_cross_entropy") not in pairs(drawing, "fwd")
    path = ["dJ", "dJ.sigmoid_cross_entropy", "dA3", "dA3.sigmoid", "dZ3"]
    assert all(step in pairs(drawing, "bwd") for step in itertools.pairwise(path))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: x**2, "** 2"),
        (lambda x: 1 - x, "1 −"),
        (lambda x: np.maximum(x, 0.5), "max(·, 0.5)"),
        (lambda x: np.clip(x, None, 1), "clip(·, 1)"),
        (lambda x: x * np.float64(0.25), "* 0.25"),
    ],
)
def test_numbers_stand_in_the_symbol_of_the_operation(call, expected):
    [operation] = elements(draw(call(tg.parameter(3.0, name="x")).named("y")), "operation").values()

    assert expected == text(operation)


def test_broadcast_is_marked_where_its_derivative_is_summed():
    rules = elements(draw(three_layers()), "rule")

    assert text(rules["dZ1.add"]) == "+′ Σ"
    assert text(rules["dA1.relu"]) == "relu′"


def frames(drawing):
    """The nodes inside each frame, by its id."""
    graph = pygraphviz.AGraph(string=drawing.source)
    return {frame.graph_attr["id"]: set(frame.nodes()) for frame in graph.subgraphs() if frame.name}


def test_frames_hold_the_operations_of_a_layer():
    drawing = viz.draw(three_layers(), view="ops", group=True)

    assert frames(drawing).keys() == {f"{d}layer{i}" for d in ("", "d") for i in (1, 2, 3)}
    inside = frames(drawing)["layer1"]
    assert inside == {"W1", "b1", "matmul.matmul", "Z1.add", "Z1", "A1.relu", "A1"}
    assert frames(drawing)["dlayer1"] == {f"d{key}" for key in inside}
    assert "layer 2 backward" in drawing.svg
