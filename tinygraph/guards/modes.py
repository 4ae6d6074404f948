"""The switches: what is recorded and what is watched, for the current thread or asyncio task.

One context variable holds them all, so that recording asks once whether anything is unusual.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, Literal, NamedTuple, TypeVar, cast

__all__ = ["NORMAL", "Mode", "current_mode", "detect_nan", "errstate", "no_grad"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Reaction = Literal["ignore", "warn", "raise"]


class Mode(NamedTuple):
    """The state of all switches.

    `recording`: whether calls are recorded; `nan`: whether every result is searched for NaN and inf;
    `changed`, `broadcast`: what is done about arrays changed before backward and about suspicious broadcasts;
    `whole`: whether large arrays are compared whole.
    """

    recording: bool = True
    nan: bool = False
    changed: Reaction = "raise"
    broadcast: Reaction = "warn"
    whole: bool = False


NORMAL = Mode()
_mode: ContextVar[Mode] = ContextVar("mode", default=NORMAL)
current_mode = _mode.get


class Switch:
    """A context manager that changes some of the switches and puts them back; it may be entered again.

    Called with a function, it decorates it.
    """

    def __init__(self, **changes: Any) -> None:
        self.changes = changes
        self.tokens: list[Token[Mode]] = []

    def __call__(self, f: Decorated) -> Decorated:
        """f with the switch set during each call: `@tg.no_grad()` above a function."""

        @functools.wraps(f)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with self:
                return f(*args, **kwargs)

        return cast(Decorated, switched)

    def __enter__(self) -> None:
        mode = current_mode()._replace(**self.changes)
        self.tokens.append(_mode.set(NORMAL if mode == NORMAL else mode))

    def __exit__(self, *exception: object) -> None:
        _mode.reset(self.tokens.pop())


class no_grad(Switch):  # noqa: N801 - used like a function
    """Record nothing inside: results are Tensors without a node, and cost only their arithmetic.

    The switch belongs to the current thread or asyncio task.

    >>> import tinygraph as tg
    >>> with tg.no_grad():
    ...     Z = tg.parameter([1.0]) * 2
    >>> Z.node is None
    True
    """

    def __init__(self) -> None:
        super().__init__(recording=False)


class detect_nan(Switch):  # noqa: N801 - used like a function
    """Stop at the first operation, forward or backward, that makes a NaN or an inf out of finite inputs.

    The error says which operation, which entry, and from which values. Every result is searched, so a step
    takes two to three times as long. The switch belongs to the current thread or asyncio task.

    Raises:
        NonFiniteError: inside, from the operation or from `backward()`.

    >>> import numpy as np
    >>> import tinygraph as tg
    >>> with tg.detect_nan():
    ...     A = tg.parameter([0.5, 0.0], name="A1")
    ...     try:
    ...         np.log(A)
    ...     except tg.errors.NonFiniteError as error:
    ...         print(str(error).partition("): ")[2])
    entry [1] is -inf, from A1 = 0.0.
    """

    def __init__(self) -> None:
        super().__init__(nan=True)


class errstate(Switch):  # noqa: N801 - named and used like np.errstate
    """What to do about things that are silently wrong elsewhere; what is not given stays as it is.

    Each is "ignore", "warn" or "raise". The switch belongs to the current thread or asyncio task.

    Args:
        changed: an array was changed between forward and backward, so that the derivatives would be wrong.
            "raise" at first. With "ignore" backward() compares nothing, nor ever in graphs recorded inside.
        broadcast: (n,) meets (n, 1), or (m, 1) meets (1, m), and an operation by entry gives a square.
            "warn" at first, once per line of code.
        whole: compare all arrays whole, those over 16 KB not by sums, nor those over 8 MB by 1,024 of their
            entries; costs a copy of each, and says which entry changed.

    Raises:
        ValueError: another reaction.

    >>> import tinygraph as tg
    >>> W1 = tg.parameter([1.0, 2.0], name="W1")
    >>> J = (W1 * W1).sum()
    >>> W1.value += 1
    >>> with tg.errstate(changed="ignore"):
    ...     J.backward()["dW1"]  # of W1 as it is now
    array([4., 6.])
    """

    def __init__(
        self,
        *,
        changed: Reaction | None = None,
        broadcast: Reaction | None = None,
        whole: bool | None = None,
    ) -> None:
        for name, reaction in (("changed", changed), ("broadcast", broadcast)):
            if reaction not in (None, "ignore", "warn", "raise"):
                raise ValueError(f"{name} is 'ignore', 'warn' or 'raise', not {reaction!r}")
        given = {"changed": changed, "broadcast": broadcast, "whole": whole}
        super().__init__(**{name: x for name, x in given.items() if x is not None})
