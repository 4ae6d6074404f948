"""The reading of a graph: its quantities, calls, and what each needs of the others."""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tinygraph.errors import GraphError
from tinygraph.graph.reading import is_number, read_graph

X, Y = np.arange(12.0).reshape(3, 4), np.ones((2, 4))


def network():
    W, b = tg.parameter(np.full((2, 3), 0.1), name="W1"), tg.parameter(np.zeros((2, 1)), name="b1")
    return tg.mse(np.tanh(W @ tg.tensor(X, name="X") + b), Y)


def by_name(graph):
    return {q.name or q.id: q for q in graph.quantities}


def test_quantities_and_calls_are_in_the_order_of_recording():
    graph = read_graph([network()])

    assert [q.id for q in graph.quantities] == ["W1", "X", "matmul", "b1", "Z1", "A1", "Y", "J"]
    assert [q.name for q in graph.quantities] == ["W1", "X", None, "b1", "Z1", "A1", "Y", "J"]
    assert [call.id for call in graph.calls] == ["matmul.matmul", "Z1.add", "A1.tanh", "J.mse"]
    assert [[x.quantity.id for x in call.inputs] for call in graph.calls] == [
        ["W1", "X"], ["matmul", "b1"], ["Z1"], ["A1", "Y"],
    ]  # fmt: skip
    assert [q.id for q in graph.outputs] == ["J"]
    assert (graph.m, [layer.suffix for layer in graph.layers]) == (4, ["1"])


def test_what_is_wanted_and_where_it_is_used():
    q = by_name(read_graph([network()]))

    assert {name for name, x in q.items() if x.wanted} == {"W1", "matmul", "b1", "Z1", "A1", "J"}
    assert [len(x.uses) for x in q.values()] == [1] * 7 + [0]
    assert (q["W1"].call, q["Z1"].call.id, q["J"].is_output, q["A1"].is_output) == (
        None,
        "Z1.add",
        True,
        False,
    )
    assert (q["X"].shape, q["J"].shape, q["X"].value is not None) == ((3, 4), (), True)
    np.testing.assert_array_equal(q["X"].value, X)
    np.testing.assert_array_equal(q["Y"].value, Y)


def test_terms_are_what_arrives_and_the_seed():
    x = tg.parameter(2.0, name="x")
    y = (x * x).named("y")
    z = (y + y * x).named("z")
    q = by_name(read_graph([z, y]))

    assert [(q[name].arriving, q[name].terms) for name in "xyz"] == [(3, 3), (2, 3), (0, 1)]
    assert [len(q[name].uses) for name in "xyz"] == [3, 2, 0]


def test_derivatives_do_not_arrive_from_data():
    x, D = tg.parameter(np.ones(3), name="x"), tg.tensor(np.ones(3), name="D")
    graph = read_graph([np.sum(x * np.exp(D))])
    calls = {call.node.op.name: call for call in graph.calls}

    assert (calls["exp"].wanted, calls["multiply"].wanted) == (False, True)
    assert [x.wanted for x in calls["multiply"].inputs] == [True, False]
    assert by_name(graph)["D"].arriving == 0


CACHES = {
    "exp": (lambda x: np.exp(x), ["exp"]),
    "sin": (lambda x: np.sin(x), ["x"]),
    "both factors": (lambda x: x * np.array([1.0, 2.0]), ["constant"]),
    "a factor that is a number": (lambda x: x * 2, []),
    "sum": (lambda x: x + x, []),
    "square": (lambda x: x * x, ["x"]),
    "maximum": (lambda x: np.maximum(x, 0.0), ["x"]),
    "softmax": (lambda x: tg.softmax(x, axis=0), ["softmax"]),
}


@pytest.mark.parametrize(("f", "cached"), CACHES.values(), ids=CACHES)
def test_the_cache_is_what_the_rules_read(f, cached):
    x = tg.parameter([1.0, 2.0], name="x")
    [call] = read_graph([f(x)]).calls
    names = [q.tensor.op.name if getattr(q.tensor, "op", None) else q.name or "constant" for q in call.cache]

    assert names == cached


def test_a_number_of_the_cache_is_not_shown_but_read():
    x = tg.parameter([1.0, 2.0], name="x")

    for z, shown, read in ((x * 2, [], False), (x**3, ["x"], True), (x + 1, [], False)):
        [call] = read_graph([z]).calls
        assert ([q.name for q in call.cache], call.reads_cache) == (shown, read)


def test_a_call_stretches_where_a_wanted_input_has_another_shape():
    b, A = tg.parameter(np.ones((2, 1)), name="b"), tg.parameter(np.ones((2, 3)), name="A")

    for z, stretches in (
        (A + b, True),
        (A * A, False),
        (A * np.ones((2, 1)), False),
        (A @ np.ones((3, 2)), False),
        (np.sum(A), False),
        (A + 1, False),
    ):
        assert read_graph([z]).calls[-1].stretches == stretches


def test_a_cost_that_knows_the_logits_is_shown_with_its_probabilities():
    data, labels, arrays = make_network([4, 3, 1])
    graph = read_graph([record(data, labels, parameters_of(arrays))])
    cost = graph.calls[-1]

    assert [x.quantity.name for x in cost.inputs] == ["A2", "Y"]
    assert [(x.position, x.wanted) for x in cost.inputs] == [(0, True), (1, False)]
    assert by_name(graph)["A2"].wanted
    assert [call.id for call in by_name(graph)["Z2"].uses] == ["A2.sigmoid"]


def test_several_outputs_are_one_graph():
    x = tg.parameter(2.0, name="x")
    first = np.exp(x)
    second = np.sin(first)
    other = np.cos(tg.parameter(1.0, name="y"))
    graph = read_graph([second, first, other])

    assert [call.node.op.name for call in graph.calls] == ["exp", "sin", "cos"]
    assert [q.tensor for q in graph.outputs] == [second, first, other]
    assert [q.is_output for q in graph.quantities] == [False, True, True, False, True]


def test_ids_are_distinct_and_harmless():
    x, y = tg.parameter(2.0, name="a b"), tg.parameter(3.0, name="a_b")
    graph = read_graph([np.add(x, y).named("a.add")])

    assert [q.id for q in graph.quantities] == ["a_b", "a_b.2", "a.add"]
    assert [call.id for call in graph.calls] == ["a.add.add"]


def test_what_has_no_graph_is_refused():
    with pytest.raises(GraphError, match="there is no output to draw: give the cost J"):
        read_graph([])
    for thing in (tg.parameter(1.0), tg.tensor(1.0), 3, "J"):
        with pytest.raises(
            GraphError, match=r"there is no graph behind .*: draw what was computed from tensors"
        ):
            read_graph([thing])


def test_numbers_are_part_of_a_label():
    assert all(is_number(x) for x in (1, 2.5, np.float64(3), np.array(1.0), True))
    assert not any(is_number(x) for x in (tg.tensor(1.0), np.ones(1), tg.parameter(2.0)))
