"""Somebody's file in a process of its own: begun, supervised, ended, and what it answered.

What a file does to itself (an endless loop, an exit, a crash) becomes a sentence about it. A function that
stops the process is left out, and another process goes on with the functions after it. The process is asked
one call at a time, in an order in which no call's arguments hold what is asked later; so what is expected
never reaches it before it has answered. Of what it sends, no more is read than a certain amount, and of each
call the first answer alone counts. This is no sandbox: without one (sandbox.py) the file runs with all the
rights of whoever runs it.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import pickle
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock, Thread
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np

from tinygraph.checks.report import join_names, verb_for
from tinygraph.debugger import worker
from tinygraph.debugger.program import place_name
from tinygraph.debugger.sandbox import confined_variables, confinement
from tinygraph.debugger.steps import Step
from tinygraph.debugger.worker import readable_text
from tinygraph.errors import UserFileError

__all__ = [
    "MEMORY",
    "TIMEOUT",
    "Failure",
    "FileRun",
    "Outcome",
    "adopt_orphans",
    "end_orphans",
    "file_place",
    "read_failure",
    "readable_text",
    "run_file",
]

TIMEOUT = 20.0  # seconds
MEMORY = 2 << 30  # bytes
SHARE = 5  # one function may take this fraction of the time limit
POLL = 0.05  # seconds
LEAVE = 1.0  # seconds, for a process to end that has said all
MOST_LINE = 3 * worker.MOST_TOLD  # bytes: the two results of a call, and what is said of them
MOST_READ = 64 << 20  # bytes from one process, and besides
RETURNED = 4  # times as many as it was sent
PIPE = 1 << 20  # bytes on their way
ADOPTS = 36  # PR_SET_CHILD_SUBREAPER of Linux
SIGNALLED = 128
ROOT = Path(__file__).parents[2]
# Nothing of ours is left among the names of the program, where the file would find it.
START = "import sys; sys.path.append(sys.argv[1]); " + (
    "__import__('tinygraph.debugger.worker').debugger.worker.start_worker(*sys.argv[2:])"
)
# Many threads take much memory each, and these arrays are small.
QUIET = {"MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"} | dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
STOPPED = "stopped"  # the type of a failure that is no exception: the process has ended


def file_place(file: str, line: int | None) -> str:
    """A line of a file as one writes it; the file may be a cell of a notebook.

    >>> file_place("/home/me/layers.py", 12), file_place("/home/me/work.ipynb, cell [3]", 5)
    ('layers.py:12', 'work.ipynb, cell [3], line 5')
    """
    name = place_name(file)
    return f"{name}:{line}" if name.lower().endswith(".py") else f"{name}, line {line}"


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
    it left running; `borrowed` names the functions of tinygraph that it called.
    """

    step: Step
    value: Any
    changed: tuple[str, ...] = ()
    repeated: bool = True
    again: Any = None
    threads: int = 0
    borrowed: tuple[str, ...] = ()

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

    `defined` holds the line of each function it has, and `places` the file and line, as one writes them, of
    those that are its own; `outside` says where others come from, and `borrowed` what others take from
    tinygraph, which is no derivation by hand. `outcomes` holds what came of each call, by the number of the
    step; `failure` is that of the import, `begun` the last call begun, `ended` how the process ended if not
    by itself and well; `notes` say what was left out of the file or stands in for something.
    """

    file: str
    defined: dict[str, int | None] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)
    borrowed: dict[str, str] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    replies: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failure: Failure | None = None
    begun: int | None = None
    printed: str = ""
    ended: str | None = None

    @property
    def values(self) -> dict[int, Any]:
        """What each call gave, or its Failure, by the number of the step."""
        return {i: outcome.value for i, outcome in sorted(self.outcomes.items())}

    def errors(self) -> list[str]:
        """Why nothing of the file could be judged, in a sentence; empty if it was loaded."""
        name = Path(self.file).name
        if self.failure:
            return [self.failure.sentence(f"{name} could not be read: it")]
        if self.ended and not self.defined and not self.replies:
            return [
                f"the import of {name} {self.ended}; put what need not run under if __name__ == '__main__'"
            ]
        return []

    @property
    def traceback(self) -> str:
        """The traceback of the first exception."""
        failures = [self.failure, *(x for x in self.values.values() if isinstance(x, Failure))]
        return next((failure.traceback for failure in failures if failure), "")


def run_file(
    path: Path,
    steps: Sequence[Step],
    timeout: float = TIMEOUT,
    memory: int = MEMORY,
    asks: Sequence[dict[str, Any]] = (),
) -> FileRun:
    """Take the steps in a process of its own, or in several, where a function stops one.

    Args:
        path: a Python file or a notebook.
        steps: of one probe or of several.
        timeout: seconds for everything; one function may take a fifth of it.
        memory: bytes that a process may have.
        asks: what else is asked of the file, after the steps.

    Raises:
        UserFileError: the time is too short for the process itself to begin.
    """
    run = FileRun(str(path))
    waiting = sorted(range(len(steps)), key=lambda i: turn_of(steps[i]))
    deadline = time.monotonic() + timeout
    while waiting or asks:
        run_once(run, steps, waiting, Limits(timeout, deadline, memory), asks)
        if run.ended is None:
            waiting, asks = [], ()
        elif run.begun is None or run.begun < 0:
            break
        else:
            waiting = left_after(run, steps, waiting)
    tried = {outcome.step.function for outcome in run.outcomes.values()}
    late = Failure(STOPPED, f"was not reached within {timeout:g} s (--timeout sets the limit)")
    unreached = [i for i in waiting if steps[i].function in run.defined.keys() - tried]
    run.outcomes |= {i: Outcome(steps[i], late) for i in unreached}
    run.outcomes = {i: x for i, x in sorted(run.outcomes.items()) if x.step.belongs_to(run.defined)}
    add_notes(run)
    return run


def add_notes(run: FileRun) -> None:
    """Say what is left running, and what is not the file's own work; that has no place in the file."""
    threads = dict.fromkeys(x.step.function for x in run.outcomes.values() if x.threads)
    run.notes += [f"{function} leaves threads running, which were not waited for." for function in threads]
    for where in dict.fromkeys(run.outside.values()):
        names = [name for name in run.outside if run.outside[name] == where]
        file = readable_text(Path(run.file).name)
        run.notes.append(f"{join_names(names)} {verb_for(names)} not defined in {file}, but in {where}.")
    for function, name in run.borrowed.items():
        if function not in run.outside:
            run.notes.append(f"{function} calls tinygraph's own {name}, so it is not derived by hand.")
    if sandbox := confinement():
        run.notes.append(sandbox.note)
    run.places = {
        name: x for name, x in run.places.items() if name not in run.outside and name not in run.borrowed
    }


