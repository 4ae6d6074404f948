"""What stands on the nodes: names, symbols with the numbers that enter, marks and their legend."""

import re

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.graph.reading import read_graph
from viz import labels
from viz.picture import Picture
from viz.style import PALETTES

x = tg.parameter(np.array([[0.1, 0.2], [0.3, 0.4]]), name="x")
LECTURE = PALETTES["lecture"]


def picture():
    return Picture(LECTURE, "right", None)


def plain(markup):
    """Markup as text, with a bar for a new line."""
    return re.sub(r"<[^>]*>", "", markup.replace("<BR/>", "|"))


def calls(J):
    return read_graph([J]).calls


def quantities(J):
    return {q.name or q.id: q for q in read_graph([J]).quantities}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: x + 1, "+ 1"),
        (lambda: 1 - x, "1 −"),
        (lambda: x - 1, "− 1"),
        (lambda: x / 3, "/ 3"),
        (lambda: 2.5 * x, "2.5 *"),
        (lambda: x**2, "** 2"),
        (lambda: 2**x, "2 **"),
        (lambda: x * (1 / 3), "* 0.3333"),
        (lambda: x * np.float32(0.5), "* 0.5"),
        (lambda: x + x, "+"),
        (lambda: np.maximum(x, 0), "max(·, 0)"),
        (lambda: np.clip(x, 0, 0.25), "clip(·, 0, 0.25)"),
        (lambda: np.exp(x), "exp"),
        (lambda: x @ x, "@"),
    ],
)
def test_an_operation_is_shown_by_its_symbol_with_its_numbers(make, expected):
    [call] = calls(make())

    assert labels.call_symbol(call) == expected


def test_numbers_in_symbols_are_short():
    assert [labels.number_text(n) for n in (2, 0.123456, 1e-10, np.float64(0.5))] == [
        "2",
        "0.1235",
        "1e-10",
        "0.5",
    ]
    assert labels.number_text(True) == "True"
    assert labels.number_text("a" * 20) == "a" * 11 + "…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exp", "exp"),
        ("leaky-relu", "leaky-relu"),
        ("binary-cross", "binary-|cross"),
        ("cross-entropy-loss", "cross-|entropy-loss"),
        ("−12345678901234", "−12345678901234"),
        ("-12345678901234", "-12345678901234"),
    ],
)
def test_a_long_symbol_is_broken_after_its_first_dash(text, expected):
    assert plain(labels.break_label(text)) == expected


def test_a_quantity_is_its_name_with_its_shape_below():
    q = quantities(np.sum(x))
    found = labels.quantity_label(picture(), q["x"])

    assert plain(found) == "x|2×2"
    assert f'COLOR="{LECTURE.faint}"' in found
    assert 'POINT-SIZE="9"' in found
    assert plain(labels.quantity_label(picture(), q["J"])) == "J"
    nameless = quantities(np.sum(x @ np.ones((2, 3))))["constant"]
    assert plain(labels.quantity_label(picture(), nameless)) == "2×3"
    assert plain(labels.name_span(nameless)) == "·"


def test_a_nameless_number_is_a_dot():
    found = quantities(x * tg.parameter(2.0))
    [number] = [q for q in found.values() if q.name is None]

    assert plain(labels.quantity_label(picture(), number)) == "·"
    assert labels.shape_span(picture(), number) == ""


def test_derivatives_that_meet_are_marked_and_the_seed_is_one():
    q = quantities(np.sum(x * x + x))
    shown = picture()

    assert plain(labels.twin_label(shown, q["x"])) == "⊕ dx"
    assert "⊕" in shown.marks
    assert plain(labels.twin_label(picture(), q["J"])) == "dJ = 1"
    alone = picture()
    assert plain(labels.twin_label(alone, quantities(np.sum(x))["x"])) == "dx"
    assert alone.marks == {}
    assert (
        plain(labels.twin_label(picture(), quantities(np.sum(tg.parameter(np.ones(2))))["constant"])) == "d·"
    )


def test_only_a_number_at_the_end_is_a_seed_of_one():
    assert not labels.is_seed(quantities(np.exp(x))["J"])
    assert labels.is_seed(quantities(np.sum(x))["J"])
    assert not labels.is_seed(quantities(np.sum(x))["x"])
    J = np.sum(x)
    first, second = read_graph([J, J * 2]).outputs
    assert not labels.is_seed(first)
    assert labels.is_seed(second)


def test_a_verdict_marks_the_derivative_and_the_legend():
    q = quantities(np.sum(np.exp(x)))["x"]
    for verdict, sign in (("wrong", "dx ✗"), ("doubt", "dx ?")):
        shown = picture()
        shown.verdicts = {q.id: verdict}
        found = labels.mark_doubt(shown, q, "dx")

        assert plain(found) == sign
        assert list(shown.marks) == [verdict]
        assert (LECTURE.wrong_text in found) == (verdict == "wrong") == ("<B>" in found)
    shown = picture()
    assert plain(labels.mark_doubt(shown, q, "dx")) == "dx"
    assert shown.marks == {}


def test_the_rule_of_a_stretched_input_sums():
    row = tg.parameter(np.ones((1, 2)), name="row")
    stretched, plain_rule = picture(), picture()

    assert plain(labels.rule_label(stretched, calls(x + row)[0])) == "+′ Σ"
    assert set(stretched.marks) == {"′", "Σ"}
    assert plain(labels.rule_label(plain_rule, calls(np.exp(x))[0])) == "exp′"
    assert set(plain_rule.marks) == {"′"}


def test_a_tooltip_holds_the_definition_and_the_settings():
    [call] = calls(np.sum(x, axis=1))

    assert labels.call_tooltip(call).startswith("sum: ")
    assert labels.call_tooltip(call).endswith("; axis=1")
    assert ";" not in labels.call_tooltip(calls(np.exp(x))[0])
