"""The repair of somebody's function: the change of one place that makes it right.

Candidates are run, one after the other, in the place of the function; what makes a wrong derivative right on
one probe and breaks none is tried on the other. So a fix that is told has been tested. Independent mistakes
are repaired one after the other.
"""

from __future__ import annotations

import ast
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType, FrameType
from typing import Any, Protocol

import numpy as np

from tinygraph.debugger.examine import examine_program
from tinygraph.debugger.passes import return_names
from tinygraph.debugger.program import SCRIPT, Function, Program, code_of_function
from tinygraph.debugger.rewrites import Rewrite, Scope, rewrites_of
from tinygraph.debugger.structure import is_real_number, take_leaf
from tinygraph.debugger.suspicion import suspicion_of, suspicion_of_error
from tinygraph.debugger.trial import (
    Claim,
    Deadline,
    Judgement,
    TooLong,
    Trial,
    Unplayable,
    compare_claim,
    factor_along,
    judge_trial,
    quietly,
)

__all__ = ["RAISED", "Exam", "Fix", "Marks", "TrialExam", "repair_program"]

RAISED = "(no end)"  # what is wrong with a pass that raises
SECONDS = 12.0  # for all mistakes of a file
FORTH_DEPTH = 4  # the depth of what goes forward alone
NEAR_ENOUGH = 1e-3
SOON = 3.0  # seconds, where nothing came to an end
ENOUGH = 0.4  # seconds of looking for a better one after the first
MOST_MISTAKES = 6
MOST_READ_ANEW = 40
BLAMED = -2.0  # how much earlier lines are looked at that are wrong by themselves


@dataclass(frozen=True)
class Marks:
    """Which derivatives are right, which wrong; `raised` where the pass came to no end, `at` which lines.

    `results` are how many of them were given back, and not left in an object.
    """

    right: frozenset[str]
    wrong: frozenset[str]
    raised: bool = False
    at: frozenset[tuple[str, int]] = frozenset()
    results: int = 0

    @property
    def count(self) -> int:
        """How many derivatives there are."""
        return len(self.right | self.wrong)


MOST_FUNCTIONS = 6  # that may be missing around a value
NO_MARKS = Marks(frozenset(), frozenset())


class Exam(Protocol):
    """Something that can be played again with a changed function."""

    name: str

    def marks(self) -> Marks:
        """The marks of the functions as they are now."""

    def forward(self) -> Any:
        """What goes forward in it, alone."""

    def is_hopeful(self, was: Marks) -> bool:
        """Whether something that was wrong may be right now; cheaper to say than the marks."""


class TrialExam:
    """A trial, with the outputs that its forward pass is to keep."""

    def __init__(self, judgement: Judgement) -> None:
        self.trial: Trial = judgement.trial
        self.name = self.trial.function.name
        self.kept = judgement.outputs
        self.seconds = 2.0
        self.quick = self.trial.settles  # of statements only some entries are known
        self.quick = self.quick and self.sees_the_same(judgement)
        self.known = self.paths_of_wrong()
        self.others = [TrialExam(Judgement(t, [], {})) for t in judgement.alternatives if t is not self.trial]

    def sees_the_same(self, judgement: Judgement) -> bool:
        """Whether a look along some directions finds right what is; beside a kink it may not."""
        right = {v.claim.label for v in judgement.verdicts if v.ok}
        try:
            return not any(v.claim.label in right for v in self.judge().wrong)
        except Exception:
            return True

    def judge(self) -> Judgement:
        """The judgement of the functions as they are now, by the conventions of the file."""
        judged = judge_trial(self.trial, quick=self.quick)
        if self.trial.settle is not None:
            self.trial.settle(judged)
        return judged

    def paths_of_wrong(self) -> dict[str, Any]:
        """By what the claims are that were given; those that are right count for nothing."""
        try:
            judged = self.judge()
        except Exception:
            return {}
        return dict.fromkeys(judged.order, RIGHT) | {v.claim.label: v.claim.by for v in judged.wrong}

    def forward(self) -> Any:
        with suppress(Exception):
            self.trial.outputs()

    def is_hopeful(self, was: Marks) -> bool:
        if any(other.is_hopeful(was) for other in self.others):
            return True
        try:
            with quietly(self.seconds):
                _, claims = self.trial.play()
        except (TooLong, Exception):
            return False
        return was.raised or not self.known or any(self.may_be_right(c) for c in claims)

    def may_be_right(self, claim: Claim) -> bool:
        """Whether a claim that was wrong is near the truth now, or is a new one."""
        path = self.known.get(claim.label)
        if path is None or path is RIGHT:
            return path is None
        x = take_leaf(self.trial.state, path)
        if not is_real_number(claim.value) or np.size(claim.value) != np.size(x):
            return False
        m, shaped = self.trial.m, Claim("", np.reshape(claim.value, np.shape(x)), path)
        if self.quick:
            factor = factor_along(shaped, self.trial)
        else:
            factor = compare_claim(shaped, self.trial.truth(path), m).factor
        return factor is not None and any(abs(factor - f) < NEAR_ENOUGH * abs(f) for f in (1, m, 1 / m, -1))

    def marks(self) -> Marks:
        """The marks; where no reading came to an end before, those of the first that is all right now."""
        for other in self.others:
            marks = other.marks()
            if not marks.raised and not marks.wrong:
                return marks
        try:
            with quietly(self.seconds):
                judged = self.judge()
        except (Unplayable, TooLong, Exception):
            return Marks(frozenset(), frozenset({RAISED}), raised=True)
        if judged.raised is not None or not judged.verdicts:
            return Marks(frozenset(), frozenset({RAISED}), True, lines_of_error(judged.raised))
        wrong = {v.claim.shown for v in judged.verdicts if not v.ok}
        if not same_outputs(self.kept, judged.outputs):
            wrong.add("forward")
        right = frozenset(v.claim.shown for v in judged.verdicts if v.ok)
        results = [v for v in judged.verdicts if not v.claim.label.startswith("self.")]
        return Marks(right, frozenset(wrong), results=len(results))


