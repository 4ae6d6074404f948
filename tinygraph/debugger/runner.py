"""The check of a file: functions of the lectures against the lectures' network, all else that goes back
against the derivative of its own forward pass, and the repair of what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygraph.checks.comparison import AskedConvention, array_of, compare_with, describe_given
from tinygraph.checks.diagnose import effort
from tinygraph.checks.report import Diagnosis, Row, join_names
from tinygraph.debugger.file_report import FileReport, FunctionVerdict, StepReport
from tinygraph.debugger.homework import (
    blame_aliases,
    diagnose_steps,
    find_changes,
    find_habits,
    find_overflows,
)
from tinygraph.debugger.kept import what_is_kept
from tinygraph.debugger.loading import code_file
from tinygraph.debugger.merging import leave_gaps, merge_examined
from tinygraph.debugger.probe import Probe, make_probe
from tinygraph.debugger.process import MEMORY, TIMEOUT, Failure, FileRun, run_file
from tinygraph.debugger.program import place_name
from tinygraph.debugger.steps import FUNCTIONS, Passed, Step, steps_of
from tinygraph.errors import UserFileError

__all__ = ["check_file", "make_probes", "report_on"]

FACTORS = {"unknown", "missing-1/m", "double-1/m", "db-averaged-twice", "wrong-m", "stray-constant"}
NO_NAMES: Mapping[str, str | None] = {}
REPAIR = 12.0  # seconds
GOOD = ("agrees", "not checked")
MOST_KNOWN = 12  # functions that are named where one is asked for that there is not
MENDING = -2  # the number of the second question
MORE_EXAMPLES = 4  # in the second network, which tells a number from m
OTHER_NETWORK = {  # what a function asks for where it is made for another network than the lectures'
    "update_parameters": re.compile(r"raised KeyError: '(?!d?[WbAZ]\d*')(\w+)'", re.I),  # no slip as in dW1
    "forward_propagation": re.compile(r"raised KeyError: '([Wb][3-9])'"),  # of two layers
}
WHOLE_PASSES = ("L_model_backward", "backward")
UPHILL = (
    "Your derivatives are minus the lectures', and your update adds them instead of subtracting: together "
    "that is gradient descent."
)
KEPT = "Your caches keep A where the lectures keep Z; that is as good."


def check_file(
    file: str | Path,
    *,
    sizes: Sequence[int] | None = None,
    activations: Sequence[str] | None = None,
    seed: int = 0,
    timeout: float = TIMEOUT,
    memory: int = MEMORY,
    convention: AskedConvention = "auto",
    repair: float = REPAIR,
    forward: str | None = None,
    backward: str | None = None,
    loss: str | None = None,
) -> FileReport:
    """Judge every backward pass in `file`, and mend what is wrong as far as one change of a line does.

    Each is called by itself, and held against the derivative of its own forward pass. A function with a name
    of the lectures is called for every layer of a network, on a real forward pass with the right derivative
    from above. In the lectures' convention that is m times the true derivative; if the file's own
    `L_model_backward` or `backward` puts the 1/m into dA and dZ instead, its other functions are expected to
    do without it.

    Args:
        file: a Python file, which is imported in a process of its own, without standard input; or a notebook,
            of which only the definitions are run.
        sizes: the units of each layer, the inputs first; if omitted 5, 4, 3, 1 or what suits `activations`.
        activations: of each layer: relu, tanh or sigmoid, and at the end sigmoid or softmax; relu and at the
            end sigmoid if omitted.
        seed: of the probe's random numbers.
        timeout: seconds for the file; one function may take a fifth of them.
        memory: bytes that its process may have.
        convention: "course" or "true" to insist on one.
        repair: seconds in which what is wrong may be mended; 0 for no repair.
        forward, backward, loss: the names of functions, where they do not say what they are.

    Raises:
        UserFileError: there is no such file, or no such function in it.
        ValueError: the sizes and activations are no network, or the convention is another.
    """
    path = code_file(file, ".py", ".ipynb")

    def ask(steps: Sequence[Step], asks: Sequence[dict[str, Any]]) -> FileRun:
        return run_file(path, steps, timeout, memory, asks)

    names = {"forward": forward, "backward": backward, "loss": loss}
    probes = make_probes(sizes, seed, activations)
    return report_on(ask, probes, convention, repair, names, held=activations is not None)


def make_probes(
    sizes: Sequence[int] | None, seed: int, activations: Sequence[str] | None
) -> tuple[Probe, Probe]:
    """Two networks, of which the second tells a number from m."""
    first = make_probe(sizes, seed, activations)
    return first, make_probe(first.sizes, seed + 1, first.activations, first.m + MORE_EXAMPLES)


Ask = Callable[[Sequence[Step], Sequence[dict[str, Any]]], FileRun]


def report_on(
    ask: Ask,
    probes: Sequence[Probe],
    convention: AskedConvention = "auto",
    repair: float = REPAIR,
    names: Mapping[str, str | None] = NO_NAMES,
    held: bool = False,
) -> FileReport:
    """The report on functions that can be asked.

    Args:
        ask: takes steps of the lectures and questions to the functions, and gives what came of them.
        probes: two networks.
        convention: the one that is asked for.
        repair: seconds in which what is wrong may be mended; 0 for no repair.
        names: those of a function that goes forward, one that goes back and a loss, where they were given.
        held: whether the network was asked for, so that another is wrong even where it is right in itself.
    """
    steps = [steps_of(probe) for probe in probes]
    asks = [question(what, FUNCTIONS, names, seconds=repair) for what in ("examine", "mend")]
    run = ask([*steps[0], *steps[1]], asks)
    if run.replies and (unknown := (run.replies[0] or {}).get("unknown")):
        raise UserFileError(unknown_function(run.file, unknown[0], run.replies[0]["known"]))
    report, judged = judge_lectures(run, probes, steps, convention)
    reply = (run.replies[0] if run.replies else None) or {"examined": [], "unwritten": {}, "waiting": {}}
    examined, left = reply["examined"], (reply["unwritten"], reply["waiting"])
    merged = leave_gaps(merge_examined(report, examined, []), *left)
    again = any(f.verdict not in GOOD for f in merged.functions)
    if not again or run.failure or (run.ended and not run.defined and not run.replies):
        return merged
    facts = step_facts(judged, report.convention)
    more = find_fixes(run, ask, question("repair", FUNCTIONS if held else (), names, facts, repair))
    if not more:
        return merged
    ran = {s.step.function for s in report.steps if s.report is not None}
    examined = [e | {"raised": ""} if e["name"] in ran else e for e in more["examined"]]
    fixes = list(fixes_to_believe(report, more["fixes"]))
    return leave_gaps(merge_examined(report, examined, fixes), *left)


def unknown_function(file: str, name: str, known: Sequence[str]) -> str:
    """That a file has no function of a name, and which it has, those first whose names are near.

    >>> unknown_function("a.py", "back", ["forth", "backs"])
    'a.py has no function back; it has backs, forth'
    """
    near = get_close_matches(name, known, n=MOST_KNOWN, cutoff=0.5)
    names = list(dict.fromkeys([*near, *known]))
    more = f" and {len(names) - MOST_KNOWN} more" if len(names) > MOST_KNOWN else ""
    where = place_name(file) or "this"
    return f"{where} has no function {name}; it has {join_names(names[:MOST_KNOWN]) or 'none'}{more}"


def fixes_to_believe(report: FileReport, fixes: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The fixes, without those that make up in one function for a mistake that was found in another."""
    elsewhere = {d.function for d in report.diagnoses if d.formula}
    passing = {f.name for f in report.functions if f.verdict == "passes on"}
    for fix in fixes:
        if not elsewhere or fix["function"] not in passing:
            yield fix


