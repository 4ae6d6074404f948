"""What is answered about somebody's program, in JSON's terms: what was judged, and what mends it."""

from __future__ import annotations

import ast
import copy
import re
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.debugger.blanks import EMPTY, does_nothing, returns_gap, unwritten_functions, waiting_functions
from tinygraph.debugger.examine import Examined, examine_program
from tinygraph.debugger.lacking import lacks_backward, what_is_lacking, what_stops_script
from tinygraph.debugger.making import Maker
from tinygraph.debugger.objects import make_objects
from tinygraph.debugger.program import SCRIPT, Function, Program, demanded_arguments, plain_function
from tinygraph.debugger.protocols.names import forward_partners, is_backward, stem_of
from tinygraph.debugger.protocols.objects import forward_methods
from tinygraph.debugger.protocols.scripts import scripts_of
from tinygraph.debugger.repair import RAISED, Exam, Fix, Marks, TrialExam, repair_program
from tinygraph.debugger.siblings import add_partners
from tinygraph.debugger.splice import change_of
from tinygraph.debugger.trial import Judgement, TooLong, quietly

__all__ = ["reply_at_once", "reply_to"]

SHORT_TEXT = 60  # characters
NO_PARTNER = "no function goes forward for it"
UNREAD = "no forward pass could be run for it"
MISFIT = re.compile(
    r"Input operand 1 has a mismatch in its core dimension 0, with gufunc signature \S+ "
    r"\(size (\d+) is different from (\d+)\)"
)
EXAMINED_WITHIN = 4.0  # seconds; what takes longer goes off the repair, so that all is told in time
CLOSE = 1e-6  # relative; as near as a repaired step has to be


def reply_at_once(
    program: Program, asked: Mapping[str, Any], tick: Callable[[], Any], kept: list[Examined]
) -> dict[str, Any] | None:
    """The answer to a question, where that before has left what was examined; which "mend" goes on with.

    None to "mend" where nothing is wrong, or where what the lectures say is to be known first.
    """
    if asked["ask"] != "mend":
        return reply_to(program, asked, tick, kept)
    if any(name in program.namespace for name in asked["lectures"]) or all(
        e.verdict != "wrong" for e in kept
    ):
        return None
    return reply_to(program, {**asked, "ask": "repair", "examined": kept}, tick)


def reply_to(
    program: Program,
    asked: Mapping[str, Any],
    tick: Callable[[], Any],
    kept: list[Examined] | None = None,
) -> dict[str, Any]:
    """The answer to a question about a program.

    Args:
        program: somebody's.
        asked: "examine" with the names of functions that need not be; or "repair" with steps of the lectures
            on both probes, and seconds. A function that has one of the lectures' names besides its own
            (`lectures`) is judged by the steps.
        tick: is called now and then, so that who waits knows that work goes on.
        kept: gets what was examined.
    """
    end = time.monotonic() + asked["seconds"] + EXAMINED_WITHIN
    if unknown := names_unknown(program, asked["names"].values()):
        return {"examined": [], "unknown": unknown, "known": list(program.functions)}
    if not asked.get("examined"):
        add_partners(program, asked["lectures"])
    found = list(asked.get("examined") or judged_functions(program, asked, tick))
    if kept is not None:
        kept[:] = found
    tick()
    agreeing = {e.function.name for e in found if e.verdict == "agrees" and not returns_gap(e.function)}
    gaps = {n: text for n, text in unwritten_functions(program).items() if n not in agreeing}
    reply: dict[str, Any] = {
        "examined": [told_examined(e, gaps) for e in found],
        "unwritten": gaps,
        "waiting": waiting_functions(program, gaps),
    }
    if asked["ask"] == "repair":
        first, second = exams_of(program, found, asked["steps"])
        seconds = min(asked["seconds"], end - time.monotonic())
        reply["fixes"] = [told_fix(fix) for fix in repair_program(program, first, second, seconds, tick)]
    return reply


def names_unknown(program: Program, names: Iterable[str | None]) -> list[str]:
    """Those names that were given by hand for functions, though there are none of them."""
    last = {name.rpartition(".")[2] for name in program.functions}
    asked = [name for name in names if name is not None and name not in last | program.functions.keys()]
    return [name for name in asked if not callable(program.namespace.get(name))]


