"""Which is wrong of several lines that give a value together: dlogits = probs.copy(), dlogits[i, y] -= 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np

from tinygraph.debugger.cases import LINE_AGREES, Found, LineValue
from tinygraph.debugger.sites import Site
from tinygraph.debugger.slopes import projections
from tinygraph.debugger.structure import as_floats
from tinygraph.debugger.verdicts import LineVerdicts

__all__ = ["JointLines"]

MOST_USES = 6


@dataclass(eq=False)
class JointLines:
    """The lines that give a value together, of which one is wrong."""

    verdicts: LineVerdicts
    members: list[LineValue]
    found: Found
    right_value: Any = field(init=False)

    def __post_init__(self) -> None:
        place = self.found.place
        assert place is not None
        truth = self.verdicts.case.slopes.truth(place.spot, place.shape, self.verdicts.reading.loss)
        self.known = truth.known
        self.right_value = truth.value * self.found.factor

    @property
    def wrong(self) -> Site:
        """The line with the wrong part of a sum, else the first after the last at which all was right."""
        if (
            part := self.wrong_part()
        ) is not None:  # one part alone is the derivative by one use, and so "right"
            return part
        right = [i for i, s in enumerate(self.members[:-1]) if self.is_right(s)]
        return self.members[right[-1] + 1].site if right else self.first_beyond_repair()

    def is_right(self, step: LineValue) -> bool:
        """Whether a value on the way is a derivative, up to a factor."""
        reading, case = self.verdicts.reading, self.verdicts.case
        loose = replace(reading, inner=tuple({1.0, *case.m, *reading.inner}))
        return case.find(step, case.run, loose).status == "right" or self.is_multiple(step)

    def is_multiple(self, step: LineValue) -> bool:
        place = self.found.place
        assert place is not None
        factor = self.verdicts.case.factor(step.value, place, self.verdicts.reading.loss)
        return factor is not None and any(
            abs(factor / m - self.found.factor) < 1e-4 for m in (1.0, *self.verdicts.case.m)
        )

    def wrong_part(self) -> Site | None:
        """Of lines that add up parts, the one whose part comes back through no uses of the value."""
        sums = self.sums_of_uses()
        known = [self.is_among(as_floats(s.event.value), sums) for s in self.members]
        if not any(known[:-1]):
            return None
        for before, step, good in zip(self.members, self.members[1:], known[1:], strict=False):
            added = as_floats(step.event.value) - as_floats(before.event.value)
            if not good and not self.is_among(added, sums):
                return step.site
        return self.members[-1].site

    def sums_of_uses(self) -> list[Any]:
        """The derivatives through one or several of the uses of the value, along two directions."""
        case, place = self.verdicts.case, self.found.place
        assert place is not None
        uses = case.uses(place)[:MOST_USES]
        slopes = [case.slopes.slope(u, place.shape).values[self.verdicts.reading.loss] for u in uses]
        return [np.sum(some, axis=0) for k in range(1, len(uses)) for some in combinations(slopes, k)]

    def is_among(self, value: Any, sums: Sequence[Any]) -> bool:
        given = projections(value)
        near = LINE_AGREES * 10 * (float(np.linalg.norm(value)) + 1e-9)
        return any(np.all(np.abs(given - self.found.factor * x) <= near) for x in sums)

    def first_beyond_repair(self) -> Site:
        """The first line that leaves entries wrong which no later line touches."""
        for step, following in zip(self.members, self.members[1:], strict=False):
            before, after = as_floats(step.event.value), as_floats(following.event.value)
            if np.shape(before) != np.shape(after) or np.shape(before) != self.right_value.shape:
                continue
            touched = before != after
            rest = ~touched if touched.any() else mostly_right(before, self.right_value)
            if touched.all() or not rest.any():
                continue
            return following.site if proportional(before[rest], self.right_value[rest]) else step.site
        return self.members[0].site


def mostly_right(given: Any, right: Any) -> Any:
    """Which entries are what they should be, up to the commonest factor."""
    ratio = np.divide(given, right, out=np.zeros_like(right), where=right != 0)
    near = np.isclose(ratio[..., None], ratio.reshape(-1), rtol=1e-4).sum(-1)
    return near == near.max()


def proportional(a: Any, b: Any) -> bool:
    """Whether some numbers are a positive multiple of others."""
    size = float(np.sum(b * b))
    factor = float(np.sum(a * b)) / size if size else 0.0
    return factor > 0 and bool(np.allclose(a, factor * b, rtol=1e-4, atol=1e-8))
