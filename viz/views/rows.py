"""Two rows in step: what is computed above, and below each of it its red twin in the same column."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from tinygraph.graph.reading import Quantity
from viz.picture import Picture

__all__ = ["Arrow", "Block", "draw_rows", "is_shown", "node_above", "source_node"]


@dataclass(slots=True)
class Block:
    """Something of the forward row and its twin below; `twin` is "" where no derivative is wanted.

    `caches` says that the twin reads forward values; `cache` is the label that says which, if it is drawn.
    `beside` is the key of the block in whose column it stands, above it; "" for a column of its own.
    """

    key: str
    kind: str
    label: str
    twin_kind: str = ""
    twin: str = ""
    caches: bool = False
    cache: str = ""
    beside: str = ""
    tooltip: str = ""
    twin_tooltip: str = ""
    look: dict[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """The nodes that are drawn for it."""
        twin = ["d" + self.key] if self.twin else []
        return [self.key, *twin, *([f"{self.key}.cache"] if twin and self.cache else [])]


@dataclass(slots=True)
class Arrow:
    """A black arrow, with a red partner between the twins if `wanted`."""

    tail: str
    head: str
    wanted: bool


def draw_rows(
    picture: Picture, blocks: list[Block], arrows: list[Arrow], framed: Container[str] = ()
) -> None:
    """Draw blocks and arrows with their twins.

    Graphviz turns the order of a column around where it is in a frame; for the keys in `framed`, the arrows
    within a column are declared against it, which turns it back.
    """
    by_key = {block.key: block for block in blocks}
    for block in blocks:
        draw_block(picture, block, block.key in framed)
    for arrow in arrows:
        beside = by_key[arrow.tail].beside == arrow.head
        draw_arrow(picture, arrow, beside, beside and arrow.head in framed)


def draw_block(picture: Picture, block: Block, turned: bool) -> None:
    """Draw a block and its twin, in one column."""
    picture.node(block.key, block.kind, block.label, block.tooltip)
    if block.twin:
        picture.node("d" + block.key, block.twin_kind, block.twin, block.twin_tooltip, **block.look)
    if block.beside:
        picture.column(block.key, block.beside, *(["d" + block.key] if block.twin else []))
    elif block.twin:
        picture.column(block.key, "d" + block.key)
        draw_cache(picture, block, turned)


def draw_cache(picture: Picture, block: Block, turned: bool) -> None:
    """What connects a block and its twin: the cache, through its label if it has one, or nothing seen."""
    key, label, twin = block.key, block.key + ".cache", "d" + block.key
    if block.cache:
        picture.node(label, "cache", block.cache)
        picture.column(key, label)
        picture.edge("cache", key, label, against=turned, arrowhead="none")
        picture.edge("cache", label, twin, against=turned)
    elif block.caches:
        picture.edge("cache", key, twin, against=turned)
    else:  # nothing is drawn, but without an edge the twin may come to stand on top
        picture.order(*((twin, key) if turned else (key, twin)))


def draw_arrow(picture: Picture, arrow: Arrow, beside: bool, turned: bool) -> None:
    """Draw an arrow and its red partner, which goes back and so must not turn the layout around."""
    # Graphviz keeps heavy arrows short and straight: those along the row, so that both rows run level.
    weight = "1" if beside else "1000"
    picture.edge("fwd", arrow.tail, arrow.head, against=turned, weight=weight)
    if arrow.wanted:
        picture.edge("bwd", "d" + arrow.head, "d" + arrow.tail, against=turned or not beside, weight=weight)


def is_shown(q: Quantity) -> bool:
    """Whether a quantity has a node of its own: leaves, what has a name, and where derivatives meet."""
    return q.call is None or q.name is not None or q.is_output or len(q.uses) != 1


def source_node(q: Quantity) -> str:
    """The node from which a quantity comes: its own, or that of its call."""
    return q.id if is_shown(q) or q.call is None else q.call.id


def node_above(q: Quantity) -> str:
    """The call above which a leaf stands: its only one, if that has another input to stand in line with."""
    if q.call is not None or len(q.uses) != 1 or len(q.uses[0].inputs) == 1:
        return ""
    leaves = [x.quantity for x in q.uses[0].inputs if x.quantity.call is None and len(x.quantity.uses) == 1]
    return q.uses[0].id if q is min(leaves, key=lambda leaf: not leaf.wanted) else ""
