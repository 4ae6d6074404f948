"""Where paths of derivatives are cut: the calls that take a plain value out of a Tensor, and their places.

Recording costs nothing: only a call that cuts, such as `.value` or `float()`, writes down where it was, among
the last few thousand. Nothing is kept alive by that: a Tensor is known by its address and number.

A number may be taken out to be looked at, and most are. One that goes back into the graph cuts a path in
silence: what asks for it unseen, as `math.exp(x)` and `out[i] = x` do, is refused at once; what `float()`
gave since the last backward pass is looked for among the plain operands of the graph when the next begins.
"""

from __future__ import annotations

import math
import os
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygraph.errors import GraphError
from tinygraph.guards.stories import operand_name, place_of, recorded_call
from tinygraph.notation.origins import CallSite, callee_of, is_behind, is_in_library, is_store, sites_from
from tinygraph.notation.places import file_and_line, place_text, user_frame
from tinygraph.rules import kernels as k
from tinygraph.rules.kernels import Recording
from tinygraph.rules.table import TABLE
from tinygraph.rules.types import Numeric

if TYPE_CHECKING:
    from tinygraph.engine.tensor import Tensor

__all__ = [
    "TAKEN",
    "Cut",
    "array_refusal",
    "is_operand",
    "known_cuts",
    "note_cut",
    "note_number",
    "note_taken",
    "verify_numbers",
    "verify_plain",
]

LIMIT = 4096
OF_NUMBERS = ("float()", ".item()")
MOST_TAKEN = 256  # of those taken out between two backward passes, the last
_frame = sys._getframe
_cuts: deque[tuple[Any, ...]] = deque(maxlen=LIMIT)
_write_down = _cuts.append


class TakenNumber(NamedTuple):
    """A number that `float()` or `.item()` gave, of what, and where the program was, innermost first."""

    how: str
    number: Any
    made_by: str | None
    sites: tuple[CallSite, ...]
    time: int


TAKEN: deque[TakenNumber] = deque(maxlen=MOST_TAKEN)


class Cut(NamedTuple):
    """A call that gave a plain value: how it is written, the Tensor and the array if they are still alive."""

    how: str
    tensor: Tensor | None
    array: Numeric
    operation: str | None
    file: str
    line: int
    sites: tuple[CallSite, ...]


def note_taken(x: Tensor, array: weakref.ref[Any] | None) -> None:
    """Write down that the caller's caller read `.value` of Tensor x; `array` is a weak reference."""
    frame = _frame(2)
    _write_down((".value", tensor_key(x), x._serial, array, x._op, frame.f_code, frame.f_lasti, x._kind))


def note_cut(how: str, x: Tensor, result: Numeric = None) -> None:
    """Write down that the user's program takes a plain value out of Tensor x by a call of this package."""
    frame = user_frame(_frame(2))
    array = weakref.ref(result) if type(result) is np.ndarray else None
    _write_down((how, tensor_key(x), x._serial, array, x._op, frame.f_code, frame.f_lasti, x._kind))


def tensor_key(x: Tensor) -> int | weakref.ref[Tensor]:
    """What finds a Tensor again without keeping it alive: its address, which its serial number confirms.

    A leaf has no number, and so a weak reference.
    """
    return id(x) if x._op is not None else weakref.ref(x)


def known_cuts(alive: Mapping[int, Tensor], data: bool = False) -> list[Cut]:
    """What was written down in the user's program; `alive` has the Tensors by address.

    With `data`, also what was taken out of Tensors that want no derivative.
    """
    found = {}
    called = {number.sites[0]: number.sites for number in list(TAKEN)}
    places: dict[tuple[int, int], tuple[str, int]] = {}
    for how, address, serial, array, op, code, instruction, kind in list(_cuts):
        if not (kind or data) or is_inside_package(code):
            continue
        x = alive.get(address) if op is not None else address()
        same = op is None or (x is not None and x._op is op and x._serial == serial)
        key, site = (id(code), instruction), (code, instruction)
        place = places[key] = places.get(key) or file_and_line(*site)
        found[how, place, id(x)] = Cut(
            how,
            x if same else None,
            array() if array else None,
            op and op.name,
            *place,
            called.get(site, (site,)) if how in OF_NUMBERS else (site,),
        )
    return list(found.values())