def judged_functions(program: Program, asked: Mapping[str, Any], tick: Callable[[], Any]) -> list[Examined]:
    """The functions that are to be judged, as far as they can be."""
    wanted, lectures = asked.get("wanted"), asked["lectures"]
    named = {code_held(program.namespace[name]) for name in lectures if name in program.namespace}
    names = {
        name
        for name, function in program.functions.items()
        if name not in asked["known"]
        and (wanted is None or name in wanted)
        and (name in lectures or function.itself.__code__ not in named)
    }
    found = examine_program(program, names, asked["names"], tick)
    judged = [e.function for e in found] + [f for n, f in program.functions.items() if n in lectures]
    left = names - {f.name for f in functions_used(program, judged)}
    return [
        *found,
        *unread_functions(program, left, asked["names"]["backward"]),
        *(stopped_scripts(program) if not any(e.function.name == SCRIPT for e in found) else ()),
    ]


def stopped_scripts(program: Program) -> Iterator[Examined]:
    """A file's own statements that go back, where they stop before: at data that are not there, say."""
    for script in scripts_of(program):
        if stop := what_stops_script(program, script):
            yield Examined(script, reason=stop)
            return


def functions_used(program: Program, judged: Sequence[Function]) -> list[Function]:
    """Some functions, and those that they call; methods where their class is named too."""
    used = list(judged)
    for caller in used:  # which grows meanwhile
        for function in program.functions.values():
            wanted = {
                function.name.rpartition(".")[2],
                *([function.owner.__name__] if function.owner else []),
            }
            if function not in used and wanted <= caller.names:
                used.append(function)
    return used


def unread_functions(program: Program, names: Collection[str], given: str | None) -> Iterator[Examined]:
    """The functions of which no row could make anything, though their names, or who asks, say so."""
    for name, function in program.functions.items():
        if name in names and (is_backward(function) or name == given or lacks_backward(program, function)):
            yield Examined(function, reason=why_unread(program, function))


def why_unread(program: Program, function: Function) -> str:
    """Why no row could make anything of a function."""
    if lacking := what_is_lacking(program, function):
        return f"{UNREAD}: {lacking}"
    if function.owner is not None:
        return EMPTY if does_nothing(function) else why_no_object(program, function, function.owner)
    partners = list(forward_partners(program, function))
    if not any(set(stem_of(f.name)) & set(stem_of(function.name)) for f in partners):
        return NO_PARTNER
    return UNREAD


def why_no_object(program: Program, function: Function, owner: type) -> str:
    if not forward_methods(program, owner, function):
        return f"{owner.__name__} has no method that goes forward"
    made = (next(make_objects(program, owner, Maker(x, program=program)), None) for x in ("rows", "columns"))
    return UNREAD if any(x is not None for x in made) else f"no object of {owner.__name__} could be made"


def code_held(held: Any) -> Any:
    """The code of a function, also of a method of an object; None of anything else."""
    return getattr(plain_function(getattr(held, "__func__", held)), "__code__", None)


def exams_of(
    program: Program, found: Sequence[Examined], steps: Sequence[Sequence[StepFacts]]
) -> tuple[list[Exam], list[Exam]]:
    """What a repair is tried on, and on what it is tested then."""
    one, two = ([StepExam(program, *facts) for facts in side] for side in steps)
    ran = {e.function.name for e in found if e.judgements and all(j.raised is None for j in e.judgements)}
    other = {exam.name for exam in one if exam.name in ran and exam.marks().raised}  # of another network
    one, two = ([exam for exam in side if exam.name not in other] for side in (one, two))
    stepped = {exam.name for exam in (*one, *two)}
    judged = [e for e in found if e.judgements and e.function.name not in stepped]
    first: list[Exam] = [TrialExam(e.judgements[0]) for e in judged]
    second: list[Exam] = [TrialExam(j) for e in judged for j in e.judgements[1:]]
    return [*one, *first], [*two, *second]


