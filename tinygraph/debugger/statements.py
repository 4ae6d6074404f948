"""Scripts and bodies of functions, judged statement by statement.

Each value that a statement says is a derivative is held against the derivative of the file's own loss by what
is at some place of its forward pass: by the variable that its name speaks of, by the parameter that is moved
by it, or by any value of the same shape. Of several readings (which loss, which factor, which sign) the one
is believed in which the fewest statements are wrong. A statement is wrong if its value is, though all
derivatives that it reads are right: what was found wrong before is replaced by the truth, and the program
goes on from there.
"""

from __future__ import annotations

import ast
import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from tinygraph.debugger.machines import (
    Changes,
    Event,
    FunctionMachine,
    Machine,
    MachineRun,
    ScriptMachine,
    Spot,
)
from tinygraph.debugger.objectives import label_arrays, losses_of, number_of_examples
from tinygraph.debugger.outline import BodyOutline, StatementLine, is_loss_label
from tinygraph.debugger.program import SCRIPT, Function, Program
from tinygraph.debugger.readings import RATE
from tinygraph.debugger.sites import Site, is_plain_place, label_of
from tinygraph.debugger.slopes import LossSlope, MachineLoss, Slopes, projections
from tinygraph.debugger.structure import ArrayLeaf, as_floats
from tinygraph.debugger.trial import Claim, Unplayable, bare_name, like_name, other_text, same_name

__all__ = [
    "Derivative",
    "Evidence",
    "Judged",
    "Place",
    "fits_into",
    "function_machine",
    "judge_machine",
    "judge_statements",
    "script_machine",
]

LINES_AGREE = 3e-5
MOST_PLACES = 60  # at which a value of a shape is looked for
MOST_BLAMED = 8
MOST_INTERPRETATIONS = 5
MOST_USES = 6
PATIENCE = 3.0  # seconds, after which nothing is looked for that is not plain
ADDED = re.compile(r"_?(accum(ulated|ulator)?|acc|sum|total|avg|mean|batch|curr(ent)?|all)\d?$")


# What comes out


@dataclass(frozen=True, eq=False)
class Derivative:
    """A statement's value that is, or should be, a derivative.

    Attributes:
        label: what the statement assigns.
        by: the name of what it is the derivative by, or the source of it where it has no name.
        verdict: "agrees", "wrong", "follows" (wrong, but only because of what it reads), "unnamed" (not
            judged).
        said: what it is instead.
        factor: what the derivative is multiplied by in this reading: 1, m, -1, the learning rate.
        given: its value; `truth` what it should be, where that is known.
    """

    label: str
    by: str
    verdict: str
    said: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    factor: float
    given: Any
    truth: Any = None
    site: Site | None = None
    place: Place | None = None
    step: LineValue | None = None


@dataclass(eq=False)
class Judged:
    """What came of a script or a body: its derivatives in the order in which they are computed."""

    function: Function
    loss: str
    assumed: bool
    factor: float
    derivatives: list[Derivative]
    case: Evidence
    reading: Interpretation
    raised: BaseException | None = None

    @property
    def wrong(self) -> list[Derivative]:
        """The statements that are wrong by themselves."""
        return [d for d in self.derivatives if d.verdict == "wrong"]

    @property
    def first_wrong(self) -> Derivative | None:
        """The first of them."""
        return next(iter(self.wrong), None)

    @property
    def raised_line(self) -> int | None:
        """The line of the file at which it was stopped by an exception."""
        frames = traceback.extract_tb(self.raised.__traceback__) if self.raised else []
        return next((f.lineno for f in reversed(frames) if f.filename == self.function.file), None)

    @property
    def ok(self) -> bool:
        return self.raised is None and not self.wrong and any(d.verdict == "agrees" for d in self.derivatives)

    @property
    def taken(self) -> str:
        """What was taken for what, in a sentence."""
        text = f"the statements of {self.function.name} were held against the derivative of {self.loss}"
        if self.assumed:
            text = f"no loss is written: {text}, which was assumed"
        return text if self.factor == 1 else f"{text}, all of it times {self.factor:.4g}"


