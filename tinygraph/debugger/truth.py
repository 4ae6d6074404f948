"""The derivatives of somebody's own forward pass: recorded by the engine where it can, else from differences.

A difference is taken at two steps, h and h / 2; put together they are right to the order h ** 4
(Richardson), and how far they lie apart says how far each can be trusted. An entry at which they disagree
lies at a kink, and is left out of the judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.debugger.structure import Path, as_floats, put_leaf, take_leaf
from tinygraph.engine.tensor import Tensor, parameter

__all__ = ["KINK", "Truth", "numeric_truth", "recorded_truth", "slope_along"]

TRUTH_STEP = 2e-4  # of entries near 1
KINK = 1e-3  # two differences that lie apart by more, relative to the largest, straddle a kink
NEAR_TRUTH = 1e-5  # the step along a direction in which all entries move
RECORDED = 1e-5  # how far a recorded derivative may be from differences, relative to the largest
EXACT = 1e-13  # relative to the largest
Number = Callable[[dict[str, Any]], float]
KnownSlopes = Sequence[tuple[Any, float]]


@dataclass(frozen=True)
class Truth:
    """A derivative, how far from it one may be, and which of its entries are known."""

    value: Any
    error: float
    known: Any


def recorded_truth(
    number: Callable[[dict[str, Any]], Any], state: dict[str, Any], path: Path, slopes: KnownSlopes
) -> Truth | None:
    """The derivative as the engine records it; None where the forward pass cannot be recorded.

    Args:
        number: the number that a state gives, computed by NumPy's functions from what is in it.
        state: one of its own.
        path: to an array or a number in it.
        slopes: some directions, with the derivative along each by differences. What an array is copied to is
            not recorded, so the two have to agree.
    """
    try:
        x = parameter(as_floats(take_leaf(state, path)))
        put_leaf(state, path, x)
        found = number(state)
        value = np.asarray(found.backward()[x]) if isinstance(found, Tensor) else None
    except Exception:  # theirs, or what the engine has no rule for
        return None
    if value is None or not np.isfinite(value).all():
        return None
    scale = max(np.max(np.abs(value), initial=0), *(abs(s) for _, s in slopes))
    if any(abs(float(np.sum(value * way)) - s) > RECORDED * scale + RECORDED**2 for way, s in slopes):
        return None
    return Truth(value, EXACT * float(scale), np.ones(value.shape, bool))


def numeric_truth(number: Number, state: Callable[[], dict[str, Any]], path: Path) -> Truth:
    """The derivative of a number by what is at the end of a path.

    Args:
        number: the number that a state gives.
        state: makes a new state, the same each time.
        path: to an array or a number in it.

    Raises:
        Exception: whatever the forward pass raises.
    """
    x = as_floats(take_leaf(state(), path))
    entries = [central_differences(number, state, path, x, i) for i in np.ndindex(x.shape)]
    coarse, fine = (np.reshape([e[k] for e in entries], x.shape) for k in (0, 1))
    value = (4 * fine - coarse) / 3
    scale = np.max(np.abs(value), initial=0)
    apart = np.abs(fine - coarse)
    known = np.isfinite(value) & (apart <= KINK * max(scale, 1e-12))
    return Truth(value, float(np.max(apart, initial=0, where=known)) * 0.1 + 1e-9 * scale, known)


def central_differences(
    number: Number, state: Callable[[], dict[str, Any]], path: Path, x: Any, i: tuple[int, ...]
) -> tuple[float, float]:
    """Two central differences at an entry, the second of half the step."""
    h = TRUTH_STEP * max(1.0, abs(float(x[i])))
    return tuple(  # type: ignore[return-value]
        (move_entry(number, state(), path, x, i, s) - move_entry(number, state(), path, x, i, -s)) / (2 * s)
        for s in (h, h / 2)
    )


def move_entry(
    number: Number, state: dict[str, Any], path: Path, x: Any, i: tuple[int, ...], step: float
) -> float:
    """The number where one entry is moved."""
    direction = np.zeros_like(x)
    direction[i] = step
    return shift_array(number, state, path, direction)


def shift_array(number: Number, state: dict[str, Any], path: Path, by: Any) -> float:
    """The number where an array is moved; within the array, which may be held in two places."""
    x = take_leaf(state, path)
    if isinstance(x, np.ndarray) and x.dtype == np.float64 and x.flags.writeable:
        x += by
    else:
        new = as_floats(x) + by
        put_leaf(state, path, new if new.ndim else float(new))
    return number(state)


def slope_along(number: Number, state: Callable[[], dict[str, Any]], path: Path, direction: Any) -> float:
    """The derivative of a number along one direction, from one central difference with a small step."""
    ahead, behind = (shift_array(number, state(), path, s * NEAR_TRUTH * direction) for s in (1.0, -1.0))
    return (ahead - behind) / (2 * NEAR_TRUTH)
