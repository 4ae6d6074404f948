"""The diagnosis of hand-derived arrays: the backward pass of their graph, explained from the top.

A network as in the lectures is explained by the lectures' formulas; any other graph by those that its
recording gives. Either is told in the names that the user has for things.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygraph.checks.causes import WHY
from tinygraph.checks.clock import FOREVER, Clock
from tinygraph.checks.diagnose import diagnosis_of, merge_diagnoses, setting_of
from tinygraph.checks.explain import Finding, explain_program, is_right
from tinygraph.checks.lectures import backward_program
from tinygraph.checks.own import BoundedDerivation, is_average, name_long
from tinygraph.checks.report import Diagnosis
from tinygraph.checks.targets import base_of, tensors_by_name
from tinygraph.engine.tensor import value_of
from tinygraph.graph.derivation import Statement
from tinygraph.graph.derivatives import Derivatives
from tinygraph.graph.layers import Layer, find_layers
from tinygraph.graph.naming import CROSS_ENTROPIES
from tinygraph.notation.expressions import bare
from tinygraph.notation.names import derivative_name

__all__ = ["RightPass", "diagnose_arrays", "in_their_names", "program_of"]

LAYER = re.compile(r"d[AZWb]\d+")


@dataclass(frozen=True)
class RightPass:
    """The right backward pass of a graph.

    `values` are those of its names, derivatives among them; `tensors` what the derivative of a statement is
    taken by; `called` the user's names for its own, where these differ.
    """

    statements: list[Statement]
    values: dict[str, Any]
    tensors: dict[str, Any]
    called: dict[str, str]
    of_lectures: bool


def diagnose_arrays(
    d: Derivatives,
    hand: Mapping[str, Any],
    convention: str,
    agreeing: Collection[str] = (),
    clock: Clock = FOREVER,
    program: RightPass | None = None,
) -> list[Diagnosis]:
    """Why hand-derived arrays are wrong, each mistake once.

    Args:
        d: the derivatives of the graph.
        hand: finite arrays by name, in the names of the graph.
        convention: that of the arrays, "course" or "true".
        agreeing: the names of those that are right, whatever was made of them.
        clock: when to give up; what is not explained by then is of unknown cause.
        program: that of the graph, where it is known.
    """
    program = program or program_of(d, convention, clock)
    own = own_names(d, hand, program)
    # The derivation of the graph itself is in true derivatives, whatever convention the arrays have.
    if not program.of_lectures and convention == "course" and is_average(d.graph):
        hand = {name: x / d.m if name in d and d.carries_m(name) else x for name, x in hand.items()}
    setting = replace(setting_of([program.values]), clock=clock)
    given = {own[name]: [x] for name, x in hand.items() if name in own}
    right = {own[name] for name in agreeing if name in own}
    findings = explain_program(program.statements, setting, given, agreeing=right)
    found = merge_diagnoses(diagnosis_of(told_of_given(finding, given), alone=True) for finding in findings)
    called = program.called | {mine: name for name, mine in own.items() if mine != name}
    if labels_in(d) is None:
        found = [without_cross_entropy(diagnosis) for diagnosis in found]
    return [in_their_names(of_this_graph(diagnosis, program), called) for diagnosis in found]


def without_cross_entropy(diagnosis: Diagnosis) -> Diagnosis:
    """The same, where a 2 is no sign of a squared error in the place of the cross-entropy."""
    taken, plain = "half-squared-loss", "stray-constant"
    if diagnosis.cause != taken:
        return diagnosis
    return replace(diagnosis, cause=plain, message=diagnosis.message.replace(WHY[taken], WHY[plain]))


def program_of(d: Derivatives, convention: str, clock: Clock = FOREVER) -> RightPass:
    """The lectures' program where it is that of the graph, and else the graph's own."""
    lectures = lecture_program(d, convention)
    if lectures:
        return lectures
    statements, values = own_program(d, clock)
    return RightPass(statements, values, {s.name: s.of.tensor for s in statements}, {}, False)


def told_of_given(finding: Finding, given: Collection[str]) -> Finding:
    """A finding of unknown cause, told of what was given and is wrong, not of what it may be made from."""
    if finding.matches or finding.seen is None or finding.statement.name in given:
        return finding
    return replace(finding, statement=finding.seen, right=finding.seen.right[0])


# In whose names


def own_names(d: Derivatives, hand: Collection[str], program: RightPass) -> dict[str, str]:
    """The program's names for what was given."""
    tensors = tensors_by_name(d)
    by_tensor = {id(tensor): name for name, tensor in program.tensors.items()}
    found = {name: by_tensor.get(id(tensors.get(base_of(name)))) for name in hand}
    statements = {s.name for s in program.statements}
    return {name: own or name for name, own in found.items() if own or name in statements}


