"""The search: which edited formula gives the numbers that somebody's function gave?

A formula matches if it gives their numbers on every probe. Formulas are tried from the likeliest on; parts
that formulas share are computed once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygraph.check.edits import Edit, positions, single_edits
from tinygraph.expressions import Expression

__all__ = ["Match", "Setting", "agrees", "distinct", "matches", "ratio", "search"]

DOUBLE, SINGLE = 1e-9, 2e-5
LIKELIEST = 10


@dataclass(frozen=True)
class Match:
    """A formula that gives somebody's numbers, the edits that lead to it, and how far-fetched it is."""

    expression: Any
    edits: tuple[Edit, ...]
    penalty: float

    @property
    def text(self) -> str:
        """The formula as NumPy code."""
        return str(self.expression)


@dataclass
class Setting:
    """The values at hand in the probes: one mapping from names to values per probe.

    `operands` and `factors` are what an edit may bring in (see `single_edits`), `floor` is a difference that
    is only rounding. `shared` holds the
    expressions that many edits have in common; their values are computed once per probe.
    """

    values: list[dict[str, Any]]
    operands: Sequence[Any]
    factors: Sequence[Any]
    floor: float = 0.0
    shared: dict[int, Any] = field(default_factory=dict)
    known: dict[tuple[int, int], Any] = field(default_factory=dict)

    def share(self, *expressions: Any) -> None:
        """Keep the values of all parts of these expressions."""
        for expression in expressions:
            self.shared |= {id(part): part for part, _ in positions(expression)}

    def value(self, x: Any, probe: int) -> Any:
        """The value of an expression in a probe; None if it has none."""
        if not isinstance(x, Expression):
            return x
        if x.function is None:
            return self.values[probe].get(x.name)
        key = id(x), probe
        if key in self.known:
            return self.known[key]
        args = [self.value(part, probe) for part in x.args]
        result = None if any(a is None for a in args) else called(x.function, args, x.settings)
        if id(x) in self.shared:
            self.known[key] = result
        return result

    def without(self, names: Set[str]) -> Setting:
        """The setting in which nothing that is made from these names may stand in a formula."""
        operands = [x for x in self.operands if not names_in(x) & names]
        return Setting(self.values, operands, self.factors, self.floor, self.shared, self.known)

    def assign(self, name: str, values: Sequence[Any]) -> Setting:
        """The setting in which `name` has other values."""
        changed = [v | {name: x} for v, x in zip(self.values, values, strict=True)]
        return Setting(changed, self.operands, self.factors, self.floor)


def names_in(x: Any) -> set[str]:
    """The names in an expression."""
    parts = [part for part, _ in positions(x)]
    return {part.name for part in parts if isinstance(part, Expression) and part.function is None}


def called(function: Any, args: Sequence[Any], settings: Mapping[str, Any]) -> Any:
    """The value of a call, None if it fails."""
    try:
        with np.errstate(all="ignore"):
            return function(*args, **settings)
    except (ValueError, TypeError, IndexError):
        return None


def agrees(value: Any, given: Any, floor: float = 0.0) -> bool:
    """Whether two arrays are the same numbers in the same shape; a difference below `floor` is rounding."""
    if value is None or np.shape(value) != np.shape(given):
        return False
    given = np.asarray(given)
    size = float(np.max(np.abs(given), initial=0))
    tolerance = SINGLE if given.dtype == np.float32 else DOUBLE
    return bool(np.max(np.abs(value - given), initial=0) <= max(tolerance * size, floor))


def matches(expression: Any, setting: Setting, given: Sequence[Any]) -> bool:
    """Whether an expression gives the numbers of every probe."""
    return all(agrees(setting.value(expression, i), g, setting.floor) for i, g in enumerate(given))


def search(right: Sequence[Any], setting: Setting, given: Sequence[Any]) -> list[Match]:
    """The formulas within two edits of a right one that give these numbers, likeliest first.

    One edit is tried first; then one edit and a constant factor; then two edits of which one is among the
    likeliest.
    """
    setting.share(*right, *setting.operands)
    edits = [
        edit
        for formula in right
        for edit in distinct(single_edits(formula, setting.operands, setting.factors))
    ]
    found = [Match(e.expression, (e,), e.penalty) for e in edits if matches(e.expression, setting, given)]
    for further in (scaled, added, doubled):
        found = found or list(further(right, edits, setting, given))
    return sorted(found, key=lambda match: (match.penalty, len(match.text), match.text))


