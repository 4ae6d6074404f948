"""All that one could change in one place of a function: candidates for the repair of a mistake.

A mistake of a person is small in their own words: a name for another, an axis, a factor that is missing. So a
repair is looked for in the syntax tree of their own function, by undoing such slips one after the other.
"""

from __future__ import annotations

import ast
import copy
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from tinygraph.debugger.claims import RATE
from tinygraph.debugger.program import Definition, Function

__all__ = ["Insertion", "Replacement", "Rewrite", "Scope", "Swap", "rewrites_of"]

OTHER_OPERATORS: dict[type[ast.operator], list[type[ast.operator]]] = {
    ast.Add: [ast.Sub, ast.Mult],
    ast.Sub: [ast.Add, ast.Mult],
    ast.Mult: [ast.Div, ast.MatMult, ast.Add, ast.Sub, ast.Pow],
    ast.Div: [ast.Mult, ast.Sub, ast.FloorDiv],
    ast.MatMult: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.FloorDiv],
}
OTHER_COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Gt: [ast.Lt, ast.GtE, ast.LtE],
    ast.Lt: [ast.Gt, ast.LtE, ast.GtE],
    ast.GtE: [ast.Gt, ast.LtE, ast.Lt],
    ast.LtE: [ast.Lt, ast.GtE, ast.Gt],
    ast.Eq: [ast.NotEq, ast.Gt, ast.Lt],
    ast.NotEq: [ast.Eq],
}
SIBLINGS = [
    {"sum", "mean", "max", "min", "prod"},
    {"zeros_like", "ones_like"},
    {"zeros", "ones"},
    {"exp", "log", "tanh", "sqrt", "square", "abs", "sign"},
    {"sin", "cos", "sinh", "cosh", "tanh"},
    {"dot", "matmul", "multiply", "outer", "inner"},
    {"maximum", "minimum"},
    {"add", "subtract", "multiply", "divide"},
    {"argmax", "argmin"},
    {"hstack", "vstack", "concatenate"},
    {"repeat", "tile"},
]
REDUCTION_NAMES = {"sum", "mean", "max", "min", "prod", "std", "var", "argmax", "argmin"}
PENALTY_NAME = re.compile(r"lam|reg|l2|decay|alpha|beta|mu|penal|weight_", re.I)
COUNT = re.compile(r"^(m|n|N|M|B|bs|batch\w*|n_?samples|num_\w+|count|examples|size|keep\w*|p|scale|lr)$")
MOST_NUMBERS = 6
MOST_OPERANDS = 5
FEW = 1.3  # the turn of changes of whole statements
CONSTANTS = (0, 1, -1, 2, 0.5)
ADDITIONS = ("a factor", "a missing term", "a missing sum", "a missing statement", "a sign", "an exponent")
FAR_FETCHED = 0.8  # more than what stands there in another way


@dataclass(frozen=True, eq=False)
class Rewrite:
    """One change: in place of `old`, which has a place in the file, stands `new` (nothing, if None).

    `kind` says what sort of slip it would undo; `cost` how far-fetched it is; `turn` when it is tried.
    """

    function: Function
    kind: str
    old: ast.AST
    new: ast.AST | None
    parent: ast.AST
    field: str
    index: int | None
    cost: float
    more: tuple[Any, ...] = ()

    @property
    def at(self) -> int:
        """The place in a list of statements."""
        assert self.index is not None
        return self.index

    @property
    def turn(self) -> float:
        """When it is tried: of the far-fetched those soon of which there are few."""
        if self.kind == "an order":
            return min(self.cost, FEW)
        return (
            min(self.cost, FEW)
            if isinstance(self.old, ast.stmt) and not isinstance(self, Insertion)
            else self.cost
        )

    @property
    def strangeness(self) -> float:
        """Its cost, with what it adds: of two that mend, what was written otherwise is likelier than what was
        left out, where something was made than where it is returned, and what stands elsewhere too."""
        adds = self.kind in ADDITIONS and not isinstance(self.old, ast.UnaryOp)
        usual = isinstance(self.new, ast.BinOp | ast.Call) and ast.unparse(self.new) in self.function.text
        return (
            self.cost
            + FAR_FETCHED * adds
            + 0.3 * (adds and isinstance(self.parent, ast.Return))
            - 0.3 * usual
        )

    def apply(self) -> None:
        """Make the change in the tree."""
        if self.new is not None and not hasattr(self.new, "placed"):
            if not hasattr(self.new, "lineno"):
                ast.copy_location(self.new, self.old)
            ast.fix_missing_locations(self.new)
            self.new.placed = True  # type: ignore[attr-defined]
        self.put(self.new)

    def put(self, node: ast.AST | None) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            holder = getattr(self.parent, self.field)
            holder[self.index] = node if node is not None else ast.copy_location(ast.Pass(), self.old)

    def undo(self) -> None:
        """Put back what was there."""
        if self.index is None:
            setattr(self.parent, self.field, self.old)
        else:
            getattr(self.parent, self.field)[self.index] = self.old


