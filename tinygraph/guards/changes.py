"""Arrays changed behind the graph's back: what a node keeps of the arrays it used, and the comparison.

An array that only the engine holds cannot change. So two kinds are watched: what the user passed in (data,
parameters, plain arrays), whose contents a node keeps for each of its inputs, and results that `.value` has
given out, whose contents are kept from then on. Small arrays are kept whole, as bytes, which is faster than
any checksum and tells which entry changed. Of larger ones sums are kept, which take as long as a copy and
tell that any one entry changed; of those beyond 8 MB, where that would take 4 % of a step, 1,024 entries.

Locking the arrays would cost less, but it misses views made before, and it forbids what is right: to refill a
buffer for the next step while the last graph is still alive.
"""

from __future__ import annotations

import warnings
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from tinygraph.errors import ChangedArrayError, ChangedArrayWarning
from tinygraph.guards.modes import current_mode
from tinygraph.guards.stories import operand_name, place_of, recorded_call
from tinygraph.notation.reads import values_read
from tinygraph.rules.types import Numeric, Values

if TYPE_CHECKING:
    from tinygraph.engine.tensor import Tensor

__all__ = ["OWN", "WHOLE", "array_contents", "is_changed", "is_view", "verify_node", "verify_parameter"]

OWN = -1  # the position under which a node keeps the contents of its own result
WHOLE = 16_384  # bytes up to which an array is kept whole
SUMMED = 2**23  # bytes up to which it is summed
SUM_COUNT = 1_021  # sums, each of every 1,021st eight bytes: a prime, so that equal columns fall apart
SPREAD = 1_024  # entries kept of a larger one
_ndarray = np.ndarray


def array_contents(x: Numeric) -> bytes | None:
    """The bytes by which a change is noticed: all of a small array, of a larger one a summary.

    None for what is no NumPy array, such as a number, which cannot be changed in place.
    """
    if not isinstance(x, _ndarray):
        return None
    return x.tobytes() if x.nbytes <= WHOLE or current_mode().whole else summarize_array(x)


def summarize_array(x: Numeric) -> bytes:
    """Sums over an array, or some of its entries: shorter than the array."""
    if x.nbytes > SUMMED or x.dtype.hasobject:
        return bytes(spread_entries(x).tobytes())
    raw = np.asarray(x).ravel(order="K").view(np.uint8)
    end = raw.size - raw.size % (8 * SUM_COUNT)
    sums = np.add.reduce(raw[:end].view(np.uint64).reshape(-1, SUM_COUNT), axis=0)
    return bytes(sums.tobytes() + raw[end:].tobytes())


def spread_entries(x: Numeric) -> Numeric:
    """Entries of `x` at even distances, which no length of its axes divides: so no column is passed over."""
    flat = x.ravel(order="K") if x.flags.c_contiguous or x.flags.f_contiguous else x.flat
    step = x.size // SPREAD
    while gcd(step, x.size) > 1:
        step += 1
    return flat[::step]


def verify_node(z: Tensor, values: Values, output: Tensor) -> None:
    """Raise, or warn, if something that the rules of node `z` read is no longer what it was."""
    watched, kept = z._watched, z._kept
    if len(watched) == 1:
        i = watched[0]
        x = z._value if i == OWN else values[i]
        if kept is not None and kept != (x.tobytes() if len(kept) == x.nbytes else summarize_array(x)):
            react_to_change(z, i, x, kept, output)
        return
    for i, then in zip(watched, kept, strict=True):
        if is_changed(x := z._value if i == OWN else values[i], then):
            react_to_change(z, i, x, then, output)


def verify_parameter(z: Tensor, i: int, x: Tensor, array: Numeric, output: Tensor) -> None:
    """The same for input i of `z`, a parameter that was updated or given out after `z` was recorded."""
    if x._changed > z._serial:
        react_to_change(z, i, array, b"", output)
    elif array is x._value and is_changed(array, x._kept):
        react_to_change(z, i, array, x._kept, output)


def is_changed(x: Numeric, kept: bytes | None) -> bool:
    """Whether an array is not what it was when `array_contents` gave `kept`."""
    return kept is not None and kept != (x.tobytes() if len(kept) == x.nbytes else summarize_array(x))


def is_read(z: Tensor, i: int) -> bool:
    """Whether a rule that the sweep runs at node `z` reads the values of input i."""
    return any(values_read(z._op, rule, z, z.inputs, z._settings)[1 + i] for rule in z._wanted)  # type: ignore[arg-type]


def is_view(z: Tensor, x: Numeric) -> bool:
    """Whether the result of `z` lies in the memory of the array x, its input."""
    a = z._value
    return (a is x or getattr(a, "base", None) is not None) and np.may_share_memory(a, x)


def is_read_through(z: Tensor, output: Tensor) -> bool:
    """Whether a rule on the way from `output` reads the result of `z`, or a view of it."""
    views = {z}
    for t in nodes_after(z, output):
        shown = [i for i, x in enumerate(t.inputs) if type(x) is type(z) and x in views]
        if any(is_read(t, i) for i in shown):
            return True
        if any(is_view(t, t.inputs[i]._value) for i in shown):
            views.add(t)
    return False


def nodes_after(z: Tensor, output: Tensor) -> list[Tensor]:
    """What `output` was made from, itself included, that was recorded after `z`, in that order."""
    found, stack = {output}, [output]
    while stack:
        for x in stack.pop().inputs:
            if type(x) is type(z) and x._op is not None and x._serial > z._serial and x not in found:
                found.add(x)
                stack.append(x)
    return sorted(found, key=lambda t: t._serial)


def react_to_change(z: Tensor, i: int, x: Numeric, kept: bytes, output: Tensor) -> None:
    """Tell the user what changed, as `errstate` says, if it matters to a rule."""
    if i != OWN and not is_read(z, i) and not (is_view(z, x) and is_read_through(z, output)):
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
    """The first entry that is another, and how many there are; of sums, that they differ."""
    if len(kept) != x.nbytes and x.nbytes <= SUMMED:
        return "sums over its entries differ (tg.errstate(whole=True) around all of it says which do)"
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
