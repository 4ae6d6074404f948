"""The table: every operation, forward and backward side by side, joined from the modules of its topics.

Legend. z is the result, x and y are the inputs, dz is the derivative of the cost with respect to z, and a
rule `(dz, z, x, y) -> dx` is the derivative with respect to one input. There is one rule per input, in their
order; None stands for an input that has no derivative (a condition, labels). Settings of the call (axis,
keepdims) are keyword arguments. Rules use NumPy and kernels only, never the Tensor, so the same line runs on
arrays, on Tensors (a second derivative is recorded) and on symbols that know only shape and dtype (code is
printed).

Rows stand in a module for each topic, and with them the compositions: functions that need no rule, since they
are written with rows. A composition may leave a call to the row of that name, and then is NotImplemented.

A rule need not undo broadcasting: where an operation `stretches` its inputs, the sweep does it.
"""

from __future__ import annotations

import sys

import numpy as np

from tinygraph.rules import (
    activations,
    arithmetic,
    arranging,
    choices,
    convolution,
    costs,
    functions,
    joins,
    linear_algebra,
    patterns,
    products,
    reductions,
    statistics,
)
from tinygraph.rules import kernels as k
from tinygraph.rules.factors import sign_of_determinant
from tinygraph.rules.operation import COMPOSED, TABLE, Each, Operation, is_elementwise
from tinygraph.rules.statistics import sum_pieces
from tinygraph.rules.types import AnyFunction

__all__ = [
    "ALIASES",
    "CHANGING",
    "COMPOSED",
    "LOCALLY_CONSTANT",
    "TABLE",
    "UFUNC_METHODS",
    "Each",
    "Operation",
    "is_elementwise",
    "load_rows",
]

# The modules that put their rows into the table.
TOPICS = (
    *(arithmetic, functions, activations, choices, reductions, statistics),
    *(arranging, joins, patterns, products, convolution, linear_algebra, costs),
)

ALIASES: dict[AnyFunction, AnyFunction] = {
    np.amax: np.max,
    np.amin: np.min,
    np.fabs: np.absolute,
    np.rad2deg: np.degrees,
    np.deg2rad: np.radians,
}

# Recording has looked for Tensors already, so kernels need not; but for those that plans record as they are.
for _op in TABLE.values():
    if getattr(_op.forward, "__module__", "") == k.__name__ and _op.forward not in (k.cast_to, k.scatter):
        _op.forward = _op.forward.__wrapped__  # type: ignore[attr-defined]

# What the methods of ufuncs are called elsewhere; `np.add.reduce` is np.sum in half the time on small arrays.
UFUNC_METHODS: dict[str, dict[np.ufunc, AnyFunction]] = {
    "reduce": {
        np.add: np.sum,
        np.multiply: np.prod,
        np.maximum: np.max,
        np.minimum: np.min,
        np.logaddexp: k.logsumexp,
    },
    "accumulate": {np.add: np.cumsum, np.multiply: np.cumprod},
    "reduceat": {np.add: sum_pieces},
}

# Functions whose results do not change with small changes of the input (or are no numbers at all): they
# answer with plain arrays, since their derivative is 0 wherever there is one.
# fmt: off
_constant: list[AnyFunction] = [
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.isnan, np.isfinite,
    np.isinf, np.signbit, np.sign, np.floor, np.ceil, np.rint, np.trunc, np.round, np.logical_and,
    np.logical_or, np.logical_not, np.logical_xor, np.argmax, np.argmin, np.argsort, np.any, np.all,
    np.count_nonzero, np.nonzero, np.flatnonzero, np.shape, np.ndim, np.size, np.zeros_like, np.ones_like,
    np.empty_like, np.full_like, np.result_type, np.allclose, np.isclose, np.array_equal, np.searchsorted,
    np.iscomplexobj, np.isrealobj, np.array_repr, np.array_str, np.array2string, np.may_share_memory,
    np.shares_memory, np.floor_divide, np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.fix, np.around,
    np.nanargmax, np.nanargmin, np.argpartition, np.argwhere, np.lexsort, np.digitize, np.histogram,
    np.histogram_bin_edges, np.bincount, np.unique, np.isin, np.array_equiv, np.linalg.matrix_rank,
    np.save, np.savetxt, sign_of_determinant, k.stop_gradient,
]
# fmt: on
LOCALLY_CONSTANT = frozenset(_constant)

# What changes an array that it is given, which a Tensor does not allow.
CHANGING: frozenset[AnyFunction] = frozenset(
    {np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask}
)


def load_rows(function: AnyFunction) -> bool:
    """Put those rows into the table that few need, if `function` is of their kind; whether it is there now.

    They are for `np.fft`, and for `scipy.special` where the user has imported it.
    """
    if getattr(function, "__module__", None) == "numpy.fft":
        import tinygraph.rules.fourier  # noqa: F401
    elif isinstance(function, np.ufunc) and (special := sys.modules.get("scipy.special")):
        from tinygraph.rules.special import add_special_functions

        if special.erf not in TABLE:
            add_special_functions(special)
    return function in TABLE or function in COMPOSED
