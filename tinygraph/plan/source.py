"""The text of a step: its program and memory as a Python module that needs NumPy alone.

Only recorded calls, names made into plain identifiers, and numbers go into the text. Nothing that a user
wrote is copied, so running it runs nothing else.
"""

from __future__ import annotations

import keyword
import operator
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygraph.errors import GraphError
from tinygraph.guards.stories import qualified_name
from tinygraph.notation.expressions import ATOM, SIGNS
from tinygraph.plan.buffers import Buffer, Memory, order_of, plan_memory, root_of
from tinygraph.plan.helpers import WRITTEN_NAMES, helper_functions
from tinygraph.plan.program import Program, symbols_in
from tinygraph.plan.record import Traced, note_check
from tinygraph.rules import kernels as k
from tinygraph.rules.factors import FACTOR_CODE

__all__ = [
    "Section",
    "Source",
    "StepWriter",
    "assemble_module",
    "dtype_text",
    "empty_array",
    "is_uniform",
    "number_code",
    "python_name",
    "write_source",
]

# Signs between two numbers; @ is none, and np.power is not quite ** there.
OPERATORS = {f: sign for f, sign in SIGNS.items() if f not in (np.matmul, np.dot, np.power)}
OPERATORS[operator.pow] = SIGNS[np.power]
LINE_WIDTH = 100
NUMBERS = {0.0: "zero", 1.0: "one", 2.0: "two", 0.5: "half", -1.0: "minus_one"}
RESERVED = {"np", "step", *WRITTEN_NAMES, *keyword.kwlist, *keyword.softkwlist, *dir(__builtins__)}


class Section(NamedTuple):
    """A comment, and the serial number of the last call below it."""

    end: float
    title: str


class Source(NamedTuple):
    """The text of a module with a function `step`, its arguments, and by line of the text the call there."""

    text: str
    arguments: tuple[str, ...]
    calls: dict[int, Traced]


def python_name(name: str) -> str:
    """`name` as a Python name, as near as possible."""
    name = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
    return f"_{name}" if name[0].isdigit() or name in RESERVED else name


