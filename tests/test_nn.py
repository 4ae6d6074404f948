"""Networks and their parts: the lectures' formulas, and the same graph as the same lines written out."""

import numpy as np
import pytest

import tinygraph as tg
import viz
from tests.course import assert_published, cases
from tests.networks import make_network, parameters_of
from tinygraph import layerwise as lw
from tinygraph.errors import ShapeError

DIMS = [5, 4, 3, 1]
rng = np.random.default_rng(7)
X, Y = rng.standard_normal((5, 9)), rng.integers(2, size=(1, 9)).astype(float)


def values(parameters):
    return {name: p.value for name, p in parameters.items()}


def assert_equal(expected, actual):
    """The same names and the same bits."""
    assert list(expected) == list(actual)
    for name, value in expected.items():
        np.testing.assert_array_equal(value, actual[name], err_msg=name)


# First weights


def test_xavier_is_the_initialisation_of_the_version_by_hand():
    assert_equal(lw.initialize_parameters_deep(DIMS, 3), values(tg.nn.initialize(DIMS, "xavier", seed=3)))


@pytest.mark.parametrize("case", cases("identity"), ids=str)
def test_scaled_weights_are_the_published_ones(case):
    n_0, n_1, n_2 = case.inputs["W1"].shape[1], len(case.inputs["W1"]), len(case.inputs["W2"])

    assert_published(case, values(tg.nn.initialize([n_0, n_1, n_2], "scaled", seed=1)))


@pytest.mark.parametrize(("method", "deviation"), [("he", 0.1), ("xavier", np.sqrt(1 / 200)), ("zeros", 0)])
def test_weights_have_the_deviation_of_the_formula(method, deviation):
    parameters = tg.nn.initialize([200, 500, 1], method)

    assert parameters["W1"].value.std() == pytest.approx(deviation, rel=0.01)
    assert not parameters["b1"].value.any()


def test_weights_take_the_dtype_asked_for():
    assert {p.dtype for p in tg.nn.initialize(DIMS, dtype=np.float32).values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([5, 4], "glorot"), "method is 'glorot'; expected 'he', 'xavier', 'scaled', 'zeros'"),
        (([5],), r"layer_dims is \[5\]; expected units of two layers or more"),
        (([5, 0],), r"layer_dims is \[5, 0\]"),
        (([5, 2.0],), r"layer_dims is \[5, 2.0\]"),
        ((["5", 2],), r"layer_dims is \['5', 2\]"),
        ((5,), "layer_dims is 5; expected units"),
    ],
)
def test_what_cannot_be_initialised_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tg.nn.initialize(*arguments)


# L2 and dropout


@pytest.mark.parametrize("case", cases("l2_cost"), ids=str)
def test_l2_is_the_published_cost(case):
    parameters, m = parameters_of(case.parameters), case.inputs["Y"].shape[1]
    J = tg.binary_cross_entropy(case.inputs["AL"], case.inputs["Y"])
    J = J + tg.nn.l2_penalty(parameters, case.settings["lambd"], m)

    assert_published(case, {"cost": J.value})


def test_l2_without_weights_is_refused():
    with pytest.raises(ValueError, match="whose names begin with W; here is theta"):
        tg.nn.l2_penalty({"theta": tg.parameter(1.0)}, 0.1, 5)


def test_l2_adds_lambda_over_m_times_the_weights():
    plain, penalised = tg.nn.Network(DIMS), tg.nn.Network(DIMS, l2=0.7)
    d, d_l2 = plain.cost(X, Y).backward(), penalised.cost(X, Y).backward()

    for name, p in plain.parameters.items():
        added = 0.7 / 9 * p.value if name[0] == "W" else 0
        np.testing.assert_allclose(d_l2["d" + name], d["d" + name] + added, rtol=1e-12, atol=1e-15)


