"""The lectures' picture: its boxes, and its formulas computed by NumPy from the engine's own derivatives."""

import re

import numpy as np
import pytest

import tinygraph as tg
import viz
from tests.viz.graphs import (
    elements,
    logistic,
    network,
    nodes,
    pairs,
    shared,
    skip,
    softmax,
    text,
    three_layers,
)
from tinygraph.graph.layers import find_layers
from tinygraph.graph.reading import read_graph
from tinygraph.graph.stand_ins import name_inner
from viz.formulas import Writer, join_factors, transpose_name


def parameter(random, shape, name):
    return tg.parameter(random.normal(size=shape), name=name)


def by_rows(turned=False, minus=False):
    """Examples as rows, perhaps with transposed weights or a bias that is subtracted."""
    random = np.random.default_rng(1)
    A = random.normal(size=(6, 5))
    for i, (n, m) in enumerate([(5, 4), (4, 2)], 1):
        W = parameter(random, (m, n) if turned else (n, m), f"W{i}")
        b = parameter(random, (1, m), f"b{i}")
        product = A @ (W.T if turned else W)
        A = np.tanh(b - product if minus else product - b)
    return tg.mse(A, random.normal(size=(6, 2)))


def by_entries():
    random = np.random.default_rng(1)
    W1, b1 = parameter(random, (4, 1), "W1"), parameter(random, (4, 6), "b1")
    return tg.mse(np.tanh(W1 * random.normal(size=(4, 6)) + b1), random.normal(size=(4, 6)))


def by_subscripts():
    random = np.random.default_rng(1)
    W1, b1 = parameter(random, (4, 5), "W1"), parameter(random, (4, 1), "b1")
    return np.sum(np.tanh(np.einsum("ij,jk->ik", W1, random.normal(size=(5, 6))) + b1))


def vectors():
    random = np.random.default_rng(1)
    W1, b1 = parameter(random, (5,), "W1"), parameter(random, (6,), "b1")
    return tg.binary_cross_entropy(tg.sigmoid(W1 @ random.normal(size=(5, 6)) + b1), np.ones(6))


NETWORKS = {
    "three layers": three_layers,
    "softmax": softmax,
    "logistic": logistic,
    "skip": skip,
    "rows": by_rows,
    "rows, transposed": lambda: by_rows(turned=True),
    "rows, minus": lambda: by_rows(minus=True),
    "entries": by_entries,
    "elu, linear, mse": lambda: network([3, 4, 1], [tg.elu, None], tg.mse),
    "two units, mse": lambda: network([3, 2], [tg.gelu], tg.mse),
}


def written(J, convention):
    """The formulas of a network, and the values of the names in them."""
    graph = read_graph([J])
    layers = find_layers(graph.order, graph.names)

    name_inner(graph, layers)
    writer = Writer(graph, convention == "course")
    rules = [rule for layer in layers for rule in writer.layer_rules(layer)]
    rules += [writer.cost_rule(call) for call in graph.calls if writer.writes_cost(call)]
    return rules, graph, writer


def values(J, graph, convention):
    """What names in formulas stand for: forward values, and derivatives by the engine."""
    for q in graph.quantities:
        if isinstance(q.tensor, tg.Tensor) and q.name:
            q.tensor.named(q.name)
    d = J.backward().chain(convention)
    found = {q.name: q.value for q in graph.quantities if q.name}
    return found | d | {"m": J.backward().m, "dJ": 1.0}


def slope(name, z):
    """The derivative of an activation by the complex step."""
    return lambda dz: np.imag(getattr(tg, name)(z + 1e-30j * dz)) / 1e-30


