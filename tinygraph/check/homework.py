"""The diagnosis of somebody's functions: which statements each of them is, and what is wrong with these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.check.compare import array_of
from tinygraph.check.diagnose import diagnosis_of, merged, setting_of
from tinygraph.check.explain import Memory, explain
from tinygraph.check.lectures import Statement, backward_program, layer_program, update_program
from tinygraph.check.probe import Probe
from tinygraph.check.report import Diagnosis
from tinygraph.check.steps import LEARNING_RATE, Step

__all__ = ["diagnose_steps"]

Program = Callable[[Step, Sequence[str], str], list[Statement]]

PROGRAMS: dict[str, Program] = {
    "linear_backward": lambda step, g, c: layer_program(step.layer or 0, "linear", False, c),
    "linear_activation_backward": lambda step, g, c: layer_program(
        step.layer or 0, g[(step.layer or 0) - 1], True, c
    ),
    "L_model_backward": lambda step, g, c: backward_program(g, c),
    "backward": lambda step, g, c: backward_program(g, c),
    "update_parameters": lambda step, g, c: update_program(len(g)),
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
    activations = [probes[0].activation(layer) for layer in range(1, probes[0].L + 1)]
    memory, found = Memory(), []
    setting = setting_of([values_of(probe, convention) for probe in probes])
    for step, given in wrong:
        if step.function not in PROGRAMS:
            continue
        program = PROGRAMS[step.function](step, activations, convention)
        findings = explain(program, setting, by_name(step, given, program), memory)
        found += [diagnosis_of(f, step.function, lines.get(step.function)) for f in findings]
    return merged(found)


def values_of(probe: Probe, convention: str) -> dict[str, Any]:
    """The values of the pass by name, dA and dZ as the convention has them."""
    found: dict[str, Any] = {"Y": probe.Y, "m": probe.m, "lr": LEARNING_RATE, f"A{probe.L}": probe.AL}
    for layer, ((A_prev, W, b), Z) in enumerate(probe.caches, start=1):
        found |= {f"A{layer - 1}": A_prev, f"W{layer}": W, f"b{layer}": b, f"Z{layer}": Z}
    return found | {name: probe.derivative(name, convention) for name in probe.targets}


def by_name(
    step: Step, given: Sequence[Mapping[str, Any]], program: Sequence[Statement]
) -> dict[str, list[Any]]:
    """For each statement of the program that was given, its arrays in every probe."""
    suffix = "_new" if step.function == "update_parameters" else ""
    known = [{f"{name}{suffix}": array_of(x) for name, x in hand.items()} for hand in given]
    names = [s.name for s in program if all(is_finite(hand.get(s.name)) for hand in known)]
    return {name: [hand[name] for hand in known] for name in names}


def is_finite(x: Any) -> bool:
    """Whether this is an array of finite numbers."""
    return x is not None and bool(np.isfinite(x).all())
