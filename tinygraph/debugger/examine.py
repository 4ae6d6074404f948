"""All of somebody's backward passes: each put to its likeliest trial, on two probes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tinygraph.debugger.layouts import FIRST, SECOND
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.protocols import losses, networks, objects, pairs, scripts  # noqa: F401 - rows
from tinygraph.debugger.protocols.table import PROTOCOLS, Asked, Protocol
from tinygraph.debugger.trial import Judgement, Trial, Unplayable, judge_trial

__all__ = ["Examined", "choose_reading", "examine_function", "examine_program"]

MOST_READINGS = 60
PATIENCE = 6.0  # seconds for one function
LAYOUTS_TRIED = 2  # in which something is judged, before the best reading is believed
MOST_VARIANTS = 3
PROBES = (Asked(FIRST, 0), Asked(SECOND, 1))


@dataclass
class Examined:
    """What came of one function: its judgements on both probes; or the reason why there are none."""

    function: Function
    judgements: list[Judgement] = field(default_factory=list)
    reason: str = ""
    protocol: str = ""

    @property
    def verdict(self) -> str:
        if not self.judgements:
            return "not checked"
        return "agrees" if all(j.ok for j in self.judgements) else "wrong"


def examine_program(program: Program) -> list[Examined]:
    """Every function that goes back, judged if there is a way."""
    found = [examine_function(program, f) for f in program.functions.values()]
    return [x for x in found if x is not None]


def examine_function(program: Program, function: Function) -> Examined | None:
    """One function, by the row whose reading fits best; None if no row takes it for a backward pass."""
    best: tuple[Judgement, Protocol] | None = None
    until = time.monotonic() + PATIENCE
    for row in PROTOCOLS:
        judged = choose_reading(row.find(program, function, PROBES[0]), until)
        if judged is not None and (best is None or better(judged, best[0])):
            best = judged, row
        if best is not None and best[0].ok:
            break
    if best is None:
        return None
    return Examined(function, all_judgements(program, function, *best), protocol=best[1].name)


def all_judgements(program: Program, function: Function, first: Judgement, row: Protocol) -> list[Judgement]:
    """A reading on both probes, and with each text that a function can be given: relu and sigmoid, max and average."""
    found = [finished(first)]
    asked = [PROBES[1], *(replace(PROBES[0], variant=i) for i in range(1, min(first.trial.variants, MOST_VARIANTS)))]
    for one in asked:
        again = choose_like(row.find(program, function, one), first)
        if again is not None:
            found.append(finished(again))
    return found


def finished(judged: Judgement) -> Judgement:
    """A judgement in which wrong claims are compared entry by entry."""
    return judged if judged.ok or judged.raised else judge_trial(judged.trial)


def better(one: Judgement, other: Judgement) -> bool:
    """Whether one judgement is likelier to be the right reading than another."""
    if (one.raised is None) != (other.raised is None):
        return one.raised is None
    return one.score > other.score


def choose_reading(trials: Iterator[Trial], until: float) -> Judgement | None:
    """The judgement of the trial of which most is right."""
    best: Judgement | None = None
    layouts: set[str] = set()
    for i, trial in enumerate(trials):
        judged = judged_or_none(trial)
        if judged is not None:
            if judged.ok:
                return judged
            if best is None or better(judged, best):
                best = judged
            layouts |= {trial.layout} if judged.raised is None else set()
        if i > MOST_READINGS or time.monotonic() > until or len(layouts) > LAYOUTS_TRIED:
            break
    return best


def choose_like(trials: Iterator[Trial], first: Judgement) -> Judgement | None:
    """The judgement of the same reading on another probe."""
    until = time.monotonic() + PATIENCE / 2
    same = (t for t in trials if t.taken == first.trial.taken and t.layout == first.trial.layout)
    return choose_reading(same, until)


def judged_or_none(trial: Trial) -> Judgement | None:
    """A quick judgement; None if the trial cannot be played or nothing comes of it."""
    try:
        judged = judge_trial(trial, quick=True)
    except Unplayable:
        return None
    except Exception:
        return None
    return judged if judged.verdicts or judged.raised else None
