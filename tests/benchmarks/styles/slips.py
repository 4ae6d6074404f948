"""Slips planted in somebody's backward pass, one at a time: what is mistyped, or put in a wrong place.

A module of this folder is changed in its text, and nowhere but where the slip is. A slip counts if the
gradients that the module's driver asks for become others, or cannot be computed any more, while the forward
pass stays what it was. Those that name what does not exist are left out: Python itself says where they are.
"""

import ast
import copy
import difflib
import io
import linecache
import random
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from .verify import load

SCRIPT = "<module>"
CHANGED = 1e-6  # the relative difference from which on gradients are others
SECONDS = 20  # of a processor, for the gradients of a module: a slip may loop for ever
SHARE_STRUCTURAL = 0.25  # at least one in five, where some have none
NEAR = 4  # so many other names are tried for one, the most similar ones
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = ("body", "orelse", "finalbody")
# Names of gradients, and of functions that give them; d_model and dropout are none.
GRADIENT = re.compile(
    r"d(?!ata|im|_model|rop|type|ist|epth|ict|ot$|igit|ev|ecay|iag|ense|efault|el$|ir$|iv)\w*"
    r"|.*(grad|delta|err(or)?s?$|deriv|prime|backw|bwd|back_?prop|resid|nabla).*|g(?!t$)[a-zA-Z]\d*|g_\w+",
    re.ASCII,
)


@dataclass(frozen=True)
class Slip:
    """A changed text, and where it is changed.

    `lines` are those of the changed text that may be blamed: where something is missing, the ones around it.
    `raised` holds the lines of the module that an error of its gradients passed through, if there was one.
    """

    kind: str
    structural: bool
    line: int
    lines: tuple[int, ...]
    original: str
    now: str
    text: str
    raised: tuple[int, ...] | None = None


# What a text says


class Source:
    """The text of a module with its tree, and the part of it that computes gradients."""

    def __init__(self, text):
        self.text, self.tree = text, ast.parse(text)
        self.rows = text.splitlines(keepends=True)
        self.starts = np.cumsum([0, *map(len, self.rows)]).tolist()
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def at(self, line, column):
        """The index in the text of a place that a tree names; it counts columns in bytes."""
        return self.starts[line - 1] + len(self.rows[line - 1].encode()[:column].decode())

    def span(self, node):
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def code(self, node):
        """The text of a node, on one line."""
        start, end = self.span(node)
        return ast.unparse(node) if "\n" in self.text[start:end] else self.text[start:end]

    def is_placed(self, node):
        """Whether a node stands where it says; before Python 3.12, parts of an f-string do not."""
        try:
            return same(ast.parse(f"({self.text[slice(*self.span(node))]})", mode="eval").body, node)
        except SyntaxError:
            return False

    def above(self, node):
        """The nodes around a node, the nearest first."""
        while (node := self.parents.get(node)) is not None:
            yield node

    def is_index(self, node):
        """Whether it is in what picks an element."""
        way = [node, *self.above(node)]
        return any(isinstance(up, ast.Subscript) and up.slice is n for n, up in pairwise(way))

    def scope(self, node):
        """The function that a node is in, or the module."""
        return next(n for n in self.above(node) if isinstance(n, (*DEFINITIONS, ast.Module)))

    @cached_property
    def judged(self):
        """The qualified names on the second line."""
        return [name.strip() for name in self.rows[1].removeprefix("# judged:").split(",")]

    @cached_property
    def functions(self):
        """All functions by their qualified names."""
        found = {}

        def visit(node, names):
            for child in ast.iter_child_nodes(node):
                inner = names
                if isinstance(child, (*DEFINITIONS, ast.ClassDef)):
                    inner = [*names, child.name]
                    if not isinstance(child, ast.ClassDef):
                        found.setdefault(".".join(inner), []).append(child)
                visit(child, inner)

        visit(self.tree, [])
        return found

    @cached_property
    def region(self):
        """The statements that compute gradients: of the judged functions, and of what they call here."""
        judged = [name.replace(".<locals>", "") for name in self.judged]
        roots = [f for name in judged for f in self.functions.get(name, [])]
        statements = gradients_in(self.tree.body, always=False) if SCRIPT in judged else []
        statements = [node for node in statements if not is_update(node)]
        seen, waiting = [], [*roots, *statements]
        while waiting:
            node = waiting.pop(0)
            if node not in seen:
                seen.append(node)
                waiting += self.called_in(node)
        functions = [node for node in seen if isinstance(node, DEFINITIONS)]
        statements += [node for node in seen if isinstance(node, ast.Assign) and node not in statements]
        for function in functions:
            statements += gradients_in(function.body, always=not recomputes(function))
        return sorted(dict.fromkeys(statements), key=lambda node: node.lineno)

    def called_in(self, node):
        """The functions of the module that a node names, and tables of lambdas at its top."""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        attributes = {
            n.func.attr
            for n in ast.walk(node)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
        }
        for qualified, functions in self.functions.items():
            *outer, name = qualified.split(".")
            named = name in names or (outer and name in attributes)
            if named and not re.search("forward|predict|__init__|loss$|cost$", name):
                yield from functions
        for statement in self.tree.body:
            if isinstance(statement, ast.Assign) and any(
                isinstance(n, ast.Lambda) for n in ast.walk(statement.value)
            ):
                yield from [statement] * bool(names & set(names_in(*statement.targets)))

    @cached_property
    def nodes(self):
        """The expressions of the region that stand where they say, and its statements."""
        found = []
        for statement in self.region:
            found.append(statement)
            for part in own_expressions(statement):
                found += [n for n in ast.walk(part) if isinstance(n, ast.expr) and self.is_placed(n)]
        return list(dict.fromkeys(found))

    def names_at(self, scope, line):
        """The names of values that may stand on a line of a scope."""
        found = set()
        for outer in (scope, *self.above(scope)):
            if isinstance(outer, DEFINITIONS):
                found |= {a.arg for a in ast.walk(outer.args) if isinstance(a, ast.arg)} - {"self", "cls"}
        inside = [n for n in ast.walk(scope) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        return sorted(found | {n.id for n in inside if n.lineno < line})

    def near(self, node):
        """The names that may stand in the place of a name, the most similar ones first."""
        names = self.names_at(self.scope(node), node.lineno)
        kept = "cache" in node.id  # a tuple or a table, as a rule, and no array
        others = [name for name in names if name != node.id and ("cache" in name) == kept]
        return nearest(node.id, others) if node.id in names else []


def same(one, other):
    """Whether trees are equal, whether their names are read or written."""
    return re.sub(r"ctx=\w+\(\)", "", ast.dump(one)) == re.sub(r"ctx=\w+\(\)", "", ast.dump(other))


def nearest(name, others):
    def likeness(other):
        return -difflib.SequenceMatcher(None, name, other).ratio(), other

    return sorted(set(others), key=likeness)[:NEAR]


def names_in(*nodes):
    """All names and attributes, as they stand in it."""
    for node in nodes:
        for n in ast.walk(node):
            if isinstance(n, ast.Name):
                yield n.id
            elif isinstance(n, ast.Attribute):
                yield n.attr


def own_expressions(statement):
    """The expressions of a statement, without the statements inside it."""
    if isinstance(statement, (*DEFINITIONS, ast.ClassDef, ast.Raise, ast.Assert)):
        return
    for _, value in ast.iter_fields(statement):
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.expr):
                yield part
            elif isinstance(part, ast.withitem):
                yield part.context_expr


