"""Statements that go forward and back: of a file itself, or in a function that trains."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from types import FunctionType
from typing import Any, cast

import numpy as np

from tinygraph.debugger.cases import Place, fits_into, same_but_ones
from tinygraph.debugger.machines import FunctionMachine, Machine, reachable
from tinygraph.debugger.making import UNITS, Maker, Sizes
from tinygraph.debugger.objects import make_objects
from tinygraph.debugger.outline import BodyOutline, says_labels
from tinygraph.debugger.passes import arguments_of, layers_in, layouts_for, started_parameters, words_of
from tinygraph.debugger.program import SCRIPT, Function, Program
from tinygraph.debugger.protocols.table import Asked, protocol
from tinygraph.debugger.sites import bound_names, walk_own
from tinygraph.debugger.statements import (
    Derivative,
    Judged,
    function_machine,
    judge_machine,
    script_machine,
)
from tinygraph.debugger.structure import Path, as_floats, leaves_of
from tinygraph.debugger.trial import Claim, Outputs, State, Trial, Unplayable
from tinygraph.debugger.truth import Truth

__all__ = ["StatementsTrial", "scripts_of"]

MOST_WAYS = 24
FEWEST_BACK = 2  # statements that go back
NUMERIC = {"numerical", "numeric", "finite", "difference", "differences"}  # words of what calls a loss often


def scripts_of(program: Program) -> Iterator[Function]:
    """The statements of each file, as a function; of a file that has some that go back."""
    for file, tree in program.trees.items():
        if len(BodyOutline(tree.body).derivatives) >= FEWEST_BACK or BodyOutline(tree.body).updates:
            arguments = ast.arguments([], [], None, [], [], None, [])
            node = ast.FunctionDef(SCRIPT, arguments, tree.body, [], lineno=1, col_offset=0)
            yield Function(SCRIPT, file, node, cast(FunctionType, no_function))


def no_function() -> None:
    """What stands for the function of a file's own statements."""


@protocol(
    "statements that go forward and back",
    "loss = ...; dlogits = ...; dW = h.T @ dlogits; W -= lr * dW",
    reads_statements=True,
)
def find_scripts(program: Program, function: Function, asked: Asked) -> Iterator[Trial]:
    """The trials of a file's own statements, or of a function that computes derivatives after a loss."""
    if function.name == SCRIPT:
        if asked.seed == 0:
            yield from trials_of_machine(script_machine(program, function))
        return
    outline = BodyOutline(function.node.body, function.parameters)
    if function.name.endswith("__") or NUMERIC & set(words_of(function.name)):
        return
    if len(outline.derivatives) + len(outline.updates) >= FEWEST_BACK:
        for machine in machines_of(program, function, asked):
            for trial in trials_of_machine(machine):
                yield trial
                if trial.reading.ok:
                    return


def trials_of_machine(machine: Machine) -> Iterator[StatementsTrial]:
    try:
        yield StatementsTrial.of(judge_machine(machine))
    except Unplayable:
        return
    except Exception:  # nothing that somebody's arrays are may end the check of the other functions
        return


# Arguments


def machines_of(program: Program, function: Function, asked: Asked) -> Iterator[Machine]:
    """The function on made arguments that take it to its backward pass, the likeliest first."""
    hooked = function_machine(program, function, {})
    for sizes in sizes_for(program, asked.sizes):
        makers = [
            Maker(x, sizes, asked.seed, layers_in(function, ()), program=program)
            for x in layouts_for(function.text)
            if x in (OF_ONE_EXAMPLE if OUTER.search(function.text) else PLAIN_LAYOUTS)
        ]
        stopped: list[Machine] = []
        for maker in makers:
            yield from islice(running(hooked, maker, stopped), 3)
        yield from stopped[:3]


OUTER = re.compile(r"\bouter\(")  # of what is no table of examples
OF_ONE_EXAMPLE = ("one vector", "one sequence", "one column", "one unit")
PLAIN_LAYOUTS = ("rows", "columns", "one column", "one vector", "one unit", "sequences")


def sizes_for(program: Program, sizes: Sizes) -> list[Sizes]:
    """The sizes, and those that the program's own constants ask for."""
    found: dict[str, int] = {}
    for name, value in whole_numbers_of(program):
        for pattern, unit in UNITS:
            if re.search(pattern, re.sub(r"^nn_", "", name.lower())) and 1 < value <= 100:
                found.setdefault(unit, value)
                break
    return [replace(sizes, **found), sizes] if found else [sizes]


