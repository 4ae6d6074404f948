"""Stand-ins: each nameless part of a graph has a name of its own, by what it is, and none twice."""

import numpy as np

import tinygraph as tg
from tinygraph.graph.reading import read_graph
from tinygraph.graph.stand_ins import cost_inputs, inputs_of, name_inner, name_leaves, name_rest


def stacked():
    """Two layers whose inner results have no name, under a cost whose result has none."""
    W1, W2 = (tg.parameter(np.full((2, 2), 0.1), name=name) for name in ("W1", "W2"))
    hidden = [np.exp(W1 @ np.ones((2, 3)))]
    return [tg.mse(np.sin(W2 @ np.square(hidden[0])), np.ones((2, 3))) * 2]


def loose():
    """Leaves without a name, and a result that is used twice."""
    leaves = [tg.parameter(x) for x in (1.0, 2.0, 3.0)]
    parts = [leaves[0] * leaves[1]]
    return [(parts[0] * leaves[2] + parts[0]).named("J")]


def names_of(graph):
    return [q.name for q in graph.quantities]


def test_inner_results_are_called_after_what_they_enter():
    graph = read_graph(stacked())
    before = names_of(graph)
    name_inner(graph, graph.layers)

    assert before == ["W1", "X", "Z1", None, None, "W2", "Z2", None, "Y", None, "J"]
    assert names_of(graph) == ["W1", "X", "Z1", None, "H2", "W2", "Z2", "A", "Y", "L", "J"]


def test_leaves_are_numbered():
    graph = read_graph(loose())
    name_leaves(graph)

    assert names_of(graph) == ["c", "c_2", None, "c_3", None, "J"]


def test_results_that_are_used_more_than_once_have_a_name_as_well():
    graph = read_graph(loose())
    name_rest(graph)

    assert names_of(graph) == ["c", "c_2", "v", "c_3", None, "J"]


def test_an_output_without_a_name_has_one_as_well():
    [J] = stacked()
    graph = read_graph([J])
    next(q for q in graph.quantities if q.is_output).name = None
    name_rest(graph)

    assert names_of(graph)[-1] == "v"


def test_a_name_that_is_taken_is_passed_over():
    graph = read_graph(
        [(tg.parameter(1.0, name="c") * [tg.parameter(2.0)][0] * tg.parameter(1.0, name="c_2"))]
    )
    name_leaves(graph)
    name_leaves(graph)

    assert [q.name for q in graph.quantities if q.call is None] == ["c", "c_3", "c_2"]


def test_what_enters_layers_and_costs():
    graph = read_graph(stacked())

    entering = [(layer.suffix, q.tensor) for layer, q in inputs_of(graph, graph.layers)]
    assert [suffix for suffix, _ in entering] == ["1", "2"]
    assert entering[1][1] is graph.layers[1].A_prev
    [(A, Y)] = cost_inputs(graph.calls)
    assert (A.call.node.op.name, Y.name) == ("sin", "Y")


def test_a_number_that_enters_a_layer_or_a_cost_has_no_name():
    W = tg.parameter(np.ones((2, 2)), name="W1")
    graph = read_graph([tg.mse(np.sin(W * 2.0), 0.5)])

    assert list(cost_inputs(graph.calls)) == []
    name_inner(graph, graph.layers)
    assert names_of(graph)[0] == "W1"


def test_what_is_nested_deep_gets_a_name_every_twelve_calls():
    x = y = tg.parameter(0.5, name="x")
    for _ in range(30):
        y = np.sin(np.positive(y))
    graph = read_graph([y * 2])

    name_rest(graph)

    named = [i for i, call in enumerate(graph.calls, 1) if (call.result.name or "").startswith("v")]
    assert len(named) <= 61 // 12
    assert x.name == "x"
