"""One report out of three readings: the lectures' steps, everybody's own forward pass, and the repairs."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinygraph.checks.causes import WHY
from tinygraph.checks.report import Diagnosis, Row, join_names, reason_text, verb_for
from tinygraph.debugger.blanks import EMPTY, UNWRITTEN
from tinygraph.debugger.conventions import CROSSED
from tinygraph.debugger.file_report import FileReport, FunctionVerdict
from tinygraph.debugger.notebooks import cells_of
from tinygraph.debugger.process import file_place, readable_text
from tinygraph.debugger.program import SCRIPT, definitions_in, place_name, source_text
from tinygraph.debugger.reasons import reason_for
from tinygraph.debugger.steps import Step

__all__ = ["leave_gaps", "merge_examined"]

Facts = Mapping[str, Any]
GOES_FORTH = {
    "compute_cost",
    "L_model_forward",
    "forward_propagation",
    "linear_activation_forward",
    "linear_forward",
}
MOST_SAID_OF_LINE = 200  # characters
MOST_TESTED = 3  # names of results
BAD = ("wrong", "could not run", "passes on")
OF_A_LAYER = {"linear_backward", "linear_activation_backward"}
WHOLE_NETWORK = {"L_model_backward", "backward_propagation", "propagate", "backward"}


def merge_examined(report: FileReport, examined: Sequence[Facts], fixes: Sequence[Facts]) -> FileReport:
    """The report on the lectures' functions with what else was judged, and with the tested fixes."""
    own = {e["name"]: e for e in examined}
    report = as_their_own(report, own)
    functions = {f.name: f for f in report.functions}
    for name, facts in own.items():
        old = functions.get(name)
        if old is None or (old.verdict == "could not run" and facts["verdict"] != "not checked"):
            functions[name] = verdict_of(facts)
    diagnoses = list(with_fixes(report, own, fixes, functions))
    return replace(report, functions=settle_verdicts(functions, diagnoses, fixes), diagnoses=diagnoses)


def verdict_of(facts: Facts) -> FunctionVerdict:
    """What was examined as a verdict."""
    verdict = "could not run" if facts["raised"] else facts["verdict"]
    reason = raised_text(facts) if facts["raised"] else readable_text(facts["reason"])
    rows = [(readable_text(label), ok) for label, ok, _ in facts["rows"]]
    return FunctionVerdict(
        readable_text(facts["name"]),
        verdict == "agrees",
        verdict,
        facts["line"],
        readable_text(file_place(facts["file"], facts["line"])),
        reason,
        readable_text(facts["taken"]),
        tuple(label for label, ok in rows if ok),
        tuple(label for label, ok in rows if not ok),
        (facts["file"], facts["raised_line"]) if facts.get("raised_line") else None,
    )


def raised_text(facts: Facts) -> str:
    line = facts.get("raised_line")
    at = f" ({file_place(facts['file'], line)})" if line else ""
    name = place_name(facts["file"]) if facts["name"] == SCRIPT else facts["name"]
    return readable_text(f"{name} raised {facts['raised']}{at}")


def leave_gaps(report: FileReport, unwritten: Mapping[str, str], waiting: Mapping[str, str]) -> FileReport:
    """The report in which what is still to be written is no mistake, nor is what needs it."""
    functions = []
    for f in report.functions:
        if f.name in unwritten and f.verdict != "agrees" and f.reason != EMPTY:
            reason = f"{f.name}: {UNWRITTEN} ({unwritten[f.name]})"
            f = replace(f, ok=False, verdict="could not run", reason=reason)
        elif f.verdict in BAD and f.name in waiting:
            reason = f"{waiting[f.name]}, which is called, is {UNWRITTEN}"
            f = replace(f, ok=False, verdict="not checked", reason=reason)
        functions.append(f)
    gone = {f.name for f in functions if UNWRITTEN in f.reason}
    kept = [d for d in report.diagnoses if d.function not in gone]
    return replace(report, functions=functions, diagnoses=kept)


# Another network than the lectures'


def as_their_own(report: FileReport, own: Mapping[str, Facts]) -> FileReport:
    """The report where functions differ from the lectures' and agree with one another: no mistake."""
    wrong = {f.name for f in report.functions if f.verdict in ("wrong", "passes on", "could not run")}
    incomplete = {step.function for step, row in report.judged_rows if row.missing and not row.ok}
    back = {f.name for f in report.functions} & (WHOLE_NETWORK | OF_A_LAYER)
    if wrong & incomplete or not is_network_of_its_own(wrong, own, back):
        return report
    forth = sorted(wrong & GOES_FORTH)
    note = [
        f"{join_names(forth)} {verb_for(forth)} another than the lectures'; "
        "the backward pass is the derivative of it."
    ]
    functions = [
        replace(f, ok=True, verdict="agrees", reason="", taken=own.get(f.name, {}).get("taken", ""))
        if f.name in wrong
        else f
        for f in report.functions
    ]
    functions = [f for f in functions if f.name not in forth]
    diagnoses = [d for d in report.diagnoses if d.function not in wrong]
    return replace(
        report, functions=functions, diagnoses=diagnoses, notes=[*(note if forth else []), *report.notes]
    )


