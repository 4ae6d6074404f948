"""A page as text; what it does in a browser is in tests/browser."""

import re

import viz
from tests.viz.graphs import three_layers


def test_the_pictures_in_a_page_are_bare():
    html = viz.page(three_layers()).html

    assert html.count("<!DOCTYPE") == 1
    assert "<?xml" not in html
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        assert "<style" not in svg


def test_a_page_counts_the_leaves_that_want_a_derivative():
    assert "10 operations, 6 parameters" in viz.page(three_layers()).html
