"""Repeats as one box, and what large graphs cost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
import viz
from tests.viz.graphs import elements, network, nodes, pairs, text
from tinygraph.engine.sweep import recorded_order
from tinygraph.errors import GraphError
from viz.folds import best_runs


def deep(n, sizes=4):
    """n equal layers of tanh between a first and a last one."""
    return network([3, *[sizes] * (n + 1), 1], [np.tanh] * (n + 1) + [tg.sigmoid])


def chain(n):
    x = tg.parameter(1.0, name="x")
    for _ in range(n // 2):
        x = np.sin(x) + 1.0
    return x


def boxes(drawing):
    return {key: text(node) for key, node in elements(drawing, "layer").items()}


def test_equal_layers_are_one_box_with_formulas_for_layer_l():
    drawing = viz.draw(deep(12))

    shown = " ".join(boxes(drawing).values())

    assert len(boxes(drawing)) == 4
    assert "layers 2 … 13 (tanh) × 12" in shown
    assert "Zₗ = WₗAₗ₋₁ + bₗ" in shown
    assert "dAₗ₋₁ = WₗᵀdZₗ" in " ".join(map(text, elements(drawing, "layer-rule").values()))
    assert "× so many times" in drawing.description
    assert "W₂ … W₁₃" in "".join(map(text, elements(drawing, "text").values()))


def test_few_boxes_stay_apart_unless_asked():
    assert len(boxes(viz.draw(deep(4)))) == 7
    assert len(boxes(viz.draw(deep(4), fold=True))) == 4
    assert len(boxes(viz.draw(deep(12), fold=False))) == 15


@pytest.mark.parametrize("operations", [1, 2, 3])
def test_what_is_too_short_to_repeat_can_be_folded(operations):
    y = tg.parameter(1.0, name="x")
    for _ in range(operations):
        y = y + 1.0
    drawing = viz.draw(y, view="layers", fold=True)

    assert len(boxes(drawing)) == operations


def test_layer_can_be_unfolded_to_its_operations():
    shown = boxes(viz.draw(deep(3), unfold={"2"}))

    assert {"@", "+", "tanh"} <= set(shown.values())
    assert "layer 2" not in " ".join(shown.values())
    assert "layer 3" in " ".join(shown.values())


def test_different_layers_do_not_fold():
    J = network([3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 1], [np.tanh] * 9 + [tg.sigmoid])

    assert len(boxes(viz.draw(J))) == 11


def test_repeats_of_several_operations_fold():
    assert "× 49+ 1 → sin" in boxes(viz.draw(chain(100), view="layers")).values()


def penalized(n):
    """n layers whose weights enter a penalty as well."""
    J = deep(n)
    found = {x.name: x for t in recorded_order(J) for x in t.inputs if isinstance(x, tg.Tensor)}
    weights = [x for name, x in found.items() if name and name.startswith("W")]
    penalty = np.sum(weights[0] ** 2)
    for W in weights[1:]:
        penalty = penalty + np.sum(W**2)
    return J + 0.1 * penalty


def recurrent(n):
    """The same step n times: three parameters that all steps share."""
    random = np.random.default_rng(0)
    W, U, b = (
        tg.parameter(random.normal(size=s), name=k) for k, s in (("W", (3, 3)), ("U", (3, 2)), ("b", (3, 1)))
    )
    A = tg.tensor(np.zeros((3, 4)), name="a_0")
    for t in range(1, n + 1):
        x = tg.tensor(random.normal(size=(2, 4)), name=f"x_{t}")
        A = np.tanh(W @ A + U @ x + b).named(f"a_{t}")
    return np.sum(A)


def test_layers_whose_weights_enter_a_penalty_fold():
    drawing = viz.draw(penalized(12), view="layers")

    assert "layers 2 … 13 (tanh) × 12Zₗ = WₗAₗ₋₁ + bₗAₗ = tanh(Zₗ)" in boxes(drawing).values()
    assert "× 12** 2 → sum → +" in boxes(drawing).values()
    assert {"W₂ … W₁₃ 4×4", "b₂ … b₁₃ 4×1"} <= set(map(text, elements(drawing, "text").values()))
    folds = [head for tail, head in pairs(drawing, "fwd").elements() if tail == "W2"]
    assert sorted(folds) == ["layer2.fold", "power.2.power.fold"]


def test_layers_that_share_their_weights_fold():
    random = np.random.default_rng(0)
    W1, b1 = (tg.parameter(random.normal(size=s), name=k) for k, s in (("W1", (4, 4)), ("b1", (4, 1))))
    A = tg.tensor(random.normal(size=(4, 6)), name="X")
    for _ in range(12):
        A = np.tanh(W1 @ A + b1)
    drawing = viz.draw(tg.mse(A, np.zeros((4, 6))), view="layers")

    shown = boxes(drawing)["layer2.fold"]

    assert shown == "layers 1.2 … 1.12 (tanh) × 11Z₁₍ₗ₎ = W₁A₁₍ₗ₋₁₎ + b₁A₁₍ₗ₎ = tanh(Z₁₍ₗ₎)"
    assert text(elements(drawing, "text")["W1"]) == "W₁ 4×4, b₁ 4×1"
    assert pairs(drawing, "fwd")["W1", "layer2.fold"] == 1
    assert pairs(drawing, "bwd")["dlayer2.fold", "dW1"] == 1


def test_steps_of_a_recurrent_network_fold_from_their_beginning():
    drawing = viz.draw(recurrent(20), view="layers")
    shown = next(shown for shown in boxes(drawing).values() if "×" in shown)
    entering = sorted(tail for tail, head in pairs(drawing, "fwd").elements() if head.endswith(".fold"))

    assert shown == "× 19layer (linear) → @ → + → + → tanh"
    assert entering == ["U", "W", "a_1", "b", "x_2"]
    assert text(elements(drawing, "text")["x_2"]) == "x₂ … x₂₀ 2×4"


def test_what_is_used_elsewhere_does_not_fold():
    x = tg.parameter(1.0, name="x")
    found = []
    for _ in range(20):
        x = np.sin(x)
        found.append(x)
    J = sum(found[::3], start=found[5])

    assert not any("×" in shown for shown in boxes(viz.draw(J, view="layers")).values())


def test_first_wrong_step_stays_outside_of_a_fold():
    J = deep(12)
    d = dict(J.backward())
    report = tg.compare(J, d | {"dW7": 2 * d["dW7"]})

    shown = " ".join(boxes(viz.draw(J, highlight=report)).values())

    assert "layer 7 " in shown
    assert "layers 2 … 6" in shown


def test_auto_shows_operations_until_they_cannot_be_surveyed():
    assert "operation" in nodes(viz.draw(chain(150), view="auto")).values()
    assert "operation" not in nodes(viz.draw(chain(152), view="auto")).values()


def test_auto_shows_few_operations_folded_where_they_are_too_many_nodes():
    assert "operation" not in nodes(viz.draw(recurrent(29), view="auto", max_nodes=300)).values()


def test_what_is_drawn_if_nobody_chose_can_be_laid_out():
    assert len(elements(viz.draw(chain(1000)), "node")) < 20


def naive(kinds, i, longest=24):
    """The period and repeats from i on that cover most, by looking at each."""
    best = (1, 1)
    for period in range(1, min(longest, len(kinds) - 1) + 1):
        times = 1
        while kinds[i + times * period : i + (times + 1) * period] == kinds[i : i + period] and i + (
            times + 1
        ) * period <= len(kinds):
            times += 1
        if times >= 3 and times * period > (best[0] * best[1] if best[1] > 1 else 0):
            best = period, times
    return best


@settings(deadline=None)
@given(st.lists(st.integers(0, 2), min_size=2, max_size=40))
def test_runs_are_those_that_cover_most(kinds):
    periods, times = best_runs(np.array(kinds))

    for i in range(len(kinds)):
        period, repeats = naive(kinds, i)
        assert (repeats if repeats > 1 else 1) == times[i]
        assert repeats == 1 or period == periods[i]


@pytest.mark.parametrize("graph", [lambda: deep(300), lambda: chain(10_000)])
def test_large_graph_is_drawn_folded(graph):
    drawing = viz.draw(graph(), view="auto")

    assert len(elements(drawing, "node")) < 40


def test_large_graph_without_repeats_is_one_clear_sentence():
    random = np.random.default_rng(0)
    found = [tg.parameter(0.5, name="x")]
    for _ in range(2000):
        found.append(found[-1] * found[random.integers(len(found))])
    drawing = viz.draw(found[-1], view="auto")

    with pytest.raises(GraphError, match=r"more than [\d,]+ nodes.*max_nodes"):
        drawing.render("svg")
    assert repr(drawing).startswith("<Drawing of J: more than ")
    assert "digraph" in drawing.source


def test_very_large_graph_without_repeats_says_so():
    random = np.random.default_rng(0)
    x = tg.parameter(0.5, name="x")
    for i in random.integers(0, 4, 20_000):
        x = (np.tanh, np.sin, np.cos, np.arctan)[i](x)

    with pytest.raises(GraphError, match=r"more than 1\d,\d{3} nodes"):
        viz.draw(x, view="auto").render("svg")


@pytest.mark.parametrize(("period", "found"), [(24, (24, 3)), (25, (1, 1))])
def test_a_repeat_has_at_most_24_parts(period, found):
    periods, times = best_runs(np.tile(np.arange(period), 3))

    assert (periods[0], times[0]) == found
