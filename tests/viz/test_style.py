"""Colours that can be read."""

import re
from dataclasses import fields
from importlib.resources import files

import pytest

import viz
from tests.viz.graphs import VIEWS, three_layers
from viz.style import DARK, PALETTES, dark_rules, page_rules


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
    light_ground, dark_ground = roles(page_rules(palette))["now"]
    for color in (palette.forward, palette.backward, palette.cache, palette.faint):
        assert contrast(color, light_ground) >= 4.5
        assert contrast(dark(color), dark_ground) >= 4.5


def roles(css):
    """The colours of a page by role, light and dark."""
    light, dark = css.split("@media (prefers-color-scheme:dark)")
    pairs = (re.findall(r"--([\w-]+):(#\w+);", part) for part in (light, dark))
    return {role: (color, other) for (role, color), (_, other) in zip(*pairs, strict=True)}


@pytest.mark.parametrize("palette", PALETTES)
def test_words_of_a_page_have_the_colours_of_its_pictures(palette):
    page = viz.page(three_layers(), palette=palette).html
    found = roles(page[page.index(":root") : page.index("/*")])

    for role in ("backward", "cache"):
        color = getattr(PALETTES[palette], role)
        assert found[role] == (color, DARK[color])
        assert f'"{color}"' in page


@each_palette
def test_text_of_a_page_has_enough_contrast(palette):
    found = roles(page_rules(palette))
    for role in ("ink", "soft", "backward", "cache"):
        for ground in ("ground", "raised"):
            assert all(contrast(*pair) >= 4.5 for pair in zip(found[role], found[ground], strict=True))


def test_the_style_of_a_page_names_each_colour_by_its_role():
    css = files("viz.pages").joinpath("page.css").read_text(encoding="utf-8")

    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl", css) == []
    assert set(re.findall(r"var\(--([\w-]+)\)", css)) == {*roles(page_rules(PALETTES["lecture"])), "later"}


KINDS = [
    "value",
    "derivative",
    "operation",
    "rule",
    "layer",
    "layer-rule",
    "text",
    "derivative-text",
    "cache",
]


@each_palette
@pytest.mark.parametrize(
    ("forward", "backward"),
    [("value", "derivative"), ("operation", "rule"), ("layer", "layer-rule"), ("text", "derivative-text")],
)
def test_a_red_twin_differs_from_what_it_is_the_twin_of_in_colour_alone(palette, forward, backward):
    black, red = palette.node(forward), palette.node(backward)
    colours = ("color", "fontcolor", "fillcolor")

    assert {key: x for key, x in black.items() if key not in colours} == {
        key: x for key, x in red.items() if key not in colours
    }
    assert red["fontcolor"] == palette.backward
    assert "fontcolor" not in black


@each_palette
def test_kinds_of_nodes_are_told_apart_by_their_shape_and_line(palette):
    look = {kind: palette.node(kind) for kind in KINDS}

    assert [look[kind]["shape"] for kind in ("value", "operation", "layer", "text", "cache")] == [
        *("ellipse", "box", "box", "box", "box")
    ]
    assert [look[kind].get("style", "") for kind in ("operation", "layer", "cache")] == [
        *("rounded,filled", "", "rounded,dotted")
    ]
    assert float(look["layer"]["penwidth"]) > 1
    assert look["text"]["color"] == look["derivative-text"]["color"] == "transparent"
    assert look["cache"]["color"] == look["cache"]["fontcolor"] == palette.cache
    assert palette.node("cells") == {"shape": "plain"}


@each_palette
def test_kinds_of_arrows_are_told_apart_without_colours(palette):
    looks = [palette.edge(kind) for kind in ("fwd", "bwd", "cache")]

    assert [look.get("style", "solid") for look in looks] == ["solid", "dashed", "dotted"]
    assert [look["color"] for look in looks] == [palette.forward, palette.backward, palette.cache]
    assert looks[2]["arrowhead"] == "vee"


@each_palette
def test_what_is_wrong_stands_out_and_what_follows_is_dashed(palette):
    wrong = palette.verdict("wrong")

    assert (wrong["color"], wrong["fillcolor"], wrong["style"]) == (
        palette.wrong,
        palette.wrong_fill,
        "filled",
    )
    assert float(wrong["penwidth"]) > 2
    assert palette.verdict("doubt") == {"style": "dashed"}


def test_dark_rules_turn_every_colour_of_fills_and_lines():
    css = dark_rules()

    assert css.startswith("@media (prefers-color-scheme:dark){")
    for light, dark_color in DARK.items():
        for what in ("fill", "stroke"):
            assert f'svg.tinygraph [{what}="{light}"]{{{what}:{dark_color}}}' in css
    assert f"text:not([fill]){{fill:{DARK['black']}}}" in css
    assert css.count("{") == css.count("}")
