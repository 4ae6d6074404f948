"""Rows of costs."""

from __future__ import annotations

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.operation import add_row
from tinygraph.rules.shapes import divide_by_count
from tinygraph.rules.types import Numeric

__all__: list[str] = []


def ratio(p: Numeric, q: Numeric) -> Numeric:
    """p / q, and 0 where p is 0 even if q is."""
    return p / np.where(p == 0, 1, q)


def cross_entropy_da(dz: Numeric, z: Numeric, a: Numeric, y: Numeric, axis: int = 0) -> Numeric:
    return (-ratio(y, a) + ratio(1 - y, 1 - a)) * (dz / k.examples_along(a, axis))


def cross_entropy_dy(dz: Numeric, z: Numeric, a: Numeric, y: Numeric, axis: int = 0) -> Numeric:
    return (np.log(1 - a) - np.log(a)) * (dz / k.examples_along(a, axis))


def softmax_cross_entropy_dz(
    dz: Numeric, z: Numeric, a: Numeric, y: Numeric, x: Numeric, axis: int = 0
) -> Numeric:
    return (a - y) * divide_by_count(dz, a.size // a.shape[axis])


def softmax_cross_entropy_da(
    dz: Numeric, z: Numeric, a: Numeric, y: Numeric, x: Numeric, axis: int = 0
) -> Numeric:
    return -ratio(y, a) * divide_by_count(dz, a.size // a.shape[axis])


def softmax_cross_entropy_dy(
    dz: Numeric, z: Numeric, a: Numeric, y: Numeric, x: Numeric, axis: int = 0
) -> Numeric:
    return -k.log_softmax(x, axis=axis) * divide_by_count(dz, a.size // a.shape[axis])


add_row(
    k.probability_cross_entropy,
    "cross-entropy",
    "-sum(y * log(a) + (1 - y) * log(1 - a)) / m",
    cross_entropy_da,
    cross_entropy_dy,
)
add_row(
    k.sigmoid_cross_entropy,
    "cross-entropy",
    "-sum(y * log(a) + (1 - y) * log(1 - a)) / m",
    lambda dz, z, a, y, x, axis=0: cross_entropy_da(dz, z, a, y, axis),
    lambda dz, z, a, y, x, axis=0: -x * (dz / k.examples_along(a, axis)),
    lambda dz, z, a, y, x, axis=0: (a - y) * (dz / k.examples_along(a, axis)),
    bypass=(0, 2),
    stretches=False,
)
add_row(
    k.softmax_cross_entropy,
    "cross-entropy",
    "-sum(y * log(a)) / m",
    softmax_cross_entropy_da,
    softmax_cross_entropy_dy,
    softmax_cross_entropy_dz,
    bypass=(0, 2),
    stretches=False,
)
add_row(
    k.mse,
    "mse",
    "mean((a - y)**2)",
    lambda dz, z, a, y: np.subtract(a, y) * divide_by_count(2 * dz, max(np.subtract(a, y).size, 1)),
    lambda dz, z, a, y: np.subtract(y, a) * divide_by_count(2 * dz, max(np.subtract(a, y).size, 1)),
)
