"""The plain code: formulas a person would write, in lines that a person would make."""

import inspect

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tinygraph.errors import GraphError
from tinygraph.plan.plain import plain_code_of, wrap_items

X, Y, ARRAYS = make_network([4, 5, 3, 1])


def body_of(J):
    """The lines of the function, without blank ones."""
    return [
        line.strip() for line in plain_code_of(J).splitlines() if line.startswith("    ") and line.strip()
    ]


def run_backward(J, *arguments):
    """What the text gives for the parameters of the graph of J, and the names of its arguments."""
    module = {}
    exec(plain_code_of(J), module)
    parameters = {q: x.value for x, q in J.backward().names.items() if getattr(x, "is_parameter", False)}
    return module["backward"](parameters, *arguments), list(inspect.signature(module["backward"]).parameters)


def test_a_network_reads_as_the_lectures():
    J = record(tg.tensor(X, name="X"), tg.tensor(Y, name="Y"), parameters_of(ARRAYS))

    assert (
        plain_code_of(J)
        == """\
\"""The backward pass, written by tinygraph. As in the lectures, dA and dZ leave out the 1/m.\"""

import numpy as np


def backward(parameters, X, Y):
    W1, b1, W2, b2, W3, b3 = (parameters[name] for name in "W1 b1 W2 b2 W3 b3".split())
    m = X.shape[1]

    Z1 = W1 @ X + b1
    A1 = np.maximum(Z1, 0)
    Z2 = W2 @ A1 + b2
    A2 = np.maximum(Z2, 0)
    Z3 = W3 @ A2 + b3
    A3 = 1 / (1 + np.exp(-Z3))

    dZ3 = A3 - Y
    dW3 = dZ3 @ A2.T / m
    db3 = np.sum(dZ3, axis=1, keepdims=True) / m
    dA2 = W3.T @ dZ3
    dZ2 = dA2 * (Z2 > 0)
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (Z1 > 0)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m

    return {
        "dZ3": dZ3, "dW3": dW3, "db3": db3, "dA2": dA2, "dZ2": dZ2, "dW2": dW2, "db2": db2,
        "dA1": dA1, "dZ1": dZ1, "dW1": dW1, "db1": db1,
    }
"""
    )


def test_without_layers_and_costs_there_is_no_m():
    x = tg.parameter(np.ones(4), name="x")

    assert plain_code_of(np.sum(x * x)).startswith('"""The backward pass, written by tinygraph."""\n')
    assert body_of(np.sum(x * x)) == [
        "x, = (parameters[name] for name in ['x'])",
        "dx = x + x",
        "return {",
        '"dx": dx,',
        "}",
    ]


def test_a_cost_alone_has_an_m():
    x = tg.parameter(np.full((1, 5), 0.5), name="x")
    text = plain_code_of(tg.binary_cross_entropy(x, tg.tensor(np.ones((1, 5)), name="Y")))

    assert "    m = Y.shape[1]\n" in text
    assert "leave out the 1/m" in text


def test_m_is_a_number_where_no_data_have_it():
    x = tg.parameter(np.ones((2, 3)), name="x")

    assert body_of(tg.mse(x, 0.5))[1] == "m = 1"


def test_names_that_are_no_identifiers():
    x = tg.parameter(np.ones(4), name="a b")
    found, arguments = run_backward(np.sum(x * x))

    assert arguments == ["parameters"]
    np.testing.assert_array_equal(found["da b"], np.full(4, 2.0))


def test_two_parameters_are_taken_by_one_split():
    x, y = (tg.parameter(np.ones(4), name=name) for name in "xy")

    assert body_of(np.sum(x * y))[0] == 'x, y = (parameters[name] for name in "x y".split())'


def test_what_is_computed_twice_has_a_line_of_its_own():
    x = tg.parameter(np.linspace(0.1, 1, 4), name="x")
    J = np.sum(tg.gelu(x))
    lines = body_of(J)

    own = [line.partition(" = ")[0] for line in lines if line.startswith("T")]
    assert own == [f"T{i}" for i in range(1, len(own) + 1)] != []
    right = [line.partition(" = ")[2] for line in lines if " = " in line]
    assert len(right) == len(set(right))
    np.testing.assert_allclose(run_backward(J)[0]["dx"], J.backward()["dx"], rtol=1e-12)


def test_what_is_cheap_is_rather_written_twice():
    A, B = (tg.parameter(np.ones((3, 3)), name=name) for name in ("first_matrix", "second_matrix"))
    lines = body_of(np.sum(A.T @ B.T @ (A.T @ B.T)))

    assert not [line for line in lines if line.startswith("T") and line.endswith(".T") and "@" not in line]


def test_indices_are_arguments_and_scatter_is_written_out():
    x = tg.parameter(np.ones((2, 3)), name="x")
    J = np.sum(x[:, np.array([0, 0, 1])] ** 2)
    found, arguments = run_backward(J, np.array([0, 0, 1]))

    assert arguments == ["parameters", "constant1"]
    assert "def scatter(x, shape, index):" in plain_code_of(J)
    np.testing.assert_array_equal(found["dx"], J.backward()["dx"])
    assert "scatter" not in plain_code_of(np.sum(x * x))


def test_a_long_formula_has_a_name_and_a_line():
    x = tg.parameter(np.linspace(0.1, 1, 4), name="x")
    J = np.sum(np.exp(np.sin(np.cos(np.tanh(np.sqrt(np.log1p(np.arctan(x * x))))))))
    lines = body_of(J)

    assert [line for line in lines if line.startswith("dv")]
    assert max(map(len, lines)) <= 110
    np.testing.assert_allclose(run_backward(J)[0]["dx"], J.backward()["dx"], rtol=1e-12)
    assert run_backward(J)[0].keys() == {"dx"}


def test_only_what_is_read_is_computed_forward():
    W, b = tg.parameter(np.ones((2, 3)), name="W1"), tg.parameter(np.ones((2, 1)), name="b1")
    Z = (W @ tg.tensor(np.ones((3, 4)), name="X") + b).named("Z1")
    lines = body_of(np.sum(Z))

    assert not [line for line in lines if line.startswith("Z1 =")]
    assert [line for line in body_of(np.sum(np.sin(Z))) if line.startswith("Z1 =")] == ["Z1 = W1 @ X + b1"]


def test_derivatives_that_a_graph_has_by_name_are_returned_in_the_order_of_the_sweep():
    J = record(tg.tensor(X, name="X"), Y, parameters_of(ARRAYS))
    found, arguments = run_backward(J, X, Y)

    assert arguments == ["parameters", "X", "Y"]
    chain = J.backward().chain("course")
    assert [name for name in chain if name in found] == list(found)
    for name, value in found.items():
        np.testing.assert_allclose(value, chain[name], rtol=1e-9, atol=1e-12)


def test_items_fill_lines():
    lines = wrap_items(f'"d{i}": d{i},' for i in range(30))

    assert all(line.startswith(" " * 8 + '"d') and line.endswith(",") and len(line) <= 100 for line in lines)
    assert " ".join(line.strip() for line in lines) == " ".join(f'"d{i}": d{i},' for i in range(30))
    assert len(lines) == 4


def test_what_has_no_parameter_is_refused():
    with pytest.raises(GraphError):
        plain_code_of(tg.tensor(1.0) * 2)
