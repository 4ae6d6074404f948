"""A finished drawing: its DOT text, its files, and how it shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tinygraph.errors import GraphError, UserFileError
from viz.render import FORMATS, render

__all__ = ["Drawing", "check_size"]

SUFFIXES = (*FORMATS, "dot", "html")


def check_size(nodes: int, most: int) -> None:
    """GraphError if there are more nodes than can be laid out in reasonable time."""
    if nodes > most:
        raise GraphError(
            f"this drawing has {nodes:,} nodes, and laying out more than {most:,} takes too "
            'long: draw view="layers", or a part of it, or raise the limit with max_nodes=...; the '
            "DOT text (Drawing.source, or .save to a .dot file) has no limit"
        )


class HasHtml(Protocol):
    """What a page is to a drawing."""

    @property
    def html(self) -> str: ...


class Drawing:
    """A picture of a graph.

    `source` is its DOT text, `nodes` how many nodes it has, `title` and `description` what a reader who does
    not see it is told. A notebook shows it as SVG.
    """

    def __init__(
        self,
        source: str,
        nodes: int,
        title: str,
        description: str,
        most: int,
        make_page: Callable[[], HasHtml],
    ) -> None:
        self.source, self.nodes, self.title, self.description = source, nodes, title, description
        self._most, self._make_page = most, make_page

    def render(self, format: str) -> bytes:
        """The picture as "svg", "png" or "pdf".

        Raises:
            GraphError: it has more nodes than can be laid out in reasonable time, or Graphviz fails.
        """
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
                through both sweeps, see `viz.page`).

        Raises:
            UserFileError: another suffix, or a file that cannot be written.
            GraphError: see `render`; never for .dot.
        """
        path = Path(path)
        content = self._content(path)
        try:
            path.write_bytes(content)
        except OSError as error:
            raise UserFileError(f"cannot write {path}: {error.strerror or error}") from error
        return path

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
        return f"<Drawing of {self.title}: {self.nodes} nodes>"
