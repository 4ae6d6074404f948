"""Arrays inside tuples, lists, dicts and objects: found by their paths, read, and replaced."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor

__all__ = [
    "ArrayLeaf",
    "Attribute",
    "Path",
    "as_floats",
    "copy_parts",
    "copy_state",
    "is_real_number",
    "leaves_of",
    "path_text",
    "put_at_path",
    "put_leaf",
    "step_name",
    "take_leaf",
]

Path = tuple[Any, ...]  # ("params", Key("W1")), ("self", Attribute("W")), ("weights", 0)
DEEPEST = 6
SKIPPED = (str, bytes, type, FunctionType, MethodType, ModuleType, np.random.Generator, np.random.RandomState)


@dataclass(frozen=True)
class Attribute:
    """The step from an object to one of its attributes."""

    name: str


@dataclass(frozen=True)
class ArrayLeaf:
    """An array or a number in a structure: its path from the name of the structure, and itself."""

    path: Path
    value: Any

    @property
    def text(self) -> str:
        """How one writes it: params['W1'], layer.W, weights[0]."""
        return path_text(self.path)

    @property
    def last(self) -> str:
        """The last name on the path."""
        return next((name for step in reversed(self.path) if (name := step_name(step))), "")

    @property
    def index(self) -> tuple[int, ...]:
        """The numbers on the path."""
        return tuple(step for step in self.path if isinstance(step, int))


def step_name(step: Any) -> str:
    return step.name if isinstance(step, Attribute) else step if isinstance(step, str) else ""


def path_text(path: Path) -> str:
    """A path as one writes it.

    >>> path_text(("params", "W1")), path_text(("weights", 0)), path_text(("self", Attribute("W")))
    ("params['W1']", 'weights[0]', 'self.W')
    """
    first, *rest = path
    return str(first) + "".join(f".{s.name}" if isinstance(s, Attribute) else f"[{s!r}]" for s in rest)


def is_real_number(value: Any) -> bool:
    """Whether this is a real number or an array of them, recorded or not; True and False are none."""
    if isinstance(value, bool | np.bool_):
        return False
    if isinstance(value, int | float):
        return True
    return isinstance(value, np.ndarray | np.generic | Tensor) and value.dtype.kind in "fiu"


def as_floats(value: Any) -> Any:
    """An array of double precision."""
    return np.asarray(value, dtype=np.float64)


def leaves_of(value: Any, path: Path, seen: frozenset[int] = frozenset()) -> Iterator[ArrayLeaf]:
    """The arrays and numbers in a structure, in its order."""
    if is_real_number(value):
        yield ArrayLeaf(path, value)
        return
    if isinstance(value, SKIPPED) or len(path) > DEEPEST or id(value) in seen:
        return
    for step, part in steps_to_parts(value):
        yield from leaves_of(part, (*path, step), seen | {id(value)})


def steps_to_parts(value: Any) -> list[tuple[Any, Any]]:
    """The parts of a structure, each with the step to it."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, tuple | list):
        return list(enumerate(value))
    if isinstance(value, np.ndarray):
        return list(enumerate(value)) if value.dtype == object and value.ndim == 1 else []
    inside = getattr(value, "__dict__", None)
    return [(Attribute(name), part) for name, part in inside.items()] if inside else []


def take_leaf(state: Mapping[str, Any], path: Path) -> Any:
    """What is at the end of a path."""
    value = state[path[0]]
    for step in path[1:]:
        value = getattr(value, step.name) if isinstance(step, Attribute) else value[step]
    return value


def put_leaf(state: dict[str, Any], path: Path, new: Any) -> None:
    """Put something at the end of a path; a tuple on the way is made anew."""
    first, *rest = path
    state[first] = put_at_path(state[first], rest, new) if rest else new


def put_at_path(value: Any, path: list[Any], new: Any) -> Any:
    """The structure with something else at the end of a path."""
    if not path:
        return new
    step, *rest = path
    if isinstance(step, Attribute):
        setattr(value, step.name, put_at_path(getattr(value, step.name), rest, new))
    elif isinstance(value, tuple):
        parts = [put_at_path(x, rest, new) if i == step else x for i, x in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    else:
        value[step] = put_at_path(value[step], rest, new)
    return value


def copy_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which everything is the caller's own; what cannot be copied is shared."""
    try:
        return copy.deepcopy(dict(state))
    except Exception:  # an open file, a module, a lock
        return {name: copy_parts(value) for name, value in state.items()}


def copy_parts(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:
        return value
