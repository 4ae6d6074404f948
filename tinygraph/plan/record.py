"""Recording: a loss, its reverse sweep and the update, run once on arrays that remember every call.

A `Traced` is a symbol that also holds the numbers of this one run, so the loss runs as it always does, and
shapes, dtypes and memory layouts come out as they really are. The engine's own sweep and rules run on them,
and so does the optimizer: the calls are found by following the symbols back from the results.
"""

from __future__ import annotations

import itertools
import operator
import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import numpy as np

from tinygraph.engine.sweep import sweep_nodes
from tinygraph.engine.tensor import Tensor
from tinygraph.errors import GraphError
from tinygraph.guards.stories import describe, qualified_name
from tinygraph.notation.places import OURS
from tinygraph.notation.symbols import Symbol
from tinygraph.rules import kernels as k
from tinygraph.rules.convolution import WRITTEN_OUT
from tinygraph.rules.factors import FACTOR_CODE
from tinygraph.rules.nests import leaves, map_leaves
from tinygraph.rules.table import ALIASES, COMPOSED

__all__ = [
    "PRIMITIVE",
    "CodePlace",
    "Tape",
    "Traced",
    "nested_parts",
    "note_check",
    "same_array",
    "settle_arrays",
    "values_of",
]

CodePlace = tuple[CodeType, int]

REDUCE_METHODS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: np.add.reduce,
    np.prod: np.multiply.reduce,
    np.max: np.maximum.reduce,
    np.min: np.minimum.reduce,
}
# ndarray's ** takes a shorter way for these exponents of floating point numbers; so must the plan.
POWERS: dict[float, Callable[..., Any]] = {1: np.positive, 2: np.square, 0.5: np.sqrt, -1: np.reciprocal}
# Kernels that are called and not written out.
PRIMITIVE = frozenset({k.cast_to, k.scatter, *FACTOR_CODE, *WRITTEN_OUT})
SHAPED_BY_DATA = frozenset({np.nonzero, np.flatnonzero, np.unique, np.argwhere, np.extract, np.compress})
GIVEN_BY_NUMPY = (np.ndarray, np.generic, int, float)
_next_serial = itertools.count().__next__


class Tape:
    """What the symbols of one recording share: the checks to repeat, and NumPy's error handling outside."""

    def __init__(self) -> None:
        self.checks: list[Traced] = []
        self.errors: dict[str, str] = {**np.geterr()}  # type: ignore[dict-item]

    def ignored_errors(self) -> tuple[str, ...]:
        """The floating point errors that the code now running ignores on purpose."""
        return tuple(kind for kind, how in np.geterr().items() if how == "ignore" != self.errors[kind])


def same_array(x: Any) -> Any:
    """What a copy is recorded as: the array itself, since every result of a plan has memory of its own."""
    return x


def note_check(x: Any, expected: Any) -> None:
    """What is recorded where the loss asks an array for a number: each later step has to find the same."""


