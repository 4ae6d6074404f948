"""Causes: what a wrong statement is called, and why people write it.

The search has found which formula gives somebody's numbers. Here it gets a name from the list of mistakes
that people are known to make, judged by the numbers first (a constant ratio, a transpose, a shape) and by
the formula second; and a paragraph that a beginner understands.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygraph.checks.edits import Edit
from tinygraph.checks.excerpts import TELLABLE, differing_texts, shorten_text, text_around
from tinygraph.checks.explain import Finding
from tinygraph.checks.lectures import names, slopes
from tinygraph.checks.search import Match, Setting, is_same_array, names_in, ratio_to
from tinygraph.graph.derivation import number_at_end
from tinygraph.guards.faults import our_work
from tinygraph.notation.expressions import Expression
from tinygraph.notation.parsing import parse_formula

__all__ = ["WHY", "causes_of", "message_of"]

SAME = 1e-9  # a difference that is rounding

# The list: for each slug why it is wrong, or that and the formulas of which it is known.
MISTAKES: dict[str, Any] = {
    slug.replace("1-m", "1/m"): entry if isinstance(entry, dict) else {"why": entry}
    for slug, entry in tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text("utf-8")).items()
}
WHY: dict[str, str] = {slug: entry["why"].strip() for slug, entry in MISTAKES.items()}


@our_work("the search for a cause")
def causes_of(finding: Finding) -> tuple[str, ...]:
    """The slugs of the causes that fit a finding's numbers, the likeliest first; none if none is known."""
    if not finding.matches:
        return ()
    case = Case(finding)
    rules = (
        causes_by_dtype,
        causes_by_reshape,
        causes_by_penalty,
        causes_by_shape,
        causes_by_constant,
        causes_by_formula,
    )
    return next(filter(None, (tuple(dict.fromkeys(rule(case))) for rule in rules)), ())


class Case:
    """A finding as the rules see it: its numbers, the right ones, and the formulas that give them.

    `likely` are the formulas not much more far-fetched than the first.
    """

    def __init__(self, finding: Finding) -> None:
        first, self.setting, self.right = finding.matches[0], finding.setting, finding.right
        self.name, self.layer = finding.statement.name, finding.statement.layer
        self.kind = re.sub(r"\d.*", "", self.name).replace("dw", "dW")
        self.first, self.edit = first, first.edits[0]
        self.likely = [m for m in finding.matches if m.penalty <= first.penalty + 1]
        self.given, self.correct = self.values(first.expression), self.values(finding.right)
        layers = [int(name[1:]) for name in self.setting.values[0] if re.fullmatch(r"W\d+", name)]
        self.is_output = self.layer == max(layers, default=0) and self.name.endswith(str(self.layer))

    def values(self, expression: Any) -> list[Any]:
        """The value of an expression in every probe, as arrays."""
        return list(map(np.asarray, self.setting.everywhere(expression)))

    def gives(self, expression: Any) -> bool:
        """Whether an expression gives the same numbers."""
        return all(is_same_array(x, g) for x, g in zip(self.values(expression), self.given, strict=True))

    def edited_by(self, *kinds: str) -> bool:
        """Whether a likely formula has an edit of these kinds."""
        return any(m.edits[0].kind in kinds for m in self.likely)


def causes_by_dtype(case: Case) -> Iterator[str]:
    """The cause where fractions were cut off: an array of integers was filled."""
    if case.edit.kind == "truncate" or "floor_divide" in case.first.text:
        yield "integers"


def causes_by_reshape(case: Case) -> Iterator[str]:
    """The cause where a reshape took the place of a transpose, if that is the likeliest."""
    if case.edit.kind == "reshape":
        yield "reshape-for-transpose"


def causes_by_penalty(case: Case) -> Iterator[str]:
    """The cause that a term in W tells, where the right formula or the wrong one has it."""
    W = f"W{case.layer}"
    mentioned = [bool(re.search(rf"\b{W}\b", str(x))) for x in (case.right, case.first.text)]
    if case.kind != "dW" or not any(mentioned) or case.given[0].shape != case.correct[0].shape:
        return
    terms = zip(case.values(Expression(W)), case.given, case.correct, strict=True)
    if all(ratio_to(w, g - r) is not None for w, g, r in terms):
        yield "l2-scale" if mentioned[1] else "l2-missing"


