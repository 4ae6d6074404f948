"""Rows of functions of one variable, and of angles."""

from __future__ import annotations

import math

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.operation import add_row, compose
from tinygraph.rules.shapes import with_shape
from tinygraph.rules.types import Numeric

__all__ = ["LOG_2"]

LOG_2, LOG_10 = math.log(2), math.log(10)
DEGREE = math.pi / 180


def sinc_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    """(cos(pi x) - z) / x, and near 0, where that cancels, the first terms of its power series."""
    near = np.abs(x) < 0.002
    series = -(math.pi**2 / 3) * x * (1 - np.square(math.pi * x) / 10)
    return dz * np.where(near, series, (np.cos(math.pi * x) - z) / np.where(near, 1, x))


TURN = np.cos(np.arange(256) * (2 * math.pi / 256))


def i0_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    """I1(x), the mean of cos(t) exp(x cos(t)) over a turn (Abramowitz and Stegun 1964, 9.6.19)."""
    turn = TURN.astype(x.dtype)
    return dz * np.mean(turn * np.exp(np.expand_dims(x, -1) * turn), axis=-1)


# fmt: off
add_row(np.exp,     "exp",     "exp(x)",       lambda dz, z, x: dz * z)
add_row(np.exp2,    "exp2",    "2 ** x",       lambda dz, z, x: dz * (LOG_2 * z))
add_row(np.expm1,   "expm1",   "exp(x) - 1",   lambda dz, z, x: dz * (z + 1))
add_row(np.log,     "log",     "log(x)",       lambda dz, z, x: dz / x)
add_row(np.log2,    "log2",    "log(x) / log(2)",   lambda dz, z, x: dz / (LOG_2 * x))
add_row(np.log10,   "log10",   "log(x) / log(10)",  lambda dz, z, x: dz / (LOG_10 * x))
add_row(np.log1p,   "log1p",   "log(1 + x)",   lambda dz, z, x: dz / (1 + x))
add_row(np.sqrt,    "sqrt",    "sqrt(x)",      lambda dz, z, x: dz / (2 * z), kink="at 0: inf")
add_row(np.cbrt,    "cbrt",    "x ** (1/3)",   lambda dz, z, x: dz / (3 * z * z),
    kink="at 0: inf", analytic=False)
add_row(np.sin,     "sin",     "sin(x)",       lambda dz, z, x: dz * np.cos(x))
add_row(np.cos,     "cos",     "cos(x)",       lambda dz, z, x: -dz * np.sin(x))
add_row(np.tan,     "tan",     "tan(x)",       lambda dz, z, x: dz * (1 + z * z))
add_row(np.arcsin,  "arcsin",  "arcsin(x)",    lambda dz, z, x: dz / np.sqrt(1 - x * x))
add_row(np.arccos,  "arccos",  "arccos(x)",    lambda dz, z, x: -dz / np.sqrt(1 - x * x))
add_row(np.arctan,  "arctan",  "arctan(x)",    lambda dz, z, x: dz / (1 + x * x))
add_row(np.sinh,    "sinh",    "sinh(x)",      lambda dz, z, x: dz * np.cosh(x))
add_row(np.cosh,    "cosh",    "cosh(x)",      lambda dz, z, x: dz * np.sinh(x))
add_row(np.arcsinh, "arcsinh", "arcsinh(x)",   lambda dz, z, x: dz / np.sqrt(1 + x * x))
add_row(np.arccosh, "arccosh", "arccosh(x)",   lambda dz, z, x: dz / np.sqrt(x * x - 1))
add_row(np.arctanh, "arctanh", "arctanh(x)",   lambda dz, z, x: dz / (1 - x * x))
add_row(np.sinc,    "sinc",    "sin(pi * x) / (pi * x)", sinc_dx, elementwise=True)
add_row(np.i0,      "I0",      "mean of exp(x * cos(t))", i0_dx, analytic=False, elementwise=True)
add_row(np.degrees, "degrees", "180 / pi * x", lambda dz, z, x: dz / DEGREE, analytic=False)
add_row(np.radians, "radians", "pi / 180 * x", lambda dz, z, x: dz * DEGREE, analytic=False)
add_row(k.cast_to,  "cast",    "x as dtype",   lambda dz, z, x, dtype=None: k.cast_to(dz, dtype=x.dtype),
    elementwise=True)

# Of complex z, which a Fourier transform or a complex constant makes. The derivative dz is that by its real
# part less i times that by its imaginary part: so the rules of analytic functions are those for real numbers.
add_row(np.real,      "real", "the real part of x",      lambda dz, z, x: dz,
    analytic=False, elementwise=True)
add_row(np.imag,      "imag", "the imaginary part of x", lambda dz, z, x: dz * -1j,
    analytic=False, elementwise=True)
add_row(np.conjugate, "conj", "x with -i for i",         lambda dz, z, x: np.conjugate(dz),
    analytic=False)
# fmt: on


@compose(np.real, np.conjugate)
def unchanged_if_real(val: Numeric) -> Numeric:
    """`np.real` and `np.conjugate` of real numbers."""
    return NotImplemented if val.dtype.kind == "c" else np.positive(val)


@compose(np.real_if_close)
def real_where_close(a: Numeric, tol: float = 100) -> Numeric:
    """The real part if all imaginary ones are small, below `tol` times the rounding error of 1."""
    if a.dtype.kind != "c":
        return np.positive(a)
    most = tol * np.finfo(a.dtype).eps if tol > 1 else tol
    return np.real(a) if np.all(np.abs(np.imag(a)) < most) else np.positive(a)


@compose(np.angle)
def angle(z: Numeric, deg: bool = False) -> Numeric:
    """`np.angle`."""
    imaginary = np.imag(z) if z.dtype.kind == "c" else np.zeros(z.shape, z.dtype)
    return np.arctan2(imaginary, np.real(z)) * (1 / DEGREE if deg else 1)


@compose(np.unwrap)
def unwrap_angles(
    p: Numeric, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi
) -> Numeric:
    """`np.unwrap`: whole periods are added, which change nothing in the derivative."""
    p = with_shape(p)
    step = np.diff(p, axis=axis)
    turns = np.ceil(step / period - 0.5)
    if discont is not None:
        turns = np.where(np.abs(step) < discont, 0, turns)
    first = np.zeros_like(np.take(turns, [0], axis=axis))
    return p - period * np.cumsum(np.concatenate([first, turns], axis=axis), axis=axis)
