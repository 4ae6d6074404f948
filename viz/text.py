"""Markup of Graphviz's labels, in which users' text is harmless."""

from __future__ import annotations

import html

from tinygraph.notation.text import name_text

__all__ = ["derivative_text", "lines", "link", "span", "table"]

BARE = 'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"'  # a table without lines


def derivative_text(name: str) -> str:
    """The derivative of the cost with respect to `name`, as shown.

    >>> derivative_text("W1")
    'dW₁'
    """
    return "d" + name_text(name)


def span(text: str, **font: str) -> str:
    """Text as part of a Graphviz label, with `font` attributes such as `color` and `point_size`.

    >>> span("a < b", color="red")
    '<FONT COLOR="red">a &lt; b</FONT>'
    """
    escaped = html.escape(text).replace("\\", "\\\\")  # else Graphviz puts the name of the node for \\N
    if not font:
        return escaped
    attributes = " ".join(f'{key.replace("_", "-").upper()}="{value}"' for key, value in font.items())
    return f"<FONT {attributes}>{escaped}</FONT>"


def lines(*rows: str) -> str:
    """Rows of markup below each other."""
    return "<BR/>".join(row for row in rows if row)


def table(*rows: str, align: str = "CENTER") -> str:
    """Rows of markup below each other, evenly spaced whatever fonts they take."""
    cells = "".join(f'<TR><TD ALIGN="{align}">{row}</TD></TR>' for row in rows if row)
    return f"<TABLE {BARE}>{cells}</TABLE>" if cells else ""


def link(markup: str, target: str) -> str:
    """Markup that leads to a part of the page."""
    return f'<TABLE {BARE}><TR><TD HREF="#{target}" TOOLTIP=" ">{markup}</TD></TR></TABLE>'