def test_dropout_is_the_lectures_two_lines_and_keeps_the_mean():
    A, keep_prob = rng.random((50, 400)), 0.8
    [D] = tg.nn.Network([1, 50, 1], keep_prob=keep_prob).draw_masks(400, np.random.default_rng(1))
    expected = A * D
    expected = expected / keep_prob

    actual = tg.nn.dropout(A, D, keep_prob)

    np.testing.assert_array_equal(expected, actual)
    assert actual.mean() == pytest.approx(A.mean(), rel=0.02)
    assert D.mean() == pytest.approx(keep_prob, abs=0.01)


def test_the_derivatives_under_dropout_agree_with_differences():
    network = tg.nn.Network(DIMS, hidden="tanh", keep_prob=0.7, l2=0.1)
    masks = network.draw_masks(9, np.random.default_rng(2))

    def cost(W1):
        network.parameters["W1"] = W1
        return network.cost(X, Y, *masks)

    assert tg.gradcheck(cost, [network.parameters["W1"].value]).ok


def test_there_is_no_dropout_without_masks():
    network = tg.nn.Network(DIMS, keep_prob=0.5)

    np.testing.assert_array_equal(network(X).value, tg.nn.Network(DIMS)(X).value)
    assert tg.nn.Network(DIMS).draw_masks(9, rng) == ()


# Mini-batches


def test_batches_hold_every_example_once_with_its_label_and_the_last_is_smaller():
    columns, labels = np.arange(20.0).reshape(2, 10), np.arange(10)

    found = list(tg.nn.batches(columns, labels, 4, np.random.default_rng(1)))
    order = np.concatenate([y for _, y in found])

    assert [y.size for _, y in found] == [4, 4, 2]
    assert sorted(order) == list(range(10)) != list(order)
    np.testing.assert_array_equal(np.hstack([x for x, _ in found]), columns[:, order])
    assert all(x.flags.c_contiguous for x, _ in found)


def test_the_same_seed_gives_the_same_batches():
    first, again, other = (
        [y.tolist() for _, y in tg.nn.batches(X, Y, 4, np.random.default_rng(seed))] for seed in (1, 1, 2)
    )

    assert first == again != other


def test_a_smaller_last_batch_counts_as_what_it_is():
    """Weighted by their examples, the derivatives of the batches are that of all examples."""
    network = tg.nn.Network(DIMS)
    expected = network.cost(X, Y).backward()["dW1"]
    parts = tg.nn.batches(X, Y, 4, np.random.default_rng(1))
    total = sum(network.cost(x, y).backward()["dW1"] * y.shape[1] for x, y in parts)

    np.testing.assert_allclose(total / 9, expected, rtol=1e-12)


def test_batches_that_cannot_be_are_refused():
    with pytest.raises(ShapeError, match=r"X \(5, 9\) has 9 of them, but Y \(1, 8\) has 8"):
        next(tg.nn.batches(X, Y[:, :8], 4, rng))
    with pytest.raises(ValueError, match="a batch holds 1 example or more, not 0"):
        next(tg.nn.batches(X, Y, 0, rng))


# The network


def by_operators(parameters, A, hidden, output):
    """The same three layers, as one writes them."""
    W1, b1, W2, b2, W3, b3 = parameters.values()
    Z1 = W1 @ tg.tensor(A, name="X") + b1
    A1 = hidden(Z1)
    Z2 = W2 @ A1 + b2
    A2 = hidden(Z2)
    Z3 = W3 @ A2 + b3
    if output == "sigmoid":
        return tg.binary_cross_entropy(tg.sigmoid(Z3), tg.tensor(Y, name="Y"))
    if output == "softmax":
        return tg.softmax_cross_entropy(Z3, Y[0].astype(int))
    return np.sum(np.square(Z3 - tg.tensor(Y, name="Y"))) / (2 * 9)


@pytest.mark.parametrize(
    ("hidden", "output", "function"),
    [("relu", "sigmoid", tg.relu), ("tanh", "softmax", np.tanh), ("gelu", "linear", tg.gelu)],
)
def test_network_is_the_operators_written_out(hidden, output, function):
    """To the last bit, by the same names, in the same pictures."""
    network = tg.nn.Network([5, 4, 3, 2 if output == "softmax" else 1], hidden, output)
    expected = by_operators(network.parameters, X, function, output).named("J")
    actual = network.cost(X, Y[0].astype(int) if output == "softmax" else Y).named("J")

    assert expected.value == actual.value
    assert_equal(dict(expected.backward()), dict(actual.backward()))
    for view in ("layers", "ops"):
        assert viz.draw(expected, view=view).source == viz.draw(actual, view=view).source


