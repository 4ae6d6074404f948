"""What the caches in somebody's file keep of a layer: Z, as in the lectures, or A, as some do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tinygraph.debugger.file_report import StepReport
from tinygraph.debugger.forms import is_cache, is_tuple
from tinygraph.debugger.process import Outcome
from tinygraph.debugger.steps import Kept

__all__ = ["what_is_kept"]


def what_is_kept(outcomes: Iterable[Outcome], reports: Iterable[StepReport]) -> Kept:
    """What a file's caches keep, Z or A: as its forward functions show, or without any as its way back does.

    The derivative of relu is the same from either, so that its layers tell nothing.
    """
    told = [r for r in reports if r.step.function == "linear_activation_backward" and is_telling(r)]
    letters = {letter for outcome in outcomes for letter in kept_in_cache(outcome)}
    if letters:
        return "A" if letters == {"A"} and not is_right_with("Z", told) else "Z"
    alone = not any(r.ok for r in told if r.step.kept == "Z")
    return "A" if is_right_with("A", told) and alone else "Z"


def is_telling(report: StepReport) -> bool:
    """Whether a step shows which of Z and A it reads: that of relu does not."""
    return report.step.probe.activation(report.step.layer or 0) != "relu"


def is_right_with(kept: Kept, reports: Sequence[StepReport]) -> bool:
    """Whether all steps with such caches are right, under a convention."""
    mine = [r for r in reports if r.step.kept == kept]
    return any({r.ok for r in mine if r.step.convention == c} == {True} for c in ("course", "true"))


def kept_in_cache(outcome: Outcome) -> Iterator[Kept]:
    """What the cache of a function's last layer keeps, if it shows."""
    step, value = outcome.step, outcome.value
    if step.function not in ("linear_activation_forward", "L_model_forward") or not is_tuple(value, 2):
        return
    A, cache = value
    if step.layer is None and isinstance(cache, list | tuple) and cache:
        cache = cache[-1]
    if is_cache(cache) and step.probe.activation(step.layer or step.probe.L) != "relu":
        yield "A" if np.array_equal(cache[1], A) else "Z"
