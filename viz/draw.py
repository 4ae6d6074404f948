"""`draw`: from the output of a network to a drawing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinygraph.tensor import Tensor
from viz.drawing import Drawing
from viz.graph import read_graph
from viz.picture import Picture
from viz.style import PALETTES
from viz.views.ops import draw_ops

__all__ = ["draw"]


def draw(
    outputs: Tensor | Sequence[Tensor],
    view: str = "ops",
    *,
    names: Mapping[str, Any] | None = None,
    palette: str = "lecture",
    direction: str = "right",
    max_size: tuple[float, float] | None = None,
    max_nodes: int = 400,
) -> Drawing:
    outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    graph = read_graph(outputs, names)
    picture = Picture(PALETTES[palette], direction, max_size)
    draw_ops(picture, graph)
    return Drawing(picture.finish(), picture.nodes, "t", picture.legend(), max_nodes)