@dataclass
class Scope:
    """What is known of a function when it ran: its lines, and what its names held.

    `kinds` has for each name "array" with its dimensions, "number" or "other"; `keys` the keys of dicts and
    attributes of objects; `functions` the names of the file's own functions; `orders` in which orders names
    stand together elsewhere, as in a cache; `turns` how axes are transposed in the file, and back; `depths`
    how many dimensions an array has at the beginning and at the end; `counts` the numbers that an object
    keeps, `labels` arrays of whole numbers.
    """

    lines: set[int] = field(default_factory=set)
    values: dict[str, Any] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    orders: frozenset[tuple[str, ...]] = frozenset()
    turns: tuple[tuple[int, ...], ...] = ()
    depths: dict[str, set[int]] = field(default_factory=dict)
    counts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    def kind(self, name: str) -> str:
        value = self.values.get(name)
        if isinstance(value, np.ndarray):
            return f"array {value.ndim}" if value.ndim else "number"
        if isinstance(value, bool):
            return "other"
        if isinstance(value, int | float | np.generic):
            return "number"
        return "other"

    def names_of_kind(self, *kinds: str) -> list[str]:
        return [n for n in self.values if self.kind(n).split()[0] in kinds and n.isidentifier()]


def rewrites_of(function: Function, scope: Scope, far: bool = False) -> Iterator[Rewrite]:
    """The changes of a function's statements that ran: those close at hand, or those that add something."""
    maker = RewriteMaker(function, scope, far)
    for body in list(bodies_in(function.node)):
        for i, statement in enumerate(list(body[1])):
            if lines_of(statement) & scope.lines:
                yield from maker.of_statement(body[0], body[2], body[1], i)


def lines_of(statement: ast.stmt) -> set[int]:
    return set(range(statement.lineno, head_end(statement) + 1))


def head_end(statement: ast.stmt) -> int:
    """The last line of a statement without those within it."""
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body:
        return max(statement.lineno, int(body[0].lineno) - 1)
    return statement.end_lineno or statement.lineno


def bodies_in(node: ast.AST) -> Iterator[tuple[ast.AST, list[ast.stmt], str]]:
    """The lists of statements in a function."""
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
            yield node, body, name
            for statement in body:
                yield from bodies_in(statement)


