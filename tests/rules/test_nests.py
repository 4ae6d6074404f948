"""Nests: what is made from one has its containers, and a form leads back."""

from collections import OrderedDict, defaultdict, namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygraph.rules.nests import flatten_nest, leaves, map_leaves, unflatten_nest

Pair = namedtuple("Pair", "x y")
LEAVES = st.none() | st.integers() | st.text()
NESTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(), inner)
        | st.builds(Pair, inner, inner)
    ),
)


def is_number(leaf):
    return isinstance(leaf, int)


@given(NESTS)
def test_nothing_is_lost_on_any_way(nest):
    found, form = flatten_nest(nest, is_number)

    assert unflatten_nest(form, found) == map_leaves(lambda leaf: leaf, nest) == nest
    assert repr(unflatten_nest(form, found)) == repr(nest)  # lists are no tuples, and tuples have their names
    assert found == [leaf for leaf in leaves(nest) if is_number(leaf)]


@given(NESTS)
def test_leaves_come_in_the_order_in_which_they_are_changed(nest):
    changed = []
    map_leaves(changed.append, nest)

    assert changed == list(leaves(nest))


@given(NESTS)
def test_a_form_is_a_key_that_does_not_depend_on_the_leaves_taken(nest):
    _, form = flatten_nest(nest, is_number)
    _, again = flatten_nest(map_leaves(lambda leaf: leaf + 1 if is_number(leaf) else leaf, nest), is_number)

    assert {form: "found"}[again] == "found"


@pytest.mark.parametrize(
    "nest", [Pair(1, [2]), OrderedDict(b=1, a=(2,)), defaultdict(list, {"b": 1, "a": (2,)})], ids=type
)
def test_a_kind_of_container_stays_what_it_is(nest):
    actual = map_leaves(lambda leaf: -leaf, nest)

    assert type(actual) is type(nest)
    assert list(leaves(actual)) == [-1, -2]
    assert list(leaves(nest)) == [1, 2]


def test_of_a_defaultdict_the_default_stays():
    assert map_leaves(abs, defaultdict(list, a=-1))["new"] == []
