"""The search: which edited formula gives the numbers that somebody's function gave?

A formula matches if it gives their numbers on every probe. Formulas are tried from the likeliest on; parts
that formulas share are computed once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from tinygraph.checks.clock import FOREVER, Clock
from tinygraph.checks.edits import (
    Edit,
    change_everywhere,
    positions_in,
    rename_operand,
    single_edits,
    truncate_formula,
)
from tinygraph.guards.faults import our_work
from tinygraph.notation.expressions import Expression

__all__ = [
    "Match",
    "Setting",
    "bracketings_of",
    "call_value",
    "distinct_matches",
    "fit_matches",
    "is_match",
    "is_same_array",
    "matches_to_fit",
    "names_in",
    "ratio_to",
    "scaled_matches",
    "search_formulas",
]

DOUBLE, SINGLE = 1e-9, 2e-5  # relative to the largest entry: what rounding may come to
# First edits that a second one is tried after: each costs as much as all single edits together.
LIKELIEST = 10
# In a pass of thousands of quantities, one takes for another what stands near it.
TOO_MANY, NEAR = 400, 20
BRACKETINGS = 20


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
    is only rounding, `clock` says when to give up. `shared` holds the expressions that many edits have in
    common; their values are computed once per probe, and kept in `known`.
    """

    values: list[dict[str, Any]]
    operands: Sequence[Any]
    factors: Sequence[Any]
    floor: float = 0.0
    shared: dict[int, Any] = field(default_factory=dict)
    known: dict[tuple[int, int], Any] = field(default_factory=dict)
    clock: Clock = FOREVER

    @cached_property
    def ratios(self) -> list[tuple[Any, int]]:
        """The constant factors that people may have too many or too few (see `ratios_of`)."""
        return ratios_of([f for f in self.factors if isinstance(f, Expression) or f == 2])

    @cached_property
    def known_ratios(self) -> Any:
        """The values of `ratios`, as an array of (number of ratios, number of probes)."""
        values = [self.everywhere(ratio) for ratio, _ in self.ratios]
        return np.array(values, float).reshape(-1, len(self.values))

    def share(self, *expressions: Any) -> None:
        """Keep the values of all parts of these expressions."""
        for expression in expressions:
            self.shared |= {id(part): part for part, _ in positions_in(expression)}

    @np.errstate(all="ignore")
    def everywhere(self, x: Any) -> list[Any]:
        """The value of an expression in every probe."""
        return [self.value(x, i) for i in range(len(self.values))]

    def value(self, x: Any, probe: int) -> Any:
        """The value of an expression in a probe, or of a list of them; None if it has none."""
        if not isinstance(x, Expression):
            return self.value_of_list(x, probe) if isinstance(x, list | tuple) else x
        if x.function is None:
            return self.values[probe].get(x.name)
        # By identity: edits are built from the very parts that are shared, and to compare takes longer.
        key = id(x), probe
        if key in self.known:
            return self.known[key]
        args = self.value_of_list(x.args, probe)
        result = None if args is None else call_value(x.function, args, x.settings)
        if id(x) in self.shared:
            self.known[key] = result
        return result

    def value_of_list(self, parts: Any, probe: int) -> Any:
        """The values of several parts; None if one of them has none."""
        values = []
        for part in parts:
            value = self.value(part, probe)
            if value is None and part is not None:
                return None
            values.append(value)
        return tuple(values) if isinstance(parts, tuple) else values

    def without(self, names: Set[str]) -> Setting:
        """The setting in which nothing that is made from these names may stand in a formula."""
        operands = [x for x in self.operands if not names_in(x) & names]
        # The values stay, and with them what is known of shared parts.
        return replace(self, operands=operands)

    def near(self, formulas: Sequence[Any]) -> Setting:
        """The setting with those operands alone that stand near the formulas, where there are too many."""
        if len(self.operands) <= TOO_MANY:
            return self
        mentioned = {name for formula in formulas for name in names_in(formula)}
        places = [i for i, x in enumerate(self.operands) if str(x) in mentioned] or [0]
        near = {j for i in places for j in range(i - NEAR, i + NEAR + 1)}
        return replace(self, operands=[x for i, x in enumerate(self.operands) if i in near])

    def assign(self, name: str, values: Sequence[Any]) -> Setting:
        """The setting in which `name` has other values."""
        changed = [v | {name: x} for v, x in zip(self.values, values, strict=True)]
        # Without `known`: the name may stand in any of the expressions in it.
        return replace(self, values=changed, shared={}, known={})


