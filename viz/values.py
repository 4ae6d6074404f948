"""Arrays as numbers: aligned, with as many decimals as the largest needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["array_lines", "number_writer"]

CORNER = 3


def array_lines(array: Any) -> list[str]:
    """The first rows and columns of an array; those of more than two axes are shown as rows.

    >>> array_lines(np.arange(-1, 7.0).reshape(2, 4))
    ['−1.00     0  1.00 …', ' 3.00  4.00  5.00 …']
    """
    array = np.asarray(array)
    if not array.size:
        return ["empty"]
    rows = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    corner = rows[:CORNER, :CORNER]
    write = number_writer(corner, digits=3)
    texts = [[write(x) for x in row] for row in corner]
    width = max(len(text) for row in texts for text in row)
    more = " …" if rows.shape[1] > CORNER else ""
    return [" ".join(text.rjust(width) for text in row) + more for row in texts] + ["⋮"] * (
        len(rows) > CORNER
    )


def number_writer(array: Any, digits: int) -> Callable[[Any], str]:
    """A function that writes the numbers of an array, the largest with so many digits.

    Only what is exactly zero is written 0, and what is no number by its sign.

    >>> write = number_writer(np.array([0.5, 1e-5, 0.0, -np.inf]), digits=3)
    >>> write(0.5), write(1e-5), write(0.0), write(-np.inf)
    ('0.500', '0.000', '0', '−∞')
    """
    form = form_of(array, digits)
    return lambda x: write_number(x, form)


def form_of(array: Any, digits: int) -> str:
    """Fixed decimals where they show the largest number, else exponents; whole numbers as they are."""
    if array.dtype.kind in "iub":
        return "d"
    largest = np.abs(array[np.isfinite(array)]).max(initial=0) or 1.0
    if not 0.001 <= largest < 10_000:
        return f".{digits - 2}e"
    return f".{max(digits - 1 - int(np.floor(np.log10(largest))), 1)}f"


def write_number(x: Any, form: str) -> str:
    """A number, NaN or ∞, with the sign that formulas have.

    >>> write_number(1.5 - 2j, ".1f"), write_number(-np.inf, ".1f")
    ('1.5 − 2.0i', '−∞')
    """
    if x == 0:
        return "0"
    if np.iscomplexobj(x):
        sign = "−" if x.imag < 0 else "+"
        return f"{write_number(x.real, form)} {sign} {write_number(abs(x.imag), form)}i"
    if not np.isfinite(x):
        return "NaN" if np.isnan(x) else "∞" if x > 0 else "−∞"
    return f"{int(x) if form == 'd' else float(x):{form}}".replace("-", "−")
