"""The check of functions that are already there: in a notebook, in a console, in a test.

Their source comes from `linecache`, where Python and IPython keep it, so that no file is needed; they are
called in this process, on copies of everything, and stay as they are.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import numpy as np

from tinygraph.debugger.direct import examine_directly
from tinygraph.debugger.examine import Examined
from tinygraph.debugger.file_report import FileReport
from tinygraph.debugger.notebooks import parse_cell
from tinygraph.debugger.process import FileRun, Outcome, file_place, read_failure
from tinygraph.debugger.program import Program, is_cell, plain_function
from tinygraph.debugger.replies import reply_at_once
from tinygraph.debugger.runner import make_probes, report_on
from tinygraph.debugger.splice import first_line
from tinygraph.debugger.steps import Step
from tinygraph.debugger.worker import (
    decode_value,
    describe_error,
    is_function,
    observe_call,
    place_of_function,
)
from tinygraph.errors import UserFileError

__all__ = ["check", "check_backward"]

SECONDS_TO_MEND = 5.0  # seconds


def check(
    what: Any = None, *, forward: Any = None, loss: Any = None, seconds: float = SECONDS_TO_MEND
) -> FileReport:
    """Judge a backward pass that was written by hand, and show which line is wrong and what it should be.

    It is held against the derivative of your own forward pass, taken from differences in float64; functions
    with the lectures' names are held against the lectures'.

    Args:
        what: a function that goes back, a class or an object with a way back; all functions that the caller
            has, if omitted.
        forward: the function that goes forward, or its name, if the names do not say it.
        loss: the function of the loss, or its name, likewise.
        seconds: in which what is wrong may be mended; 0 for no repair.

    Returns:
        a report: `ok`, `diagnoses` and `functions`; it prints, and shows itself in a notebook, as text with
        the wrong lines.

    Raises:
        UserFileError: Python does not know the source of what is to be checked.

    >>> def square_forward(x):
    ...     return x**2, x
    >>> def square_backward(dout, x):
    ...     return 2 * x * dout
    >>> check(square_backward, forward=square_forward).ok
    True
    """
    namespace, wanted, things = what_is_meant(what, sys._getframe(1))
    given = [f for f in (forward, loss) if isinstance(f, FunctionType)]
    namespace |= {f.__name__: f for f in given}
    program = program_with(namespace, [*things, *given], things[:1] if what is not None else [])
    names = {"forward": name_asked(forward), "backward": None, "loss": name_asked(loss)}
    asker = Asker(program, wanted)
    with chance_kept():
        return report_on(asker.ask, make_probes(None, 0, None), repair=seconds, names=names)


def check_backward(forward: Callable[..., Any], backward: Callable[..., Any], *inputs: Any) -> FileReport:
    """Judge a backward pass on inputs of your own.

    Args:
        forward: takes the inputs; gives an output, or a tuple of it and a cache.
        backward: takes the derivative of the output, and the cache or the inputs, as its parameters ask;
            gives the derivatives by the inputs. Where the output is one number it may do without the first.
        inputs: arrays, and whatever else `forward` takes, in its order.

    Raises:
        UserFileError: `forward` does not run on the inputs, or gives no number.

    >>> import numpy as np
    >>> def forward(x, w):
    ...     return x @ w, (x, w)
    >>> def backward(dout, cache):
    ...     x, w = cache
    ...     return dout @ w.T, x.T @ dout
    >>> check_backward(forward, backward, np.ones((2, 3)), np.ones((3, 4))).ok
    True
    """
    frame = sys._getframe(1)
    functions = [f for f in (forward, backward) if isinstance(f, FunctionType)]
    namespace = frame.f_globals | frame.f_locals | {f.__name__: f for f in functions}
    program = program_with(namespace, functions, functions[-1:])
    with chance_kept():
        examined = examine_directly(program, forward, backward, inputs)
        asker = Asker(program, {examined.function.name}, [examined])
        return report_on(asker.ask, make_probes(None, 0, None))


def name_asked(what: Any) -> str | None:
    """The name of a function, or a name as it is."""
    return what if what is None or isinstance(what, str) else name_alone(what)


def name_alone(what: Any) -> str:
    """The name of a function, with its class and without the function that it was made in."""
    return str(getattr(what, "__qualname__", what)).rpartition("<locals>.")[2]


@contextlib.contextmanager
def chance_kept() -> Iterator[None]:
    """Let the random numbers of the caller go on as if nothing had been drawn."""
    own, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the generator that people use
    try:
        yield
    finally:
        random.setstate(own)
        np.random.set_state(numpy)  # noqa: NPY002 - the same


# Where functions come from


def what_is_meant(what: Any, frame: FrameType) -> tuple[dict[str, Any], set[str] | None, list[Any]]:
    """The names that are known, the qualified names of what to judge (None for all), and the functions."""
    namespace = {**frame.f_globals, **frame.f_locals}
    if what is None:
        return namespace, None, list(own_things(namespace, frame))
    if isinstance(what, FunctionType):
        known = {**what.__globals__, **namespace, what.__name__: what}
        return known, {name_alone(what)}, [what, *own_things(namespace, frame)]
    owner = what if isinstance(what, type) else type(what)
    names = {f"{c.__name__}.{n}" for c in owner.__mro__[:-1] for n in vars(c)}
    things = list(owner.__mro__[:-1])
    return {**namespace, **{c.__name__: c for c in things}}, names, [*things, *own_things(namespace, frame)]


def own_things(namespace: Mapping[str, Any], frame: FrameType) -> Iterable[Any]:
    """The functions and classes that stand in the file or the cells of the caller."""
    here = frame.f_code.co_filename
    for value in namespace.values():
        files = {f.__code__.co_filename for f in functions_in(value)}
        if any(file == here or is_cell(file) for file in files):
            yield value


def functions_in(value: Any) -> list[FunctionType]:
    if isinstance(value, type):
        return [f for held in vars(value).values() if (f := plain_function(held)) is not None]
    function = plain_function(value) if isinstance(value, FunctionType) else None
    return [function] if function is not None else []


def program_with(
    namespace: dict[str, Any], things: Sequence[Any], needed: Sequence[Any] | None = None
) -> Program:
    """The program that some functions and classes belong to, with the text of their files and cells.

    Raises:
        UserFileError: none of the texts is known of those that are needed, or of all.
    """
    functions = [f for thing in things for f in functions_in(thing)]
    files = dict.fromkeys(f.__code__.co_filename for f in functions)
    trees = {file: tree for file in files if (tree := tree_of(file)) is not None}
    for file, tree in trees.items():
        tree.body += inner_definitions(tree, [f for f in functions if f.__code__.co_filename == file])
    asked = {f.__code__.co_filename for thing in needed or things for f in functions_in(thing)}
    if asked and trees.keys().isdisjoint(asked):
        raise UserFileError(
            "Python does not know the source of these functions; write them into a file or a cell, rather "
            "than giving them to exec"
        )
    return Program(dict(namespace), trees, next(iter(trees), ""))


def inner_definitions(tree: ast.Module, functions: Sequence[FunctionType]) -> list[ast.stmt]:
    """The definitions of functions that were made within others, as in a test."""
    lines = {f.__code__.co_firstlineno: f.__name__ for f in functions if "<locals>" in f.__qualname__}
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and lines.get(first_line(node)) == node.name
    ]


def tree_of(file: str) -> ast.Module | None:
    """The tree of a file or a cell; None where there is no text."""
    lines = linecache.getlines(file)
    if not lines and Path(file).is_file():
        lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines(True)
    try:
        return parse_cell("".join(lines)) if lines else None
    except SyntaxError:
        return None


class Asker:
    """Takes steps and questions in this process, as `process.run_file` does in another."""

    def __init__(self, program: Program, wanted: set[str] | None, examined: Sequence[Any] = ()) -> None:
        self.program, self.wanted, self.examined = program, wanted, list(examined)
        self.kept: list[Examined] = []

    def ask(self, steps: Sequence[Step], asks: Sequence[dict[str, Any]]) -> FileRun:
        run = FileRun(self.program.file)
        names = dict.fromkeys(s.function for s in steps)
        held = Holder(self.program.namespace)
        for name in names:
            if is_function(held, name) and (self.wanted is None or name in self.wanted):  # type: ignore[arg-type]
                file, line = place_of_function(held, name)  # type: ignore[arg-type]
                run.defined[name] = line
                run.places[name] = file_place(file or "", line)
        for i, step in enumerate(steps):
            if step.function in run.defined and step.belongs_to(run.defined):
                run.outcomes[i] = self.take(step)
        run.replies = [self.reply(asked) for asked in asks]
        return run

    def take(self, step: Step) -> Outcome:
        """What comes of one call."""
        try:
            facts = observe_call(
                self.program.namespace[step.function], step.arguments, step.spare, step.editions
            )
        except Exception as error:
            return Outcome(step, read_failure(describe_error(error, self.program.file)))
        again = None if facts["again"] is None else decode_value(facts["again"])
        return Outcome(step, decode_value(facts["value"]), tuple(facts["changed"]), again is None, again)

    def reply(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        mine = asked | {"wanted": self.wanted, "examined": self.examined}
        return reply_at_once(self.program, mine, lambda: None, self.kept)


class Holder:
    """A namespace whose names are attributes, as those of a module are."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        vars(self).update(namespace)