# The values that are judged


@dataclass(frozen=True, eq=False)
class LineValue:
    """A value that a line gives: `number` says which of those of its name, `final` whether the last."""

    event: Event
    site: Site
    line: StatementLine
    name: str
    group: int
    final: bool
    update: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.event.value)

    @property
    def value(self) -> Any:
        return self.given(self.event)

    def given(self, event: Event) -> Any:
        """What is said to be a derivative: the value, or by how much a parameter was moved."""
        return as_floats(event.before) - as_floats(event.value) if self.update else as_floats(event.value)


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
    """Which loss, what all derivatives are multiplied by, and those of intermediate values besides."""

    loss: int
    factor: float = 1.0
    inner: tuple[float, ...] = (1.0,)
    moved: float = 1.0

    def accepted(self, step: LineValue, place: Place, rates: Sequence[float]) -> list[float]:
        """The factors with which a value is right."""
        if step.update:
            return [self.moved * r for r in rates]
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
        self.until = time.monotonic() + PATIENCE

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
            update = site.kind == "update"
            if update and (event.before is None or np.shape(event.before) != np.shape(event.value)):
                continue
            anew = not (site.continues and changes_in_place(site)) and self.is_read_since(
                event.label, found, line
            )
            if anew or event.label not in group:
                group[event.label] = len(found)
            found.append(LineValue(event, site, line, event.label, group[event.label], True, update))
        return [replace(s, final=is_last(s, found[i + 1 :])) for i, s in enumerate(found)]

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
            if (
                (site.body and site.statement in back)
                or not event.value.size
                or event.value.dtype.kind not in "fi"
            ):
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
            found.append(Place(spot, source, shape, False, False, (f"{source} (line {line_of_site(site)})",)))
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
        """Whether a derivative may be by an expression: not the negative of something, nor within a loss."""
        targets = next((x.targets for x in self.outline.lines if x.node is site.statement), [])
        return not isinstance(site.node, ast.UnaryOp) and not any(map(is_loss_label, targets))

    def of_size(self, shape: tuple[int, ...], roots: bool = False) -> list[Place]:
        """The values of a shape, those with names first; parameters only if asked for."""
        size = int(np.prod(shape, dtype=int))
        named = [p for p in reversed(self.places) if not (p.root and (not roots or p.label in self.labels))]
        fits = named + self.unnamed
        return [
            p for p in fits if int(np.prod(p.shape, dtype=int)) == size and same_but_ones(p.shape, shape)
        ][:MOST_PLACES]

    def slope(self, place: Place) -> LossSlope:
        return self.slopes.slope(place.spot, place.shape)

    def named_for(self, step: LineValue) -> list[Place]:
        """The forward values that a derivative's name speaks of, or that it moves; those that matter."""
        if step.name not in self._named:
            self._named[step.name] = [p for p in self.find_named(step) if self.matters(p)]
        return [p for p in self._named[step.name] if same_but_ones(p.shape, step.shape)] or self._named[
            step.name
        ]

    @cached_property
    def _named(self) -> dict[str, list[Place]]:
        return {}

    def find_named(self, step: LineValue) -> list[Place]:
        """The values of a name, the last first."""
        label = step.name
        if step.update:
            return [p for p in reversed(self.places) if p.label == label]
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
        for name in (
            "m",
            "N",
            "n",
            "num_examples",
            "n_samples",
            "batch_size",
            "num_samples",
            "n_examples",
            "M",
        ):
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
        for name in step.line.reads:
            if RATE.match(name.rpartition(".")[2]) or name.rpartition(".")[2] == "epsilon":
                try:
                    found = [float(self.run.value(name)), *found]
                except Exception:  # not a number, not known
                    continue
        return found

    # Reading

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
        given = GivenValues(value)
        for place in [*named, *self.others(step, named)]:
            for factor in reading.accepted(step, place, rates):
                if self.equal(given, place, factor, reading.loss, nonzero=place not in named):
                    return Found(step, *self.shaped(step, place), factor, value)
        useful = [p for p in named if not self.slope(p).zero(reading.loss)]
        if useful and step.line.node not in self.outline.doubtful:
            place = useful[0]
            return Found(step, "wrong", place, reading.accepted(step, place, rates)[0], value)
        return Found(step, "unnamed", None, 1.0, value)

    def shaped(self, step: LineValue, place: Place) -> tuple[str, Place]:
        """The status of a value that has the right numbers."""
        return "wrong" if place.root and shape_matters(step, place, self) else "right", place

    def others(self, step: LineValue, named: Sequence[Place]) -> list[Place]:
        """The places besides those of its name whose derivative a value may be."""
        if not named:
            return [*self.moved_by(step), *self.of_size(step.shape, roots=True)]
        return self.of_size(step.shape) if self.is_loose(step) and not any(p.root for p in named) else []

    def is_loose(self, step: LineValue) -> bool:
        """Whether a name may mean the value before an activation: delta_hidden; dh after `dh[h <= 0] = 0`."""
        members = [s for s in self.steps if s.name == step.name and s.group == step.group]
        return len(members) > 1 or bool(re.search(r"delta|err|term", step.name, re.I))

    def equal(
        self, given: GivenValues, place: Place, factor: float, loss: int, nonzero: bool = False
    ) -> bool:
        """Whether a value is a derivative times a factor, as far as two directions tell."""
        if not (fits_into if place.root else same_but_ones)(given.shape, place.shape):
            return False
        slope = self.slope(place)
        if not slope.known(loss) or (nonzero and slope.zero(loss)):
            return False
        allowed = LINES_AGREE * given.size + 10 * abs(factor) * slope.errors[loss] + 1e-9
        return bool((np.abs(given.along - factor * slope.values[loss]) <= allowed).all())

    def factor(self, value: Any, place: Place, loss: int) -> float | None:
        """What a derivative would have to be multiplied by, if a value is that."""
        right, given = self.slope(place).values[loss], GivenValues(value)
        if not np.isfinite(right).all() or np.abs(right).min() < 1e-9:
            return None
        factor = float(given.along[0] / right[0])
        return factor if factor and self.equal(given, place, factor, loss) else None


