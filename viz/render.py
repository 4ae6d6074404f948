"""DOT text to a picture: by `dot` where it is on the PATH, otherwise by pygraphviz in this process.

This is the one module of viz that runs a program; all others only make text.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import RLock
from typing import cast

import graphviz

from tinygraph.errors import GraphError
from viz.style import FONT, dark_rules

__all__ = ["FORMATS", "render"]

FORMATS = ("svg", "png", "pdf")
STDERR = 2  # the descriptor to which C code writes
ONE_AT_A_TIME = RLock()  # Graphviz keeps its state in global variables
THAI = re.compile("[\u0e00-\u0e7f]")
THAI_WORDS = Path("/usr/share/libthai/thbrk.tri")  # what the libthai inside pygraphviz looks for


def render(source: str, format: str, title: str = "", description: str = "") -> bytes:
    """The picture of DOT text as svg, png or pdf.

    Raises:
        GraphError: Graphviz refused the text, or there is neither `dot` nor pygraphviz.
    """
    picture = render_by_dot(source, format) if shutil.which("dot") else render_in_process(source, format)
    return finish_svg(picture.decode(), title, description).encode() if format == "svg" else picture


def render_by_dot(source: str, format: str) -> bytes:
    """Render with the program `dot`."""
    try:
        return cast(bytes, graphviz.Source(source).pipe(format=format))
    except (graphviz.CalledProcessError, graphviz.ExecutableNotFound) as error:
        raise GraphError(f"Graphviz's dot could not draw the picture as {format}: {error}") from error


def render_in_process(source: str, format: str) -> bytes:
    """Render with the Graphviz that pygraphviz carries."""
    try:
        import pygraphviz
    except ModuleNotFoundError as error:
        raise missing_error(format, ": pip install pygraphviz, or put its program dot on the PATH") from error
    except ImportError as error:  # a small system may lack libraries that all others have
        remedy = f", and that of pygraphviz does not load ({error}): put its program dot on the PATH"
        raise missing_error(format, remedy) from error
    if THAI.search(source) and not draws_thai():
        remedy = f" or, for Thai letters, {THAI_WORDS}: install libthai-data, or the program dot"
        raise missing_error(format, remedy)
    try:
        with ONE_AT_A_TIME, quiet_fontconfig():
            return cast(bytes, pygraphviz.AGraph(string=source).draw(format=format, prog="dot"))
    except (ValueError, OSError, pygraphviz.DotError) as error:
        raise GraphError(f"Graphviz could not draw the picture as {format}: {error}") from error


def draws_thai() -> bool:
    """Whether pygraphviz can break a line of Thai: without a list of its words, it would end the process."""
    return sys.platform != "linux" or THAI_WORDS.exists()


def missing_error(format: str, remedy: str) -> GraphError:
    """The error where nothing here can draw."""
    without = "the DOT text (Drawing.source, or .save with the suffix .dot) can be had without"
    return GraphError(f"drawing {format} needs Graphviz{remedy}; {without}")


@contextmanager
def quiet_fontconfig() -> Iterator[None]:
    """Keep from stderr what Fontconfig says of the system's settings; all other lines still get there.

    The Fontconfig inside pygraphviz may be older than the settings, or find none; it skips what it does not
    know and draws the same, but says so on each first use, and has no option to be quiet.
    """
    with TemporaryFile() as caught:
        stderr = os.dup(STDERR)
        os.dup2(caught.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(stderr, STDERR)
            os.close(stderr)
            caught.seek(0)
            os.write(STDERR, b"".join(line for line in caught if not line.startswith(b"Fontconfig ")))


def finish_svg(svg: str, title: str, description: str) -> str:
    """The SVG with a title, as wide as it is but never wider than its place, with titled edges, and short."""
    short = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL).replace(f' font-family="{FONT}"', "")
    return re.sub(
        r"<svg\b[^>]*>", lambda tag: opening_tag(tag[0], title, description), title_edges(short), count=1
    )


def opening_tag(tag: str, title: str, description: str) -> str:
    """The svg element as a picture that scales and that a screen reader can name."""
    width = re.search(r'\bwidth="([^"]*)"', tag)
    tag = re.sub(r'\s(?:width|height)="[^"]*"', "", tag)
    size = f'style="width:{width[1].replace("pt", "px")};max-width:100%;height:auto" ' if width else ""
    return (
        f'{tag[:-1]} {size}font-family="{FONT}" class="tinygraph" role="img">\n'
        f"<title>{html.escape(title)}</title>\n<desc>{html.escape(description)}</desc>\n<style>{dark_rules()}</style>"
    )


def title_edges(svg: str) -> str:
    """Titles of nodes and edges as their ids: Graphviz titles a red edge by how its layout declares it."""
    return re.sub(r'(<g id="([^"]*)" class="(?:node|edge)[^"]*">\s*<title>)[^<]*', r"\1\2", svg)
