"""How arrays, tensors and derivatives show themselves in a notebook: HTML that follows its colours."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinygraph.notation.text import clean_text, name_text
from viz.pages.arrays import SHADES, array_record
from viz.style import ABOVE_ZERO, BELOW_ZERO

__all__ = ["array_html", "derivatives_html", "tensor_html"]

SMALL = "font-size:85%;opacity:.8"
CELL = "text-align:right;padding:1px 6px;font-family:monospace;background:none;border:0"
SIDES = "border-left:1.5px solid;border-right:1.5px solid;border-collapse:collapse;margin:2px 0"
BLOCK = "display:block;border:1px solid #888;margin:2px 0"
MOST_ROWS = 60  # rows of a table


def tensor_html(tensor: Any) -> str:
    """A name, shape and dtype, and the numbers."""
    name = html.escape(name_text(tensor.name)) if tensor.name is not None else "Tensor"
    role = "parameter" if tensor.is_parameter else tensor.op.name if tensor.op else "data"
    facts = f"{shape_of(tensor.value)} · {np.asarray(tensor.value).dtype} · {html.escape(role)}"
    head = f'<b>{name}</b> <span style="{SMALL}">{facts}</span>'
    return f'<div style="margin:4px 0">{head}{array_html(tensor.value)}</div>'


def derivatives_html(derivatives: Mapping[str, Any], note: str = "") -> str:
    """A table of derivatives: name, shape, norm, and the numbers or a heat map."""
    heads = "".join(
        f'<th style="text-align:left;padding-right:14px">{head}</th>'
        for head in ("name", "shape", "norm", "values")
    )
    rows = "".join(map(row_html, list(derivatives.items())[:MOST_ROWS]))
    more = f"… and {len(derivatives) - MOST_ROWS} more" if len(derivatives) > MOST_ROWS else ""
    below = "".join(f'<div style="{SMALL}">{html.escape(text)}</div>' for text in (more, note) if text)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{below}"


def row_html(item: tuple[str, Any]) -> str:
    """A row of the table."""
    name, array = item
    shown = html.escape(name_text(name))
    with np.errstate(all="ignore"):
        norm = f"{np.linalg.norm(np.asarray(array, dtype=float)):.4g}"
    cells = (f"<b>{shown}</b>", shape_of(array), norm, array_html(array))
    return cells_row("text-align:left;vertical-align:top;padding:4px 14px 4px 0", cells)


def cells_row(style: str, cells: Iterable[str]) -> str:
    """Cells of one style as a row."""
    inner = "".join(f'<td style="{style}">{cell}</td>' for cell in cells)
    return f"<tr>{inner}</tr>"


def shape_of(array: Any) -> str:
    """The shape as in the lectures."""
    return "×".join(map(str, np.shape(array))) or "number"


def array_html(array: Any) -> str:
    """The numbers of a small array, a heat map with its range for a large one."""
    record = array_record(array)
    return numbers_html(record["rows"]) if "rows" in record else heat_html(record)


def numbers_html(rows: Iterable[Iterable[str]]) -> str:
    """Numbers between two lines, as matrices are written."""
    body = "".join(cells_row(CELL, row) for row in rows)
    return f'<table style="{SIDES}"><tbody>{body}</tbody></table>' if body else "<i>empty</i>"


def heat_html(record: Mapping[str, Any]) -> str:
    """A heat map as SVG: blue below zero, orange above; what is no number is black and crossed out."""
    heat = record["heat"]
    height, width = len(heat), len(heat[0])
    size = max(2, min(8, 256 // width, 96 // height))
    cells = "".join(cell_svg(x, i, j) for i, row in enumerate(heat) for j, x in enumerate(row) if x != 0)
    facts = " · ".join(f"{key} {record[key]}" for key in ("min", "max", "mean") if key in record)
    odd = [f"{record[key]} {sign}" for key, sign in (("nan", "NaN"), ("infinite", "∞")) if record[key]]
    text = clean_text(" · ".join([facts, *odd]).strip(" ·"), 200)
    box = f'width="{width * size}" height="{height * size}" viewBox="0 0 {width} {height}"'
    return (
        f'<svg role="img" style="{BLOCK}" shape-rendering="crispEdges" {box} preserveAspectRatio="none">'
        f'<title>{text}</title><rect width="{width}" height="{height}" fill="#fff"/>{cells}</svg>'
        f'<div style="{SMALL}">{text}</div>'
    )


def cell_svg(x: Any, i: int, j: int) -> str:
    """One cell of a heat map."""
    if isinstance(x, str):
        cross = f'<path d="M{j} {i}l1 1m-1 0l1 -1" stroke="#fff" stroke-width=".15"/>'
        return f'<rect x="{j}" y="{i}" width="1" height="1"/>{cross}'
    colour = BELOW_ZERO if x < 0 else ABOVE_ZERO
    return (
        f'<rect x="{j}" y="{i}" width="1" height="1" fill="{colour}" fill-opacity="{abs(x) / SHADES:.2f}"/>'
    )
