"""What a script or a body has that can be judged: values that are said to be derivatives, values of the
forward pass that they may be derivatives by, and losses.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from tinygraph.debugger.machines import Event, Machine, MachineRun, Spot
from tinygraph.debugger.objectives import label_arrays, losses_of, number_of_examples
from tinygraph.debugger.outline import StatementLine, is_loss_label
from tinygraph.debugger.readings import RATE
from tinygraph.debugger.sites import Site, is_plain_place, label_of, places_read
from tinygraph.debugger.slopes import LossSlope, Slopes, projections
from tinygraph.debugger.structure import ArrayLeaf, as_floats
from tinygraph.debugger.trial import Claim, Deadline, Unplayable, bare_name, like_name, same_name

__all__ = [
    "LINE_AGREES",
    "Evidence",
    "Found",
    "Interpretation",
    "LineValue",
    "Place",
    "fits_into",
    "same_but_ones",
    "shape_matters",
]

LINE_AGREES = 3e-5
NO_VALUES = 1e-12
MOST_PLACES = 60  # at which a value of a shape is looked for
EXAMPLES = ("m", "N", "n", "num_examples", "n_samples", "batch_size", "num_samples", "n_examples", "M")
PATIENCE = 3.0  # seconds, after which nothing is looked for that is not plain
ADDED = re.compile(r"_?(accum(ulated|ulator)?|acc|sum|total|avg|mean|batch|curr(ent)?|all)\d?$")


@dataclass(frozen=True, eq=False)
class LineValue:
    """A value that a line gives: those of a `group` follow each other under one name, the last is `final`.

    An update moves the parameter `moves`: its name stands for it again, or `part` of a return statement does.
    """

    event: Event
    site: Site
    line: StatementLine
    name: str
    group: int
    final: bool
    moves: str = ""
    part: ast.AST | None = None

    @property
    def update(self) -> bool:
        return bool(self.moves)

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.event.value)

    @property
    def value(self) -> Any:
        return self.given(self.event)

    def given(self, event: Event) -> Any:
        """What is said to be a derivative: the value, or by how much a parameter was moved."""
        if not self.update:
            return as_floats(event.value)
        before = self.event.before if event.before is None else event.before
        return as_floats(before) - as_floats(event.value)


@dataclass(frozen=True, eq=False)
class Place:
    """A value of the forward pass: where, its name or source, its shape, and whether nothing computes it."""

    spot: Spot
    label: str
    shape: tuple[int, ...]
    named: bool
    root: bool
    path: tuple[Any, ...]


@dataclass(frozen=True)
class Interpretation:
    """Which loss, what all derivatives are multiplied by, and besides those of intermediate values.

    `moved` is by what multiple of the learning rate and its derivative a parameter is moved, `step` by what
    multiple of its derivative alone, which counts where a line reads no learning rate.
    """

    loss: int
    factor: float = 1.0
    inner: tuple[float, ...] = (1.0,)
    moved: float = 1.0
    step: float = 1.0

    def accepted(self, step: LineValue, place: Place, rates: Sequence[float]) -> list[float]:
        """The factors with which a value is right."""
        if step.update:
            return [self.moved * r for r in rates] if len(rates) > 1 else [self.step]
        inner = (1.0,) if place.root else self.inner
        return [self.factor * f * r for f in inner for r in rates]


@dataclass
class Found:
    """What a value was found to be: right with a factor at a place, wrong, or without a name."""

    step: LineValue
    status: str
    place: Place | None = None
    factor: float = 1.0
    value: Any = None
    said: str = ""


class Evidence:
    """A machine's derivatives and forward values, ready to be read in one way or the other."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.outline = machine.outline
        first = machine.run(recording=True)
        refuse_if_stopped(first)
        self.losses = losses_of(machine, first)
        if not self.losses:
            raise Unplayable("no loss was found")
        self.slopes = Slopes(machine, self.losses)
        self.run = machine.run(recording=True)
        machine.base = starts_at_random(self, self.run)
        if machine.base:
            self.run = machine.run(recording=True)
        self.m = self.examples()
        arrays = [x for x in self.run.known_at_seed.values() if isinstance(x, np.ndarray)]
        self.plausible = plausible_factors(self.m, [x.shape for x in arrays])
        self.until = Deadline(PATIENCE)

    def loss_value(self, loss: int) -> float:
        """A loss, as it was in the run."""
        return float(np.sum(self.losses[loss].number(self.run)))

    # Claims

    @cached_property
    def steps(self) -> list[LineValue]:
        """The values that lines of the backward pass give, in order."""
        back, moved = self.outline.derivatives, self.outline.updates
        found: list[LineValue] = []
        group: dict[str, int] = {}
        for event in self.run.events:
            site = self.machine.sites[event.spot.site]
            line = back.get(site.statement) or moved.get(site.statement) if site.body else None  # type: ignore[arg-type]
            if line is None or site.kind == "entry" or not is_real(event) or site.trivial:
                continue
            part = result_part(event, site)
            moves = event.label if site.kind == "update" else self.moved_in(part)
            if moves and event.before is None:
                event = replace(event, before=self.run.last.get(moves))
            if moves and (event.before is None or np.shape(event.before) != np.shape(event.value)):
                continue
            anew = not (site.continues and changes_in_place(site)) and self.is_read_since(
                event.label, found, line
            )
            if anew or event.label not in group:
                group[event.label] = len(found)
            label = event.label
            found.append(LineValue(event, site, line, label, group[label], True, moves, part))
        return [replace(s, final=is_last(s, found[i + 1 :])) for i, s in enumerate(found)]

    def moved_in(self, part: ast.AST | None) -> str:
        """The parameter that is given back with something added: return W - lr * dW, b - lr * db."""
        if not isinstance(part, ast.BinOp) or not isinstance(part.op, ast.Add | ast.Sub):
            return ""
        names = [x.id for x in (part.left, part.right) if isinstance(x, ast.Name)]
        return next((n for n in names if n in self.outline.forward_reads), "")

    def is_read_since(self, label: str, before: Sequence[LineValue], now: StatementLine) -> bool:
        """Whether some line has read a name since it was given its value."""
        given = next((s.line for s in reversed(before) if s.name == label), None)
        if given is None:
            return True
        base = label.partition("[")[0]
        return any(base in x.reads for x in self.between(given, now))

    def between(self, first: StatementLine, second: StatementLine) -> list[StatementLine]:
        """The lines between two, or the other lines of a loop between a line and itself."""
        lines = self.outline.lines
        i, j = lines.index(first), lines.index(second)
        if i < j:
            return lines[i + 1 : j]
        loops = [x for x in second.within if isinstance(x, ast.For | ast.While)]
        return [x for x in lines if loops and loops[-1] in x.within and x is not second]

    @cached_property
    def pairs(self) -> dict[str, str]:
        """By the name of a derivative, the parameter that is moved by it."""
        found: dict[str, str] = {}
        names = {s.name for s in self.steps if not s.update}
        for line in self.outline.updates.values():
            read = [n for n in line.reads if n in names]
            if len(read) == 1:
                found.setdefault(read[0], line.targets[0])
        return found

    # Forward values

    @cached_property
    def places(self) -> list[Place]:
        """The named values of the forward pass."""
        back = {*self.outline.derivatives, *self.outline.updates}
        found = []
        for event in self.run.events:
            site = self.machine.sites[event.spot.site]
            if (site.body and site.statement in back) or not is_movable(event.value):
                continue
            path = (site.label, *event.spot.steps)
            found.append(
                Place(event.spot, event.label, np.shape(event.value), True, self.is_root(site), path)
            )
        return found

    def is_root(self, site: Site) -> bool:
        """Whether what is at a site is not computed from arrays."""
        return self.is_root_of(self.run, site)

    def is_root_of(self, run: MachineRun, site: Site) -> bool:
        if site.kind == "entry" or site.statement is None:
            return True
        value = getattr(site.statement, "value", None)
        if isinstance(site.statement, ast.AugAssign) or value is None:
            return False
        if plain_value(value):
            return True
        read = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
        arrays = {e.label for e in run.events if np.ndim(e.value) and e.value.dtype.kind == "f"}
        return not read & {a.partition("[")[0] for a in arrays}

    def is_start(self, run: MachineRun, site: Site) -> bool:
        """Whether a parameter is made at a site."""
        back = {*self.outline.derivatives, *self.outline.updates}
        return site.statement not in back and self.is_root_of(run, site)

    @cached_property
    def unnamed(self) -> list[Place]:
        """The values within expressions."""
        found = []
        for spot, shape in self.run.shapes.items():
            site = self.machine.sites[spot.site]
            if not self.may_be_meant(site):
                continue
            source = ast.unparse(site.node)
            found.append(Place(spot, source, shape, False, False, (f"{source} (line {line_behind(site)})",)))
        return found

    def uses(self, place: Place) -> list[Spot]:
        """Where a named value is read in the forward pass."""
        sites = self.machine.sites
        return [spot for spot, shape in self.run.shapes.items()
                if shape == place.shape and label_of(sites[spot.site].node) == place.label]  # fmt: skip

    @cached_property
    def labels(self) -> list[str]:
        """The names of what may be the labels."""
        return label_arrays(self.machine, self.run)

    def may_be_meant(self, site: Site) -> bool:
        """Whether a derivative may be by an expression: not by a negative, and not within a loss."""
        targets = next((x.targets for x in self.outline.lines if x.node is site.statement), [])
        return not isinstance(site.node, ast.UnaryOp) and not any(map(is_loss_label, targets))

    def of_size(self, shape: tuple[int, ...], roots: bool = False) -> list[Place]:
        """The values of a shape, those with names first; parameters only if asked for."""
        size = math.prod(shape)
        named = [p for p in reversed(self.places) if not (p.root and (not roots or p.label in self.labels))]
        fits = named + self.unnamed
        return [p for p in fits if math.prod(p.shape) == size and same_but_ones(p.shape, shape)][:MOST_PLACES]

    def slope(self, place: Place) -> LossSlope:
        return self.slopes.slope(place.spot, place.shape)

    def named_for(self, step: LineValue) -> list[Place]:
        """The forward values that a derivative's name speaks of, or that it moves; those that matter."""
        if step.name not in self._named:
            self._named[step.name] = self.without_copies(
                [p for p in self.find_named(step) if self.matters(p)]
            )
        return [p for p in self._named[step.name] if same_but_ones(p.shape, step.shape)] or self._named[
            step.name
        ]

    def without_copies(self, places: list[Place]) -> list[Place]:
        """The places without those parameters that only hold again what an earlier one holds."""
        values = {p.spot: self.value_at(p) for p in places}
        earlier = list(reversed(places))
        return [p for p in places if not p.root or not any(
            q.root and np.array_equal(values[q.spot], values[p.spot]) for q in earlier[: earlier.index(p)]
        )]  # fmt: skip

    def value_at(self, place: Place) -> Any:
        return next(e.value for e in self.run.events if e.spot == place.spot and e.label == place.label)

    @cached_property
    def _named(self) -> dict[str, list[Place]]:
        return {}

    def find_named(self, step: LineValue) -> list[Place]:
        """The values of a name, the last first."""
        label = step.name
        if step.update:
            return [p for p in reversed(self.places) if p.label == step.moves]
        rules: list[Callable[[Claim, ArrayLeaf], bool]] = [same_name, like_name, short_name]
        for name in dict.fromkeys((label, ADDED.sub("", label))):
            for rule in rules:
                claim = Claim(name, step.value)
                if fits := [p for p in reversed(self.places) if rule(claim, ArrayLeaf(p.path, step.value))]:
                    return fits
        return []

    def moved_by(self, step: LineValue) -> list[Place]:
        """The parameter that is moved by a derivative whose name says nothing."""
        label = self.pairs.get(step.name)
        return [p for p in reversed(self.places) if p.label == label and same_but_ones(p.shape, step.shape)]

    def matters(self, place: Place) -> bool:
        """Whether some loss depends on a value."""
        slope = self.slope(place)
        return any(not slope.zero(i) for i in range(len(self.losses)))

    # Numbers

    def examples(self) -> list[float]:
        """How many examples there may be."""
        found = []
        for name in EXAMPLES:
            x = self.run.known_at_seed.get(name)
            if isinstance(x, int | np.integer) and x > 1:
                found.append(float(x))
        for name in label_arrays(self.machine, self.run)[:1]:
            y = self.run.known_at_seed[name]
            found.append(float(number_of_examples(y, y)))
            found += [float(n) for n in np.shape(y)[:1]]
        return [f for f in dict.fromkeys(found) if f > 1][:3]

    def rates(self, step: LineValue) -> list[float]:
        """The learning rate, where a line reads one; else 1."""
        found = [1.0]
        for name in self.read_for(step):
            if RATE.match(name.rpartition(".")[2]) or name.rpartition(".")[2] == "epsilon":
                try:
                    found = [float(self.run.value(name)), *found]
                except Exception:  # not a number, not known
                    continue
        return found

    def read_for(self, step: LineValue) -> set[str]:
        """What a line reads; of a move of a parameter also what the momentum reads that it is moved by."""
        if not step.update:
            return step.line.reads
        own = step.line.reads if step.part is None else places_read(step.part)
        back = self.outline.derivatives.values()
        momenta = [x for x in back if set(x.targets) & x.reads & own]
        return own.union(*(x.reads for x in momenta))

    # Interpretation

    def find(self, step: LineValue, run: MachineRun, reading: Interpretation) -> Found:
        """What a value is in a run."""
        event = event_of(run, step)
        if event is None:
            return Found(step, "missing")
        value = step.given(event)
        rates = self.rates(step)
        if not np.isfinite(value).all():
            return Found(
                step, "wrong", next(iter(self.named_for(step)), None), 1.0, value, "holds NaN or infinity"
            )
        named = self.named_for(step)
        given = GivenMoves(value)
        for place in [*named, *self.others(step, named)]:
            for factor in reading.accepted(step, place, rates):
                if self.equal(given, place, factor, reading.loss, nonzero=place not in named):
                    return Found(step, *self.shaped(step, place), factor, value)
        return self.unmatched(step, value, reading)

    def unmatched(self, step: LineValue, value: Any, reading: Interpretation) -> Found:
        """What a value is that is no derivative."""
        named = self.named_for(step)
        if not named and float(np.abs(value).max()) < NO_VALUES and (silent := self.find_named(step)):
            return Found(step, "right", silent[0], 1.0, value)  # nothing depends on it, and that is said
        useful = [p for p in named if not self.slope(p).zero(reading.loss)]
        if useful and step.line.node not in self.outline.doubtful:
            place = self.in_turn(step, useful)
            return Found(step, "wrong", place, reading.accepted(step, place, self.rates(step))[0], value)
        return Found(step, "unnamed", None, 1.0, value)

    def shaped(self, step: LineValue, place: Place) -> tuple[str, Place]:
        """The status of a value that has the right numbers."""
        return "wrong" if place.root and shape_matters(step, place, self) else "right", place

    def in_turn(self, step: LineValue, places: Sequence[Place]) -> Place:
        """Of the places of a name that which belongs to a step: in a loop, that of the same turn."""
        same = [p for p in places if p.spot.site == places[0].spot.site]
        same.sort(key=lambda p: p.spot.turn)
        turns = self.turns_of(step)
        if len(same) != len(turns):
            return places[0]
        index = turns.index(step.event.spot.turn)
        return same[-1 - index if goes_backwards(step.line) else index]

    def turns_of(self, step: LineValue) -> list[int]:
        """The turns of a loop in which a line gives a value."""
        return [s.event.spot.turn for s in self.steps if s.site is step.site and s.name == step.name]

    def others(self, step: LineValue, named: Sequence[Place]) -> list[Place]:
        """The places besides those of its name whose derivative a value may be."""
        if not named:
            return [*self.moved_by(step), *self.of_size(step.shape, roots=True)]
        return self.of_size(step.shape) if self.is_loose(step) and not any(p.root for p in named) else []

    def is_loose(self, step: LineValue) -> bool:
        """Whether a name may mean what is before an activation: delta_hidden; dh after `dh[h <= 0] = 0`."""
        members = [s for s in self.steps if s.name == step.name and s.group == step.group]
        return len(members) > 1 or bool(re.search(r"delta|err|term", step.name, re.I))

    def equal(self, given: GivenMoves, place: Place, factor: float, loss: int, nonzero: bool = False) -> bool:
        """Whether a value is a derivative times a factor, as far as two directions tell."""
        if not (fits_into if place.root else same_but_ones)(given.shape, place.shape):
            return False
        slope = self.slope(place)
        if not slope.known(loss) or (nonzero and slope.zero(loss)):
            return False
        allowed = LINE_AGREES * given.size + 10 * abs(factor) * slope.errors[loss] + 1e-9
        return bool((np.abs(given.along - factor * slope.values[loss]) <= allowed).all())

    def factor(self, value: Any, place: Place, loss: int) -> float | None:
        """What a derivative would have to be multiplied by, if a value is that."""
        right, given = self.slope(place).values[loss], GivenMoves(value)
        if not np.isfinite(right).all() or np.abs(right).min() < 1e-9:
            return None
        factor = float(given.along[0] / right[0])
        return factor if factor and self.equal(given, place, factor, loss) else None


