"""The backward pass as one writes it on paper: a formula per line, in the lectures' convention.

dA and dZ leave out the 1/m, which dW and db have. The module needs NumPy alone and holds
`backward(parameters, X, Y)`, which `tinygraph check` accepts.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor
from tinygraph.errors import GraphError
from tinygraph.graph.derivation import Derivation, Statement
from tinygraph.graph.derivatives import checked_seed
from tinygraph.graph.naming import COSTS, GraphNames
from tinygraph.graph.reading import Quantity, read_graph
from tinygraph.graph.stand_ins import name_rest
from tinygraph.guards.stories import qualified_name
from tinygraph.notation.expressions import ATOM, NUMPY, Notation, Written, module_of
from tinygraph.notation.names import derivative_name
from tinygraph.notation.symbols import Symbol
from tinygraph.notation.tidy import number_of, tidy_formula
from tinygraph.plan.helpers import helper_functions
from tinygraph.plan.record import PRIMITIVE
from tinygraph.plan.source import python_name
from tinygraph.rules import kernels as k
from tinygraph.rules.nests import leaves, map_leaves

__all__ = ["plain_code_of"]

WIDTH, INDENT = 100, " " * 8
ABOUT = "The backward pass, written by tinygraph."
LECTURES = " As in the lectures, dA and dZ leave out the 1/m."
LONGEST_FORMULA = 60  # what is longer has a line of its own
DEAR = 16  # characters from which on what is computed twice has a line of its own
CHEAP = frozenset({np.transpose, np.broadcast_to, np.negative})  # calls that are rather written twice

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
    checked_seed(J, None)
    graph = read_graph([J])
    name_rest(graph)
    course = bool(graph.layers) or any(call.node.op.function in COSTS for call in graph.calls)
    derivation = PlainDerivation(graph, course, LONGEST_FORMULA)
    return PlainPage(derivation, [s for s in derivation.statements() if is_swept(derivation, s.of)]).module()


def used_statements(statements: Sequence[Statement], names: GraphNames) -> list[Statement]:
    """The statements without those for stand-ins that no other one reads."""
    used: set[str] = set()
    found = []
    for s in reversed(statements):
        if s.of.tensor in names or s.name in used:
            used |= names_read(s.right[0])
            found.append(s)
    return found[::-1]


def is_swept(derivation: Derivation, q: Quantity) -> bool:
    """Whether the sweep goes through this derivative, and not past it to the logits behind it."""
    return q in derivation.arrived


class PlainDerivation(Derivation):
    """A derivation in which what is too long for other formulas has a name, and so a line."""

    def is_long(self, q: Quantity, formula: Any) -> bool:
        """As of any derivation, and what is long then has a name for good."""
        if super().is_long(q, formula):
            q.name = self.label(q)
        return q.name is not None

    def total(self, q: Quantity) -> Any:
        """As of any derivation, but a number stands for itself where nobody gave a name."""
        found = super().total(q)
        formula = self.formulas.get(q)
        return found if q.tensor in self.graph.names or number_of(formula) is None else formula

    def derivative_label(self, q: Quantity) -> str:
        """dZ1, or dv7."""
        return derivative_name(self.label(q))


def expand_kernels(x: Any) -> Any:
    """An expression in which the kernels are written with NumPy's own functions."""
    return tidy_formula(map_leaves(expand_call, x))


def expand_call(x: Any) -> Any:
    """The call of a kernel as NumPy's calls behind it, and any other call with such arguments."""
    if not isinstance(x, Symbol) or x.function is None:
        return x
    args = map_leaves(expand_call, x.args)
    is_kernel = x.function in k.KERNELS and x.function not in PRIMITIVE
    if is_kernel and (made := x.function.__wrapped__(*args, **x.settings)) is not None:  # type: ignore[attr-defined]
        return made
    made = Symbol(x.shape, x.dtype)
    made.function, made.args, made.settings = x.function, args, x.settings
    return made


def parts_of(x: Any) -> Iterator[Symbol]:
    """The calls in an expression."""
    if isinstance(x, Symbol) and x.function is not None:
        yield x
        for part in leaves(x.args):
            yield from parts_of(part)


