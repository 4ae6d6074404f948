"""What functions do with their parameters: which keys they take, how many axes they unpack, what they index.

All of it is read from the text, through the calls of the file's own functions, so that arguments can be made
which have a chance to run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from tinygraph.debugger.program import Function, Program, called_name

__all__ = ["Use", "arguments_given", "called_function", "free_names", "use_of"]

DEEPEST_CALLS = 3
OBJECT_METHODS = {
    "forward",
    "backward",
    "call",
    "predict",
    "activate",
    "derivative",
    "gradient",
    "delta",
    "fn",
}


@dataclass
class Use:
    """What is done with a parameter.

    Attributes:
        keys: the keys that are taken from it.
        prefixes: how the keys begin that are computed: "W" + str(l).
        texts: the texts that it is compared with.
        elses: of each choice that ends with an else, the texts that come before it.
        axes: how many axes it has, where the text says.
        least: how many axes it has at least.
        indexes: whether arrays are indexed with it.
        element: what is done with its entries, where a loop goes through them.
        called: whether it is called.
        methods: its methods that are called.
        sized: whether its length is taken.
        numbered: whether it is indexed by something that is no text.
        mapping: whether it is a dict.
        array: whether something is done with it that is done with arrays.
        unpacked: into how many names it is unpacked.
        optional: keys that need not be there.
        positive: whether its logarithm is taken.
    """

    keys: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    elses: list[set[str]] = field(default_factory=list)
    axes: int | None = None
    least: int = 0
    indexes: bool = False
    element: Use | None = None
    called: bool = False
    methods: set[str] = field(default_factory=set)
    sized: bool = False
    numbered: bool = False
    mapping: bool = False
    array: bool = False
    unpacked: int = 0
    positive: bool = False
    optional: set[str] = field(default_factory=set)

    def add(self, other: Use) -> None:
        """Take in what another function does with it."""
        for mine, its in (
            (self.keys, other.keys),
            (self.prefixes, other.prefixes),
            (self.texts, other.texts),
        ):
            mine += [x for x in its if x not in mine]
        self.elses += [x for x in other.elses if x not in self.elses]
        self.axes = self.axes or other.axes
        self.least = max(self.least, other.least)
        self.methods |= other.methods
        self.optional |= other.optional
        self.element = self.element or other.element
        for name in ("indexes", "called", "sized", "numbered", "mapping", "array", "unpacked", "positive"):
            setattr(self, name, getattr(self, name) or getattr(other, name))


def use_of(program: Program, function: Function, name: str, depth: int = 0) -> Use:
    """What a function, and those that it calls, do with one of its parameters or variables."""
    seen = program.__dict__.setdefault("_uses", {})
    key = (function.file, function.name, function.line, name)
    if key not in seen:
        seen[key] = Use()  # for functions that call each other
        seen[key] = found = Use()
        for node in ast.walk(function.node):
            read_node(program, function, name, node, found, depth)
    return seen[key]  # type: ignore[no-any-return]


def read_node(program: Program, function: Function, name: str, node: ast.AST, use: Use, depth: int) -> None:
    """What one node of a function says of a name."""
    if isinstance(node, ast.Subscript):
        read_subscript(program, function, name, node, use)
    elif isinstance(node, ast.Compare):
        read_comparison(name, node, use)
    elif isinstance(node, ast.If | ast.IfExp):
        read_choice(name, node, use)
    elif isinstance(node, ast.Assign):
        read_assignment(program, function, name, node, use, depth)
    elif isinstance(node, ast.For | ast.comprehension):
        read_loop(program, function, name, node, use, depth)
    elif isinstance(node, ast.Call):
        note_call(program, function, name, node, use, depth)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        use.array = use.array or is_that_name(node.left, name) or is_that_name(node.right, name)


def is_that_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def is_shape(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "shape" and is_that_name(node.value, name)


def read_subscript(program: Program, function: Function, name: str, node: ast.Subscript, use: Use) -> None:
    if is_that_name(node.value, name):
        read_key(node.slice, use)
        if isinstance(node.ctx, ast.Store) and isinstance(node.slice, ast.Constant):
            use.optional.add(str(node.slice.value))
    elif is_shape(node.value, name):
        last = node.slice
        if isinstance(last, ast.Constant) and isinstance(last.value, int):
            use.least = max(use.least, last.value + 1)
    else:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(is_that_name(p, name) or within(p, name) for p in parts):
            texts = texts_of(program, node.value)
            use.texts += [t for t in texts if t not in use.texts]
            use.indexes = use.indexes or not texts


def within(node: ast.AST, name: str) -> bool:
    """Whether an index is part of an array or made integer of one: y[i], y.astype(int), y.flatten()."""
    if isinstance(node, ast.Subscript):
        return is_that_name(node.value, name)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and is_that_name(node.func.value, name)
        and node.func.attr in ("astype", "ravel", "flatten", "reshape", "squeeze")
    )


def read_key(key: ast.AST, use: Use) -> None:
    """What an index says of what is indexed."""
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        use.keys += [key.value] if key.value not in use.keys else []
    elif isinstance(key, ast.Tuple):
        use.least = max(use.least, sum(not is_nothing(e) for e in key.elts))
    elif (prefix := prefix_of(key)) is not None:
        use.prefixes += [prefix] if prefix not in use.prefixes else []
    else:
        use.numbered = True


def is_nothing(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in (None, Ellipsis)


def prefix_of(key: ast.AST) -> str | None:
    """How a computed key begins.

    >>> [prefix_of(ast.parse(t, mode="eval").body) for t in ('"W" + str(l)', 'f"b{l}"', '"W%d" % l', "l")]
    ['W', 'b', 'W', None]
    """
    if isinstance(key, ast.BinOp) and isinstance(key.op, ast.Add | ast.Mod):
        start = prefix_of(key.left) or (key.left.value if isinstance(key.left, ast.Constant) else None)
        return start.partition("%")[0] if isinstance(start, str) else None
    if isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
        return str(key.values[0].value)
    if isinstance(key, ast.Call) and isinstance(key.func, ast.Attribute) and key.func.attr == "format":
        held = key.func.value
        return str(held.value).partition("{")[0] if isinstance(held, ast.Constant) else None
    return None


def texts_of(program: Program, node: ast.AST) -> list[str]:
    """The texts that are keys of a dict: written here, or one of the file's."""
    if isinstance(node, ast.Dict):
        return [k.value for k in node.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
    held = program.namespace.get(node.id) if isinstance(node, ast.Name) else None
    return [k for k in held if isinstance(k, str)] if isinstance(held, dict) else []


def read_choice(name: str, node: ast.If | ast.IfExp, use: Use) -> None:
    """Note the texts of an if and its elifs, where an else comes after them."""
    texts: set[str] = set()
    rest: ast.AST | None = node
    while isinstance(rest, ast.If | ast.IfExp):
        asked = Use()
        for test in (n for n in ast.walk(rest.test) if isinstance(n, ast.Compare)):
            read_comparison(name, test, asked)
        if not asked.texts:
            return
        texts |= set(asked.texts)
        after = rest.orelse if isinstance(rest.orelse, list) else [rest.orelse]
        rest = after[0] if after else None
    if rest is not None and not isinstance(rest, ast.Raise):
        use.elses.append(texts)


def read_comparison(name: str, node: ast.Compare, use: Use) -> None:
    if isinstance(node.ops[0], ast.In | ast.NotIn) and is_that_name(node.comparators[0], name):
        if isinstance(node.left, ast.Constant):
            read_key(node.left, use)
            use.optional.add(str(node.left.value))
        return
    for left, right in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
        if is_that_name(left, name):
            parts = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
            found = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
            use.texts += [t for t in found if t not in use.texts]


def read_assignment(
    program: Program, function: Function, name: str, node: ast.Assign, use: Use, depth: int
) -> None:
    for target in node.targets:
        if is_shape(node.value, name) and isinstance(target, ast.Tuple):
            use.axes = len(target.elts)
        if part_of(node.value, name) and isinstance(target, ast.Name) and target.id != name:
            use.add(use_of(program, function, target.id, depth))
        if is_that_name(node.value, name) and isinstance(target, ast.Tuple):
            use.unpacked = len(target.elts)
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for t, v in zip(target.elts, node.value.elts, strict=False):
                if isinstance(t, ast.Name) and t.id != name and part_of(v, name):
                    use.add(use_of(program, function, t.id, depth))


def part_of(node: ast.AST, name: str) -> bool:
    """Whether an expression is a name, or a slice of it."""
    if isinstance(node, ast.Subscript) and is_that_name(node.value, name):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return any(isinstance(p, ast.Slice) for p in parts)
    return is_that_name(node, name)


def read_loop(
    program: Program, function: Function, name: str, node: ast.For | ast.comprehension, use: Use, depth: int
) -> None:
    """What a loop does with the entries of a name."""
    for target, source in walk_loop(node.target, node.iter):
        if is_that_name(source, name) and isinstance(target, ast.Name) and target.id != name:
            use.element = use_of(program, function, target.id, depth)
        elif is_that_name(source, name):
            use.element = use.element or Use()


def walk_loop(target: ast.AST, source: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The variables of a loop, each with what it goes through."""
    kind = called_name(source) if isinstance(source, ast.Call) else None
    if isinstance(source, ast.Call) and kind in ("reversed", "list", "iter", "tuple") and source.args:
        yield from walk_loop(target, source.args[0])
    elif isinstance(source, ast.Call) and kind == "enumerate" and isinstance(target, ast.Tuple):
        yield from walk_loop(target.elts[1], source.args[0])
    elif isinstance(source, ast.Call) and kind == "zip" and isinstance(target, ast.Tuple):
        for t, s in zip(target.elts, source.args, strict=False):
            yield from walk_loop(t, s)
    elif isinstance(source, ast.Subscript) and isinstance(source.slice, ast.Slice):
        yield from walk_loop(target, source.value)
    else:
        yield target, source


def note_call(program: Program, function: Function, name: str, node: ast.Call, use: Use, depth: int) -> None:
    """What a call says of its arguments, and of what is called."""
    if is_that_name(node.func, name):
        use.called = True
    if isinstance(node.func, ast.Attribute) and is_that_name(node.func.value, name):
        read_method(node, use)
    given = [i for i, arg in enumerate(node.args) if is_that_name(arg, name)]
    word = called_name(node)
    if given and word == "len":
        use.sized = True
    elif given and word == "einsum":
        note_einsum(node, given[0], use)
    elif given and word in ("log", "log2", "log1p", "sqrt"):
        use.array = use.positive = True
    elif given and word in ("dot", "matmul", "exp", "maximum", "tanh", "outer", "sum", "pad"):
        use.array = True
    elif given and word == "at" and given[0] == 1:
        use.indexes = True
    elif depth < DEEPEST_CALLS and (given or any(is_that_name(k.value, name) for k in node.keywords)):
        read_callee(program, function, name, node, use, depth)


def read_method(node: ast.Call, use: Use) -> None:
    method = called_name(node) or ""
    use.mapping = use.mapping or method in ("items", "keys", "values", "get", "setdefault")
    use.methods |= {method} & OBJECT_METHODS
    first = node.args[0] if node.args and method in ("get", "setdefault", "pop") else None
    if isinstance(first, ast.Constant | ast.BinOp | ast.JoinedStr):
        read_key(first, use)
        use.optional |= {k for k in use.keys if getattr(first, "value", None) == k}
    use.array = use.array or method in ("dot", "sum", "mean", "reshape", "transpose", "max", "clip")


def note_einsum(node: ast.Call, place: int, use: Use) -> None:
    text = node.args[0]
    if isinstance(text, ast.Constant) and isinstance(text.value, str) and "." not in text.value:
        axes = text.value.partition("->")[0].split(",")
        if place <= len(axes):
            use.axes = len(axes[place - 1].strip())


def read_callee(
    program: Program, function: Function, name: str, node: ast.Call, use: Use, depth: int
) -> None:
    """What the file's own function does with what it is given."""
    callee = called_function(program, function, node)
    if callee is None:
        return
    names = [n for n, arg in arguments_given(callee, node) if is_that_name(arg, name)]
    for n in names:
        use.add(use_of(program, callee, n, depth + 1))


def called_function(program: Program, function: Function, node: ast.Call) -> Function | None:
    """The file's own function that a call calls, if that can be seen."""
    if isinstance(node.func, ast.Name):
        return program.functions.get(node.func.id)
    if isinstance(node.func, ast.Attribute) and is_that_name(node.func.value, "self") and function.owner:
        return program.methods(function.owner).get(node.func.attr)
    return None


def arguments_given(callee: Function, node: ast.Call) -> list[tuple[str, ast.expr]]:
    """The parameters of a function with what a call gives for each."""
    if any(isinstance(a, ast.Starred) for a in node.args):
        return []
    found = list(zip(callee.parameters, node.args, strict=False))
    return found + [(k.arg, k.value) for k in node.keywords if k.arg]


def free_names(program: Program, function: Function, depth: int = 0) -> list[str]:
    """The names that a function, and those that it calls, read from outside of it."""
    found: list[str] = []
    for name in function.reads:
        callee = program.functions.get(name)
        if callee is None:
            found.append(name)
        elif depth < DEEPEST_CALLS and callee is not function:
            found += free_names(program, callee, depth + 1)
    return [n for n in dict.fromkeys(found) if n not in function.makes]
