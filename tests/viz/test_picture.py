"""DOT text under construction, read back by Graphviz: nodes, arrows, frames, the legend."""

from types import SimpleNamespace

import pygraphviz
import pytest

from viz.picture import LEGEND, SIMPLEX_LIMIT, WIDEST, Picture, rows_of
from viz.style import PALETTES

LECTURE = PALETTES["lecture"]


def picture(direction="right", max_size=None):
    return Picture(LECTURE, direction, max_size)


def read(shown):
    """The attributes of the graph, of its nodes by name, its edges and its subgraphs, as plain data."""
    graph = pygraphviz.AGraph(string=shown.finish())
    return SimpleNamespace(
        attributes=dict(graph.graph_attr),
        nodes={str(node): dict(node.attr) for node in graph.nodes()},
        edges=[(tuple(map(str, edge)), dict(edge.attr)) for edge in graph.edges()],
        frames=[(f.name, dict(f.graph_attr), list(map(str, f.nodes()))) for f in graph.subgraphs()],
    )


def two_nodes(**settings):
    shown = picture(**settings)
    shown.node("a", "value", "a")
    shown.node("b", "value", "b")
    return shown


@pytest.mark.parametrize(("direction", "rankdir"), [("right", "LR"), ("down", "TB")])
def test_the_direction_and_the_largest_size_are_graphvizs(direction, rankdir):
    graph = read(picture(direction, (7.5, 4)))

    assert graph.attributes["rankdir"] == rankdir
    assert graph.attributes["size"] == "7.5,4"
    assert not read(picture()).attributes.get("size")


def test_a_node_has_its_kind_as_class_and_its_look():
    shown = picture()
    shown.node("a", "rule", "+′", "adds\\N", penwidth="3")
    node = read(shown).nodes["a"]

    assert (node["class"], node["id"], node["penwidth"]) == ("rule", "a", "3")
    assert (node["color"], node["fillcolor"]) == (LECTURE.backward, LECTURE.backward_fill)
    assert node["tooltip"].startswith("adds")
    assert shown.nodes == 1


def test_nodes_without_a_tooltip_have_none():
    assert not read(two_nodes()).nodes["a"].get("tooltip")


@pytest.mark.parametrize("against", [False, True])
@pytest.mark.parametrize("kind", ["fwd", "bwd", "cache"])
def test_an_arrow_against_the_layout_is_declared_the_other_way_and_drawn_back(kind, against):
    shown = two_nodes()
    shown.edge(kind, "a", "b", against=against)
    [(ends, attributes)] = read(shown).edges

    assert ends == (("b", "a") if against else ("a", "b"))
    assert attributes["id"] == "a->b"
    assert (attributes.get("dir") or "") == ("back" if against else "")
    vee = "vee" if kind == "cache" else ""
    heads = [attributes.get(end) or "" for end in ("arrowhead", "arrowtail")]
    assert heads == (["", vee] if against else [vee, ""])
    assert kind in shown.marks


def test_arrows_between_the_same_nodes_are_numbered_and_known_by_them():
    shown = two_nodes()
    for _ in range(3):
        shown.edge("fwd", "a:v", "b")
    shown.edge("bwd", "b", "a:g")

    assert shown.between == {("a", "b"): ["a->b", "a->b.2", "a->b.3"], ("b", "a"): ["b->a"]}
    assert len(read(shown).edges) == 4


def test_a_column_is_of_one_rank_and_order_is_an_arrow_that_is_not_seen():
    shown = two_nodes()
    shown.column("a", "b")
    shown.order("a", "b")
    graph = read(shown)

    [column] = [nodes for _, attributes, nodes in graph.frames if attributes["rank"] == "same"]
    assert sorted(column) == ["a", "b"]
    [(ends, attributes)] = graph.edges
    assert (ends, attributes["style"], attributes["weight"]) == (("a", "b"), "invis", "1")


@pytest.mark.parametrize("backward", [False, True])
def test_a_group_is_a_frame_in_the_colours_of_its_row(backward):
    shown = two_nodes()
    shown.group("layer1", "layer <1>", ["a"], backward=backward)
    [(name, attributes, nodes)] = read(shown).frames
    ground = LECTURE.backward_ground if backward else LECTURE.forward_ground

    assert name == "cluster_layer1"
    assert (attributes["id"], attributes["class"]) == ("layer1", "group")
    assert (attributes["bgcolor"], attributes["labelloc"]) == (ground, "b" if backward else "t")
    assert (attributes["labeljust"], attributes["margin"]) == ("l", "10")
    assert nodes == ["a"]


