"""The leaves of the layers view: which are one node, and above which box they stand."""

import numpy as np
import pytest

import tinygraph as tg
from tests.viz.graphs import network, shared, softmax, three_layers
from viz.compose import read_scene
from viz.folds import fold_parts
from viz.parts import find_parts
from viz.views.leaves import Leaves


def leaves_of(J, fold=False):
    scene = read_scene([J], None)
    parts = find_parts(scene.graph, scene.graph.layers)
    parts = fold_parts(parts, {}) if fold else parts
    owner = {call: part for part in parts for call in part.calls}
    leaves = [q for q in scene.graph.quantities if q.call is None]
    return Leaves(leaves, parts, owner), {q.name: q for q in leaves}, parts


def groups(leaves):
    return {tuple(q.name for q in group) for group in leaves.groups.values()}


def columns(J, fold=False):
    """The key of the box above which each group of leaves stands, by the names in it."""
    leaves = leaves_of(J, fold)[0]
    found = {}
    for group in leaves.groups.values():
        part = leaves.users(group[0])[0]
        sources = {leaves.groups.get(x.quantity, (x.quantity,))[0] for x in part.inputs}
        found[" ".join(q.name for q in group)] = leaves.column(group, len(sources))
    return found


def test_the_parameters_of_a_layer_are_one_node_and_data_stands_alone():
    leaves, by_name, _ = leaves_of(three_layers())

    assert groups(leaves) == {("X",), ("Y",), ("W1", "b1"), ("W2", "b2"), ("W3", "b3")}
    assert leaves.grouped == {by_name[f"W{i}"].id for i in (1, 2, 3)}


def test_parameters_stand_above_their_layer_and_data_before_it():
    assert columns(three_layers()) == {
        "X": "",
        "W1 b1": "layer1",
        "W2 b2": "layer2",
        "W3 b3": "layer3",
        "Y": "J.sigmoid_cross_entropy",
    }


def test_classes_of_a_softmax_stand_above_the_cost():
    found = columns(softmax())

    assert found["Y"] == "J.softmax_cross_entropy"
    assert (found["X"], found["W1 b1"], found["W2 b2"]) == ("", "layer1", "layer2")


def test_what_enters_two_boxes_stands_above_none_of_them():
    found = columns(shared())

    assert found["W b"] == ""
    assert found["X"] == "layer1"  # as nothing else does


def test_of_two_leaves_of_one_call_the_one_that_is_derived_by_stands_above():
    a, c = tg.parameter(2.0, name="a"), tg.tensor(3.0, name="c")

    assert columns(c * a) == {"a": "J.multiply", "c": ""}
    assert columns(a * c) == {"a": "J.multiply", "c": ""}
    assert columns(a * tg.parameter(1.0, name="b")) == {"a": "J.multiply", "b": ""}


def test_a_leaf_alone_has_nothing_to_stand_in_line_with():
    assert columns(np.sin(tg.parameter(2.0, name="a"))) == {"a": ""}


def test_a_leaf_that_enters_a_call_twice_stands_in_line():
    a, b = tg.parameter(2.0, name="a"), tg.parameter(3.0, name="b")

    assert columns(a * a) == {"a": ""}
    assert columns(np.where(np.array(True), a, b) * 1.0)["a"].startswith(("J", "where"))
    assert columns(a * a + b)["b"] == "J.add"


@pytest.mark.parametrize("n", [3, 5])
def test_leaves_of_repeats_are_one_node_counted_by_the_repeats(n):
    J = network([4] * (n + 2) + [1], [tg.relu, *[np.tanh] * n, tg.sigmoid])
    leaves, by_name, parts = leaves_of(J, fold=True)
    [folded] = [part for part in parts if part.fold]
    group = leaves.groups[by_name["W2"]]

    assert [q.name for q in group] == [f"{x}{i}" for i in range(2, n + 2) for x in "Wb"]
    assert leaves.times(group) == n
    assert leaves.is_repeated(by_name["W2"])
    assert leaves.users(by_name["W3"]) == [folded]
    assert leaves.times(leaves.groups[by_name["W1"]]) == 1
    assert not leaves.is_repeated(by_name["W1"])
    assert columns(J, fold=True)[" ".join(q.name for q in group)] == folded.key


def test_what_all_repeats_share_stands_apart_from_what_each_has():
    random = np.random.default_rng(0)
    W = tg.parameter(random.normal(size=(4, 4)), name="W")
    A = tg.tensor(random.normal(size=(4, 6)), name="X")
    for i in range(1, 6):
        A = np.tanh(W @ A + tg.parameter(random.normal(size=(4, 1)), name=f"b{i}"))
    leaves, by_name, parts = leaves_of(np.sum(A), fold=True)

    assert any(part.fold for part in parts)
    assert not leaves.is_repeated(by_name["W"])
    assert leaves.is_repeated(by_name["b3"])
    assert leaves.groups[by_name["W"]] == (by_name["W"],)
    assert leaves.times(leaves.groups[by_name["W"]]) == 1
    assert leaves.times(leaves.groups[by_name["b3"]]) == len(leaves.groups[by_name["b3"]])


def test_what_is_derived_by_is_not_one_node_with_what_is_not():
    random = np.random.default_rng(0)
    W = tg.parameter(random.normal(size=(4, 5)), name="W1")
    b = tg.tensor(random.normal(size=(4, 1)), name="b1")
    leaves, _, _ = leaves_of(np.sum(np.tanh(W @ tg.tensor(random.normal(size=(5, 6)), name="X") + b)))

    assert ("W1",) in groups(leaves)
    assert ("b1",) in groups(leaves)
