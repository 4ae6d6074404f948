"""Somebody's file in a process of its own: begun, supervised, ended, and what it left behind.

What a file does to itself (an endless loop, an exit, a crash) becomes a sentence about it. This is no
sandbox: the file runs with all the rights of whoever runs it.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygraph.check import worker
from tinygraph.check.compare import listed
from tinygraph.check.steps import FUNCTIONS, Step

__all__ = ["Failure", "Run", "run_file"]


@dataclass(frozen=True)
class Failure:
    """An exception in somebody's file: its type and message, the file and line where it passed there."""

    type: str
    message: str
    file: str | None
    line: int | None
    traceback: str

    def sentence(self, name: str) -> str:
        """The exception as a sentence about `name`."""
        at = f" ({Path(self.file).name}:{self.line})" if self.file else ""
        if self.type == "SystemExit":
            return f"{name} called sys.exit{at}"
        return f"{name} raised {self.type}: {' '.join(self.message.split())}{at}"


@dataclass(frozen=True)
class Run:
    """What is known of a run of a file.

    `defined` holds the line of each function it has, `values` what each call gave or its Failure, by the
    number of the call; `failure` is that of the import, `begun` the last call begun, `ended` how the process
    ended if not by itself and well.
    """

    file: str
    defined: dict[str, int | None]
    values: dict[int, Any]
    failure: Failure | None
    begun: int | None
    printed: str
    ended: str | None

    def results(self, steps: list[Step]) -> list[tuple[Step, Any]]:
        """The steps that were taken, with what they gave."""
        return [(steps[i], value) for i, value in sorted(self.values.items())]

    def errors(self, steps: list[Step], by_function: dict[str, str]) -> list[str]:
        """What could not be run, one sentence for each function."""
        name = Path(self.file).name
        if self.failure:
            return [self.failure.sentence(f"{name} could not be imported: it")]
        found = [by_function[function] for function in FUNCTIONS if function in by_function]
        if self.ended and self.begun is None:
            advice = "put what need not run under if __name__ == '__main__'"
            return [f"the import of {name} {self.ended}; {advice}"]
        if self.ended:
            return [*found, f"{steps[self.begun or 0].name} {self.ended}"]
        if not self.defined:
            return [f"{name} defines none of {listed(FUNCTIONS)}; give your functions the lectures' names"]
        return found

    @property
    def traceback(self) -> str:
        """The traceback of the first exception."""
        failures = [self.failure, *(x for x in self.values.values() if isinstance(x, Failure))]
        return next((failure.traceback for failure in failures if failure), "")


def run_file(path: Path, steps: list[Step], timeout: float) -> Run:
    """Make the calls in a process of its own and read what it wrote."""
    with tempfile.TemporaryDirectory(prefix="tinygraph-") as folder:
        calls, results = Path(folder, "calls"), Path(folder, "results")
        calls.write_bytes(pickle.dumps([(step.function, step.arguments) for step in steps]))
        command = [sys.executable, "-P", worker.__file__, str(path), str(calls), str(results)]
        ended = supervise(command, timeout)
        return read_results(str(path), results, ended)


def supervise(command: list[str], timeout: float) -> str | None:
    """Run a command that sees no input and shows no output; how it ended, if not by itself and well."""
    quiet = {"MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}
    null = subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdin=null, stdout=null, stderr=null, env=os.environ | quiet, start_new_session=True
    )
    try:
        status = process.wait(timeout)
    except subprocess.TimeoutExpired:
        return f"was still running after {timeout:g} s"
    finally:
        end(process)
    how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    return f"ended the process {how}" if status else None


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def read_results(file: str, results: Path, ended: str | None) -> Run:
    """The lines that the worker wrote; the last may be cut off."""
    text = results.read_text(encoding="utf-8") if results.exists() else ""
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    facts = {
        key: value for line in lines for key, value in line.items() if key in ("defined", "begun", "printed")
    }
    values = {line["done"]: worker.decode(line["value"]) for line in lines if "done" in line}
    failures = {line["failed"]: Failure(**line["error"]) for line in lines if "failed" in line}
    failure = failures.pop(None, None)
    begun, printed = facts.get("begun"), facts.get("printed", "")
    return Run(file, facts.get("defined", {}), values | failures, failure, begun, printed, ended)
