"""A folder of submissions, checked several at a time, as a table: `tinygraph check --many`."""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import chdir, contextmanager, suppress
from functools import partial
from multiprocessing import connection, get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from tinygraph.debugger.file_report import FileReport
from tinygraph.debugger.loading import code_file
from tinygraph.debugger.probe import make_probe
from tinygraph.debugger.runner import check_file
from tinygraph.errors import UserFileError
from tinygraph.files import save_bytes
from tinygraph.guards.faults import error_text, fault, is_fault

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Grade", "grade_folder", "grade_submission", "write_csv"]

VERDICTS = {0: "right", 1: "wrong", 2: "could not be run"}
NOT_CHECKED = "not checked"  # yet
SUBMISSION_SUFFIXES = (".py", ".ipynb")
SKIPPED_FOLDERS = {"__pycache__", "__MACOSX", "site-packages"}  # besides all that begins with a dot
ENDED_PROCESS = "It ended the process that checked it."
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would compute begins so


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
    folder: str | Path,
    *,
    out: str | Path | None = None,
    jobs: int | None = None,
    console: Console | None = None,
    **options: Any,
) -> list[Grade]:
    """Check every Python file and notebook in a folder and in folders within it, in the order of their names.

    Each is checked as a copy in a place of its own: it sees what lies beside it in a folder within, but not
    the other submissions in the folder itself, and can neither change nor delete any.

    Args:
        folder: holds the submissions.
        out: a table in CSV, written anew after each submission; those to come are "not checked". So it is
            whole whenever the work is broken off.
        jobs: how many are checked at a time; as many as there are cores if omitted.
        console: where a bar shows how far it is; none if omitted.
        options: what the check of one file takes: sizes, activations, seed, timeout, memory, convention.

    Raises:
        UserFileError: there is no such folder, or no submission in it, or the table cannot be written.
        ValueError: no jobs, or options that are none.
    """
    folder = Path(folder)
    files = find_submissions(folder)
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is 1 or more, not {jobs}")
    make_probe(options.get("sizes"), options.get("seed", 0), options.get("activations"))  # or its error
    grades = {file: Grade(submission_name(file, folder), NOT_CHECKED) for file in files}
    keep_grades(grades.values(), out)
    check = partial(grade_submission, folder=folder, **options)
    with start_checkers(check, min(jobs or os.cpu_count() or 1, len(files))) as free:
        for file, found in show_progress(grade_files(files, folder, free), len(files), console):
            grades[file] = found
            keep_grades(grades.values(), out)
    return [*grades.values()]


def find_submissions(folder: Path) -> list[Path]:
    """The files to check."""
    if not folder.is_dir():
        raise UserFileError(f"{folder} is no folder; give one with submissions, .py or .ipynb")
    found = [
        p
        for p in folder.rglob("*")
        if p.suffix in SUBMISSION_SUFFIXES and not p.is_dir() and is_theirs(p, folder)
    ]
    if not found:
        raise UserFileError(f"{folder} holds no .py or .ipynb file")
    return sorted(found)


def is_theirs(path: Path, folder: Path) -> bool:
    """Whether somebody wrote it, rather than a program for itself."""
    parts = path.relative_to(folder).parts
    return not SKIPPED_FOLDERS.intersection(parts) and not any(part.startswith(".") for part in parts)


def submission_name(file: Path, folder: Path) -> str:
    return readable_text(file.relative_to(folder).as_posix())


def grade_submission(file: Path, *, folder: Path, **options: Any) -> Grade:
    """The check of one submission as a row; whatever goes wrong with it is in the row."""
    start, name = perf_counter(), submission_name(file, folder)
    try:
        with private_copy(code_file(file, *SUBMISSION_SUFFIXES), folder) as copy, chdir(copy.parent):
            report = check_file(copy, **options)
    except Exception as error:
        told = readable_text(str(fault("the check", error) if is_fault(error) else error_text(error)))
        return Grade(name, VERDICTS[2], told=told, seconds=seconds_since(start))
    first = report.diagnoses[0] if report.diagnoses else None
    wrong = report.first_wrong or ""
    return Grade(
        name,
        VERDICTS[report.status],
        right=sum(f.ok for f in report.functions),
        functions=len(report.functions),
        first=first.name if first else wrong,
        cause=first.cause if first else "",
        told=readable_text(student_text(report)),
        seconds=seconds_since(start),
    )


