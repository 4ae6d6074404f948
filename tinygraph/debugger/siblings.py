"""One function a file: the forward pass of a backward pass may stand in another file of the same folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tinygraph.debugger.loading import load_homework, parse_file
from tinygraph.debugger.program import Function, Program, definitions_in
from tinygraph.debugger.protocols.names import FORTH, forward_partners, is_backward, stem_of
from tinygraph.debugger.readings import words_of

__all__ = ["add_partners"]

MOST_FILES = 60


def add_partners(program: Program, known: Sequence[str]) -> None:
    """Add what goes forward for functions that go back, where the file has nothing and one beside it has.

    `known` are the names of those of which it is known what they are to give.
    """
    lonely = [f for f in program.functions.values() if f.name not in known and is_lonely(program, f)]
    for path in files_beside(Path(program.file)) if lonely else ():
        tree = parse_file(path)
        names = [
            name for name, _ in definitions_in(tree.body) if any(goes_forth_for(name, f) for f in lonely)
        ]
        if not names or any(name in program.namespace for name in names):
            continue
        with suppress(Exception):  # it is not their file that is checked
            module, _ = load_homework(str(path))
            program.namespace.update((name, getattr(module, name)) for name in names)
            program.beside.update(names)
            program.trees = {**program.trees, str(path): tree}
            program.__dict__.pop("functions", None)


def is_lonely(program: Program, function: Function) -> bool:
    """Whether a function goes back for something that its file does not have."""
    whole = function.owner is None and is_backward(function) and bool(stem_of(function.name))
    return whole and next(forward_partners(program, function), None) is None


def goes_forth_for(name: str, function: Function) -> bool:
    """Whether a name is that of the function that goes forward."""
    return bool(FORTH & set(words_of(name))) and stem_of(name) == stem_of(function.name)


def files_beside(path: Path) -> Iterator[Path]:
    """The other Python files of a folder, if they are not too many."""
    found = sorted(p for p in path.resolve().parent.glob("*.py") if p.name != path.name)
    yield from found if path.suffix == ".py" and len(found) <= MOST_FILES else []
