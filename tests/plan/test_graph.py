"""A recorded graph as a step: what its text takes, and that it gives the numbers of the graph."""

import inspect

import numpy as np
import pytest

import tinygraph as tg
from tests.plan.graphs import assert_same
from tinygraph.errors import GraphError
from tinygraph.plan.graph import code_of, retrace_graph, trace_of
from tinygraph.plan.record import Tape

W = np.arange(6.0).reshape(2, 3) / 10


def hidden_layer():
    """A cost of data as a tensor and as an array, a bias that wants no derivative, and two parameters."""
    weight, bias = tg.parameter(W, name="W1"), tg.tensor(np.ones((2, 1)), name="b1")
    D, scale = np.full((2, 4), 2.0), tg.parameter(np.full((2, 4), 0.5))
    hidden = weight @ tg.tensor(np.ones((3, 4)), name="X") + bias
    return np.sum(np.tanh(hidden) * D * scale * 3)


def test_the_text_gives_the_cost_and_the_derivatives():
    J = hidden_layer()
    module = {}
    exec(code_of(J), module)
    d = J.backward()
    arguments = inspect.signature(module["step"]).parameters

    assert list(arguments) == ["X", "b1", "D", "W1", "scale"]
    found = module["step"](np.ones((3, 4)), np.ones((2, 1)), np.full((2, 4), 2.0), W, np.full((2, 4), 0.5))
    for expected, actual in zip([J.value, d["dW1"], d["dscale"]], found, strict=True):
        assert_same(expected, actual)


def test_the_text_has_the_names_of_the_graph():
    text = code_of(hidden_layer())

    assert "np.add(hidden, b1, out=hidden)" in text
    assert "# Layer 1 (tanh)" in text


def test_arguments_are_data_and_then_parameters():
    J = hidden_layer()
    trace = trace_of(J)

    assert [x.shape for x in trace.arguments] == [(3, 4), (2, 1), (2, 4), (2, 3), (2, 4)]
    assert [x.name for x in trace.arguments] == ["X", "b1", "D", "W1", "scale"]


def test_the_graph_on_symbols_is_the_same_graph():
    J = hidden_layer().named("cost")
    output, data, parameters = retrace_graph(J, Tape())

    assert (output.given_name, output.op, output.shape) == ("cost", J.op, ())
    assert (output._code, output._instruction) == (J._code, J._instruction)
    assert [x.name for x in data] == ["X", "b1", "D"]
    assert [(p.given_name, p.name) for p in parameters] == [("W1", "W1"), ("scale", "scale")]
    assert all(p.wants and p.is_parameter == (p.op is None) for p in parameters)


def test_what_enters_twice_is_one_argument():
    x, D = tg.parameter([1.0, 2.0], name="x"), np.array([3.0, 4.0])
    trace = trace_of(np.sum(x * D * D + x))

    assert [x.name for x in trace.arguments] == ["D", "x"]


def test_an_array_without_a_name_is_a_constant():
    trace = trace_of(np.sum(tg.parameter([1.0, 2.0], name="x") * np.array([3.0, 4.0])))

    assert [x.name for x in trace.arguments] == ["constant", "x"]


def test_what_is_not_made_from_a_parameter_is_refused():
    for J in (tg.tensor(2.0) * 3, tg.tensor(2.0)):
        with pytest.raises(GraphError):
            code_of(J)
