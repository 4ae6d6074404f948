"""Words for errors: what an operation and its operands are called."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinygraph.errors import DtypeError, ShapeError, UnknownOperationError
from tinygraph.notation.expressions import Expression, Notation, module_of
from tinygraph.notation.lines import Line, running_line
from tinygraph.notation.names import is_operation_of, line_of_call
from tinygraph.notation.places import file_and_line, place_text, user_place
from tinygraph.rules.nests import leaves
from tinygraph.rules.table import Operation
from tinygraph.rules.types import AnyFunction, Operand, Option, Options

if TYPE_CHECKING:
    from tinygraph.engine.tensor import Tensor

__all__ = [
    "call_text",
    "composed_error",
    "describe",
    "forward_error",
    "operand_letters",
    "operand_name",
    "operand_names",
    "place_of",
    "qualified_name",
    "recorded_call",
    "unknown_operation",
    "written_call",
]


def describe(x: Operand) -> str:
    """`W1 (3, 4)`, or `a (3, 4) float64 Tensor` for something without a name.

    >>> import numpy as np
    >>> import tinygraph as tg
    >>> describe(tg.tensor(np.ones((3, 4)), name="X")), describe(2.0)
    ('X (3, 4)', '2.0')
    """
    if not hasattr(x, "shape"):
        return repr(x)
    name = getattr(x, "name", None)
    return f"{name} {x.shape}" if name else f"a {x.shape} {x.dtype} {type(x).__name__}"


def forward_error(
    op: Operation, inputs: tuple[Operand, ...], settings: Options, error: Exception
) -> Exception:
    """The error of a forward call, retold: as written, with the operands, where they were made, and a fix.

    >>> import numpy as np
    >>> import tinygraph as tg
    >>> W2, A1 = tg.parameter(np.ones((5, 7)), name="W2"), tg.tensor(np.ones((8, 64)), name="A1")
    >>> try:
    ...     W2 @ A1
    ... except tg.errors.ShapeError as error:
    ...     print(str(error).partition("): ")[2])
    W2 is (5, 7), A1 is (8, 64): 7 and 8 must agree. Should W2 be (5, 8)?
    """
    names = operand_names(op, inputs, running_line())
    shapes = ", ".join(
        f"{name} is {shape_and_dtype(x)}"
        for name, x in zip(names, inputs, strict=True)
        if name != shape_and_dtype(x)
    )
    makers = "".join(
        f" {n} was made at {made_at(x)}." for n, x in zip(names, inputs, strict=True) if made_at(x)
    )
    advice = matrix_advice(names, inputs) if op.symbol == "@" else None
    return own_error(f"{written_call(op, names, settings)} ({user_place()}): {shapes}", error, makers, advice)


def call_text(op: Operation, inputs: Sequence[Operand], settings: Mapping[str, Option]) -> str:
    """The call that is running, as written, and its line: W2 @ A1 (net.py:14)."""
    names = operand_names(op, inputs, running_line())
    return f"{written_call(op, names, settings)} ({user_place()})"


def composed_error(
    function: AnyFunction, args: Sequence[Operand], settings: Mapping[str, Option], error: Exception
) -> Exception:
    """The same for a function that has no row, but is written with rows: np.split."""
    arrays = list(leaves(args))
    names = {id(x): operand_name(x, letter) for x, letter in zip(arrays, operand_letters(), strict=False)}

    def say(x: Operand) -> str:
        return f"[{', '.join(map(say, x))}]" if isinstance(x, list | tuple) else names.get(id(x)) or repr(x)

    given = [*map(say, args), *(f"{key}={x!r}" for key, x in settings.items())]
    shapes = ", ".join(f"{names[id(x)]} is {shape_and_dtype(x)}" for x in arrays if hasattr(x, "shape"))
    call = f"{qualified_name(function)}({', '.join(given)}) ({user_place()})"
    return own_error(f"{call}: {shapes}", error)


def own_error(call: str, error: Exception, makers: str = "", advice: str | None = None) -> Exception:
    """An error of NumPy's as one of ours."""
    kind = ShapeError if isinstance(error, ValueError | IndexError) else DtypeError
    reason = advice or " ".join(str(error).split())
    return kind(f"{call}: {reason.rstrip('.')}{full_stop(reason)}{makers}")


def full_stop(reason: str) -> str:
    """The sign at the end of a sentence: none more after a question."""
    return "" if reason.endswith("?") else "."


