"""A search that ends in time: a clock that is looked at before each candidate."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tinygraph.errors import TinygraphError

__all__ = ["FOREVER", "Clock", "OutOfTimeError"]

T = TypeVar("T")


class OutOfTimeError(TinygraphError):
    """The time for a search is over. Whoever gave it the clock catches this."""


class Clock:
    """So many seconds from now on.

    >>> list(Clock(60).watch("ab"))
    ['a', 'b']
    >>> list(Clock(0).watch("ab"))
    Traceback (most recent call last):
    ...
    tinygraph.checks.clock.OutOfTimeError: 0 seconds are over
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = time.monotonic() + seconds

    def check(self) -> None:
        """Raise if the time is over."""
        if time.monotonic() >= self.end:
            raise OutOfTimeError(f"{self.seconds:g} seconds are over")

    def watch(self, items: Iterable[T]) -> Iterator[T]:
        """The items, as long as there is time."""
        for item in items:
            self.check()
            yield item


FOREVER = Clock(math.inf)
