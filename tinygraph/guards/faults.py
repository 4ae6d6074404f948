"""Faults of tinygraph itself, told apart from the mistakes of its user; and how much of a traceback is shown.

An exception that should not have been is told as an `InternalError`, whose cause it is. The tracebacks of
other errors leave out the frames of this package, unless TINYGRAPH_TRACEBACK=full is in the environment. All
of this is asked only once an exception flies.
"""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar, cast

import numpy as np

from tinygraph.errors import DtypeError, GraphError, InternalError, ShapeError, TinygraphError
from tinygraph.guards.stories import call_text, place_of, recorded_call
from tinygraph.rules.kernels import Recording
from tinygraph.rules.types import Operand, Option

if TYPE_CHECKING:
    from tinygraph.engine.tensor import Tensor
    from tinygraph.rules.table import Operation

__all__ = [
    "FAULTS",
    "MEANT",
    "blame",
    "blame_call",
    "cause_of",
    "error_text",
    "fault",
    "fault_of_rule",
    "few_frames",
    "is_fault",
    "our_work",
    "shorten",
    "tell_briefly",
]

Told = TypeVar("Told", bound=Callable[..., Any])
# What is told as it is: errors that say what is wrong, and those of the machine and of its settings.
MEANT = (TinygraphError, InternalError, Warning, FloatingPointError, MemoryError, OSError, ImportError)
# What a call of the user's that is wrong does not raise in our code. Its ValueError and TypeError do arise.
FAULTS = (AttributeError, KeyError, AssertionError, NameError, RuntimeError)
PACKAGES = ("tinygraph", "viz")
BETWEEN = (*PACKAGES, "numpy", "contextlib")  # whose frames say nothing to a user
DEEP = 50  # frames of ours in a recursion that is ours


# Tracebacks ----------------------------------------------------------------


def all_frames() -> bool:
    """Whether the environment asks for whole tracebacks now."""
    return os.environ.get("TINYGRAPH_TRACEBACK") == "full"


def shorten(error: BaseException) -> None:
    """Leave only the user's frames in the traceback of an error that is about to be raised again.

    >>> import tinygraph as tg
    >>> try:
    ...     tg.tensor([1.0, 2.0]) + tg.tensor([1.0, 2.0, 3.0])
    ... except tg.errors.ShapeError as error:
    ...     before = len(list(frames(error.__traceback__)))
    ...     shorten(error)
    ...     before > len(list(frames(error.__traceback__)))
    True
    """
    if not all_frames() and not in_doubt(error):
        error.__traceback__ = of_user(error.__traceback__)


def in_doubt(error: BaseException) -> bool:
    """Whether it may be a fault though nothing proves it, so that its frames are needed."""
    return arose_here(error) and not isinstance(error, ValueError)


class few_frames:  # noqa: N801 - used like a function
    """Errors that leave this block have been shortened. (A generator's traceback would be put back.)"""

    def __enter__(self) -> None:
        """There is nothing to do yet."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            shorten(error)


def tell_briefly(f: Told) -> Told:
    """f, whose errors are shortened on their way out."""

    @functools.wraps(f)
    def brief(*args: object, **settings: object) -> object:
        try:
            return f(*args, **settings)
        except Exception as error:
            shorten(error)
            raise

    return cast(Told, brief)


def of_user(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames in between."""
    kept = None
    for part in reversed(list(frames(trace))):
        if package_of(part.tb_frame) not in BETWEEN:
            kept = TracebackType(kept, part.tb_frame, part.tb_lasti, part.tb_lineno)
    return kept


def frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    """The parts of a traceback, outermost first."""
    while trace is not None:
        yield trace
        trace = trace.tb_next


def package_of(frame: FrameType) -> str:
    """The package whose code runs in a frame: numpy. The text of a compiled step counts as tinygraph's."""
    name = frame.f_globals.get("__package__") or frame.f_globals.get("__name__") or ""
    return "tinygraph" if name.startswith("tinygraph_") else str(name).partition(".")[0]


def cause_of(error: Exception, told: Exception | None = None) -> Exception | None:
    """The cause to show behind an error retold as `told`: none, unless it is a fault or all is asked for."""
    shown = all_frames() or isinstance(told, InternalError)
    return error if shown and told is not error else None


