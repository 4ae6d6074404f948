"""All of somebody's backward passes: each put to its likeliest trial, on two probes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from typing import Any

import numpy as np

from tinygraph.debugger.callers import goes_one_by_one, is_for_several, takes_rows_in_turn
from tinygraph.debugger.conventions import common_convention, settle_conventions
from tinygraph.debugger.layouts import FIRST, SECOND
from tinygraph.debugger.making import ANOTHER
from tinygraph.debugger.program import SCRIPT, Function, Program
from tinygraph.debugger.protocols import (  # noqa: F401 - rows
    given,
    losses,
    networks,
    objects,
    pairs,
    scripts,
    slopes,
)
from tinygraph.debugger.protocols.table import PROTOCOLS, Asked, Protocol
from tinygraph.debugger.structure import leaves_of, take_leaf
from tinygraph.debugger.trial import (
    Deadline,
    Judgement,
    OutOfPatience,
    Trial,
    Unplayable,
    has_axes_exchanged,
    judge_trial,
    patiently,
)

__all__ = [
    "Examined",
    "better",
    "choose_reading",
    "examine_function",
    "examine_program",
    "finish_judgement",
    "judged_or_none",
]

MOST_READINGS = 80
MOST_PASSED_OVER = 240
MOST_RAISED = 12  # readings in one layout under which a backward pass raises, before it is left
MOST_ALTERNATIVES = 12
EXAMINE_PATIENCE = 4.0  # seconds for one function, after which no new reading is tried
LAST_READING = 3.0  # seconds more for the reading that was begun
EXAMINE_ALL = 14.0  # seconds for all of them; those who wait take 20
MOST_VARIANTS = 3
CLEAN = 2  # layouts in which something is judged, before the best reading is believed
MISMATCH = re.compile(r"could not be broadcast together|not aligned|mismatch in its core dimension")
ADDS_UP = re.compile(r"axis|keepdims|(sum|mean)\((0|1|-1)\b")
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


def examine_program(
    program: Program,
    only: Collection[str] | None = None,
    names: Mapping[str, str | None] | None = None,
    tick: Callable[[], Any] = lambda: None,
) -> list[Examined]:
    """Every function that goes back, judged if there is a way.

    Args:
        program: somebody's.
        only: the names of those that are asked for; all if omitted.
        names: of a function that goes forward, one that goes back, and a loss, where they were given.
        tick: is called now and then.
    """
    functions = {f.name: f for f in (*program.functions.values(), *scripts.scripts_of(program))}
    wanted = [f for n, f in functions.items() if only is None or n in only or n == SCRIPT]
    examined = []
    end = Deadline(EXAMINE_ALL)
    for f in wanted:
        examined.append(examine_function(program, f, names, tick, end))
        tick()
    found = [x for x in examined if x is not None]
    convention = common_convention([(x.function, x.judgements) for x in found])
    for x in found:
        settle_conventions(program, x.function, x.judgements, convention)
        for j in x.judgements:
            j.trial.settle = partial(settle_one, program, x.function, convention)
    return found


def settle_one(program: Program, function: Function, convention: str, judged: Judgement) -> None:
    settle_conventions(program, function, [judged], convention)


def examine_function(
    program: Program,
    function: Function,
    names: Mapping[str, str | None] | None = None,
    tick: Callable[[], Any] = lambda: None,
    end: Deadline | None = None,
) -> Examined | None:
    """One function, by the row whose reading fits best; None if no row takes it for a backward pass.

    No reading of it is begun after `end`.
    """
    best: tuple[Judgement, Protocol] | None = None
    by_hand: dict[str, Any] = dict(names or {})
    probes = [replace(probe, **by_hand) for probe in PROBES]
    until = Deadline(EXAMINE_PATIENCE, end)
    several = is_for_several(program, function) and not goes_one_by_one(program, function)
    sums = bool(ADDS_UP.search(function.text)) or takes_rows_in_turn(function)
    for row in PROTOCOLS:
        if best is not None and not may_overrule(row, best[0]):
            continue
        trials = ticking(row.find(program, function, probes[0]), tick)
        with patiently(Deadline(EXAMINE_PATIENCE + LAST_READING), tick):
            judged = choose_reading(trials, until, several, several and sums)
        if judged is not None and (best is None or better(judged, best[0])):
            best = judged, row
        if best is not None and best[0].ok:
            break
    if best is None:
        return None
    with patiently(None, tick):
        return Examined(function, all_judgements(program, function, *best, probes), protocol=best[1].name)


def ticking(trials: Iterator[Trial], tick: Callable[[], Any]) -> Iterator[Trial]:
    """The trials, with a sign of life before each."""
    for trial in trials:
        tick()
        yield trial


def may_overrule(row: Protocol, judged: Judgement) -> bool:
    """Whether a row may be asked where another has judged.

    Statements have many readings, of which one may hide what is wrong; they are asked where nothing came to
    an end.
    """
    return not row.reads_statements or judged.raised is not None


def all_judgements(
    program: Program, function: Function, first: Judgement, row: Protocol, probes: Sequence[Asked]
) -> list[Judgement]:
    """A reading on both probes, and with each text that can be given: relu and sigmoid, max and average."""
    found = [finish_judgement(first)]
    asked = [
        probes[1],
        *(replace(probes[0], variant=i) for i in range(1, min(first.trial.variants, MOST_VARIANTS))),
    ]
    for one in asked:
        again = choose_like(row.find(program, function, one), first)
        if again is not None and not (again.raised and is_given_another(again.trial)):
            found.append(finish_judgement(again))
    return found


def is_given_another(trial: Trial) -> bool:
    """Whether a choice was given none of its texts: what stops then was not made for it."""
    return any(isinstance(x, str) and x == ANOTHER for x in trial.state.values())


def finish_judgement(judged: Judgement) -> Judgement:
    """A judgement in which wrong claims are compared entry by entry."""
    if judged.ok or judged.raised:
        return judged
    try:
        return judge_trial(judged.trial)
    except Exception:  # theirs, at an entry that was moved a little
        return judged


def better(one: Judgement, other: Judgement) -> bool:
    """Whether one judgement is likelier to be the right reading than another that came before it."""
    if (one.raised is None) != (other.raised is None):
        return one.raised is None and not is_unexplained(other, one)
    if one.trial.misfit != other.trial.misfit:
        return other.trial.misfit
    return one.score > other.score


def is_unexplained(stopped: Judgement, ended: Judgement) -> bool:
    """Whether a reading that came to an end does not explain why another, likelier one stopped.

    It does not if its results do not fit, nor if only its settings differ: a stride, a padding.
    """
    if ended.trial.layout != stopped.trial.layout:
        return ended.trial.misfit
    (arrays, numbers), (same_arrays, others) = facts_of(stopped.trial), facts_of(ended.trial)
    return not is_mismatch(stopped.raised) and arrays == same_arrays and numbers != others


def facts_of(trial: Trial) -> tuple[dict[str, Any], dict[str, Any]]:
    """The shapes of the arrays that a trial is given, and its single numbers."""
    leaves = [x for name, part in trial.state.items() for x in leaves_of(part, (name,))]
    arrays = {x.text: np.shape(x.value) for x in leaves if np.ndim(x.value)}
    return arrays, {x.text: x.value for x in leaves if not np.ndim(x.value)}


def choose_reading(
    trials: Iterator[Trial], until: Deadline, several: bool = True, sums: bool = False
) -> Judgement | None:
    """The judgement of the trial of which most is right."""
    search = Search(several=several, sums=sums)
    with suppress(OutOfPatience):
        for trial in trials:
            if search.is_over(trial) or until.is_over():
                break
            if search.hides(trial):
                search.passed_over += 1
                continue
            judged = judged_or_none(trial)
            if judged is not None and search.hides_result(judged):
                continue
            search.take(trial, judged)
            if judged is not None and judged.ok:
                break
    if search.best is not None and search.best.raised is not None:
        search.best.alternatives = search.likeliest_stopped()
    return search.best


@dataclass
class Search:
    """What has been found among the readings of a backward pass.

    What is right agrees wherever it runs and its results fit. So in each layout the first forward pass counts
    for which that is so; and none with one example or one output after it, which might hide what is wrong.
    """

    best: Judgement | None = None
    clean: dict[str, int] = field(default_factory=dict)  # the passes that count, by layout
    raised: Counter[tuple[str, str]] = field(default_factory=Counter)
    tried: int = 0
    passed_over: int = 0
    several: bool = True  # whether the file gives several examples at a time
    sums: bool = False  # and the function itself adds up over them
    does_not_fit: bool = False  # with several examples
    seen: set[str] = field(default_factory=set)
    stopped: list[tuple[int, Trial]] = field(default_factory=list)  # at which line those raised that did
    unfitting: dict[str, set[str]] = field(default_factory=dict)  # by layout, what did not fit
    permuted: set[str] = field(default_factory=set)  # layouts in which the axes of a result are exchanged

    def is_over(self, trial: Trial) -> bool:
        """Whether enough has been tried."""
        enough = len(self.clean) >= CLEAN and trial.layout not in self.clean
        return enough or self.tried > MOST_READINGS or self.passed_over > MOST_PASSED_OVER

    def hides(self, trial: Trial) -> bool:
        """Whether a trial could only hide what others have shown, or will raise as they did."""
        if trial.attempt in self.clean.values():
            return False
        if "images" in trial.layout and any("images" in x for x in self.clean):
            return True  # how images lie changes what runs, and not what is right
        if trial.layout == "sequences" and any("images" in x for x in self.seen):
            return True  # what goes forward with images is none of sequences
        if self.raised[trial.layout, trial.loss] > MOST_RAISED:
            return True
        hidden = trial.degenerate and (self.does_not_fit or bool(self.clean))
        return hidden or trial.layout in self.clean

    def hides_result(self, judged: Judgement) -> bool:
        """Whether all fits only since what did not is taken for nothing, or since all sides are equal."""
        layout = judged.trial.layout
        if judged.trial.misfit:
            self.unfitting.setdefault(layout, set()).update(v.claim.label for v in judged.wrong)
            by = [take_leaf(judged.trial.state, v.claim.by or ()) for v in judged.wrong]
            if any(has_axes_exchanged(v.claim.value, x) for v, x in zip(judged.wrong, by, strict=True)):
                self.permuted.add(layout)
            return False
        left = {c.label for c in judged.unmatched}
        return bool(left & self.unfitting.get(layout, set())) or layout in self.permuted

    def likeliest_stopped(self) -> list[Trial]:
        """Of those that raised some that came farthest, of each loss."""
        found: dict[str, list[Trial]] = {}
        for _, trial in sorted(self.stopped, key=lambda x: -x[0]):
            found.setdefault(trial.loss, []).append(trial)
        most = max(1, MOST_ALTERNATIVES // max(1, len(found)))
        return [t for trials in found.values() for t in trials[:most]]

    def take(self, trial: Trial, judged: Judgement | None) -> None:
        """Keep a judgement if it is the best."""
        self.tried += 1
        if judged is not None and judged.raised is not None:
            self.stopped.append((line_reached(trial, judged.raised), trial))
        if judged is None:
            return
        if self.best is None or better(judged, self.best):
            self.best = judged
        self.raised[trial.layout, trial.loss] += judged.raised is not None
        if not trial.degenerate and trial.layout not in self.seen:
            self.seen.add(trial.layout)
            unlike = (self.several and is_mismatch(judged.raised)) or (self.sums and trial.misfit)
            self.does_not_fit = self.does_not_fit or unlike
        if judged.raised is None and not trial.misfit:
            self.clean.setdefault(trial.layout, trial.attempt)


def line_reached(trial: Trial, error: BaseException) -> int:
    """The line of a backward pass at which it stopped."""
    code, trace, line = trial.function.itself.__code__, error.__traceback__, 0
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_code is code else line
        trace = trace.tb_next
    return line


def is_mismatch(error: BaseException | None) -> bool:
    """Whether shapes do not fit together within a calculation."""
    return isinstance(error, ValueError) and bool(MISMATCH.search(str(error)))


def choose_like(trials: Iterator[Trial], first: Judgement) -> Judgement | None:
    """The judgement of the same reading on another probe."""
    until = Deadline(EXAMINE_PATIENCE / 2)
    same = (
        t
        for t in takewhile(lambda t: not until.is_over(), trials)
        if t.taken == first.trial.taken and t.layout == first.trial.layout
    )
    return choose_reading(same, until)


def judged_or_none(trial: Trial) -> Judgement | None:
    """A quick judgement; None if the trial cannot be played or nothing comes of it."""
    try:
        judged = judge_trial(trial, quick=True)
    except Unplayable:
        return None
    except Exception:
        return None
    if judged.raised is not None:
        return None if trial.unsure else judged
    known = judged.verdicts and (not trial.stranger or any(v.ok for v in judged.verdicts))
    return judged if known else None