def causes_by_shape(case: Case) -> Iterator[str]:
    """The causes that a wrong shape tells, or a transpose."""
    g, r, right = case.given[0], case.correct[0], case.correct
    if g.ndim == 2 and not is_same_array(g, r) and all(map(is_same_array, (x.T for x in case.given), right)):
        yield "transposed"
    if g.shape == r.shape:
        return
    yield from causes_by_list(case)
    if g.ndim != r.ndim and is_same_array(g.ravel(), r.ravel()):
        yield "keepdims"
    if case.kind == "db":
        yield from causes_of_unsummed(case, g.ndim == 2 and g.size > r.size)
    if is_other_layer(case.edit):
        yield "layer-off-by-one"
    if case.edited_by("swap") and case.kind in ("dW", "dA"):
        yield "elementwise-for-matmul"
    elif g.size > r.size and case.kind not in ("dW", "db"):
        yield "accidental-broadcast"


def causes_of_unsummed(case: Case, grown: bool) -> Iterator[str]:
    """The causes of a db of another shape; `grown` says that it has more numbers than it should."""
    if any(re.fullmatch(r"np.mean\([^,]*\)", m.text) for m in case.likely):
        yield "mean-over-all"
    if grown and case.edited_by("drop", "replace"):
        yield from ("db-not-summed", "broadcast-not-undone")
    if has_other_sum(case):
        yield "sum-axis"


def has_other_sum(case: Case) -> bool:
    """Whether a likely formula sums over other axes."""
    return any(m.edits[0].kind in ("axis", "mean") and "axis=1" not in m.text for m in case.likely)


def causes_by_constant(case: Case) -> Iterator[str]:
    """The causes that a constant factor tells."""
    ratios = [ratio_to(r, g) for r, g in zip(case.correct, case.given, strict=True)]
    factors = np.array([f for f in ratios if f is not None])
    if len(factors) == len(ratios):
        one_number = case.given[0].size > 1 or np.ptp(factors) < SAME  # any two numbers have a ratio
        known = list(known_factors(case, factors)) or list(causes_by_list(case))
        yield from known or (["stray-constant"] if one_number else [])


def known_factors(case: Case, factors: Any) -> Iterator[str]:
    """The causes that put one of the factors of the lectures where it does not belong."""
    known = case.setting.values
    m = np.array([float(v.get("m", np.nan)) for v in known])  # NaN equals no factor
    sizes = [name for name in known[0] if name.endswith(".shape[0]")]
    units = [np.array([float(v[size]) for v in known]) for size in sizes if is_near(case, size, known[0])]
    averaged = case.kind in ("dW", "db", "J")

    def are(expected: Any) -> bool:
        return bool(np.allclose(factors, expected, rtol=1e-7))

    if are(m):
        yield "missing-1/m"
    if averaged and (any(are(m / n) for n in units) or (np.ptp(m) and np.ptp(factors / m) < SAME)):
        yield "wrong-m"
    if are(1 / m):
        yield from ("db-averaged-twice", "double-1/m") if case.kind == "db" else ("double-1/m",)
    if are(-1):
        yield "sign"
    if any(are(1 / n) for n in units if n[0] > 1):
        yield "mean-over-all"
    if case.is_output and case.kind in ("dA", "dZ") and (are(2) or are(0.5)):
        yield "half-squared-loss"


def is_near(case: Case, size: str, values: Mapping[str, Any]) -> bool:
    """Whether the number of units of a layer is one to think of: 1 says little, except in its own layer."""
    return values[size] > 1 or size == f"A{case.layer}.shape[0]"


def causes_by_formula(case: Case) -> Iterator[str]:
    """The causes that the formula tells."""
    swapped = case.edit.kind in ("sign", "swap")
    if case.kind == "dA" and case.is_output and f"Y / A{case.layer}" in str(case.right):
        yield from ["dAL-bracket"] if swapped else []
        yield from causes_by_list(case)
        return
    yield from RULES.get(case.kind, causes_of_other)(case)
    yield from causes_by_list(case)
    if is_other_layer(case.edit):
        yield "layer-off-by-one"


def causes_by_list(case: Case) -> Iterator[str]:
    """The mistakes of the list one of whose formulas gives the same numbers."""
    return (slug for slug, formula in known_formulas(case) if case.gives(formula))


def known_formulas(case: Case) -> Iterator[tuple[str, Any]]:
    """The formulas that the list has for this quantity, by their slug."""
    quantity, layer = quantity_in_list(case)
    for slug, entry in MISTAKES.items():
        for code in entry.get(quantity, ()):
            yield slug, parse_formula(code, names_of_layer(layer))


def quantity_in_list(case: Case) -> tuple[str, int]:
    """What the list calls the quantity, and the layer whose names its formulas then have."""
    if case.kind == "dA" and not case.is_output:
        return "dA_prev", number_at_end(case.name) + 1
    return case.kind + "_new" * case.name.endswith("_new"), case.layer


