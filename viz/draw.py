"""`draw`: from the output of a network to a drawing of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from tinygraph.chain import find_layers
from tinygraph.derivatives import Derivatives
from tinygraph.sweep import reverse_sweep
from tinygraph.tensor import Tensor
from viz.drawing import Drawing
from viz.graph import Graph, read_graph
from viz.highlight import Report, judge
from viz.nameless import CROSS_ENTROPIES, name_data
from viz.parts import layer_parts
from viz.picture import Picture
from viz.style import PALETTES
from viz.text import name_text
from viz.views.compact import Find, draw_compact
from viz.views.layers import draw_layers
from viz.views.ops import draw_ops

__all__ = ["draw"]

View = Literal["layers", "ops", "compact"]
CHOICES: dict[str, tuple[str, ...]] = {
    "view": ("layers", "ops", "compact"),
    "convention": ("course", "true"),
    "palette": tuple(PALETTES),
    "direction": ("right", "down"),
}


def draw(
    outputs: Tensor | Sequence[Tensor],
    view: View | None = None,
    *,
    group: bool = False,
    values: bool = False,
    derivatives: Mapping[str, Any] | Literal["sweep"] | None = None,
    highlight: Report | None = None,
    names: Mapping[str, Any] | None = None,
    convention: Literal["course", "true"] | None = None,
    palette: str = "lecture",
    direction: Literal["right", "down"] = "right",
    max_size: tuple[float, float] | None = None,
    max_nodes: int = 500,
) -> Drawing:
    """Draw the graph behind `outputs`: forward black, backward red and dashed, the cache blue and dotted.

    Nothing is computed, unless `derivatives="sweep"` asks for it; no `grad` changes in any case.

    Args:
        outputs: the cost J, or several outputs of one graph.
        view: "layers", the lectures' picture, a box for each layer; "ops", every operation and its red twin;
            "compact", one lane. If omitted: "layers" where there are layers, else "ops".
        group: in the view of operations, draw a frame around those of each layer.
        values: in the compact view, show the numbers.
        derivatives: in the compact view with values, the derivatives to show: what `backward()` returned, or
            a mapping like {"dW1": array}, or "sweep" to compute them for this drawing. Without, the cells
            say "not computed".
        highlight: what `tg.compare` returned; its first wrong step is drawn in amber with a ✗, and what
            follows from it with a ?.
        names: a mapping such as `locals()` that names tensors which carry no name themselves.
        convention: whether the formulas of the layers view leave 1/m out of dA and dZ ("course", as the
            lectures do) or not ("true"). If omitted: "course" for a graph with a cross-entropy.
        palette: "lecture", or "colorblind", whose colours can be told apart with any colour vision.
        direction: "right" or "down", where the forward pass goes.
        max_size: width and height in inches that the picture must not exceed; it is scaled down to fit.
        max_nodes: the most nodes that are laid out; `.source` and .dot files have no limit.

    Raises:
        GraphError: there is no graph behind an output.
        ValueError: an unknown view, convention, palette or direction.

    >>> import numpy as np, tinygraph as tg, viz
    >>> W1, b1 = tg.parameter([[0.5, -0.5]], name="W1"), tg.parameter([[0.0]], name="b1")
    >>> A1 = tg.sigmoid(W1 @ tg.tensor(np.ones((2, 3)), name="X") + b1)
    >>> viz.draw(tg.binary_cross_entropy(A1, np.ones((1, 3))))
    <Drawing of J: 12 nodes>
    """
    check_choices(view=view, convention=convention, palette=palette, direction=direction)
    outputs = [outputs] if isinstance(outputs, Tensor) or not isinstance(outputs, Sequence) else list(outputs)
    graph = read_graph(outputs, names)
    layers = find_layers(graph.order, graph.names)
    name_data(graph, layers)
    picture = Picture(PALETTES[palette], direction, max_size)
    if highlight is not None:
        judge(picture, graph, highlight)
    view = view or ("layers" if layers else "ops")
    course = view == "layers" and (convention or default_convention(graph)) == "course"
    picture.mark("bwd", backward_legend(graph, course))
    if view == "layers":
        draw_layers(picture, graph, layers, course)
    elif view == "ops":
        draw_ops(picture, graph, layer_parts(graph, layers) if group else ())
    else:
        draw_compact(picture, graph, values, finder(derivatives, outputs))
    return Drawing(picture.finish(), picture.nodes, total(graph, " and "), picture.legend(), max_nodes)


def check_choices(**given: str | None) -> None:
    """ValueError for an argument that is none of its choices; None stands for the default."""
    for what, choice in given.items():
        if choice is not None and choice not in CHOICES[what]:
            known = ", ".join(map(repr, CHOICES[what]))
            raise ValueError(f"{what} is one of {known}, not {choice!r}")


def default_convention(graph: Graph) -> str:
    """The lectures' way for the lectures' costs."""
    return "course" if any(call.node.op.function in CROSS_ENTROPIES for call in graph.calls) else "true"


def backward_legend(graph: Graph, course: bool) -> str:
    """What a red name means."""
    j = total(graph, " + ")
    j = f"({j})" if len(graph.outputs) > 1 else j
    return f"╌╌▶ backward: dA = {'m ' if course else ''}∂{j}/∂A" + (f", dW = ∂{j}/∂W" if course else "")


def total(graph: Graph, joint: str) -> str:
    """The outputs by name."""
    return joint.join(name_text(q.name or "J") for q in graph.outputs)


def finder(derivatives: Mapping[str, Any] | str | None, outputs: Sequence[Tensor]) -> Find:
    """A function that gives the derivative with respect to a quantity, or None."""
    if derivatives is None:
        return lambda q: None
    if derivatives == "sweep":
        swept = [swept_from(output) for output in outputs if output.wants]
        return lambda q: added([d[q.tensor] for d in swept if q.tensor in d])
    if isinstance(derivatives, Derivatives):
        return lambda q: derivatives.get(q.tensor)
    return lambda q: derivatives.get(f"d{q.name}")  # type: ignore[union-attr]


def swept_from(output: Tensor) -> Derivatives:
    """The derivatives of an output; no `grad` changes."""
    return Derivatives(output, *reverse_sweep(output, np.ones_like(output.value)))


def added(parts: Iterable[Any]) -> Any:
    """The sum of derivatives; None if there are none."""
    return sum(parts) if parts else None
