"""Files as cells of Python: a .py file is one cell, a notebook has many.

Function definitions, classes, imports and assignments that need NumPy alone can be run without training
anything; lines for IPython (magics, shell commands) are blank.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, pairwise, repeat
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tinygraph.errors import UserFileError

__all__ = ["Cell", "cell_text", "cells_of", "file_and_cell", "parse_cell"]

# Lines that IPython takes: %magic, !command, x = !command, help?
FOR_IPYTHON = re.compile(r"^(\s*)(?:[\w\s,]+=\s*)?(?:%|!|\?|\w[\w.]*\?)")
PYTHON_INSIDE = ("time", "timeit", "capture", "prun")  # %%magics whose cell is Python
CHEAP_NAMES = {
    *("np", "numpy", "math", "len", "range", "list", "tuple", "dict", "set", "float", "int"),
    *("abs", "min", "max", "sum", "sorted", "zip", "enumerate", "str"),
}
# What has methods that compute little: arrays, what draws random numbers, texts and tables.
PLAIN_TYPES = (
    np.ndarray,
    np.generic,
    np.random.RandomState,
    np.random.Generator,
    Random,
    str,
    list,
    tuple,
    dict,
    set,
)
PYTHON_2 = "is written for Python 2: its print statements were read as calls."
BETWEEN_STATEMENTS = (  # what stands between two statements
    *(tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
)
READS = re.compile(r"load|save|from(file|txt)|genfrom|memmap|open|read|fit|train|run|show|plot")


@dataclass(frozen=True)
class Cell:
    """A piece of Python: what it is called in sentences and in tracebacks, and its tree."""

    name: str
    filename: str
    text: str
    tree: ast.Module

    def definitions(self, space: Mapping[str, Any]) -> Iterator[ast.stmt]:
        """The statements that define something without computing much, as names come to mean something."""
        return (node for node in self.tree.body if is_definition(node, space))


def cells_of(path: Path) -> tuple[list[Cell], list[str]]:
    """The cells of a file, and notes on those that were left out.

    Raises:
        SyntaxError: a Python file that is not Python.
        UserFileError: a notebook that is not one.
    """
    if path.suffix.lower() != ".ipynb":
        tree, notes = parse_source(path)
        return [Cell(path.name, str(path), "", tree)], notes
    cells, notes = [], []
    for name, text in code_texts(path):
        try:
            tree = parse_cell(text)
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            notes.append(f"{name} of {path.name} was left out: {getattr(error, 'msg', error)}{line}.")
            continue
        cells.append(Cell(name, f"{path}, {name}", text, tree))
    return cells, notes


def parse_source(path: Path) -> tuple[ast.Module, list[str]]:
    """The tree of a Python file, and a note if it is one of Python 2, whose print is a statement.

    Raises:
        SyntaxError: it is none.
    """
    try:
        return ast.parse(path.read_bytes(), str(path)), []
    except SyntaxError as error:
        with suppress(SyntaxError, ValueError, tokenize.TokenError), tokenize.open(path) as file:
            return ast.parse(with_print_calls(file.read()), str(path)), [f"{path.name} {PYTHON_2}"]
        raise error


def with_print_calls(text: str) -> str:
    """A text in which what is printed stands in brackets, line for line the same.

    >>> with_print_calls("for x in a: print x, 1  # so\\nprint")
    'for x in a: print(x, 1)  # so\\nprint()'
    """
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    lines = text.splitlines(keepends=True)
    for i, token in reversed(list(enumerate(tokens))):
        if token.string == "print" and (
            i == 0 or tokens[i - 1].type in BETWEEN_STATEMENTS or tokens[i - 1].string in ":;"
        ):
            (row, end), (first, at) = last_of_statement(tokens[i:]).end, token.end
            lines[row - 1] = f"{lines[row - 1][:end]}){lines[row - 1][end:]}"
            rest = re.sub(r"^ ?(>>)? ?", "", lines[first - 1][at:])  # print >>file, x
            lines[first - 1] = f"{lines[first - 1][:at]}({rest}"
    return "".join(lines)


def last_of_statement(tokens: list[tokenize.TokenInfo]) -> tokenize.TokenInfo:
    """The last token of the statement with which some begin."""
    depth = 0
    for last, token in pairwise(tokens):
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if not depth and (token.type in BETWEEN_STATEMENTS or token.string == ";"):
            return last
    return tokens[-1]


def code_texts(path: Path) -> Iterator[tuple[str, str]]:
    """The name and the text of each code cell, also of notebooks in their third format."""
    try:
        book = json.loads(path.read_text(encoding="utf-8"))
        sheets = [book] if "cells" in book else book["worksheets"]
        cells = [cell for sheet in sheets for cell in sheet["cells"] if cell["cell_type"] == "code"]
        texts = ["".join(cell["source"] if "source" in cell else cell["input"]) for cell in cells]
        counts = [cell.get("execution_count") or cell.get("prompt_number") for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserFileError(f"{path.name} is no Jupyter notebook; save it once more from Jupyter") from error
    return zip(map(cell_name, counts, count(1), repeat(counts)), texts, strict=False)


def cell_name(run: Any, number: int, runs: Sequence[Any]) -> str:
    """What one calls a cell: by the number that Jupyter shows beside it, if it does and no other has it.

    >>> cell_name(7, 1, [7, None]), cell_name(None, 2, [7, None])
    ('cell [7]', 'cell 2')
    """
    return f"cell [{run}]" if isinstance(run, int) and runs.count(run) == 1 else f"cell {number}"


def file_and_cell(name: str) -> tuple[str, str]:
    """The file that a name is of, and the cell in it, if it is a notebook.

    >>> file_and_cell("/home/me/work.ipynb, cell [3]"), file_and_cell("layers.py")
    (('/home/me/work.ipynb', 'cell [3]'), ('layers.py', ''))
    """
    found = re.fullmatch(r"(.*\.ipynb), (cell .*)", name, re.I | re.S)
    return (found[1], found[2]) if found else (name, "")


def cell_text(name: str) -> str:
    """The text of a cell of a notebook by the name of its code; empty of anything else."""
    path, cell = file_and_cell(name)
    if not cell or not Path(path).is_file():
        return ""
    return next((c.text for c in cells_of(Path(path))[0] if c.filename == name), "")


def parse_cell(text: str) -> ast.Module:
    """The tree of a cell. What Python stumbles over is blank if it is meant for IPython."""
    lines = text.splitlines()
    if lines and lines[0].startswith("%%"):
        words = lines[0][2:].split()
        lines = ["", *lines[1:]] if words and words[0] in PYTHON_INSIDE else []
    while True:
        try:
            return ast.parse("\n".join(lines))
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            taken = FOR_IPYTHON.match(lines[at]) if 0 <= at < len(lines) else None
            if not taken:
                raise
            while lines[at].rstrip().endswith("\\") and at + 1 < len(lines):  # a shell command goes on
                lines[at] = ""
                at += 1
            lines[at] = f"{taken[1]}pass"


def is_definition(node: ast.stmt, space: Mapping[str, Any]) -> bool:
    """Whether a statement defines something without computing much."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Try):
        return any(is_definition(part, space) for part in node.body)
    if isinstance(node, ast.Expr):
        return ast.unparse(node).startswith(("sys.path.append(", "sys.path.insert("))
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    named = all(isinstance(x, ast.Name | ast.Tuple) for x in targets)
    return named and is_cheap(node.value, space)


def is_cheap(value: ast.expr, space: Mapping[str, Any]) -> bool:
    """Whether an expression calls nothing but NumPy, reading no file, and what Python has itself."""
    parts = list(evaluated_parts(value))
    return all(is_cheap_call(part.func, space) for part in parts if isinstance(part, ast.Call)) and not any(
        isinstance(part, ast.Await | ast.Yield | ast.YieldFrom) for part in parts
    )


def evaluated_parts(value: ast.expr) -> Iterator[ast.AST]:
    """The parts of an expression that are evaluated with it: what a lambda is to give later is none."""
    waiting: list[ast.AST] = [value]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += ast.iter_child_nodes(part.args if isinstance(part, ast.Lambda) else part)


def is_cheap_call(function: ast.expr, space: Mapping[str, Any]) -> bool:
    """Whether a call of this takes no time and touches no file."""
    while isinstance(function, ast.Attribute):
        if READS.match(function.attr):
            return False
        function = function.value
    if isinstance(function, ast.Call | ast.Subscript | ast.BinOp):  # a method of what another call gave
        return True
    name = function.id if isinstance(function, ast.Name) else ""
    return name in CHEAP_NAMES or name[:1].isupper() or isinstance(space.get(name), PLAIN_TYPES)
