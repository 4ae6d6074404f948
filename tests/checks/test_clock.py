"""A clock ends a search between two candidates, and not before its time."""

import math
import time

import pytest

from tinygraph.checks.clock import FOREVER, Clock, OutOfTimeError


def test_items_pass_as_long_as_there_is_time():
    assert list(Clock(60).watch(range(5))) == [0, 1, 2, 3, 4]
    assert list(FOREVER.watch("ab")) == ["a", "b"]
    assert FOREVER.seconds == math.inf


def test_a_search_without_an_end_ends_in_time():
    clock, seen, start = Clock(0.05), [], time.monotonic()

    with pytest.raises(OutOfTimeError, match=r"0\.05 seconds are over"):
        seen.extend(clock.watch(iter(int, 1)))

    assert 0.05 <= time.monotonic() - start < 1
    with pytest.raises(OutOfTimeError):
        clock.check()
