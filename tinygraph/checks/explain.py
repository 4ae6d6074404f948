"""The explanation: which statements of somebody's backward pass are not the lectures', and what they are
instead.

A program is gone through in its order. A quantity that was given is judged with the values given for those
before it, so that a right step below a wrong one is right. Quantities that were not given (dZ inside a
function) are explained by what was made from them: an edit of theirs must make the statements after it come
out right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from tinygraph.checks.clock import FOREVER, OutOfTimeError
from tinygraph.checks.edits import Edit, single_edits, truncate_formula
from tinygraph.checks.search import (
    Match,
    Setting,
    bracketings_of,
    distinct_matches,
    fit_matches,
    is_match,
    matches_to_fit,
    names_in,
    scaled_matches,
    search_formulas,
)
from tinygraph.graph.derivation import Statement
from tinygraph.guards.faults import our_work
from tinygraph.notation.expressions import Expression
from tinygraph.rules.nests import map_leaves

__all__ = ["Finding", "FormulaMemory", "explain_program", "is_right"]

NAME = re.compile(r"(d?[AZWb])(\d+)(.*)", re.DOTALL)
LIKELY = 1  # how far-fetched one edit may be, so that nothing better is looked for
UNKNOWN_COST = 10  # mistakes for which one of unknown cause counts
Given = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Finding:
    """A wrong statement: the right formula, and those that give the numbers; none if the cause is unknown.

    `seen` is the given quantity that shows it, itself or one that is made from it, and `given` its value in
    the first probe. `seconds` says after how long the search was given up.
    """

    statement: Statement
    right: Any
    matches: tuple[Match, ...]
    setting: Setting
    seen: Statement | None = None
    given: Any = None
    seconds: float | None = None


@dataclass(frozen=True)
class Segment:
    """Quantities that were not given, and after them those that were and are made from them."""

    hidden: tuple[Statement, ...]
    shown: tuple[Statement, ...]


@dataclass
class FormulaMemory:
    """What was found in other layers and smaller functions: tried first, since people repeat themselves.

    `later` says for each name of the program which names are not there yet when it is made, `agreeing` which
    of those that were given are right, whatever was made of them, and `truth` has the right values of all.
    """

    found: dict[str, list[tuple[int, Match]]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    later: dict[str, set[str]] = field(default_factory=dict)
    agreeing: Collection[str] = ()
    truth: Setting | None = None

    def keep(self, finding: Finding) -> None:
        """Remember a finding."""
        kind, layer = quantity_kind(finding.statement), finding.statement.layer
        if finding.matches:
            self.found[kind] = [*self.found.get(kind, []), (layer, finding.matches[0])]
        else:
            self.unknown.add(statement_key(finding.statement))

    def recall(self, s: Statement) -> Iterator[Match]:
        """The formulas found for this quantity in other layers, as they would be in this one."""
        for layer, match in self.found.get(quantity_kind(s), []):
            yield Match(move_layers(match.expression, s.layer - layer), match.edits, match.penalty)


def quantity_kind(s: Statement) -> str:
    """dW of dW3, W_new of W3_new."""
    return re.sub(r"\d+", "", s.name)


def statement_key(s: Statement) -> str:
    """A statement as it would be in layer 0: the same for all layers with the same activation."""
    return f"{quantity_kind(s)} = {move_layers(s.right[-1], -s.layer)}"


def move_layers(x: Any, by: int) -> Any:
    """An expression with every quantity taken from `by` layers above."""
    if not isinstance(x, Expression) or not by:
        return x
    if x.function is not None:
        return x.record(x.function, map_leaves(lambda part: move_layers(part, by), x.args), x.settings)
    match = NAME.fullmatch(x.name)
    return Expression(f"{match[1]}{int(match[2]) + by}{match[3]}") if match else x


@our_work("the search for what went wrong")
@np.errstate(all="ignore")  # most of what is tried makes no sense
def explain_program(
    program: Sequence[Statement],
    setting: Setting,
    given: Given,
    memory: FormulaMemory | None = None,
    agreeing: Collection[str] = (),
) -> list[Finding]:
    """The wrong statements of a program.

    Args:
        program: the right statements, in order.
        setting: the values of the probes; derivatives in it are the right ones.
        given: for each name that somebody's code gave, its value in every probe.
        memory: what was found before; added to.
        agreeing: names of what was given and is right, so that it needs no explanation.
    """
    memory, findings, truth = memory or FormulaMemory(), [], setting
    memory.agreeing, memory.truth = agreeing, truth if agreeing else None
    memory.later = {s.name: {t.name for t in program[i:]} for i, s in enumerate(program)}
    for segment in program_segments(program, given):
        setting = run_right(segment.hidden, setting)
        if is_from_the_right(segment, setting, given, agreeing):
            setting = run_true(segment.hidden, setting, truth)
        found = explain_in_time(segment, setting, given, memory)
        for finding in found:
            memory.keep(finding)
            if finding.statement in segment.hidden and finding.matches:
                setting = run_from(finding, finding.matches[0], segment.hidden, setting)
        findings += found
        if is_lost(segment, found):
            break
        setting = assign_given(segment.shown, setting, given)
    return findings


def is_from_the_right(segment: Segment, setting: Setting, given: Given, agreeing: Collection[str]) -> bool:
    """Whether something given is right though what it is made from was given wrong: it was made otherwise."""
    return any(s.name in agreeing and not is_right(s, setting, given) for s in segment.shown)


def run_true(statements: Sequence[Statement], setting: Setting, truth: Setting) -> Setting:
    """The setting with the right values of these statements, whatever was given before them."""
    for s in statements:
        known = truth.everywhere(Expression(s.name))
        right = truth.everywhere(s.right[-1]) if any(x is None for x in known) else known
        truth, setting = truth.assign(s.name, right), setting.assign(s.name, right)
    return setting


def explain_in_time(segment: Segment, setting: Setting, given: Given, memory: FormulaMemory) -> list[Finding]:
    """The same as `explain_segment`; if the time is over, a constant factor is all that is looked for."""
    try:
        return explain_segment(segment, setting, given, memory)
    except OutOfTimeError:
        lost = wrong_statements(segment, setting, given, memory)
        return [explain_at_once(s, setting, given) for s in lost]


def explain_at_once(s: Statement, setting: Setting, given: Given) -> Finding:
    """A given quantity by a constant factor alone, which takes no time."""
    factors = scaled_matches(s.right, (), replace(setting, clock=FOREVER), given[s.name])
    matches, seconds = tuple(distinct_matches(factors)), setting.clock.seconds
    return Finding(s, s.right[0], matches, setting, s, given[s.name][0], None if matches else seconds)


def wrong_statements(
    segment: Segment, setting: Setting, given: Given, memory: FormulaMemory
) -> list[Statement]:
    """What was given in a segment and is neither right nor made rightly from what was given before it."""
    unsure = [s for s in segment.shown if s.name not in memory.agreeing]
    return [s for s in unsure if not is_right(s, setting, given)]


def is_lost(segment: Segment, found: Sequence[Finding]) -> bool:
    """Whether what follows cannot be judged: a hidden quantity is unknown and no dA after it was given."""
    unknown = any(f.statement in segment.hidden and not f.matches for f in found)
    return unknown and not any(s.name.startswith("dA") for s in segment.shown)


def program_segments(program: Sequence[Statement], given: Mapping[str, Any]) -> Iterator[Segment]:
    """The program in parts: hidden quantities and what is made from them, or one given quantity alone.

    A given dA or dZ ends a part, since what follows is made from it.
    """
    hidden: list[Statement] = []
    shown: list[Statement] = []
    for statement in program:
        if statement.name not in given:
            if shown:
                yield Segment(tuple(hidden), tuple(shown))
                hidden, shown = [], []
            hidden.append(statement)
            continue
        shown.append(statement)
        if not hidden or statement.name[:2] in ("dA", "dZ"):
            yield Segment(tuple(hidden), tuple(shown))
            hidden, shown = [], []
    if shown:
        yield Segment(tuple(hidden), tuple(shown))


def run_right(statements: Sequence[Statement], setting: Setting) -> Setting:
    """The setting after the right statements."""
    for s in statements:
        setting = setting.assign(s.name, setting.everywhere(s.right[-1]))
    return setting


def run_from(finding: Finding, match: Match, hidden: Sequence[Statement], setting: Setting) -> Setting:
    """The setting after the hidden statements, with one of them as it was found."""
    at = hidden.index(finding.statement)
    setting = setting.assign(finding.statement.name, setting.everywhere(match.expression))
    return run_right(hidden[at + 1 :], setting)


def assign_given(statements: Sequence[Statement], setting: Setting, given: Given) -> Setting:
    """The setting with what was given for these statements."""
    for s in statements:
        setting = setting.assign(s.name, given[s.name])
    return setting


def explain_segment(segment: Segment, setting: Setting, given: Given, memory: FormulaMemory) -> list[Finding]:
    """The wrong statements of a segment.

    If some of what was given is right, the hidden quantities are, and the rest is wrong by itself. If nothing
    is right, either a hidden quantity is to blame, or each given one is wrong by itself: whatever takes fewer
    mistakes.
    """
    wrong = wrong_statements(segment, setting, given, memory)
    if not wrong:
        return []
    alone = partial(explain_each, segment, given, memory)
    if len(wrong) < len(segment.shown) or not segment.hidden:
        return alone(wrong, setting)
    if all(any(recall_matches(s, setting, given, memory)) for s in wrong):
        return alone(wrong, setting)
    if len(wrong) == 1 and (one := alone(wrong, setting))[0].matches:
        return one
    hidden = explain_hidden(segment, setting, given, memory)
    if hidden is None:
        last, first = segment.hidden[-1], wrong[0]
        each = alone(wrong, setting) if statement_key(last) not in memory.unknown else []
        lost = Finding(last, last.right[-1], (), setting, first, given[first.name][0])
        return each if any(f.matches for f in each) else [lost]
    after = run_from(hidden, hidden.matches[0], segment.hidden, setting)
    rest = [s for s in wrong if not is_right(s, after, given)]
    found = [hidden, *alone(rest, after)]
    return found if len(found) < len(wrong) else min(found, alone(wrong, setting), key=findings_cost)


def findings_cost(findings: Sequence[Finding]) -> tuple[int, float]:
    """How much has to be wrong: how many mistakes, an unknown one for ten; then how far-fetched they are."""
    known = [f.matches[0].penalty for f in findings if f.matches]
    return len(known) + UNKNOWN_COST * (len(findings) - len(known)), sum(known)


def is_right(s: Statement, setting: Setting, given: Given) -> bool:
    """Whether a given quantity is what a right formula makes of the values before it."""
    return any(is_match(formula, setting, given[s.name]) for formula in s.right)


def explain_each(
    segment: Segment, given: Given, memory: FormulaMemory, wrong: Sequence[Statement], setting: Setting
) -> list[Finding]:
    """Given quantities, each by the edits of its own formula; those made before it are as they were given."""
    return [
        explain_shown(s, assign_given(segment.shown[: segment.shown.index(s)], setting, given), given, memory)
        for s in wrong
    ]


def explain_shown(s: Statement, setting: Setting, given: Given, memory: FormulaMemory) -> Finding:
    """A given quantity by the edits of its own formula."""
    setting = setting.without(memory.later[s.name])
    known = list(recall_matches(s, setting, given, memory))
    if not known and statement_key(s) not in memory.unknown:
        known = search_formulas(s.right, setting, given[s.name])
    found = Finding(s, s.right[0], tuple(known), setting, s, given[s.name][0])
    return (
        found
        if is_plain(found) or memory.truth is None
        else min(found, of_truth(found, memory), key=strain_of)
    )


def is_plain(finding: Finding) -> bool:
    """Whether one likely edit explains it."""
    return bool(finding.matches) and finding.matches[0].penalty <= LIKELY


def strain_of(finding: Finding) -> float:
    """How far-fetched an explanation is."""
    return finding.matches[0].penalty if finding.matches else UNKNOWN_COST


def of_truth(finding: Finding, memory: FormulaMemory) -> Finding:
    """The same quantity explained as made from the right values, where what was given before it is wrong."""
    assert memory.truth is not None
    s = finding.statement
    truth = memory.truth.without(memory.later[s.name])
    wrong = any(not is_same_in(name, finding.setting, truth) for right in s.right for name in names_in(right))
    if not wrong:
        return finding
    matches = search_formulas(s.right, truth, [finding.given])
    return replace(finding, matches=tuple(matches), setting=truth)


def is_same_in(name: str, setting: Setting, other: Setting) -> bool:
    """Whether a name has the same values in two settings."""
    return is_match(Expression(name), other, setting.everywhere(Expression(name)))


def recall_matches(s: Statement, setting: Setting, given: Given, memory: FormulaMemory) -> Iterator[Match]:
    """The formulas found in other layers that make this quantity what it is."""
    return (match for match in memory.recall(s) if is_match(match.expression, setting, given[s.name]))


def explain_hidden(segment: Segment, setting: Setting, given: Given, memory: FormulaMemory) -> Finding | None:
    """A hidden quantity by the edit after which most of the given ones come out right; None if none does."""
    own = {s.name: setting.without(memory.later[s.name]) for s in segment.hidden}
    for candidates in (
        memory.recall,
        partial(edited_matches, own, memory),
        partial(hidden_with_number, own, segment, given),
    ):
        tried = [
            (right, match, s)
            for s in segment.hidden
            for match in setting.clock.watch(candidates(s))
            if (right := count_right(s, match, segment, setting, given))
        ]
        if tried:
            return best_finding(tried, setting)
    return None


def edited_matches(own: Mapping[str, Setting], memory: FormulaMemory, s: Statement) -> Iterator[Match]:
    """The formulas one edit away from a hidden quantity; `own` is the setting in which it is made."""
    for edit in edits_of(s, own[s.name]) if statement_key(s) not in memory.unknown else ():
        yield Match(edit.expression, (edit,), edit.penalty)


def edits_of(s: Statement, setting: Setting) -> Iterator[Edit]:
    """All single edits of the right formulas of a hidden quantity, whose dtype is hidden as well."""
    for formula in s.right:
        yield truncate_formula(formula, 2)
        for way in bracketings_of(formula):
            yield from single_edits(way, setting.near([way]).operands, setting.factors)


def hidden_with_number(
    own: Mapping[str, Setting], segment: Segment, given: Given, s: Statement
) -> Iterator[Match]:
    """Those with a number in them that makes the first given quantity come out right."""
    first, setting = segment.shown[0], own[s.name]

    def makes(formula: Any, setting: Setting) -> list[Any]:
        match = Match(formula, (), 0)
        after = run_from(Finding(s, formula, (match,), setting), match, segment.hidden, setting)
        return after.everywhere(first.right[-1])

    return fit_matches(
        matches_to_fit(s.right, edits_of(s, setting), setting), makes, setting, given[first.name]
    )


def count_right(s: Statement, match: Match, segment: Segment, setting: Setting, given: Given) -> int:
    """How many of the given quantities come out right if the hidden `s` is as in `match`."""
    after = run_from(Finding(s, s.right[0], (match,), setting), match, segment.hidden, setting)
    return sum(is_right(x, after, given) for x in segment.shown)


def best_finding(tried: Sequence[tuple[int, Match, Statement]], setting: Setting) -> Finding:
    """The finding with most quantities right, by its likeliest formula."""
    most = max(right for right, _, _ in tried)
    ranked = distinct_matches(match for right, match, _ in tried if right == most)
    statement = next(s for _, match, s in tried if match is ranked[0])
    own = {id(match) for _, match, s in tried if s is statement}
    return Finding(statement, statement.right[0], tuple(m for m in ranked if id(m) in own), setting)
