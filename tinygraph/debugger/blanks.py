"""Functions that are still to be written: those of an exercise, with gaps instead of what belongs there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.trial import DERIVATIVE

__all__ = ["EMPTY", "UNWRITTEN", "does_nothing", "returns_gap", "unwritten_functions", "waiting_functions"]

UNWRITTEN = "not written yet"
EMPTY = "nothing is in it"  # a method that is there to be replaced, or has nothing to do
GAP = re.compile("_{2,}")  # dW = ____
MOST_GAPS = 4


def unwritten_functions(program: Program) -> dict[str, str]:
    """The functions with gaps, each with what is there instead: "dW, db are still None"."""
    found = {name: what_is_left(f) for name, f in program.functions.items()}
    return {name: text for name, text in found.items() if text}


def waiting_functions(program: Program, unwritten: dict[str, str]) -> dict[str, str]:
    """The functions that call one with gaps, also through others, each with the one.

    A name that a function without gaps has as well may mean that: a layer's, and not that of its base class.
    """
    waiting: dict[str, str] = {}
    written = {name.rpartition(".")[2] for name in program.functions.keys() - unwritten.keys()}
    last = {name.rpartition(".")[2]: name for name in unwritten if name.rpartition(".")[2] not in written}
    for _ in program.functions:
        for name, function in program.functions.items():
            if name not in unwritten and name not in waiting and (called := last.keys() & function.names):
                waiting[name] = last[min(called)]
                last[name.rpartition(".")[2]] = waiting[name]
    return waiting


def what_is_left(function: Function) -> str:
    """What of a function is still to be written; empty if nothing is."""
    body = function.node.body
    if any(isinstance(s, ast.Raise) and "NotImplemented" in ast.unparse(s) for s in body):
        return "raises NotImplementedError"
    returns = [n for n in ast.walk(function.node) if isinstance(n, ast.Return)]
    stops = any(isinstance(s, ast.Raise) for s in body)
    if (does_nothing(function) and not stops) or (
        returns and all(n.value is not None and is_gap(n.value) for n in returns)
    ):
        value = returns[0].value if returns else None
        return f"returns {ast.unparse(value) if value else None}"
    gaps = list(dict.fromkeys([*gaps_in(function), *blanks_in(function)]))
    if gaps and GAP.fullmatch(gaps[0][1]):
        return f"has {gaps[0][1]} in it"
    names = [name for name, _ in gaps]
    told = ", ".join(names[:MOST_GAPS]) + " and more" * (len(names) > MOST_GAPS)
    return f"{told} {'is' if len(names) == 1 else 'are'} still {gaps[0][1]}" if gaps else ""


def does_nothing(function: Function) -> bool:
    """Whether a function does nothing: it is still to be written, or to be replaced."""
    return all(
        isinstance(s, ast.Pass | ast.Raise)
        or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        or (isinstance(s, ast.Return) and (s.value is None or is_gap(s.value)))
        for s in function.node.body
    )


def is_gap(value: ast.expr) -> bool:
    """Whether a value is none: None, ..., ____, or several of them."""
    if isinstance(value, ast.Tuple):
        return bool(value.elts) and all(map(is_gap, value.elts))
    if isinstance(value, ast.Constant):
        return value.value is None or value.value is ...
    return isinstance(value, ast.Name) and bool(GAP.fullmatch(value.id))


def gaps_in(function: Function) -> Iterator[tuple[str, str]]:
    """What is given no value, and what it is given instead; None is one if nothing else ever comes."""
    given = list(assignments(function.node))
    filled = {name for name, value in given if not is_gap(value)}
    for name, value in given:
        told = ast.unparse(value)
        if is_gap(value) and (told != "None" or (name not in filled and matters(name, function))):
            yield name, told


def blanks_in(function: Function) -> Iterator[tuple[str, str]]:
    """The blanks within expressions: return dout * ____."""
    for n in ast.walk(function.node):
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and GAP.fullmatch(n.id):
            yield n.id, n.id


def returns_gap(function: Function) -> bool:
    """Whether something that is returned has no value, though the rest may be right."""
    names = {name for name, _ in gaps_in(function)}
    returns = [n.value for n in ast.walk(function.node) if isinstance(n, ast.Return) and n.value is not None]
    parts = [p for r in returns for p in (r.elts if isinstance(r, ast.Tuple) else [r])]
    return any(isinstance(p, ast.Name) and p.id in names for p in parts)


def assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What is assigned to what, part by part."""
    for statement in ast.walk(node):
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from parts_assigned(target, statement.value)
        elif isinstance(statement, ast.AugAssign | ast.AnnAssign) and statement.value is not None:
            yield ast.unparse(statement.target), statement.value
        elif isinstance(statement, ast.For | ast.comprehension):
            yield from ((n.id, statement.iter) for n in ast.walk(statement.target) if isinstance(n, ast.Name))


def parts_assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if not isinstance(target, ast.Tuple | ast.List):
        yield ast.unparse(target), value
        return
    several = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
    values = value.elts if several else [value] * len(target.elts)  # type: ignore[attr-defined]
    for one, given in zip(target.elts, values, strict=True):
        yield from parts_assigned(one, given)


def matters(name: str, function: Function) -> bool:
    """Whether what holds nothing is a result or used for one, rather than something that is let go."""
    if name.startswith("self."):
        return bool(DERIVATIVE.search(name.removeprefix("self.")))
    used = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return re.split(r"\W", name)[0] in used
