"""What is said about somebody's file: the verdict on each step, on each function, and on the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygraph.checks.report import (
    Diagnosis,
    Report,
    Row,
    Verdicts,
    join_names,
    table_of,
    verb_for,
)
from tinygraph.debugger.blanks import UNWRITTEN
from tinygraph.debugger.notebooks import file_and_cell
from tinygraph.debugger.program import SCRIPT
from tinygraph.debugger.steps import Step
from tinygraph.debugger.telling import (
    FIX,
    html_lines,
    plain_lines,
    rich_lines,
    say_place,
    shown_name,
    tell_report,
)

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

VERSION = 2  # of the report for machines
JUDGED = ("agrees", "wrong", "passes on")

__all__ = ["FileReport", "FunctionVerdict", "StepReport"]


@dataclass(frozen=True)
class StepReport:
    """What came of one step: its comparison, or the error that prevented one; `hand` is what it gave."""

    step: Step
    report: Report | None = None
    error: str | None = None
    hand: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        """The rows of the comparison; none where there is none."""
        return [] if self.report is None else self.report.rows

    @property
    def notes(self) -> list[str]:
        """The notes on the comparison."""
        return [] if self.report is None else [f"{self.step.name}: {note}" for note in self.report.notes]

    @property
    def ok(self) -> bool:
        """Whether the step ran and is right."""
        return self.report is not None and self.report.ok


@dataclass(frozen=True)
class FunctionVerdict:
    """The verdict on one function; `line` is where it is defined, `place` the file or the cell with it.

    It is "agrees", "wrong", "could not run", "not checked", or "passes on" where the function is right by
    itself and gives wrong numbers because of one that it calls. `reason` says why it could not run or was not
    checked, `taken` what was taken for what; `right` and `wrong` name what it gives, `stop` is the
    file and the line at which it came to a halt.
    """

    name: str
    ok: bool
    verdict: str
    line: int | None
    place: str = ""
    reason: str = ""
    taken: str = ""
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    stop: tuple[str, int] | None = None

    @property
    def is_unwritten(self) -> bool:
        """Whether it is still to be written."""
        return self.verdict == "could not run" and self.reason.startswith(f"{self.name}: {UNWRITTEN}")


@dataclass(frozen=True, repr=False)
class FileReport(Verdicts):
    """The check of somebody's backward pass.

    Attributes:
        rows: one `Row` per derivative of a function of the lectures, the smallest functions first, each from
            the last layer down.
        notes: sentences worth knowing that are no verdicts.
        file: what was checked.
        steps: one `StepReport` per call of a function of the lectures.
        functions: one `FunctionVerdict` per function that goes back, and per function of the lectures.
        errors: why nothing could be judged, if that is so.
        convention: what dA and dZ were taken to be in the lectures' functions, "course" or "true".
        m: the number of examples there.
        printed: what the file printed, at most its first 10,000 characters.
        traceback: of the first exception, for who wants to see it.
        diagnoses: what is wrong, each mistake once; may be empty.
    """

    file: str = field(default="", kw_only=True)
    steps: list[StepReport] = field(default_factory=list, kw_only=True)
    functions: list[FunctionVerdict] = field(default_factory=list, kw_only=True)
    errors: list[str] = field(default_factory=list, kw_only=True)
    convention: str = field(default="course", kw_only=True)
    m: int = field(default=1, kw_only=True)
    printed: str = field(default="", kw_only=True)
    traceback: str = field(default="", kw_only=True)
    diagnoses: list[Diagnosis] = field(default_factory=list, kw_only=True)

    @property
    def judged(self) -> list[FunctionVerdict]:
        """The functions that were judged."""
        return [f for f in self.functions if f.verdict in JUDGED]

    @property
    def ok(self) -> bool:
        """Whether something was judged, and nothing is wrong."""
        return (
            bool(self.judged)
            and all(f.ok for f in self.functions if f.verdict != "not checked")
            and not self.wrong
        )

    @property
    def wrong(self) -> list[Diagnosis]:
        """The mistakes."""
        return self.diagnoses

    @property
    def status(self) -> int:
        """The exit status: 0 agrees, 1 something is wrong, 2 nothing could be judged."""
        return 0 if self.ok else 1 if self.diagnoses or self.judged else 2

    @property
    def first_wrong(self) -> str | None:
        """The derivative of the first mistake, or None."""
        return self.diagnoses[0].name if self.diagnoses else super().first_wrong

    @property
    def summary(self) -> str:
        """The report in one sentence."""
        if self.errors:
            return self.errors[0]
        left = [f.name for f in self.functions if f.is_unwritten]
        bad = ("wrong", "could not run")
        wrong = [f.name for f in self.functions if f.verdict in bad and not f.is_unwritten]
        if left and not wrong:
            return f"{join_names(left)} {verb_for(left)} {UNWRITTEN}."
        if wrong:
            return f"{join_names(wrong)} {verb_for(wrong)} wrong. Look first at {self.place_to_look}."
        right = [f.name for f in self.judged]
        if not right:
            return self.nothing_found
        verb = "agrees" if len(right) == 1 else "agree"
        return f"{join_names(right)} {verb} with the derivatives{self.held_against(right)}."

    @property
    def place_to_look(self) -> str:
        """The first thing that is wrong, and where it is."""
        if self.diagnoses:
            first = self.diagnoses[0]
            at = f" ({say_place(first.file or self.file, first.line)})" if first.line else ""
            return f"{first.name} in {first.function}{at}"
        bad = next(
            f for f in self.functions if f.verdict in ("wrong", "could not run") and not f.is_unwritten
        )
        return f"{bad.name}: {bad.reason}" if bad.reason else bad.name

    def held_against(self, names: Sequence[str]) -> str:
        """What some functions were held against, if all were against the same."""
        own = any(f.taken for f in self.judged)
        lectures = any(not f.taken for f in self.judged)
        if own or not lectures:
            whose = "its" if len(names) == 1 and names[0] != SCRIPT else "their"
            return f" of {whose} own forward pass" if own and not lectures else ""
        return " of the lectures" + " (dA and dZ are the true derivatives)" * (self.convention == "true")

    @property
    def nothing_found(self) -> str:
        """What is said where no function was judged."""
        name = Path(self.file).name or "these cells"
        if self.errors:
            return self.errors[0]
        return (
            f"No backward pass could be judged in {name}. Name the functions yourself with "
            "--forward, --backward and --loss, or see tinygraph check --template."
        )

    @property
    def not_checked(self) -> list[str]:
        """A sentence for each reason why functions were not checked; before, that there are no others."""
        left = [f for f in self.functions if f.verdict == "not checked"]
        names = {
            reason: [f.name for f in left if f.reason == reason] for reason in {f.reason: 0 for f in left}
        }
        nothing = [self.nothing_found] if left and len(left) == len(self.functions) else []
        return [*nothing, *(unchecked_text(names[r], r) for r in names)]

    @property
    def told_notes(self) -> list[str]:
        """The notes that are told, each once."""
        return list(dict.fromkeys([*(e for e in self.errors if self.functions), *self.notes]))

    @property
    def points(self) -> str:
        """The functions that are right by themselves, out of those that were judged."""
        counted = [f for f in self.functions if f.verdict != "not checked"]
        return f"{sum(f.ok for f in counted)} of {len(counted)} functions are right"

    @property
    def judged_rows(self) -> list[tuple[Step, Row]]:
        """All rows, each with its step."""
        return [(s.step, row) for s in self.steps for row in s.rows]

    @property
    def sentences(self) -> list[str]:
        """The report without its blocks."""
        told = [self.summary, *self.not_checked, *self.told_notes]
        return [d.message for d in self.diagnoses] + list(dict.fromkeys(told))

    @property
    def facts(self) -> dict[str, Any]:
        """What JSON says, version 2: each row with its function and layer, no arrays."""
        kept = {"file", "notes", "errors", "convention", "m", "printed"}
        rows = [
            {"function": step.function, "layer": step.layer} | asdict(row) for step, row in self.judged_rows
        ]
        functions = [
            asdict(f) | {"stop": dict(zip(("file", "line"), f.stop, strict=True)) if f.stop else None}
            for f in self.functions
        ]
        diagnoses = [asdict(d) | place_facts(d) for d in self.diagnoses]
        return {"version": VERSION} | {name: getattr(self, name) for name in sorted(kept)} | {
            "rows": rows,
            "functions": functions,
            "diagnoses": diagnoses,
        }  # fmt: skip

    def tables(self) -> list[RenderableType]:
        """A heading and a table of differences for each function of the lectures."""
        from rich.text import Text

        parts: list[RenderableType] = []
        for function in self.functions:
            if rows := [row for step, row in self.judged_rows if step.function == function.name]:
                heading = Text(
                    f"{function.name} ({function.place})" if function.place else function.name, "bold"
                )
                parts += [heading, "", table_of(rows), ""]
        return parts

    def told(self, hint: int = FIX) -> str:
        """The report as plain text; see `tinygraph check --hint`."""
        return plain_lines(tell_report(self, hint))

    def __str__(self) -> str:
        return self.told()

    def __rich__(self) -> Group:
        from rich.console import Group

        return Group(*rich_lines(tell_report(self)))

    def _repr_html_(self) -> str:
        return html_lines(tell_report(self))


def place_facts(mistake: Diagnosis) -> dict[str, str]:
    """The file of a mistake, and its cell where that is a notebook, whose lines are those of the cell."""
    file, cell = file_and_cell(mistake.file)
    return {"file": file, "cell": cell}


def unchecked_text(names: Sequence[str], reason: str) -> str:
    """A sentence for functions that were not checked for the same reason.

    >>> unchecked_text(["f", "g"], "nothing is in it")
    'Not checked: f, g, since nothing is in them.'
    """
    since = re.sub(r"\bit\b", "them", reason) if len(names) > 1 else reason
    return f"Not checked: {join_names(map(shown_name, names))}{', since ' * bool(since)}{since}."
