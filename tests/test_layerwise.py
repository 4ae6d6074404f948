"""The lectures by hand: against the course's published figures and against derivatives of the cost."""

import copy
import re
from itertools import pairwise

import numpy as np
import pytest

from tests.course import DRIVERS, OPTIMIZERS, assert_published, cases
from tinygraph import layerwise as lw

OUTPUTS = ["sigmoid", "softmax", "tanh", "relu"]
NETWORKS = [
    pytest.param([4, 5, 3, 3], hidden, output, id=f"{hidden}-{output}")
    for hidden in ("relu", "tanh", "sigmoid", "softmax")
    for output in OUTPUTS
] + [
    pytest.param([3, 1], "relu", "sigmoid", id="logistic regression"),
    pytest.param([6, 5, 4, 3, 2], "tanh", "softmax", id="four layers"),
]


def make_network(layer_dims, output, m=7, seed=3):
    """X, Y and parameters in general position: no bias 0, sizes different from m."""
    random = np.random.default_rng(seed)
    parameters = {}
    for layer, (n_prev, n) in enumerate(pairwise(layer_dims), start=1):
        parameters[f"W{layer}"] = random.standard_normal((n, n_prev))
        parameters[f"b{layer}"] = random.standard_normal((n, 1))
    X, n_L = random.standard_normal((layer_dims[0], m)), layer_dims[-1]
    if output == "softmax":
        return X, np.eye(n_L)[random.integers(n_L, size=m)].T, parameters
    return X, random.integers(2, size=(n_L, m)), parameters


def complex_step(f, x, h=1e-30):
    """df/dx for a real f without subtraction, so exact to rounding: Im f(x + ih) / h."""
    derivative = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        stepped = x.astype(complex)
        stepped[index] += 1j * h
        derivative[index] = f(stepped).imag / h
    return derivative


def central_difference(f, x, h=1e-6):
    derivative = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        derivative[index] = (f(x + step) - f(x - step)) / (2 * h)
    return derivative


