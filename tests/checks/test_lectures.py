"""The lectures' program, run on numbers: its values are those of the engine and of the functions by hand."""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import HIDDEN, make_network, parameters_of, record
from tinygraph.checks.lectures import (
    activation_formula,
    backward_program,
    forward_program,
    layer_program,
    slopes,
    through_activation,
    unit_program,
    update_program,
)

rng = np.random.default_rng(0)
ACTIVATIONS = ["relu", "sigmoid", "tanh", "softmax", "linear"]


def run_program(program, values):
    """The values after each statement, by its last right side; the others give the same."""
    values = dict(values)
    for s in program:
        results = [right.evaluate(values) for right in s.right]
        for other in results:
            np.testing.assert_allclose(other, results[-1], rtol=1e-9, atol=1e-12, err_msg=s.name)
        values[s.name] = results[-1]
    return values


@pytest.mark.parametrize("convention", ["course", "true"])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_forward_and_backward_are_those_of_the_engine(output, hidden, convention):
    X, Y, arrays = make_network([4, 5, 3, 2], output)
    activations = [hidden, hidden, output]
    values = run_program(forward_program(activations), {**arrays, "A0": X, "Y": Y, "m": X.shape[1]})
    found = run_program(backward_program(activations, convention), values)
    J = record(X, Y, parameters_of(arrays), hidden, output)

    np.testing.assert_allclose(values["J"], J.value, rtol=1e-12)
    for name, dx in J.backward().chain(convention).items():
        np.testing.assert_allclose(found[name], dx, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_and_the_way_back_through_it(activation):
    Z, dA = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    z = tg.parameter(Z)
    function = {"relu": tg.relu, "sigmoid": tg.sigmoid, "tanh": np.tanh, "linear": lambda x: 1 * x}
    A = function.get(activation, lambda x: tg.softmax(x, axis=0))(z)
    values = {"Z2": Z, "A2": A.value, "dA2": dA}

    np.testing.assert_allclose(activation_formula(2, activation).evaluate(values), A.value, rtol=1e-12)
    np.testing.assert_allclose(
        through_activation(2, activation).evaluate(values), np.sum(A * dA).backward()[z], rtol=1e-9
    )


def test_slopes_are_those_of_the_activations():
    Z = np.array([[-2.0, -0.5, 0.5, 2.0]])
    z = tg.parameter(Z)
    for name, f in (
        ("relu", tg.relu),
        ("sigmoid", tg.sigmoid),
        ("tanh", np.tanh),
        ("leaky_relu", tg.leaky_relu),
    ):
        A = f(z)
        slope = slopes(1)[name].evaluate({"Z1": Z, "A1": A.value})
        np.testing.assert_allclose(slope, np.sum(A).backward()[z], rtol=1e-9, err_msg=name)
    assert slopes(1)["linear"] == 1


def test_a_layer_without_its_activation():
    assert [s.name for s in layer_program(2, "relu", through=False)] == ["dW2", "db2", "dA1"]
    assert [s.name for s in layer_program(2, "relu")] == ["dZ2", "dW2", "db2", "dA1"]
    assert {s.layer for s in layer_program(2, "relu")} == {2}


def test_a_step_down_the_gradient():
    W, dW = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    values = {"lr": 0.1, **{f"{p}{i}": W + i for p in "Wb" for i in (1, 2)}}
    values |= {f"d{p}{i}": dW * i for p in "Wb" for i in (1, 2)}
    found = run_program(update_program(2), values)

    assert [s.name for s in update_program(2)] == ["W1_new", "b1_new", "W2_new", "b2_new"]
    np.testing.assert_allclose(found["b2_new"], (W + 2) - 0.1 * (dW * 2))


def test_one_unit_has_its_weights_in_a_column():
    X, Y = rng.normal(size=(4, 7)), rng.integers(2, size=(1, 7)).astype(float)
    w, b = tg.parameter(rng.normal(size=(4, 1)), name="w"), tg.parameter(0.3, name="b")
    A = tg.sigmoid(w.T @ X + b)
    J = tg.binary_cross_entropy(A, Y)
    d = J.backward()
    found = run_program(unit_program(), {"A0": X, "A1": A.value, "Y": Y, "m": 7})

    assert [(s.name, s.layer) for s in unit_program()] == [("dZ1", 1), ("dw", 1), ("db", 1), ("J", 1)]
    np.testing.assert_allclose(found["dw"], d[w], rtol=1e-9)
    np.testing.assert_allclose(found["db"], d[b], rtol=1e-9)
    np.testing.assert_allclose(found["J"], J.value, rtol=1e-12)