class GivenMoves:
    """A value that is compared with many derivatives."""

    def __init__(self, value: Any) -> None:
        self.shape = np.shape(value)
        self.along = projections(value)
        self.size = float(np.linalg.norm(value)) + np.abs(self.along)


def refuse_if_stopped(first: MachineRun) -> None:
    """Refuse what does not come to its backward pass."""
    if first.error is not None and (first.seed_event < 0 or not isinstance(first.error, Exception)):
        raise Unplayable(f"{type(first.error).__name__}: {first.error}") from first.error
    if first.seed_event < 0:
        raise Unplayable("the statements that go back were not reached")


def goes_backwards(line: StatementLine) -> bool:
    """Whether a line stands in a loop that runs backwards."""
    loops = [x.iter for x in line.within if isinstance(x, ast.For)]
    return bool(loops) and bool(re.search(r"reversed|-1\)|::-1", ast.unparse(loops[-1])))


def changes_in_place(site: Site) -> bool:
    return not isinstance(site.statement, ast.Assign) or isinstance(site.node, ast.Subscript)


def is_movable(value: Any) -> bool:
    """Whether a value can be a parameter or what is computed from one: floats, or the number 0."""
    return bool(value.size) and (value.dtype.kind == "f" or (value.dtype.kind == "i" and not value.any()))


