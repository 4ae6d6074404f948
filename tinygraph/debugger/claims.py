"""What a backward pass says: what it gives, what it leaves in its object, by how much it moved parameters."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from tinygraph.debugger.passes import Pass, invoke, results_by_name
from tinygraph.debugger.program import Function
from tinygraph.debugger.structure import ArrayLeaf, Path, copy_state, leaves_of, step_name
from tinygraph.debugger.trial import DERIVATIVE, bare_name

__all__ = ["RATE", "call_backward", "left_claims", "returned_claims"]

RATE = re.compile(r"^(lr|learning_?rate|eta|alpha|rate|step(_?size)?)$", re.I)
HELD = re.compile(r"velocity|momentum|running|^v_|^m_|^_?v[dwb]|cache|moving|avg|mean|var$", re.I)


def call_backward(
    passed: Pass, backward: Function, state: dict[str, Any], given: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    """Call a backward pass; all that it claims, each with a label."""
    before = copy_state(state)
    raw = invoke(passed.program, backward, state, given)
    rate = next((v for n, v in given.items() if RATE.match(n)), None)
    claims = returned_claims(backward, raw)
    if "self" in state:
        kept = {leaf.path for leaf in leaves_of(passed.after["self"], ("self",))}
        claims += left_claims(before["self"], state["self"], {id(x) for _, x in claims}, kept)
    return claims + moved_claims(before, state, rate)


def returned_claims(backward: Function, raw: Any) -> list[tuple[str, Any]]:
    """The arrays in what a backward pass gave, labelled as it calls them."""
    found: list[tuple[str, Any]] = []
    for name, part in results_by_name(backward, raw).items():
        found += [(leaf.text, leaf.value) for leaf in leaves_of(part, (name,))]
    return found


def left_claims(
    before: Any, after: Any, told: set[int], kept: Collection[Path] = ()
) -> list[tuple[str, Any]]:
    """The arrays that a backward pass left in its object, or in one within, and no forward pass keeps.

    If there are any, those derivatives count as well that are still the zeros with which they began.
    """
    found, zeros = [], []
    old = {leaf.path: leaf.value for leaf in leaves_of(before, ("self",))}
    for leaf in leaves_of(after, ("self",)):
        was = old.get(leaf.path)
        if is_still_zero(leaf, was, old):
            zeros.append((leaf.text, leaf.value))
        if (was is not None and np.array_equal(was, leaf.value)) or id(leaf.value) in told:
            continue
        if (was is None and leaf.path not in kept) or any(DERIVATIVE.search(n) for n in names_on(leaf.path)):
            found.append((leaf.text, leaf.value))
    return found + zeros if found else []


def is_still_zero(leaf: ArrayLeaf, was: Any, old: Mapping[Path, Any]) -> bool:
    """Whether an array that is named for a parameter beside it, as a derivative is, was 0 and is."""
    if was is None or np.ndim(leaf.value) == 0 or np.any(leaf.value) or np.any(was):
        return False
    beside = [p for p in old if p[:-1] == leaf.path[:-1] and np.shape(old[p]) == np.shape(leaf.value)]
    named = bare_name(leaf.last) != leaf.last.lower() and bool(DERIVATIVE.search(leaf.last))
    return named and any(step_name(p[-1]).lower() == bare_name(leaf.last) for p in beside)


def names_on(path: Path) -> list[str]:
    return [name for step in path if (name := step_name(step))]


def moved_claims(before: dict[str, Any], after: dict[str, Any], rate: Any) -> list[tuple[str, Any]]:
    """By how much parameters were moved, divided by the learning rate: what that says of derivatives."""
    found = []
    new = {x.text: x.value for name, v in after.items() for x in leaves_of(v, (name,))}
    seen: set[int] = set()
    for leaf in (x for name, v in before.items() for x in leaves_of(v, (name,))):
        here = new.get(leaf.text)
        if here is None or np.asarray(leaf.value).dtype.kind != "f" or np.shape(here) != np.shape(leaf.value):
            continue
        if any(DERIVATIVE.search(n) or HELD.search(n) for n in names_on(leaf.path)) or id(leaf.value) in seen:
            continue
        if not np.array_equal(here, leaf.value):
            seen.add(id(leaf.value))
            found.append((leaf.text, (leaf.value - here) / rate_in(before, rate)))
    return found


def rate_in(state: dict[str, Any], rate: Any) -> float:
    """The learning rate: as it was given, or as an object holds it."""
    if isinstance(rate, int | float):
        return float(rate)
    for name, part in state.items():
        for leaf in leaves_of(part, (name,)):
            if RATE.match(leaf.last) and np.size(leaf.value) == 1:
                return float(leaf.value)
    return 1.0