class RewriteMaker:
    """Makes the changes of one function."""

    def __init__(self, function: Function, scope: Scope, far: bool) -> None:
        self.function = function
        self.scope = scope
        self.far = far
        self.used = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
        self.made = {
            n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        self.loads = [
            n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        ]
        self.attributes = sorted(
            {*attributes_in(function.node), *(k for k in scope.keys if k.startswith("self."))}
        )
        self.strings = list(
            dict.fromkeys([*strings_in(function.node), *(k for k in scope.keys if "." not in k)])
        )
        self.numbers = numbers_like(function.node, scope)
        self.attributes_read = sorted(attributes_in(function.node))
        self.divisors = divisors_in(function.node, scope)
        self.reductions = reductions_in(function.node)
        self.idle = [n for n in function.parameters if is_idle(n, function.node)]

    def change(
        self,
        kind: str,
        old: ast.AST,
        new: ast.AST | None,
        place: tuple[ast.AST, str, int | None],
        cost: float,
    ) -> Rewrite:
        return Rewrite(self.function, kind, old, new, *place, cost)

    # Statements

    def of_statement(self, parent: ast.AST, name: str, body: list[ast.stmt], i: int) -> Iterator[Rewrite]:
        statement, place = body[i], (parent, name, i)
        if isinstance(statement, Definition | ast.ClassDef):
            return
        top = isinstance(statement, ast.Assign | ast.AugAssign | ast.Return)
        for child, at in expressions_of(statement):
            yield from self.inside(child, at, top)
        if self.far:
            if isinstance(statement, ast.Return) or i + 1 == len(body):
                yield from self.last_touches(body, i, place)
            yield from self.insertions(body, i, place)
            return
        yield from self.assignments(statement, place)
        yield from self.orders(statement, place)
        yield from self.neighbours(parent, name, body, i)
        yield from self.moves(statement, body, i, place)
        if not isinstance(statement, ast.Return) and len(body) > 1:
            yield self.change("a statement too many", statement, None, place, 6)

    def assignments(self, statement: ast.stmt, place: tuple[ast.AST, str, int | None]) -> Iterator[Rewrite]:
        """= for += and the reverse, another operator, another target."""
        if isinstance(statement, ast.AugAssign):
            plain = ast.Assign([statement.target], statement.value)
            yield self.change("an operator", statement, plain, place, 1.5)
            for op in (ast.Add, ast.Sub, ast.Mult, ast.Div):
                if not isinstance(statement.op, op):
                    yield self.change(
                        "an operator",
                        statement,
                        ast.AugAssign(statement.target, op(), statement.value),
                        place,
                        2,
                    )
        if isinstance(statement, ast.Assign) and isinstance(
            statement.targets[0], ast.Name | ast.Subscript | ast.Attribute
        ):
            for op in (ast.Add, ast.Sub, ast.Mult):
                new = ast.AugAssign(statement.targets[0], op(), statement.value)
                yield self.change("an operator", statement, new, place, 3)

    def orders(self, statement: ast.stmt, place: tuple[ast.AST, str, int | None]) -> Iterator[Rewrite]:
        """Two results, two targets or two entries exchanged."""
        nodes = [statement.value] if isinstance(statement, ast.Return) else []
        if isinstance(statement, ast.Assign):
            nodes = [statement.targets[0], statement.value]
        for node in nodes:
            field_name = {ast.Tuple: "elts", ast.List: "elts", ast.Dict: "values"}.get(type(node))
            if node is not None and field_name is not None:
                where = field_of(statement, node)
                for elements in exchanged_pairs(getattr(node, field_name)):
                    new = copy.copy(node)
                    setattr(new, field_name, elements)
                    usual = tuple(ast.unparse(e) for e in elements) in self.scope.orders
                    yield self.change("an order", node, new, (statement, *where), 0.4 if usual else 2)

    def neighbours(self, parent: ast.AST, name: str, body: list[ast.stmt], i: int) -> Iterator[Rewrite]:
        """This statement after the next."""
        if (
            i + 1 < len(body)
            and not isinstance(body[i + 1], ast.Return)
            and simple(body[i])
            and simple(body[i + 1])
        ):
            first, second = body[i], body[i + 1]
            yield Swap(self.function, "an order of statements", first, second, parent, name, i, 3, body)  # type: ignore[arg-type]

    def insertions(
        self, body: list[ast.stmt], i: int, place: tuple[ast.AST, str, int | None]
    ) -> Iterator[Rewrite]:
        """A statement after this one: what is assigned here, changed by what stands in the function."""
        statement = body[i]
        target = (
            statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        )
        if not isinstance(target, ast.Name | ast.Subscript | ast.Attribute) or isinstance(statement, ast.For):
            return
        for code in [*self.likenesses(statement, target), *self.additions(ast.unparse(target))]:
            new = parsed_statement(code, statement)
            if new is not None:
                yield Insertion(self.function, "a missing statement", statement, new, *place, 5)

    def likenesses(self, statement: ast.stmt, target: ast.expr) -> Iterator[str]:
        """The same statement of another name that the function makes: dW += grads["dW"] of db."""
        if not isinstance(target, ast.Name):
            return
        old = re.compile(rf"\b{target.id}\b")
        text, whole = ast.unparse(statement), ast.unparse(self.function.node)
        for other in sorted(self.made - {target.id}):
            code = old.sub(other, text)
            if len(old.findall(text)) > 1 and code not in whole:
                yield code

    def last_touches(
        self, body: list[ast.stmt], i: int, place: tuple[ast.AST, str, int | None]
    ) -> Iterator[Rewrite]:
        """A statement at the end: what is returned, or left in an object, divided or added to."""
        last = body[i] if not isinstance(body[i], ast.Return) else body[i - 1]
        index = i if last is body[i] else i - 1
        at = (place[0], place[1], index)
        if index < 0:
            return
        for target in self.results():
            for code in self.touches(target):
                new = parsed_statement(code, last)
                if new is not None:
                    penalty = PENALTY_NAME.search(code) and " += " in code  # often forgotten
                    yield Insertion(
                        self.function, "a missing statement", last, new, *at, 2.2 if penalty else 4
                    )

    def results(self) -> list[str]:
        """What a function gives, as it calls it: the names returned, entries of dicts, attributes."""
        found = []
        for node in ast.walk(self.function.node):
            if isinstance(node, ast.Return) and node.value is not None:
                parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                found += [
                    p.id
                    for p in parts
                    if isinstance(p, ast.Name) and self.scope.kind(p.id).startswith("array")
                ]
            if isinstance(node, ast.Assign | ast.AugAssign):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                found += [ast.unparse(p) for p in parts if isinstance(p, ast.Attribute) or has_text_key(p)]
        return list(dict.fromkeys(found))

    def touches(self, target: str) -> Iterator[str]:
        numbers = [*self.scope.names_of_kind("number"), *(ast.unparse(x) for x in self.numbers)]
        for s in numbers[:10]:
            yield f"{target} /= {s}"
            yield f"{target} *= {s}"
        entries = [ast.unparse(n) for n in ast.walk(self.function.node) if has_text_key(n)]
        for n in [*self.scope.names_of_kind("array"), *self.attributes, *dict.fromkeys(entries)]:
            yield f"{target} *= {n}"
            for s in self.penalties():
                yield f"{target} += {s} * {n}"

    def moves(
        self, statement: ast.stmt, body: list[ast.stmt], i: int, place: tuple[ast.AST, str, int | None]
    ) -> Iterator[Rewrite]:
        """The last statement of a loop behind it, or the one behind it into the loop."""
        if not isinstance(statement, ast.For | ast.While):
            return
        if isinstance(statement, ast.For) and not isinstance(statement.iter, ast.Call):
            back = ast.Subscript(statement.iter, ast.Slice(None, None, number_node(-1)), ast.Load())
            yield self.change("a direction", statement.iter, back, (statement, "iter", None), 1.5)
        if len(statement.body) > 1:
            shorter = copy.copy(statement)
            shorter.body = statement.body[:-1]
            yield Replacement(
                self.function, "a loop", statement, shorter, *place, 4, ((statement.body[-1], "out"),)
            )
        if i + 1 < len(body) and simple(body[i + 1]):
            longer = copy.copy(statement)
            longer.body = [*statement.body, body[i + 1]]
            yield Replacement(self.function, "a loop", statement, longer, *place, 4, ((body[i + 1], "in"),))

    def additions(self, target: str) -> Iterator[str]:
        for subscript in subscripts_in(self.function.node):
            yield f"{target}[{subscript}] -= 1"
            yield f"{target}[{subscript}] = 0"
            yield f"{target}[{subscript}] += 1"
        for n in self.scope.labels:
            yield f"{target}[np.arange(len({n})), {n}] -= 1"
        for mask in masks_in(self.function.node, self.scope):
            yield f"{target}[{mask}] = 0"

    # Expressions

    def inside(
        self, node: ast.expr, place: tuple[ast.AST, str, int | None], top: bool = False
    ) -> Iterator[Rewrite]:
        """The changes of an expression and of all within it."""
        yield from self.of_expression(node, place, top)
        for child, at in expressions_of(node):
            yield from self.inside(child, at)

    def of_expression(
        self, node: ast.expr, place: tuple[ast.AST, str, int | None], top: bool
    ) -> Iterator[Rewrite]:
        if not self.far and isinstance(node, ast.BinOp | ast.Call):
            yield from self.names_throughout(node, place)
        for kind, new, cost in self.expressions_for(node, place[0], top):
            yield self.change(kind, node, new, place, cost)

    def expressions_for(
        self, node: ast.expr, parent: ast.AST, top: bool
    ) -> Iterator[tuple[str, ast.expr, float]]:
        """What may stand in place of an expression; what is indexed stays what it is, up to its name."""
        if isinstance(parent, ast.Slice):
            return iter(()) if self.far else chain(self.replacements(node), self.bounds(node))
        if not isinstance(parent, ast.Subscript | ast.Attribute) or self.is_acted_on(node, parent):
            return self.far_additions(node, top) if self.far else self.near_changes(node, top)
        return iter(()) if self.far else self.replacements(node)

    def bounds(self, node: ast.expr) -> Iterator[tuple[str, ast.expr, float]]:
        """The end of a slice, farther on."""
        for n in self.scope.names_of_kind("number"):
            if n in self.loads:
                yield "an index", ast.BinOp(node, ast.Add(), name(n)), 1.2

    def is_acted_on(self, node: ast.expr, parent: ast.AST) -> bool:
        """Whether it is an array of which an attribute is taken, as in x.T or x.sum()."""
        known = not isinstance(node, ast.Name) or self.scope.kind(node.id).startswith("array")
        return known and isinstance(parent, ast.Attribute) and isinstance(parent.ctx, ast.Load)

    def names_throughout(self, node: ast.expr, place: tuple[ast.AST, str, int | None]) -> Iterator[Rewrite]:
        """A name that stands several times in an expression, exchanged everywhere in it."""
        loads = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        for old in {n for n in loads if loads.count(n) > 1 and self.scope.kind(n).startswith("array")}:
            for other in [*self.scope.names_of_kind("array"), *self.attributes]:
                if other != old:
                    yield self.change("a name", node, rename_in(node, old, other), place, 1.6)

    def near_changes(self, node: ast.expr, top: bool) -> Iterator[tuple[str, ast.expr, float]]:
        yield from self.replacements(node)
        if is_value(node):
            yield from self.wrappings(node, top)

    def replacements(self, node: ast.expr) -> Iterator[tuple[str, ast.expr, float]]:
        match node:
            case ast.Name(ctx=ast.Load()):
                yield from self.of_name(node)
            case ast.Constant():
                yield from self.of_constant(node)
            case ast.Attribute(ctx=ast.Load()):
                yield from self.of_attribute(node)
            case ast.BinOp():
                yield from self.of_operation(node)
            case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert()):
                yield "a sign" if isinstance(node.op, ast.USub) else "a condition", node.operand, 1
            case ast.Compare(ops=[op], comparators=[right]):
                yield from of_comparison(node.left, op, right)
            case ast.Call():
                yield from self.of_call(node)
            case ast.Subscript(ctx=ast.Load()):
                yield from self.of_subscript(node)
            case ast.IfExp():
                yield "a condition", ast.IfExp(node.test, node.orelse, node.body), 2

    def of_name(self, node: ast.Name) -> Iterator[tuple[str, ast.expr, float]]:
        kind = self.scope.kind(node.id)
        if node.id in self.scope.functions:
            for other in self.scope.functions:
                if other != node.id:
                    yield "a function", name(other), 2
            return
        sort = kind.split()[0]
        for other in self.scope.names_of_kind(sort) if sort != "other" else []:
            if other != node.id:
                yield "a name", name(other), self.name_cost(node.id, other)
        if sort == "array":
            for attribute in self.attributes:
                yield "a name", parse_expression(attribute), 2
        yield from self.turned(node, kind)
        if sort == "number":
            one = ast.Constant(1)
            yield "an index", ast.BinOp(node, ast.Add(), one), 2
            yield "an index", ast.BinOp(node, ast.Sub(), one), 2

    def turned(self, node: ast.Name, kind: str) -> Iterator[tuple[str, ast.expr, float]]:
        """An array with its axes in another order."""
        if kind == "array 2":
            yield "a transpose", ast.Attribute(node, "T", ast.Load()), 1.3
        for axes in self.scope.turns:
            if len(axes) in self.scope.depths.get(node.id, ()):
                yield "a transpose", parse_expression(f"{node.id}.transpose{axes}"), 1.8

    def name_cost(self, old: str, new: str) -> float:
        """Names that look alike are mistaken for one another; one that is otherwise unused was meant."""
        alike = old.rstrip("0123456789") == new.rstrip("0123456789") or old[0] == new[0]
        return 1.5 - 0.5 * alike - 0.4 * (new not in self.loads)

    def of_constant(self, node: ast.Constant) -> Iterator[tuple[str, ast.expr, float]]:
        value = node.value
        if isinstance(value, bool):
            yield "a setting", ast.Constant(not value), 1
        elif isinstance(value, str):
            for key in self.strings:
                if key != value:
                    yield "a key", ast.Constant(key), 1.5
        elif isinstance(value, int | float):
            for other in dict.fromkeys([*CONSTANTS, value + 1, value - 1, 2 * value, value / 2]):
                if other != value:
                    yield "a constant", number_node(other), 1.2
            for number in self.numbers:
                yield "a constant", number, 2
            for n in self.scope.names_of_kind("array") if value == 1 else ():
                yield "a missing term", parse_expression(f"1 - {n}"), 1.8

    def of_attribute(self, node: ast.Attribute) -> Iterator[tuple[str, ast.expr, float]]:
        text = ast.unparse(node)
        if node.attr == "T":
            yield "a transpose", node.value, 1
            return
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            for other in self.attributes:
                if other != text:
                    yield "an attribute", parse_expression(other), 1.2
            for other in self.scope.names_of_kind("array"):
                yield "a name", name(other), 1.8
            yield "a transpose", ast.Attribute(node, "T", ast.Load()), 1
        for group in SIBLINGS:
            if node.attr in group:
                for other in sorted(group - {node.attr}):
                    yield "a function", ast.Attribute(node.value, other, ast.Load()), 1.5

    def of_operation(self, node: ast.BinOp) -> Iterator[tuple[str, ast.expr, float]]:
        for other in OTHER_OPERATORS.get(type(node.op), []):
            yield "an operator", ast.BinOp(node.left, other(), node.right), 1
        if not isinstance(node.op, ast.Add | ast.Mult):
            yield "an order", ast.BinOp(node.right, node.op, node.left), 1.1
        yield "a term or factor too many", node.left, 0.9 if isinstance(node.right, ast.Constant) else 1.2
        yield "a term or factor too many", node.right, 0.9 if isinstance(node.left, ast.Constant) else 1.5
        if isinstance(node.op, ast.Div):
            yield "a factor", ast.BinOp(node.left, ast.Mult(), node.right), 1.5
        yield from self.brackets(node)

    def brackets(self, node: ast.BinOp) -> Iterator[tuple[str, ast.expr, float]]:
        """The same operands and operators in other brackets."""
        operands, operators = infix_of(node)
        if 2 < len(operands) <= MOST_OPERANDS:
            for new in trees_of(operands, operators):
                if ast.dump(new) != ast.dump(node):
                    yield "brackets", new, 1.5

    def of_call(self, node: ast.Call) -> Iterator[tuple[str, ast.expr, float]]:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in REDUCTION_NAMES:
            yield from self.of_reduction(node)
        if called in ("transpose", "reshape"):
            yield from self.of_shape(node, called)
        if len(node.args) == 2:
            yield "an order", ast.Call(node.func, node.args[::-1], node.keywords), 1.5
        if len(node.args) == 1 and not node.keywords:
            yield "a function too many", node.args[0], 1.5
        if called in ("dot", "matmul"):
            yield from of_product(node)
        if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name | ast.Attribute):
            yield "a function too many", node.func.value, 2
        if called == "range":
            yield from self.of_range(node)
        for i in range(len(node.keywords) if called not in REDUCTION_NAMES else 0):
            rest = node.keywords[:i] + node.keywords[i + 1 :]
            yield "a setting", ast.Call(node.func, node.args, rest), 3

    def of_shape(self, node: ast.Call, called: str) -> Iterator[tuple[str, ast.expr, float]]:
        """Axes in another order."""
        for axes in self.scope.turns if called == "transpose" else ():
            if len(axes) == len(node.args):
                yield "a transpose", ast.Call(node.func, [number_node(a) for a in axes], []), 1.2
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if called == "reshape" and isinstance(inner, ast.Name) and inner.id != "np":
            yield "a transpose", ast.Attribute(inner, "T", ast.Load()), 1

    def of_reduction(self, node: ast.Call) -> Iterator[tuple[str, ast.expr, float]]:
        """Another axis, or none; keepdims or not; no reduction at all."""
        method = isinstance(node.func, ast.Attribute) and not is_array_module(node.func.value)
        first = [] if method else node.args[:1]
        axis = keyword_of(node, "axis") or (node.args[len(first)] if len(node.args) > len(first) else None)
        keep = keyword_of(node, "keepdims")
        for new_axis in (
            None,
            number_node(0),
            number_node(1),
            number_node(-1),
            parse_expression("(0, 1)"),
            parse_expression("(0, 2, 3)"),
            parse_expression("(0, 1, 2)"),
        ):
            for new_keep in (True, False):
                same = code_text(new_axis) == code_text(axis) and new_keep == (keep is not None)
                if same or (new_axis is None and new_keep):
                    continue
                keywords = [ast.keyword("axis", new_axis)] if new_axis is not None else []
                keywords += [ast.keyword("keepdims", ast.Constant(True))] if new_keep else []
                cost = 0.9 + 0.5 * (new_keep != (keep is not None)) + 0.2 * isinstance(new_axis, ast.Tuple)
                yield (
                    "an axis" if code_text(new_axis) != code_text(axis) else "keepdims",
                    ast.Call(node.func, first, keywords),
                    cost,
                )
        yield "a sum too many", (node.func.value if method else node.args[0]), 2  # type: ignore[attr-defined]

    def of_range(self, node: ast.Call) -> Iterator[tuple[str, ast.expr, float]]:
        """One more or one less at either end, or the other way round."""
        for i, end in enumerate(node.args):
            for op in (ast.Add, ast.Sub):
                args = [*node.args]
                args[i] = ast.BinOp(end, op(), ast.Constant(1))
                yield "the end of a range", ast.Call(node.func, args, []), 1.5
        yield "a direction", ast.Call(name("reversed"), [node], []), 2
        if len(node.args) == 3:
            yield (
                "a direction",
                ast.Call(node.func, [ast.BinOp(node.args[0], ast.Add(), ast.Constant(1))], []),
                2,
            )
        if len(node.args) == 1:
            yield "the end of a range", ast.Call(node.func, [ast.Constant(1), *node.args], []), 2
        if len(node.args) >= 2:
            yield "the end of a range", ast.Call(node.func, [node.args[1]], []), 2

    def of_subscript(self, node: ast.Subscript) -> Iterator[tuple[str, ast.expr, float]]:
        inner = node.slice
        if isinstance(inner, ast.Slice):
            yield "an index", node.value, 2
        if isinstance(inner, ast.Tuple) and len(inner.elts) > 1:
            for a in range(len(inner.elts) - 1):
                elements = list(inner.elts)
                elements[a], elements[a + 1] = elements[a + 1], elements[a]
                yield "an index", ast.Subscript(node.value, ast.Tuple(elements, ast.Load()), node.ctx), 2

    def wrappings(self, node: ast.expr, top: bool) -> Iterator[tuple[str, ast.expr, float]]:
        """A sign, an exponent or a number that is missing; of a whole right side also a sum."""
        yield "a sign", ast.UnaryOp(ast.USub(), node), 1.4 + 0.6 * (not top)
        if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            yield "an exponent", ast.BinOp(node, ast.Pow(), ast.Constant(2)), 1.7
        if isinstance(node, ast.Name | ast.Subscript) and not top:
            for rate in filter(RATE.match, self.scope.names_of_kind("number")):
                yield "a factor", ast.BinOp(name(rate), ast.Mult(), node), 1.5
        for factor, cost in self.number_factors() if top or isinstance(node, ast.BinOp | ast.Call) else ():
            for op in (ast.Mult, ast.Div):
                yield "a factor", ast.BinOp(node, op(), factor), cost + 0.3 * (not top)
        if top:
            yield from self.sums(node)
            yield "a transpose", ast.Attribute(node, "T", ast.Load()), 2
            yield "a missing term", ast.BinOp(node, ast.Sub(), number_node(1)), 2

    def sums(self, node: ast.expr) -> Iterator[tuple[str, ast.expr, float]]:
        for axis in (0, 1):
            kept = ast.keyword("keepdims", ast.Constant(True))
            for keywords in (
                [ast.keyword("axis", number_node(axis)), kept],
                [ast.keyword("axis", number_node(axis))],
            ):
                yield "a missing sum", ast.Call(parse_expression("np.sum"), [node], keywords), 2

    def number_factors(self) -> Iterator[tuple[ast.expr, float]]:
        """The numbers that a product may lack."""
        for n in self.divisors:
            yield name(n), 1.2 - 0.3 * (n not in self.loads)
        for expression in [*map(parse_expression, self.scope.counts), *self.numbers[:MOST_NUMBERS]]:
            yield expression, 1.6
        yield number_node(2), 1.4

    def far_additions(self, node: ast.expr, top: bool) -> Iterator[tuple[str, ast.expr, float]]:
        """An array that a product lacks: a mask, the slope of an activation; or a term that a sum lacks."""
        if not is_value(node) or not (top or isinstance(node, ast.BinOp | ast.Name | ast.Subscript)):
            return
        for n in [*self.scope.names_of_kind("array"), *self.attributes]:
            for code in (
                (n, f"({n} > 0)", f"(1 - {n})", f"(1 - {n} ** 2)", f"{n} * (1 - {n})") if top else (n,)
            ):
                yield (
                    "a factor",
                    ast.BinOp(node, ast.Mult(), parse_expression(code)),
                    2 + 0.2 * (code != n) + 0.3 * (not top),
                )
        for n in [*self.scope.names_of_kind("array"), *self.attributes] if top else ():
            yield "a factor", ast.BinOp(node, ast.Div(), parse_expression(f"{n}.size")), 2.2
        if top or isinstance(node, ast.Name):
            yield from self.missing_terms(node)
        if isinstance(node, ast.Name) and self.scope.kind(node.id) == "number":
            for other in [*self.scope.names_of_kind("array"), *self.attributes]:
                yield "a name", parse_expression(other), 2

    def missing_terms(self, node: ast.expr) -> Iterator[tuple[str, ast.expr, float]]:
        """What a sum may lack: an array of theirs, alone or times a penalty."""
        for n in [*self.scope.names_of_kind("array"), *self.attributes]:
            yield "a missing term", ast.BinOp(node, ast.Add(), parse_expression(n)), 2.0
            yield "a missing term", ast.BinOp(node, ast.Sub(), parse_expression(n)), 2.4
            for code in self.penalties():
                yield "a missing term", ast.BinOp(node, ast.Add(), parse_expression(f"{code} * {n}")), 2.6
            for count in self.divisors[:3]:
                yield "a missing term", ast.BinOp(node, ast.Add(), parse_expression(f"{n} / {count}")), 2.6
        for n in self.idle:
            for part in (ast.Subscript(name(n), x, ast.Load()) for x in slices_in(self.function.node)):
                yield "a missing term", ast.BinOp(node, ast.Add(), part), 1.8
                yield "a factor", ast.BinOp(node, ast.Mult(), part), 1.9
        for reduction in self.reductions:
            taken = parse_expression(reduction.format(f"({ast.unparse(node)})"))
            yield "a missing term", ast.BinOp(node, ast.Sub(), taken), 2.4

    def penalties(self) -> list[str]:
        """The factors of a penalty, as it is or as its square gives it."""
        strengths = [
            n for n in [*self.scope.names_of_kind("number"), *self.attributes_read] if PENALTY_NAME.search(n)
        ]
        counts = [*self.divisors, *(ast.unparse(x) for x in self.numbers[:2])]
        return [f for s in strengths for f in (s, f"2 * {s}", *(f"{s} / {m}" for m in counts[:3]))]


