"""Names from structure: what a value is called when nobody said so."""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network
from tinygraph.engine.sweep import recorded_order
from tinygraph.graph.naming import name_graph
from tinygraph.notation.names import derivative_name, suffix_of

X = np.ones((3, 4))


def weight(name=None, shape=(2, 3)):
    return tg.parameter(np.ones(shape), name=name)


def bias(name=None, rows=2):
    return tg.parameter(np.zeros((rows, 1)), name=name)


def names_in(J):
    """All names of the graph of J, in the order of recording."""
    return [name for x, name in name_graph(recorded_order(J), [J]).items() if isinstance(x, tg.Tensor)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("W1", "1"), ("w1", "1"), ("W", ""), ("W_out", "_out"), ("weight2", "2"), ("theta3", "3")),
        *(("b1", None), ("X", None), (None, None), ("", None), ("view", None)),
    ],
)
def test_suffix_of_a_weight(name, expected):
    assert suffix_of(name) == expected


def test_derivative_name():
    assert derivative_name("Z1") == "dZ1"


LINEAR_STEPS = {
    "W @ X + b": lambda W, b: W @ X + b,
    "b + W @ X": lambda W, b: b + W @ X,
    "W @ X - b": lambda W, b: W @ X - b,
    "np.dot": lambda W, b: np.dot(W, X) + b,
    "np.matmul": lambda W, b: np.matmul(W, X) + b,
    "np.add": lambda W, b: np.add(np.matmul(W, X), b),
    "einsum": lambda W, b: np.einsum("ij,jk->ik", W, X) + b,
    "rows": lambda W, b: X.T @ W.T + np.ones(2),
    "number": lambda W, b: W @ X + 1.0,
}


@pytest.mark.parametrize("step", LINEAR_STEPS.values(), ids=LINEAR_STEPS)
def test_a_linear_step_and_its_activation_are_named_after_the_weight(step):
    Z = step(weight("W1"), bias("b1"))

    assert Z.name == "Z1"
    assert tg.relu(Z).name == "A1"
    assert np.tanh(Z).name == "A1"


@pytest.mark.parametrize(
    "value",
    [
        weight("W1") @ X * 2 + weight("W2") @ X,
        weight("V1") @ X + bias("b1"),
        tg.tensor(np.ones((2, 3)), name="W1") @ X + bias("b1"),
        np.exp(weight("W1") @ X + bias("b1")),
        weight("W1") * 2,
        weight(),
        weight("W1") + bias("b1"),
    ],
)
def test_what_is_no_layer_has_no_name(value):
    assert value.name is None or value.name == value.given_name


def test_a_name_that_was_given_comes_first():
    Z = (weight("W1") @ X + bias("b1")).named("Z_hidden")

    assert Z.name == "Z_hidden"
    assert tg.relu(Z).name == "A_hidden"
    assert tg.relu(Z).named("H").name == "H"


def test_a_network_reads_as_in_the_lectures():
    W1, b1, W2, b2 = weight("W1"), bias("b1"), weight("W2", (1, 2)), bias("b2", 1)
    J = tg.binary_cross_entropy(tg.sigmoid(W2 @ tg.relu(W1 @ X + b1) + b2), np.ones((1, 4)))

    assert names_in(J) == ["W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "A2", "J"]


def test_parameters_without_names_are_numbered_in_the_order_of_their_use():
    W2, b2, W1, b1 = weight(shape=(1, 2)), bias(rows=1), weight(), bias()
    J = tg.binary_cross_entropy(tg.sigmoid(W2 @ tg.relu(W1 @ X + b1) + b2), np.ones((1, 4)))

    d = J.backward()

    assert list(d) == ["dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]
    assert d["dW1"] is d[W1]
    assert d["db2"] is d[b2]


def test_a_step_without_bias_is_named_in_a_graph():
    J = np.sum(tg.relu(weight("W1") @ X))

    assert names_in(J) == ["W1", "Z1", "A1", "J"]


def test_with_a_bias_the_product_alone_is_not_the_linear_step():
    J = np.sum(weight("W1") @ X + bias("b1"))

    assert names_in(J) == ["W1", "b1", "Z1", "J"]


def test_a_name_for_two_values_is_told_apart():
    W1, b1 = weight("W1"), bias("b1")
    J = np.sum((W1 @ X + b1) * (W1 @ (2 * X) + b1))

    assert names_in(J) == ["W1", "b1", "Z1", "Z1_2", "J"]
    assert {"dZ1", "dZ1_2"} <= set(J.backward())


def test_two_parameters_of_one_name_are_told_apart():
    first, second = tg.parameter(2.0, name="x"), tg.parameter(3.0, name="x")

    d = (first * second).backward()

    assert (d["dx"], d["dx_2"]) == (3, 2)
    assert (d[first], d[second]) == (3, 2)


def test_a_number_that_is_taken_is_passed_over():
    x, y, z = (tg.parameter(1.0, name=name) for name in ("x", "x", "x_2"))

    assert names_in((x * y * z).named("J")) == ["x", "x_2", "x_2_2", "J"]


def test_names_of_locals():
    rate = tg.parameter(2.0)
    scale = tg.parameter(3.0)
    result = rate * scale
    J = result + 1

    d = J.backward(names=locals())

    assert list(d) == ["dresult", "drate", "dscale"]
    assert rate.given_name is None


def test_names_of_locals_leave_given_names_and_underscores_alone():
    x, _y = tg.parameter(2.0, name="X"), tg.parameter(3.0)
    J = x * _y

    names = name_graph(recorded_order(J), [J], {"other": x, "_z": _y, "cost": J})

    assert dict(names.items()) == {x: "X", _y: "_y", J: "cost"}


def test_names_of_locals_find_the_layers():
    data, _, arrays = make_network([4, 5, 1])
    W1, b1, W2, b2 = (tg.parameter(a) for a in arrays.values())
    J = np.sum(W2 @ np.tanh(W1 @ data + b1) + b2)

    assert list(J.backward(names=locals())) == ["dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]


def test_repr_shows_the_name():
    assert repr(tg.parameter([1.0], name="W1")) == "Tensor([1.], name='W1')"
    assert repr(tg.parameter([1.0])) == "Tensor([1.])"
