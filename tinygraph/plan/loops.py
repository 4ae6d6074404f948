"""The text of a step for numba: chains of elementwise calls as one loop, small products as loops too.

What NumPy does best stays a call of NumPy: products of large matrices, functions such as exp over many
entries, and everything that has no formula here. The rest goes into kernels, functions of loops that numba
compiles. A result that only its own loop reads is never stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import factorial
from typing import Any

import numpy as np

from tinygraph.plan.buffers import Buffer, Memory, has_out, last_given, last_uses
from tinygraph.plan.helpers import helper_functions
from tinygraph.plan.program import Program, symbols_in
from tinygraph.plan.record import Traced, values_of
from tinygraph.plan.source import (
    Section,
    Source,
    StepWriter,
    assemble_module,
    dtype_text,
    empty_array,
    is_uniform,
    number_code,
)
from tinygraph.rules import kernels as k

__all__ = ["write_loops"]

SLOW_FROM = 400  # entries from which on NumPy's exp, tanh, ... are faster than a loop
BLAS_FROM = 20_000  # multiplications from which on a product is BLAS's
LOOPED = frozenset(map(np.dtype, (bool, np.float32, np.float64)))  # numba knows no float16, nor foreign bytes


def horner_formula(coefficients: Sequence[float], x: str) -> str:
    """c[0] x + c[1] x^2 + ... with nested brackets."""
    text = repr(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        text = f"{c!r} + {x} * ({text})"
    return f"{x} * ({text})"


SIGNED: dict[Any, str] = {
    np.add: "({} + {})",
    np.subtract: "({} - {})",
    np.multiply: "({} * {})",
    np.divide: "({} / {})",
    np.greater: "({} > {})",
    np.greater_equal: "({} >= {})",
    np.less: "({} < {})",
    np.less_equal: "({} <= {})",
    np.equal: "({} == {})",
    np.not_equal: "({} != {})",
    np.negative: "(-{})",
    np.positive: "{}",
    np.square: "({0} * {0})",
    np.absolute: "abs({})",
    np.maximum: "larger({}, {})",
    np.minimum: "smaller({}, {})",
}
SLOW: dict[Any, str] = {f: f"np.{f.__name__}({{}})" for f in (np.log, np.log1p, np.sin, np.cos, np.arctan)}
SMOOTH: dict[Any, str] = {np.exp: "exp", np.expm1: "expm1", np.tanh: "tanh", np.logaddexp: "log_of_sum"}
# SMOOTH is not among them: its formulas are in double precision, whatever the arrays are.
FORMULAS = SIGNED | SLOW | {np.sqrt: "np.sqrt({})"}
# A division by zero gives inf, as in NumPy. Sums may be taken in another order, several numbers at once; the
# other flags of fastmath are left out, since they take NaN and inf to be impossible.
OPTIONS = """
OPTIONS = {"error_model": "numpy", "fastmath": {"contract", "reassoc"}, "cache": True}
INLINE = OPTIONS | {"inline": "always"}
"""
# Functions without branches, so that LLVM computes several entries at once; each within 1e-15 of NumPy's.
HELPERS = {
    "larger": """
@numba.njit(**INLINE)
def larger(x, y):
    return x if x > y or x != x else y
""",
    "smaller": """
@numba.njit(**INLINE)
def smaller(x, y):
    return x if x < y or x != x else y
""",
    "scale_and_rest": f"""
@numba.njit(**INLINE)
def scale_and_rest(x):
    # exp(x) = scale * (1 + rest), scale = 2^n and |log(1 + rest)| <= log(2) / 2
    y = x if x < 709.0 else 709.0
    y = y if y > -708.0 else -708.0
    n = np.rint(y * 1.4426950408889634)
    r = (x - n * 0.6931471803691238) - n * 1.9082149292705877e-10
    rest = {horner_formula([1 / factorial(i) for i in range(1, 14)], "r")}
    return np.int64((np.int64(n) + 1023) << 52).view(np.float64), rest
