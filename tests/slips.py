"""One-token slips in a module: what a slip of the pen makes of a line of code, and the module with it.

Docstrings, messages, annotations and what only a type checker reads are left as they are: nothing that runs
follows from them. Imports nothing of tinygraph, so that it can be imported after a slip was planted.
"""

import ast
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

__all__ = ["ROOT", "Slip", "drawn", "replacements", "slips_in", "spoiled_tree"]

ROOT = Path(__file__).parents[1]

SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
TURNS = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.Lt, ast.LtE: ast.Gt, ast.Eq: ast.NotEq}


def replacements(node):
    """What may stand in the place of a part of a formula."""
    if isinstance(node, ast.BinOp):
        yield node.left
        yield node.right
        if swap := SWAPS.get(type(node.op)):
            yield ast.BinOp(node.left, swap(), node.right)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in TURNS:
        yield ast.Compare(node.left, [TURNS[type(node.ops[0])](), *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            yield ast.Call(node.func, node.args, [k for k in node.keywords if k is not keyword])


# The same in any code ----------------------------------------------------------------------------

EDGES = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}
OPPOSITES = {ast.Is: ast.IsNot, ast.In: ast.NotIn, ast.NotEq: ast.Eq}
OPPOSITES |= {opposite: kind for kind, opposite in OPPOSITES.items()}
PAIRS = {"min": "max", "any": "all", "argmin": "argmax", "zeros_like": "ones_like", "sorted": "list"}
PAIRS |= {second: first for first, second in PAIRS.items() if second != "list"}


def slips_of(node):
    """What may stand in the place of a part of any code."""
    others = SLIPS.get(type(node))
    yield from replacements(node)
    yield from others(node) if others else ()


def compared(node):
    """An edge that belongs to the other side, and the opposite."""
    for table in (EDGES, OPPOSITES):
        if len(node.ops) == 1 and (other := table.get(type(node.ops[0]))):
            yield ast.Compare(node.left, [other()], node.comparators)


def joined(node):
    """`and` for `or`, and an operand left out."""
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for i in range(len(node.values)):
        rest = [*node.values[:i], *node.values[i + 1 :]]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def turned(node):
    """True for False, and the reverse."""
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)


def exchanged(node):
    """The last for the first, and the first for the last."""
    if isinstance(node.slice, ast.Constant) and node.slice.value == 0:
        yield ast.Subscript(node.value, ast.UnaryOp(ast.USub(), ast.Constant(1)), node.ctx)
    if isinstance(node.slice, ast.UnaryOp) and ast.unparse(node.slice) == "-1":
        yield ast.Subscript(node.value, ast.Constant(0), node.ctx)


def sliced(node):
    """An end of a slice left out."""
    for end in ("lower", "upper", "step"):
        if getattr(node, end) is not None:
            yield ast.Slice(**{field: value for field, value in ast.iter_fields(node) if field != end})


def called(node):
    """min for max, any for all, and what they work on alone."""
    if isinstance(node, ast.Name) and node.id in PAIRS:
        yield ast.Name(PAIRS[node.id], node.ctx)
    if isinstance(node, ast.Attribute) and node.attr in PAIRS:
        yield ast.Attribute(node.value, PAIRS[node.attr], node.ctx)


def shortened(node):
    """An element left out."""
    if len(node.elts) > 1 and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        for i in range(len(node.elts)):
            rest = [*node.elts[:i], *node.elts[i + 1 :]]
            yield ast.Set(rest) if isinstance(node, ast.Set) else type(node)(rest, node.ctx)


def unconditional(node):
    """A condition left out."""
    if node.ifs:
        yield ast.comprehension(node.target, node.iter, node.ifs[1:], node.is_async)


def negated(node):
    """The other branch taken."""
    if not isinstance(node.test, ast.Compare | ast.UnaryOp):
        parts = dict(ast.iter_fields(node))
        yield type(node)(**parts | {"test": ast.UnaryOp(ast.Not(), node.test)})


SLIPS = {
    ast.Compare: compared,
    ast.BoolOp: joined,
    ast.Constant: turned,
    ast.Subscript: exchanged,
    ast.Slice: sliced,
    ast.Name: called,
    ast.Attribute: called,
    ast.Tuple: shortened,
    ast.List: shortened,
    ast.Set: shortened,
    ast.comprehension: unconditional,
    ast.If: negated,
    ast.IfExp: negated,
}


# Where they are planted -------------------------------------------------------------------------


