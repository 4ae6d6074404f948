"""A recorded graph, read once, with the choices that its pictures share."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tinygraph.engine.tensor import Tensor
from tinygraph.graph.naming import CROSS_ENTROPIES
from tinygraph.graph.reading import Graph, Quantity, read_graph
from tinygraph.notation.text import name_text
from viz.folds import fold_parts
from viz.highlight import HasVerdicts, find_verdicts, mark_absent
from viz.parts import Part, find_parts
from viz.picture import Picture
from viz.places import Places
from viz.style import PALETTES

__all__ = ["Drawn", "Find", "Scene", "ViewOptions", "listed", "read_scene"]

Drawn = tuple[Picture, Places]
Find = Callable[[Quantity], Any]  # the derivative with respect to a quantity, or None


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
class ViewOptions:
    """What one view or another asks for, see `viz.draw`; `course` says that `find` leaves 1/m out."""

    group: bool = False
    fold: bool | None = None
    unfold: Collection[str] = ()
    values: bool = False
    find: Find = lambda q: None
    course: bool = False


@dataclass(frozen=True)
class Scene:
    """A graph that was read, and the choices for its pictures."""

    graph: Graph
    highlight: HasVerdicts | None = None
    convention: str | None = None
    palette: str = "lecture"
    direction: str = "right"
    max_size: tuple[float, float] | None = None
    options: ViewOptions = ViewOptions()

    @property
    def course(self) -> bool:
        """Whether 1/m is left out of dA and dZ; if nobody chose, as the lectures do for their costs."""
        if self.convention is not None:
            return self.convention == "course"
        return any(call.node.op.function in CROSS_ENTROPIES for call in self.graph.calls)

    @property
    def title(self) -> str:
        """The outputs by name."""
        return total(self.graph, " and ")

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """What the comparison says of a quantity, by its id."""
        return find_verdicts(self.graph, self.highlight) if self.highlight is not None else {}

    @cached_property
    @collector_paused()
    def boxes(self) -> list[Part]:
        """Layers, what repeats and what lies between; layers in `unfold` show their operations."""
        layers = [layer for layer in self.graph.layers if layer.suffix.strip("_") not in self.options.unfold]
        return fold_parts(find_parts(self.graph, layers), self.verdicts, self.options.fold)

    def picture(self, course: bool = False) -> Picture:
        """An empty picture, whose legend says what a red name means."""
        picture = Picture(PALETTES[self.palette], self.direction, self.max_size)
        picture.verdicts = self.verdicts
        if self.highlight is not None:
            mark_absent(picture, self.graph, self.highlight)
        picture.mark("bwd", backward_legend(self.graph, course))
        return picture


@collector_paused()
def read_scene(outputs: Sequence[Tensor], names: Mapping[str, Any] | None, **choices: Any) -> Scene:
    """Read the graph behind `outputs`; GraphError if nothing was recorded."""
    return Scene(read_graph(outputs, names), **choices)


def listed(outputs: Tensor | Sequence[Tensor]) -> list[Tensor]:
    """One output or several as a list."""
    return [outputs] if isinstance(outputs, Tensor) or not isinstance(outputs, Sequence) else list(outputs)


def backward_legend(graph: Graph, course: bool) -> str:
    """What a red name means."""
    j = total(graph, " + ")
    j = f"({j})" if len(graph.outputs) > 1 else j
    return f"╌╌▶ backward: dA = {'m ' if course else ''}∂{j}/∂A" + (f", dW = ∂{j}/∂W" if course else "")


def total(graph: Graph, joint: str) -> str:
    """The outputs by name."""
    return joint.join(name_text(q.name or "J") for q in graph.outputs)