def step_by_hand(parameters, X, Y, rate):
    """The cost, and the parameters after a step: the lectures' lines for relu, relu, sigmoid."""
    W1, b1, W2, b2, W3, b3 = parameters.values()
    Z1 = W1 @ X + b1
    A1 = np.maximum(Z1, 0)
    Z2 = W2 @ A1 + b2
    A2 = np.maximum(Z2, 0)
    Z3 = W3 @ A2 + b3
    A3 = 1 / (1 + np.exp(-Z3))
    J = np.sum(np.logaddexp(Z3, 0) - Y * Z3) / Y.shape[1]
    dZ3 = (A3 - Y) * (1 / Y.shape[1])
    dZ2 = W3.T @ dZ3 * (Z2 > 0)
    dZ1 = W2.T @ dZ2 * (Z1 > 0)
    steps = [dZ1 @ X.T, dZ1.sum(axis=1, keepdims=True), dZ2 @ A1.T, dZ2.sum(axis=1, keepdims=True)]
    steps += [dZ3 @ A2.T, dZ3.sum(axis=1, keepdims=True)]
    new = {name: W - rate * dW for (name, W), dW in zip(parameters.items(), steps, strict=True)}
    return J, new


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_network_costs_what_the_version_by_hand_costs_to_the_last_bit(compiled):
    network = tg.nn.Network(DIMS, seed=3)
    by_hand, descent = values(network.parameters), tg.optim.SGD(0.3)
    step = tg.compile(network.cost, network.parameters, optimizer=descent)
    for _ in range(10):
        expected, by_hand = step_by_hand(by_hand, X, Y, 0.3)
        if compiled:
            actual = step(X, Y)
        else:
            J = network.cost(X, Y)
            descent.update(network.parameters, J.backward())
            actual = J.value

        assert expected == actual
        assert_equal(by_hand, values(network.parameters))


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_network_gives_the_outputs_of_the_lectures_functions(output):
    network = tg.nn.Network([5, 4, 3], "tanh", output)
    x, y, _ = make_network([5, 4, 3], output)
    AL, _ = lw.L_model_forward(x, values(network.parameters), "tanh", output)

    np.testing.assert_array_max_ulp(network(x).value, AL, 2)
    np.testing.assert_allclose(network.cost(x, y).value, lw.compute_cost(AL, y, output), rtol=1e-14)


PUBLISHED = [*cases("tanh_net_train"), *cases("L_layer_train")]


@pytest.mark.parametrize("case", PUBLISHED, ids=str)
def test_network_trains_to_the_published_parameters(case):
    weights = [value for name, value in case.parameters.items() if name[0] == "W"]
    dims = [weights[0].shape[1], *map(len, weights)]
    network = tg.nn.Network(dims, case.settings.get("hidden", "tanh"))
    for name, p in network.parameters.items():
        p.value[...] = case.parameters[name]
    descent = tg.optim.SGD(case.settings["learning_rate"])
    step = tg.compile(network.cost, network.parameters, optimizer=descent)
    costs = [step(case.inputs["X"], case.inputs["Y"]) for _ in range(case.settings["num_iterations"])]

    assert_published(case, values(network.parameters) | {"cost_0": costs[0]})


def test_random_masks_are_inputs_of_a_compiled_step():
    """A step compiled once, with other masks each time, is the eager step to the last bit."""
    eager, compiled = (tg.nn.Network(DIMS, keep_prob=0.6, l2=0.1) for _ in range(2))
    first, second = tg.optim.Adam(0.01), tg.optim.Adam(0.01)
    step = tg.compile(compiled.cost, compiled.parameters, optimizer=second)
    random, costs = np.random.default_rng(5), set()
    for _ in range(5):
        masks = eager.draw_masks(9, random)
        J = eager.cost(X, Y, *masks)
        first.update(eager.parameters, J.backward())

        assert J.value == step(X, Y, *masks)
        costs.add(float(J.value))

    assert_equal(values(eager.parameters), values(compiled.parameters))
    assert len(costs) == 5
    assert len(step._plans) == 1


