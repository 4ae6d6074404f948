"""Words for errors: what an operation and its operands are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygraph.errors import DtypeError, ShapeError, UnknownOperationError
from tinygraph.ops import Operation

__all__ = ["describe", "failed", "qualified", "unknown"]


def describe(x: Any) -> str:
    """`W1 (3, 4)`, or `a (3, 4) float64 Tensor` for something without a name.

    >>> import numpy as np
    >>> import tinygraph as tg
    >>> describe(tg.tensor(np.ones((3, 4)), name="X")), describe(2.0)
    ('X (3, 4)', '2.0')
    """
    if not hasattr(x, "shape"):
        return repr(x)
    name = getattr(x, "name", None)
    return f"{name} {x.shape}" if name else f"a {x.shape} {x.dtype} {type(x).__name__}"


def failed(op: Operation, inputs: tuple[Any, ...], settings: dict[str, Any], error: Exception) -> Exception:
    """The error of a forward call, retold with the operation and its operands."""
    kind = ShapeError if isinstance(error, ValueError | IndexError) else DtypeError
    given = ", ".join(f"{key}={x!r}" for key, x in settings.items())
    return kind(
        f"{op.formula} ({', '.join([op.name, given] if given else [op.name])}) of "
        f"{', '.join(map(describe, inputs))}: {error}"
    )


def qualified(function: Callable[..., Any]) -> str:
    """The name a user writes for a function: np.tanh, tg.relu, np.linalg.norm."""
    package, *inside = (getattr(function, "__module__", None) or "numpy").split(".")
    places = [] if package == "tinygraph" else [name for name in inside if not name.startswith("_")]
    return ".".join([{"numpy": "np", "tinygraph": "tg"}.get(package, package), *places, function.__name__])


def unknown(name: str) -> UnknownOperationError:
    """The error for a function that is not in the table."""
    return UnknownOperationError(
        f"{name} has no row in the table of operations, so its derivative is unknown; write it with "
        "operations that have one, or call it on .value if no derivative should flow through it"
    )
