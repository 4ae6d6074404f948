"""The engine's derivatives against the function itself, entry by entry.

Where every operation of the graph is analytic the derivative is read off a complex step: f(x + ih) = f(x) +
ih f'(x) up to h^2, and h = 1e-20 leaves no error but rounding (Squire and Trapp 1998). Elsewhere, and wherever
the complex step disagrees, from central differences, extrapolated from two steps (Richardson) and judged by
what the steps say of each other: the steps shrink until a kink lies outside, and the noise of f, divided by
the step, is what no difference can see below.

An error counts relative to the tensor's own gradient: to the larger of the entry and the root mean square of
the entries checked. A small gradient is held to the same precision as a large one.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tinygraph.check.report import Index, Row, Verdicts, place, reason
from tinygraph.errors import DtypeError, GraphError, ShapeError
from tinygraph.sweep import recorded_order
from tinygraph.tensor import Tensor, parameter, tensor, value_of

__all__ = ["GradientReport", "gradcheck"]

COMPLEX_STEP = 1e-20
STEPS = 10.0 ** -np.arange(2, 8)  # times the size of the entry
FIRST = slice(1, 3)  # the two of them to try first
TINY_STEPS = (1e-13, 2e-13, 4e-13)  # over which a smooth f does not change but by noise
SAFETY = 4.0
SEEDS = (3.0, 7.0)
EPS = float(np.finfo(np.float64).eps)


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
        if not wrong:
            return f"The gradient agrees with {self.method} for {', '.join(row.name for row in self.rows)}."
        name, index = self.worst or (wrong[0].name, ())
        row = next((row for row in wrong if row.name == name), wrong[0])
        return (
            f"The gradient is wrong for {', '.join(row.name for row in wrong)}; "
            f"the worst entry is {name}{place(index)}: {reason(row)} by {self.method}."
        )


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
            else is the one argument. Arrays of any shape are checked; what is wrapped in `tg.tensor` is passed
            on as it is (labels, data). float32 arrays are checked in float64, with a note.
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
    >>> from tinygraph.check import gradcheck
    >>> report = gradcheck(lambda x, y: (x * np.tanh(y)).sum(), {"x": [1.0, 2.0], "y": [[0.5], [1.0]]})
    >>> report.ok
    True
    >>> report = gradcheck(lambda x: (x * x.value).sum(), {"x": np.array([1.0, 2.0])})
    >>> report.summary
    'The gradient is wrong for x; the worst entry is x[0]: at [0] it is 1 instead of 2 by complex step.'
    """
    function = Function.read(f, inputs)
    leaves = {name: parameter(x, name) for name, x in function.arrays.items()}
    J = function.checked_value(leaves)
    gradients = gradients_of(J, leaves)
    differ = Differences(function, float(value_of(J).item()))
    analytic = is_analytic(J) and differ.complex_works()
    numeric = differ.by_complex_step if analytic else differ.by_two_steps
    checks = [
        check_input(differ, numeric, Gradient(name, *found), sample(found[0].shape, entries, seed), tolerance)
        for name, found in gradients.items()
    ]
    notes = function.notes + [note for check in checks for note in check.notes]
    if sampled := [name for name, (g, _) in gradients.items() if g.size > entries]:
        notes.append(f"{', '.join(sampled)}: {entries} entries of each were checked, drawn with seed {seed}.")
    off = max(checks, key=lambda check: check.off, default=None)
    return GradientReport(
        [check.row for check in checks],
        notes=notes,
        worst=off and off.worst,
        kinks=[kink for check in checks for kink in check.kinks],
        method="complex step" if analytic else "central differences",
    )