def distinct(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Each formula once, as its likeliest edit."""
    best: dict[str, Edit] = {}
    for edit in edits:
        text = str(edit.expression)
        if text not in best or edit.penalty < best[text].penalty:
            best[text] = edit
    return iter(best.values())


def scaled(
    right: Sequence[Any], edits: Sequence[Edit], setting: Setting, given: Sequence[Any]
) -> Iterator[Match]:
    """Formulas that give these numbers up to a factor: a known ratio, or one number in every probe."""
    for formula, done, penalty in [
        *((formula, (), 0) for formula in right),
        *((edit.expression, (edit,), edit.penalty) for edit in edits),
    ]:
        ratios = [ratio(setting.value(formula, i), g) for i, g in enumerate(given)]
        if None in ratios:
            continue
        plain = all(edit.kind == "drop" for edit in done)
        for factor, extra in constants(setting, ratios, literal=plain):  # type: ignore[arg-type]
            extended = formula * factor
            edit = Edit(extended, "times", extra, formula, extended)
            yield Match(extended, (*done, edit), penalty + extra)


def added(
    right: Sequence[Any], edits: Sequence[Edit], setting: Setting, given: Sequence[Any]
) -> Iterator[Match]:
    """Formulas to which a multiple of something was added: a penalty on W, the change of an update."""
    for formula, operand in itertools.product(right, setting.operands):
        pairs = [(setting.value(formula, i), setting.value(operand, i)) for i in range(len(given))]
        if any(a is None or np.shape(a) != np.shape(g) for (a, _), g in zip(pairs, given, strict=True)):
            continue
        ratios = [ratio(term, g - a) for (a, term), g in zip(pairs, given, strict=True)]
        if None in ratios:
            continue
        for factor, extra in constants(setting, ratios, literal=True):  # type: ignore[arg-type]
            extended = formula + factor * operand
            yield Match(extended, (Edit(extended, "plus", extra, formula, extended),), 4 + extra)


def ratio(value: Any, given: Any) -> float | None:
    """given / value, if that is one number."""
    if value is None or np.shape(value) != np.shape(given) or not np.size(given):
        return None
    norm = float(np.sum(value * value))
    if not norm or not np.isfinite(norm):
        return None
    factor = float(np.sum(value * given) / norm)
    return factor if factor and agrees(value * factor, given) else None


def constants(setting: Setting, ratios: Sequence[float], literal: bool) -> Iterator[tuple[Any, int]]:
    """Factors built from what is at hand that equal `ratios`; failing those, the number if it is one."""
    factors = list(setting.factors)
    candidates = [
        (-1, 1),
        *((f, 2) for f in factors),
        *((made_ratio(1, f), 2) for f in factors),
        *((made_ratio(f, g), 3) for f, g in itertools.permutations(factors, 2)),
        *(
            (made_ratio(1, made_product(f, g)), 4)
            for f, g in itertools.combinations_with_replacement(factors, 2)
        ),
        *((made_product(f, g), 4) for f, g in itertools.combinations_with_replacement(factors, 2)),
    ]
    hits = [(f, n) for f, n in candidates if matches(f, setting, ratios)]
    yield from hits
    if not hits and literal:
        yield from literals(setting, ratios)


def literals(setting: Setting, ratios: Sequence[float]) -> Iterator[tuple[Any, int]]:
    """One number c that gives the ratios of every probe as c, c / m or c * m."""
    m = np.array([v.get("m", 1) for v in setting.values])
    for power, written in ((0, None), (-1, made_ratio), (1, made_product)):
        c = np.asarray(ratios) / m.astype(float) ** power
        if np.ptp(c) <= DOUBLE * abs(c[0]):
            number = float(f"{c[0]:.12g}")
            yield (number if written is None else written(number, Expression("m"))), 5
            return


def made_ratio(f: Any, g: Any) -> Any:
    return Expression().record(np.divide, (f, g), {})


def made_product(f: Any, g: Any) -> Any:
    return Expression().record(np.multiply, (f, g), {})


def doubled(
    right: Sequence[Any], edits: Sequence[Edit], setting: Setting, given: Sequence[Any]
) -> Iterator[Match]:
    """Formulas two edits away, where the first is among the likeliest."""
    shapes = sorted(edits, key=lambda e: (e.penalty, e.kind == "replace"))
    for first in shapes[:LIKELIEST]:
        setting.share(first.expression)
        for second in distinct(single_edits(first.expression, setting.operands, setting.factors)):
            if matches(second.expression, setting, given):
                yield Match(second.expression, (first, second), 5 + first.penalty + second.penalty)