@dataclass(frozen=True)
class Slip:
    """One part of a module replaced; `number` tells those with the same text apart."""

    path: str
    line: int
    where: str
    before: str
    after: str
    place: int
    choice: int
    number: int = 1

    @property
    def text(self):
        """What was done, without a line number, which changes when something else does."""
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.where}: {self.before} -> {self.after}{again}"

    @property
    def module(self):
        return self.path.removesuffix(".py").replace("/", ".")

    def rank(self, seed):
        """Where it stands in the order of a seed, whatever else the module holds."""
        return crc32(f"{seed} {self.path} {self.text}".encode())

    def __str__(self):
        return f"{self.path}:{self.line}: {self.before} -> {self.after}"


class Place:
    """A part of a tree: the node that has it, and in which field."""

    def __init__(self, parent, field, i, where, around):
        self.parent, self.field, self.i = parent, field, i
        self.where = where
        self.around = around

    def put(self, node):
        """Let `node` stand there; gives what stood there before."""
        holder = vars(self.parent) if self.i is None else getattr(self.parent, self.field)
        key = self.field if self.i is None else self.i
        before, holder[key] = holder[key], node
        return before


def places_in(node, where="", around=None):
    """Every part of a tree that is run, with the expression or line that it is in."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        where = f"{where}.{node.name}" if where else node.name
    for field, value in ast.iter_fields(node):
        for i, part in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(part, ast.AST) and is_run(node, field, part):
                whole = part if around is None or not is_small(part) else around
                yield Place(node, field, i, where, whole), part
                yield from places_in(part, where, whole if isinstance(part, ast.expr) else None)


def is_small(node):
    """Whether it says little without what is around it."""
    return not isinstance(node, ast.BinOp | ast.Compare | ast.BoolOp | ast.Call | ast.IfExp | ast.Subscript)


def is_run(node, field, part):
    """Whether a part decides what the module does."""
    return not (
        field in ("annotation", "returns", "decorator_list", "ctx", "op", "ops")
        or isinstance(part, ast.Raise | ast.Assert)
        or (field == "bases" and isinstance(part, ast.Subscript))
        or (isinstance(part, ast.If) and ast.unparse(part.test) == "TYPE_CHECKING")
        or (isinstance(part, ast.Call) and ast.unparse(part.func) in ("warnings.warn", "cast"))
        or (isinstance(node, ast.Module) and is_declaration(part))
    )


def is_declaration(node):
    """Whether a line names a type, or what a module offers."""
    if not isinstance(node, ast.Assign):
        return False
    union = isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.BitOr)
    return ast.unparse(node.targets[0]) == "__all__" or isinstance(node.value, ast.Subscript) or union


def is_assertion(node, slip):
    """Whether the slip drops `strict=True`, which right code never needs."""
    dropped = {k.arg for k in getattr(node, "keywords", ())} - {k.arg for k in getattr(slip, "keywords", ())}
    return "strict" in dropped


def tree_of(path):
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@cache
def slips_in(path):
    """All slips of a module, in the order of its lines."""
    found, seen = [], Counter()
    for i, (place, node) in enumerate(places_in(tree_of(path))):
        for j, other in enumerate(slips_of(node)):
            if not is_assertion(node, other):
                slip = Slip(path, line_of(place, node), place.where, *texts(place, node, other), i, j)
                seen[slip.text] += 1
                found.append(Slip(*(vars(slip) | {"number": seen[slip.text]}).values()))
    return found


def line_of(place, node):
    return getattr(node, "lineno", getattr(place.parent, "lineno", getattr(place.around, "lineno", 1)))


def texts(place, node, other):
    """What is around a part, as it is and with something else there, in one line each."""
    before = short(place.around)
    place.put(other)
    after = short(other if place.around is node else place.around)
    place.put(node)
    return before, after


def short(node):
    """A line of code, or the first of several."""
    return ast.unparse(node).partition("\n")[0]


def spoiled_tree(slip):
    """The module with the slip in it, as a syntax tree."""
    tree = tree_of(slip.path)
    place, node = list(places_in(tree))[slip.place]
    place.put(ast.copy_location(list(slips_of(node))[slip.choice], node))
    return ast.fix_missing_locations(tree)


def drawn(paths, count, seed):
    """`count` slips, as many of each module as there can be, each at a place of its own."""
    ranked = {path: ranked_slips(path, seed) for path in paths}
    rounds = range(max(map(len, ranked.values()), default=0))
    turns = [[ranked[path][i] for path in paths if i < len(ranked[path])] for i in rounds]
    return [slip for turn in turns for slip in sorted(turn, key=lambda slip: slip.rank(seed))][:count]


def ranked_slips(path, seed):
    """One slip at each place, in the order of a seed: a place with many is not more often slipped at."""
    at = {}
    for slip in sorted(slips_in(path), key=lambda slip: slip.rank(seed)):
        at.setdefault(slip.place, slip)
    return sorted(at.values(), key=lambda slip: slip.rank(seed + 1))
