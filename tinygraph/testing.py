"""Assertions for tests of hand-derived layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygraph.checks.comparison import AskedConvention, compare
from tinygraph.engine.tensor import Tensor

__all__ = ["assert_gradients"]


def assert_gradients(
    J: Tensor, hand: Mapping[str, Any], convention: AskedConvention = "auto", tolerance: float | None = None
) -> None:
    """Fail unless hand-derived values agree with the derivatives of J.

    The arguments are those of `tg.compare`; the message is its table, with what is wrong and why.

    Raises:
        AssertionError: something does not agree.

    >>> import numpy as np
    >>> import tinygraph as tg
    >>> from tinygraph.testing import assert_gradients
    >>> x = tg.parameter([1.0, 2.0], name="x")
    >>> assert_gradients((x * x).sum(), {"dx": [2.0, 4.0]})
    """
    report = compare(J, hand, convention, tolerance=tolerance)
    if not report.ok:
        raise AssertionError(f"hand-derived gradients do not agree with the engine's\n\n{report}")
