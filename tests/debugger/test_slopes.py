"""Derivatives of losses by what is at a place: held against those by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from tinygraph.debugger.machines import Spot
from tinygraph.debugger.slopes import (
    FEWEST_ENTRIES,
    LossSlope,
    MachineLoss,
    Slopes,
    direction,
    projections,
)

AT = Spot(3, 1, ("W",))


class Toy:
    """A machine that has one array, at AT."""

    def __init__(self, x):
        self.x, self.runs = x, 0

    def run(self, changes):
        self.runs += 1
        ((where, [(steps, by)]),) = changes.items()
        assert (where, steps) == ((3, 1), ("W",))
        return SimpleNamespace(x=self.x + by)


def slopes_of(x, *losses):
    machine = Toy(x)
    return machine, Slopes(machine, [MachineLoss(f"loss {i}", f) for i, f in enumerate(losses)])


X = np.array([[0.3, -0.7, 1.1], [0.9, 0.2, -1.3]])
C = np.array([[1.0, -2.0, 0.5], [3.0, 0.7, -1.0]])


def sines(run):
    return np.sum(C * np.sin(run.x))


def squares(run):
    return np.sum(run.x**2)


def failing(run):
    raise KeyError("not there")


def test_slopes_along_two_directions_of_all_losses_at_once():
    machine, slopes = slopes_of(X, sines, squares, failing)
    found = slopes.slope(AT, X.shape)
    for loss, right in enumerate((C * np.cos(X), 2 * X)):
        by_hand = [np.sum(right * direction(X.shape, k)) for k in (0, 1)]
        assert found.values[loss] == pytest.approx(by_hand, rel=1e-9)
        assert found.known(loss)
        assert not found.zero(loss)
        assert np.all(np.abs(found.values[loss] - by_hand) <= found.errors[loss] * 10)
    assert not found.known(2)
    runs = machine.runs
    assert slopes.run_time < 0.5
    assert slopes.slope(AT, X.shape) is found
    assert machine.runs == runs == 8


def test_the_derivative_by_every_entry():
    _, slopes = slopes_of(X, sines, squares)
    for loss, right in enumerate((C * np.cos(X), 2 * X)):
        truth = slopes.truth(AT, X.shape, loss)
        assert truth.known.all()
        assert np.abs(truth.value - right).max() <= 10 * truth.error
        assert truth.error < 1e-8


def test_of_a_large_array_some_entries_are_known_where_few_are_asked_for():
    x = np.linspace(0.1, 1.0, 3 * FEWEST_ENTRIES)
    machine, slopes = slopes_of(x, squares)
    few = slopes.truth(AT, x.shape, 0, few=True)
    assert few.known.sum() == FEWEST_ENTRIES
    assert few.value[few.known] == pytest.approx(2 * x[few.known], rel=1e-7)
    assert not few.value[~few.known].any()
    runs = machine.runs
    assert slopes.truth(AT, x.shape, 0, few=True) is few
    assert machine.runs == runs == 4 * FEWEST_ENTRIES
    assert slopes.truth(AT, x.shape, 0).known.all()
    assert slopes.truth(AT, x.shape, 0, few=True).known.all()  # now all are there


def test_a_slow_program_is_asked_for_few_entries():
    x = np.linspace(0.1, 1.0, 3 * FEWEST_ENTRIES)
    _, slopes = slopes_of(x, squares)
    slopes.run_time = 10.0
    assert slopes.truth(AT, x.shape, 0).known.sum() == FEWEST_ENTRIES


def test_a_kink_that_is_near_is_gone_around():
    x = np.full((2, 2), 2e-6)

    def relu(run):
        return np.sum(np.maximum(run.x, 0))

    _, slopes = slopes_of(x, relu, squares)
    found = slopes.slope(AT, x.shape)
    by_hand = [np.sum(direction(x.shape, k)) for k in (0, 1)]
    assert found.values[0] == pytest.approx(by_hand, rel=1e-5)


def test_an_entry_at_a_kink_is_not_known():
    x = np.array([3e-6, 1.0, -1.0])
    _, slopes = slopes_of(x, lambda run: np.sum(np.abs(run.x)))
    truth = slopes.truth(AT, x.shape, 0)
    assert truth.known.tolist() == [False, True, True]
    assert truth.value == pytest.approx([0.0, 1.0, -1.0])
    _, small = slopes_of(x, lambda run: 1e-5 * np.sum(np.abs(run.x)))
    assert small.truth(AT, x.shape, 0).known.tolist() == [False, True, True]


def test_by_nothing_the_derivative_is_zero():
    _, slopes = slopes_of(np.ones((0, 3)), squares)
    assert slopes.slope(AT, (0, 3)).values.tolist() == [[0.0, 0.0]]
    assert slopes.truth(AT, (0, 3), 0).value.shape == (0, 3)


@pytest.mark.parametrize(
    ("values", "errors", "known", "zero"),
    [([1.0, 2.0], [1e-9, 1e-9], True, False), ([1.0, 2.0], [1e-9, 1e-1], False, False),
     ([0.0, 0.0], [1e-12, 1e-12], True, True), ([0.0, 1e-5], [1e-5, 1e-9], False, True),
     ([np.nan, 1.0], [0.0, 0.0], False, False), ([0.0, 1e-5], [1e-12, 1e-12], True, False)],
)  # fmt: skip
def test_what_is_known_and_what_is_zero(values, errors, known, zero):
    slope = LossSlope(np.array([[9.0, 9.0], values]), np.array([[0.0, 0.0], errors]))
    assert (slope.known(1), slope.zero(1)) == (known, zero)


def test_directions_do_not_see_axes_of_length_1():
    assert np.array_equal(direction((3, 1), 0).ravel(), direction((3,), 0))
    assert not np.array_equal(direction((3,), 0), direction((3,), 1))
    assert direction((2, 3), 0).shape == (2, 3)
    value = np.arange(6.0).reshape(2, 3)
    assert projections(value) == pytest.approx([np.sum(value * direction((2, 3), k)) for k in (0, 1)])
    assert direction((), 1).shape == ()


def test_a_multiple_of_an_assumed_loss_has_its_own_name():
    loss = MachineLoss("squared", squares, scales={1 / 7: "mean", 2.0: "twice"})
    assert loss.assumed
    assert loss.said(-2.0) == ("twice", -1.0)
    assert loss.said(1 / 7 + 1e-6) == ("mean", pytest.approx(1.0, rel=1e-4))
    assert loss.said(3.0) == ("squared", 3.0)
    assert not MachineLoss("written", squares).assumed