def names_in(x: Any) -> set[str]:
    """The names in an expression."""
    parts = [part for part, _ in positions_in(x)]
    return {part.name for part in parts if isinstance(part, Expression) and part.function is None}


def call_value(function: Any, args: Iterable[Any], settings: Mapping[str, Any]) -> Any:
    """The value of a call, None if it fails; warnings are silenced around it all, since that takes time."""
    try:
        result = function(*args, **settings)
        return None if isinstance(result, Expression) else result
    except (KeyError, NameError):  # no call on arrays raises these: the fault is ours, and is told
        raise
    except Exception:  # most edits make shapes that do not fit; whatever one raises, it is no formula
        return None


def holds_numbers(value: Any) -> bool:
    """Whether a value is real numbers, and not None, a text or a list of arrays."""
    try:
        return np.asarray(value).dtype.kind in "biuf"
    except ValueError:  # arrays of several shapes
        return False


def is_same_array(value: Any, given: Any, floor: float = 0.0) -> bool:
    """Whether two arrays are the same numbers in the same shape; a difference below `floor` is rounding."""
    if np.shape(value) != np.shape(given) or not holds_numbers(value):
        return False
    given = np.asarray(given)
    size = float(np.max(np.abs(given), initial=0))
    tolerance = SINGLE if given.dtype == np.float32 else DOUBLE
    difference = np.abs(np.subtract(value, given, dtype=float))  # both may be masks
    return bool(np.max(difference, initial=0) <= max(tolerance * size, floor))


def is_match(expression: Any, setting: Setting, given: Sequence[Any]) -> bool:
    """Whether an expression gives the numbers of every probe."""
    return all(is_same_array(setting.value(expression, i), g, setting.floor) for i, g in enumerate(given))


@our_work("the search for a formula")
@np.errstate(all="ignore")
def search_formulas(right: Sequence[Any], setting: Setting, given: Sequence[Any]) -> list[Match]:
    """The formulas within two edits of a right one that give these numbers, likeliest first.

    One edit is tried first; then one edit and a constant factor; then two edits of which one is among the
    likeliest.
    """
    # Every formula costs a look at the probes, so the dearer kinds are tried only where the cheaper ones,
    # which are likelier in any case, found nothing.
    setting, clock = setting.near(right), setting.clock
    ways = [way for formula in right for way in bracketings_of(formula)]
    setting.share(*ways, *setting.operands)
    edits = [
        edit for way in ways for edit in clock.watch(single_edits(way, setting.operands, setting.factors))
    ]
    if all(np.asarray(g).dtype.kind in "iu" for g in given):  # only an array of integers cuts fractions off
        edits += [truncate_formula(formula, 0) for formula in right]
    found = [
        Match(e.expression, (e,), e.penalty)
        for e in clock.watch(edits)
        if is_match(e.expression, setting, given)
    ]
    for further in (scaled_matches, matches_with_number, matches_of_two_edits):
        found = found or list(further(right, edits, setting, given))
    return distinct_matches(found)


def bracketings_of(x: Any) -> Iterator[Any]:
    """A formula, and the same with products of three grouped from the right.

    The value is the same, but the parts are others, and an edit changes one part.
    """
    yield x
    threes = ((p, put) for p, put in positions_in(x) if is_product(p) and is_product(p.args[0]))
    for part, put in itertools.islice(threes, BRACKETINGS):
        (first, second), third = part.args[0].args, part.args[1]
        yield put(make_product(first, make_product(second, third)))


