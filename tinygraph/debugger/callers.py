"""How a file itself calls its functions: which result goes where, and what it makes of what comes back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tinygraph.debugger.program import Function, Program, called_name
from tinygraph.debugger.uses import arguments_of

__all__ = ["Origin", "divides_by_examples", "names_unpacked", "origins_of"]

COUNTS = {"m", "n", "N", "M", "batch_size", "num_examples", "n_samples", "size", "num_train", "n_examples", "bs"}


@dataclass(frozen=True)
class Origin:
    """Where an argument comes from: an argument of the forward pass, or one of its results (None: all of it)."""

    argument: str | None = None
    result: int | None = None


def bodies(program: Program) -> Iterator[list[ast.AST]]:
    """The nodes of each function, and of each file's own statements."""
    for function in program.functions.values():
        yield list(ast.walk(function.node))
    for tree in program.trees.values():
        plain = [s for s in tree.body if not isinstance(s, ast.FunctionDef | ast.ClassDef)]
        yield [n for s in plain for n in ast.walk(s)]


def calls_in(nodes: list[ast.AST], function: Function) -> list[ast.Call]:
    last = function.name.rpartition(".")[2]
    return [n for n in nodes if isinstance(n, ast.Call) and called_name(n) == last]


def origins_of(program: Program, forward: Function, backward: Function) -> dict[str, Origin]:
    """Where the parameters of a backward pass come from, wherever the file calls it after the forward pass."""
    for nodes in bodies(program):
        for call in calls_in(nodes, backward):
            found = {
                name: where[arg.id]
                for name, arg in arguments_of(backward, call)
                if isinstance(arg, ast.Name) and arg.id in (where := variables_after(nodes, forward))
            }
            if found:
                return found
    return {}


def variables_after(nodes: list[ast.AST], forward: Function) -> dict[str, Origin]:
    """What the variables hold that a call of the forward pass is given, and that take its results."""
    found: dict[str, Origin] = {}
    for node in nodes:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        if called_name(node.value) != forward.name.rpartition(".")[2]:
            continue
        for name, arg in arguments_of(forward, node.value):
            if isinstance(arg, ast.Name):
                found.setdefault(arg.id, Origin(argument=name))
        target = node.targets[0]
        if isinstance(target, ast.Name):
            found[target.id] = Origin()
        elif isinstance(target, ast.Tuple):
            found |= {t.id: Origin(result=i) for i, t in enumerate(target.elts) if isinstance(t, ast.Name)}
    return found


def names_unpacked(program: Program, function: Function) -> list[list[str]]:
    """The names into which the file unpacks what a function gives, once for each call."""
    found = []
    for nodes in bodies(program):
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                if isinstance(node.value, ast.Call) and calls_in([node.value], function):
                    found.append([ast.unparse(t) for t in node.targets[0].elts])
    return found


def divides_by_examples(program: Program, function: Function) -> bool:
    """Whether somebody who calls a function divides by the number of examples afterwards."""
    for nodes in bodies(program):
        if calls_in(nodes, function):
            divisors = [n.right for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
            if any(is_count(d) for d in divisors):
                return True
    return False


def is_count(node: ast.AST) -> bool:
    """Whether an expression says how many examples there are."""
    if isinstance(node, ast.Name):
        return node.id in COUNTS
    if isinstance(node, ast.Attribute):
        return node.attr in COUNTS
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    return isinstance(node, ast.Call) and called_name(node) in ("len", "float") and bool(node.args)
