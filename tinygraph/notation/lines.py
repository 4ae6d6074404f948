"""What the user's line calls things: the target that a result is assigned to, and the operands of a call.

A recorded call knows the instruction that made it. Its columns find the expression in the source, and
around it stands what the user calls the result: `mu = x.mean()` names it mu. The source is looked up when a
name is asked for, so recording costs nothing. Where there is none, nothing has a name.
"""

from __future__ import annotations

import ast
import functools
import linecache
import os
import sys
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from tinygraph.notation.places import positions_of, user_frame

__all__ = ["Line", "ParsedFile", "is_of_library", "line_at", "parsed_source", "running_line"]

MODULES = frozenset({"np", "numpy", "tg", "tinygraph"})  # even where the import stands in another cell
# What a text raises that is no Python: lines of IPython, an edited file, a generated one that nests deeply.
NOT_PARSED = (SyntaxError, ValueError, RecursionError, SystemError)
INNER = (ast.expr, ast.stmt, ast.keyword, ast.comprehension, ast.excepthandler, ast.match_case, ast.withitem)
OPERATOR_NAMES: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
    ast.MatMult: "matmul", ast.USub: "negative", ast.UAdd: "positive",
}  # fmt: skip


class Line(NamedTuple):
    """What an expression is assigned to, what it calls, and the names of its operands; None for no name."""

    target: str | None = None
    called: str | None = None
    operands: tuple[str | None, ...] = ()


NOTHING = Line()
PYTHON_FILES, NUMPY_FILES = (os.path.dirname(str(module.__file__)) + os.sep for module in (os, np))
MOST_LINES = 4096
LINES: dict[tuple[int, int], tuple[CodeType, Line]] = {}


class ParsedFile(NamedTuple):
    """A file as syntax: its expressions by their columns, what each stands in, and the modules it imports."""

    nodes: dict[tuple[int, int, int, int], ast.AST]
    parents: dict[ast.AST, ast.AST]
    modules: frozenset[str]


def running_line() -> Line:
    """What the line says in which the user's program is."""
    frame = user_frame(sys._getframe(1))
    return line_at(frame.f_code, frame.f_lasti)


def line_at(code: CodeType, instruction: int) -> Line:
    """What the user's program says at an instruction."""
    key = id(code), instruction  # the code itself is slow to hash; it is kept, so its id stays its own
    known = LINES.get(key)
    if known is None:
        if len(LINES) >= MOST_LINES:
            LINES.clear()
        known = LINES[key] = code, read_line(code, instruction)
    return known[1]


def read_line(code: CodeType, instruction: int) -> Line:
    """The same, looked up in the source; variables of Python's and NumPy's own files are nobody's names."""
    if is_of_library(code.co_filename):
        return NOTHING
    position: Any = positions_of(code, instruction)  # of the whole expression: the key of its node
    source = parsed_source("".join(linecache.getlines(code.co_filename)))
    node = source.nodes.get(position)
    if node is None:
        return NOTHING
    target = target_of(node, source.parents)
    called, operands = call_of(node, source.modules)
    return Line(target if target and is_known(target, code) else None, called, operands)


def is_of_library(file: str) -> bool:
    """Whether a file is of Python's library, such as copy.py, or of NumPy."""
    return file.startswith(NUMPY_FILES) or (file.startswith(PYTHON_FILES) and "site-packages" not in file)


@functools.lru_cache(maxsize=64)
def parsed_source(text: str) -> ParsedFile:
    """The syntax of a file; nothing of a text that is none."""
    try:
        tree = ast.parse(text)
    except NOT_PARSED:
        return ParsedFile({}, {}, MODULES)
    nodes: dict[tuple[int, int, int, int], ast.AST] = {}
    parents: dict[ast.AST, ast.AST] = {}
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported |= names_imported(node)
        # Not those that stand in many places, such as the one ast.Load() of all names.
        inner = [x for x in ast.iter_child_nodes(node) if isinstance(x, INNER)]
        parents |= dict.fromkeys(inner, node)
        if isinstance(node, ast.expr | ast.AugAssign):
            # The outermost of those with the same columns, which the walk meets first.
            nodes.setdefault(place_of_node(node), node)
    return ParsedFile(nodes, parents, MODULES | imported)


def names_imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """What an import is called in the file: `import numpy.linalg` is numpy."""
    return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}


def place_of_node(node: ast.expr | ast.AugAssign) -> tuple[int, int, int, int]:
    """Where a node stands, as Python says it of an instruction."""
    return node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset or 0


