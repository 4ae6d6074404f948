"""Long formulas are told by the part in which they differ, short enough to be read."""

import re

import numpy as np
import pytest

from tinygraph.checks.excerpts import TELLABLE, differing_texts, shorten_pair, shorten_text, text_around
from tinygraph.notation.expressions import Expression

A, B, C = map(Expression, ("A", "B", "C"))
LONG = Expression("delta" * 20)


@pytest.mark.parametrize(
    ("made", "right", "texts"),
    [
        (A * B, A + B, ("A * B", "A + B")),
        (LONG * (A * B), LONG * (A + B), ("... (A * B) ...", "... (A + B) ...")),
        ((LONG @ np.tanh(A)).T, (LONG @ np.tanh(B)).T, ("... np.tanh(A) ...", "... np.tanh(B) ...")),
        ((LONG @ A.T).T, (LONG @ A).T, ("... A.T ...", "... A ...")),
    ],
)
def test_the_largest_part_that_is_short_enough_is_told(made, right, texts):
    assert differing_texts(made, right) == texts


@pytest.mark.parametrize(
    ("made", "right"),
    [
        (sum([A, *[B] * 60, C]), sum([A, *[B] * 60, A])),
        (np.sum(LONG * A, axis=0), np.sum(LONG * A, axis=1)),
        (LONG * 2, LONG),
        (LONG * A + LONG * B, LONG * B + LONG * A),
        (A, LONG * A),
    ],
)
def test_other_differences_are_told_in_few_words_too(made, right):
    texts = differing_texts(made, right)

    assert texts[0] != texts[1]
    assert max(map(len, texts)) <= TELLABLE + 8
    assert all(part in str(x) for text, x in zip(texts, (made, right), strict=True) for part in parts(text))


def parts(text):
    return [part for part in re.split(r" ?\.\.\. ?", text) if part]


def test_what_is_short_stays_as_it_is():
    assert shorten_text("x" * TELLABLE) == "x" * TELLABLE
    assert shorten_pair("a + b", "a - b") == ("a + b", "a - b")
    cut = shorten_text("start" + "x" * 200 + "end")
    assert cut.startswith("start")
    assert cut.endswith("end")
    assert len(cut) <= TELLABLE


@pytest.mark.parametrize(
    ("made", "text"),
    [
        ((A @ B) / 2, "(...) / 2"),
        (-(A @ B), "-(...)"),
        ((A @ B).T, "(...).T"),
        (A @ B, ""),
        (A @ B.T, ""),
        (2, ""),
    ],
)
def test_what_is_made_of_all_of_the_right_formula_is_told_around_it(made, text):
    assert text_around(made, "A @ B") == text
