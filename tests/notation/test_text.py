"""Names and shapes as text: what users wrote, made harmless and told apart."""

import pytest

from tinygraph.notation.text import clean_text, identifier, name_text, shape_text, subscript, unique_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *(("W1", "W1"), ("", "∅"), ("two\nlines", "two↵lines"), ("a\tb\0", "a�b�"), ("\u202eabc", "�abc")),
        *(("\ud800", "�"), ("\u2028", "�"), ("\u2029", "�"), ("\uffff", "�"), ("Größe", "Größe")),
        *(("a" * 32, "a" * 32), ("a" * 33, "a" * 31 + "…")),
    ],
)
def test_text_draws_as_it_reads(text, shown):
    assert clean_text(text) == shown


def test_text_is_cut_where_it_is_asked_to_be():
    assert clean_text("abcdef", longest=6) == "abcdef"
    assert clean_text("abcdef", longest=5) == "abcd…"
    assert clean_text("ab\n\n\n\n", longest=4) == "ab↵…"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        *(("W1", "W₁"), ("x_2", "x₂"), ("Z1_2", "Z₁₍₂₎"), ("W_out", "W_out"), ("W_out_2", "W_out₂")),
        *(("h", "h"), ("12", "12"), ("a1b2", "a1b₂"), ("dW10", "dW₁₀"), ("a b", "a b"), ("x_", "x_")),
        *(("", "∅"), ("a\n1", "a\n1".replace("\n", "↵")), ("Z_1_2", "Z₁₍₂₎")),
    ],
)
def test_digits_at_the_end_of_a_name_are_a_subscript(name, shown):
    assert name_text(name) == shown


def test_subscripts_and_shapes():
    assert subscript("0123456789") == "₀₁₂₃₄₅₆₇₈₉"
    assert [shape_text(shape) for shape in ((4, 3), (5,), ())] == ["4×3", "5", ""]


def test_identifiers_hold_nothing_that_a_drawing_would_read():
    assert [identifier(text) for text in ("W1", 'a "b"', "a.b", "Größe", "", "<->")] == [
        "W1", "a_b_", "a.b", "Gr_e", "_", "_",
    ]  # fmt: skip


def test_a_text_is_given_once():
    taken = {}

    assert [unique_text(text, taken) for text in ("a", "a", "a.2", "a", "b", "a.2")] == [
        "a", "a.2", "a.2.2", "a.3", "b", "a.2.3",
    ]  # fmt: skip