class StepWriter:
    """Writes one step.

    `names` are the names wished for; `text` holds for each symbol the expression that reads it.
    """

    def __init__(
        self, program: Program, memory: Memory, names: Mapping[Traced, str], arguments: Sequence[Traced]
    ) -> None:
        self.program = program
        self.memory = memory
        self.wished = names
        self.taken: dict[str, int] = {}  # how many names begin so
        self.text: dict[Traced, tuple[str, int]] = {}
        self.constants: dict[tuple[str, Any], tuple[str, str]] = {}
        self.lines: list[tuple[str, Traced | None]] = []
        self.arrays: list[str] = []
        self.opening = ""
        self.counts: dict[Traced, int] = {}
        for s in program.steps:
            for x in symbols_in(s):
                self.counts[x] = self.counts.get(x, 0) + 1
        for x in [*arguments, *memory.of, *program.steps]:
            if x not in self.text and (x in names or x.function is None):
                self.name(x, names.get(x) or x.name or "constant")

    # Names

    def name(self, s: Traced, wish: str) -> str:
        """A name of its own for `s`."""
        name = base = python_name(wish)
        while name in self.taken:
            self.taken[base] = number = self.taken[base] + 1
            name = f"{base}_{number}"
        self.taken[name] = 1
        self.text[s] = name, ATOM
        return name

    def name_memory(self) -> None:
        """Name the results in buffers, each as the result that is written over it last.

        That is often one with a name of the lectures: dZ1 is also the product that it is made from. Where
        none of them has a name, all in a buffer share a spare one.
        """
        over = self.memory.over
        after = {x: s for s, x in over.items()}
        spare: dict[Buffer, str] = {}
        for s in self.memory.of:
            chain, x = [s], s
            while x not in self.text and x in after:
                x = after[x]
                chain.append(x)
            if x not in self.text and (before := over.get(s)) is not None:
                self.text[s] = self.text[before]
            elif x not in self.text:
                buffer = self.memory.of[s]
                if buffer not in spare:
                    spare[buffer] = self.name(s, spare_name(s))
                self.text[s] = spare[buffer], ATOM
            for y in chain:
                self.text.setdefault(y, self.text[x] if x in self.text else self.text[s])
        for s, target in self.memory.targets.items():
            self.text[s] = self.text[target]

    # Expressions

    def read(self, x: Any) -> str:
        """The expression that reads x."""
        return self.bound_expression(x)[0]

    def bound_expression(self, x: Any) -> tuple[str, int]:
        """The expression that reads x, and how tightly its outermost sign binds."""
        if isinstance(x, Traced):
            return self.text[x] if x in self.text else self.fixed_number(x)
        if isinstance(x, bool | None | str) or x is Ellipsis:
            return repr(x), ATOM
        if isinstance(x, tuple):
            return f"({', '.join(map(self.read, x))}{',' if len(x) == 1 else ''})", ATOM
        if isinstance(x, list):
            return f"[{', '.join(map(self.read, x))}]", ATOM
        if isinstance(x, slice):
            return f"slice({self.read(x.start)}, {self.read(x.stop)}, {self.read(x.step)})", ATOM
        if isinstance(x, np.dtype | type):
            return dtype_text(x), ATOM
        return number_code(x)

    def operand(self, x: Any, s: Traced) -> str:
        """An input of an elementwise call: a number becomes an array made once, which NumPy reads sooner."""
        if isinstance(x, Traced) and x.fixed and not x.shape:
            x = np.asarray(x.value)[()]
        if isinstance(x, Traced | bool) or not isinstance(x, int | float | np.floating):
            return self.read(x)
        dtype = np.result_type(*[a.value if isinstance(a, Traced) else a for a in s.args])
        return self.constant(x, dtype) if dtype.kind == "f" else self.read(x)

    def constant(self, x: Any, dtype: Any) -> str:
        key = repr(float(x)), dtype
        if key not in self.constants:
            holder = Traced(0.0, self.program.results[0].tape)
            name = self.name(holder, NUMBERS.get(float(x), "c"))
            double = "" if dtype == np.float64 else f", np.{dtype.name}"
            self.constants[key] = name, f"{name} = np.array({number_code(float(x))[0]}{double})"
        return self.constants[key][0]

    def fixed_number(self, x: Traced) -> tuple[str, int]:
        """A number that is the same at every step, or an array of one such number."""
        if not is_uniform(x):
            raise GraphError(f"{x} is read before it is made")
        if not x.shape:
            return number_code(np.asarray(x.value)[()])
        number = number_code((x.value.flat[0] if x.size else x.dtype.type(0)).item())[0]
        self.name(x, "constant")
        self.arrays.append(f"{self.read(x)} = {empty_array(x, 'full', number)}")
        return self.text[x]

    def call(self, s: Traced, *more: str) -> str:
        """The call as NumPy code."""
        function: Any = s.function
        array = isinstance(function, np.ufunc) and s.shape
        args = [self.operand(a, s) if array else self.read(a) for a in s.args]
        if function in (np.concatenate, np.stack):
            args = [self.read(a) for a in s.args]
        given = [f"{key}={self.setting(key, x)}" for key, x in s.settings.items()]
        return FACTOR_CODE.get(function, f"{function_text(function)}({{}})").format(
            ", ".join([*args, *given, *more])
        )

    def setting(self, key: str, x: Any) -> str:
        """The value of a keyword argument; one axis stands without brackets."""
        return self.read(x[0] if key == "axis" and isinstance(x, tuple) and len(x) == 1 else x)

    def expression(self, s: Traced) -> tuple[str, int]:
        """The call as an expression, with signs where there are some."""
        function: Any = s.function
        if function is operator.getitem:
            return (
                f"{bracket_expression(self.bound_expression(s.args[0]), ATOM)}[{self.index(s.args[1])}]",
                ATOM,
            )
        if function is np.transpose and not s.settings and len(s.args) == 1:
            return f"{bracket_expression(self.bound_expression(s.args[0]), ATOM)}.T", ATOM
        if function is k.cast_to:
            x = bracket_expression(self.bound_expression(s.args[0]), ATOM)
            return f"{x}.astype({self.read(s.settings['dtype'])})", ATOM
        sign = OPERATORS.get(function) if not s.shape and not s.settings else None
        if sign is None:
            return self.call(s), ATOM
        text, tightness = sign
        left, right = map(self.bound_expression, s.args)
        looser = tightness + 1
        if text == "**":
            return f"{bracket_expression(left, looser)} ** {bracket_expression(right, tightness)}", tightness
        return f"{bracket_expression(left, tightness)} {text} {bracket_expression(right, looser)}", tightness

    def index(self, index: Any) -> str:
        if isinstance(index, tuple) and index:
            return ", ".join(map(self.index, index)) + ("," if len(index) == 1 else "")
        if isinstance(index, slice):
            ends = ["" if i is None else self.read(i) for i in (index.start, index.stop)]
            return ":".join(ends if index.step is None else [*ends, self.read(index.step)])
        return "..." if index is Ellipsis else self.read(index)

    # Statements

    def write_step(self, s: Traced, following: Traced | None) -> None:
        """The lines of one call."""
        if s.function is note_check:
            x, expected = s.args
            kind = type(expected).__name__
            told = "the data now lead elsewhere than when this was recorded"
            self.add(f'assert {kind}({self.read(x)}) == {self.read(expected)}, "{told}"', s)
        elif s in self.memory.of or s in self.memory.targets:
            for line in self.writes(s):
                self.add(line, s)
        elif self.is_inlined(s, following):
            self.text[s] = self.expression(s)
        else:
            name = self.text[s][0] if s in self.text else self.name(s, "t")
            lines = [f"{name} = {self.expression(s)[0]}"]
            if s.function is k.scatter:
                lines = [f"{name} = {empty_array(s, 'zeros')}", self.scatter_statement(s, name)]
            for line in lines:
                self.add(line, s)

    def is_inlined(self, s: Traced, following: Traced | None) -> bool:
        """Whether the call is written where its result is read: a transpose, or a number read at once."""
        if s in self.wished or s.quiet or s.function is k.scatter:
            return False
        if s.function is np.transpose and not s.settings and len(s.args) == 1:
            return True
        if following is None or following.quiet or following.viewed is not None:
            return False
        if following.function in (note_check, k.scatter, np.where):  # the last two write before they read it
            return False
        return not s.shape and self.counts.get(s) == 1 and any(x is s for x in symbols_in(following))

    def writes(self, s: Traced) -> list[str]:
        """The statements that write the result where it lives."""
        out = self.text[s][0]
        if s.function is np.where:
            condition, x, y = s.args
            first = [] if self.text.get(y, ("",))[0] == out else [f"np.copyto({out}, {self.read(y)})"]
            return [*first, f"np.copyto({out}, {self.read(x)}, where={self.read(condition)})"]
        if s.function is k.cast_to:
            x = s.args[0]
            loosely = "" if np.can_cast(x.dtype, s.dtype, "same_kind") else ', casting="unsafe"'
            return [f"np.copyto({out}, {self.read(x)}{loosely})"]
        if s.function is k.scatter:
            return [f"{out}.fill(0)", self.scatter_statement(s, out)]
        return [self.call(s, f"out={out}")]

    def scatter_statement(self, s: Traced, out: str) -> str:
        """The statement that adds the entries of a scatter."""
        index, x = s.settings["index"], self.read(s.args[0])
        if k.is_basic(index):
            return f"{out}[{self.index(index)}] = {x}"
        return f"np.add.at({out}, {self.read(index)}, {x})"

    def returned_result(self, s: Traced) -> str:
        """A result for the caller: copied if it is an input or a view, which a later step may write over."""
        shared = isinstance(s.value, np.ndarray) and (s.function is None or s.viewed is not None)
        return f"np.array({self.read(s)})" if shared else self.read(s)

    def settle_results(self, results: Sequence[Traced], pairs: Sequence[tuple[Traced, Traced]]) -> list[str]:
        """What to return, as text; what the update would change is copied before it is made."""
        old = {target for target, _ in pairs}
        given_back = [self.copied_now(s) if root_of(s) in old else self.returned_result(s) for s in results]
        for target, value in pairs:
            if self.memory.targets.get(value) is not target:
                self.add(f"np.copyto({self.read(target)}, {self.read(value)})")
        return given_back

    def copied_now(self, s: Traced) -> str:
        name = self.name(Traced(s.value, s.tape), "cost")
        self.add(f"{name} = {self.returned_result(s)}")
        return name

    def comment(self, title: str) -> None:
        """A heading; names in it come from the user, and only their letters and digits stay."""
        title = re.sub(r"[^\w ,()]", "_", title, flags=re.ASCII)
        self.lines += [("", None), (f"    # {title}", None)]
        self.opening = ""

    def add(self, line: str, s: Traced | None = None) -> None:
        """A line of the function."""
        quiet = () if s is None else s.quiet
        if not quiet:
            self.lines.append((f"    {line}", s))
            self.opening = ""
            return
        ignored = ", ".join(f'{kind}="ignore"' for kind in quiet)
        opening = f"    with np.errstate({ignored}):"
        if opening != self.opening:
            self.lines.append((opening, s))
        self.lines.append((f"        {line}", s))
        self.opening = opening

    def write_finite(self, symbols: Sequence[Traced]) -> None:
        """Stop before the update if there is NaN or infinity."""
        if symbols:
            names = ", ".join(map(self.read, symbols))
            self.lines += [("", None)]
            self.add(f"if not all(np.isfinite(x).all() for x in [{names}]):")
            self.add('    raise FloatingPointError("NaN or infinity in the cost or the derivatives")')

    def allocation(self) -> list[str]:
        """The lines that make the arrays once; of several names for a buffer, all are set to the first."""
        lines = []
        for buffer in self.memory.buffers:
            first = buffer.results[0]
            names = list(dict.fromkeys(self.text[s][0] for s in buffer.results))
            lines.append(f"{names[0]} = {empty_array(first)}")
            lines += [f"{name} = {names[0]}" for name in names[1:]]
        return [*(line for _, line in self.constants.values()), *self.arrays, *lines]