def is_product(x: Any) -> bool:
    return isinstance(x, Expression) and x.function is np.multiply


def distinct_matches(found: Iterable[Match]) -> list[Match]:
    """Each formula once, by its likeliest edits; the likeliest formulas first."""
    best: dict[str, Match] = {}
    for match in sorted(found, key=lambda match: (match.penalty, len(match.text))):
        best.setdefault(match.text, match)
    return list(best.values())


def scaled_matches(
    right: Sequence[Any], edits: Sequence[Edit], setting: Setting, given: Sequence[Any]
) -> Iterator[Match]:
    """Formulas that give these numbers up to a factor: a known ratio, or one number in every probe."""
    plain_ones = [(formula, (), 0) for formula in right]
    edited = [(edit.expression, (edit,), edit.penalty) for edit in edits]
    for formula, done, penalty in setting.clock.watch([*plain_ones, *edited]):
        # Found by division, not by trying each factor: one look at a formula serves all factors.
        ratios = [ratio_to(setting.value(formula, i), g) for i, g in enumerate(given)]
        if None in ratios:
            continue
        # An edited formula that is off by any number besides would explain too much.
        plain = all(edit.kind == "drop" for edit in done)
        for factor, extra in constant_factors(setting, ratios, literal=plain):  # type: ignore[arg-type]
            extended = times_factor(formula, factor)
            edit = Edit(extended, "times", extra, formula, extended)
            yield Match(extended, (*done, edit), penalty + extra)


def matches_with_number(
    right: Sequence[Any], edits: Sequence[Edit], setting: Setting, given: Sequence[Any]
) -> Iterator[Match]:
    """Formulas with a number in them that makes them fit: a penalty on W, an update by a rate of its own."""

    def makes(formula: Any, setting: Setting) -> list[Any]:
        return [setting.value(formula, i) for i in range(len(given))]

    return fit_matches(matches_to_fit(right, edits, setting), makes, setting, given)


def matches_to_fit(right: Sequence[Any], edits: Iterable[Edit], setting: Setting) -> Iterator[Match]:
    """Formulas in which lr stands for a number that is still to be found."""
    (lr,) = map(Expression, ["lr"])
    for formula in right:
        if "lr" in names_in(formula):
            yield Match(formula, (Edit(formula, "replace", 0, lr, formula),), 0)
        for operand in setting.operands:
            for extended in (formula + lr * operand, formula - lr * operand):
                yield Match(extended, (Edit(extended, "plus", 4, formula, extended),), 4)
    for edit in edits:
        if "lr" in names_in(edit.expression):
            yield Match(edit.expression, (edit,), edit.penalty)


def fit_matches(
    templates: Iterable[Match],
    makes: Callable[[Any, Setting], Sequence[Any]],
    setting: Setting,
    given: Sequence[Any],
) -> Iterator[Match]:
    """The templates with that number for lr which makes them fit; `makes` must be linear in it."""
    # Linear: what it makes of 0 and of 1 says what it makes of every number, and so which number fits.
    start, end = (setting.assign("lr", [n] * len(given)) for n in (0.0, 1.0))
    for template in setting.clock.watch(templates):
        pairs = zip(makes(template.expression, start), makes(template.expression, end), given, strict=True)
        ratios = [share_of_way(*pair) for pair in pairs]
        known = [r for r in ratios if r is not None]
        # Terms are tried with both signs, so that a number below zero would be the other one again.
        if len(known) < len(ratios) or (min(known) < 0 and template.edits[0].kind == "plus"):
            continue
        for number, extra in constant_factors(setting, known, literal=True):
            formula = change_everywhere(template.expression, partial(rename_operand, "lr", number))
            yield Match(formula, template.edits, template.penalty + extra)


