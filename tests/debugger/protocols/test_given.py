"""The row of functions named by hand: those two, and what else is there is left alone."""

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.making import SECOND
from tinygraph.debugger.protocols.given import find_given
from tinygraph.debugger.protocols.table import Asked
from tinygraph.debugger.trial import judge_trial

PROGRAM = program_of("""
def there(x, w):
    return x @ w, (x, w)

def again(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout

def linear_forward(x, w):
    return x @ w, (x, w)

def linear_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout

def twice(x, w):
    return 2 * x @ w, (x, w)

def guess(p, y):
    return np.mean((p - y) ** 2)

def half_loss(p, y):
    return np.sum((p - y) ** 2) / 2

def fit(p, y):
    return p - y

class Layer:
    def again(self, dout):
        return dout
""")


def trials_of(name, **names):
    return find_given(PROGRAM, PROGRAM.functions[name], Asked(**names))


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("again", {"forward": "there", "backward": "again"}),
        ("linear_backward", {"backward": "linear_backward"}),
        ("linear_backward", {"forward": "linear_forward"}),
        ("linear_backward", {"forward": "there"}),
    ],
)
def test_the_function_that_was_named_goes_back_from_the_one_that_goes_forward(name, names):
    first = next(trials_of(name, **names))

    assert first.function is PROGRAM.functions[name]
    assert judge_trial(first).ok
    assert set(first.state) >= {"x", "w"}
    assert not first.loss


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("again", {}),
        ("linear_backward", {}),
        ("again", {"loss": "half_loss"}),
        ("again", {"forward": "there"}),
        ("linear_backward", {"forward": "there", "backward": "again"}),
        ("there", {"backward": "again"}),
        ("Layer.again", {"forward": "there", "backward": "Layer.again"}),
    ],
)
def test_others_are_left_alone(name, names):
    assert list(trials_of(name, **names)) == []


def test_the_loss_that_was_named_is_taken_and_otherwise_one_by_its_name():
    names = {"forward": "there", "backward": "fit"}

    assert {t.loss for t in trials_of("fit", **names, loss="guess") if t.loss} == {"guess"}
    assert "half_loss" in {t.loss for t in trials_of("fit", **names)}
    assert "guess" not in {t.loss for t in trials_of("fit", **names)}


def test_one_that_was_named_is_taken_before_one_whose_name_fits():
    trials = [next(trials_of("linear_backward", forward=name)) for name in ("twice", "linear_forward")]

    assert [judge_trial(t).ok for t in trials] == [False, True]


def test_probes_differ_by_what_is_asked():
    names = {"forward": "there", "backward": "again"}
    first, seeded, larger = (
        next(trials_of("again", **names, **more)) for more in ({}, {"seed": 1}, {"sizes": SECOND})
    )

    assert first.state["x"].shape == seeded.state["x"].shape != larger.state["x"].shape
    assert (first.state["x"] != seeded.state["x"]).any()
