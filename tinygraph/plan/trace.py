"""A step run once on traced arrays: what it computes, under the lectures' names, layer by layer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np

from tinygraph.engine.sweep import recorded_order, reverse_sweep
from tinygraph.engine.tensor import Tensor, value_of
from tinygraph.errors import GraphError
from tinygraph.graph.derivatives import checked_seed
from tinygraph.graph.functional import lift_arrays
from tinygraph.graph.layers import Layer, find_layers
from tinygraph.graph.naming import GraphNames, name_graph
from tinygraph.guards.faults import our_work
from tinygraph.notation.names import derivative_name, own_name
from tinygraph.plan.record import Tape, Traced, settle_arrays, values_of
from tinygraph.plan.source import Section
from tinygraph.rules.nests import Leaf, flatten_nest, leaves, unflatten_nest

__all__ = ["Trace", "Updates", "finish_trace", "flatten_inputs", "trace_step"]

ARRAYS = (np.ndarray, np.generic, float, int, Tensor)
OWN_ARITHMETIC = ("__array_ufunc__", "__array_function__", "__mul__", "__add__")
END = 2**62  # after every serial number


class Updates(Protocol):
    """What a plan needs of an optimizer; `tinygraph.optim.Optimizer` says what each is."""

    remembers: tuple[str, ...]

    def numbers(self) -> dict[str, float]: ...
    def advance(self, parameters: Sequence[Tensor], by: int = 1) -> dict[str, float]: ...
    def memory(self, parameter: Tensor) -> tuple[Any, ...]: ...
    def descend(self, W: Any, dW: Any, *arrays: Any) -> None: ...


class Trace(NamedTuple):
    """What was recorded of a step.

    `arguments` are the symbols of what the step is given, in order, `numbers` those of the optimizer among
    them; `others` are the tensors that the loss has from outside and does not derive by; `cost` and
    `derivatives` are its results; `targets` pairs each array of the caller's that the update changes with its
    new value.
    """

    tape: Tape
    arguments: list[Traced]
    numbers: list[Traced]
    cost: Traced
    derivatives: list[Traced]
    targets: list[tuple[Traced, Traced]]
    names: dict[Traced, str]
    sections: list[Section]
    others: list[Tensor]


# Arguments ----------------------------------------------------------------


def flatten_inputs(inputs: Any) -> tuple[list[Any], Any]:
    """The arrays and numbers in nested dicts, lists and tuples, and the form that holds their places."""
    found, form = flatten_nest(tuple(inputs), is_array)
    return [plain_array(value_of(x)) for x in found], form


def plain_array(x: Any) -> Any:
    """`x`; of a memory map and the like, the same memory as a plain array.

    Raises:
        GraphError: the class of `x` has arithmetic of its own, as np.matrix has.
    """
    if type(x) is np.ndarray or not isinstance(x, np.ndarray):
        return x
    if any(getattr(type(x), name) is not getattr(np.ndarray, name) for name in OWN_ARITHMETIC):
        raise unfit_argument(x)
    return x.view(np.ndarray)


def unfit_argument(x: Any) -> GraphError:
    shape, kind = np.shape(x), type(x).__name__
    return GraphError(
        f"a compiled step takes NumPy's own arrays of numbers, and an argument of shape {shape} is "
        f"{'an array of objects' if type(x) is np.ndarray else f'a {kind}'}; give it as such an array, with "
        "np.asarray if that means the same"
    )


def is_array(x: Any) -> bool:
    """Whether x stands for an array or a number, which may differ from step to step.

    Raises:
        GraphError: x is an array of another library.
    """
    if hasattr(x, "__array__") and not isinstance(x, ARRAYS):
        raise unfit_argument(x)
    return isinstance(x, ARRAYS) and not isinstance(x, bool)


def symbols_for(loss: Callable[..., Any], arrays: Sequence[Any], form: Any, tape: Tape) -> list[Traced]:
    """A symbol for each array given, named after the argument of `loss` that it is."""
    if form is None:
        form = tuple, (Leaf,) * len(arrays)
    for x in arrays:
        if isinstance(x, np.ndarray) and x.dtype.kind == "O":
            raise unfit_argument(x)
    names = [name for i, part in enumerate(form[1]) for name in leaf_names(part, argument_name(loss, i))]
    return [Traced(x, tape, name) for x, name in zip(arrays, names, strict=True)]


def leaf_names(form: Any, name: str) -> Iterator[str]:
    """Names for the arrays in one argument: keys of a dict, or numbers after the argument's name."""
    if form is Leaf:
        yield name
    elif isinstance(form, tuple):
        for i, part in enumerate(form[1]):
            key, inner = part if form[0] is dict else (f"{name}{i}", part)
            yield from leaf_names(inner, str(key))


def argument_name(loss: Callable[..., Any], i: int) -> str:
    """The name of argument i of a function, without the help of `inspect`, which is slow to load."""
    given = 0
    while (inner := getattr(loss, "func", None)) is not None:  # functools.partial
        given += len(loss.args)  # type: ignore[attr-defined]
        loss = inner
    given += hasattr(loss, "__self__")
    code = getattr(getattr(loss, "__func__", loss), "__code__", None)
    if code is None or i + given >= code.co_argcount:
        return f"x{i}"
    return str(code.co_varnames[i + given])


# The step ----------------------------------------------------------------


