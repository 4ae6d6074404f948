"""Programs with hooks, run as often as is wanted: a file's statements, or a function on made arguments.

A run reads what is at each place, moves some values a little, and puts others in the place of some.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

from tinygraph.debugger.harmless import harmlessly
from tinygraph.debugger.outline import BodyOutline
from tinygraph.debugger.passes import invoke
from tinygraph.debugger.program import SCRIPT, Function, Program, code_of_function
from tinygraph.debugger.sites import AT, BEFORE, SEED, STOP, Hooks, Site, places_read
from tinygraph.debugger.structure import copy_state, is_real_number, leaves_of, put_at_path, take_leaf

__all__ = [
    "Changes",
    "Event",
    "FunctionMachine",
    "Machine",
    "MachineRun",
    "ScriptMachine",
    "Spot",
    "number_or_nan",
    "reachable",
]

RUN_SECONDS = 2.0
MOST_TURNS = 40
MOST_PARTS = 60
Steps = tuple[Any, ...]


class Enough(BaseException):
    """The last statement of interest has been run."""


@dataclass(frozen=True)
class Spot:
    """A value in a run: at a site, the how manieth time, and the path to it within what is there."""

    site: int
    turn: int
    steps: Steps = ()


@dataclass(frozen=True, eq=False)
class Event:
    """What was at a spot: its name, a copy, and what was there before, if that matters."""

    spot: Spot
    label: str
    value: Any
    before: Any = None


Changes = Mapping[tuple[int, int], Sequence[tuple[Steps, Any]]]
NONE: Changes = {}


@dataclass(eq=False)
class MachineRun:
    """One run; its methods are the hooks."""

    sites: Sequence[Site]
    moves: Changes = field(default_factory=dict)
    forced: Changes = field(default_factory=dict)
    recording: bool = False
    seeded: Sequence[Callable[[MachineRun], float]] = ()
    events: list[Event] = field(default_factory=list)
    shapes: dict[Spot, tuple[int, ...]] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    results: dict[int, float] = field(default_factory=dict)
    at_seed: list[list[float]] = field(default_factory=list)
    known_at_seed: dict[str, Any] = field(default_factory=dict)
    error: BaseException | None = None
    namespace: dict[str, Any] = field(default_factory=dict)
    result: Any = None

    def __post_init__(self) -> None:
        self.counts = [0] * len(self.sites)
        self.seen: dict[str, Any] = {}
        self.old: dict[str, Any] = {}
        self.seed_event = -1

    def at(self, index: int, value: Any) -> Any:
        """What a program goes on with where it had this value."""
        turn = self.counts[index]
        self.counts[index] = turn + 1
        site = self.sites[index]
        if (index, turn) in self.moves:
            value = change_parts(value, self.moves[index, turn], np.add)
        if site.kind == "expression":
            if self.recording and turn < MOST_TURNS and is_float(value):
                self.shapes[Spot(index, turn)] = np.shape(value)
            return value
        if site.kind == "loss":
            if is_real_number(value) and np.size(value) == 1:
                self.results[index] = float(np.sum(value))
            return value
        self.note(site, turn, value)
        if (index, turn) in self.forced:
            value = change_parts(value, self.forced[index, turn], lambda old, new: new)
            self.keep(site, value)
        return value

    def note(self, site: Site, turn: int, value: Any) -> None:
        self.keep(site, value)
        if self.recording and turn < MOST_TURNS:
            self.record(site, turn, value)

    def keep(self, site: Site, value: Any) -> None:
        if site.body or site.label.startswith("self."):
            self.last[site.label] = value

    def record(self, site: Site, turn: int, value: Any) -> None:
        """Note what is new in a value."""
        whole = is_real_number(value)
        for leaf in numbers_in(value, site.label):
            text = leaf.text
            if not whole and text in self.seen and np.array_equal(self.seen[text], leaf.value):
                continue
            kept = np.array(leaf.value)
            before = self.old.get(text) if site.kind == "update" else self.seen.get(text)
            self.events.append(Event(Spot(site.index, turn, leaf.path[1:]), text, kept, before))
            self.seen[text] = kept

    def before(self, label: str, value: Any) -> None:
        """Note what a parameter was before it is moved."""
        if self.recording:
            self.old |= {leaf.text: np.array(leaf.value) for leaf in numbers_in(value, label)}

    def seed(self) -> None:
        """The forward pass is done: take the losses that are taken of its results."""
        if self.recording:
            self.seed_event = len(self.events)
            self.known_at_seed = {k: copy_array(v) for k, v in self.last.items()}
        self.at_seed.append([number_or_nan(f, self) for f in self.seeded])

    def stop(self) -> None:
        raise Enough

    def hooks(self) -> dict[str, Any]:
        return {AT: self.at, BEFORE: self.before, SEED: self.seed, STOP: self.stop}

    def value(self, label: str) -> Any:
        """What a name or dotted name stands for."""
        if label in self.last:
            return self.last[label]
        first, *rest = label.split(".")
        value = self.last[first] if first in self.last else self.namespace[first]
        for name in rest:
            value = getattr(value, name)
        return value


def numbers_in(value: Any, label: str) -> list[Any]:
    """The numbers and arrays in something that is not too long."""
    if isinstance(value, list | tuple | dict | set) and len(value) > MOST_PARTS:
        return []
    found = []
    for leaf in leaves_of(value, (label,)):
        found.append(leaf)
        if len(found) >= MOST_PARTS:
            break
    return found


def is_float(value: Any) -> bool:
    return is_real_number(value) and (
        isinstance(value, float) or (not isinstance(value, int) and value.dtype.kind == "f")
    )


def copy_array(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.ndarray) else value


def change_parts(value: Any, changes: Sequence[tuple[Steps, Any]], how: Callable[[Any, Any], Any]) -> Any:
    """A value with changes at the ends of some paths."""
    for steps, by in changes:
        old = take_leaf({"": value}, ("", *steps))
        new = how(old, np.reshape(by, np.shape(old)) if np.size(by) == np.size(old) else by)
        value = put_at_path(
            value, list(steps), new if np.ndim(new) else new[()] if isinstance(new, np.ndarray) else new
        )
    return value


def number_or_nan(function: Callable[[MachineRun], float], run: MachineRun) -> float:
    """The loss of a run; NaN where it cannot be taken."""
    try:
        return float(np.sum(function(run)))
    except Exception:
        return float("nan")


class Machine:
    """Something with hooks that can be run."""

    def __init__(self, program: Program, function: Function, outline: BodyOutline) -> None:
        self.program = program
        self.function = function
        self.outline = outline
        self.sites: list[Site] = []
        self.seeded: list[Callable[[MachineRun], float]] = []
        self.base: dict[tuple[int, int], list[tuple[Steps, Any]]] = {}

    def hooks_of(self, name: str, file: str, judged: bool) -> Hooks:
        """The hooks for the statements of a function or a file."""
        hooks = Hooks(file, name, judged, sites=self.sites)
        if judged:
            o = self.outline
            hooks.derivatives, hooks.updates = frozenset(o.derivatives), frozenset(o.updates)
            hooks.stop, hooks.seed = (None if self.returns else o.stop), o.seed
        return hooks

    @property
    def returns(self) -> bool:
        """Whether a loss may be in what is returned, so that it must be run to its end."""
        o = self.outline
        inside = o.block is o.body and self.function.name != SCRIPT
        return inside and any(isinstance(line.node, ast.Return) and line.node.value for line in o.lines)

    def run(self, moves: Changes = NONE, forced: Changes = NONE, recording: bool = False) -> MachineRun:
        """Run it once."""
        run = MachineRun(self.sites, merge_changes(self.base, moves), forced, recording, self.seeded)
        try:
            with harmlessly(RUN_SECONDS):
                self.start(run)
        except Enough:
            pass
        except (Exception, SystemExit) as error:
            run.error = error
        return run

    def start(self, run: MachineRun) -> None:
        raise NotImplementedError

    def values_now(self, labels: Sequence[str]) -> dict[str, Any]:
        """What some names stand for after the last statement of interest, in the program as it is now.

        Raises:
            Exception: whatever theirs raises.
        """
        raise NotImplementedError

    def final_values(self, run: MachineRun) -> dict[str, Any]:
        if run.error is not None:
            raise run.error
        return {e.label: e.value for e in run.events}


def merge_changes(a: Changes, b: Changes) -> Changes:
    if not a:
        return b
    return {k: [*a.get(k, ()), *b.get(k, ())] for k in {*a, *b}}


class ScriptMachine(Machine):
    """A file's own statements."""

    def __init__(self, program: Program, function: Function, outline: BodyOutline) -> None:
        super().__init__(program, function, outline)
        file = function.file
        hooked = self.hooks_of(SCRIPT, file, True).block(list(outline.body))
        self.code = compile(ast.Module(hooked, []), file, "exec", dont_inherit=True)

    def start(self, run: MachineRun) -> None:
        namespace = {"__name__": "__main__", "__file__": self.function.file, **run.hooks()}
        run.namespace = namespace
        exec(self.code, namespace)

    def values_now(self, labels: Sequence[str]) -> dict[str, Any]:
        """See above: the file's tree is read anew."""
        outline = BodyOutline(self.program.trees[self.function.file].body)
        now = ScriptMachine(self.program, self.function, outline)
        now.base = self.moves_in(now)
        return self.final_values(now.run(recording=True))

    def moves_in(self, other: Machine) -> dict[tuple[int, int], list[tuple[Steps, Any]]]:
        """The moves that are made always, at the sites of another machine with the same lines and names."""
        where = {(x.label, x.kind, line_and_column(x.node)): x.index for x in other.sites if x.label}
        found = {}
        for (index, turn), moves in self.base.items():
            site = self.sites[index]
            if (key := (site.label, site.kind, line_and_column(site.node))) in where:
                found[where[key], turn] = moves
        return found


