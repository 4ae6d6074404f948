"""The search: which formula makes the numbers, and which numbers are the same."""

import numpy as np
import pytest

from tinygraph.checks.search import (
    Match,
    Setting,
    bracketings_of,
    call_value,
    distinct_matches,
    is_match,
    is_same_array,
    names_in,
    neat_number,
    ratio_to,
    ratios_of,
    search_formulas,
)
from tinygraph.notation.expressions import Expression

A, B, m, W, lr, n = map(Expression, ("A", "B", "m", "W", "lr", "n"))


def probes(sizes=(7, 11)):
    random = np.random.default_rng(0)
    return [
        {
            "A": random.normal(size=(3, k)),
            "B": random.normal(size=(4, k)),
            "W": random.normal(size=(3, 4)),
            "m": k,
            "lr": 0.1,
            "n": 5,
        }
        for k in sizes
    ]


PROBES = probes()
RIGHT = A @ B.T / m


def setting():
    return Setting([dict(v) for v in PROBES], [A, B, W], [m, 2, n])


def given(code):
    return [eval(code, {"np": np}, dict(v)) for v in PROBES]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("A @ B.T", "A @ B.T"),
        ("-A @ B.T / m", "-(A @ B.T / m)"),
        ("B @ A.T / m", "(A @ B.T / m).T"),
        ("A @ B.T / m / m", "A @ B.T / m / m"),
        ("A @ B.T * m", "A @ B.T * m"),
        ("A @ B.T / n", "A @ B.T / n"),
        ("W", "W"),
        ("A @ B.T / m * 3.7", "A @ B.T / m * 3.7"),
        ("A @ B.T / 209", "A @ B.T / 209"),
        ("A @ B.T * 3.7", None),
        ("A @ B.T / m + 0.3 * W", "A @ B.T / m + 0.3 * W"),
        ("A @ B.T / m - 0.3 * W", "A @ B.T / m - 0.3 * W"),
        ("A @ B.T / m + 0.3 / m * W", None),
        ("A @ B.T / (m * m)", None),
        ("A @ B.T / m * n / 2", None),
        ("A @ B.T / m + W - 2 * W", None),
    ],
)
def test_the_formula_found_makes_the_numbers_and_reads_as_it_was_written(code, text):
    numbers = given(code)
    found = search_formulas([RIGHT], setting(), numbers)

    assert found
    for match in found[:3]:
        for v, expected in zip(PROBES, numbers, strict=True):
            np.testing.assert_allclose(eval(match.text, {"np": np}, dict(v)), expected, rtol=1e-8, atol=1e-12)
    assert text is None or text in [match.text for match in found if match.penalty == found[0].penalty]
    assert [match.penalty for match in found] == sorted(match.penalty for match in found)


def test_what_no_formula_makes_is_not_found():
    numbers = [np.random.default_rng(3).normal(size=(3, 4)) for _ in PROBES]

    assert search_formulas([RIGHT], setting(), numbers) == []


def test_a_number_must_be_the_same_in_every_probe_or_go_with_m():
    numbers = [x * f for x, f in zip(given("A @ B.T / m"), (1.23, 4.56), strict=True)]

    assert search_formulas([RIGHT], setting(), numbers) == []
    assert search_formulas([RIGHT], setting(), given("A @ B.T / m * 1.23"))
    assert search_formulas([RIGHT], setting(), given("A @ B.T / m * 1.23 / m"))


def test_whole_numbers_are_tried_cut_off():
    numbers = [np.trunc(9 * x).astype(int) for x in given("A @ B.T / m")]
    found = search_formulas([RIGHT * 9], setting(), numbers)

    assert found[0].edits[0].kind == "truncate"
    assert "np.trunc" in found[0].text


def test_a_rate_of_ones_own_is_found():
    right = W - lr * (A @ B.T)
    found = search_formulas([right], setting(), given("W - 0.37 * (A @ B.T)"))

    assert found[0].text == "W - 0.37 * (A @ B.T)"


@pytest.mark.parametrize(
    ("value", "given", "same"),
    [
        ([1.0, 2.0], [1.0, 2.0], True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-10], True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-7], False),
        ([1.0, 2.0], [[1.0, 2.0]], False),
        ([1.0, 2.0], [1.0, -2.0], False),
        (None, [1.0], False),
        ([np.nan], [1.0], False),
        ([True, False], [True, False], True),
        ([True, False], [True, True], False),
        (np.zeros(0), np.zeros(0), True),
        (2.0, np.float64(2), True),
    ],
)
def test_the_same_numbers_in_the_same_shape(value, given, same):
    assert is_same_array(None if value is None else np.asarray(value), np.asarray(given)) is same