def cost_from(A, parameters, Y, hidden, output, first=1):
    """The cost of the network's layers from `first` on, with A as their input."""
    layers = range(first, len(parameters) // 2 + 1)
    rest = {f"{kind}{i}": parameters[f"{kind}{layer}"] for i, layer in enumerate(layers, 1) for kind in "Wb"}
    AL, _ = lw.L_model_forward(A, rest, hidden, output)
    return lw.compute_cost(AL, Y, output)


class TestPublishedFigures:
    @pytest.mark.parametrize("case", [case for case in cases() if case.function not in OPTIMIZERS], ids=str)
    def test_reproduces(self, case):
        assert_published(case, DRIVERS[case.function](case))

    def test_every_function_is_driven_or_waits(self):
        published = {case.function for case in cases()}

        assert published == DRIVERS.keys() | OPTIMIZERS
        assert not DRIVERS.keys() & OPTIMIZERS

    def test_all_figures_are_there(self):
        assert len(cases()) == 30
        assert all(case.published_in and case.expected.keys() == case.tolerance.keys() for case in cases())

    @pytest.mark.parametrize("case", cases("cost"), ids=str)
    def test_a_figure_outside_its_tolerance_fails(self, case):
        with pytest.raises(AssertionError, match=case.name):
            assert_published(case, {"cost": case.expected["cost"] + 2 * case.tolerance["cost"]})

    def test_the_first_weights_of_the_deep_network_are_the_courses(self):
        (case,) = (case for case in cases("L_layer_train") if case.name == "c1w4_L_layer_model_a")

        parameters = lw.initialize_parameters_deep([10, 5, 6, 1], seed=1)

        for name, expected in case.parameters.items():
            np.testing.assert_allclose(parameters[name], expected, rtol=1e-15)


class TestDerivatives:
    """Derivatives of the cost by complex step, which share no line with the backward functions."""

    @pytest.mark.parametrize(("layer_dims", "hidden", "output"), NETWORKS)
    def test_parameters(self, layer_dims, hidden, output):
        X, Y, parameters = make_network(layer_dims, output)

        AL, caches = lw.L_model_forward(X, parameters, hidden, output)
        grads = lw.L_model_backward(AL, Y, caches, hidden, output)

        for name, value in parameters.items():
            expected = complex_step(
                lambda x, name=name: cost_from(X, parameters | {name: x}, Y, hidden, output), value
            )
            np.testing.assert_allclose(grads["d" + name], expected, rtol=1e-10, atol=1e-14)

    @pytest.mark.parametrize(("layer_dims", "hidden", "output"), NETWORKS)
    def test_activations_are_m_times_the_derivative(self, layer_dims, hidden, output):
        X, Y, parameters = make_network(layer_dims, output)
        m = X.shape[1]

        AL, caches = lw.L_model_forward(X, parameters, hidden, output)
        grads = lw.L_model_backward(AL, Y, caches, hidden, output)

        for layer, ((A_prev, _, _), _) in enumerate(caches):
            expected = m * complex_step(
                lambda A, layer=layer: cost_from(A, parameters, Y, hidden, output, first=layer + 1), A_prev
            )
            np.testing.assert_allclose(grads[f"dA{layer}"], expected, rtol=1e-10, atol=1e-13)

    @pytest.mark.parametrize("hidden", ["relu", "tanh"])
    def test_central_differences_agree(self, hidden):
        X, Y, parameters = make_network([4, 5, 3, 1], "sigmoid")

        AL, caches = lw.L_model_forward(X, parameters, hidden)
        grads = lw.L_model_backward(AL, Y, caches, hidden)

        for name, value in parameters.items():
            expected = central_difference(
                lambda x, name=name: cost_from(X, parameters | {name: x}, Y, hidden, "sigmoid"), value
            )
            np.testing.assert_allclose(grads["d" + name], expected, rtol=1e-6, atol=1e-9)

    @pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "softmax"])
    def test_activation_backward_for_any_dA(self, activation):
        random = np.random.default_rng(5)
        dA, Z = random.standard_normal((2, 4, 6))
        g, g_backward = getattr(lw, activation), getattr(lw, activation + "_backward")

        expected = complex_step(lambda Z: np.sum(dA * g(Z)), Z)

        np.testing.assert_allclose(g_backward(dA, Z), expected, rtol=1e-12, atol=1e-15)

    @pytest.mark.parametrize("output", ["sigmoid", "softmax"])
    def test_cross_entropy_gives_dZ_equal_to_A_minus_Y(self, output):
        X, Y, parameters = make_network([4, 3], output)

        AL, caches = lw.L_model_forward(X, parameters, output=output)
        grads = lw.L_model_backward(AL, Y, caches, output=output)

        np.testing.assert_allclose(grads["dA0"], parameters["W1"].T @ (AL - Y), rtol=1e-12)

    def test_relu_has_slope_zero_at_the_kink(self):
        assert lw.relu_backward(np.array([[7.0]]), np.array([[0.0]])).item() == 0


class TestSaturation:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("y", [0, 1])
    @pytest.mark.parametrize("z", [-1e4, -40.0, 40.0, 1e4])
    def test_sigmoid_output(self, z, y, dtype):
        X, Y = np.array([[z]], dtype), np.array([[y]])
        parameters = {"W1": np.ones((1, 1), dtype), "b1": np.zeros((1, 1), dtype)}

        AL, caches = lw.L_model_forward(X, parameters)
        grads = lw.L_model_backward(AL, Y, caches)

        assert np.isfinite(lw.compute_cost(AL, Y))
        np.testing.assert_allclose(grads["db1"], float(z > 0) - y, atol=4 * np.finfo(dtype).eps)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("right", [0, 1])
    def test_softmax_output(self, right, dtype):
        X, Y = np.array([[1e4], [-1e4]], dtype), np.eye(2)[[right]].T
        parameters = {"W1": np.eye(2, dtype=dtype), "b1": np.zeros((2, 1), dtype)}

        AL, caches = lw.L_model_forward(X, parameters, output="softmax")
        grads = lw.L_model_backward(AL, Y, caches, output="softmax")

        assert np.isfinite(lw.compute_cost(AL, Y, "softmax"))
        np.testing.assert_allclose(grads["db1"], np.array([[1], [0]]) - Y, atol=4 * np.finfo(dtype).eps)

    def test_perfect_predictions_cost_nothing(self):
        Y = np.array([[0, 1, 1]])

        np.testing.assert_allclose(lw.compute_cost(Y, Y), 0, atol=1e-15)


