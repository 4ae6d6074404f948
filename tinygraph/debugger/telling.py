"""How a report on somebody's backward pass is told: the answer first, then one block for each mistake.

A report is lines of pieces, each with a style. Plain text, a terminal and a notebook show the same lines.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from tinygraph.checks.report import Diagnosis, join_names
from tinygraph.debugger.program import SCRIPT, place_name, source_text
from tinygraph.debugger.reasons import hint_for

if TYPE_CHECKING:
    from rich.text import Text

    from tinygraph.debugger.file_report import FileReport, FunctionVerdict

__all__ = [
    "FIX",
    "TEMPLATE",
    "Piece",
    "Pieces",
    "html_lines",
    "plain_lines",
    "rich_lines",
    "say_place",
    "shown_name",
    "tell_mistake",
    "tell_report",
]

TELLING_WIDTH = 100
MOST_NAMES = 8
FIX = 5  # the rung of hints on which the fix stands
LABEL, BLANK = " help │ ", "      │ "
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
Style = Literal["", "bad", "good", "dim", "strong", "mark"]


class Piece(NamedTuple):
    """Some text in one style."""

    text: str
    style: Style = ""

    @property
    def shown(self) -> str:
        """The text without what would move a terminal; as long as it is."""
        return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", self.text)


Pieces = list[Piece]


def tell_report(report: FileReport, hint: int = FIX, width: int = TELLING_WIDTH) -> list[Pieces]:
    """The lines of a report.

    Args:
        report: what was found.
        hint: how much is told of a mistake: 1 in which function, 2 of which quantity, 3 on which line and
            what sort of slip, 4 what was computed, 5 the fix.
        width: at which sentences are broken, in characters.
    """
    lines: list[Pieces] = []
    for i, mistake in enumerate(report.diagnoses, start=1):
        lines += tell_mistake(report, mistake, hint, width, i)
        lines.append([])
    for function in untold(report):
        lines += tell_failure(report, function, hint, width)
        lines.append([])
    return lines + tell_summary(report, width)


def untold(report: FileReport) -> list[FunctionVerdict]:
    """The functions that are wrong or stop, and of which no mistake is known."""
    told = {d.function for d in report.diagnoses}
    bad = [f for f in report.functions if f.verdict in ("wrong", "could not run")]
    return [f for f in bad if f.name not in told and not f.is_unwritten]


# One mistake


def tell_mistake(
    report: FileReport, mistake: Diagnosis, hint: int, width: int, number: int
) -> Iterator[Pieces]:
    """A mistake as a block; the lower the hint, the less of it."""
    yield head_line(report, mistake, hint, width)
    if hint >= 3 and mistake.line and mistake.before is not None:
        yield []
        yield from source_block(mistake, hint, width)
    if hint >= FIX and mistake.after is not None:
        yield from help_lines(mistake, width)
    for text in hints_of(mistake, hint):
        yield from gutter("hint", text, width)
    if hint >= FIX and (told := mistake.message.removeprefix(f"{mistake.said}. ")):
        yield from gutter("why", told, width)


def hints_of(mistake: Diagnosis, hint: int) -> Iterator[str]:
    """What is said instead of the fix; none of it has the right expression."""
    if hint == 2:
        yield f"follow {join_names(mistake.wrong or [mistake.name])} back to where it is made"
    if hint in (3, 4) and (text := hint_for(mistake.kind)):
        yield text
    if hint == 4 and mistake.computed:
        yield mistake.computed


def head_line(report: FileReport, mistake: Diagnosis, hint: int, width: int) -> Pieces:
    """Where, and on the right what is wrong."""
    where = say_place(mistake.file or report.file, mistake.line if hint >= 3 else None)
    left = f"{where}, in {mistake.function}" if mistake.function != SCRIPT else where
    if hint < 2:
        return some_wrong(left)
    if not mistake.wrong and mistake.name == mistake.function:  # it came to no end
        return both_ends(left, "stops here", width)
    return both_ends(left, verdict_text(mistake.right, mistake.wrong or [mistake.name]), width)


def some_wrong(place: str) -> Pieces:
    """A place of which the first hint says no more."""
    return [Piece(place, "strong"), Piece(": something is wrong here", "bad")]


def both_ends(left: str, right: str, width: int) -> Pieces:
    """A place, and at the end of the line what is wrong there."""
    space = max(2, width - len(left) - len(right))
    return [Piece(left, "strong"), Piece(" " * space), Piece(right, "bad")]


def verdict_text(right: Sequence[str], wrong: Sequence[str]) -> str:
    """dW, dA right; db wrong."""
    good, more = ", ".join(right), len(wrong) - MOST_NAMES
    bad = ", ".join(wrong[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return (f"{good} right; " if good and len(good) < 40 else "") + f"{bad} wrong"


def say_place(file: str, line: int | None) -> str:
    """A file, or a cell of a notebook, and a line, as one says them.

    >>> say_place("/home/me/layers.py", 12), say_place("/home/me/work.ipynb, cell [3]", 5)
    ('layers.py, line 12', 'work.ipynb, cell [3], line 5')
    """
    name = place_name(file)
    return name if line is None else f"{name}, line {line}"


def source_block(mistake: Diagnosis, hint: int, width: int) -> Iterator[Pieces]:
    """The line before, the line itself, and a mark under the part that is wrong."""
    assert mistake.line is not None
    assert mistake.before is not None
    lines = source_text(mistake.file)
    before = previous_line(lines, mistake.line)
    shown = mistake.before.split("\n")
    if before is not None:
        yield [Piece(f"{before[0]:>5} │ ", "dim"), Piece(before[1], "dim")]
    for i, text in enumerate(shown):
        yield [Piece(f"{mistake.line + i:>5} │ ", "dim"), Piece(text.expandtabs(4))]
        if i == 0 and mistake.column is not None and mistake.end_column is not None:
            indent, length = mark_place(text, mistake.column, mistake.end_column)
            said = mistake.said if hint >= 4 else ""
            yield from mark_lines(indent, length, said, width)


def mark_lines(indent: int, length: int, said: str, width: int) -> Iterator[Pieces]:
    """A mark, and what is said of it: beside it if there is room, else below, where the line ends at last."""
    edge, room = Piece(BLANK, "dim"), width - len(BLANK) - indent
    mark = [edge, Piece(" " * indent), Piece("^" * length, "bad")]
    if not said or length + 1 + len(said) <= room:
        yield [*mark, Piece(f" {said}" if said else "", "bad")]
        return
    yield mark
    start = indent if room > len(said) else min(indent, 4)
    for part in textwrap.wrap(said, max(20, width - len(BLANK) - start)):
        yield [edge, Piece(" " * start), Piece(part, "bad")]


def mark_place(text: str, column: int, end: int) -> tuple[int, int]:
    indent = len(text[:column].expandtabs(4))
    return indent, max(1, len(text[:end].expandtabs(4)) - indent)


def previous_line(lines: Sequence[str], line: int) -> tuple[int, str] | None:
    """The nearest line above that says something, if it is near."""
    for n in (line - 1, line - 2):
        if 0 < n <= len(lines) and lines[n - 1].strip():
            return n, lines[n - 1].expandtabs(4)
    return None


def help_lines(mistake: Diagnosis, width: int) -> Iterator[Pieces]:
    """The lines as they should be; what was tested beside the first, if there is room, else below."""
    assert mistake.after is not None
    lines = mistake.after.expandtabs(4).split("\n") if mistake.after.strip() else ["without this line"]
    beside = len(LABEL) + len(lines[0]) + 3 + len(mistake.tested) <= width
    for i, text in enumerate(lines):
        first = [Piece(f"   {mistake.tested}", "dim")] if beside and i == 0 else []
        yield [Piece(LABEL if i == 0 else BLANK, "good"), Piece(text, "good"), *first]
    if not beside:
        indent = len(lines[0]) - len(lines[0].lstrip())
        yield [Piece(BLANK, "good"), Piece(" " * indent + mistake.tested, "dim")]


def gutter(label: str, text: str, width: int) -> Iterator[Pieces]:
    """A sentence beside a label, broken where the lines end."""
    for i, part in enumerate(textwrap.wrap(text, width - 8) or [""]):
        yield [Piece(f" {label if i == 0 else '':>4} │ ", "dim"), Piece(part)]


def tell_failure(report: FileReport, function: FunctionVerdict, hint: int, width: int) -> Iterator[Pieces]:
    """A function that came to no end, with the line at which it stopped; or that is wrong somewhere."""
    where = function.place or Path(report.file).name
    left = f"{where}, in {function.name}" if function.name != SCRIPT else Path(report.file).name
    if hint < 2 and function.verdict == "wrong":
        yield some_wrong(left)
        return
    wrong = function.verdict == "wrong" and verdict_text(function.right, function.wrong)
    yield both_ends(left, wrong or "could not run", width)
    if function.stop is not None:
        yield []
        yield from numbered_lines(*function.stop)
    if function.reason:
        yield from gutter("", function.reason, width)


def numbered_lines(file: str, line: int) -> Iterator[Pieces]:
    """A line of a file and the one before it."""
    lines = source_text(file)
    if (before := previous_line(lines, line)) is not None:
        yield [Piece(f"{before[0]:>5} │ ", "dim"), Piece(before[1], "dim")]
    if line <= len(lines):
        yield [Piece(f"{line:>5} │ ", "dim"), Piece(lines[line - 1].rstrip("\n").expandtabs(4))]


# The summary


def tell_summary(report: FileReport, width: int) -> list[Pieces]:
    """How many mistakes there are, what agrees, what was not checked, and what is worth knowing."""
    sentences: list[tuple[str, Style]] = []
    wrong = len(report.diagnoses) + sum(f.verdict == "wrong" for f in untold(report))
    agree = [f.name for f in report.functions if f.verdict == "agrees"]
    passing = [f.name for f in report.functions if f.verdict == "passes on"]
    if wrong:
        sentences.append((f"{wrong} mistake{'s' * (wrong > 1)}.", "bad"))
    sentences += [(f"{f.reason}.", "") for f in report.functions if f.is_unwritten]
    if agree:
        many = "1 function agrees" if len(agree) == 1 else f"{len(agree)} functions agree"
        many = "The statements agree" if agree == [SCRIPT] else many
        against = report.held_against(agree)
        which = "" if agree == [SCRIPT] else f": {few(agree)}"
        sentences.append((f"{many} with the derivatives{against}{which}.", "good"))
    if passing:
        sentences.append((f"Wrong only because of what it calls: {few(passing)}.", ""))
    if not report.functions:
        sentences.append((report.nothing_found, "bad"))
    sentences += [(text, "dim") for text in (*report.not_checked, *report.told_notes)]
    return [line for text, style in sentences for line in wrap_text(text, style, width)]


def few(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    names = list(map(shown_name, names))
    more = len(names) - MOST_NAMES
    return join_names(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def shown_name(name: str) -> str:
    """What one calls a function, or the statements outside of all."""
    return "the statements outside of functions" if name == SCRIPT else name


def wrap_text(text: str, style: Style, width: int) -> Iterator[Pieces]:
    for part in textwrap.wrap(text, width) or [""]:
        yield [Piece(part, style)]


# Faces


def plain_lines(lines: Sequence[Pieces]) -> str:
    """The lines as plain text."""
    return "\n".join("".join(piece.shown for piece in line).rstrip() for line in lines).strip("\n")


TERMINAL: dict[str, str] = {
    "": "",
    "bad": "bold red",
    "good": "green",
    "dim": "dim",
    "strong": "bold",
    "mark": "red",
}
# In a notebook: colours that can be read on white and on black.
PAGE = {
    "": "",
    "bad": "color:#d9422f;font-weight:600",
    "good": "color:#2a9150",
    "dim": "opacity:.65",
    "strong": "font-weight:600",
    "mark": "color:#d9422f",
}


def rich_lines(lines: Sequence[Pieces]) -> Iterator[Text]:
    """The lines for a terminal."""
    from rich.text import Text

    for line in lines:
        yield Text.assemble(*((piece.shown, TERMINAL[piece.style]) for piece in line), no_wrap=False)


def html_lines(lines: Sequence[Pieces]) -> str:
    """The lines for a notebook: in columns of equal width, in the colours of the page around them."""
    body = "\n".join("".join(map(span_of, line)) for line in lines)
    font = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
    style = (
        f"font-family:{font};font-size:13px;line-height:1.45;white-space:pre;overflow-x:auto;margin:0;"
        "padding:8px 0;color:inherit;background:transparent;border:0;tab-size:4"
    )
    return f'<pre class="tinygraph-report" style="{style}">{body}</pre>'


def span_of(piece: Piece) -> str:
    text = html.escape(piece.shown)
    return f'<span style="{PAGE[piece.style]}">{text}</span>' if piece.style else text


TEMPLATE = '''\
# A backward pass that check can always read: two functions, one forward and one back. Put yours into them.
import numpy as np


def layer_forward(x, w, b):
    """What goes in by name; what comes out first, then whatever the way back needs."""
    out = x @ w + b
    cache = (x, w)
    return out, cache


def layer_backward(dout, cache):
    """The derivative of the output comes in; those of x, w, b go out, in the order of layer_forward."""
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


# Then: tinygraph check FILE.py, or with other names
#       tinygraph check FILE.py --forward layer_forward --backward layer_backward
# For a whole network: --loss NAME is the function of the loss, of the forward pass's result and the labels.
'''
