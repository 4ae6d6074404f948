"""Hooks at the places of a program: what runs with them is what ran without, and each is where it says."""

import ast

import numpy as np
import pytest

from tinygraph.debugger.sites import (
    AT,
    BEFORE,
    SEED,
    STOP,
    Hooks,
    assigned_base,
    assigned_places,
    bound_names,
    is_plain_place,
    is_trivial,
    label_of,
    places_read,
    walk_own,
)

TEXT = """
x = np.array([[1.0, 2.0], [3.0, 5.0]])
w = np.ones((2, 2))
grads = {}
h = np.maximum(x @ w, 0)
h[0] += 1
for i, row in enumerate(x):
    s = row.sum()
try:
    w[0, 0], t = 4.0, -h.mean()
except ValueError:
    t = 0
grads["w"] = x.T @ h
def f(a, b=2):
    global q
    q = a * b
    return a + b
w -= 0.1 * grads["w"]
class C:
    def __init__(self):
        self.w = f(1.5)
c = C()
late = 1
"""


def statement(text):
    return ast.parse(text).body[0]


def expression(text):
    return ast.parse(text, mode="eval").body


class Recorder:
    """Hooks that note what they are called with, and give it back."""

    def __init__(self, sites):
        self.sites, self.seen, self.before, self.marks = sites, [], [], []

    def at(self, index, value):
        site = self.sites[index]
        self.seen.append((site.kind, site.label or ast.unparse(site.node), np.array(value, dtype=object)))
        return value

    def names(self):
        marks = {mark: lambda mark=mark: self.marks.append(mark) for mark in (SEED, STOP)}
        return marks | {AT: self.at, BEFORE: lambda *x: self.before.append(x)}


def hooked(text, **chosen):
    """What a text makes of its names with hooks in it, and what these saw; statements are chosen by lines."""
    tree = ast.parse(text)
    at = {s.lineno: s for s in tree.body}
    sets = {k: frozenset(at[i] for i in v) if isinstance(v, list) else at[v] for k, v in chosen.items()}
    hooks = Hooks("file", "<module>", True, **sets)
    code = compile(ast.Module(hooks.block(tree.body), []), "file", "exec")
    recorder = Recorder(hooks.sites)
    space = {"np": np, **recorder.names()}
    exec(code, space)
    return {k: v for k, v in space.items() if k in bound_in(tree)}, recorder


def bound_in(tree):
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def test_a_program_with_hooks_does_what_it_did():
    space, _ = hooked(TEXT)
    plain = {"np": np}
    exec(TEXT, plain)
    for name in bound_in(ast.parse(TEXT)) - {"c", "grads"}:
        assert np.array_equal(space[name], plain[name]), name
    assert np.array_equal(space["grads"]["w"], plain["grads"]["w"])
    assert space["c"].w == plain["c"].w == 3.5


def test_every_value_that_is_assigned_is_seen_at_its_name():
    _, recorder = hooked(TEXT)
    names = [label for kind, label, _ in recorder.seen if kind == "variable"]
    assert names == [
        "x",
        "w",
        "grads",
        "h",
        "h",
        "s",
        "s",
        "w",
        "t",
        "grads",
        "w",
        "q",
        "self.w",
        "c",
        "late",
    ]
    loop = [(label, value.tolist()) for kind, label, value in recorder.seen if kind == "entry"]
    assert loop == [("i", 0), ("row", [1.0, 2.0]), ("i", 1), ("row", [3.0, 5.0])]


def test_what_goes_into_an_expression_is_seen_from_the_inside():
    _, recorder = hooked(TEXT)
    seen = [label for kind, label, _ in recorder.seen if kind == "expression"]
    first = seen.index("x @ w")
    assert seen[first - 2 : first + 2] == ["x", "w", "x @ w", "np.maximum(x @ w, 0)"]
    assert "row" in seen  # what a method is called on
    assert "grads['w']" in seen
    assert "grads" not in seen  # a plain place is one
    assert "np" not in seen  # but no module
    assert "self" not in seen


def test_what_is_indexed_by_numbers_is_seen_by_itself():
    _, recorder = hooked("x = np.ones(3)\nz = np.ones(2)\norder = [0, 2]\ny = x[order] * z.T\n")
    seen = [label for kind, label, _ in recorder.seen if kind == "expression"]
    assert seen[-4:] == ["x", "x[order]", "z.T", "x[order] * z.T"]


