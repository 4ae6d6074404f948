"""Spoiled rules: each rule of the table with one thing wrong, as a slip of the pen would have it."""

import ast
import copy
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tests.slips import replacements
from tinygraph.rules.table import Each, Operation

__all__ = ["Mutant", "edited_rules", "spoiled", "spoiled_rules"]


@dataclass(frozen=True, eq=False)
class Mutant:
    """A row with the rule for input i replaced; i is None where one rule serves all inputs."""

    op: Operation
    i: int | None
    rule: Any
    slip: str

    def __str__(self) -> str:
        return f"{self.op.name}, input {'any' if self.i is None else self.i}: {self.slip}"


@contextmanager
def spoiled(mutant: Mutant) -> Iterator[None]:
    """The table with the mutant's rule in it."""
    rules = mutant.op.rules
    others = rules if mutant.i is None else [*rules[: mutant.i], mutant.rule, *rules[mutant.i + 1 :]]
    object.__setattr__(mutant.op, "rules", Each(mutant.rule) if mutant.i is None else tuple(others))
    try:
        yield
    finally:
        object.__setattr__(mutant.op, "rules", rules)


def rules_of(op: Operation) -> list[tuple[int | None, Any]]:
    if isinstance(op.rules, Each):
        return [(None, op.rules.rule)]
    return [(i, rule) for i, rule in enumerate(op.rules) if rule is not None]


# Whole rules spoiled: what comes out is wrong ----------------------------------------------------


def doubled(dx, dz):
    return 2 * dx


def negated(dx, dz):
    return -dx


def transposed(dx, dz):
    return np.swapaxes(dx, 0, 1) if dx.ndim > 1 else dx


def reversed_(dx, dz):
    return np.flip(dx)


def without_factors(dx, dz):
    """dz alone, where it can be given the right shape."""
    if dz.size == dx.size:
        return dz.reshape(dx.shape)
    return dz + np.zeros_like(dx) if dz.ndim in (0, dx.ndim) else dx


def zeroed(dx, dz):
    return 0 * dx


def without_1_over_m(dx, dz):
    return dx * dx.shape[-1] if dx.ndim > 1 else dx


SLIPS = [doubled, negated, transposed, reversed_, without_factors, zeroed, without_1_over_m]


def spoiled_rules(op: Operation) -> Iterator[Mutant]:
    for i, rule in rules_of(op):
        for slip in SLIPS:
            yield Mutant(op, i, spoil(rule, slip, place=0 if i is not None else 1), slip.__name__)


def spoil(rule, slip, place):
    def spoiled_rule(*args, **settings):
        return slip(rule(*args, **settings), args[place])

    return spoiled_rule


# Formulas edited: a factor, a sign, a setting left out -----------------------------------------


def edited_rules(op: Operation) -> Iterator[Mutant]:
    """Each rule with one edit in its formula, recompiled."""
    for i, rule in rules_of(op):
        module = sys.modules[rule.__module__]
        for edit, text in edits(formula_of(rule, module)):
            yield Mutant(op, i, compiled(edit, module), text)


@cache
def nodes_of(module):
    return list(ast.walk(ast.parse(inspect.getsource(module))))


def formula_of(rule, module):
    """The syntax tree of a rule: its `def`, or its lambda in the table."""
    line = rule.__code__.co_firstlineno
    kind = ast.Lambda if rule.__name__ == "<lambda>" else ast.FunctionDef
    [tree] = [node for node in nodes_of(module) if isinstance(node, kind) and node.lineno == line]
    return tree


def compiled(tree, module):
    """The function that a syntax tree defines, among the names of `module`."""
    names = dict(vars(module))
    if isinstance(tree, ast.Lambda):
        return eval(compile(ast.fix_missing_locations(ast.Expression(tree)), "<edited>", "eval"), names)
    exec(compile(ast.fix_missing_locations(ast.Module([tree], [])), "<edited>", "exec"), names)
    return names[tree.name]


def edits(tree):
    """Copies of `tree` with one edit each, and the edit in words."""
    signature = set(ast.walk(tree.args)) | set(ast.walk(getattr(tree, "returns", None) or ast.Pass()))
    for place, node in enumerate(ast.walk(tree)):
        for replacement in replacements(node) if node not in signature else ():
            edited = copy.deepcopy(tree)
            target = list(ast.walk(edited))[place]
            target.__class__ = replacement.__class__
            target.__dict__.clear()
            target.__dict__.update(copy.deepcopy(replacement.__dict__))
            text = f"{ast.unparse(node)} became {ast.unparse(replacement)}"
            yield edited, text.replace("\\", "").replace('"', "'")  # quoted alike by every Python
