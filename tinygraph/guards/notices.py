"""NumPy's warnings, such as "divide by zero encountered in log", at the user's line and not at ours.

NumPy warns of the line that calls it, which is one of the engine. Recording asks nothing about that: a filter
of Python's `warnings` is asked once a warning is there. It decides nothing itself, but issues the warning
again, for the right line, to the filters that the user has.
"""

from __future__ import annotations

import sys
import warnings
from types import FrameType
from typing import Any, cast

from tinygraph.notation.places import OURS, line_of

__all__ = ["point_at_user"]


class Text:
    """Matches NumPy's messages, and keeps the last."""

    def __init__(self) -> None:
        self.last = ""

    def match(self, text: str) -> bool:
        """Whether it is NumPy's; called by `warnings`."""
        self.last = text
        return "encountered in" in text


class Module:
    """Matches modules of ours, for which it issues the warning again."""

    def __init__(self, text: Text) -> None:
        self.text = text

    def match(self, module: str) -> bool:
        """Whether the warning is of ours, and so is told elsewhere; called by `warnings`."""
        if module.rpartition(".")[0] not in OURS:
            return False
        frame, file, line = warned_place(sys._getframe(1))
        registry = frame.f_globals.setdefault("__warningregistry__", {})
        name = frame.f_globals.get("__name__", "")
        warnings.warn_explicit(self.text.last, RuntimeWarning, file, line, name, registry)
        return True


def warned_place(frame: FrameType) -> tuple[FrameType, str, int]:
    """The user's frame, and the file and line to blame: during a sweep, those that recorded the call."""
    recorded: Any = None
    while frame.f_globals.get("__package__") in OURS and frame.f_back is not None:
        if frame.f_code.co_name == "sweep_nodes" and recorded is None:
            recorded = frame.f_locals.get("z")
        frame = frame.f_back
    if recorded is not None:
        return frame, recorded._code.co_filename, line_of(recorded._code, recorded._instruction)
    return frame, frame.f_code.co_filename, frame.f_lineno


def point_at_user() -> None:
    """Put the filter before those there are."""
    warnings.filterwarnings("ignore", message="tinygraph", category=RuntimeWarning)
    text = Text()
    warnings.filters[0] = cast(Any, ("ignore", text, RuntimeWarning, Module(text), 0))  # type: ignore[index]
