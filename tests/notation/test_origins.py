"""Where a value comes from, read off the source."""

import math
import sys

import numpy as np
import pytest

from tinygraph.notation.origins import callee_of, is_behind, sites_from, words_behind


class Probe:
    """Notes the frame that asks for its number, or that adds to it."""

    def __float__(self):
        self.seen = callee_of(sys._getframe(1))
        return 1.0

    def __mul__(self, other):
        frame = sys._getframe(1)
        self.used = frame.f_code, frame.f_lasti
        return self

    __rmul__ = __mul__

    def take(self):
        """A number whose sites are kept."""
        self.sites = sites_from(sys._getframe(1))
        return 1.0


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda p: math.exp(p), ("math.exp", math.exp)),
        (lambda p: float(p), ("float", float)),
        (lambda p: np.random.default_rng(1).uniform(p), (".uniform", None)),
        (lambda p: list(map(float, [p])), ("list", list)),
    ],
)
def test_what_is_called(call, expected):
    probe = Probe()
    call(probe)
    if hasattr(probe, "seen"):
        assert probe.seen == expected


def direct(p):
    return p * p.take()


def through_names(p):
    a = p.take()
    b, c = a + 1, 2
    return p * (b + c)


def through_tests_only(p):
    a = p.take()
    return p * (1.0 if a > 0 else 2.0)


def through_another_function(p):
    return p * (2 * inner(p))


def inner(p):
    found = [p.take()]
    return sum(found)


def assigned_later(p):
    a = 1.0
    p = p * a
    a = p.take()
    return p


def not_at_all(p):
    a = p.take()
    assert a
    return p * 3.0


@pytest.mark.parametrize(
    ("use", "expected", "deep"),
    [
        (direct, True, True),
        (through_names, True, True),
        (through_another_function, True, True),
        (through_tests_only, False, True),
        (assigned_later, False, False),
        (not_at_all, False, False),
    ],
)
def test_what_an_expression_is_computed_from(use, expected, deep):
    probe = Probe()
    use(probe)

    for _ in range(2):  # the second time from memory
        assert is_behind(probe.sites, *probe.used) == expected
        assert is_behind(probe.sites, *probe.used, deep=True) == deep


def test_words():
    probe, d = Probe(), {"dW1": 1.0}
    slope = 0.5 * d["dW1"]
    probe * slope
    assert {"probe", "slope", "d", "dW1"} <= words_behind(*probe.used)

    namespace = {"p": probe}
    exec(compile("p * p.grad if False else p * 2", "<no source>", "exec"), namespace)
    assert words_behind(*probe.used) == {"p", "grad"}
