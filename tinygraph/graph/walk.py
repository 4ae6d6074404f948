"""The reverse sweep as it is shown: each derivative as it arrives, before they are added up.

The engine's own sweep is made for speed. This one goes through the reading of a graph, call by call, and
keeps apart what the engine adds. It runs on numbers, and on symbols: `tinygraph.graph.derivation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygraph.graph.reading import Call, Graph, Input, Quantity
from tinygraph.rules.shapes import undo_broadcast

__all__ = ["ReverseWalk", "derivative_of_data", "sum_of"]


class ReverseWalk:
    """The derivatives of the sum of a graph's outputs, found call by call from the last to the first.

    `arrived` holds what has come to each quantity so far, `shown_only` what pictures show besides, `direct`
    what goes past a quantity to what it was made from. Past a cost that knows the logits behind its
    probabilities (see `Operation.bypass`), the path through the probabilities is shown; the numbers for the
    logits are still those of the shorter way, which is right even where a probability is 0 or 1.
    """

    def __init__(self, graph: Graph) -> None:
        self.quantities = {id(q.tensor): q for q in graph.quantities}
        self.arrived: dict[Quantity, list[Any]] = {q: [self.seed(q)] for q in graph.outputs if q.wanted}
        self.shown_only: dict[Quantity, list[Any]] = {}
        self.direct: dict[Quantity, list[Any]] = {}

    # What it runs on

    def seed(self, q: Quantity) -> Any:
        """The derivative of an output with respect to itself."""
        return np.ones_like(q.value)

    def value(self, q: Quantity) -> Any:
        """The value of a quantity."""
        return q.value

    def inputs(self, call: Call) -> Sequence[Any]:
        """What a call was given."""
        return call.node.cache

    # The walk

    def total(self, q: Quantity) -> Any:
        """The derivative with respect to a quantity: the sum of what has arrived."""
        return sum_of(self.arrived.get(q, []) + self.shown_only.get(q, []))

    def run(self, call: Call) -> list[tuple[Input, Any]]:
        """Go through a call; what it sends to each wanted input."""
        with np.errstate(all="ignore"):
            return [(x, self.send(call, x)) for x in call.inputs if x.wanted]

    def send(self, call: Call, x: Input) -> Any:
        """The derivative that a call sends to one input."""
        bypass = call.node.op.bypass
        if bypass and x.position == bypass[0]:
            # What is shown comes to the probabilities; what counts waits here for the logits behind them.
            sent = self.rule(call, bypass[0], self.total(call.result))
            self.shown_only.setdefault(x.quantity, []).append(sent)
            used = self.rule(call, bypass[1], self.total(call.result))
            self.direct.setdefault(x.quantity, []).append(used)
            return sent
        sent = self.through(call, x)
        self.arrived.setdefault(x.quantity, []).append(sent)
        return sent

    def through(self, call: Call, x: Input) -> Any:
        """What a rule gives; behind a cost that looked through this call, with what that gave directly."""
        q = call.result
        if q not in self.direct:
            return self.rule(call, x.position, self.total(q))
        # What other uses of the probabilities sent goes through the activation as always.
        others = self.arrived.get(q, [])
        return sum_of(self.direct[q] + ([self.rule(call, x.position, sum_of(others))] if others else []))

    def rule(self, call: Call, i: int, dz: Any) -> Any:
        """The rule of the table for input i, and the sum that undoes a broadcast; of a real input, real."""
        node = call.node
        dx = node.op.rules[i](dz, self.value(call.result), *self.inputs(call), **node.settings)  # type: ignore[misc]
        if np.iscomplexobj(call.result.value) and not np.iscomplexobj(node.cache[i]):
            dx = np.real(dx)
        return undo_broadcast(dx, np.shape(node.cache[i]))


def sum_of(parts: Sequence[Any]) -> Any:
    """The sum of at least one part."""
    return sum(parts[1:], start=parts[0])


def derivative_of_data(graph: Graph, x: Any) -> Any:
    """The derivative with respect to data that want none, by the rules of the operations that use them."""
    q, walk = next(q for q in graph.quantities if q.tensor is x), ReverseWalk(graph)
    found = []
    for call in reversed(graph.calls):
        if call.result.wanted:
            found += [
                walk.rule(call, y.position, walk.total(call.result)) for y in call.inputs if y.quantity is q
            ]
            walk.run(call)
    return sum_of(found) if found else None
