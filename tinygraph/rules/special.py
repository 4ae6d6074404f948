"""Functions of `scipy.special`, for those who have imported SciPy; tinygraph never does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.operation import add_row, compose
from tinygraph.rules.types import Numeric

__all__ = ["add_special_functions"]

SLOPE_OF_ERF = 2 / math.sqrt(math.pi)


def add_special_functions(special: Any) -> None:
    """Put the functions of the module `scipy.special` into the table."""
    add_row(
        special.erf,
        "erf",
        "2 / sqrt(pi) * integral of exp(-t**2) from 0 to x",
        lambda dz, z, x: dz * (SLOPE_OF_ERF * np.exp(-x * x)),
    )
    add_row(special.erfc, "erfc", "1 - erf(x)", lambda dz, z, x: -dz * (SLOPE_OF_ERF * np.exp(-x * x)))
    compose(special.expit)(k.sigmoid)
    compose(special.log_expit)(lambda x: -k.softplus(-x))
    compose(special.logit)(lambda x: np.log(x) - np.log1p(-x))
    compose(special.xlogy)(k.xlogy)
    compose(special.xlog1py)(xlog1py)
    compose(special.entr)(lambda x: -k.xlogy(x, x))
    compose(special.rel_entr)(lambda x, y: k.xlogy(x, x) - k.xlogy(x, y))


def xlog1py(x: Numeric, y: Numeric) -> Numeric:
    """x log(1 + y), and 0 where x is 0."""
    return np.where(x == 0, 0, x * np.log1p(np.where(x == 0, 0, y)))
