"""The compact view: one lane, with the numbers in the nodes."""

import re
from graphlib import TopologicalSorter

import numpy as np
import pygraphviz
import pytest

import tinygraph as tg
import viz
from tests.viz.graphs import GRAPHS, elements, logistic, pairs, text, three_layers, two_losses
from viz.values import array_lines


def cells(drawing):
    return {key: text(node) for key, node in elements(drawing, "cells").items()}


def draw(J, **settings):
    return viz.draw(J, view="compact", **settings)


def product():
    x, y = tg.parameter(3.0, name="x"), tg.parameter([2.0, 4.0], name="y")
    return np.sum(x * y)


@pytest.mark.parametrize("graph", GRAPHS)
def test_as_many_red_arrows_as_black_ones_that_want_a_derivative(graph):
    drawing = draw(graph())
    wanted = {key for key, shown in cells(drawing).items() if "d" in shown.replace("and", "")}
    operations = elements(drawing, "operation").keys()
    black = pairs(drawing, "fwd")

    expected = {(head, tail): n for (tail, head), n in black.items() if {tail, head} <= wanted | operations}

    assert expected == pairs(drawing, "bwd")


def test_without_values_there_are_no_numbers():
    assert cells(draw(product()))["x"] == "xdx"


def test_derivatives_that_were_not_computed_are_not_shown_as_numbers():
    assert cells(draw(product(), values=True))["x"] == "x3.00dxnot computed"


def test_stale_grad_is_not_shown():
    J = product()
    J.backward()

    assert "not computed" in cells(draw(J, values=True))["x"]


@pytest.mark.parametrize(
    "derivatives", [lambda J: J.backward(), lambda J: dict(J.backward()), lambda J: "sweep"]
)
def test_derivatives_are_those_given_or_swept_for(derivatives):
    J = product()

    shown = cells(draw(J, values=True, derivatives=derivatives(J)))

    assert shown["x"] == "x3.00dx6.00"
    assert "3.00\xa03.00" in shown["y"]
    assert shown["J"] == "J18.0dJ = 1"


def test_sweep_adds_the_derivatives_of_several_outputs():
    x = tg.parameter(3.0, name="x")

    shown = cells(draw([(x * x).named("y"), (2.0 * x).named("z")], values=True, derivatives="sweep"))

    assert shown["x"].endswith("8.00")


def test_sweep_gives_the_lectures_derivative_of_the_output():
    J = three_layers()
    expected = array_lines(J.backward()["dA3"])[0].replace(" ", "\xa0")

    assert expected in cells(draw(J, values=True, derivatives="sweep"))["A3"]


def test_several_outputs_have_their_own_cells():
    assert {"J1", "J2"} <= cells(draw(two_losses())).keys()


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (3.0, ["3.00"]),
        ([1.0, -2.5], ["1.00 −2.50"]),
        (np.zeros((2, 2)), ["0 0", "0 0"]),
        (
            np.arange(20.0).reshape(5, 4),
            ["0 1.0 2.0 …", "4.0 5.0 6.0 …", "8.0 9.0 10.0 …", "⋮"],
        ),
        ([1e-5, 2.0e-6], ["1.0e−05 2.0e−06"]),
        ([12345.0], ["1.2e+04"]),
        ([1.0, -0.0004, 0.0], ["1.00 −0.00 0"]),
        ([0.39, 0.004], ["0.390 0.004"]),
        ([np.nan, np.inf, 1.0], ["NaN ∞ 1.00"]),
        (np.array([1, 2]), ["1 2"]),
        (np.ones((2, 1, 2)), ["1.00 1.00", "1.00 1.00"]),
        (np.ones((0, 3)), ["empty"]),
    ],
)
def test_arrays_are_shown_by_their_first_entries(array, expected):
    assert [line.split() for line in expected] == [line.split() for line in array_lines(array)]


@pytest.mark.parametrize(("direction", "expected"), [("right", (1, 2)), ("down", (2, 1))])
def test_cells_lie_across_the_arrow_of_their_quantity(direction, expected):
    graph = pygraphviz.AGraph(string=draw(logistic(), direction=direction).source)
    rows = [graph.get_node(key).attr["label"].count("<TR>") for key in ("W1", "Z1")]

    assert expected == tuple(rows)


def test_derivatives_of_several_outputs_add_up_where_they_meet():
    J1, J2 = two_losses()
    found = cells(draw([J1, J2], values=True, derivatives="sweep"))
    first, second = J1.backward(), J2.backward()
    expected = {
        "W1": first["dW1"] + second["dW1"],
        "W2": first["dW2"],
        "W3": second["dW3"],
    }

    for name, dW in expected.items():
        row = array_lines(dW)[0].rstrip(" …")
        assert re.sub(r"\s", "", row) in re.sub(r"\s", "", found[name])


@pytest.mark.parametrize("graph", GRAPHS)
def test_red_arrows_turn_no_node_round(graph):
    arrows = pygraphviz.AGraph(string=draw(graph()).source).edges()
    before = {}
    for tail, head in arrows:
        before.setdefault(str(head), set()).add(str(tail))

    assert set(before) <= set(TopologicalSorter(before).static_order())