def is_network_of_its_own(wrong: set[str], own: Mapping[str, Facts], back: set[str]) -> bool:
    """Whether what differs from the lectures is right in itself.

    A whole way back shows it, or a layer whose way forward is another one: with examples as rows, say. Of a
    way forward alone that differs, all of the lectures' functions that go `back` show it, if there are any:
    helpers of theirs may agree though what is kept for them does not suit them.
    """
    judged = {facts["verdict"] for facts in own.values()} - {"not checked"}
    if wrong and wrong <= GOES_FORTH and judged == {"agrees"} and back <= own.keys():
        return True
    back = (WHOLE_NETWORK | OF_A_LAYER) & own.keys()
    if not wrong or {own[name]["verdict"] for name in back} != {"agrees"}:
        return False
    if any(own[name]["verdict"] != "agrees" for name in wrong & own.keys()):
        return False
    if WHOLE_NETWORK & back:
        return wrong <= GOES_FORTH | WHOLE_NETWORK | {"linear_activation_backward"}
    return bool(wrong & GOES_FORTH) and wrong <= GOES_FORTH | OF_A_LAYER


# Mistakes


def with_fixes(
    report: FileReport,
    own: Mapping[str, Facts],
    fixes: Sequence[Facts],
    functions: Mapping[str, FunctionVerdict],
) -> Iterator[Diagnosis]:
    """The mistakes: those that a fix mends with it, then those that none does."""
    left = list(report.diagnoses)
    mended: set[str] = set()
    count = sum(f.verdict != "not checked" for f in functions.values())
    for fix in fixes:
        names = {name for name, _ in fix["mended"]}
        if not any(functions[n].verdict in BAD for n in names & functions.keys()):
            continue  # it mends what is no mistake
        mine = [d for d in left if d.function == fix["function"]] or [d for d in left if d.function in names]
        left = [d for d in left if d not in mine and not (d.function in names and fix["complete"])]
        mended |= names if fix["complete"] else {fix["function"]}
        yield fixed_diagnosis(report, fix, mine[0] if mine else None, own, functions, count)
    for d in left:
        yield place_diagnosis(d, report.file, functions)
    told = {d.function for d in left}
    for name, facts in own.items():
        if facts["verdict"] == "wrong" and name not in mended | told and functions[name].verdict == "wrong":
            yield place_diagnosis(diagnose_unexplained(facts), report.file, functions)


def fixed_diagnosis(
    report: FileReport,
    fix: Facts,
    known: Diagnosis | None,
    own: Mapping[str, Facts],
    functions: Mapping[str, FunctionVerdict],
    count: int,
) -> Diagnosis:
    """A mistake with its fix; why it is one is said by the search, where that knows it too."""
    labels = labels_mended(report, fix, functions)
    name = known.name if known else labels[0] if labels else fix["function"]
    said = cut_between_words(said_of(fix, own) or said_of_steps(report, fix))
    base = known or Diagnosis(name, slug_of(fix["kind"]), "", function=fix["function"])
    why = WHY.get(base.cause, "") if known else ""
    function = functions.get(fix["function"])
    column, end = narrow_place(fix)
    return replace(
        base,
        message=why or reason_for(fix["kind"], fix["old"], fix["new"], fix["before"], fix["after"]),
        function=readable_text(fix["function"]),
        file=fix["file"],
        line=fix["line"],
        column=column,
        end_column=end,
        before=fix["before"],
        after=fix["after"],
        verified=True,
        kind=fix["kind"],
        said=said,
        computed=what_is_there(base.formula, fix),
        tested=tested_text(fix, labels, count),
        wrong=tuple(labels) or (function.wrong if function else ()),
        right=tuple(n for n in function.right if n not in labels) if function else (),
    )


