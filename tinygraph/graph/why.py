"""Why a derivative is not there: which call cut the path from a parameter to a cost."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tinygraph.engine.sweep import ancestors_of
from tinygraph.engine.tensor import Tensor
from tinygraph.guards.cuts import Cut, is_operand, known_cuts
from tinygraph.guards.stories import describe, operand_name, place_of, recorded_call
from tinygraph.notation.places import place_text

__all__ = ["tensors_alive", "why_no_gradient"]


def why_no_gradient(J: object, W: Tensor) -> str:
    """Which call cut the path of derivatives from W to J, and where; or that W is not used, or no path cut.

    Seen are `.value`, `float()`, `int()`, `bool()`, `.item()`, comparisons, functions that are constant
    nearly everywhere (np.round, np.argmax), `tg.no_grad()`, and inputs through which nothing flows (the
    condition of np.where). A call on a Tensor that is gone since is told as a guess.

    Args:
        J: the cost, a Tensor; or what became of it, if it is none any more.
        W: a parameter.

    >>> import tinygraph as tg
    >>> W1, X = tg.parameter(np.ones((2, 3)), name="W1"), np.ones((3, 4))
    >>> A1 = np.tanh(W1 @ X)
    >>> J = np.sum(tg.parameter(np.ones((1, 2)), name="W2") @ A1.value)
    >>> print(tg.why_no_gradient(J, W1).partition(" (")[0])
    J has no derivative with respect to W1: .value took A1 out of the graph
    """
    if not isinstance(W, Tensor) or not W.wants:
        name = operand_name(W, "it")
        return f"{name} is data: make it with tg.parameter to have derivatives with respect to it"
    name = operand_name(W, "the parameter")
    if isinstance(J, Tensor) and W in ancestors_of(J, wanted=True):
        found = list(dict.fromkeys(partial_cuts(J, W)))
        told = f"not along every path: {'; '.join(found)}" if found else "no path is cut"
        return f"J has a derivative with respect to {name}{', but ' if found else ': '}{told}"
    found = list(dict.fromkeys(cut_reasons(J, W, name)))
    return f"J has no derivative with respect to {name}: {'; '.join(found)}"


def cut_reasons(J: object, W: Tensor, name: str) -> Iterator[str]:
    """What may be the reason, the surest first."""
    graph = ancestors_of(J, wanted=False) if isinstance(J, Tensor) else set()
    cuts = known_cuts(tensors_alive())
    sure = [cut for cut in cuts if cut.tensor is not None and W in ancestors_of(cut.tensor, wanted=True)]
    unrecorded = [t for t in graph if t._op is None and hasattr(t, "_wanted")]
    yield from dead_ends(graph, W)
    yield from map(cut_text, sorted(sure, key=lambda cut: not is_used_in(cut, graph)))
    yield from (f"{describe(t)} was computed under no_grad ({place_of(t)})" for t in unrecorded)
    if not sure and not unrecorded:
        yield from guessed_reasons(cuts, graph)
        if W not in graph:
            yield not_used_text(W, name)


def tensors_alive() -> dict[int, Tensor]:
    """All Tensors there are, by address; `isinstance` would run code of other objects' classes."""
    return {id(x): x for x in gc.get_objects() if type(x) is Tensor and hasattr(x, "_op")}


def partial_cuts(J: Tensor, W: Tensor) -> Iterator[str]:
    """What was taken out of the way from W to J, on which other paths are left.

    Comparisons do not count: what comes of them does not change with small changes of W.
    """
    graph = ancestors_of(J, wanted=False)
    recorded = [z for z in graph if z._op is not None]
    yield from dead_ends(graph, W)
    cuts = [cut for cut in known_cuts(tensors_alive()) if not cut.how.startswith("the comparison")]
    used = [cut for cut in cuts if any(is_operand(cut, z) for z in recorded)]
    sure = [cut for cut in used if cut.tensor is not None and W in ancestors_of(cut.tensor, wanted=True)]
    places = {cut.sites for cut in sure}
    yield from map(cut_text, sure)
    yield from (f"perhaps {cut_text(cut)}" for cut in used if cut.tensor is None and cut.sites not in places)


def guessed_reasons(cuts: Iterable[Cut], graph: set[Tensor]) -> Iterator[str]:
    """The latest cuts of Tensors that are gone since, in the graph or its files; anywhere without a graph."""
    files = {z.node.place[0] for z in graph if z._op is not None}  # type: ignore[union-attr]
    gone = [
        cut
        for cut in cuts
        if cut.tensor is None and (is_used_in(cut, graph) or cut.file in files or not graph)
    ]
    yield from (f"perhaps {cut_text(cut)}" for cut in gone[-3:])


def dead_ends(graph: set[Tensor], W: Tensor) -> Iterator[str]:
    """Inputs through which no derivative flows, though they were made from W."""
    for z in sorted((z for z in graph if z._op is not None), key=lambda z: z._serial):
        for i, x in enumerate(z.inputs):
            if is_dead_end(z._op, i) and isinstance(x, Tensor) and W in ancestors_of(x, wanted=True):
                call, operands = recorded_call(z)
                yield f"no derivative flows through {operands[i]} in {call} ({place_of(z)})"


def is_dead_end(op: Any, i: int) -> bool:
    """Whether no derivative flows to input i, not even past it as with the probabilities of a cost."""
    is_bypassed = op.bypass and i == op.bypass[0]
    return bool(op.flowing) and i not in op.flowing and not is_bypassed


def is_used_in(cut: Cut, graph: set[Tensor]) -> bool:
    """Whether the array that was taken out stands in the graph."""
    arrays = [x for t in graph for x in (t._value, *t.inputs) if isinstance(x, np.ndarray)]
    return cut.array is not None and any(np.may_share_memory(cut.array, x) for x in arrays)


def cut_text(cut: Cut) -> str:
    """What took a value out of the graph, of what, and where."""
    what = "a result of " + cut.operation if cut.tensor is None and cut.operation else "a parameter"
    name = what if cut.tensor is None else operand_name(cut.tensor, f"a result of {cut.operation}")
    return f"{cut.how} took {name} out of the graph ({place_text(cut.file, cut.line)})"


def not_used_text(W: Tensor, name: str) -> str:
    """That W is not used, or where it was."""
    uses = {z for z in gc.get_referrers(W) if isinstance(z, Tensor) and z._op is not None}
    uses |= {
        z
        for inputs in gc.get_referrers(W)
        if type(inputs) is tuple
        for z in gc.get_referrers(inputs)
        if isinstance(z, Tensor)
    }
    if not uses:
        return f"{name} is not used in J"
    first = min(uses, key=lambda z: z._serial)
    return f"{name} is used in {recorded_call(first)[0]} ({place_of(first)}), but J is not made from that"
