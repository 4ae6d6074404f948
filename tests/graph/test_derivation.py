"""The derivation: short formulas that give the engine's numbers, in both conventions and as plain code."""

import itertools
import statistics

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import HIDDEN, OUTPUTS, make_network, parameters_of, record
from tests.viz import graphs
from tinygraph.graph.derivation import Derivation, number_at_end
from tinygraph.graph.reading import read_graph
from tinygraph.graph.stand_ins import name_leaves
from tinygraph.notation.expressions import bare
from tinygraph.plan import plain_code_of

ODD = itertools.count()
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(4, 6)), rng.normal(size=(3, 6))
ROWS, POSITIVE = X.T.copy(), rng.uniform(0.5, 2, (4, 6))


def leaf(*shape):
    return tg.parameter(rng.normal(size=shape))


def named_leaf(*shape):
    return leaf(*shape).named("pq"[next(ODD) % 2])


def rows():
    W, b = leaf(4, 3), leaf(3)
    return tg.mse(np.tanh(ROWS @ W + b), Y.T)


def recurrence():
    U, W, b = leaf(3, 3), leaf(3, 4), leaf(3, 1)
    h = np.zeros((3, 1))
    for t in range(3):
        h = np.tanh(U @ h + W @ X[:, [t]] + b)
    return np.sum(h * h)


def attention():
    Wq, Wk, Wv = leaf(4, 3), leaf(4, 3), leaf(4, 3)
    Q, K, V = ROWS @ Wq, ROWS @ Wk, ROWS @ Wv
    S = Q @ K.T / np.sqrt(3.0)
    A = tg.softmax(S, axis=1)
    return np.mean((A @ V) ** 2)


def batch_norm():
    W, gamma, beta = leaf(3, 4), leaf(3, 1), leaf(3, 1)
    Z = W @ X
    mu = np.mean(Z, axis=1, keepdims=True)
    var = np.mean((Z - mu) ** 2, axis=1, keepdims=True)
    out = gamma * (Z - mu) / np.sqrt(var + 1e-5) + beta
    return np.sum(tg.relu(out) * Y)


def dropout():
    W, D = leaf(3, 4), (rng.random((3, 6)) < 0.7) / 0.7
    return tg.mse(tg.relu(W @ X) * D, Y)


def picked():
    W = leaf(3, 4)
    P = tg.softmax(W @ X, axis=0)
    return -np.mean(np.log(P[[0, 1, 2, 0, 1, 2], np.arange(6)]))


def penalty():
    W = leaf(3, 4)
    return tg.mse(W @ X, Y) + 0.1 / 2 * np.sum(W**2)


SMALL = {
    "rows": rows,
    "recurrence": recurrence,
    "attention": attention,
    "batch norm": batch_norm,
    "dropout": dropout,
    "picked": picked,
    "penalty": penalty,
    "half the squares": lambda: 0.5 * np.sum((named_leaf(3, 4) @ X - Y) ** 2),
    "maximum": lambda: np.sum(np.maximum(named_leaf(3, 4) @ X, 0) * Y),
    "maximum of the number": lambda: np.sum(np.maximum(0, named_leaf(3, 4) @ X) * Y),
    "two maxima": lambda: np.sum(np.maximum(named_leaf(4, 6), X)),
    "where": lambda: np.sum(np.where(X > 0, named_leaf(4, 6), 2 * named_leaf(4, 1))),
    "clip": lambda: np.sum(np.clip(named_leaf(4, 6), -0.5, 0.5) * X),
    "einsum": lambda: np.sum(np.einsum("ij,jk->ik", named_leaf(3, 4), X) * Y),
    "outer": lambda: np.sum(np.outer(named_leaf(3), named_leaf(6)) * Y),
    "norm": lambda: np.linalg.norm(named_leaf(3, 4) @ X),
    "variance": lambda: np.var(named_leaf(3, 4) @ X, axis=0).sum(),
    "deviation": lambda: np.std(named_leaf(3, 4) @ X, axis=1).sum(),
    "largest": lambda: np.sum(np.max(named_leaf(3, 4) @ X, axis=0)),
    "product": lambda: np.prod(named_leaf(3) + 2.0),
    "running sum": lambda: np.sum(np.cumsum(named_leaf(4, 6), axis=1) * X),
    "reshaped": lambda: np.sum(np.reshape(named_leaf(4, 6), (2, 12)) * np.ravel(X).reshape(2, 12)),
    "joined": lambda: np.sum(np.concatenate([named_leaf(4, 2), named_leaf(4, 4)], axis=1) * X),
    "stacked": lambda: np.sum(np.stack([named_leaf(6), named_leaf(6)]) * X[:2]),
    "log of sums": lambda: np.sum(tg.logsumexp(named_leaf(3, 4) @ X, axis=0)),
    "softplus": lambda: np.mean(tg.softplus(named_leaf(3, 4) @ X)),
    "gelu": lambda: np.mean(tg.gelu(named_leaf(3, 4) @ X)),
    "elu": lambda: np.sum(tg.elu(named_leaf(3, 4) @ X) * Y),
    "powers": lambda: np.sum(tg.parameter(POSITIVE, name="p") ** 1.5 / (1 + X * X)),
    "logits": lambda: tg.binary_cross_entropy_with_logits(named_leaf(1, 4) @ X, np.ones((1, 6))),
    "used twice": lambda: (lambda A: np.sum(A.T @ A))(np.tanh(named_leaf(3, 4) @ X)),
    "deep": lambda: np.sum(np.exp(np.sin(np.tanh(np.cos(named_leaf(4, 6) * X))))),
}
DRAWN = {make.__name__: make for make in graphs.GRAPHS if make is not graphs.two_losses}
GRAPHS = SMALL | DRAWN


