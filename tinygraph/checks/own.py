"""The derivation of any graph, for a search: in formulas short enough to be edited, and in time.

What has no name is written into the formulas that use it, as in any derivation, but only as long as these
stay short. A sum of hundreds of terms, such as the derivative of a weight that every step of a long sequence
uses, is not written out at all: then the derivative stands for itself.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tinygraph.checks.clock import Clock
from tinygraph.graph.derivation import Derivation, Statement, number_at_end
from tinygraph.graph.naming import COSTS
from tinygraph.graph.reading import Call, Graph, Input, Quantity
from tinygraph.graph.stand_ins import name_leaves

__all__ = ["BoundedDerivation", "is_average", "name_long"]

LONGEST = 12  # calls in the formula of what has no name
SAME_NUMBER = 1e-9
TERMS = 20  # of a sum that is written out


def name_long(graph: Graph) -> None:
    """Call a leaf without a name c, and a result v where its formula would be long, with a number."""
    name_leaves(graph)
    calls: dict[int, int] = {}
    taken = {q.name for q in graph.quantities}
    free = (name for i in itertools.count(1) if (name := f"v{i}") not in taken)
    for call in graph.calls:
        q = call.result
        calls[id(q)] = 1 + sum(0 if x.quantity.name else calls.get(id(x.quantity), 0) for x in call.inputs)
        if not q.name and calls[id(q)] > LONGEST:
            q.name = next(free)


class BoundedDerivation(Derivation):
    """The formulas of one graph, as far as there is time, and no sum longer than `TERMS`."""

    def __init__(self, graph: Graph, clock: Clock) -> None:
        super().__init__(graph)
        self.clock = clock

    def run(self, call: Call) -> list[tuple[Input, Any]]:
        """Go through a call, if there is time."""
        self.clock.check()
        return super().run(call)

    def total(self, q: Quantity) -> Any:
        """The derivative with respect to a quantity; where it is a long sum, its name."""
        if q.arriving > TERMS and q.name:
            return self.symbol(q, self.derivative_label(q))
        return super().total(q)

    def statement(self, q: Quantity) -> Statement:
        """The statement that makes the derivative with respect to a quantity."""
        if q.arriving <= TERMS:
            return super().statement(q)
        name = self.derivative_label(q)
        return Statement(name, (self.total(q),), number_at_end(name), q)


def is_average(graph: Graph) -> bool:
    """Whether something in a graph divides by the number of examples, so that 1/m may be forgotten."""
    return any(is_averaging(call, graph.m) for call in graph.calls)


def is_averaging(call: Call, m: int) -> bool:
    """Whether a call is a mean, a cost, or a division by m or a multiple of it."""
    op = call.node.op
    if op.function in COSTS or op.name in ("mean", "average", "var", "std"):
        return True
    numbers = [float(x) for x in call.node.cache if np.ndim(x) == 0 and np.asarray(x).dtype.kind in "fiu"]
    times = [x / m if op.function is np.divide else 1 / (x * m) for x in numbers if x]
    return op.function in (np.divide, np.multiply) and any(map(is_count, times))


def is_count(n: float) -> bool:
    """Whether n is 1, 2, 3, ..., up to rounding."""
    return round(n) >= 1 and abs(n - round(n)) < SAME_NUMBER
