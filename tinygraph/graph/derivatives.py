"""What a backward pass gives: derivatives by name, by tensor, and as the chain of the lectures."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np

from tinygraph.engine.sweep import recorded_order, reverse_sweep, shown_derivative
from tinygraph.engine.tensor import Tensor, is_update, value_of
from tinygraph.errors import (
    ChangedArrayError,
    DtypeError,
    GraphError,
    ShapeError,
    TinygraphError,
    UnknownNameError,
)
from tinygraph.graph import layers
from tinygraph.graph.naming import GraphNames, name_graph
from tinygraph.graph.reading import Graph, read_graph
from tinygraph.graph.walk import sum_of
from tinygraph.guards.cuts import TAKEN, verify_numbers
from tinygraph.guards.faults import cause_of, shorten
from tinygraph.guards.stories import describe, operand_name, place_of
from tinygraph.notation.names import SUMS, derivative_name, function_of, line_of_call

__all__ = ["Derivatives", "backward", "checked_seed"]

Convention = Literal["true", "course"]


class Chain(dict[str, Any]):
    """Derivatives by name in the order of the sweep; `note` says what they are times, if not 1."""

    def __init__(self, derivatives: Mapping[str, Any], note: str = "") -> None:
        super().__init__(derivatives)
        self.note = note

    def _repr_html_(self) -> str:
        from viz.notebook import derivatives_html

        return derivatives_html(self, self.note)


class Derivatives(Mapping[str, Any]):
    """The derivatives of one `backward()`: `d["dW1"]` by name, `d[W1]` by tensor.

    Iterating gives the names in the order of the reverse sweep. All are true derivatives of the output; see
    `chain` for the lectures' convention.
    """

    def __init__(self, output: Tensor, seed: Any, given_names: Mapping[str, Any] | None = None) -> None:
        self.output = output
        self._seed = seed
        # By tensor: the derivatives that the sweep made, and what it knows of those that it went past.
        self._arrays, self._detours = reverse_sweep(output, seed)
        self._given_names = given_names

    @cached_property
    def graph(self) -> Graph:
        """The reading of the graph."""
        return read_graph([self.output], self._given_names)

    @cached_property
    def order(self) -> list[Tensor]:
        """The recorded tensors of the graph, first to last."""
        return recorded_order(self.output)

    @cached_property
    def names(self) -> GraphNames:
        """The names of the tensors and arrays of the graph."""
        return name_graph(self.order, [self.output], self._given_names)

    @cached_property
    def _tensors(self) -> dict[str, Tensor]:
        """The tensors that have a derivative, by name, in the order of the sweep."""
        return {self.names[t]: t for t in layers.sweep_order(self.order, self.names)}

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Tensor):
            return self._arrays[key] if key in self._arrays and key not in self._detours else self._total(key)
        tensor = self._tensor(key)
        if tensor is None:
            meant = f"; write d['d{key}']" if isinstance(key, str) and f"d{key}" in self else ""
            raise UnknownNameError(
                f"no derivative {key!r} here; there are: {', '.join(self) or 'none'}{meant}"
            )
        return self._total(tensor)

    def _tensor(self, key: object) -> Tensor | None:
        """The tensor whose derivative has a name; of a layer's parts, the lectures' name will do as well."""
        if not isinstance(key, str) or key[:1] != "d":
            return None
        alias = self.names.aliases.get(key[1:])
        return self._tensors.get(key[1:], alias if getattr(alias, "wants", False) else None)

    def of(self, tensors: Iterable[Tensor]) -> list[Any]:
        """The derivatives with respect to several tensors."""
        arrays, detours = self._arrays, self._detours
        return [arrays[t] if t in arrays and t not in detours else self._total(t) for t in tensors]

    def _total(self, tensor: Tensor) -> Any:
        """The derivative of `tensor`: what the sweep found, and what went past it."""
        if tensor not in self._arrays and tensor not in self._detours and tensor in self:
            self._complete()
        past = [shown_derivative(detour) for detour in self._detours.get(tensor, ())]
        parts = past + ([self._arrays[tensor]] if tensor in self._arrays else [])
        if not parts:
            raise UnknownNameError(
                f"no derivative with respect to {describe(tensor)} here: it is no parameter of this graph "
                f"and has no name; there are: {', '.join(self) or 'none'}"
            )
        return sum_of(parts)

    def _complete(self) -> None:
        """Sweep once more for what only the user's line names, which the first sweep does not read."""
        try:
            found, _ = reverse_sweep(self.output, self._seed, named=frozenset(self._tensors.values()))
        except ChangedArrayError as error:
            told = "the derivatives of variables are computed when they are asked for, and by now"
            raise ChangedArrayError(f"{told} {error}") from cause_of(error)
        self._arrays = found | self._arrays

    def __contains__(self, key: object) -> bool:
        if isinstance(key, Tensor):
            return key in self._arrays or key in self._detours or (key.wants and key in self.names)
        tensor = self._tensor(key)
        return tensor is not None and tensor is not self.output

    def __iter__(self) -> Iterator[str]:
        return (derivative_name(name) for name, t in self._tensors.items() if t is not self.output)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @cached_property
    def m(self) -> int:
        """The number of examples that the output averages over."""
        return layers.examples_of(self.order)

    def chain(self, convention: Convention = "true") -> Chain:
        """The derivatives by name in the order of the reverse sweep: dA3, dZ3, dW3, db3, dA2, ...

        Args:
            convention: "true" gives the derivatives of the output; "course" gives dA and dZ times m, as the
                lectures write them, who average over the m examples in dW and db only.

        Raises:
            ValueError: another convention.

        >>> import tinygraph as tg
        >>> W1, b1 = tg.parameter([[0.5, -0.5]], name="W1"), tg.parameter([[0.0]], name="b1")
        >>> A1 = tg.sigmoid(W1 @ np.ones((2, 3)) + b1)
        >>> list(tg.binary_cross_entropy(A1, np.ones((1, 3))).backward().chain())
        ['dA1', 'dZ1', 'dW1', 'db1']
        """
        if convention not in ("true", "course"):
            raise ValueError(f"convention is 'true' or 'course', not {convention!r}")
        factor = self.m if convention == "course" else 1
        note = f"dA and dZ are m = {self.m} times the derivatives" if factor != 1 else ""
        return Chain(
            {
                name: self[name] * factor if factor != 1 and self.carries_m(name) else self[name]
                for name in self
            },
            note=note,
        )

    def carries_m(self, name: str) -> bool:
        """Whether the lectures' form of derivative `name` is m times the true one."""
        tensor = self._tensor(name)
        assert tensor is not None
        return layers.carries_m(tensor, name[1:])

    def to_latex(self, convention: Convention = "true") -> str:
        """The chain as aligned equations in LaTeX, in the names of this graph and with its shapes.

        Args:
            convention: see `chain`; "course" leaves 1/m out of dA and dZ.

        Raises:
            ValueError: another convention.

        >>> import tinygraph as tg
        >>> W1, X = tg.parameter(np.ones((2, 3)), name="W1"), tg.tensor(np.ones((3, 5)), name="X")
        >>> print(np.sum(np.tanh(W1 @ X)).backward().to_latex())
        \\begin{aligned}
        dA_{1} &= 1\\text{, repeated to 2×5} && \\in \\mathbb{R}^{2 \\times 5} \\\\
        dZ_{1} &= dA_{1} \\odot (1 - A_{1} \\odot A_{1}) && \\in \\mathbb{R}^{2 \\times 5} \\\\
        dW_{1} &= dZ_{1} X^{\\top} && \\in \\mathbb{R}^{2 \\times 3}
        \\end{aligned}
        """
        from viz.latex import chain_latex

        return chain_latex(self.output, self._given_names, convention)

    def _repr_html_(self) -> str:
        from viz.notebook import derivatives_html

        return derivatives_html(self)

    def __repr__(self) -> str:
        shapes = (f"{name} {self._tensors[name[1:]].shape}" for name in self)
        return f"Derivatives({', '.join(shapes)})"


