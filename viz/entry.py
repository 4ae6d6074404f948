"""`draw`: from the output of a network to a drawing of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np

from tinygraph.engine.tensor import Tensor
from tinygraph.graph.derivatives import Derivatives
from viz.choices import check_choices, check_kinds, check_options, check_suffixes
from viz.compose import Find, ViewOptions, listed, read_scene
from viz.drawing import Drawing
from viz.highlight import HasVerdicts
from viz.pages.page import Page
from viz.views.table import choose_view

__all__ = ["draw", "page"]


def draw(
    outputs: Tensor | Sequence[Tensor],
    view: str | None = None,
    *,
    group: bool = False,
    fold: bool | None = None,
    unfold: Collection[str] = (),
    values: bool = False,
    derivatives: Mapping[str, Any] | Literal["sweep"] | None = None,
    highlight: HasVerdicts | None = None,
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
            "compact", one lane; "auto", operations up to about 150 and layers above. If omitted: "layers"
            where there are layers, else as "auto".
        group: in the view of operations, draw a frame around those of each layer.
        fold: in the view of layers, draw layers or operations that repeat as one box with "× 12". If
            omitted: where there are many boxes.
        unfold: in the view of layers, the layers whose operations are shown, by what follows the W of their
            weight: {"2"} for the layer of W2.
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
        ValueError: an unknown view, convention, palette or direction; an option of another view than the one
            that is drawn; a layer to unfold that is not there; a size that is not positive.
        TypeError: `highlight` is no report of `tg.compare`.

    >>> import numpy as np, tinygraph as tg, viz
    >>> W1, b1 = tg.parameter([[0.5, -0.5]], name="W1"), tg.parameter([[0.0]], name="b1")
    >>> A1 = tg.sigmoid(W1 @ tg.tensor(np.ones((2, 3)), name="X") + b1)
    >>> viz.draw(tg.binary_cross_entropy(A1, np.ones((1, 3))))
    <Drawing of J: 12 nodes>
    """
    check_choices(view=view, convention=convention, palette=palette, direction=direction)
    check_kinds(highlight, max_size)
    outputs = listed(outputs)
    scene = read_scene(
        outputs,
        names,
        highlight=highlight,
        convention=convention,
        palette=palette,
        direction=direction,
        max_size=max_size,
        options=ViewOptions(group, fold, unfold, values, finder(derivatives, outputs)),
    )
    chosen = choose_view(view, scene, max_nodes)
    check_options(chosen.name, group=group, unfold=bool(unfold), values=values)
    check_suffixes(unfold, [layer.suffix.strip("_") for layer in scene.graph.layers])
    return Drawing(
        scene.title,
        compose=lambda: chosen.draw(scene)[0],
        make_page=lambda: Page(scene, chosen.name, max_nodes),
        least=lambda: chosen.least_nodes(scene),
        most=max_nodes,
    )


def page(
    outputs: Tensor | Sequence[Tensor],
    view: str | None = "auto",
    *,
    highlight: HasVerdicts | None = None,
    names: Mapping[str, Any] | None = None,
    convention: Literal["course", "true"] | None = None,
    palette: str = "lecture",
    max_nodes: int = 500,
) -> Page:
    """A page that steps forward and backward through the graph behind `outputs`, with the numbers.

    It is one file that needs no network: `.save("net.html")`, or show it in a notebook. All views are tabs of
    it, `view` the first; layers and repeats open in place. The derivatives are computed for the page; no
    `grad` changes.

    Args: see `draw`. The convention also says which numbers are shown as dA and dZ.

    Raises:
        GraphError: there is no graph behind an output, or it is too large to step through.
        ValueError: an unknown view, convention or palette.

    >>> import tinygraph as tg, viz
    >>> x = tg.parameter(3.0, name="x")
    >>> viz.page(x * x)
    <Page of J: 1 operations>
    """
    check_choices(view=view, convention=convention, palette=palette)
    check_kinds(highlight, None)
    scene = read_scene(listed(outputs), names, highlight=highlight, convention=convention, palette=palette)
    return Page(scene, choose_view(view, scene, max_nodes).name, max_nodes)


def finder(derivatives: Mapping[str, Any] | str | None, outputs: Sequence[Tensor]) -> Find:
    """A function that gives the derivative with respect to a quantity, or None."""
    if derivatives is None:
        return lambda q: None
    if derivatives == "sweep":
        sweeps = cache(lambda: [swept_from(output) for output in outputs if output.wants])
        return lambda q: added([d[q.tensor] for d in sweeps() if q.tensor in d])
    if isinstance(derivatives, Derivatives):
        return lambda q: derivatives.get(q.tensor)
    return lambda q: derivatives.get(f"d{q.name}")  # type: ignore[union-attr]


def swept_from(output: Tensor) -> Derivatives:
    """The derivatives of an output; no `grad` changes."""
    return Derivatives(output, np.ones_like(output.value))


def added(parts: Iterable[Any]) -> Any:
    """The sum of derivatives; None if there are none."""
    return sum(parts) if parts else None
