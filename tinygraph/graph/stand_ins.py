"""Stand-ins for what has no name, so that formulas can speak of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tinygraph.graph.layers import Layer
from tinygraph.graph.naming import COSTS
from tinygraph.graph.reading import Call, Graph, Quantity

__all__ = ["name_inner", "name_leaves", "name_rest"]

CALLS_NESTED = 12


def name_inner(graph: Graph, layers: Iterable[Layer]) -> None:
    """Call a nameless result H4 where it enters layer 4, A where it enters a cost, and L if it is a cost."""
    found = [(f"H{layer.suffix}", q) for layer, q in inputs_of(graph, layers)]
    found += [("A", q) for q, _ in cost_inputs(graph.calls)]
    give_names(graph, found + [("L", call.result) for call in graph.calls if call.node.op.function in COSTS])


def name_leaves(graph: Graph) -> None:
    """Call a nameless leaf c, with a number."""
    give_names(graph, [("c", q) for q in graph.quantities if q.call is None])


def name_rest(graph: Graph) -> None:
    """Call a nameless leaf c, and a nameless result v that is used several times or never, with a number.

    So is one in which many calls stand within each other, which nobody could read, nor print by recursion.
    """
    name_leaves(graph)
    several = [q for q in graph.quantities if q.call is not None and len(q.uses) != 1]
    give_names(graph, [("v", q) for q in several])
    give_names(graph, [("v", q) for q in find_deep(graph)])


def find_deep(graph: Graph) -> Iterator[Quantity]:
    """The nameless results in which more than CALLS_NESTED calls would be written into each other."""
    depth: dict[Quantity, int] = {}
    for call in graph.calls:
        q = call.result
        depth[q] = 0 if q.name else 1 + max((depth.get(x.quantity, 0) for x in call.inputs), default=0)
        if depth[q] > CALLS_NESTED:
            depth[q] = 0
            yield q


def inputs_of(graph: Graph, layers: Iterable[Layer]) -> Iterator[tuple[Layer, Quantity]]:
    """Each layer and what enters it besides its parameters, unless that is a number."""
    by_tensor = {id(q.tensor): q for q in graph.quantities}
    return ((layer, by_tensor[id(layer.A_prev)]) for layer in layers if id(layer.A_prev) in by_tensor)


def cost_inputs(calls: Iterable[Call]) -> Iterator[tuple[Quantity, Quantity]]:
    """The outputs and labels that enter each cost."""
    for call in calls:
        if call.node.op.function in COSTS and [x.position for x in call.inputs] == [0, 1]:
            yield call.inputs[0].quantity, call.inputs[1].quantity


def give_names(graph: Graph, found: Iterable[tuple[str, Quantity]]) -> None:
    """Give each quantity without a name the one found for it, numbered if it is taken."""
    taken = {q.name for q in graph.quantities}
    for name, q in found:
        if not q.name:
            q.name = next(
                n for n in [name, *(f"{name}_{i}" for i in range(2, 2 + len(taken)))] if n not in taken
            )
            taken.add(q.name)
