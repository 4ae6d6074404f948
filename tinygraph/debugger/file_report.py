"""What is said about somebody's file: the verdict on each step, on each function, and on the whole."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tinygraph.checks.report import (
    Diagnosis,
    Report,
    Row,
    Verdicts,
    join_names,
    reason_text,
    table_of,
    verb_for,
)
from tinygraph.debugger.steps import Step

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

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

    It is "agrees", "wrong", "could not be run", or "passes on" where the function is right by itself and
    gives wrong numbers because of one that it calls.
    """

    name: str
    ok: bool
    verdict: str
    line: int | None
    place: str = ""


@dataclass(frozen=True, repr=False)
class FileReport(Verdicts):
    """The check of somebody's file.

    Attributes:
        rows: one `Row` per derivative and step, the smallest functions first, each from the last layer down.
        notes: sentences worth knowing that are no verdicts.
        file: what was checked.
        steps: one `StepReport` per call.
        functions: one `FunctionVerdict` per function that the file defines.
        errors: what could not be run, one sentence each.
        convention: what dA and dZ were taken to be, "course" or "true".
        m: the number of examples.
        printed: what the file printed, at most its first 10,000 characters.
        traceback: of the first exception, for who wants to see it.
        diagnoses: causes of what is wrong; may be empty.
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
    def ok(self) -> bool:
        """Whether everything ran and is right."""
        return super().ok and not self.errors and not self.diagnoses

    @property
    def status(self) -> int:
        """The exit status: 0 agrees, 1 wrong gradients, 2 could not be run."""
        return 2 if self.errors else 0 if self.ok else 1

    @property
    def summary(self) -> str:
        """The report in one sentence."""
        wrong = [f.name for f in self.functions if f.verdict == "wrong"]
        if wrong:
            return f"{join_names(wrong)} {verb_for(wrong)} wrong. Look first at {self.place_to_look}."
        right = [f.name for f in self.functions if f.ok]
        if not right:
            return "Nothing was compared."
        factor = "" if self.convention == "true" else f"m = {self.m} times "
        seen = f" (dA and dZ are {factor}the true derivatives)"
        return f"{join_names(right)} {'agrees' if len(right) == 1 else 'agree'} with the engine{seen}."

    @property
    def place_to_look(self) -> str:
        """The first thing that is wrong, and where it is."""
        if self.diagnoses:
            first = self.diagnoses[0]
            return f"{first.name} in {first.function}{self.line_of(first.function or '')}"
        step, row = next((step, row) for step, row in self.judged_rows if not row.ok)
        return f"{row.name} of {step.name}{self.line_of(step.function)}: {reason_text(row)}"

    @property
    def points(self) -> str:
        """The functions that are right by themselves, out of those that were found."""
        return f"{sum(f.ok for f in self.functions)} of {len(self.functions)} functions are right"

    @property
    def judged_rows(self) -> list[tuple[Step, Row]]:
        """All rows, each with its step."""
        return [(s.step, row) for s in self.steps for row in s.rows]

    def line_of(self, function: str) -> str:
        """Where a function is defined, in brackets."""
        places = [f.place for f in self.functions if f.name == function and f.place]
        return f" ({places[0]})" if places else ""

    @property
    def sentences(self) -> list[str]:
        """What stands below the tables."""
        told = [f"{d.function}{self.line_of(d.function or '')}: {d.message}" for d in self.diagnoses]
        return [*told, *([self.summary] if self.rows else []), *self.notes, *([self.points] if told else [])]

    @property
    def facts(self) -> dict[str, Any]:
        """What JSON says: as for every report, but each row with its function and layer, and no arrays."""
        kept = {"file", "notes", "errors", "convention", "m", "printed"}
        rows = [
            {"function": step.function, "layer": step.layer} | asdict(row) for step, row in self.judged_rows
        ]
        functions, diagnoses = ([asdict(x) for x in xs] for xs in (self.functions, self.diagnoses))
        return {name: getattr(self, name) for name in sorted(kept)} | {
            "rows": rows,
            "functions": functions,
            "diagnoses": diagnoses,
        }

    def tables(self) -> list[RenderableType]:
        """A heading and a table per function."""
        from rich.text import Text

        parts: list[RenderableType] = []
        for function in self.functions:
            if rows := [row for step, row in self.judged_rows if step.function == function.name]:
                heading = Text(f"{function.name}{self.line_of(function.name)}", "bold")
                parts += [heading, "", table_of(rows), ""]
        return parts

    @property
    def judged(self) -> Group:
        """The tables and what stands below them, without what could not be run."""
        from rich.console import Group
        from rich.text import Text

        return Group(*self.tables(), *map(Text, self.sentences))

    def __rich__(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        return Group(self.judged, *map(Text, self.errors))