def inside(statements):
    """All statements in a list of them, in their order; not those of classes."""
    for statement in statements:
        yield statement
        for block in blocks(statement):
            if not isinstance(statement, ast.ClassDef):
                yield from inside(block)


def blocks(statement):
    """The lists of statements in a statement."""
    yield from (getattr(statement, name) for name in BLOCKS if getattr(statement, name, None))
    for handler in getattr(statement, "handlers", []):
        yield handler.body


def is_docstring(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def gradients_in(statements, always):
    """The statements that make or use gradients; those that do not count only where `always`."""
    found = []
    made = set()
    for statement in inside(statements):
        if is_docstring(statement) or isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass)):
            continue
        names = set(names_in(*own_expressions(statement)))
        is_gradient = bool(names & made) or any(map(GRADIENT.fullmatch, names))
        if is_gradient and not any(True for _ in blocks(statement)):
            made |= set(stored(statement))
        if always or is_gradient or (any(blocks(statement)) and all_gradients(statement, made)):
            found.append(statement)
    return found


def is_update(statement):
    """Whether it makes something of gradients that is none, say the next weights."""
    if not isinstance(statement, (ast.Assign, ast.AugAssign)):
        return not any(blocks(statement))
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return not any(map(GRADIENT.fullmatch, names_in(*targets)))


