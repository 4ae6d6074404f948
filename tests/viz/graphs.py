"""Graphs to draw, and what a drawing says when it is read back from its DOT text or its SVG."""

import re
from collections import Counter
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pygraphviz
from hypothesis import strategies as st

import tinygraph as tg
from viz.render import THAI, draws_thai
from viz.views.table import KNOWN_VIEWS

SVG = "{http://www.w3.org/2000/svg}"
VIEWS = list(KNOWN_VIEWS)
NAMES = st.text(max_size=40).filter(lambda name: draws_thai() or not THAI.search(name))


def parameter(random, rows, columns, name):
    return tg.parameter(random.normal(size=(rows, columns)), name=name)


def network(sizes, activations, cost=tg.binary_cross_entropy, m=6, seed=0):
    """A network in the lectures' layout, with names for its parameters and data only."""
    random = np.random.default_rng(seed)
    A = tg.tensor(random.normal(size=(sizes[0], m)), name="X")
    labels = random.integers(0, 2, size=(sizes[-1], m)).astype(float)
    for i, activation in enumerate(activations, 1):
        W, b = parameter(random, sizes[i], sizes[i - 1], f"W{i}"), parameter(random, sizes[i], 1, f"b{i}")
        Z = W @ A + b
        A = activation(Z) if activation else Z
    return cost(A, tg.tensor(labels, name="Y"))


def three_layers():
    return network([5, 4, 3, 1], [tg.relu, tg.relu, tg.sigmoid])


def softmax():
    classes = tg.tensor(np.arange(6) % 4, name="Y")
    return network([5, 3, 4], [np.tanh, None], lambda Z, Y: tg.softmax_cross_entropy(Z, classes))


def logistic():
    return network([5, 1], [tg.sigmoid])


def skip():
    """A skip connection past layer 2, and a penalty that uses W3 a second time."""
    random = np.random.default_rng(0)
    X = tg.tensor(random.normal(size=(4, 6)), name="X")
    A1 = tg.relu(parameter(random, 4, 4, "W1") @ X + parameter(random, 4, 1, "b1"))
    A2 = tg.relu(parameter(random, 4, 4, "W2") @ A1 + parameter(random, 4, 1, "b2"))
    W3 = parameter(random, 1, 4, "W3")
    A3 = tg.sigmoid(W3 @ (A1 + A2) + parameter(random, 1, 1, "b3"))
    return tg.binary_cross_entropy(A3, np.ones((1, 6))) + 0.1 * np.sum(W3**2)


def shared():
    """The same layer twice."""
    random = np.random.default_rng(0)
    W, b = parameter(random, 3, 3, "W"), parameter(random, 3, 1, "b")
    A = tg.tensor(random.normal(size=(3, 6)), name="X")
    for _ in range(2):
        A = np.tanh(W @ A + b)
    return tg.mse(A, np.zeros((3, 6)))


def square():
    A = tg.parameter(3.0, name="A")
    return A * A


def mathematics():
    x = tg.parameter(np.linspace(0.1, 1, 6), name="x")
    return np.mean(np.sin(x**2) * np.exp(-x) + np.log(1 + x) / 3)


def two_losses():
    random = np.random.default_rng(0)
    A1 = np.tanh(parameter(random, 3, 4, "W1") @ random.normal(size=(4, 6)) + parameter(random, 3, 1, "b1"))
    A2 = tg.sigmoid(parameter(random, 1, 3, "W2") @ A1 + parameter(random, 1, 1, "b2"))
    Z3 = parameter(random, 2, 3, "W3") @ A1 + parameter(random, 2, 1, "b3")
    return tg.binary_cross_entropy(A2, np.ones((1, 6))), tg.mse(Z3, np.zeros((2, 6)))


GRAPHS = [three_layers, softmax, logistic, skip, shared, square, mathematics, two_losses]


@st.composite
def random_graphs(draw):
    """Any graph of sums, products and sines, in which everything may be used again."""
    leaves = [tg.parameter(1.0 + i, name=f"x{i}") for i in range(draw(st.integers(1, 3)))]
    found = [*leaves, tg.tensor(0.5, name="c")]
    for i in range(draw(st.integers(1, 12))):
        x, y = (found[draw(st.integers(0, len(found) - 1))] for _ in range(2))
        z = draw(st.sampled_from([lambda x, y: x + y, lambda x, y: x * y, lambda x, y: np.sin(x) - y]))(x, y)
        found.append(z.named(f"z{i}") if draw(st.booleans()) else z)
    return found[-1]


class Edge(NamedTuple):
    """An arrow as its id tells it, with its class, colour and style."""

    tail: str
    head: str
    kind: str
    color: str
    style: str


def nodes(drawing):
    """The class of each node in the DOT text, by id."""
    graph = pygraphviz.AGraph(string=drawing.source)
    return {node.attr["id"]: node.attr["class"] for node in graph.nodes()}


def edges(drawing):
    """The visible arrows in the DOT text; a number after the id of a parallel one is taken off."""
    graph = pygraphviz.AGraph(string=drawing.source)
    known = nodes(drawing)
    return [read_edge(edge.attr, known) for edge in graph.edges() if edge.attr["style"] != "invis"]


def read_edge(attributes, known):
    tail, head = attributes["id"].split("->")
    head = head if head in known else re.sub(r"\.\d+$", "", head)
    return Edge(tail, head, attributes["class"], attributes["color"], attributes["style"])


def pairs(drawing, kind):
    """How often an arrow of a kind goes from one node to another."""
    return Counter((edge.tail, edge.head) for edge in edges(drawing) if edge.kind == kind)


def elements(drawing, kind):
    """The SVG's groups of a class, by id."""
    root = ElementTree.fromstring(drawing.svg)
    return {g.get("id"): g for g in root.iter(f"{SVG}g") if kind in (g.get("class") or "").split()}


def text(element):
    """All that an element shows."""
    return "".join("".join(t.itertext()) for t in element.iter(f"{SVG}text"))


def reachable(starts, arrows):
    """What can be reached along arrows, given as pairs."""
    found, stack = set(starts), list(starts)
    while stack:
        tail = stack.pop()
        fresh = {head for t, head in arrows if t == tail} - found
        found |= fresh
        stack += fresh
    return found
