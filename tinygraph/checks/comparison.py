"""Hand-derived values against the derivatives of a graph, name by name.

Two computations of one derivative differ by rounding. An entry agrees if the difference is at most
`tolerance` times the larger of the entry itself and the root mean square of its array, so that neither a
small array nor one small entry of a large array escapes. It follows that ||a-b|| / (||a|| + ||b||) is below
the tolerance. An array that is nothing but rounding (a sum that should cancel) is judged by how much it
really varies: the sweep is repeated from other seeds, which round differently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from tinygraph.checks.report import Diagnosis, Index, Report, Row, join_names
from tinygraph.checks.rounding import euclidean_norm, largest_entry
from tinygraph.checks.targets import Target, Version, targets_of
from tinygraph.engine.tensor import Tensor, value_of
from tinygraph.errors import UnknownNameError
from tinygraph.graph.derivatives import Derivatives, checked_seed

__all__ = [
    "AskedConvention",
    "Target",
    "array_of",
    "compare",
    "compare_with",
    "describe_given",
    "targets_of",
]

AskedConvention = Literal["auto", "true", "course"]

# The relative difference that rounding may make, by the bytes of the coarser of the two numbers.
TOLERANCE = {2: 1e-2, 4: 1e-4, 8: 1e-7}
MIXED = "Either all of dA and dZ carry the factor m, or none of them."
OUTPUT_OF_LAYER = re.compile(r"dA(\d+)")


def compare(
    J: Tensor,
    hand: Mapping[str, Any],
    convention: AskedConvention = "auto",
    names: Mapping[str, Any] | None = None,
    tolerance: float | None = None,
    require: Iterable[str] | Literal["parameters"] = (),
    seconds: float = 2.0,
) -> Report:
    """Compare hand-derived values with the derivatives of J, in the order of the reverse sweep.

    Nothing that is wrong with the values raises: each name gets a row with a verdict. Any subset of the names
    may be given. Where some, but not all, derivatives of parameters are given, the others are listed as
    missing, which is no mistake unless `require` asks for them. Whatever has a name in the graph (given, of
    `names`, or your variable's) has a derivative to compare with, "dlogits" or "grad_logits", data too; "dA0"
    and "dX" are that by the input of the first layer. In the first edition of the course dA of layer l has
    the name of layer l + 1; that is accepted as well, with a note.

    Args:
        J: the cost, a Tensor of one entry.
        hand: arrays by name, {"dW1": (n1, n0), "db1": (n1, 1), "dZ1": (n1, m), ...}, in the shapes of what
            they are derivatives of. Lists and numbers are taken as arrays. Nothing is changed.
        convention: "true" expects derivatives of J; "course" expects dA and dZ m times as large, as in the
            lectures, who average over the m examples in dW and db only; "auto" takes either, all the same.
        names: a mapping such as `locals()` that names tensors which carry no name themselves.
        tolerance: the relative difference allowed; by default 1e-7 in float64, 1e-4 in float32, 1e-2 in
            float16, whichever of the two arrays is the coarser.
        require: names that must be there, or "parameters" for the derivatives of all parameters.
        seconds: how long to search for the causes of what is wrong, once they are asked for. What is not
            found by then is called unknown.

    Raises:
        TypeError: J is no Tensor, or `hand` no mapping.
        ValueError: another convention.
        UnknownNameError: `require` names what the graph does not have.
        ShapeError: J has several entries.
        GraphError: J was not made from any parameter.

    >>> import numpy as np, tinygraph as tg
    >>> X, Y = np.array([[1.0, -2.0]]), np.array([[1.0, 0.0]])
    >>> W1, b1 = tg.parameter([[0.5]], name="W1"), tg.parameter([[0.1]], name="b1")
    >>> A1 = tg.sigmoid(W1 @ X + b1)
    >>> J = tg.binary_cross_entropy(A1, Y)
    >>> dZ1 = A1.value - Y
    >>> report = tg.compare(J, {"dZ1": dZ1, "dW1": dZ1 @ X.T, "db1": dZ1.mean(axis=1)})
    >>> print(report)
                     largest    relative  worst
    name  shape   difference  difference  entry   verdict
    ───────────────────────────────────────────────────────────────────────────
    dZ1   (1, 2)           0           0          agrees
    dW1   (1, 1)     4.7e-01     3.3e-01  [0, 0]  wrong
    db1   (1,)                                    shape (1,) instead of (1, 1)
    <BLANKLINE>
    2 of 3 are wrong (dA and dZ carry the lectures' factor m = 2); in the order of
    the sweep dW1 is the first: at [0, 0] it is -0.932445 instead of -0.466222.
    Layer 1, dW1: you computed dZ1 @ X.T; the lectures' step is dZ1 @ X.T / m. The
    cost is the mean over the m examples, so dW and db carry a factor 1/m.
    Layer 1, db1: you computed np.sum(dZ1, axis=1) / m; the lectures' step is
    np.sum(dZ1, axis=1, keepdims=True) / m. The numbers are right but the shape is
    not: keepdims=True keeps db a column.
    """
    if not isinstance(J, Tensor):
        raise TypeError(f"compare takes the cost J as a Tensor; this is a {type(J).__name__}")
    if not isinstance(hand, Mapping):
        raise TypeError(
            f'compare takes hand-derived arrays by name, {{"dW1": array}}; this is a {type(hand).__name__}'
        )
    targets, m = targets_of(J, names, hand)
    known = (
        [name for name in targets if targets[name].of_parameter] if require == "parameters" else list(require)
    )
    if unknown := [name for name in known if name not in targets]:
        raise UnknownNameError(
            f"require asks for {join_names(unknown)}, but the graph has {join_names(targets)}"
        )
    report = compare_with(targets, hand, m, convention, tolerance, known)
    if report.ok:
        return report
    asked = (convention, tolerance)
    return replace(report, explain=partial(explain_arrays, J, hand, names, targets, report, asked, seconds))


def explain_arrays(
    J: Tensor,
    hand: Mapping[str, Any],
    names: Mapping[str, Any] | None,
    targets: Mapping[str, Target],
    report: Report,
    asked: tuple[AskedConvention, float | None],
    seconds: float,
) -> list[Diagnosis]:
    """The causes of what is wrong with hand-derived values."""
    # The search is needed for wrong values only.
    from tinygraph.checks.arrays import in_their_names
    from tinygraph.checks.reasons import explain_versions, unknown_cause

    arrays = {name: array_of(x) for name, x in hand.items() if name in targets}
    usable = {name: x for name, x in arrays.items() if x is not None and np.isfinite(x).all()}
    d = Derivatives(J, checked_seed(J, None), names)
    readings = readings_to_explain(targets, hand, report, asked)
    meant = readings[0].edition(targets)
    versions = [version_of(reading, targets, meant, report.m) for reading in readings]
    found = explain_versions(d, {meant.get(name, name): x for name, x in usable.items()}, versions, seconds)
    back = {mine: name for name, mine in meant.items()}
    judged = [row for row in report.rows if not row.ok and row.name in usable]
    return [in_their_names(x, back) for x in found] or [unknown_cause(row, seconds) for row in judged[:1]]


def readings_to_explain(
    targets: Mapping[str, Target],
    hand: Mapping[str, Any],
    report: Report,
    asked: tuple[AskedConvention, float | None],
) -> list[Reading]:
    """The reading that the report is of, and the one by the other convention where that may be meant."""
    convention, tolerance = asked
    readings = readings_of(targets, hand, report.m, tolerance)
    best = best_reading(readings, convention)
    first = "true" if report.convention == "true" else "course"
    alike = [r for r in readings if r.is_shifted == best.is_shifted]
    alike.sort(key=lambda r: r.convention != first)
    tells = convention == "auto" and any(targets[name].carries_m for name in best.rows)
    return alike[: 2 if tells else 1]


def version_of(reading: Reading, targets: Mapping[str, Target], meant: Mapping[str, str], m: int) -> Version:
    """What was given as the search takes it, in the second edition's names."""
    factor = m if reading.convention == "course" else 1
    expected = {name: t.value * factor if t.carries_m else t.value for name, t in targets.items()}
    agreeing = {meant.get(name, name) for name, row in reading.rows.items() if row.ok}
    return Version(reading.convention, expected, agreeing)


# Judging


def compare_with(
    targets: Mapping[str, Target],
    hand: Mapping[str, Any],
    m: int,
    convention: AskedConvention = "auto",
    tolerance: float | None = None,
    require: Collection[str] = (),
) -> Report:
    """`compare` where the right derivatives are at hand."""
    if convention not in ("auto", "true", "course"):
        raise ValueError(f"convention is 'auto', 'true' or 'course', not {convention!r}")
    readings = readings_of(targets, hand, m, tolerance)
    best = best_reading(readings, convention)
    judged = factor_named(best, readings, m)
    missing = parameters_not_given(targets, hand) | set(require) - judged.keys()
    rows = judged | {name: missing_row(name, name in require) for name in missing}
    unknown = [
        Row(str(name), False, f"unknown name; known: {join_names(targets)}")
        for name in hand
        if name not in targets
    ]
    seen = best.convention if convention != "auto" or distinct(targets, readings) else "both"
    notes = best.notes + ([MIXED] if convention == "auto" and judged != best.rows else [])
    judged_rows = [rows[name] for name in targets if name in rows]
    return Report(judged_rows + unknown, notes=notes, convention=seen, m=m)


def best_reading(readings: Sequence[Reading], convention: AskedConvention) -> Reading:
    """The reading that fits best, of those by the convention asked for."""
    return max((r for r in readings if convention in ("auto", r.convention)), key=Reading.fit)


def parameters_not_given(targets: Mapping[str, Target], hand: Mapping[str, Any]) -> set[str]:
    """The derivatives of parameters that were not given, if those of other parameters were."""
    of_parameters = {name for name, target in targets.items() if target.of_parameter}
    return of_parameters - hand.keys() if of_parameters & hand.keys() else set()


def missing_row(name: str, required: bool) -> Row:
    return Row(name, not required, "missing", missing=True)


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows under one way of reading what was given: by which convention, with which edition's names."""

    convention: Literal["true", "course"]
    rows: dict[str, Row]
    notes: list[str]
    is_shifted: bool = False

    def edition(self, targets: Iterable[str]) -> dict[str, str]:
        """The second edition's name for each dA of the first, whose last dA is called dAL; else nothing."""
        layers = [int(match[1]) for match in map(OUTPUT_OF_LAYER.fullmatch, targets) if match]
        names = {f"dA{n + 1}": f"dA{n}" for n in range(max(layers, default=0))}
        return names | {"dAL": f"dA{max(layers)}"} if self.is_shifted else {}

    def fit(self) -> tuple[Any, ...]:
        """How well it fits: the number of rows that agree, then which come first, then the distance."""
        oks = tuple(row.ok for row in self.rows.values())
        return sum(oks), oks, -sum(row.relative or 0.0 for row in self.rows.values())


def readings_of(
    targets: Mapping[str, Target], hand: Mapping[str, Any], m: int, tolerance: float | None
) -> list[Reading]:
    """The readings under either convention; with the first edition's names too, where these fit every dA."""

    readings = readings_under(targets, hand, m, tolerance)
    shifted = [name for name in hand if isinstance(name, str) and OUTPUT_OF_LAYER.fullmatch(name)]
    earlier = {name: targets.get(f"dA{int(name[2:]) - 1}") for name in shifted}
    if not shifted or not all(earlier.values()):
        return readings
    note = (
        f"{join_names(shifted)}: each is the derivative one layer further down, "
        "under the first edition's name."
    )
    meant = {name: earlier.get(name) or target for name, target in targets.items()}
    others = readings_under(meant, hand, m, tolerance, [note])
    if has_shapes(hand, meant, shifted) and not has_shapes(hand, targets, shifted):
        return others
    plain, other = (max(count_ok(r, shifted) for r in found) for found in (readings, others))
    return readings + others if other > plain else readings


def count_ok(reading: Reading, names: Iterable[str]) -> int:
    """How many of these are right under a reading."""
    return sum(name in reading.rows and reading.rows[name].ok for name in names)


def readings_under(
    meant: Mapping[str, Target],
    hand: Mapping[str, Any],
    m: int,
    tolerance: float | None,
    notes: Sequence[str] = (),
) -> list[Reading]:
    """The readings under either convention, if names mean these targets."""
    given = {name: target for name, target in meant.items() if name in hand}

    def under(convention: Literal["true", "course"]) -> Reading:
        factor = m if convention == "course" else 1
        rows = {n: judge(n, hand[n], t, factor, tolerance) for n, t in given.items()}
        return Reading(convention, rows, list(notes), bool(notes))

    return [under("true"), under("course")]


def has_shapes(hand: Mapping[str, Any], meant: Mapping[str, Target], names: Iterable[str]) -> bool:
    """Whether the values of these names have the shapes of what they are meant to be."""
    given = {name: array_of(hand[name]) for name in names if name in meant}
    return all(x is not None and x.shape == np.shape(meant[name].value) for name, x in given.items())


def distinct(targets: Mapping[str, Target], readings: list[Reading]) -> bool:
    """Whether dA and dZ fit one convention better than the other."""
    carrying = [name for name in readings[0].rows if targets[name].carries_m]
    fits = {tuple(r.rows[name].ok for name in carrying) for r in readings}
    return len(fits) > 1


def factor_named(best: Reading, readings: list[Reading], m: int) -> dict[str, Row]:
    """The rows of the best reading; one that is wrong by the factor m alone says so."""
    other = next(r for r in readings if r.convention != best.convention and r.is_shifted == best.is_shifted)
    size = "large" if best.convention == "true" else "small"
    return {
        name: replace(row, verdict=f"m = {m} times too {size}") if other.rows[name].ok and not row.ok else row
        for name, row in best.rows.items()
    }


def judge(name: str, given: Any, target: Target, factor: int = 1, tolerance: float | None = None) -> Row:
    """The verdict on one value; `factor` is m under the lectures' convention."""
    array, expected = array_of(given), np.asarray(target.value)
    if array is None:
        return Row(name, False, f"{describe_given(given)} instead of an array of numbers")
    if array.shape != expected.shape:
        return Row(name, False, f"shape {array.shape} instead of {expected.shape}", array.shape)
    if target.carries_m:
        expected = expected * factor
    for values, whose in ((array, ""), (expected, " of the graph's own")):
        if not np.isfinite(values).all():
            return not_finite(name, array, values, whose)
    coarser = coarser_dtype(array, expected)
    noise = target.rounding * float(np.finfo(coarser).eps / np.finfo(coarser_dtype(expected)).eps)
    allowed = tolerance if tolerance is not None else TOLERANCE.get(coarser.itemsize, TOLERANCE[8])
    return judge_finite(name, array, expected, allowed, noise * (factor if target.carries_m else 1))


def judge_finite(name: str, given: Any, expected: Any, tolerance: float, noise: float) -> Row:
    """The verdict on an array of the right shape; `noise` is an absolute difference that means nothing."""
    unit = (
        max(largest_entry(given), largest_entry(expected)) or 1.0
    )  # so that no square overflows or vanishes
    a, b = given / unit, expected / unit
    difference = np.abs(a - b)
    wrong = (
        difference
        > tolerance * np.maximum(np.abs(b), euclidean_norm(b) / max(b.size, 1) ** 0.5) + noise / unit
    )
    relative = euclidean_norm(difference) / ((euclidean_norm(a) + euclidean_norm(b)) or 1.0)
    worst = (
        argmax(np.where(wrong, difference, 0.0) if wrong.any() else difference) if difference.any() else None
    )
    verdict = "wrong" if wrong.any() else "agrees"
    row = Row(name, not wrong.any(), verdict, given.shape, largest_entry(difference) * unit, relative, worst)
    return row if worst is None else replace(row, given=float(given[worst]), expected=float(expected[worst]))


def not_finite(name: str, given: Any, values: Any, whose: str) -> Row:
    """The row of an array that holds NaN or infinity, at the first of them."""
    worst = argmax(~np.isfinite(values))
    assert worst is not None
    verdict = f"{np.sum(~np.isfinite(values))} of {values.size} entries{whose} NaN or infinite"
    return Row(name, False, verdict, given.shape, math.nan, math.nan, worst)


# Help for the functions above


def array_of(given: Any) -> Any:
    """What was given as an array of numbers (float64 for integers), or None if it is none."""
    array = next((x for convert in CONVERSIONS if (x := numbers_by(convert, given)) is not None), None)
    return array.astype(np.float64) if array is not None and array.dtype.kind in "iub" else array


def numbers_by(convert: Callable[[Any], Any], given: Any) -> Any:
    """The array of numbers that one way of reading gives; None if it gives none."""
    try:
        array = convert(given)
    except Exception:  # whatever a foreign type raises, it is no array in this way
        return None
    return array if isinstance(array, np.ndarray) and array.dtype.kind in "iubf" else None


def array_of_tensor(given: Any) -> Any:
    """The array of a tensor that gives it only once it is cut off from its graph and on this machine."""
    if isinstance(given, list | tuple):
        return np.asarray([array_of_tensor(x) for x in given])
    for step in ("detach", "cpu", "resolve_conj", "resolve_neg"):
        given = getattr(given, step, lambda x=given: x)()
    return np.asarray(given)


# The ways in which arrays are read, the first that works.
CONVERSIONS: tuple[Callable[[Any], Any], ...] = (
    lambda given: np.asarray(value_of(given)),
    array_of_tensor,
    np.from_dlpack,
)


def describe_given(given: Any) -> str:
    """A value that is no array of numbers, in a few words."""
    if given is None or isinstance(given, str):
        return repr(given) if len(repr(given)) < 20 else "a text"
    if isinstance(given, np.ndarray):
        return f"an array of {given.dtype}"
    if given is ...:
        return "... (a gap to fill)"
    dtype = getattr(given, "dtype", None)
    return f"a {type(given).__name__}" + (f" of {dtype}" if dtype is not None else "")


def coarser_dtype(*arrays: Any) -> np.dtype[Any]:
    """The dtype with the largest rounding error among those of the arrays."""
    return max((x.dtype for x in arrays), key=lambda dtype: np.finfo(dtype).eps)


def argmax(x: Any) -> Index | None:
    """The index of the largest entry; None if there is none."""
    return tuple(map(int, np.unravel_index(np.argmax(x), x.shape))) if x.size else None