class Swap(Rewrite):
    """Two neighbouring statements exchanged; `new` is the second."""

    def apply(self) -> None:
        body = getattr(self.parent, self.field)
        body[self.at], body[self.at + 1] = self.new, self.old

    def undo(self) -> None:
        body = getattr(self.parent, self.field)
        body[self.at], body[self.at + 1] = self.old, self.new


class Insertion(Rewrite):
    """A statement put after another; `new` is the new one."""

    def apply(self) -> None:
        getattr(self.parent, self.field).insert(self.at + 1, self.new)

    def undo(self) -> None:
        del getattr(self.parent, self.field)[self.at + 1]


class Replacement(Rewrite):
    """A loop with one statement less, which follows it, or with the one that followed it."""

    def apply(self) -> None:
        body = getattr(self.parent, self.field)
        moved, where = self.more[0]
        body[self.at : self.at + 1 + (where == "in")] = [self.new, moved] if where == "out" else [self.new]

    def undo(self) -> None:
        body = getattr(self.parent, self.field)
        moved, where = self.more[0]
        body[self.at : self.at + 1 + (where == "out")] = [self.old] if where == "out" else [self.old, moved]


def infix_of(node: ast.expr) -> tuple[list[ast.expr], list[ast.operator]]:
    """The operands of a sum or a product, of those within it as well, and what stands between them."""
    if not isinstance(node, ast.BinOp) or isinstance(node.op, ast.Pow):
        return [node], []
    (left, before), (right, after) = infix_of(node.left), infix_of(node.right)
    return [*left, *right], [*before, node.op, *after]


