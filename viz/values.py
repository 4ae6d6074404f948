"""Arrays as text: a few rows and columns, aligned, with a sign for what was left out."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["array_lines"]

MOST = 3


def array_lines(array: Any) -> list[str]:
    """The first rows and columns of an array; those of more than two axes are shown as rows.

    >>> array_lines(np.arange(8.0).reshape(2, 4))
    ['    0 +1.00 +2.00 …', '+4.00 +5.00 +6.00 …']
    """
    array = np.asarray(array)
    rows = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    if not rows.size:
        return ["empty"]
    corner = rows[:MOST, :MOST]
    texts = [[number(x, is_plain(corner)) for x in row] for row in corner]
    width = max(len(text) for row in texts for text in row)
    more = " …" if rows.shape[1] > MOST else ""
    return [" ".join(text.rjust(width) for text in row) + more for row in texts] + ["⋮"] * (len(rows) > MOST)


def is_plain(values: Any) -> bool:
    """Whether two decimals show these numbers well."""
    finite = np.abs(values[np.isfinite(values)])
    largest = finite.max(initial=0)
    return bool(largest == 0 or 0.05 <= largest < 1000)


def number(x: Any, plain: bool) -> str:
    """A number with its sign: in two decimals, or by its exponent; only what is exactly zero is 0."""
    if x == 0:
        return "0"
    if not np.isfinite(x):
        return "NaN" if np.isnan(x) else f"{x:+}".replace("inf", "∞")
    if np.issubdtype(type(x), np.integer) or isinstance(x, bool | np.bool_):
        return str(int(x))
    digits = ".1e" if not plain else ".2f" if abs(x) >= 0.005 else ".0e"
    return f"{x:+{digits}}"