def whole_numbers_of(program: Program) -> Iterator[tuple[str, int]]:
    """The whole numbers of a file and of its classes, by name."""
    for tree in program.trees.values():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Constant)
                and type(node.value.value) is int
            ):
                yield from ((t.id, node.value.value) for t in node.targets if isinstance(t, ast.Name))


def running(hooked: FunctionMachine, maker: Maker, stopped: list[Machine]) -> Iterator[Machine]:
    """The machines of a layout that come to the end of their backward pass; `stopped` get its start."""
    program, function = hooked.program, hooked.function
    missing = missing_names(program, function)
    for thing, fitting in objects_for(program, function, maker):
        ways = product(arguments_for(function, fitting), made_names(missing, fitting))
        for arguments, given in islice(ways, MOST_WAYS):
            state = arguments | ({} if thing is None else {"self": thing})
            machine = hooked.on(state, given)
            run = machine.run()
            if reaches(machine, run):
                if run.error is None:
                    yield machine
                else:
                    stopped.append(machine)


def objects_for(program: Program, function: Function, maker: Maker) -> Iterator[tuple[Any, Maker]]:
    """The objects of a method, each with a maker of arguments that fit it; None for a function."""
    if not function.is_method or function.owner is None:
        yield None, maker
        return
    for thing in islice(make_objects(program, function.owner, maker), 3):
        start = program.methods(function.owner).get("__init__")
        free = start is None or not start.parameters
        yield thing, replace(maker, sizes=sizes_held(thing, maker.sizes)) if free else maker


def sizes_held(thing: Any, sizes: Sizes) -> Sizes:
    """The sizes that an object has whose constructor asks for none: those of its first and last weights."""
    shapes = [np.shape(x.value) for x in leaves_of(thing, ("self",)) if np.ndim(x.value) == 2]
    return replace(sizes, n=shapes[0][0], k=shapes[-1][1]) if shapes else sizes


def arguments_for(function: Function, maker: Maker) -> list[dict[str, Any]]:
    """Arguments for a function, in several ways."""
    unknown = [n for n in function.required if not maker.candidates(n, function.text)]
    choices = {n: c for n in unknown if (c := values_meant(n, maker))}
    started = started_parameters(maker.program, function, maker) if maker.program else {}
    found: list[dict[str, Any]] = []
    for values in islice(product(*choices.values()), 8):
        known = dict(zip(choices, values, strict=True))
        asked = maker.choices(function, known, started)
        ways = islice(product(*(range(len(c.values)) for c in asked)), MOST_WAYS)
        found += [arguments_of(asked, list(chosen)) for chosen in ways]
    return found


def values_meant(name: str, maker: Maker) -> list[Any]:
    """What an argument may be whose name is a longer one: nn_hdim, training_set_inputs."""
    low = name.lower()
    if says_labels(name):
        return maker.of_role("labels", low)
    if re.search(r"input|feature|data|sample|image", low) and not re.search(r"dim|size|num|nodes", low):
        return maker.of_role("data", low)
    if re.search(r"iteration|epoch|steps|passes|rounds", low):
        return [1]
    short = re.sub(r"^nn_|_?(dim|size)$", "", low)
    fits = [unit for pattern, unit in UNITS if re.search(pattern, short)]
    asked = bool(fits) or re.search(r"dim|size|units|nodes|neurons|n_", low)
    return [getattr(maker.sizes, fits[0] if fits else "h")] if asked else []


def reaches(machine: Machine, run: Any) -> bool:
    """Whether a run comes to the backward pass and gives finite numbers up to there."""
    return (
        bool(run.at_seed)
        and not isinstance(run.error, SystemExit)
        and all(
            np.isfinite(x).all()
            for x in run.last.values()
            if isinstance(x, np.ndarray) and x.dtype.kind == "f"
        )
    )


def missing_names(program: Program, function: Function) -> list[str]:
    """The globals that a function and those that it calls read, and that are not there."""
    found: dict[str, None] = {}
    for f in reachable(program, function):
        if not isinstance(f.node, ast.FunctionDef):
            continue
        own = bound_names(f.node)
        for node in walk_own(f.node):
            if isinstance(node, ast.Name) and node.id not in own and not is_name_known(node.id, f):
                found[node.id] = None
    return list(found)


def is_name_known(name: str, function: Function) -> bool:
    return (
        name in function.itself.__globals__
        or hasattr(builtins, name)
        or name in function.itself.__code__.co_freevars
    )