def student_text(report: FileReport) -> str:
    """The sentences for the student."""
    sentences = report.errors if report.errors and not report.rows else report.errors + report.sentences
    return " ".join(s if s.endswith((".", "?")) else f"{s}." for s in sentences)


@contextmanager
def private_copy(file: Path, folder: Path) -> Iterator[Path]:
    """A copy for one check; of a file in a folder within, together with that folder."""
    with TemporaryDirectory(prefix="tinygraph-", ignore_cleanup_errors=True) as place:
        if file.parent == folder:
            yield Path(shutil.copy(file, place))
            return
        copy = Path(place, file.parent.name)
        with suppress(shutil.Error):  # of what cannot be read; the check says so if it is the file
            shutil.copytree(file.parent, copy, symlinks=True)
        if not (copy / file.name).is_file():  # a link out of the folder
            (copy / file.name).unlink(missing_ok=True)
            shutil.copy(file, copy)
        yield copy / file.name


def seconds_since(start: float) -> float:
    return round(perf_counter() - start, 2)


def readable_text(text: str) -> str:
    """The text without anything that a terminal would obey, or that no file can hold.

    >>> readable_text("a\\nb\\x1b[31m\\ud800")
    'a\\\\nb\\\\x1b[31m\\\\ud800'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# Several at a time


class Checker:
    """A process that checks one file after another; where a file ends it, another one begins."""

    def __init__(self, check: Callable[[Path], Grade]) -> None:
        self.check = check
        self.process: Any = None

    def begin(self) -> None:
        context = get_context("spawn")
        self.line, other = context.Pipe()
        self.process = context.Process(target=serve_checks, args=(other, self.check), daemon=True)
        self.process.start()
        other.close()

    def take(self, file: Path) -> None:
        """Begin to check a file; `line` has something to read when it is done."""
        if self.process is None or not self.process.is_alive():
            self.begin()
        self.file = file
        self.line.send(file)

    def result(self) -> Grade | None:
        """The grade of the file; None if it ended the process."""
        try:
            found: Grade = self.line.recv()
        except EOFError:
            self.end()
            return None
        return found

    def end(self) -> None:
        """End the process, and the file that it runs."""
        if self.process is not None:
            self.process.terminate()
            self.process.join()
            self.line.close()
            self.process = None


def serve_checks(line: Any, check: Callable[[Path], Grade]) -> None:
    """Check what comes along the line, in a process of its own, until nobody listens."""
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for the one that began it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with suppress(EOFError, BrokenPipeError):
        while True:
            line.send(check(line.recv()))


@contextmanager
def start_checkers(check: Callable[[Path], Grade], number: int) -> Iterator[list[Checker]]:
    """So many processes; at the end, with what they run, they are ended."""
    processes = [Checker(check) for _ in range(number)]
    try:
        yield processes
    finally:
        for process in processes:
            process.end()


def grade_files(files: Sequence[Path], folder: Path, free: Sequence[Checker]) -> Iterator[tuple[Path, Grade]]:
    """Each file with its grade, as they come."""
    waiting = list(reversed(files))
    busy: dict[Any, Checker] = {}
    for checker in free:
        checker.take(waiting.pop())
        busy[checker.line] = checker
    while busy:
        for line in connection.wait(list(busy)):
            checker = busy.pop(line)
            file, found = checker.file, checker.result()
            if waiting:
                checker.take(waiting.pop())
                busy[checker.line] = checker
            yield file, found or Grade(submission_name(file, folder), VERDICTS[2], told=ENDED_PROCESS)


def show_progress(done: Iterator[Any], total: int, console: Console | None) -> Iterator[Any]:
    """What is done, with a bar."""
    if console is None:
        return done
    from rich.progress import track

    return iter(track(done, "checking", total=total, console=console))


# The table


def keep_grades(grades: Iterable[Grade], out: str | Path | None) -> None:
    if out is not None:
        write_csv(grades, out)


def write_csv(grades: Iterable[Grade], path: str | Path) -> None:
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
    table.writerows([[plain_cell(cell) for cell in row] for row in grades])
    save_bytes(path, text.getvalue().encode("utf-8-sig"))


def plain_cell(cell: Any) -> Any:
    """A cell that a spreadsheet does not compute."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
