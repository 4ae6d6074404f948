"""Optional packages, and the one sentence that says how to get one that is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tinygraph.errors import MissingPackageError

__all__ = ["missing_package", "needed_package"]


def missing_package(package: str, needs: str, extra: str, otherwise: str = "") -> MissingPackageError:
    """The error for a package that is not installed: what needs it, its extra, and what else one can do.

    >>> print(missing_package("onnx", "an ONNX model needs", "onnx"))
    an ONNX model needs onnx, which is not installed: pip install 'tinygraph[onnx]'
    """
    return MissingPackageError(
        f"{needs} {package}, which is not installed: pip install 'tinygraph[{extra}]'{otherwise}"
    )


@contextmanager
def needed_package(needs: str, extra: str, otherwise: str = "") -> Iterator[None]:
    """Let a failed import in the block raise `missing_package`.

    >>> with needed_package("this doctest needs", "docs"):
    ...     import no_such_package
    Traceback (most recent call last):
    ...
    tinygraph.errors.MissingPackageError: this doctest needs no_such_package, which is not installed: pip...
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing_package(str(error.name).partition(".")[0], needs, extra, otherwise) from error
