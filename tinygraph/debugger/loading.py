"""Somebody's file as a module: its definitions, without what trains, reads data or draws.

Modules that are not there (h5py, the course's own helpers) do not stop it. They are replaced by modules that
take anything while the file is imported and raise once its functions run. Where the course's helpers
(`sigmoid`, `relu_backward`) are nowhere to be found, those of `tinygraph.layerwise` stand in, in the course's
form: Z is the cache that they return or take.
"""

from __future__ import annotations

import ast
import importlib.util
import linecache
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from tinygraph import layerwise
from tinygraph.debugger.notebooks import Cell, cells_of
from tinygraph.debugger.program import Program
from tinygraph.errors import UserFileError

__all__ = ["HELPER_NAMES", "Missing", "code_file", "load_file", "load_homework", "parse_file", "read_program"]

ACTIVATIONS = ("sigmoid", "relu", "tanh", "softmax")
OLD_NAMES: dict[str, Any] = {"xrange": range, "raw_input": input, "unicode": str, "long": int}
HELPER_NAMES = {*ACTIVATIONS, *(f"{name}_backward" for name in ACTIVATIONS)}


def code_file(file: str | Path, *suffixes: str) -> Path:
    """The path of a file that exists and ends in one of these ways.

    Raises:
        UserFileError: there is none.
    """
    path, wanted = Path(file), " or ".join(suffixes)
    if not path.exists():
        raise UserFileError(f"there is no file {path}; give the {wanted} file that holds your functions")
    if path.suffix.lower() not in suffixes or not path.is_file():
        raise UserFileError(f"{path} is not a Python file; give the {wanted} file that holds your functions")
    return path


def load_homework(file: str) -> tuple[ModuleType, list[str]]:
    """The module, and notes on what of it was left out or replaced.

    Raises:
        SyntaxError: a Python file that is not Python.
    """
    path = Path(file).resolve()
    forget_modules(path.parent)
    module = make_module(path)
    cells, notes = cells_of(path)
    trees = [cell.tree for cell in cells]
    missing = StandIns(trees)
    missing.install(path.parent)
    for cell in cells:
        notes += run_cell(cell, module)
    missing.complete(module)
    return module, notes + missing.notes + give_old_names(module, trees)


def give_old_names(module: ModuleType, trees: Sequence[ast.Module]) -> list[str]:
    """Give a module the functions of Python 2 that it reads, under their old names; a note on them."""
    names = sorted(OLD_NAMES.keys() & global_names(trees) - vars(module).keys())
    vars(module).update((name, OLD_NAMES[name]) for name in names)
    return [f"{name} is Python 2's; {OLD_NAMES[name].__name__} stands in." for name in names]


def read_program(module: ModuleType, file: str) -> Program:
    """What a file that was loaded defines, with the trees of its text."""
    cells, _ = cells_of(Path(file).resolve())
    trees = {cell.filename: cell.tree for cell in cells}
    return Program(module.__dict__, trees, str(file))


def load_file(file: str | Path) -> ModuleType:
    """A Python file as a module, as it is.

    Raises:
        Exception: whatever the import raises.
    """
    path = Path(file).resolve()
    module = make_module(path)
    exec(compile(path.read_bytes(), path, "exec", dont_inherit=True), module.__dict__)
    return module


def make_module(path: Path) -> ModuleType:
    """An empty module for a file; files beside it can be imported from it."""
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[path.stem] = module
    return module


def forget_modules(folder: Path) -> None:
    """Let the modules of a folder, and the stand-ins, be imported anew."""
    for name, module in list(sys.modules.items()):
        where = getattr(module, "__file__", None)
        beside = where and os.path.splitext(where)[0] == os.path.join(folder, name)
        if beside or isinstance(module, Missing):
            del sys.modules[name]


def run_cell(cell: Cell, module: ModuleType) -> Iterator[str]:
    """Run the definitions of a cell; what cannot be defined is told, but for data that is not there."""
    if cell.text:
        linecache.cache[cell.filename] = (len(cell.text), None, cell.text.splitlines(True), cell.filename)
    for node in cell.definitions(module.__dict__):
        try:
            exec(compile(ast.Module([node], []), cell.filename, "exec", dont_inherit=True), module.__dict__)
        except Exception as error:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(error, NameError):
                continue
            what = f"{type(error).__name__}: {error}"
            yield f"{cell.name}, line {node.lineno} was left out, since it raised {what}."