# Faults ----------------------------------------------------------------


def fault(doing: str, error: Exception) -> InternalError:
    """The error that says that `error`, met while doing something, is no mistake of the user's."""
    versions = f"NumPy {np.__version__}, Python {platform.python_version()}, {platform.system()}"
    return InternalError(
        f"a fault of tinygraph, not of your program: {doing} failed with {error_text(error)}. Please report "
        f"it with its cause and the lines that lead to it ({versions})"
    )


def error_text(error: Exception) -> str:
    """What an error says, in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def blame(error: Exception, doing: str) -> None:
    """Raise an InternalError if `error` is a fault."""
    if is_fault(error):
        raise fault(doing, error) from error


def is_fault(error: BaseException) -> TypeGuard[Exception]:
    """Whether our own code raised it, and no call of the user's can be the reason."""
    return isinstance(error, FAULTS) and arose_here(error)


def blame_call(
    error: Exception, op: Operation, inputs: Sequence[Operand], settings: Mapping[str, Option]
) -> None:
    """The same for the forward pass of an operation, where what is no array may lack what arrays have."""
    lacking = isinstance(error, AttributeError) and not all(hasattr(x, "dtype") for x in inputs)
    if not lacking and arose_here(error):
        raise fault(describe_safely(call_text, op, inputs, settings), error) from error


def fault_of_rule(error: Exception, z: Tensor) -> InternalError | GraphError | None:
    """The fault that an error of the sweep at `z` is; shapes that do not fit are one, as forward they did.

    A matrix that has no inverse, which the derivative needs, is the user's.
    """
    if isinstance(error, np.linalg.LinAlgError):
        return GraphError(f"{backward_text(z)}: there is no derivative here: {error_text(error)}")
    meant = isinstance(error, MEANT) and not isinstance(error, ShapeError | DtypeError)
    if meant or foreign(error, z) or out_of_frames(error):
        return None
    return fault(describe_safely(backward_text, z), error)


def backward_text(z: Tensor) -> str:
    """The recorded call behind `z`, and its line."""
    return f"backward through {recorded_call(z)[0]} ({place_of(z)})"


def describe_safely(text: Callable[..., str], *about: object) -> str:
    """A text about an operation, in a state in which a description may fail as well."""
    try:
        return str(text(*about))
    except Exception as error:
        return f"an operation, whose description failed too ({error_text(error)}),"


def arose_here(error: BaseException) -> bool:
    """Whether the innermost frame is ours, and the error none that is meant.

    NumPy's functions written in C have no frame. Who asks for an attribute is who called `__getattr__`.
    """
    called = [part.tb_frame for part in frames(error.__traceback__)]
    inner = [frame for frame in called if frame.f_code.co_name != "__getattr__"]
    ours = bool(inner) and package_of(inner[-1]) in PACKAGES
    return ours and not isinstance(error, MEANT) and not out_of_frames(error)


def out_of_frames(error: BaseException) -> bool:
    """Whether the recursion that is too deep is the user's, and only its last call came to us."""
    if not isinstance(error, RecursionError):
        return False
    return sum(package_of(part.tb_frame) in PACKAGES for part in frames(error.__traceback__)) < DEEP


def foreign(error: Exception, z: Tensor) -> bool:
    """Whether arrays that are not NumPy's, or hold objects, computed with code of their own and failed."""
    value = z._value
    plain = isinstance(value, np.ndarray | np.generic) and value.dtype.kind != "O"
    return not (plain or isinstance(value, Recording)) and not arose_here(error)


@contextmanager
def our_work(doing: str) -> Iterator[None]:
    """What runs inside is ours alone: all that it raises and does not mean is a fault.

    >>> with our_work("the search for a formula"):
    ...     [].pop()
    Traceback (most recent call last):
    ...
    tinygraph.errors.InternalError: a fault of tinygraph, not of your program: the search for a formula ...
    """
    try:
        yield
    except MEANT:
        raise
    except Exception as error:
        if out_of_frames(error):
            raise
        raise fault(doing, error) from error