class GivenValues:
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


def changes_in_place(site: Site) -> bool:
    return not isinstance(site.statement, ast.Assign) or isinstance(site.node, ast.Subscript)


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
    return same_but_ones(given, right) and np.prod(np.broadcast_shapes(given, right)) == np.prod(right)


def plain_value(value: ast.expr) -> bool:
    """Whether an expression only takes or copies what is there."""
    if isinstance(value, ast.Tuple | ast.List):
        return all(map(plain_value, value.elts))
    if isinstance(value, ast.Call):
        named = isinstance(value.func, ast.Attribute) and value.func.attr in ("copy", "get")
        return named or (isinstance(value.func, ast.Attribute) and "random" in ast.unparse(value.func))
    return is_plain_place(value)


def short_name(claim: Claim, leaf: ArrayLeaf) -> bool:
    """gw1 for w1, db1_curr for b1."""
    last = claim.label.rpartition(".")[2]
    return len(last) > 1 and last[0] in "gd" and last[1:].strip("_").lower() == bare_name(leaf.last)


def line_of_site(site: Site) -> int:
    return getattr(site.node, "lineno", 0)


def starts_at_random(case: Evidence, run: MachineRun) -> dict[tuple[int, int], list[tuple[Any, Any]]]:
    """Moves that make parameters random which are all the same, as zeros are: where zeros hide mistakes."""
    found: dict[tuple[int, int], list[tuple[Any, Any]]] = {}
    wanted = names_moved(case, run)
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
    """Whether numbers are all the same: an array of zeros, a single 0."""
    if value.dtype.kind not in "fi" or not value.size or np.ptp(value.astype(float)):
        return False
    return value.size > 1 or not value.any()


