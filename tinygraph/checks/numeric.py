"""The engine's derivatives against the function itself, entry by entry.

Where every operation of the graph is analytic the derivative is read off a complex step: f(x + ih) is
f(x) + ih f'(x) up to h^2, and h = 1e-20 leaves no error but rounding (Squire and Trapp 1998). Elsewhere, and
wherever the complex step disagrees, it is taken from central differences, extrapolated from two steps
(Richardson) and judged by what the steps say of each other: they shrink until a kink lies outside, and the
noise of f, divided by the step, is what no difference can see below.

An error counts relative to the tensor's own gradient: to the larger of the entry and the root mean square of
the entries checked. A small gradient is held to the same precision as a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from tinygraph.checks.differences import Differences, NumericFunction, Sides, checked_value, python_number
from tinygraph.checks.report import Index, Row, Verdicts, index_text
from tinygraph.checks.rounding import SEEDS, euclidean_norm, largest_entry, rounding_bound
from tinygraph.engine.sweep import recorded_order
from tinygraph.engine.tensor import Tensor, parameter
from tinygraph.guards.faults import tell_briefly

__all__ = ["GradientReport", "gradcheck"]

SHOWN = 5  # kinks named in a note


@dataclass(frozen=True, repr=False)
class GradientReport(Verdicts):
    """The check of a function's derivatives.

    Attributes:
        rows: one `Row` per input; `given` is the engine's derivative, `expected` the numeric one.
        notes: sentences worth knowing that are no verdicts.
        worst: name and index of the entry that is furthest off relative to its tensor; None without entries.
        kinks: name and index of entries where the derivative jumps, and the engine's value is between.
        method: "complex step" or "central differences".
    """

    worst: tuple[str, Index] | None = field(default=None, kw_only=True)
    kinks: list[tuple[str, Index]] = field(default_factory=list, kw_only=True)
    method: str = field(default="", kw_only=True)

    @property
    def summary(self) -> str:
        """The report in one sentence."""
        wrong = [row for row in self.rows if not row.ok]
        if not self.rows:
            return "Nothing was checked: there are no inputs."
        judged = [row.name for row in self.rows if not row.missing]
        if not judged:
            return "The gradient cannot be judged here."
        if not wrong:
            return f"The gradient agrees by {self.method} for {', '.join(judged)}."
        row = next((row for row in wrong if self.worst and row.name == self.worst[0]), wrong[0])
        said = row.verdict if row.given is None else f"{row.given:.6g} instead of {row.expected:.6g}"
        return (
            f"The gradient is wrong for {', '.join(row.name for row in wrong)}; "
            f"the worst entry by {self.method} is {row.name}{index_text(row.worst)}: {said}."
        )


@tell_briefly
def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    tolerance: float = 1e-6,
    entries: int = 1000,
    seed: int = 0,
) -> GradientReport:
    """Check the derivatives that the engine gives for f at `inputs` against f's own differences.

    Args:
        f: takes Tensors and returns a Tensor of one entry. It is called many times, with slightly different
            inputs, and must give the same for the same.
        inputs: a dict is passed by keyword, f(**inputs); a list or tuple by position, f(*inputs); anything
            else is the one argument. Arrays of any shape are checked; what is wrapped in `tg.tensor` is
            passed on as it is (labels, data). float32 arrays are checked in float64, with a note.
        tolerance: the relative error allowed, in terms of the larger of the entry and the root mean square of
            the tensor's gradient.
        entries: how many entries of each input to check; larger inputs are sampled, with a note.
        seed: of the sample.

    Returns:
        A `GradientReport`: .ok, .worst (name, index), .kinks, .rows. At a kink (relu at 0) the one-sided
        slopes differ; that is no failure as long as the engine's value lies between them.

    Raises:
        DtypeError: an input holds something other than floating point numbers.
        ShapeError: f's value has several entries.
        GraphError: f gives different values for the same inputs, as with dropout.

    >>> import numpy as np, tinygraph as tg
    >>> from tinygraph.checks import gradcheck
    >>> report = gradcheck(lambda x, y: (x * np.tanh(y)).sum(), {"x": [1.0, 2.0], "y": [0.5, 1.0]})
    >>> report.ok
    True
    >>> report = gradcheck(lambda x: (x * x.value).sum(), {"x": np.array([1.0, 2.0])})
    >>> report.summary
    'The gradient is wrong for x; the worst entry by complex step is x[1]: 2 instead of 4.'
    """
    function = NumericFunction.read(f, inputs)
    leaves = {name: parameter(x, name) for name, x in function.arrays.items()}
    J = checked_value(function, leaves)
    differences = Differences(function, float(python_number(J)), is_analytic(J))
    with np.errstate(all="ignore"):
        gradients = gradients_of(J, leaves)
        sizes = [abs(differences.value), *(largest_entry(variants[0]) for variants in gradients.values())]
        scale = max(filter(np.isfinite, sizes), default=0.0)
        checked = [
            check_input(
                differences,
                name,
                variants,
                sample_indices(leaves[name].shape, entries, seed),
                scale,
                tolerance,
            )
            for name, variants in gradients.items()
        ]
    furthest = max(checked, key=lambda c: c.off, default=None)
    return GradientReport(
        [c.row for c in checked],
        notes=function.notes + sample_note(leaves, entries, seed) + kinks_note(checked) + doubt_note(checked),
        worst=furthest and furthest.worst,
        kinks=[(c.row.name, index) for c in checked for index in c.kinks],
        method="complex step" if differences.by_complex_step else "central differences",
    )


def is_analytic(J: Any) -> bool:
    """Whether every operation behind J takes complex numbers and is analytic."""
    return not isinstance(J, Tensor) or all(t.node.op.analytic for t in recorded_order(J))  # type: ignore[union-attr]


def gradients_of(J: Any, leaves: Mapping[str, Tensor]) -> dict[str, list[Any]]:
    """The engine's derivative by each leaf, from several seeds; 0 where J does not depend on it."""
    found: dict[str, list[Any]] = {name: [] for name in leaves}
    for s in SEEDS:
        d: Any = J.backward(np.full(J.shape, s)) if isinstance(J, Tensor) and J.wants else {}
        for name, leaf in leaves.items():
            found[name].append(np.asarray(d[leaf]) / s if leaf in d else np.zeros(leaf.shape))
    return found


