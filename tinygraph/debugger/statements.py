"""Scripts and bodies of functions, judged statement by statement.

Each value that a statement says is a derivative is held against the derivative of the file's own loss by
what is at some place of its forward pass: by the variable that its name speaks of, by the parameter that is
moved by it, or by any value of the same shape. Of several readings (which loss, which factor, which sign) the
one is believed in which the fewest statements are wrong. A statement is wrong if its value is, though all
derivatives that it reads are right: what was found wrong before it is replaced by the truth.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.debugger.cases import (
    Evidence,
    Found,
    Interpretation,
    LineValue,
    Place,
    fits_into,
    same_but_ones,
    shape_matters,
)
from tinygraph.debugger.machines import FunctionMachine, Machine, ScriptMachine
from tinygraph.debugger.outline import BodyOutline
from tinygraph.debugger.program import SCRIPT, Function, Program
from tinygraph.debugger.sharing import JointLines
from tinygraph.debugger.sites import Site
from tinygraph.debugger.trial import Unplayable, other_text
from tinygraph.debugger.verdicts import LineVerdicts, likely_readings, round_off

__all__ = ["Derivative", "Judged", "function_machine", "judge_machine", "judge_statements", "script_machine"]


# What comes out


@dataclass(frozen=True, eq=False)
class Derivative:
    """A statement's value that is, or should be, a derivative.

    Attributes:
        label: what the statement assigns.
        by: the name of what it is the derivative by, or the source of it where it has no name.
        verdict: "agrees", "wrong", "follows" (wrong only because of what it reads), "unnamed" (not judged).
        said: what it is instead.
        factor: what the derivative is multiplied by in this reading: 1, m, -1, the learning rate.
        given: its value; `truth` what it should be, where that is known.
    """

    label: str
    by: str
    verdict: str
    said: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    factor: float
    given: Any
    truth: Any = None
    site: Site | None = None
    place: Place | None = None
    step: LineValue | None = None


@dataclass(eq=False)
class Judged:
    """What came of a script or a body: its derivatives in the order in which they are computed."""

    function: Function
    loss: str
    assumed: bool
    factor: float
    derivatives: list[Derivative]
    case: Evidence
    reading: Interpretation
    raised: BaseException | None = None

    @property
    def wrong(self) -> list[Derivative]:
        """The statements that are wrong by themselves."""
        return [d for d in self.derivatives if d.verdict == "wrong"]

    @property
    def first_wrong(self) -> Derivative | None:
        """The first of them."""
        return next(iter(self.wrong), None)

    @property
    def raised_line(self) -> int | None:
        """The line of the file at which it was stopped by an exception."""
        frames = traceback.extract_tb(self.raised.__traceback__) if self.raised else []
        return next((f.lineno for f in reversed(frames) if f.filename == self.function.file), None)

    @property
    def ok(self) -> bool:
        return self.raised is None and not self.wrong and any(d.verdict == "agrees" for d in self.derivatives)

    @property
    def taken(self) -> str:
        """What was taken for what, in a sentence."""
        text = f"the statements of {self.function.name} were held against the derivative of {self.loss}"
        if self.assumed:
            text = f"no loss is written: {text}, which was assumed"
        return text if self.factor == 1 else f"{text}, all of it times {self.factor:.4g}"


# The judgement


def judge_machine(machine: Machine) -> Judged:
    """Judge what a machine runs.

    Raises:
        Unplayable: there is no loss, or nothing that could be judged.
    """
    case = Evidence(machine)
    best = best_interpretation(case)
    if (
        best is not None
        and not best.trusted
        and case.run.error is not None
        and machine.function.name == SCRIPT
    ):
        best.blamed = []
        return Telling(best).judged()
    if best is None or not best.trusted:
        raise Unplayable("no reading of its derivatives was found")
    return Telling(best).judged()


def best_interpretation(case: Evidence) -> LineVerdicts | None:
    """The verdicts of the reading in which the fewest statements are wrong."""
    tried: list[LineVerdicts] = []
    for reading in likely_readings(case):
        if tried and case.until.is_over():
            break
        tried.append(LineVerdicts(case, reading).work())
    return min(tried, key=lambda v: v.rank, default=None)


class Telling:
    """Tells what the verdicts of a reading are."""

    def __init__(self, verdicts: LineVerdicts) -> None:
        self.verdicts = verdicts
        self.case = verdicts.case
        self.reading = verdicts.reading

    def judged(self) -> Judged:
        first = self.case.run
        loss = self.case.losses[self.reading.loss]
        derivatives = [d for s in self.case.steps if s.final and (d := self.derivative(s)) is not None]
        derivatives = merge_turns(derivatives)
        function = self.case.machine.function
        name, factor = loss.said(self.reading.factor)
        return Judged(function, name, loss.assumed, round_off(factor), derivatives, self.case, self.reading,
                      first.error)  # fmt: skip

    def derivative(self, step: LineValue) -> Derivative | None:
        """What is told of a value."""
        at_once = self.case.find(step, self.case.run, self.reading)
        blamed = next((b for b in self.verdicts.blamed if b.step is step), None)
        later = next(f for f in self.verdicts.found if f.step is step)
        if step.update and not (blamed or later.status == "right"):
            return None
        if blamed is not None:
            return self.told(step, blamed, "wrong", self.said(blamed))
        if at_once.status == "right":
            return self.told(step, at_once, "agrees", "agrees")
        verdict = "unnamed" if later.status == "unnamed" else "follows"
        return self.told(step, later, verdict, self.said(at_once) if at_once.place else "")

    def said(self, found: Found) -> str:
        """What a wrong value is instead."""
        if found.said or found.place is None:
            return found.said
        truth = self.case.slopes.truth(found.place.spot, found.place.shape, self.reading.loss)
        right = truth.value * found.factor
        value = found.value
        fits = fits_into if found.place.root else same_but_ones
        if not fits(np.shape(value), right.shape) or (
            found.place.root and shape_matters(found.step, found.place, self.case)
        ):
            return f"shape {np.shape(value)} instead of {right.shape}"
        value = np.reshape(value, right.shape)
        return other_text(np.where(truth.known, value, 0.0), right)

    def told(self, step: LineValue, found: Found, verdict: str, said: str) -> Derivative:
        site = self.place_to_tell(step, found) if verdict == "wrong" else step.site
        place = found.place
        truth = None
        if place is not None and verdict in ("wrong", "follows"):
            known = self.case.slopes.truth(place.spot, place.shape, self.reading.loss)
            truth = known.value * found.factor if np.all(known.known) else None
        at = site.statement if verdict == "wrong" and site.statement is not None else site.node
        at = step.part or entry_of(at, step.event.spot.steps)
        line, column, end_line, end_column = (
            int(getattr(at, n, 0)) for n in ("lineno", "col_offset", "end_lineno", "end_col_offset")
        )
        return Derivative(
            step.name, place.label if place else "", verdict, said, site.file,
            line, column, end_line, end_column,
            found.factor, found.value, truth, site, place, step,
        )  # fmt: skip

    def place_to_tell(self, step: LineValue, found: Found) -> Site:
        """Of several lines that give a value together, the one that is wrong."""
        members = [s for s in self.case.steps if s.group == step.group and s.name == step.name]
        sites = list(dict.fromkeys(s.site for s in members))
        return step.site if len(sites) == 1 else JointLines(self.verdicts, members, found).wrong


def entry_of(node: ast.AST, steps: Sequence[Any]) -> ast.AST:
    """Of a statement that makes a dict, the expression for one of its keys."""
    value = getattr(node, "value", None)
    if not steps or not isinstance(value, ast.Dict):
        return node
    found = [
        x
        for k, x in zip(value.keys, value.values, strict=True)
        if isinstance(k, ast.Constant) and k.value == steps[0]
    ]
    return found[0] if found else node


def merge_turns(derivatives: Sequence[Derivative]) -> list[Derivative]:
    """One for each site and name: the wrong one of a loop, else the last."""
    found: dict[tuple[Any, str], Derivative] = {}
    for d in derivatives:
        key = d.site, d.label
        if key not in found or found[key].verdict == "agrees":
            found[key] = d
    return list(found.values())


# Ways in


def judge_statements(program: Program, function: Function, state: dict[str, Any] | None = None) -> Judged:
    """Judge the statements of a file, or of a function on given arguments.

    Args:
        program: where the function stands.
        function: the function, or `script_of(program, file)` for a file's own statements.
        state: arguments by name, and `self`; for a function.

    Raises:
        Unplayable: it does not run, or has no derivatives that could be judged.
    """
    if function.name == SCRIPT:
        return judge_machine(script_machine(program, function))
    return judge_machine(function_machine(program, function, state or {}))


def script_machine(program: Program, function: Function) -> Machine:
    """The machine of a file's own statements, as they are in the program now."""
    return ScriptMachine(program, function, BodyOutline(program.trees[function.file].body))


def function_machine(
    program: Program, function: Function, state: dict[str, Any], missing: dict[str, Any] | None = None
) -> FunctionMachine:
    """The machine of a function on made arguments; `missing` are globals that it reads and does not find."""
    outline = BodyOutline(function.node.body, function.parameters)
    return FunctionMachine(program, function, outline, state, missing or {})