def is_inside_package(code: CodeType) -> bool:
    """Whether code belongs to tinygraph or viz."""
    parent = __file__.rpartition(f"tinygraph{os.sep}")[0]
    return code.co_filename.startswith((f"{parent}tinygraph{os.sep}", f"{parent}viz{os.sep}"))


# Numbers ----------------------------------------------------------------

# Of the functions written in C that take a float, those that only look at it.
LOOKING = frozenset({math.isnan, math.isinf, math.isfinite, math.isclose, math.floor, math.ceil, math.trunc})
_allowed: dict[tuple[int, int], CodeType] = {}


def note_number(how: str, x: Tensor, number: Any, time: int) -> Any:
    """`number`, which the user's program takes out of Tensor x; GraphError where it does not say so.

    `time` is the place of the call among serial numbers.
    """
    frame = frame_outside_library(_frame(2))
    code, instruction = frame.f_code, frame.f_lasti
    if x._kind and how != ".item()" and (id(code), instruction) not in _allowed:
        refuse_unseen(x, frame)
        if len(_allowed) < LIMIT:
            _allowed[id(code), instruction] = code
    _write_down((how, tensor_key(x), x._serial, None, x._op, code, instruction, x._kind))
    if x._kind and how != "int()":  # which does not change with small changes
        TAKEN.append(TakenNumber(how, number, x._op.name if x._op else None, sites_from(frame), time))
    return number


def refuse_unseen(x: Tensor, frame: FrameType) -> None:
    """GraphError if the running instruction takes the number of x without a word that says so."""
    if is_store(frame.f_code, frame.f_lasti):
        raise GraphError(store_text(x, frame))
    written, called = callee_of(frame)
    if is_plain_function(written, called):
        written = written.lstrip(".")
        raise GraphError(
            f"{written} ({place_of_frame(frame)}) takes the plain number of {name_of_cut(x)}, so no "
            "derivative "
            f"comes back through it: write {recorded_twin(written)}; if none shall come back, "
            f"{written}(tg.stop_gradient(...))"
        )


def array_refusal(x: Tensor) -> GraphError:
    """The error for what makes a plain array of Tensor x: which call, and what to write."""
    frame = frame_outside_library(_frame(2))
    if is_store(frame.f_code, frame.f_lasti):
        return GraphError(store_text(x, frame))
    written, _ = callee_of(frame)
    return GraphError(
        f"{written.lstrip('.') or 'an operation'} ({place_of_frame(frame)}) makes a plain array of "
        f"{name_of_cut(x)}, which wants a derivative, so none would come back through it: join Tensors with "
        "np.stack([...]) or np.concatenate; write tg.stop_gradient(...) where none shall come back, and "
        ".value "
        "for an array to look at"
    )


def store_text(x: Tensor, frame: FrameType) -> str:
    """What is lost where a Tensor is written into a plain array."""
    return (
        f"{name_of_cut(x)} is written into a plain array ({place_of_frame(frame)}), which takes its numbers "
        "alone, so no derivative comes back through it: collect the parts in a list and join them with "
        "np.stack; write float(...) or .value for numbers to look at"
    )


def name_of_cut(x: Tensor) -> str:
    """What is cut, in a sentence."""
    return f"{operand_name(x, f'a result of {x._op.name}' if x._op else 'a parameter')} {x.shape}"


def place_of_frame(frame: FrameType) -> str:
    """The line that a frame runs."""
    return place_text(frame.f_code.co_filename, frame.f_lineno)