def sample_indices(shape: Index, entries: int, seed: int) -> list[Index]:
    """The indices of all entries of an array, or of as many as `entries` drawn at random."""
    n = int(np.prod(shape))
    if n <= entries:
        return list(np.ndindex(shape))
    drawn = np.sort(np.random.default_rng(seed).choice(n, entries, replace=False))
    return [tuple(map(int, index)) for index in zip(*np.unravel_index(drawn, shape), strict=True)]


def sample_note(leaves: Mapping[str, Tensor], entries: int, seed: int) -> list[str]:
    """The note on inputs of which only a sample was checked."""
    large = [f"{name} ({entries} of {x.size} entries)" for name, x in leaves.items() if x.size > entries]
    return [f"Checked in part, drawn with seed {seed}: {', '.join(large)}."] if large else []


class CheckedInput(NamedTuple):
    """The verdict on one input: its row, the entry that is furthest off and by how much, the kinks met."""

    row: Row
    worst: tuple[str, Index] | None
    off: float
    kinks: dict[Index, Sides]
    unjudged: list[Index]


def check_input(
    differences: Differences, name: str, variants: Any, indices: list[Index], scale: float, tolerance: float
) -> CheckedInput:
    """The engine's derivative by one input, computed from several seeds, against the numeric one.

    Entries that do not agree at once are looked at closely, and only then judged.
    """
    given = np.array([[x[index] for index in indices] for x in variants])
    numeric = np.array([differences.quick_slope(name, index) for index in indices])
    known = given[:, np.isfinite(given).all(axis=0)]
    allowed = np.full(len(indices), rounding_bound(list(known), scale) if known.size else 0.0)
    kinks: dict[int, Sides] = {}
    for k in np.flatnonzero(np.max(times_off(given, numeric, allowed, tolerance), axis=0) > 1):
        slope = differences.close_slope(name, indices[k])
        numeric[k], allowed[k] = slope.value, allowed[k] + slope.error
        if slope.sides and is_between(given[:, k], slope.sides, allowed[k], tolerance):
            kinks[int(k)] = slope.sides
            numeric[k] = given[0, k]
    unjudged = np.isnan(numeric)  # f is no number here, or on one side, or its slope is beyond all bounds
    numeric = np.where(unjudged, given[0], numeric)
    off = np.where(unjudged, 0.0, times_off(given, numeric, allowed, tolerance))
    seed = int(np.argmax(np.max(off, axis=1, initial=0.0)))
    judged = [index for index, doubt in zip(indices, unjudged, strict=True) if not doubt]
    numbers = (x[..., ~unjudged] for x in (given[seed], numeric, off[seed]))
    row = input_row(name, variants[0].shape, judged, *numbers)
    if row.ok and judged:
        row = replace(row, verdict=agreement_verdict(given[0][~unjudged], allowed[~unjudged], len(kinks)))
    if unjudged.any():
        row = row_in_doubt(row, len(indices) - len(judged), len(indices))
    worst = (name, indices[int(np.argmax(off[seed]))]) if indices else None
    return CheckedInput(
        row,
        worst,
        float(np.max(off, initial=0.0)),
        {indices[k]: x for k, x in kinks.items()},
        [indices[k] for k in np.flatnonzero(unjudged)],
    )


