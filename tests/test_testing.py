"""The assertion for tests passes on right values, and says what is wrong with wrong ones."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.testing import assert_gradients

X, Y = np.array([[1.0, -2.0, 0.5]]), np.array([[1.0, 0.0, 1.0]])


@pytest.fixture
def network():
    W1, b1 = tg.parameter([[0.5]], name="W1"), tg.parameter([[0.1]], name="b1")
    A1 = tg.sigmoid(W1 @ X + b1)
    return tg.binary_cross_entropy(A1, Y), A1.value


def test_right_values_pass_in_either_convention(network):
    J, A1 = network
    dZ1 = A1 - Y

    assert_gradients(J, {"dZ1": dZ1, "dW1": dZ1 @ X.T / 3})
    assert_gradients(J, {"dZ1": dZ1 / 3, "dW1": dZ1 @ X.T / 3})


def test_wrong_values_fail_with_the_table_and_the_cause(network):
    J, A1 = network

    with pytest.raises(AssertionError) as error:
        assert_gradients(J, {"dW1": (A1 - Y) @ X.T})

    assert "dW1   (1, 1)" in str(error.value)
    assert "you computed dZ1 @ X.T; the lectures' step is dZ1 @ X.T / m." in " ".join(
        str(error.value).split()
    )


def test_the_convention_and_the_tolerance_are_handed_on(network):
    J, A1 = network

    with pytest.raises(AssertionError):
        assert_gradients(J, {"dZ1": A1 - Y}, convention="true")
    assert_gradients(J, {"dW1": (A1 - Y) @ X.T / 3 * 1.01}, tolerance=0.1)
