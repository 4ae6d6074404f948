"""Where something was written: the user's frame, and the line behind an instruction of it."""

from __future__ import annotations

import itertools
import sys
from os.path import basename
from types import CodeType, FrameType

__all__ = ["OURS", "file_and_line", "line_of", "place_text", "positions_of", "user_frame", "user_place"]

ROOMS = ("checks", "engine", "graph", "guards", "notation", "plan", "rules")
OURS = frozenset({"tinygraph", *map("tinygraph.{}".format, ROOMS)})  # packages whose lines are not the user's
Positions = tuple[int | None, int | None, int | None, int | None]


def user_frame(frame: FrameType) -> FrameType:
    """The innermost frame from `frame` on that is not ours; the outermost if all are."""
    while frame.f_globals.get("__package__") in OURS and frame.f_back is not None:
        frame = frame.f_back
    return frame


def user_place() -> str:
    """The file and line of the user's code that is running: net.py:14."""
    frame = user_frame(sys._getframe(1))
    return place_text(frame.f_code.co_filename, frame.f_lineno)


def positions_of(code: CodeType, instruction: int) -> Positions:
    """The line, last line, column and last column of an instruction; None for what is not known."""
    # An instruction is known by its place in the bytes of the code, of which it takes two.
    return next(itertools.islice(code.co_positions(), instruction // 2, None), (None,) * 4)


def line_of(code: CodeType, instruction: int) -> int:
    """The line of an instruction."""
    return positions_of(code, instruction)[0] or code.co_firstlineno


def file_and_line(code: CodeType, instruction: int) -> tuple[str, int]:
    """The file and the line of an instruction."""
    return code.co_filename, line_of(code, instruction)


def place_text(file: str, line: int) -> str:
    """A place in a sentence: net.py:14."""
    return f"{basename(file)}:{line}"