def stored(statement):
    """The names of values that a statement makes."""
    return [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def all_gradients(statement, made):
    """Whether what a loop or branch computes is gradients and nothing else."""
    body = [s for s in inside([statement]) if s is not statement and not any(blocks(s))]
    return all(
        names & made or any(map(GRADIENT.fullmatch, names)) for names in (set(names_in(s)) for s in body)
    )


def recomputes(function):
    """Whether a function runs the forward pass itself: there, a slip would be one of the forward pass."""
    gradients = gradients_in(function.body, always=False)
    taken = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
    if any(map(GRADIENT.fullmatch, taken)):
        return False
    return any(
        is_product(n)
        for statement in inside(function.body)
        if statement not in gradients and not isinstance(statement, DEFINITIONS)
        for part in own_expressions(statement)
        for n in ast.walk(part)
    )


def is_product(node):
    """Whether it multiplies matrices, or runs a forward pass."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ("dot", "matmul", "einsum", "tensordot") or bool(re.search("forward|predict", name))


# One change of a text


@dataclass(frozen=True)
class Change:
    """Parts of a text, by their places, with what stands there afterwards."""

    kind: str
    structural: bool
    parts: tuple[tuple[int, int, str], ...]

    def apply(self, text):
        for start, end, code in sorted(self.parts, reverse=True):
            text = text[:start] + code + text[end:]
        return text


def put(source, node, code):
    """The part that puts code in the place of an expression, in parentheses where it needs them."""
    parent = source.parents[node]
    if isinstance(parent, ast.expr) and source.is_placed(parent) and not stands(source, parent, node, code):
        code = f"({code})"
    return (*source.span(node), code)


def stands(source, parent, node, code):
    """Whether code keeps together in the place of a part of an expression."""
    (start, end), (first, last) = source.span(parent), source.span(node)
    wanted = copy.copy(parent)
    for field, value in ast.iter_fields(parent):
        if value is node:
            setattr(wanted, field, expression(code))
        elif isinstance(value, list) and node in value:
            setattr(wanted, field, [expression(code) if part is node else part for part in value])
    try:
        return same(
            expression(f"({source.text[start:first]}{code}{source.text[last:end]})"),
            expression(f"({ast.unparse(wanted)})"),
        )
    except SyntaxError:
        return False


def expression(code):
    return ast.parse(code, mode="eval").body


def between(source, left, right, pattern, code):
    """The part that replaces the one match of a pattern between two nodes, say an operator."""
    start, end = source.span(left)[1], source.span(right)[0]
    found = list(re.finditer(pattern, source.text[start:end]))
    return [(start + found[0].start(), start + found[0].end(), code)] if len(found) == 1 else None


def changed_slip(change, source):
    """The slip that a change makes, if Python can still read it."""
    text = change.apply(source.text)
    try:
        tree = ast.parse(text)
        compile(text, "slip", "exec", dont_inherit=True)
    except SyntaxError:
        return None
    if ast.dump(tree) == ast.dump(source.tree):
        return None
    return Slip(change.kind, change.structural, *where(source.text, text), text)


def where(old, new):
    """(line, lines that may be blamed, lines before, lines now) of the difference of two texts."""
    before, after = old.splitlines(), new.splitlines()
    first = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    same_after = zip(reversed(before[first:]), reversed(after[first:]), strict=False)
    last = next((i for i, (a, b) in enumerate(same_after) if a != b), min(len(before), len(after)) - first)
    original = "\n".join(before[first : len(before) - last])
    now = "\n".join(after[first : len(after) - last])
    lines = set(range(first, len(after) - last))
    extra = len(after) - len(before)
    if extra > 0 and after[first - extra : first] == after[first : first + extra]:
        lines |= set(range(first - extra, first))  # of two copies, either
    elif extra < 0:
        codes = [i for i, row in enumerate(after) if row.strip() and not row.lstrip().startswith("#")]
        ahead = max((i for i in codes if i < first), default=first)
        behind = min((i for i in codes if i >= len(after) - last), default=len(after) - 1)
        lines |= set(range(ahead, behind + 1))
    line = next((i for i in range(first, len(after) - last) if after[i].strip()), min(first, len(after) - 1))
    return line + 1, tuple(sorted(i + 1 for i in lines)), original, now


# The kinds: each gives for a node the lists of parts that change it


@dataclass(frozen=True)
class Kind:
    name: str
    structural: bool
    types: tuple[type, ...]
    find: Callable
    weight: float


KINDS = []


def kind(name, *types, structural=False, weight=1.0):
    def register(find):
        KINDS.append(Kind(name, structural, types, find, weight))
        return find

    return register


def is_mask(node):
    return isinstance(node, ast.Compare) or (
        not isinstance(node, ast.BinOp)
        and (
            any(isinstance(n, ast.Compare) for n in ast.walk(node))
            or any(re.search("mask|keep|drop", name, re.IGNORECASE) for name in names_in(node))
        )
    )


@kind("mask dropped", ast.BinOp, ast.Call, weight=3)
def drop_mask(source, node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for mask, other in ((node.left, node.right), (node.right, node.left)):
            if is_mask(mask):
                yield [put(source, node, source.code(other))]
    if is_call(node, "where") and len(node.args) == 3:
        for kept in node.args[1:]:
            if not isinstance(kept, ast.Constant):
                yield [put(source, node, source.code(kept))]


@kind("derivative of the wrong value", ast.BinOp, ast.Call, ast.Compare, weight=2)
def wrong_value(source, node):
    """1 - A**2 of Z, sigmoid'(A), Z > 0 of A."""
    for value in activated(node):
        at = [n for n in ast.walk(node) if isinstance(n, type(value)) and same(n, value)]
        for other in alike(source, value):
            yield [put(source, n, other) for n in at]


def activated(node):
    """The value that a derivative of an activation is taken of, if it looks like one."""
    if isinstance(node, ast.BinOp):
        left, right = node.left, node.right
        if isinstance(node.op, ast.Sub) and is_number(left, 1):
            if (
                isinstance(right, ast.BinOp)
                and isinstance(right.op, (ast.Pow, ast.Mult))
                and is_value(right.left)
            ):
                yield right.left
            elif is_call(right, "square", "tanh", "power") and right.args and is_value(right.args[0]):
                yield right.args[0]
        if isinstance(node.op, ast.Mult) and is_complement(right):
            yield right.right
    elif isinstance(node, ast.Compare):
        if is_value(node.left) and len(node.comparators) == 1 and is_number(node.comparators[0], 0):
            yield node.left
    else:
        name = call_name(node)
        if re.search("deriv|prime|grad|sigmoid|relu|tanh|_d$|^d_|cosh|cos|exp", name, re.IGNORECASE):
            yield from [a for a in node.args[:1] if is_value(a)]


def is_complement(node):
    """Whether it is 1 - A."""
    difference = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
    return difference and is_number(node.left, 1) and is_value(node.right)


def is_value(node):
    return isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))


def is_number(node, value):
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value == value


def alike(source, node):
    """What may stand for a value: another name, attribute or entry."""
    if isinstance(node, ast.Name):
        yield from source.near(node)
    elif isinstance(node, ast.Attribute):
        yield from (f"{source.code(node.value)}.{other}" for other in other_attributes(source, node))
    elif isinstance(node, ast.Subscript):
        yield from (f"{source.code(node.value)}[{key}]" for key in other_keys(source, node))
        if isinstance(node.value, (ast.Name, ast.Attribute)):
            yield from (f"{other}[{source.code(node.slice)}]" for other in alike(source, node.value))


def other_attributes(source, node):
    """Attributes that the same object has elsewhere in the class or function."""
    place = next((n for n in source.above(node) if isinstance(n, ast.ClassDef)), source.scope(node))
    base = ast.unparse(node.value)
    found = [
        n.attr
        for n in ast.walk(place)
        if isinstance(n, ast.Attribute)
        and ast.unparse(n.value) == base
        and not (isinstance(source.parents[n], ast.Call) and source.parents[n].func is n)
    ]
    return nearest(node.attr, [name for name in found if name not in (node.attr, "T", "shape", "size")])


