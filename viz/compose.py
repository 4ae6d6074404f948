"""A recorded graph as pictures: read once, drawn in any view."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tinygraph.engine.tensor import Tensor
from tinygraph.graph.layers import Layer
from tinygraph.graph.naming import CROSS_ENTROPIES
from tinygraph.graph.reading import Graph, read_graph
from tinygraph.notation.text import name_text
from viz.folds import fold_parts
from viz.highlight import HasVerdicts, highlight_verdicts
from viz.layouts import Layout
from viz.parts import Part, find_parts, layer_parts
from viz.picture import Picture
from viz.places import Places
from viz.style import PALETTES
from viz.views.compact import Find, draw_compact
from viz.views.layers import draw_layers
from viz.views.ops import draw_ops

__all__ = ["CHOICES", "Scene", "check_choices", "listed", "read_scene"]

CHOICES: dict[str, tuple[str, ...]] = {
    "view": ("auto", "layers", "ops", "compact"),
    "convention": ("course", "true"),
    "palette": tuple(PALETTES),
    "direction": ("right", "down"),
}


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from looking again and again through a large graph of which all stays."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, slots=True)
class Scene:
    """A graph that was read, and the choices that all its pictures share."""

    graph: Graph
    layers: list[Layer]
    highlight: HasVerdicts | None = None
    convention: str | None = None
    palette: str = "lecture"
    direction: str = "right"
    max_size: tuple[float, float] | None = None

    @property
    def course(self) -> bool:
        """Whether 1/m is left out of dA and dZ; if nobody chose, as the lectures do for their costs."""
        lectures = any(call.node.op.function in CROSS_ENTROPIES for call in self.graph.calls)
        return (self.convention or ("course" if lectures else "true")) == "course"

    @property
    def title(self) -> str:
        """The outputs by name."""
        return total(self.graph, " and ")

    @collector_paused()
    def boxes(self, fold: bool | None = None, unfold: Collection[str] = ()) -> list[Part]:
        """The parts that the picture of layers draws; layers in `unfold` show their operations."""
        layers = [layer for layer in self.layers if layer.suffix.strip("_") not in unfold]
        return fold_parts(find_parts(self.graph, layers), self.picture().verdicts, fold)

    def draw_layers(self, layout: Layout) -> tuple[Picture, Places]:
        """The picture of layers, and where it shows what."""
        picture = self.picture(self.course)
        return picture, draw_layers(picture, self.graph, layout, self.course)

    def draw_ops(self, group: bool = False, course: bool = False) -> tuple[Picture, Places]:
        """The picture of operations, with a frame around those of each layer if `group`."""
        picture = self.picture(course)
        return picture, draw_ops(picture, self.graph, layer_parts(self.graph, self.layers) if group else ())

    def draw_compact(self, values: bool, find: Find, course: bool = False) -> tuple[Picture, Places]:
        """The picture in one lane; `find` gives derivatives."""
        picture = self.picture(course)
        return picture, draw_compact(picture, self.graph, values, find)

    def picture(self, course: bool = False) -> Picture:
        """An empty picture."""
        picture = Picture(PALETTES[self.palette], self.direction, self.max_size)
        if self.highlight is not None:
            highlight_verdicts(picture, self.graph, self.highlight)
        picture.mark("bwd", backward_legend(self.graph, course))
        return picture


@collector_paused()
def read_scene(outputs: Sequence[Tensor], names: Mapping[str, Any] | None, **choices: Any) -> Scene:
    """Read the graph behind `outputs`; GraphError if nothing was recorded."""
    graph = read_graph(outputs, names)
    return Scene(graph, graph.layers, **choices)


def listed(outputs: Tensor | Sequence[Tensor]) -> list[Tensor]:
    """One output or several as a list."""
    return [outputs] if isinstance(outputs, Tensor) or not isinstance(outputs, Sequence) else list(outputs)


def check_choices(**given: str | None) -> None:
    """ValueError for an argument that is none of its choices; None stands for the default."""
    for what, choice in given.items():
        if choice is not None and choice not in CHOICES[what]:
            known = ", ".join(map(repr, CHOICES[what]))
            raise ValueError(f"{what} is one of {known}, not {choice!r}")


def backward_legend(graph: Graph, course: bool) -> str:
    """What a red name means."""
    j = total(graph, " + ")
    j = f"({j})" if len(graph.outputs) > 1 else j
    return f"╌╌▶ backward: dA = {'m ' if course else ''}∂{j}/∂A" + (f", dW = ∂{j}/∂W" if course else "")


def total(graph: Graph, joint: str) -> str:
    """The outputs by name."""
    return joint.join(name_text(q.name or "J") for q in graph.outputs)
