"""The places of a program at which a value can be read, moved or replaced, and hooks put there.

`h = np.maximum(X @ W1 + b1, 0)` becomes `h = __at__(3, np.maximum(__at__(1, __at__(0, X) @ ...), 0))`, and
after it stands `h = __at__(4, h)`: what a hook gives back is what the program goes on with.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

__all__ = [
    "AT",
    "BEFORE",
    "SEED",
    "STOP",
    "Hooks",
    "Site",
    "assigned_base",
    "assigned_places",
    "bound_names",
    "is_plain_place",
    "is_trivial",
    "label_of",
    "places_read",
    "walk_own",
]

AT, BEFORE, SEED, STOP = "__at__", "__before__", "__seed__", "__stop__"
UNHOOKED = (ast.Lambda, ast.JoinedStr, ast.Compare, ast.Constant, ast.Await, ast.Yield, ast.YieldFrom)
TreeNode = TypeVar("TreeNode", bound=ast.AST)
NO_DATA = {"np", "numpy", "math", "self", "plt", "random", "cls", "scipy", "super"}
MUTATORS = {"append", "insert", "extend", "appendleft", "update", "fill", "at", "copyto", "add_", "sub_"}


@dataclass(frozen=True, eq=False)
class Site:
    """A place: `variable` after an assignment, `entry` of a parameter, its `update`, `expression`, or `loss`.

    `continues` says that what is there was changed and not made anew; `body` that it is in what is judged.
    """

    index: int
    kind: str
    label: str
    node: ast.AST
    statement: ast.stmt | None
    file: str
    function: str
    body: bool = False
    continues: bool = False
    trivial: bool = False


@dataclass
class Hooks:
    """Puts hooks into statements, and knows where.

    Attributes:
        losses: the names of numbers that are losses, by a test.
        derivatives: the statements that go back; nothing within them is hooked, but what they assign.
        updates: the statements that move a parameter.
        stop: the statement after which nothing is wanted.
        seed: the statement before which the forward pass is done.
    """

    file: str
    function: str
    judged: bool = False
    derivatives: frozenset[ast.stmt] = frozenset()
    updates: frozenset[ast.stmt] = frozenset()
    stop: ast.stmt | None = None
    seed: ast.stmt | None = None
    sites: list[Site] = field(default_factory=list)
    scope: frozenset[str] = frozenset()

    def site(self, kind: str, label: str, node: ast.AST, statement: ast.stmt | None, **more: bool) -> int:
        """A new place; its number."""
        index = len(self.sites)
        new = Site(index, kind, label, node, statement, self.file, self.function, self.judged, **more)
        self.sites.append(new)
        return index

    def block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Statements with their hooks."""
        return [new for statement in body for new in self.statement(statement)]

    def statement(self, old: ast.stmt) -> Iterator[ast.stmt]:
        """A statement, what must come before it and what after it."""
        if old is self.seed:
            yield call_statement(SEED, [], old)
        if old in self.updates:
            yield from (self.before(t, old) for t in assigned_places(old))
        yield self.hooked(old)
        if not isinstance(old, ast.Return):
            yield from self.after(old)
        if old is self.stop:
            yield call_statement(STOP, [], old)

    def hooked(self, old: ast.stmt) -> ast.stmt:
        """A statement with hooks in its expressions and in the statements within it."""
        if isinstance(old, ast.FunctionDef):
            return self.definition(old)
        if isinstance(old, ast.ClassDef):
            return with_fields(old, body=[self.method(x, old.name) for x in old.body])
        new = copy.copy(old)
        for name, value in ast.iter_fields(old):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                inner = self.loop_entry(old) if name == "body" else []
                setattr(new, name, [*inner, *self.block(value)])
            elif isinstance(value, list) and value and isinstance(value[0], ast.ExceptHandler):
                setattr(new, name, [with_fields(h, body=self.block(h.body)) for h in value])
        return self.with_expressions(new, old)

    def with_expressions(self, new: ast.stmt, old: ast.stmt) -> ast.stmt:
        """The same, with hooks in the expressions that it computes."""
        value = getattr(old, "value", None)
        if isinstance(old, ast.Return) and old in self.derivatives and value is not None:
            return self.returned(new, value, old)
        if isinstance(old, ast.Return) and isinstance(value, ast.Tuple) and self.judged:
            parts = [self.loss(e, "result", old) for e in value.elts]
            return with_fields(new, value=with_fields(value, elts=parts))
        if isinstance(old, ast.Return) and value is not None and self.judged:
            return with_fields(new, value=self.loss(value, "result", old))
        if isinstance(old, ast.Expr) and isinstance(value, ast.Call):
            return with_fields(new, value=self.reporting(value, old))
        if isinstance(old, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return) and value is not None:
            return new if old in self.derivatives else with_fields(new, value=self.expression(value, old))
        return new

    def returned(self, new: ast.stmt, value: ast.expr, old: ast.stmt) -> ast.stmt:
        """A return statement that computes derivatives."""
        if isinstance(value, ast.Tuple):
            value = with_fields(value, elts=[self.loss(e, "result", old) for e in value.elts])
        return with_fields(new, value=self.hook(self.site("variable", "result", old, old), value, old))

    def reporting(self, call: ast.Call, old: ast.stmt) -> ast.Call:
        """A call whose result nobody takes: what it is given may be a loss."""
        if not self.judged:
            return call
        label = label_of(call.func) or "call"
        plain = ast.Name | ast.Constant | ast.Starred | ast.JoinedStr
        args = [x if isinstance(x, plain) else self.loss(x, label, old) for x in call.args]
        return with_fields(call, args=args)

    def loss(self, node: ast.expr, label: str, old: ast.stmt) -> ast.expr:
        """A hook at an expression whose value may be a loss."""
        if isinstance(node, ast.Name | ast.Constant | ast.Starred | ast.Dict):
            return node
        return self.hook(self.site("loss", label, node, old), self.expression(node, old), node)

    # Definitions

    def definition(self, old: ast.FunctionDef, prefix: str = "") -> ast.FunctionDef:
        """A function with hooks in its body."""
        inner = Hooks(self.file, prefix + old.name, sites=self.sites)
        inner.scope = bound_names(old)
        return with_fields(old, body=inner.block(old.body))

    def judged_definition(self, old: ast.FunctionDef) -> ast.FunctionDef:
        """The function that is judged, with hooks in its body and at its parameters."""
        self.scope = bound_names(old)
        return with_fields(old, body=[*self.parameters(old), *self.block(old.body)])

    def method(self, old: ast.stmt, owner: str) -> ast.stmt:
        return self.definition(old, f"{owner}.") if isinstance(old, ast.FunctionDef) else old

    def parameters(self, node: ast.FunctionDef) -> list[ast.stmt]:
        """The hooks at the start of a function, one for each parameter."""
        a = node.args
        return [self.rebind(self.site("entry", x.arg, x, None), ast.Name(x.arg, ast.Load()), x)
                for x in (*a.posonlyargs, *a.args, *a.kwonlyargs)]  # fmt: skip

    # Assignments

    def after(self, old: ast.stmt) -> Iterator[ast.stmt]:
        """The hooks after a statement, at what it has assigned."""
        kind = "update" if old in self.updates else "variable"
        for target in assigned_places(old):
            base = assigned_base(target)
            label = label_of(base)
            if base is None or not label:
                continue
            index = self.site(
                kind, label, target, old, continues=goes_on(old, target, label), trivial=is_trivial(old)
            )
            yield self.rebind(index, base, target)

    def loop_entry(self, old: ast.stmt) -> list[ast.stmt]:
        """The hooks at the start of a loop's body, at what it runs through."""
        if not isinstance(old, ast.For):
            return []
        names = [n for n in ast.walk(old.target) if isinstance(n, ast.Name)]
        return [self.rebind(self.site("entry", n.id, n, None), ast.Name(n.id, ast.Load()), n) for n in names]

    def rebind(self, index: int, base: ast.expr, where: ast.AST) -> ast.stmt:
        """`x = __at__(index, x)`; without the assignment where x is not the function's own."""
        read = as_load(base)
        if isinstance(base, ast.Name) and self.scope and base.id not in self.scope:
            return call_statement(AT, [ast.Constant(index), read], where)
        new = ast.Assign([as_store(base)], self.hook(index, read, where))
        return locate_node(new, where)

    def before(self, target: ast.expr, old: ast.stmt) -> ast.stmt:
        base = assigned_base(target) or target
        return call_statement(BEFORE, [ast.Constant(label_of(base)), as_load(base)], old)

    # Expressions

    def expression(self, node: ast.expr, statement: ast.stmt) -> ast.expr:
        """An expression with hooks at itself and at all that goes into it."""
        if isinstance(node, UNHOOKED):
            return node
        new = self.parts(node, statement)
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call | ast.Name | ast.Attribute | ast.Subscript):
            return self.hook(self.site("expression", "", node, statement), new, node)
        return new

    def parts(self, node: ast.expr, statement: ast.stmt) -> ast.expr:
        """An expression with hooks at what goes into it."""
        new = copy.copy(node)
        if isinstance(node, ast.Call):
            if (
                isinstance(node.func, ast.Attribute)
                and label_of(node.func.value).split(".")[0] not in NO_DATA
            ):
                new.func = with_fields(node.func, value=self.expression(node.func.value, statement))  # type: ignore[attr-defined]
            new.args = [self.expression(x, statement) for x in node.args]  # type: ignore[attr-defined]
        elif isinstance(node, ast.Subscript | ast.Attribute):
            if not is_plain_place(node):
                new.value = self.expression(node.value, statement)  # type: ignore[attr-defined]
        elif isinstance(node, ast.Starred | ast.Name):
            pass
        else:
            self.fields(new, node, statement)
        return new

    def fields(self, new: ast.expr, node: ast.expr, statement: ast.stmt) -> None:
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(new, name, self.expression(value, statement))
            elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
                setattr(new, name, [self.expression(x, statement) for x in value])

    def hook(self, index: int, value: ast.expr, where: ast.AST) -> ast.expr:
        return locate_node(ast.Call(ast.Name(AT, ast.Load()), [ast.Constant(index), value], []), where)


