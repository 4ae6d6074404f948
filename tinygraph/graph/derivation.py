"""Both passes of a graph as formulas: what each call computes, and the statement that makes each derivative.

The rules of the table run on symbols that carry the names of the graph, so the formulas that a person would
write for this graph come out. What has no name is written into the formulas that use it. Pages, LaTeX, plain
code and explanations of mistakes all print from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygraph.graph.layers import carries_m, sweep_order
from tinygraph.graph.reading import Call, Graph, Input, Quantity
from tinygraph.graph.walk import ReverseWalk
from tinygraph.notation.expressions import NUMPY, Notation
from tinygraph.notation.names import derivative_name
from tinygraph.notation.symbols import One, Symbol
from tinygraph.notation.tidy import scale_formula, tidy_formula, without_factor
from tinygraph.rules import kernels as k

__all__ = ["Derivation", "Statement", "number_at_end"]

M = "m"  # the number of examples, where the lectures' 1/m is written


class Statement(NamedTuple):
    """`name` = one of `right`, in layer `layer`.

    Where a cost looks through an activation there are two right formulas: dZ = A - Y first, then dA * g'(Z).
    `of` is the quantity of a graph, if there is one.
    """

    name: str
    right: tuple[Any, ...]
    layer: int
    of: Any = None


class Derivation(ReverseWalk):
    """The formulas of one graph.

    With `course`, 1/m is left out of dA and dZ, as the lectures do. A quantity without a name is written out,
    unless its formula is longer than `longest` characters or used several times: then it is v7 if the seventh
    call made it. Without `longest`, everything is written out.

    >>> import tinygraph as tg
    >>> from tinygraph.graph.reading import read_graph
    >>> W1, b1 = tg.parameter(np.ones((2, 3))), tg.parameter(np.ones((2, 1)))
    >>> X = np.ones((3, 5))
    >>> A1 = np.tanh(W1 @ X + b1)
    >>> for s in Derivation(read_graph([(A1 * A1).sum()])).statements():
    ...     print(s.name, "=", s.right[0])
    dA1 = A1 + A1
    dZ1 = dA1 * (1 - A1 * A1)
    dW1 = dZ1 @ X.T
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    """

    def __init__(
        self, graph: Graph, course: bool = False, longest: int | None = None, notation: Notation = NUMPY
    ) -> None:
        self.graph, self.course, self.longest, self.notation = graph, course, longest, notation
        self.numbers = {call.result: i for i, call in enumerate(graph.calls, 1)}
        # Forward: what stands for a quantity in formulas, and the formula of each call.
        self.symbols: dict[Quantity, Any] = {}
        self.made: dict[Call, Any] = {}
        # Backward: the formula of each derivative, what stands for it, and dA * g'(Z) beside A - Y.
        self.formulas: dict[Quantity, Any] = {}
        self.done: dict[Quantity, Any] = {}
        self.lectures: dict[Quantity, Any] = {}
        super().__init__(graph)

    # Forward

    def value(self, q: Quantity) -> Any:
        """The symbol of a quantity: its name, or else its formula where that is short."""
        if q not in self.symbols:
            formula = None if q.name or q.call is None else self.formula(q.call)
            self.symbols[q] = (
                self.symbol(q, self.label(q)) if formula is None or self.is_long(q, formula) else formula
            )
        return self.symbols[q]

    def is_long(self, q: Quantity, formula: Any) -> bool:
        """Whether a formula gets a name instead of being written into others."""
        return self.longest is not None and (
            len(q.uses) != 1 or len(self.notation.text(formula)) > self.longest
        )

    def label(self, q: Quantity) -> str:
        """The name of a quantity, or one by its number."""
        return q.name or f"v{self.numbers.get(q, '')}"

    def formula(self, call: Call) -> Any:
        """What a call computes."""
        if call not in self.made:
            op = call.node.op
            forward = op.function if getattr(op.function, "__module__", "") == k.__name__ else op.forward
            self.made[call] = tidy_formula(forward(*self.inputs(call), **call.node.settings))
        return self.made[call]

    def inputs(self, call: Call) -> Sequence[Any]:
        """The symbols of what a call was given; numbers stand for themselves."""
        found = (self.quantities.get(id(x)) for x in call.node.inputs)
        return [a if q is None else self.value(q) for q, a in zip(found, call.node.cache, strict=True)]

    def symbol(self, q: Quantity, name: str) -> Symbol:
        """A named symbol with the shape of a quantity."""
        return Symbol(q.shape, np.asarray(q.value).dtype, name)

    # Backward

    def seed(self, q: Quantity) -> Any:
        """1, in the shape of an output."""
        return One(q.shape, np.asarray(q.value).dtype, "1")

    def total(self, q: Quantity) -> Any:
        """The derivative with respect to a quantity, complete: its name, else its formula; 1 for the seed."""
        if q not in self.done:
            formula = self.formulas[q] = tidy_formula(super().total(q))
            # The derivative of the cost by itself is 1, and written so, whatever the cost is called.
            is_named = (q.name or self.is_long(q, formula)) and (q.arriving or not q.is_output)
            self.done[q] = self.symbol(q, self.derivative_label(q)) if is_named else formula
        return self.done[q]

    def derivative_label(self, q: Quantity) -> str:
        """dZ1, and d(W1 @ X) for what is written out."""
        value = self.value(q)
        return derivative_name(value.name or f"({self.notation.text(value)})")

    def rule(self, call: Call, i: int, dz: Any) -> Any:
        """The rule for input i, with the lectures' 1/m where it belongs."""
        # By the node: the walk also asks for the logits behind a cost, which are no input that is shown.
        of = self.quantities[id(call.node.inputs[i])]
        dx = tidy_formula(super().rule(call, i, dz))
        return self.average(dx, self.factor(call.result), self.factor(of))

    def through(self, call: Call, x: Input) -> Any:
        """Behind a cost that looked through this call, the direct formula; the lectures' is kept as well."""
        sent = super().through(call, x)
        if call.result in self.direct:
            self.lectures[x.quantity] = self.rule(call, x.position, self.total(call.result))
        return tidy_formula(sent)

    def factor(self, q: Quantity) -> int:
        """What the true derivative is multiplied with to be the one shown: m for the lectures' dA and dZ."""
        is_larger = self.course and not q.is_output and carries_m(q.tensor, q.name or "")
        return self.graph.m if is_larger else 1

    def average(self, dx: Any, before: int, after: int) -> Any:
        """A formula over m where the lectures average, times m where they leave 1/m out."""
        if before == after:
            return dx
        m = Symbol((), float, M)
        # An m that meets a 1/m goes, rather than that both are written: A - Y, not m * ((A - Y) / m).
        if before > after:
            shorter = without_factor(dx, M)
            return dx / m if shorter is None else shorter
        shorter = scale_formula(dx, self.graph.m)
        return m * dx if shorter is None else shorter

    # Statements

    def statements(self) -> list[Statement]:
        """A statement for each derivative that has a name, in the order in which the sweep completes them."""
        for call in reversed(self.graph.calls):
            if call.wanted:
                self.run(call)
        found = [q for q in self.order() if q in self.arrived or q in self.shown_only]
        return [self.statement(q) for q in found if not q.is_output or q.arriving]

    def statement(self, q: Quantity) -> Statement:
        """The statement that makes the derivative with respect to a quantity."""
        # The total of the walk, since the one here is the name.
        name, formula = derivative_name(q.name or ""), tidy_formula(super().total(q))
        looked_through = q in self.lectures and len(self.arrived[q]) == 1
        right = (formula, self.lectures[q]) if looked_through else (formula,)
        return Statement(name, right, number_at_end(name), q)

    def order(self) -> list[Quantity]:
        """The quantities with a name whose derivative is wanted, in the order in which those are complete."""
        named = {q.tensor for q in self.graph.quantities if q.name and q.wanted}
        return [self.quantities[id(t)] for t in sweep_order(self.graph.order, named)]


def number_at_end(name: str) -> int:
    """The number at the end of a name, 0 if there is none."""
    digits = name[len(name.rstrip("0123456789")) :]
    return int(digits) if digits else 0
