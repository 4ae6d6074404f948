"""Somebody's program: the functions that stand in their own files, and one of them changed for a moment.

A function is changed by its code object: whoever holds the function, a class, a decorator, a module that
imported it, calls the changed one, and calls the old one again afterwards.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from tinygraph.debugger.notebooks import cell_text

__all__ = [
    "SCRIPT",
    "Definition",
    "Function",
    "Program",
    "called_name",
    "code_of_function",
    "definitions_in",
    "demanded_arguments",
    "is_cell",
    "place_name",
    "plain_function",
    "source_text",
]

SCRIPT = "<module>"  # the name of a file's own statements
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class Function:
    """A function that stands in somebody's file, or in a cell: its qualified name, its tree, itself."""

    name: str
    file: str
    node: Definition
    itself: FunctionType
    owner: type | None = None

    @property
    def line(self) -> int:
        """Where it is defined."""
        return self.node.lineno

    @property
    def parameters(self) -> list[str]:
        """The names of its parameters, without self."""
        a = self.node.args
        names = [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
        return names[1:] if self.is_method else names

    @property
    def required(self) -> list[str]:
        """The names of those parameters that have no default."""
        a = self.node.args
        names = [x.arg for x in (*a.posonlyargs, *a.args)]
        names = names[: len(names) - len(a.defaults)]
        kw = [x.arg for x, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is None]
        return (names[1:] if self.is_method else names) + kw

    @property
    def rest(self) -> str | None:
        """The name of what takes any number of further arguments: *sizes, *layers."""
        return self.node.args.vararg.arg if self.node.args.vararg else None

    @cached_property
    def is_method(self) -> bool:
        """Whether it takes an object or a class first."""
        static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in self.node.decorator_list)
        return self.owner is not None and not static

    @cached_property
    def text(self) -> str:
        """Its source."""
        return ast.unparse(self.node)

    @cached_property
    def names(self) -> frozenset[str]:
        """All names and attributes in it."""
        nodes = list(ast.walk(self.node))
        found = {n.id for n in nodes if isinstance(n, ast.Name)}
        return frozenset(found | {n.attr for n in nodes if isinstance(n, ast.Attribute)})

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The names that it reads and that are none of its variables, each once."""
        code = self.itself.__code__
        local = {*code.co_varnames, *code.co_cellvars}
        names = [n.id for n in ast.walk(self.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        return tuple(n for n in dict.fromkeys(names) if n not in local)

    @cached_property
    def makes(self) -> frozenset[str]:
        """The names that it, or a function within it, sets or takes, but for those of the file."""
        nodes = list(ast.walk(self.node))
        made = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        made |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        return frozenset(made - {n for x in nodes if isinstance(x, ast.Global) for n in x.names})


class Program:
    """Somebody's functions and classes by name, with the text that they stand in.

    `namespace` is what their names mean, `trees` the trees of their files or cells by the names of these;
    `stopped` holds what functions raised where they came furthest: the line, and a sentence; `beside` the
    names of functions that were found in files beside it.
    """

    def __init__(self, namespace: dict[str, Any], trees: Mapping[str, ast.Module], file: str = "") -> None:
        self.namespace = namespace
        self.trees = trees
        self.file = file
        self.stopped: dict[str, tuple[int, str]] = {}
        self.beside: set[str] = set()

    @cached_property
    def functions(self) -> dict[str, Function]:
        """The functions and methods that stand in it, by qualified name; the last of a name counts."""
        found = {}
        for file, tree in self.trees.items():
            for name, node in definitions_in(tree.body):
                function = self.function_of(name, file, node)
                if function is not None:
                    found[name] = function
        return found

    def note_failure(self, function: Function, error: BaseException) -> None:
        """Keep what a function raised, if no call of it came further."""
        frames = traceback.walk_tb(error.__traceback__)
        line = max((n for frame, n in frames if frame.f_code is function.itself.__code__), default=0)
        if line > self.stopped.get(function.name, (0, ""))[0]:
            at = f"{Path(function.file).name}, line {line}"
            self.stopped[function.name] = (
                line,
                f"{function.name} raised {type(error).__name__}: {error} ({at})",
            )

    def function_of(self, name: str, file: str, node: Definition) -> Function | None:
        """The function that a definition made, if it is still there."""
        *classes, last = name.split(".")
        owner: Any = self.namespace.get(classes[0]) if classes else None
        if classes and not isinstance(owner, type):
            return None
        held = vars(owner).get(last) if owner is not None else self.namespace.get(last)
        itself = plain_function(held)
        if itself is None or itself.__code__.co_filename != file:
            return None
        return Function(name, file, node, itself, owner)

    @cached_property
    def classes(self) -> dict[str, type]:
        """The classes that stand in it."""
        names = [n.name for tree in self.trees.values() for n in tree.body if isinstance(n, ast.ClassDef)]
        return {name: c for name in names if isinstance(c := self.namespace.get(name), type)}

    def methods(self, owner: type) -> dict[str, Function]:
        """The methods of a class that stand in the program, its own and those of its bases, by last name."""
        found: dict[str, Function] = {}
        for base in reversed(owner.__mro__):
            found |= {f.name.rpartition(".")[2]: f for f in self.functions.values() if f.owner is base}
        return found

    @contextmanager
    def changed(self, function: Function, code: CodeType) -> Iterator[None]:
        """Let a function have another code."""
        before = function.itself.__code__
        function.itself.__code__ = code
        try:
            yield
        finally:
            function.itself.__code__ = before


def called_name(node: ast.Call) -> str | None:
    """The last name of what is called."""
    return getattr(node.func, "id", getattr(node.func, "attr", None))


def definitions_in(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """The functions that statements define, with their qualified names."""
    for node in body:
        if isinstance(node, Definition):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef) and not prefix:
            yield from definitions_in(node.body, f"{node.name}.")
        elif isinstance(node, ast.If | ast.Try) and not prefix:
            yield from definitions_in([*node.body, *node.orelse], prefix)


def plain_function(held: Any) -> FunctionType | None:
    """The Python function within a method, a decorator that tells what it wraps, or a property."""
    if isinstance(held, staticmethod | classmethod):
        held = held.__func__
    if isinstance(held, property):
        held = held.fget
    if callable(held):
        held = inspect.unwrap(held)
    return held if isinstance(held, FunctionType) else None


def code_of_function(function: Function, node: Definition) -> CodeType | None:
    """The code of a function with another tree; None if it cannot stand in the place of the old one."""
    fields: dict[str, Any] = {f: getattr(node, f, None) for f in node._fields}
    bare = ast.FunctionDef(**fields | {"decorator_list": [], "returns": None})
    if isinstance(node, ast.AsyncFunctionDef):
        return None
    ast.copy_location(bare, node)
    *classes, _ = function.name.split(".")
    outer: ast.stmt = bare
    if classes:
        outer = ast.ClassDef(classes[0], [], [], [bare], [])
        ast.copy_location(outer, node)
    try:
        module = compile(ast.Module([outer], []), function.file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, TypeError, RecursionError):
        return None
    code = find_code(module, function.name)
    return code if code is not None and code.co_freevars == function.itself.__code__.co_freevars else None


def find_code(code: CodeType, name: str) -> CodeType | None:
    """The code of a function within that of a module."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            if part.co_qualname == name:
                return part
            if found := find_code(part, name):
                return found
    return None


