"""Somebody's file in a process of its own: begun, supervised, ended, and what it left behind.

What a file does to itself (an endless loop, an exit, a crash) becomes a sentence about it. A function that
stops the process is left out, and another process goes on with the functions after it. This is no sandbox:
the file runs with all the rights of whoever runs it.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygraph.checks.report import join_names
from tinygraph.debugger import worker
from tinygraph.debugger.steps import FUNCTIONS, Step
from tinygraph.errors import UserFileError

__all__ = ["MEMORY", "TIMEOUT", "Failure", "FileRun", "Outcome", "run_file"]

TIMEOUT = 20.0  # seconds
MEMORY = 2 << 30  # bytes
SHARE = 5  # one function may take this fraction of the time limit
POLL = 0.05  # seconds
ROOT = Path(__file__).parents[2]
START = (
    "import sys; sys.path.append(sys.argv[1]); from tinygraph.debugger import worker; "
    "worker.limit_memory(int(sys.argv[2])); worker.run_worker(*sys.argv[3:]); worker.leave_process()"
)
# Many threads take much memory each, and these arrays are small.
QUIET = {"MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"} | dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
STOPPED = "stopped"  # the type of a failure that is no exception: the process has ended


def file_place(file: str, line: int | None) -> str:
    """A line of a file as one writes it; the file may be a cell of a notebook.

    >>> file_place("/home/me/layers.py", 12), file_place("/home/me/work.ipynb, code cell 3", 5)
    ('layers.py:12', 'work.ipynb, code cell 3, line 5')
    """
    name = Path(file).name
    return f"{name}:{line}" if name.endswith(".py") else f"{name}, line {line}"


@dataclass(frozen=True)
class Failure:
    """An exception in somebody's file: its type and message, the file and line where it passed there."""

    type: str
    message: str
    file: str | None = None
    line: int | None = None
    traceback: str = ""

    def sentence(self, name: str) -> str:
        """The exception as a sentence about `name`."""
        at = f" ({file_place(self.file, self.line)})" if self.file else ""
        message = " ".join(self.message.split())
        if self.type == STOPPED:
            return f"{name} {message}"
        if self.type == "SystemExit":
            return f"{name} called sys.exit{at}"
        if self.type == "MemoryError":
            return f"{name} asked for more memory than --memory allows{at}"
        return f"{name} raised {self.type}{': ' if message else ''}{message}{at}"


@dataclass(frozen=True)
class Outcome:
    """What came of one call.

    `value` is what it gave, or its Failure. `changed` names the arguments that it changed, or entries of
    them, as its own signature calls them: dA, cache[0][1], grads['dW1']. `repeated` says whether a second
    call with the same arguments gave the same; if not, `again` is what it gave. `threads` counts those that
    it left running.
    """

    step: Step
    value: Any
    changed: tuple[str, ...] = ()
    repeated: bool = True
    again: Any = None
    threads: int = 0

    @cached_property
    def named_arrays(self) -> dict[str, Any]:
        """The arrays in the value by name; none if it has another form or the call failed."""
        return {} if isinstance(self.value, Failure) else self.step.form.read(self.value) or {}

    @property
    def not_finite(self) -> list[str]:
        """The names of results that hold NaN or infinity."""
        arrays = {
            name: x
            for name, x in self.named_arrays.items()
            if isinstance(x, np.ndarray) and x.dtype.kind in "fc"
        }
        return [name for name, x in arrays.items() if not np.isfinite(x).all()]


@dataclass
class FileRun:
    """What is known of a run of a file.

    `defined` holds the line of each function it has, and `places` its file and line as one writes them;
    `outcomes` what came of each call, by the number of the step; `failure` is that of the import, `begun` the
    last call begun, `ended` how the process ended if not by itself and well; `notes` say what was left out of
    the file or stands in for something.
    """

    file: str
    defined: dict[str, int | None] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failure: Failure | None = None
    begun: int | None = None
    printed: str = ""
    ended: str | None = None

    @property
    def values(self) -> dict[int, Any]:
        """What each call gave, or its Failure, by the number of the step."""
        return {i: outcome.value for i, outcome in sorted(self.outcomes.items())}

    def errors(self, by_function: dict[str, str]) -> list[str]:
        """What could not be run, one sentence for each function."""
        name = Path(self.file).name
        if self.failure:
            return [self.failure.sentence(f"{name} could not be imported: it")]
        if self.ended and not self.defined:
            advice = "put what need not run under if __name__ == '__main__'"
            return [f"the import of {name} {self.ended}; {advice}"]
        if not self.defined:
            return [
                f"{name} defines none of {join_names(FUNCTIONS)}; give your functions the lectures' names"
            ]
        return [by_function[function] for function in FUNCTIONS if function in by_function]

    @property
    def traceback(self) -> str:
        """The traceback of the first exception."""
        failures = [self.failure, *(x for x in self.values.values() if isinstance(x, Failure))]
        return next((failure.traceback for failure in failures if failure), "")