def backward(output: Tensor, seed: Any = None, *, names: Mapping[str, Any] | None = None) -> Derivatives:
    """The derivatives of `output` with respect to every parameter and named quantity that it was made from.

    Each parameter's `grad` is set to its derivative. A second call computes the same again: nothing adds up
    from call to call.

    Args:
        output: a Tensor of one entry, or of any shape if `seed` is given.
        seed: the derivative to start from, of the shape of `output`; 1 if omitted.
        names: a mapping such as `locals()` that names tensors which carry no name themselves.

    Raises:
        ShapeError: `output` has several entries and there is no seed, or the seed has another shape.
        GraphError: `output` was not made from any parameter.

    >>> import tinygraph as tg
    >>> x = tg.parameter(3.0, name="x")
    >>> d = (x * x).backward()
    >>> float(d["dx"]), float(x.grad), float(d[x])
    (6.0, 6.0, 6.0)
    """
    try:
        d = Derivatives(output, checked_seed(output, seed), names)
    except TinygraphError as error:
        shorten(error)
        raise
    last = next(reversed(d._arrays))  # a parameter, with whatever else the sweep kept before it
    again = last.grad is not None and last._changed < 0 and last is not output
    for x, dx in d._arrays.items():
        if x._op is None:
            x.grad = dx
    if again and (turns := _turns.get(site := (id(output._code), output._instruction), 0)) < MOST_LOOKS:
        _turns[site] = turns + 1
        notice_recorded_update(recorded_order(output, wanted=True))
    return d


