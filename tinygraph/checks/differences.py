"""Slopes of a function, found by evaluating it: by a complex step, or from differences with their error."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from tinygraph.checks.report import Index
from tinygraph.engine.tensor import Tensor, tensor, value_of
from tinygraph.errors import DtypeError, GraphError, InternalError, ShapeError

__all__ = ["Differences", "NumericFunction", "Sides", "Slope", "checked_value", "python_number"]

COMPLEX_STEPS = (1e-20, 3e-20, 7e-20)
REAL_STEPS = 10.0 ** -np.arange(2.0, 8.0)  # in terms of the size of the entry
TINY_STEP = 1e-8  # over which f bends less than it varies by rounding
EPS = float(np.finfo(np.float64).eps)
SAFETY = 4.0
AGREEMENT = 10.0  # errors by which two estimates of one slope may differ


@dataclass(frozen=True)
class NumericFunction:
    """f as a function of named arrays: those of `arrays` vary, all others of `given` stay as they are."""

    call: Callable[[dict[str, Any]], Any]
    given: dict[str, Any]
    arrays: dict[str, Any]
    notes: list[str]

    @classmethod
    def read(cls, f: Callable[..., Any], inputs: Any) -> NumericFunction:
        """f and its inputs as `gradcheck` takes them."""
        if isinstance(inputs, Mapping):
            return cls.of(lambda values: f(**values), dict(inputs))
        positional = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        names = argument_names(f, len(positional))
        return cls.of(lambda values: f(*values.values()), dict(zip(names, positional, strict=True)))

    @classmethod
    def of(cls, call: Callable[[dict[str, Any]], Any], given: dict[str, Any]) -> NumericFunction:
        arrays, notes = {}, []
        for name, x in given.items():
            if isinstance(x, Tensor) and not x.wants:
                continue
            array = float_array(name, value_of(x))
            if array.dtype != np.float64:
                notes.append(f"{name} holds {array.dtype} and was checked in float64.")
            arrays[name] = array.astype(np.float64)
        return cls(call, given, arrays, notes)

    def at(self, **arrays: Any) -> Any:
        """f's value, a Tensor or a number, at `arrays` in place of those given."""
        with np.errstate(all="ignore"):
            return self.call(self.given | {n: tensor(x, n) for n, x in (self.arrays | arrays).items()})

    def step(self, name: str, index: Any, step: Any) -> Any:
        """f's value as a number where the entry at `index`, or all of them (...), has moved by `step`."""
        moved = self.arrays[name].astype(np.result_type(self.arrays[name], step))
        moved[index] += step
        return python_number(self.at(**{name: moved}))


def float_array(name: str, x: Any) -> Any:
    """`x` as an array, if it holds floating point numbers."""
    array = np.asarray(x)
    if array.dtype.kind != "f":
        raise DtypeError(
            f"{name} holds {array.dtype}, which cannot vary by a small step: give floating point numbers to "
            f"have it checked, or tg.tensor({name}) to pass it on as data"
        )
    return array


