"""The derivatives of losses by what is at a place of a program: along two directions, or by every entry.

One run gives all losses that the program may have, so that they are differentiated together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from tinygraph.debugger.machines import Changes, Machine, MachineRun, Spot, number_or_nan
from tinygraph.debugger.truth import KINK, Truth

__all__ = ["LossSlope", "MachineLoss", "Slopes", "direction", "projections"]

SLOPE_STEP = 1e-5
SLOPE_PATIENCE = 0.8  # seconds for the derivative by the entries of one array
FEWEST_ENTRIES = 24  # entries


@dataclass(frozen=True, eq=False)
class MachineLoss:
    """A loss that a program may have.

    Attributes:
        name: what it is called, or what was assumed.
        number: its value in a run.
        strict: whether the program computes it before it goes back, so that factors matter.
        scales: for a usual loss, which is assumed since the program has none, what its multiples are called.
    """

    name: str
    number: Callable[[MachineRun], float]
    strict: bool = False
    scales: Mapping[float, str] = field(default_factory=dict)

    @property
    def assumed(self) -> bool:
        """Whether the program has no loss."""
        return bool(self.scales)

    def said(self, factor: float) -> tuple[str, float]:
        """The name of a multiple of it, and what is left of a factor then."""
        for scale, name in self.scales.items():
            if abs(abs(factor) - scale) < 1e-4 * scale:
                return name, factor / scale
        return self.name, factor


@dataclass(frozen=True)
class LossSlope:
    """The derivatives along two directions, and how far from them one may be; a row for each loss."""

    values: Any
    errors: Any

    @cached_property
    def sizes(self) -> tuple[list[float], list[float]]:
        """The largest derivative and the largest error for each loss; they are asked for very often."""
        return np.abs(self.values).max(axis=1).tolist(), self.errors.max(axis=1).tolist()

    def known(self, loss: int) -> bool:
        """Whether they are known well enough to tell right from wrong."""
        size, error = (x[loss] for x in self.sizes)
        return math.isfinite(size) and error <= 1e-3 * size + 1e-9

    def zero(self, loss: int) -> bool:
        size, error = (x[loss] for x in self.sizes)
        return size <= 1e-9 + 10 * error


@lru_cache(maxsize=1000)
def direction(shape: tuple[int, ...], which: int) -> Any:
    """A direction, the same for the same shape but for axes of length 1; to be read only."""
    n = math.prod(shape)
    made = np.random.default_rng([n, which]).standard_normal(n).reshape(shape)
    made.flags.writeable = False
    return made


def projections(value: Any) -> Any:
    """An array along the two directions."""
    x = np.asarray(value, dtype=np.float64)
    return np.array([float(np.sum(x * direction(x.shape, k))) for k in (0, 1)])


class Slopes:
    """Derivatives of losses, each computed once."""

    def __init__(self, machine: Machine, losses: Sequence[MachineLoss]) -> None:
        self.machine = machine
        self.losses = losses
        self.found: dict[Spot, LossSlope] = {}
        self.truths: dict[Spot, list[Truth]] = {}
        self.samples: dict[Spot, list[Truth]] = {}
        self.run_time = 1e-3

    def numbers(self, changes: Changes) -> Any:
        """All losses of a run; NaN where there is none."""
        run = self.machine.run(changes)
        return np.array([number_or_nan(loss.number, run) for loss in self.losses])

    def moved(self, spot: Spot, by: Any) -> Any:
        return self.numbers({(spot.site, spot.turn): [(spot.steps, by)]})

    def central(self, spot: Spot, v: Any, step: float) -> Any:
        with np.errstate(all="ignore"):
            return (self.moved(spot, step * v) - self.moved(spot, -step * v)) / (2 * step)

    def slope(self, spot: Spot, shape: tuple[int, ...]) -> LossSlope:
        """The derivatives along the two directions."""
        if spot not in self.found:
            pairs = [self.along(spot, direction(shape, k)) for k in (0, 1)]
            values, errors = (np.array([p[i] for p in pairs]).T for i in (0, 1))
            self.found[spot] = LossSlope(values, errors)
        return self.found[spot]

    def along(self, spot: Spot, v: Any) -> tuple[Any, Any]:
        """The derivative along a direction and its error, for each loss."""
        start = time.perf_counter()
        step = SLOPE_STEP / max(1.0, float(np.abs(v).max()) if np.size(v) else 1.0)
        coarse, fine = self.central(spot, v, step), self.central(spot, v, step / 2)
        self.run_time = (time.perf_counter() - start) / 4
        if np.any(np.abs(coarse - fine) > KINK * np.abs(fine) + 1e-9):  # a kink is near: nearer still
            step /= 50
            coarse, fine = self.central(spot, v, step), self.central(spot, v, step / 2)
        return (4 * fine - coarse) / 3, np.abs(fine - coarse) + 1e-15 / step

    def truth(self, spot: Spot, shape: tuple[int, ...], loss: int, few: bool = False) -> Truth:
        """The derivative by each entry, or by some where there are too many or a few are asked for."""
        if few and spot not in self.truths:
            if spot not in self.samples:
                self.samples[spot] = self.by_entries(spot, shape, FEWEST_ENTRIES)
            return self.samples[spot][loss]
        if spot not in self.truths:
            most = max(FEWEST_ENTRIES, int(SLOPE_PATIENCE / (4 * max(self.run_time, 1e-5))))
            self.truths[spot] = self.by_entries(spot, shape, most)
        return self.truths[spot][loss]

    def by_entries(self, spot: Spot, shape: tuple[int, ...], most: int) -> list[Truth]:
        size = int(np.prod(shape, dtype=int))
        picked = np.sort(np.random.default_rng(0).permutation(size)[:most])
        coarse, fine = np.zeros((2, len(self.losses), size))
        for i in picked:
            unit = np.zeros(size)
            unit[i] = 1.0
            v = unit.reshape(shape)
            coarse[:, i], fine[:, i] = (
                self.central(spot, v, SLOPE_STEP),
                self.central(spot, v, SLOPE_STEP / 2),
            )
        taken = np.isin(np.arange(size), picked)
        return [truth_of(c, f, taken, shape) for c, f in zip(coarse, fine, strict=True)]


def truth_of(coarse: Any, fine: Any, taken: Any, shape: tuple[int, ...]) -> Truth:
    """A derivative from differences at two steps."""
    value, apart = (4 * fine - coarse) / 3, np.abs(fine - coarse)
    scale = np.max(np.abs(value[np.isfinite(value)]), initial=0)
    known = taken & np.isfinite(value) & (apart <= KINK * max(scale, 1e-7))
    error = float(np.max(apart, initial=0, where=known)) * 0.1 + 1e-9 * scale + 1e-10
    return Truth(np.where(known, value, 0.0).reshape(shape), error, known.reshape(shape))