def turn_of(step: Step) -> tuple[int, int]:
    """When a step is asked: forward before backward, all layers before one, one before what is made of it.

    A call's arguments are what was asked before: Z and A in the caches, dA from the layer above, dZ for
    linear_backward, and all of dW and db for the update.
    """
    layer = step.layer or 0
    if step.function == "update_parameters":
        return 5, 0
    if step.function == "compute_cost":
        return 2, 0
    forward = "forward" in step.function
    if not layer:
        return (0 if forward else 3), 0
    return (1, layer) if forward else (4, 2 * -layer + (step.function == "linear_backward"))


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
    return [i for i in waiting[waiting.index(run.begun) + 1 :] if steps[i].function in left]


def run_once(
    run: FileRun,
    steps: Sequence[Step],
    waiting: Sequence[int],
    limits: Limits,
    asks: Sequence[dict[str, Any]],
) -> None:
    """Take the waiting steps in a process of its own and note what it tells."""
    talk = Talk(run, steps, waiting, asks)
    seconds = math.ceil(2 * limits.timeout) + 1
    file = Path(run.file).resolve()
    arguments = (str(ROOT), str(file), str(limits.memory), str(seconds))
    command = [sys.executable, "-P", "-c", START, *arguments]
    run.begun, run.ended = None, ""
    ended = supervise_command(command, talk, limits)
    run.ended = None if talk.finished else ended
    if not (run.defined or talk.lines):
        how, name = ended.replace("the process ", ""), Path(run.file).name
        raise UserFileError(f"{name} was not even begun: its process {how}; --timeout sets the limit")


# What is said on both sides