def spare_name(s: Traced) -> str:
    """A name for a result that has none."""
    if s.dtype.kind == "b":
        return "mask"
    return "slope" if s.function is k.cast_to and s.args[0].dtype.kind == "b" else "T"


def bracket_expression(written: tuple[str, int], tightness: int) -> str:
    """An expression, in brackets if it binds less tightly than asked."""
    text, own = written
    return text if own >= tightness else f"({text})"


def empty_array(s: Traced, maker: str = "empty", *number: str) -> str:
    """An array of the shape, dtype and layout of `s`."""
    order = order_of(s)
    dtype = [] if s.dtype == np.float64 else [f"dtype={dtype_text(s.dtype)}"]
    if order in ("C", "F"):
        columns = ['order="F"'] if order == "F" else []
        return f"np.{maker}({', '.join([str(s.shape), *number, *dtype, *columns])})"
    stored = str(tuple(s.shape[i] for i in order))
    return (
        f"np.{maker}({', '.join([stored, *number, *dtype])}).transpose({tuple(np.argsort(order).tolist())})"
    )


def function_signature(arguments: tuple[str, ...]) -> list[str]:
    """The first lines of the function."""
    line = f"def step({', '.join(arguments)}):"
    if len(line) <= LINE_WIDTH:
        return [line]
    inner = textwrap.wrap(
        ", ".join(arguments) + ",", LINE_WIDTH, initial_indent="    ", subsequent_indent="    "
    )
    return ["def step(", *inner, "):"]