def find_fixes(run: FileRun, ask: Ask, asked: dict[str, Any]) -> Any:
    """What came of mending: at once, or in another process where the lectures' steps are known first."""
    if len(run.replies) > 1 and run.replies[1]:
        return run.replies[1]
    if run.ended and run.begun == MENDING:
        return None
    replies = ask([], [asked]).replies
    return replies[0] if replies else None


def question(
    ask: str,
    known: Sequence[str],
    names: Mapping[str, str | None],
    steps: Sequence[Sequence[Any]] = ((), ()),
    seconds: float = 0,
) -> dict[str, Any]:
    """What a file is asked beside the steps; see `replies`."""
    return {
        "ask": ask,
        "known": tuple(known),
        "lectures": tuple(FUNCTIONS),
        "names": dict(names),
        "steps": tuple(steps),
        "seconds": seconds,
    }


def step_facts(judged: Sequence[JudgedStep], convention: str) -> tuple[list[Any], list[Any]]:
    """The steps of both probes with the right values under a convention, for those who repair."""
    sides: tuple[list[Any], list[Any]] = ([], [])
    for s in judged:
        if s.first.step.convention in (None, convention):
            for side, report in zip(sides, (s.first, s.second), strict=True):
                if report is not None:
                    side.append(facts_of_step(report, convention))
    return sides


def facts_of_step(report: StepReport, convention: str) -> tuple[Any, ...]:
    """A call, and what it should give: of what it did give, or of all parameters where it gave nothing."""
    step = report.step
    names = list(report.hand) or [n for n, t in step.targets.items() if t.of_parameter or step.outputs]
    m = step.probe.m if convention == "course" else 1
    if step.function in WHOLE_PASSES:  # whose dA have other names in the first edition
        names = [n for n in names if n[:2] != "dA"]
    right = {n: (t.value * m if t.carries_m else t.value) for n, t in step.targets.items() if n in names}
    return step.function, step.arguments, step.spare, step.editions, step.outputs, right