class TestForm:
    def test_caches_are_the_courses(self):
        X, _, parameters = make_network([4, 5, 3], "sigmoid")

        AL, (((A0, W1, b1), Z1), ((A1, W2, b2), Z2)) = lw.L_model_forward(X, parameters, "tanh")

        assert (A0 is X, W1 is parameters["W1"], b1 is parameters["b1"]) == (True, True, True)
        assert (W2 is parameters["W2"], b2 is parameters["b2"]) == (True, True)
        np.testing.assert_array_equal(Z1, W1 @ X + b1)
        np.testing.assert_array_equal(A1, np.tanh(Z1))
        np.testing.assert_array_equal(Z2, W2 @ A1 + b2)
        np.testing.assert_allclose(AL, 1 / (1 + np.exp(-Z2)), rtol=1e-15)

    def test_gradients_are_named_and_ordered_like_the_courses(self):
        X, Y, parameters = make_network([4, 5, 3, 1], "sigmoid")

        AL, caches = lw.L_model_forward(X, parameters)
        grads = lw.L_model_backward(AL, Y, caches)

        expected = ["dA2", "dW3", "db3", "dA1", "dW2", "db2", "dA0", "dW1", "db1"]
        assert list(grads) == expected

    @pytest.mark.parametrize("output", OUTPUTS)
    def test_nothing_given_is_modified(self, output):
        X, Y, parameters = make_network([4, 5, 3], output)
        given = X, Y, parameters
        kept = copy.deepcopy(given)

        AL, caches = lw.L_model_forward(X, parameters, output=output)
        forward_kept = copy.deepcopy((AL, caches))
        lw.compute_cost(AL, Y, output)
        grads = lw.L_model_backward(AL, Y, caches, output=output)
        grads_kept = copy.deepcopy(grads)
        updated = lw.update_parameters(parameters, grads, 0.1)

        np.testing.assert_equal(given, kept)
        np.testing.assert_equal((AL, caches), forward_kept)
        np.testing.assert_equal(grads, grads_kept)
        assert not any(np.shares_memory(updated[name], parameters[name]) for name in parameters)

    @pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid", "softmax"])
    @pytest.mark.parametrize("output", OUTPUTS)
    def test_float32_stays_float32(self, hidden, output):
        X, Y, parameters = make_network([4, 5, 3], output)
        parameters = {name: value.astype(np.float32) for name, value in parameters.items()}

        AL, caches = lw.L_model_forward(X.astype(np.float32), parameters, hidden, output)
        grads = lw.L_model_backward(AL, Y, caches, hidden, output)
        updated = lw.update_parameters(parameters, grads, np.float64(0.1))
        arrays = [AL, *(Z for _, Z in caches), *grads.values(), *updated.values()]

        assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
        assert lw.compute_cost(AL, Y, output).dtype == np.float32

    def test_real_valued_and_integer_labels_keep_their_values(self):
        expected = -np.mean([0.25 * np.log(0.5) + 0.75 * np.log(0.5)])

        assert lw.compute_cost(np.array([[0.5]]), np.array([[0.25]])) == pytest.approx(expected)

    def test_initial_weights_have_the_size_of_the_course(self):
        parameters = lw.initialize_parameters_deep([400, 300, 1], seed=2)

        assert list(parameters) == ["W1", "b1", "W2", "b2"]
        assert np.std(parameters["W1"]) == pytest.approx(np.sqrt(1 / 400), rel=0.01)
        assert not parameters["b1"].any()

    def test_seeds_differ_and_repeat(self):
        first, again, other = (lw.initialize_parameters_deep([3, 2], seed)["W1"] for seed in (1, 1, 2))

        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_all_is_complete_and_sorted(self):
        public = [name for name, value in vars(lw).items() if getattr(value, "__module__", "") == lw.__name__]

        assert lw.__all__ == sorted(name for name in public if name[0] != "_")


