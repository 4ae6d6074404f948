"""Symbols: arrays that know only their shape and dtype, and remember the calls that made them.

The rules of the table are plain NumPy, so they run on symbols as they run on arrays. What comes out is the
rule as a formula, and the list of NumPy calls behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.notation.expressions import Expression
from tinygraph.rules.nests import map_leaves

__all__ = ["One", "Outline", "Symbol", "is_one", "sample_of", "sample_result"]


class Outline(Expression):
    """An expression with the `shape` and `dtype` of an array, and no numbers."""

    __slots__ = ()
    __hash__ = object.__hash__

    shape: Any  # a tuple of int
    dtype: Any

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return math.prod(self.shape)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...], settings: dict[str, Any]
    ) -> Any:
        if function in (np.ndim, np.shape, np.size):
            return function(*map(sample_of, args))
        return super().__array_function__(function, types, args, settings)


class Symbol(Outline):
    """An array without numbers: `shape` and `dtype`, and either a name or the call that made it.

    NumPy functions, kernels and operators on symbols give symbols. Their shape and dtype are found by calling
    the function on arrays of that shape and dtype that hold one number.

    >>> dz, x = Symbol((2, 3), float, "dz"), Symbol((2, 3), float, "x")
    >>> (dz * np.cos(x)).shape, str(dz * (x > 0))
    ((2, 3), 'dz * (x > 0)')
    """

    __slots__ = ("dtype", "shape")
    __hash__ = object.__hash__

    def __init__(self, shape: tuple[int, ...], dtype: Any, name: str = "") -> None:
        super().__init__(name)
        self.shape: tuple[int, ...] = tuple(shape)
        self.dtype = np.dtype(dtype)

    def record(self, function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """The symbol of `function(*args, **settings)`."""
        sample = sample_result(function, args, settings)
        made = Symbol(np.shape(sample), np.asarray(sample).dtype)
        made.function, made.args, made.settings = function, args, settings
        return made

    def __repr__(self) -> str:
        return f"Symbol({self.shape}, {self.dtype}, {str(self)!r})"


def sample_of(x: Any) -> Any:
    """An array of the shape and dtype of an outline, holding ones in the memory of a single number."""
    return map_leaves(sample_of_leaf, x)


def sample_of_leaf(x: Any) -> Any:
    return np.broadcast_to(np.ones((), x.dtype), x.shape) if isinstance(x, Outline) else x


def sample_result(function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """What a call gives for arrays of ones; or for diagonals of ones, where matrices of ones are singular."""
    function = getattr(function, "sample", function)  # of an operation of the user's, which may be dear
    with np.errstate(all="ignore"):
        try:
            return function(*sample_of(args), **sample_of(settings))
        except np.linalg.LinAlgError:
            return function(*map_leaves(sample_of_matrix, args), **sample_of(settings))


def sample_of_matrix(x: Any) -> Any:
    if not isinstance(x, Outline) or x.ndim < 2:
        return sample_of_leaf(x)
    return np.broadcast_to(np.eye(*x.shape[-2:], dtype=x.dtype), x.shape)


class One(Symbol):
    """An array of ones, written as 1."""

    __slots__ = ()
    __hash__ = object.__hash__


def is_one(x: Any) -> bool:
    """Whether x is 1: the number, or an array of ones."""
    return isinstance(x, One) or (isinstance(x, int | float) and x == 1)
