"""Files as cells of Python: a .py file is one, of a notebook's cells the definitions are taken.

Function definitions, classes, imports and assignments of simple constants can be run without training
anything; lines for IPython (magics, shell commands) are blank.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinygraph.errors import UserFileError

__all__ = ["Cell", "cells_of"]

# Lines that IPython takes: %magic, !command, x = !command, help?
FOR_IPYTHON = re.compile(r"^(\s*)(?:[\w\s,]+=\s*)?(?:%|!|\?|\w[\w.]*\?)")
PYTHON_INSIDE = ("time", "timeit", "capture", "prun")  # %%magics whose cell is Python
CONSTANT = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.Tuple, ast.List, ast.Set, ast.Dict)
CONSTANT_PARTS = (*CONSTANT, ast.unaryop, ast.operator, ast.expr_context)


@dataclass(frozen=True)
class Cell:
    """A piece of Python: what it is called in sentences and in tracebacks, and its tree.

    `whole` says that all of it is to be run: it is a file.
    """

    name: str
    filename: str
    text: str
    tree: ast.Module
    whole: bool = False


def cells_of(path: Path) -> tuple[list[Cell], list[str]]:
    """The cells of a file, and notes on those that were left out.

    Raises:
        SyntaxError: a Python file that is not Python.
        UserFileError: a notebook that is not one.
    """
    if path.suffix != ".ipynb":
        return [Cell(path.name, str(path), "", ast.parse(path.read_bytes(), str(path)), whole=True)], []
    cells, notes = [], []
    for number, text in enumerate(code_texts(path), start=1):
        name = f"code cell {number}"
        try:
            tree = parse_cell(text)
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            notes.append(f"{name} of {path.name} was left out: {getattr(error, 'msg', error)}{line}.")
            continue
        tree.body = [node for node in tree.body if is_definition(node)]
        cells.append(Cell(name, f"{path}, {name}", text, tree))
    return cells, notes


def code_texts(path: Path) -> Iterator[str]:
    """The text of each code cell, also of notebooks in their third format."""
    try:
        book = json.loads(path.read_text(encoding="utf-8"))
        sheets = [book] if "cells" in book else book["worksheets"]
        cells = [cell for sheet in sheets for cell in sheet["cells"] if cell["cell_type"] == "code"]
        texts = ["".join(cell["source"] if "source" in cell else cell["input"]) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserFileError(f"{path.name} is no Jupyter notebook; save it once more from Jupyter") from error
    return iter(texts)


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
            lines[at] = f"{taken[1]}pass"


def is_definition(node: ast.stmt) -> bool:
    """Whether a statement defines something without computing much."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return True
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    named = all(isinstance(x, ast.Name | ast.Tuple) for x in targets)
    return named and (isinstance(node.value, ast.Lambda) or is_constant_expression(node.value))


def is_constant_expression(node: ast.expr) -> bool:
    """Whether an expression is made of numbers, texts and their like alone."""
    return all(isinstance(part, CONSTANT_PARTS) for part in ast.walk(node))