class Traced(Symbol):
    """A symbol with numbers.

    `value` holds the numbers of this run, `serial` its place in the order of recording, `quiet` the floating
    point errors that were ignored meanwhile, `place` the line of the user's code. Only a `writable` one takes
    an `out=`: it then becomes the result of that call. A `fixed` one is the same at every step. `shown` is
    the position, among all parts of `args`, of what the result is a view of.
    """

    __slots__ = ("fixed", "now", "place", "quiet", "serial", "shown", "tape", "value")
    __hash__ = object.__hash__

    def __init__(self, value: Any, tape: Tape, name: str = "") -> None:
        super().__init__(np.shape(value), getattr(value, "dtype", None) or np.asarray(value).dtype, name)
        self.value = value
        self.tape = tape
        self.serial: float = _next_serial()
        self.quiet: tuple[str, ...] = ()
        self.place: CodePlace | None = None
        self.now: Traced | None = None
        self.fixed = False
        self.shown: int | None = None

    @property
    def viewed(self) -> Traced | None:
        """What this is a view of, None for what has memory of its own."""
        return (
            None if self.shown is None else next(itertools.islice(nested_parts(self.args), self.shown, None))
        )

    def record(self, function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """The result of `function(*args, **settings)`, which remembers the call."""
        if function in k.KERNELS:
            other = next((x for x in args if isinstance(x, k.Recording) and not isinstance(x, Symbol)), None)
            if other is not None:
                return other.record(function, args, settings)
            if function not in PRIMITIVE:
                return function.__wrapped__(*args, **settings)  # type: ignore[attr-defined]
        if any(isinstance(x, Tensor) for x in nested_parts((args, settings))):
            return NotImplemented
        if function in COMPOSED and not gives_array(function, args, settings):
            return COMPOSED[function](*args, **settings)
        out = settings.pop("out", None)
        function, args, settings = canonical_call(function, settle_arrays(args), settle_arrays(settings))
        made = Traced(self.compute_call(function, args, settings), self.tape)
        made.function, made.args, made.settings = function, args, settings
        made.quiet, made.place = self.tape.ignored_errors(), recorded_place()
        made.shown = shown_argument(made.value, args)
        return made if out is None else write_into(out, made)

    def compute_call(self, function: Callable[..., Any], args: Any, settings: Any) -> Any:
        if (
            function in SHAPED_BY_DATA
            or (function is np.where and len(args) == 1)
            or takes_by_mask(function, args)
        ):
            raise GraphError(
                f"{function_name(function)} of {describe(self)} gives an array whose shape depends on the "
                "numbers in it, and a compiled step has fixed shapes; write it with np.where, "
                "which keeps the shape"
            )
        with np.errstate(all="ignore"):
            value = function(*values_of(args), **values_of(settings))
        if not isinstance(value, GIVEN_BY_NUMPY):
            raise GraphError(
                f"{function_name(function)} gives a {type(value).__name__}, which cannot be compiled"
            )
        return value

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...], settings: dict[str, Any]
    ) -> Any:
        if function in (np.ndim, np.shape, np.size, np.result_type, np.can_cast):
            return function(*values_of(args), **values_of(settings))
        return self.record(ALIASES.get(function, function), args, dict(settings))

    def __pow__(self, exponent: Any) -> Any:
        short = POWERS.get(exponent) if isinstance(exponent, int | float) else None
        if short is not None and self.dtype.kind == "f" and self.shape:
            return self.record(short, (self,), {})
        return self.power(self, exponent)

    def __rpow__(self, base: Any) -> Any:
        return self.power(base, self)

    def power(self, base: Any, exponent: Any) -> Any:
        """`base ** exponent`, which for two numbers is not computed as np.power does."""
        numbers = np.shape(values_of(base)) == np.shape(values_of(exponent)) == ()
        return self.record(operator.pow if numbers else np.power, (base, exponent), {})

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """The array in another dtype, with memory of its own."""
        made: Traced = (
            super().astype(dtype) if np.dtype(dtype) != self.dtype else self.record(same_array, (self,), {})
        )
        return made.held()

    def held(self) -> Traced:
        """The array, to write into."""
        held = Traced(self.value, self.tape)
        held.now = self
        return held

    def copy(self) -> Any:
        """The same array, to write into."""
        return self.astype(self.dtype)

    @property
    def base(self) -> Traced:
        """Not None, as if this were a view of itself: so the sweep makes a copy before it adds to it."""
        return self

    def __getattr__(self, name: str) -> Any:
        function = None if name.startswith("_") else getattr(np, {"flatten": "ravel"}.get(name, name), None)
        if function is None or not hasattr(np.ndarray, name):
            raise AttributeError(f"an array of a compiled step has no attribute {name!r}")

        def method(*args: Any, **settings: Any) -> Any:
            if name in ("reshape", "transpose") and len(args) > 1:
                args = (args,)
            return function(self, *args, **settings)

        return method

    # Numbers that leave the recording

    def read(self, kind: Callable[[Any], Any]) -> Any:
        """A Python number; each later step asks again whether it is still the same."""
        number = kind(self.value)
        asked = Traced(self.value, self.tape)
        asked.function, asked.args, asked.place = note_check, (settle_arrays(self), number), recorded_place()
        self.tape.checks.append(asked)
        return number

    def __bool__(self) -> bool:
        return bool(self.read(bool))

    def __int__(self) -> int:
        return int(self.read(int))

    def __index__(self) -> int:
        return int(self.read(operator.index))

    def __float__(self) -> float:
        return float(self.read(float))

    def item(self) -> Any:
        """The single entry as a Python number."""
        return self.read(lambda x: np.asarray(x).item())

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if not self.shape else super().__format__(spec)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise GraphError(
            f"{describe(self)} is part of a step that is being compiled, and turning it into a plain array "
            "would freeze its numbers; use NumPy's functions on it as it is"
        )


def nested_parts(x: Any) -> Iterator[Any]:
    """Everything in nested tuples, lists and dicts, and what stands in their slices."""
    for leaf in leaves(x):
        if isinstance(leaf, slice):
            yield from (leaf.start, leaf.stop, leaf.step)
        else:
            yield leaf


def values_of(x: Any) -> Any:
    """The numbers in place of symbols, in nested tuples, lists and dicts."""
    return map_leaves(value_in, x)


def value_in(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, Traced) else leaf


def shown_argument(value: Any, args: tuple[Any, ...]) -> int | None:
    """The position, among all parts of `args`, of the argument whose memory `value` shares.

    Found from the memory itself, as any function may give a view: `np.einsum("ij->ji", x)`, `np.diagonal(x)`.
    """
    if isinstance(value, np.ndarray):
        for i, x in enumerate(nested_parts(args)):
            if isinstance(x, Traced) and np.may_share_memory(value, x.value):
                return i
    return None


def gives_array(function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any]) -> bool:
    """Whether a call is one of arrays alone that gives one, and so is recorded as it stands."""
    if "out" in settings or any(map(callable, args)):
        return False
    with np.errstate(all="ignore"):
        return isinstance(function(*values_of(args), **values_of(settings)), GIVEN_BY_NUMPY)


def takes_by_mask(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether this is indexing by a mask: how many entries it takes then depends on the data."""
    return function is operator.getitem and any(
        isinstance(i, Traced) and i.dtype.kind == "b" for i in nested_parts(args[1])
    )


def function_name(function: Callable[..., Any]) -> str:
    return "x[...]" if function is operator.getitem else qualified_name(function)


NumpyCall = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def canonical_call(
    function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any]
) -> NumpyCall:
    """The call in the form that runs soonest; to the last bit the same."""
    if function not in REDUCE_METHODS:
        return function, args, settings
    named = dict(zip(("axis", "dtype"), args[1:], strict=False))
    settings = {"axis": None} | named | {key: x for key, x in settings.items() if x is not np._NoValue}
    return REDUCE_METHODS[function], args[:1], settings


def write_into(out: Any, made: Traced) -> Traced:
    """Note that the array given as `out=` holds the result `made` from now on, cast to its dtype."""
    (target,) = out if isinstance(out, tuple) else (out,)
    if not (isinstance(target, Traced) and target.now is not None):
        raise GraphError(f"{describe(target)} cannot be written into by a step that is being compiled")
    target.now = settle_arrays(made if made.dtype == target.dtype else made.astype(target.dtype))
    target.now.value = target.value = lay_out(target.now.value, target.value)
    return target


def lay_out(value: Any, like: Any) -> Any:
    """A copy of the numbers in the memory order of `like`: later sums add them up in that order."""
    if not isinstance(like, np.ndarray):
        return value
    laid = np.empty_like(like)
    laid[...] = value
    return laid


def settle_arrays(x: Any) -> Any:
    """`x`, where each array that was written into is replaced by the result that it holds now."""
    return map_leaves(held_now, x)


def held_now(leaf: Any) -> Any:
    return leaf.now if isinstance(leaf, Traced) and leaf.now is not None else leaf


def recorded_place() -> CodePlace | None:
    """The user's line that runs; during the sweep, the line that recorded the node whose rule runs."""
    frame = sys._getframe(2)
    while frame.f_globals.get("__package__") in OURS:
        if frame.f_code is sweep_nodes.__code__:
            z = frame.f_locals["z"]
            return z._code, z._instruction
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return frame.f_code, frame.f_lasti
