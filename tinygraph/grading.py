"""A folder of submissions, checked several at a time, as a table: `tinygraph check --many`."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from tinygraph.check.runner import check_file
from tinygraph.errors import UserFileError
from tinygraph.files import save_bytes

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Grade", "grade", "grade_folder", "write_csv"]

VERDICTS = {0: "right", 1: "wrong", 2: "could not be run"}
SKIPPED = {"__pycache__", ".ipynb_checkpoints"}


class Grade(NamedTuple):
    """What came of one submission; a row of the table.

    `right` of `functions` are right by themselves; `first` is the first derivative that is wrong, `cause` the
    mistake, `told` the sentences for the student.
    """

    file: str
    verdict: str
    right: int = 0
    functions: int = 0
    first: str = ""
    cause: str = ""
    told: str = ""
    seconds: float = 0.0


def grade_folder(
    folder: str | Path, *, jobs: int | None = None, console: Console | None = None, **options: Any
) -> list[Grade]:
    """Check every Python file and notebook in a folder and in folders within it, in the order of their names.

    Args:
        folder: holds the submissions.
        jobs: how many are checked at a time; as many as there are cores if omitted.
        console: where a bar shows how far it is; none if omitted.
        options: what the check of one file takes: sizes, activations, seed, timeout, memory, convention.

    Raises:
        UserFileError: there is no such folder, or no submission in it.
    """
    folder = Path(folder)
    files = submissions(folder)
    check = partial(grade, folder=folder, **options)
    # Fresh processes: what one submission does to its checker does not reach the next but by accident.
    workers = min(jobs or os.cpu_count() or 1, len(files))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(check, file): file for file in files}
        grades = {running[done]: done.result() for done in shown(as_completed(running), len(files), console)}
    return [grades[file] for file in files]


def submissions(folder: Path) -> list[Path]:
    """The files to check."""
    if not folder.is_dir():
        raise UserFileError(f"{folder} is no folder; give one with submissions, .py or .ipynb")
    found = [p for p in folder.rglob("*") if p.suffix in (".py", ".ipynb") and not SKIPPED & set(p.parts)]
    if not found:
        raise UserFileError(f"{folder} holds no .py or .ipynb file")
    return sorted(found)


def grade(file: Path, *, folder: Path, **options: Any) -> Grade:
    """The check of one submission as a row; whatever goes wrong with it is in the row."""
    start, name = perf_counter(), file.relative_to(folder).as_posix()
    try:
        report = check_file(file, **options)
    except Exception as error:
        return Grade(name, VERDICTS[2], told=f"{type(error).__name__}: {error}", seconds=since(start))
    first = report.diagnoses[0] if report.diagnoses else None
    wrong = report.first_wrong or ""
    return Grade(
        name,
        VERDICTS[report.status],
        right=sum(f.ok for f in report.functions),
        functions=len(report.functions),
        first=first.name if first else wrong,
        cause=first.cause if first else "",
        told=" ".join(report.errors + ([] if report.errors and not report.rows else report.sentences)),
        seconds=since(start),
    )


def since(start: float) -> float:
    return round(perf_counter() - start, 2)


def shown(done: Iterator[Any], total: int, console: Console | None) -> Iterator[Any]:
    """What is done, with a bar."""
    if console is None:
        return done
    from rich.progress import track

    return iter(track(done, "checking", total=total, console=console))


def write_csv(grades: list[Grade], path: str | Path) -> None:
    """The table as a file that spreadsheets open; nothing in it is taken for a formula.

    Raises:
        UserFileError: the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_csv([Grade("ada.py", "right", 4, 4)], f"{folder}/out.csv")
    ...     print(Path(f"{folder}/out.csv").read_text(encoding="utf-8-sig").splitlines()[1])
    ada.py,right,4,4,,,,0.0
    """
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(Grade._fields)
    table.writerows([[plain(cell) for cell in row] for row in grades])
    save_bytes(path, text.getvalue().encode("utf-8-sig"))


def plain(cell: Any) -> Any:
    """A cell that a spreadsheet does not compute."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell
