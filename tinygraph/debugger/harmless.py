"""Somebody's statements run without a trace: nothing is written, shown or asked, and modules that are missing
stand in as far as they only draw and show.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from tinygraph.debugger.trial import quietly

__all__ = ["harmlessly"]

SHOWING = {
    "matplotlib",
    "seaborn",
    "plotly",
    "IPython",
    "tqdm",
    "pylab",
    "bokeh",
    "mpl_toolkits",
    "wandb",
    "tensorboardX",
}
OPEN, IMPORT = builtins.open, builtins.__import__


class Harmless(ModuleType):
    """A module that shows things: all that is in it can be called and gives itself."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return first_given if name == "tqdm" else self

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter((self, self))  # fig, ax = plt.subplots()

    __getitem__ = __enter__ = __call__

    def __exit__(self, *_: object) -> None:
        pass

    def __setitem__(self, *_: object) -> None:
        pass


def first_given(xs: Any, *_: Any, **__: Any) -> Any:
    """What stands in for tqdm: what it runs through."""
    return xs


def import_or_nothing(name: str, *args: Any) -> Any:
    """Import a module; in place of one that only shows things, nothing."""
    if name.partition(".")[0] in SHOWING:
        return Harmless(name)
    return IMPORT(name, *args)


def open_to_read(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
    """Open a file that is read; what is written goes nowhere."""
    if set(mode) & set("wax+"):
        return io.BytesIO() if "b" in mode else io.StringIO()
    return OPEN(file, mode, *args, **kwargs)


def no_input(*_: Any) -> str:
    raise EOFError("nothing can be asked here")


NO_EFFECT: list[tuple[Any, str, Any]] = [
    (builtins, "open", open_to_read),
    (io, "open", open_to_read),
    (builtins, "input", no_input),
    (builtins, "__import__", import_or_nothing),
    *((os, name, lambda *_, **__: None) for name in ("makedirs", "mkdir", "remove", "system")),
]


@contextlib.contextmanager
def harmlessly(seconds: float) -> Iterator[None]:
    """Run something for some seconds at most, without effects outside."""
    before = [(module, name, getattr(module, name)) for module, name, _ in NO_EFFECT]
    arguments = sys.argv
    try:
        sys.argv = arguments[:1]
        for module, name, new in NO_EFFECT:
            setattr(module, name, new)
        with quietly(seconds):
            yield
    finally:
        sys.argv = arguments
        for module, name, old in before:
            setattr(module, name, old)
