"""The readings of a script or a body, and what is wrong in each: found by putting the truth in the place of
each wrong value, in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinygraph.debugger.cases import LINE_AGREES, Evidence, Found, Interpretation, LineValue, Place, fits_into
from tinygraph.debugger.machines import Changes
from tinygraph.debugger.slopes import MachineLoss

__all__ = ["LineVerdicts", "likely_readings", "round_off"]

MOST_BLAMED = 8
MOST_INTERPRETATIONS = 8


# Readings


def likely_readings(case: Evidence) -> list[Interpretation]:
    """The readings in which the fewest values are wrong at once, the plainest of them first."""
    scored = []
    for i, reading in enumerate(all_readings(case)):
        found = [case.find(s, case.run, reading) for s in case.steps if s.final and not s.update]
        wrong, right = (sum(f.status == status for f in found) for status in ("wrong", "right"))
        scored.append((-right, wrong, i, reading))
        if right and right == len(found) and not case.losses[reading.loss].assumed:
            return [reading]
    scored.sort(key=lambda x: x[:3])
    return [reading for *_, reading in scored[:MOST_INTERPRETATIONS]]


def all_readings(case: Evidence) -> Iterator[Interpretation]:
    """All readings, the plainest first."""
    for i, loss in enumerate(case.losses):
        for factor in factors(case, i, loss):
            yield Interpretation(i, factor, (1.0,))
            for m in case.m:
                yield Interpretation(i, factor, (m,))
                yield Interpretation(i, factor, (1.0, m))


def factors(case: Evidence, index: int, loss: MachineLoss) -> list[float]:
    """By what all derivatives may be multiplied in a reading."""
    found = [
        (step.update, f / case.rates(step)[0])
        for step in case.steps
        if step.final
        for place in case.named_for(step)[:3]
        if (f := case.factor(step.value, place, index)) is not None
    ]
    seen, moved = (count_factors(f for update, f in found if update is wanted) for wanted in (False, True))
    move = moved.most_common(1)[0][0] if moved else 1.0
    chosen = dict.fromkeys([1.0, -1.0, *(f for f, _ in seen.most_common(3))])
    return [f for f in chosen if may_be(f, move, loss, bool(moved), case.plausible)]


def count_factors(factors: Iterable[float]) -> Counter[float]:
    """How often each factor comes; those alike to four digits count as the first: 1/3, and not 0.3333."""
    exact: dict[float, float] = {}
    return Counter(exact.setdefault(round_off(f), as_meant(f)) for f in factors)


def as_meant(factor: float) -> float:
    """A factor without the error of its differences: 2 for 2.0000000003."""
    rounded = round_off(factor)
    return rounded if abs(rounded - factor) < 1e-7 * abs(factor) else factor


def round_off(factor: float) -> float:
    return float(f"{factor:.4g}")


def may_be(factor: float, moved: float, loss: MachineLoss, moves: bool, plausible: Sequence[float]) -> bool:
    """Whether a factor of all derivatives is no mistake."""
    if factor == 1.0:
        return True
    if loss.assumed:
        return factor == -1.0 or any(abs(abs(factor) - f) < 1e-3 * f for f in loss.scales)
    if not loss.strict:
        return any(abs(abs(factor) / f - 1) < 1e-3 for f in plausible)
    return moves and (factor < 0 < moved or abs(moved - 1) < LINE_AGREES)


# What is wrong in one


class LineVerdicts:
    """The verdicts of one reading: found by replacing each wrong value by the truth, in order."""

    def __init__(self, case: Evidence, reading: Interpretation) -> None:
        self.case = case
        self.reading = reading
        self.forced: dict[tuple[int, int], list[tuple[Any, Any]]] = {}
        self.blamed: list[Found] = []
        self.follows: set[str] = set()
        self.found: list[Found] = []

    def work(self) -> LineVerdicts:
        """Find what is wrong by itself: first among the derivatives, then among the moves of parameters."""
        self.go_on(moves=False)
        self.reading = replace(self.reading, moved=self.usual_move(True), step=self.usual_move(False))
        self.go_on(moves=True)
        return self

    def go_on(self, moves: bool) -> None:
        for _ in range(MOST_BLAMED):
            run = (
                self.case.run
                if not self.forced
                else self.case.machine.run(forced=self.forced, recording=True)
            )
            self.found = [self.case.find(s, run, self.reading) for s in self.case.steps if s.final]
            wrong = next((f for f in self.found if f.step.update == moves and self.to_blame(f)), None)
            if wrong is None:
                break
            self.blame(wrong if moves else self.suspect(wrong))

    def usual_move(self, by_rate: bool) -> float:
        """By what multiple of its derivative, and of the learning rate, most parameters are moved."""
        moves = [f for f in self.found if f.step.update and f.value is not None]
        moves = [f for f in moves if len(self.case.rates(f.step)) > 1] or moves
        seen = count_factors(
            abs(f) / (self.case.rates(move.step)[0] if by_rate else 1.0)
            for move in moves
            if (places := self.case.named_for(move.step))
            and (f := self.case.factor(move.value, places[0], self.reading.loss)) is not None
        )
        return max(seen, key=lambda f: (seen[f], f == 1.0), default=1.0)

    def to_blame(self, found: Found) -> bool:
        """Whether a value is wrong, and not known to be."""
        if found.status != "wrong" or not found.step.final or self.is_blamed(found.step):
            return False
        if found.step.update and not self.is_plain_move(found):
            return False
        return not (self.follows & found.step.line.reads)

    def is_blamed(self, step: LineValue) -> bool:
        return any(b.step.site is step.site and b.step.name == step.name for b in self.blamed)

    def is_plain_move(self, found: Found) -> bool:
        """Whether a wrong move is a mistake, and no momentum: nothing right is read, or others are right."""
        moves = [f for f in self.found if f.step.update and f.place is not None]
        own = [f.step for f in self.found if self.is_right_for(f, found)]
        loss = self.case.losses[self.reading.loss]
        direct = (loss.strict or loss.assumed) and not any(self.reads(found.step, s) for s in own)
        if direct or 2 * sum(f.status == "right" for f in moves) > len(moves):
            return True
        assert found.place is not None
        factor = self.case.factor(found.value, found.place, self.reading.loss)
        return factor is not None and factor < 0

    def is_right_for(self, found: Found, move: Found) -> bool:
        """Whether a value is the derivative by a parameter that is moved."""
        assert move.place is not None
        return not found.step.update and found.place is not None and found.place.label == move.place.label

    def suspect(self, wrong: Found) -> Found:
        """What is wrong: the value, or one before it without a plain name that would make more right."""
        assert wrong.place is not None
        before = [
            f
            for f in self.found[: self.found.index(wrong)]
            if self.is_doubtful(f) and self.is_before(f, wrong)
        ]
        doubtful = [*before, *([wrong] if self.case.is_loose(wrong.step) else [])]
        least = self.rightness(self.forcing(wrong, wrong.place)) if doubtful else 0
        for found in doubtful:
            # A wrong value made right counts 2: the one in question, and another if a good one is blamed.
            wanted = least + (1 if found is wrong else 2 if found.status == "unnamed" else 4)
            best = max(self.forceable(found), key=lambda x: x[0], default=None)
            if best is not None and best[0] >= wanted:
                return replace(found, place=best[1], factor=self.inner_factor(found, best[1]))
        return wrong

    def forceable(self, found: Found) -> Iterator[tuple[int, Place]]:
        """The derivatives that a value may be meant to be, and how much would be right with them."""
        for place in self.candidates(found):
            if self.case.until.is_over():
                return
            if place is not found.place:
                yield self.rightness(self.forcing(found, place)), place

    def is_doubtful(self, found: Found) -> bool:
        """Whether a value may be meant to be the derivative by something that its name does not speak of."""
        step = found.step
        if (
            step.update
            or not step.final
            or self.is_blamed(step)
            or (found.place is not None and found.place.root)
        ):
            return False
        return found.status in ("unnamed", "right")

    def is_before(self, found: Found, wrong: Found) -> bool:
        """Whether a wrong value depends on another: at once, if the name of that is plain."""
        plain = found.place in self.case.named_for(found.step) and not self.case.is_loose(found.step)
        if plain:
            return wrong.place is not None and wrong.place.root and found.step.name in wrong.step.line.reads
        return self.reads(wrong.step, found.step)

    def rightness(self, forced: Changes) -> int:
        run = self.case.machine.run(forced=forced, recording=True)
        found = [self.case.find(s, run, self.reading) for s in self.case.steps if s.final]
        return sum(f.status == "right" for f in found) - sum(f.status == "wrong" for f in found)

    def candidates(self, found: Found) -> list[Place]:
        """The forward values whose derivative a value may be meant to be."""
        fits = self.case.of_size(found.step.shape)
        loss = self.reading.loss
        chosen: list[Place] = []
        seen: list[Any] = []
        for place in fits:
            slope = self.case.slope(place)
            if slope.zero(loss) or any(np.allclose(slope.values[loss], s, rtol=1e-4) for s in seen):
                continue
            seen.append(slope.values[loss])
            chosen.append(place)
        return chosen[:10]

    def reads(self, later: LineValue, earlier: LineValue) -> bool:
        """Whether a line depends on what an earlier one gives."""
        wanted = {later.name.partition("[")[0], *later.line.reads}
        steps = self.case.steps
        for step in reversed(steps[: steps.index(later)]):
            if step is earlier:
                return earlier.name.partition("[")[0] in wanted
            if step.name.partition("[")[0] in wanted:
                wanted |= step.line.reads
        return False

    def inner_factor(self, found: Found, place: Place) -> float:
        """The factor that the derivative at a place has in this reading; that of the others of its kind."""
        accepted = self.reading.accepted(
            found.step, place, self.case.rates(found.step) if found.step.update else [1.0]
        )
        if len(self.reading.inner) > 1 and not place.root:
            near = [f.factor for f in self.found if f.status == "right" and f.place and not f.place.root]
            return near[-1] if near else accepted[0]
        return accepted[0]

    def forcing(self, found: Found, place: Place) -> dict[tuple[int, int], list[tuple[Any, Any]]]:
        """The replacements, with one more."""
        truth = self.case.slopes.truth(place.spot, place.shape, self.reading.loss)
        spot = found.step.event.spot
        value = truth.value * self.inner_factor(found, place)
        value = np.reshape(value, found.step.shape) if fits_into(found.step.shape, place.shape) else value
        if not np.all(truth.known) or found.step.update:
            return dict(self.forced)
        return self.forced | {
            (spot.site, spot.turn): [*self.forced.get((spot.site, spot.turn), []), (spot.steps, value)]
        }

    def blame(self, found: Found) -> None:
        """Note that a value is wrong, and put the truth in its place."""
        assert found.place is not None
        forced = self.forcing(found, found.place)
        if forced == self.forced and not found.step.update:
            self.follows.add(found.step.name.partition("[")[0])
        self.forced = forced
        self.blamed.append(found)
        for sibling in self.siblings(found):
            self.forced = self.forcing(sibling, sibling.place or found.place)

    def siblings(self, found: Found) -> Iterator[Found]:
        """The values of the same line in the other turns of a loop, with their places."""
        case, place = self.case, found.place
        assert place is not None
        places = [
            p
            for p in [*case.places, *case.unnamed]
            if p.spot.site == place.spot.site and p.label == place.label
        ]
        if found.step.update or len(places) != len(case.turns_of(found.step)):
            return
        for other in self.found:
            step = other.step
            if (
                step.site is found.step.site
                and step.name == found.step.name
                and step is not found.step
                and step.final
            ):
                yield replace(other, place=case.in_turn(step, places))

    # What is said

    @property
    def rank(self) -> tuple[float, ...]:
        right = sum(f.status == "right" for f in self.found)
        loss = self.case.losses[self.reading.loss]
        plain = (self.reading.factor != 1.0) + (self.reading.inner != (1.0,))
        named = sum(f.status == "right" and f.place in self.case.named_for(f.step) for f in self.found)
        first = min((self.case.steps.index(b.step) for b in self.blamed), default=0)
        return len(self.blamed), -right, -named, loss.assumed, -first, plain

    @property
    def trusted(self) -> bool:
        """Whether this reading explains more than it finds wrong."""
        right = [f for f in self.found if f.status == "right" and f.place is not None]
        blamed = {b.step.site for b in self.blamed}
        places = {f.place.spot.site for f in right if f.place}
        deep = len(places) > 1 or any(f.place.root for f in right if f.place)
        return deep and len({f.step.site for f in right} - blamed) >= len(blamed)