class PlainPage(Notation):
    """The text of a backward pass. What is computed in several places is T1, T2, ..."""

    def __init__(self, derivation: Derivation, statements: list[Statement]) -> None:
        graph = derivation.graph
        self.m = graph.m if derivation.course else None
        self.returned = [s.name for s in statements if s.of.tensor in graph.names]  # stand-ins are not
        self.of = {q.name: q for q in graph.quantities if q.name}
        self.leaves = [q for q in graph.quantities if q.call is None]
        self.backward = {s.name: expand_kernels(s.right[0]) for s in used_statements(statements, graph.names)}
        self.forward: dict[str, Any] = {}
        for x in self.backward.values():
            self.need(x, derivation)
        self.repeated = repeated_parts(self.formulas())
        self.short: dict[str, str] = {}
        self.arrays: dict[int, tuple[str, Any]] = {}
        self.lines: list[str] = []

    def formulas(self) -> list[Any]:
        """All formulas, the forward ones first."""
        return [*self.forward.values(), *self.backward.values()]

    def need(self, x: Any, derivation: Derivation) -> None:
        """Find the results of the forward pass that an expression reads, and those which these read."""
        stack = [x]
        while stack:
            for name in names_read(stack.pop()):
                q = self.of.get(name)
                if q is not None and q.call is not None and name not in self.forward:
                    self.forward[name] = expand_kernels(derivation.formula(q.call))
                    stack.append(self.forward[name])

    # The module

    def module(self) -> str:
        """Forward, then the derivatives in the order of the sweep."""
        # `of` has the names in the order of recording, `forward` in that in which they were needed.
        forward = self.statements({name: self.forward[name] for name in self.of if name in self.forward})
        backward = self.statements(self.backward)
        body = [f"    {line}".rstrip() for line in ("", *forward, "", *backward, "")]
        m = [f"    m = {self.count()}"] if self.m else []
        # The head last: the arrays that are arguments are found as the statements are written.
        function = [self.head(), *self.unpacking_lines(), *m, *body, *self.return_lines()]
        return "\n".join([*self.preamble(), "", "", *function, ""])

    def preamble(self) -> list[str]:
        """What stands above the function."""
        called = {part.function for x in self.formulas() for part in parts_of(x)}
        helpers = [line for text in helper_functions(called) for line in ("", "", *text.splitlines())]
        about = f'"""{ABOUT}{LECTURES if self.m else ""}"""'
        scatter = SCATTER.splitlines() if k.scatter in called else []
        return [about, "", "import numpy as np", *scatter, *helpers]

    def head(self) -> str:
        """The first line of the function, with all that it is given."""
        data = [python_name(q.name or "") for q in self.leaves if not q.wanted]
        arguments = ", ".join(["parameters", *data, *(name for name, _ in self.arrays.values())])
        return f"def backward({arguments}):"

    def return_lines(self) -> list[str]:
        """The lines that give the derivatives by name."""
        items = wrap_items(f'"{name}": {python_name(name)},' for name in self.returned)
        return ["    return {", *items, "    }"]

    def unpacking_lines(self) -> list[str]:
        """The line that takes the parameters out of their mapping."""
        names = [q.name or "" for q in self.leaves if q.wanted]
        own, named = ", ".join(map(python_name, names)), f'"{" ".join(names)}".split()'
        if len(names) == 1 or any(name.split() != [name] for name in names):  # a name may hold spaces
            own, named = f"{own},", repr(names)
        return [f"    {own} = (parameters[name] for name in {named})"]

    def count(self) -> str:
        """m as the length of an axis of the data."""
        for q in self.leaves:
            if not q.wanted and q.shape[-1:] == (self.m,):
                return f"{python_name(q.name or '')}.shape[{len(q.shape) - 1}]"
        return str(self.m)

    def statements(self, formulas: Mapping[str, Any]) -> list[str]:
        """A line for each formula, after those for what it repeats."""
        self.lines = []
        for name, x in formulas.items():
            # The whole by the class above: a formula that is repeated would be written as its own T1 here.
            self.lines.append(f"{python_name(name)} = {super().write(x)[0]}")
        return self.lines

    # How expressions are written

    def write(self, x: Any) -> Written:
        """A part that is repeated by its name, which a line before gives it."""
        text = NUMPY.text(x) if isinstance(x, Symbol) and x.function is not None else ""
        if text not in self.repeated:
            return super().write(x)
        if text not in self.short:
            line = super().write(x)[0]
            self.short[text] = f"T{len(self.short) + 1}"
            self.lines.append(f"{self.short[text]} = {line}")
        return self.short[text], ATOM

    def function_name(self, function: Any) -> str:
        if module_of(function).partition(".")[0] not in ("numpy", "tinygraph"):
            raise GraphError(
                f"{qualified_name(function)} is no function of NumPy, and this code needs NumPy alone: "
                "write it with NumPy's"
            )
        return super().function_name(function)

    def name(self, name: str) -> str:
        return name if name == "1" else python_name(name)

    def constant(self, x: Any) -> str:
        """An array, such as an index, is an argument of the function."""
        if not isinstance(x, np.ndarray) or not x.ndim:
            return super().constant(x.item() if isinstance(x, np.ndarray) else x)
        return self.arrays.setdefault(id(x), (f"constant{len(self.arrays) + 1}", x))[0]


def repeated_parts(formulas: Iterable[Any]) -> set[str]:
    """The texts of the calls that are computed in several places, and worth a line of their own."""
    count = Counter(NUMPY.text(part) for x in formulas for part in parts_of(x) if is_dear(part))
    return {text for text, times in count.items() if times > 1}


def is_dear(x: Symbol) -> bool:
    """Whether a call is worth a line of its own if it occurs again."""
    return x.function not in CHEAP and len(NUMPY.text(x)) >= DEAR


def names_read(x: Any) -> set[str]:
    """The names in an expression, also in its settings."""
    if not isinstance(x, Symbol):
        return set()
    if x.function is None:
        return {x.name}
    return {name for part in leaves((x.args, x.settings)) for name in names_read(part)}


def wrap_items(items: Iterable[str]) -> list[str]:
    """Items side by side, as many as fit on a line."""
    # textwrap breaks at spaces, and those within an item are none.
    joined = " ".join(item.replace(" ", "\0") for item in items)
    lines = textwrap.wrap(joined, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return [line.replace("\0", " ") for line in lines]
