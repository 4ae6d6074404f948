"""Boxes that open in place: for each a layout with what it holds in a frame, and all else as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from viz.parts import Fold, Part

__all__ = ["Layout", "find_layouts"]

MOST_LAYOUTS = 20  # layouts of one graph: each makes the page larger
MOST_REPEATS = 12  # parts: of more repeats, the first and the last are shown


@dataclass
class Layout:
    """A way to draw the boxes of a graph: `opened` shows its `inner` boxes, and closes towards `parent`.

    `links` are the layouts in which a box is open, by its key.
    """

    name: str
    boxes: list[Part]
    inner: list[Part] = field(default_factory=list)
    opened: Part | None = None
    parent: str = ""
    links: dict[str, str] = field(default_factory=dict)


def find_layouts(name: str, boxes: list[Part]) -> list[Layout]:
    """The layout of closed boxes, and one for each box that opens, the outer ones first."""
    found = [Layout(name, boxes, boxes)]
    for layout in found:  # which grows meanwhile
        for part in openable_parts(layout):
            if len(found) < MOST_LAYOUTS:
                found.append(open_part(layout, part, f"{name}.{len(found)}"))
    return found


def openable_parts(layout: Layout) -> Iterable[Part]:
    """The boxes that may open in a layout: layers of several operations, and repeats outside of repeats.

    Those that outer layouts show too are left out: there they have opened already.
    """
    in_repeats = layout.opened is not None and layout.opened.fold
    return (
        part
        for part in layout.inner
        if (part.layer and len(part.calls) > 1) or (part.fold and not in_repeats)
    )


def open_part(layout: Layout, part: Part, name: str) -> Layout:
    """The layout of `layout`'s boxes in which `part` is open as well."""
    layout.links[part.key] = name
    i, inner = layout.boxes.index(part), part_contents(part)
    boxes = [*layout.boxes[:i], *inner, *layout.boxes[i + 1 :]]
    return Layout(name, boxes, inner, part, layout.name, layout.links)


def part_contents(part: Part) -> list[Part]:
    """What a box shows when it opens: the operations of a layer, or the repeats, many of them as one box."""
    if part.fold is None:
        return [Part(call.id, [call]) for call in part.calls]
    parts, period = part.fold.parts, part.fold.period
    if len(parts) <= MOST_REPEATS:
        return parts
    middle = parts[period:-period]
    calls = [call for inner in middle for call in inner.calls]
    return [*parts[:period], Part(f"{part.key}.rest", calls, fold=Fold(middle, period)), *parts[-period:]]