def trees_of(operands: list[ast.expr], operators: list[ast.operator]) -> Iterator[ast.expr]:
    """All ways to put brackets."""
    if not operators:
        yield operands[0]
    for i, operator in enumerate(operators):
        for left in trees_of(operands[: i + 1], operators[:i]):
            for right in trees_of(operands[i + 1 :], operators[i + 1 :]):
                yield ast.BinOp(left, operator, right)


def of_comparison(
    left: ast.expr, operator: ast.cmpop, right: ast.expr
) -> Iterator[tuple[str, ast.expr, float]]:
    """Another comparison of the same, or of the same the other way round."""
    for other in OTHER_COMPARISONS.get(type(operator), []):
        yield "a comparison", ast.Compare(left, [other()], [right]), 1
    yield "a comparison", ast.Compare(right, [operator], [left]), 2


def of_product(node: ast.Call) -> Iterator[tuple[str, ast.expr, float]]:
    """A product of matrices the other way round, or entry by entry."""
    if len(node.args) == 1 and isinstance(node.func, ast.Attribute) and node.func.attr == "dot":
        turned = ast.Call(ast.Attribute(node.args[0], "dot", ast.Load()), [node.func.value], [])
        yield "an order", turned, 1.1
        yield "an operator", ast.BinOp(node.func.value, ast.Mult(), node.args[0]), 1.5
    if len(node.args) == 2:
        yield "an operator", ast.BinOp(node.args[0], ast.Mult(), node.args[1]), 1.5


