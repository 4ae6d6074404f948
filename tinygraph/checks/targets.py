"""What hand-derived values are held to: the derivatives of a graph, by any name that they are asked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tinygraph.checks.own import is_average
from tinygraph.checks.rounding import SEEDS, largest_entry, rounding_bound
from tinygraph.engine.tensor import Tensor
from tinygraph.graph.derivatives import Derivatives, checked_seed
from tinygraph.graph.walk import derivative_of_data
from tinygraph.notation.names import derivative_name

__all__ = ["Target", "Version", "base_of", "targets_of", "tensors_by_name"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a value is held to: the true derivative, and the difference that `rounding` may make to it.

    `carries_m` says that the lectures' form is m times as large (dA, dZ), `of_parameter` that it is dW or db.
    """

    value: Any
    rounding: float
    carries_m: bool
    of_parameter: bool


class Version(NamedTuple):
    """What was given, read by one convention: what it should be then, and which of it is."""

    convention: str
    expected: Mapping[str, Any]
    agreeing: Collection[str]


def targets_of(
    J: Tensor, names: Mapping[str, Any] | None = None, wanted: Collection[str] = ()
) -> tuple[dict[str, Target], int]:
    """The derivatives of J by name, in the order of the sweep, and m. `wanted` may ask for more than these.

    It may ask for dX, dA0, dA1, for the derivative by anything else that has a name, and by another name.
    """
    seed = checked_seed(J, None)
    d, *others = [Derivatives(J, seed * s, names) for s in SEEDS]
    variants = {
        name: [d[name], *(other[name] / s for other, s in zip(others, SEEDS[1:], strict=True))] for name in d
    }
    scale = max((largest_entry(x[0]) for x in variants.values()), default=0.0)
    parameters = {derivative_name(name) for t, name in d.names.items() if getattr(t, "is_parameter", False)}
    targets, averages = {}, is_average(d.graph)
    for name, x in variants.items():
        carries_m = d.carries_m(name)
        of_parameter = name in parameters and not carries_m
        # Where nothing divides by m, the lectures have no 1/m to leave out.
        targets[name] = Target(x[0], rounding_bound(x, scale), carries_m and averages, of_parameter)
    targets = targets_as_spelled(targets, d, wanted)
    return targets | other_targets(d, targets, wanted), d.m


def targets_as_spelled(
    targets: dict[str, Target], d: Derivatives, wanted: Collection[str]
) -> dict[str, Target]:
    """The targets under the names that are wanted, grad_h or the lectures' dZ1 for what is called dh here."""
    tensors = tensors_by_name(d)
    spelled: dict[int, list[str]] = {}
    for name in wanted:
        x = tensors.get(base_of(name))
        if x is not None and name not in targets:
            spelled.setdefault(id(x), []).append(name)
    made: dict[str, Target] = {}
    for name, target in targets.items():
        others = spelled.get(id(tensors[name[1:]]), [])
        made |= dict.fromkeys([*others, *([name] if name in wanted or not others else [])], target)
    return made


def base_of(name: Any) -> str:
    """What a derivative is taken by: h for dh and for grad_h; nothing for other names."""
    match = re.fullmatch("(?:grad_|d)(.*)", name, re.DOTALL) if isinstance(name, str) else None
    return match[1] if match else ""


def other_targets(
    d: Derivatives, targets: Mapping[str, Target], wanted: Collection[str]
) -> dict[str, Target]:
    """What is wanted and no part of the sweep: by data, as dX; dA0 if the first edition's dA1 is."""
    names = {"dA0" if name == "dA1" else name for name in wanted if isinstance(name, str)} - targets.keys()
    found = {name: other_derivative(d, base_of(name)) for name in sorted(names)}
    averages = bool(found) and is_average(d.graph)
    return {name: Target(value, 0.0, averages, False) for name, value in found.items() if value is not None}


def other_derivative(d: Derivatives, base: str) -> Any:
    """The derivative by what is called `base` and wants none; None if there is none."""
    x = tensors_by_name(d).get(base)
    if x is None and base in ("A0", "X") and d.graph.layers:
        x = d.graph.layers[0].A_prev
    if x is d.output:
        return np.ones_like(x.value)
    uses = [
        (call, y) for call in d.graph.calls for y in call.inputs if x is not None and y.quantity.tensor is x
    ]
    known = [call.node.op.rules[y.position] for call, y in uses if call.result.wanted]
    return derivative_of_data(d.graph, x) if known and None not in known else None


def tensors_by_name(d: Derivatives) -> dict[str, Any]:
    """The tensors and arrays of a graph by every name that they have: the user's, and the lectures'."""
    return d.names.aliases | {name: x for x, name in d.names.items()}
