"""Which choices a failure depends on, and a search that does not try them again."""

import ast
import itertools

import numpy as np
import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.conflicts import blamed_choices, search_choices, slice_of


def test_all_combinations_are_tried_in_order_where_none_fails():
    assert list(search_choices([2, 1, 2], lambda c: (tuple(c), None), 99)) == [
        (0, 0, 0), (0, 0, 1), (1, 0, 0), (1, 0, 1)]  # fmt: skip
    assert list(search_choices([], lambda c: ("once", None), 99)) == ["once"]


@pytest.mark.parametrize("blamed", [(0,), (2,), (0, 2), (1, 2), ()])
def test_no_combination_is_tried_that_is_known_to_fail(blamed):
    """Against all combinations: the same are found, and of those alike in what is to blame one is tried."""
    sizes = [2, 3, 2]
    tried = []

    def fails(chosen):
        return all(chosen[i] == 0 for i in blamed)

    def attempt(chosen):
        tried.append(tuple(chosen))
        return (None, frozenset(blamed)) if fails(chosen) else (tuple(chosen), None)

    found = list(search_choices(sizes, attempt, 99))
    good = [c for c in itertools.product(*map(range, sizes)) if not fails(c)]
    assert found == good
    assert len(tried) == len(good) + 1


def test_a_failure_without_a_reason_rules_out_nothing():
    tried = []
    assert list(search_choices([2, 2], lambda c: tried.append(c) or (None, None), 99)) == []
    assert len(tried) == 4


def test_there_is_an_end_of_attempts():
    assert len(list(search_choices([3, 3], lambda c: (c, None), 4))) == 4


CALL = """
def stack(x, w, v, flag, cfg):
    h = x @ w
    notes = []
    notes.append(v)
    if flag:
        h = h + cfg["shift"]
    spare = cfg["spare"] * 2
    for row in notes:
        h = h @ row
    return h
"""


def blamed(text, arguments, variables):
    function = next(iter(program_of(text).functions.values()))
    try:
        function.itself(**arguments)
    except Exception as error:
        chosen = blamed_choices(function, error, variables)
        return None if chosen is None else [variables[i] for i in sorted(chosen)]
    raise AssertionError("it runs")


VARIABLES = [("x", None), ("w", None), ("v", None), ("flag", None), ("cfg", "shift"), ("cfg", "spare")]


def test_a_line_depends_on_what_flows_into_it():
    given = {"x": np.ones((2, 3)), "w": np.ones((3, 2)), "v": np.ones((3, 3)), "flag": True}
    wrong = given | {"w": np.ones((2, 2)), "cfg": {"shift": 1.0, "spare": 1}}
    assert blamed(CALL, wrong, VARIABLES) == [("x", None), ("w", None)]
    late = given | {"cfg": {"shift": 1.0, "spare": 1}}
    assert blamed(CALL, late, VARIABLES) == [
        ("x", None),
        ("w", None),
        ("v", None),
        ("flag", None),
        ("cfg", "shift"),
    ]
    spare = given | {"v": np.ones((2, 2)), "cfg": {"shift": 1.0}}
    assert blamed(CALL, spare, VARIABLES) == [("cfg", "spare")]


def test_a_whole_argument_counts_for_its_entries():
    text = "def f(cfg, x):\n    a, b = unpack(cfg)\n    return x @ a\ndef unpack(cfg):\n    return 1, 2\n"
    assert blamed(text, {"cfg": {}, "x": 3}, [("cfg", "W"), ("x", None)]) == [("cfg", "W"), ("x", None)]


@pytest.mark.parametrize("loop", ["for i in range(n):", "while n:"])
def test_what_a_loop_brings_round_counts_and_what_comes_later_does_not(loop):
    text = f"""
    def f(n, a, b, late):
        h = a
        {loop}
            1 / h
            h = h - b
        b = late
    """
    names = [(n, None) for n in ("n", "a", "b", "late")]
    assert blamed(text, {"n": 3, "a": 1, "b": 1, "late": 0}, names) == names[:3]


def test_only_what_comes_before_a_line_counts_and_no_more_of_a_block_than_its_head():
    text = """
    def f(a, b, c, late):
        with np.errstate(all="ignore"):
            spare = b
            h = a
        if c:
            1 / h
            h = late
    """
    names = [(n, None) for n in ("a", "b", "c", "late")]
    assert blamed(text, {"a": 0, "b": 1, "c": 1, "late": 1}, names) == [names[0], names[2]]


def test_an_attribute_or_an_entry_that_is_set_changes_its_holder():
    text = "def f(box, a, i, c):\n    box[i] = a\n    c.w = box\n    unused = i\n    return 1 / c.w[0]\n"
    node = ast.parse(text).body[0]
    assert {n for n, _ in slice_of(node, 5)} == {"c", "box", "i", "a"}


def test_a_failure_elsewhere_blames_nobody():
    function = next(iter(program_of("def f(x):\n    return x\n").functions.values()))
    assert blamed_choices(function, ValueError("elsewhere"), [("x", None)]) is None


def test_a_search_goes_back_to_the_choice_that_matters():
    tried = []

    def attempt(chosen):
        tried.append(tuple(chosen))
        return (tuple(chosen), None) if chosen[0] == 2 else (None, frozenset({0}))

    assert next(search_choices([3, *[4] * 20], attempt, 50)) == (2, *[0] * 20)
    assert len(tried) == 3


def test_failures_that_depend_on_two_choices_hide_no_success():
    def attempt(chosen):
        a, b, c = chosen
        if a == b:
            return None, frozenset({0, 1})
        return (None, frozenset({1, 2})) if b >= c else ((a, b, c), None)

    found = list(search_choices([3, 3, 3], attempt, 99))
    assert found == [(a, b, c) for a in range(3) for b in range(3) for c in range(3) if a != b < c]


def test_what_fails_whatever_is_chosen_is_tried_once():
    assert list(search_choices([2, 2], lambda chosen: (None, frozenset()), 99)) == []


def test_the_names_that_flow_into_a_line():
    function = program_of("""
    def f(a, b, c):
        d = a + 1
        e = [d for a in b]
        return e
    """).functions["f"]

    found = {
        name[0] if isinstance(name, tuple) else str(name)
        for name in slice_of(function.node, function.line + 1)
    }

    assert "a" in found
    assert found.isdisjoint({"b", "c", "e"})
