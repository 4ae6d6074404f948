"""Where a plain value in the user's program comes from: the calls that it may have been computed from.

`J = np.sum(Z) + 0.1 * s` uses s, which an earlier line of the same function made by `s = float(...)`. This is
read off the source, without running anything, and only when somebody asks: what is assigned to a name by a
line further down does not count, since in a loop it comes from the step before.
"""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Iterator, Sequence
from types import CodeType, FrameType, ModuleType
from typing import Any

from tinygraph.notation.lines import ParsedFile, is_of_library, parsed_source
from tinygraph.notation.places import positions_of

__all__ = ["CallSite", "callee_of", "is_behind", "is_in_library", "is_store", "sites_from", "words_behind"]

# A place where the user's program calls something: the code and the instruction in it.
CallSite = tuple[CodeType, int]
SourcePlace = tuple[Any, ...]  # the file, and the lines and columns of an expression
NO_CALLS: frozenset[SourcePlace] = frozenset()
MOST_BEHIND = 4096
# With what their keys are made of, so that an id stays its own.
BEHIND: dict[Any, tuple[bool, CodeType, Sequence[CallSite]]] = {}
DEPTH = 6  # frames that a value is followed through, outwards
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)


# What a call calls ----------------------------------------------------------------


def callee_of(frame: FrameType) -> tuple[str, Any]:
    """What the running instruction of a frame calls, as written, and the object if no code runs to find it.

    >>> import math, sys
    >>> class Probe:
    ...     def __float__(self):
    ...         self.seen = callee_of(sys._getframe(1))
    ...         return 1.0
    >>> probe = Probe()
    >>> _ = math.sqrt(probe)
    >>> probe.seen
    ('math.sqrt', <built-in function sqrt>)
    """
    names = callee_names(frame.f_code, frame.f_lasti)
    return ".".join(names), find_object(names, frame)


@functools.lru_cache(maxsize=1024)
def callee_names(code: CodeType, instruction: int) -> tuple[str, ...]:
    """The parts of a dotted name that an instruction calls; "" for one that is no name."""
    import dis

    start = positions_of(code, instruction)
    names: tuple[str, ...] = ()
    for step in dis.get_instructions(code):
        place = step.positions
        if step.offset >= instruction:
            break
        if place is None or (place.lineno, place.col_offset) != (start[0], start[2]):
            continue
        if step.opname.startswith(("LOAD_ATTR", "LOAD_METHOD")):
            names = (*names, str(step.argval))
        elif step.opname.startswith(("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_DEREF")):
            names = (str(step.argval),)
        elif step.opname.startswith("CALL"):
            if (place.end_lineno, place.end_col_offset) == (start[1], start[3]):
                break  # in a Python function, the instruction is past this one
            names = ("",)
    return names


def find_object(names: Sequence[str], frame: FrameType) -> Any:
    """What a dotted name stands for: looked up in modules and in the types of objects, which runs no code."""
    if not names:
        return None
    found = next(
        (
            space[names[0]]
            for space in (frame.f_locals, frame.f_globals, frame.f_builtins)
            if names[0] in space
        ),
        None,
    )
    for name in names[1:]:
        owner = found if isinstance(found, ModuleType | type) else type(found)
        found = None if found is None else getattr(owner, name, None)
    return found


@functools.lru_cache(maxsize=1024)
def is_store(code: CodeType, instruction: int) -> bool:
    """Whether an instruction assigns to an entry: `out[i] = x`."""
    import dis

    return dis.opname[code.co_code[instruction]] == "STORE_SUBSCR"


def is_in_library(frame: FrameType) -> bool:
    """Whether Python's own library, or NumPy, runs in a frame."""
    return is_of_library(frame.f_code.co_filename)


def sites_from(frame: FrameType) -> tuple[CallSite, ...]:
    """Where the program is, innermost first."""
    sites: list[CallSite] = []
    step: FrameType | None = frame
    while step is not None and len(sites) < DEPTH:
        sites.append((step.f_code, step.f_lasti))
        step = step.f_back
    return tuple(sites)


# What an expression was made from ----------------------------------------------------------------


def calls_behind(code: CodeType, instruction: int, deep: bool = False) -> frozenset[SourcePlace]:
    """The places of all that the expression at an instruction is computed from, in its own function.

    Tests, indices and what is compared are left out, since what comes of them does not change with small
    changes; but not if it is to go `deep`.
    """
    source, node = syntax_at(code, instruction)
    return NO_CALLS if node is None else places_behind([node], source, code.co_filename, deep)


def words_behind(code: CodeType, instruction: int) -> frozenset[str]:
    """The names, attributes and keys of all that the expression at an instruction is computed from.

    Without a source, the attributes and globals of the whole code, but for methods that a loop calls anyway.
    """
    source, node = syntax_at(code, instruction)
    if node is None:
        return frozenset(code.co_names) - {"backward"}
    parts = nodes_behind([node], source)
    words = (getattr(x, "id", None) or getattr(x, "attr", None) or text_of_key(x) for x in parts)
    return frozenset(word for word in words if word)


def text_of_key(node: ast.AST) -> str | None:
    """The text in the brackets after an expression: dW1 of d["dW1"]."""
    inner = node.slice if isinstance(node, ast.Subscript) else None
    return inner.value if isinstance(inner, ast.Constant) and isinstance(inner.value, str) else None


