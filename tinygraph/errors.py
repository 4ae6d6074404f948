"""The errors of tinygraph.

TinygraphError
├── ShapeError             also a ValueError: shapes that do not fit, a derivative of something not scalar
├── DtypeError             also a TypeError: integers where floats are needed
├── GraphError             also a RuntimeError: a path of derivatives that is cut or cannot be followed
│   └── ChangedArrayError  an array that was changed between forward and backward
├── NonFiniteError         also a FloatingPointError: a NaN or an inf made of finite inputs, in detect_nan
├── UnknownOperationError  also a TypeError: a function that is not in the table
├── MissingPackageError    also an ImportError: an optional package that is not installed
├── UnknownNameError       also a KeyError: a derivative asked for under a name that is not there
├── UserFileError          also a ValueError: a file that cannot be read, imported or written
└── BroadcastError         also a ValueError: a suspicious broadcast, in errstate(broadcast="raise")

InternalError, a SystemError, stands beside the tree: a fault of tinygraph itself, and what catches the errors
of a program shall not hide it.

Tracebacks leave out the frames of this package, and what an error was retold from. Where the environment has
TINYGRAPH_TRACEBACK=full at the time of the error, they leave out nothing.

Notices are UserWarnings: BroadcastWarning and ChangedArrayWarning, what errstate makes of such errors.
"""

from __future__ import annotations

__all__ = [
    "BroadcastError",
    "BroadcastWarning",
    "ChangedArrayError",
    "ChangedArrayWarning",
    "DtypeError",
    "GraphError",
    "InternalError",
    "MissingPackageError",
    "NonFiniteError",
    "ShapeError",
    "TinygraphError",
    "UnknownNameError",
    "UnknownOperationError",
    "UserFileError",
]


class TinygraphError(Exception):
    """The base of every error that tinygraph raises by intention."""


class InternalError(SystemError):
    """A fault of tinygraph itself; the message says what it did, and the cause is what went wrong."""


class ShapeError(TinygraphError, ValueError):
    """Shapes that do not fit, or a derivative of something that is not one number."""


class DtypeError(TinygraphError, TypeError):
    """A dtype that has no derivative, such as integers for a parameter."""


class GraphError(TinygraphError, RuntimeError):
    """A path of derivatives that is cut, or that cannot be followed."""


class ChangedArrayError(GraphError):
    """An array that backward() needs was changed after it was used; the message says which and where."""


class NonFiniteError(TinygraphError, FloatingPointError):
    """A NaN or an inf that an operation, forward or backward, made of finite inputs."""


class BroadcastError(TinygraphError, ValueError):
    """A suspicious broadcast where `errstate(broadcast="raise")` forbids it."""


class BroadcastWarning(UserWarning):
    """A broadcast that is seldom meant: (n,) beside (n, 1), or (m, 1) beside (1, m)."""


class ChangedArrayWarning(UserWarning):
    """What `ChangedArrayError` says, where `errstate(changed="warn")` lets it pass."""


class MissingPackageError(TinygraphError, ImportError):
    """An optional package that is not installed; the message says how to install it."""


class UnknownOperationError(TinygraphError, TypeError):
    """A function that is not in the table, called on a Tensor."""


class UnknownNameError(TinygraphError, KeyError):
    """A name that nothing here has; the message lists those there are."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class UserFileError(TinygraphError, ValueError):
    """A file of the user's that cannot be read, imported, run or written."""