""",
    "exp": """
@numba.njit(**INLINE)
def exp(x):
    scale, rest = scale_and_rest(x)
    z = scale * rest + scale
    z = z if x < 709.782712893384 else np.inf
    return z if x > -708.0 else 0.0 if x == x else x
""",
    "expm1": """
@numba.njit(**INLINE)
def expm1(x):
    scale, rest = scale_and_rest(x)
    z = scale * rest + (scale - 1.0)
    z = z if x < 709.782712893384 else np.inf
    return z if x > -708.0 else -1.0 if x == x else x
""",
    "tanh": """
@numba.njit(**INLINE)
def tanh(x):
    size = abs(x)
    scale, rest = scale_and_rest(2.0 * (size if size < 20.0 or x != x else 20.0))
    z = scale * rest + (scale - 1.0)
    z = z / (z + 2.0)
    return z if x > 0.0 else -z
""",
    "log1p_of_share": f"""
@numba.njit(**INLINE)
def log1p_of_share(x):
    # for x in [0, 1]: log(1 + x) = 2 artanh(x / (2 + x))
    s = x / (2.0 + x)
    q = s * s
    return 2.0 * s + s * {horner_formula([2 / i for i in range(3, 36, 2)], "q")}
""",
    "log_of_sum": """
@numba.njit(**INLINE)
def log_of_sum(x, y):
    gap = 0.0 if x == y else -abs(x - y)
    return larger(x, y) + log1p_of_share(exp(gap))
""",
}
NEEDS = {
    "exp": ["scale_and_rest"],
    "expm1": ["scale_and_rest"],
    "tanh": ["scale_and_rest"],
    "log_of_sum": ["scale_and_rest", "exp", "larger", "log1p_of_share"],
}


def axis_of(s: Traced) -> str | None:
    """The axes that a reduction goes over: "all", "last", "first" of two; None for what is left to NumPy."""
    function, settings = s.function, s.settings
    if function not in (np.add.reduce, np.maximum.reduce, np.mean) or set(settings) - {"axis", "keepdims"}:
        return None
    x = s.args[0]
    if not isinstance(x, Traced) or len(s.args) != 1 or not is_looped_float(x) or not x.size:
        return None
    axis = settings.get("axis")
    given = range(x.ndim) if axis is None else np.atleast_1d(axis).tolist()
    axes = tuple(a % max(x.ndim, 1) for a in given)
    if len(axes) == x.ndim:
        return "all"
    if x.ndim != 2 or len(axes) != 1:
        return None
    return "last" if axes == (1,) else "first"


def is_looped_float(x: Traced) -> bool:
    return x.dtype.kind == "f" and x.dtype in LOOPED


def is_small_product(s: Traced) -> bool:
    """Whether this is the product of two small matrices."""
    if s.function is not np.dot or s.ndim != 2 or not is_looped_float(s):
        return False
    x, y = s.args
    same = isinstance(x, Traced) and isinstance(y, Traced) and x.ndim == y.ndim == 2 and x.dtype == y.dtype
    return same and x.size * y.shape[1] <= BLAS_FROM and x.size > 0


def is_formula(s: Traced) -> bool:
    """Whether an elementwise call has a formula that is best computed in a loop."""
    known = (
        s.function in FORMULAS
        or s.function in SMOOTH
        or s.function in (np.where, k.cast_to, np.power, np.reciprocal)
    )
    if not known or s.dtype not in LOOPED or (s.function in SLOW and s.size >= SLOW_FROM):
        return False
    # Other powers cost a call of pow per entry, which NumPy does as well.
    if s.function is np.power and not is_two(s.args[1]):
        return False
    # A number that is the same at every step is written into the loop, whatever its dtype was.
    operands = [x for x in symbols_in(s) if not (x.fixed and is_uniform(x))]
    if s.function is not k.cast_to and any(x.dtype not in LOOPED for x in operands):
        return False
    return all(x.shape or not isinstance(x.value, np.ndarray) for x in operands)


def is_two(x: Any) -> bool:
    value = values_of(x)
    return np.shape(value) == () and not isinstance(x, Traced) and value == 2


def is_in_kernel(s: Traced) -> bool:
    return is_formula(s) or is_small_product(s) or axis_of(s) is not None


def source_of(x: Traced) -> tuple[Traced, bool]:
    """What x is, seen through a transpose, and whether there was one."""
    turned = False
    while x.function is np.transpose and not x.settings and len(x.args) == 1 and x.ndim == 2:
        x, turned = x.args[0], not turned
    return x, turned


class Nest:
    """Calls that one nest of loops computes: elementwise, of the nest's shape, and reductions of these."""

    def __init__(self, shape: tuple[int, ...], first: Traced) -> None:
        self.shape = shape
        self.calls = [first]

    def takes(self, s: Traced) -> bool:
        """Whether s can be computed in the same loops."""
        if (
            is_small_product(s)
            or is_small_product(self.calls[0])
            or loop_shape(s) != self.shape
            or not self.shape
        ):
            return False
        own = {c: c for c in self.calls}
        # At entry (i, j) these loops know their own results at (i, j) alone. What reads them at another entry
        # (a transpose, a row that is repeated), or reads a sum of them, waits for the next nest.
        for x in symbols_in(s):
            base, turned = source_of(x)
            if base in own and (turned or base.shape != self.shape or axis_of(base) is not None):
                return False
        return True