def calls_returned(code: CodeType, instruction: int) -> frozenset[SourcePlace]:
    """The same of all that the function returns in which an instruction stands."""
    source, node = syntax_at(code, instruction)
    scope = scope_of(node, source) if node is not None else None
    if isinstance(scope, ast.Lambda):
        return places_behind([scope.body], source, code.co_filename)
    if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
        return NO_CALLS
    returned = [x.value for x in ast.walk(scope) if isinstance(x, ast.Return | ast.Yield) and x.value]
    return places_behind(returned, source, code.co_filename)


def is_behind(sites: Sequence[CallSite], code: CodeType, instruction: int, deep: bool = False) -> bool:
    """Whether the expression at an instruction uses what was made at `sites[0]`, called from the others."""
    key = (deep, id(code), instruction, *((id(called), at) for called, at in sites))  # codes are slow to hash
    known = BEHIND.get(key)
    if known is None:
        if len(BEHIND) >= MOST_BEHIND:
            BEHIND.clear()
        known = BEHIND[key] = is_computed_from(sites, code, instruction, deep), code, sites
    return known[0]


def is_computed_from(sites: Sequence[CallSite], code: CodeType, instruction: int, deep: bool) -> bool:
    """The same, read off the source."""
    reached = calls_behind(code, instruction, deep)
    for site in sites:
        if place_of_site(*site) in reached:
            return True
        if place_of_site(*site) not in calls_returned(*site):
            return False
    return False


def place_of_site(code: CodeType, instruction: int) -> SourcePlace:
    """The expression at an instruction, by its place."""
    return code.co_filename, *positions_of(code, instruction)


def syntax_at(code: CodeType, instruction: int) -> tuple[ParsedFile, ast.AST | None]:
    """The syntax of a file, and of the expression at an instruction in it."""
    source = parsed_source("".join(linecache.getlines(code.co_filename)))
    place: Any = positions_of(code, instruction)
    return source, source.nodes.get(place)


def places_behind(
    nodes: Sequence[ast.AST], source: ParsedFile, file: str, deep: bool = False
) -> frozenset[SourcePlace]:
    """The places of all expressions that `nodes` are computed from."""
    found = nodes_behind(nodes, source, deep)
    expressions = [x for x in found if isinstance(x, ast.expr)]
    return frozenset((file, x.lineno, x.end_lineno, x.col_offset, x.end_col_offset) for x in expressions)


def nodes_behind(nodes: Sequence[ast.AST], source: ParsedFile, deep: bool = False) -> set[ast.AST]:
    """`nodes`, the parts of them, and what the names among these were given."""
    seen, waiting = set(nodes), list(nodes)
    while waiting:
        node = waiting.pop()
        parts = list(operands_of(node, deep))
        if isinstance(node, ast.Name):
            parts += values_of_name(node, source)
        fresh = [x for x in parts if x not in seen]
        seen.update(fresh)
        waiting += fresh
    return seen


def operands_of(node: ast.AST, deep: bool) -> Iterator[ast.AST]:
    """The expressions inside an expression by which its value changes; with `deep`, by steps too."""
    if isinstance(node, ast.Lambda) or (isinstance(node, ast.Compare) and not deep):
        return
    for name, x in ast.iter_fields(node):
        if deep or name not in ("test", "slice", "ifs"):
            parts = x if isinstance(x, list) else [x]
            yield from (y for y in parts if isinstance(y, ast.expr | ast.keyword | ast.comprehension))


def values_of_name(name: ast.Name, source: ParsedFile) -> list[ast.AST]:
    """What was assigned to a name further up, in the innermost scope that assigns to it."""
    scope: ast.AST | None = scope_of(name, source)
    while scope is not None:
        found = [x for key, x in assignments_in(scope) if key == name.id]
        if found:
            here = name.lineno, name.col_offset
            return [x for x in found if (x.lineno, x.col_offset) < here]
        scope = scope_of(scope, source)
    return []


def scope_of(node: ast.AST, source: ParsedFile) -> ast.AST | None:
    """The function or module around a node; None around the module."""
    parent = source.parents.get(node)
    while parent is not None and not isinstance(parent, SCOPES):
        parent = source.parents.get(parent)
    return parent


@functools.lru_cache(maxsize=256)
def assignments_in(scope: ast.AST) -> list[tuple[str, Any]]:
    """The names that a scope assigns to, each with an expression; not those of functions inside it."""
    found: list[tuple[str, Any]] = []
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, SCOPES):
            found += changes_in(node)
            waiting += ast.iter_child_nodes(node)
    return found


def changes_in(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The names that one statement changes, and what with: also by `x[i] = y` and `xs.append(y)`."""
    match node:
        case ast.Assign(targets, value):
            yield from ((name, value) for target in targets for name in names_stored(target))
        case ast.AugAssign(target, _, value) | ast.AnnAssign(target, _, value) | ast.NamedExpr(target, value):
            yield from ((name, value) for name in names_stored(target) if value is not None)
        case ast.For(target, values) | ast.comprehension(target, values):
            yield from ((name, values) for name in names_stored(target))
        case ast.Call(ast.Attribute(ast.Name(name), "append" | "extend" | "insert" | "fill"), args):
            yield from ((name, x) for x in args)


def names_stored(target: ast.AST) -> Iterator[str]:
    """The names in a target, `out` of `out[i]` too."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Subscript | ast.Starred):
        yield from names_stored(target.value)
    elif isinstance(target, ast.Tuple | ast.List):
        for x in target.elts:
            yield from names_stored(x)