def made_names(names: list[str], maker: Maker) -> list[dict[str, Any]]:
    """Values for globals that are missing, in some ways; of those of which nothing is known, none."""
    choices = {n: maker.candidates(n, "") for n in names}
    known = {n: c for n, c in choices.items() if c}
    return [dict(zip(known, values, strict=True)) for values in islice(product(*known.values()), 6)]


# The trial


def nothing(state: State) -> Outputs:
    """What stands for a forward pass where `outputs` and `play` do without."""
    return {}


def nothing_claimed(state: State, outputs: Outputs, above: Outputs) -> list[tuple[str, Any]]:
    return []


@dataclass(eq=False)
class StatementsTrial(Trial):
    """A script or a body whose derivatives were read; its state are the values that they are derivatives by.

    What is claimed is divided by the factor that it has in the reading that was chosen, so that a claim is
    right if it is the derivative itself. `play` runs what the function's code, or the file's tree, is now.
    """

    reading: Judged = field(kw_only=True)
    told: dict[str, Derivative] = field(default_factory=dict, kw_only=True)
    places: dict[Path, Place] = field(default_factory=dict, kw_only=True)

    @classmethod
    def of(cls, judged: Judged) -> StatementsTrial:
        """The trial of a judgement."""
        told = {d.label: d for d in judged.derivatives if d.place is not None}
        places: dict[Path, Place] = {(f"{d.by}",): d.place for d in told.values() if d.place is not None}
        state = {str(path[0]): np.ones(place.shape) for path, place in places.items()}
        m = int(max([1.0, *judged.case.m]))
        pairs: dict[str, Path] = {label: (d.by,) for label, d in told.items()}
        trial = cls(
            judged.function, judged.taken, state, nothing, nothing_claimed,
            m=m, scalar=True, pairs=pairs, reading=judged, told=told, places=places,
        )  # fmt: skip
        trial.upstream = {judged.loss: np.array(1.0)}
        trial.settles = False  # a reading of statements has its own factor
        return trial

    def outputs(self, state: State | None = None) -> Outputs:
        """The loss."""
        return {self.reading.loss: np.array(self.reading.case.loss_value(self.reading.reading.loss))}

    def truth(self, path: Path) -> Truth:
        """The derivative of the loss by the value of a name."""
        place = self.places[path]
        right = all(d.verdict == "agrees" for d in self.told.values() if d.place is place)
        return self.reading.case.slopes.truth(place.spot, place.shape, self.reading.reading.loss, few=right)

    def line_of(self, label: str) -> int | None:
        """The line of the statement."""
        return self.told[label].line if label in self.told else None

    def lines_blamed(self) -> frozenset[int]:
        """The lines of the statements that are wrong by themselves."""
        return frozenset(d.line for d in self.reading.wrong)

    def statements_that_ran(self) -> tuple[set[int], dict[str, Any]]:
        """The lines from the first derivative on, and what names hold at the end."""
        run = self.reading.case.machine.run()
        first = min((d.line for d in self.reading.derivatives), default=1)
        body = [n for n in ast.walk(self.function.node) if isinstance(n, ast.stmt)]
        lines = {
            i for n in body if n.lineno >= first for i in range(n.lineno, (n.end_lineno or n.lineno) + 1)
        }
        values = run.namespace | {k: v for k, v in run.last.items() if k.isidentifier()}
        return lines, {k: v for k, v in values.items() if not k.startswith("__")}

    def slopes_by(self, path: Path, directions: Sequence[Any]) -> list[float]:
        """The derivatives along some directions, from those by all entries."""
        value = self.truth(path).value
        return [float(np.sum(value * d)) for d in directions]

    def play(self) -> tuple[Outputs, list[Claim]]:
        """The loss and the claims of the program as it is now.

        Raises:
            Exception: whatever theirs raises.
        """
        values = self.reading.case.machine.values_now([d.label for d in self.told.values()])
        claims = [
            Claim(label, self.claimed(d, values[label])) for label, d in self.told.items() if label in values
        ]
        return self.outputs(), claims

    def claimed(self, derivative: Derivative, value: Any) -> Any:
        """A value as a derivative: by how much a parameter was moved, without the factor of the reading."""
        place = derivative.place
        assert place is not None
        if derivative.step is not None and derivative.step.update:
            value = derivative.step.given(replace(derivative.step.event, value=value))
        value = as_floats(value) / derivative.factor
        fits = fits_into if place.root else same_but_ones
        return np.reshape(value, place.shape) if fits(np.shape(value), place.shape) else value