def test_single_precision_is_judged_as_such_and_a_floor_is_rounding():
    x = np.array([1.0, 2.0])

    assert is_same_array(x * (1 + 1e-6), x.astype(np.float32))
    assert not is_same_array(x * (1 + 1e-6), x)
    assert not is_same_array(x * (1 + 1e-4), x.astype(np.float32))
    assert is_same_array(x + 1e-3, x, floor=2e-3)
    assert not is_same_array(x + 1e-3, x, floor=5e-4)


@pytest.mark.parametrize(
    ("value", "given", "expected"),
    [
        ([1.0, 2.0], [3.0, 6.0], 3.0),
        ([1.0, 2.0], [-0.5, -1.0], -0.5),
        ([1.0, 2.0], [3.0, 5.0], None),
        ([1.0, 2.0], [[3.0, 6.0]], None),
        ([0.0, 0.0], [1.0, 2.0], None),
        ([1.0, 2.0], [0.0, 0.0], None),
        ([np.inf, 1.0], [1.0, 2.0], None),
        (np.zeros(0), np.zeros(0), None),
        (None, [1.0], None),
    ],
)
def test_a_ratio_is_one_number_or_none(value, given, expected):
    found = ratio_to(None if value is None else np.asarray(value), np.asarray(given))

    assert found == (None if expected is None else pytest.approx(expected))


def test_matches_asks_every_probe():
    numbers = given("A @ B.T")

    assert is_match(A @ B.T, setting(), numbers)
    assert not is_match(A @ B.T, setting(), [numbers[0], numbers[1] + 1])
    assert not is_match(A @ B.T, setting(), [numbers[0] + 1, numbers[1]])


def test_an_expression_without_a_value_has_none():
    s = setting()

    assert s.value(A @ A, 0) is None
    assert s.value(Expression("unknown"), 0) is None
    assert s.value(np.exp(Expression("unknown")), 0) is None
    assert s.value(3, 0) == 3
    np.testing.assert_array_equal(s.value(A * 2, 1), PROBES[1]["A"] * 2)


def test_shared_values_are_computed_once_and_others_are_not_kept():
    s = setting()
    shared, other = A * 2, A * 3
    s.share(shared)

    assert s.value(shared, 0) is s.value(shared, 0)
    assert s.value(other, 0) is not s.value(other, 0)
    assert s.value(shared, 0) is not s.value(shared, 1)


def test_a_setting_without_names_has_no_operand_made_from_them():
    s = Setting([dict(v) for v in PROBES], [A, A * B, W, B], [m], 0.5)
    rest = s.without({"A"})

    assert [str(x) for x in rest.operands] == ["W", "B"]
    assert (rest.factors, rest.floor, rest.values) == (s.factors, 0.5, s.values)
    changed = s.assign("A", [1, 2])
    assert [v["A"] for v in changed.values] == [1, 2]
    assert (s.values[0]["A"] == PROBES[0]["A"]).all()
    assert changed.floor == 0.5


def test_names_in_an_expression():
    assert names_in(A @ B.T / m + 2) == {"A", "B", "m"}
    assert names_in(3) == set()


def test_each_formula_is_kept_once_by_its_likeliest_edits():
    found = distinct_matches([Match(A * B, (), 3), Match(A, (), 2), Match(A * B, (), 1), Match(B + A, (), 2)])

    assert [(match.text, match.penalty) for match in found] == [("A * B", 1), ("A", 2), ("B + A", 2)]


def test_a_product_of_three_is_also_grouped_from_the_right():
    assert list(map(str, bracketings_of(A * B * W))) == ["A * B * W", "A * (B * W)"]
    assert list(map(str, bracketings_of(A * B))) == ["A * B"]
    assert list(map(str, bracketings_of(A * (B * W)))) == ["A * (B * W)"]
    assert "np.exp(A * (B * W))" in list(map(str, bracketings_of(np.exp(A * B * W))))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1 / 209, "1 / 209"),
        (0.25, "1 / 4"),
        (0.5, "0.5"),
        (2.0, "2.0"),
        (0.3, "0.3"),
        (-1 / 7, "1 / -7"),
        (1.23, "1.23"),
    ],
)
def test_numbers_are_written_as_people_write_them(number, text):
    assert str(neat_number(number)) == text


def test_ratios_are_those_of_one_or_two_factors():
    found = {str(x): penalty for x, penalty in ratios_of([m, n])}

    assert found["-1"] == 1
    assert found["m"] == found["1 / m"] == found["n"] == 2
    assert found["m / n"] == found["n / m"] == 3
    assert found["1 / (m * n)"] == found["m * n"] == found["m * m"] == found["1 / (n * n)"] == 4
    assert "m / m" not in found
    assert len(found) == 1 + 2 + 2 + 2 + 3 + 3


@pytest.mark.parametrize("error", [AttributeError, TypeError, ZeroDivisionError, RuntimeError, MemoryError])
def test_whatever_a_candidate_raises_it_is_no_formula(error):
    def fail(*args):
        raise error

    assert call_value(fail, (), {}) is None
    assert call_value(np.add, (1, 2), {}) == 3
