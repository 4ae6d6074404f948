"""Two rows in step: what is computed above, and below each of it its red twin in the same column."""

from __future__ import annotations

from dataclasses import dataclass, field

from viz.picture import Picture

__all__ = ["Arrow", "Block", "draw_rows"]


@dataclass(slots=True)
class Block:
    """Something of the forward row and its twin below; `twin` is "" where no derivative is wanted.

    `beside` is the key of the block in whose column it stands, above it; "" for a column of its own.
    """

    key: str
    kind: str
    label: str
    twin_kind: str = ""
    twin: str = ""
    cache: str = ""
    beside: str = ""
    tooltip: str = ""
    twin_tooltip: str = ""
    look: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Arrow:
    """A black arrow, with a red partner between the twins if `wanted`."""

    tail: str
    head: str
    wanted: bool


def draw_rows(picture: Picture, blocks: list[Block], arrows: list[Arrow]) -> None:
    """Draw blocks and arrows with their twins."""
    by_key = {block.key: block for block in blocks}
    for block in blocks:
        draw_block(picture, block)
    for arrow in arrows:
        draw_arrow(picture, arrow, by_key[arrow.tail].beside == arrow.head)


def draw_block(picture: Picture, block: Block) -> None:
    picture.node(block.key, block.kind, block.label, block.tooltip)
    if block.twin:
        picture.node("d" + block.key, block.twin_kind, block.twin, block.twin_tooltip, **block.look)
    if block.twin and not block.beside:
        picture.column(block.key, "d" + block.key)
        draw_cache(picture, block)
    if block.beside:
        picture.column(block.key, block.beside, *(["d" + block.key] if block.twin else []))


def draw_cache(picture: Picture, block: Block) -> None:
    if block.cache:
        picture.edge("cache", block.key, "d" + block.key, weight="1")
    else:
        picture.order(block.key, "d" + block.key)


def draw_arrow(picture: Picture, arrow: Arrow, beside: bool) -> None:
    weight = {"weight": "1" if beside else "100"}
    picture.edge("fwd", arrow.tail, arrow.head, **weight)
    if arrow.wanted:
        picture.edge("bwd", "d" + arrow.head, "d" + arrow.tail, against=not beside, **weight)