def names_moved(case: Evidence, run: MachineRun) -> set[str]:
    """The names of what is moved, or of which there is a derivative."""
    back = [t for line in case.outline.derivatives.values() for t in line.targets]
    bare = {bare_name(ADDED.sub("", t)) for t in back} | {b.rpartition("['")[2] for b in back}
    moved = {t for line in case.outline.updates.values() for t in line.targets}
    labels = {e.label for e in run.events}
    return {n for n in labels if n in moved or bare_name(n) in bare or n.partition("[")[0] in moved}


# The judgement


def judge_machine(machine: Machine) -> Judged:
    """Judge what a machine runs.

    Raises:
        Unplayable: there is no loss, or nothing that could be judged.
    """
    case = Evidence(machine)
    tried = [LineVerdicts(case, reading).work() for reading in likely_readings(case)]
    best = min(tried, key=lambda v: v.rank, default=None)
    if (
        best is not None
        and not best.trusted
        and case.run.error is not None
        and machine.function.name == SCRIPT
    ):
        best.blamed = []
        return best.judged()
    if best is None or not best.trusted:
        raise Unplayable("no reading of its derivatives was found")
    return best.judged()


def likely_readings(case: Evidence) -> list[Interpretation]:
    """The readings in which the fewest values are wrong at once, the plainest of them first."""
    scored = []
    for i, reading in enumerate(all_readings(case)):
        found = [case.find(s, case.run, reading) for s in case.steps if s.final]
        wrong, right = (sum(f.status == status for f in found) for status in ("wrong", "right"))
        scored.append((wrong - 0.5 * right, i, reading))
        if right and right == len(found) and not case.losses[reading.loss].assumed:
            return [reading]
    scored.sort(key=lambda x: x[:2])
    return [reading for *_, reading in scored[:MOST_INTERPRETATIONS]]


def all_readings(case: Evidence) -> Iterator[Interpretation]:
    """All readings, the plainest first."""
    for i, loss in enumerate(case.losses):
        for factor, moved in factors(case, i, loss):
            yield Interpretation(i, factor, (1.0,), moved)
            for m in case.m:
                yield Interpretation(i, factor, (m,), moved)
                yield Interpretation(i, factor, (1.0, m), moved)


def factors(case: Evidence, index: int, loss: MachineLoss) -> list[tuple[float, float]]:
    """By what all derivatives may be multiplied in a reading, and by what the moves of parameters."""
    seen: Counter[float] = Counter()
    moved: Counter[float] = Counter()
    for step in (s for s in case.steps if s.final):
        for place in case.named_for(step)[:3]:
            f = case.factor(step.value, place, index)
            if f is not None:
                counter = moved if step.update else seen
                counter[round_off(f / case.rates(step)[0])] += 1
    usual = [f for f, n in moved.most_common(1) if n > 1 or len(moved) == sum(s.update for s in case.steps)]
    move = usual[0] if usual else 1.0
    chosen = dict.fromkeys([1.0, -1.0, *(f for f, _ in seen.most_common(3))])
    pairs = [(f, abs(move)) for f in chosen if may_be(f, move, loss, bool(moved))]
    return pairs if move == 1.0 else [*pairs, *((f, 1.0) for f, _ in pairs)]


def round_off(factor: float) -> float:
    return float(f"{factor:.4g}")


def may_be(factor: float, moved: float, loss: MachineLoss, moves: bool) -> bool:
    """Whether a factor of all derivatives is no mistake."""
    if factor == 1.0:
        return True
    if loss.assumed:
        return factor == -1.0 or any(abs(abs(factor) - f) < 1e-3 * f for f in loss.scales)
    if not loss.strict:
        return True
    return moves and (factor < 0 < moved or abs(moved - 1) < LINES_AGREE)