# Trees


def has_text_key(node: ast.AST) -> bool:
    """Whether it is an entry of a dict by a text: grads["W1"], grads[f"W{l}"]."""
    if not isinstance(node, ast.Subscript):
        return False
    whole = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    return whole or isinstance(node.slice, ast.JoinedStr)


def expressions_of(node: ast.AST) -> Iterator[tuple[ast.expr, tuple[ast.AST, str, int | None]]]:
    """The expressions directly in a node, with their places; of a compound statement its head's."""
    for field_name, value in ast.iter_fields(node):
        if field_name in ("body", "orelse", "finalbody", "handlers", "decorator_list") and isinstance(
            value, list
        ):
            continue
        if isinstance(value, ast.expr):
            yield value, (node, field_name, None)
        elif isinstance(value, ast.keyword | ast.comprehension | ast.Slice):
            yield from expressions_of(value)
        elif isinstance(value, list):
            for i, part in enumerate(value):
                if isinstance(part, ast.expr):
                    yield part, (node, field_name, i)
                elif isinstance(part, ast.keyword | ast.comprehension | ast.withitem):
                    yield from expressions_of(part)


def field_of(parent: ast.AST, child: ast.AST) -> tuple[str, int | None]:
    for field_name, value in ast.iter_fields(parent):
        if value is child:
            return field_name, None
        if isinstance(value, list) and any(x is child for x in value):
            return field_name, next(i for i, x in enumerate(value) if x is child)
    raise LookupError


