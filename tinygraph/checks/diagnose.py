"""Diagnosis: from wrong numbers to the formula that made them, in words.

For somebody's functions, each is explained by itself, the smallest first; what a larger function only passes
on is not said again. For arrays alone, the whole backward pass is explained from the top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinygraph.checks.causes import causes_of, message_of
from tinygraph.checks.explain import Finding
from tinygraph.checks.lectures import names, slopes
from tinygraph.checks.report import Diagnosis, join_names
from tinygraph.checks.search import Setting
from tinygraph.notation.expressions import Expression

__all__ = ["diagnosis_of", "effort", "merge_diagnoses", "setting_of"]

MANY_UNITS = 20
QUANTITY = re.compile(r"d?[AZWb]\d+")


def setting_of(values: Sequence[Mapping[str, Any]]) -> Setting:
    """What may stand in a formula by mistake: everything in the pass, of any layer and stage.

    Args:
        values: for each probe, A0, Z1, A1, W1, b1, ..., dZ1, ..., Y, m and lr by name.
    """
    kept = [dict(v) for v in values]
    found = sorted((name for name, x in kept[0].items() if is_quantity(name, x)), key=layer_first)
    layers = sorted({number(name) for name in found if QUANTITY.fullmatch(name)} - {0})
    tables = [name for name in found if np.ndim(kept[0][name]) == 2]
    sizes = [f"{name}.shape[0]" for name in tables if name[0] == "A"]
    for v in kept:
        v |= {f"{name}.shape[0]": v[name].shape[0] for name in tables if name[0] == "A"}
        v |= {f"{name}.T.shape": v[name].shape[::-1] for name in tables}  # for a reshape
    units = [size for size in sizes if all(v[size] > 1 for v in kept)]
    if len(units) > MANY_UNITS:  # one name for those that are equal in all probes
        units = list({tuple(v[size] for v in kept): size for size in reversed(units)}.values())[::-1]
    numbers = sorted({2, 3, *(kept[0][size] for size in units)})  # people write 4 for A1.shape[0]
    factors = [*names(*(name for name in ("m", "lr") if name in kept[0])), *numbers, *names(*units)]
    operands = names(*(name for name in (*found, "Y") if name in kept[0]))
    largest = max(
        (float(np.max(np.abs(v[n]), initial=0)) for v in kept for n in found if n[0] == "d"), default=0.0
    )
    return Setting(
        kept, [*operands, *(x for layer in layers for x in slips(layer))], factors, 1e-14 * largest
    )


def is_quantity(name: str, x: Any) -> bool:
    """Whether this is an array of the pass, rather than m, lr or Y."""
    return bool(QUANTITY.fullmatch(name)) or (np.ndim(x) > 0 and name != "Y")


def number(name: str) -> int:
    """The layer in a name, 0 if it has none."""
    return int(re.sub(r"\D", "", name) or 0)


def layer_first(name: str) -> tuple[int, str]:
    return number(name), name


def slips(layer: int) -> list[Any]:
    """Formulas that may stand where they do not belong: the slopes, and W after its update."""
    A, Z, dA = names(f"A{layer}", f"Z{layer}", f"dA{layer}")
    W, dW, lr = names(f"W{layer}", f"dW{layer}", "lr")
    right = [x for x in slopes(layer).values() if isinstance(x, Expression)]
    sigmoids = [s * (1 - s) for s in (1 / (1 + np.exp(-Z)), 1 / (1 + np.exp(-A)))]
    tanhs = [1 - np.tanh(x) ** 2 for x in (Z, A)]
    of_upstream = 1 / (1 + np.exp(-dA))
    upstream = [dA * (1 - dA), of_upstream, of_upstream * (1 - of_upstream), 1 - np.tanh(dA) ** 2]
    return [*right, *sigmoids, *tanhs, *upstream, np.where(Z > 0, 1, Z / 100), W - lr * dW]


def diagnosis_of(
    finding: Finding,
    function: str | None = None,
    line: int | None = None,
    convention: str = "course",
    alone: bool = False,
) -> Diagnosis:
    """A finding in words, the likeliest cause `alone`; its formulas are in the lectures' convention."""
    causes, s = causes_of(finding), finding.statement
    formulas = [*(m.expression for m in finding.matches[:1]), finding.right]
    *formula, right = (str(in_course_terms(x) if convention == "true" else x) for x in formulas)
    message = message_of(finding, causes, alone)
    if convention == "true":
        message = message.replace("the lectures' step", "the right step, with the 1/m in dA and dZ,")
    cause, *others = causes or ("unknown",)
    return Diagnosis(
        s.name, cause, message, s.layer, "".join(formula), right, function, line, others=tuple(others)
    )


def in_course_terms(x: Any) -> Any:
    """An expression of true derivatives as one of the lectures' dA and dZ, which are m times as large."""
    if not isinstance(x, Expression):
        return x
    if x.function is None:
        return x / Expression("m") if re.fullmatch(r"d[AZ]\d+", x.name) else x  # type: ignore[operator]
    return x.record(x.function, tuple(map(in_course_terms, x.args)), x.settings)


def effort(causes: Sequence[Diagnosis]) -> float:
    """How much has to be wrong if these are the causes: an unknown one explains little, none nothing."""
    return sum((1 if d.formula else 10) * len((d.name, *d.also)) for d in causes) or 1000


def merge_diagnoses(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Each mistake once: the same formula in several layers, or in a function that calls another, is one."""
    seen: dict[tuple[str, str], list[Diagnosis]] = {}
    for diagnosis in diagnoses:
        seen.setdefault(generic(diagnosis), []).append(diagnosis)
    return [in_all_layers(first, others) for first, *others in seen.values()]


def in_all_layers(first: Diagnosis, others: Sequence[Diagnosis]) -> Diagnosis:
    """A diagnosis that says in which other layers of its function the same is wrong."""
    also = tuple(d.name for d in others if d.function == first.function)
    message = f"{first.message} The same goes for {join_names(also)}." if also else first.message
    return replace(first, message=message, also=also)


def generic(diagnosis: Diagnosis) -> tuple[str, str]:
    """What a diagnosis says of any layer: its quantity and its formula, with layers counted from its own."""

    def relative(match: re.Match[str]) -> str:
        return f"{match[1]}[{int(match[2]) - (diagnosis.layer or 0):+d}]"

    name, formula = (
        re.sub(r"\b(d?[AZWb])(\d+)", relative, text) for text in (diagnosis.name, diagnosis.formula)
    )
    return name, formula or diagnosis.cause