class LineVerdicts:
    """The verdicts of one reading: found by replacing each wrong value by the truth, in order."""

    def __init__(self, case: Evidence, reading: Interpretation) -> None:
        self.case = case
        self.reading = reading
        self.forced: dict[tuple[int, int], list[tuple[Any, Any]]] = {}
        self.blamed: list[Found] = []
        self.follows: set[str] = set()
        self.found: list[Found] = []

    def work(self) -> LineVerdicts:
        """Find what is wrong by itself."""
        for _ in range(MOST_BLAMED):
            run = (
                self.case.run
                if not self.forced
                else self.case.machine.run(forced=self.forced, recording=True)
            )
            self.found = [self.case.find(s, run, self.reading) for s in self.case.steps]
            wrong = next((f for f in self.found if self.to_blame(f)), None)
            if wrong is None:
                break
            self.blame(self.suspect(wrong), run)
        return self

    def to_blame(self, found: Found) -> bool:
        """Whether a value is wrong, and not known to be."""
        if found.status != "wrong" or not found.step.final or self.is_blamed(found.step):
            return False
        if found.step.update and not self.is_plain_move(found):
            return False
        return not (self.follows & found.step.line.reads)

    def is_blamed(self, step: LineValue) -> bool:
        return any(b.step.site is step.site and b.step.name == step.name for b in self.blamed)

    def is_plain_move(self, found: Found) -> bool:
        """Whether a parameter is moved by its derivative, if that is known: like most others, or upwards."""
        moves = [f for f in self.found if f.step.update and f.place is not None]
        paired = {
            f.step.name.partition("[")[0] for f in self.found if not f.step.update and f.status == "right"
        }
        if not paired & found.step.line.reads or 2 * sum(f.status == "right" for f in moves) > len(moves):
            return True
        assert found.place is not None
        factor = self.case.factor(found.value, found.place, self.reading.loss)
        return factor is not None and factor < 0

    def suspect(self, wrong: Found) -> Found:
        """What is wrong: the value, or one before it whose name tells little, if that makes more right."""
        assert wrong.place is not None
        before = [
            f
            for f in self.found[: self.found.index(wrong)]
            if self.is_doubtful(f) and self.is_before(f, wrong)
        ]
        doubtful = [*before, *([wrong] if self.case.is_loose(wrong.step) else [])]
        least = self.rightness(self.forcing(wrong, wrong.place)) if doubtful else 0
        for found in doubtful:
            # a wrong value made right counts 2: the one in question, another if a good one is to be blamed
            wanted = least + (1 if found is wrong else 2 if found.status == "unnamed" else 4)
            best = max(self.forceable(found), key=lambda x: x[0], default=None)
            if best is not None and best[0] >= wanted:
                return replace(found, place=best[1], factor=self.inner_factor(found, best[1]))
        return wrong

    def forceable(self, found: Found) -> Iterator[tuple[int, Place]]:
        """The derivatives that a value may be meant to be, and how much would be right with them."""
        for place in self.candidates(found):
            if time.monotonic() > self.case.until:
                return
            if place is not found.place:
                yield self.rightness(self.forcing(found, place)), place

    def is_doubtful(self, found: Found) -> bool:
        """Whether a value may be meant to be the derivative by something that its name does not speak of."""
        step = found.step
        if (
            step.update
            or not step.final
            or self.is_blamed(step)
            or (found.place is not None and found.place.root)
        ):
            return False
        return found.status in ("unnamed", "right")

    def is_before(self, found: Found, wrong: Found) -> bool:
        """Whether a wrong value depends on another: at once, if the name of that is plain."""
        plain = found.place in self.case.named_for(found.step) and not self.case.is_loose(found.step)
        if plain:
            return wrong.place is not None and wrong.place.root and found.step.name in wrong.step.line.reads
        return self.reads(wrong.step, found.step)

    def rightness(self, forced: Changes) -> int:
        run = self.case.machine.run(forced=forced, recording=True)
        found = [self.case.find(s, run, self.reading) for s in self.case.steps if s.final]
        return sum(f.status == "right" for f in found) - sum(f.status == "wrong" for f in found)

    def candidates(self, found: Found) -> list[Place]:
        """The forward values whose derivative a value may be meant to be."""
        fits = self.case.of_size(found.step.shape)
        loss = self.reading.loss
        chosen: list[Place] = []
        seen: list[Any] = []
        for place in fits:
            slope = self.case.slope(place)
            if slope.zero(loss) or any(np.allclose(slope.values[loss], s, rtol=1e-4) for s in seen):
                continue
            seen.append(slope.values[loss])
            chosen.append(place)
        return chosen[:10]

    def reads(self, later: LineValue, earlier: LineValue) -> bool:
        """Whether a line depends on what an earlier one gives."""
        wanted = {later.name.partition("[")[0], *later.line.reads}
        steps = self.case.steps
        for step in reversed(steps[: steps.index(later)]):
            if step is earlier:
                return earlier.name.partition("[")[0] in wanted
            if step.name.partition("[")[0] in wanted:
                wanted |= step.line.reads
        return False

    def inner_factor(self, found: Found, place: Place) -> float:
        """The factor that the derivative at a place has in this reading; that of the others of its kind."""
        accepted = self.reading.accepted(
            found.step, place, self.case.rates(found.step) if found.step.update else [1.0]
        )
        if len(self.reading.inner) > 1 and not place.root:
            near = [f.factor for f in self.found if f.status == "right" and f.place and not f.place.root]
            return near[-1] if near else accepted[0]
        return accepted[0]

    def forcing(self, found: Found, place: Place) -> dict[tuple[int, int], list[tuple[Any, Any]]]:
        """The replacements, with one more."""
        truth = self.case.slopes.truth(place.spot, place.shape, self.reading.loss)
        spot = found.step.event.spot
        value = truth.value * self.inner_factor(found, place)
        value = np.reshape(value, found.step.shape) if fits_into(found.step.shape, place.shape) else value
        if not np.all(truth.known) or found.step.update:
            return dict(self.forced)
        return self.forced | {
            (spot.site, spot.turn): [*self.forced.get((spot.site, spot.turn), []), (spot.steps, value)]
        }

    def blame(self, found: Found, run: MachineRun) -> None:
        """Note that a value is wrong, and put the truth in its place."""
        assert found.place is not None
        forced = self.forcing(found, found.place)
        if forced == self.forced and not found.step.update:
            self.follows.add(found.step.name.partition("[")[0])
        self.forced = forced
        self.blamed.append(found)

    # What is said

    @property
    def rank(self) -> tuple[float, ...]:
        right = sum(f.status == "right" for f in self.found)
        loss = self.case.losses[self.reading.loss]
        plain = (self.reading.factor != 1.0) + (self.reading.inner != (1.0,))
        return len(self.blamed), -right, loss.assumed, plain

    @property
    def trusted(self) -> bool:
        """Whether this reading explains more than it finds wrong."""
        right = [f for f in self.found if f.status == "right" and f.place is not None]
        blamed = {b.step.site for b in self.blamed}
        places = {f.place.spot.site for f in right if f.place}
        deep = len(places) > 1 or any(f.place.root for f in right if f.place)
        return deep and len({f.step.site for f in right} - blamed) >= len(blamed)

    def judged(self) -> Judged:
        first = self.case.run
        loss = self.case.losses[self.reading.loss]
        derivatives = [d for s in self.case.steps if s.final and (d := self.derivative(s)) is not None]
        derivatives = merge_turns(derivatives)
        function = self.case.machine.function
        name, factor = loss.said(self.reading.factor)
        return Judged(function, name, loss.assumed, round_off(factor), derivatives, self.case, self.reading,
                      first.error)  # fmt: skip

    def derivative(self, step: LineValue) -> Derivative | None:
        """What is told of a value."""
        at_once = self.case.find(step, self.case.run, self.reading)
        blamed = next((b for b in self.blamed if b.step is step), None)
        later = next(f for f in self.found if f.step is step)
        if step.update and not (blamed or later.status == "right"):
            return None
        if blamed is not None:
            return self.told(step, blamed, "wrong", self.said(blamed))
        if at_once.status == "right":
            return self.told(step, at_once, "agrees", "agrees")
        verdict = "unnamed" if later.status == "unnamed" else "follows"
        return self.told(step, later, verdict, self.said(at_once) if at_once.place else "")

    def said(self, found: Found) -> str:
        """What a wrong value is instead."""
        if found.said or found.place is None:
            return found.said
        truth = self.case.slopes.truth(found.place.spot, found.place.shape, self.reading.loss)
        right = truth.value * found.factor
        value = found.value
        fits = fits_into if found.place.root else same_but_ones
        if not fits(np.shape(value), right.shape) or (
            found.place.root and shape_matters(found.step, found.place, self.case)
        ):
            return f"shape {np.shape(value)} instead of {right.shape}"
        value = np.reshape(value, right.shape)
        return other_text(np.where(truth.known, value, 0.0), right)

    def told(self, step: LineValue, found: Found, verdict: str, said: str) -> Derivative:
        site = self.place_to_tell(step, found) if verdict == "wrong" else step.site
        place = found.place
        truth = None
        if place is not None and verdict in ("wrong", "follows"):
            known = self.case.slopes.truth(place.spot, place.shape, self.reading.loss)
            truth = known.value * found.factor if np.all(known.known) else None
        at = site.statement if verdict == "wrong" and site.statement is not None else site.node
        return Derivative(
            step.name, place.label if place else "", verdict, said, site.file,
            getattr(at, "lineno", 0), getattr(at, "col_offset", 0), getattr(at, "end_lineno", 0),
            getattr(at, "end_col_offset", 0), found.factor, found.value, truth, site, place, step,
        )  # fmt: skip

    def place_to_tell(self, step: LineValue, found: Found) -> Site:
        """Of several lines that give a value together, the one that is wrong."""
        members = [s for s in self.case.steps if s.group == step.group and s.name == step.name]
        sites = list(dict.fromkeys(s.site for s in members))
        return step.site if len(sites) == 1 else JointLines(self, members, found).wrong