def loop_shape(s: Traced) -> tuple[int, ...]:
    """How often each loop runs: a reduction goes over what it reads, all else over what it makes."""
    return s.args[0].shape if axis_of(s) is not None else s.shape


class Kernel:
    """A run of calls that becomes one function of loops."""

    def __init__(self, calls: list[Traced]) -> None:
        self.calls = calls
        self.nests: list[Nest] = []
        for s in calls:
            if self.nests and self.nests[-1].takes(s):
                self.nests[-1].calls.append(s)
            else:
                self.nests.append(Nest(loop_shape(s), s))


def kernels_of(steps: Sequence[Traced], pause: float) -> list[Kernel | Traced]:
    """The steps, with each run of calls for loops as one kernel.

    Transposes do not end a run; the place after the serial number `pause` does.
    """
    found: list[Kernel | Traced] = []
    run: list[Traced] = []
    for s in steps:
        # The check for NaN stands there, between the derivatives and the update that it may prevent.
        if run and run[-1].serial <= pause < s.serial:
            found += flush_run(run)
            run = []
        if is_in_kernel(s):
            run.append(s)
        elif is_turn(s):
            found.append(s)
        else:
            found += flush_run(run)
            found.append(s)
            run = []
    return found + flush_run(run)


def is_turn(s: Traced) -> bool:
    """Whether this is a transpose that loops see through, by exchanging the indices."""
    return s.function is np.transpose and source_of(s)[0] is not s


def flush_run(run: list[Traced]) -> list[Kernel | Traced]:
    """A run as a kernel; one call of NumPy costs no more than a kernel of its own."""
    return list(run) if len(run) < 2 else [Kernel(run)]


class Lines:
    """The statements of a nest, by where they stand.

    `before` and `after` are outside of all loops, `inner` is within the innermost one; `row` and `row_after`
    are before and after that one, once for each row.
    """

    def __init__(self) -> None:
        self.before: list[str] = []
        self.row: list[str] = []
        self.inner: list[str] = []
        self.row_after: list[str] = []
        self.after: list[str] = []

    def nest(self, axes: list[str], shape: tuple[int, ...]) -> list[str]:
        """All of them, with the loops."""
        loops = [f"for {axis} in range({n}):" for axis, n in zip(axes, shape, strict=True)]
        deepest = max(len(loops) - 1, 0)
        lines = [indent_line(line, depth) for depth, line in enumerate(loops[:deepest])]
        lines += [indent_line(line, deepest) for line in [*self.row, *loops[deepest:]]]
        lines += [indent_line(line, len(loops)) for line in self.inner]
        lines += [indent_line(line, deepest) for line in self.row_after]
        return [*self.before, *lines, *self.after]