# What is not there


@dataclass
class StandIns:
    """The stand-ins for what a file needs and does not have."""

    trees: Sequence[ast.Module]
    loading: bool = True
    modules: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)

    def install(self, folder: Path) -> None:
        """Put a module in the place of each that is imported and cannot be found."""
        names = needed_modules(self.trees, folder)
        self.modules = {name for name in names if "." not in name and not is_installed(name)}
        for name in names:
            if name.partition(".")[0] in self.modules:
                sys.modules[name] = Missing(name, self)

    def complete(self, module: ModuleType) -> None:
        """Give the module the helpers that it uses and does not have; from now on, use of the rest raises."""
        for name in sorted(HELPER_NAMES & global_names(self.trees) - vars(module).keys()):
            setattr(module, name, self.helper(name))
        self.loading = False

    def helper(self, name: str) -> Callable[..., Any]:
        """Ours, in the form in which the file uses it: `A, cache = sigmoid(Z)` or `A = sigmoid(Z)`."""
        self.given.add(name)
        function: Callable[..., Any] = getattr(layerwise, name)
        if name not in ACTIVATIONS or not is_unpacked(name, self.trees):
            return function
        return lambda Z: (function(Z), Z)

    @property
    def notes(self) -> list[str]:
        """What stands in for what."""
        gone, given = ", ".join(sorted(self.modules)), ", ".join(sorted(self.given))
        return [
            *([f"{gone}: not found; what needs it cannot run here."] if gone else []),
            *([f"{given}: not found; tinygraph's own of the same name stands in."] if given else []),
        ]


class Missing(ModuleType):
    """A module that was not found, and everything in it."""

    def __init__(self, name: str, stand_ins: StandIns) -> None:
        super().__init__(name)
        vars(self).update(_stand_ins=stand_ins, __path__=[], __all__=[])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        stand_ins: StandIns = vars(self)["_stand_ins"]
        return stand_ins.helper(name) if name in HELPER_NAMES else self._anything()

    def _anything(self, *_: Any, **__: Any) -> Missing:
        """Itself while the file is imported; later an error."""
        if not vars(self)["_stand_ins"].loading:
            self._refuse()
        return self

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        name = self.__name__.partition(".")[0]
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    __call__ = __getitem__ = __enter__ = _anything
    __iter__ = __float__ = __array__ = _refuse

    def __setitem__(self, key: Any, value: Any) -> None:
        self._anything()

    def __exit__(self, *_: object) -> None:
        pass

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return ()


def is_installed(name: str) -> bool:
    """Whether a module can be found."""
    return name in sys.modules or importlib.util.find_spec(name) is not None


def needed_modules(trees: Sequence[ast.AST], folder: Path) -> set[str]:
    """The modules without which an import fails, in these files and in those beside them that they import."""
    found: set[str] = set()
    waiting = [name for tree in trees for name in imported_modules(tree)]
    while waiting:
        name = waiting.pop()
        parents = name.split(".")
        new = {".".join(parents[: i + 1]) for i in range(len(parents))} - found
        found |= new
        beside = folder / f"{name}.py"
        if name in new and beside.is_file():
            waiting += imported_modules(parse_file(beside))
    return found


def parse_file(path: Path) -> ast.Module:
    """A file's tree; an empty one if it has none, which its import will say."""
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError, OSError):
        return ast.Module([], [])


def imported_modules(node: ast.AST) -> Iterator[str]:
    """The modules that are imported, but for those in a `try`, which says what to do without them."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
    elif not isinstance(node, ast.Try):
        for child in ast.iter_child_nodes(node):
            yield from imported_modules(child)


def global_names(trees: Sequence[ast.AST]) -> set[str]:
    """The names that are read and nowhere bound."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    return {node.id for node in names} - bound


def is_unpacked(name: str, trees: Sequence[ast.AST]) -> bool:
    """Whether what a function returns is taken apart, or it is not called at all."""
    seen = None
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Subscript) and is_call_of(node.value, name):
            return True
        if isinstance(node, ast.Assign) and is_call_of(node.value, name):
            if isinstance(node.targets[0], ast.Tuple | ast.List):
                return True
            seen = False
    return seen is None


def is_call_of(node: ast.AST, name: str) -> bool:
    """Whether this is a call of a function of this name, itself or as something's attribute."""
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "id", getattr(function, "attr", None)) == name
