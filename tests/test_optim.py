"""Updates."""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tinygraph import layerwise as lw


def test_gradient_descent_is_the_update_of_the_lectures():
    X, Y, arrays = make_network([4, 5, 1])
    parameters = parameters_of(arrays)
    AL, caches = lw.L_model_forward(X, arrays)
    expected = lw.update_parameters(arrays, lw.L_model_backward(AL, Y, caches), 0.1)

    tg.optim.SGD(0.1).update(parameters, record(X, Y, parameters).backward())

    for name, p in parameters.items():
        np.testing.assert_allclose(p.value, expected[name], rtol=1e-12)


@pytest.mark.parametrize("given", [list, tuple, iter, dict])
def test_parameters_come_in_any_container(given):
    x, y = tg.parameter(2.0, name="x"), tg.parameter(3.0, name="y")
    d = (x * y).backward()

    tg.optim.SGD(1.0).update({"x": x, "y": y} if given is dict else given([x, y]), d)

    assert (x.value, y.value) == (-1, 1)


def test_the_array_is_changed_in_place_and_keeps_its_dtype():
    x = tg.parameter(np.ones(3, np.float32), name="x")
    array = x.value

    tg.optim.SGD(0.5).update([x], np.sum(x * x).backward())

    assert x.value is array
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, [0, 0, 0])


def test_the_users_own_array_is_left_alone():
    mine = np.ones(3)
    x = tg.parameter(mine)

    tg.optim.SGD(0.5).update([x], np.sum(x).backward())

    np.testing.assert_array_equal(mine, 1)


def test_all_steps_are_read_before_any_is_taken():
    """An update that fails for one parameter leaves every other as it was."""
    x, other = tg.parameter(2.0), tg.parameter(3.0)

    with pytest.raises(tg.errors.UnknownNameError):
        tg.optim.SGD(1.0).update([x, other], (x * x).backward())

    assert x.value == 2


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan")])
def test_a_learning_rate_is_a_positive_number(rate):
    with pytest.raises(ValueError, match=f"the learning rate is a positive number, not {rate}"):
        tg.optim.SGD(rate)


def test_descent_goes_down():
    X, Y, arrays = make_network([4, 5, 1])
    parameters, optimizer = parameters_of(arrays), tg.optim.SGD(0.1)
    costs = []
    for _ in range(20):
        J = record(X, Y, parameters)
        optimizer.update(parameters, J.backward())
        costs.append(J.item())

    assert costs == sorted(costs, reverse=True)


def test_repr():
    assert repr(tg.optim.SGD(0.0075)) == "SGD(0.0075)"
