"""The reverse sweep: from the cost back to everything that wants a derivative, in one loop.

Nodes are numbered as they are recorded, and an input is always recorded before what is made from it. So going
through the nodes by falling number meets each node only after all that use it: a topological order, without
recursion. Each node's rules turn its derivative into contributions to its inputs; contributions add up; a
derivative is dropped once it is spent, except those of parameters and of what has a name.
"""

from __future__ import annotations

from collections.abc import Set
from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np

from tinygraph.ops import Rule
from tinygraph.shapes import undo_broadcast
from tinygraph.tensor import Node, Tensor

__all__ = ["Detour", "Swept", "recorded_order", "reverse_sweep"]


class Detour(NamedTuple):
    """A derivative that went past an input of `node` (see `Operation.bypass`): `dz` of the value `z`."""

    node: Node
    z: Any
    dz: Any

    def derivative(self) -> Any:
        """What the rule for that input says: the lectures' dA of the cost."""
        i = self.node.op.bypass[0]  # type: ignore[index]
        return self.node.op.rules[i](self.dz, self.z, *self.node.cache, **self.node.settings)  # type: ignore[misc]


class Swept(NamedTuple):
    """What a sweep leaves: derivatives by tensor, and by tensor the detours past it."""

    derivatives: dict[Tensor, Any]
    detours: dict[Tensor, list[Detour]]


def recorded_order(output: Tensor, wanted: bool = False) -> list[Tensor]:
    """All recorded tensors that `output` was made from, itself included, in the order of recording.

    With `wanted`, only those through which a derivative flows to a parameter. Leaves are not among them.

    >>> import tinygraph as tg
    >>> x = tg.parameter(2.0)
    >>> [t.node.op.name for t in recorded_order(x * x + 1)]
    ['multiply', 'add']
    """
    if output.node is None:
        return []
    found, stack = {output}, [output]
    while stack:
        node = stack.pop().node
        for x in [node.inputs[i] for i in node.wanted] if wanted else node.inputs:  # type: ignore[union-attr]
            if isinstance(x, Tensor) and x.node is not None and x not in found:
                found.add(x)
                stack.append(x)
    return sorted(found, key=lambda t: t.node.serial)  # type: ignore[union-attr]


def paths_to(targets: Set[Tensor], order: list[Tensor]) -> set[Tensor]:
    """`targets`, and those tensors of `order` through which a derivative flows to them."""
    through = set(targets)
    for t in order:
        node = t.node
        if any(node.inputs[i] in through for i in node.wanted):  # type: ignore[union-attr]
            through.add(t)
    return through


def reverse_sweep(output: Tensor, seed: Any, targets: Set[Tensor] | None = None, record: bool = False) -> Swept:
    """Derivatives of `output` with respect to its parameters and named quantities, or to `targets` alone.

    `seed` is the derivative to start from. With `record` the rules run on Tensors, so that the derivatives are
    Tensors whose own derivatives can be taken. The nodes still to be visited wait in a heap, last recorded first.
    """
    through = None if targets is None else paths_to(targets, recorded_order(output, wanted=True))
    found: dict[Tensor, Any] = {output: seed}
    kept: dict[Tensor, Any] = {}
    detours: dict[Tensor, list[Detour]] = {}
    owned: set[Tensor] = set()
    waiting: list[tuple[int, Tensor]] = []
    if output.node is not None:
        waiting.append((-output.node.serial, output))
    while waiting:
        z = heappop(waiting)[1]
        node: Node = z.node  # type: ignore[assignment]
        op, inputs, settings = node.op, node.inputs, node.settings
        rules = op.rules
        values, value = (inputs, z) if record else (node.cache, z.value)
        keep = op.activation or z.given_name is not None
        dz = found.pop(z)
        if op.bypass is not None and isinstance(shown := inputs[op.bypass[0]], Tensor):
            detours.setdefault(shown, []).append(Detour(node, value, dz))
        for i in node.wanted:
            x = inputs[i]
            if through is not None and x not in through:
                continue
            rule: Rule = rules[i]  # type: ignore[assignment]
            dx = rule(dz, value, *values, **settings) if settings else rule(dz, value, *values)
            if dx.shape != x.value.shape:
                dx = undo_broadcast(dx, x.value.shape)
            earlier = found.get(x)
            if earlier is None:
                found[x] = dx
                if x.node is None:
                    keep = True
                elif targets is None or x not in targets:
                    heappush(waiting, (-x.node.serial, x))
            elif x in owned:
                np.add(earlier, dx, out=earlier)
            else:
                found[x] = total = earlier + dx
                if type(total) is np.ndarray:
                    owned.add(x)
        if keep:
            kept[z] = dz
    return Swept(kept | (found if record else unshared(found, kept)), detours)


def unshared(found: dict[Tensor, Any], kept: dict[Tensor, Any]) -> dict[Tensor, Any]:
    """The derivatives of leaves as writable arrays of the leaf's dtype that no other result shares."""
    taken = {id(dz) for dz in kept.values()}
    for x, dx in found.items():
        if id(dx) in taken or dx.base is not None:
            found[x] = dx = dx.copy()
        if dx.dtype is not x.value.dtype or type(dx) is not np.ndarray:
            found[x] = dx = np.asarray(dx, dtype=x.value.dtype)
        taken.add(id(dx))
    return found
