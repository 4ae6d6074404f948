"""Causes: what a wrong statement is called, and why people write it.

The search has found which formula gives somebody's numbers. Here it gets a name from the list of mistakes
that people are known to make, judged by the numbers first (a constant ratio, a transpose, a shape) and by
the formula second; and a paragraph that a beginner understands.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygraph.check.explain import Finding
from tinygraph.check.lectures import names, slopes
from tinygraph.check.search import Match, Setting, agrees, ratio
from tinygraph.expressions import Expression

__all__ = ["WHY", "cause_of", "message_of"]

WHY: dict[str, str] = {
    slug.replace("1-m", "1/m"): text.strip()
    for slug, text in tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text("utf-8")).items()
}


def cause_of(finding: Finding) -> str:
    """The slug of a finding's cause; "unknown" where none fits."""
    if not finding.matches:
        return "unknown"
    given = values_of(finding.matches[0].expression, finding.setting)
    right = values_of(finding.right, finding.setting)
    kind, texts = finding.statement.name.rstrip("0123456789_new"), [m.text for m in finding.matches]
    return (
        by_penalty(finding, given, right)
        or by_shape(kind, finding, given, right)
        or by_constant(kind, finding, given, right)
        or by_formula(kind, finding, texts, given, right)
        or "unknown"
    )


def values_of(expression: Any, setting: Setting) -> list[Any]:
    return [np.asarray(setting.value(expression, i)) for i in range(len(setting.values))]


def by_penalty(finding: Finding, given: Sequence[Any], right: Sequence[Any]) -> str | None:
    """The cause that a term in W tells, where the right formula has one."""
    (W,) = names(f"W{finding.statement.layer}")
    texts = str(finding.right), finding.matches[0].text
    if finding.statement.name[:2] != "dW" or not any(re.search(rf"\b{W}\b", text) for text in texts):
        return None
    if given[0].shape != right[0].shape:
        return None
    terms = zip(values_of(W, finding.setting), given, right, strict=True)
    if any(ratio(w, g - r) is None for w, g, r in terms):
        return None
    return "l2-scale" if re.search(rf"\b{W}\b", finding.matches[0].text) else "l2-missing"


def by_shape(kind: str, finding: Finding, given: Sequence[Any], right: Sequence[Any]) -> str | None:
    """The cause that a wrong shape tells."""
    g, r = given[0], right[0]
    if g.shape == r.shape:
        square = g.ndim == 2 and not agrees(g, r)
        return (
            "transposed"
            if square and all(agrees(a.T, b) for a, b in zip(given, right, strict=True))
            else None
        )
    if agrees(g.ravel(), r.ravel()):
        return "keepdims"
    if g.ndim == 2 and g.T.shape == r.shape and agrees(g.T, r):
        return "transposed"
    edit = finding.matches[0].edits[0]
    if other_layer(edit.before, edit.after):
        return "layer-off-by-one"
    if kind == "db":
        summed = isinstance(edit.before, Expression) and edit.before.function in (np.sum, np.mean)
        return (
            "sum-axis"
            if edit.kind in ("axis", "mean")
            else "db-not-summed"
            if summed
            else "broadcast-not-undone"
        )
    return "elementwise-for-matmul" if edit.kind == "swap" else "broadcast-not-undone"


def by_constant(kind: str, finding: Finding, given: Sequence[Any], right: Sequence[Any]) -> str | None:
    """The cause that a constant factor tells."""
    ratios = [ratio(r, g) for r, g in zip(right, given, strict=True)]
    factors = [f for f in ratios if f is not None]
    if len(factors) < len(ratios):
        return None
    sizes = [v for v in finding.setting.values[0] if v.endswith(".shape[0]")]
    m = [v["m"] for v in finding.setting.values]
    units = [[v[size] for v in finding.setting.values] for size in sizes]

    def are(expected: Sequence[float]) -> bool:
        return bool(np.allclose(np.array(factors, float), expected, rtol=1e-7))

    if kind in ("dW", "db", "J") and are(m):
        return "missing-1/m"
    if (
        kind in ("dW", "db", "J")
        and np.ptp(m)
        and np.ptp([f / x for f, x in zip(factors, m, strict=True)]) < 1e-9
    ):
        return "wrong-m"
    if are([1 / x for x in m]):
        return "db-averaged-twice" if kind == "db" else "double-1/m"
    if are([-1.0] * len(m)):
        return "sign"
    if kind in ("dW", "db", "J") and any(are([a / b for a, b in zip(m, n, strict=True)]) for n in units):
        return "wrong-m"
    if any(are([1 / b for b in n]) for n in units):
        return "mean-over-all"
    output = finding.statement.layer == max_layer(finding.setting)
    if output and kind in ("dA", "dZ") and (are([2.0] * len(m)) or are([0.5] * len(m))):
        return "half-squared-loss"
    one_number = np.size(given[0]) > 1 or bool(np.ptp(factors) < 1e-9)  # any two numbers have a ratio
    return "stray-constant" if one_number else None


def max_layer(setting: Setting) -> int:
    return max(int(name[1:]) for name in setting.values[0] if re.fullmatch(r"W\d+", name))


