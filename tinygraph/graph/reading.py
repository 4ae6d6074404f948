"""The reading of a recorded graph, on which everything stands that looks at one: its quantities and calls.

A cost that knows the logits behind its probabilities (see `Operation.bypass`) is read with its probabilities,
and its derivative takes the lectures' path through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from tinygraph.engine.sweep import recorded_order
from tinygraph.engine.tensor import Node, Tensor, value_of
from tinygraph.errors import GraphError
from tinygraph.graph.layers import Layer, examples_of, find_layers
from tinygraph.graph.naming import GraphNames, name_graph
from tinygraph.guards.stories import qualified_name
from tinygraph.notation.reads import values_read
from tinygraph.notation.text import identifier, unique_text

__all__ = ["Call", "Graph", "Input", "Quantity", "is_number", "read_graph"]


@dataclass(eq=False, slots=True)
class Quantity:
    """A leaf or a result.

    `wanted` says that its derivative is part of the sweep; `uses` are the calls it enters, one entry for each
    time.
    """

    tensor: Any
    name: str | None
    id: str
    wanted: bool
    call: Call | None = None
    uses: list[Call] = field(default_factory=list)
    is_output: bool = False

    @property
    def value(self) -> Any:
        """Its array."""
        return value_of(self.tensor)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its value."""
        return tuple(np.shape(self.value))

    @property
    def arriving(self) -> int:
        """How many derivatives arrive here, to be added up."""
        return sum(x.wanted for call in dict.fromkeys(self.uses) for x in call.inputs if x.quantity is self)

    @property
    def terms(self) -> int:
        """How many derivatives add up here: those that arrive, and the seed of an output."""
        return self.arriving + self.is_output


class Input(NamedTuple):
    """A quantity that enters a call, its position there, and whether a derivative comes back."""

    quantity: Quantity
    position: int
    wanted: bool


@dataclass(eq=False, slots=True)
class Call:
    """One recorded operation."""

    node: Node
    id: str
    result: Quantity
    inputs: list[Input]

    @property
    def wanted(self) -> bool:
        """Whether a derivative goes through it."""
        return any(x.wanted for x in self.inputs)

    @property
    def reads_cache(self) -> bool:
        """Whether a rule that the sweep runs reads a value of the forward pass."""
        is_value = [True, *(not is_number(x) for x in self.node.inputs)]
        read = map(self.values_read, self.node.wanted)
        return any(reads and value for rule in read for reads, value in zip(rule, is_value, strict=True))

    @property
    def cache(self) -> list[Quantity]:
        """The quantities whose values the rules read that are shown: inputs, and the result last."""
        read = [self.values_read(x.position) for x in self.inputs if x.wanted]
        inputs = [x.quantity for x in self.inputs if any(reads[x.position + 1] for reads in read)]
        return list(dict.fromkeys(inputs + [self.result] * any(reads[0] for reads in read)))

    def values_read(self, i: int) -> tuple[bool, ...]:
        """Whether the rule for input i reads the values of the result and of each input."""
        node = self.node
        return values_read(node.op, i, self.result.tensor, node.inputs, node.settings)

    @property
    def stretches(self) -> bool:
        """Whether a wanted input is stretched to the shape of the result, and so its derivative summed."""
        return self.node.op.elementwise and any(
            x.wanted and x.quantity.shape != self.result.shape for x in self.inputs
        )


@dataclass(eq=False)
class Graph:
    """The quantities and calls behind some outputs, in the order of recording."""

    outputs: list[Quantity]
    quantities: list[Quantity]
    calls: list[Call]
    names: GraphNames
    order: list[Tensor]

    @cached_property
    def layers(self) -> list[Layer]:
        """Its layers, first to last."""
        return find_layers(self.order, self.names)

    @cached_property
    def compositions(self) -> list[tuple[str, list[Call]]]:
        """The functions that the user called and that are written with rows: the name and the calls of each.

        A composition inside of another is part of it.
        """
        begun = {t._composition[1]: t for t in self.order if hasattr(t, "_composition")}  # the last it made
        found: list[tuple[str, list[Call]]] = []
        end = -1
        for start, last in sorted(begun.items()):
            if start > end:
                end = last._serial
                calls = [call for call in self.calls if start < call.node.serial <= end]
                found.append((qualified_name(last._composition[0]), calls))
        return found

    @cached_property
    def m(self) -> int:
        """The number of examples that its cost averages over."""
        return examples_of(self.order)


