"""Costs with the derivative by what goes into the last activation: CrossEntropyCost.delta(z, a, y)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygraph.debugger.making import Maker
from tinygraph.debugger.passes import Pass, failure_of
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.protocols.names import LOSS_METHODS
from tinygraph.debugger.protocols.slopes import USUAL
from tinygraph.debugger.protocols.table import Asked, protocol
from tinygraph.debugger.readings import trial_with
from tinygraph.debugger.trial import Trial

__all__: list[str] = []

SLOPE = re.compile(r"prime|deriv|slope|grad", re.I)


@protocol("a cost with its delta", "cost.fn(a, y) and cost.delta(z, a, y), where a is sigmoid(z)")
def find_deltas(program: Program, function: Function, asked: Asked) -> Iterator[Trial]:
    """The trials of the delta of a cost, under each activation that the file has."""
    cost = cost_beside(program, function)
    if cost is None:
        return
    maker = Maker("columns", asked.sizes, asked.seed, program=program)
    z, y = maker.array("k m"), maker.array("one k m")
    for activation in activations_of(program):
        passed = Pass(program, None, {"z": z, "y": y}, maker, False, cost_after(cost, activation))
        if failure_of(passed) is None:
            yield trial_with(passed, function, ["out"], delta_at(function, activation), False)


def cost_beside(program: Program, function: Function) -> Function | None:
    """The cost of the class in which a delta stands."""
    if function.owner is None or function.name.rpartition(".")[2] not in (
        "delta",
        "error_signal",
        "output_delta",
    ):
        return None
    methods = program.methods(function.owner)
    return next((methods[n] for n in LOSS_METHODS if n in methods), None)


def activations_of(program: Program) -> list[Any]:
    """The file's activations, by their names; sigmoid if it has none."""
    found = [program.namespace[n] for n in USUAL if n in program.functions]
    return found or [USUAL["sigmoid"]]


def cost_after(cost: Function, activation: Any) -> Any:
    def call(state: dict[str, Any]) -> Any:
        return np.sum(method_of(cost)(activation(state["z"]), state["y"]))

    return call


def method_of(function: Function) -> Any:
    """A static method as it is, another of a new object."""
    holder = function.owner() if function.is_method and function.owner else function.owner
    return getattr(holder, function.name.rpartition(".")[2])


def delta_at(function: Function, activation: Any) -> Any:
    """Calls a delta with what its parameters are called: z, a, y."""

    def back(state: dict[str, Any], outs: Any, up: Any) -> list[tuple[str, Any]]:
        held = {"z": state["z"], "a": activation(state["z"]), "y": state["y"]}
        names = function.parameters
        if len(names) == 3 and SLOPE.search(names[0]):
            held["z"] = (activation(state["z"] + 1e-6) - activation(state["z"] - 1e-6)) / 2e-6
        order = ("z", "a", "y") if len(names) == 3 else ("a", "y")
        given = {n: held.get(n.lower(), held[o]) for n, o in zip(names, order, strict=True)}
        return [("dz", method_of(function)(**given))]

    return back
