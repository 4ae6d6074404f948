"""A plan: a trace made into a program with memory, text, and the function that the text defines."""

from __future__ import annotations

import itertools
import linecache
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from tinygraph.errors import UserFileError
from tinygraph.files import write_whole
from tinygraph.plan.loops import write_loops
from tinygraph.plan.program import Program, simplify_program
from tinygraph.plan.record import Traced
from tinygraph.plan.source import Source, is_uniform, write_source
from tinygraph.plan.trace import Trace

__all__ = ["BuiltStep", "build_step", "forget_compiled", "load_step"]

ABOUT_STEP = "One step, written by tinygraph: the calls of NumPy behind it, in order, into arrays made once."
_next_number = itertools.count(1).__next__


class BuiltStep(NamedTuple):
    """A program, its text, and the symbols of its arguments in order, the constants last."""

    program: Program
    source: Source
    arguments: list[Traced]


def build_step(trace: Trace, check_nan: bool = False, loops: bool = False) -> BuiltStep:
    """The program of a trace and its text: with the update if there is one, else with the derivatives.

    With `loops` the text is for numba, else for NumPy alone.
    """
    asked = [trace.cost] if trace.targets else [trace.cost, *trace.derivatives]
    news = [new for _, new in trace.targets]
    program, became = simplify_program([*asked, *news], trace.tape.checks)
    asked = [became[s] for s in asked]
    targets: dict[Traced, Traced] = {}
    for old, new in trace.targets:
        targets.setdefault(became[new], old)
    pairs = [(old, became[new]) for old, new in trace.targets]
    names: dict[Traced, str] = {}
    for s, name in trace.names.items():
        names.setdefault(became.get(s, s), name)
    given = set(trace.arguments)
    constants = (leaf for leaf in program.leaves if leaf not in given and not is_uniform(leaf))
    arguments = [*trace.arguments, *constants]
    finite = [asked[0], *(became[s] for s in trace.derivatives)] if check_nan else []
    write = write_loops if loops else write_source
    source = write(program, targets, names, trace.sections, arguments, asked, pairs, finite, ABOUT_STEP)
    return BuiltStep(program, source, arguments)


def load_step(source: Source, loops: bool = False) -> Callable[..., Any]:
    """The function `step` that the text defines.

    The text holds recorded calls, identifiers and numbers alone, so running it runs nothing else. Text with
    loops is run under the name of a file that holds it, beside which numba keeps what it compiled.
    """
    file = cache_file(source.text) if loops else f"<tinygraph step {_next_number()}>"
    linecache.cache[file] = len(source.text), None, source.text.splitlines(keepends=True), file
    module = ModuleType(f"tinygraph_{Path(file).stem}" if loops else "tinygraph_step")
    if loops:
        sys.modules[module.__name__] = module  # numba looks there for the functions that it has kept
    exec(compile(source.text, file, "exec", optimize=0), module.__dict__)
    return module.step  # type: ignore[no-any-return]


def cache_file(text: str) -> str:
    """The file of this text in the cache of the user: $TINYGRAPH_CACHE, or tinygraph in the usual place."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tinygraph"
    folder = Path(os.environ.get("TINYGRAPH_CACHE") or usual)
    path = folder / f"step_{len(text)}_{zlib.crc32(text.encode()):08x}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_whole(path, text.encode())
    except OSError as error:
        raise UserFileError(
            f"numba keeps compiled steps in {folder}, which cannot be written ({error.strerror}); set "
            "TINYGRAPH_CACHE to another folder"
        ) from error
    return str(path)


def forget_compiled(step: Callable[..., Any]) -> bool:
    """Remove what numba keeps of a function that `load_step` made; whether there was anything."""
    loops = [x for x in vars(sys.modules[step.__module__]).values() if hasattr(x, "stats")]
    pattern = f"{Path(step.__code__.co_filename).stem}.*.nb?"
    kept = {file for loop in loops for file in Path(loop.stats.cache_path).glob(pattern)}
    for file in kept:
        file.unlink(missing_ok=True)
    return bool(kept)
