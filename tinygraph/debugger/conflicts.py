"""Which of several choices a failure depends on, and a search that remembers it.

A call that fails in some line depends on those arguments only that flow into this line; every other call in
which these are the same fails there too, and need not be tried.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import lru_cache
from types import CodeType, TracebackType
from typing import Any

from tinygraph.debugger.program import Function

__all__ = ["blamed_choices", "search_choices"]

Name = tuple[str, str | None]  # a parameter, or an entry of one by its key
Attempt = Callable[[list[int]], tuple[Any, frozenset[int] | None]]  # what came of it; or what is to blame


def search_choices(sizes: Sequence[int], attempt: Attempt, most: int) -> Iterator[Any]:
    """What came of the attempts that succeed, of all combinations, without those known to fail.

    Args:
        sizes: how many choices there are for each variable.
        attempt: tries a combination; gives a result, or None and the variables that are to blame.
        most: how many attempts there may be.
    """
    bad: dict[tuple[int, int], list[dict[int, int]]] = {}  # by the last variable of each, and its choice
    left = [most]

    def known_failure(chosen: list[int]) -> frozenset[int] | None:
        """The variables that are to blame, if this cannot succeed whatever is chosen for the rest."""
        last = (len(chosen) - 1, chosen[-1]) if chosen else (-1, 0)
        found = (no for no in bad.get(last, ()) if all(chosen[i] == c for i, c in no.items()))
        return next((frozenset(no) for no in found), None)

    def extend(chosen: list[int]) -> Generator[Any, None, frozenset[int]]:
        """Go through the choices for the rest; gives back on which of those made the failures depend."""
        everything = frozenset(range(len(chosen)))
        if (known := known_failure(chosen)) is not None:
            return known
        if len(chosen) == len(sizes):
            found, blamed = attempt(chosen)
            left[0] -= 1
            if found is not None:
                yield found
            elif blamed:
                bad.setdefault((max(blamed), chosen[max(blamed)]), []).append({i: chosen[i] for i in blamed})
            return everything if found is not None or blamed is None else blamed
        depends: frozenset[int] = frozenset()
        for choice in range(sizes[len(chosen)]):
            if left[0] <= 0:
                return everything
            below = yield from extend([*chosen, choice])
            if len(chosen) not in below:
                return below  # another choice here changes nothing
            depends |= below
        return depends - {len(chosen)}

    yield from extend([])


def blamed_choices(
    function: Function, error: BaseException, variables: Sequence[Name]
) -> frozenset[int] | None:
    """The variables that the line depends on in which a function failed; None if that cannot be seen."""
    line = failing_line(function, error.__traceback__)
    if line is None:
        return None
    names = slice_of(function.node, line, function.itself.__code__)
    return frozenset(i for i, v in enumerate(variables) if v in names or (v[0], None) in names)


def failing_line(function: Function, trace: TracebackType | None) -> int | None:
    """The line of a function that is on the way to a failure."""
    while trace is not None:
        if trace.tb_frame.f_code is function.itself.__code__:
            return trace.tb_lineno
        trace = trace.tb_next
    return None


@lru_cache(maxsize=1024)
def slice_of(node: ast.AST, line: int, code: CodeType | None = None) -> set[Name]:
    """The names that flow into a line of a function, parameters among them.

    Its code tells its editions apart: a repair changes the tree.
    """
    statements = [n for n in ast.walk(node) if isinstance(n, ast.stmt) and n is not node]
    here = [s for s in statements if covers(s, line)]
    loops = [s for s in here if isinstance(s, ast.For | ast.While)]
    last = max([line, *(s.end_lineno or line for s in loops)])
    flows = [(s, *flow_of(s)) for s in statements if s.lineno <= last]
    found = {n for s in here for n in flow_of(s)[1]}
    while True:
        more = {
            n
            for s, targets, sources in flows
            if targets & {name for name, _ in found}
            for n in sources | conditions_around(s, statements)
        }
        if more <= found:
            return found
        found |= more


def covers(statement: ast.stmt, line: int) -> bool:
    return statement.lineno <= line <= (statement.end_lineno or statement.lineno)


def conditions_around(statement: ast.stmt, statements: list[ast.stmt]) -> set[Name]:
    """What decides whether a statement is reached."""
    around = [s for s in statements if isinstance(s, ast.If | ast.While | ast.For) and s is not statement]
    return {n for s in around if covers(s, statement.lineno) for n in flow_of(s)[1]}


def flow_of(statement: ast.stmt) -> tuple[set[str], set[Name]]:
    """The names that a statement sets or changes, and those that it reads; of a block only its head."""
    if isinstance(statement, ast.For):
        return names_set(statement.target), entries_read(statement.iter)
    if isinstance(statement, ast.If | ast.While):
        return set(), entries_read(statement.test)
    if isinstance(statement, ast.With | ast.Try | ast.FunctionDef | ast.ClassDef):
        return set(), set()
    changed = {n for x in ast.walk(statement) for n in names_changed_by(x)}
    return changed, entries_read(statement)


def names_changed_by(node: ast.AST) -> set[str]:
    """The names that a part of a statement sets, or whose insides it may change."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return {node.id}
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
        return base_names(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return base_names(node.func)
    return set()


def base_names(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def names_set(target: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}


def entries_read(node: ast.AST) -> set[Name]:
    """The names that an expression reads; entries by constant keys apart."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return {(node.value.id, key.value)}
    if isinstance(node, ast.Name):
        return {(node.id, None)}
    return {n for child in ast.iter_child_nodes(node) for n in entries_read(child)}
