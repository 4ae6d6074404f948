"""What `draw` takes, what it chooses, and what it refuses."""

import numpy as np
import pygraphviz
import pytest

import tinygraph as tg
import viz
from tests.viz.graphs import (
    elements,
    logistic,
    mathematics,
    nodes,
    shared,
    text,
    three_layers,
    two_losses,
)
from tinygraph.errors import GraphError


def test_layers_are_drawn_where_there_are_any():
    assert viz.draw(three_layers()).source == viz.draw(three_layers(), view="layers").source
    assert viz.draw(mathematics()).source == viz.draw(mathematics(), view="ops").source


def test_drawing_changes_no_derivative():
    J = three_layers()
    parameters = [x for t in (J, *J.inputs) if isinstance(t, tg.Tensor) for x in [t] if x.is_parameter]
    W = tg.parameter(np.ones((1, 1)), name="W1")
    J = np.sum(W @ np.ones((1, 1)))

    viz.draw(J, view="compact", values=True, derivatives="sweep")

    assert W.grad is None
    assert parameters == []


@pytest.mark.parametrize(
    "output",
    [tg.parameter(1.0, name="x"), 3.0, np.ones(2), [tg.parameter(1.0)]],
    ids=["leaf", "number", "array", "list"],
)
def test_without_a_recording_there_is_nothing_to_draw(output):
    with pytest.raises(GraphError, match="no graph behind"):
        viz.draw(output)


def test_no_outputs_are_refused():
    with pytest.raises(GraphError, match="no output"):
        viz.draw([])


def test_names_come_from_a_mapping():
    weights, data = tg.parameter(np.ones((1, 2))), np.ones((2, 3))
    J = np.sum(np.tanh(weights @ data))

    assert {"weights", "dweights", "data"} <= nodes(viz.draw(J, view="ops", names=locals())).keys()


def test_data_without_a_name_is_x_and_y():
    W1, b1 = tg.parameter(np.ones((1, 2)), name="W1"), tg.parameter(np.ones((1, 1)), name="b1")
    J = tg.binary_cross_entropy(tg.sigmoid(W1 @ np.ones((2, 3)) + b1), np.ones((1, 3)))

    shown = [text(node) for node in elements(viz.draw(J, view="ops"), "value").values()]

    assert {"X2×3", "Y1×3"} <= set(shown)


def test_picture_fits_into_the_size_given():
    drawing = viz.draw(three_layers(), view="ops", max_size=(4, 3))
    _, _, width, height = map(float, drawing.svg.split('viewBox="')[1].split('"')[0].split())

    assert width <= 4 * 96
    assert height <= 3 * 96


def test_convention_is_the_lectures_for_their_costs_and_may_be_chosen():
    course, true = viz.draw(three_layers()), viz.draw(three_layers(), convention="true")

    assert "/ m" in course.source
    assert "dA = m ∂J/∂A" in course.description
    assert "dA₃ = (−Y/A₃ + (1−Y)/(1−A₃)) / m" in "".join(map(text, elements(true, "layer-rule").values()))
    assert "dA = ∂J/∂A" in true.description
    assert "dA = ∂J/∂A" in viz.draw(shared()).description


def test_outputs_without_a_name_are_numbered():
    assert {"J1", "J2", "dJ1", "dJ2"} <= nodes(viz.draw(two_losses(), view="ops")).keys()


def test_output_that_another_output_uses_keeps_its_own_seed():
    x = tg.parameter(2.0, name="x")
    y = (x * x).named("y")
    drawing = viz.draw([y, np.exp(y).named("z")], view="ops")

    derivatives = {key: text(node) for key, node in elements(drawing, "derivative").items()}

    assert derivatives["dy"] == "⊕ dy"
    assert derivatives["dz"] == "dz = 1"


def test_palettes_differ_in_colour_alone():
    graphs = [
        pygraphviz.AGraph(string=viz.draw(logistic(), palette=p).source) for p in ("lecture", "colorblind")
    ]

    first, second = (sorted(map(str, graph.nodes())) for graph in graphs)

    assert first == second
    assert "#b34700" in graphs[1].string()
    assert "#c8102e" not in graphs[1].string()
