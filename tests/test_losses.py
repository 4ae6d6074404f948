"""The costs: values, stability, and labels that do not fit."""

import itertools
import re

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tinygraph import layerwise as lw
from tinygraph.engine.tensor import value_of

FAR = [-1e4, -800.0, -40.0, 40.0, 800.0, 1e4]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_binary_cross_entropy_is_the_lectures_formula(axis):
    rng = np.random.default_rng(1)
    A, Y = rng.uniform(0.1, 0.9, (3, 5)), rng.integers(2, size=(3, 5))
    expected = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / (5 if axis == 0 else 3)
    Z = np.log(A / (1 - A))

    assert tg.binary_cross_entropy(A, Y, axis=axis) == pytest.approx(expected, rel=1e-14)
    assert tg.binary_cross_entropy_with_logits(Z, Y, axis=axis) == pytest.approx(expected, rel=1e-13)
    assert tg.binary_cross_entropy(tg.sigmoid(tg.tensor(Z)), Y, axis=axis).item() == pytest.approx(
        expected, rel=1e-13
    )


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_costs_are_those_by_hand(output):
    X, Y, arrays = make_network([4, 5, 3], output)
    AL, _ = lw.L_model_forward(X, arrays, output=output)

    J = record(X, Y, parameters_of(arrays), output=output)

    assert J.item() == pytest.approx(lw.compute_cost(AL, Y, output), rel=1e-13)


def test_softmax_cross_entropy_of_numbers_equals_that_of_columns():
    rng = np.random.default_rng(2)
    Z, labels = rng.standard_normal((3, 5)), rng.integers(3, size=5)
    expected = -np.mean(np.log(tg.softmax(Z))[labels, np.arange(5)])

    for given in (labels, labels.tolist(), np.eye(3)[labels].T, np.eye(3, dtype=int)[labels].T):
        assert tg.softmax_cross_entropy(Z, given) == pytest.approx(expected, rel=1e-14)
    assert tg.softmax_cross_entropy(Z.T, labels, axis=1) == pytest.approx(expected, rel=1e-14)


def test_mse():
    rng = np.random.default_rng(3)
    A, Y = rng.standard_normal((2, 3, 4))

    assert tg.mse(A, Y) == pytest.approx(np.mean((A - Y) ** 2), rel=1e-15)


# Far out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize("z", FAR)
def test_binary_cross_entropy_far_out(z, y, dtype):
    """J is the distance of z from its label's side; dZ = A - Y even where A has rounded to 0 or 1."""
    Z = tg.parameter(np.array([[z]], dtype), name="Z1")
    A = tg.sigmoid(Z).named("A1")

    J = tg.binary_cross_entropy(A, np.array([[y]]))
    d = J.backward()

    assert (J.dtype, d["dZ1"].dtype) == (dtype, dtype)
    assert J.item() == pytest.approx(max(-z if y else z, 0), abs=1e-16)
    assert d["dZ1"].item() == pytest.approx((z > 0) - y, abs=1e-16)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("z", FAR)
def test_softmax_cross_entropy_far_out(z, label, dtype):
    Z = tg.parameter(np.array([[z], [0]], dtype), name="Z1")

    J = tg.softmax_cross_entropy(Z, np.array([label]))
    d = J.backward()

    assert (J.dtype, d["dZ1"].dtype) == (dtype, dtype)
    assert J.item() == pytest.approx(max(z if label else -z, 0), abs=1e-16)
    expected = np.array([[z > 0], [z < 0]]) - np.eye(2)[:, [label]]
    np.testing.assert_allclose(d["dZ1"], expected, rtol=0, atol=1e-16)


@pytest.mark.parametrize("z", FAR)
@pytest.mark.parametrize("y", [0, 1])
def test_derivatives_by_the_logits_are_the_same_from_logits(z, y):
    Z = tg.parameter(np.array([[z]]), name="Z1")

    d = tg.binary_cross_entropy_with_logits(Z, np.array([[y]])).backward()

    assert d["dZ1"].item() == pytest.approx((z > 0) - y, abs=1e-16)


@pytest.mark.parametrize(("z", "y", "expected"), [(40.0, 1, -1.0), (-1e4, 0, 1.0), (1e4, 1, -1.0)])
def test_dA_follows_the_lectures_formula_where_the_label_is_met(z, y, expected):
    """-(Y/A) + (1-Y)/(1-A), where 0/0 is 0."""
    Z = tg.parameter(np.array([[z]]), name="Z1")
    A = tg.sigmoid(Z).named("A1")

    d = tg.binary_cross_entropy(A, np.array([[y]])).backward()

    assert d["dA1"].item() == expected