def other_keys(source, node):
    """Other entries of a table, or of a list, as code."""
    key = node.slice
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        keys = [
            n.value
            for n in ast.walk(source.tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.isidentifier()
        ]
        used = nearest(key.value, [k for k in keys if k != key.value and abs(len(k) - len(key.value)) < 8])
        yield from map(repr, used)
    elif isinstance(key, ast.Constant) and isinstance(key.value, int):
        yield from (str(n) for n in (0, 1, -1) if n != key.value)
    elif isinstance(key, ast.UnaryOp) and isinstance(key.operand, ast.Constant):
        yield "0"
        yield f"-{key.operand.value + 1}"
    elif isinstance(key, ast.Name) and key.id in ("i", "j", "k", "l", "t", "n", "layer", "idx", "L"):
        yield from (f"{key.id} - 1", f"{key.id} + 1")
        yield from (n for n in source.near(key) if len(n) <= 2)
    elif isinstance(key, ast.BinOp) and isinstance(key.op, (ast.Add, ast.Sub)):
        yield source.code(key.left)
    elif isinstance(key, ast.JoinedStr):
        code = source.code(key)
        for pattern, new in ((r" ?[-+] ?1\}", "}"), (r"\{(\w+)\}", r"{\1 - 1}"), (r"\{(\w+)\}", r"{\1 + 1}")):
            yield re.sub(pattern, new, code)
        yield from (re.sub(r"[A-Za-z_]+(?=\{)", other, code, count=1) for other in ("W", "A", "Z", "b"))


def call_name(node):
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def is_call(node, *names):
    return call_name(node) in names


@kind("key or index", ast.Subscript, weight=1.5)
def another_key(source, node):
    if (
        isinstance(node.slice, ast.Constant)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "shape"
    ):
        yield [put(source, node.slice, str(0 if node.slice.value else 1))]
        return
    for key in other_keys(source, node):
        yield [(*source.span(node.slice), key)]


@kind("axis", ast.Call, weight=2)
def another_axis(source, node):
    values = [k.value for k in node.keywords if k.arg == "axis"]
    if not values and call_name(node) in ("sum", "mean", "max", "prod", "argmax", "min"):
        values = [a for a in node.args if isinstance(a, ast.Constant) and type(a.value) is int]
    for value in values:
        code = source.code(value)
        others = {"0": "1", "1": "0", "-1": "0", "2": "1"}.get(code)
        if isinstance(value, ast.Tuple) and len(value.elts) > 1:
            yield [put(source, value, f"({', '.join(map(source.code, value.elts[1:]))},)")]
            yield [put(source, value, f"({', '.join(map(source.code, value.elts[:-1]))},)")]
        elif others:
            yield [put(source, value, others)]


@kind("keepdims", ast.Call, weight=2.5)
def other_keepdims(source, node):
    keepdims = next((k for k in node.keywords if k.arg == "keepdims"), None)
    if keepdims is not None:
        yield [(*source.span(keepdims.value), "False")]
        start, end = source.span(keepdims)
        before = source.text[:start].rstrip()
        if before.endswith(","):
            yield [(len(before) - 1, end, "")]
    elif any(k.arg == "axis" for k in node.keywords) and call_name(node) in ("sum", "mean", "max"):
        yield [(source.span(node)[1] - 1, source.span(node)[1], ", keepdims=True)")]


@kind("transpose", ast.Attribute, ast.Name, ast.Subscript, ast.Call)
def transposed(source, node):
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield [(source.span(node.value)[1], source.span(node)[1], "")]
    elif is_call(node, "transpose") and isinstance(node.func, ast.Attribute):
        if ast.unparse(node.func.value) in ("np", "numpy"):
            yield [put(source, node, source.code(node.args[0]))]
        else:
            yield [put(source, node, source.code(node.func.value))]
    elif is_value(node):
        parent = source.parents[node]
        product = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)
        if product or (is_call(parent, "dot", "matmul") and node in parent.args):
            yield [put(source, node, f"{source.code(node)}.T")]


