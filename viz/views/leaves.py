"""The leaves in the view of layers: which are drawn as one, and where they stand."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from tinygraph.graph.reading import Call, Quantity
from viz.parts import Part

__all__ = ["Leaves"]

Group = tuple[Quantity, ...]


class Leaves:
    """The leaves that enter boxes, in groups: those that enter the same layers or repeats are one node.

    `owner` says to which box a call belongs. A leaf is `repeated` if each repeat of a box has one of its own;
    one that all repeats share stands with its like.
    """

    def __init__(self, leaves: Iterable[Quantity], parts: list[Part], owner: dict[Call, Part]) -> None:
        self.owner = owner
        self.repeat = {
            call: i // part.fold.period
            for part in parts
            if part.fold
            for i, inner in enumerate(part.fold.parts)
            for call in inner.calls
        }
        self.entering = {id(part.layer.A_prev) for part in parts if part.layer}
        kin: dict[Hashable, list[Quantity]] = {}
        for q in leaves:
            kin.setdefault(self.kinship(q), []).append(q)
        self.groups: dict[Quantity, Group] = {q: tuple(group) for group in kin.values() for q in group}
        self.grouped = {group[0].id for group in self.groups.values() if len(group) > 1}

    def users(self, q: Quantity) -> list[Part]:
        """The boxes that a leaf enters."""
        return list(dict.fromkeys(self.owner[use] for use in q.uses))

    def kinship(self, q: Quantity) -> Hashable:
        """What leaves in one group have in common; data and what enters single operations stands alone."""
        users = self.users(q)
        if id(q.tensor) in self.entering or not any(part.layers or part.fold for part in users):
            return q
        # Parameters and constants apart: an arrow comes back to the former only.
        return tuple(part.key for part in users), q.wanted, self.is_repeated(q)

    def is_repeated(self, q: Quantity) -> bool:
        """Whether a leaf enters one repeat only of each box with repeats."""
        # As many places as boxes: one repeat in each, however often the leaf is read there.
        places = {(self.owner[use], self.repeat.get(use)) for use in q.uses}
        return len(places) == len(self.users(q)) and any(part.fold for part, _ in places)

    def times(self, group: Group) -> int:
        """How many repeats a group of leaves belongs to."""
        folds = [part.fold for part in self.users(group[0]) if part.fold]
        return folds[0].times if folds and self.is_repeated(group[0]) else 1

    def column(self, group: Group, sources: int) -> str:
        """The box above which leaves stand: their only one, if it has other sources to stand in line with."""
        part, *others = self.users(group[0])
        if others or sources == 1:
            return ""
        candidates = {
            self.groups[x.quantity]: x.wanted for x in part.inputs if self.enters_once(x.quantity, part)
        }
        # One group alone stands above the box, and rather one with a derivative.
        first = min(candidates, key=lambda leaf: not candidates[leaf], default=None)
        return part.key if group == first else ""

    def enters_once(self, q: Quantity, part: Part) -> bool:
        """Whether a quantity is a leaf from which a single arrow goes, to this box."""
        return q in self.groups and self.users(q) == [part] and (len(q.uses) == 1 or len(part.calls) > 1)