def is_known(name: str, code: CodeType) -> bool:
    """Whether a name occurs in the program that runs: the file may have been edited since."""
    constants = code.co_consts
    return name in (*code.co_varnames, *code.co_names, *code.co_cellvars, *code.co_freevars) or any(
        name == x or (isinstance(x, tuple) and name in x) for x in constants
    )


# The target


def target_of(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str | None:
    """The name that a statement gives to the value of an expression; None if it gives none."""
    if isinstance(node, ast.AugAssign):
        return name_written(node.target)
    parent = parents.get(node)
    while isinstance(parent, ast.IfExp) and node is not parent.test:
        node, parent = parent, parents.get(parent)
    if isinstance(parent, ast.Assign):
        return next(filter(None, map(name_written, parent.targets)), None)
    if isinstance(parent, ast.AnnAssign | ast.NamedExpr):
        return name_written(parent.target)
    if isinstance(parent, ast.Tuple | ast.List):
        return target_in_row(node, parent, parents.get(parent))
    if isinstance(parent, ast.Dict):
        return name_written_as_key(dict(zip(parent.values, parent.keys, strict=True)).get(node))  # type: ignore[call-overload]
    if isinstance(parent, ast.keyword) and parent.arg:  # dict(W1=...), but not f(W1=...)
        call = parents.get(parent)
        return parent.arg if isinstance(call, ast.Call) and name_written(call.func) == "dict" else None
    return None


def target_in_row(node: ast.AST, row: ast.Tuple | ast.List, assign: ast.AST | None) -> str | None:
    """The target in the place of `node`, where a row of values is assigned to a row of targets."""
    if not isinstance(assign, ast.Assign):
        return None
    targets = assign.targets[0]
    if not isinstance(targets, ast.Tuple | ast.List) or len(targets.elts) != len(row.elts):
        return None
    if any(isinstance(x, ast.Starred) for x in (*targets.elts, *row.elts)):
        return None
    return name_written(targets.elts[row.elts.index(node)])  # type: ignore[arg-type]


def name_written(node: ast.AST) -> str | None:
    """`W` of W, of self.W and of W.value, `W1` of parameters["W1"]; None for anything else, and for _."""
    if isinstance(node, ast.Subscript):
        return name_written_as_key(node.slice)
    if isinstance(node, ast.Attribute):
        # A transpose is another array than the one with the name.
        return name_written(node.value) if node.attr == "value" else None if node.attr == "T" else node.attr
    return node.id if isinstance(node, ast.Name) and node.id.strip("_") else None


def name_written_as_key(node: ast.AST | None) -> str | None:
    """The text of a key."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()
    return node.value if is_text else None  # type: ignore[union-attr]


# The call


def call_of(node: ast.AST, modules: frozenset[str]) -> tuple[str | None, tuple[str | None, ...]]:
    """What an expression calls, by the name that NumPy has for it, and the names of its operands."""
    match node:
        case ast.BinOp(left, sign, right):
            return OPERATOR_NAMES.get(type(sign)), (name_written(left), name_written(right))
        case ast.AugAssign(target, sign, value):
            return OPERATOR_NAMES.get(type(sign)), (name_written(target), name_written(value))
        case ast.UnaryOp(sign, operand):
            return OPERATOR_NAMES.get(type(sign)), (name_written(operand),)
        case ast.Subscript(value):
            return "getitem", (name_written(value),)
        case ast.Attribute(value, "T"):
            return "transpose", (name_written(value),)
        case ast.Call(ast.Attribute(owner, method), args):
            receiver = [] if is_module(owner, modules) else [owner]
            return method, tuple(map(name_written, [*receiver, *spread_rows(args)]))
        case ast.Call(ast.Name(function), args):
            return function, tuple(map(name_written, spread_rows(args)))
    return None, ()


def is_module(node: ast.AST, modules: frozenset[str]) -> bool:
    """Whether a name, or the first of a dotted one, is a module: np.linalg."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in modules


def spread_rows(args: list[ast.expr]) -> list[ast.expr]:
    """Arguments with the parts of a list or tuple in its place, and without texts: np.stack([a, b])."""
    parts = [x for arg in args for x in (arg.elts if isinstance(arg, ast.List | ast.Tuple) else [arg])]
    return [x for x in parts if not (isinstance(x, ast.Constant) and isinstance(x.value, str))]