@kind("comparison", ast.Compare, ast.If, ast.IfExp, weight=2)
def other_comparison(source, node):
    if isinstance(node, ast.Compare):
        operators = {ast.Gt: ">", ast.Lt: "<", ast.GtE: ">=", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
        others = {">": "< >=", "<": "> <=", ">=": "<= >", "<=": ">= <", "==": "!=", "!=": "=="}
        old = operators.get(type(node.ops[0]))
        for new in others.get(old, "").split():
            yield between(source, node.left, node.comparators[0], re.escape(old), new)
    elif not isinstance(node.test, ast.Compare):
        yield [put(source, node.test, f"not {source.code(node.test)}")]


@kind("end of a range", ast.Call, weight=3)
def other_range(source, node):
    if is_call(node, "range") and not node.keywords:
        for index, end in enumerate(node.args[:2]):
            code = source.code(end)
            others = [f"{code} - 1", f"{code} + 1"]
            if isinstance(end, ast.BinOp) and isinstance(end.op, (ast.Add, ast.Sub)):
                others = [source.code(end.left)]
            elif isinstance(end, (ast.Constant, ast.UnaryOp)):
                others = [str(ast.literal_eval(end) + step) for step in (-1, 1)]
            if index == 0 and len(node.args) == 1:
                others.append(f"1, {code}")
            yield from ([(*source.span(end), other)] for other in others)


@kind("method", ast.Attribute)
def other_method(source, node):
    """sum for mean, maximum for minimum."""
    swaps = {
        "sum": "mean max",
        "mean": "sum",
        "maximum": "minimum",
        "minimum": "maximum",
        "exp": "log",
        "log": "exp",
        "sin": "cos",
        "cos": "sin",
        "sinh": "cosh",
        "cosh": "sinh",
        "zeros_like": "ones_like",
        "ones_like": "zeros_like",
        "zeros": "ones",
        "argmax": "argmin",
        "max": "min",
        "sqrt": "square",
        "square": "sqrt",
        "tanh": "arctan",
        "sign": "abs",
        "abs": "sign",
        "outer": "multiply",
        "cumsum": "sum",
        "repeat": "tile",
    }
    if isinstance(node, ast.Attribute) and isinstance(source.parents[node], ast.Call):
        end = source.span(node)[1]
        for other in swaps.get(node.attr, "").split():
            yield [(end - len(node.attr), end, other)]


@kind("elementwise for matrix product", ast.BinOp, ast.Call, weight=1.5)
def elementwise(source, node):
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.MatMult):
            yield between(source, node.left, node.right, "@", "*")
        elif isinstance(node.op, ast.Mult) and not any(map(is_scalar, (node.left, node.right, node))):
            yield between(source, node.left, node.right, r"\*", "@")
    elif is_call(node, "dot", "matmul"):
        if ast.unparse(node.func.value if isinstance(node.func, ast.Attribute) else node) in ("np", "numpy"):
            end = source.span(node.func)[1]
            yield [(end - len(node.func.attr), end, "multiply")]
        elif isinstance(node.func, ast.Attribute) and len(node.args) == 1:
            yield [put(source, node, f"{source.code(node.func.value)} * {operand(source, node.args[0])}")]


def operand(source, node):
    """The code of a node, in parentheses if it is more than a name."""
    code = source.code(node)
    return f"({code})" if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp)) else code


def is_scalar(node):
    """Whether it is a number, as far as one can see."""
    if isinstance(node, ast.BinOp):
        return is_scalar(node.left) and is_scalar(node.right)
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.Name) and len(node.id) == 1 and node.id in "mnNM"
    )


@kind("operands swapped", ast.BinOp, ast.Call)
def swapped(source, node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult, ast.Pow)):
        yield swap(source, node.left, node.right)
    elif is_call(node, "dot", "matmul", "outer", "subtract", "divide") and len(node.args) == 2:
        yield swap(source, *node.args)
    elif is_call(node, "dot") and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
        base, other = node.func.value, node.args[0]
        yield [(*source.span(base), operand(source, other)), (*source.span(other), source.code(base))]
    elif is_call(node, "where") and len(node.args) == 3:
        yield swap(source, *node.args[1:])


def swap(source, one, other):
    return [put(source, one, source.code(other)), put(source, other, source.code(one))]


@kind("factor dropped", ast.BinOp)
def drop_factor(source, node):
    if isinstance(node.op, ast.Mult):
        for kept, dropped in ((node.left, node.right), (node.right, node.left)):
            if not is_mask(dropped):
                yield [put(source, node, source.code(kept))]
    elif isinstance(node.op, ast.Div):
        yield [put(source, node, source.code(node.left))]


@kind("factor added", ast.Assign, ast.Return, ast.AugAssign, weight=0.7)
def add_factor(source, node):
    values = [node.value] if node.value is not None else []
    if values and isinstance(values[0], (ast.Tuple, ast.Dict)):
        values = list(getattr(values[0], "elts", None) or values[0].values)
    counts = [
        n for n in source.names_at(source.scope(node), node.lineno) if n in ("m", "n", "N", "batch_size", "B")
    ]
    for value in values:
        if isinstance(value, (ast.BinOp, ast.Call, ast.UnaryOp)) or (
            is_value(value) and isinstance(node, ast.Return)
        ):
            yield put_operand(source, value, "2 * {}")
            yield from (put_operand(source, value, f"{{}} / {count}") for count in counts)


def put_operand(source, node, form):
    """The parts that put a form around an expression."""
    simple = isinstance(node, (ast.Call, ast.Name, ast.Attribute, ast.Subscript))
    product = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div))
    before, after = form.split("{}")
    if not simple and not (product and not before):
        before, after = before + "(", ")" + after
    start, end = source.span(node)
    return [(start, start, before), (end, end, after)]


@kind("term dropped", ast.BinOp, weight=1.5)
def drop_term(source, node):
    if isinstance(node.op, (ast.Add, ast.Sub)):
        yield [put(source, node, source.code(node.left))]
        if isinstance(node.op, ast.Add):
            yield [put(source, node, source.code(node.right))]


@kind("sign", ast.UnaryOp, ast.Assign, ast.Return)
def drop_sign(source, node):
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
            yield [put(source, node, source.code(node.operand))]
    elif isinstance(node.value, (ast.BinOp, ast.Call)) and not is_call(node.value, "len", "range", "int"):
        yield put_operand(source, node.value, "-{}")


@kind("constant", ast.Constant)
def other_constant(source, node):
    if any(isinstance(n, (ast.Subscript, ast.keyword, ast.JoinedStr)) for n in list(source.above(node))[:2]):
        return
    if isinstance(source.parents[node], ast.UnaryOp) or is_call(
        source.parents[node], "range", "sum", "mean", "max", "reshape", "transpose"
    ):
        return
    if type(node.value) is int:
        yield from ([put(source, node, str(n))] for n in (node.value + 1, node.value - 1) if n >= 0)
    elif type(node.value) is float:
        yield [put(source, node, repr(2 * node.value) if node.value else "1.0")]
        yield [put(source, node, repr(1 - node.value))]
    elif type(node.value) is bool:
        yield [put(source, node, str(not node.value))]


