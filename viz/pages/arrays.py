"""Arrays for the page: small ones as numbers, large ones as the cells of a heat map."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygraph.notation.text import shape_text
from viz.values import number_writer

__all__ = ["SHADES", "array_record"]

ROWS, COLUMNS = 8, 8  # an array of at most so many is shown as numbers
CELLS = 32, 64  # rows and columns that a heat map has at most
SHADES = 100  # shades on either side of zero


def array_record(array: Any) -> dict[str, Any]:
    """What the page shows of an array: `rows` of numbers, or `heat` with its range.

    In a heat map a cell is -100 to 100 in parts of `scale`, "nan", "inf" or "-inf"; where an array is larger
    than the map, a cell is the mean of a block; of complex numbers, their absolute values.

    >>> array_record(np.array([[0.5, -2.0]]))
    {'shape': '1×2', 'rows': [['0.500', '−2.000']]}
    """
    array = np.asarray(array)
    record: dict[str, Any] = {"shape": shape_text(array.shape) or "number"}
    if not array.size:
        return record | {"rows": []}
    matrix = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(1, -1)
    if matrix.shape[0] <= ROWS and matrix.shape[1] <= COLUMNS:
        write = number_writer(matrix, digits=4)
        return record | {"rows": [[write(x) for x in row] for row in matrix]}
    record["block"] = int(np.ceil(matrix.shape[0] / CELLS[0]) * np.ceil(matrix.shape[1] / CELLS[1]))
    if np.iscomplexobj(array):  # a shade has no direction
        matrix = array = np.abs(matrix)
    return record | heat_map(matrix.astype(float)) | array_summary(array)


def heat_map(matrix: Any) -> dict[str, Any]:
    """The cells of a heat map, and the number that the strongest shade stands for."""
    with np.errstate(invalid="ignore"):
        blocks = block_means(matrix, *CELLS)
    finite = np.abs(blocks[np.isfinite(blocks)])
    scale = finite.max(initial=0.0) or 1.0
    return {"heat": [[heat_cell(x, scale) for x in row] for row in blocks], "scale": short_number(scale)}


def block_means(matrix: Any, rows: int, columns: int) -> Any:
    """The means of blocks, at most `rows` by `columns` of them."""
    for axis, most in ((0, rows), (1, columns)):
        if matrix.shape[axis] > most:
            edges = np.linspace(0, matrix.shape[axis], most + 1).astype(int)
            sums = np.add.reduceat(matrix, edges[:-1], axis=axis)
            matrix = sums / np.expand_dims(np.diff(edges), 1 - axis)
    return matrix


def heat_cell(x: float, scale: float) -> int | str:
    """A cell of a heat map."""
    return round(SHADES * x / scale) if np.isfinite(x) else str(x)


def array_summary(array: Any) -> dict[str, Any]:
    """The range and mean of the finite entries, and how many are not."""
    finite = array[np.isfinite(array)]
    found: dict[str, Any] = {"nan": int(np.isnan(array).sum()), "infinite": int(np.isinf(array).sum())}
    if finite.size:
        found |= {
            "min": short_number(finite.min()),
            "max": short_number(finite.max()),
            "mean": short_number(finite.mean()),
        }
    return found


def short_number(x: Any) -> str:
    """A number in four digits."""
    return f"{float(x) + 0.0:.4g}".replace("-", "−")  # without the sign of −0