def labels_mended(report: FileReport, fix: Facts, functions: Mapping[str, FunctionVerdict]) -> list[str]:
    """What a fix makes right in the function where it is, or else in those that call it."""
    mended = [(name, label) for name, label in fix["mended"] if not label.startswith("(")]
    here = [label for name, label in mended if name == fix["function"]]
    function = functions.get(fix["function"])
    if function is None or not function.wrong or not here:
        return [readable_text(x) for x in dict.fromkeys(here or [label for _, label in mended])]
    rows = [row.name for _, row in wrong_rows(report, [function.name])]
    found: list[str] = []
    for label in function.wrong:  # dW, or dW1 where not all layers are mended
        layers = [r for r in dict.fromkeys(rows) if label in (r, r.rstrip("0123456789"))] or [label]
        right = [r for r in layers if r in here]
        found += [label] if right == layers else right
    return found or here


def wrong_rows(report: FileReport, names: Sequence[str]) -> list[tuple[Step, Row]]:
    """The rows of functions of the lectures that are wrong, function by function."""
    return [
        (step, row)
        for name in names
        for step, row in report.judged_rows
        if step.function == name and not row.ok
    ]


def what_is_there(formula: str, fix: Facts) -> str:
    """What was computed, without what should have been."""
    if formula:
        return f"You computed {formula}."
    return f"You have {fix['old']} here." if fix["old"] else ""


def cut_between_words(text: str) -> str:
    """A text of some length, cut between words."""
    return textwrap.shorten(text, MOST_SAID_OF_LINE, placeholder=" …")


def said_of(fix: Facts, own: Mapping[str, Facts]) -> str:
    """What comes out of the wrong line, in a few words."""
    facts = own.get(fix["function"])
    for name in [fix["function"], *(n for n, _ in fix["mended"])]:
        facts = own.get(name)
        if facts and facts["raised"]:
            return readable_text(facts["raised"])
        rows = [(label, said) for label, ok, said in facts["rows"] if not ok] if facts else []
        if rows:
            return readable_text(f"{rows[0][0]}: {rows[0][1]}")
    return ""


def said_of_steps(report: FileReport, fix: Facts) -> str:
    """The same for a function of the lectures."""
    names = [fix["function"], *(n for n, _ in fix["mended"])]
    rows = wrong_rows(report, names)
    mended = [row for step, row in rows if [step.function, row.name] in [list(x) for x in fix["mended"]]]
    shown = next(iter([*mended, *(row for _, row in rows)]), None)
    if shown is None:
        return next((f.reason for f in report.functions if f.name in names and f.reason), "")
    return f"{shown.name}: {reason_text(shown)}"


def tested_text(fix: Facts, labels: Sequence[str], count: int) -> str:
    names = labels or sorted({name for name, _ in fix["mended"]})
    if fix["complete"] and (count > 1 or len(names) > MOST_TESTED or names == [SCRIPT]):
        return "tested: with it everything agrees"
    more = len(names) - MOST_TESTED
    told = f"{', '.join(names[:MOST_TESTED])} and {more} more" if more > 1 else join_names(names)
    return f"tested: with it {told} {'agrees' if len(names) == 1 else 'agree'}"


def slug_of(kind: str) -> str:
    return kind.removeprefix("a ").removeprefix("an ").removeprefix("the ").replace(" ", "-")


