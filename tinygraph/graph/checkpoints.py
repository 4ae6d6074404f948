"""Segments that keep nothing of what they compute: backward, they are computed again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.engine.sweep import reverse_sweep
from tinygraph.engine.tensor import Tensor, apply, next_serial
from tinygraph.errors import DtypeError, GraphError
from tinygraph.guards.modes import current_mode
from tinygraph.guards.stories import place_of
from tinygraph.notation.symbols import Outline
from tinygraph.rules.table import Each, Operation

__all__ = ["checkpoint"]


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """f as one operation that keeps its inputs alone, and computes the rest again in the backward sweep.

    So a network of many segments needs memory for one of them and for what passes between them, and f runs
    twice (Chen et al. 2016, "Training deep nets with sublinear memory cost").

    Args:
        f: gives one Tensor, the same for the same arguments: random numbers, such as a dropout mask, are
            drawn outside and handed in. It may use parameters and Tensors that are not among its arguments.

    Raises:
        DtypeError: f gives something else than one Tensor or array.
        GraphError: backward, f gives other values than it did.

    >>> import tinygraph as tg
    >>> W, X = tg.parameter([[0.5, -0.5]], name="W"), np.ones((2, 3))
    >>> segment = tg.checkpoint(lambda A: np.tanh(np.tanh(W @ A)))
    >>> J = np.sum(segment(X))
    >>> J.backward()["dW"]
    array([[3., 3.]])
    """

    @functools.wraps(f)
    def segment(*args: Any, **kwargs: Any) -> Any:
        start = next_serial()
        value = f(*args, **kwargs)
        if not isinstance(value, Tensor):
            if not hasattr(value, "shape"):
                raise DtypeError(f"a checkpointed function gives one Tensor, not a {type(value).__name__}")
            return value
        if not current_mode().recording or value._op is None or value._serial < start or not value.wants:
            return value
        inputs = inputs_since(value, start)
        again = Recomputed(functools.partial(f, *args, **kwargs), inputs, value)
        return apply(again.operation, inputs)

    return segment


def inputs_since(value: Tensor, start: int) -> tuple[Any, ...]:
    """What the calls recorded since `start` that `value` was made from took from outside."""
    found: dict[int, Any] = {}
    seen, waiting = {value}, [value]
    while waiting:
        for x in waiting.pop().inputs:
            inside = isinstance(x, Tensor) and x._op is not None and x._serial > start
            if inside and x not in seen:
                seen.add(x)
                waiting.append(x)
            elif not inside and hasattr(x, "shape"):
                found[id(x)] = x
    return tuple(found.values())


class Recomputed:
    """A function without arguments, the Tensors and arrays that it uses, and the value that it gave."""

    def __init__(self, f: Callable[[], Any], inputs: tuple[Any, ...], value: Tensor) -> None:
        self.f, self.inputs, self.array, self.place = f, inputs, value._value, place_of(value)
        self.given: Any = None  # the derivative for which `found` has those of the inputs
        self.found: dict[Tensor, Any] = {}
        self.left = 0
        self.operation = Operation(
            checkpoint, "again", "f(x), computed again backward", Each(self.derivative), forward=self.forward,
            stretches=False, analytic=False, elementwise=False,
        )  # fmt: skip

    def forward(self, *arrays: Any) -> Any:
        """The value, which is known."""
        return self.array

    def derivative(self, i: int, dz: Any, z: Any, *arrays: Any) -> Any:
        """The derivative by input i; f runs once for all inputs, whose rules follow one another."""
        if isinstance(dz, Outline) and not hasattr(type(dz), "held"):  # a formula, not a plan
            return dz.record(sweep_again, (dz, arrays[i], *arrays), {})
        if self.given is not dz:
            self.run(dz, record=isinstance(z, Tensor))
        dx = self.found.get(self.inputs[i])
        self.left -= 1
        if not self.left:
            self.given, self.found = None, {}
        return np.zeros_like(arrays[i]) if dx is None else dx

    def run(self, dz: Any, record: bool) -> None:
        """Compute f again, and sweep back from its value to the inputs."""
        value = self.f()
        if isinstance(value._value, np.ndarray | np.generic) and not np.array_equal(
            value._value, self.array, equal_nan=True
        ):
            raise GraphError(
                f"the checkpointed segment that ended at {self.place} gave other values when it was computed "
                "again: draw random numbers outside, hand them in, and change no array that it uses"
            )
        wanted = {x for x in self.inputs if isinstance(x, Tensor) and x.wants}
        self.found, _ = reverse_sweep(value, dz, wanted, record=record)
        self.given, self.left = dz, len(wanted)


def sweep_again(dz: Any, x: Any, *inputs: Any) -> Any:
    """What formulas call the derivative by x of a segment of these inputs that is computed again."""
    return np.zeros_like(x)
