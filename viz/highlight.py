"""A comparison in the picture: the first wrong derivative, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from tinygraph.graph.reading import Graph, Quantity
from tinygraph.notation.text import clean_text
from viz.picture import Picture

__all__ = ["HasVerdicts", "highlight_verdicts"]


class HasVerdict(Protocol):
    """A derivative that was compared, or is missing."""

    @property
    def name(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def missing(self) -> bool: ...


class HasVerdicts(Protocol):
    """What a picture needs of a comparison: the first wrong derivative by name, and the verdict on each."""

    @property
    def first_wrong(self) -> str | None: ...
    @property
    def rows(self) -> Sequence[Any]: ...


def highlight_verdicts(picture: Picture, graph: Graph, report: HasVerdicts) -> None:
    """Give the picture the verdict "wrong" or "doubt" on each quantity, and the legend what it does not show.

    In doubt is what the sweep computes from a wrong derivative, unless it was compared and agrees. Wrong is
    what does not agree, although nothing wrong leads to it.
    """
    by_name = {f"d{q.name}": q for q in graph.quantities if q.name and q.wanted}
    agreed = {by_name[row.name] for row in report.rows if row.ok and not row.missing and row.name in by_name}
    wrong = [by_name[name] for name in wrong_names(report) if name in by_name]
    doubted = follow_sweep(wrong) - agreed
    first = [q for q in wrong if q not in doubted]
    picture.verdicts = {q.id: "doubt" for q in doubted} | {q.id: "wrong" for q in first}
    if report.first_wrong is not None and report.first_wrong not in by_name:
        picture.mark(
            "absent", f"✗ wrong first: {clean_text(report.first_wrong)}, which is not in this picture"
        )


def wrong_names(report: HasVerdicts) -> list[str]:
    """The names of what is wrong."""
    first = [report.first_wrong] if report.first_wrong is not None else []
    return first + [row.name for row in report.rows if not row.ok and row.name != report.first_wrong]


def follow_sweep(starts: Iterable[Quantity]) -> set[Quantity]:
    """What the sweep computes from the derivatives of `starts`."""
    found: set[Quantity] = set()
    stack = list(starts)
    while stack:
        call = stack.pop().call
        fresh = {x.quantity for x in call.inputs if x.wanted} - found if call else set()
        found |= fresh
        stack += fresh
    return found
