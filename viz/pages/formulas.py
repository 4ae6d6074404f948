"""What each call computes, forward and backward, as formulas in the names of the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygraph.graph.layers import carries_m
from tinygraph.graph.reading import Call, Graph, Input, Quantity
from tinygraph.notation.symbols import Symbol
from tinygraph.notation.text import clean_text
from tinygraph.rules.shapes import undo_broadcast
from viz.formulas import Writer
from viz.notation import Notation, is_one

__all__ = ["Formulas"]

LONGEST = 28  # what is longer is not written into other formulas, but gets a name


class Formulas:
    """The formulas of one graph.

    A quantity without a name is written out where that is short, W₁X; otherwise it is v₇ if the seventh call
    made it. With `course`, 1/m is left out of dA and dZ, as the lectures do.
    """

    notation = Notation()

    def __init__(self, graph: Graph, course: bool) -> None:
        self.writer = Writer(graph, course)
        self.values: dict[Quantity, Any] = {}
        self.derivatives: dict[Quantity, Any] = {}
        self.written: dict[Call, str] = {}
        self.number = {call.result: i for i, call in enumerate(graph.calls, 1)}

    def name(self, q: Quantity) -> str:
        """What formulas call a quantity."""
        return self.notation.text(self.value(q))

    def derivative_name(self, q: Quantity) -> str:
        """What formulas call the derivative with respect to a quantity."""
        value = self.value(q)
        return self.notation.name(f"d{value.name}") if value.name else f"d({self.name(q)})"

    def symbol(self, q: Quantity, name: str) -> Symbol:
        """A named symbol with the shape of a quantity."""
        return Symbol(q.shape, np.asarray(q.value).dtype, name)

    def value(self, q: Quantity) -> Any:
        """The symbol of a quantity, made when it is first asked for."""
        if q not in self.values:
            self.values[q] = self.symbol(q, self.label(q))
        return self.values[q]

    def label(self, q: Quantity) -> str:
        """The name of a quantity, or one by its number."""
        return q.name or f"v{self.number.get(q, '')}"

    # Forward

    def forward(self, call: Call) -> str:
        """Z₁ = W₁X + b₁"""
        if call not in self.written:
            self.written[call] = self.write(call)
        return self.written[call]

    def write(self, call: Call) -> str:
        """The formula of a call; where it is short, it also becomes the name of its result."""
        if self.writer.writes_cost(call):
            return self.writer.cost(call)
        made = call.node.op.forward(*self.inputs(call), **call.node.settings)
        text = self.notation.text(made)
        if call.result.name is None and len(call.result.uses) == 1 and len(text) <= LONGEST:
            self.values[call.result] = made
            return text
        return f"{self.name(call.result)} = {clean_text(text, 160)}"

    def inputs(self, call: Call) -> list[Any]:
        """The symbols of what a call was given; numbers stand for themselves."""
        shown = {x.position: self.value(x.quantity) for x in call.inputs}
        return [shown.get(i, hidden(call.node.cache[i])) for i in range(len(call.node.inputs))]

    # Backward

    def backward(self, call: Call, x: Input) -> str:
        """dZ₁ = dA₁ ∗ (Z₁ > 0)"""
        if self.writer.writes_cost(call) and x.position == 0:
            return f"{self.derivative_name(x.quantity)} = {self.writer.cost_rule(call).text}"
        dx = self.contribution(call, x)
        text = self.notation.text(dx)
        if x.quantity.name is None and x.quantity.arriving == 1 and len(text) <= LONGEST:
            self.derivatives[x.quantity] = dx
        return f"{self.derivative_name(x.quantity)} = {clean_text(text, 160)}"

    def contribution(self, call: Call, x: Input) -> Any:
        """What a call sends to an input, as an expression."""
        z, dz = self.value(call.result), self.derivative(call.result)
        rule: Any = call.node.op.rules[x.position]
        dx = undo_broadcast(rule(dz, z, *self.inputs(call), **call.node.settings), x.quantity.shape)
        return self.averaged(dx, self.factor(call.result), self.factor(x.quantity))

    def factor(self, q: Quantity) -> int:
        """How many times the true derivative the one shown is: m for the lectures' dA and dZ."""
        is_larger = self.writer.course and not q.is_output and carries_m(q.tensor, q.name or "")
        return self.writer.m if is_larger else 1

    def averaged(self, dx: Any, before: int, after: int) -> Any:
        """An expression over m where the lectures average, times m where they leave 1/m out."""
        m = Symbol((), float, "m")
        if before == after:
            return dx
        return dx / m if before > after else without_mean(dx, self.writer.m) or dx * m

    def derivative(self, q: Quantity) -> Any:
        """The symbol of the derivative with respect to a quantity."""
        if q not in self.derivatives:
            value = self.value(q)
            self.derivatives[q] = self.symbol(q, f"d{value.name}" if value.name else f"d({self.name(q)})")
        return self.derivatives[q]


def without_mean(dx: Any, m: int) -> Any:
    """x for the expression x · (1 / m); None for another one."""
    factors = dx.args if dx.function is np.multiply else ()
    for mean, other in zip(reversed(factors), factors, strict=True):
        if getattr(mean, "function", None) is np.divide and is_one(mean.args[0]) and mean.args[1] == m:
            return other
    return None


def hidden(x: Any) -> Any:
    """A number as it is; an array that pictures do not show as a symbol of its shape."""
    return x if np.ndim(x) == 0 else Symbol(np.shape(x), np.asarray(x).dtype, "·")