def computed(formula, known):
    """The value of a formula's text, summed over the axes that its Σ stands for."""
    code = formula.text.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉−∗", "0123456789-*"))
    code = re.sub(r"(d?\w+) \* (\w+)′\((\w+)\)", r"slope('\2', \3)(\1)", code)
    code = re.sub(r"(\w+)′\((\w+)\) · (\w+)", r"slope('\1', \2)(\3)", code)
    code = re.sub(r"(?<=[\dXYᵀ])(?=d?[A-Z]\d?)", " @ ", code).replace("ᵀ", ".T").replace("2(", "2 * (")
    sums = "Σ" in code
    value = eval(code.replace("Σ ", ""), {"slope": slope}, known)
    axes = tuple(i for i, n in enumerate(formula.of.shape) if n != np.shape(value)[i])
    return np.sum(value, axis=axes, keepdims=True) if sums else value


@pytest.mark.parametrize("convention", ["course", "true"])
@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_formulas_give_the_derivatives(make, convention):
    J = make()
    rules, graph, _ = written(J, convention)
    known = values(J, graph, convention)
    checked = 0
    for rule in rules:
        if rule.sign == "=":
            expected = known[f"d{rule.of.name}"]
            np.testing.assert_allclose(computed(rule, known), expected, rtol=1e-9, atol=1e-12)
            checked += 1

    assert checked >= 4


def test_contributions_add_up_to_the_derivative():
    J = shared()
    rules, _, _ = written(J, "true")
    rules = [rule for rule in rules if rule.of.name in ("W", "b")]

    assert [rule.sign for rule in rules] == ["+="] * 4
    assert [rule.text for rule in rules if rule.of.name == "b"] == ["Σ dZ", "Σ dZ₂"]


def test_forward_formulas():
    J = three_layers()
    _, graph, writer = written(J, "course")
    first = find_layers(graph.order, graph.names)[0]

    assert writer.linear(first) == "Z₁ = W₁X + b₁"
    assert writer.activation(first) == "A₁ = relu(Z₁)"
    assert writer.cost(graph.calls[-1]) == "J = cross-entropy(A₃, Y)"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (by_rows, "Z₁ = A₀W₁ − b₁"),
        (lambda: by_rows(turned=True, minus=True), "Z₁ = b₁ − A₀W₁ᵀ"),
        (by_entries, "Z₁ = W₁ ∗ X + b₁"),
        (vectors, "Z₁ = W₁ @ X + b₁"),
        (by_subscripts, "Z₁ = einsum(W₁, X) + b₁"),
    ],
)
def test_forward_formulas_follow_the_layout(make, expected):
    _, graph, writer = written(make(), "true")

    assert expected == writer.linear(find_layers(graph.order, graph.names)[0])


def test_derivative_of_a_product_that_is_none_of_matrices_is_written_in_general():
    rules, _, _ = written(vectors(), "course")

    assert "(∂Z₁/∂W₁)ᵀ dZ₁ / m" in [rule.text for rule in rules]


def test_a_number_among_the_inputs_of_a_layer():
    W1 = tg.parameter(np.ones((2, 3)), name="W1")
    drawing = viz.draw(np.sum(tg.relu(W1 * 2.0 + 1.0)), view="layers")

    assert "Z₁ = W₁ ∗ 2 + 1" in text(elements(drawing, "layer")["layer1"])


# The picture


def boxes(drawing):
    return {key: text(box) for key, box in elements(drawing, "layer").items()}


def test_boxes_of_the_three_layers():
    drawing = viz.draw(three_layers(), view="layers")

    assert boxes(drawing)["layer1"] == "layer 1 (relu)Z₁ = W₁A₀ + b₁A₁ = relu(Z₁)"
    assert [*boxes(drawing)] == ["layer1", "layer2", "layer3", "J.sigmoid_cross_entropy"]
    assert text(elements(drawing, "text")["X"]).startswith("X = A₀")
    assert text(elements(drawing, "text")["W1"]) == "W₁ 4×5, b₁ 4×1"
    assert text(elements(drawing, "derivative-text")["dW1"]) == "dW₁, db₁"


