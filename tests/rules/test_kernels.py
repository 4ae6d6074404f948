"""The functions that NumPy lacks: their definitions, their limits, and how they ask to be recorded."""

import math

import numpy as np
import pytest

from tinygraph.rules import kernels as k

Z = np.linspace(-5, 5, 41)
FAR = np.array([-1e4, -750.0, 750.0, 1e4])
DEFINITIONS = {
    k.relu: lambda z: max(z, 0),
    k.leaky_relu: lambda z: z if z > 0 else 0.01 * z,
    k.elu: lambda z: z if z > 0 else math.exp(z) - 1,
    k.softplus: lambda z: math.log(1 + math.exp(z)),
    k.gelu: lambda z: z / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    k.sigmoid: lambda z: 1 / (1 + math.exp(-z)),
}
LIMITS = {
    k.relu: [0, 0, 750, 1e4],
    k.leaky_relu: [-100, -7.5, 750, 1e4],
    k.elu: [-1, -1, 750, 1e4],
    k.softplus: [0, 0, 750, 1e4],
    k.gelu: [0, 0, 750, 1e4],
    k.sigmoid: [0, 0, 1, 1],
}
COLUMNS = np.array([[0.0, 1e4, -1e4], [1.0, 0.0, -1e4], [2.0, -1e4, 0.0]])


@pytest.mark.parametrize("kernel", DEFINITIONS, ids=lambda kernel: kernel.__name__)
def test_values_are_those_of_the_definition(kernel):
    expected = [DEFINITIONS[kernel](z) for z in Z]

    np.testing.assert_allclose(kernel(Z), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("kernel", LIMITS, ids=lambda kernel: kernel.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_far_out_are_the_limits(kernel, dtype):
    actual = kernel(FAR.astype(dtype))

    assert actual.dtype == dtype
    np.testing.assert_allclose(actual, LIMITS[kernel], rtol=1e-6, atol=0)


@pytest.mark.parametrize("kernel", DEFINITIONS, ids=lambda kernel: kernel.__name__)
def test_gelu_and_the_like_are_analytic(kernel):
    """The real part of a complex argument gives the real value: complex step relies on it."""
    np.testing.assert_allclose(kernel(Z + 0j).real, kernel(Z), rtol=1e-14, atol=1e-15)


def test_gelu_is_near_x_times_the_normal_distribution():
    expected = [z * (1 + math.erf(z / math.sqrt(2))) / 2 for z in Z]

    np.testing.assert_allclose(k.gelu(Z), expected, atol=5e-4)


def test_softmax_far_out():
    A = k.softmax(COLUMNS)

    np.testing.assert_allclose(A[:, 0], np.exp([0, 1, 2]) / np.sum(np.exp([0, 1, 2])), rtol=1e-14)
    np.testing.assert_array_equal(A[:, 1:], [[1, 0], [0, 0], [0, 1]])
    np.testing.assert_array_equal(k.softmax(COLUMNS.T, axis=1), A.T)


def test_log_softmax_far_out():
    np.testing.assert_allclose(np.exp(k.log_softmax(COLUMNS)[:, 0]), k.softmax(COLUMNS)[:, 0], rtol=1e-14)
    np.testing.assert_array_equal(k.log_softmax(COLUMNS)[:, 1], [0, -1e4, -2e4])


def test_logsumexp_far_out():
    np.testing.assert_allclose(
        k.logsumexp(COLUMNS, axis=0), [np.log(np.sum(np.exp([0, 1, 2]))), 1e4, 0], rtol=1e-14
    )
    assert k.logsumexp(np.array([-1e4, -1e4])) == pytest.approx(-1e4 + np.log(2))
    assert k.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    assert k.logsumexp(np.array([-np.inf, 3.0])) == 3


@pytest.mark.parametrize("axis", [np.int64(1), 1, (1,), [1], -1])
def test_logsumexp_takes_every_kind_of_axis(axis):
    x = np.arange(6.0).reshape(2, 3)

    np.testing.assert_allclose(k.logsumexp(x, axis=axis), np.log(np.sum(np.exp(x), axis=1)), rtol=1e-14)


def test_xlogy_is_zero_where_x_is_whatever_y_is():
    np.testing.assert_array_equal(k.xlogy(np.array([0.0, 0.0, 2.0]), np.array([0.0, -1.0, 1.0])), [0, 0, 0])
    assert k.xlogy(1.0, 0.0) == -np.inf


@pytest.mark.parametrize(
    ("shape", "axis", "expected"),
    [
        ((5,), 0, 5),
        ((1, 5), 0, 5),
        ((3, 5), 0, 5),
        ((5, 3), 1, 5),
        ((3, 5, 2), 0, 10),
        ((), 0, 1),
        ((0, 5), 0, 0),
    ],
)
def test_examples(shape, axis, expected):
    assert k.examples_along(np.ones(shape), axis) == expected


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (slice(1, 3), [0, 1, 2, 0]),
        ([0, 0, 3], [3, 0, 0, 3]),
        (np.array([True, False, True, False]), [1, 0, 2, 0]),
        (-1, [0, 0, 0, 1]),
    ],
)
def test_scatter_is_the_transpose_of_indexing(index, expected):
    taken = np.empty(4)[index]
    x = np.arange(1.0, 1 + taken.size).reshape(taken.shape)

    np.testing.assert_array_equal(k.scatter(x, (4,), index), expected)


def test_scatter_keeps_the_dtype():
    assert k.scatter(np.ones(2, np.float32), (3,), [0, 1]).dtype == np.float32


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_one_hot(axis):
    expected = np.eye(3)[[0, 2, 1, 1]]

    actual = k.one_hot(np.array([0, 2, 1, 1]), 3, np.float32, axis=axis)

    assert actual.dtype == np.float32
    np.testing.assert_array_equal(actual, expected.T if axis == 0 else expected)


@pytest.mark.parametrize(
    ("axis", "shape"), [(0, (3, 2, 4)), (1, (2, 3, 4)), (2, (2, 4, 3)), (-1, (2, 4, 3)), (-3, (3, 2, 4))]
)
def test_one_hot_of_a_matrix(axis, shape):
    labels = np.arange(8).reshape(2, 4) % 3

    actual = k.one_hot(labels, 3, np.float64, axis=axis)

    assert actual.shape == shape
    np.testing.assert_array_equal(np.argmax(actual, axis=axis), labels)
    np.testing.assert_array_equal(np.sum(actual, axis=axis), 1)


class Recorder(k.Recording):
    def record(self, function, args, settings):
        return function, args, settings


def test_a_kernel_asks_to_be_recorded():
    x = Recorder()

    assert k.relu(x) == (k.relu, (x,), {})
    assert k.softmax(x, axis=1) == (k.softmax, (x,), {"axis": 1})
    assert k.mse(1.0, x) == (k.mse, (1.0, x), {})


def test_recording_is_left_to_the_array():
    with pytest.raises(NotImplementedError):
        k.relu(k.Recording())
