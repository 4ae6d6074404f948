"""Statements that go forward and back: of a file itself, or in a function that trains."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from types import FunctionType
from typing import Any, cast

import numpy as np

from tinygraph.debugger.machines import Machine, reachable
from tinygraph.debugger.making import UNITS, Maker, Sizes
from tinygraph.debugger.objects import make_objects
from tinygraph.debugger.outline import BodyOutline
from tinygraph.debugger.passes import arguments_of, layouts_for
from tinygraph.debugger.program import SCRIPT, Function, Program
from tinygraph.debugger.protocols.names import is_backward
from tinygraph.debugger.protocols.table import Asked, protocol
from tinygraph.debugger.sites import bound_names, walk_own
from tinygraph.debugger.statements import (
    Derivative,
    Judged,
    Place,
    fits_into,
    function_machine,
    judge_machine,
    script_machine,
)
from tinygraph.debugger.structure import Path, as_floats
from tinygraph.debugger.trial import Claim, Outputs, State, Trial, Unplayable
from tinygraph.debugger.truth import Truth

__all__ = ["StatementsTrial", "scripts_of"]

MOST_WAYS = 24
FEWEST_BACK = 2  # statements that go back


def scripts_of(program: Program) -> Iterator[Function]:
    """The statements of each file, as a function; of a file that has some that go back."""
    for file, tree in program.trees.items():
        if len(BodyOutline(tree.body).derivatives) >= FEWEST_BACK or BodyOutline(tree.body).updates:
            arguments = ast.arguments([], [], None, [], [], None, [])
            node = ast.FunctionDef(SCRIPT, arguments, tree.body, [], lineno=1, col_offset=0)
            yield Function(SCRIPT, file, node, cast(FunctionType, do_nothing))


def do_nothing() -> None:
    """What stands for the statements of a file, which are no function."""


@protocol(
    "statements that go forward and back", "loss = ...; dlogits = ...; dW = h.T @ dlogits; W -= lr * dW"
)
def find_scripts(program: Program, function: Function, asked: Asked) -> Iterator[Trial]:
    """The trials of a file's own statements, or of a function that computes derivatives after a loss."""
    if function.name == SCRIPT:
        if asked.seed == 0:
            yield from trials_of_machine(script_machine(program, function))
        return
    others = (f for f in program.functions.values() if f is not function and is_backward(f))
    if any(f.name.rpartition(".")[2] in function.names for f in others):
        return  # it leaves the way back to another function, which is judged itself
    outline = BodyOutline(function.node.body, function.parameters)
    if not function.name.endswith("__") and len(outline.derivatives) + len(outline.updates) >= FEWEST_BACK:
        for machine in machines_of(program, function, asked):
            yield from trials_of_machine(machine)


def trials_of_machine(machine: Machine) -> Iterator[Trial]:
    try:
        yield StatementsTrial.of(judge_machine(machine))
    except Unplayable:
        return


# Arguments


def machines_of(program: Program, function: Function, asked: Asked) -> Iterator[Machine]:
    """The function on made arguments that take it to its backward pass, the likeliest first."""
    for sizes in sizes_for(program, asked.sizes):
        makers = [
            Maker(x, sizes, asked.seed, layers_of(function)) for x in layouts_for(function.text) if x in PLAIN
        ]
        stopped: list[Machine] = []
        for maker in makers:
            yield from islice(running(program, function, maker, stopped), 3)
        yield from stopped[:3]


PLAIN = ("rows", "columns", "one column", "one vector", "one unit", "sequences")


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


def layers_of(function: Function) -> tuple[int, int]:
    numbers = {int(n) for n in re.findall(r"\b(?:W|w|weights?|Theta|theta)_?(\d)\b", function.text)}
    return (min(numbers), max(numbers)) if len(numbers) > 1 else (1, 1)


def running(program: Program, function: Function, maker: Maker, stopped: list[Machine]) -> Iterator[Machine]:
    """The machines of a layout that end their backward pass; `stopped` gets those that only begin it."""
    missing = missing_names(program, function)
    things: list[Any] = [None]
    if function.is_method and function.owner is not None:
        things = list(islice(make_objects(program, function.owner, maker), 3))
    ways = ways_of(function, maker, units_of(function, maker))
    for thing, arguments, given in islice(product(things, ways, made_names(missing, maker)), MOST_WAYS):
        state = dict(arguments) | ({} if thing is None else {"self": thing})
        machine = function_machine(program, function, state, given)
        run = machine.run()
        if not reaches(machine, run):
            continue
        if run.error is None:
            yield machine
        else:
            stopped.append(machine)


def units_of(function: Function, maker: Maker) -> dict[str, Any]:
    """The numbers of units that a function asks for."""
    found = {}
    for n in function.required:
        if not maker.candidates(n, function.text):
            low = re.sub(r"^nn_|_?(dim|size)$", "", n.lower())
            fits = [unit for pattern, unit in UNITS if re.search(pattern, low)]
            if fits or re.search(r"dim|size|units|nodes|neurons|n_", n.lower()):
                found[n] = getattr(maker.sizes, fits[0] if fits else "h")
    return found


def ways_of(function: Function, maker: Maker, known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Arguments for a function, one way after the other."""
    choices = maker.choices(function, known, {})
    ways = islice(product(*(range(len(c.values)) for c in choices)), MOST_WAYS)
    return [arguments_of(choices, list(chosen)) for chosen in ways]


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
        trial = cls(
            judged.function, judged.taken, state, lambda s: {}, lambda s, o, u: [],
            m=int(max([1.0, *judged.case.m])), scalar=True,
            pairs={label: (d.by,) for label, d in told.items()}, reading=judged, told=told, places=places,
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
        return self.reading.case.slopes.truth(place.spot, place.shape, self.reading.reading.loss)

    def line_of(self, label: str) -> int | None:
        """The line of the statement."""
        return self.told[label].line if label in self.told else None

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
            value = as_floats(derivative.step.event.before) - as_floats(value)
        value = as_floats(value) / derivative.factor
        same_size = np.size(value) == int(np.prod(place.shape, dtype=int)) or fits_into(
            np.shape(value), place.shape
        )
        return np.reshape(value, place.shape) if same_size else value
