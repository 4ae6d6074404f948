"""Plots of training: its history, the decision boundary, where derivatives vanish, and weights as images.

Each draws into the Axes that it is given, or into a new figure, and returns the Axes. Text and lines take the
colours of matplotlib's style, light or dark. They need matplotlib: `pip install "tinygraph[plots]"`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.engine.tensor import value_of
from tinygraph.errors import ShapeError
from tinygraph.extras import needed_package
from tinygraph.guards.modes import no_grad
from tinygraph.nn import Model
from tinygraph.training import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["boundary", "history", "norms", "weights"]

BLUE, LIGHT_BLUE = "#2166ac", "#6baed6"  # the second on dark ground
CLASSES = [
    "#c0392b",
    "#2166ac",
    "#e08e0b",
    "#3a8f5c",
    "#7b5ea7",
    "#5b6770",
    "#d678a8",
    "#28a0a8",
    "#8c5a3c",
    "#a3a61f",
]
MOST_POINTS = 200  # along each side of a decision boundary
MOST_MEDIANS = 1000  # along a running median


def history(history: History, ax: Axes | None = None) -> Axes:
    """The cost by epoch, and the accuracy against a scale on the right; dashed, what was held out.

    Args:
        history: what `tg.fit` returned.
        ax: the Axes to draw into; those of a new figure if omitted.

    Raises:
        ValueError: nothing was recorded.
        MissingPackageError: matplotlib is not installed.
    """
    if not history.epoch:
        raise ValueError("this history is empty: nothing was recorded, so there is nothing to plot")
    ax = ax or new_axes()
    draw_pair(ax, history.epoch, history.cost, history.validation_cost, ink(ax))
    ax.set(xlabel="epoch", ylabel="cost J")
    start_at_zero(ax, [*history.cost, *history.validation_cost])
    right = is_measured(history.accuracy)
    if right:
        twin, blue = ax.twinx(), LIGHT_BLUE if is_dark(ax) else BLUE
        draw_pair(twin, history.epoch, history.accuracy, history.validation_accuracy, blue)
        twin.set_ylabel("accuracy", color=blue)
        twin.set_ylim(top=1.02)
        twin.tick_params(axis="y", colors=blue)
        twin.yaxis.set_major_formatter(percent_formatter())
        bare_frame(twin, keep=("right",))
        twin.spines["right"].set_color(blue)
    title = "Cost and accuracy" if right else "Cost"
    write_title(ax, f"{title}, dashed: held out" if is_measured(history.validation_cost) else title)
    return ax


def boundary(model: Model, X: Any, Y: Any, ax: Axes | None = None) -> Axes:
    """Which class is predicted where, for examples of two inputs, and the examples themselves.

    Colours fade where the output is undecided; the line is where the class changes.

    Args:
        model: has one output unit, or one for each class.
        X: (2, m).
        Y: labels, (1, m) or (m,) numbers, or (classes, m) of ones and zeros.
        ax: the Axes to draw into; those of a new figure if omitted.

    Raises:
        ShapeError: X has not two rows.
        ValueError: the output is no probabilities.
        MissingPackageError: matplotlib is not installed.
    """
    X, Y = value_of(X), value_of(Y)
    if np.ndim(X) != 2 or len(X) != 2:
        raise ShapeError(f"a boundary is drawn over two inputs: X must be (2, m), not {np.shape(X)}")
    horizontal, vertical = (stretch_axis(row) for row in X)
    grid = np.stack(np.meshgrid(horizontal, vertical)).reshape(2, -1)
    with no_grad():
        A = value_of(model(grid.astype(X.dtype)))
    if not (np.min(A) >= 0 and np.max(A) <= 1):
        raise ValueError(
            f"a boundary is drawn between classes, but this output reaches from {np.min(A):.3g} to "
            f"{np.max(A):.3g}; expected probabilities"
        )
    A = A if len(A) > 1 else np.concatenate([1 - A, A])
    ax = ax or new_axes()
    shape = len(vertical), len(horizontal)
    edges = (horizontal[0], horizontal[-1], vertical[0], vertical[-1])
    ax.imshow(blend_classes(A).reshape(*shape, 3), extent=edges, origin="lower", aspect="auto", alpha=0.4)
    for c in range(1 if len(A) == 2 else 0, len(A)):
        margin = A[c] - np.max(np.delete(A, c, axis=0), axis=0)
        ax.contour(horizontal, vertical, margin.reshape(shape), levels=[0], colors=ink(ax), linewidths=1.2)
    classes = np.argmax(Y, axis=0) if np.ndim(Y) == 2 and len(Y) > 1 else np.ravel(Y).astype(int)
    colours = [CLASSES[c % len(CLASSES)] for c in classes]
    ax.scatter(X[0], X[1], c=colours, s=16, edgecolors="white", linewidths=0.5)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=edges[:2], ylim=edges[2:])
    write_title(ax, f"Decision boundary, {model.accuracy(X, Y):.1%} right")
    return ax


def norms(history: History, ax: Axes | None = None, of: str = "W") -> Axes:
    """The norm of a derivative in each layer by epoch: where do gradients vanish, where do they explode?

    Early layers are light, late ones dark; the scale is logarithmic. The strong line is the running median.

    Args:
        history: of `tg.fit(..., norms=True)`.
        ax: the Axes to draw into; those of a new figure if omitted.
        of: "W", "b", "Z" or "A", for dW1, dW2, ... and so on.

    Raises:
        ValueError: the history has no such norms.
        MissingPackageError: matplotlib is not installed.
    """
    found = {name: x for name, x in history.norms.items() if re.fullmatch(rf"d{re.escape(of)}\d+", name)}
    if not found:
        raise ValueError(
            f"this history has no norms of d{of}1, d{of}2, ...; it has "
            f"{', '.join(history.norms) or 'none: train with tg.fit(..., norms=True)'}"
        )
    ax = ax or new_axes()
    layers = sorted(found, key=lambda name: int(name[1 + len(of) :]))
    lightest, darkest = (0.1, 0.8) if is_dark(ax) else (0.4, 1.0)
    shades = colormap("GnBu")(np.linspace(lightest, darkest, len(layers)))
    ends = []
    for name, shade in zip(layers, shades, strict=True):
        x, y = smooth_values(history.epoch, found[name])
        ax.plot(history.epoch, found[name], color=shade, linewidth=0.8, alpha=0.3)
        ax.plot(x, y, "-" if len(y) > 1 else "o", color=shade, linewidth=1.8, label=name)
        ends += [(name, float(last), mix_ink(shade, ink(ax))) for last in y[y > 0][-1:]]
    ax.set(xlabel="epoch", ylabel="norm of the derivative", yscale="log")
    bare_frame(ax)
    whole_epochs(ax)
    plain_numbers(ax)
    label_ends(ax, history.epoch[-1], ends)
    write_title(ax, f"Size of d{of} by layer")
    return ax


def weights(W: Any, shape: tuple[int, int] | None = None, ax: Axes | None = None) -> Axes:
    """The weights of each unit as an image: blue is positive, red negative, white 0; each on its own scale.

    Between the images, and where a weight is nan, there is nothing.

    Args:
        W: (units, inputs), a Tensor or an array.
        shape: (height, width) of the inputs as an image; a square if omitted.
        ax: the Axes to draw into; those of a new figure if omitted.

    Raises:
        ShapeError: W is no matrix, or the inputs do not fill the shape.
        MissingPackageError: matplotlib is not installed.
    """
    W = value_of(W)
    if np.ndim(W) != 2:
        raise ShapeError(f"W must be (units, inputs), not {np.shape(W)}")
    side = math.isqrt(W.shape[1])
    height, width = shape or (side, side)
    if height * width != W.shape[1]:
        raise ShapeError(
            f"W {W.shape} has {W.shape[1]} inputs a unit, which are no image of {height} x {width}"
        )
    ax = ax or new_axes()
    tiles = tile_images(W.reshape(-1, height, width))
    ax.imshow(tiles, cmap=colormap("RdBu").with_extremes(bad="none"), vmin=-1, vmax=1)
    ax.set_axis_off()
    write_title(ax, f"Weights of {len(W)} unit{'s' * (len(W) != 1)}")
    return ax


# The parts


def new_axes() -> Axes:
    """The Axes of a new figure."""
    return pyplot().subplots(figsize=(6.4, 4.2), dpi=150, layout="constrained")[1]  # type: ignore[no-any-return]


def pyplot() -> Any:
    with needed_package("plots need", "plots"):
        import matplotlib.pyplot
    return matplotlib.pyplot


def colormap(name: str) -> Any:
    return pyplot().get_cmap(name)


def ink(ax: Axes) -> Any:
    """The colour that the style gives to text."""
    return ax.title.get_color()


def is_dark(ax: Axes) -> bool:
    """Whether the style writes light on dark."""
    from matplotlib.colors import to_rgb

    return sum(to_rgb(ink(ax))) > 1.5


def mix_ink(shade: Any, ink: Any) -> tuple[float, ...]:
    """A shade with some ink, for text that can be read."""
    from matplotlib.colors import to_rgb

    return tuple(0.6 * a + 0.4 * b for a, b in zip(to_rgb(shade), to_rgb(ink), strict=True))


def start_at_zero(ax: Axes, values: list[float]) -> None:
    """Let the scale of costs begin at 0, unless one is negative."""
    known = [x for x in values if math.isfinite(x)]
    if known and min(known) >= 0:
        ax.set_ylim(0, 1.05 * max(known) or 1.0)


def whole_epochs(ax: Axes) -> None:
    """Ticks at whole epochs."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))