def in_their_names(diagnosis: Diagnosis, called: Mapping[str, str]) -> Diagnosis:
    """A diagnosis with other names for things."""
    if not called:
        return diagnosis
    names = re.compile(
        rf"(?<![\w.])({'|'.join(map(re.escape, sorted(called, key=len, reverse=True)))})(?!\w)"
    )

    def told(text: str) -> str:
        return names.sub(lambda match: called[match[0]], text)

    texts = {key: told(getattr(diagnosis, key)) for key in ("name", "message", "formula", "expected")}
    return replace(diagnosis, **texts, also=tuple(map(told, diagnosis.also)))  # type: ignore[arg-type]


def of_this_graph(diagnosis: Diagnosis, program: RightPass) -> Diagnosis:
    """The same, said of a graph that the lectures do not have."""
    if program.of_lectures:
        return diagnosis
    message = diagnosis.message.replace("the lectures' step", "the right step")
    if LAYER.fullmatch(diagnosis.name):
        return replace(diagnosis, message=message)
    return replace(diagnosis, message=re.sub(r"^Layer \d+, ", "", message), layer=None)


# The graph's own program


def own_program(d: Derivatives, clock: Clock = FOREVER) -> tuple[list[Statement], dict[str, Any]]:
    """The derivation of any graph, and the values of the names in it."""
    name_long(d.graph)
    derivation = BoundedDerivation(d.graph, clock)
    program = [s._replace(right=tuple(map(bare, s.right))) for s in derivation.statements()]
    forward = {q.name: q.value for q in d.graph.quantities if q.name}
    values = forward | {s.name: d[s.of.tensor] for s in program if s.of.tensor in d}
    # What examples are is only guessed where nothing divides by their number.
    return program, values | ({"m": d.m} if is_average(d.graph) else {})


# The lectures' program


def lecture_program(d: Derivatives, convention: str) -> RightPass | None:
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
    if not all(is_right(s, setting, known) for s in program if s.name in known):
        return None
    parts = dict(lecture_parts(layers)) | {"A0": layers[0].A_prev, "Y": labels_in(d)}
    called = {name: d.names.get(x) for name, x in parts.items() if d.names.get(x) not in (None, name)}
    both = called | {derivative_name(name): derivative_name(own) for name, own in called.items()}
    tensors = {derivative_name(name): x for name, x in parts.items() if name != "Y"}
    return RightPass(program, values, tensors, both, True)


def are_numbered(layers: Sequence[Layer]) -> bool:
    """Whether the layers are called 1, 2, ..., as the lectures' program calls them."""
    return [layer.suffix for layer in layers] == [str(i) for i in range(1, len(layers) + 1)]


def labels_in(d: Derivatives) -> Any:
    """What the cost compares with, a tensor or an array; None if there is no cost of the table."""
    costs = [t for t in d.order if t.op is not None and t.op.function in CROSS_ENTROPIES]
    return costs[-1].inputs[1] if costs else None


def labels_of(d: Derivatives) -> Any:
    """The labels as an array."""
    return value_of(labels_in(d))


def lecture_parts(layers: Sequence[Layer]) -> Iterator[tuple[str, Any]]:
    """The parts of all layers by the lectures' names for them."""
    for layer in layers:
        parts = {"W": layer.W, "b": layer.b, "Z": layer.Z, "A": layer.A}
        yield from ((f"{letter}{layer.suffix}", t) for letter, t in parts.items() if t is not None)


def lecture_values(d: Derivatives, layers: Sequence[Layer], labels: Any, convention: str) -> dict[str, Any]:
    """A0, Z1, A1, W1, b1, ... and the derivatives under the lectures' names, Y and m."""
    factor = d.m if convention == "course" else 1
    values: dict[str, Any] = {"Y": labels, "m": d.m, "A0": np.asarray(value_of(layers[0].A_prev))}
    for name, t in lecture_parts(layers):
        values[name] = value_of(t)
        if t in d:
            values[derivative_name(name)] = d[t] * (factor if name[0] in "ZA" else 1)
    return values
