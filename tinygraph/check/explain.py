"""The explanation: which statements of somebody's backward pass are not the lectures', and what they are
instead.

A program is gone through in its order. A quantity that was given is judged with the values given for those
before it, so that a right step below a wrong one is right. Quantities that were not given (dZ inside a
function) are explained by what was made from them: an edit of theirs must make the statements after it come
out right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinygraph.check.edits import single_edits
from tinygraph.check.lectures import Statement
from tinygraph.check.search import Match, Setting, distinct, matches, search

__all__ = ["Finding", "explain"]


@dataclass(frozen=True)
class Finding:
    """A wrong statement: the right formula, and those that give the numbers; none if the cause is unknown."""

    statement: Statement
    right: Any
    matches: tuple[Match, ...]
    setting: Setting


@dataclass(frozen=True)
class Segment:
    """Quantities that were not given, and after them those that were and are made from them."""

    hidden: tuple[Statement, ...]
    shown: tuple[Statement, ...]


def explain(
    program: Sequence[Statement], setting: Setting, given: Mapping[str, Sequence[Any]]
) -> list[Finding]:
    """The wrong statements of a program.

    Args:
        program: the right statements, in order.
        setting: the values of the probes; derivatives in it are the right ones.
        given: for each name that somebody's code gave, its value in every probe.
    """
    findings: list[Finding] = []
    for segment in segments(program, given):
        setting = run_right(segment.hidden, setting)
        found = explain_segment(segment, setting, given)
        for finding in found:
            if finding.statement in segment.hidden and finding.matches:
                setting = run_from(finding, segment.hidden, setting)
        findings += found
        for s in segment.shown:
            setting = setting.assign(s.name, given[s.name])
    return findings


def segments(program: Sequence[Statement], given: Mapping[str, Any]) -> Iterator[Segment]:
    """The program in parts, each with its hidden quantities first."""
    hidden: list[Statement] = []
    shown: list[Statement] = []
    for statement in program:
        if statement.name in given:
            shown.append(statement)
        else:
            if shown:
                yield Segment(tuple(hidden), tuple(shown))
                hidden, shown = [], []
            hidden.append(statement)
    if shown:
        yield Segment(tuple(hidden), tuple(shown))


def run_right(statements: Sequence[Statement], setting: Setting) -> Setting:
    """The setting after the right statements."""
    for s in statements:
        setting = setting.assign(s.name, values(s.right[-1], setting))
    return setting


def values(expression: Any, setting: Setting) -> list[Any]:
    """The value of an expression in every probe."""
    return [setting.value(expression, i) for i in range(len(setting.values))]


def run_from(finding: Finding, hidden: Sequence[Statement], setting: Setting) -> Setting:
    """The setting after the hidden statements, with the one that was found as it was found."""
    at = hidden.index(finding.statement)
    match = finding.matches[0]
    setting = setting.assign(finding.statement.name, values(match.expression, setting))
    return run_right(hidden[at + 1 :], setting)


def explain_segment(segment: Segment, setting: Setting, given: Mapping[str, Sequence[Any]]) -> list[Finding]:
    """The wrong statements of a segment."""
    wrong = [s for s in segment.shown if not is_right(s, setting, given)]
    if not wrong:
        return []
    if len(wrong) < len(segment.shown) or not segment.hidden:
        return [explain_shown(s, setting, given) for s in wrong]
    hidden = explain_hidden(segment, setting, given)
    if hidden is not None:
        after = run_from(hidden, segment.hidden, setting)
        rest = [s for s in wrong if not is_right(s, after, given)]
        return [hidden, *(explain_shown(s, after, given) for s in rest)]
    shown = [explain_shown(s, setting, given) for s in wrong]
    if segment.hidden and not any(finding.matches for finding in shown):
        return [Finding(segment.hidden[-1], segment.hidden[-1].right[-1], (), setting)]
    return shown


def is_right(s: Statement, setting: Setting, given: Mapping[str, Sequence[Any]]) -> bool:
    return any(matches(formula, setting, given[s.name]) for formula in s.right)


def explain_shown(s: Statement, setting: Setting, given: Mapping[str, Sequence[Any]]) -> Finding:
    """A given quantity by the edits of its own formula."""
    return Finding(s, s.right[0], tuple(search(s.right, setting, given[s.name])), setting)


def explain_hidden(segment: Segment, setting: Setting, given: Mapping[str, Sequence[Any]]) -> Finding | None:
    """A hidden quantity by the edit after which most of the given ones come out right; None if none does."""
    best: list[tuple[int, Match, Statement]] = []
    for at, s in enumerate(segment.hidden):
        for formula in s.right:
            for edit in distinct(single_edits(formula, setting.operands, setting.factors)):
                match = Match(edit.expression, (edit,), edit.penalty)
                after = run_from(Finding(s, formula, (match,), setting), segment.hidden[at:], setting)
                right = sum(is_right(x, after, given) for x in segment.shown)
                if right:
                    best.append((right, match, s))
    if not best:
        return None
    most = max(right for right, _, _ in best)
    ranked = sorted(
        ((m, s) for right, m, s in best if right == most),
        key=lambda pair: (pair[0].penalty, len(pair[0].text)),
    )
    statement = ranked[0][1]
    return Finding(statement, statement.right[0], tuple(m for m, s in ranked if s is statement), setting)