def merge_turns(derivatives: Sequence[Derivative]) -> list[Derivative]:
    """One for each site and name: the wrong one of a loop, else the last."""
    found: dict[tuple[Any, str], Derivative] = {}
    for d in derivatives:
        key = d.site, d.label
        if key not in found or found[key].verdict == "agrees":
            found[key] = d
    return list(found.values())


# Several lines for one value


@dataclass(eq=False)
class JointLines:
    """The lines that give a value together, of which one is wrong."""

    verdicts: LineVerdicts
    members: list[LineValue]
    found: Found
    right_value: Any = field(init=False)

    def __post_init__(self) -> None:
        place = self.found.place
        assert place is not None
        truth = self.verdicts.case.slopes.truth(place.spot, place.shape, self.verdicts.reading.loss)
        self.known = truth.known
        self.right_value = truth.value * self.found.factor

    @property
    def wrong(self) -> Site:
        """The first line after the last at which all was right; else the first that cannot be made right."""
        statuses = [self.is_right(s) for s in self.members]
        if True in statuses:
            after = len(statuses) - statuses[::-1].index(True)
            return self.members[min(after, len(self.members) - 1)].site
        if (part := self.wrong_part()) is not None:
            return part
        return self.first_beyond_repair()

    def is_right(self, step: LineValue) -> bool:
        """Whether a value on the way is a derivative, up to a factor."""
        reading, case = self.verdicts.reading, self.verdicts.case
        if step is self.members[-1]:
            return False
        loose = replace(reading, inner=tuple({1.0, *case.m, *reading.inner}))
        return case.find(step, case.run, loose).status == "right" or self.is_multiple(step)

    def is_multiple(self, step: LineValue) -> bool:
        place = self.found.place
        assert place is not None
        factor = self.verdicts.case.factor(step.value, place, self.verdicts.reading.loss)
        return factor is not None and any(
            abs(factor / m - self.found.factor) < 1e-4 for m in (1.0, *self.verdicts.case.m)
        )

    def wrong_part(self) -> Site | None:
        """Of lines that add up parts, the one whose part is not what comes back through uses of the value."""
        sums = self.sums_of_uses()
        known = [self.is_among(as_floats(s.event.value), sums) for s in self.members]
        if not any(known[:-1]):
            return None
        for before, step, good in zip(self.members, self.members[1:], known[1:], strict=False):
            added = as_floats(step.event.value) - as_floats(before.event.value)
            if not good and not self.is_among(added, sums):
                return step.site
        return self.members[-1].site

    def sums_of_uses(self) -> list[Any]:
        """The derivatives through one or several of the uses of the value, along two directions."""
        case, place = self.verdicts.case, self.found.place
        assert place is not None
        uses = case.uses(place)[:MOST_USES]
        slopes = [case.slopes.slope(u, place.shape).values[self.verdicts.reading.loss] for u in uses]
        return [np.sum(some, axis=0) for k in range(1, len(uses)) for some in combinations(slopes, k)]

    def is_among(self, value: Any, sums: Sequence[Any]) -> bool:
        given = projections(value)
        near = LINES_AGREE * 10 * (float(np.linalg.norm(value)) + 1e-9)
        return any(np.all(np.abs(given - self.found.factor * x) <= near) for x in sums)

    def first_beyond_repair(self) -> Site:
        """The first line that leaves entries wrong which no later line touches."""
        for step, following in zip(self.members, self.members[1:], strict=False):
            before, after = as_floats(step.event.value), as_floats(following.event.value)
            if np.shape(before) != np.shape(after) or np.shape(before) != self.right_value.shape:
                continue
            touched = before != after
            rest = ~touched if touched.any() else mostly_right(before, self.right_value)
            if touched.all() or not rest.any():
                continue
            return following.site if proportional(before[rest], self.right_value[rest]) else step.site
        return self.members[0].site


