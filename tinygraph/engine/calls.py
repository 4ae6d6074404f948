"""What a call of a NumPy function says: its inputs, and its settings by name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.errors import DtypeError, UnknownOperationError
from tinygraph.guards.stories import qualified_name
from tinygraph.rules.table import Operation
from tinygraph.rules.types import AnyFunction, Operand, Option, Options

__all__ = ["read_call"]

Read = tuple[tuple[Operand, ...], Options]


def read_call(op: Operation, args: tuple[Operand, ...], settings: Options) -> Read:
    """The inputs and the settings of a call, from its positional and keyword arguments."""
    if op.function in READERS:
        return READERS[op.function](*args, **settings)
    arity = op.arity
    if len(args) < arity:
        raise UnknownOperationError(
            f"{qualified_name(op.function)} on a Tensor takes {arity} inputs by position; {len(args)} given"
        )
    extra = args[arity:]
    if extra:
        settings = dict(zip(parameter_names(op.function)[arity:], extra, strict=False)) | settings
    if settings.get("dtype") is not None and any(getattr(x, "wants", False) for x in args[:arity]):
        refuse_rounding(op, np.dtype(settings["dtype"]))
    return args[:arity], known_settings(op, settings) if settings else {}


def refuse_rounding(op: Operation, dtype: np.dtype[Any]) -> None:
    """DtypeError for a dtype in which nothing has a derivative."""
    if dtype.kind != "f":
        raise DtypeError(
            f"{qualified_name(op.function)}(..., dtype={dtype.name}) of what wants a derivative would be "
            "integers or the like, which have none; leave dtype out, or call it on .value"
        )


def known_settings(op: Operation, settings: Options) -> Options:
    """`settings` without those left at NumPy's default; UnknownOperationError for one that has no rule."""
    kept = {key: x for key, x in settings.items() if key in op.settings}
    for key, x in settings.items():
        default = default_settings(op.function).get(key)
        if key not in kept and not (x is None or x is default or (isinstance(x, str | int) and x == default)):
            raise UnknownOperationError(
                f"{qualified_name(op.function)}(..., {key}=...) on a Tensor has no derivative rule; "
                f"settings that have one: {', '.join(op.settings) or 'none'}"
            )
    return kept


@functools.cache
def parameter_names(function: AnyFunction) -> tuple[str, ...]:
    """The names of a function's parameters, in order."""
    import inspect

    return tuple(inspect.signature(function).parameters)


@functools.cache
def default_settings(function: AnyFunction) -> Options:
    """The default of each parameter of a function."""
    import inspect

    return {name: p.default for name, p in inspect.signature(function).parameters.items()}


def read_several(xs: Operand, axis: int | None = 0, *, out: None = None) -> Read:
    return tuple(xs), {"axis": axis}


def read_einsum(subscripts: Operand, *xs: Operand, optimize: Option = False) -> Read:
    if not isinstance(subscripts, str):
        raise UnknownOperationError(
            "np.einsum on Tensors takes its subscripts as one string, like np.einsum('ij,jk->ik', x, y)"
        )
    return xs, {"subscripts": subscripts, "optimize": optimize}


def read_clip(
    x: Operand, a_min: Operand = None, a_max: Operand = None, *, min: Operand = None, max: Operand = None
) -> Read:
    return (x, a_min if min is None else min, a_max if max is None else max), {}


def read_reshape(x: Operand, shape: Option = None, order: str = "C", *, newshape: Option = None) -> Read:
    if order != "C":
        raise UnknownOperationError("np.reshape of a Tensor has a derivative rule for order='C' only")
    return (x,), {"shape": newshape if shape is None else shape}


def read_transpose(x: Operand, axes: Option = None) -> Read:
    return (x,), {} if axes is None else {"axes": tuple(axes)}


READERS: dict[AnyFunction, Callable[..., Read]] = {
    np.concatenate: read_several,
    np.stack: read_several,
    np.einsum: read_einsum,
    np.clip: read_clip,
    np.reshape: read_reshape,
    np.transpose: read_transpose,
}
