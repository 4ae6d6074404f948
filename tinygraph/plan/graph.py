"""A graph that is already recorded, traced once more: the text of its gradients, as a step or as on paper."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygraph.engine.sweep import recorded_order
from tinygraph.engine.tensor import Tensor, apply
from tinygraph.graph.derivatives import checked_seed
from tinygraph.graph.naming import name_graph
from tinygraph.plan.build import build_step
from tinygraph.plan.record import Tape, Traced
from tinygraph.plan.trace import Trace, finish_trace

__all__ = ["code_of", "retrace_graph", "trace_of"]


def code_of(J: Tensor) -> str:
    """The cost and the gradients of a recorded graph as a module of NumPy calls into arrays made once.

    Raises:
        GraphError: J was not made from a parameter.

    >>> import tinygraph as tg
    >>> W1 = tg.parameter([[1.0, 2.0]], name="W1")
    >>> print(code_of(np.sum(W1 @ tg.tensor(np.ones((2, 3)), name="X"))).splitlines()[-1])
        return J, dW1
    """
    return build_step(trace_of(J)).source.text


def trace_of(J: Tensor) -> Trace:
    """The trace of a recorded graph: its data and parameters are the arguments."""
    checked_seed(J, None)
    tape = Tape()
    output, data, parameters = retrace_graph(J, tape)
    return finish_trace(tape, [*data, *(p.value for p in parameters)], output, parameters, None)


def retrace_graph(J: Tensor, tape: Tape) -> tuple[Tensor, list[Traced], list[Tensor]]:
    """The graph on traced arrays: its output, the symbols of its data, and its parameters."""
    order = recorded_order(J)
    names = name_graph(order, [J])
    made: dict[int, Any] = {}
    for t in order:
        for x in t.inputs:
            array = x.value if isinstance(x, Tensor) else x
            if id(x) not in made and isinstance(array, np.ndarray):
                symbol = Traced(array, tape, names.get(x, "constant"))
                made[id(x)] = traced_leaf(x, symbol, names.get(x)) if isinstance(x, Tensor) else symbol
        inputs = tuple(made.get(id(x), x) for x in t.inputs)
        made[id(t)] = new = apply(t.op, inputs, t._settings)  # type: ignore[arg-type]
        new._code, new._instruction, new.given_name = t._code, t._instruction, t.given_name
    leaves = [x for x in made.values() if not isinstance(x, Tensor) or x.op is None]
    parameters = [x for x in leaves if isinstance(x, Tensor) and x.wants]
    data = [x.value if isinstance(x, Tensor) else x for x in leaves if not getattr(x, "wants", False)]
    return made[id(J)], data, parameters


def traced_leaf(x: Tensor, symbol: Traced, name: str | None) -> Tensor:
    """A leaf like `x` that holds a symbol."""
    leaf = Tensor(symbol, name)
    leaf.wants = x.wants
    return leaf
