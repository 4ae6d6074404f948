"""The chain of derivatives as aligned equations in LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor
from tinygraph.graph.reading import Call, Quantity
from tinygraph.graph.stand_ins import name_inner, name_rest
from viz.compose import Scene, check_choices, read_scene
from viz.notation import Latex, One
from viz.pages.formulas import Formulas

__all__ = ["chain_latex"]

Row = tuple[Quantity, str]


def chain_latex(output: Tensor, names: Mapping[str, Any] | None, convention: str) -> str:
    """The derivatives of `output` in the order of the sweep, an equation with the shape for each."""
    check_choices(convention=convention)
    scene = read_scene([output], names, convention=convention)
    name_inner(scene.graph, scene.layers)
    name_rest(scene.graph)
    rows = " \\\\\n".join(text for _, text in in_reading_order(Equations(scene).rows()))
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def in_reading_order(rows: Iterable[Row]) -> Iterator[Row]:
    """Leaves that follow each other in the order of their use: dW before db."""
    for is_leaf, run in groupby(rows, key=lambda row: row[0].call is None):
        found = list(run)
        yield from reversed(found) if is_leaf else found


class Equations(Formulas):
    """The formulas of one graph in LaTeX; what has no name is written out in full."""

    notation = Latex()

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.graph, scene.course)
        self.graph = scene.graph
        self.sums: dict[Quantity, Any] = {}
        self.arrived: dict[Quantity, int] = {}

    def rows(self) -> Iterator[Row]:
        """An equation for each named derivative, once all that adds up to it has arrived."""
        for call in self.graph.calls:
            if call.result.name is None:
                self.values[call.result] = call.node.op.forward(*self.inputs(call), **call.node.settings)
        for q in self.graph.outputs:
            if q.terms == 1:
                self.derivatives[q] = one(q)
        for call in reversed(self.graph.calls):
            yield from self.sent(call)

    def sent(self, call: Call) -> Iterator[Row]:
        """The equations that a call completes."""
        for x in call.inputs:
            if x.wanted:
                q, dx = x.quantity, self.contribution(call, x)
                self.sums[q] = self.sums[q] + dx if q in self.sums else dx
                self.arrived[q] = self.arrived.get(q, 0) + 1
                if self.arrived[q] == q.arriving:
                    yield from self.complete(q)

    def complete(self, q: Quantity) -> Iterator[Row]:
        """The equation of a derivative; without a name, it is written into others."""
        total = self.sums.pop(q) + one(q) if q.is_output else self.sums.pop(q)
        if q.name is None:
            self.derivatives[q] = total
            return
        shape = r" \times ".join(map(str, q.shape))
        space = rf" && \in \mathbb{{R}}^{{{shape}}}" if shape else ""
        yield q, f"{self.derivative_name(q)} &= {self.notation.text(total)}{space}"


def one(q: Quantity) -> One:
    """The seed of the sweep, in the shape of an output."""
    return One(q.shape, np.asarray(q.value).dtype, "1")
