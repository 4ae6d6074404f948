"""The right derivation of any graph, read off the recording: each named derivative as an expression.

The rules of the table run on symbols that carry the names of the graph, so what the sweep computes comes out
as the formulas a person would write for this graph. Quantities without a name are written into those that
have one.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygraph.checks.lectures import Statement
from tinygraph.engine.tensor import Node, Tensor, value_of
from tinygraph.graph.derivatives import Derivatives
from tinygraph.notation.expressions import bare
from tinygraph.notation.names import derivative_name
from tinygraph.notation.symbols import Symbol
from tinygraph.rules.shapes import undo_broadcast

__all__ = ["recorded_program", "recorded_values"]


def recorded_values(d: Derivatives) -> dict[str, Any]:
    """The values of a graph by name, and its derivatives."""
    found = {name: value_of(x) for x, name in d.names.items()}
    found |= dict(nameless_arrays(d).values())
    return found | {name: d[name] for name in d} | {derivative_name(d.names[d.output]): 1.0}


def recorded_program(d: Derivatives) -> list[Statement]:
    """The statements by which the sweep makes each named derivative, in its order.

    >>> import numpy as np
    >>> import tinygraph as tg
    >>> W1, b1 = tg.parameter(np.ones((2, 3)), name="W1"), tg.parameter(np.ones((2, 1)), name="b1")
    >>> A1 = np.tanh(W1 @ tg.tensor(np.ones((3, 5)), name="X") + b1)
    >>> for s in recorded_program((A1 * A1).sum().backward()):
    ...     print(s.name, "=", s.right[0])
    dA1 = dJ * A1 + dJ * A1
    dZ1 = dA1 * (1 - A1 * A1)
    dW1 = dZ1 @ X.T
    db1 = np.sum(dZ1, axis=(1,), keepdims=True)
    """
    symbols = forward_symbols(d)
    order = [t for t in d.order if t.wants]
    found: dict[Tensor, Any] = {d.output: named(derivative_name(d.names[d.output]), d.output)}
    statements: dict[str, Statement] = {}
    for z in reversed(order):
        if z not in found:
            continue
        dz = settle(z, found, d.names, statements) if z is not d.output else found[z]
        for x, dx in contributions(z, dz, symbols):
            found[x] = found[x] + dx if x in found else dx
        for x, dx in shown_past(z, dz, symbols):
            settle(x, {x: dx}, d.names, statements)
    for x in list(found):
        if x.is_parameter:
            settle(x, found, d.names, statements)
    return [statements[name] for name in d if name in statements]


def nameless_arrays(d: Derivatives) -> dict[int, tuple[str, Any]]:
    """The plain arrays without a name that a graph was made with, by their id: X1, X2, ..."""
    taken = set(d.names.values())
    free = (
        name for name in itertools.chain("XY", map("X{}".format, itertools.count(1))) if name not in taken
    )
    arrays = {
        id(x): x
        for t in d.order
        for x in t.inputs
        if isinstance(x, np.ndarray) and x.ndim and x not in d.names
    }
    return {key: (next(free), x) for key, x in arrays.items()}


def named(name: str, t: Tensor) -> Symbol:
    return Symbol(t.shape, t.dtype, name)


def forward_symbols(d: Derivatives) -> dict[Any, Any]:
    """A symbol for each tensor: its name, or the call that made it from named ones."""
    symbols: dict[Any, Any] = {
        x if isinstance(x, Tensor) else id(x): named(name, x) for x, name in d.names.items()
    }
    symbols |= {key: Symbol(x.shape, x.dtype, name) for key, (name, x) in nameless_arrays(d).items()}
    for t in d.order:
        if t not in symbols:
            node = t.node
            assert node is not None
            symbols[t] = node.op.forward(*(symbol_of(x, symbols) for x in node.inputs), **node.settings)
    return symbols


def symbol_of(x: Any, symbols: Mapping[Any, Any]) -> Any:
    """The symbol of an input; a number stands for itself."""
    return symbols.get(x, value_of(x)) if isinstance(x, Tensor) else symbols.get(id(x), x)


def contributions(z: Tensor, dz: Any, symbols: Mapping[Any, Any]) -> list[tuple[Tensor, Any]]:
    """What a node adds to the derivatives of its inputs."""
    node = z.node
    assert node is not None
    return [(node.inputs[i], contribution(node, i, symbols[z], dz, symbols)) for i in node.wanted]


def shown_past(z: Tensor, dz: Any, symbols: Mapping[Any, Any]) -> list[tuple[Tensor, Any]]:
    """The derivative of an input that the sweep went past (see `Operation.bypass`)."""
    node = z.node
    if node is None or node.op.bypass is None or not isinstance(node.inputs[node.op.bypass[0]], Tensor):
        return []
    shown = node.op.bypass[0]
    return [(node.inputs[shown], contribution(node, shown, symbols[z], dz, symbols))]


def contribution(node: Node, i: int, z: Any, dz: Any, symbols: Mapping[Any, Any]) -> Any:
    """The rule for input i of a node, on symbols."""
    inputs = tuple(symbol_of(x, symbols) for x in node.inputs)
    dx = node.op.rules[i](dz, z, *inputs, **node.settings)  # type: ignore[misc]
    return undo_broadcast(dx, node.inputs[i].shape)


def settle(
    t: Tensor, found: dict[Tensor, Any], names: Mapping[Tensor, str], statements: dict[str, Statement]
) -> Any:
    """The derivative of `t`, now complete: its name, and a statement, if `t` has a name."""
    if t not in names:
        return found[t]
    name = derivative_name(names[t])
    statements[name] = Statement(name, (bare(lightened(found[t])),), layer_of(name))
    found[t] = named(name, t)
    return found[t]


def lightened(x: Any) -> Any:
    """An expression in which a number is not spread to an array just to be multiplied with one."""
    if not isinstance(x, Symbol) or x.function is None:
        return x
    args = tuple(map(lightened, x.args))
    if x.function is np.multiply:
        a, b = (spread_number(part) for part in x.args)
        pairs = ((a, args[1], x.args[1]), (b, args[0], x.args[0]))
        args = next(((n, part) for n, part, other in pairs if n is not None and other.shape == x.shape), args)
    made = Symbol(x.shape, x.dtype)
    made.function, made.args, made.settings = x.function, args, x.settings
    return made


def spread_number(x: Any) -> Any:
    """The number that `x` spreads to an array; None if it is something else."""
    if not isinstance(x, Symbol) or x.function is not np.broadcast_to:
        return None
    inner = x.args[0]
    while isinstance(inner, Symbol) and inner.function is np.reshape:
        inner = inner.args[0]
    return inner if inner.shape == () else None


def layer_of(name: str) -> int:
    """The number at the end of a name, 0 if there is none."""
    digits = name[len(name.rstrip("0123456789")) :]
    return int(digits) if digits else 0
