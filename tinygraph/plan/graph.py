"""A graph that is already recorded, traced once more: the text of its gradients, as a step or as on paper."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygraph.engine.chain import find_layers
from tinygraph.engine.derivatives import checked_seed
from tinygraph.engine.sweep import recorded_order
from tinygraph.engine.tensor import Tensor, apply
from tinygraph.notation.names import graph_names
from tinygraph.plan.build import build_step
from tinygraph.plan.record import Tape, Traced
from tinygraph.plan.trace import Trace, finish_trace

__all__ = ["code_of", "retraced", "trace_of"]


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
    output, data, parameters = retraced(J, tape)
    return finish_trace(tape, [*data, *(p.value for p in parameters)], output, parameters, None)


def retraced(J: Tensor, tape: Tape) -> tuple[Tensor, list[Traced], list[Tensor]]:
    """The graph on traced arrays: its output, the symbols of its data, and its parameters."""
    order = recorded_order(J)
    names = names_of_leaves(J, order)
    made: dict[int, Any] = {}
    for t in order:
        for x in t.inputs:
            array = x.value if isinstance(x, Tensor) else x
            if id(x) not in made and isinstance(array, np.ndarray):
                symbol = Traced(array, tape, names.get(id(x), "constant"))
                made[id(x)] = traced_leaf(x, symbol) if isinstance(x, Tensor) else symbol
        inputs = tuple(made.get(id(x), x) for x in t.inputs)
        made[id(t)] = new = apply(t.op, inputs, t._settings)  # type: ignore[arg-type]
        new._code, new._instruction, new.given_name = t._code, t._instruction, t.given_name
    leaves = [x for x in made.values() if not isinstance(x, Tensor) or x.op is None]
    parameters = [x for x in leaves if isinstance(x, Tensor) and x.wants]
    data = [x.value if isinstance(x, Tensor) else x for x in leaves if not getattr(x, "wants", False)]
    return made[id(J)], data, parameters


def traced_leaf(x: Tensor, symbol: Traced) -> Tensor:
    """A leaf like `x` that holds a symbol."""
    leaf = Tensor(symbol, x.given_name)
    leaf.wants = x.wants
    return leaf


def names_of_leaves(J: Tensor, order: list[Tensor]) -> dict[int, str]:
    """Names for what enters the graph, by id; arrays without a name are X and Y where those stand."""
    names = graph_names(order, output=J)
    found = {id(t): name for t, name in names.items() if t.op is None}
    layers = find_layers(order, names)
    inputs = [layer.A_prev for layer in layers[:1]]
    for name, x in [*(("X", x) for x in inputs), *(("Y", x) for x in J.inputs[1:2])]:
        if isinstance(x, np.ndarray) or (isinstance(x, Tensor) and x.op is None):
            found.setdefault(id(x), name)
    others = {id(x) for t in order for x in t.inputs if isinstance(x, np.ndarray) and id(x) not in found}
    if len(others) == 1 and "Y" not in found.values():
        found[others.pop()] = "Y"
    return found
