"""Where a picture shows what: the node of each call and of each quantity, and of their derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tinygraph.graph.reading import Call, Quantity

__all__ = ["Places"]


@dataclass
class Places:
    """The nodes of one view, by what they show; what is not shown is at the node of its call.

    `twin` is what the id of a red node begins with, "" where calls have no twin; `cells` are the parts of
    nodes that show a derivative, where it has no node of its own.
    """

    calls: Mapping[Call, str]
    quantities: Mapping[Quantity, str]
    twin: str = "d"
    cells: Mapping[Quantity, str] = field(default_factory=dict)

    def forward(self, call: Call) -> tuple[set[str], set[tuple[str, str]]]:
        """The nodes and arrows of a call, and of its result."""
        own, result = self.calls[call], self.quantities[call.result]
        arrows = {(self.quantities[x.quantity], own) for x in call.inputs} | {(own, result)}
        return {own, result}, arrows

    def backward(self, call: Call) -> tuple[set[str], set[tuple[str, str]]]:
        """The red nodes and arrows of a call, and those of its cache."""
        own, rule = self.calls[call], self.twin + self.calls[call]
        arrows = {(self.twin + self.quantities[call.result], rule)}
        arrows |= {(rule, self.twin + self.quantities[x.quantity]) for x in call.inputs if x.wanted}
        cache = f"{own}.cache"
        return {rule, cache}, arrows | {(own, rule), (own, cache), (cache, rule)}

    def complete(self, fresh: Iterable[Quantity], done: set[Quantity]) -> set[str]:
        """The places where a derivative in `fresh` was the last to come: all that they show are in `done`."""
        places = set(map(self.derivative, fresh)) & self.shown_at.keys()
        return {place for place in places if done.issuperset(self.shown_at[place])}

    @cached_property
    def shown_at(self) -> dict[str, list[Quantity]]:
        """What each place of a derivative shows; the nodes of calls show none."""
        found: dict[str, list[Quantity]] = {}
        rules = {self.twin + key for key in self.calls.values()}
        for q in self.quantities:
            if q.wanted and self.derivative(q) not in rules:
                found.setdefault(self.derivative(q), []).append(q)
        return found

    def derivative(self, q: Quantity) -> str:
        """The node, or its part, that shows the derivative with respect to a quantity."""
        return self.cells.get(q) or self.twin + self.quantities[q]
