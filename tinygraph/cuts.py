"""Where paths of derivatives are cut: the calls that take a plain value out of a Tensor, and their places.

The last cut at each place of the user's program is kept. Recording costs nothing: only a call that cuts, such
as `.value` or `float()`, writes down where it was.
"""

from __future__ import annotations

import sys
import weakref
from types import CodeType
from typing import Any, NamedTuple

__all__ = ["Cut", "cut", "known_cuts"]

LIMIT = 4096  # places
_frame = sys._getframe
_cuts: dict[tuple[int, int], tuple[Any, ...]] = {}


class Cut(NamedTuple):
    """A call that gave a plain value: how it is written, the Tensor and the array if they are still alive."""

    how: str
    tensor: Any
    array: Any
    operation: str | None
    file: str
    line: int


def cut(how: str, x: Any, array: Any = None) -> None:
    """Write down that the caller's caller takes a plain value out of Tensor x."""
    frame = _frame(2)
    while frame.f_globals.get("__package__") == "tinygraph" and frame.f_back is not None:
        frame = frame.f_back
    key = id(frame.f_code), frame.f_lasti
    if len(_cuts) >= LIMIT and key not in _cuts:
        _cuts.pop(next(iter(_cuts)), None)
    _cuts[key] = how, weakref.ref(x), array, x._op, frame.f_code, frame.f_lasti


def known_cuts() -> list[Cut]:
    """What was written down in the user's program, not in the packages themselves."""
    return [
        Cut(how, tensor(), array() if array else None, op and op.name, code.co_filename, line_of(code, at))
        for how, tensor, array, op, code, at in list(_cuts.values())
        if not inside(code)
    ]


def line_of(code: CodeType, instruction: int) -> int:
    lines = [line for start, end, line in code.co_lines() if start <= instruction < end and line]
    return lines[0] if lines else code.co_firstlineno


def inside(code: CodeType) -> bool:
    """Whether code belongs to tinygraph or viz."""
    package = __file__.rpartition("tinygraph")[0]
    return code.co_filename.startswith((f"{package}tinygraph", f"{package}viz"))
