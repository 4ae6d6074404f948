"""How much of a derivative is rounding: the same sweep from other seeds rounds differently.

A derivative that should cancel to 0 is nothing but rounding, and no relative difference can judge it. Its own
variation between seeds can. The variation is capped, since a rule that is not linear in dz varies as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["SEEDS", "euclidean_norm", "largest_entry", "rounding_bound"]

SEEDS = (1.0, 3.0, 7.0)
ROUNDING_SAFETY = 30.0  # one rounding may be this much larger than those seen
CAP = 1e-10  # in terms of the largest quantity around


def rounding_bound(variants: Sequence[Any], scale: float) -> float:
    """The difference that rounding may make to a derivative computed from several seeds."""
    spread = largest_entry(np.max(variants, axis=0) - np.min(variants, axis=0))
    return float(np.fmin(ROUNDING_SAFETY * spread, CAP * scale))


def largest_entry(x: Any) -> float:
    """The largest absolute value; 0 for an empty array."""
    return float(np.max(np.abs(x), initial=0.0))


def euclidean_norm(x: Any) -> float:
    """The Euclidean norm of all entries."""
    return float(np.linalg.norm(np.ravel(np.asarray(x, dtype=np.float64))))