def test_a_frame_is_transparent_and_rounded_around_both_rows():
    shown = two_nodes()
    shown.frame("layer1", "open", ["a", "b"])
    [(name, attributes, nodes)] = read(shown).frames

    assert name == "cluster_layer1"
    assert attributes["id"] == "layer1.frame"
    assert attributes["class"] == "frame"
    assert (attributes["bgcolor"], attributes["style"]) == ("transparent", "rounded")
    assert (attributes["color"], attributes["labelloc"]) == (LECTURE.forward_frame, "t")
    assert (attributes["labeljust"], attributes["margin"]) == ("l", "12")
    assert nodes == ["a", "b"]


def test_the_look_of_several_derivatives_is_that_of_the_worst():
    shown = picture()
    shown.verdicts = {"a": "doubt", "b": "wrong"}

    assert shown.look("c") == {}
    assert shown.look("a") == {"style": "dashed"}
    assert shown.look("a", "b") == shown.look("b") == LECTURE.verdict("wrong")
    assert shown.look("b")["fillcolor"] == LECTURE.wrong_fill


def test_the_legend_holds_what_was_marked_in_its_own_order():
    shown = picture()
    shown.mark("Σ")
    shown.mark("m", "m = 7 examples")
    shown.mark("fwd")
    shown.mark("m")

    assert shown.legend() == "   ".join([LEGEND["fwd"], LEGEND["Σ"], "m = 7 examples"])


def test_the_legend_is_the_label_below_the_picture():
    shown = two_nodes()
    shown.edge("fwd", "a", "b")
    graph = read(shown)

    assert LEGEND["fwd"] in graph.attributes["label"]
    assert (graph.attributes["labelloc"], graph.attributes["labeljust"]) == ("b", "l")


@pytest.mark.parametrize(
    ("mark", "color"),
    [
        ("fwd", "forward"),
        ("cells", "forward"),
        ("…", "forward"),
        ("⊞", "forward"),
        ("×", "forward"),
        ("bwd", "backward"),
        ("⊕", "backward"),
        ("Σ", "backward"),
        ("doubt", "backward"),
        ("cache", "cache"),
        ("wrong", "wrong_text"),
        ("absent", "wrong_text"),
    ],
)
def test_a_mark_has_the_colour_that_it_has_in_the_picture(mark, color):
    shown = picture()
    shown.mark(mark, "text")

    assert f'COLOR="{getattr(LECTURE, color)}"' in shown.entry(mark)


@pytest.mark.parametrize(("nodes", "short"), [(SIMPLEX_LIMIT, False), (SIMPLEX_LIMIT + 1, True)])
def test_a_large_picture_is_laid_out_with_a_shorter_search(nodes, short):
    shown = picture()
    for i in range(nodes):
        shown.node(f"n{i}", "value", "")

    assert ("nslimit" in shown.finish()) == short


@pytest.mark.parametrize("lengths", [[], [10], [60, 60], [20] * 12, [100, 30, 100, 30], [35] * 16])
def test_rows_of_the_legend_are_few_and_about_as_long(lengths):
    marks = {mark: "x" * n for mark, n in zip(LEGEND, lengths, strict=False)}
    rows = rows_of(marks)
    widths = [sum(len(marks[mark]) + 3 for mark in row) for row in rows]

    assert [mark for row in rows for mark in row] == [mark for mark in LEGEND if mark in marks]
    assert len(rows) == -(-sum(len(text) + 3 for text in marks.values()) // WIDEST)
    assert max(widths, default=0) <= WIDEST + max(lengths, default=0)
    assert max(widths, default=0) - min(widths, default=0) <= 2 * max(lengths, default=0) + 6


def test_marks_of_the_same_length_are_spread_evenly():
    marks = dict.fromkeys(list(LEGEND)[:14], "x" * 17)

    assert [len(row) for row in rows_of(marks)] == [7, 7]
    assert [len(row) for row in rows_of(dict.fromkeys(list(LEGEND)[:2], "x" * (WIDEST // 2 - 2)))] == [1, 1]


LEGENDS = [((71, 72), (1, 1)), ((50, 50, 51), (2, 1)), ((51, 50, 50), (1, 2))]


@pytest.mark.parametrize(("lengths", "expected"), LEGENDS)
def test_rows_of_a_legend_are_about_equally_long(lengths, expected):
    marks = {mark: "-" * (length - 3) for mark, length in zip(LEGEND, lengths, strict=False)}

    assert tuple(map(len, rows_of(marks))) == expected
