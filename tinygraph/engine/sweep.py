"""The reverse sweep: from the cost back to everything that wants a derivative, in one loop.

Nodes are numbered as they are recorded, and an input is always recorded before what is made from it. So going
through the nodes by falling number meets each node only after all that use it: a topological order, without
recursion. Each node's rules turn its derivative into contributions to its inputs; contributions add up; a
derivative is dropped once it is spent, except those of parameters and of what has a name.
"""

from __future__ import annotations

from collections.abc import Set
from heapq import heappop, heappush, heappushpop
from operator import attrgetter

import numpy as np

from tinygraph.engine.tensor import Node, Tensor
from tinygraph.guards.broadcasts import notice_square
from tinygraph.guards.changes import verify_node, verify_parameter
from tinygraph.guards.faults import fault_of_rule, shorten
from tinygraph.guards.modes import current_mode
from tinygraph.guards.nans import finite_rule
from tinygraph.rules.shapes import undo_broadcast
from tinygraph.rules.table import Operation
from tinygraph.rules.types import Numeric, Rule

__all__ = ["Detour", "ancestors_of", "recorded_order", "reverse_sweep", "shown_derivative", "sweep_nodes"]


# A tensor, its value and its derivative, which went past the input that its node shows (`Operation.bypass`).
Detour = tuple[Tensor, Numeric, Numeric]


def shown_derivative(detour: Detour) -> Numeric:
    """The derivative by the input a detour passes by: the lectures' dA where a cost goes to Z at once."""
    tensor, z, dz = detour
    node: Node = tensor.node  # type: ignore[assignment]
    shown, _ = node.op.bypass  # type: ignore[misc]
    return node.op.rules[shown](dz, z, *node.cache, **node.settings)  # type: ignore[misc]


def recorded_order(output: Tensor, wanted: bool = False) -> list[Tensor]:
    """All recorded tensors that `output` was made from, itself included, in the order of recording.

    With `wanted`, only those through which a derivative flows to a parameter. Leaves are not among them.

    >>> import tinygraph as tg
    >>> x = tg.parameter(2.0)
    >>> [t.node.op.name for t in recorded_order(x * x + 1)]
    ['multiply', 'add']
    """
    if output._op is None:
        return []
    found, stack = {output}, [output]
    while stack:
        t = stack.pop()
        inputs = t.inputs
        for x in [inputs[i] for i in t._wanted] if wanted else inputs:
            if isinstance(x, Tensor) and x._op is not None and x not in found:
                found.add(x)
                stack.append(x)
    return sorted(found, key=attrgetter("_serial"))


def ancestors_of(z: Tensor, wanted: bool) -> set[Tensor]:
    """All Tensors that `z` was made from, itself included; with `wanted`, along paths of derivatives."""
    order = recorded_order(z, wanted)
    found = {z, *order}
    for t in order:
        inputs = [t.inputs[i] for i in t._wanted] if wanted else t.inputs
        found.update(x for x in inputs if isinstance(x, Tensor))
    return found


def paths_to(targets: Set[Tensor], order: list[Tensor]) -> set[Tensor]:
    """`targets`, and those tensors of `order` through which a derivative flows to them."""
    through = set(targets)
    for t in order:
        inputs = t.inputs
        if any(inputs[i] in through for i in t._wanted):
            through.add(t)
    return through


Swept = tuple[dict[Tensor, Numeric], dict[Tensor, list[Detour]]]


def reverse_sweep(
    output: Tensor,
    seed: Numeric,
    targets: Set[Tensor] | None = None,
    record: bool = False,
    named: Set[Tensor] = frozenset(),
) -> Swept:
    """Derivatives of `output` with respect to its parameters and named quantities, or to `targets` alone.

    `seed` is the derivative to start from. Named are activations, what was given a name, and what stands in
    `named`. With `record` the rules run on Tensors, so that the derivatives are Tensors whose own derivatives
    can be taken. Gives the derivatives by tensor, and by tensor the detours past it.
    """
    try:
        return sweep_nodes(output, seed, targets, record, named)
    except Exception as error:
        if (fault := fault_of_rule(error, node_in_hand(error, output))) is not None:
            raise fault from error
        shorten(error)
        raise


