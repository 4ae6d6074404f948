"""The diagnosis of hand-derived arrays: the backward pass of their graph, explained from the top.

A network as in the lectures is explained by the lectures' formulas; any other graph by those that its
recording gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinygraph.checks.diagnose import diagnosis_of, merge_diagnoses, setting_of
from tinygraph.checks.explain import explain_program, is_right
from tinygraph.checks.lectures import backward_program
from tinygraph.checks.report import Diagnosis
from tinygraph.engine.tensor import value_of
from tinygraph.graph.derivation import Derivation, Statement
from tinygraph.graph.derivatives import Derivatives
from tinygraph.graph.layers import Layer, find_layers
from tinygraph.graph.naming import CROSS_ENTROPIES
from tinygraph.graph.stand_ins import name_leaves
from tinygraph.notation.expressions import bare

__all__ = ["diagnose_arrays"]


def diagnose_arrays(d: Derivatives, hand: Mapping[str, Any], convention: str) -> list[Diagnosis]:
    """Why hand-derived arrays are wrong, each mistake once.

    Args:
        d: the derivatives of the graph.
        hand: finite arrays by name, in the names of the graph.
        convention: that of the arrays, "course" or "true".
    """
    lectures = lecture_program(d, convention)
    program, values = lectures or own_program(d)
    # The derivation of the graph itself is in true derivatives, whatever convention the arrays have.
    if lectures is None and convention == "course":
        hand = {name: x / d.m if name in d and d.carries_m(name) else x for name, x in hand.items()}
    setting = setting_of([values])
    given = {s.name: [hand[s.name]] for s in program if s.name in hand}
    found = merge_diagnoses(diagnosis_of(finding) for finding in explain_program(program, setting, given))
    return found if lectures else [of_this_graph(diagnosis) for diagnosis in found]


def of_this_graph(diagnosis: Diagnosis) -> Diagnosis:
    """The same, said of a graph that the lectures do not have."""
    return replace(diagnosis, message=diagnosis.message.replace("the lectures' step", "the right step"))


def own_program(d: Derivatives) -> tuple[list[Statement], dict[str, Any]]:
    """The derivation of any graph, and the values of the names in it."""
    name_leaves(d.graph)
    program = [s._replace(right=tuple(map(bare, s.right))) for s in Derivation(d.graph).statements()]
    values = {q.name: q.value for q in d.graph.quantities if q.name} | {
        s.name: d[s.of.tensor] for s in program
    }
    return program, values | {"m": d.m}


def lecture_program(d: Derivatives, convention: str) -> tuple[list[Statement], dict[str, Any]] | None:
    """The lectures' program and the values of its names, if it makes the derivatives of this graph."""
    layers = find_layers(d.order, d.names)
    labels = labels_of(d)
    if not layers or labels is None or not are_numbered(layers):
        return None
    values = lecture_values(d, layers, labels, convention)
    activations = [layer.activation for layer in layers]
    try:
        program = backward_program(activations, convention)
    except KeyError:  # an activation that the lectures do not have
        return None
    setting = setting_of([values])
    known = {s.name: [values[s.name]] for s in program if s.name in values}
    # A network may look like the lectures' and have a penalty, or dropout: the derivatives tell.
    fits = all(is_right(s, setting, known) for s in program if s.name in known)
    return (program, values) if fits else None


def are_numbered(layers: Sequence[Layer]) -> bool:
    """Whether the layers are called 1, 2, ..., as the lectures' program calls them."""
    return [layer.suffix for layer in layers] == [str(i) for i in range(1, len(layers) + 1)]


def labels_of(d: Derivatives) -> Any:
    """The labels that the cost compares with; None if there is no cost of the table."""
    costs = [t for t in d.order if t.op is not None and t.op.function in CROSS_ENTROPIES]
    return value_of(costs[-1].inputs[1]) if costs else None


def lecture_values(d: Derivatives, layers: Sequence[Layer], labels: Any, convention: str) -> dict[str, Any]:
    """A0, Z1, A1, W1, b1, ... and the derivatives under the lectures' names, Y and m."""
    factor = d.m if convention == "course" else 1
    values: dict[str, Any] = {"Y": labels, "m": d.m, "A0": np.asarray(value_of(layers[0].A_prev))}
    for layer in layers:
        parts = {"W": layer.W, "b": layer.b, "Z": layer.Z, "A": layer.A}
        for letter, t in parts.items():
            if t is not None:
                values[f"{letter}{layer.suffix}"] = value_of(t)
                if t in d:
                    values[f"d{letter}{layer.suffix}"] = d[t] * (factor if letter in "ZA" else 1)
    return values
