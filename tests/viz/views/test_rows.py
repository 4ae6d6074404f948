"""Two rows in step: each twin below what it is the derivative of, and arrows that leave the layout alone."""

import numpy as np
import pygraphviz
import pytest

import tinygraph as tg
from tinygraph.graph.reading import read_graph
from viz.picture import Picture
from viz.style import PALETTES
from viz.views.rows import Arrow, Block, draw_rows, is_shown, node_above, source_node


def drawn(blocks, arrows=(), framed=()):
    """Nodes by id, arrows by id with their declared ends, and the columns."""
    picture = Picture(PALETTES["lecture"], "right", None)
    draw_rows(picture, blocks, list(arrows), framed)
    graph = pygraphviz.AGraph(string=picture.finish())
    nodes = {str(node): dict(node.attr) for node in graph.nodes()}
    edges = [(tuple(map(str, edge)), dict(edge.attr)) for edge in graph.edges()]
    columns = [list(map(str, sub.nodes())) for sub in graph.subgraphs()]
    return nodes, edges, columns


def block(key, twin="", **settings):
    return Block(key, "value", key, "derivative", twin, **settings)


@pytest.mark.parametrize(
    ("made", "keys"),
    [
        (block("a"), ["a"]),
        (block("a", "da"), ["a", "da"]),
        (block("a", "da", cache="cache"), ["a", "da", "a.cache"]),
        (block("a", cache="cache"), ["a"]),
        (block("a", "da", caches=True), ["a", "da"]),
    ],
)
def test_a_block_knows_the_nodes_that_are_drawn_for_it(made, keys):
    assert made.keys == keys
    assert sorted(drawn([made])[0]) == sorted(keys)


def test_a_block_without_a_twin_is_a_node_alone():
    nodes, edges, columns = drawn([block("a", tooltip="what it is")])

    assert list(nodes) == ["a"]
    assert nodes["a"]["tooltip"] == "what it is"
    assert (edges, columns) == ([], [])


@pytest.mark.parametrize("turned", [False, True])
def test_a_twin_is_below_in_the_same_column(turned):
    nodes, [(ends, attributes)], columns = drawn(
        [block("a", "da", look={"penwidth": "9"})], (), ["a"] * turned
    )

    assert columns == [["a", "da"]]
    assert nodes["da"]["class"] == "derivative"
    assert nodes["da"]["penwidth"] == "9"
    assert nodes["a"].get("penwidth") != "9"
    assert ends == (("da", "a") if turned else ("a", "da"))
    assert attributes["style"] == "invis"


@pytest.mark.parametrize("turned", [False, True])
def test_a_cache_is_an_arrow_from_a_value_to_its_twin(turned):
    _, [(ends, attributes)], _ = drawn([block("a", "da", caches=True)], (), ["a"] * turned)

    assert attributes["class"] == "cache"
    assert attributes["id"] == "a->da"
    assert ends == (("da", "a") if turned else ("a", "da"))


@pytest.mark.parametrize("turned", [False, True])
def test_a_named_cache_stands_between(turned):
    nodes, edges, columns = drawn([block("a", "da", cache="cache A0")], (), ["a"] * turned)
    by_id = {attributes["id"]: (ends, attributes) for ends, attributes in edges}

    assert nodes["a.cache"]["class"] == "cache"
    assert sorted(map(sorted, columns)) == [["a", "a.cache"], ["a", "da"]]
    assert by_id.keys() == {"a->a.cache", "a.cache->da"}
    assert by_id["a->a.cache"][0] == (("a.cache", "a") if turned else ("a", "a.cache"))
    assert by_id["a.cache->da"][0] == (("da", "a.cache") if turned else ("a.cache", "da"))
    assert by_id["a->a.cache"][1]["arrowtail" if turned else "arrowhead"] == "none"
    assert by_id["a.cache->da"][1]["arrowtail" if turned else "arrowhead"] == "vee"


def test_what_stands_beside_a_block_is_in_its_column_with_its_twin():
    _, _, columns = drawn([block("w", "dw", beside="a"), block("a", "da"), block("x", beside="a")])

    assert sorted(map(sorted, columns)) == [["a", "da"], ["a", "dw", "w"], ["a", "x"]]


@pytest.mark.parametrize(("beside", "framed"), [(False, False), (True, False), (True, True)])
def test_arrows_go_forward_and_back(beside, framed):
    blocks = [block("w", "dw", beside="a" if beside else ""), block("a", "da")]
    _, edges, _ = drawn(blocks, [Arrow("w", "a", True)], ["a", "w"] if framed else [])
    by_class = {
        attributes["class"]: (ends, attributes) for ends, attributes in edges if "class" in attributes
    }
    (ends, forward), (back_ends, backward) = by_class["fwd"], by_class["bwd"]

    assert (forward["id"], backward["id"]) == ("w->a", "da->dw")
    assert forward["weight"] == backward["weight"] == ("1" if beside else "1000")
    assert ends == (("a", "w") if framed else ("w", "a"))
    assert back_ends == (("da", "dw") if beside and not framed else ("dw", "da"))


def test_an_arrow_to_what_is_not_derived_by_has_no_partner():
    _, edges, _ = drawn([block("x"), block("a")], [Arrow("x", "a", False)])

    assert [attributes["class"] for _, attributes in edges] == ["fwd"]


def quantities(J):
    return {q.name or q.id: q for q in read_graph([J]).quantities}


def test_leaves_names_outputs_and_meeting_points_have_a_node():
    x = tg.parameter(np.ones(2), name="x")
    y = np.exp(x)
    found = quantities(np.sum(y * y) + np.sum((x * 2).named("z")))
    by_op = {q.call.node.op.name: q for q in found.values() if q.call and q.name is None}

    assert [is_shown(found[name]) for name in ("x", "z", "J")] == [True] * 3
    assert is_shown(found["y"])
    assert not is_shown(by_op["sum"])
    assert source_node(found["z"]) == found["z"].id
    assert source_node(by_op["sum"]) == by_op["sum"].call.id


def test_a_leaf_stands_above_its_only_call_if_another_comes_from_the_side():
    x, c, y = tg.parameter(2.0, name="x"), tg.tensor(3.0, name="c"), tg.parameter(1.0, name="y")

    found = quantities(c * x)
    assert (node_above(found["x"]), node_above(found["c"]), node_above(found["J"])) == ("J.multiply", "", "")
    found = quantities(x * y)
    assert (node_above(found["x"]), node_above(found["y"])) == ("J.multiply", "")
    assert node_above(quantities(np.sin(x))["x"]) == ""
    assert node_above(quantities(x * x)["x"]) == ""
    assert node_above(quantities(np.sin(x) * x)["x"]) == ""
    assert node_above(quantities(np.sin(x) * y)["y"]) == "J.multiply"