@kind("exponent dropped", ast.BinOp, weight=4)
def drop_exponent(source, node):
    if isinstance(node.op, ast.Pow):
        yield [put(source, node, source.code(node.left))]


@kind("operator", ast.BinOp, ast.AugAssign)
def other_operator(source, node):
    operators = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: (r"\*", "/"), ast.Div: ("/", "*")}
    if type(node.op) in operators:
        old, new = operators[type(node.op)]
        if isinstance(node, ast.BinOp):
            yield between(source, node.left, node.right, re.escape(old) if old in "+-" else old, new)
        else:
            yield between(
                source, node.target, node.value, f"{re.escape(old) if old in '+-' else old}=", f"{new}="
            )


@kind("+= for =", ast.Assign, weight=2)
def add_in_place(source, node):
    if len(node.targets) == 1 and not isinstance(node.targets[0], ast.Tuple):
        target = node.targets[0]
        known = source.names_at(source.scope(node), node.lineno)
        if isinstance(target, (ast.Attribute, ast.Subscript)) or getattr(target, "id", "") in known:
            yield between(source, target, node.value, "=", "+=")


@kind("= for +=", ast.AugAssign, weight=1.2)
def assign_instead(source, node):
    if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
        yield between(source, node.target, node.value, r"[-+*]=", "=")


@kind("results swapped", ast.Return, ast.Dict, ast.Assign, weight=3)
def swap_results(source, node):
    if isinstance(node, ast.Dict):
        values = [v for k, v in zip(node.keys, node.values, strict=True) if k is not None]
    else:
        values = node.value.elts if isinstance(node.value, ast.Tuple) else []
    for one, other in pairwise(values):
        if not same(one, other):
            yield swap(source, one, other)


@kind("attribute", ast.Attribute, weight=2)
def another_attribute(source, node):
    if isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
        parent = source.parents[node]
        called = isinstance(parent, ast.Attribute) and parent is getattr(source.parents[parent], "func", None)
        called = called or (isinstance(parent, ast.Call) and parent.func is node)
        if not called and node.value.id not in ("np", "numpy"):
            end = source.span(node)[1]
            if node.attr not in ("T", "shape", "size", "ndim"):
                yield from ([(end - len(node.attr), end, other)] for other in other_attributes(source, node))


@kind("name", ast.Name, weight=1.5)
def another_name(source, node):
    if isinstance(node.ctx, ast.Load):
        yield from ([put(source, node, other)] for other in source.near(node))


# The kinds that change the structure


def siblings(source, node):
    """The list of statements that a statement is in."""
    return next(block for block in blocks(source.parents[node]) if node in block)


def row_span(source, node):
    """The places of the rows of a statement that has them for itself, or none."""
    start, end = source.starts[node.lineno - 1], source.starts[node.end_lineno]
    head, tail = source.text[start : source.span(node)[0]], source.text[source.span(node)[1] : end]
    return (start, end) if not head.strip() and re.fullmatch(r"\s*(#.*)?\s*", tail) else None


SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr)


@kind("accumulated term lost", ast.AugAssign, ast.Assign, structural=True, weight=1.5)
def lose_term(source, node):
    if isinstance(node, ast.AugAssign):
        if isinstance(node.op, (ast.Add, ast.Sub)):
            yield delete(source, node)
    elif isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Add):
        sides = node.value.left, node.value.right
        for side, other in (sides, sides[::-1]):
            if any(same(side, target) for target in node.targets):
                yield [put(source, node.value, source.code(other))]


@kind("statement deleted", *SIMPLE, ast.If, structural=True)
def delete_statement(source, node):
    accumulates = isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub))
    if not accumulates and not (isinstance(node, ast.If) and node.orelse):
        yield delete(source, node)


def delete(source, node):
    rows = row_span(source, node)
    if rows is None:
        return None
    if len(siblings(source, node)) > 1:
        return [(*rows, "")]
    return [(*source.span(node), "pass")]


@kind("statements swapped", *SIMPLE, structural=True, weight=4)
def swap_statements(source, node):
    block = siblings(source, node)
    following = block[block.index(node) + 1 : block.index(node) + 2]
    for other in following:
        if isinstance(other, SIMPLE):
            yield swap_rows(source, node, other)


@kind("direction of a loop", ast.For, structural=True, weight=2)
def turn_loop(source, node):
    loop = node.iter
    if is_call(loop, "reversed") and len(loop.args) == 1:
        yield [put(source, loop, source.code(loop.args[0]))]
    elif isinstance(loop, ast.Subscript) and ast.unparse(loop.slice) == "::-1":
        yield [put(source, loop, source.code(loop.value))]
    elif is_call(loop, "range") and len(loop.args) == 3:
        start, end, step = loop.args
        if ast.unparse(step) == "-1":
            yield [put(source, loop, f"range({plus_one(source, end)}, {plus_one(source, start)})")]
    elif is_call(loop, "range", "zip") or isinstance(loop, (ast.Name, ast.Attribute)):
        code = source.code(loop)
        yield [put(source, loop, f"reversed(list({code}))" if is_call(loop, "zip") else f"reversed({code})")]