def indent_line(line: str, depth: int) -> str:
    return "    " * depth + line


class LoopWriter(StepWriter):
    """Writes kernels and the function that calls them and NumPy."""

    def __init__(
        self,
        program: Program,
        parts: Sequence[Kernel | Traced],
        memory: Memory,
        names: Mapping[Traced, str],
        arguments: Sequence[Traced],
        fresh: Mapping[Traced, None],
        private: Sequence[Traced],
    ) -> None:
        super().__init__(program, memory, names, arguments)
        self.name_memory()
        self.fresh = fresh
        self.private: dict[Traced, tuple[str, int]] = {}
        self.share_out(private)
        self.nest = {
            s: nest for part in parts if isinstance(part, Kernel) for nest in part.nests for s in nest.calls
        }
        self.kernels: list[str] = []
        self.used: dict[str, tuple[int, ...]] = {}  # what the kernel takes, and its shape if anybody's
        self.body: list[str] = []

    def share_out(self, private: Sequence[Traced]) -> None:
        """Give each array that only one kernel uses a place in a large one; there is one for each dtype."""
        # So a kernel takes one argument for all of them: numba looks at each argument at each call.
        sizes: dict[str, int] = {}
        for s in private:
            work = f"work_{s.dtype.name}"
            self.private[s] = work, sizes.get(work, 0)
            sizes[work] = sizes.get(work, 0) + s.size
        self.arrays += [f"{work} = np.empty({n}, {dtype_text(work[5:])})" for work, n in sizes.items()]

    def is_inlined(self, s: Traced, following: Traced | None) -> bool:
        """As in any step; but views other than turned matrices have a name, by which a kernel takes them."""
        named = s.viewed is not None or s.function is np.transpose  # of nothing, which shares no memory
        return super().is_inlined(s, following) and (not named or is_turn(s))

    # Kernels

    def write_kernel(self, kernel: Kernel, wanted: set[Traced]) -> None:
        """The function of a kernel, and its call; numbers that are wanted outside are what it returns."""
        self.used, self.body = {}, []
        self.local: dict[Traced, str] = {}
        for nest in kernel.nests:
            self.write_nest(nest)
        # An array is written where its reader finds it; a number has no memory, so the function returns it.
        numbers = [s for s in kernel.calls if not s.shape and s in wanted]
        name, arguments = f"loops_{len(self.kernels) + 1}", ", ".join(self.used)
        head = ["@numba.njit(**OPTIONS)", f"def {name}({arguments}):"]
        returned = [f"    return {', '.join(self.local[s] for s in numbers)}"] if numbers else []
        self.kernels.append("\n".join([*head, *self.guards(), *self.body, *returned]))
        for s in kernel.calls:
            if s in self.fresh:
                self.add(f"{self.text[s][0]} = {empty_array(s)}", s)
        given = [self.text[s][0] if s in self.text else self.name(s, "t") for s in numbers]
        self.add(
            f"{', '.join(given)} = {name}({arguments})" if given else f"{name}({arguments})", kernel.calls[0]
        )

    def guards(self) -> list[str]:
        """The loops go as far as the shapes that they were written for: an array of another is not read."""
        wrong = [f"{name}.shape != {shape}" for name, shape in self.used.items() if shape]
        told = "an array has another shape than when this step was written"
        return [f"    if {' or '.join(wrong)}:", f'        raise ValueError("{told}")'] if wrong else []

    def write_nest(self, nest: Nest) -> None:
        """The loops of a nest."""
        self.current = nest
        if is_small_product(nest.calls[0]):
            self.write_product(nest.calls[0])
            return
        axes = [f"i{n}" for n in range(len(nest.shape))]
        lines = Lines()
        for s in nest.calls:
            if axis_of(s) is None:
                self.write_entry(s, axes, lines)
            elif axis_of(s) == "first":
                self.write_column(s, axes, lines)
            else:
                self.write_total(s, axes, lines)
        self.body += [f"    {line}" for line in lines.nest(axes, nest.shape)]

    def write_entry(self, s: Traced, axes: list[str], lines: Lines) -> None:
        """One entry of an elementwise call, stored where something else reads it."""
        # A local variable: most results are read in the same pass, and are then never stored.
        self.local[s] = f"v{len(self.local)}"
        lines.inner.append(f"{self.local[s]} = {self.formula(s, axes)}")
        if any(s in places for places in (self.memory.of, self.memory.targets, self.fresh, self.private)):
            lines.inner.append(f"{self.entry_at(s, axes)} = {self.local[s]}")

    def write_column(self, s: Traced, axes: list[str], lines: Lines) -> None:
        """A sum, mean or maximum over the first of two axes: all columns grow row by row."""
        # Down each column in turn would be one number that grows, but would read memory in large strides.
        place = self.entry_at(s, ["0", axes[-1]][2 - s.ndim :])
        rows, columns = s.args[0].shape
        lines.before += [f"for {axes[-1]} in range({columns}):", f"    {place} = {self.start(s)}"]
        lines.inner.append(self.grow_total(s, place, axes))
        if s.function is np.mean:
            share = f"    {place} /= {self.number(rows, s.dtype)}"
            lines.after += [f"for {axes[-1]} in range({columns}):", share]

    def write_total(self, s: Traced, axes: list[str], lines: Lines) -> None:
        """A sum, mean or maximum over the last axis or over all: a number that grows."""
        self.local[s] = total = f"r{len(self.local)}"
        whole = axis_of(s) == "all"
        first, last = (lines.before, lines.after) if whole else (lines.row, lines.row_after)
        first.append(f"{total} = {self.start(s)}")
        lines.inner.append(self.grow_total(s, total, axes))
        if s.function is np.mean:
            last.append(f"{total} = {total} / {self.number(s.args[0].size // s.size, s.dtype)}")
        if s.shape:
            place = ["0"] * s.ndim if whole else [axes[0], "0"][: s.ndim]
            last.append(f"{self.entry_at(s, place)} = {total}")

    def start(self, s: Traced) -> str:
        """What a sum or a maximum starts from."""
        return self.number(-np.inf if s.function == np.maximum.reduce else 0.0, s.dtype)

    def grow_total(self, s: Traced, total: str, axes: list[str]) -> str:
        """The statement that takes one entry into a sum or a maximum."""
        value = self.element(s.args[0], axes, s.dtype)
        largest = s.function == np.maximum.reduce
        return f"{total} = larger({total}, {value})" if largest else f"{total} += {value}"

    def write_product(self, s: Traced) -> None:
        """x @ y: along rows of y, or where y is turned along its columns."""
        # Either way the innermost loop runs along y as it lies in memory.
        (x, x_turned), (y, y_turned) = map(source_of, s.args)
        n, inner, m = s.shape[0], s.args[0].shape[1], s.shape[1]
        out, left = self.entry_at(s, ["i", "j"]), self.entry_at(x, ["k", "i"] if x_turned else ["i", "k"])
        zero = self.number(0.0, s.dtype)
        if y_turned or m == 1:
            right = self.entry_at(y, ["j", "k"] if y_turned else ["k", "j"])
            lines = [
                f"for i in range({n}):", f"    for j in range({m}):", f"        total = {zero}",
                f"        for k in range({inner}):", f"            total += {left} * {right}",
                f"        {out} = total",
            ]  # fmt: skip
        else:
            lines = [
                f"for i in range({n}):", f"    for j in range({m}):", f"        {out} = {zero}",
                f"    for k in range({inner}):", f"        w = {left}",
                f"        for j in range({m}):", f"            {out} += w * {self.entry_at(y, ['k', 'j'])}",
            ]  # fmt: skip
        self.body += [f"    {line}" for line in lines]

    # Elements

    def entry_at(self, x: Traced, index: list[str]) -> str:
        """An entry of an array: of an argument of the kernel, or of the memory that only this kernel uses."""
        if x not in self.private:
            name = self.read(x)
            self.used[name] = () if x in self.memory.of else x.shape
            return f"{name}[{', '.join(index)}]"
        work, start = self.private[x]
        self.used[work] = ()
        steps = [int(np.prod(x.shape[i + 1 :])) for i in range(x.ndim)]
        terms = [
            i if step == 1 else f"{i} * {step}" for i, step in zip(index, steps, strict=True) if i != "0"
        ]
        return f"{work}[{' + '.join([str(start), *terms])}]"

    def number(self, x: Any, dtype: Any) -> str:
        text = number_code(float(x))[0]
        return text if dtype == np.float64 else f"np.{np.dtype(dtype).name}({text})"

    def element(self, x: Any, axes: list[str], dtype: Any) -> str:
        """One entry of x as a number of `dtype`."""
        if isinstance(x, Traced) and x.fixed and is_uniform(x) and x.size:
            x = np.asarray(x.value).flat[0]
        if not isinstance(x, Traced):
            return ("True" if x else "False") if np.dtype(dtype).kind == "b" else self.number(x, dtype)
        # What this nest has just computed is in a variable, and so is every number of this kernel.
        text = (
            self.local[x]
            if x in self.local and (x.shape == () or self.is_in_nest(x))
            else self.entry(x, axes)
        )
        if x.dtype == dtype and (x.shape or x.function is not None):
            return text
        if x.dtype == bool:
            return f"({self.number(1, dtype)} if {text} else {self.number(0, dtype)})"
        return f"np.{np.dtype(dtype).name}({text})"

    def is_in_nest(self, x: Traced) -> bool:
        """Whether these loops have computed this entry of x; of a reduction, only part of it."""
        return self.nest.get(x) is self.current and axis_of(x) is None

    def entry(self, x: Traced, axes: list[str]) -> str:
        base, turned = source_of(x)
        if not x.shape:
            self.used[self.read(base)] = ()
            return self.read(base)
        own = axes[len(axes) - x.ndim :]  # broadcasting aligns the last axes
        index = ["0" if n == 1 else i for n, i in zip(x.shape, own, strict=True)]
        return self.entry_at(base, index[::-1] if turned else index)

    def formula(self, s: Traced, axes: list[str]) -> str:
        """An elementwise call as a formula."""
        if s.function is np.where:
            c, x, y = s.args
            condition = self.element(c, axes, bool)
            return f"({self.element(x, axes, s.dtype)} if {condition} else {self.element(y, axes, s.dtype)})"
        if s.function is k.cast_to:
            return self.element(s.args[0], axes, s.dtype)
        dtype = np.result_type(*map(values_of, s.args))
        if s.function in SMOOTH:
            given = ", ".join(self.element(x, axes, np.float64) for x in s.args)
            text = f"{SMOOTH[s.function]}({given})"
            return text if s.dtype == np.float64 else f"np.{s.dtype.name}({text})"
        if s.function is np.reciprocal:
            return f"({self.number(1, dtype)} / {self.element(s.args[0], axes, dtype)})"
        if s.function is np.power:
            return SIGNED[np.square].format(self.element(s.args[0], axes, dtype))
        return FORMULAS[s.function].format(*(self.element(x, axes, dtype) for x in s.args))


