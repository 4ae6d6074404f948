"""What a loss reads that it was not given: names that may be rebound, arrays that may change, and chance.

A recorded step holds them as they were. So they are looked at before each step, as far as they can be seen:
the variables of the loss and of the functions that it calls, and what it takes by name out of objects and
dicts.
"""

from __future__ import annotations

import contextlib
import functools
import pickle
import random
from collections.abc import Callable, Iterable, Iterator
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor
from tinygraph.guards.changes import array_contents, is_changed
from tinygraph.notation.places import OURS

__all__ = ["Outside"]

REBOUND = (int, float, complex, str, np.generic, type(None), Tensor)
CHANCE = (np.random.Generator, np.random.RandomState, random.Random)


class Outside:
    """The values that a function reads from outside, each with the place where it was found."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.cells: list[tuple[CellType, str, Any]] = []
        self.items: list[tuple[dict[Any, Any], Any, Any]] = []
        self.arrays: list[Any] = []
        self.chance: list[Any] = []
        self.contents: list[tuple[Any, bytes | None]] = []
        self.visited: set[Any] = set()
        self.names: set[str] = set()
        self.visit_function(function)

    def visit_function(self, function: Any) -> None:
        """Note what a function, a method, a callable object or a partial reads."""
        if id(function) in self.visited:
            return
        self.visited.add(id(function))
        if isinstance(function, functools.partial):
            for x in (function.func, *function.args, *function.keywords.values()):
                self.visit_value(x, frozenset())
        elif isinstance(function, MethodType):
            self.visit_value(function.__self__, frozenset(getattr(function.__self__, "__dict__", ())))
            self.visit_function(function.__func__)
        elif isinstance(function, FunctionType) and is_users(function):
            self.visit_variables(function, texts_of_code(function.__code__))

    def visit_variables(self, function: FunctionType, names: frozenset[str]) -> None:
        """Note the variables that a function has from outside."""
        self.names |= names
        for x in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self.visit_value(x, names)
        for cell, name in zip(function.__closure__ or (), function.__code__.co_freevars, strict=True):
            with contextlib.suppress(ValueError):  # of a variable that is not set yet
                if self.visit_value(x := cell.cell_contents, names):
                    self.cells.append((cell, name, x))
        self.visit_items(function.__globals__, names)

    def visit_items(self, items: dict[Any, Any], names: frozenset[str]) -> None:
        """Note what of a dict is read by these names."""
        if (id(items), names) in self.visited:
            return
        self.visited.add((id(items), names))
        for name in names:
            if name in items and self.visit_value(items[name], names):
                self.items.append((items, name, items[name]))

    def visit_value(self, x: Any, names: frozenset[str]) -> bool:
        """Note a value; whether it has to be the same one at each step. `names` are read out of it."""
        if isinstance(x, np.ndarray):
            self.arrays.append(x)
            return True
        if isinstance(x, REBOUND):
            return True
        if isinstance(x, CHANCE):
            self.chance.append(x)
        elif isinstance(x, FunctionType | MethodType | functools.partial):
            self.visit_function(x)
        elif isinstance(x, dict):
            self.visit_items(x, names)
        elif hasattr(x, "__dict__") and not isinstance(x, type | ModuleType):
            call = vars(type(x)).get("__call__")
            self.visit_items(vars(x), names if call is None else frozenset(vars(x)))
            self.visit_function(call)
        return False

    # Before each step

    def watch_contents(self, read: Iterable[Any]) -> None:
        """Keep what arrays hold now, but for those that are `read` at each step as they are."""
        known = {id(x) for x in read}
        self.contents = [(x, array_contents(x)) for x in self.arrays if id(x) not in known]

    def is_empty(self) -> bool:
        return not (self.cells or self.items or self.contents)

    def first_change(self) -> str | None:
        """The name of something that is not what it was, or None."""
        name: str
        for cell, name, x in self.cells:
            if cell.cell_contents is not x:
                return name
        for items, name, x in self.items:
            if items.get(name) is not x:
                return name
        for x, kept in self.contents:
            if is_changed(x, kept):
                return f"an array of shape {x.shape}"
        return None

    # Chance

    def states(self) -> list[bytes]:
        """The states of all sources of chance that can be seen."""
        # Other threads draw from the common ones too, so these are looked at only where they are named.
        common = [random.getstate(), np.random.get_state()] if "random" in self.names else []  # noqa: NPY002
        return [pickle.dumps(x) for x in (*self.chance, *common)]


def is_users(function: FunctionType) -> bool:
    """Whether a function is of the user's own files, and not of a library."""
    return (
        function.__globals__.get("__package__") not in OURS
        and "site-packages" not in function.__code__.co_filename
    )


def texts_of_code(code: CodeType) -> frozenset[str]:
    """What a function reads by name: globals, attributes, and keys that are texts."""
    return frozenset(walk_texts(code))


def walk_texts(code: CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_freevars)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from walk_texts(constant)
        elif isinstance(constant, str):
            yield constant
