"""Which operations belong to one box, and what enters and leaves it."""

import numpy as np
import pytest

import tinygraph as tg
from tests.viz.graphs import logistic, network, shared, skip, softmax, three_layers, two_losses
from tinygraph.graph.reading import read_graph
from viz.compose import read_scene
from viz.folds import fold_parts
from viz.parts import Fold, Part, find_parts, layer_parts


def parts_of(*outputs):
    scene = read_scene(list(outputs), None)
    return find_parts(scene.graph, scene.graph.layers), scene


def names(calls):
    return [call.node.op.name for call in calls]


@pytest.mark.parametrize(
    ("graph", "titles"),
    [
        (three_layers, ["1", "2", "3", ""]),
        (softmax, ["1", "2", ""]),
        (logistic, ["1", ""]),
    ],
)
def test_each_layer_is_a_box_and_every_other_call_its_own(graph, titles):
    parts, scene = parts_of(graph())

    assert [part.title for part in parts] == titles
    assert [call for part in parts for call in part.calls] == scene.graph.calls
    assert [part.key for part in parts if part.layer] == [f"layer{t}" for t in titles if t]
    assert all(part.key == part.calls[0].id for part in parts if not part.layer)


def test_a_layer_holds_its_product_its_sum_and_its_activation():
    parts, _ = parts_of(three_layers())

    assert [names(part.calls) for part in parts[:3]] == [
        ["matmul", "add", "relu"],
        ["matmul", "add", "relu"],
        ["matmul", "add", "sigmoid"],
    ]
    assert [[x.quantity.name for x in part.inputs] for part in parts[:2]] == [
        ["W1", "X", "b1"],
        ["W2", "A1", "b2"],
    ]
    assert [[q.name for q in part.results] for part in parts] == [["A1"], ["A2"], ["A3"], ["J"]]


def by_hand(turned=False, bias=True):
    random = np.random.default_rng(0)
    W = tg.parameter(random.normal(size=(5, 4) if turned else (4, 5)), name="W1")
    b = tg.parameter(random.normal(size=(4, 1)), name="b1")
    Z = (W.T if turned else W) @ tg.tensor(random.normal(size=(5, 6)), name="X")
    return np.mean(np.tanh(Z + b if bias else Z) ** 2)


def test_a_transposed_weight_belongs_to_its_layer():
    parts, _ = parts_of(by_hand(turned=True))

    assert names(parts[0].calls) == ["transpose", "matmul", "add", "tanh"]
    assert [x.quantity.name for x in parts[0].inputs] == ["W1", "X", "b1"]


def test_a_layer_whose_inside_is_used_elsewhere_keeps_its_operations():
    W = tg.parameter(np.ones((4, 5)), name="W1")
    b = tg.parameter(np.ones((4, 1)), name="b1")
    product = W @ tg.tensor(np.ones((5, 6)), name="X")
    parts, scene = parts_of(np.sum(np.tanh(product + b)) + np.sum(product))

    assert scene.graph.layers
    assert not any(part.layer for part in parts)
    assert all(len(part.calls) == 1 for part in parts)


def test_a_preactivation_that_is_used_elsewhere_leaves_the_box():
    W = tg.parameter(np.ones((4, 5)), name="W1")
    b = tg.parameter(np.ones((4, 1)), name="b1")
    Z = W @ tg.tensor(np.ones((5, 6)), name="X") + b
    parts, _ = parts_of(np.sum(np.tanh(Z)) + np.sum(Z))

    assert [q.name for q in parts[0].results] == ["Z1", "A1"]


def test_outputs_leave_their_box_even_if_they_are_used_inside():
    first, second = two_losses()
    parts, _ = parts_of(first, second)

    assert {q.name for part in parts for q in part.results if q.is_output} == {"J1", "J2"}
    A = np.tanh(tg.parameter(np.ones((2, 2)), name="W"))
    part = Part("both", parts_of(A, np.sum(A))[1].graph.calls)
    assert len(part.results) == 2


@pytest.mark.parametrize("graph", [skip, shared, softmax])
def test_what_enters_a_box_was_made_outside_it(graph):
    parts, _ = parts_of(graph())

    for part in parts:
        assert all(x.quantity.call not in part.calls for x in part.inputs)
        assert all(q.call in part.calls for q in part.results)


@pytest.mark.parametrize("n", [4, 9])
def test_a_fold_counts_its_repeats(n):
    scene = read_scene([network([4] * (n + 2) + [1], [tg.relu, *[np.tanh] * n, tg.sigmoid])], None)
    parts = fold_parts(find_parts(scene.graph, scene.graph.layers), {})
    [folded] = [part for part in parts if part.fold]

    assert folded.fold.times == n
    assert folded.fold.first == folded.fold.parts[:1]
    assert len(folded.layers) == n
    assert Fold(folded.fold.parts[: n // 2 * 2], 2).times == n // 2
    assert len(Fold(folded.fold.parts, 2).first) == 2
    assert len(layer_parts(scene.graph, scene.graph.layers)) == n + 2


def test_layers_without_numbers_are_counted_and_their_underscores_are_dots():
    random = np.random.default_rng(0)
    W = tg.parameter(random.normal(size=(4, 5)))
    J = np.sum(np.tanh(W @ tg.tensor(random.normal(size=(5, 6))) + tg.parameter(random.normal(size=(4, 1)))))

    assert [part.title for part in parts_of(J)[0] if part.layer] == ["1"]
    W, b = (tg.parameter(random.normal(size=s), name=n) for n, s in (("W_in_2", (4, 5)), ("b_in_2", (4, 1))))
    J = np.sum(np.tanh(W @ tg.tensor(random.normal(size=(5, 6))) + b))
    assert [part.title for part in parts_of(J)[0] if part.layer] == ["in.2"]


# Compositions -------------------------------------------------------------------------------------


def test_a_function_written_with_rows_is_one_box_that_opens_to_its_operations():
    x = tg.parameter(np.arange(6.0).reshape(2, 3), name="x")
    graph = read_graph([np.sum(np.linalg.norm(np.pad(x, 1), 3, axis=1))])

    padded, norm, total = find_parts(graph, [])

    assert [part.title for part in (padded, norm, total)] == ["", "np.linalg.norm", ""]
    assert [call.node.op.name for call in norm.calls] == ["absolute", "power", "sum", "power"]
    assert [part.calls for part in norm.fold.first] == [[call] for call in norm.calls]
    assert norm.fold.times == 1


def test_a_composition_in_another_is_part_of_it():
    x = tg.parameter(np.arange(5.0), name="x")
    z = np.median(x)  # by np.quantile, by np.sort
    graph = read_graph([z * np.percentile(x, 30)])

    assert [name for name, _ in graph.compositions] == ["np.median", "np.percentile"]


def test_in_a_loop_each_is_a_box():
    x = tg.parameter(np.arange(6.0).reshape(2, 3), name="x")
    for _ in range(3):
        x = np.diff(np.vstack([x, x]), axis=0, prepend=0.0)

    parts = find_parts(read_graph([x]), [])

    assert [part.title for part in parts] == ["", "np.diff"] * 3
