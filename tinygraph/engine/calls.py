"""What a call of a NumPy function says: its inputs, and its settings by name."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from tinygraph.errors import DtypeError, UnknownOperationError
from tinygraph.guards.stories import qualified_name
from tinygraph.rules.shapes import with_shape
from tinygraph.rules.table import COMPOSED, TABLE, Operation
from tinygraph.rules.types import AnyFunction, Operand, Option, Options

__all__ = ["call_composition", "read_call"]

Read = tuple[tuple[Operand, ...], Options]


def read_call(op: Operation, args: tuple[Operand, ...], settings: Options) -> Read:
    """The inputs and the settings of a call, from its positional and keyword arguments."""
    if op.function in READERS:
        return READERS[op.function](*args, **settings)
    arity = op.arity
    if len(args) < arity and settings:
        args, settings = operands_by_name(op, args, settings)
    if len(args) < arity:
        raise UnknownOperationError(
            f"{qualified_name(op.function)} on a Tensor takes {arity} inputs by position; {len(args)} given"
        )
    extra = args[arity:]
    if extra:
        further = parameter_names(op.function)[arity:]
        if len(extra) > len(further):
            raise UnknownOperationError(
                f"{qualified_name(op.function)} on a Tensor takes at most {arity + len(further)} arguments "
                f"by position; {len(args)} given"
            )
        settings = dict(zip(further, extra, strict=False)) | settings
    if settings.get("dtype") is not None and any(getattr(x, "wants", False) for x in args[:arity]):
        refuse_rounding(op, np.dtype(settings["dtype"]))
    return args[:arity], select_settings(op.function, op.settings, settings) if settings else {}


def operands_by_name(op: Operation, args: tuple[Operand, ...], settings: Options) -> Read:
    """The inputs with those that are given by keyword, np.sum(a=W), and what is left of the settings."""
    names = parameter_names(op.function)[len(args) : op.arity]
    given = list(itertools.takewhile(settings.__contains__, names))
    rest = {key: x for key, x in settings.items() if key not in given}
    return (*args, *(settings[name] for name in given)), rest


def refuse_rounding(op: Operation, dtype: np.dtype[Any]) -> None:
    """DtypeError for a dtype in which nothing has a derivative."""
    if dtype.kind != "f":
        raise DtypeError(
            f"{qualified_name(op.function)}(..., dtype={dtype.name}) of what wants a derivative would be "
            "integers or the like, which have none; leave dtype out, or call it on .value"
        )


def select_settings(function: AnyFunction, known: Collection[str], settings: Options) -> Options:
    """Those of the settings that are known; UnknownOperationError for another that is not NumPy's default."""
    kept = {key: x for key, x in settings.items() if key in known}
    for key, x in settings.items():
        default = default_settings(function).get(key)
        if key not in kept and not (x is None or x is default or (isinstance(x, str | int) and x == default)):
            raise UnknownOperationError(
                f"{qualified_name(function)}(..., {key}=...) on a Tensor has no derivative rule; "
                f"settings that have one: {', '.join(known) or 'none'}"
            )
    return kept


def call_composition(function: AnyFunction, args: tuple[Operand, ...], settings: Options) -> Operand:
    """A call of a function that is written with rows; NotImplemented where it leaves the call to its row."""
    written = COMPOSED[function]
    if settings and (function in TABLE or not takes_any(written)):
        known = parameter_names(written)
        if function in TABLE and not settings.keys() <= set(known):
            return NotImplemented
        settings = select_settings(function, known, settings)
    return written(*args, **settings)


@functools.cache
def takes_any(function: AnyFunction) -> bool:
    """Whether a function takes any keyword."""
    import inspect

    kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    return inspect.Parameter.VAR_KEYWORD in kinds


@functools.cache
def default_settings(function: AnyFunction) -> Options:
    """The parameters of a function in order, and the default of each; none where it does not say them."""
    import inspect

    try:
        return {name: p.default for name, p in inspect.signature(function).parameters.items()}
    except ValueError:  # of functions written in C, older versions of NumPy do not say them
        return {}


def parameter_names(function: AnyFunction) -> tuple[str, ...]:
    """The names of a function's parameters, in order."""
    return tuple(default_settings(function))


def read_several(
    arrays: Operand,
    axis: int | None = 0,
    out: None = None,
    *,
    dtype: Option = None,
    casting: str = "same_kind",
) -> Read:
    xs = map(with_shape, arrays)
    return tuple(xs if dtype is None else (x.astype(dtype) for x in xs)), {"axis": axis}


def read_einsum(subscripts: Operand, *xs: Operand, optimize: Option = False) -> Read:
    return xs, {"subscripts": subscripts, "optimize": optimize}


def read_clip(
    a: Operand, a_min: Operand = None, a_max: Operand = None, *, min: Operand = None, max: Operand = None
) -> Read:
    return (a, a_min if min is None else min, a_max if max is None else max), {}


def read_reshape(
    a: Operand,
    /,
    shape: Option = None,
    order: str = "C",
    *,
    newshape: Option = None,
    copy: bool | None = None,
) -> Read:
    if order != "C":
        raise UnknownOperationError("np.reshape of a Tensor has a derivative rule for order='C' and 'F' only")
    return (a,), {"shape": newshape if shape is None else shape}


def read_transpose(a: Operand, axes: Option = None) -> Read:
    return (a,), {} if axes is None else {"axes": (axes,) if np.ndim(axes) == 0 else tuple(axes)}


def read_nan_to_num(x: Operand, copy: bool = True, **numbers: Option) -> Read:
    return (x,), numbers


READERS: dict[AnyFunction, Callable[..., Read]] = {
    np.concatenate: read_several,
    np.stack: read_several,
    np.einsum: read_einsum,
    np.clip: read_clip,
    np.reshape: read_reshape,
    np.transpose: read_transpose,
    np.nan_to_num: read_nan_to_num,
}