def told_examined(examined: Examined, gaps: Collection[str] = ()) -> dict[str, Any]:
    """What came of a function; one that returns a gap is not right, whatever else it returns."""
    function = examined.function
    shown = next((j for j in examined.judgements if not j.ok), None) or next(iter(examined.judgements), None)
    facts: dict[str, Any] = {
        "name": function.name,
        "line": function.line,
        "file": function.file,
        "verdict": "wrong" if function.name in gaps and returns_gap(function) else examined.verdict,
        "reason": examined.reason,
        "taken": shown.trial.taken if shown else "",
        "rows": [[v.claim.shown, v.ok, v.said] for v in shown.verdicts] if shown else [],
        "lines": {v.claim.shown: shown.trial.line_of(v.claim.label) for v in shown.verdicts} if shown else {},
    }
    return facts | raised_facts(shown, function.file)


def raised_facts(shown: Judgement | None, file: str) -> dict[str, Any]:
    """The exception that a function raised, with the line."""
    if shown is None or shown.raised is None:
        return {"raised": ""}
    frames = [f for f in traceback.extract_tb(shown.raised.__traceback__) if f.filename == file]
    return {"raised": told_error(shown.raised), "raised_line": frames[-1].lineno if frames else None}


def told_error(error: BaseException) -> str:
    """An exception; where matrices do not fit together, in plainer words than NumPy's."""
    return MISFIT.sub(
        r"\2 columns on the left, \1 rows on the right", f"{type(error).__name__}: {error}"
    ).strip()


def told_fix(fix: Fix) -> dict[str, Any]:
    """A tested change."""
    change = change_of(fix.rewrite)
    return {
        "function": fix.rewrite.function.name,
        "file": fix.rewrite.function.file,
        "kind": fix.rewrite.kind,
        "old": piece_text(fix.rewrite.old),
        "new": piece_text(fix.rewrite.new),
        "mended": sorted(fix.mended),
        "complete": fix.complete,
        "line": change.line,
        "column": change.column,
        "end_column": change.end_column,
        "before": change.before,
        "after": change.after,
    }


def piece_text(node: ast.AST | None) -> str:
    """What is changed as text, if it is short."""
    text = "" if node is None else ast.unparse(node)
    return text if len(text) < SHORT_TEXT and "\n" not in text else ""


# The steps of the lectures

StepFacts = tuple[
    str, tuple[Any, ...], tuple[Any, ...], tuple[Mapping[str, Any], ...], tuple[str, ...], dict[str, Any]
]


class StepExam:
    """One call of a function of the lectures with what it should give."""

    def __init__(
        self,
        program: Program,
        function: str,
        arguments: tuple[Any, ...],
        spare: tuple[Any, ...],
        editions: tuple[Mapping[str, Any], ...],
        outputs: tuple[str, ...],
        targets: dict[str, Any],
    ) -> None:
        self.program, self.name, self.outputs, self.targets = program, function, outputs, targets
        self.given = arguments, spare, editions

    def forward(self) -> None:
        """Nothing goes forward: the arguments are there."""

    def is_hopeful(self, was: Marks) -> bool:
        """The marks themselves are cheap, once the function runs."""
        return bool(self.marks().right - was.right) or was.raised

    def marks(self) -> Marks:
        try:
            with quietly(2.0):
                given = self.read(self.call())
        except (TooLong, Exception):
            return Marks(frozenset(), frozenset({RAISED}), raised=True)
        right = {name for name, target in self.targets.items() if is_close(given.get(name), target)}
        return Marks(frozenset(right), frozenset(self.targets) - right)

    def call(self) -> Any:
        function = self.program.namespace[self.name]
        return function(*copy.deepcopy(demanded_arguments(function, *self.given)))

    def read(self, value: Any) -> dict[str, Any]:
        """The results by name."""
        if isinstance(value, tuple | list):
            for part in value:
                if isinstance(part, dict):
                    rest = [x for x in value if x is not part]
                    return part | ({"J": rest[0]} if len(rest) == 1 else {})
            return dict(zip(self.outputs, value, strict=False))
        return value if isinstance(value, dict) else dict(zip(self.outputs, [value], strict=False))


def is_close(given: Any, target: Any) -> bool:
    try:
        given = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    if given.shape != np.shape(target):
        if given.size == np.size(target) == 1:
            given = given.reshape(np.shape(target))
        else:
            return False
    scale = np.max(np.abs(target), initial=0)
    return bool(np.all(np.abs(given - target) <= CLOSE * scale + 1e-10))
