"""A square that nobody meant is noticed, once per line; the lectures' broadcasts are not."""

import warnings

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tinygraph.errors import BroadcastError, BroadcastWarning

SQUARES = {
    "vector and column": lambda x: x((5, 1)) - np.ones(5),
    "column and vector": lambda x: np.ones((5, 1)) * x((5,)),
    "column and row": lambda x: x((5, 1)) + np.ones((1, 5)),
    "row and column": lambda x: x((1, 5)) / x((5, 1)),
    "mse": lambda x: tg.mse(x((5, 1)), np.ones(5)),
    "where": lambda x: np.where(True, x((5,)), np.ones((5, 1))),
    "maximum": lambda x: np.maximum(x((1, 5)), np.ones((5, 1))),
}
FINE = {
    "bias": lambda x: x((4, 5)) + x((4, 1)),
    "bias of rows": lambda x: x((4, 5)) + x((5,)),
    "bias of a square": lambda x: x((5, 5)) + x((5, 1)),
    "number": lambda x: x((5, 1)) * 2,
    "one entry": lambda x: x((5, 1)) * x((1,)),
    "both of one": lambda x: x((1,)) + x((1, 1)),
    "two vectors": lambda x: x((5,)) + x((5,)),
    "two columns": lambda x: x((5, 1)) + x((5, 1)),
    "outer of two lengths": lambda x: x((5, 1)) * x((1, 4)),
    "vector and column of two lengths": lambda x: x((4, 1)) * x((5,)),
    "product": lambda x: x((5, 1)) @ x((1, 5)),
    "np.outer": lambda x: np.outer(x((5,)), x((5,))),
    "scalar": lambda x: x(()) + x((5, 1)),
    "batches": lambda x: x((2, 5, 1)) + x((1, 5)),
    "where with a number": lambda x: np.where(np.ones((5, 1)) > 0, x((5, 1)), 0.0),
    "clip": lambda x: np.clip(x((5, 4)), -1, 1),
    "softmax": lambda x: tg.softmax(x((5, 5)) + x((1, 5))),
}


def parameter(shape):
    return tg.parameter(np.linspace(1, 2, int(np.prod(shape))).reshape(shape), name="A1")


@pytest.mark.parametrize("make", SQUARES.values(), ids=SQUARES)
def test_a_square_is_noticed(make):
    with tg.errstate(broadcast="raise"):
        J = np.sum(make(parameter))
        with pytest.raises(BroadcastError, match=r"test_broadcasts\.py:\d+\): A?\w+ is \(.*\(5, 5\)"):
            J.backward()


@pytest.mark.parametrize("make", FINE.values(), ids=FINE)
def test_what_is_meant_is_not(make):
    with tg.errstate(broadcast="raise"):
        np.sum(make(parameter)).backward()


def test_the_lectures_network_is_quiet():
    X, Y, arrays = make_network([4, 5, 3, 1])
    with tg.errstate(broadcast="raise"):
        record(X, Y, parameters_of(arrays)).backward()


def test_one_notice_per_line_with_both_names_and_a_way_out():
    def difference(y):
        return np.sum(np.square(tg.parameter(np.ones((3, 1)), name="A2") - tg.tensor(y, name="Y")))

    with pytest.warns(BroadcastWarning) as caught:
        difference(np.ones(3)).backward()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        difference(np.ones(3)).backward()

    [notice] = caught
    expected = r"A2 - Y (test_broadcasts.py:"
    assert str(notice.message).startswith(expected)
    assert "A2 is (3, 1) and Y is (3,)" in str(notice.message)
    assert "Did you mean Y.reshape(3, 1)?" in str(notice.message)
    assert notice.filename.endswith("test_broadcasts.py")


def test_it_can_be_ignored():
    x = parameter((3, 1))
    with tg.errstate(broadcast="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        np.sum(x * np.ones(3)).backward()


def test_a_notice_that_is_an_error_is_one_each_time():
    for _ in range(2):
        J = np.sum(parameter((3, 1)) * np.ones(3))
        with pytest.raises(BroadcastWarning):
            J.backward()


# A bias along the examples ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            lambda b: tg.parameter(np.ones((5, 3)), name="W1") @ np.ones((3, 5)) + b,
            r"columns.*b1\.reshape\(5, 1\)",
        ),
        (
            lambda b: np.ones((5, 3)) @ tg.parameter(np.ones((3, 5)), name="W1") + np.reshape(b, (5, 1)),
            None,
        ),
    ],
)
def test_a_bias_with_an_entry_for_each_example(step, told):
    b = tg.parameter(np.zeros(5), name="b1")
    with tg.errstate(broadcast="raise"):
        if told:
            with pytest.raises(tg.errors.BroadcastError, match=told):
                np.sum(np.tanh(step(b))).backward()
        else:  # recorded as something else than a bias, and so not judged
            np.sum(np.tanh(step(b))).backward()


def test_a_column_beside_rows():
    b, W = tg.parameter(np.zeros((5, 1)), name="b1"), tg.parameter(np.ones((3, 5)), name="W1")
    with (
        tg.errstate(broadcast="raise"),
        pytest.raises(tg.errors.BroadcastError, match=r"rows.*b1\.reshape\(5,\)"),
    ):
        np.sum(np.tanh(np.ones((5, 3)) @ W + b)).backward()


@pytest.mark.parametrize(
    "step",
    [
        lambda: tg.parameter(np.ones((5, 3))) @ np.ones((3, 5)) + tg.parameter(np.zeros((5, 1))),
        lambda: np.ones((5, 3)) @ tg.parameter(np.ones((3, 5))) + tg.parameter(np.zeros(5)),
        lambda: tg.parameter(np.ones((5, 3))) @ np.ones((3, 6)) + tg.parameter(np.zeros((5, 1))),
        lambda: tg.parameter(np.ones((5, 5))) + tg.parameter(np.zeros(5)),
    ],
)
def test_right_biases_are_left_alone(step):
    with tg.errstate(broadcast="raise"):
        np.sum(np.tanh(step())).backward()
