"""A formula from its text: NumPy's operators and functions on names, read without being run as code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["parse_formula"]

OPERATIONS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.MatMult: operator.matmul, ast.Pow: operator.pow, ast.USub: operator.neg, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le,
}  # fmt: skip


def parse_formula(text: str, names: Mapping[str, Any]) -> Any:
    """The expression that a text of NumPy stands for; `names` are what its names stand for.

    Raises:
        ValueError: the text is more than operators, numbers, names and calls of NumPy's functions.

    >>> from tinygraph.notation.expressions import Expression
    >>> str(parse_formula("dA * (1 - np.tanh(Z) ** 2)", {"dA": Expression("dA2"), "Z": Expression("Z2")}))
    'dA2 * (1 - np.tanh(Z2) ** 2)'
    """
    return parse_node(ast.parse(text, mode="eval").body, names)


def parse_node(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """The same for a part of the syntax."""

    def read(part: ast.AST) -> Any:
        return parse_node(part, names)

    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name) if name in names:
            return names[name]
        case ast.BinOp(left, sign, right) | ast.Compare(left, [sign], [right]) if type(sign) in OPERATIONS:
            return OPERATIONS[type(sign)](read(left), read(right))
        case ast.UnaryOp(sign, part) if type(sign) in OPERATIONS:
            return OPERATIONS[type(sign)](read(part))
        case ast.Attribute(part, "T"):
            return read(part).T
        case ast.Call(ast.Attribute(ast.Name("np"), function), args, keywords) if hasattr(np, function):
            settings = {keyword.arg or "": read(keyword.value) for keyword in keywords}
            return getattr(np, function)(*map(read, args), **settings)
    raise ValueError(f"{ast.unparse(node)} is no formula of numbers, known names and NumPy's functions")