class Talk:
    """What a process is asked, one call after the other, and what it answers.

    `lines` counts the lines of the worker, `said` and `heard` the bytes that went and came, `open`
    holds the calls that wait for an answer. `refused` says why no more is read.
    """

    def __init__(
        self, run: FileRun, steps: Sequence[Step], waiting: Sequence[int], asks: Sequence[dict[str, Any]] = ()
    ) -> None:
        self.run, self.steps, self.waiting, self.asks = run, steps, waiting, asks
        self.names = list(dict.fromkeys(step.function for step in steps))
        self.secret, self.lines, self.open = secrets.token_bytes(32), 0, set[int]()
        self.said = self.heard = 0
        self.defined: Collection[str] | None = None  # not told yet
        self.finished = self.closed = False
        self.refused = ""
        self.lock = Lock()

    def questions(self) -> Iterator[tuple[Any, ...]]:
        """The calls, as the worker takes them, without those of functions that the file does not have."""
        for i in self.waiting:
            step = self.steps[i]
            if self.defined is None or step.function in self.defined:
                self.open.add(i)
                yield i, step.function, step.arguments, step.spare, step.editions
        for i, asked in enumerate(self.asks, start=1):
            self.open.add(-i)
            yield -i, "", asked

    def hold(self, said: BinaryIO, heard: BinaryIO) -> None:
        """Ask, and note the answers, until all is said or nobody is there."""
        try:
            with contextlib.suppress(OSError), said, heard:
                self.ask(said, heard)
        except Exception:  # whatever a file made of the worker
            self.refused = "sent what cannot be read"

    def ask(self, said: BinaryIO, heard: BinaryIO) -> None:
        """Ask until all is said, or nobody answers."""
        self.said += send_object(said, (self.secret, self.names))
        questions = self.questions()
        for line in self.read_lines(heard.read):
            if self.note(line):
                self.said += send_object(said, next(questions, None))
            if self.finished:
                return

    def read_lines(self, read: Callable[[int], bytes | None]) -> Iterator[bytes]:
        """The whole lines of what is read, until it ends or is too much."""
        begun = bytearray()
        while chunk := read(PIPE):
            self.heard += len(chunk)
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                yield bytes(begun) + line
                begun.clear()
            begun += rest
            if len(begun) > MOST_LINE or self.heard > MOST_READ + RETURNED * self.said:
                self.refused = f"sent {self.heard >> 20} MiB of results, which is more than is read"
                return

    def note(self, line: bytes) -> bool:
        """Add what a line says, if it is the worker's own; whether the next call may be asked then."""
        mark, _, text = line.partition(b" ")
        with self.lock:
            if self.closed or mark != worker.sign_line(self.secret, self.lines, text):
                return False
            self.lines += 1
            return self.add(json.loads(text))

    def add(self, facts: dict[str, Any]) -> bool:
        """Add what a line says; whether the next call may be asked then."""
        i = facts.get("done", facts.get("failed"))
        if i is not None:
            if i not in self.open:
                return False
            self.open.remove(i)
            if i < 0:
                self.run.replies.append(facts.get("reply"))
                return True
            self.run.outcomes[i] = read_outcome(self.steps[i], facts)
            for name in self.run.outcomes[i].borrowed:
                self.run.borrowed.setdefault(self.steps[i].function, name)
        self.finished = facts.get("finished", False)
        self.defined = facts.get("defined", self.defined)
        note_facts(self.run, facts)
        return i is not None or "defined" in facts

    def close(self) -> None:
        """Take nothing more."""
        with self.lock:
            self.closed = True


def send_object(out: BinaryIO, what: Any) -> int:
    """Write an object, whole; how many bytes it has."""
    data = left = memoryview(pickle.dumps(what))
    while left:
        left = left[out.write(left) :]
    return len(data)


def note_facts(run: FileRun, facts: dict[str, Any]) -> None:
    """Add what a line says of the file, other than of a call."""
    match facts:
        case {"begun": i}:
            run.begun = i
        case {"defined": defined, "outside": outside, "notes": notes}:
            run.defined |= {name: number for name, (_, number) in defined.items()}
            places = {name: file_place(file, number) for name, (file, number) in defined.items() if file}
            run.places |= {name: readable_text(place) for name, place in places.items()}
            run.outside |= {name: readable_text(where) for name, where in outside.items()}
            run.notes = [readable_text(note) for note in notes]
        case {"failed": None, "error": error}:
            run.failure = read_failure(error)
        case {"printed": text}:
            run.printed = (run.printed + readable_text(text, kept="\n\t"))[: worker.MOST_PRINTED]