def exchanged_pairs(elements: list[ast.expr]) -> Iterator[list[ast.expr]]:
    """A list with two of its elements exchanged, in every way."""
    for a, b in itertools.combinations(range(len(elements)), 2):
        found = list(elements)
        found[a], found[b] = found[b], found[a]
        yield found


def simple(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr)


def name(text: str) -> ast.expr:
    return ast.Name(text, ast.Load())


def number_node(value: float) -> ast.expr:
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def rename_in(node: ast.expr, old: str, new: str) -> ast.expr:
    """An expression with one name for another."""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, n: ast.Name) -> ast.expr:
            return parse_expression(new) if n.id == old else n

    copied: ast.expr = Rename().visit(copy.deepcopy(node))
    return copied


def is_value(node: ast.expr) -> bool:
    """Whether an expression is read and may be an array or a number."""
    if isinstance(
        node, ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.JoinedStr | ast.Slice | ast.Starred
    ):
        return False
    return isinstance(getattr(node, "ctx", None) or ast.Load(), ast.Load)


@lru_cache(maxsize=4096)
def parse_expression(code: str) -> ast.expr:
    node = ast.parse(code, mode="eval").body
    for part in ast.walk(node):
        for attribute in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            if hasattr(part, attribute):
                delattr(part, attribute)
    return node


