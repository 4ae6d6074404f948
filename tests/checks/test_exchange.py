"""Right arrays under each other's names are told as that, and nothing else is."""

import numpy as np
import pytest

from tinygraph.checks.exchange import exchanged_names, told_of_exchange, whole_cycles

random = np.random.default_rng(0)
RIGHT = {name: random.normal(size=shape) for name, shape in [("dW", (2, 2)), ("dU", (2, 2)), ("db", (2, 1))]}


def given(**places):
    return RIGHT | {name: RIGHT[other] for name, other in places.items()}


@pytest.mark.parametrize(
    "places",
    [{"dW": "db", "db": "dW"}, {"dW": "dU", "dU": "dW"}, {"dW": "dU", "dU": "db", "db": "dW"}],
    ids=["in another shape", "in the same", "three in a round"],
)
def test_what_changed_places_is_found(places):
    assert exchanged_names(given(**places), RIGHT) == places

    [told] = told_of_exchange(places)

    assert told.cause == "swapped"
    assert {told.name, *told.also} == places.keys()
    assert all(name in told.message for name in places)
    assert ("swapped" in told.message) == (len(places) == 2)


def test_what_only_looks_like_it_is_not():
    assert exchanged_names(RIGHT, RIGHT) == {}
    assert exchanged_names(given(dW="dU"), RIGHT) == {}  # given twice: dU is right where it is
    assert exchanged_names(given(dW="dU") | {"dU": RIGHT["dU"] * 2}, RIGHT) == {}
    assert exchanged_names(given(dW="db", db="dW") | {"db": RIGHT["dW"] * 2}, RIGHT) == {}
    zeros = {name: np.zeros((2, 2)) for name in ("dW", "dU")}
    assert exchanged_names(zeros, {"dW": zeros["dW"], "dU": np.ones((2, 2))}) == {}
    assert exchanged_names({"dq": RIGHT["dW"]}, RIGHT) == {}


def test_only_whole_rounds_are_kept():
    assert whole_cycles({"a": "b", "b": "a", "c": "a"}) == {"a": "b", "b": "a"}
    assert whole_cycles({"a": "b", "b": "c"}) == {}


def test_two_exchanges_are_two():
    told = told_of_exchange({"a": "b", "c": "d", "b": "a", "d": "c"})

    assert [(x.name, x.also, x.formula, x.expected) for x in told] == [
        ("a", ("b",), "b", "a"),
        ("c", ("d",), "d", "c"),
    ]