def trace_step(
    loss: Callable[..., Any],
    arrays: Sequence[Any],
    form: Any,
    parameters: Sequence[Tensor] | None,
    optimizer: Updates | None,
) -> Trace:
    """`loss` on `arrays`, its derivatives, and the update if there is one."""
    tape = Tape()
    given = symbols_for(loss, arrays, form, tape)
    args = given if form is None else unflatten_nest(form, given)
    if parameters is None:
        lifted = lift_arrays(args[0])
        return finish_trace(tape, given, loss(lifted, *args[1:]), list(leaves(lifted)), None)
    with traced_values(parameters, tape) as symbols:
        J = loss(*args)
        return finish_trace(tape, [*given, *symbols], J, parameters, optimizer)


@contextmanager
def traced_values(tensors: Sequence[Tensor], tape: Tape) -> Iterator[list[Traced]]:
    """Let `tensors` hold symbols instead of their arrays meanwhile."""
    arrays = [t.value for t in tensors]
    symbols = [Traced(t.value, tape, own_name(t) or "parameter") for t in tensors]
    try:
        for t, symbol in zip(tensors, symbols, strict=True):
            t.value = symbol
        yield symbols
    finally:
        for t, array in zip(tensors, arrays, strict=True):
            t.value = array


def finish_trace(
    tape: Tape, given: list[Traced], J: Any, parameters: Sequence[Tensor], optimizer: Updates | None
) -> Trace:
    """The sweep from the cost J, and the update."""
    if not isinstance(J, Tensor):
        raise GraphError(f"the loss of a step is a Tensor made from its parameters, not a {type(J).__name__}")
    seed = Traced(values_of(checked_seed(J, None)), tape)
    seed.fixed = True
    start = last_serial(tape)
    swept, _ = reverse_sweep(J, seed, targets=set(parameters))
    found = {t: settle_arrays(dt) for t, dt in swept.items()}
    for p in parameters:
        if p not in found:
            found[p] = zero_derivative(p, tape, optimizer)
    end = last_serial(tape)
    with our_work("tg.compile, naming what the loss computes,"):
        order = recorded_order(J)
        names = name_graph(order, [J])
        symbols = symbol_names(names, found)
        sections = sections_of(find_layers(order, names), found, start, end)
    arguments, numbers = list(given), {}
    targets: list[tuple[Traced, Traced]] = []
    if optimizer is not None:
        numbers = {name: Traced(x, tape, name) for name, x in optimizer.numbers().items()}
        for p in parameters:
            kept = [
                Traced(array, tape, f"{letter}_d{names.get(p, 'parameter')}")
                for letter, array in zip(optimizer.remembers, optimizer.memory(p), strict=True)
            ]
            new = [x.copy() for x in (p.value, *kept)]
            optimizer.descend(new[0], found[p], *new[1:], *numbers.values())
            targets += zip((p.value, *kept), map(settle_arrays, new), strict=True)
            arguments += kept
        arguments += numbers.values()
    derivatives = [found[p] for p in parameters]
    return Trace(
        tape,
        arguments,
        list(numbers.values()),
        settle_arrays(J.value),
        derivatives,
        targets,
        symbols,
        sections,
        others_of(order, parameters),
    )


def others_of(order: Sequence[Tensor], parameters: Sequence[Tensor]) -> list[Tensor]:
    """The leaves of a graph that are no parameters of the step and hold arrays of their own."""
    found = dict.fromkeys(x for t in order for x in t.inputs if isinstance(x, Tensor) and x.op is None)
    return [x for x in found if x not in set(parameters) and not isinstance(value_of(x), Traced)]


def zero_derivative(p: Tensor, tape: Tape, optimizer: Updates | None) -> Traced:
    """The derivative by something that the loss does not use; it cannot be updated."""
    if optimizer is not None:
        name = own_name(p) or f"a {p.shape} parameter"
        raise GraphError(f"the loss was not made from {name}: leave it out of the parameters")
    made = Traced(np.zeros_like(values_of(p.value)), tape)
    made.fixed = True
    return made


def last_serial(tape: Tape) -> float:
    """The number that a symbol recorded now has: all numbers up to here are smaller."""
    return Traced(0.0, tape).serial


def symbol_names(names: GraphNames, found: Mapping[Tensor, Any]) -> dict[Traced, str]:
    """The lectures' names for values and derivatives."""
    out: dict[Traced, str] = {}
    for x, name in names.items():
        if isinstance(x, Tensor) and isinstance(x.value, Traced):
            out.setdefault(x.value, name)
    for t, dt in found.items():
        if t in names and isinstance(dt, Traced):
            out.setdefault(dt, derivative_name(names[t]))
    return out


def sections_of(layers: list[Layer], found: Mapping[Tensor, Any], start: float, end: float) -> list[Section]:
    """Comments: each layer forward, the cost, each layer backward, the update."""
    forward = [Section(end_of_layer(layer), f"Layer {layer.suffix} ({layer.activation})") for layer in layers]
    backward = []
    for layer in reversed(layers):
        ends = [found[t].serial for t in (layer.Z, layer.W, layer.b) if isinstance(t, Tensor) and t in found]
        if ends:
            backward.append(Section(max(ends), f"Layer {layer.suffix}, backward"))
    if backward:
        backward[-1] = Section(end, backward[-1].title)
    else:
        backward = [Section(end, "Backward")]
    return rising_sections(
        [*forward, Section(start, "Cost" if layers else "Forward"), *backward, Section(END, "Update")]
    )


def end_of_layer(layer: Layer) -> float:
    last = layer.A if layer.A is not None else layer.Z
    return float(last.value.serial)


def rising_sections(sections: list[Section]) -> list[Section]:
    """Without those that end before an earlier one."""
    highest = itertools.accumulate((s.end for s in sections), max)
    before = [-1, *itertools.accumulate((s.end for s in sections), max)]
    return [s for s, top, last in zip(sections, highest, before, strict=False) if s.end == top > last]
