"""Colours that can be read."""

import pytest

from viz.style import PALETTES


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    """The contrast ratio of WCAG 2.2."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_text_has_enough_contrast_on_what_it_stands_on(palette):
    on = [
        (palette.forward, palette.forward_fill),
        (palette.faint, palette.value_fill),
        (palette.backward, palette.backward_fill),
        (palette.backward, palette.wrong_fill),
        (palette.wrong_text, palette.wrong_fill),
        (palette.cache, "#ffffff"),
    ]

    assert [pair for pair in on if contrast(*pair) < 4.5] == []
