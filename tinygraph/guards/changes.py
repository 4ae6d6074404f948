"""Arrays changed behind the graph's back: what a node keeps of the arrays it used, and the comparison.

An array that only the engine holds cannot change. So two kinds are watched: what the user passed in (data,
parameters, plain arrays), whose contents a node keeps for each of its inputs, and results that `.value` has
given out, whose contents are kept from then on. Small arrays are kept whole, as bytes, which is faster than
any checksum and tells which entry changed; of larger ones 1,024 entries are kept, spread evenly.

Locking the arrays would cost less, but it misses views made before, and it forbids what is right: to refill a
buffer for the next step while the last graph is still alive.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from tinygraph.errors import ChangedArrayError, ChangedArrayWarning
from tinygraph.guards.modes import current_mode
from tinygraph.guards.stories import operand_name, place_of, recorded_call
from tinygraph.notation.reads import values_read
from tinygraph.rules.types import Numeric, Values

if TYPE_CHECKING:
    from tinygraph.engine.tensor import Tensor

__all__ = ["OWN", "WHOLE", "array_contents", "verify_node", "verify_parameter"]

OWN = -1  # the position under which a node keeps the contents of its own result
WHOLE = 16_384  # bytes up to which an array is kept whole
SPREAD = 1_024  # entries kept of a larger one
_ndarray = np.ndarray


def array_contents(x: Numeric) -> bytes | None:
    """The bytes by which a change is noticed: all of a small array, of a larger one those of 1,024 entries.

    None for what is no NumPy array, such as a number, which cannot be changed in place.
    """
    if type(x) is not _ndarray:
        return None
    if x.nbytes <= WHOLE or current_mode().whole:
        return x.tobytes()
    return bytes(spread_entries(x).tobytes())


def spread_entries(x: Numeric) -> Numeric:
    """Entries of `x` at even distances: an odd number apart, so that no column is passed over."""
    flat = x.ravel(order="K") if x.flags.c_contiguous or x.flags.f_contiguous else x.flat
    return flat[:: x.size // SPREAD | 1]


def verify_node(z: Tensor, values: Values) -> None:
    """Raise, or warn, if something that the rules of node `z` read is no longer what it was."""
    watched, kept = z._watched, z._kept
    if len(watched) == 1:
        i = watched[0]
        x = z._value if i == OWN else values[i]
        if kept is not None and kept != (
            x.tobytes() if len(kept) == x.nbytes else spread_entries(x).tobytes()
        ):
            react_to_change(z, i, x, kept)
        return
    for i, then in zip(watched, kept, strict=True):
        if is_changed(x := z._value if i == OWN else values[i], then):
            react_to_change(z, i, x, then)


def verify_parameter(z: Tensor, i: int, x: Tensor, array: Numeric) -> None:
    """The same for input i of `z`, a parameter that was updated or given out after `z` was recorded."""
    if x._changed > z._serial:
        react_to_change(z, i, array, b"")
    elif array is x._value and is_changed(array, x._kept):
        react_to_change(z, i, array, x._kept)


def is_changed(x: Numeric, kept: bytes | None) -> bool:
    """Whether an array is not what it was when `array_contents` gave `kept`."""
    return kept is not None and kept != (
        x.tobytes() if len(kept) == x.nbytes else spread_entries(x).tobytes()
    )


def is_read(z: Tensor, i: int) -> bool:
    """Whether a rule that the sweep runs at node `z` reads the values of input i."""
    return any(values_read(z._op, rule, z, z.inputs, z._settings)[1 + i] for rule in z._wanted)  # type: ignore[arg-type]


def react_to_change(z: Tensor, i: int, x: Numeric, kept: bytes) -> None:
    """Tell the user what changed, as `errstate` says, if it matters to a rule."""
    if i != OWN and not is_read(z, i):
        return
    mode = current_mode()
    if mode.changed == "raise":
        raise ChangedArrayError(change_message(z, i, x, kept))
    if mode.changed == "warn":
        file, line = z.node.place  # type: ignore[union-attr]
        warnings.warn_explicit(change_message(z, i, x, kept), ChangedArrayWarning, file, line)


def change_message(z: Tensor, i: int, x: Numeric, kept: bytes) -> str:
    """What was changed, since when, in which entry, and what to do about it."""
    written, operands = recorded_call(z)
    if i == OWN:
        what, when = operand_name(z, "the result"), f"{written} ({place_of(z)}) was recorded"
    else:
        what, when = operands[i], f"{written} ({place_of(z)}) used it"
    change = f"was changed after {when}: {first_difference(x, kept)}" if kept else f"was updated after {when}"
    return (
        f"{what} {x.shape} {change}. The derivatives need the values "
        "of that time: change arrays after backward(), or run the forward pass again; "
        'tg.errstate(changed="ignore") goes on with the array as it is'
    )


def first_difference(x: Numeric, kept: bytes) -> str:
    """The first entry that is another, and how many there are."""
    now = x if len(kept) == x.nbytes else spread_entries(x)
    then = np.frombuffer(kept, dtype=x.dtype).reshape(np.shape(now))
    differs = (now != then) & ((now == now) | (then == then))
    entries = np.argwhere(differs)
    if not len(entries):
        return "its bits differ"
    first = tuple(entries[0].tolist())
    place = f"entry {list(first)}" if now is x else "one"
    count = f"{len(entries)} of {len(differs.ravel())} entries {'compared ' if now is not x else ''}differ"
    return f"{place} was {then[first]} and is {now[first]} now; {count}"
