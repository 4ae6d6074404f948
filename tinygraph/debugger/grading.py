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
from pickle import UnpicklingError
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from tinygraph.checks.report import Diagnosis
from tinygraph.debugger.file_report import FileReport
from tinygraph.debugger.loading import code_file
from tinygraph.debugger.probe import make_probe
from tinygraph.debugger.process import TIMEOUT, adopt_orphans, end_orphans
from tinygraph.debugger.runner import check_file
from tinygraph.debugger.sandbox import Sandbox, confined_by
from tinygraph.debugger.telling import say_place
from tinygraph.debugger.worker import end_with_parent, readable_text
from tinygraph.errors import UserFileError
from tinygraph.files import save_bytes
from tinygraph.guards.faults import error_text, fault, is_fault

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Grade", "grade_folder", "grade_submission", "write_csv"]

VERDICTS = {0: "right", 1: "wrong", 2: "could not be run"}
NOT_CHECKED = "not checked"  # yet
BORROWED = "borrowed"  # in part at least; what is their own is right
SUBMISSION_SUFFIXES = (".py", ".ipynb")
SKIPPED_FOLDERS = {"__pycache__", "__MACOSX", "site-packages"}  # besides all that begins with a dot
ENDED_PROCESS = "It ended the process that checked it."
LINKED = "It is a link to a folder; put the folder itself here."
FIX_SECONDS = 2.0  # seconds for a fix
GRACE = 120.0  # seconds for the search of causes, besides the time of the file
LOOK_AGAIN = 1.0  # seconds
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would compute begins so


