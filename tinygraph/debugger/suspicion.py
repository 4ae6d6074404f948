"""Which statements may have made what is wrong: those that it is made of, and nothing right is."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

__all__ = ["suspicion_of", "suspicion_of_error"]

MAKES_IT = -0.8  # how much earlier the statements are looked at that make what is wrong
LEADS_TO_IT = -0.3
INNOCENT = 1.5


def suspicion_of(node: ast.AST, wrong: Collection[str], right: Collection[str]) -> dict[int, float]:
    """For each line of a function, how much earlier or later than others it is to be looked at.

    Args:
        node: the function.
        wrong: the names of what is wrong among its results, as it calls them.
        right: and of what is right.
    """
    statements = list(simple_statements(node))
    bad, good = (roots_of(names, statements) for names in (wrong, right))
    if not bad:
        return {}
    guilty, innocent = closure(bad, statements), closure(good, statements)
    found: dict[int, float] = {}
    for statement in statements:
        made = names_changed(statement)
        weight = 0.0
        if made & bad:
            weight = MAKES_IT
        elif made & guilty:
            weight = LEADS_TO_IT * (not made & innocent)
        elif made:
            weight = INNOCENT
        for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
            found[line] = weight
    return found


def suspicion_of_error(node: ast.AST, lines: Collection[int]) -> dict[int, float]:
    """The same where an exception passed some lines: these first, then those that made what they read."""
    statements = list(simple_statements(node))
    at = [s for s in ast.walk(node) if isinstance(s, ast.stmt) and s.lineno in lines and s is not node]
    read = {n.id for s in at for n in ast.walk(s) if isinstance(n, ast.Name)}
    found = {s.lineno: LEADS_TO_IT for s in statements if names_changed(s) & read}
    return found | dict.fromkeys(lines, MAKES_IT)


def simple_statements(node: ast.AST) -> Iterator[ast.stmt]:
    for statement in ast.walk(node):
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            yield statement


def roots_of(labels: Collection[str], statements: list[ast.stmt]) -> set[str]:
    """The variables and attributes that some labels stand for, where there are such."""
    made = {name for s in statements for name in names_changed(s)}
    found = set()
    for label in labels:
        names = [
            label,
            label.split("[")[0],
            f"self.{label.split('[')[0]}",
            *re.findall(r"\['(\w+)'\]", label),
        ]
        found |= {n for n in names[:1] + names[3:] + names[1:3] if n in made} and {
            next(n for n in names[:1] + names[3:] + names[1:3] if n in made)
        }
    return found


def names_changed(statement: ast.stmt) -> set[str]:
    """What a statement makes or changes: variables, attributes of self, entries of dicts by their keys."""
    if isinstance(statement, ast.Expr):
        return arguments_changed(statement.value)
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]  # type: ignore[attr-defined]
    return {name for t in targets for name in names_in_target(t)}


def names_in_target(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Tuple | ast.List):
        for part in node.elts:
            yield from names_in_target(part)
    elif isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            yield node.slice.value
        else:
            yield from names_in_target(node.value)
    elif isinstance(node, ast.Attribute | ast.Name):
        yield ast.unparse(node)


def arguments_changed(node: ast.expr) -> set[str]:
    """What np.add.at and its like change."""
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).endswith(".at"):
        return set(names_in_target(node.args[0]))
    return set()


def names_used(statement: ast.stmt) -> set[str]:
    value = getattr(statement, "value", None)
    found = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} if value is not None else set()
    if value is not None:
        found |= {ast.unparse(n) for n in ast.walk(value) if isinstance(n, ast.Attribute)}
        found |= {
            n.value for n in ast.walk(value) if isinstance(n, ast.Constant) and isinstance(n.value, str)
        }
    return found


def closure(names: set[str], statements: list[ast.stmt]) -> set[str]:
    """All that some names are made of."""
    found = set(names)
    while True:
        more = {n for s in statements if names_changed(s) & found for n in names_used(s)} - found
        if not more:
            return found
        found |= more