def lines_of_error(error: BaseException | None) -> frozenset[tuple[str, int]]:
    """The files and lines that an exception passed."""
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    return frozenset((frame.filename, frame.lineno or 0) for frame in frames)


RIGHT = ("(right)",)


def same_outputs(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return all(
        name in after
        and np.shape(x) == np.shape(after[name])
        and np.allclose(x, after[name], rtol=1e-9, atol=1e-12)
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
    program: Program,
    first: Sequence[Exam],
    second: Sequence[Exam],
    seconds: float = SECONDS,
    tick: Callable[[], Any] = lambda: None,
) -> list[Fix]:
    """The fixes of what is wrong, as far as they are found; the functions stay as they were.

    Args:
        program: whose functions are changed for a moment.
        first: exams of which some have wrong derivatives.
        second: the same on another probe.
        seconds: for all together.
        tick: is called now and then.
    """
    until = Deadline(seconds)
    fixes: list[Fix] = []
    before = {id(f.itself): f.itself.__code__ for f in program.functions.values()}
    try:
        while len(fixes) < MOST_MISTAKES and not until.is_over():
            fix = next_fix(program, first, second, until, tick)
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
            if fix.rewrite.function.name != SCRIPT:
                fix.rewrite.function.itself.__code__ = before[id(fix.rewrite.function.itself)]
    return fixes


@dataclass
class Exams:
    """Several exams with the marks of the functions as they were, and which of them found something wrong."""

    exams: Sequence[Exam]

    def __post_init__(self) -> None:
        self.before = [exam.marks() for exam in self.exams]
        self.bad = [i for i, marks in enumerate(self.before) if marks.wrong]
        self.own: dict[str, list[int]] = {}
        self.hopeful = False

    def mended(self, function: Function | None = None) -> frozenset[tuple[str, str]]:
        """What is right now and was not; nothing if something else is wrong now.

        Of a function that was changed the exam that is most its own is asked first, whether there is hope.
        """
        asked = self.own.get(function.name, self.bad) if function else self.bad
        self.hopeful = any(self.exams[i].is_hopeful(self.before[i]) for i in asked)
        if not self.hopeful:
            return frozenset()
        found: set[tuple[str, str]] = set()
        for i in self.bad:
            gained = gain(self.exams[i].name, self.before[i], self.exams[i].marks())
            if gained is None:
                return frozenset()
            found |= gained
        return frozenset(found)

    def is_broken(self) -> bool:
        """Whether something is wrong now that was right before."""
        trusted = [i for i in range(len(self.exams)) if i not in self.bad and not self.calls_wrong(i)]
        return any(self.exams[i].marks() != self.before[i] for i in trusted)

    def calls_wrong(self, i: int) -> bool:
        """Whether a function calls one that is wrong: that it agreed with its numbers says nothing."""
        exam, wrong = self.exams[i], {self.exams[k].name.rpartition(".")[2] for k in self.bad}
        return isinstance(exam, TrialExam) and bool(exam.trial.function.names & wrong)

    @property
    def stopped_between(self) -> bool:
        """Whether statements came to no end, so that nobody knows what those behind it give."""
        exams = [self.exams[i] for i in self.bad if self.before[i].raised]
        return any(isinstance(exam, TrialExam) and not exam.trial.settles for exam in exams)

    @property
    def wrong(self) -> frozenset[tuple[str, str]]:
        return frozenset((self.exams[i].name, label) for i in self.bad for label in self.before[i].wrong)


def gain(name: str, was: Marks, now: Marks) -> set[tuple[str, str]] | None:
    """What has become right; None where something has become wrong."""
    if was.raised:
        return set() if now.raised or now.wrong else {(name, RAISED)}
    if now.raised or now.wrong - was.wrong or was.right - now.right:
        return None
    if now.count < was.count or now.results < was.results:
        return None  # what has gone is not right
    return {(name, label) for label in was.wrong - now.wrong}


def next_fix(
    program: Program, first: Sequence[Exam], second: Sequence[Exam], until: Deadline, tick: Callable[[], Any]
) -> Fix | None:
    """The likeliest change that makes something right and nothing wrong."""
    here, there = Exams(first), Exams(second)
    if not here.bad:  # by luck
        here, there = there, here
    if not here.bad:
        return None
    found: list[Fix] = []
    ran: list[Rewrite] = []
    watched = suspect_lines(watch_calls(program, here), here)
    stopped = all(here.before[i].raised for i in here.bad)
    stop = Deadline(SOON) if stopped else until
    for rewrite in in_order(watched):
        tick()
        if stop.is_over() or until.is_over():
            break
        fix = try_rewrite(program, rewrite, here, there)
        if fix is None and here.hopeful and len(ran) < MOST_READ_ANEW:
            ran.append(rewrite)
        if fix is not None:
            found.append(fix)
            if fix.complete and not any(f.complete for f in found[:-1]):
                stop = Deadline(ENOUGH)
    if not found:
        again = [*ran, *near_stops(watched, here)] if stopped else [*orders_of_results(watched)]
        found = list(islice(fixes_by_reading(program, again, here, until, tick), 1))
    return best_fix(found, {w.function.name for w in watched if w.goes_forth})


def orders_of_results(watched: Sequence[Watched]) -> Iterator[Rewrite]:
    """The results of what is wrong in other orders, or another for one: by what each is, is read anew."""
    for w in [w for w in watched if w.own]:
        returns = [n.value for n in ast.walk(w.function.node) if isinstance(n, ast.Return) and n.value]
        results = {id(x) for value in returns for x in (value, *getattr(value, "elts", ()))}
        changes = (r for r in in_turn([w], far=False) if r.kind in ("an order", "a name"))
        yield from (r for r in changes if id(r.old) in results)


def near_stops(watched: Sequence[Watched], exams: Exams) -> Iterator[Rewrite]:
    """The changes close at hand of the lines at which something stopped."""
    names = {exams.exams[i].name: exams.before[i].at for i in exams.bad}
    for w in [w for w in watched if w.function.name in names]:
        lines = {line for file, line in names[w.function.name] if file == w.function.file}
        yield from (r for r in in_turn([w], far=False) if getattr(r.old, "lineno", 0) in lines)


def fixes_by_reading(
    program: Program, rewrites: Sequence[Rewrite], exams: Exams, until: Deadline, tick: Callable[[], Any]
) -> Iterator[Fix]:
    """Of changes those with which a function that stopped comes to an end, and is right in whatever reading.

    Where no reading came to an end, nobody knows which of them was the right one.
    """
    names = {exams.exams[i].name for i in exams.bad}
    for rewrite in rewrites:
        if until.is_over():
            return
        tick()
        name = rewrite.function.name
        code = changed_code(rewrite)
        if name in names and code is not None and agrees_with(program, rewrite, code, exams):
            yield Fix(rewrite, code, frozenset({(name, RAISED)}), len(exams.bad) == 1)


def agrees_with(program: Program, rewrite: Rewrite, code: CodeType, exams: Exams) -> bool:
    """Whether a function agrees with a change, and nothing else is wrong with it.

    Its results may have other names now, and again afterwards.
    """
    with change_function(program, rewrite, code), names_read_anew():
        return is_right_afresh(program, rewrite.function.name, probes=2) and not exams.is_broken()


def suspect_lines(watched: list[Watched], exams: Exams) -> list[Watched]:
    """What ran, with which of its lines may have made what is wrong."""
    for w in watched:
        mine = [exams.before[i] for i in exams.bad if exams.exams[i].name == w.function.name]
        at = {line for i in exams.bad for file, line in exams.before[i].at if file == w.function.file}
        if at:
            w.suspicion = suspicion_of_error(w.function.node, at)
        elif mine and not any(marks.raised for marks in mine):
            wrong, right = (
                frozenset().union(*(getattr(m, side) for m in mine)) for side in ("wrong", "right")
            )
            w.suspicion = suspicion_of(w.function.node, wrong, right)
        w.suspicion |= dict.fromkeys(w.blamed, BLAMED)
    return watched


def best_fix(found: list[Fix], forth: Collection[str] = ()) -> Fix | None:
    """What mends most; of those that mend as much, the least far-fetched, and none of what goes forward."""
    if not found:
        return None

    def rank(fix: Fix) -> tuple[Any, ...]:
        rewrite = fix.rewrite
        goes_forth = rewrite.function.name in forth
        return not fix.complete, -len(fix.mended), goes_forth, rewrite.strangeness, size_of(rewrite)

    ranked = sorted(found, key=rank)
    best = ranked[0]
    others = tuple(f.rewrite for f in ranked[1:6] if len(f.mended) == len(best.mended))
    return Fix(best.rewrite, best.code, best.mended, best.complete, others)


def size_of(rewrite: Rewrite) -> tuple[int, int]:
    """How much is changed; of two as large, the earlier is the first that is wrong."""
    return len(ast.unparse(rewrite.old)), getattr(rewrite.old, "lineno", 0)


def changed_code(rewrite: Rewrite) -> CodeType | None:
    """The code of a function with a change; of a file's own statements any, since their tree is run."""
    function = rewrite.function
    if function.name == SCRIPT:
        return function.itself.__code__
    rewrite.apply()
    try:
        return code_of_function(function, function.node)
    finally:
        rewrite.undo()


@contextmanager
def names_read_anew() -> Iterator[None]:
    """Let the names of results be read from a changed tree."""
    return_names.cache_clear()
    try:
        yield
    finally:
        return_names.cache_clear()


@contextmanager
def change_function(program: Program, rewrite: Rewrite, code: CodeType) -> Iterator[None]:
    """Let a function, or the statements of a file, be changed."""
    rewrite.apply()  # names of results are read in the tree
    try:
        if rewrite.function.name == SCRIPT:
            yield
        else:
            with program.changed(rewrite.function, code):
                yield
    finally:
        rewrite.undo()


def try_rewrite(program: Program, rewrite: Rewrite, here: Exams, there: Exams) -> Fix | None:
    """What a change makes of it; None unless it mends something on both probes and breaks nothing."""
    code = changed_code(rewrite)
    if code is None:
        return None
    with change_function(program, rewrite, code):
        mended = here.mended(rewrite.function)
        if not mended or here.is_broken():
            return None
        again = there.mended()
        if (there.bad and not again) or there.is_broken():
            return None
        if here.stopped_between and not is_right_afresh(program, rewrite.function.name):
            return None
        wrong = here.wrong | there.wrong
        left = (here.wrong - mended) | (there.wrong - again)
        kept = (mended | again) - left  # what was right by luck on one of the probes counts as well
        own = {name for name, _ in left} == {rewrite.function.name} and kept
        if own and is_right_afresh(program, rewrite.function.name, probes=2):  # it had been misread
            kept, left = wrong, frozenset()
    return Fix(rewrite, code, kept, not left) if kept else None


def is_right_afresh(program: Program, name: str, probes: int = 1) -> bool:
    """Whether a function, or statements that stopped, are right on so many probes when read anew."""
    found = [e for e in examine_program(program, {name}) if e.function.name == name]
    return bool(found) and found[0].verdict == "agrees" and len(found[0].judgements) >= probes


# What ran


@dataclass
class Watched:
    """A function that ran, with what is known of it.

    `depth` is how far below the pass itself; `own` says that it is the pass of an exam, `within` that such a
    pass called it; `blamed` are lines known to be wrong by themselves.
    """

    function: Function
    scope: Scope = field(default_factory=Scope)
    depth: int = 0
    suspicion: dict[int, float] = field(default_factory=dict)
    own: bool = False
    within: bool = False
    blamed: frozenset[int] = frozenset()

    @property
    def goes_forth(self) -> bool:
        """Whether it runs before the pass itself alone."""
        return not (self.own or self.within)

    def turn_of(self, rewrite: Rewrite) -> float:
        """When a change is tried: what is near, and where the wrong is made, first."""
        return rewrite.turn + 0.5 * self.depth + self.suspicion.get(getattr(rewrite.old, "lineno", 0), 0.0)


def watch_calls(program: Program, exams: Exams) -> list[Watched]:
    """The functions of the program that run in the exams that are wrong, with how far they are from the pass
    itself; the exams note which of them is most a function's own."""
    by_code = {f.itself.__code__: Watched(f) for f in program.functions.values()}
    bad = [exams.exams[i] for i in exams.bad]
    names = {exam.name for exam in bad}
    for w in by_code.values():
        w.own = w.function.name in names
    forth = run_watched(by_code, [exam.forward for exam in bad])
    each = [run_watched(by_code, [lambda e=exam: e.is_hopeful(NO_MARKS)]) for exam in bad]  # type: ignore[misc]
    back = sum(each, Counter[CodeType]())
    plain = [f.name for f in program.functions.values() if f.owner is None]
    found = [w for w in by_code.values() if w.scope.lines]
    stated = [
        watched_statements(exam, plain)
        for exam in bad
        if isinstance(exam, TrialExam) and not exam.trial.settles
    ]
    found = [w for w in found if all(w.function is not other.function for other in stated)]
    orders, turns, unary = orders_in(program), turns_in(program), functions_of_one(program)
    for w in (*stated, *found):
        w.scope.unary = unary
    for w in found:
        w.scope.orders = orders.get(w.function.name, frozenset())
        w.scope.turns = turns
        code = w.function.itself.__code__
        w.scope.functions = [n for n in plain if n != w.function.name]
        w.depth = 0 if w.function.name in names else 1 if back[code] > forth[code] else FORTH_DEPTH
        ran = [i for i, times in zip(exams.bad, each, strict=True) if times[code]]
        mine = [i for i in ran if exams.exams[i].name == w.function.name]
        shortest = sorted(ran, key=lambda i: sum(each[exams.bad.index(i)].values()))
        exams.own[w.function.name] = list(dict.fromkeys([*mine, *shortest[:2]])) or exams.bad
    return [*stated, *found]


def orders_in(program: Program) -> dict[str, frozenset[tuple[str, ...]]]:
    """For each function, the orders in which names stand together in the others."""
    each = {
        name: {
            tuple(map(ast.unparse, n.elts))
            for n in ast.walk(f.node)
            if isinstance(n, ast.Tuple) and len(n.elts) > 1
        }
        for name, f in program.functions.items()
    }
    return {
        name: frozenset(o for other, found in each.items() if other != name for o in found) for name in each
    }


def functions_of_one(program: Program) -> tuple[str, ...]:
    """What the program calls with one argument, the most frequent first: np.exp, sigmoid."""
    calls = [n for f in program.functions.values() for n in ast.walk(f.node) if isinstance(n, ast.Call)]
    single = [n.func for n in calls if len(n.args) == 1 and not n.keywords]
    plain = [f for f in single if isinstance(f, ast.Name | ast.Attribute)]
    names = Counter(ast.unparse(f) for f in plain if ast.unparse(f) in program.functions or is_of_numpy(f))
    return tuple(name for name, _ in names.most_common(MOST_FUNCTIONS))


def is_of_numpy(function: ast.expr) -> bool:
    """Whether it is one of NumPy's that works entry by entry."""
    module = function.value if isinstance(function, ast.Attribute) else None
    known = isinstance(module, ast.Name) and module.id in ("np", "numpy")
    return known and isinstance(getattr(np, function.attr, None), np.ufunc)  # type: ignore[attr-defined]


def turns_in(program: Program) -> tuple[tuple[int, ...], ...]:
    """How axes are transposed anywhere in the program, and back."""
    found: dict[tuple[int, ...], None] = {}
    for node in (n for f in program.functions.values() for n in ast.walk(f.node)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "transpose":
            parts = [p for a in node.args for p in (a.elts if isinstance(a, ast.Tuple | ast.List) else [a])]
            axes = tuple(p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, int))
            if sorted(axes) == list(range(len(axes))) and axes:
                found |= {axes: None, tuple(int(i) for i in np.argsort(axes)): None}
    return tuple(found)


def watched_statements(exam: TrialExam, plain: list[str]) -> Watched:
    """A script or a body that is judged by its statements: those from the first that is a derivative on."""
    lines, values = exam.trial.statements_that_ran()
    return Watched(
        exam.trial.function, Scope(lines, values, plain), own=True, blamed=exam.trial.lines_blamed()
    )


def run_watched(by_code: dict[CodeType, Watched], calls: Sequence[Callable[[], Any]]) -> Counter[CodeType]:
    """Make some calls, note what is known of the functions in them, and how often each was called."""
    times: Counter[CodeType] = Counter()

    def local(frame: FrameType, event: str, _: Any) -> Any:
        scope = by_code[frame.f_code].scope
        if event == "line":
            scope.lines.add(frame.f_lineno)
        elif event in ("return", "exception"):
            note_values(scope, frame)
        return local

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code not in by_code:
            return None
        times[frame.f_code] += 1
        note_depths(by_code[frame.f_code].scope, frame.f_locals)
        by_code[frame.f_code].within |= any(by_code[c].own for c in codes_above(frame) if c in by_code)
        return local

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        for call in calls:
            call()
    finally:
        sys.settrace(old)
    return times


def codes_above(frame: FrameType) -> Iterator[CodeType]:
    """The code of what called a function, of what called that, and so on."""
    above = frame.f_back
    while above is not None:
        yield above.f_code
        above = above.f_back


def note_values(scope: Scope, frame: FrameType) -> None:
    """Remember what the names of a function hold at its end, and the attributes of its object."""
    values = dict(frame.f_locals)
    note_depths(scope, values)
    scope.values |= {k: v for k, v in values.items() if k != "self"}
    dicts = [v for v in values.values() if isinstance(v, dict)]
    held = {f"self.{k}": v for k, v in getattr(values.get("self"), "__dict__", {}).items()}
    dicts += [v for v in held.values() if isinstance(v, dict)]
    keys = [k for v in dicts for k in v if isinstance(k, str)]
    keys += [n for n, v in held.items() if is_ndarray(v) or isinstance(v, str)]
    scope.keys = list(dict.fromkeys([*scope.keys, *keys]))
    numbers = [n for n, v in held.items() if type(v) in (int, float) and v not in (0, 1)]
    scope.counts = list(dict.fromkeys([*scope.counts, *numbers]))
    whole = [n for n, v in (values | held).items() if is_ndarray(v) and v.dtype.kind == "i" and v.ndim == 1]
    scope.labels = list(dict.fromkeys([*scope.labels, *whole]))


def note_depths(scope: Scope, values: Mapping[str, Any]) -> None:
    """Remember how many dimensions arrays have."""
    for name, value in values.items():
        if is_ndarray(value):
            scope.depths.setdefault(name, set()).add(value.ndim)


def is_ndarray(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def in_order(watched: Sequence[Watched]) -> Iterator[Rewrite]:
    """The changes: those close at hand of the pass, of what it calls, then those that add something.

    Last come those of the forward pass, which may have kept the wrong thing.
    """
    back = [w for w in watched if w.depth < FORTH_DEPTH]
    for far in (False, True):
        yield from (r for w in back for r in in_turn([w], far) if getattr(r.old, "lineno", 0) in w.blamed)
    yield from in_turn(back, far=False)
    yield from in_turn(back, far=True)
    yield from in_turn([w for w in watched if w.depth >= FORTH_DEPTH], far=False)


def in_turn(watched: Sequence[Watched], far: bool) -> Iterator[Rewrite]:
    """Changes, the cheap before the far-fetched; none twice."""
    all_of = [(w.turn_of(r), r) for w in watched for r in rewrites_of(w.function, w.scope, far)]
    seen: set[tuple[int, str]] = set()
    for _, rewrite in sorted(all_of, key=lambda x: x[0]):
        if isinstance(rewrite.new, ast.expr):
            key = (id(rewrite.old), ast.unparse(rewrite.new))
            if key in seen:
                continue
            seen.add(key)
        yield rewrite
