"""The check of somebody's hand-derived layers: their functions, called one by one, against the engine.

A file is a module with functions of the lectures' names, from `linear_backward` up, or with one function
`backward(parameters, X, Y)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinygraph.check.compare import Convention, compare_with, described, listed
from tinygraph.check.file_report import FileReport, FunctionVerdict, StepReport
from tinygraph.check.probe import make_probe
from tinygraph.check.process import Failure, run_file
from tinygraph.check.steps import Step, steps_of
from tinygraph.errors import UserFileError

__all__ = ["check_file", "python_file"]

TIMEOUT = 20.0  # seconds
WHOLE = ("L_model_backward", "backward")


def check_file(
    file: str | Path,
    *,
    sizes: Sequence[int] = (5, 4, 3, 1),
    seed: int = 0,
    timeout: float = TIMEOUT,
    convention: Convention = "auto",
) -> FileReport:
    """Run the hand-derived layers in `file` and compare all they give with the engine's derivatives.

    Each function found is called by itself, for every layer, on a real forward pass and with the right
    derivative from above. In the lectures' convention that is m times the true derivative; if the file's own
    `L_model_backward` or `backward` puts the 1/m into dA and dZ instead, its other functions are expected to
    do without it.

    Args:
        file: a Python file. It is imported in a process of its own, without standard input.
        sizes: the units of each layer, the inputs first.
        seed: of the probe's random numbers.
        timeout: seconds until the process is ended.
        convention: "course" or "true" to insist on one.

    Raises:
        UserFileError: there is no such Python file.
        ValueError: the sizes are no network, or the convention is another.
    """
    path = python_file(file)
    probe = make_probe(sizes, seed)
    steps = steps_of(probe)
    run = run_file(path, steps, timeout)
    judged = [judge(step, value, probe.m, convention) for step, value in run.results(steps)]
    seen = convention_of(judged, convention)
    judged = [s for s in judged if s.step.convention in (None, seen)]
    return FileReport(
        [row for s in judged for row in s.rows],
        notes=[note for s in judged for note in s.notes],
        file=str(path),
        steps=judged,
        functions=[verdict_on(name, line, judged) for name, line in run.defined.items()],
        errors=run.errors(steps, {s.step.function: s.error for s in reversed(judged) if s.error}),
        convention=seen,
        m=probe.m,
        printed=run.printed,
        traceback=run.traceback,
    )


def python_file(file: str | Path) -> Path:
    """The path of a Python file that exists."""
    path = Path(file)
    if not path.exists():
        raise UserFileError(f"there is no file {path}; give the Python file that holds your functions")
    if path.suffix != ".py" or not path.is_file():
        raise UserFileError(f"{path} is not a Python file; give the .py file that holds your functions")
    return path


def convention_of(judged: list[StepReport], asked: Convention) -> str:
    """The convention of a file: the one asked for, or that of its functions of all layers, or the lectures'.

    A function of one layer alone cannot show whether it lacks the 1/m or expects it in what it is given, and
    is held to the lectures' form.
    """
    if asked != "auto":
        return asked
    whole = [s.report.convention for s in judged if s.report is not None and s.step.function in WHOLE]
    told = [convention for convention in whole if convention != "both"]
    if told or not whole:
        return told[0] if told else "course"
    fits = {c: all(s.ok for s in judged if s.step.convention == c) for c in ("course", "true")}
    return "true" if fits["true"] and not fits["course"] else "course"


def verdict_on(name: str, line: int | None, judged: list[StepReport]) -> FunctionVerdict:
    """The verdict on a function from those on its steps."""
    steps = [s for s in judged if s.step.function == name]
    wrong = any(s.report is not None and not s.ok for s in steps)
    ok = bool(steps) and all(s.ok for s in steps)
    return FunctionVerdict(name, ok, "wrong" if wrong else "agrees" if ok else "could not be run", line)


def judge(step: Step, value: Any, m: int, convention: Convention) -> StepReport:
    """What a function gave, or the exception it raised, against what it should have given."""
    if isinstance(value, Failure):
        return StepReport(step, error=value.sentence(step.name))
    expected = "the tuple (dA_prev, dW, db)" if step.outputs else "a dict of arrays by name"
    fits = len(value) == len(step.outputs) if isinstance(value, tuple | list) else isinstance(value, dict)
    if not fits or isinstance(value, dict) == bool(step.outputs):
        return StepReport(step, error=f"{step.name} returned {shown(value)}; expected {expected}")
    hand = value if isinstance(value, dict) else dict(zip(step.outputs, value, strict=True))
    known = {name: x for name, x in hand.items() if name in step.targets}
    required = [name for name, target in step.targets.items() if target.of_parameter]
    report = compare_with(step.targets, known, m, step.convention or convention, require=required)
    if others := hand.keys() - known.keys():
        report.notes.append(
            f"{listed(sorted(others))}: the lectures have no such name, so it was not compared."
        )
    return StepReport(step, report)


def shown(value: Any) -> str:
    """A result in a few words."""
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return described(value)
