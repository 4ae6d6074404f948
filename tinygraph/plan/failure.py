"""A step that fails: which line of its text, made by which line of the user's code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygraph.errors import ShapeError
from tinygraph.guards.faults import MEANT, fault
from tinygraph.notation.places import file_and_line, place_text
from tinygraph.plan.program import Program
from tinygraph.plan.record import CodePlace, Traced, note_check
from tinygraph.plan.source import Source
from tinygraph.rules.nests import map_leaves

__all__ = ["describe_line", "retell_error"]


def retell_error(
    error: Exception, source: Source, program: Program, values: Mapping[Traced, Any]
) -> Exception:
    """The error of a step, retold with its line of the text and the user's line.

    `values` are the arguments of the step. They are of the shapes and dtypes that were recorded, so what is
    not about their numbers is a fault of the text.
    """
    line = line_of_error(error)
    if isinstance(error, FloatingPointError) and line not in source.calls:
        return FloatingPointError(first_not_finite(source, program, values))
    if not isinstance(error, (*MEANT, ValueError, IndexError)):
        return fault(describe_line(source, line), error)
    kind = ShapeError if isinstance(error, ValueError | IndexError) else type(error)
    told = f"{error}; in {describe_line(source, line)}"
    try:
        return kind(told)
    except TypeError:  # an error that is not made from a text
        error.add_note(told)
        return error


def line_of_error(error: Exception) -> int:
    """The line of the step at which `error` arose."""
    trace, found = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").startswith("tinygraph_step"):
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def describe_line(source: Source, line: int) -> str:
    """A line of the text and where it comes from."""
    text = source.text.splitlines()[line - 1].strip() if line else "its call"
    call = source.calls.get(line)
    return f"line {line} of the step, `{text}`{origin_text(call.place if call is not None else None)}"


def origin_text(place: CodePlace | None) -> str:
    """The user's line."""
    if place is None:
        return ""
    return f", which comes from {place_text(*file_and_line(*place))}"


def first_not_finite(source: Source, program: Program, values: Mapping[Traced, Any]) -> str:
    """Where NaN or infinity first appears, found by computing the step once more, call by call."""
    known = dict(values)
    for x, value in values.items():
        if not is_all_finite(value):
            return f"{x.name} holds NaN or infinity"
    lines = {s: line for line, s in reversed(source.calls.items())}
    for s in program.steps:
        if s.function is note_check or s.function is None:
            continue
        with np.errstate(all="ignore"):
            known[s] = s.function(*fill_arguments(s.args, known), **fill_arguments(s.settings, known))
        if not is_all_finite(known[s]):
            return f"NaN or infinity first appears in {describe_line(source, lines.get(s, 0))}"
    return "NaN or infinity in the cost or the derivatives"


def is_all_finite(x: Any) -> bool:
    return np.asarray(x).dtype.kind != "f" or bool(np.isfinite(x).all())


def fill_arguments(x: Any, known: Mapping[Traced, Any]) -> Any:
    """The arguments of a call with values in place of symbols."""
    return map_leaves(lambda leaf: known.get(leaf, leaf.value) if isinstance(leaf, Traced) else leaf, x)
