"""DOT text under construction: nodes and edges by kind, columns, and a legend of the marks that were used."""

from __future__ import annotations

from collections.abc import Iterable

import graphviz

from tinygraph.notation.text import unique_text
from viz.style import FONT, Palette
from viz.text import span, table

__all__ = ["Picture"]

# From this many nodes on, Graphviz's search for straight lines is cut short: tangled graphs take minutes.
SIMPLEX_LIMIT = 150

WIDEST = 140  # characters in a row of the legend

LEGEND = {
    "fwd": "──▶ forward",
    "bwd": "╌╌▶ backward",
    "cache": "┈┈> cache: forward values it reads",
    "cells": "grey: a value   white: its derivative",
    "…": "… ⋮ further entries",
    "⊕": "⊕ derivatives that meet add up",
    "+=": "+= one of several that add up",
    "∗": "∗ entry by entry",
    "·": "· Jacobian, example by example",
    "′": "g′ derivative of g",
    "Σ": "Σ sum over broadcast axes",
    "m": "",
    "⊞": "⊞ opens a box, ⊟ closes it",
    "×": "× so many times, one after another",
    "wrong": "✗ wrong here first",
    "doubt": "? depends on it",
    "absent": "",
}


class Picture:
    """A graph being drawn.

    `marks` are the entries that the legend needs so far, `verdicts` what a comparison says of a quantity (by
    its id: "wrong" or "doubt"), `nodes` how many nodes there are, `between` the arrows
    from one node to another by their ids.
    """

    def __init__(self, palette: Palette, direction: str, max_size: tuple[float, float] | None) -> None:
        self.palette, self.direction = palette, direction
        self.marks: dict[str, str] = {}
        self.verdicts: dict[str, str] = {}
        self.nodes = 0
        self.between: dict[tuple[str, str], list[str]] = {}
        self._edges: dict[str, int] = {}
        self.dot = graphviz.Digraph(
            graph_attr={
                "rankdir": "LR" if direction == "right" else "TB",
                "newrank": "true",
                "fontname": FONT,
                "fontsize": "10.5",
                "nodesep": "0.3",
                "ranksep": "0.36",
                "pad": "0.15",
                "dpi": "96",
                "bgcolor": "white",
            },
            node_attr={
                "fontname": FONT,
                "fontsize": "12",
                "label": r"\N",
                "height": "0.3",
                "width": "0.5",
                "margin": "0.08,0.05",
            },
            edge_attr={"arrowsize": "0.7", "fontname": FONT},
        )
        if max_size:
            self.dot.attr(size="{:g},{:g}".format(*max_size))

    def mark(self, name: str, text: str = "") -> None:
        """Let the legend explain a mark: with `text`, or in the words of `LEGEND`."""
        self.marks[name] = text or self.marks.get(name) or LEGEND[name]

    def look(self, *keys: str) -> dict[str, str]:
        """How the derivatives with respect to these quantities look after the verdict on them."""
        found = {self.verdicts[key] for key in keys if key in self.verdicts}
        return self.palette.verdict("wrong" if "wrong" in found else "doubt") if found else {}

    def node(self, key: str, kind: str, label: str, tooltip: str = "", **look: str) -> None:
        """Add a node with a label of markup (see `text.span`)."""
        self.nodes += 1
        hover = {"tooltip": graphviz.escape(tooltip)} if tooltip else {}
        self.dot.node(key, f"<{label}>", id=key, **{"class": kind} | self.palette.node(kind) | hover | look)

    def edge(self, kind: str, tail: str, head: str, against: bool = False, **look: str) -> None:
        """Add an arrow from `tail` to `head`. One `against` the direction of the layout shifts no node."""
        self.mark(kind)
        plain = tail.partition(":")[0], head.partition(":")[0]
        key = unique_text(f"{plain[0]}->{plain[1]}", self._edges)
        self.between.setdefault(plain, []).append(key)
        ends = (head, tail) if against else (tail, head)
        look = self.palette.edge(kind) | look
        if against:
            look = {"dir": "back", **look}
            look |= {"arrowtail": look.pop("arrowhead")} if "arrowhead" in look else {}
        self.dot.edge(*ends, id=key, **{"class": kind} | look)

    def column(self, *keys: str) -> None:
        """Put nodes into one column."""
        self.enclose(graphviz.Digraph(graph_attr={"rank": "same"}), keys)

    def group(self, key: str, title: str, keys: Iterable[str], backward: bool = False) -> None:
        """Draw a frame around nodes that were added already."""
        frame = graphviz.Digraph(
            f"cluster_{key}", graph_attr={"id": key, "class": "group", "label": span(title)}
        )
        frame.attr(labeljust="l", margin="10", **self.palette.group(backward))
        self.enclose(frame, keys)

    def frame(self, key: str, label: str, keys: Iterable[str]) -> None:
        """Draw a frame around nodes of both rows, with a label of markup."""
        look = self.palette.group(backward=False) | {
            "bgcolor": "transparent",
            "labeljust": "l",
            "margin": "12",
        }
        frame = graphviz.Digraph(
            f"cluster_{key}",
            graph_attr={"id": f"{key}.frame", "class": "frame", "label": f"<{label}>"} | look,
        )
        self.enclose(frame, keys)

    def enclose(self, part: graphviz.Digraph, keys: Iterable[str]) -> None:
        """Add a part of the picture that holds nodes which were added already."""
        for key in keys:
            part.node(key)
        self.dot.subgraph(part)

    def order(self, above: str, below: str) -> None:
        """Keep one node of a column above another."""
        self.dot.edge(above, below, style="invis", weight="1")

    def legend(self) -> str:
        """The legend as text."""
        return "   ".join(self.marks[mark] for mark in LEGEND if mark in self.marks)

    def finish(self) -> str:
        """The DOT text, with the legend as the last line of the picture."""
        rows = ["&nbsp;&nbsp;&nbsp;".join(map(self.entry, row)) for row in rows_of(self.marks)]
        self.dot.attr(
            label=f"<{table(span(' ', point_size='4'), *rows, align='LEFT')}>",
            labelloc="b",
            labeljust="l",
            **({"nslimit": "2"} if self.nodes > SIMPLEX_LIMIT else {}),
        )
        return str(self.dot.source)

    def entry(self, mark: str) -> str:
        """A mark of the legend in the colour that it has in the picture."""
        amber = dict.fromkeys(("wrong", "absent"), self.palette.wrong_text)
        black = dict.fromkeys(("fwd", "cells", "…", "⊞", "×"), self.palette.forward)
        colours = {"cache": self.palette.cache} | black | amber
        return span(self.marks[mark], color=colours.get(mark, self.palette.backward))


def rows_of(marks: dict[str, str]) -> list[list[str]]:
    """The marks of a legend in its order, in rows of about equal length that are not too long."""
    known = [mark for mark in LEGEND if mark in marks]
    lengths = [len(marks[mark]) + 3 for mark in known]
    n = -(-sum(lengths) // WIDEST)
    rows: list[list[str]] = [[] for _ in range(n)]
    done = 0
    for mark, length in zip(known, lengths, strict=True):
        rows[(2 * done + length) * n // (2 * sum(lengths))].append(mark)  # where its middle falls
        done += length
    return rows