class FunctionMachine(Machine):
    """A function on made arguments, with the functions of the program that it may call."""

    def __init__(
        self,
        program: Program,
        function: Function,
        outline: BodyOutline,
        state: dict[str, Any],
        missing: Mapping[str, Any],
    ) -> None:
        super().__init__(program, function, outline)
        self.state = state
        self.missing = missing
        self.codes = dict(self.hooked_functions())
        self.codes_before = {f: f.itself.__code__ for f in self.codes}

    def on(self, state: dict[str, Any], missing: Mapping[str, Any]) -> FunctionMachine:
        """The same function on other arguments: hooks take longer to make than to run."""
        other = copy.copy(self)
        other.state, other.missing = state, missing
        other.seeded, other.base = [], {}
        return other

    def hooked_functions(self) -> Iterator[tuple[Function, CodeType]]:
        for f in reachable(self.program, self.function):
            node = self.hooked(f)
            code = code_of_function(f, node) if isinstance(node, ast.FunctionDef) else None
            if code is not None:
                yield f, code

    def hooked(self, f: Function) -> ast.AST:
        if not isinstance(f.node, ast.FunctionDef):
            return f.node
        judged = f is self.function
        hooks = self.hooks_of(f.name, f.file, judged)
        if not judged:
            return hooks.definition(f.node, f.name.rpartition(".")[0] + "." * ("." in f.name))
        return hooks.judged_definition(f.node)

    def start(self, run: MachineRun) -> None:
        with contextlib.ExitStack() as stack:
            for f, code in self.codes.items():
                stack.enter_context(known_in(f.itself.__globals__, run.hooks() | dict(self.missing)))
                if f.itself.__code__ is self.codes_before[f]:  # else somebody has changed it
                    stack.enter_context(self.program.changed(f, code))
            run.namespace = self.function.itself.__globals__
            state = copy_state(self.state)
            given = {k: v for k, v in state.items() if k != "self"}
            run.result = invoke(self.program, self.function, state, given)

    def values_now(self, labels: Sequence[str]) -> dict[str, Any]:
        """See above: a function's code is watched as it is, where it is another than before."""
        if self.function.itself.__code__ is self.codes_before[self.function]:
            return self.final_values(self.run(recording=True))
        watch = Watch(self)
        run = MachineRun(self.sites)
        with harmlessly(RUN_SECONDS), contextlib.suppress(Enough), watch.tracing():
            self.start(run)
        return {leaf.text: leaf.value for name, x in watch.names.items() for leaf in numbers_in(x, name)}


