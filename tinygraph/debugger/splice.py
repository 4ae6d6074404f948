"""A change of a syntax tree as a change of the lines that somebody wrote, which else stay as they are."""

from __future__ import annotations

import ast
import copy
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinygraph.debugger.program import SCRIPT, Function, definitions_in, source_text
from tinygraph.debugger.rewrites import Insertion, Replacement, Rewrite, Swap

__all__ = ["LineChange", "change_of", "first_line"]

SYMBOLS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.Pow: "**",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


@dataclass(frozen=True)
class LineChange:
    """Lines as they are and as they should be.

    `line` is the first, counted from 1; `column` and `end_column` are where the changed part of it begins and
    ends, counted from 0; `before` and `after` whole lines, `after` empty where they are to go.
    """

    line: int
    column: int
    end_column: int
    before: str
    after: str


def change_of(rewrite: Rewrite) -> LineChange:
    """The change of a file's lines that a rewrite stands for."""
    lines = source_text(rewrite.function.file)
    if isinstance(rewrite, Swap):
        return swap_statements(rewrite, lines)
    if isinstance(rewrite, Replacement):
        return moved_line(rewrite, lines)
    if isinstance(rewrite, Insertion):
        return insert_statement(rewrite, lines)
    if rewrite.new is None:
        return delete_node(rewrite.old, lines)
    for old, text in replacement_texts(rewrite, lines):
        change = replaced_text(old, text, lines)
        if says_the_same(change, rewrite, lines):
            return change
    return change


def span_in_lines(node: ast.AST, lines: Sequence[str]) -> tuple[int, int, int, int]:
    """The first and last line of a node, from 0, and where in them it begins and ends, in characters."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1  # type: ignore[attr-defined]
    begin = len(lines[first].encode()[: node.col_offset].decode(errors="replace"))  # type: ignore[attr-defined]
    end = len(lines[last].encode()[: node.end_col_offset].decode(errors="replace"))  # type: ignore[attr-defined]
    return first, last, begin, end


def replaced_text(node: ast.AST, text: str, lines: Sequence[str]) -> LineChange:
    first, last, begin, end = span_in_lines(node, lines)
    before = "\n".join(lines[first : last + 1])
    after = lines[first][:begin] + text + lines[last][end:]
    return LineChange(first + 1, begin, end if first == last else len(lines[first]), before, after)


def replacement_texts(rewrite: Rewrite, lines: Sequence[str]) -> Iterator[tuple[ast.AST, str]]:
    """What may stand in the place of a node, or of its statement; in their own words where these are kept."""
    assert rewrite.new is not None
    if not isinstance(rewrite.new, ast.stmt):
        if text := with_operator(rewrite, lines):
            yield rewrite.old, text
        text = in_their_words(rewrite.new, rewrite.function, lines)
        if isinstance(rewrite.new, ast.Tuple) and not segment(rewrite.old, lines).startswith("("):
            yield rewrite.old, text[1:-1]
        yield rewrite.old, text
        yield rewrite.old, f"({text})"
    statement = statement_of(rewrite)
    rewrite.apply()
    try:
        shown = rewrite.new if isinstance(rewrite.new, ast.stmt) else statement
        text = ast.unparse(shown)
    finally:
        rewrite.undo()
    if not hasattr(statement, "body"):
        yield statement, text


def with_operator(rewrite: Rewrite, lines: Sequence[str]) -> str:
    """An operation with another operator, if that is all that changes and it stands on one line."""
    old, new = rewrite.old, rewrite.new
    if not isinstance(old, ast.BinOp) or not isinstance(new, ast.BinOp):
        return ""
    spans = [span_in_lines(n, lines) for n in (old, old.left, old.right)]
    (first, _, begin, end), (_, _, _, left), (_, _, right, _) = spans
    if (old.left, old.right) != (new.left, new.right) or {n for s in spans for n in s[:2]} != {first}:
        return ""
    between = re.sub(r"\*\*|//|[-+*/@%]", SYMBOLS[type(new.op)], lines[first][left:right], count=1)
    return lines[first][begin:left] + between + lines[first][right:end]


def in_their_words(new: ast.AST, function: Function, lines: Sequence[str]) -> str:
    """An expression as text, in which the parts that were there already are written as they were."""
    theirs = {id(n): n for n in ast.walk(function.node) if isinstance(n, ast.expr)}
    kept: dict[str, str] = {}

    class Keep(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if (
                id(node) in theirs
                and hasattr(node, "col_offset")
                and not isinstance(node, ast.Name | ast.Constant)
            ):
                mark = f"__kept_{len(kept)}__"
                kept[mark] = segment(node, lines)
                return ast.Name(mark, ast.Load())
            return self.generic_visit(copy.copy(node))

    marked = Keep().visit(shallow(new))
    text = ast.unparse(ast.fix_missing_locations(marked))
    for mark, source in kept.items():
        text = text.replace(mark, source)
    return text


def shallow(node: ast.AST) -> ast.AST:
    """A copy whose lists are its own, so that a transformer does not touch the original."""
    new = copy.copy(node)
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            setattr(new, name, [shallow(x) if isinstance(x, ast.keyword) else x for x in value])
    return new


def segment(node: ast.AST, lines: Sequence[str]) -> str:
    first, last, begin, end = span_in_lines(node, lines)
    if first == last:
        return lines[first][begin:end]
    return "\n".join([lines[first][begin:], *lines[first + 1 : last], lines[last][:end]])


def statement_of(rewrite: Rewrite) -> ast.stmt:
    """The innermost statement in which the old node stands."""
    found = [
        s
        for s in ast.walk(rewrite.function.node)
        if isinstance(s, ast.stmt)
        and s is not rewrite.function.node
        and any(n is rewrite.old for n in ast.walk(s))
    ]
    return min(found, key=lambda s: (s.end_lineno or s.lineno) - s.lineno + 0.001 * -s.col_offset)


def says_the_same(change: LineChange, rewrite: Rewrite, lines: Sequence[str]) -> bool:
    """Whether the changed lines are the changed tree."""
    n = change.before.count("\n") + 1
    new = [*lines[: change.line - 1], *change.after.split("\n"), *lines[change.line - 1 + n :]]
    node = rewrite.function.node
    rewrite.apply()
    try:
        wanted = dump_tree(rewrite.function)
    finally:
        rewrite.undo()
    if rewrite.function.name == SCRIPT:
        first, last = 1, len(new)
    else:
        first, last = (
            first_line(node),
            (node.end_lineno or 0) + change.after.count("\n") - change.before.count("\n"),
        )
    try:
        tree = ast.parse(textwrap.dedent("\n".join(new[first - 1 : last])))
    except SyntaxError:
        return False
    if rewrite.function.name == SCRIPT:
        return [ast.dump(n) for n in tree.body] == wanted
    return any([ast.dump(found)] == wanted for _, found in definitions_in(tree.body))


def dump_tree(function: Function) -> list[str]:
    """The tree of a function, or those of a file's own statements, as texts."""
    return [ast.dump(n) for n in (function.node.body if function.name == SCRIPT else [function.node])]


