"""Names for what calls and rules are given and give, for readers and type checkers.

Some of them no type can tell from others: what they name are the habits of NumPy, not classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from tinygraph.engine.tensor import Tensor

__all__ = [
    "AnyFunction",
    "AnyIndex",
    "Forward",
    "InputPositions",
    "Numeric",
    "Operand",
    "Option",
    "Options",
    "Rule",
    "Shape",
    "Values",
]

# What answers NumPy's calls: its arrays and numbers, those of other packages, the symbols of a plan, and
# where a derivative is recorded, Tensors.
Numeric: TypeAlias = Any
# The values of the inputs of a call, in their order.
Values: TypeAlias = tuple[Numeric, ...]
# What a user writes beside a Tensor: a Tensor, an array, a number, or what NumPy makes an array of.
Operand: TypeAlias = "Tensor | Numeric"
# An argument that is no operand: an axis, a dtype, whether to keep dimensions. NumPy's functions define it.
Option: TypeAlias = Any
Options: TypeAlias = dict[str, Option]
# What stands in brackets after an array: numbers, slices, masks, lists of numbers, or a tuple of those.
AnyIndex: TypeAlias = Any
Shape: TypeAlias = tuple[int, ...]
# Which of the inputs of a call: those whose derivative is wanted, for instance.
InputPositions: TypeAlias = tuple[int, ...]
# A function of NumPy or a kernel, as a key of the table; what computes a row; and a rule (dz, z, x, y) -> dx.
AnyFunction: TypeAlias = Callable[..., Any]
Forward: TypeAlias = Callable[..., Numeric]
Rule: TypeAlias = Callable[..., Numeric]
