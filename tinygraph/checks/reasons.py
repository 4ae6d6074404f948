"""Why hand-derived arrays are wrong, in so many seconds: in whichever way of reading them explains most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinygraph.checks.arrays import RightPass, diagnose_arrays, program_of
from tinygraph.checks.clock import Clock, OutOfTimeError
from tinygraph.checks.diagnose import effort
from tinygraph.checks.exchange import exchanged_names, told_of_exchange
from tinygraph.checks.report import Diagnosis, Row, reason_text
from tinygraph.checks.targets import Version
from tinygraph.graph.derivatives import Derivatives

__all__ = ["explain_versions", "unknown_cause"]


def explain_versions(
    d: Derivatives, hand: Mapping[str, Any], versions: Sequence[Version], seconds: float
) -> list[Diagnosis]:
    """The causes under the version that needs the fewest mistakes; the first, if that needs only one."""
    best: list[Diagnosis] = []
    clock, program = Clock(seconds), None
    for version in versions:
        try:
            program = (
                program if program and not program.of_lectures else program_of(d, version.convention, clock)
            )
            found = explain_version(d, hand, version, program, clock)
        except (OutOfTimeError, RecursionError):  # a graph whose formulas are too many, or too long
            break
        if not any(
            cause.name in versions[0].agreeing for cause in found
        ):  # by another convention, what agrees
            best = min(best, found, key=effort)
        if effort(best) <= 1:
            break
    return best


def explain_version(
    d: Derivatives, hand: Mapping[str, Any], version: Version, program: RightPass, clock: Clock
) -> list[Diagnosis]:
    """The causes under one version; what was only given under another's name is told and put right first."""
    swaps = exchanged_names(hand, version.expected)
    arrays = {**hand, **{name: version.expected[name] for name in swaps}}
    right = {*version.agreeing, *swaps}
    if right >= hand.keys():
        return told_of_exchange(swaps)
    return told_of_exchange(swaps) + diagnose_arrays(d, arrays, version.convention, right, clock, program)


def unknown_cause(row: Row, seconds: float | None = None) -> Diagnosis:
    """The diagnosis of a row for which there is none."""
    why = "" if seconds is None else f": the search was ended after {seconds:g} seconds"
    return Diagnosis(row.name, "unknown", f"{row.name}: {reason_text(row)}. The cause is unknown{why}.")
