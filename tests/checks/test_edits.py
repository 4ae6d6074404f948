"""Single edits: what NumPy computes from each, and that none is missing or far-fetched without need."""

import numpy as np
import pytest

from tinygraph.checks import edits
from tinygraph.checks.edits import (
    change_everywhere,
    positions_in,
    rename_operand,
    single_edits,
    truncate_formula,
)
from tinygraph.notation.expressions import Expression

A, B, m, dZ, Y, lr = map(Expression, ("A", "B", "m", "dZ", "Y", "lr"))


def texts(expression, operands=(), factors=()):
    """The edited formulas, each with the kinds and the least penalty that lead there."""
    found = {}
    for edit in single_edits(expression, operands, factors):
        kinds, penalty = found.get(str(edit.expression), (set(), 99))
        found[str(edit.expression)] = kinds | {edit.kind}, min(penalty, edit.penalty)
    return found


SUM = np.sum(dZ, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("expression", "operands", "factors", "edited", "kind", "penalty"),
    [
        (A * B, (), (), "A", "drop", 0),
        (A * B, (), (), "B", "drop", 0),
        (A / 2, (), (), "2", "drop", 2),
        (np.exp(A * B), (), (), "np.exp(A)", "drop", 0),
        (np.exp(A) * B, (), (), "A", "drop", 1),
        (A * B, (), (), "-(A * B)", "sign", 1),
        (A * B, (), (), "-A * B", "sign", 1),
        (A @ B, (), (), "A.T @ B", "transpose", 1),
        (A @ B, (), (), "(A @ B).T", "transpose", 1),
        (A * B, (), (), "A @ B", "swap", 1),
        (A * B, (), (), "A + B", "swap", 1),
        (A - B, (), (), "B - A", "swap", 1),
        (A / B, (), (), "np.floor_divide(A, B)", "swap", 1),
        (A * B, (), (), "A.T @ B", "swap", 1),
        (A * B, (), (), "B @ A", "swap", 2),
        (A * B, (), (), "np.maximum(A, 0)", "mask", 1),
        (A > 0, (), (), "A >= 0", "compare", 0),
        (A > 0, (), (), "A < 0", "compare", 0),
        (SUM, (), (), "np.sum(dZ, axis=0, keepdims=True)", "axis", 0),
        (SUM, (), (), "np.sum(dZ, axis=1)", "keepdims", 0),
        (SUM, (), (), "np.sum(dZ)", "axis", 0),
        (SUM, (), (), "np.sum(dZ, keepdims=True)", "axis", 0),
        (SUM, (), (), "np.mean(dZ, axis=1, keepdims=True)", "mean", 1),
        (SUM, (), (), "np.max(dZ, axis=0)", "mean", 2),
        (SUM / m, (), (), "np.mean(dZ, axis=1)", "mean", 1),
        (A * 2, (), (), "A * 3", "replace", 2),
        (A * 2, (), (), "A * 0", "replace", 2),
        (A * 2, (), (), "A * -2", "replace", 2),
        (A * B, (Y,), (), "A * Y", "replace", 1),
        (A * B, (Y * Y,), (), "A * (Y * Y)", "replace", 2),
        (A * B, (Y * Y,), (), "Y * Y", "replace", 3),
        (A / m, (), (lr, m), "A / lr", "replace", 0),
        (A / B, (), (lr,), "A / lr", "replace", 2),
        (A, (), (m,), "A * m", "times", 1),
        (A, (), (Expression("A1.shape[0]"),), "A * A1.shape[0]", "times", 2),
        (A, (), (m,), "A / m", "over", 1),
        (A, (), (2,), "A / 2", "over", 2),
        (A, (Y,), (), "A * Y", "times", 3),
        (A, (Y,), (), "A / Y", "over", 4),
        (A, (Y,), (), "A + Y", "plus", 4),
        (A, (Y,), (), "A - Y", "plus", 4),
        (A * A, (Y,), (), "Y * Y", "replace", 2),
        (A * B * Y, (), (), "A + B + Y", "swap", 2),
    ],
)
def test_an_edit_is_there_with_its_kind_and_how_far_fetched_it_is(
    expression, operands, factors, edited, kind, penalty
):
    found = texts(expression, operands, factors)

    assert kind in found[edited][0]
    assert found[edited][1] == penalty


