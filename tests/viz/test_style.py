"""Colours that can be read."""

import re
from dataclasses import fields
from importlib.resources import files

import pytest

import viz
from tests.viz.graphs import VIEWS, three_layers
from viz.style import DARK, PALETTES


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    """The contrast ratio of WCAG 2.2."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def pairs(palette):
    """Each text colour of a palette with the grounds that it stands on."""
    white = "#ffffff"
    return [
        (palette.forward, palette.forward_fill),
        (palette.forward, palette.forward_ground),
        (palette.faint, palette.value_fill),
        (palette.faint, white),
        (palette.backward, palette.backward_fill),
        (palette.backward, palette.backward_ground),
        (palette.backward, palette.wrong_fill),
        (palette.wrong_text, palette.wrong_fill),
        (palette.wrong_text, white),
        (palette.cache, white),
    ]


def dark(color):
    return DARK["white" if color == "#ffffff" else color]


each_palette = pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)


@each_palette
def test_text_has_enough_contrast_on_what_it_stands_on(palette):
    assert [pair for pair in pairs(palette) if contrast(*pair) < 4.5] == []


@each_palette
def test_text_has_enough_contrast_in_the_dark(palette):
    assert [pair for pair in pairs(palette) if contrast(*map(dark, pair)) < 4.5] == []


@each_palette
def test_every_colour_has_a_dark_one(palette):
    assert {getattr(palette, field.name) for field in fields(palette)} <= DARK.keys()


@pytest.mark.parametrize("view", VIEWS)
def test_every_colour_of_a_picture_has_a_dark_one(view):
    svg = viz.draw(three_layers(), view=view, **({"values": True} if view == "compact" else {})).svg
    used = set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg))

    assert used - {"none", "transparent"} <= DARK.keys()


@each_palette
def test_text_can_be_read_on_what_lights_up_in_a_page(palette):
    css = files("viz.pages").joinpath("page.css").read_text(encoding="utf-8")
    light_ground, dark_ground = re.findall(r"--now: (#\w+)", css)
    for color in (palette.forward, palette.backward, palette.cache, palette.faint):
        assert contrast(color, light_ground) >= 4.5
        assert contrast(dark(color), dark_ground) >= 4.5


def test_colours_of_a_page_are_those_of_its_pictures():
    css = files("viz.pages").joinpath("page.css").read_text(encoding="utf-8")
    backward, cache = (
        [m[1] for m in re.finditer(rf"--{name}: (#\w+)", css)] for name in ("backward", "cache")
    )

    assert backward == [PALETTES["lecture"].backward, DARK[PALETTES["lecture"].backward]]
    assert cache == [PALETTES["lecture"].cache, DARK[PALETTES["lecture"].cache]]