def test_legend_explains_the_signs_of_the_formulas():
    assert "· Jacobian" in viz.draw(softmax(), view="layers").description
    assert "· Jacobian" not in viz.draw(three_layers(), view="layers").description


def test_caches_hold_what_the_formulas_read():
    caches = elements(viz.draw(three_layers(), view="layers"), "cache")

    shown = [text(node) for node in caches.values() if node.get("class") == "node cache"]
    assert shown == ["cache Z₁, A₀", "cache Z₂, A₁, W₂", "cache Z₃, A₂, W₃", "cache A₃, Y"]


def test_derivative_of_the_input_is_drawn_where_it_is_wanted():
    random = np.random.default_rng(0)
    X, W1 = parameter(random, (3, 4), "X"), parameter(random, (2, 3), "W1")
    drawing = viz.draw(np.sum(np.tanh(W1 @ X)), view="layers")

    assert "dA₀ = W₁ᵀdZ₁" in text(elements(drawing, "layer-rule")["dlayer1"])
    assert "dX" in nodes(drawing)


def test_red_row_mirrors_the_black_one():
    drawing = viz.draw(three_layers(), view="layers")
    twins = nodes(drawing)
    expected = {(f"d{head}", f"d{tail}") for tail, head in pairs(drawing, "fwd") if f"d{tail}" in twins}

    assert expected == set(pairs(drawing, "bwd"))


def test_what_lies_between_layers_keeps_its_box():
    drawing = viz.draw(skip(), view="layers")

    assert "+" in boxes(drawing).values()
    assert "H₃4×6" in map(text, elements(drawing, "text").values())
    assert {"sum", "** 2"} <= set(boxes(drawing).values())


def test_layer_whose_product_is_used_elsewhere_is_drawn_by_its_operations():
    random = np.random.default_rng(0)
    W1, b1 = parameter(random, (2, 3), "W1"), parameter(random, (2, 1), "b1")
    P = W1 @ random.normal(size=(3, 4))
    drawing = viz.draw(np.sum(np.tanh(P + b1) * P), view="layers")

    assert {"@", "+", "tanh", "*", "sum"} == set(boxes(drawing).values())


def test_value_used_besides_its_activation_leaves_the_box():
    random = np.random.default_rng(0)
    W1, b1 = parameter(random, (2, 3), "W1"), parameter(random, (2, 1), "b1")
    Z1 = W1 @ random.normal(size=(3, 4)) + b1
    drawing = viz.draw(np.sum(np.tanh(Z1) * Z1), view="layers")

    assert {("layer1", "Z1"), ("layer1", "A1")} <= set(pairs(drawing, "fwd"))
    assert "dZ₁ += dA₁ ∗ tanh′(Z₁)" in text(elements(drawing, "layer-rule")["dlayer1"])


def test_cost_that_goes_on_keeps_its_derivative_in_the_formula():
    drawing = viz.draw(2.0 * logistic(), view="layers")

    shown = "".join(map(text, elements(drawing, "layer-rule").values()))
    assert "dA₁ = dL ∗ (−Y/A₁ + (1−Y)/(1−A₁)) / m" in shown


def test_weights_without_numbers_name_the_layers():
    random = np.random.default_rng(0)
    W = parameter(random, (2, 3), "W_out")
    titles = {
        key: shown.split("Z")[0]
        for key, shown in boxes(viz.draw(np.sum(np.tanh(W @ np.ones((3, 4)))))).items()
    }

    assert titles["layer1"] == "layer out (tanh)"


def test_names_of_several_letters_are_joined_by_a_sign():
    assert join_factors("weights", "X") == "weights @ X"
    assert transpose_name(transpose_name("W₁")) == "W₁"


def test_a_layer_of_two_operations_has_one_arrow_from_what_both_read():
    random = np.random.default_rng(0)
    W, X = parameter(random, (3, 3), "W1"), parameter(random, (3, 4), "X")

    assert pairs(viz.draw(np.sum(W @ X + X)), "fwd")["X", "layer1"] == 1
