"""A report in the formats of those who grade: Gradescope, PrairieLearn, JUnit, and GitHub's annotations.

One point for each function that is right by itself. The formats are those of the documentation of
Gradescope's autograder (results.json), of PrairieLearn's external graders (results.json), of JUnit's XML as
continuous integration reads it, and of GitHub's workflow commands.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from tinygraph.debugger.notebooks import file_and_cell
from tinygraph.debugger.telling import plain_lines, tell_mistake

if TYPE_CHECKING:
    from tinygraph.checks.report import Diagnosis
    from tinygraph.debugger.file_report import FileReport, FunctionVerdict

__all__ = ["REPORT_FORMATS", "format_report"]

NOT_JUDGED = "not checked"


def format_report(report: FileReport, name: str, hint: int) -> str:
    """The text of a report in a format.

    Raises:
        KeyError: there is no such format.
    """
    return REPORT_FORMATS[name](report, hint)


def counted_functions(report: FileReport) -> list[FunctionVerdict]:
    """The functions that count."""
    return [f for f in report.functions if f.verdict != NOT_JUDGED]


def summary_of(report: FileReport, hint: int) -> str:
    """The report in one sentence, which tells no line before the hints do."""
    return report.summary if hint >= 3 or not report.diagnoses else report.points


def told_of(report: FileReport, function: FunctionVerdict, hint: int) -> str:
    """What is said of one function."""
    blocks = [
        plain_lines(list(tell_mistake(report, d, hint, 88, 1)))
        for d in report.diagnoses
        if d.function == function.name
    ]
    return "\n\n".join(blocks) or function.reason or f"{function.name} {function.verdict}."


def gradescope_text(report: FileReport, hint: int) -> str:
    """results.json of Gradescope."""
    tests = [
        {
            "name": f.name,
            "score": int(f.ok),
            "max_score": 1,
            "status": "passed" if f.ok else "failed",
            "output": told_of(report, f, hint),
        }
        for f in counted_functions(report)
    ]
    result: dict[str, Any] = {"tests": tests, "output": summary_of(report, hint)}
    return json.dumps(result if tests else result | {"score": 0}, indent=2)


def prairielearn_text(report: FileReport, hint: int) -> str:
    """results.json of PrairieLearn, whose score is a share of 1."""
    functions = counted_functions(report)
    tests = [
        {
            "name": f.name,
            "points": int(f.ok),
            "max_points": 1,
            "message": f.verdict,
            "output": told_of(report, f, hint),
        }
        for f in functions
    ]
    score = sum(f.ok for f in functions) / len(functions) if functions else 0
    result = {
        "gradable": bool(functions),
        "score": score,
        "message": summary_of(report, hint),
        "tests": tests,
    }
    return json.dumps(result, indent=2)


def junit_text(report: FileReport, hint: int) -> str:
    """A test suite with a case for each function."""
    functions = counted_functions(report)
    failed = [f for f in functions if not f.ok]
    suite = ElementTree.Element(
        "testsuite", name=report.file, tests=str(len(functions)), failures=str(len(failed)), errors="0"
    )
    for f in functions:
        case = ElementTree.SubElement(suite, "testcase", classname=report.file, name=f.name)
        if not f.ok:
            failure = ElementTree.SubElement(case, "failure", message=f"{f.name} is {f.verdict}")
            failure.text = told_of(report, f, hint)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def github_text(report: FileReport, hint: int) -> str:
    """An annotation for each mistake, and one for each function that could not run."""
    lines = [annotation(report, d, hint) for d in report.diagnoses]
    told = {d.function for d in report.diagnoses}
    lines += [
        command(
            place_for_github(report.file, f.stop[1] if f.stop else f.line)
            | {"title": f"{f.name} could not run"},
            f.reason,
        )
        for f in report.functions
        if f.verdict == "could not run" and f.name not in told
    ]
    notice = f"::notice file={escape(path_for_github(report.file), True)}::{escape(report.summary)}"
    return "\n".join(lines or [notice])


def annotation(report: FileReport, mistake: Diagnosis, hint: int) -> str:
    """A mistake as GitHub shows it beside the line; its columns count from 1."""
    file, cell = file_and_cell(mistake.file or report.file)
    place = place_for_github(file, mistake.line if hint >= 3 else None)
    if "line" in place and mistake.column is not None and mistake.end_column is not None:
        place |= {"col": mistake.column + 1, "endColumn": mistake.end_column}
    what = f": {', '.join(mistake.wrong) or mistake.name}" if hint >= 2 else " is"
    title = f"{f'{cell}, ' * bool(cell)}{mistake.function}{what} wrong"
    text = plain_lines(list(tell_mistake(report, mistake, hint, 88, 1)))
    return command(place | {"title": title}, text)


def place_for_github(file: str, line: int | None) -> dict[str, Any]:
    """The file and the line; of a notebook the file alone, since the lines are those of a cell."""
    numbered = line is not None and not file.lower().endswith(".ipynb")
    return {"file": path_for_github(file)} | ({"line": line} if numbered else {})


def path_for_github(file: str) -> str:
    """The path from the folder that one works in, which is that of the repository, if it lies within."""
    path = Path(file).resolve()
    inside = path.is_relative_to(Path.cwd())
    return path.relative_to(Path.cwd()).as_posix() if inside else file


def command(properties: dict[str, Any], message: str) -> str:
    told = ",".join(f"{k}={escape(str(v), True)}" for k, v in properties.items() if v is not None)
    return f"::error {told}::{escape(message)}"


def escape(text: str, in_property: bool = False) -> str:
    """Text as a workflow command takes it.

    >>> escape("50 %\\nof it")
    '50 %25%0Aof it'
    """
    for a, b in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(a, b)
    return text.replace(":", "%3A").replace(",", "%2C") if in_property else text


REPORT_FORMATS: dict[str, Callable[[FileReport, int], str]] = {
    "gradescope": gradescope_text,
    "prairielearn": prairielearn_text,
    "junit": junit_text,
    "github": github_text,
}
