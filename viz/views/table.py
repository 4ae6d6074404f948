"""The table of views: for each how it is drawn, alone and as a tab of a page, and when it is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

from viz.compose import Drawn, Scene
from viz.views.compact import draw_compact
from viz.views.layers import count_boxes, draw_layers, draw_layouts, has_boxes, has_layers
from viz.views.ops import draw_ops, is_surveyable

__all__ = ["KNOWN_VIEWS", "View", "choose_view"]


def count_calls(scene: Scene) -> int:
    """The number of operations."""
    return len(scene.graph.calls)


@dataclass(frozen=True, slots=True)
class View:
    """One way to draw a graph.

    `draw` draws it, with at least `least_nodes`. In a page it is a tab under `heading`, for a graph that
    `has_tab`, with the pictures that `layouts` gives by name, if it has more than one. There it is made no
    smaller than `least_scale` to fit. Where nobody chose, the first view that `comes_first` is drawn; if none
    does, as for "auto", the first that `suits` the graph and the most nodes to lay out.
    """

    name: str
    heading: str
    draw: Callable[[Scene], Drawn]
    least_nodes: Callable[[Scene], int] = count_calls
    layouts: Callable[[Scene], dict[str, Drawn]] | None = None
    has_tab: Callable[[Scene], bool] = lambda scene: True
    least_scale: float = 0.62
    comes_first: Callable[[Scene], bool] = lambda scene: False
    suits: Callable[[Scene, int], bool] = lambda scene, most: False

    def draw_tab(self, scene: Scene) -> dict[str, Drawn]:
        """The pictures of its tab by name, the view itself first."""
        return self.layouts(scene) if self.layouts else {self.name: self.draw(scene)}


KNOWN_VIEWS = {
    view.name: view
    for view in (
        View("ops", "operations", draw_ops, suits=is_surveyable),
        View(
            "layers",
            "layers",
            draw_layers,
            count_boxes,
            draw_layouts,
            has_boxes,
            comes_first=has_layers,
            suits=lambda scene, most: True,
        ),
        View("compact", "compact", draw_compact, least_scale=1),  # its figures are small
    )
}


def choose_view(name: str | None, scene: Scene, most: int) -> View:
    """The view that was asked for; else, by the table, the one for this graph."""
    if name in KNOWN_VIEWS:
        return KNOWN_VIEWS[name]
    views = KNOWN_VIEWS.values()
    first = (view for view in views if name is None and view.comes_first(scene))
    return next(chain(first, (view for view in views if view.suits(scene, most))))
