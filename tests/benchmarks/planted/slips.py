"""Random single edits of a formula, made on its syntax tree: slips that are on nobody's list."""

import ast
from collections.abc import Iterator

__all__ = ["slips"]

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult)
COMPARISONS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE)
CALLS = ("sum", "mean", "max")


def slips(code, names) -> Iterator[tuple[str, str]]:
    """All (kind, formula) that are one edit away; `names` are the values at hand."""
    tree = ast.parse(code, mode="eval").body
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            yield from ((kind, ast.unparse(put(tree, node, new))) for kind, new in changed(node, names))


def put(tree, node, new):
    """A copy of the tree with `new` in the place of `node`."""
    if tree is node:
        return new
    if isinstance(tree, list):
        return [put(part, node, new) for part in tree]
    if isinstance(tree, ast.AST):
        return type(tree)(**{field: put(part, node, new) for field, part in ast.iter_fields(tree)})
    return tree


def changed(node, names):
    """What may stand in the place of a node, by kind of edit."""
    yield from {
        ast.Name: changed_name,
        ast.BinOp: changed_operation,
        ast.UnaryOp: changed_sign,
        ast.Compare: changed_comparison,
        ast.Constant: changed_constant,
        ast.Attribute: changed_attribute,
        ast.Call: changed_call,
    }.get(type(node), unchanged)(node, names)
    if is_value(node):
        yield "minus", ast.UnaryOp(ast.USub(), node)
        for factor in ("m", "2"):
            yield "factor", ast.BinOp(node, ast.Mult(), ast.parse(factor, mode="eval").body)
            yield "factor", ast.BinOp(node, ast.Div(), ast.parse(factor, mode="eval").body)


def is_value(node):
    """Whether this stands for a number or an array, and not for np or a function of it."""
    return not (isinstance(node, ast.Name) and node.id == "np") and not is_function(node)


def is_function(node):
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np"


def unchanged(node, names):
    return ()


def changed_sign(node, names):
    yield "minus", node.operand


def changed_name(node, names):
    if node.id != "np":
        yield from (("operand", ast.Name(other)) for other in sorted(names) if other != node.id)
        yield "transpose", ast.Attribute(node, "T")


def changed_operation(node, names):
    yield from (("dropped", part) for part in (node.left, node.right))
    if not isinstance(node.op, ast.Pow):
        for operator in OPERATORS:
            if not isinstance(node.op, operator):
                yield "operator", ast.BinOp(node.left, operator(), node.right)
        yield "order", ast.BinOp(node.right, node.op, node.left)


def changed_comparison(node, names):
    yield "dropped", node.left
    for other in COMPARISONS:
        if not isinstance(node.ops[0], other):
            yield "comparison", ast.Compare(node.left, [other()], node.comparators)


def changed_constant(node, names):
    if isinstance(node.value, bool):
        yield "keepdims", ast.Constant(not node.value)
    else:
        yield from (("constant", ast.Constant(n)) for n in (0, 1, 2, 3) if n != node.value)


def changed_attribute(node, names):
    if node.attr == "T":
        yield "transpose", node.value


def changed_call(node, names):
    yield "dropped", node.args[0]
    for name in CALLS if node.func.attr in CALLS else ():
        if name != node.func.attr:
            yield "call", ast.Call(ast.Attribute(node.func.value, name), node.args, node.keywords)
    for keyword in node.keywords:
        rest = [other for other in node.keywords if other is not keyword]
        yield "axis", ast.Call(node.func, node.args, rest)
