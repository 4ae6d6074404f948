"""The table of protocols: which functions of a file are a backward pass, and of what.

A row finds its pieces in a program by names, signatures and attributes, and gives the trials to which they
can be put, the likeliest reading first. Nothing else in the debugger knows a style.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tinygraph.debugger.making import FIRST, Sizes
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.trial import Trial

__all__ = ["PROTOCOLS", "Asked", "Protocol", "protocol"]


@dataclass(frozen=True)
class Asked:
    """With what a probe is made, and which names were given by hand."""

    sizes: Sizes = FIRST
    seed: int = 0
    variant: int = 0
    forward: str | None = None
    backward: str | None = None
    loss: str | None = None


Finder = Callable[[Program, Function, Asked], Iterator[Trial]]


@dataclass(frozen=True)
class Protocol:
    """One way of writing: its name, an example in a line or two, and the finder of its trials.

    `reads_statements` says that its pieces are statements.
    """

    name: str
    example: str
    find: Finder
    reads_statements: bool = False


PROTOCOLS: list[Protocol] = []


def protocol(name: str, example: str, *, reads_statements: bool = False) -> Callable[[Finder], Finder]:
    """Add a row to the table."""

    def add(find: Finder) -> Finder:
        PROTOCOLS.append(Protocol(name, example, find, reads_statements))
        return find

    return add