def plain_numbers(ax: Axes) -> None:
    """Numbers such as 0.295 on a logarithmic scale that is too short for powers of ten."""
    low, high = ax.get_ylim()
    if high < 10 * low:
        ax.yaxis.set_minor_formatter("{x:.4g}")
        ax.yaxis.set_major_formatter("{x:.4g}")


def percent_formatter() -> Any:
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(1, decimals=0)


def is_measured(values: Sequence[float]) -> bool:
    return not all(map(math.isnan, values))


def draw_pair(
    ax: Axes, epochs: list[float], trained: list[float], held_out: list[float], colour: str
) -> None:
    """A line for the examples trained with, and a dashed one for those held out, if they were measured."""
    for name, values, style in (("training", trained, "-"), ("held out", held_out, "--")):
        if is_measured(values):
            shape = style if len(values) > 1 else "o"
            ax.plot(epochs, values, shape, color=colour, linewidth=1.6, label=name)
    bare_frame(ax)
    whole_epochs(ax)
    ax.margins(x=0.02)


def smooth_values(epochs: list[float], values: list[float]) -> tuple[Any, Any]:
    """The running median over a twentieth of the values, as many of them as there are, and its epochs."""
    n, reach = len(values), len(values) // 40
    places = np.unique(np.linspace(0, n - 1, min(n, MOST_MEDIANS)).round().astype(int))
    medians = [np.median(values[max(i - reach, 0) : i + reach + 1]) for i in places]
    return np.array(epochs)[places], np.array(medians)


