"""The one rule that names what stands in a graph: tensors, and the plain arrays that entered it.

A name that was given comes first, then one from a mapping such as `locals()`, then the variable that the
user's line assigns to, then the structure: weights W1, W2, ... in the order of their use, their layers' Z1
and A1, the data X that enters a layer, the labels Y of a cost, the output J. Nothing else has a name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.notation import names as n
from tinygraph.rules import kernels as k

__all__ = ["COSTS", "CROSS_ENTROPIES", "GraphNames", "name_graph"]

CROSS_ENTROPIES = frozenset({k.probability_cross_entropy, k.sigmoid_cross_entropy, k.softmax_cross_entropy})
COSTS = CROSS_ENTROPIES | {k.mse}
# Costs whose second argument enters the graph as it is, under the name that the user's line has for it.
TAKE_LABELS = frozenset({"binary_cross_entropy", "binary_cross_entropy_with_logits"})


@dataclass
class GraphNames(Mapping[Any, str]):
    """The names in one graph: `names[x]` for a tensor or an array x.

    `everything` are all tensors and arrays by their id, `linear_steps` those that a weight makes, with the
    weight and the suffix of their layer, `aliases` the lectures' names of what the user calls something else:
    Z1 for `pre`.
    """

    by_id: dict[int, str]
    everything: dict[int, Any]
    linear_steps: dict[int, tuple[Any, str]]
    aliases: dict[str, Any]

    def __getitem__(self, x: Any) -> str:
        return self.by_id[id(x)]

    def get(self, x: Any, default: Any = None) -> Any:
        """The name of x, if it has one."""
        return self.by_id.get(id(x), default)

    def __contains__(self, x: object) -> bool:
        return id(x) in self.by_id

    def __iter__(self) -> Iterator[Any]:
        return (self.everything[key] for key in self.by_id)

    def __len__(self) -> int:
        return len(self.by_id)


def name_graph(
    order: Iterable[Any], outputs: Sequence[Any] = (), names: Mapping[str, Any] | None = None
) -> GraphNames:
    """The names of everything in a graph.

    Args:
        order: its recorded tensors, first to last.
        outputs: those that are called J, or J1, J2, ... if there are several, where they have no name.
        names: a mapping such as `locals()`, for what was given no name; those that begin with _ do not count.
    """
    return Namer(list(order), outputs, names or {}).names()


class Namer:
    """Names one graph. It is what `tinygraph.notation.names` asks for the names of weights (`Known`)."""

    def __init__(self, order: list[Any], outputs: Sequence[Any], names: Mapping[str, Any]) -> None:
        self.order, self.outputs = order, outputs
        self.items = {id(x): x for t in order for x in (*t.inputs, t) if is_nameable(x)}
        self.given = self.given_names(names)
        self.assigned = {key: name for key, name in self.assigned_names() if key not in self.given}
        self.count_parameters()
        self.numbers: dict[int, str] = {}
        self.number_parameters()
        self.weights: dict[int, Any] = {}
        self.structure = self.structural_names()

    def names(self) -> GraphNames:
        """Each item by the first rule that has a name for it, no name twice."""
        chosen, variables, counted = self.first_choices()
        chosen = distinct_names(chosen)
        for variable, keys in variables.items():
            # After all others: their numbers have to avoid names that are given or counted.
            chosen |= self.variable_names(variable, keys, set(chosen.values()), variable in counted)
        chosen |= self.role_names(chosen)
        return self.result({key: chosen[key] for key in self.items if key in chosen})

    def first_choices(self) -> tuple[dict[int, str], dict[str, list[int]], set[str]]:
        """The names that are given or follow from the structure, and what is called by its variable alone.

        The last are the variables whose values the structure counts: Z, where it calls them Z1, Z2, ...
        """
        chosen: dict[int, str] = {}
        variables: dict[str, list[int]] = {}
        counted: set[str] = set()
        for key in self.items:
            assigned, structure = self.assigned.get(key), self.structure.get(key)
            if key in self.given:
                chosen[key] = self.given[key]
            elif structure and assigned in (None, structure, structure[0]):  # Z3 for Z in a loop
                chosen[key] = structure
                counted.add(assigned or "")
            elif assigned:
                variables.setdefault(assigned, []).append(key)
        return chosen, variables, counted

    def variable_names(
        self, variable: str, keys: list[int], taken: set[str], is_counted: bool
    ) -> dict[int, str]:
        """Names for what is assigned to one variable; A0 for the leaf before the A1, A2, ... of a loop."""
        begins = is_counted and is_leaf(self.items[keys[0]]) and f"{variable}0" not in taken
        texts = [f"{variable}0"] if begins else self.loop_names(variable, keys, taken)
        return dict(zip(keys, texts, strict=False))

    def result(self, found: dict[int, str]) -> GraphNames:
        """The names found, with what else is known of layers."""
        lectures, taken = distinct_names(self.structure), set(found.values())
        aliases = {name: self.items[key] for key, name in lectures.items() if name not in taken}
        # A layer is called after its Z; where that is called otherwise, as the lectures would call it.
        suffixes = {key: found[key] if found[key][0] in "Zz" else lectures[key] for key in self.weights}
        steps = {key: (weight, suffixes[key][1:]) for key, weight in self.weights.items()}
        return GraphNames(found, self.items, steps, aliases)

    # By itself

    def given_names(self, names: Mapping[str, Any]) -> dict[int, str]:
        """Names that were given to tensors, and those that a mapping gives to tensors and arrays."""
        mapped = {id(x): name for name, x in names.items() if not name.startswith("_")}
        found = {}
        for key, x in self.items.items():
            name = (
                getattr(x, "given_name", None)
                or mapped.get(key)
                or mapped.get(id(getattr(x, "_value", None)))
            )
            if name:
                found[key] = name
        return found

    def assigned_names(self) -> Iterator[tuple[int, str]]:
        """The variables that results and leaves are assigned to, and as which arrays enter calls."""
        inner = self.inner_results()
        for t in self.order:
            line = n.line_of_call(t)
            if line is None:
                continue
            yield from self.input_names(t, line)
            if line.target and id(t) not in inner:
                yield id(t), line.target

    def count_parameters(self) -> None:
        """W1, W2, ... for parameters that were all assigned to W, such as the self.W of several layers."""
        variables: dict[str, list[int]] = {}
        for key, name in self.assigned.items():
            variables.setdefault(name, []).append(key)
        for name, keys in variables.items():
            if len(keys) > 1 and all(getattr(self.items[key], "is_parameter", False) for key in keys):
                taken = set(self.given.values()) | variables.keys()
                self.assigned |= dict(zip(keys, self.loop_names(name, keys, taken), strict=True))

    def input_names(self, t: Any, line: Any) -> Iterator[tuple[int, str]]:
        """What the user's program calls the inputs of a call that nothing made."""
        # Of a composition the line has the arguments, some of which enter the graph as they are.
        composed = t._composition[2] if hasattr(t, "_composition") else ()
        pairs = [*zip(t.inputs, self.operand_names(t, line), strict=False)]
        for x, name in [*pairs, *zip(composed, line.operands, strict=False)]:
            if id(x) in self.items and name and isinstance(x, np.ndarray) and x.ndim:
                yield id(x), name
        # After the operands, since a later name replaces an earlier: a tensor keeps that of its own line.
        for x in t.inputs:
            if is_leaf(x) and (name := n.assigned_name(x)):
                yield id(x), name

    def operand_names(self, t: Any, line: Any) -> tuple[str | None, ...]:
        """What the user's line calls the inputs of a call, as far as they are the operands written there."""
        if t.op.function is k.softmax_cross_entropy:  # whose labels may have been numbers
            return ()
        if n.is_direct(t, line):
            return line.operands  # type: ignore[no-any-return]
        return line.operands[:2] if line.called in TAKE_LABELS and t.op.function in CROSS_ENTROPIES else ()

    def inner_results(self) -> set[int]:
        """What a call of a library makes on the way to its result, which alone is assigned to something."""
        return {
            id(x)
            for t in self.order
            for x in t.inputs
            if getattr(x, "op", None) is not None and is_inner_result(x, t)
        }

    def loop_names(self, stem: str, keys: list[int], taken: set[str]) -> list[str]:
        """`h`, or h1, h2, ... for what is assigned to h again and again; h0 for a leaf that it began with."""
        if len(keys) == 1 and stem not in taken:
            return [stem]
        if stem[-1].isdigit():  # W1_2, since W12 would be another weight
            return list(distinct_names(dict.fromkeys(keys, stem), taken).values())
        first = 0 if is_leaf(self.items[keys[0]]) and not is_leaf(self.items[keys[-1]]) else 1
        free = (name for i in itertools.count(first) if (name := f"{stem}{i}") not in taken)
        return list(itertools.islice(free, len(keys)))

    # By structure

    def own(self, x: Any) -> str | None:
        """The name that something has without its structure."""
        key = id(x)
        return self.given.get(key) or self.assigned.get(key) or self.numbers.get(key)

    def suffix(self, x: Any) -> str | None:
        """The suffix of a weight's layer: what follows the W of its name, or _U for a variable U."""
        name, assigned = self.own(x), self.assigned.get(id(x))
        suffix = n.suffix_of(name)
        return f"_{assigned}" if suffix is None and assigned else suffix

    def number_parameters(self) -> None:
        """W1, b1, W2, ... for the weights and biases of linear steps that have no name."""
        layer = 0
        for t in self.order:
            # `own` reads the numbers given so far: a weight that is used again is not counted again.
            if n.function_of(t) in n.MATRIX_PRODUCTS:
                for x in n.parameter_factors(t):
                    if self.own(x) is None:
                        layer += 1
                        self.numbers[id(x)] = f"W{layer}"
            elif n.function_of(t) in n.SUMS:
                self.number_bias(t)

    def number_bias(self, t: Any) -> None:
        """b1 for the bias of a linear step whose weight is W1."""
        weight = n.linear_weight(t, self)
        suffix = None if weight is None else self.suffix(weight)
        for x in t.inputs if suffix is not None else ():
            if getattr(x, "is_parameter", False) and self.own(x) is None:
                self.numbers[id(x)] = f"b{suffix}"

    def structural_names(self) -> dict[int, str]:
        """Names of layers, also of those without a bias, and of numbered parameters."""
        biased = self.inputs_of_linear_steps()
        found = dict(self.numbers)
        for t in self.order:
            # W1 @ X is Z1 where no bias is added; where one is, the sum is Z1, and the product has no name.
            weight = None if id(t) in biased else n.linear_weight(t, self)
            name = n.structural_name(t, self) or (weight is not None and f"Z{n.layer_suffix(t, self)}")
            if name:
                found[id(t)] = name
                if weight is not None:
                    self.weights[id(t)] = weight
        return found

    def inputs_of_linear_steps(self) -> set[int]:
        """The products and biases that are added up to a Z."""
        sums = (t for t in self.order if n.function_of(t) in n.SUMS)
        return {id(x) for t in sums if n.linear_weight(t, self) is not None for x in t.inputs}

    def role_names(self, chosen: Mapping[int, str]) -> dict[int, str]:
        """J for an output, X for data that enters a layer, Y for the labels of a cost."""
        # Reversed, so that the first of several roles stands: an output that enters a layer is J.
        roles = reversed(list(self.roles(chosen)))
        found = {id(x): name for name, x in roles if name[0] == "J" or is_leaf(x)}
        free = {key: found[key] for key in self.items if key in found and key not in chosen}
        return distinct_names(free, set(chosen.values()))

    def roles(self, chosen: Mapping[int, str]) -> Iterator[tuple[str, Any]]:
        """What things are in the graph, by the letter for it."""
        nameless = [x for x in self.outputs if id(x) not in chosen]
        for i, x in enumerate(nameless, 1):
            yield f"J{i}" if len(self.outputs) > 1 else "J", x
        for t in self.order:
            yield from (("X", x) for x in self.data_of_layer(t))
        yield from (("Y", t.inputs[1]) for t in self.order if n.function_of(t) in COSTS)

    def data_of_layer(self, t: Any) -> list[Any]:
        """The leaves that a linear step multiplies with its weight."""
        weight = n.product_weight(t, self)
        return [] if weight is None else [x for x in t.inputs if n.untransposed(x) is not weight]