def alike_at_start(one: str, other: str) -> int:
    """How many characters two texts have in common at their starts."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(map(len, (one, other)))
    )


def narrow_place(fix: Facts) -> tuple[int, int]:
    """Where in the line something changes: what is alike on both sides is left out, whole words at a time."""
    before, after = fix["before"], fix["after"]
    start, end = fix["column"], fix["end_column"]
    if "\n" in before or "\n" in after or not after.strip():
        return start, end
    head = alike_at_start(before, after)
    tail = alike_at_start(before[head:][::-1], after[head:][::-1])
    while (
        head > start
        and is_word(before[head - 1 : head])
        and is_word(before[head : head + 1] or after[head : head + 1])
    ):
        head -= 1
    stop = len(before) - tail
    while stop < end and is_word(before[stop : stop + 1]) and is_word(before[stop - 1 : stop]):
        stop += 1
    if before[head - 1 : head] == "=" and before[head - 2 : head - 1].isalpha():  # axis=0 rather than 0
        head -= 1
        while head > start and is_word(before[head - 1 : head]):
            head -= 1
    return (head, stop) if start <= head < stop <= end else (start, end)


def is_word(text: str) -> bool:
    return text.isalnum() or text == "_"


def diagnose_unexplained(facts: Facts) -> Diagnosis:
    """A mistake of which nothing is known but what comes out."""
    rows = [(readable_text(label), ok, readable_text(said)) for label, ok, said in facts["rows"]]
    lines = {readable_text(label): line for label, line in (facts.get("lines") or {}).items() if line}
    bad = [(label, said) for label, ok, said in rows if not ok] or [("", "")]
    label, said = min(bad, key=lambda x: lines.get(x[0], 0))  # of statements the first
    wrong = tuple(label for label, ok, _ in rows if not ok)
    right = tuple(label for label, ok, _ in rows if ok)
    said = f"{label}: {said}" if label else said
    message = f"{said}. No change of one place was found that mends it."
    return Diagnosis(
        label,
        "unknown",
        message,
        function=facts["name"],
        file=facts["file"],
        line=lines.get(label),
        said=said,
        wrong=wrong,
        right=right,
    )


def place_diagnosis(diagnosis: Diagnosis, file: str, functions: Mapping[str, FunctionVerdict]) -> Diagnosis:
    """A mistake at the statement that makes what is wrong, rather than at its function."""
    function = functions.get(diagnosis.function or "")
    wrong = diagnosis.wrong or (function.wrong if function else ())
    right = diagnosis.right or (function.right if function else ())
    name = "" if diagnosis.said.endswith(CROSSED) else diagnosis.name  # which is wrong where it is returned
    found = place_of_quantity(file, diagnosis.function or "", name, diagnosis.line)
    if found is None:
        line = diagnosis.line or (function.line if function else None)
        return replace(diagnosis, file=diagnosis.file or file, line=line, wrong=wrong, right=right)
    where, node = found
    line, column, end = node.lineno, node.col_offset, node.end_col_offset or 0
    text = source_text(where)
    before = text[line - 1] if line <= len(text) else None
    end = end if node.end_lineno == line else len(before or "")
    computed = diagnosis.computed or (f"You computed {diagnosis.formula}." if diagnosis.formula else "")
    return replace(
        diagnosis,
        file=where,
        line=line,
        column=column,
        end_column=end,
        before=before,
        wrong=wrong,
        right=right,
        computed=computed,
    )


def place_of_quantity(
    file: str, function: str, name: str, line: int | None = None
) -> tuple[str, ast.stmt] | None:
    """The last statement of a function that assigns a quantity, whatever its layer; else the return.

    Of a file's own statements that on a line.
    """
    try:
        cells, _ = cells_of(Path(file))
    except Exception:  # it has been told already that it cannot be read
        return None
    keys = set(re.findall(r"\['(\w+)'\]", name))
    stem = name.rstrip("0123456789")
    wanted = {name, stem, stem + "_prev", name.split("[")[0]} if name else set()
    for cell in reversed(cells):
        if function == SCRIPT:
            at = [s for s in ast.walk(cell.tree) if isinstance(s, ast.stmt) and s.lineno == line]
            if at:
                return cell.filename, at[-1]
            continue
        for qualified, node in definitions_in(cell.tree.body):
            if qualified == function:
                return cell.filename, statement_making(node, keys, wanted)
    return None


def statement_making(node: ast.AST, keys: set[str], wanted: set[str]) -> ast.stmt:
    """The last statement that assigns a key, else one of some names, or else the last one at all."""
    statements = [
        s for s in ast.walk(node) if isinstance(s, ast.stmt) and s is not node and not hasattr(s, "body")
    ]
    made = [(s, entries_made(s)) for s in statements if isinstance(s, ast.Assign | ast.AugAssign)]
    makers = [s for s, names in made if keys & names] or [s for s, names in made if wanted & names]
    return max(makers or statements, key=lambda s: s.lineno)


def entries_made(statement: ast.Assign | ast.AugAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    found = set()
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Name):
                found.add(part.id)
            elif isinstance(part, ast.Attribute):
                found.add(part.attr)
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                found.add(part.value)
    return found


def settle_verdicts(
    functions: Mapping[str, FunctionVerdict], diagnoses: Sequence[Diagnosis], fixes: Sequence[Facts]
) -> list[FunctionVerdict]:
    """The verdicts where the mistakes are known: wrong where one is, passing on where it is elsewhere."""
    at = {d.function for d in diagnoses}
    mended = {name for fix in fixes for name, _ in fix["mended"]}
    found = []
    for f in functions.values():
        if f.name in at and f.verdict in ("agrees", "passes on", "could not run"):
            f = replace(f, ok=False, verdict="wrong")
        elif f.name not in at and f.name in mended and f.verdict in ("wrong", "could not run"):
            f = replace(f, ok=True, verdict="passes on")
        found.append(f)
    known = {f.name for f in found}
    for d in diagnoses:
        if d.function and d.function not in known:
            known.add(d.function)
            found.append(FunctionVerdict(d.function, False, "wrong", d.line, file_place(d.file, d.line)))
    return found
