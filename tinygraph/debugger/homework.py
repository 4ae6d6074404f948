"""The diagnosis of somebody's functions: which statements each of them is, and what is wrong with these."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.checks.causes import WHY
from tinygraph.checks.comparison import array_of
from tinygraph.checks.diagnose import diagnosis_of, merge_diagnoses, setting_of
from tinygraph.checks.explain import FormulaMemory, explain_program
from tinygraph.checks.lectures import (
    backward_program,
    forward_program,
    layer_program,
    unit_program,
    update_program,
)
from tinygraph.checks.report import Diagnosis, join_names
from tinygraph.checks.search import Setting
from tinygraph.debugger.probe import Probe, make_probe
from tinygraph.debugger.process import FileRun, Outcome
from tinygraph.debugger.steps import PROBE_LEARNING_RATE, Step
from tinygraph.graph.derivation import Statement

__all__ = ["blame_aliases", "diagnose_steps", "find_changes", "find_habits", "find_overflows"]

FROM_LABELS = {
    "compute_cost",
    "L_model_backward",
    "backward_propagation",
    "propagate",
    "backward",
}
DERIVATIVE_NAME = re.compile(r"d[AZ]\w*")
ProgramOfStep = Callable[[Step, str], list[Statement]]


def layer_of_step(step: Step) -> tuple[int, str]:
    """The layer of a step and its activation."""
    layer = step.layer or 0
    return layer, step.probe.activation(layer)


def forward_statements(step: Step, names: Container[str]) -> list[Statement]:
    """Those statements of the forward pass that make these names."""
    return [s for s in forward_program(step.probe.activations) if s.name in names]


PROGRAMS: dict[str, ProgramOfStep] = {
    "linear_forward": lambda step, _: forward_statements(step, {f"Z{step.layer}"}),
    "linear_activation_forward": lambda step, _: forward_statements(
        step, {f"Z{step.layer}", f"A{step.layer}"}
    ),
    "L_model_forward": lambda step, _: forward_statements(step, step.targets),
    "forward_propagation": lambda step, _: forward_statements(step, step.targets),
    "compute_cost": lambda step, _: forward_statements(step, {"J"}),
    "linear_backward": lambda step, c: layer_program(layer_of_step(step)[0], "linear", False, c),
    "linear_activation_backward": lambda step, c: layer_program(*layer_of_step(step), True, c),
    "L_model_backward": lambda step, c: backward_program(step.probe.activations, c),
    "backward_propagation": lambda step, c: backward_program(step.probe.activations, c),
    "backward": lambda step, c: backward_program(step.probe.activations, c),
    "propagate": lambda step, _: unit_program(),
    "update_parameters": lambda step, _: update_program(step.probe.L),
}


def diagnose_steps(
    probes: Sequence[Probe],
    wrong: Sequence[tuple[Step, Sequence[Mapping[str, Any]]]],
    convention: str,
    lines: Mapping[str, int | None],
) -> list[Diagnosis]:
    """Why the steps are wrong, each mistake once.

    Args:
        probes: the networks that the functions were called on.
        wrong: each wrong step with what was given for it, by name, in every probe.
        convention: the file's, "course" or "true".
        lines: where each function is defined.
    """
    memory, found = FormulaMemory(), []
    settings: dict[int, Setting] = {}
    for step, given in wrong:
        program = PROGRAMS[step.function](step, convention)
        if id(step.probe) not in settings:
            both = step.probe, counterpart_probe(step.probe, probes[1])
            settings[id(step.probe)] = setting_of([pass_values(probe, convention) for probe in both])
        findings = explain_program(
            program, settings[id(step.probe)], arrays_by_name(step, given, program), memory
        )
        found += [diagnosis_of(f, step.function, lines.get(step.function), convention) for f in findings]
    return merge_diagnoses(found)


def blame_aliases(causes: Sequence[Diagnosis], run: FileRun) -> list[Diagnosis]:
    """The causes, where a dA that a later function changed is blamed on that function, not on its maker."""
    changers = [o for o in run.outcomes.values() if any(map(DERIVATIVE_NAME.fullmatch, o.changed))]
    if not changers:
        return list(causes)
    hit = [d for d in causes if d.name[:2] == "dA" and d.function != changers[0].step.function]
    if not hit:
        return list(causes)
    step, name = changers[0].step, changers[0].changed[0]
    message = f"{step.function} changes {name}, which was passed in. {WHY['aliased-dA']}"
    blamed = Diagnosis(
        hit[0].name, "aliased-dA", message, hit[0].layer, hit[0].formula, hit[0].expected, step.function,
        run.defined.get(step.function),
    )  # fmt: skip
    return [blamed, *(d for d in causes if d not in hit)]


def find_habits(outcomes: Iterable[Outcome], lines: Mapping[str, int | None]) -> list[Diagnosis]:
    """A diagnosis for each function whose second call gives something else than the first."""
    found: dict[str, Diagnosis] = {}
    for outcome in outcomes:
        step = outcome.step
        if not outcome.repeated and step.function not in found:
            name = next(iter(outcome.named_arrays), step.function)
            message = f"{step.name}: {WHY['not-zeroed']}"
            line = lines.get(step.function)
            found[step.function] = Diagnosis(
                name, "not-zeroed", message, step.layer, function=step.function, line=line
            )
    return list(found.values())


def find_overflows(outcomes: Iterable[Outcome], lines: Mapping[str, int | None]) -> list[Diagnosis]:
    """A diagnosis for each function that gives NaN or infinity, but not for those that only pass it on."""
    found: dict[str, Diagnosis] = {}
    for step, names in ((outcome.step, outcome.not_finite) for outcome in outcomes if outcome.not_finite):
        function, layered = step.function, step.function.startswith(("linear_", "L_model_"))
        name = next((name for name in step.targets if name in names), names[0])
        cause = "saturated-output" if function in FROM_LABELS else "unknown"
        why = WHY.get(cause, "Something was divided by 0, or a logarithm taken of what is not positive.")
        message = f"{name} holds NaN or infinity. {why}"
        diagnosis = Diagnosis(name, cause, message, step.layer, function=function, line=lines.get(function))
        found.setdefault(function.rpartition("_")[2] if layered else function + "()", diagnosis)
    return list(found.values())


def find_changes(outcomes: Iterable[Outcome]) -> list[str]:
    """Sentences about arrays that functions change though they were only passed in."""
    found: dict[str, tuple[str, ...]] = {}
    for outcome in outcomes:
        arrays = tuple(name for name in outcome.changed if not name.startswith(("parameters", "grads")))
        if arrays:
            found.setdefault(outcome.step.function, arrays)
    return [
        f"{function} changes {join_names(arrays)}. {WHY['aliased-dA']}" for function, arrays in found.items()
    ]


def counterpart_probe(probe: Probe, other: Probe) -> Probe:
    """The same network with the seed and the examples of another probe."""
    return make_probe(probe.sizes, other.seed, probe.activations, other.m)


def pass_values(probe: Probe, convention: str) -> dict[str, Any]:
    """The values of the pass by name, dA and dZ as the convention has them."""
    found: dict[str, Any] = {"Y": probe.Y, "m": probe.m, "lr": PROBE_LEARNING_RATE, f"A{probe.L}": probe.AL}
    for layer, ((A_prev, W, b), Z) in enumerate(probe.caches, start=1):
        found |= {f"A{layer - 1}": A_prev, f"W{layer}": W, f"b{layer}": b, f"Z{layer}": Z}
    return found | {name: probe.derivative(name, convention) for name in probe.targets}


def arrays_by_name(
    step: Step, given: Sequence[Mapping[str, Any]], program: Sequence[Statement]
) -> dict[str, list[Any]]:
    """For each statement of the program that was given, its arrays in every probe."""
    suffix = "_new" if step.function == "update_parameters" else ""
    known = [{f"{name}{suffix}": numbers_of(x) for name, x in hand.items()} for hand in given]
    names = [s.name for s in program if all(is_finite_array(hand.get(s.name)) for hand in known)]
    return {name: [hand[name] for hand in known] for name in names}


def numbers_of(x: Any) -> Any:
    """What was given as an array of numbers, of integers if it was; None if it is none."""
    array = array_of(x)
    return array if array is None or np.asarray(x).dtype.kind not in "iu" else np.asarray(x)


def is_finite_array(x: Any) -> bool:
    """Whether this is an array of finite numbers."""
    return x is not None and bool(np.isfinite(x).all())
