"""Memory of a program: which results are arrays made once, which of these are used again, what may alias.

A result lives from the call that makes it to the last call that reads it or a view of it. Arrays of the same
shape, dtype and layout take turns in the same memory. An elementwise call writes over an input that nobody
needs any more; every other call writes to memory that none of its inputs holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tinygraph.plan.program import Program, symbols_in
from tinygraph.plan.record import Traced
from tinygraph.rules import kernels as k
from tinygraph.rules.table import is_elementwise

__all__ = [
    "Buffer",
    "Memory",
    "has_out",
    "last_given",
    "last_uses",
    "memory_layout",
    "order_of",
    "plan_memory",
    "root_of",
]

TAKES_OUT = frozenset(
    {np.dot, np.concatenate, np.stack, np.mean, np.var, np.std, np.cumsum, np.outer, np.clip}
)
WRITTEN = frozenset({k.cast_to, k.scatter, np.where})  # printed as assignments to their result


class Buffer:
    """One piece of memory and the results that live in it, one after the other."""

    def __init__(self, first: Traced) -> None:
        self.results = [first]


class Memory:
    """Where each result lives: in a buffer, or in an array of the caller's that is updated (`targets`).

    `over` says which result was written over another.
    """

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self.of: dict[Traced, Buffer] = {}
        self.over: dict[Traced, Traced] = {}
        self.targets: dict[Traced, Traced] = {}


def is_reduction(function: Callable[..., Any] | None) -> bool:
    return isinstance(getattr(function, "__self__", None), np.ufunc)


def has_out(s: Traced) -> bool:
    """Whether the call can write its result into memory made before."""
    if not s.shape:
        return False
    f = s.function
    if isinstance(f, np.ufunc) or f in WRITTEN:
        return True
    return (is_reduction(f) or f in TAKES_OUT) and not any(map(is_reversed, symbols_in(s)))


def is_reversed(x: Traced) -> bool:
    """Whether an axis runs backwards in memory: with `out=` NumPy 2.0 then adds in another order."""
    return any(stride < 0 for stride in x.value.strides)


def memory_layout(x: Traced) -> Any:
    """Shape, dtype and order of an array's memory."""
    return x.shape, x.dtype, order_of(x)


def order_of(x: Traced) -> Any:
    """ "C", "F", or for other layouts the axes from the largest stride to the smallest."""
    flags, strides = x.value.flags, x.value.strides
    if flags.c_contiguous or flags.f_contiguous:
        return "C" if flags.c_contiguous else "F"
    return tuple(sorted(range(x.ndim), key=lambda i: -strides[i]))


def root_of(s: Traced) -> Traced:
    """The result that owns the memory of `s`: itself, or what it is a view of."""
    while (x := s.viewed) is not None:
        s = x
    return s


def last_uses(program: Program) -> dict[Traced, int]:
    """For each owner of memory, the number of the last step that reads it or a view of it."""
    last = {root_of(x): i for i, s in enumerate(program.steps) for x in symbols_in(s)}
    end = len(program.steps)
    return last | {root_of(r): end for r in program.results}


def last_given(program: Program, last: Mapping[Traced, int], targets: Mapping[Traced, Traced]) -> int:
    """The number of the last step that reads an array of the caller's which no update changes.

    Such an array may lie in the memory of one that is changed: `step(W.value.T)`. So no update is written
    before that step is over.
    """
    changed = set(targets.values())
    return max((last.get(x, -1) for x in program.leaves if x.shape and x not in changed), default=-1)


def plan_memory(program: Program, targets: Mapping[Traced, Traced], returned: Iterable[Traced]) -> Memory:
    """A place for each result. `targets` says which results end in which arrays of the caller's.

    What is `returned` to the caller lives in memory of its own, made anew at each call.
    """
    memory, last = Memory(), last_uses(program)
    returned, given = set(map(root_of, returned)), last_given(program, last, targets)
    free: dict[Any, list[Buffer]] = {}
    for i, s in enumerate(program.steps):
        ended = [x for x in dict.fromkeys(map(root_of, symbols_in(s))) if last[x] == i and x in memory.of]
        if s in targets and given < i and may_write_at_once(s, targets[s], last, i):
            memory.targets[s] = targets[s]
        elif has_out(s) and s not in returned:
            place_result(s, ended, free, memory)
        for x in ended:
            buffer = memory.of[x]
            if buffer.results[-1] is x:
                free.setdefault(memory_layout(x), []).append(buffer)
    return memory


def place_result(s: Traced, ended: list[Traced], free: dict[Any, list[Buffer]], memory: Memory) -> None:
    """Give `s` the memory of an input that ends here, or of an earlier result, or new memory."""
    over = next((x for x in ended if may_write_over(s, x)), None)
    waiting = free.get(memory_layout(s))
    if over is not None:
        buffer = memory.of[over]
        buffer.results.append(s)
        memory.over[s] = over
    elif waiting:
        buffer = waiting.pop()
        buffer.results.append(s)
    else:
        buffer = Buffer(s)
        memory.buffers.append(buffer)
    memory.of[s] = buffer


def may_write_over(s: Traced, x: Traced) -> bool:
    """Whether the call `s` reads each entry of x before it writes there, and x nowhere else."""
    if memory_layout(s) != memory_layout(x):
        return False
    readers = [a for a in symbols_in(s) if root_of(a) is x]
    if any(a is not x for a in readers):
        return False
    if s.function is np.where:  # written as: the third, and over it the second where the first says so
        return s.args[2] is x and s.args[0] is not x and s.args[1] is not x
    return reads_before_it_writes(s)


def reads_before_it_writes(s: Traced) -> bool:
    """Whether each entry of the inputs is read before that of the result is written."""
    return is_elementwise(s.function) and s.function not in WRITTEN


def may_write_at_once(s: Traced, target: Traced, last: Mapping[Traced, int], i: int) -> bool:
    """Whether the last value of an array of the caller's can be written there at once."""
    if not s.shape or memory_layout(s) != memory_layout(target) or not reads_before_it_writes(s):
        return False
    if any(root_of(a) is target and a is not target for a in symbols_in(s)):
        return False
    return last.get(target, i) <= i