def is_real(event: Event) -> bool:
    return bool(event.value.dtype.kind == "f" and event.value.size > 0)


def is_last(step: LineValue, rest: Sequence[LineValue]) -> bool:
    return all(s.group != step.group or s.name != step.name for s in rest)


def event_of(run: MachineRun, step: LineValue) -> Event | None:
    """What a run has at a step."""
    return next((e for e in run.events if e.spot == step.event.spot and e.label == step.event.label), None)


def same_but_ones(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two shapes are the same but for axes of length 1."""
    return [n for n in a if n != 1] == [n for n in b if n != 1]


def shape_matters(step: LineValue, place: Place, case: Evidence) -> bool:
    """Whether a derivative has another number of axes than what it is by, and nothing is moved by it."""
    hard = (
        place.named
        and place in case.named_for(step)
        and not step.update
        and len(step.shape) != len(place.shape)
    )
    read = any(step.name.partition("[")[0] in line.reads for line in case.outline.updates.values())
    return hard and not read


def fits_into(given: tuple[int, ...], right: tuple[int, ...]) -> bool:
    """Whether something can be the derivative by something else: (n,) by (1, n), but not by (n, 1)."""
    if not same_but_ones(given, right):
        return False
    shorter, longer = sorted((given, right), key=len)
    padded = (1,) * (len(longer) - len(shorter)) + shorter
    return all(1 in (a, b) or a == b for a, b in zip(padded, longer, strict=True)) and same_but_ones(
        tuple(max(pair) for pair in zip(padded, longer, strict=True)), right
    )


def plain_value(value: ast.expr) -> bool:
    """Whether an expression only takes or copies what is there."""
    if isinstance(value, ast.Tuple | ast.List):
        return all(map(plain_value, value.elts))
    if isinstance(value, ast.Call):
        named = isinstance(value.func, ast.Attribute) and value.func.attr in ("copy", "get")
        return named or (isinstance(value.func, ast.Attribute) and "random" in ast.unparse(value.func))
    return is_plain_place(value)


def result_part(event: Event, site: Site) -> ast.AST | None:
    """What stands in a return statement for one of several results."""
    node = site.node.value if isinstance(site.node, ast.Return) else None
    for step in event.spot.steps:
        if not isinstance(node, ast.Tuple) or not isinstance(step, int):
            return None
        node = node.elts[step]
    return node


def short_name(claim: Claim, leaf: ArrayLeaf) -> bool:
    """gw1 for w1, db1_curr for b1."""
    last = claim.label.rpartition(".")[2]
    return len(last) > 1 and last[0] in "gd" and last[1:].strip("_").lower() == bare_name(leaf.last)


def line_behind(site: Site) -> int:
    return getattr(site.node, "lineno", 0)


def starts_at_random(case: Evidence, run: MachineRun) -> dict[tuple[int, int], list[tuple[Any, Any]]]:
    """Moves that make parameters random which are all the same, as zeros are: where zeros hide mistakes."""
    found: dict[tuple[int, int], list[tuple[Any, Any]]] = {}
    wanted = names_of_parameters(case, run)
    draw = np.random.default_rng(5)
    seen: set[str] = set()
    for event in run.events:
        site = case.machine.sites[event.spot.site]
        if (
            event.label in wanted
            and event.label not in seen
            and is_flat(event.value)
            and case.is_start(run, site)
        ):
            noise = 0.15 * draw.standard_normal(event.value.shape)
            found.setdefault((event.spot.site, event.spot.turn), []).append((event.spot.steps, noise))
            seen.add(event.label)
    return found


def is_flat(value: Any) -> bool:
    """Whether the numbers of an array are all the same; a single one is if it is 0."""
    if value.dtype.kind != "f" or not value.ndim or not value.size:
        return False
    return not np.ptp(value) if value.size > 1 else not np.any(value)


def names_of_parameters(case: Evidence, run: MachineRun) -> set[str]:
    """The names of what is moved, or of which there is a derivative."""
    back = [t for line in case.outline.derivatives.values() for t in line.targets]
    bare = {bare_name(ADDED.sub("", t)) for t in back} | {b.rpartition("['")[2] for b in back}
    moved = {t for line in case.outline.updates.values() for t in line.targets}
    labels = {e.label for e in run.events}
    return {n for n in labels if n in moved or bare_name(n) in bare or n.partition("[")[0] in moved}


def plausible_factors(m: Sequence[float], shapes: Sequence[tuple[int, ...]]) -> list[float]:
    """By what derivatives may differ from those of a loss that is only reported: m for a mean, a 2."""
    outputs = {float(n) for shape in shapes for n in shape} - {*m} | {1.0}
    return [a * b * c for a in (1.0, *m, *(1 / x for x in m)) for b in (0.5, 1.0, 2.0) for c in outputs]
