"""The sweep that is shown gives the numbers of the engine's own, each derivative as it arrives."""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import HIDDEN, OUTPUTS, make_network, parameters_of, record
from tests.viz.graphs import GRAPHS
from tinygraph.graph.reading import read_graph
from tinygraph.graph.walk import ReverseWalk, derivative_of_data


def walked(outputs):
    """The graph, and the walk when it is over."""
    graph = read_graph(outputs)
    walk = ReverseWalk(graph)
    for call in reversed(graph.calls):
        if call.result.wanted:
            walk.run(call)
    return graph, walk


@pytest.mark.parametrize("make", GRAPHS, ids=lambda make: make.__name__)
def test_totals_are_the_derivatives_of_the_engine(make):
    made = make()
    outputs = list(made) if isinstance(made, tuple | list) else [made]
    graph, walk = walked(outputs)
    d = sum(np.sum(J) for J in outputs).backward()

    for q in graph.quantities:
        if q.wanted and q.tensor in d:
            np.testing.assert_allclose(walk.total(q), d[q.tensor], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("output", OUTPUTS)
def test_networks_have_the_derivatives_of_the_engine(hidden, output):
    X, Y, arrays = make_network([4, 5, 3, 2], output)
    J = record(X, Y, parameters_of(arrays), hidden, output)
    graph, walk = walked([J])
    d = J.backward()

    for q in graph.quantities:
        if q.wanted and q.tensor in d:
            np.testing.assert_allclose(walk.total(q), d[q.tensor], rtol=1e-12, atol=1e-14)


def test_each_derivative_is_kept_as_it_arrives():
    x = tg.parameter(2.0, name="x")
    y = (x * x).named("y")
    graph, walk = walked([y * 3 + y, y])
    q = {q.name: q for q in graph.quantities}

    assert [float(part) for part in walk.arrived[q["y"]]] == [1.0, 1.0, 3.0]
    assert float(walk.total(q["y"])) == 5.0
    assert [float(part) for part in walk.arrived[q["x"]]] == [10.0, 10.0]


def test_a_call_sends_one_derivative_to_each_wanted_input():
    a, b = tg.parameter(np.ones((2, 1)), name="a"), tg.tensor(np.full((2, 3), 2.0), name="b")
    graph = read_graph([np.sum(a * b)])
    walk = ReverseWalk(graph)
    sent = [walk.run(call) for call in reversed(graph.calls)]

    assert [[x.quantity.name or "product" for x, _ in part] for part in sent] == [["product"], ["a"]]
    np.testing.assert_array_equal(sent[1][0][1], np.full((2, 1), 6.0))


def saturated(logit):
    """A cost of one example whose probability rounds to 0 or 1."""
    W = tg.parameter([[logit]], name="W1")
    return tg.binary_cross_entropy(tg.sigmoid(W @ np.ones((1, 1))), np.zeros((1, 1)))


@pytest.mark.parametrize("logit", [-800.0, -1.0, 2.0, 800.0])
def test_past_a_cost_that_knows_its_logits_the_numbers_are_those_of_the_shorter_way(logit):
    J = saturated(logit)
    graph, walk = walked([J])
    q = {q.name: q for q in graph.quantities}

    np.testing.assert_allclose(walk.total(q["W1"]), J.backward()["dW1"], rtol=1e-12)
    assert q["A1"] in walk.shown_only
    assert q["A1"] not in walk.arrived


def test_probabilities_that_are_used_elsewhere_add_up():
    W = tg.parameter([[0.5, -0.3]], name="W1")
    A = tg.sigmoid(W @ np.array([[1.0, 2.0], [0.5, 1.0]]))
    J = tg.binary_cross_entropy(A, np.array([[1.0, 0.0]])) + np.sum(A * A)
    graph, walk = walked([J])
    q = {q.name: q for q in graph.quantities}

    np.testing.assert_allclose(walk.total(q["W1"]), J.backward()["dW1"], rtol=1e-12)
    assert (len(walk.arrived[q["A1"]]), len(walk.shown_only[q["A1"]])) == (2, 1)


def test_the_derivative_of_data_by_every_use():
    X = tg.tensor(np.array([[1.0, 2.0], [3.0, 4.0]]), name="X")
    W = tg.parameter([[0.5, -0.5]], name="W1")
    graph = read_graph([np.sum(np.square(W @ X)) + np.sum(W @ X)])

    found = derivative_of_data(graph, X)

    expected = W.value.T @ (2 * W.value @ X.value + 1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_data_behind_which_nothing_is_wanted_have_no_derivative():
    X, w = tg.tensor([1.0, 2.0], name="X"), tg.parameter(2.0, name="w")
    graph = read_graph([np.sum(w * np.exp(X))])

    assert derivative_of_data(graph, X) is None