def argument_names(f: Callable[..., Any], n: int) -> list[str]:
    """The names of f's first n arguments, where it has that many; else x0, x1, ..."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[:n] if len(names) >= n else [f"x{i}" for i in range(n)]


def python_number(value: Any) -> Any:
    """A value of f as a Python number."""
    array = np.asarray(value_of(value))
    if array.size != 1 or array.dtype.kind not in "fciu":
        what = f"one of shape {array.shape}" if array.dtype.kind in "fciu" else f"a {type(value).__name__}"
        raise ShapeError(
            f"gradcheck takes a function whose value is one number, and got {what}; sum or average it"
        )
    return array.item()


Sides = tuple[float, float]


class Slope(NamedTuple):
    """A slope, how far it may be off, and the slopes to the left and to the right where these differ."""

    value: float
    error: float
    sides: Sides | None


class Rung(NamedTuple):
    """What one step says: the slope and its error, those to both sides and how unsure their jump is."""

    step: float
    slope: float
    error: float
    left: float
    right: float
    unrest: float


UNKNOWN_SLOPE = Slope(np.nan, np.nan, None)


class Differences:
    """Slopes of a function at its arrays, where it has `value`; by complex steps if it is `analytic`."""

    def __init__(self, function: NumericFunction, value: float, analytic: bool) -> None:
        self.function = function
        self.value = value
        self.by_complex_step = analytic and self.takes_complex()

    def quick_slope(self, name: str, index: Index) -> float:
        """The slope by one complex step, or by differences with two steps."""
        if self.by_complex_step:
            return self.complex_slope(name, index)
        steps = self.sizes(name, index)[0] * REAL_STEPS[1:3]
        plus, minus = self.values(name, index, steps)
        return float(extrapolate_slope((plus - minus) / (2 * steps))[0])

    def close_slope(self, name: str, index: Index) -> Slope:
        """The slope, how far it may be off, and whether it jumps.

        A complex step is not believed where differences contradict it: f may have taken an absolute value.
        """
        slope = self.measure_slope(name, index)
        if not self.by_complex_step or slope.sides:
            return slope
        found = [self.complex_slope(name, index, h) for h in COMPLEX_STEPS]
        if abs(found[0] - slope.value) > 10 * slope.error + 1e-5 * abs(slope.value):
            return slope
        error = SAFETY * (max(found) - min(found))
        # Beside a slope beyond all bounds, each step has another.
        return (
            UNKNOWN_SLOPE if error > abs(found[0]) and np.isnan(slope.value) else Slope(found[0], error, None)
        )

    # By a complex step

    def takes_complex(self) -> bool:
        """Whether f takes complex arrays, and complex steps agree with differences in a direction of each.

        They do not where f drops an imaginary part; near a kink they may not.
        """
        return all(self.takes_complex_in(name) for name, x in self.function.arrays.items() if x.size)

    def takes_complex_in(self, name: str) -> bool:
        """The same for one array."""
        direction = self.directions(name)[0]
        try:
            slope = self.complex_value(name, ..., 1j * COMPLEX_STEPS[0] * direction).imag / COMPLEX_STEPS[0]
        except InternalError:
            raise
        except Exception:  # whatever f does that complex numbers cannot
            return False
        return any(self.is_slope(slope, name, h * direction, h) for h in REAL_STEPS[2:])

    def is_slope(self, slope: float, name: str, step: Any, h: float) -> bool:
        """Whether a central difference over a step, h times a direction, confirms the slope in it."""
        plus, minus = (self.function.step(name, ..., s * step) for s in (1, -1))
        difference = (plus - minus) / (2 * h)
        return bool(abs(slope - difference) <= 1e-4 * abs(difference) + 1e-9 * abs(self.value))

    def complex_value(self, name: str, index: Any, step: Any) -> complex:
        """f's value at a complex step; an error where f would drop the imaginary part."""
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            return complex(self.function.step(name, index, step))

    def complex_slope(self, name: str, index: Index, h: float = COMPLEX_STEPS[0]) -> float:
        """The slope from the imaginary part."""
        return self.complex_value(name, index, h * 1j).imag / h

    # By differences

    def sizes(self, name: str, index: Index) -> list[float]:
        """What steps are measured by: the typical entry of the array, and the entry itself if it is small."""
        x = self.function.arrays[name]
        own, typical = float(abs(x[index])), float(np.sqrt(np.mean(np.square(x))))
        return list(dict.fromkeys(size for size in (max(own, typical), own) if size)) or [1.0]

    def values(self, name: str, index: Index, steps: Any) -> tuple[Any, Any]:
        """f's values at +steps and at -steps."""
        plus, minus = ([self.function.step(name, index, float(s * h)) for h in steps] for s in (1, -1))
        return np.array(plus, dtype=np.float64), np.array(minus, dtype=np.float64)

    def directions(self, name: str) -> Any:
        """Random directions in which to move all entries of an array, each in terms of its own size."""
        x = self.function.arrays[name]
        typical = float(np.sqrt(np.mean(np.square(x)))) or 1.0
        own = np.where(x == 0, typical, np.abs(x))
        return own * np.random.default_rng(0).standard_normal((4, *x.shape))

    @cached_property
    def noise(self) -> float:
        """How much f varies by rounding alone: what is left of second differences over tiny steps."""
        seen = [EPS * abs(self.value)]
        for name in (name for name, x in self.function.arrays.items() if x.size):
            for direction in self.directions(name):
                plus, minus = (self.function.step(name, ..., h * direction) for h in (TINY_STEP, -TINY_STEP))
                seen.append(abs(plus - 2 * self.value + minus))
        return SAFETY * max([x for x in seen if np.isfinite(x)], default=np.nan)

    def measure_slope(self, name: str, index: Index) -> Slope:
        """The slope by the best of many steps. At a kink left and right stay apart as the steps shrink."""
        ladders = [self.ladder(name, index, size * REAL_STEPS) for size in self.sizes(name, index)]
        rungs = [rung for ladder in ladders for rung in ladder if np.isfinite(rung.unrest)]
        if not rungs:
            return UNKNOWN_SLOPE
        rungs.sort(key=lambda rung: -rung.step)
        best = rungs[place_of_limit([r.slope for r in rungs], [r.error for r in rungs])]
        near = rungs[place_of_limit([r.right - r.left for r in rungs], [r.unrest for r in rungs])]
        apart = abs(near.right - near.left) > 10 * near.unrest
        return Slope(best.slope, best.error, (near.left, near.right) if apart else None)

    def ladder(self, name: str, index: Index, steps: Any) -> list[Rung]:
        """What each of several steps, a tenth of the one before, says of the slope and of its error."""
        plus, minus = self.values(name, index, steps)
        central = (plus - minus) / (2 * steps)
        left, right = (self.value - minus) / steps, (plus - self.value) / steps
        slopes = extrapolate_slope(central)
        # Beside the noise of f: x + h has no more digits than x.
        rounded = EPS * abs(self.function.arrays[name][index]) * np.abs(central[1:])
        noise = (self.noise + rounded) / steps[1:]
        errors = np.abs(slopes - central[1:]) + noise
        unrest = np.abs(np.diff(right - left)) + noise
        columns = (steps[1:], slopes, errors, left[1:], right[1:], unrest)
        return [Rung(*map(float, row)) for row in zip(*columns, strict=True)]