def source_text(file: str) -> list[str]:
    """The lines of a file or a cell, without their ends."""
    lines = linecache.getlines(file) or cell_text(file).splitlines()
    if not lines and Path(file).is_file():
        lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.rstrip("\r\n") for line in lines]


def place_name(file: str) -> str:
    """A file, or a cell of a notebook, as one calls it; of one that runs, by the number beside it.

    >>> place_name("/home/me/layers.py"), place_name("<ipython-input-3-0a1b>")
    ('layers.py', 'cell [3]')
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    number = getattr(getattr(shell, "compile", None), "_filename_map", {}).get(file)
    told = re.match(r"<ipython-input-(\d+)-", file)
    if number or told:
        return f"cell [{number or told[1]}]"  # type: ignore[index]
    return "a cell" if is_cell(file) and not file.startswith("<") else Path(file).name


def is_cell(file: str) -> bool:
    """Whether a name is that of a cell or a line of a console rather than of a file.

    >>> is_cell("<ipython-input-3-abc>"), is_cell("/tmp/ipykernel_71/123.py"), is_cell("/home/me/layers.py")
    (True, True, False)
    """
    return file.startswith("<") or any(x in file for x in ("ipykernel_", "ipython-input-", "marimo_"))


def demanded_arguments(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    spare: tuple[Any, ...],
    editions: Sequence[Mapping[str, Any]],
) -> tuple[Any, ...]:
    """The edition with the names a function asks for; or the arguments, and the spare ones it demands."""
    with suppress(TypeError, ValueError):  # without a signature, or none that fits
        signature = inspect.signature(function)
        asked = [name for name, p in signature.parameters.items() if p.default is p.empty]
        for edition in editions:
            if edition.keys() == set(asked):
                return tuple(edition[name] for name in asked)
        for n in range(len(spare) + 1):
            with suppress(TypeError):
                signature.bind(*arguments, *spare[:n])
                return *arguments, *spare[:n]
    return arguments