def plus_one(source, node):
    code = source.code(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and is_number(node.right, 1):
        return source.code(node.left)
    return {"0": "1", "-1": "0"}.get(code, f"{code} + 1")


@kind("order of unpacking", ast.Assign, ast.For, structural=True, weight=2)
def reorder(source, node):
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        for names in (n for n in ast.walk(target) if isinstance(n, (ast.Tuple, ast.List))):
            for one, other in pairwise(names.elts):
                if not isinstance(one, ast.Starred) and not isinstance(other, ast.Starred):
                    yield swap(source, one, other)


@kind("out of a parenthesis", ast.BinOp, structural=True)
def leave_parenthesis(source, node):
    """(a + b) * c becomes a + b * c."""
    for inner in (node.left, node.right):
        if isinstance(inner, ast.BinOp):
            start, end = source.span(inner)
            opened, closed = re.search(r"\(\s*$", source.text[:start]), re.match(r"\s*\)", source.text[end:])
            if opened and closed:
                yield [(opened.start(), start, ""), (end, end + closed.end(), "")]


@kind("out of or into a loop", ast.For, structural=True, weight=4)
def move(source, node):
    step = node.body[0].col_offset - node.col_offset
    if node.orelse or step <= 0 or node.body[0].lineno == node.lineno:
        return
    last = node.body[-1]
    if len(node.body) > 1 and isinstance(last, SIMPLE) and row_span(source, last):
        rows = row_span(source, last)
        yield [(*rows, re.sub(rf"(?m)^ {{{step}}}", "", source.text[slice(*rows)]))]
    block = siblings(source, node)
    for following in block[block.index(node) + 1 : block.index(node) + 2]:
        rows = row_span(source, following)
        if rows and isinstance(following, SIMPLE) and following.lineno == node.end_lineno + 1:
            yield [(*rows, re.sub(r"(?m)^(?=.)", " " * step, source.text[slice(*rows)]))]


@kind("statement repeated", ast.AugAssign, ast.Assign, structural=True)
def repeat(source, node):
    rows = row_span(source, node)
    if rows:
        yield [(rows[1], rows[1], source.text[slice(*rows)])]


@kind("branches swapped", ast.If, ast.IfExp, structural=True, weight=2)
def swap_branches(source, node):
    if isinstance(node, ast.IfExp):
        yield swap(source, node.body, node.orelse)
    elif len(node.body) == 1 and len(node.orelse) == 1 and not isinstance(node.orelse[0], ast.If):
        yield swap_texts(source, node.body[0], node.orelse[0])


def swap_texts(source, one, other):
    (a, b), (c, d) = source.span(one), source.span(other)
    return [(a, b, source.text[c:d]), (c, d, source.text[a:b])]


def swap_rows(source, one, other):
    first, second = row_span(source, one), row_span(source, other)
    if first is None or second is None:
        return None
    return [(*first, source.text[slice(*second)]), (*second, source.text[slice(*first)])]


NOT_IN_AN_INDEX = ("elementwise for matrix product", "transpose", "operands swapped")


def changes(source) -> Iterator[Change]:
    """All changes of a kind above, of one place."""
    seen = set()
    for each in KINDS:
        for node in source.nodes:
            if isinstance(node, each.types):
                for parts in each.find(source, node):
                    if each.name in NOT_IN_AN_INDEX and source.is_index(node):
                        continue
                    if parts and tuple(parts) not in seen:
                        seen.add(tuple(parts))
                        yield Change(each.name, each.structural, tuple(parts))


# What becomes of a text


class TooLongError(Exception):
    """A slip loops for ever, as far as anybody can wait for it."""


@contextmanager
def limited(seconds=SECONDS):
    """Silence, and so many seconds; only in the main thread of a process."""

    def stop(number, frame):
        raise TooLongError

    former = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), np.errstate(all="ignore"):
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)


def ask(text, question, name="slip"):
    """What a driver's function answers about a module of this text."""
    with tempfile.TemporaryDirectory() as folder, limited():
        path = Path(folder, f"{name}.py")
        path.write_text(text, encoding="utf-8")
        linecache.clearcache()
        state, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            return {key: np.array(value, dtype=float) for key, value in question(load(path)).items()}
        finally:
            sys.dont_write_bytecode = state


def differ(some, others, tolerance=CHANGED):
    """Whether arrays are others, or have other shapes."""
    if some.keys() != others.keys():
        return True
    for key, one in some.items():
        other = others[key]
        if one.shape != other.shape or not np.all(np.isfinite(other)):
            return True
        if np.max(np.abs(one - other), initial=0) > tolerance * np.max(np.abs(one), initial=1e-12):
            return True
    return False


class Plain:
    """A right module with what its driver says of it."""

    def __init__(self, text, driver):
        self.source, self.driver = Source(text), driver
        self.name = driver.__name__.split(".")[-1]
        self.answers = ask(text, driver.answers, self.name)
        self.truth = ask(text, driver.truth, self.name)
        if differ(self.answers, ask(text, driver.answers, self.name)):
            raise ValueError(f"{self.name}: the driver answers differently each time")

    def counted(self, slip):
        """The slip with what it raises, if it counts; None, if not."""
        raised = None
        try:
            if not differ(self.answers, ask(slip.text, self.driver.answers, self.name)):
                return None
        except (TooLongError, NameError, MemoryError):
            return None
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            own = [f for f in frames if Path(f.filename).name == f"{self.name}.py"]
            raised = tuple(f.lineno for f in own if Path(f.filename).parent.name != "drivers")[-9:] or None
        if not self.has_its_forward_pass(slip, raised):
            return None
        return replace(slip, raised=raised)

    def has_its_forward_pass(self, slip, raised):
        try:
            return not differ(self.truth, ask(slip.text, self.driver.truth, self.name))
        except Exception:
            return raised is not None and SCRIPT in self.source.judged