def extrapolate_slope(central: Any) -> Any:
    """Richardson's step: central differences are off by h^2, and each step is a tenth of the one before."""
    return (100 * central[1:] - central[:-1]) / 99


def place_of_limit(values: Sequence[float], errors: Sequence[float]) -> int:
    """Where a value is surest, of those that all smaller steps confirm; the smallest step comes last.

    A large step may be sure of something that is not the limit: beside a pole, or where f is flat again.

    >>> place_of_limit([0.0, 0.0, 9.1, 9.01], [0.0, 0.0, 0.2, 0.03])
    3
    """
    known = [k for k in np.argsort(errors, kind="stable") if np.isfinite(errors[k])]
    for k in known:
        later = [j for j in known if j > k]
        if all(abs(values[k] - values[j]) <= AGREEMENT * (errors[k] + errors[j]) for j in later):
            return int(k)
    return len(values) - 1


def checked_value(function: NumericFunction, leaves: Mapping[str, Tensor]) -> Any:
    """f's value, recorded, if it is one number and the same when computed again."""
    with np.errstate(all="ignore"):
        J = function.call(function.given | dict(leaves))
    first, second = python_number(J), python_number(function.at())
    if not np.isclose(first, second, rtol=1e-9, atol=0, equal_nan=True):
        raise GraphError(
            f"the function gave {first:.6g} and then {second:.6g} for the same inputs, so differences mean "
            "nothing: turn off dropout, or draw the random numbers outside"
        )
    return J