def names_of_layer(layer: int) -> dict[str, Any]:
    """What a formula of the list calls the quantities of a layer, and of the one below."""
    own = {name: f"{name}{layer}" for name in ("A", "Z", "W", "b", "dA", "dZ", "dW", "db")}
    below = {f"{name}_prev": f"{name}{layer - 1}" for name in ("A", "Z", "W", "b", "dA")}
    words = own | below | {name: name for name in ("Y", "m", "lr", "lambd")}
    return {word: Expression(name) for word, name in words.items()}


def causes_of_activation(case: Case) -> Iterator[str]:
    """What went wrong in dZ = dA * g'(Z)."""
    yield from (slug for slug, formula in known_activation_slips(case) if case.gives(formula))
    if is_softmax_axis(case):
        yield "softmax-axis"
    if case.edit.kind == "swap" and "@" in case.first.text:
        yield "matmul-for-elementwise"


def is_softmax_axis(case: Case) -> bool:
    """Whether the sum in a softmax goes over another axis."""
    return "np.exp" in case.first.text and case.edit.kind in ("axis", "keepdims", "mean")


def known_activation_slips(case: Case) -> Iterator[tuple[str, Any]]:
    """Formulas for dZ that people write for dA * g'(Z), by their slug."""
    layer = case.layer
    dA, A, Z, Y = names(f"dA{layer}", f"A{layer}", f"Z{layer}", "Y")
    if case.is_output:
        yield "extra-activation-derivative", (A - Y) * (A * (1 - A))
        yield "softmax-diagonal-only", -Y * (1 - A)
    yield "missing-activation-derivative-output" if case.is_output else "missing-activation-derivative", dA
    if f"Z{layer} > 0" in str(case.right):
        yield "relu-ge-zero", dA * (A >= 0)
    yield from known_formulas(case)
    for right, of_Z in ((1 - A**2, 1 - Z**2), (A * (1 - A), Z * (1 - Z))):
        if all(map(is_same_array, case.values(dA * right), case.correct)):
            yield "preactivation-in-slope", dA * of_Z
    s = 1 / (1 + np.exp(-Z))
    for slope in (*slopes(layer).values(), 1 - Z**2, Z * (1 - Z), s * (1 - s), 1 - np.tanh(Z) ** 2):
        if slope is not slopes(layer)["linear"]:
            yield "wrong-activation", dA * slope


def causes_of_weight(case: Case) -> Iterator[str]:
    """What went wrong in dW = dZ @ A_prev.T / m."""
    if any(f"Z{case.layer - 1}" in m.text for m in case.likely):
        yield "preactivation-in-dW"
    if case.edit.kind == "swap":
        yield "elementwise-for-matmul"


def causes_of_bias(case: Case) -> Iterator[str]:
    """What went wrong in db = sum(dZ) / m."""
    if f"b{case.layer}" in [m.text for m in case.likely]:
        yield "b-as-gradient"
    if has_other_sum(case):
        yield "sum-axis"


def causes_of_linear(case: Case) -> Iterator[str]:
    """What went wrong in dA_prev = W.T @ dZ."""
    texts = [m.text for m in case.likely]
    if any(re.search(r"- \S+ \* dW", text) for text in texts):
        yield "update-before-backprop"
    if any(f"W{above} @ dZ{above}" in texts for above in (case.layer, case.layer + 1)):
        yield "untransposed-W"
    if case.edit.kind == "swap":
        yield "elementwise-for-matmul"
    if any(lacks_mask(case, name) for name in names_in(case.right)):
        yield "dropout-mask"


def lacks_mask(case: Case, name: str) -> bool:
    """Whether an array of zeros and ones times these numbers gives the right ones, up to a constant."""
    triples = list(zip(case.values(Expression(name)), case.given, case.correct, strict=True))
    if any(mask.shape != given.shape or not np.isin(mask, (0, 1)).all() for mask, given, _ in triples):
        return False
    return all(ratio_to(mask * given, right) is not None for mask, given, right in triples)


def causes_of_other(case: Case) -> Iterator[str]:
    """What went wrong forward, in the cost or in the update."""
    if case.kind == "J" and any("Y.T @ np.log" in m.text for m in case.likely):
        yield "cost-all-pairs"
    if is_softmax_axis(case):
        yield "softmax-axis"
    if case.edit.kind in ("sign", "swap") and "lr" in case.first.text:
        yield "sign"


RULES = {"dZ": causes_of_activation, "dW": causes_of_weight, "db": causes_of_bias, "dA": causes_of_linear}


def is_other_layer(edit: Edit) -> bool:
    """Whether the same letter with another number was put in."""
    old, new = (re.fullmatch(r"(d?[A-Za-z])(\d+)", str(x)) for x in (edit.before, edit.after))
    return bool(old and new and old[1] == new[1] and old[2] != new[2])