def read_outcome(step: Step, facts: dict[str, Any]) -> Outcome:
    """What is told of a call; what cannot be read is a failure of its function, and not of ours."""
    try:
        if "error" in facts:
            return Outcome(step, read_failure(facts["error"]))
        again, changed = facts["again"], tuple(map(readable_text, facts["changed"]))
        second = None if again is None else worker.decode_value(again)
        borrowed = tuple(map(readable_text, facts["borrowed"]))
        value = worker.decode_value(facts["value"])
        return Outcome(step, value, changed, again is None, second, facts["threads"], borrowed)
    except Exception:
        return Outcome(step, Failure(STOPPED, "returned what cannot be read"))


def read_failure(error: dict[str, Any]) -> Failure:
    """An exception as the worker tells it."""
    line = error["line"] if isinstance(error["line"], int) else None
    file = error["file"] and readable_text(error["file"])
    type, message = readable_text(error["type"]), readable_text(error["message"], kept="\n\t")
    return Failure(type, message, file, line, readable_text(error["traceback"], kept="\n\t"))


# The process


def supervise_command(command: list[str], talk: Talk, limits: Limits) -> str:
    """Run a command that sees no input but what it is asked, and shows no output; how it ended."""
    process = begin_process(command)
    streams = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
    listener = Thread(target=talk.hold, args=streams, daemon=True)
    listener.start()
    try:
        status = watch_process(process, listener, talk, limits)
    except subprocess.TimeoutExpired as late:
        return f"was still running after {late.timeout:g} s"
    finally:
        end_process(process)
        listener.join(POLL)  # in vain where something that the file began holds the pipe
        talk.close()
    return talk.refused or ending_text(status)


def begin_process(command: list[str]) -> subprocess.Popen[bytes]:
    """Begin a command, of which the file stands at a fixed place, in the sandbox if there is one."""
    environment: Mapping[str, str] = os.environ
    if sandbox := confinement():
        folder = Path(command[-3]).parent
        command, environment = sandbox.command(command, folder), confined_variables(folder)
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(
        command,
        bufsize=0,
        pipesize=PIPE,
        stdin=pipe,
        stdout=pipe,
        stderr=nothing,
        env={**environment, **QUIET},
        start_new_session=True,
    )


def watch_process(process: subprocess.Popen[bytes], listener: Thread, talk: Talk, limits: Limits) -> int:
    """The status of a process at its end; 0 if it has said all.

    Raises:
        TimeoutExpired: its time is up, or it is imported and has told nothing for its share of the time.
    """
    seen, share, heard = 0, limits.timeout / SHARE, -1
    until = limits.deadline
    while True:
        wait_a_moment(process, listener)
        if talk.finished:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LEAVE)
        status = process.poll()
        if talk.finished or talk.refused or (status is not None and heard == talk.heard):
            return status or 0
        heard = talk.heard if status is not None else -1
        if talk.lines > max(seen, 1):
            seen, until = talk.lines, min(limits.deadline, time.monotonic() + share)
        if time.monotonic() > until:
            waited = limits.timeout if until == limits.deadline else share
            raise subprocess.TimeoutExpired(process.args, waited)


def wait_a_moment(process: subprocess.Popen[bytes], listener: Thread) -> None:
    """Wait until there may be something new: all is said, or the process has ended."""
    if listener.is_alive():
        listener.join(POLL)
    else:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL)


def ending_text(status: int) -> str:
    """How a process ended, by its status.

    >>> ending_text(-9), ending_text(3)
    ('ended the process by SIGKILL', 'ended the process with status 3')
    """
    if confinement() and status > SIGNALLED:  # as a shell tells it
        status = SIGNALLED - status
    known = {int(number): number.name for number in signal.Signals}
    how = f"by {known.get(-status, f'signal {-status}')}" if status < 0 else f"with status {status}"
    return f"ended the process {how}"


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, but for what has gone into a session of its own."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def adopt_orphans() -> None:
    """Become the parent of whatever loses its own, if it was begun from here; only Linux can do that."""
    worker.set_process(ADOPTS, 1)


def end_orphans() -> None:
    """End all children of this process, and theirs, which then are its own; for one that has no others."""
    while children := children_of(os.getpid()):
        for child in children:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def children_of(parent: int) -> list[int]:
    """The numbers of the processes that one has begun; none where the system does not tell."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            _, ppid, *_ = stat.read_text(errors="replace").rpartition(")")[2].split()
            found += [int(stat.parent.name)] * (int(ppid) == parent)
    return found
