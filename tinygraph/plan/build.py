"""A plan: a trace made into a program with memory, text, and the function that the text defines."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable
from typing import Any, NamedTuple

from tinygraph.plan.buffers import plan_memory
from tinygraph.plan.program import Program, simplify
from tinygraph.plan.record import Traced
from tinygraph.plan.source import Source, is_uniform, write_source
from tinygraph.plan.trace import Trace

__all__ = ["Built", "build", "load"]

ABOUT = "One step, written by tinygraph: the calls of NumPy behind it, in order, into arrays made once."
_next_number = itertools.count(1).__next__


class Built(NamedTuple):
    """A program, its text, and the symbols of its arguments in order, the constants last."""

    program: Program
    source: Source
    arguments: list[Traced]


def build(trace: Trace, check_nan: bool = False) -> Built:
    """The program of a trace and its text: with the update if there is one, else with the derivatives."""
    asked = [trace.cost] if trace.targets else [trace.cost, *trace.derivatives]
    news = [new for _, new in trace.targets]
    program, became = simplify([*asked, *news], trace.tape.checks)
    asked = [became[s] for s in asked]
    targets: dict[Traced, Traced] = {}
    for old, new in trace.targets:
        targets.setdefault(became[new], old)
    memory = plan_memory(program, targets, asked)
    copies = [(old, became[new]) for old, new in trace.targets if memory.targets.get(became[new]) is not old]
    names: dict[Traced, str] = {}
    for s, name in trace.names.items():
        names.setdefault(became.get(s, s), name)
    given = set(trace.arguments)
    arguments = [
        *trace.arguments,
        *(leaf for leaf in program.leaves if leaf not in given and not is_uniform(leaf)),
    ]
    finite = [asked[0], *(became[s] for s in trace.derivatives)] if check_nan else []
    source = write_source(program, memory, names, trace.sections, arguments, asked, copies, finite, ABOUT)
    return Built(program, source, arguments)


def load(source: Source) -> Callable[..., Any]:
    """The function `step` that the text defines.

    The text holds recorded calls, identifiers and numbers alone, so running it runs nothing else.
    """
    file = f"<tinygraph step {_next_number()}>"
    linecache.cache[file] = len(source.text), None, source.text.splitlines(keepends=True), file
    namespace: dict[str, Any] = {"__name__": file}
    exec(compile(source.text, file, "exec", optimize=0), namespace)
    return namespace["step"]  # type: ignore[no-any-return]
