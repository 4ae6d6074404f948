"""The backward pass as one writes it on paper: a formula per line, in the lectures' convention.

dA and dZ leave out the 1/m, which dW and db have. The module needs NumPy alone and holds
`backward(parameters, X, Y)`, which `tinygraph check` accepts.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import numpy as np

from tinygraph.engine.sweep import recorded_order, reverse_sweep
from tinygraph.engine.tensor import Tensor
from tinygraph.graph.derivatives import checked_seed
from tinygraph.graph.layers import carries_m, examples_of, sweep_order
from tinygraph.graph.naming import name_graph
from tinygraph.notation.expressions import Expression
from tinygraph.notation.names import derivative_name
from tinygraph.plan.graph import retraced
from tinygraph.plan.program import Program, simplify_program, symbols_in
from tinygraph.plan.record import Tape, Traced, settle_arrays
from tinygraph.plan.source import is_uniform, python_name
from tinygraph.rules import kernels as k

__all__ = ["plain_code_of"]

WIDTH, INDENT = 100, " " * 8
ABOUT = "The backward pass, written by tinygraph. As in the lectures, dA and dZ leave out the 1/m."

SCATTER = '''

def scatter(x, shape, index):
    """Zeros with x added at index."""
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out
'''


def plain_code_of(J: Tensor) -> str:
    """The backward pass of a recorded graph as a module with a function `backward(parameters, X, Y)`.

    Raises:
        GraphError: J was not made from a parameter.

    >>> import tinygraph as tg
    >>> W1, b1 = tg.parameter([[1.0, 2.0]], name="W1"), tg.parameter([[0.0]], name="b1")
    >>> A1 = tg.sigmoid(W1 @ tg.tensor(np.ones((2, 3)), name="X") + b1)
    >>> text = plain_code_of(tg.binary_cross_entropy(A1, tg.tensor(np.ones((1, 3)), name="Y")))
    >>> print(*text.splitlines()[12:15], sep="\\n")
        dZ1 = A1 - Y
        dW1 = dZ1 @ X.T / m
        db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    """
    tape = Tape()
    seed = checked_seed(J, None)
    output, data, parameters = retraced(J, tape)
    order = recorded_order(output)
    names = name_graph(order, [output])
    m = Traced(examples_of(order), tape, "m")
    start = Traced(seed * m.value, tape)
    start.fixed = True
    swept, _ = reverse_sweep(output, start)
    derivatives: dict[str, Traced] = {}
    for t in sweep_order(order, names):
        if t in swept and t is not output:
            dt = settle_arrays(swept[t])
            derivatives[derivative_name(names[t])] = dt if carries_m(t, names[t]) else dt / m
    values = {t.value: names[t] for t in order if t in names}
    program, became = simplify_program(derivatives.values(), [], keep=True)
    wished = {became[s]: name for s, name in values.items() if s in became}
    wished |= {became[s]: name for name, s in derivatives.items()}
    return Page(program, wished, [names[p] for p in parameters], data, m).text(
        {name: became[s] for name, s in derivatives.items()}
    )


def wrapped(items: Iterable[str]) -> list[str]:
    """Items side by side, as many as fit on a line."""
    joined = " ".join(item.replace(" ", "\0") for item in items)
    lines = textwrap.wrap(joined, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return [line.replace("\0", " ") for line in lines]


class Page:
    """The text of a backward pass."""

    def __init__(
        self,
        program: Program,
        names: dict[Traced, str],
        parameters: list[str],
        data: list[Traced],
        m: Traced,
    ) -> None:
        self.program = program
        self.parameters = parameters
        self.data = data
        self.names = {s: python_name(name) for s, name in names.items()}
        self.m = m
        self.scatters = False
        self.written_down: set[Traced] = set()
        uses = Counter(x for s in program.steps for x in symbols_in(s))
        repeated = [
            s for s in program.steps if uses[s] > 1 and s not in names and s.function is not np.transpose
        ]
        self.names |= {s: f"T{i}" for i, s in enumerate(repeated, start=1)}

    def text(self, derivatives: dict[str, Traced]) -> str:
        """The module: forward, then the derivatives in the order of the sweep."""
        forward = self.statements(s for s in self.names if s not in set(derivatives.values()))
        backward = self.statements(derivatives.values())
        arguments = ["parameters", *(python_name(x.name) for x in self.data)]
        own = ", ".join(map(python_name, self.parameters))
        taken = f'(parameters[name] for name in "{" ".join(self.parameters)}".split())'
        if len(self.parameters) == 1 or any(name.split() != [name] for name in self.parameters):
            own, taken = f"{own},", f"(parameters[name] for name in {self.parameters!r})"
        lines = [
            f"    {own} = {taken}",
            f"    m = {self.count()}",
            *("", *forward, "", *backward, ""),
            "    return {",
            *wrapped(f'"{name}": {self.names[s]},' for name, s in derivatives.items()),
            "    }",
        ]
        head = [f'"""{ABOUT}"""', "", "import numpy as np", *(SCATTER.splitlines() if self.scatters else [])]
        return "\n".join([*head, "", "", f"def backward({', '.join(arguments)}):", *lines, ""])

    def statements(self, wanted: Iterable[Traced]) -> list[str]:
        """A line for each of these that has none yet, after those for what it is made from."""
        lines = []
        for s in wanted:
            for x in sorted(self.made_from(s), key=attrgetter("serial")):
                self.written_down.add(x)
                lines.append(f"    {self.names[x]} = {self.formula(x)}")
        return lines

    def made_from(self, s: Traced) -> set[Traced]:
        """What has a name and no line yet among s and all that it is made from."""
        found, stack = set(), [s]
        while stack:
            x = stack.pop()
            if x.function is not None and x not in self.written_down and x not in found:
                found.add(x)
                stack += symbols_in(x)
        return {x for x in found if x in self.names}

    def count(self) -> str:
        """m as the length of an axis of the data."""
        for x in self.data:
            if x.shape[-1:] == (self.m.value,):
                return f"{python_name(x.name)}.shape[{x.ndim - 1}]"
        return str(self.m.value)

    def formula(self, s: Traced) -> str:
        """What is right of the equals sign."""
        return str(self.written(s, top=True))

    def written(self, x: Any, top: bool = False) -> Any:
        """The expression of a symbol, in which everything that has a name is its name."""
        if isinstance(x, tuple | list):
            return type(x)([self.written(inner) for inner in x])
        if not isinstance(x, Traced):
            return x
        if x.fixed and not x.shape:
            return np.asarray(x.value)[()]
        if x.fixed and is_uniform(x) and x.size:
            made = Expression()
            made.function, made.args = np.full, (x.shape, x.value.flat[0])
            return made
        if x.function is None:
            return Expression(python_name(x.name))
        if x in self.names and not top:
            return Expression(self.names[x])
        made = Expression()
        made.function, made.args, made.settings = x.function, self.written(x.args), x.settings
        return self.as_on_paper(made)

    def as_on_paper(self, x: Expression) -> Expression:
        """The call in the form that a person would write."""
        axis = x.settings.get("axis")
        if isinstance(axis, tuple) and len(axis) == 1:
            x.settings = x.settings | {"axis": axis[0]}
        if axis is None and isinstance(getattr(x.function, "__self__", None), np.ufunc):
            x.settings = {key: value for key, value in x.settings.items() if key != "axis"}
        if x.function is np.reciprocal:
            x.function, x.args = np.divide, (1, *x.args)
        if x.function is k.cast_to:
            x.function = np.asarray
        if x.function is k.scatter:
            self.scatters = True
        return x
