"""A finished drawing: its DOT text, its files, and how it shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from tinygraph.errors import GraphError, UserFileError
from tinygraph.files import save_bytes
from viz.picture import Picture
from viz.render import FORMATS, render

__all__ = ["Drawing", "check_size", "write_file"]

SUFFIXES = (*FORMATS, "dot", "html")


class HasHtml(Protocol):
    """What a page is to a drawing."""

    @property
    def html(self) -> str: ...


class Drawing:
    """A picture of a graph, made when it is first looked at.

    `source` is its DOT text, `nodes` how many nodes it has, `title` and `description` what a reader who does
    not see it is told. A notebook shows it as SVG.
    """

    def __init__(
        self,
        title: str,
        compose: Callable[[], Picture],
        make_page: Callable[[], HasHtml],
        least: Callable[[], int],
        most: int,
    ) -> None:
        self.title = title
        self._compose, self._make_page = compose, make_page
        self._count_boxes, self._most = least, most

    @cached_property
    def _picture(self) -> Picture:
        return self._compose()

    @cached_property
    def _least(self) -> int:
        """A number of nodes that it has at least, known before it is made."""
        return self._count_boxes()

    @cached_property
    def source(self) -> str:
        """The DOT text."""
        return self._picture.finish()

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return self._picture.nodes

    @property
    def description(self) -> str:
        """The legend as text."""
        return self._picture.legend()

    def render(self, format: str) -> bytes:
        """The picture as "svg", "png" or "pdf".

        Raises:
            GraphError: it has more nodes than can be laid out in reasonable time, or Graphviz fails.
        """
        check_size(self._least, self._most, "more than ")
        check_size(self.nodes, self._most)
        return render(self.source, format, self.title, self.description)

    @property
    def svg(self) -> str:
        """The picture as SVG text, ready to stand in a page."""
        text = self.render("svg").decode()
        return text[text.index("<svg") :]

    def save(self, path: str | Path) -> Path:
        """Write the drawing to `path`, in the format that its suffix names, and return the path.

        Args:
            path: a file ending in .svg, .png, .pdf, .dot (the DOT text) or .html (the page that steps
                through both sweeps, see `viz.pages`).

        Raises:
            UserFileError: another suffix, or a file that cannot be written.
            GraphError: see `render`; never for .dot.
        """
        return write_file(Path(path), self._content(Path(path)))

    def _content(self, path: Path) -> bytes:
        format = path.suffix.lower().removeprefix(".")
        if format == "dot":
            return self.source.encode()
        if format == "html":
            return self._make_page().html.encode()
        if format not in FORMATS:
            known = ", ".join(f".{suffix}" for suffix in SUFFIXES)
            raise UserFileError(f"cannot draw to {path}: its suffix says the format, and is one of {known}")
        return self.render(format)

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """SVG and text for a notebook; a drawing too large to lay out says so instead of failing."""
        try:
            return {"image/svg+xml": self.svg, "text/plain": repr(self)}
        except GraphError as error:
            return {"text/plain": f"{self!r}\n{error}"}

    def __repr__(self) -> str:
        large = self._least > self._most
        nodes = f"more than {self._least:,}" if large else f"{self.nodes:,}"
        return f"<Drawing of {self.title}: {nodes} nodes>"


def write_file(path: Path, content: bytes) -> Path:
    """Write a file, whole or not at all, and return its path; UserFileError if that cannot be done."""
    save_bytes(path, content)
    return path


def check_size(nodes: int, most: int, at_least: str = "") -> None:
    """GraphError if there are more nodes than can be laid out in reasonable time."""
    if nodes > most:
        raise GraphError(
            f"this drawing has {at_least}{nodes:,} nodes, and laying out more than {most:,} takes too "
            'long: draw view="layers", which folds what repeats, or a part of it, or raise the limit with '
            "max_nodes=...; the DOT text (Drawing.source, or .save to a .dot file) has no limit"
        )