def is_nameable(x: Any) -> bool:
    """Whether x is a tensor, or an array that is more than a number."""
    return hasattr(x, "given_name") or (isinstance(x, np.ndarray) and x.ndim > 0)


def is_inner_result(x: Any, t: Any) -> bool:
    """Whether x was made on the way to t by a call of something that is written with rows."""
    if hasattr(t, "_composition") and x._serial > t._composition[1]:
        return True
    # Both were recorded at one instruction of the user's program, and the line calls another function.
    same = (x._code, x._instruction) == (t._code, t._instruction)
    return same and not n.is_direct(x, n.line_of_call(x))  # type: ignore[arg-type]


def is_leaf(x: Any) -> bool:
    """Whether x was not computed by a recorded call."""
    return is_nameable(x) and getattr(x, "op", None) is None


def distinct_names(found: Mapping[int, str], taken: Iterable[str] = ()) -> dict[int, str]:
    """`found` with a number after each name that an earlier item has already.

    >>> distinct_names({1: "Z1", 2: "Z1", 3: "Z1"})
    {1: 'Z1', 2: 'Z1_2', 3: 'Z1_3'}
    """
    numbers = dict.fromkeys(taken, 1)  # the last of each name
    out = {}
    for key, name in found.items():
        free = name
        while free in numbers:
            numbers[name] += 1
            free = f"{name}_{numbers[name]}"
        numbers[free] = 1
        out[key] = free
    return out
