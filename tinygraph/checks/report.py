"""Verdicts on derivatives as rows of a table: for people (text, colours, notebooks) and machines (JSON)."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

__all__ = [
    "Diagnosis",
    "Index",
    "Report",
    "Row",
    "Seen",
    "Verdicts",
    "index_text",
    "join_names",
    "reason_text",
    "table_of",
    "verb_for",
]

OF_LAYER = re.compile(r"d[AZ]\d")
Index = tuple[int, ...]
Seen = Literal["true", "course", "both"]
IN_ASCII = {"─": "-", "×": "x", "…": "...", "−": "-", "✓": "+", "✗": "x", "·": "*", "∞": "inf"}
TEXT_WIDTH = 80  # of a report as text, where no terminal says otherwise


@dataclass(frozen=True, slots=True)
class Row:
    """The verdict on one derivative.

    `name` is "dW1"; `shape` that of the value given (None if it is no array); `largest` the largest absolute
    difference; `relative` ||a-b|| / (||a|| + ||b||); `worst` the index of the worst entry, where the value is
    `given` and should be `expected`; `verdict` a few words. `missing` marks a value that was not given.
    """

    name: str
    ok: bool
    verdict: str
    shape: Index | None = None
    largest: float | None = None
    relative: float | None = None
    worst: Index | None = None
    given: float | None = None
    expected: float | None = None
    missing: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text: name, shape, largest and relative difference, worst entry, verdict."""
        numbers = (difference_text(self.largest), difference_text(self.relative))
        return (
            self.name,
            "" if self.shape is None else str(self.shape),
            *numbers,
            index_text(self.worst),
            self.verdict,
        )


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a derivative is wrong.

    Attributes:
        name: of the derivative, "dZ2".
        layer: its layer; None where there are none.
        cause: a slug such as "missing-1/m"; "unknown" where no known mistake fits.
        message: one paragraph for people.
        formula: NumPy code that gives the numbers that were given, in the names of the graph, m, lr and np;
            empty if no formula was found.
        expected: the right formula.
        function: of somebody's file, where there is one; `file` and `line` are where the mistake is, `column`
            and `end_column` what of the line, counted from 0.
        also: the same derivative of other layers, where it is wrong in the same way.
        others: further causes that give the same numbers.
        before: the line as it is, or several; `after` as it should be, None if that is not known; `verified`
            says that it was run.
        kind: what sort of slip it is; `said` what comes out, `computed` what was computed, `tested` what was
            run.
        right, wrong: what of the function's results is right, and what wrong.
    """

    name: str
    cause: str
    message: str
    layer: int | None = None
    formula: str = ""
    expected: str = ""
    function: str | None = None
    line: int | None = None
    also: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    file: str = ""
    column: int | None = None
    end_column: int | None = None
    before: str | None = None
    after: str | None = None
    verified: bool = False
    kind: str = ""
    said: str = ""
    computed: str = ""
    tested: str = ""
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdicts:
    """Rows and what they come to: as text, in a notebook, as JSON, and true in a condition if all is right.

    `rows` are the verdicts, `notes` sentences worth knowing that are none.
    """

    rows: list[Row]
    notes: list[str] = field(default_factory=list, kw_only=True)

    @property
    def ok(self) -> bool:
        """Whether something was judged and nothing is wrong."""
        return any(not row.missing for row in self.rows) and all(row.ok for row in self.rows)

    @property
    def first_wrong(self) -> str | None:
        """The name in the first row that is wrong, or None."""
        return next((row.name for row in self.rows if not row.ok), None)

    @property
    def summary(self) -> str:
        """Everything in one sentence."""
        raise NotImplementedError

    @property
    def sentences(self) -> list[str]:
        """What stands below the table."""
        return [self.summary, *self.notes]

    def to_json(self) -> str:
        """The same as JSON text: ok, summary, first_wrong, and every attribute; NaN and infinity are null."""
        import json

        verdict = {"ok": self.ok, "summary": self.summary, "first_wrong": self.first_wrong}
        return json.dumps(plain_facts(verdict | self.facts), indent=2, allow_nan=False)

    @property
    def facts(self) -> dict[str, Any]:
        """What JSON says beside the verdict."""
        return asdict(self)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        # print() asks for this text and has no say in how it is encoded.
        return printable_text(text_of(self.__rich__()), getattr(sys.stdout, "encoding", None))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary}>"

    def __rich__(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        return Group(table_of(self.rows), "", *map(Text, self.sentences))

    def _repr_html_(self) -> str:
        return html_of(self.__rich__())


@dataclass(frozen=True, repr=False)
class Report(Verdicts):
    """The comparison of hand-derived values with a graph's derivatives.

    Attributes:
        rows: one `Row` per name, in the order of the reverse sweep; names that the graph lacks come last.
        notes: sentences worth knowing that are no verdicts.
        convention: what dA and dZ were seen to be: "true" derivatives, those of the "course" (m times as
            large), or "both" where nothing tells them apart (m = 1, or no dA and dZ given).
        m: the number of examples.
        explain: searches for the causes of what is wrong.
    """

    convention: Seen = field(default="both", kw_only=True)
    m: int = field(default=1, kw_only=True)
    explain: Callable[[], list[Diagnosis]] = field(default=list, kw_only=True, compare=False)

    @cached_property
    def diagnoses(self) -> list[Diagnosis]:
        """Causes of what is wrong, in the order of the rows. They are searched for when first asked for."""
        return self.explain()

    @property
    def facts(self) -> dict[str, Any]:
        facts = asdict(replace(self, explain=list))  # what it was holds the graph, which asdict would copy
        del facts["explain"]
        return facts | {"diagnoses": [asdict(d) for d in self.diagnoses]}

    @property
    def summary(self) -> str:
        """The report in one sentence."""
        compared = [row for row in self.rows if not row.missing or not row.ok]
        wrong = [row for row in compared if not row.ok]
        if not compared:
            return "Nothing was compared: no derivative was given."
        if not wrong:
            return f"{agreement_text(len(compared))}{self.convention_seen}."
        counted = f"{len(wrong)} of {len(compared)} {verb_for(wrong)} wrong{self.convention_seen}"
        return f"{counted}; in the order of the sweep {wrong[0].name} is the first: {reason_text(wrong[0])}."

    @property
    def convention_seen(self) -> str:
        """The convention as a part of the summary."""
        layered = any(OF_LAYER.match(row.name) for row in self.rows)
        if self.convention == "both" or (self.convention == "true" and not layered):
            return ""
        if self.convention == "course":
            return f" (dA and dZ carry the lectures' factor m = {self.m})"
        return " (dA and dZ are the true derivatives, without the lectures' factor m)"

    @property
    def sentences(self) -> list[str]:
        """What stands below the table."""
        return [self.summary, *self.notes, *(d.message for d in self.diagnoses)]


def agreement_text(n: int) -> str:
    """How many agree, where all do."""
    return "The derivative agrees" if n == 1 else f"All {n} derivatives agree"


def join_names(names: Iterable[str]) -> str:
    """Names as a list in a sentence."""
    return ", ".join(names) or "none"


def verb_for(several: Sequence[Any]) -> str:
    """The verb for one or several."""
    return "is" if len(several) == 1 else "are"


def reason_text(row: Row) -> str:
    """What is wrong with a row, as part of a sentence."""
    if row.given is None or row.expected is None:
        return row.verdict
    said = "" if row.verdict == "wrong" else f"{row.verdict}; "
    return f"{said}at {index_text(row.worst)} it is {row.given:.6g} instead of {row.expected:.6g}"


def difference_text(x: float | None) -> str:
    """A difference as text."""
    return "" if x is None else "0" if x == 0 else f"{x:.1e}"


def index_text(index: Iterable[int] | None) -> str:
    """An index as one writes it after the name of an array.

    >>> index_text((0, 3))
    '[0, 3]'
    """
    return "" if index is None else f"[{', '.join(map(str, index))}]"


def plain_facts(x: Any) -> Any:
    """Nested facts in JSON's terms: tuples as lists, numbers that are not finite as None."""
    if isinstance(x, dict):
        return {key: plain_facts(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return [plain_facts(value) for value in x]
    return None if isinstance(x, float) and not math.isfinite(x) else x


# Rendering


HEADINGS = ("name", "shape", "largest\ndifference", "relative\ndifference", "worst\nentry", "verdict")


def table_of(rows: Sequence[Row], headings: Sequence[str] = HEADINGS) -> Table:
    """The rows as a table of rich."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in headings:
        numeric = heading.endswith("difference")
        table.add_column(
            heading, justify="right" if numeric else "left", no_wrap=heading != "verdict", vertical="top"
        )
    first_wrong = next((row for row in rows if not row.ok), None)
    for row in rows:
        table.add_row(*style_cells(row, row is first_wrong))
    return table


def style_cells(row: Row, first_wrong: bool = False) -> list[RenderableType]:
    """The cells of a row, with the name and the verdict in the colour of the verdict."""
    from rich.text import Text

    name, *numbers, verdict = row.cells
    colour = "bold red" if first_wrong else "red" if not row.ok else "dim" if row.missing else "green"
    return [Text(name, "" if row.ok else colour), *map(Text, numbers), Text(verdict, colour)]


def text_of(content: RenderableType) -> str:
    """Plain text of something that rich can print."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=TEXT_WIDTH, color_system=None, highlight=False, markup=False)
    console.print(content)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def printable_text(text: str, encoding: str | None) -> str:
    """A text in which what an encoding does not have is written with what it has.

    >>> printable_text("δ ─ 1 × 2…", "ascii")
    '\\\\u03b4 - 1 x 2...'
    """
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError as error:
        known = "".join(IN_ASCII.get(c, c) if not is_encodable(c, error.encoding) else c for c in text)
        return known.encode(error.encoding, "backslashreplace").decode(error.encoding)
    except LookupError:  # an encoding of the stream's own
        return printable_text(text, "ascii")
    return text


def is_encodable(character: str, encoding: str) -> bool:
    """Whether an encoding has a character."""
    return bool(character.encode(encoding, "ignore"))


def html_of(content: RenderableType) -> str:
    """The same as HTML, with its colours, for notebooks."""
    import io

    from rich.console import Console

    console = Console(
        file=io.StringIO(), record=True, width=TEXT_WIDTH, highlight=False, markup=False, force_jupyter=False
    )
    console.print(content)
    return console.export_html(inline_styles=True, code_format='<pre style="line-height:normal">{code}</pre>')