def evaluated_forms(J, course):
    """Each right side of each statement: its name and text, its value, and the one that the sweep finds."""
    d = J.backward()
    graph = read_graph([J])
    name_leaves(graph)
    derivation = Derivation(graph, course)
    statements = derivation.statements()
    expected = {s.name: d[s.of.tensor] * derivation.factor(s.of) for s in statements}
    values = {q.name: q.value for q in graph.quantities if q.name} | expected | {"m": d.m}
    for s in statements:
        for right in map(bare, s.right):
            value = right.evaluate(values) if hasattr(right, "evaluate") else right
            yield s.name, str(right), np.broadcast_to(value, expected[s.name].shape), expected[s.name]


@pytest.mark.parametrize("course", [False, True], ids=["true", "course"])
@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_each_formula_gives_the_numbers_of_the_sweep(make, course):
    checked = 0
    for name, text, value, expected in evaluated_forms(make(), course):
        np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-12, err_msg=f"{name} = {text}")
        checked += 1

    assert checked


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("output", OUTPUTS)
def test_networks_have_the_lectures_formulas_both_ways_past_the_output(hidden, output):
    data, labels, arrays = make_network([4, 5, 3, 2], output)
    J = record(data, labels, parameters_of(arrays), hidden, output)
    forms = [name for name, _, value, expected in evaluated_forms(J, True) if np.allclose(value, expected)]

    assert forms.count("dZ3") == (2 if output in ("sigmoid", "softmax") else 1)
    assert forms.count("dW1") == 1


def test_formulas_are_short():
    lengths = [len(text) for make in GRAPHS.values() for _, text, *_ in evaluated_forms(make(), False)]

    assert len(GRAPHS) >= 30
    assert statistics.median(lengths) <= 22
    assert max(lengths) <= 520


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_plain_code_gives_the_numbers_of_the_sweep(make):
    J = make()
    graph = read_graph([J])
    namespace = {}
    exec(plain_code_of(J), namespace)
    backward = namespace["backward"]
    name_leaves(graph)
    known = {q.name: q.value for q in graph.quantities if q.call is None}
    arguments = backward.__code__.co_varnames[1 : backward.__code__.co_argcount]
    if unknown := set(arguments) - known.keys():
        known |= dict.fromkeys(unknown, np.arange(6))
    found = backward(
        {q.name: q.value for q in graph.quantities if q.wanted and q.call is None}, *map(known.get, arguments)
    )
    course = "leave out the 1/m" in plain_code_of(J)

    chain = J.backward().chain("course" if course else "true")
    assert found
    for name, value in found.items():
        np.testing.assert_allclose(
            np.broadcast_to(value, chain[name].shape), chain[name], rtol=1e-9, atol=1e-12
        )


def relu_formulas():
    W = tg.parameter(rng.normal(size=(3, 4)), name="W1")
    Z = (W @ X).named("Z1")
    for A in (tg.relu(Z), np.maximum(Z, 0), np.maximum(0, Z), np.clip(Z, 0, None), Z * (Z > 0)):
        A.named("A1")
        graph = read_graph([np.sum(A * A)])
        name_leaves(graph)
        yield {s.name: str(s.right[0]) for s in Derivation(graph).statements()}


def test_relu_is_one_formula_however_it_is_written():
    first, second, third, *_ = relu_formulas()

    assert first["dZ1"] == second["dZ1"] == third["dZ1"] == "dA1 * (Z1 > 0)"


def test_what_is_written_out_is_numbered_by_its_call():
    graph = read_graph([np.sum(np.exp(np.sin(named_leaf(4, 6) * 2)))])
    labels = [Derivation(graph).label(call.result) for call in graph.calls]

    assert labels == ["v1", "v2", "v3", "J"]


def test_an_output_that_the_graph_uses_has_a_derivative_with_a_name():
    x = tg.parameter([0.5, 1.0], name="x")
    inner = np.exp(x).named("inner")
    statements = Derivation(read_graph([np.sum(inner * inner), inner])).statements()

    assert [(s.name, str(s.right[0])) for s in statements] == [
        ("dinner", "np.ones((2,)) + inner + inner"),
        ("dx", "dinner * inner"),
    ]


def test_the_layer_in_a_name():
    assert [number_at_end(name) for name in ("dZ12", "dW1", "dW", "d2x", "")] == [12, 1, 0, 0, 0]
