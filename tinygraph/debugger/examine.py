"""All of somebody's backward passes: each put to its likeliest trial, on two probes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from tinygraph.debugger.making import FIRST, SECOND
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.protocols import losses, networks, objects, pairs, scripts  # noqa: F401 - rows
from tinygraph.debugger.protocols.table import PROTOCOLS, Asked
from tinygraph.debugger.trial import Judgement, Trial, Unplayable, judge_trial

__all__ = ["Examined", "examine_function", "examine_program"]

MOST_READINGS = 40
PATIENCE = 6.0  # seconds for one function
PROBES = ((FIRST, 0), (SECOND, 1))


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
    found = [examine_function(program, f) for f in (*program.functions.values(), *scripts.scripts_of(program))]
    return [x for x in found if x is not None]


def examine_function(program: Program, function: Function) -> Examined | None:
    """One function; None if no row takes it for a backward pass."""
    claimed = False
    for row in PROTOCOLS:
        best = [choose_reading(row.find(program, function, Asked(*probe))) for probe in PROBES[:1]]
        if best[0] is not None:
            again = choose_like(row.find(program, function, Asked(*PROBES[1])), best[0])
            return Examined(function, [best[0], *([again] if again else [])], protocol=row.name)
        claimed = claimed or row.name == ""
    return None


def choose_reading(trials: Iterator[Trial]) -> Judgement | None:
    """The judgement of the trial of which most is right."""
    best: Judgement | None = None
    until = time.monotonic() + PATIENCE
    for trial in islice(trials, MOST_READINGS):
        judged = judged_or_none(trial)
        if judged is not None:
            if judged.ok:
                return judged
            if best is None or judged.score > best.score or (best.raised and not judged.raised):
                best = judged
        if time.monotonic() > until:
            break
    return best


def choose_like(trials: Iterator[Trial], first: Judgement) -> Judgement | None:
    """The judgement of the same reading on another probe."""
    found = [j for t in islice(trials, MOST_READINGS) if (j := judged_or_none(t)) is not None]
    return max(found, key=lambda j: j.score, default=None)


def judged_or_none(trial: Trial) -> Judgement | None:
    try:
        judged = judge_trial(trial)
    except Unplayable:
        return None
    except Exception:
        return None
    return judged if judged.verdicts or judged.raised else None
