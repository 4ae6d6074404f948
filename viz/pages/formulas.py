"""What each call computes, forward and backward, as formulas in the names of the graph."""

from __future__ import annotations

from typing import Any

from tinygraph.graph.derivation import Derivation
from tinygraph.graph.reading import Call, Graph, Input, Quantity
from tinygraph.notation.paper import Unicode
from tinygraph.notation.text import clean_text
from viz.formulas import Writer

__all__ = ["Formulas"]

LONGEST_INNER = 28  # what is longer is not written into other formulas, but gets a name
LONGEST_LINE = 160


class Formulas:
    """The formulas of one graph as lines of the page; `backward` is asked from the last call to the first."""

    def __init__(self, graph: Graph, course: bool) -> None:
        self.writer, self.notation = Writer(graph, course), Unicode()
        self.derivation = Derivation(graph, course, LONGEST_INNER, self.notation)
        self.factor = self.derivation.factor

    def name(self, q: Quantity) -> str:
        """What formulas call a quantity."""
        return self.notation.text(self.derivation.value(q))

    def derivative_name(self, q: Quantity) -> str:
        """What formulas call the derivative with respect to a quantity."""
        return self.notation.name(self.derivation.derivative_label(q))

    def forward(self, call: Call) -> str:
        """Z₁ = W₁X + b₁"""
        if self.writer.writes_cost(call):
            return self.writer.cost(call)
        formula = self.notation.text(self.derivation.formula(call))
        if self.derivation.value(call.result) is self.derivation.formula(call):
            return formula
        return f"{self.name(call.result)} = {clean_text(formula, LONGEST_LINE)}"

    def backward(self, call: Call) -> list[str]:
        """A formula for each derivative that a call sends: dZ₁ = dA₁ ∗ (Z₁ > 0)"""
        return [self.line(call, x, sent) for x, sent in self.derivation.run(call)]

    def line(self, call: Call, x: Input, sent: Any) -> str:
        q = x.quantity
        if self.writer.writes_cost(call) and x.position == 0:
            text = self.writer.cost_rule(call).text
        else:
            text = clean_text(self.notation.text(self.derivation.lectures.get(q, sent)), LONGEST_LINE)
        return f"{self.derivative_name(q)} = {text}"
