"""Every sort of slip that is mended has its reason, and the names that were exchanged are in it."""

import ast
import inspect

import pytest

from tinygraph.debugger import rewrites
from tinygraph.debugger.reasons import hint_for, reason_for


def kinds_in_rewrites():
    """The names of the sorts, as the changes are made."""
    tree = ast.parse(inspect.getsource(rewrites))
    for node in ast.walk(tree):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            first = node.value.elts[0]
            for part in ast.walk(first) if isinstance(first, ast.IfExp) else [first]:
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value
        if isinstance(node, ast.Call) and len(node.args) > 3:
            yield from (
                a.value
                for a in node.args[:2]
                if isinstance(a, ast.Constant) and isinstance(a.value, str) and " " in a.value
            )


KINDS = sorted(set(kinds_in_rewrites()))


def test_the_sorts_are_found():
    assert {"a sign", "an axis", "keepdims", "a loop", "a missing statement"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_sort_has_a_reason(kind):
    reason = reason_for(kind, "", "", "a = b", "a = c")
    assert reason.endswith(".")
    assert reason[0].isupper()
    assert hint_for(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hint_has_nothing_of_the_fix(kind):
    assert "NEW" not in hint_for(kind)
    assert hint_for(kind) not in reason_for(kind, "OLD", "NEW", "a = b", "a = c")


def test_names_that_were_exchanged_are_said():
    assert reason_for("a name", "A1", "A2", "dW = dZ @ A1.T", "dW = dZ @ A2.T") == "A2 belongs here, not A1."


@pytest.mark.parametrize(
    "kind", ["a term or factor too many", "an exponent", "a constant", "a factor", "a sign"]
)
def test_what_was_computed_and_what_the_derivative_has_are_said(kind):
    said = reason_for(kind, "2 * W", "W", "dW = 2 * W", "dW = W")
    assert said.startswith("You have 2 * W here; the derivative has W.")


def test_results_in_another_order_are_said():
    said = reason_for("an order", "(a, b)", "(b, a)", "    return a, b", "    return b, a")
    assert said == "Results go out in the order in which the arguments came in."
    within = reason_for("an order", "a - b", "b - a", "    return a - b, c", "    return b - a, c")
    assert within == "b - a belongs here, not a - b. The order matters here."


def test_a_learning_rate_that_is_missing_is_no_derivative():
    said = reason_for("a factor", "dW", "lr * dW", "W -= dW", "W -= lr * dW")
    assert said == "You have dW here; it should be lr * dW: every step is as long as the learning rate says."


def test_a_mask_of_the_wrong_array_is_said():
    said = reason_for("a name", "dA", "Z", "dZ[dA <= 0] = 0", "dZ[Z <= 0] = 0")
    assert said.startswith("The mask asks whether Z was positive going forward, not whether dA is")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("    dh = x", "    dh += x", "Several derivatives meet here, and they add up."),
        ("    dh += x", "    dh = x", "The derivative is this value alone, not added to what was there."),
        (
            "    dh = x + y",
            "    dh = x - y",
            "You have + here; the derivative has -.",
        ),
    ],
)
def test_sums_that_meet(before, after, said):
    assert reason_for("an operator", "", "", before, after) == said


def test_an_unknown_sort_says_nothing():
    assert reason_for("something else", "", "", "", "") == ""


def test_of_operators_only_they_are_told_and_of_loops_where_a_line_belongs():
    told = reason_for(
        "an operator", "w / (a - b)", "w * (a - b)", "    return w / (a - b)", "    return w * (a - b)"
    )
    assert told == "You have / here; the derivative has *."
    assert "indent" in reason_for("a loop", "", "", "    db = da.sum(axis=0)", "        db = da.sum(axis=0)")
    assert "behind" in reason_for("a loop", "", "", "        db = da.sum(axis=0)", "    db = da.sum(axis=0)")
