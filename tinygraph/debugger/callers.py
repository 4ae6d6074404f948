"""How a file itself calls its functions: which result goes where, and what it makes of what comes back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tinygraph.debugger.program import Function, Program, called_name
from tinygraph.debugger.uses import arguments_given

__all__ = [
    "Origin",
    "divides_by_examples",
    "goes_one_by_one",
    "is_for_several",
    "labels_given",
    "names_unpacked",
    "origins_of",
    "takes_rows_in_turn",
]

COUNTS = {
    "m",
    "n",
    "N",
    "M",
    "batch_size",
    "num_examples",
    "n_samples",
    "size",
    "num_train",
    "n_examples",
    "bs",
}


@dataclass(frozen=True)
class Origin:
    """Where an argument comes from: an argument of the forward pass, or a result of it (None: all)."""

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


@cache
def origins_of(program: Program, forward: Function, backward: Function) -> dict[str, Origin]:
    """Where the parameters of a backward pass come from where the file calls it after the forward pass."""
    for nodes in bodies(program):
        for call in calls_in(nodes, backward):
            found = {
                name: where[arg.id]
                for name, arg in arguments_given(backward, call)
                if isinstance(arg, ast.Name) and arg.id in (where := variables_after(nodes, forward))
            }
            if found:
                return found
    return {}


def labels_given(
    program: Program, backward: Function, losses: Iterable[Function], is_label: Any
) -> list[str]:
    """The parameters of a backward pass that the file gives what it gives a loss as labels."""
    for nodes in bodies(program):
        held = {
            arg.id
            for loss in losses
            for call in calls_in(nodes, loss)
            for name, arg in arguments_given(loss, call)
            if isinstance(arg, ast.Name) and is_label(name)
        }
        for call in calls_in(nodes, backward):
            given = arguments_given(backward, call)
            if found := [n for n, arg in given if isinstance(arg, ast.Name) and arg.id in held]:
                return found
    return []


def variables_after(nodes: list[ast.AST], forward: Function) -> dict[str, Origin]:
    """What the variables hold that a call of the forward pass is given, and that take its results."""
    found: dict[str, Origin] = {}
    for node in nodes:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        if called_name(node.value) != forward.name.rpartition(".")[2]:
            continue
        for name, arg in arguments_given(forward, node.value):
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
            if isinstance(node, ast.Assign) and calls_in([node.value], function):
                target = node.targets[0]
                found += [[ast.unparse(t) for t in target.elts]] if isinstance(target, ast.Tuple) else []
    return found


def divides_by_examples(program: Program, function: Function) -> bool:
    """Whether somebody who calls a function divides by the number of examples afterwards."""
    for nodes in bodies(program):
        if calls_in(nodes, function):
            divisors = [n.right for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
            if any(is_example_count(d) for d in divisors):
                return True
    return False


def is_example_count(node: ast.AST) -> bool:
    """Whether an expression says how many examples there are."""
    if isinstance(node, ast.Name):
        return node.id in COUNTS
    if isinstance(node, ast.Attribute):
        return node.attr in COUNTS
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    return isinstance(node, ast.Call) and called_name(node) in ("len", "float") and bool(node.args)


def goes_one_by_one(program: Program, function: Function) -> bool:
    """Whether a file gives its functions one example after the other: for x, y in data: backprop(x, y)."""
    if takes_outer_product(function.node):
        return True
    lasts = {f.name.rpartition(".")[2] for f in program.functions.values()}
    loops = [n for nodes in bodies(program) for n in nodes if isinstance(n, ast.For)]
    return any(gives_example(loop, call) for loop in loops for call in ast.walk(loop)
               if isinstance(call, ast.Call) and called_name(call) in lasts)  # fmt: skip


def takes_outer_product(node: ast.AST) -> bool:
    """Whether there is one outside of loops, which may go through the examples."""
    if isinstance(node, ast.For | ast.comprehension):
        return False
    if isinstance(node, ast.Call) and called_name(node) == "outer":
        return True
    return any(takes_outer_product(x) for x in ast.iter_child_nodes(node))


def takes_rows_in_turn(function: Function) -> bool:
    """Whether a function goes through one of its arguments: for probs, dv in zip(self.output, dvalues)."""
    loops = [n for n in ast.walk(function.node) if isinstance(n, ast.For | ast.comprehension)]
    taken = [x.args if isinstance(x := loop.iter, ast.Call) else [x] for loop in loops]
    names = {x.id for args in taken for x in args if isinstance(x, ast.Name)}
    return bool(names & set(function.parameters))


def is_for_several(program: Program, function: Function) -> bool:
    """Whether a function, or its class, adds up or counts examples."""
    methods = program.methods(function.owner).values() if function.owner else [function]
    return any(re.search(r"axis|keepdims|(sum|mean)\((0|1|-1)\b|shape\[|\blen\(", f.text) for f in methods)


def gives_example(loop: ast.For, call: ast.Call) -> bool:
    """Whether a call in a loop is given what the loop goes through, or what was taken by its number."""
    names = names_of_turn(loop)
    given = [arg.slice if isinstance(arg, ast.Subscript) else arg for arg in call.args]
    return sum(isinstance(x, ast.Name) and x.id in names for x in given) > 1


def names_of_turn(loop: ast.For) -> set[str]:
    """What a loop goes through, and what is taken by it or out of it: x, y = X[i], Y[i]."""
    names = names_within(loop.target)
    for node in ast.walk(loop):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.Tuple):
            taken = names_within(node.value) & names
            names |= names_within(*node.targets) if taken else set()
    return names


def names_within(*nodes: ast.AST) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