def mostly_right(given: Any, right: Any) -> Any:
    """Which entries are what they should be, up to the commonest factor."""
    ratio = np.divide(given, right, out=np.zeros_like(right), where=right != 0)
    near = np.isclose(ratio[..., None], ratio.reshape(-1), rtol=1e-4).sum(-1)
    return near == near.max()


def proportional(a: Any, b: Any) -> bool:
    """Whether some numbers are a positive multiple of others."""
    size = float(np.sum(b * b))
    factor = float(np.sum(a * b)) / size if size else 0.0
    return factor > 0 and bool(np.allclose(a, factor * b, rtol=1e-4, atol=1e-8))


# Ways in


def judge_statements(program: Program, function: Function, state: dict[str, Any] | None = None) -> Judged:
    """Judge the statements of a file, or of a function on given arguments.

    Args:
        program: where the function stands.
        function: the function, or `script_of(program, file)` for a file's own statements.
        state: arguments by name, and `self`; for a function.

    Raises:
        Unplayable: it does not run, or has no derivatives that could be judged.
    """
    if function.name == SCRIPT:
        return judge_machine(script_machine(program, function))
    return judge_machine(function_machine(program, function, state or {}))


def script_machine(program: Program, function: Function) -> Machine:
    """The machine of a file's own statements, as they are in the program now."""
    return ScriptMachine(program, function, BodyOutline(program.trees[function.file].body))


def function_machine(
    program: Program, function: Function, state: dict[str, Any], missing: dict[str, Any] | None = None
) -> Machine:
    """The machine of a function on made arguments; `missing` are globals that it reads and are not there."""
    outline = BodyOutline(function.node.body, function.parameters)
    return FunctionMachine(program, function, outline, state, missing or {})