def share_of_way(start: Any, end: Any, given: Any) -> float | None:
    """The number r for which start + r * (end - start) is `given`, if there is one."""
    if start is None or end is None or not np.shape(start) == np.shape(end) == np.shape(given):
        return None
    with np.errstate(all="ignore"):
        return ratio_to(end - start, given - start)


def ratio_to(value: Any, given: Any) -> float | None:
    """given / value, if that is one number."""
    if not holds_numbers(value) or np.shape(value) != np.shape(given) or not np.size(given):
        return None
    norm = float(np.sum(value * value))
    if not norm or not np.isfinite(norm):
        return None
    factor = float(np.sum(value * given) / norm)  # of least squares, so that noise in one entry counts little
    return factor if factor and is_same_array(value * factor, given) else None


def constant_factors(setting: Setting, ratios: Sequence[float], literal: bool) -> Iterator[tuple[Any, int]]:
    """Factors built from what is at hand that equal `ratios`; failing those, the number if it is one."""
    # All probes at once: a factor that fits each of them fits for a reason.
    wanted = np.asarray(ratios)
    near = np.abs(setting.known_ratios - wanted) <= DOUBLE * np.max(np.abs(wanted))
    hits = [setting.ratios[i] for i in np.flatnonzero(near.all(axis=1))]
    yield from hits
    if not hits and literal:
        yield from literal_factors(setting, ratios)


def ratios_of(factors: Sequence[Any]) -> list[tuple[Any, int]]:
    """The factors that people may have too many or too few, and how far-fetched each is."""
    pairs = list(itertools.combinations_with_replacement(factors, 2))
    return [
        (-1, 1),
        *((f, 2) for f in factors),
        *((make_ratio(1, f), 2) for f in factors),
        *((make_ratio(f, g), 3) for f, g in itertools.permutations(factors, 2)),
        *((make_ratio(1, make_product(f, g)), 4) for f, g in pairs),
        *((make_product(f, g), 4) for f, g in pairs),
    ]


def literal_factors(setting: Setting, ratios: Sequence[float]) -> Iterator[tuple[Any, int]]:
    """One number c that gives the ratios of every probe as c, c / m or c * m."""
    m = np.array([v.get("m", 1) for v in setting.values])
    for power, written in ((0, None), (-1, make_ratio), (1, make_product)):
        c = np.asarray(ratios) / m.astype(float) ** power
        if np.ptp(c) <= DOUBLE * abs(c[0]):
            yield (neat_number(c[0]) if written is None else written(neat_number(c[0]), Expression("m"))), 5
            return


def neat_number(number: float) -> Any:
    """A number as one writes it: 1 / 209 rather than 0.00478468899522."""
    n = round(1 / number)  # ratio_to never gives 0
    return make_ratio(1, n) if abs(n) > 2 and abs(number * n - 1) < DOUBLE else float(f"{number:.12g}")


def times_factor(x: Any, factor: Any) -> Any:
    """x * factor, or x / n for the factor 1 / n."""
    if isinstance(factor, Expression) and factor.function is np.divide and str(factor.args[0]) == "1":
        return x / factor.args[1]
    return x * factor


def make_ratio(f: Any, g: Any) -> Any:
    return Expression().record(np.divide, (f, g), {})


def make_product(f: Any, g: Any) -> Any:
    return Expression().record(np.multiply, (f, g), {})


def matches_of_two_edits(
    right: Sequence[Any], edits: Sequence[Edit], setting: Setting, given: Sequence[Any]
) -> Iterator[Match]:
    """Formulas two edits away, where the first is among the likeliest."""
    # Of equally likely edits the replacements last: there are many of them.
    shapes = sorted(edits, key=lambda e: (e.penalty, e.kind == "replace"))
    for first in shapes[:LIKELIEST]:
        setting.share(first.expression)
        seconds = single_edits(first.expression, setting.operands, setting.factors)
        for second in setting.clock.watch(seconds):
            if is_match(second.expression, setting, given):
                yield Match(second.expression, (first, second), 5 + first.penalty + second.penalty)