def slips_of(module_text, driver, n, seed=0):
    """n slips of a module, as far as there are so many; one in four changes the structure if it can."""
    plain = Plain(module_text, driver)
    draw = random.Random(f"{seed} {plain.name}")
    structural = int(n * SHARE_STRUCTURAL + draw.random())
    pool = list(changes(plain.source))
    found = drawn(plain, [c for c in pool if c.structural], structural, draw)
    return found + drawn(plain, [c for c in pool if not c.structural], n - len(found), draw)


def drawn(plain, pool, n, draw):
    """n slips out of a pool of changes, of different kinds as long as there are some."""
    weights = {each.name: each.weight for each in KINDS}
    by_kind = {}
    for change in pool:
        by_kind.setdefault(change.kind, []).append(change)
    found, left = [], dict(by_kind)
    while len(found) < n and by_kind:
        left = {name: members for name, members in left.items() if members} or dict(by_kind)
        name = draw.choices(list(left), [weights[name] for name in left])[0]
        members = by_kind[name]
        slip = None
        while members and slip is None:
            change = members.pop(draw.randrange(len(members)))
            slip = changed_slip(change, plain.source)
            slip = slip and plain.counted(slip)
        left = {other: members for other, members in left.items() if other != name}
        by_kind = {other: members for other, members in by_kind.items() if members}
        if slip is not None:
            found.append(slip)
    return found


# Random edits of the tree


def edited(source, draw):
    """A random change of a random node, of any kind that a tree allows."""
    node = draw.choice(source.nodes)
    if isinstance(node, ast.stmt):
        parts, kind = edited_statement(source, node, draw)
    else:
        parts, kind = edited_expression(source, node, draw)
    return Change(f"edit: {kind}", isinstance(node, ast.stmt), tuple(parts)) if parts else None


def edited_statement(source, node, draw):
    if draw.random() < 0.5:
        return delete(source, node) if isinstance(node, SIMPLE) else None, "deleted"
    block = siblings(source, node)
    other = draw.choice(block[block.index(node) :][1:3] or [node])  # a line between them may be blamed too
    both = isinstance(node, SIMPLE) and isinstance(other, SIMPLE) and other is not node
    return swap_rows(source, node, other) if both else None, "exchanged"


FORMS = ("-{}", "abs({})", "2 * {}", "{} / 2", "{} + 1", "{} ** 2", "{}.T", "{}[::-1]")
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Pow)
COMPARISONS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq)


def edited_expression(source, node, draw):
    if isinstance(getattr(node, "ctx", None), ast.Store) or is_function(source, node):
        return None, ""
    what = draw.choice(("replaced", "wrapped", "child", "own", "own"))
    if what == "replaced":
        scope = source.scope(node)
        others = [n for n in source.nodes if isinstance(n, ast.expr) and source.scope(n) is scope]
        others = [n for n in others if not isinstance(getattr(n, "ctx", None), ast.Store) and is_value(n)]
        return [put(source, node, source.code(draw.choice(others)))] if others else None, what
    if what == "wrapped":
        form = draw.choice(FORMS)
        return [put(source, node, form.format(f"({source.code(node)})"))], what
    if what == "child":
        parts = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr) and source.is_placed(n)]
        parts = [n for n in parts if not is_function(source, n)]
        return [
            put(source, node, source.code(draw.choice(parts)))
        ] if parts else None, "replaced by a part of it"
    return own_edit(source, node, draw)


def is_function(source, node):
    """Whether it is what is called, or the name of a package in it."""
    parent = source.parents[node]
    return (isinstance(parent, ast.Call) and parent.func is node) or ast.unparse(node) in ("np", "numpy")


def own_edit(source, node, draw):
    """What only a node of its type can become."""
    new = copy.copy(node)
    if isinstance(node, ast.BinOp):
        if draw.random() < 0.5:
            new.left, new.right = node.right, node.left
            kind = "operands"
        else:
            new.op = draw.choice([o for o in OPERATORS if not isinstance(node.op, o)])()
            kind = "operator"
    elif isinstance(node, ast.Compare):
        new.ops, kind = [draw.choice(COMPARISONS)(), *node.ops[1:]], "comparison"
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        new.value, kind = draw.choice((0, 1, 2, 3, -1, 0.5, 10)), "constant"
    elif isinstance(node, ast.Call) and (node.keywords or len(node.args) > 1):
        index = draw.randrange(len(node.args) + len(node.keywords))
        new.args = [a for i, a in enumerate(node.args) if i != index]
        new.keywords = [k for i, k in enumerate(node.keywords, len(node.args)) if i != index]
        kind = "argument dropped"
    elif isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) > 1:
        new.elts, kind = draw.sample(node.elts, len(node.elts)), "elements shuffled"
    else:
        return None, ""
    return [put(source, node, ast.unparse(new))], kind


def random_edits_of(module_text, driver, n, seed=0):
    """n random edits of the same functions that give other numbers."""
    plain = Plain(module_text, driver)
    draw = random.Random(f"{seed} {plain.name} edits")
    found, texts = [], set()
    for _ in range(100 * n):
        if len(found) == n:
            break
        change = edited(plain.source, draw) if plain.source.nodes else None
        slip = change and changed_slip(change, plain.source)
        slip = plain.counted(slip) if slip and slip.text not in texts else None
        if slip and slip.raised is None:
            texts.add(slip.text)
            found.append(slip)
    return found


def shares(count, n):
    """How many of n random edits go to each of so many modules."""
    return [n // count + (index < n % count) for index in range(count)]


def random_edits(modules, n=500, seed=0):
    """(name, slip) for n random edits of modules, given as (text, driver)."""
    return [
        (driver.__name__.split(".")[-1], slip)
        for (text, driver), some in zip(modules, shares(len(modules), n), strict=True)
        for slip in random_edits_of(text, driver, some, seed)
    ]