def frame_outside_library(frame: FrameType) -> FrameType:
    """The innermost frame that is neither ours nor one of Python's library or of NumPy."""
    frame = user_frame(frame)
    while is_in_library(frame) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def is_plain_function(written: str, called: Any) -> bool:
    """Whether a call computes with plain numbers: a function in C, or a method of arrays or generators."""
    if called is None:  # a method of what has no name, such as np.zeros(3).fill
        return "." in written and hasattr(np.ndarray, written.rpartition(".")[2])
    if not callable(called):  # instructions without places of their own: nobody knows what is called
        return False
    python = isinstance(called, type) or hasattr(called, "__code__")
    return not python and getattr(called, "__module__", None) != "builtins" and called not in LOOKING


def recorded_twin(written: str) -> str:
    """The function of NumPy that does the same and is recorded."""
    name = TWINS.get(last := written.rpartition(".")[2], last)
    known = {getattr(np, name, None), getattr(k, name, None)} & TABLE.keys()
    return f"np.{name}" if known else "it with functions of NumPy"


TWINS = {"fsum": "sum", "fabs": "abs", "pow": "power", "atan": "arctan", "dist": "linalg.norm"}


def verify_numbers(output: Tensor, behind: Callable[[Tensor], Sequence[Tensor]]) -> None:
    """GraphError if an operand of the graph behind `output` was computed from a number taken out of a Tensor.

    Looked at are numbers taken since the last graph that went backward, in `behind(output)`.
    """
    last, since = _swept[0]
    if output._serial != last:
        since = last
        _swept[0] = output._serial, since
    while TAKEN and TAKEN[0].time <= since:
        TAKEN.popleft()
    if TAKEN:
        taken = list(TAKEN)
        for z, number in numbers_used(behind(output), taken):
            raise GraphError(misuse_text(z, number))


def verify_plain(since: int) -> None:
    """GraphError if a number was taken out of a Tensor after the time `since`, and made a plain result."""
    if TAKEN and (number := TAKEN[-1]).time > since:
        raise GraphError(
            f"the function gave a plain number, and {taken_text(number)}, so no derivative comes back to its "
            f"arguments. Leave out {number.how}; or write tg.stop_gradient(...) in its place, if none shall "
            "come back"
        )


_swept = [(-1, -1)]  # the serial number of the last output that was looked at, and that of the one before


def numbers_used(
    order: Sequence[Tensor], taken: Sequence[TakenNumber]
) -> Iterator[tuple[Tensor, TakenNumber]]:
    """The nodes of a graph with an operand that was computed from a number taken out, and that number."""
    for z in order:
        plain = [x for x in z.inputs if not isinstance(x, Recording)]
        for number in taken if plain else ():
            if any(x is number.number for x in plain) or is_behind(number.sites, z._code, z._instruction):
                yield z, number


def is_operand(cut: Cut, z: Tensor, deep: bool = False) -> bool:
    """Whether node `z` has a plain operand computed from what a cut took out; `deep`, by any steps."""
    plain = [x for x in z.inputs if not isinstance(x, Recording)]
    arrays = (x for x in plain if isinstance(x, np.ndarray))
    shared = cut.array is not None and any(np.may_share_memory(cut.array, x) for x in arrays)
    return shared or (bool(plain) and is_behind(cut.sites, z._code, z._instruction, deep))


def misuse_text(z: Tensor, number: TakenNumber) -> str:
    """Which number was used where, and what to write."""
    return (
        f"{taken_text(number)}, and {recorded_call(z)[0]} ({place_of(z)}) uses it: no derivative comes "
        "back that way, so those of "
        f"this cost would be wrong. Leave out {number.how}; or write tg.stop_gradient(...) in its place, if "
        "none shall come back"
    )


def taken_text(number: TakenNumber) -> str:
    """What took a number out of what, and where."""
    what = f"a result of {number.made_by}" if number.made_by else "a parameter"
    return (
        f"{number.how} ({place_text(*file_and_line(*number.sites[0]))}) takes the plain number out of {what}"
    )