class Grade(NamedTuple):
    """What came of one submission; a row of the table.

    `right` of the `functions` that were judged are right by themselves, and the submission's own; `first` is
    the first derivative that is wrong, `cause` the mistake, `told` the sentences for the student.
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
    sandbox: Sandbox | None = None,
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
        sandbox: where each is run, from `find_sandbox`; if omitted, with the rights of whoever runs this.
        options: what the check of one file takes: sizes, activations, seed, timeout, memory, convention,
            repair.

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
    check = partial(grade_submission, folder=folder, sandbox=sandbox, **options)
    number, limit = min(jobs or os.cpu_count() or 1, len(files)), options.get("timeout", TIMEOUT) + GRACE
    with start_checkers(check, number, limit) as free:
        for file, found in show_progress(grade_files(files, folder, free), len(files), console):
            grades[file] = found
            keep_grades(grades.values(), out)
    return [*grades.values()]


def find_submissions(folder: Path) -> list[Path]:
    """The files to check."""
    if not folder.is_dir():
        raise UserFileError(f"{folder} is no folder; give one with submissions, .py or .ipynb")
    found = list(walk_folder(folder))
    if not found:
        raise UserFileError(f"{folder} holds no .py or .ipynb file")
    return sorted(found)


def walk_folder(folder: Path) -> Iterator[Path]:
    """The files to check, and the folders of which nobody can tell whether they hold any.

    Those that are links may lead in circles, or to what is nobody's work.
    """
    try:
        inside = list(folder.iterdir())
    except OSError:
        yield folder
        return
    for path in inside:
        if not is_theirs(path, folder):
            continue
        if path.is_symlink() and os.path.isdir(path):
            yield path
        elif os.path.isdir(path):
            yield from walk_folder(path)
        elif path.suffix.lower() in SUBMISSION_SUFFIXES:
            yield path


def is_theirs(path: Path, folder: Path) -> bool:
    """Whether somebody wrote it, rather than a program for itself."""
    parts = path.relative_to(folder).parts
    return not SKIPPED_FOLDERS.intersection(parts) and not any(part.startswith(".") for part in parts)


def submission_name(file: Path, folder: Path) -> str:
    return readable_text(file.relative_to(folder).as_posix())


def grade_submission(file: Path, *, folder: Path, sandbox: Sandbox | None = None, **options: Any) -> Grade:
    """The check of one submission as a row; whatever goes wrong with it is in the row."""
    start, name = perf_counter(), submission_name(file, folder)
    try:
        path = submitted_file(file)
        with private_copy(path, folder) as copy, chdir(copy.parent), confined_by(sandbox):
            report = check_file(copy, **{"repair": FIX_SECONDS} | options)
    except Exception as error:
        told = readable_text(str(fault("the check", error) if is_fault(error) else error_text(error)))
        return Grade(name, VERDICTS[2], told=told, seconds=seconds_since(start))
    first = report.diagnoses[0] if report.diagnoses else None
    wrong = report.first_wrong or ""
    counted = [f for f in report.functions if f.verdict != "not checked"]
    own = [f for f in counted if f.place]
    return Grade(
        name,
        BORROWED if report.status == 0 and len(own) < len(counted) else VERDICTS[report.status],
        right=sum(f.ok for f in own),
        functions=len(counted),
        first=first.name if first else wrong,
        cause=first.cause if first else "",
        told=readable_text(student_text(report, sandbox.note if sandbox else "")),
        seconds=seconds_since(start),
    )


def submitted_file(path: Path) -> Path:
    """The file.

    Raises:
        UserFileError: it is none.
        OSError: it is a folder that cannot be read.
    """
    if os.path.isdir(path):
        if path.is_symlink():
            raise UserFileError(LINKED)
        list(path.iterdir())
    return code_file(path, *SUBMISSION_SUFFIXES)


def student_text(report: FileReport, unsaid: str = "") -> str:
    """The sentences for the student: what is wrong where, and with what it would be right.

    One that is the same for all is left out.
    """
    blamed = {d.function for d in report.diagnoses}
    failed = [f.reason for f in report.functions if f.verdict == "could not run" and f.name not in blamed]
    wrong = [*map(mistake_text, report.diagnoses), *failed]
    sentences = [*(wrong or [report.summary]), *report.not_checked, *report.told_notes]
    told = [s for s in dict.fromkeys(sentences) if s != unsaid]
    return " ".join(s if s.endswith((".", "?")) else f"{s}." for s in told)


def mistake_text(mistake: Diagnosis) -> str:
    """A mistake as sentences."""
    where = f" ({say_place(mistake.file, mistake.line)})" if mistake.file and mistake.line else ""
    wrong = ", ".join(mistake.wrong) or mistake.name
    said = [f"{mistake.function}{where}: {wrong} wrong", mistake.message.removesuffix(".")]
    fix = " ".join((mistake.after or "").split())
    said += [f"With `{fix}` it is right"] * bool(fix)
    said += ["Without this line it is right"] * (mistake.after is not None and not fix)
    return "".join(f"{s}. " for s in said if s).strip()


@contextmanager
def private_copy(file: Path, folder: Path) -> Iterator[Path]:
    """A copy for one check; of a file in a folder within, together with that folder."""
    with TemporaryDirectory(prefix="tinygraph-", ignore_cleanup_errors=True) as place:
        name = file.stem + file.suffix.lower()
        if file.parent == folder:
            yield Path(shutil.copy(file, Path(place, name)))
            return
        copy = Path(place, file.parent.name)
        with suppress(shutil.Error):  # of what cannot be read; the check says so if it is the file
            shutil.copytree(file.parent, copy, symlinks=True)
        if name != file.name or not (copy / name).is_file() or (copy / name).is_symlink():
            (copy / name).unlink(missing_ok=True)
            shutil.copy(file, copy / name)
        yield copy / name  # which is no link to the file itself


def seconds_since(start: float) -> float:
    return round(perf_counter() - start, 2)


# Several at a time


class Checker:
    """A process that checks one file after another; where a file ends it, another one begins.

    `until` is when it must have checked the file, on the clock.
    """

    def __init__(self, check: Callable[[Path], Grade], limit: float) -> None:
        self.check, self.limit = check, limit
        self.process: Any = None

    def begin(self) -> None:
        context = get_context("spawn")
        self.line, other = context.Pipe()
        self.process = context.Process(target=serve_checks, args=(other, self.check), daemon=True)
        self.process.start()
        other.close()

    def take(self, file: Path) -> None:
        """Begin to check a file; `line` has something to read when it is done."""
        self.file, self.until = file, perf_counter() + self.limit
        if self.process is not None and self.process.is_alive():
            with suppress(OSError):  # it has just been ended
                self.line.send(file)
                return
        self.end()
        self.begin()
        self.line.send(file)

    def result(self) -> Grade | None:
        """The grade of the file; None if it ended the process."""
        try:
            found: Grade = self.line.recv()
        except (EOFError, OSError, UnpicklingError):
            self.end()
            return None
        return found

    def is_late(self) -> bool:
        """Whether it must be given up; where a file has stopped it, it goes on."""
        if hasattr(signal, "SIGCONT"):
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGCONT)
        return perf_counter() > self.until

    def end(self) -> None:
        """End the process, and the file that it runs."""
        if self.process is not None:
            self.process.terminate()
            self.process.join(LOOK_AGAIN)
            self.process.kill()  # one that has been stopped takes no other signal
            self.process.join()
            self.line.close()
            self.process = None


def serve_checks(line: Any, check: Callable[[Path], Grade]) -> None:
    """Check what comes along the line, in a process of its own, until nobody listens.

    Nothing that a file began is left when the next one comes.
    """
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for the one that began it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    end_with_parent()
    adopt_orphans()
    with suppress(EOFError, BrokenPipeError):
        while True:
            found = check(line.recv())
            end_orphans()
            line.send(found)


@contextmanager
def start_checkers(check: Callable[[Path], Grade], number: int, limit: float) -> Iterator[list[Checker]]:
    """So many processes; at the end, with what they run, they are ended."""
    processes = [Checker(check, limit) for _ in range(number)]
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
        ready = connection.wait(list(busy), LOOK_AGAIN)
        late = [line for line, checker in busy.items() if line not in ready and checker.is_late()]
        for line in [*ready, *late]:
            checker = busy.pop(line)
            if line in late:
                checker.end()
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