def is_uniform(x: Traced) -> bool:
    """Whether x is one number at every step and in every place, which the text holds."""
    return x.fixed and (not x.size or bool((x.value == x.value.flat[0]).all()))


def dtype_text(dtype: Any) -> str:
    return "bool" if np.dtype(dtype).kind == "b" else f"np.{np.dtype(dtype).name}"


def number_code(x: Any) -> tuple[str, int]:
    """A number as Python or NumPy code."""
    if isinstance(x, np.generic):
        return f"np.{x.dtype.name}({number_code(x.item())[0]})", ATOM
    if isinstance(x, complex):
        return f"complex({number_code(x.real)[0]}, {number_code(x.imag)[0]})", ATOM
    if isinstance(x, float) and not np.isfinite(x):
        return ("np.nan", ATOM) if x != x else ("np.inf", ATOM) if x > 0 else ("-np.inf", ATOM - 3)
    return repr(x), ATOM if x >= 0 else ATOM - 3


def function_text(function: Any) -> str:
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{function.__name__}"
    return function.__name__ if function.__name__ in WRITTEN_NAMES else qualified_name(function)


def write_source(
    program: Program,
    targets: Mapping[Traced, Traced],
    names: Mapping[Traced, str],
    sections: Sequence[Section],
    arguments: Sequence[Traced],
    results: Sequence[Traced],
    pairs: Sequence[tuple[Traced, Traced]],
    finite: Sequence[Traced],
    about: str,
) -> Source:
    """The module: a docstring, the arrays made once, and the function `step`, which returns `results`.

    `pairs` are arrays of the caller's and their new values, `targets` the same by value, as far as one value
    is wanted in one place. Where `finite` are given, they are asked for NaN and infinity before anything of
    the caller's is changed.
    """
    memory = plan_memory(program, targets, results)
    writer = StepWriter(program, memory, names, arguments)
    writer.name_memory()
    title, section = "", sections[0]
    for s, following in zip(program.steps, [*program.steps[1:], None], strict=True):
        section = next(c for c in sections if c.end >= s.serial)
        if section.title != title:
            title = section.title
            if section is sections[-1]:
                writer.write_finite(finite)
            writer.comment(title)
        writer.write_step(s, following)
    if section is not sections[-1]:
        writer.write_finite(finite)
    given_back = writer.settle_results(results, pairs)
    writer.lines += [("", None)]
    writer.add(f"return {', '.join(given_back)}")
    functions = helper_functions(s.function for s in program.steps)
    return assemble_module(writer, tuple(map(writer.read, arguments)), about, functions=functions)


def assemble_module(
    writer: StepWriter,
    arguments: tuple[str, ...],
    about: str,
    imports: Sequence[str] = (),
    functions: Sequence[str] = (),
) -> Source:
    """The module from its parts; `functions` stand before the step."""
    head = [f'"""{about}"""', "", *imports, "import numpy as np", ""]
    if made := writer.allocation():
        head += ["# Made once. A name set to another name lives in the same memory.", *made, ""]
    for function in functions:
        head += ["", *function.strip().splitlines(), ""]
    head += ["", *function_signature(arguments)]
    body = writer.lines[1:] if writer.lines[0][0] == "" else writer.lines
    if any("scipy.special." in line for line, _ in body):
        head.insert(head.index("import numpy as np") + 1, "import scipy.special")
    calls = {len(head) + i: s for i, (_, s) in enumerate(body, start=1) if s is not None}
    return Source("\n".join([*head, *(line for line, _ in body)]) + "\n", arguments, calls)
