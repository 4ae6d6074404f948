"""A compiled step does what the eager engine does, to the last bit."""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import OUTPUTS, make_network, parameters_of, record


def assert_same(expected, actual):
    """The same bits: equal numbers, of the same dtype, and zeros of the same sign."""
    expected, actual = np.asarray(expected), np.asarray(actual)

    assert (expected.shape, expected.dtype) == (actual.shape, actual.dtype)
    np.testing.assert_array_equal(expected, actual)
    np.testing.assert_array_equal(np.signbit(expected), np.signbit(actual))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid"])
def test_training_a_network_gives_the_same_bits(hidden, output, dtype):
    X, Y, arrays = make_network([5, 4, 3, 2], output)
    X, Y = X.astype(dtype), Y.astype(dtype)
    eager, compiled = (parameters_of(arrays, dtype) for _ in range(2))
    descent = tg.optim.SGD(0.1)
    step = tg.compile(lambda X, Y: record(X, Y, compiled, hidden, output), compiled, optimizer=descent)

    for _ in range(5):
        J = record(X, Y, eager, hidden, output)
        descent.update(eager, J.backward())

        assert_same(J.value, step(X, Y))
        for name, p in eager.items():
            assert_same(p.value, compiled[name].value)