def run_file(path: Path, steps: Sequence[Step], timeout: float = TIMEOUT, memory: int = MEMORY) -> FileRun:
    """Take the steps in a process of its own, or in several, where a function stops one.

    Args:
        path: a Python file or a notebook.
        steps: of one probe or of several.
        timeout: seconds for everything; one function may take a fifth of it.
        memory: bytes that a process may have.

    Raises:
        UserFileError: the time is too short for the process itself to begin.
    """
    run, waiting = FileRun(str(path)), list(range(len(steps)))
    deadline = time.monotonic() + timeout
    while waiting:
        run_once(run, steps, waiting, Limits(timeout, deadline, memory))
        if run.ended is None:
            waiting = []
        elif run.begun is None:
            break
        else:
            waiting = left_after(run, steps, waiting)
    tried = {outcome.step.function for outcome in run.outcomes.values()}
    late = Failure(STOPPED, f"was not reached within {timeout:g} s (--timeout sets the limit)")
    unreached = [i for i in waiting if steps[i].function in run.defined.keys() - tried]
    run.outcomes |= {i: Outcome(steps[i], late) for i in unreached}
    run.outcomes = {i: x for i, x in run.outcomes.items() if x.step.belongs_to(run.defined)}
    threads = dict.fromkeys(x.step.function for x in run.outcomes.values() if x.threads)
    run.notes += [f"{function} leaves threads running, which were not waited for." for function in threads]
    return run


class Limits(NamedTuple):
    """What a file may use: seconds in all, until `deadline` on the clock, and bytes."""

    timeout: float
    deadline: float
    memory: int


def left_after(run: FileRun, steps: Sequence[Step], waiting: Sequence[int]) -> list[int]:
    """The steps after one that stopped the process, without those of the same function."""
    assert run.begun is not None
    stopped = steps[run.begun]
    run.outcomes[run.begun] = Outcome(stopped, Failure(STOPPED, run.ended or ""))
    left = run.defined.keys() - {stopped.function}
    return [i for i in waiting if i > run.begun and steps[i].function in left]


def run_once(run: FileRun, steps: Sequence[Step], waiting: Sequence[int], limits: Limits) -> None:
    """Take the waiting steps in a process of its own and note what it wrote."""
    with tempfile.TemporaryDirectory(prefix="tinygraph-") as folder:
        calls, results = Path(folder, "calls"), Path(folder, "results")
        todo = [(i, steps[i]) for i in waiting]
        asked = [(i, s.function, s.arguments, s.spare, s.editions) for i, s in todo]
        calls.write_bytes(pickle.dumps(asked))
        arguments = (str(ROOT), str(limits.memory), run.file, str(calls), str(results))
        run.ended = supervise_command([sys.executable, "-P", "-c", START, *arguments], results, limits)
        run.begun = None
        if not (run.defined or results.exists()):
            how, name = run.ended.replace("the process ", ""), Path(run.file).name
            raise UserFileError(f"{name} was not even begun: its process {how}; --timeout sets the limit")
        for line in lines_of(results):
            note_line(run, steps, line)


def supervise_command(command: list[str], results: Path, limits: Limits) -> str:
    """Run a command that sees no input and shows no output; how it ended."""
    null = subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdin=null, stdout=null, stderr=null, env=os.environ | QUIET, start_new_session=True
    )
    try:
        status = watch_process(process, results, limits)
    except subprocess.TimeoutExpired as late:
        return f"was still running after {late.timeout:g} s"
    finally:
        end_process(process)
    how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    return f"ended the process {how}"


def watch_process(process: subprocess.Popen[bytes], results: Path, limits: Limits) -> int:
    """The status of a process at its end.

    Raises:
        TimeoutExpired: its time is up, or it is imported and has written nothing for its share of the time.
    """
    seen, share = 0, limits.timeout / SHARE
    until = limits.deadline
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(POLL)
        written = sum(1 for _ in lines_of(results))
        if written > max(seen, 1):
            seen, until = written, min(limits.deadline, time.monotonic() + share)
        if time.monotonic() > until:
            waited = limits.timeout if until == limits.deadline else share
            raise subprocess.TimeoutExpired(process.args, waited)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def lines_of(results: Path) -> Iterator[str]:
    """The lines that the worker has written; the last may be cut off."""
    text = results.read_text(encoding="utf-8") if results.exists() else ""
    return (line for line in text.splitlines(keepends=True) if line.endswith("\n"))


def note_line(run: FileRun, steps: Sequence[Step], line: str) -> None:
    """Add what a line says."""
    match json.loads(line):
        case {"begun": i}:
            run.begun = i
        case {"defined": defined, "notes": notes}:
            run.defined |= {name: number for name, (_, number) in defined.items()}
            run.places |= {name: file_place(file, number) for name, (file, number) in defined.items() if file}
            run.notes = notes
        case {"failed": None, "error": error}:
            run.failure = Failure(**error)
        case {"failed": i, "error": error}:
            run.outcomes[i] = Outcome(steps[i], Failure(**error))
        case {"done": i, "value": value, "changed": changed, "again": again, "threads": threads}:
            second = None if again is None else worker.decode_value(again)
            run.outcomes[i] = Outcome(
                steps[i], worker.decode_value(value), tuple(changed), again is None, second, threads
            )
        case {"printed": text}:
            run.printed = (run.printed + text)[: worker.MOST_PRINTED]
        case {"finished": True}:
            run.ended = None
