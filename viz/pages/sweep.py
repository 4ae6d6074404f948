"""The reverse sweep as pictures show it: each derivative as it arrives, before they are added up."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygraph.graph.reading import Call, Graph, Input, Quantity
from tinygraph.rules.shapes import undo_broadcast

__all__ = ["Sweep"]


class Sweep:
    """The derivatives of the sum of a graph's outputs, found call by call from the last to the first.

    `arrived` holds what has come to each quantity so far. Past a cost that knows the logits behind its
    probabilities (see `Operation.bypass`), pictures show the path through the probabilities; the numbers for
    the logits are still those of the shorter way, which is right even where a probability is 0 or 1.
    """

    def __init__(self, graph: Graph) -> None:
        self.arrived: dict[Quantity, list[Any]] = {
            q: [np.ones_like(q.value)] for q in graph.outputs if q.wanted
        }
        self.shown_only: dict[Quantity, list[Any]] = {}
        self.direct: dict[Quantity, list[Any]] = {}

    def total(self, q: Quantity) -> Any:
        """The derivative with respect to a quantity: the sum of what has arrived."""
        parts = self.arrived.get(q, []) + self.shown_only.get(q, [])
        return sum(parts[1:], start=parts[0])

    def run(self, call: Call) -> list[tuple[Input, Any]]:
        """Go through a call; what it sends to each wanted input."""
        with np.errstate(all="ignore"):
            return [(x, self.send(call, x)) for x in call.inputs if x.wanted]

    def send(self, call: Call, x: Input) -> Any:
        """The derivative that a call sends to one input."""
        bypass = call.node.op.bypass
        if bypass and x.position == bypass[0]:
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
        direct = self.direct.get(q, [])
        parts = self.arrived.get(q, [])
        ruled = [self.rule(call, x.position, sum(parts[1:], start=parts[0]))] if parts else []
        parts = direct + ruled
        return sum(parts[1:], start=parts[0])

    def rule(self, call: Call, i: int, dz: Any) -> Any:
        """The rule of the table for input i, and the sum that undoes a broadcast."""
        node = call.node
        dx = node.op.rules[i](dz, call.result.value, *node.cache, **node.settings)  # type: ignore[misc]
        return undo_broadcast(dx, np.shape(node.cache[i]))