def judge_lectures(
    run: FileRun, probes: Sequence[Probe], steps: list[list[Step]], convention: AskedConvention
) -> tuple[FileReport, list[JudgedStep]]:
    """The report on the functions that have the lectures' names, with the steps it was made from."""
    flat = [*steps[0], *steps[1]]
    kept = what_is_kept(run.outcomes.values(), (s.first for s in judge_twice(run.values, steps, convention)))
    values = {i: value for i, value in run.values.items() if flat[i].kept in (None, kept)}
    judged = judge_twice(values, steps, convention)
    uphill = judge_twice(turn_signs(values, steps), steps, convention)
    if ascends := is_uphill(judged, uphill):
        values, judged = turn_signs(values, steps), uphill
    seen = convention_of([s.first for s in judged], convention)
    seen, causes = explain_steps(probes, judged, seen, convention, run)
    judged = judge_twice(values, steps, seen if causes else convention)
    found = [s.either for s in judged if s.first.step.convention in (None, seen)]
    outcomes = [run.outcomes[i] for i in values]
    diagnoses = [
        *blame_aliases(causes, run),
        *find_overflows(outcomes, run.defined),
        *find_habits(outcomes, run.defined),
    ]
    blamed = {d.function for d in diagnoses} or set(run.defined)
    report = FileReport(
        [row for s in found for row in s.rows],
        notes=[
            *run.notes,
            *([UPHILL] if ascends else []),
            *([KEPT] if kept == "A" else []),
            *(note for s in found for note in s.notes),
            *find_changes(run.outcomes.values()),
        ],
        file=run.file,
        steps=found,
        functions=[function_verdict(name, run, found, name in blamed) for name in run.defined],
        errors=run.errors(),
        convention=seen,
        m=probes[0].m,
        printed=run.printed,
        traceback=run.traceback,
        diagnoses=diagnoses,
    )
    return report, judged


def explain_steps(
    probes: Sequence[Probe], judged: Sequence[JudgedStep], seen: Passed, asked: AskedConvention, run: FileRun
) -> tuple[Passed, list[Diagnosis]]:
    """The convention under which the fewest mistakes explain what is wrong, and these mistakes.

    A dA or dZ that is wrong by the factor m can make the other convention seem to fit better; so the other
    one is tried where a factor is what is wrong, unless one mistake explains everything.
    """
    other: Passed = "true" if seen == "course" else "course"
    readings = []
    for convention in (seen, other) if asked == "auto" else (seen,):
        mine = [s for s in judged if s.first.step.convention in (None, convention)]
        wrong = [(s.first.step, s.hands) for s in mine if s.hands and not s.either.ok]
        if not wrong:
            return convention, []
        readings.append((convention, diagnose_steps(probes, wrong, convention, run.defined)))
        causes = readings[0][1]
        told = not FACTORS & {d.cause for d in causes} or (len(causes) == 1 and causes[0].formula)
        if told or not any(t.carries_m for step, _ in wrong for t in step.targets.values()):
            break  # without the factor m it is wrong in the same way under the other one
    return min(readings, key=lambda reading: effort(reading[1]))


class JudgedStep(NamedTuple):
    """What came of a step on the first probe, and on the second if the file lived so long."""

    first: StepReport
    second: StepReport | None

    @property
    def either(self) -> StepReport:
        """The one that is wrong, if one is."""
        confirmed = self.second is None or self.second.report is None or not self.first.ok
        return self.first if confirmed else self.second  # type: ignore[return-value]

    @property
    def hands(self) -> tuple[dict[str, Any], ...]:
        """What was given on both probes; nothing if it is not there twice."""
        if self.second is None or not self.first.hand or not self.second.hand:
            return ()
        return self.first.hand, self.second.hand


def judge_twice(
    values: Mapping[int, Any], steps: list[list[Step]], convention: AskedConvention
) -> list[JudgedStep]:
    """The steps that were taken, on both probes."""

    def judged(probe: int, i: int) -> StepReport | None:
        at = i + probe * len(steps[0])
        step = steps[probe][i]
        return judge_step(step, values[at], step.probe.m, convention) if at in values else None

    pairs = [(judged(0, i), judged(1, i)) for i in range(len(steps[0]))]
    return [JudgedStep(first, second) for first, second in pairs if first is not None]