@pytest.mark.parametrize(("z", "y", "expected"), [(1e4, 0, np.inf), (-1e4, 1, -np.inf)])
def test_dA_is_infinite_where_the_formula_is(z, y, expected):
    Z = tg.parameter(np.array([[z]]), name="Z1")
    A = tg.sigmoid(Z).named("A1")

    d = tg.binary_cross_entropy(A, np.array([[y]])).backward()

    with np.errstate(divide="ignore"):
        assert d["dA1"].item() == expected
    assert np.isfinite(d["dZ1"]).all()


@pytest.mark.parametrize(
    ("a", "y", "cost", "slope"), [(0.0, 0, 0, 1), (1.0, 1, 0, -1), (0.5, 1, np.log(2), -2)]
)
def test_binary_cross_entropy_of_bare_probabilities(a, y, cost, slope):
    A = tg.parameter(np.array([[a]]))

    J = tg.binary_cross_entropy(A, np.array([[y]]))

    assert J.item() == pytest.approx(cost)
    assert J.backward()[A].item() == slope


@pytest.mark.parametrize(
    "function", [tg.sigmoid, tg.softplus, tg.log_softmax, tg.logsumexp, tg.softmax, tg.gelu]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_derivatives_far_out_are_finite(function, dtype):
    Z = tg.parameter(np.array([[-1e4], [0], [1e4]], dtype))
    z = function(Z)

    dx = z.backward(np.ones(z.shape))[Z]

    assert np.isfinite(z.value).all()
    assert np.isfinite(dx).all()


def test_derivatives_far_out_are_the_limits():
    Z = tg.parameter(np.array([-1e4, 0, 1e4]))

    np.testing.assert_array_equal(tg.softplus(Z).backward(np.ones(3))[Z], [0, 0.5, 1])
    np.testing.assert_array_equal(tg.sigmoid(Z).backward(np.ones(3))[Z], [0, 0.25, 0])
    np.testing.assert_array_equal(tg.gelu(Z).backward(np.ones(3))[Z], [0, 0.5, 1])
    np.testing.assert_array_equal(np.tanh(Z).backward(np.ones(3))[Z], [0, 1, 0])
    np.testing.assert_array_equal(tg.logsumexp(Z).backward()[Z], [0, 0, 1])
    np.testing.assert_array_equal(tg.log_softmax(Z)[0].backward()[Z], [1, 0, -1])
    np.testing.assert_array_equal(np.logaddexp(Z, -Z).backward(np.ones(3))[Z], [-1, 0, 1])


# Labels -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [bool, int, np.float32, np.float64])
def test_labels_of_any_dtype_leave_the_precision_of_the_network(dtype):
    X, Y, arrays = make_network([4, 5, 1])
    parameters = parameters_of(arrays, np.float32)

    for labels in (Y.astype(dtype), tg.tensor(Y.astype(dtype), name="Y")):
        J = record(X.astype(np.float32), labels, parameters)

        assert J.dtype == np.float32
        assert {dx.dtype for dx in J.backward().chain().values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: tg.binary_cross_entropy(tg.parameter(np.ones((1, 3)), name="A2"), np.ones(3)),
            tg.errors.ShapeError,
            "the labels must have the shape of the outputs, one column per example: A2 (1, 3) is (1, 3), "
            "the labels are (3,); reshape the labels",
        ),
        (
            lambda: tg.softmax_cross_entropy(np.ones((3, 4)), np.array([0, 1, 2])),
            tg.errors.ShapeError,
            "labels are integers of shape (4,) or columns of shape (3, 4) for Z (3, 4); got (3,)",
        ),
        (
            lambda: tg.softmax_cross_entropy(np.ones((3, 2)), np.array([0.0, 1.0])),
            tg.errors.DtypeError,
            "labels of shape (2,) are class numbers and must be integers, not float64",
        ),
        (
            lambda: tg.softmax_cross_entropy(np.ones((3, 2)), np.array([0, 3])),
            tg.errors.ShapeError,
            "labels lie between 0 and 3, but Z has the classes 0 to 2",
        ),
        (
            lambda: tg.softmax_cross_entropy(np.ones((3, 2)), np.array([-1, 0])),
            tg.errors.ShapeError,
            "labels lie between -1 and 0, but Z has the classes 0 to 2",
        ),
        (
            lambda: tg.softmax_cross_entropy(np.ones((3, 2)), np.ones((3, 2))),
            tg.errors.ShapeError,
            "labels of the shape of Z, (3, 2), must sum to one along axis 0, the axis of classes",
        ),
        (
            lambda: tg.softmax_cross_entropy(np.ones((2, 2)), np.full((2, 2), np.nan)),
            tg.errors.ShapeError,
            "labels of the shape of Z, (2, 2), must sum to one along axis 0, the axis of classes",
        ),
    ],
)
def test_labels_that_do_not_fit(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()


# Layouts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [[3, 1], [3, 4, 1], [3, 4, 2]])
def test_rows_cost_what_columns_do(sizes):
    rng = np.random.default_rng(4)
    X, Y = rng.standard_normal((3, 6)), rng.integers(2, size=(sizes[-1], 6)).astype(float)
    weights = [rng.standard_normal((n, k)) for k, n in itertools.pairwise(sizes)]

    def run(rows):
        parameters = [tg.parameter(W.T if rows else W, name=f"W{i}") for i, W in enumerate(weights, 1)]
        A = X.T if rows else X
        for W in parameters:
            Z = A @ W if rows else W @ A
            A = tg.sigmoid(Z)
        return parameters, tg.binary_cross_entropy(A, Y.T if rows else Y), Z

    (by_columns, J, _), (by_rows, K, U) = run(False), run(True)
    d, e = J.backward(), K.backward()

    assert K.item() == pytest.approx(J.item(), rel=1e-14)
    assert (d.m, e.m) == (6, 6)
    for p, q in zip(by_columns, by_rows, strict=True):
        np.testing.assert_allclose(e[q], d[p].T, rtol=1e-13)
    for name, dx in d.chain("course").items():
        np.testing.assert_allclose(e.chain("course")[name], dx.T, rtol=1e-13)
    assert tg.binary_cross_entropy_with_logits(U, Y.T).item() == pytest.approx(J.item(), rel=1e-13)
    with tg.no_grad():
        assert run(True)[1].item() == pytest.approx(J.item(), rel=1e-14)


def test_softmax_of_rows_with_as_many_classes_as_examples():
    rng = np.random.default_rng(5)
    X, W, labels = rng.standard_normal((4, 3)), rng.standard_normal((3, 4)), np.array([2, 0, 1, 1])
    expected = tg.softmax_cross_entropy(tg.parameter(W.T) @ X.T, labels).item()

    for given in (labels, np.eye(4)[labels]):
        assert tg.softmax_cross_entropy(X @ tg.parameter(W), given).item() == pytest.approx(
            expected, rel=1e-14
        )
    assert tg.softmax_cross_entropy(X @ W, labels, axis=1) == pytest.approx(expected, rel=1e-14)


def test_the_axis_is_asked_for_where_nothing_says_it():
    Y, A = np.ones((6, 1)), np.full((6, 1), 0.5)

    for given in (A, tg.parameter(A), tg.tensor(A)):
        with pytest.raises(tg.errors.ShapeError, match="write axis=1, the axis of units"):
            tg.binary_cross_entropy(given, Y)
        assert value_of(tg.binary_cross_entropy(given, Y, axis=1)) == pytest.approx(np.log(2))
    with pytest.raises(tg.errors.ShapeError, match="write axis=1"):
        tg.softmax_cross_entropy(tg.parameter(np.ones((2, 3))) @ tg.parameter(np.ones((3, 2))), [0, 1])


def test_m_is_counted_along_rows_too():
    W = tg.parameter(np.ones((3, 4)), name="W1")

    assert tg.mse(np.tanh(np.ones((6, 3)) @ W), np.zeros((6, 4))).backward().m == 6
    assert tg.mse(np.tanh(W.T @ np.ones((3, 7))), np.zeros((4, 7))).backward().m == 7


@pytest.mark.parametrize("bad", [7, -1, 2])
def test_labels_out_of_range_are_refused(bad):
    Y = np.array([[0.0, 1.0, bad]])
    Z = tg.parameter(np.zeros((1, 3)), name="Z1")
    for labels in (Y, tg.tensor(Y), Y.tolist(), Y.astype(int)):
        for cost in (
            lambda: tg.binary_cross_entropy(tg.sigmoid(Z), labels),  # noqa: B023
            lambda: tg.binary_cross_entropy(np.full((1, 3), 0.5), labels),  # noqa: B023
            lambda: tg.binary_cross_entropy_with_logits(Z, labels),  # noqa: B023
        ):
            with pytest.raises(ValueError, match="labels lie between 0 and 1, but these reach from"):
                cost()


def test_logits_are_no_probabilities():
    for Z in (np.array([[-3.0, 0.5]]), tg.parameter([[0.5, 1.5]])):
        with pytest.raises(ValueError, match="use binary_cross_entropy_with_logits"):
            tg.binary_cross_entropy(Z, np.ones((1, 2)))


def test_shares_of_classes_are_not_negative():
    with pytest.raises(ValueError, match="none negative"):
        tg.softmax_cross_entropy(np.ones((2, 2)), np.array([[2.0, 1.0], [-1.0, 0.0]]))