def first_line(node: ast.AST) -> int:
    decorators = getattr(node, "decorator_list", [])
    lines: list[int] = [node.lineno, *(d.lineno for d in decorators)]  # type: ignore[attr-defined]
    return min(lines)


def delete_node(node: ast.AST, lines: Sequence[str]) -> LineChange:
    first, last, begin, end = span_in_lines(node, lines)
    whole = not lines[first][:begin].strip() and not lines[last][end:].strip(" ;").partition("#")[0].strip()
    before = "\n".join(lines[first : last + 1])
    after = "" if whole else (lines[first][:begin] + lines[last][end:].lstrip(" ;"))
    return LineChange(first + 1, begin, end if first == last else len(lines[first]), before, after)


def insert_statement(rewrite: Rewrite, lines: Sequence[str]) -> LineChange:
    first, last, begin, end = span_in_lines(rewrite.old, lines)
    before = "\n".join(lines[first : last + 1])
    new = ast.unparse(rewrite.new)  # type: ignore[arg-type]
    if shares_its_lines(rewrite.old, lines):
        rest = len(lines[last]) - end
        after = f"{before[: len(before) - rest]}; {new}{lines[last][end:]}"
    else:
        after = before + "\n" + lines[first][:begin] + new
    return LineChange(first + 1, begin, end if first == last else len(lines[first]), before, after)


def shares_its_lines(node: ast.AST, lines: Sequence[str]) -> bool:
    """Whether other code stands on the first or the last line of a statement."""
    first, last, begin, end = span_in_lines(node, lines)
    return bool(lines[first][:begin].strip() or lines[last][end:].partition("#")[0].strip())


def swap_statements(rewrite: Swap, lines: Sequence[str]) -> LineChange:
    a, b, begin, end = span_in_lines(rewrite.old, lines)
    c, d, start, stop = span_in_lines(rewrite.new, lines)  # type: ignore[arg-type]
    before = "\n".join(lines[a : d + 1])
    if b == c:
        first, second = (segment(n, lines) for n in (rewrite.old, rewrite.new))  # type: ignore[arg-type]
        after = lines[a][:begin] + second + lines[b][end:start] + first + lines[d][stop:]
    else:
        after = "\n".join([*lines[c : d + 1], *lines[b + 1 : c], *lines[a : b + 1]])
    return LineChange(a + 1, begin, end if a == b else len(lines[a]), before, after)


def moved_line(rewrite: Replacement, lines: Sequence[str]) -> LineChange:
    """A statement in a loop as one behind it, or the reverse: the same words, further left or right."""
    moved, where = rewrite.more[0]
    loop = rewrite.old
    inner = len(segment_indent(loop.body[0], lines))  # type: ignore[attr-defined]
    outer = len(segment_indent(loop, lines))
    first, last, begin, end = span_in_lines(moved, lines)
    step = inner - outer
    before = lines[first : last + 1]
    after = [line[step:] if where == "out" else " " * step + line for line in before]
    return LineChange(
        first + 1, begin, end if first == last else len(lines[first]), "\n".join(before), "\n".join(after)
    )


def segment_indent(node: ast.AST, lines: Sequence[str]) -> str:
    line = lines[node.lineno - 1]  # type: ignore[attr-defined]
    return line[: len(line) - len(line.lstrip())]