def parsed_statement(code: str, near: ast.stmt) -> ast.stmt | None:
    try:
        new = ast.parse(code).body[0]
    except SyntaxError:
        return None
    for part in ast.walk(new):
        ast.copy_location(part, near)
    return new


def code_text(node: ast.expr | None) -> str:
    return "None" if node is None else ast.unparse(node)


def keyword_of(node: ast.Call, wanted: str) -> ast.expr | None:
    return next((k.value for k in node.keywords if k.arg == wanted), None)


def is_array_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "xp", "cp", "jnp")


def attributes_in(node: ast.AST) -> set[str]:
    """The attributes of self that are read or written, but not those that are called."""
    called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    return {
        ast.unparse(n)
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute)
        and isinstance(n.value, ast.Name)
        and n.value.id == "self"
        and id(n) not in called
    }


def strings_in(node: ast.AST) -> list[str]:
    return [
        n.value
        for n in ast.walk(node)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and len(n.value) < 30
    ]


def numbers_like(node: ast.AST, scope: Scope) -> list[ast.expr]:
    """Expressions for numbers that stand in a function or are usual: X.shape[0], len(X), y.size."""
    found = [
        ast.unparse(n)
        for n in ast.walk(node)
        if isinstance(n, ast.Subscript) and ast.unparse(n.value).endswith(".shape")
    ]
    found += [ast.unparse(n) for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr == "size"]
    found += [
        ast.unparse(n)
        for n in ast.walk(node)
        if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "len"
    ]
    for n in scope.names_of_kind("array"):
        found += [f"{n}.shape[0]", f"{n}.shape[1]"] if scope.kind(n) == "array 2" else []
    for n in sorted(attributes_in(node)):
        found += [f"{n}.shape[0]"]
    return [parse_expression(code) for code in dict.fromkeys(found)][:10]


def divisors_in(node: ast.AST, scope: Scope) -> list[str]:
    """The numbers by which a function multiplies or divides, or that are called like a number of examples."""
    numbers = scope.names_of_kind("number")
    used = {
        n.id
        for part in ast.walk(node)
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div | ast.Mult)
        for n in (part.left, part.right)
        if isinstance(n, ast.Name)
    }
    return [n for n in numbers if n in used or COUNT.match(n)]


def is_idle(name: str, node: ast.AST) -> bool:
    """Whether nothing but the shape of a name is read."""
    shapes = {id(n.value) for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr == "shape"}
    reads = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return not any(n.id == name and id(n) not in shapes for n in reads)


def slices_in(node: ast.AST) -> list[ast.expr]:
    """The indices and slices that stand in a function, but for keys."""
    found = [n.slice for n in ast.walk(node) if isinstance(n, ast.Subscript)]
    return list(
        {ast.dump(x): fresh(x) for x in found if not isinstance(x, ast.Constant | ast.JoinedStr)}.values()
    )


def reductions_in(node: ast.AST) -> list[str]:
    """The sums and averages with kept axes that a function takes, with {} for what it takes them of."""
    found = []
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in ("sum", "mean"):
            axis = keyword_of(call, "axis")
            if axis is not None:
                found.append(f"np.{call.func.attr}({{}}, axis={ast.unparse(axis)}, keepdims=True)")  # type: ignore[attr-defined]
    return list(dict.fromkeys(found))


def subscripts_in(node: ast.AST) -> list[str]:
    """The indices by arrays that stand in a function."""
    found = [
        ast.unparse(n.slice)
        for n in ast.walk(node)
        if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Tuple)
    ]
    return [
        code for code in dict.fromkeys(found) if re.search(r"arange|range|len|,\s*(y|t|labels|target)", code)
    ]


def masks_in(node: ast.AST, scope: Scope) -> list[str]:
    arrays = [*scope.names_of_kind("array"), *sorted(attributes_in(node))]
    return [f"{n} <= 0" for n in arrays]


def fresh(node: Any) -> Any:
    return copy.deepcopy(node)