def read_graph(outputs: Sequence[Tensor], names: Mapping[str, Any] | None = None) -> Graph:
    """The graph behind `outputs`; GraphError if nothing was recorded."""
    order = order_behind(outputs)
    known = name_graph(order, outputs, names)
    reader = Reader(known, swept_tensors(outputs))
    calls = [reader.call(t) for t in order]
    found = [reader.quantity(t) for t in outputs]
    for output in found:
        output.is_output = True
    return Graph(found, list(reader.quantities.values()), calls, known, order)


def order_behind(outputs: Sequence[Any]) -> list[Tensor]:
    """The recorded tensors behind `outputs`, in the order of recording."""
    if not outputs:
        raise GraphError("there is no output to draw: give the cost J, or several outputs of one graph")
    for output in outputs:
        if not isinstance(output, Tensor) or output.node is None:
            raise GraphError(
                f"there is no graph behind {output!r:.80}: draw what was computed from tensors, such as the "
                "cost J, and not under tg.no_grad()"
            )
    found = {t for output in outputs for t in recorded_order(output)}
    return sorted(found, key=lambda t: t.node.serial)  # type: ignore[union-attr]


def shown_inputs(node: Node) -> Iterable[int]:
    """The positions of the inputs that pictures show."""
    hidden = node.op.bypass[1] if node.op.bypass else -1
    return (i for i in range(len(node.inputs)) if i != hidden)


def wanted_inputs(node: Node) -> set[int]:
    """The positions of the shown inputs to which a derivative goes in pictures."""
    shown, used = node.op.bypass or (-1, -1)
    return {shown if i == used else i for i in node.wanted}


def swept_tensors(outputs: Sequence[Tensor]) -> set[Tensor]:
    """The tensors that the sweep from `outputs` meets in pictures."""
    found = {t for t in outputs if t.wants}
    stack = list(found)
    while stack:
        node = stack.pop().node
        if node is not None:
            fresh = {node.inputs[i] for i in wanted_inputs(node)} - found
            found |= fresh
            stack += fresh
    return found


class Reader:
    """Makes one Quantity for each tensor or array, and one Call for each node."""

    def __init__(self, names: GraphNames, swept: set[Tensor]) -> None:
        self.names, self.swept = names, swept
        self.quantities: dict[int, Quantity] = {}
        self.taken: dict[str, int] = {}

    def quantity(self, x: Any) -> Quantity:
        """The quantity of a tensor or of an array."""
        if id(x) not in self.quantities:
            is_tensor = isinstance(x, Tensor)
            name = self.names.get(x)
            made_by = x.node.op.name if is_tensor and x.node else "constant"
            key = unique_text(identifier(name or made_by), self.taken)
            self.quantities[id(x)] = Quantity(x, name, key, is_tensor and x in self.swept)
        return self.quantities[id(x)]

    def call(self, t: Tensor) -> Call:
        """The call that made `t`."""
        node: Node = t.node  # type: ignore[assignment]
        wanted = wanted_inputs(node) if t in self.swept else set()
        inputs = [
            Input(self.quantity(node.inputs[i]), i, i in wanted)
            for i in shown_inputs(node)
            if not is_number(node.inputs[i])
        ]
        result = self.quantity(t)
        key = unique_text(f"{result.id}.{identifier(node.op.name)}", self.taken)
        result.call = call = Call(node, key, result, inputs)
        for x in inputs:
            x.quantity.uses.append(call)
        return call


def is_number(x: Any) -> bool:
    """Whether pictures show an input as part of the operation's own label."""
    return isinstance(x, int | float) or (not isinstance(x, Tensor) and np.ndim(x) == 0)
