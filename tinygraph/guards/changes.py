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
from typing import Any

import numpy as np

from tinygraph.errors import ChangedArrayError, ChangedArrayWarning
from tinygraph.guards.modes import current_mode
from tinygraph.guards.stories import name_in, place_of, recorded_as
from tinygraph.rules.table import Operation

__all__ = ["OWN", "WHOLE", "contents", "verify", "verify_parameter"]

OWN = -1  # the position under which a node keeps the contents of its own result
WHOLE = 16_384  # bytes up to which an array is kept whole
SPREAD = 1_024  # entries kept of a larger one
_ndarray = np.ndarray


def contents(x: Any) -> bytes | None:
    """The bytes of a small array, of a larger one those of entries at even distances; None if it is none."""
    if type(x) is not _ndarray:
        return None
    if x.nbytes <= WHOLE or current_mode().whole:
        return x.tobytes()
    return bytes(spread(x).tobytes())


def spread(x: Any) -> Any:
    """Entries of `x` at even distances, an odd number of entries apart so that no column is passed over."""
    flat = x.ravel(order="K") if x.flags.c_contiguous or x.flags.f_contiguous else x.flat
    return flat[:: x.size // SPREAD | 1]


def verify(z: Any, values: tuple[Any, ...]) -> None:
    """Raise, or warn, if something that the rules of node `z` read is no longer what it was."""
    watched, kept = z._watched, z._kept
    if len(watched) == 1:
        i = watched[0]
        x = z._value if i == OWN else values[i]
        if kept is not None and kept != (x.tobytes() if len(kept) == x.nbytes else spread(x).tobytes()):
            react(z, i, x, kept)
        return
    for i, then in zip(watched, kept, strict=True):
        if differs(x := z._value if i == OWN else values[i], then):
            react(z, i, x, then)


def verify_parameter(z: Any, i: int, x: Any, array: Any) -> None:
    """The same for input i of `z`, a parameter that was updated or given out after `z` was recorded."""
    if x._changed > z._serial:
        react(z, i, array, b"")
    elif array is x._value and differs(array, x._kept):
        react(z, i, array, x._kept)


def differs(x: Any, kept: bytes | None) -> bool:
    """Whether an array is not what it was when `contents` gave `kept`."""
    return kept is not None and kept != (x.tobytes() if len(kept) == x.nbytes else spread(x).tobytes())


def reads(op: Operation, rule: int, i: int, n: int) -> bool:
    """Whether a rule of `op` reads the values of input i."""
    return op.uses(rule, n)[1 + i]


def react(z: Any, i: int, x: Any, kept: bytes) -> None:
    """Tell the user what changed, as `errstate` says, if it matters to a rule."""
    if i != OWN and not any(reads(z._op, rule, i, len(z.inputs)) for rule in z._wanted):
        return
    mode = current_mode()
    if mode.changed == "raise":
        raise ChangedArrayError(message(z, i, x, kept))
    if mode.changed == "warn":
        file, line = z.node.place
        warnings.warn_explicit(message(z, i, x, kept), ChangedArrayWarning, file, line)


def message(z: Any, i: int, x: Any, kept: bytes) -> str:
    written, operands = recorded_as(z)
    if i == OWN:
        what, when = name_in(z, "the result"), f"{written} ({place_of(z)}) was recorded"
    else:
        what, when = operands[i], f"{written} ({place_of(z)}) used it"
    change = f"was changed after {when}: {difference(x, kept)}" if kept else f"was updated after {when}"
    return (
        f"{what} {x.shape} {change}. The derivatives need the values "
        "of that time: change arrays after backward(), or run the forward pass again; "
        'tg.errstate(changed="ignore") goes on with the array as it is'
    )


def difference(x: Any, kept: bytes) -> str:
    """The first entry that is another, and how many there are."""
    now = x if len(kept) == x.nbytes else spread(x)
    then = np.frombuffer(kept, dtype=x.dtype).reshape(np.shape(now))
    differs = (now != then) & ((now == now) | (then == then))
    entries = np.argwhere(differs)
    if not len(entries):
        return "its bits differ"
    first = tuple(entries[0].tolist())
    place = f"entry {list(first)}" if now is x else "one"
    count = f"{len(entries)} of {len(differs.ravel())} entries {'compared ' if now is not x else ''}differ"
    return f"{place} was {then[first]} and is {now[first]} now; {count}"