class Watch:
    """Looks at the names of a function while it runs as it is, and ends it after what is of interest."""

    def __init__(self, machine: FunctionMachine) -> None:
        self.code = machine.function.itself.__code__
        stop = None if machine.returns else machine.outline.stop
        self.last = range(stop.lineno, (stop.end_lineno or stop.lineno) + 1) if stop else range(0)
        self.names: dict[str, Any] = {}
        self.been = False
        self.moves = {machine.sites[i].label: moves for (i, turn), moves in machine.base.items()
                      if machine.sites[i].body and turn == 0}  # fmt: skip

    @contextlib.contextmanager
    def tracing(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self.enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self.look if frame.f_code is self.code else None

    def look(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Note the names before a line; end after the last statement."""
        self.names = dict(frame.f_locals)
        self.move()
        if event == "line":
            inside = frame.f_lineno in self.last
            if self.been and not inside:
                raise Enough
            self.been = self.been or inside
        if event == "return":
            self.names["result"] = argument
        return self.look

    def move(self) -> None:
        """Move what is always moved, in place, once it is there."""
        for label in [n for n in self.moves if n in self.names]:
            for steps, by in self.moves.pop(label):
                x = take_leaf(self.names, (label, *steps))
                if isinstance(x, np.ndarray) and x.dtype.kind == "f":
                    x += by


def line_and_column(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


@contextlib.contextmanager
def known_in(namespace: dict[str, Any], names: Mapping[str, Any]) -> Iterator[None]:
    """Let names be known for a while."""
    before = {n: namespace[n] for n in names if n in namespace}
    namespace.update(names)
    try:
        yield
    finally:
        for n in names:
            namespace.pop(n, None)
        namespace.update(before)


def reachable(program: Program, function: Function) -> list[Function]:
    """A function and those of the program that it may call, by their last names."""
    found = {function: None}
    waiting = [function]
    while waiting:
        read = {n.rpartition(".")[2] for n in places_read(waiting.pop().node)}
        for f in program.functions.values():
            if f not in found and f.name.rpartition(".")[2] in read | {"__call__", "__init__"}:
                found[f] = None
                waiting.append(f)
    return list(found)
