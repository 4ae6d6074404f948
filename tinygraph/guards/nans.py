"""The first NaN or inf that an operation makes of finite inputs, forward or backward: see `detect_nan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinygraph.errors import NonFiniteError
from tinygraph.guards.stories import operand_names, place_of, recorded_call, written_call
from tinygraph.notation.lines import running_line
from tinygraph.notation.places import user_place
from tinygraph.rules.table import Operation
from tinygraph.rules.types import Numeric, Operand, Options, Rule, Values

if TYPE_CHECKING:
    from tinygraph.engine.tensor import Tensor

__all__ = ["finite_forward", "finite_rule"]


def finite_forward(op: Operation, inputs: tuple[Operand, ...], values: Values, settings: Options) -> Numeric:
    """What `op` gives; NonFiniteError if an entry is NaN or inf though what it was made from is finite."""
    with np.errstate(all="ignore"):
        z = op.forward(*values, **settings)
    found = first_made_index(z, values, op)
    if found is not None:
        operands = operand_names(op, inputs, running_line())
        call = written_call(op, operands, settings)
        raise NonFiniteError(f"{call} ({user_place()}): {entry_story(z, found, operands, values, op)}")
    return z


def finite_rule(z: Tensor, i: int, rule: Rule, dz: Numeric, value: Numeric, values: Values) -> Numeric:
    """The derivative of node `z` by input i; NonFiniteError as in `finite_forward`."""
    with np.errstate(all="ignore"):
        dx = rule(dz, value, *values, **z._settings)
    found = first_made_index(dx, (dz, *values), z._op)  # type: ignore[arg-type]
    if found is not None:
        call, operands = recorded_call(z)
        told = entry_story(dx, found, ["dz", *operands], (dz, *values), z._op)  # type: ignore[arg-type]
        raise NonFiniteError(f"backward through {call} ({place_of(z)}), by {operands[i]}: {told}")
    return dx


def first_made_index(z: Numeric, values: Values, op: Operation) -> tuple[int, ...] | None:
    """The index of the first entry that is not finite though its inputs are; None if there is none."""
    if not isinstance(z, np.ndarray | np.generic) or z.dtype.kind not in "fc" or np.isfinite(z).all():
        return None
    bad = ~np.isfinite(z)
    for x in values:
        if is_numeric(x):
            finite = np.isfinite(x)
            bad = bad & (finite if is_by_entry(op, x, z) else finite.all())
    entries = np.argwhere(bad)
    return tuple(entries[0].tolist()) if len(entries) else None


def is_numeric(x: Numeric) -> bool:
    return isinstance(x, float | int | np.ndarray | np.generic) and np.asarray(x).dtype.kind in "fciub"


def is_by_entry(op: Operation, x: Numeric, z: Numeric) -> bool:
    """Whether an entry of the result depends on one entry of x."""
    return op.elementwise and np.broadcast_shapes(np.shape(x), z.shape) == z.shape


def entry_story(
    z: Numeric, index: tuple[int, ...], operands: list[str], values: Values, op: Operation
) -> str:
    """Which entry is what, and the inputs there; of inputs that are used as a whole, their range."""
    parts = [
        entry_text(name, x, np.broadcast_to(x, z.shape)[index] if is_by_entry(op, x, z) else None)
        for name, x in zip(operands, values, strict=True)
        if is_numeric(x)
    ]
    entry = f"entry {list(index)}" if index else "the result"
    return f"{entry} is {z[index]}, from {', '.join(parts)}."


def entry_text(name: str, x: Numeric, entry: Numeric) -> str:
    """An operand and its entry; where no single one is to blame, all that it holds, or its range."""
    if entry is not None:
        return name if name == repr(x) else f"{name} = {entry}"
    if not np.size(x):
        return f"{name} without entries"
    return f"{name} = {x}" if np.ndim(x) == 0 else f"{name} between {np.min(x)} and {np.max(x)}"