def by_formula(
    kind: str, finding: Finding, texts: Sequence[str], given: Sequence[Any], right: Sequence[Any]
) -> str | None:
    """The cause that the formula tells."""
    layer, match = finding.statement.layer, finding.matches[0]
    output = layer == max_layer(finding.setting)
    if kind == "dA" and output and f"Y / A{layer}" in str(finding.right):
        return "dAL-bracket" if match.edits[0].kind in ("sign", "swap") else None
    if kind == "dZ":
        return of_activation(layer, output, finding, texts)
    if kind == "dW":
        return of_weight(layer, match, texts)
    if kind == "db":
        return of_bias(layer, match, texts)
    if kind == "dA":
        return of_linear(layer, match, texts)
    return of_other(kind, match, texts)


def of_activation(layer: int, output: bool, finding: Finding, texts: Sequence[str]) -> str | None:
    """What went wrong in dZ = dA * g'(Z)."""
    values = values_of(finding.matches[0].expression, finding.setting)
    for slug, formula in known_activation_slips(layer, output):
        found = values_of(formula, finding.setting)
        if all(agrees(v, g) for v, g in zip(found, values, strict=True)):
            return slug
    edit = finding.matches[0].edits[0]
    if is_softmax_axis(finding.matches[0]):
        return "softmax-axis"
    if edit.kind == "swap" and "@" in texts[0]:
        return "matmul-for-elementwise"
    return other_layer(edit.before, edit.after)


def is_softmax_axis(match: Match) -> bool:
    """Whether the sum in a softmax goes over another axis."""
    return "np.exp" in match.text and match.edits[0].kind in ("axis", "keepdims", "mean")


def known_activation_slips(layer: int, output: bool) -> Iterator[tuple[str, Any]]:
    """Formulas for dZ that people write for dA * g'(Z), by their slug."""
    dA, A, Z, Y = names(f"dA{layer}", f"A{layer}", f"Z{layer}", "Y")
    if output:
        yield "extra-activation-derivative", (A - Y) * (A * (1 - A))
        yield "softmax-diagonal-only", -Y * (1 - A)
        yield "missing-activation-derivative-output", dA
    yield "missing-activation-derivative", dA
    yield "relu-on-gradient", np.maximum(dA, 0)
    for slope in (dA * (1 - dA), 1 - dA, 1 - dA**2):
        yield "derivative-of-upstream", dA * slope
    once_more = 1 / (1 + np.exp(-A))
    yield "double-sigmoid", dA * (once_more * (1 - once_more))
    for slope in (slopes(layer)["leaky_relu"], np.where(Z > 0, 1, Z / 100)):
        yield "leaky-slope", dA * slope
    yield "activation-in-place", dA * (1 - np.tanh(A) ** 2)
    s = 1 / (1 + np.exp(-Z))
    for slope in (*slopes(layer).values(), 1 - Z**2, Z * (1 - Z), s * (1 - s), 1 - np.tanh(Z) ** 2):
        yield "wrong-activation", dA * slope


def of_weight(layer: int, match: Match, texts: Sequence[str]) -> str | None:
    """What went wrong in dW = dZ @ A_prev.T / m."""
    if any(f"Z{layer - 1}" in text for text in texts):
        return "preactivation-in-dW"
    if match.edits[0].kind == "swap":
        return "elementwise-for-matmul"
    return other_layer(match.edits[0].before, match.edits[0].after)


def of_bias(layer: int, match: Match, texts: Sequence[str]) -> str | None:
    """What went wrong in db = sum(dZ) / m."""
    if f"b{layer}" in texts:
        return "b-as-gradient"
    if match.edits[0].kind in ("axis", "mean"):
        return "sum-axis"
    return other_layer(match.edits[0].before, match.edits[0].after)


def of_linear(layer: int, match: Match, texts: Sequence[str]) -> str | None:
    """What went wrong in dA_prev = W.T @ dZ."""
    if any(re.search(r"- \S+ \* dW", text) for text in texts):
        return "update-before-backprop"
    if any(text == f"W{layer + 1} @ dZ{layer + 1}" for text in texts):
        return "untransposed-W"
    if match.edits[0].kind == "swap":
        return "elementwise-for-matmul"
    return other_layer(match.edits[0].before, match.edits[0].after)


def of_other(kind: str, match: Match, texts: Sequence[str]) -> str | None:
    """What went wrong forward, in the cost or in the update."""
    if kind == "J" and any("Y.T @ np.log" in text for text in texts):
        return "cost-all-pairs"
    if is_softmax_axis(match):
        return "softmax-axis"
    if match.edits[0].kind in ("sign", "swap") and "lr" in texts[0]:
        return "sign"
    return other_layer(match.edits[0].before, match.edits[0].after)


def other_layer(before: Any, after: Any) -> str | None:
    """layer-off-by-one, if the same letter with another number was put in."""
    old, new = (re.fullmatch(r"(d?[A-Za-z])(\d+)", str(x)) for x in (before, after))
    return "layer-off-by-one" if old and new and old[1] == new[1] and old[2] != new[2] else None


def message_of(finding: Finding, cause: str) -> str:
    """One paragraph: what was computed, what the lectures compute, and why."""
    s = finding.statement
    if not finding.matches:
        return (
            f"Layer {s.layer}, {s.name}: the numbers are wrong, and no formula within two edits of the "
            f"lectures' step {finding.right} gives them; the cause is unknown."
        )
    best, *others = [m for m in finding.matches if m.penalty <= finding.matches[0].penalty]
    parts = [
        f"Layer {s.layer}, {s.name}: you computed {best.text};",
        f"the lectures' step is {finding.right}.",
        WHY.get(cause, ""),
        f"({others[0].text} would give the same numbers.)" if others else "",
    ]
    return " ".join(part for part in parts if part)
