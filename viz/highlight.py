"""A comparison in the picture: the first wrong derivative, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from tinygraph.graph.reading import Graph, Quantity
from tinygraph.notation.text import clean_text
from viz.picture import Picture

__all__ = ["HasVerdicts", "find_verdicts", "mark_absent"]


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
    def rows(self) -> Sequence[HasVerdict]: ...


def find_verdicts(graph: Graph, report: HasVerdicts) -> dict[str, str]:
    """The verdict "wrong" or "doubt" on quantities, by their ids.

    In doubt is what the sweep computes from a wrong derivative, unless it was compared and agrees. Wrong is
    what does not agree, although nothing wrong leads to it.
    """
    by_name = derivatives_by_name(graph)
    agreed = {by_name[row.name] for row in report.rows if row.ok and not row.missing and row.name in by_name}
    wrong = [by_name[name] for name in wrong_names(report) if name in by_name]
    doubted = follow_sweep(wrong) - agreed
    first = [q for q in wrong if q not in doubted]
    return {q.id: "doubt" for q in doubted} | {q.id: "wrong" for q in first}


def mark_absent(picture: Picture, graph: Graph, report: HasVerdicts) -> None:
    """Let the legend tell of a first wrong derivative that the picture does not show."""
    name = report.first_wrong
    if name is not None and name not in derivatives_by_name(graph):
        picture.mark("absent", f"✗ wrong first: {clean_text(name)}, which is not in this picture")


def derivatives_by_name(graph: Graph) -> dict[str, Quantity]:
    """The quantities by what their derivatives are called: W1 as dW1."""
    return {f"d{q.name}": q for q in graph.quantities if q.name and q.wanted}


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
