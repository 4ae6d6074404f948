"""A comparison in the picture: the first wrong derivative, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from viz.graph import Graph, Quantity

__all__ = ["Report", "judge"]


class Row(Protocol):
    """A derivative that was compared."""

    @property
    def name(self) -> str: ...
    @property
    def ok(self) -> bool: ...


class Report(Protocol):
    """What a picture needs of a comparison: the first wrong derivative by name, and the verdict on each."""

    @property
    def first_wrong(self) -> str | None: ...
    @property
    def rows(self) -> Sequence[Any]: ...


def judge(graph: Graph, report: Report) -> dict[str, str]:
    """The verdict "wrong" or "doubt" by the id of a quantity.

    In doubt is what the sweep computes from a wrong derivative, unless it was compared and agrees.
    """
    if report.first_wrong is None:
        return {}
    by_name = {f"d{q.name}": q for q in graph.quantities if q.name and q.wanted}
    agreed = {by_name[row.name] for row in report.rows if row.ok and row.name in by_name}
    first = by_name.get(report.first_wrong)
    doubted = follows([first]) - agreed if first else set()
    wrong = {by_name[row.name] for row in report.rows if not row.ok and row.name in by_name} - doubted
    return {q.id: "doubt" for q in doubted} | {q.id: "wrong" for q in wrong | ({first} if first else set())}


def follows(starts: Iterable[Quantity]) -> set[Quantity]:
    """What the sweep computes from the derivatives of `starts`."""
    found: set[Quantity] = set()
    stack = list(starts)
    while stack:
        call = stack.pop().call
        fresh = {x.quantity for x in call.inputs if x.wanted} - found if call else set()
        found |= fresh
        stack += fresh
    return found