def node_in_hand(error: Exception, output: Tensor) -> Tensor:
    """The node at which an error ended the sweep."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code is not sweep_nodes.__code__:
        trace = trace.tb_next
    return output if trace is None else trace.tb_frame.f_locals.get("z", output)


def sweep_nodes(  # noqa: C901 - the one loop that everything goes through, kept in one piece for speed
    output: Tensor, seed: Numeric, targets: Set[Tensor] | None, record: bool, named: Set[Tensor]
) -> Swept:
    """The loop of the sweep.

    `found` holds derivatives that are not yet spent; an array in it belongs to the sweep, and is added to in
    place, only if its tensor is in `owned`, as those of leaves are. The node `following` is next; others
    wait in a heap, last recorded first.
    """
    mode = current_mode()
    checking, detecting = mode.changed != "ignore", mode.nan
    through = None if targets is None else paths_to(targets, recorded_order(output, wanted=True))
    found: dict[Tensor, Numeric] = {output: seed}
    kept: dict[Tensor, Numeric] = {}
    detours: dict[Tensor, list[Detour]] = {}
    owned: set[Tensor] = set()
    waiting: list[tuple[int, Tensor]] = []
    ended = output._op is None or (targets is not None and output in targets)
    following = None if ended else (-output._serial, output)
    while following is not None:
        z = following[1]
        following = None
        op: Operation = z._op  # type: ignore[assignment]
        inputs, values = ((z._x, z._y), (z._a, z._b)) if op.arity == 2 else (z._x, z._a)
        if z._watched and checking:
            verify_node(z, values, output)
        arrays = values
        value, rules, settings, stretches = z._value, op.rules, z._settings, op.stretches
        if record:
            value, values = z, inputs
        dz = found.pop(z)
        keep = op.activation or z.given_name is not None or (named and z in named)
        if op.bypass is not None and isinstance(shown := inputs[op.bypass[0]], Tensor):
            detours.setdefault(shown, []).append((z, value, dz))
        for i in z._wanted:
            x = inputs[i]
            if through is not None and x not in through:
                continue
            rule: Rule = rules[i]  # type: ignore[assignment]
            if detecting:
                dx = finite_rule(z, i, rule, dz, value, values)
            else:
                dx = rule(dz, value, *values, **settings) if settings else rule(dz, value, *values)
            if stretches and (full := dx.shape) != (shape := arrays[i].shape):
                if len(full) == 2 and full[0] == full[1]:
                    notice_square(z, arrays)
                dx = undo_broadcast(dx, shape)
            if dx.dtype.kind == "c" and arrays[i].dtype.kind != "c":
                dx = np.real(dx)
            leaf = x._op is None
            if leaf and x._serial > z._serial and checking:
                verify_parameter(z, i, x, arrays[i], output)
            keep = keep or leaf
            if x not in found:
                if leaf and not record:
                    a = arrays[i]
                    if dx is dz or dx.base is not None or dx.dtype is not a.dtype or type(dx) is not type(a):
                        dx = np.array(dx, dtype=a.dtype) if type(a) is np.ndarray else dx.astype(a.dtype)
                    owned.add(x)
                elif not leaf and (targets is None or x not in targets):
                    if following is not None:
                        heappush(waiting, following)
                    following = (-x._serial, x)
                found[x] = dx
            elif x in owned:
                total = found[x]
                np.add(total, dx, total)
            elif record:  # of no array here: what comes next may be a Tensor, which cannot be added into it
                found[x] = found[x] + dx
            else:
                found[x] = total = found[x] + dx
                if type(total) is np.ndarray:
                    owned.add(x)
                elif hasattr(type(total), "held") and total.shape:  # of a plan, which does as an array does
                    found[x] = total.held()
                    owned.add(x)
        if keep:
            kept[z] = dz
        if waiting:
            following = heappop(waiting) if following is None else heappushpop(waiting, following)
    kept.update(found)
    return kept, detours