def label_ends(ax: Axes, x: float, ends: list[tuple[str, float, Any]]) -> None:
    """Names at the right ends of lines, in their colours, moved apart where they would overlap."""
    ax.margins(x=0.02)
    figure: Any = ax.figure
    figure.draw_without_rendering()  # which decides where things are
    heights = [ax.transData.transform((x, y))[1] for _, y, _ in ends]
    least = 1.3 * figure.dpi / 72 * 9  # between two lines of text of 9 points
    shifts = dict(zip(ends, move_apart(heights, least), strict=True))
    for (name, y, colour), shift in shifts.items():
        ax.annotate(
            name,
            (x, y),
            (6, shift * 72 / figure.dpi),
            textcoords="offset points",
            color=colour,
            size=9,
            va="center",
            annotation_clip=False,
        )


def move_apart(heights: list[float], least: float) -> list[float]:
    """How far to move each height so that none is nearer than `least` to the next, in the same order."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed: list[float] = []
    for i in order:
        placed.append(heights[i] if not placed else max(heights[i], placed[-1] + least))
    middle = (sum(placed) - sum(heights)) / max(len(heights), 1)  # half up, half down
    moved = {i: y - middle - heights[i] for i, y in zip(order, placed, strict=True)}
    return [moved[i] for i in range(len(heights))]


def bare_frame(ax: Axes, keep: tuple[str, ...] = ("left", "bottom")) -> None:
    """Only these sides of the frame."""
    for side, spine in ax.spines.items():
        spine.set_visible(side in keep)


def write_title(ax: Axes, title: str) -> None:
    ax.set_title(title, loc="left", size="medium")


def stretch_axis(row: Any) -> Any:
    """Places along an axis, a little beyond the examples on both sides."""
    low, high = float(np.min(row)), float(np.max(row))
    beyond = 0.08 * (high - low) or 1.0
    return np.linspace(low - beyond, high + beyond, MOST_POINTS)


def blend_classes(A: Any) -> Any:
    """The colours of the classes, mixed by their probabilities (classes, n): (n, 3)."""
    from matplotlib.colors import to_rgb

    shares = A / np.sum(A, axis=0, keepdims=True)
    return shares.T @ np.array([to_rgb(CLASSES[c % len(CLASSES)]) for c in range(len(A))])


def tile_images(images: Any) -> Any:
    """Images (n, height, width) side by side with gaps between, each divided by its largest entry."""
    n, height, width = images.shape
    columns = math.ceil(math.sqrt(n * height / width))
    rows = math.ceil(n / columns)
    tiles = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        tiles[top : top + height, left : left + width] = image / (
            np.max(np.abs(image), initial=0, where=np.isfinite(image)) or 1
        )
    return tiles
