"""What a loss reads from outside: what is seen, and what of it is another."""

import functools
import random
from types import SimpleNamespace

import numpy as np
import pytest

from tinygraph.plan.outside import Outside

FACTOR = 2.0


def change_of(function, change):
    """The name of what is another after a change; nothing is before."""
    outside = Outside(function)
    outside.watch_contents([])
    assert outside.first_change() is None
    change()
    return outside.first_change()


def test_variables_of_the_function_and_of_those_that_it_calls_are_seen():
    number, inner = 1.0, lambda: number + FACTOR

    def rebind():
        nonlocal number
        number = 3.0

    assert change_of(lambda: inner() * 2, rebind) == "number"
    assert (
        change_of(functools.partial(lambda f: f(), inner), lambda: globals().update(FACTOR=5.0)) == "FACTOR"
    )


def test_attributes_and_keys_that_are_named_are_seen():
    held, settings = SimpleNamespace(rate=1.0, other=2.0), {"rate": 1.0, "other": 2.0}
    loss = lambda: held.rate + settings["rate"]  # noqa: E731

    assert change_of(loss, lambda: setattr(held, "rate", 2.0)) == "rate"
    assert change_of(loss, lambda: settings.update(rate=2.0)) == "rate"
    assert change_of(loss, lambda: settings.update(other=3.0)) is None


class Model:
    rate = 1.0

    def __init__(self):
        self.scale = np.ones(3)

    def cost(self):
        return self.scale

    __call__ = cost


@pytest.mark.parametrize("loss_of", [lambda m: m.cost, lambda m: lambda: m(), lambda m: lambda: m.scale])
def test_arrays_are_seen_by_their_contents(loss_of):
    model = Model()

    assert change_of(loss_of(model), lambda: model.scale.__setitem__(1, 4)) == "an array of shape (3,)"
    outside = Outside(loss_of(model))
    outside.watch_contents([model.scale])  # which is read at each step
    model.scale[0] = 7
    assert outside.first_change() is None


def test_nothing_is_seen_where_nothing_is():
    assert Outside(lambda: 1).is_empty()
    assert Outside(np.tanh).is_empty()


def test_sources_of_chance_have_states():
    rng = np.random.default_rng(0)
    outside = Outside(lambda: rng.random() + random.random())
    before = outside.states()

    assert outside.states() == before
    rng.random()
    assert outside.states() != before
    before = outside.states()
    random.random()
    assert outside.states() != before
    assert Outside(lambda: 1).states() == []
