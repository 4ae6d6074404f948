"""Names as shown, and names as ids."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygraph.notation.text import clean_text, identifier, name_text, shape_text, unique_text
from viz.text import lines, span, table


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Z1", "Z₁"),
        ("W10", "W₁₀"),
        ("A1_2", "A₁₍₂₎"),
        ("hidden_3", "hidden₃"),
        ("W_out", "W_out"),
        ("1st", "1st"),
        ("", "∅"),
        ("x" * 100, "x" * 31 + "…"),
    ],
)
def test_digits_at_the_end_of_a_name_are_subscripts(name, expected):
    assert expected == name_text(name)


@given(st.text())
def test_clean_text_is_short_and_can_stand_in_xml(text):
    cleaned = clean_text(text)

    assert 1 <= len(cleaned) <= 32
    assert ElementTree.fromstring(f"<a>{span(cleaned)}</a>").text == cleaned.replace("\\", "\\\\")


@given(st.text())
def test_identifiers_need_no_quoting(text):
    assert re.fullmatch(r"[A-Za-z0-9_.]+", identifier(text))


def test_unique_numbers_what_is_taken():
    taken = {}

    assert [unique_text(text, taken) for text in ["a", "a", "a.2", "a"]] == ["a", "a.2", "a.2.2", "a.3"]


def test_shapes():
    assert [shape_text(shape) for shape in [(), (3,), (2, 3, 4)]] == ["", "3", "2×3×4"]


def test_rows_that_are_empty_are_left_out():
    assert table("", "") == table() == ""
    assert table("a", "", "b") == table("a", "b")
    assert table("a", "b").count("<TR>") == 2
    assert lines("a", "", "b") == "a<BR/>b"
    assert 'ALIGN="LEFT"' in table("a", align="LEFT")
