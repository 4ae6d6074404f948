"""The repair of somebody's function: the change of one place that makes it right.

Candidates are run, one after the other, in the place of the function; what makes a wrong derivative right on
one probe and breaks none is tried on the other. So a fix that is told has been tested. Independent mistakes are
repaired one after the other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, Protocol

import numpy as np

from tinygraph.debugger.program import Function, Program, code_of_function
from tinygraph.debugger.rewrites import Rewrite, Scope, rewrites_of
from tinygraph.debugger.structure import Attribute, leaves_of
from tinygraph.debugger.trial import Judgement, TooLong, Trial, Unplayable, judge_trial, quietly

__all__ = ["Exam", "Fix", "Marks", "TrialExam", "repair_program"]

SECONDS = 8.0  # for all mistakes of a file
ENOUGH = 0.4  # seconds of looking for a better one after the first
MOST_MISTAKES = 6


@dataclass(frozen=True)
class Marks:
    """Which derivatives are right and which are wrong; `raised` where the pass came to no end."""

    right: frozenset[str]
    wrong: frozenset[str]
    raised: bool = False


class Exam(Protocol):
    """Something that can be played again with a changed function."""

    name: str

    def marks(self) -> Marks:
        """The marks of the functions as they are now."""


class TrialExam:
    """A trial, with the outputs that its forward pass is to keep."""

    def __init__(self, judgement: Judgement) -> None:
        self.trial: Trial = judgement.trial
        self.name = self.trial.function.name
        self.kept = judgement.outputs
        self.seconds = 2.0
        self.truths: dict[Any, Any] = {}
        find_truth = self.trial.truth

        def known_truth(path: Any) -> Any:
            if path not in self.truths:
                self.truths[path] = find_truth(path)
            return self.truths[path]

        self.trial.truth = known_truth  # type: ignore[method-assign]

    def marks(self) -> Marks:
        try:
            with quietly(self.seconds):
                judged = judge_trial(self.trial)
        except (Unplayable, TooLong, Exception):
            return Marks(frozenset(), frozenset({"all"}), raised=True)
        if judged.raised is not None or not judged.verdicts:
            return Marks(frozenset(), frozenset({"all"}), raised=True)
        wrong = {v.claim.label for v in judged.verdicts if not v.ok}
        if not same_outputs(self.kept, judged.outputs):
            wrong.add("forward")
        return Marks(frozenset(v.claim.label for v in judged.verdicts if v.ok), frozenset(wrong))


def same_outputs(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return all(
        name in after and np.shape(x) == np.shape(after[name]) and np.allclose(x, after[name], rtol=1e-9, atol=1e-12)
        for name, x in before.items()
    )


@dataclass(frozen=True)
class Fix:
    """A change that was tested: what it made right, and whether nothing is wrong any more."""

    rewrite: Rewrite
    code: CodeType
    mended: frozenset[tuple[str, str]]
    complete: bool
    others: tuple[Rewrite, ...] = ()


def repair_program(
    program: Program, first: Sequence[Exam], second: Sequence[Exam], seconds: float = SECONDS
) -> list[Fix]:
    """The fixes of what is wrong, as far as they are found; the functions stay as they were.

    Args:
        program: whose functions are changed for a moment.
        first: exams of which some have wrong derivatives.
        second: the same on another probe.
        seconds: for all together.
    """
    until = time.monotonic() + seconds
    fixes: list[Fix] = []
    try:
        while len(fixes) < MOST_MISTAKES and time.monotonic() < until:
            fix = next_fix(program, first, second, until)
            if fix is None:
                break
            fixes.append(fix)
            fix.rewrite.function.itself.__code__ = fix.code
            fix.rewrite.apply()
            if fix.complete:
                break
    finally:
        for fix in reversed(fixes):
            fix.rewrite.undo()
            fix.rewrite.function.itself.__code__ = original_code(fix)
    return fixes


ORIGINALS: dict[int, CodeType] = {}


def original_code(fix: Fix) -> CodeType:
    return ORIGINALS[id(fix.rewrite.function.itself)]


def wrong_in(exams: Sequence[Exam]) -> dict[str, Marks]:
    return {str(i): exam.marks() for i, exam in enumerate(exams)}


def next_fix(program: Program, first: Sequence[Exam], second: Sequence[Exam], until: float) -> Fix | None:
    """The likeliest change that makes something right and nothing wrong."""
    before = [exam.marks() for exam in first]
    other = [exam.marks() for exam in second]
    bad = [i for i, marks in enumerate(before) if marks.wrong]
    if not bad:
        return None
    watched = watch_calls(program, [first[i] for i in bad])
    found: list[Fix] = []
    stop = until
    for rewrite in in_order(watched, before):
        now = time.monotonic()
        if now > (min(stop, until)):
            break
        fix = tried(program, rewrite, first, second, before, other, bad)
        if fix is not None:
            found.append(fix)
            if fix.complete and stop == until:
                stop = now + ENOUGH
    return best_fix(found)


def best_fix(found: list[Fix]) -> Fix | None:
    """What mends most; of those that mend as much, the least far-fetched."""
    if not found:
        return None
    ranked = sorted(found, key=lambda f: (not f.complete, -len(f.mended), f.rewrite.cost))
    best = ranked[0]
    others = tuple(f.rewrite for f in ranked[1:6] if len(f.mended) == len(best.mended))
    return Fix(best.rewrite, best.code, best.mended, best.complete, others)


def tried(
    program: Program,
    rewrite: Rewrite,
    first: Sequence[Exam],
    second: Sequence[Exam],
    before: Sequence[Marks],
    other: Sequence[Marks],
    bad: Sequence[int],
) -> Fix | None:
    """What a change makes of it; None unless it mends something on both probes and breaks nothing."""
    function = rewrite.function
    rewrite.apply()
    try:
        code = code_of_function(function, function.node)
    finally:
        rewrite.undo()
    if code is None:
        return None
    ORIGINALS.setdefault(id(function.itself), function.itself.__code__)
    with program.changed(function, code):
        mended = mended_by(first, before, bad)
        if not mended:
            return None
        rest = [i for i in range(len(first)) if i not in bad]
        if any(first[i].marks() != before[i] for i in rest):
            return None
        again = mended_by(second, other, bad)
        if not again or any(second[i].marks() != other[i] for i in rest if i < len(second)):
            return None
    total = {(first[i].name, label) for i in bad for label in before[i].wrong}
    kept = frozenset(mended & again) or frozenset(again)
    complete = all_mended(kept, total, before, bad, first)
    return Fix(rewrite, code, kept, complete)


def all_mended(
    mended: frozenset[tuple[str, str]],
    total: set[tuple[str, str]],
    before: Sequence[Marks],
    bad: Sequence[int],
    exams: Sequence[Exam],
) -> bool:
    raised = {exams[i].name for i in bad if before[i].raised}
    return all(pair in mended or pair[0] in raised and (pair[0], "complete") in mended for pair in total)


def mended_by(exams: Sequence[Exam], before: Sequence[Marks], bad: Sequence[int]) -> set[tuple[str, str]]:
    """What is right now and was not; nothing if something else is wrong now."""
    found: set[tuple[str, str]] = set()
    for i in bad:
        if i >= len(exams):
            continue
        now, was = exams[i].marks(), before[i]
        if now.raised:
            if was.raised:
                continue
            return set()
        if was.raised:
            if now.wrong:
                continue
            found |= {(exams[i].name, label) for label in now.right} | {(exams[i].name, "complete")}
            continue
        if now.wrong - was.wrong or was.right - now.right:
            return set()
        found |= {(exams[i].name, label) for label in was.wrong & now.right}
    return found


# What ran


@dataclass
class Watched:
    """A function that ran, with what is known of it; `depth` is how far below the pass itself."""

    function: Function
    scope: Scope = field(default_factory=Scope)
    depth: int = 0


def watch_calls(program: Program, exams: Sequence[Exam]) -> list[Watched]:
    """The functions of the program that run in some exams."""
    by_code = {f.itself.__code__: Watched(f) for f in program.functions.values()}
    plain = [f.name for f in program.functions.values() if f.owner is None]

    def local(frame: FrameType, event: str, _: Any) -> Any:
        found = by_code.get(frame.f_code)
        if found is not None:
            if event == "line":
                found.scope.lines.add(frame.f_lineno)
            elif event in ("return", "exception"):
                note_values(found.scope, frame)
        return local

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        return local if frame.f_code in by_code else None

    for exam in exams:
        old = sys.gettrace()
        sys.settrace(trace)
        try:
            exam.marks()
        finally:
            sys.settrace(old)
    ran = [w for w in by_code.values() if w.scope.lines]
    for w in ran:
        w.scope.functions = [*plain]
    names = {exam.name for exam in exams}
    for w in ran:
        w.depth = 0 if w.function.name in names else 1
    return ran


def note_values(scope: Scope, frame: FrameType) -> None:
    """Remember what the names of a function hold at its end, and the attributes of its object."""
    values = dict(frame.f_locals)
    scope.values |= {k: v for k, v in values.items() if k != "self"}
    for name, value in values.items():
        if isinstance(value, dict):
            scope.keys += [str(k) for k in value if isinstance(k, str)]
    if "self" in values and hasattr(values["self"], "__dict__"):
        scope.keys += [f"self.{k}" for k, v in vars(values["self"]).items() if is_array(v)]
    scope.keys = list(dict.fromkeys(scope.keys))


def is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def in_order(watched: Sequence[Watched], before: Sequence[Marks]) -> Iterator[Rewrite]:
    """The changes, those of the pass itself first, and the cheap before the far-fetched."""
    all_of = [(w.depth, r) for w in watched for r in rewrites_of(w.function, w.scope)]
    for _, rewrite in sorted(all_of, key=lambda x: (x[1].cost + 0.5 * x[0])):
        yield rewrite


Leaves = Callable[..., Any]
_ = (leaves_of, Attribute)