class TestErrors:
    """What a beginner gets wrong, and what is said about it."""

    X, Y, parameters = make_network([4, 5, 1], "sigmoid")
    W, b = parameters["W1"], parameters["b1"]
    linear_cache = (X, W, b)
    Z = W @ X + b

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (
                lambda s: lw.linear_forward(s.X.T, s.W, s.b),
                "A_prev has shape (7, 4); expected (4, m): examples are columns, write A_prev.T",
            ),
            (
                lambda s: lw.linear_forward(s.X[:, 0], s.W, s.b),
                "A_prev has shape (4,); expected (4, m): write A_prev.reshape(4, 1)",
            ),
            (
                lambda s: lw.linear_forward(s.X, s.W, s.b.ravel()),
                "b has shape (5,); expected (5, 1): write b.reshape(5, 1)",
            ),
            (
                lambda s: lw.linear_forward(s.X, s.W, s.b.T),
                "b has shape (1, 5); expected (5, 1): examples are columns, write b.T",
            ),
            (
                lambda s: lw.linear_forward(s.X, s.W[0], s.b),
                "W has shape (4,); expected (n, n_prev): units are rows, examples are columns",
            ),
            (
                lambda s: lw.linear_backward(s.Z.T, s.linear_cache),
                "dZ has shape (7, 5); expected (5, 7): examples are columns, write dZ.T",
            ),
            (
                lambda s: lw.linear_activation_backward(s.Z[:, :1], (s.linear_cache, s.Z), "relu"),
                "dA has shape (5, 1); expected (5, 7): units are rows, examples are columns",
            ),
            (
                lambda s: lw.compute_cost(np.full((1, 7), 0.5), s.Y.ravel()),
                "Y has shape (7,); expected (1, 7): write Y.reshape(1, 7)",
            ),
            (
                lambda s: lw.compute_cost(np.full((1, 7), 0.5), s.Y.T),
                "Y has shape (7, 1); expected (1, 7): examples are columns, write Y.T",
            ),
            (
                lambda s: lw.compute_cost(np.full((3, 7), 1 / 3), np.arange(7) % 3, "softmax"),
                "Y has shape (7,); expected (3, 7): "
                "integer labels become one-hot columns with np.eye(3)[Y].T",
            ),
            (
                lambda s: lw.compute_cost(np.array([[-0.5, 0.5]]), np.array([[0, 1]])),
                "AL reaches from -0.5 to 0.5; expected probabilities between 0 and 1: "
                "is the output layer a sigmoid or a softmax?",
            ),
            (
                lambda s: lw.compute_cost(np.array([[0.5, 1.5]]), np.array([[0, 1]])),
                "AL reaches from 0.5 to 1.5; expected probabilities between 0 and 1: "
                "is the output layer a sigmoid or a softmax?",
            ),
            (
                lambda s: lw.linear_activation_forward(s.X, s.W, s.b, "ReLU"),
                "unknown activation 'ReLU'; expected one of relu, sigmoid, tanh, softmax",
            ),
            (
                lambda s: lw.linear_activation_backward(s.Z, (s.linear_cache, s.Z), "swish"),
                "unknown activation 'swish'; expected one of relu, sigmoid, tanh, softmax",
            ),
            (
                lambda s: lw.compute_cost(np.full((1, 7), 0.5), s.Y, "linear"),
                "unknown activation 'linear'; expected one of sigmoid, softmax, tanh, relu",
            ),
            (
                lambda s: lw.L_model_forward(s.X, {"W1": s.W, "b1": s.b, "W3": s.W, "b3": s.b}),
                "parameters holds W1, b1, W3, b3; expected W1, b1, W2, b2, ...",
            ),
            (
                lambda s: lw.L_model_forward(s.X, {}),
                "parameters holds nothing; expected W1, b1, W2, b2, ...",
            ),
            (
                lambda s: lw.L_model_backward(np.full((1, 7), 0.5), s.Y, []),
                "caches is empty; expected one cache per layer, as L_model_forward returns them",
            ),
            (
                lambda s: lw.update_parameters({"W1": s.W, "b1": s.b}, {"dW1": s.W}, 0.1),
                "grads has no db1; expected one for each parameter",
            ),
            (
                lambda s: lw.update_parameters({"W1": s.W, "b1": s.b}, {"dW1": s.W, "db1": s.b.ravel()}, 0.1),
                "db1 has shape (5,); expected (5, 1): write db1.reshape(5, 1)",
            ),
            (
                lambda s: lw.initialize_parameters_deep([3]),
                "layer_dims is [3]; expected the sizes of at least two layers, each 1 or more, "
                "the inputs first: [n_0, n_1, ..., n_L]",
            ),
            (
                lambda s: lw.initialize_parameters_deep([3, 0, 1]),
                "layer_dims is [3, 0, 1]; expected the sizes of at least two layers, each 1 or more, "
                "the inputs first: [n_0, n_1, ..., n_L]",
            ),
        ],
    )
    def test_message(self, call, message):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            call(self)