# What statements assign and read


def assigned_places(statement: ast.stmt) -> list[ast.expr]:
    """What a statement assigns or changes, each by itself."""
    if isinstance(statement, ast.Assign):
        return [part for target in statement.targets for part in unpack_target(target)]
    if isinstance(statement, ast.AugAssign) or (isinstance(statement, ast.AnnAssign) and statement.value):
        return [statement.target]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return changed_by_call(statement.value)
    return []


def changed_by_call(call: ast.Call) -> list[ast.expr]:
    """What a call changes in place: xs of xs.append(x), a of np.add.at(a, i, x), c of np.dot(a, b, out=c)."""
    found = [k.value for k in call.keywords if k.arg == "out"]
    if isinstance(call.func, ast.Attribute) and call.func.attr in MUTATORS:
        first = call.args[:1] if call.func.attr in ("at", "copyto") else [call.func.value]
        found += first
    return [x for x in found if assigned_base(x) is not None]


def unpack_target(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [part for element in target.elts for part in unpack_target(element)]
    return unpack_target(target.value) if isinstance(target, ast.Starred) else [target]


def assigned_base(target: ast.expr) -> ast.expr | None:
    """The name or the attribute of a name that is assigned, or into which something is put."""
    while isinstance(target, ast.Subscript):
        target = target.value
    if isinstance(target, ast.Name):
        return target
    if isinstance(target, ast.Attribute):
        return target if isinstance(target.value, ast.Name) else assigned_base(target.value)
    return None


def label_of(node: ast.AST | None) -> str:
    """A name or a dotted name as it is written; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := label_of(node.value)):
        return f"{base}.{node.attr}"
    return ""


def places_read(node: ast.AST) -> set[str]:
    """The names and attributes of names that are read in a statement, also those that it changes in place."""
    found = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load):
            found.add(n.id)
        elif isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load) and (label := label_of(n)):
            found.add(label)
    if isinstance(node, ast.AugAssign):
        found.add(label_of(assigned_base(node.target)))
    return found


def goes_on(statement: ast.stmt, target: ast.expr, label: str) -> bool:
    """Whether a statement changes what is there, or makes it anew from what was there."""
    if not isinstance(statement, ast.Assign) or isinstance(target, ast.Subscript):
        return not isinstance(statement, ast.AnnAssign)
    return label in places_read(statement.value)


def is_trivial(statement: ast.stmt) -> bool:
    """Whether a statement only makes room: zeros, an empty list, a number."""
    value = getattr(statement, "value", None)
    if (
        value is None
        or any(isinstance(t, ast.Subscript) for t in assigned_places(statement))
        or isinstance(statement, ast.AugAssign)
    ):
        return False
    return makes_room(value)


ROOM = ("zeros", "zeros_like", "dict", "list")


def makes_room(value: ast.expr) -> bool:
    """Whether an expression is a constant, is empty, or zeros."""
    if isinstance(value, ast.Call):
        return getattr(value.func, "attr", getattr(value.func, "id", "")) in ROOM
    if isinstance(value, ast.List | ast.Tuple):
        return all(map(makes_room, value.elts))
    if isinstance(value, ast.Dict):
        return all(map(makes_room, value.values))
    return isinstance(value, ast.Constant) or (isinstance(value, ast.ListComp) and makes_room(value.elt))


def bound_names(function: ast.FunctionDef) -> frozenset[str]:
    """The names that a function itself binds."""
    a = function.args
    found = {x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if x is not None}
    for node in walk_own(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
    return frozenset(found)


def walk_own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from walk_own(child)


def is_plain_place(node: ast.AST) -> bool:
    """Whether this is a name, an attribute of names, or something with a constant key in one."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and is_plain_place(node.value)
    return bool(label_of(node))


# New nodes


def with_fields(node: TreeNode, **fields: object) -> TreeNode:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def locate_node(node: TreeNode, where: ast.AST) -> TreeNode:
    ast.copy_location(node, where)
    return ast.fix_missing_locations(node)


def call_statement(name: str, args: list[ast.expr], where: ast.AST) -> ast.stmt:
    return locate_node(ast.Expr(ast.Call(ast.Name(name, ast.Load()), args, [])), where)


def as_load(node: ast.expr) -> ast.expr:
    return with_fields(node, ctx=ast.Load())


def as_store(node: ast.expr) -> ast.expr:
    return with_fields(node, ctx=ast.Store())
