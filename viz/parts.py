"""The operations of a graph by layers: which belong to one, and which stand alone."""

from __future__ import annotations

from dataclasses import dataclass

from tinygraph.graph.layers import Layer
from tinygraph.graph.reading import Call, Graph, Input, Quantity
from tinygraph.notation.names import untransposed
from tinygraph.notation.text import clean_text

__all__ = ["Fold", "Part", "find_parts", "layer_parts"]


@dataclass(frozen=True, slots=True)
class Fold:
    """Parts that follow each other and repeat: `period` of them are one repeat, or a composition."""

    parts: list[Part]
    period: int

    @property
    def times(self) -> int:
        """How many repeats there are."""
        return len(self.parts) // self.period

    @property
    def first(self) -> list[Part]:
        """The parts of the first repeat."""
        return self.parts[: self.period]


@dataclass(eq=False, slots=True)
class Part:
    """Calls that belong together: those of a layer, a composition or a run of repeats, or a single one."""

    key: str
    calls: list[Call]
    layer: Layer | None = None
    title: str = ""
    fold: Fold | None = None

    @property
    def layers(self) -> list[Layer]:
        """Its layer, or those of its repeats."""
        parts = self.fold.parts if self.fold else [self]
        return [part.layer for part in parts if part.layer]

    @property
    def inputs(self) -> list[Input]:
        """What enters from outside."""
        inside = {call.result for call in self.calls}
        return [x for call in self.calls for x in call.inputs if x.quantity not in inside]

    @property
    def results(self) -> list[Quantity]:
        """What leaves: outputs, and what other boxes use."""
        inside = set(self.calls)
        results = [call.result for call in self.calls]
        return [q for q in results if q.is_output or not inside.issuperset(q.uses)]


def find_parts(graph: Graph, layers: list[Layer]) -> list[Part]:
    """The boxes, in the order of recording: one for each composition and layer, and each call in none."""
    owner = {call: part for part in layer_parts(graph, layers) for call in part.calls}
    for name, calls in graph.compositions:
        parts = list(dict.fromkeys(owner.get(call) or Part(call.id, [call]) for call in calls))
        if len(calls) > 1 and all(set(calls).issuperset(part.calls) for part in parts):
            made = Part(f"{calls[-1].id}.made", calls, title=name, fold=Fold(parts, len(parts)))
            owner |= dict.fromkeys(calls, made)
    return list(dict.fromkeys(owner.get(call) or Part(call.id, [call]) for call in graph.calls))


def layer_parts(graph: Graph, layers: list[Layer]) -> list[Part]:
    """The boxes of layers; a layer whose inner results are used elsewhere too keeps its operations."""
    made = {q.tensor: q.call for q in graph.quantities if q.call is not None}
    parts = []
    for i, layer in enumerate(layers, 1):
        calls = [made[t] for t in layer_tensors(layer)]
        inner = [
            call for call in calls if call.result.tensor is not layer.Z and call.result.tensor is not layer.A
        ]
        if all(len(call.result.uses) == 1 for call in inner):
            title = clean_text(layer.suffix.strip("_").replace("_", ".")) if layer.suffix else str(i)
            parts.append(Part(f"layer{i}", calls, layer, title))
    return parts


def layer_tensors(layer: Layer) -> list[object]:
    """The results of a layer's operations, first to last."""
    product = layer.Z if layer.b is None else next(x for x in layer.Z.inputs if x is not layer.b)
    turned = [x for x in product.inputs if x is not layer.W and untransposed(x) is layer.W]
    return list(dict.fromkeys([*turned, product, layer.Z, *([] if layer.A is None else [layer.A])]))