def message_of(finding: Finding, causes: Sequence[str], alone: bool = False) -> str:
    """One paragraph: what was computed, what the lectures compute, and why; the likeliest why `alone`."""
    s = finding.statement
    if not finding.matches:
        return f"Layer {s.layer}, {s.name}: {unknown_text(finding)}{evidence_text(finding)}"
    parts = [
        f"Layer {s.layer}, {s.name}: {contrast_text(finding)}.",
        " Or: ".join(WHY[cause] for cause in causes[: 1 if alone else None]),
        "" if alone and causes else alternatives_text(finding),
    ]
    return " ".join(part for part in parts if part)


def unknown_text(finding: Finding) -> str:
    """That nothing was found, and why."""
    if finding.seconds is not None:
        return (
            "the numbers are wrong, and the cause is unknown: the search was ended after "
            f"{finding.seconds:g} seconds."
        )
    step = shorten_text(str(finding.right))
    return (
        f"the numbers are wrong, and no formula close to the lectures' step {step} gives them; "
        "the cause is unknown."
    )


def contrast_text(finding: Finding) -> str:
    """What was computed and what the lectures compute; of long formulas the part in which they differ."""
    right = str(finding.right)
    if is_zero_everywhere(finding) or max(len(finding.matches[0].text), len(right)) <= TELLABLE:
        return f"{computed_text(finding)}; the lectures' step is {shorten_text(right)}"
    around = text_around(finding.matches[0].expression, right)
    if around:
        return f"you computed {around}, where ... is the lectures' step {shorten_text(right)}"
    made, meant = differing_texts(finding.matches[0].expression, finding.right)
    return f"you computed {made} where the lectures' step has {meant}"


def computed_text(finding: Finding) -> str:
    """What was computed, as a clause; many formulas give nothing but zeros, so that none is singled out."""
    return "it is 0 everywhere" if is_zero_everywhere(finding) else f"you computed {finding.matches[0].text}"


def is_zero_everywhere(finding: Finding) -> bool:
    return not any(np.any(x) for x in Case(finding).given)


def alternatives_text(finding: Finding) -> str:
    """Other mistakes with the same numbers, as a sentence in brackets."""
    others = [] if is_zero_everywhere(finding) else distinct_mistakes(finding)[1:]
    return f"({' or '.join(m.text for m in others)} would give the same numbers.)" if others else ""


@np.errstate(all="ignore")
def distinct_mistakes(finding: Finding) -> list[Match]:
    """The likeliest formulas that are different mistakes, however alike their numbers are.

    The same edit in another place of the formula is the same mistake, and so is one that gives the same
    whatever the values are.
    """
    setting, kept = scramble_setting(finding.setting), dict[tuple[str, ...], Match]()
    for match in finding.matches:
        value = setting.value(match.expression, 0)
        alike = any(is_same_array(value, setting.value(other.expression, 0)) for other in kept.values())
        if match.penalty <= finding.matches[0].penalty and not (kept and alike):
            kept.setdefault(edit_key(match.edits[0]), match)
    return list(kept.values())


def edit_key(edit: Edit) -> tuple[str, ...]:
    """What an edit does, wherever in the formula."""
    if edit.kind in ("times", "over", "plus"):
        return edit.kind, str(edit.after.args[1])
    if edit.kind == "drop":
        return edit.kind, *(str(part) for part in edit.before.args if part is not edit.after)
    if edit.kind in ("sign", "transpose"):
        return (edit.kind,)
    return edit.kind, str(edit.before), str(edit.after)


def scramble_setting(setting: Setting) -> Setting:
    """Values that have nothing to do with one another, in the shapes of the first probe."""
    random = np.random.default_rng(0)
    values = {name: random.standard_normal(np.shape(x)) for name, x in setting.values[0].items()}
    return Setting([values], (), ())


def evidence_text(finding: Finding) -> str:
    """How far the numbers are from the right ones."""
    assert finding.seen is not None
    given = np.asarray(finding.given, float)
    right = np.asarray(finding.setting.everywhere(finding.seen.right[-1])[0], float)
    norms = np.linalg.norm(given), np.linalg.norm(right)
    if given.shape != right.shape or not all(norms):
        return ""
    at = np.unravel_index(np.argmax(np.abs(given - right)), given.shape)
    cosine = np.sum(given * right) / np.prod(norms)
    return (
        f" Your {finding.seen.name} beside the right one: cosine {cosine:.3f}, "
        f"norm {norms[0] / norms[1]:.3g} times as large, "
        f"and at {list(map(int, at))} {given[at]:.6g} instead of {right[at]:.6g}."
    )