def turn_signs(values: Mapping[int, Any], steps: list[list[Step]]) -> dict[int, Any]:
    """The values with the signs of whole derivatives turned round, and with updates that subtract."""

    def turned(step: Step, value: Any) -> Any:
        if isinstance(value, dict) and step.function in WHOLE_PASSES:
            return {name: subtract_from(x) for name, x in value.items()}
        if isinstance(value, dict) and step.function == "update_parameters":
            return {name: subtract_from(x, 2 * step.arguments[0].get(name, 0)) for name, x in value.items()}
        return value

    flat = [*steps[0], *steps[1]]
    return {i: turned(flat[i], value) for i, value in values.items()}


def subtract_from(x: Any, start: Any = 0) -> Any:
    """start - x, if x is an array of numbers that fits."""
    array = array_of(x)
    return start - array if array is not None and np.shape(start) in ((), array.shape) else x


def is_uphill(judged: list[JudgedStep], uphill: list[JudgedStep]) -> bool:
    """Whether a file's derivatives are minus the lectures' and its update adds them: right together."""
    concerned = (*WHOLE_PASSES, "update_parameters")
    rows = [
        (a.either, b.either)
        for a, b in zip(judged, uphill, strict=True)
        if a.first.step.function in concerned
    ]
    told = {b.step.function for _, b in rows}
    return len(told) > 1 and "update_parameters" in told and all(b.ok and not a.ok for a, b in rows)


def convention_of(judged: list[StepReport], asked: AskedConvention) -> Passed:
    """The convention of a file: the one asked for, or that of its functions of all layers, or the lectures'.

    A function of one layer alone cannot show whether it lacks the 1/m or expects it in what it is given, and
    is held to the lectures' form.
    """
    if asked != "auto":
        return asked
    whole = [s.report.convention for s in judged if s.report is not None and s.step.function in WHOLE_PASSES]
    told = [convention for convention in whole if convention != "both"]
    if told or not whole:
        return told[0] if told else "course"
    fits = {c: all(s.ok for s in judged if s.step.convention == c) for c in ("course", "true")}
    return "true" if fits["true"] and not fits["course"] else "course"


def function_verdict(name: str, run: FileRun, judged: list[StepReport], blamed: bool) -> FunctionVerdict:
    """The verdict on a function from those on its steps.

    One that is not blamed for anything, though it gives wrong numbers, has them from a function it calls.
    """
    steps = [s for s in judged if s.step.function == name]
    wrong = any(s.report is not None and not s.ok for s in steps)
    failed = not steps or any(s.error for s in steps)
    verdict = ("wrong" if blamed else "passes on") if wrong else "could not run" if failed else "agrees"
    error = next((s.error for s in steps if s.error), "")
    if name in OTHER_NETWORK and (key := OTHER_NETWORK[name].search(error)):
        verdict, error = (
            "not checked",
            f"it asks for {key[1]}, so it is for another network than the lectures'",
        )
    rows = [row for s in steps for row in s.rows]
    right, bad = results_of(rows)
    if bad and not error and all(row.missing for row in rows if not row.ok):
        error = f"{name} gives no {join_names(bad)}"
    return FunctionVerdict(
        name,
        verdict in ("agrees", "passes on"),
        verdict,
        run.defined[name],
        run.places.get(name, ""),
        error,
        right=right,
        wrong=bad,
    )


def results_of(rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is right and what is wrong; layers are named where some are right and others wrong."""
    sides = [{quantity_of(row.name) for row in rows if row.ok == ok} for ok in (True, False)]
    mixed = sides[0] & sides[1]
    names = [(row.name if quantity_of(row.name) in mixed else quantity_of(row.name), row.ok) for row in rows]
    right, wrong = (tuple(dict.fromkeys(name for name, ok in names if ok == side)) for side in (True, False))
    return tuple(name for name in right if name not in wrong), wrong


def quantity_of(name: str) -> str:
    """A derivative without the number of its layer.

    >>> quantity_of("dW2"), quantity_of("db")
    ('dW', 'db')
    """
    return name.rstrip("0123456789")


def judge_step(step: Step, value: Any, m: int, convention: AskedConvention) -> StepReport:
    """What a function gave, or the exception it raised, against what it should have given."""
    if isinstance(value, Failure):
        return StepReport(step, error=value.sentence(step.name))
    hand = step.form.read(value)
    if hand is None:
        return StepReport(
            step, error=f"{step.name} returned {value_text(value)}; expected {step.form.expected}"
        )
    known = {name: x for name, x in hand.items() if name in step.targets}
    required = [name for name, target in step.targets.items() if target.of_parameter]
    report = compare_with(step.targets, known, m, step.convention or convention, require=required)
    if others := hand.keys() - known.keys():
        report.notes.append(
            f"{join_names(sorted(others))}: the lectures have no such name, so it was not compared."
        )
    return StepReport(step, report, hand=known)


def value_text(value: Any) -> str:
    """A result in a few words."""
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return describe_given(value)
