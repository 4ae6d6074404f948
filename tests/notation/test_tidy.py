"""Formulas made short: the text that is expected, and the numbers that were there before."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygraph.notation.expressions import bare
from tinygraph.notation.symbols import One, Symbol
from tinygraph.notation.tidy import number_of, scale_formula, tidy_formula, without_factor
from tinygraph.rules import kernels as k

x, y = Symbol((2, 3), float, "x"), Symbol((2, 3), float, "y")
s, m = Symbol((), float, "s"), Symbol((), float, "m")
column, row = Symbol((2, 1), float, "c"), Symbol((1, 3), float, "r")
one, ones = One((), float, "1"), One((2, 3), float, "1")
rng = np.random.default_rng(0)
VALUES = {
    **{name: rng.uniform(0.5, 2, (2, 3)) for name in "xy"},
    **dict(zip("smcr", (1.5, 4.0, rng.normal(size=(2, 1)), rng.normal(size=(1, 3))), strict=True)),
}

SHORT = {
    "factor one": (lambda: x * one, "x"),
    "ones": (lambda: ones * x, "x"),
    "a number": (lambda: x * 3, "3 * x"),
    "numbers meet": (lambda: 2 * (3 * x), "6 * x"),
    "numbers on both sides": (lambda: (2 * x) * (3 * y), "6 * (x * y)"),
    "numbers cancel": (lambda: (2 * x) / 2, "x"),
    "a half": (lambda: x * 0.5, "0.5 * x"),
    "a part": (lambda: x * (one / 4), "x / 4"),
    "a ratio": (lambda: 2 * x / 3, "2 * x / 3"),
    "a ratio that shortens": (lambda: 2 * x / 4, "x / 2"),
    "minus one": (lambda: x * -1, "-x"),
    "a negative number": (lambda: x * -3, "-(3 * x)"),
    "twice negative": (lambda: np.negative(-x), "x"),
    "a negative factor of a negative": (lambda: -(x * -3), "3 * x"),
    "product of negatives": (lambda: (-x) * (-y), "x * y"),
    "negative and product": (lambda: (-x) * y, "-(x * y)"),
    "rounding of numbers": (lambda: (x * 0.1) * 3, "0.3 * x"),
    "an irrational number": (lambda: x * np.pi, "3.141592653589793 * x"),
    "difference turned": (lambda: -(x - y), "y - x"),
    "difference of another shape": (lambda: -(x - s), "-(x - s)"),
    "difference with a number": (lambda: -(1 - x), "-(1 - x)"),
    "sum with a negative": (lambda: x + -y, "x - y"),
    "number and a negative": (lambda: 1 + -x, "1 + -x"),
    "quotient": (lambda: x / y, "x / y"),
    "one over": (lambda: 1 / x, "1 / x"),
    "two over": (lambda: 2 / x, "2 * (1 / x)"),
    "a number in a quotient": (lambda: (2 * x) / y, "2 * (x / y)"),
    "reciprocal": (lambda: np.reciprocal(x), "1 / x"),
    "by a repeated number": (lambda: x / np.broadcast_to(one * 4, (2, 3)), "x / 4"),
    "repeated": (lambda: np.broadcast_to(s, (2, 3)) * x, "s * x"),
    "repeated on the right": (lambda: x * np.broadcast_to(row, (2, 3)), "x * r"),
    "repeated column": (lambda: np.broadcast_to(column, (2, 3)) + x, "c + x"),
    "repeated in a difference": (lambda: x - np.broadcast_to(s, (2, 3)), "x - s"),
    "repeated in a quotient": (lambda: np.broadcast_to(s, (2, 3)) / x, "s / x"),
    "shaped and repeated": (lambda: np.broadcast_to(np.reshape(s, (1, 1)), (2, 3)) * x, "s * x"),
    "repeated twice stays once": (
        lambda: np.broadcast_to(s, (2, 3)) * np.broadcast_to(m, (2, 3)),
        "s * np.broadcast_to(m, (2, 3))",
    ),
    "repeated beside a column": (
        lambda: np.broadcast_to(s, (2, 3)) * column,
        "np.broadcast_to(s, (2, 3)) * c",
    ),
    "repeated ones": (lambda: np.broadcast_to(one, (2, 3)), "np.ones((2, 3))"),
    "repeated ones in a product": (lambda: np.broadcast_to(one, (2, 3)) * x, "x"),
    "column times ones stays": (lambda: column * ones, "c * np.ones((2, 3))"),
    "sum of ones": (lambda: np.sum(ones), "6"),
    "sum of ones over an axis": (lambda: np.sum(ones, axis=0), "np.broadcast_to(2, (3,))"),
    "sum of a number": (lambda: np.sum(np.broadcast_to(one / 4, (2, 3))), "3 / 2"),
    "sum of symbols": (lambda: np.sum(x), "np.sum(x)"),
    "sum by its ufunc": (lambda: np.add.reduce(x, axis=0, keepdims=False), "np.sum(x, axis=0)"),
    "maximum by its ufunc": (lambda: np.maximum.reduce(x, axis=0), "np.max(x, axis=0)"),
    "kept axes lost again": (
        lambda: np.reshape(np.sum(x, axis=(1,), keepdims=True), (2,)),
        "np.sum(x, axis=1)",
    ),
    "kept axes of a mean": (lambda: np.reshape(np.mean(x, keepdims=True), ()), "np.mean(x)"),
    "kept axes in another shape": (
        lambda: np.reshape(np.sum(x, axis=(1,), keepdims=True), (1, 2)),
        "np.reshape(np.sum(x, axis=1, keepdims=True), (1, 2))",
    ),
    "lost axes": (lambda: np.reshape(np.sum(x, axis=(1,)), (2, 1)), "np.reshape(np.sum(x, axis=1), (2, 1))"),
    "kept axes of a product": (
        lambda: np.reshape(np.prod(x, axis=1, keepdims=True), (2,)),
        "np.reshape(np.prod(x, axis=1, keepdims=True), (2,))",
    ),
    "reshape to the same": (lambda: np.reshape(x, (2, 3)), "x"),
    "reshape and back": (lambda: np.reshape(np.reshape(x, (6,)), (2, 3)), "x"),
    "two reshapes": (lambda: np.reshape(np.reshape(x, (6,)), (3, 2)), "np.reshape(x, (3, 2))"),
    "reshape of ones": (lambda: np.reshape(ones, (6,)), "np.ones((6,))"),
    "inside of a call": (lambda: np.tanh(2 * (x * one)), "np.tanh(2 * x)"),
    "inside of a list": (lambda: np.concatenate([x * one, y]), "np.concatenate([x, y])"),
}


def value_of(expression):
    plain = bare(expression)
    return plain.evaluate(VALUES) if hasattr(plain, "evaluate") else plain


@pytest.mark.parametrize(("make", "expected"), SHORT.values(), ids=SHORT)
def test_a_formula_is_short_and_gives_the_same(make, expected):
    long = make()
    short = tidy_formula(long)

    assert str(short) == expected
    np.testing.assert_allclose(np.broadcast_to(value_of(short), long.shape), value_of(long), rtol=1e-15)


def test_parts_that_are_shared_stay_shared():
    part = np.tanh(x * one)
    short = tidy_formula(part * part)

    assert short.args[0] is short.args[1]


MOVES = {
    "product": lambda a, b: a * b,
    "quotient": lambda a, b: a / b if isinstance(b, Symbol) or b else a,
    "sum": lambda a, b: a + b,
    "difference": lambda a, b: a - b,
    "negative": lambda a, b: -a,
}
LEAVES = [x, y, s, column, row, one, ones, 2, 3, -1, 0.5, 4.0]


def expressions():
    leaves = st.sampled_from(LEAVES)
    moves = st.sampled_from(list(MOVES.values()))
    return st.recursive(
        leaves, lambda e: st.tuples(moves, e, e).map(lambda p: p[0](p[1], p[2])), max_leaves=7
    )


@given(expressions())
def test_any_formula_gives_the_same_numbers(expression):
    with np.errstate(all="ignore"):
        expected = value_of(expression)
        if not isinstance(expression, Symbol) or not np.all(np.isfinite(expected)):
            return
        found = value_of(tidy_formula(expression))
    np.testing.assert_allclose(np.broadcast_to(found, expression.shape), expected, rtol=1e-9, atol=1e-9)


NUMBERS = [
    (2, 2), (0.5, 0.5), (2.0, 2), (one, 1), (ones, 1), (-one, -1), (one + 2, 3), (one - 3, -2), (3 * one, 3),
    (one / 4, Fraction(1, 4)), (np.broadcast_to(one / 3, (2, 3)), Fraction(1, 3)),
    (np.reshape(ones, (6,)), 1), (ones.astype("float32"), 1), (0.3 * one, 0.3), (x, None), (one * x, None),
    (np.sum(ones), None),
    (True, None), ("text", None), (None, None), (np.positive(one), 1), (one / (one - 1), None),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), NUMBERS)
def test_the_number_that_an_expression_is(expression, expected):
    assert number_of(expression) == expected
    assert isinstance(number_of(expression), type(None) if expected is None else (Fraction, float))
    assert isinstance(number_of(expression), float) == (expected in (0.5, 0.3))


@pytest.mark.parametrize("number", [np.inf, np.nan])
def test_what_is_no_finite_number_stays_a_float(number):
    assert isinstance(number_of(number), float)


SCALED = {
    "part": (lambda: x / 4, 4, "x"),
    "part of another number": (lambda: x / 8, 4, "x / 2"),
    "whole": (lambda: x * 2, 4, None),
    "nothing to take": (lambda: x, 4, None),
    "a float": (lambda: x * 0.3, 4, None),
    "sum": (lambda: x / 4 + y / 4, 4, "x + y"),
    "difference": (lambda: x / 4 - y / 2, 4, "x - 2 * y"),
    "sum of which one has the factor": (lambda: x / 4 + y, 4, None),
    "sum of which the other has": (lambda: x + y / 4, 4, None),
    "negative": (lambda: -(x / 4), 4, "-x"),
    "transposed": (lambda: np.transpose(x / 4), 4, "x.T"),
    "reshaped": (lambda: np.reshape(x / 4, (6,)), 4, "np.reshape(x, (6,))"),
    "transposed without": (lambda: np.transpose(x), 4, None),
    "a number": (lambda: one / 4, 4, "1"),
    "numbers": (lambda: np.broadcast_to(one / 8, (2, 3)), 4, "np.broadcast_to(1 / 2, (2, 3))"),
    "a whole number": (lambda: one * 2, 4, None),
}


@pytest.mark.parametrize(("make", "factor", "expected"), SCALED.values(), ids=SCALED)
def test_times_m_where_that_takes_something_away(make, factor, expected):
    found = scale_formula(tidy_formula(make()), factor)

    assert (found if found is None else str(found)) == expected
    if found is not None:
        np.testing.assert_allclose(
            np.broadcast_to(value_of(found), make().shape), factor * value_of(make()), rtol=1e-15
        )


WITHOUT = {
    "product": (lambda: s * x, "x"),
    "the other side": (lambda: x * s, "x"),
    "of a product": (lambda: (x * s) * y, "x * y"),
    "in the second factor": (lambda: y * (x * s), "y * x"),
    "quotient": (lambda: (s * x) / y, "x / y"),
    "below": (lambda: x / s, None),
    "in a product below": (lambda: x / (s * y), None),
    "below and above": (lambda: (x * s) / s, "x / s"),
    "negative": (lambda: -(s * x), "-x"),
    "sum": (lambda: s + x, None),
    "another name": (lambda: m * x, None),
    "a name": (lambda: s, None),
    "a number": (lambda: 3, None),
    "inside of a call": (lambda: np.tanh(s * x), None),
}


@pytest.mark.parametrize(("make", "expected"), WITHOUT.values(), ids=WITHOUT)
def test_without_a_factor(make, expected):
    found = without_factor(make(), "s")

    assert (found if found is None else str(found)) == expected


def test_a_cast_of_ones_is_a_number():
    assert number_of(k.cast_to(ones, dtype=np.dtype("float32"))) == 1