@pytest.mark.parametrize("labels", ["numbers", "columns"])
def test_accuracy_counts_what_is_predicted(labels):
    network = tg.nn.Network([5, 3], output="softmax")
    classes = np.argmax(network(X).value, axis=0)
    wrong = classes.copy()
    wrong[:2] = (wrong[:2] + 1) % 3
    Y = wrong if labels == "numbers" else np.eye(3)[wrong].T

    np.testing.assert_array_equal(network.predict(X), classes)
    assert network.accuracy(X, Y) == pytest.approx(7 / 9)


def test_accuracy_of_one_unit_is_the_share_on_the_right_side_of_a_half():
    network = tg.nn.Network([5, 1])
    found = network(X).value > 0.5

    assert network.accuracy(X, found) == 1
    assert network.accuracy(X, ~found) == 0


@pytest.mark.parametrize(
    ("classes", "shape"), [(1, (9, 1)), (1, (1, 8)), (1, (2, 9)), (3, (1, 9)), (3, (9, 3)), (3, (8,))]
)
def test_labels_that_do_not_fit_have_no_accuracy(classes, shape):
    """They would stretch beside the predictions, and give some number."""
    network = tg.nn.Network([5, classes], output="softmax" if classes > 1 else "sigmoid")

    with pytest.raises(ShapeError, match="are not of the predictions"):
        network.accuracy(X, np.ones(shape, int))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": "step"}, "hidden is 'step'; expected 'relu', 'tanh', 'sigmoid'"),
        ({"hidden": ["relu", "tanh"]}, r"hidden is \['relu', 'tanh'\]; expected 'relu'"),
        ({"l2": float("nan")}, "l2 is not negative; got 1.0 and nan"),
        ({"output": "relu"}, "output is 'relu'; expected 'sigmoid', 'softmax', 'linear'"),
        ({"keep_prob": 0}, r"keep_prob lies in \(0, 1\]"),
        ({"l2": -1}, "l2 is not negative"),
    ],
)
def test_a_network_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        tg.nn.Network(DIMS, **settings)


def test_repr_tells_what_a_run_depends_on():
    W1 = tg.parameter(np.ones((1, 2)), name="W1")

    assert repr(tg.nn.Network(DIMS)) == "Network(5 → 4 → 3 → 1, relu, sigmoid)"
    assert repr(tg.nn.Network([2, 3], l2=0.1, keep_prob=0.5)) == (
        "Network(2 → 3, relu, sigmoid, l2=0.1, keep_prob=0.5)"
    )
    assert repr(tg.nn.Model({"W1": W1})) == "Model(W1 (1, 2))"


def test_a_model_without_output_or_cost_says_so():
    with pytest.raises(ValueError, match="this model has a cost and no output"):
        tg.nn.Model({}, lambda X, Y: X)(X)
    with pytest.raises(NotImplementedError, match="a model needs a cost"):
        tg.nn.Model({}).cost(X, Y)


# Learning rates that fall


def test_learning_rates_fall_by_the_lectures_formulas():
    epochs = range(6)

    assert [0.5 / (1 + 2 * e) for e in epochs] == list(map(tg.optim.inverse_decay(0.5, 2), epochs))
    assert [0.5 * 0.9**e for e in epochs] == list(map(tg.optim.exponential_decay(0.5, 0.9), epochs))
    assert [0.5 / np.sqrt(e + 1) for e in epochs] == list(map(tg.optim.root_decay(0.5), epochs))
    assert list(map(tg.optim.inverse_decay(0.5, 1, 3), epochs)) == [0.5, 0.5, 0.5, 0.25, 0.25, 0.25]