# How often the result of a line went backward again by parameters that no optimizer has updated meanwhile.
_turns: dict[tuple[int, int], int] = {}
MOST_LOOKS = 16  # looked at, so that those who update by `.value` do not pay at each step


def notice_recorded_update(order: Iterable[Tensor]) -> None:
    """Warn if a parameter was updated by a recorded call, as in W1 = W1 - learning_rate * d["dW1"]."""
    for z in order:
        x, *step = z.inputs
        if function_of(z) not in SUMS or not isinstance(x, Tensor) or isinstance(step[0], Tensor):
            continue
        line = line_of_call(z)
        target, written = (
            (line.target, line.operands[0]) if line is not None and line.operands else (None, None)
        )
        if np.shape(step[0]) == x.shape and target == written and is_update(z._code, z._instruction, x):
            name = written or "W1"
            warnings.warn_explicit(
                f"{name} = {name} - ... ({place_of(z)}) was recorded, so {name} is no parameter any more, "
                "and each "
                f"step goes back through all steps before it. Update the parameter itself: {name} -= ..., or "
                "tg.optim.SGD(learning_rate).update(parameters, d)",
                UserWarning,
                *z.node.place,  # type: ignore[union-attr]
            )
            return


def checked_seed(output: Tensor, seed: Any) -> Any:
    """The derivative to start from."""
    value = output._value
    if not output._kind:
        raise GraphError(
            f"{describe(output)} was not made from any parameter, so there is nothing to derive by: make the "
            "arrays whose derivatives you want with tg.parameter, and do not compute under tg.no_grad()"
        )
    if TAKEN:
        verify_numbers(output, lambda z: recorded_order(z, wanted=True))
    if type(value) is float or (kind := value.dtype).kind != "f":  # a sum of objects is a float
        raise DtypeError(
            f"{operand_name(output, 'the result')} holds {getattr(value, 'dtype', 'object')} numbers, and a "
            "cost holds real numbers: take np.real, np.imag or np.abs of complex ones, and write "
            "X.astype(np.float64) for an array of objects"
        )
    if seed is None:
        if value.ndim == 0:
            return kind.type(1)
        if value.size == 1:
            return np.ones_like(value)
        raise ShapeError(
            f"backward() starts from one number, but {describe(output)} has {value.size} entries; take its "
            f"sum or mean first, or give the derivative to start with: backward(seed) of shape {value.shape}"
        )
    seed = np.asarray(value_of(seed), dtype=value.dtype)
    if seed.shape != value.shape:
        raise ShapeError(
            f"the seed of backward() has shape {seed.shape}; {describe(output)} needs {value.shape}"
        )
    return seed


Tensor.backward = backward  # type: ignore[method-assign, assignment]