def row_in_doubt(row: Row, doubtful: int, entries: int) -> Row:
    """A row that says how many of its entries cannot be judged; one of which none can counts as missing."""
    if doubtful == entries:
        return Row(row.name, True, "cannot be judged here", row.shape, missing=True)
    counted = "1 entry" if doubtful == 1 else f"{doubtful} entries"
    return replace(row, verdict=f"{row.verdict}; {counted} cannot be judged here")


def agreement_verdict(given: Any, allowed: Any, kinks: int) -> str:
    """The verdict on an input that agrees; it says so where all that is known is that the noise is larger."""
    hidden = (given != 0) & (allowed > np.abs(given) / 2)
    noise = f" within the noise of f, {np.max(allowed[hidden]):.0e}" if hidden.any() else ""
    return f"agrees{noise}" + (f"; {kinks} {'kink' if kinks == 1 else 'kinks'}" if kinks else "")


def times_off(given: Any, numeric: Any, allowed: Any, tolerance: float) -> Any:
    """Each difference in terms of the one allowed: above 1 it is an error. NaN is infinitely off."""
    known = numeric[np.isfinite(numeric)]
    typical = np.sqrt(np.mean(np.square(known))) if known.size else 0.0
    limit = tolerance * np.maximum(np.abs(numeric), typical) + allowed
    difference = np.abs(given - numeric)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(difference == 0, 0.0, difference / limit)
    return np.where(np.isfinite(given) & np.isfinite(numeric), ratio, np.inf)


def is_between(given: Any, sides: Sides, allowed: float, tolerance: float) -> bool:
    """Whether the engine's values lie between the slopes to the left and right of a kink."""
    slack = allowed + tolerance * max(map(abs, sides))
    return bool(np.all((min(sides) - slack <= given) & (given <= max(sides) + slack)))


def input_row(name: str, shape: Index, indices: list[Index], given: Any, numeric: Any, off: Any) -> Row:
    """The row of one input, from the entries checked."""
    if not indices:
        return Row(name, True, "no entries", shape, 0.0, 0.0)
    k, difference = int(np.argmax(off)), np.abs(given - numeric)
    relative = euclidean_norm(difference) / ((euclidean_norm(given) + euclidean_norm(numeric)) or 1.0)
    row = Row(name, bool(off[k] <= 1), "wrong", shape, float(np.max(difference)), relative)
    if off[k] == 0:
        return row
    verdict = "wrong" if np.isfinite(off[k]) else "NaN or infinite"
    return replace(row, verdict=verdict, worst=indices[k], given=float(given[k]), expected=float(numeric[k]))


def kinks_note(checked: list[CheckedInput]) -> list[str]:
    """The note on the kinks that were met."""
    named = [
        f"{c.row.name}{index_text(index)} (slopes {left:.6g} and {right:.6g})"
        for c in checked
        for index, (left, right) in c.kinks.items()
    ]
    if not named:
        return []
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return [f"At a kink, with a derivative between the two slopes: {', '.join(named[:SHOWN])}{more}."]


def doubt_note(checked: list[CheckedInput]) -> list[str]:
    """The note on entries that cannot be judged."""
    named = [f"{c.row.name}{index_text(index)}" for c in checked for index in c.unjudged]
    if not named:
        return []
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    where = "where f is no number nearby, or steeper than any number"
    return [f"Cannot be judged here, {where}: {', '.join(named[:SHOWN])}{more}."]
