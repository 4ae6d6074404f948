"""The chain: its order, its names, and the course's factor m, against the lectures by hand."""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import HIDDEN, OUTPUTS, layers, make_network, parameters_of, record
from tinygraph import layerwise as lw
from tinygraph.engine.sweep import recorded_order
from tinygraph.graph.layers import examples_of, find_layers

NETWORKS = [([4, 5, 3, 2], hidden, output) for hidden in HIDDEN for output in OUTPUTS]
NETWORKS += [
    ([3, 1], "relu", "sigmoid"),
    ([2, 4, 1], "tanh", "sigmoid"),
    ([6, 5, 4, 3, 2], "tanh", "softmax"),
]
THREE_LAYERS = ["dA3", "dZ3", "dW3", "db3", "dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]
BACKWARD = {name: getattr(lw, f"{name}_backward") for name in ("relu", "tanh", "sigmoid", "softmax")}
STARTS = {"sigmoid": lambda A, Y: -(Y / A) + (1 - Y) / (1 - A), "softmax": lambda A, Y: -Y / A}


def by_hand(X, Y, arrays, hidden, output):
    """Every dA, dZ, dW and db by tinygraph.layerwise."""
    AL, caches = lw.L_model_forward(X, arrays, hidden, output)
    L = len(caches)
    grads = lw.L_model_backward(AL, Y, caches, hidden, output)
    grads[f"dA{L}"] = STARTS.get(output, np.subtract)(AL, Y)
    for layer, (_, Z) in enumerate(caches, start=1):
        g_backward = BACKWARD[output if layer == L else hidden]
        grads[f"dZ{layer}"] = g_backward(grads[f"dA{layer}"], Z)
    del grads["dA0"]
    return grads


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("layer_dims", "hidden", "output"), NETWORKS)
def test_course_convention_equals_the_lectures_by_hand(layer_dims, hidden, output, seed):
    X, Y, arrays = make_network(layer_dims, output, seed=seed)
    expected = by_hand(X, Y, arrays, hidden, output)

    actual = record(X, Y, parameters_of(arrays), hidden, output).backward().chain(convention="course")

    assert expected.keys() == actual.keys()
    for name, dx in actual.items():
        np.testing.assert_allclose(dx, expected[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_true_convention_has_dA_and_dZ_over_m():
    d = record_network().backward()
    true, course = d.chain(), d.chain(convention="course")

    assert d.m == 7
    for name in true:
        factor = 7 if name[1] in "AZ" else 1
        np.testing.assert_allclose(course[name], factor * true[name], rtol=1e-15)
        assert d[name] is not course[name] or factor == 1


def test_order_is_that_of_the_sweep():
    d = record_network().backward()

    assert list(d.chain()) == THREE_LAYERS
    assert list(d) == THREE_LAYERS


def test_order_does_not_depend_on_how_the_bias_is_added():
    X, Y, arrays = make_network([4, 3, 1])
    p = parameters_of(arrays)
    A1 = tg.relu(p["b1"] + p["W1"] @ X)
    J = tg.binary_cross_entropy(tg.sigmoid(p["b2"] + np.dot(p["W2"], A1)), Y)

    assert set(THREE_LAYERS[4:]) == set(J.backward().chain())
    assert [name for name in J.backward() if name[1] in "AZ"] == ["dA2", "dZ2", "dA1", "dZ1"]


def test_another_convention_is_refused():
    with pytest.raises(ValueError, match="convention is 'true' or 'course', not 'lectures'"):
        record_network().backward().chain(convention="lectures")


def test_penalty_on_the_weights_is_part_of_dW():
    X, Y, arrays = make_network([4, 3, 1])
    p = parameters_of(arrays)

    plain = record(X, Y, p).backward().chain(convention="course")
    penalty = 0.1 / (2 * 7) * (np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2))
    actual = (record(X, Y, p) + penalty).backward().chain(convention="course")

    assert plain.keys() == actual.keys() - {"dpenalty"}
    for name in plain:
        dx = actual[name]
        expected = plain[name] + (0.1 / 7 * arrays[name[1:]] if name[1] == "W" else 0)
        np.testing.assert_allclose(dx, expected, rtol=1e-12, atol=1e-14)


def test_examples_as_rows_get_the_same_names():
    X, Y, arrays = make_network([4, 3, 1])
    p = {name: tg.parameter(a.T, name=name) for name, a in arrays.items()}
    A1 = tg.relu(X.T @ p["W1"] + p["b1"])
    J = tg.binary_cross_entropy(tg.sigmoid(A1 @ p["W2"] + p["b2"]), Y.T, axis=1)
    expected = record(X, Y, parameters_of(arrays)).backward().chain(convention="course")

    actual = J.backward().chain(convention="course")

    assert expected.keys() == actual.keys()
    for name, dx in actual.items():
        np.testing.assert_allclose(dx.T, expected[name], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("m", [1, 5])
def test_m_is_the_number_of_examples(output, m):
    X, Y, arrays = make_network([4, 3, 2], output, m=m)

    assert examples_of(recorded_order(record(X, Y, parameters_of(arrays), output=output))) == m


def test_layers_are_found_with_their_parts():
    X, _, arrays = make_network([4, 5, 3, 1])
    p = parameters_of(arrays)
    J = np.sum(layers(X, p, "tanh"))
    order = recorded_order(J)

    first, second, third = find_layers(order, J.backward().names)

    assert [layer.suffix for layer in (first, second, third)] == ["1", "2", "3"]
    assert [layer.activation for layer in (first, second, third)] == ["tanh", "tanh", "linear"]
    assert (first.W is p["W1"], first.b is p["b1"], first.A_prev is X) == (True, True, True)
    assert second.A_prev is first.A
    assert third.A is None


def test_a_layer_without_bias_and_with_a_transpose_is_found():
    W1, X = tg.parameter(np.ones((2, 3)), name="W1"), np.ones((2, 4))
    J = np.sum(tg.relu(W1.T @ X))

    [layer] = find_layers(recorded_order(J), J.backward().names)

    assert (layer.W is W1, layer.b, layer.A_prev is X, layer.activation) == (True, None, True, "relu")


def record_network():
    X, Y, arrays = make_network([4, 5, 3, 1])
    return record(X, Y, parameters_of(arrays))
