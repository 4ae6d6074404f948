"""How things look: colours, lines and fonts by the kind of a node or an edge."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ABOVE_ZERO",
    "BELOW_ZERO",
    "DARK",
    "FONT",
    "MONO",
    "PALETTES",
    "Palette",
    "dark_rules",
    "page_rules",
]

FONT = "DejaVu Sans,Verdana,Helvetica,Arial,sans-serif"
MONO = "DejaVu Sans Mono,Menlo,Consolas,monospace"
BELOW_ZERO, ABOVE_ZERO = "#2166ac", "#d66000"  # the cells of a heat map, in the dark too


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a picture; lines are dashed, dotted or marked too, never told apart by colour alone."""

    forward: str
    backward: str
    cache: str
    wrong: str
    wrong_text: str
    wrong_fill: str
    forward_fill: str
    value_fill: str
    backward_fill: str
    faint: str
    forward_frame: str = "#b0b0b0"
    forward_ground: str = "#fafafa"
    backward_frame: str = "#e0a3ad"
    backward_ground: str = "#fff8f9"

    def edge(self, kind: str) -> dict[str, str]:
        """The Graphviz attributes of an edge of kind fwd, bwd or cache."""
        return {
            "fwd": {"color": self.forward},
            "bwd": {"color": self.backward, "style": "dashed"},
            "cache": {"color": self.cache, "style": "dotted", "penwidth": "1.6", "arrowhead": "vee"},
        }[kind]

    def group(self, backward: bool) -> dict[str, str]:
        """The Graphviz attributes of the frame around a layer's operations."""
        if backward:
            red = {"color": self.backward_frame, "fontcolor": self.backward, "bgcolor": self.backward_ground}
            return {"style": "rounded", "labelloc": "b"} | red
        return {
            "style": "rounded",
            "labelloc": "t",
            "color": self.forward_frame,
            "bgcolor": self.forward_ground,
        }

    def verdict(self, verdict: str) -> dict[str, str]:
        """What a verdict changes in the look of a derivative."""
        amber = {"color": self.wrong, "fillcolor": self.wrong_fill, "style": "filled", "penwidth": "2.5"}
        return amber if verdict == "wrong" else {"style": "dashed"}

    def node(self, kind: str) -> dict[str, str]:
        """The Graphviz attributes of a node of the given kind."""
        red = {"color": self.backward, "fontcolor": self.backward}
        box = {"shape": "box", "style": "rounded,filled"}
        text = {"shape": "box", "color": "transparent", "width": "0.3", "margin": "0.05,0.02"}
        return {
            "value": {"shape": "ellipse", "width": "0.7"},
            "derivative": {"shape": "ellipse", "width": "0.7"} | red,
            "operation": box | {"fillcolor": self.forward_fill},
            "rule": box | {"fillcolor": self.backward_fill} | red,
            "layer": {"shape": "box", "penwidth": "1.6", "margin": "0.12,0.06"},
            "layer-rule": {"shape": "box", "penwidth": "1.6", "margin": "0.12,0.06"} | red,
            "text": text,
            "derivative-text": red | text,
            "cache": {
                "shape": "box",
                "style": "rounded,dotted",
                "color": self.cache,
                "fontcolor": self.cache,
                "fontsize": "10",
                "margin": "0.12,0.03",
            },
            "cells": {"shape": "plain"},
        }[kind]


PALETTES = {
    "lecture": Palette(
        forward="#000000",
        backward="#c8102e",
        cache="#1f5fbf",
        wrong="#d98e00",
        wrong_text="#8a5a00",
        wrong_fill="#fff0c2",
        forward_fill="#e9e9e9",
        value_fill="#f4f4f4",
        backward_fill="#fdebee",
        faint="#5f5f5f",
    ),
    "colorblind": Palette(
        forward="#000000",
        backward="#b34700",
        cache="#0072b2",
        wrong="#cc79a7",
        wrong_text="#8f3f6a",
        wrong_fill="#fbeaf3",
        forward_fill="#e9e9e9",
        value_fill="#f4f4f4",
        backward_fill="#fdf0e6",
        faint="#5f5f5f",
        backward_frame="#dfb08f",
        backward_ground="#fffaf5",
    ),
}

# What each colour becomes for a reader whose colour scheme is dark.
DARK = {
    "black": "#ececf0", "#000000": "#ececf0", "white": "#16161a",
    "#c8102e": "#ff8795", "#b34700": "#ffa060", "#1f5fbf": "#86b4ff", "#0072b2": "#7cc4f5",
    "#d98e00": "#f0b13c", "#8a5a00": "#f5c667", "#fff0c2": "#4a3500", "#cc79a7": "#e3a3c8",
    "#8f3f6a": "#f0b6d5", "#fbeaf3": "#4a2238",
    "#e9e9e9": "#34343c", "#f4f4f4": "#26262c", "#fdebee": "#45202a", "#fdf0e6": "#43291a",
    "#5f5f5f": "#a9a9b4", "#9a9a9a": "#6f6f7a", "#b0b0b0": "#55555f", "#fafafa": "#1c1c21",
    "#e0a3ad": "#7a3a46", "#fff8f9": "#20171a", "#dfb08f": "#7a4a2a", "#fffaf5": "#201a16",
}  # fmt: skip

# What a page has besides the colours of a palette, light and dark, by role.
PAGE_COLOURS = {
    "ground": ("#ffffff", DARK["white"]),
    "raised": ("#f6f6f7", "#212127"),
    "line": ("#d9d9de", "#3b3b44"),
    "ink": ("#17171a", DARK["black"]),
    "soft": ("#5a5a63", "#a9a9b4"),
    "now": ("#f3eeff", "#3d3168"),
    "now-line": ("#5b3cc4", "#b9a5ff"),
    "below": (BELOW_ZERO, BELOW_ZERO),
    "above": (ABOVE_ZERO, ABOVE_ZERO),
}


def page_rules(palette: Palette) -> str:
    """CSS variables with the colours of a page, so that its words have those of its pictures."""
    words = {"backward": palette.backward, "cache": palette.cache}
    pairs = PAGE_COLOURS | {role: (colour, DARK[colour]) for role, colour in words.items()}
    light, dark = ("".join(f"--{role}:{pair[i]};" for role, pair in pairs.items()) for i in (0, 1))
    return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def dark_rules() -> str:
    """CSS that gives a picture its dark colours, where the reader asks for dark ones."""
    rules = [
        f'svg.tinygraph [{what}="{light}"]{{{what}:{dark}}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    ]
    text = f"svg.tinygraph text:not([fill]){{fill:{DARK['black']}}}"
    return f"@media (prefers-color-scheme:dark){{{text}{''.join(rules)}}}"