def write_loops(
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
    """The module, as `write_source` makes it, with loops for numba."""
    update = sections[-2].end if len(sections) > 1 else -1  # after it, the update begins
    parts = kernels_of(program.steps, update if finite else -1)
    returned = set(results)
    shared = results_outside(program, parts, [*results, *finite]) | set(finite)
    memory, private = memory_of(program, parts, targets, returned, shared)
    wanted = shared | returned | {new for _, new in pairs}
    made = (s for part in parts if isinstance(part, Kernel) for s in part.calls)
    fresh = dict.fromkeys(s for s in made if s in returned and s.shape)  # in order
    writer = LoopWriter(program, parts, memory, names, arguments, fresh, private)
    for s in fresh:
        if s not in writer.text:
            writer.name(s, "result")
    checked = not finite
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        first = part.calls[0] if isinstance(part, Kernel) else part
        if not checked and first.serial > update:
            writer.write_finite(finite)
            checked = True
        if isinstance(part, Kernel):
            writer.write_kernel(part, wanted)
        elif not (is_turn(first) and source_of(first)[0] in writer.private):
            writer.write_step(first, following if isinstance(following, Traced) else None)
    if not checked:
        writer.write_finite(finite)
    given_back = writer.settle_results(results, pairs)
    writer.add(f"return {', '.join(given_back)}")
    called = helper_functions(s.function for s in program.steps)
    functions = [OPTIONS, *called, *helpers_of("\n".join(writer.kernels)), *writer.kernels]
    return assemble_module(writer, tuple(map(writer.read, arguments)), about, ["import numba"], functions)


def helpers_of(text: str) -> list[str]:
    """The helpers that kernels call, and those which these call."""
    called = {name for name in HELPERS if re.search(rf"\b(?<!\.){name}\(", text)}
    called |= {inner for name in called for inner in NEEDS.get(name, [])}
    return [helper for name, helper in HELPERS.items() if name in called]


def results_outside(
    program: Program, parts: Sequence[Kernel | Traced], seen: Sequence[Traced]
) -> set[Traced]:
    """What another part reads than the one that makes it, so that it needs memory that both know.

    So does what is behind a transpose in `seen`, since whoever reads a transpose reads its memory.
    """
    home = {s: part for part in parts if isinstance(part, Kernel) for s in part.calls}
    found = {source_of(x)[0] for x in seen if is_turn(x)}
    for s in program.steps:
        for x in [] if is_turn(s) else symbols_in(s):
            base, _ = source_of(x)
            if home.get(base) is not home.get(s) or s not in home:
                found.add(base)
    return found


def memory_of(
    program: Program,
    parts: Sequence[Kernel | Traced],
    targets: Mapping[Traced, Traced],
    returned: set[Traced],
    shared: set[Traced],
) -> tuple[Memory, list[Traced]]:
    """A buffer for each array that several parts use, and the arrays that one kernel keeps to itself."""
    memory = Memory()
    private: list[Traced] = []
    nest = {s: n for part in parts if isinstance(part, Kernel) for n in part.nests for s in n.calls}
    stored = {
        base
        for s in program.steps
        for base, _ in map(source_of, symbols_in(s))
        if base in nest and (nest.get(s) is not nest[base] or is_whole(base))
    }
    last = last_uses(program)
    number = {s: i for i, s in enumerate(program.steps)}
    given = last_given(program, last, targets)
    for i, s in enumerate(program.steps):
        # A number needs no memory, and what the caller is given is made anew at each step.
        if not s.shape or s in returned:
            continue
        late = s in targets and s in nest and given < number[nest[s].calls[0]]
        if late and is_free(targets[s], s, nest[s], last.get(targets[s], i) <= i):
            memory.targets[s] = targets[s]
        elif s in targets or (s in nest and s in shared) or (s not in nest and has_out(s)):
            memory.of[s] = buffer = Buffer(s)
            memory.buffers.append(buffer)
        elif s in nest and (s in stored or is_whole(s)):
            private.append(s)
    return memory, private


def is_free(target: Traced, s: Traced, nest: Nest, last: bool) -> bool:
    """Whether loops may write `s` over `target`: nothing reads it later, and these loops entry by entry."""
    if is_whole(s) or not last:
        return False
    return all(
        (turned, x.shape) == (False, s.shape)
        for call in nest.calls
        for x in symbols_in(call)
        for base, turned in [source_of(x)]
        if base is target
    )


def is_whole(s: Traced) -> bool:
    """Whether the result is complete only after its loops."""
    return is_small_product(s) or axis_of(s) is not None
