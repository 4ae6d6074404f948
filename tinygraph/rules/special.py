"""Functions of `scipy.special`. This module is imported where the user has imported SciPy, and calls one."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.operation import add_row, compose
from tinygraph.rules.types import Numeric

__all__: list[str] = []

special: Any = sys.modules["scipy.special"]  # which the user has imported, and tinygraph never does
SLOPE_OF_ERF = 2 / math.sqrt(math.pi)

# fmt: off
add_row(special.erf,  "erf",  "2 / sqrt(pi) * integral of exp(-t**2) from 0 to x",
    lambda dz, z, x: dz * (SLOPE_OF_ERF * np.exp(-x * x)))
add_row(special.erfc, "erfc", "1 - erf(x)",
    lambda dz, z, x: -dz * (SLOPE_OF_ERF * np.exp(-x * x)))
# fmt: on

compose(special.expit)(k.sigmoid)
compose(special.log_expit)(lambda x: -k.softplus(-x))
compose(special.xlogy)(k.xlogy)
compose(special.entr)(lambda x: -k.xlogy(x, x))


@compose(special.logit)
def logit(x: Numeric) -> Numeric:
    """`scipy.special.logit`: log(x / (1 - x))."""
    return np.log(x) - np.log1p(-x)


@compose(special.xlog1py)
def xlog1py(x: Numeric, y: Numeric) -> Numeric:
    """`scipy.special.xlog1py`: x log(1 + y), and 0 where x is 0."""
    return np.where(x == 0, 0, x * np.log1p(np.where(x == 0, 0, y)))


@compose(special.rel_entr)
def rel_entr(x: Numeric, y: Numeric) -> Numeric:
    """`scipy.special.rel_entr`: x log(x / y)."""
    return k.xlogy(x, x) - k.xlogy(x, y)
