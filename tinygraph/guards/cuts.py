"""Where paths of derivatives are cut: the calls that take a plain value out of a Tensor, and their places.

Recording costs nothing: only a call that cuts, such as `.value` or `float()`, writes down where it was, among
the last few thousand. Nothing is kept alive by that: a Tensor is known by its address and number.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections import deque
from collections.abc import Mapping
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from tinygraph.notation.places import file_and_line, user_frame
from tinygraph.rules.types import Numeric

if TYPE_CHECKING:
    from tinygraph.engine.tensor import Tensor

__all__ = ["Cut", "known_cuts", "note_cut", "note_taken"]

LIMIT = 4096
_frame = sys._getframe
_cuts: deque[tuple[Any, ...]] = deque(maxlen=LIMIT)
_write_down = _cuts.append


class Cut(NamedTuple):
    """A call that gave a plain value: how it is written, the Tensor and the array if they are still alive."""

    how: str
    tensor: Tensor | None
    array: Numeric
    operation: str | None
    file: str
    line: int


def note_taken(x: Tensor, array: weakref.ref[Any] | None) -> None:
    """Write down that the caller's caller read `.value` of Tensor x; `array` is a weak reference."""
    frame = _frame(2)
    _write_down((".value", tensor_key(x), x._serial, array, x._op, frame.f_code, frame.f_lasti))


def note_cut(how: str, x: Tensor) -> None:
    """Write down that the user's program takes a plain value out of Tensor x by a call of this package."""
    frame = user_frame(_frame(2))
    _write_down((how, tensor_key(x), x._serial, None, x._op, frame.f_code, frame.f_lasti))


def tensor_key(x: Tensor) -> int | weakref.ref[Tensor]:
    """What finds a Tensor again without keeping it alive: its address, which its serial number confirms.

    A leaf has no number, and so a weak reference.
    """
    return id(x) if x._op is not None else weakref.ref(x)


def known_cuts(alive: Mapping[int, Tensor]) -> list[Cut]:
    """What was written down in the user's program; `alive` has the Tensors by address."""
    found = {}
    for how, address, serial, array, op, code, instruction in list(_cuts):
        x = alive.get(address) if op is not None else address()
        same = op is None or (x is not None and x._op is op and x._serial == serial)
        if not is_inside_package(code):
            place = file_and_line(code, instruction)
            found[how, place, id(x)] = Cut(
                how, x if same else None, array() if array else None, op and op.name, *place
            )
    return list(found.values())


def is_inside_package(code: CodeType) -> bool:
    """Whether code belongs to tinygraph or viz."""
    parent = __file__.rpartition(f"tinygraph{os.sep}")[0]
    return code.co_filename.startswith((f"{parent}tinygraph{os.sep}", f"{parent}viz{os.sep}"))
