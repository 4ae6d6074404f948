"""The page: one file that steps through forward and backward in all views, and needs no network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from tinygraph.errors import GraphError, UserFileError
from tinygraph.graph.stand_ins import name_inner, name_rest
from tinygraph.graph.walk import ReverseWalk
from viz.compose import Drawn, Scene, ViewOptions
from viz.drawing import check_size, write_file
from viz.pages.formulas import Formulas
from viz.pages.story import Story
from viz.picture import Picture
from viz.render import render
from viz.style import PALETTES, dark_rules, page_rules
from viz.views.table import KNOWN_VIEWS

__all__ = ["Page"]

MOST = 2000  # operations
SCRIPTS = ("story.js", "picture.js", "panel.js", "controls.js")
CHANGES = (  # what becomes of a picture in the page
    (r"^.*?(?=<svg)|<style>.*?</style>", ""),
    (r"(<g [^>]*>\s*)<title>[^<]*</title>", r"\1"),  # ids, which the browser would show
    (r'(<svg[^>]*?)\sstyle="[^"]*"', r"\1"),
    (r'(<svg[^>]*)role="img"', r'\1role="graphics-document"'),  # with links in it
    (r' xlink:title=" "', ""),
    (r' xlink:(?=href="#)', " "),
)


class Page:
    """A page that steps through a graph; `html` is its text, `save` writes it."""

    def __init__(self, scene: Scene, first: str | None, most: int) -> None:
        self.scene, self.first, self.most = scene, first, most

    @property
    def html(self) -> str:
        """The whole page.

        Raises:
            GraphError: there are too many operations to step through, or nodes to lay out.
        """
        check_length(len(self.scene.graph.calls))
        views = draw_views(self.scene, self.first, self.most)
        story = Story(self.scene, views)
        style = page_rules(PALETTES[self.scene.palette]) + read("page.css") + dark_rules()
        script = "\n".join(map(read, SCRIPTS))
        title = html.escape(self.scene.title)
        return Template(read("page.html")).substitute(
            title=title,
            policy=policy(style, script),
            style=style,
            script=script,
            tabs="".join(map(tab, dict.fromkeys(map(tab_of, views)))),
            pictures="".join(panel(name, picture, self.scene.title) for name, (picture, _) in views.items()),
            counts=counts(self.scene),
            story=json_text({"steps": story.steps(), "arrays": story.arrays}),
        )

    def save(self, path: str | Path) -> Path:
        """Write the page to `path`, an .html file, and return it; UserFileError if that cannot be done."""
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise UserFileError(
                f"a page is written to an .html file, not to {Path(path).name}; viz.draw makes .svg, .png "
                "and .pdf"
            )
        return write_file(Path(path), self.html.encode())

    def _repr_html_(self) -> str:
        """The page in a frame of its own, for a notebook."""
        frame = "width:100%;height:640px;border:1px solid #ccc;border-radius:6px"
        title, text = html.escape(self.scene.title), html.escape(self.html)
        return f'<iframe title="{title}" style="{frame}" srcdoc="{text}"></iframe>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """HTML and text for a notebook; a page too large to make says so instead of failing."""
        try:
            return {"text/html": self._repr_html_(), "text/plain": repr(self)}
        except GraphError as error:
            return {"text/plain": f"{self!r}\n{error}"}

    def __repr__(self) -> str:
        return f"<Page of {self.scene.title}: {len(self.scene.graph.calls):,} operations>"


def check_length(calls: int) -> None:
    """GraphError if there are more calls than anybody steps through."""
    if calls > MOST:
        raise GraphError(
            f"this graph has {calls:,} operations, and a page that steps through more than {MOST:,} would be "
            "too large to open; save the drawing as .svg, .png, .pdf or .dot instead"
        )


def draw_views(scene: Scene, first: str | None, most: int) -> dict[str, Drawn]:
    """The pictures of all views that can be laid out, the first one first; GraphError if there is none."""
    name_inner(scene.graph, scene.graph.layers)
    name_rest(scene.graph)
    options = ViewOptions(group=True, values=True, find=swept(scene), course=scene.course)
    scene = replace(scene, options=options)
    ordered = sorted(KNOWN_VIEWS.values(), key=lambda view: view.name != first)
    tabs = {view.name: view.draw_tab(scene) for view in ordered if view.has_tab(scene)}
    check_size(min(picture.nodes for tab in tabs.values() for picture, _ in tab.values()), most)
    small = [tab for name, tab in tabs.items() if tab[name][0].nodes <= most]
    return {name: drawn for tab in small for name, drawn in tab.items()}


def tab_of(view: str) -> str:
    """The tab under which a view is: layers.2 is one more layout of layers."""
    return view.partition(".")[0]


def swept(scene: Scene) -> Any:
    """A function that gives the derivative with respect to a quantity; None where none is wanted."""
    sweep, factor = ReverseWalk(scene.graph), Formulas(scene.graph, scene.course).factor
    for call in reversed(scene.graph.calls):
        if call.wanted:
            sweep.run(call)
    return lambda q: sweep.total(q) * factor(q) if q.wanted else None


def read(name: str) -> str:
    """The text of a file beside this one."""
    return files("viz.pages").joinpath(name).read_text(encoding="utf-8")


def policy(style: str, script: str) -> str:
    """Nothing may be loaded, and nothing may run or style but what the page itself brings."""
    return (
        f"default-src 'none'; script-src '{digest(script)}'; style-src '{digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """How a Content-Security-Policy names a text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def json_text(data: Any) -> str:
    """JSON that may stand in a script element: nothing in it ends the element."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def counts(scene: Scene) -> str:
    calls, leaves = len(scene.graph.calls), sum(q.wanted for q in scene.graph.quantities if q.call is None)
    return f"{calls:,} operations, {leaves:,} parameters"


def tab(name: str) -> str:
    heading = KNOWN_VIEWS[name].heading
    return f'<button type="button" role="tab" id="tab-{name}" aria-controls="view-{name}">{heading}</button>'


def panel(name: str, picture: Picture, title: str) -> str:
    """One view."""
    svg = render(picture.finish(), "svg", title, picture.legend()).decode()
    for pattern, new in CHANGES:
        svg = re.sub(pattern, new, svg, flags=re.DOTALL)
    svg = re.sub(r'(?<=\s)id="', f'id="{name}-', svg)
    return (
        f'<div role="tabpanel" id="view-{name}" aria-labelledby="tab-{tab_of(name)}" tabindex="0" '
        f'data-view="{name}" data-least="{KNOWN_VIEWS[tab_of(name)].least_scale}">{svg}</div>'
    )