VALUES = {
    "A": np.array([[1.0, -2.0], [3.0, 4.0]]),
    "B": np.array([[0.5, 1.5], [-1.0, 2.0]]),
    "dZ": np.array([[2.0, 1.0], [0.0, -1.0]]),
    "Y": np.array([[1.0, 0.0], [2.0, 1.0]]),
    "m": np.array(2),
    "lr": np.array(0.1),
}
VALUES |= {f"{name}.T.shape": VALUES[name].T.shape for name in ("A", "B", "dZ", "Y")}


def value_of(x):
    """The value of an expression, by its own calls."""
    if not isinstance(x, Expression):
        return x
    if x.function is None:
        return VALUES[x.name]
    return x.function(*map(value_of, x.args), **x.settings)


@pytest.mark.parametrize("expression", [A * B, A @ B.T / m, SUM / m, A * (B > 0), 1 - A**2, A - lr * B])
def test_the_text_of_an_edit_computes_what_its_calls_do(expression):
    for edit in single_edits(expression, [Y, Y * Y], [m, 2, lr]):
        with np.errstate(all="ignore"):
            try:
                expected = value_of(edit.expression)
            except (ValueError, TypeError):
                continue
            np.testing.assert_array_equal(eval(str(edit.expression), {"np": np}, VALUES), expected)


@pytest.mark.parametrize("expression", [A * B, SUM / m, A > 0, A / 2])
def test_an_edit_says_what_stood_there_and_what_stands_there_now(expression):
    for edit in single_edits(expression, [Y], [m]):
        assert str(edit.expression) != str(expression) or str(edit.before) == str(edit.after)
        put = [put for part, put in positions_in(expression) if part is edit.before]
        if edit.before is not expression and put:
            assert any(str(p(edit.after)) == str(edit.expression) for p in put)


def test_no_edit_replaces_a_part_by_itself():
    for edit in single_edits(A / m, [A, Y], [m, 2]):
        assert edit.kind != "replace" or str(edit.before) != str(edit.after)
    for edit in single_edits(A * 2, [], []):
        assert edit.kind != "replace" or str(edit.after) != "2"


def test_positions_are_all_parts_and_put_leaves_the_rest():
    found = {str(part): put for part, put in positions_in(np.exp(A * 2) + B)}

    assert list(found) == ["np.exp(A * 2) + B", "np.exp(A * 2)", "A * 2", "A", "2", "B"]
    assert str(found["A"](Y)) == "np.exp(Y * 2) + B"
    assert str(found["2"](3)) == "np.exp(A * 3) + B"
    assert str(found["B"](Y)) == "np.exp(A * 2) + Y"
    settings = {str(part): put for part, put in positions_in(SUM)}
    assert str(settings["dZ"](A)) == "np.sum(A, axis=1, keepdims=True)"


def test_all_parts_change_the_innermost_first():
    def doubled(x):
        return x * 2 if isinstance(x, Expression) and x.function is None else x

    assert str(change_everywhere(A + np.sum(A, axis=1), doubled)) == "A * 2 + np.sum(A * 2, axis=1)"
    assert change_everywhere(3, doubled) == 3
    assert str(change_everywhere(A * B, lambda x: rename_operand("A", Y, x))) == "Y * B"


def test_what_an_array_of_integers_keeps():
    edit = truncate_formula(A / m, 1)

    assert (str(edit.expression), edit.kind, edit.penalty) == ("np.trunc(A / m)", "truncate", 1)
    assert (str(edit.before), str(edit.after)) == ("A / m", "np.trunc(A / m)")


def test_repeated_names_and_operators_change_together():
    found = texts(A * B + A, (Y,))

    assert "Y * B + Y" in found
    assert "A * Y + A" in found
    assert not any(text.startswith("Y * Y") for text in found)
    assert edits.nearness_of(A, B) == 1
    assert edits.nearness_of(A, B * B) == edits.nearness_of(A * A, B) == 2
    assert edits.nearness_of(A * A, B * B) == 3


def test_one_count_is_easily_taken_for_another_and_not_a_number_for_one():
    n = Expression("n1")

    assert [(str(x), penalty) for x, _, penalty in edits.replace_part(m, [], [m, n, 2])] == [
        ("n1", 0),
        ("2", 2),
    ]
    assert [(str(x), penalty) for x, _, penalty in edits.replace_part(2, [], [m, 2])] == [("m", 2)]