def test_what_a_hook_gives_is_what_goes_on():
    tree = ast.parse("x = 2.0\ny = x * 3\n")
    hooks = Hooks("file", "<module>")
    code = compile(ast.Module(hooks.block(tree.body), []), "file", "exec")
    double = {i for i, s in enumerate(hooks.sites) if s.kind == "expression" and ast.unparse(s.node) == "x"}
    space = {AT: lambda i, value: value + 10 if i in double else value}
    exec(code, space)
    assert (space["x"], space["y"]) == (2.0, 36.0)


def test_derivatives_are_seen_only_as_a_whole_and_moves_with_what_was_there():
    space, recorder = hooked(TEXT, derivatives=[13], updates=[18], seed=13, stop=18)
    assert not [1 for kind, label, _ in recorder.seen if kind == "expression" and label in ("x.T", "x.T @ h")]
    assert [label for kind, label, _ in recorder.seen if kind == "update"] == ["w"]
    ((label, was),) = recorder.before
    assert label == "w"
    assert was is space["w"]  # which is moved in place afterwards
    assert recorder.marks == [SEED, STOP]


def test_the_marks_stand_before_and_after_their_statements():
    _, recorder = hooked("a = 1\nb = 2\nc = 3\n", seed=2, stop=2)
    tree = ast.parse("a = 1\nb = 2\nc = 3\n")
    hooks = Hooks("file", "f", seed=tree.body[1], stop=tree.body[1])
    lines = [ast.unparse(s) for s in hooks.block(tree.body)]
    marks = {x: lines.index(f"{x}()") for x in (SEED, STOP)}
    assert lines[marks[SEED] + 1] == "b = 2"
    assert lines[marks[STOP] - 1].startswith("b = ")
    assert len(lines) == 8
    assert recorder.marks == [SEED, STOP]


FUNCTION = """
def judged(x, *, scale=1.0):
    total.append(x * 2)
    print("loss", np.sum(x) * scale, x)
    def within(z):
        return z * scale
    if scale > 5:
        return x * 3, x
    if scale > 2:
        return {"g": x}
    return within(x) + scale
"""


@pytest.mark.parametrize(
    ("scale", "result", "losses"), [(1.0, 3.0, ["within(x) + scale"]), (6.0, (6.0, 2.0), ["x * 3"])]
)
def test_what_is_returned_or_given_to_a_call_may_be_a_loss(scale, result, losses):
    node = statement(FUNCTION.strip())
    hooks = Hooks("file", "judged", True)
    code = compile(ast.Module([hooks.judged_definition(node)], []), "file", "exec")
    recorder = Recorder(hooks.sites)
    space = {"np": np, "total": [], "print": lambda *x: None, **recorder.names()}
    exec(code, space)
    assert space["judged"](2.0, scale=scale) == ((2.0 * scale + scale) if scale == 1.0 else result)
    seen = [hooks.sites[i] for i in range(len(hooks.sites)) if hooks.sites[i].kind == "loss"]
    ran = {label for kind, label, _ in recorder.seen if kind == "loss"}
    assert [ast.unparse(s.node) for s in seen] == ["x * 2", "np.sum(x) * scale", "x * 3", "within(x) + scale"]
    assert ran == {"total.append", "print", "result"}
    assert [label for kind, label, _ in recorder.seen if kind == "entry"] == ["x", "scale"]
    assert losses[0] in [ast.unparse(s.node) for s in seen]


def test_a_return_statement_that_computes_derivatives_is_a_value():
    node = statement("def f(x):\n    return x * 2, x\n")
    hooks = Hooks("file", "f", True, derivatives=frozenset(node.body))
    code = compile(ast.Module([hooks.judged_definition(node)], []), "file", "exec")
    recorder = Recorder(hooks.sites)
    space = recorder.names()
    exec(code, space)
    assert space["f"](3.0) == (6.0, 3.0)
    assert [(k, label) for k, label, _ in recorder.seen] == [
        ("entry", "x"), ("expression", "x"), ("expression", "x * 2"), ("loss", "result"),
        ("variable", "result")]  # fmt: skip