def operand_names(op: Operation, inputs: Sequence[Operand], line: Line | None) -> list[str]:
    """What operands are called: by themselves, else as the user's line has it, else x, y and z."""
    written = line.operands if line is not None and is_operation_of(op, line) else ()
    pairs = zip(itertools.chain(written, itertools.repeat(None)), operand_letters(), strict=False)
    return [operand_name(x, name or letter) for x, (name, letter) in zip(inputs, pairs, strict=False)]


def operand_letters() -> Iterator[str]:
    """Names for operands that have none."""
    return itertools.chain("xyz", map("x{}".format, itertools.count(4)))


def operand_name(x: Operand, letter: str) -> str:
    """What an operand is called in a sentence; a number is itself."""
    return getattr(x, "name", None) or (letter if hasattr(x, "shape") else repr(x))


def shape_and_dtype(x: Operand) -> str:
    """The shape of an array, and its dtype if that is not a floating one."""
    if not hasattr(x, "shape"):
        return repr(x)
    return f"{x.shape}" if x.dtype.kind == "f" else f"{x.shape} {x.dtype}"


class CallNotation(Notation):
    """Writes a call as the user does, with the names of functions as they are imported."""

    def function_name(self, function: AnyFunction) -> str:
        return qualified_name(function)


def written_call(op: Operation, names: Sequence[str], settings: Mapping[str, Option]) -> str:
    """The call as one writes it: W2 @ A1, np.reshape(A1, shape=(3, 4)).

    >>> from tinygraph.rules.table import TABLE
    >>> written_call(TABLE[np.matmul], ["W2", "A1"], {}), written_call(TABLE[np.dot], ["W2", "A1"], {})
    ('W2 @ A1', 'np.dot(W2, A1)')
    """
    operands = tuple(map(Expression, names))
    call = Expression()
    call.function, call.args, call.settings = op.function, operands, dict(settings)
    if op.function is operator.getitem:
        call.args, call.settings = (*operands, settings["index"]), {}
    elif op.function in (np.concatenate, np.stack):
        call.args = (list(operands),)
    notation = CallNotation()
    return notation.call(call) if op.function is np.dot else notation.text(call)


def made_at(x: Operand) -> str | None:
    """The file and line of the user's code that made a recorded operand."""
    return None if getattr(x, "op", None) is None else place_of(x)


def place_of(z: Tensor) -> str:
    """The file and line of the user's code that computed `z`: net.py:14."""
    return place_text(*file_and_line(z._code, z._instruction))


def recorded_call(z: Tensor) -> tuple[str, list[str]]:
    """The recorded call behind `z` as one writes it, and what its operands are called.

    >>> import numpy as np
    >>> import tinygraph as tg
    >>> W1, X = tg.parameter(np.ones((2, 3)), name="W1"), tg.tensor(np.ones((3, 5)), name="X")
    >>> recorded_call(np.tanh(W1 @ X))
    ('A1 = np.tanh(x)', ['x'])
    """
    names = operand_names(z.op, z.inputs, line_of_call(z))  # type: ignore[arg-type]
    call = written_call(z.op, names, z.node.settings)  # type: ignore[arg-type, union-attr]
    return (f"{z.name} = {call}" if z.name else call), names


def matrix_advice(names: Sequence[str], inputs: Sequence[Operand]) -> str | None:
    """Which lengths of two matrices must agree, and the likeliest fix."""
    x, y = names
    a, b = (tuple[int, ...](getattr(operand, "shape", ())) for operand in inputs)
    if len(a) != 2 or len(b) != 2:
        return None
    agree = f"{a[1]} and {b[0]} must agree"
    if a[0] == b[0]:
        return f"{agree}. Did you mean {x}.T @ {y}?"
    if a[1] == b[1]:
        return f"{agree}. Did you mean {x} @ {y}.T?"
    return f"{agree}. Should {x} be ({a[0]}, {b[0]})?"


def qualified_name(function: AnyFunction) -> str:
    """The name a user writes for a function: np.tanh, tg.relu, np.linalg.norm."""
    owner = getattr(function, "__self__", None)
    if hasattr(function, "sample"):  # an operation of the user's
        return str(function.__name__)
    if isinstance(owner, np.ufunc):  # np.add.reduceat
        return f"{qualified_name(owner)}.{function.__name__}"
    package, *inside = module_of(function).split(".")
    places = [] if package == "tinygraph" else [name for name in inside if not name.startswith("_")]
    return ".".join([{"numpy": "np", "tinygraph": "tg"}.get(package, package), *places, function.__name__])


def unknown_operation(name: str) -> UnknownOperationError:
    """The error for a function that is not in the table."""
    return UnknownOperationError(
        f"{name} has no row in the table of operations, so its derivative is unknown; write it with "
        "operations that have one, or call it on .value if no derivative should flow through it"
    )
