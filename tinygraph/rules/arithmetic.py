"""Rows of arithmetic."""

from __future__ import annotations

import math

import numpy as np

from tinygraph.rules.kernels import Recording
from tinygraph.rules.operation import add_row, compose
from tinygraph.rules.shapes import cast_floats, with_shape
from tinygraph.rules.types import Numeric

__all__: list[str] = []


def power_dx(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    if isinstance(y, int | float):
        return dz * (2 * x if y == 2 else y * x ** (y - 1) if y else np.zeros_like(x))
    return dz * (y * x ** np.where(np.logical_and(x == 0, y == 0), 1, y - 1))


def power_dy(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    if isinstance(x, int | float):
        return dz * z * (math.log(x) if x > 0 else 0.0 if x == 0 else math.nan)
    return dz * z * np.log(np.where(x == 0, z.dtype.type(1), x))  # in the precision of z


def absolute_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    if x.dtype.kind == "c":
        return dz * (np.conjugate(x) / np.where(z == 0, 1, z))
    return dz * np.sign(x)


# fmt: off
add_row(np.add,        "+",    "x + y",   lambda dz, z, x, y: dz,
                                      lambda dz, z, x, y: dz)
add_row(np.subtract,   "−",    "x - y",   lambda dz, z, x, y: dz,
                                      lambda dz, z, x, y: -dz)
add_row(np.multiply,   "*",    "x * y",   lambda dz, z, x, y: dz * y,
                                      lambda dz, z, x, y: dz * x)
add_row(np.divide,     "/",    "x / y",   lambda dz, z, x, y: dz / y,
                                      lambda dz, z, x, y: -dz * z / y)
add_row(np.power,      "**",   "x ** y",  power_dx, power_dy, kink="dx at y = 0: 0; dy at x = 0: 0")
add_row(np.negative,   "neg",  "-x",      lambda dz, z, x: -dz)
add_row(np.positive,   "pos",  "+x",      lambda dz, z, x: dz)
add_row(np.square,     "sq",   "x * x",   lambda dz, z, x: dz * (2 * x))
add_row(np.reciprocal, "1/x",  "1 / x",   lambda dz, z, x: -dz * z * z)
add_row(np.absolute,   "abs",  "|x|",     absolute_dx, kink="at 0: 0", analytic=False)
add_row(np.mod,        "mod",  "x - y * floor(x / y)",   lambda dz, z, x, y: dz,
                                      lambda dz, z, x, y: -dz * np.floor_divide(x, y), analytic=False)
add_row(np.fmod,       "fmod", "x - y * trunc(x / y)",   lambda dz, z, x, y: dz,
                                      lambda dz, z, x, y: -dz * np.rint((x - z) / y), analytic=False)
add_row(np.hypot,      "hypot",   "sqrt(x * x + y * y)",
                                      lambda dz, z, x, y: dz * (x / np.where(z == 0, 1, z)),
                                      lambda dz, z, x, y: dz * (y / np.where(z == 0, 1, z)),
    kink="at 0: 0", analytic=False)
add_row(np.arctan2,    "arctan2", "angle of (y, x)",     lambda dz, z, x, y: dz * (y / (x * x + y * y)),
                                      lambda dz, z, x, y: -dz * (x / (x * x + y * y)), analytic=False)
add_row(np.copysign,   "copysign", "|x| with the sign of y",
    lambda dz, z, x, y: dz * (np.sign(x) * np.copysign(np.ones_like(x), y)), None,
    kink="at x = 0: 0", analytic=False)
# fmt: on


@compose(np.float_power)
def power_in_double(x: Numeric, y: Numeric) -> Numeric:
    """`np.float_power`, which computes in double precision."""
    return np.power(in_double(x), in_double(y))


def in_double(x: Numeric) -> Numeric:
    """An array or a number as float64."""
    return cast_floats(with_shape(x), np.float64)


@compose(np.ldexp)
def times_power_of_two(x: Numeric, exponent: Numeric) -> Numeric:
    """`np.ldexp`: x * 2 ** exponent."""
    records = isinstance(exponent, Recording)  # then np.ldexp would only ask to record it again
    if records:
        return x * np.exp2(exponent)
    return x * np.ldexp(x.dtype.type(1), exponent)


@compose(np.divmod)
def divide_with_rest(x: Numeric, y: Numeric) -> tuple[Numeric, Numeric]:
    """`np.divmod`; the quotient is whole, and so a plain array."""
    return np.floor_divide(x, y), np.mod(x, y)