def test_a_name_that_is_not_the_functions_own_is_only_looked_at():
    node = statement("def f(x):\n    kept.append(x)\n    total[0] = x\n")
    hooks = Hooks("file", "f", True)
    code = compile(ast.Module([hooks.judged_definition(node)], []), "file", "exec")
    space = {"kept": [], "total": [0], AT: lambda i, value: value}
    exec(code, space)
    assert space["f"](2) is None
    assert (space["kept"], space["total"]) == ([2], [2])


# What statements assign and read


@pytest.mark.parametrize(
    ("text", "places"),
    [("a, (b, *c) = 1", ["a", "b", "c"]), ("a = b[0] = 1", ["a", "b[0]"]), ("a += 1", ["a"]),
     ("a: int = 1", ["a"]),
     ("a: int", []), ("xs.append(1)", ["xs"]), ("np.add.at(a, i, x)", ["a"]), ("np.copyto(a, b)", ["a"]),
     ("np.dot(a, b, out=c)", ["c"]), ("f(a)", []), ("self.w.fill(0)", ["self.w"]), ("f().append(1)", []),
     ("return a", [])],
)  # fmt: skip
def test_what_a_statement_assigns(text, places):
    assert [ast.unparse(p) for p in assigned_places(statement(text))] == places


@pytest.mark.parametrize(
    ("text", "base"),
    [("a", "a"), ("a[0][1]", "a"), ("self.w[0]", "self.w"), ("self.w.data", "self.w"), ("a[0].w", "a"),
     ("f()", None),
     ("f().w", None)],
)  # fmt: skip
def test_the_name_into_which_something_is_put(text, base):
    found = assigned_base(expression(text))
    assert (ast.unparse(found) if found else None) == base


@pytest.mark.parametrize(
    ("text", "label"), [("a", "a"), ("a.b.c", "a.b.c"), ("a[0]", ""), ("f().b", ""), ("1", "")]
)
def test_labels(text, label):
    assert label_of(expression(text)) == label


@pytest.mark.parametrize(
    ("text", "read"),
    [("a = b + self.w.T", {"b", "self", "self.w", "self.w.T"}), ("a += b", {"a", "b"}),
     ("a[i] = b", {"a", "i", "b"}),
     ("self.w -= 1", {"self", "self.w"}), ("a = 1", set())],
)  # fmt: skip
def test_what_a_statement_reads(text, read):
    assert places_read(statement(text)) == read


@pytest.mark.parametrize(
    ("text", "trivial"),
    [("a = 0", True), ("a = np.zeros((2, 3))", True), ("a = []", True), ("a = {}", True),
     ("a = [0, 0]", True),
     ("a = [np.zeros(2) for w in ws]", True), ("a = {'w': zeros(2), 'b': 0}", True), ("a, b = 0, None", True),
     ("a = [x]", False), ("a = {'w': x}", False), ("a[0] = 0", False), ("a += 0", False),
     ("a = np.ones(2)", False), ("a = b", False), ("pass", False),
     ("a = [f(w) for w in ws]", False)],
)  # fmt: skip
def test_what_only_makes_room(text, trivial):
    assert is_trivial(statement(text)) is trivial


def continues(text):
    hooks = Hooks("file", "f")
    hooks.block([statement(text)])
    return [s.continues for s in hooks.sites if s.kind == "variable"]


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [("a = b", False), ("a = a * b", True), ("a[0] = b", True), ("a += b", True), ("a: float = b", False),
     ("xs.append(b)", True)],
)  # fmt: skip
def test_what_changes_what_is_there(text, goes_on):
    assert continues(text) == [goes_on]


def test_a_site_says_whether_only_room_is_made():
    hooks = Hooks("file", "f")
    hooks.block(ast.parse("a = np.zeros(2)\nb = a\n").body)
    assert [(s.label, s.trivial) for s in hooks.sites if s.kind == "variable"] == [("a", True), ("b", False)]


OWN = """
def f(a, /, b, *rest, c=1, **more):
    d = e
    g = lambda h: h
    def inner(i):
        j = 1
    for k in a:
        pass
    del b
"""


def test_the_names_that_a_function_binds():
    node = statement(OWN.strip())
    assert bound_names(node) == set("abcdgk") | {"rest", "more"}
    assert not [n for n in walk_own(node) if isinstance(n, ast.Name) and n.id in "hj"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [("a", True), ("a.b", True), ("a['w']", True), ("a[i]", False), ("f()", False), ("a['w'].b", False)],
)
def test_plain_places(text, plain):
    assert is_plain_place(expression(text)) is plain
