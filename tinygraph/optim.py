"""Updates: what is done to the parameters with their derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from tinygraph.derivatives import Derivatives
from tinygraph.tensor import Tensor

__all__ = ["SGD"]


class SGD:
    """Gradient descent: W = W - learning_rate * dW.

    Args:
        learning_rate: the step, a positive number.

    Raises:
        ValueError: the learning rate is not a positive number.

    >>> import tinygraph as tg
    >>> W = tg.parameter([1.0], name="W")
    >>> tg.optim.SGD(0.1).update([W], (W * W).sum().backward())
    >>> W.value
    array([0.8])
    """

    def __init__(self, learning_rate: float) -> None:
        if not 0 < learning_rate < float("inf"):
            raise ValueError(f"the learning rate is a positive number, not {learning_rate!r}")
        self.learning_rate = learning_rate

    def update(self, parameters: Iterable[Tensor] | Mapping[str, Tensor], derivatives: Derivatives) -> None:
        """Change the values of `parameters` in place; each needs its derivative in `derivatives`."""
        chosen = parameters.values() if isinstance(parameters, Mapping) else parameters
        steps = [(p.value, derivatives[p]) for p in chosen]
        for value, derivative in steps:
            np.subtract(value, self.learning_rate * derivative, out=value)

    def __repr__(self) -> str:
        return f"SGD({self.learning_rate})"
