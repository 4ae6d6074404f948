"""Each slip that people make has a change that undoes it, by its name; undone, the tree is as it was."""

import ast

import numpy as np
import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.rewrites import Scope, rewrites_of
from tinygraph.debugger.splice import change_of

VALUES = {
    "x": np.ones((3, 4)),
    "z": np.ones((3, 4)),
    "dout": np.ones((3, 5)),
    "w": np.ones((4, 5)),
    "m": 3,
    "lam": 0.1,
    "cache": {"A": 1.0},
}


def rewrites(line, far=False, before=(), after=(), values=VALUES, keys=()):
    """The changes of a function with one line of interest."""
    body = "\n".join("    " + part for part in [*before, *line.split("\n"), *after])
    source = f"def helper(a):\n    return a\n\n\ndef f(x, z, dout, w, m, lam, cache):\n{body}\n"
    function = program_of(source).functions["f"]
    first = 7 + len(before)
    lines = set(range(first, first + line.count("\n") + 1))
    scope = Scope(lines, dict(values), ["helper"], list(keys))
    return function, list(rewrites_of(function, scope, far))


def kinds_of(line, wanted, **how):
    """The names of the changes that make a line into another."""
    function, found = rewrites(line, **how)
    before = ast.dump(function.node)
    kinds = {r.kind for r in found if change_of(r).after == "\n".join("    " + x for x in wanted.split("\n"))}
    assert ast.dump(function.node) == before
    return kinds


@pytest.mark.parametrize(
    ("line", "wanted", "kind"),
    [
        ("y = x * z", "y = z * z", "a name"),
        ("y = x @ w", "y = x.T @ w", "a transpose"),
        ("y = x.T @ w", "y = x @ w", "a transpose"),
        ("y = -x", "y = x", "a sign"),
        ("y = x", "y = -x", "a sign"),
        ("y = x + z", "y = x - z", "an operator"),
        ("y = x * w", "y = x @ w", "an operator"),
        ("y = x @ w", "y = w @ x", "an order"),
        ("y = x.dot(w)", "y = w.dot(x)", "an order"),
        ("y = np.dot(x, w)", "y = np.dot(w, x)", "an order"),
        ("y = np.dot(x, w)", "y = x * w", "an operator"),
        ("y = x.sum(axis=0)", "y = x.sum(axis=1)", "an axis"),
        ("y = np.sum(x, axis=0)", "y = np.sum(x, axis=0, keepdims=True)", "keepdims"),
        ("y = np.sum(x)", "y = x", "a sum too many"),
        ("y = x", "y = np.sum(x, axis=0)", "a missing sum"),
        ("y = x", "y = x / m", "a factor"),
        ("y = x", "y = x ** 2", "an exponent"),
        ("y = 1", "y = 2", "a constant"),
        ("y = x > 0", "y = x < 0", "a comparison"),
        ("y = x > z", "y = z > x", "a comparison"),
        ("y = x if m else z", "y = z if m else x", "a condition"),
        ("y = np.sinh(x)", "y = np.cosh(x)", "a function"),
        ("y = np.exp(x)", "y = x", "a function too many"),
        ("y = cache['A']", "y = cache['Z']", "a key"),
        ("y = x[0, 1]", "y = x[1, 0]", "an index"),
        ("for i in range(m):", "for i in reversed(range(m)):", "a direction"),
        ("for i in range(m):", "for i in range(1, m):", "the end of a range"),
        ("y = x", "y += x", "an operator"),
        ("y += x", "y = x", "an operator"),
        ("return x, z", "return z, x", "an order"),
        ("y = x - (z - m)", "y = x - z - m", "brackets"),
    ],
)
def test_a_slip_is_undone_by_a_change_of_its_name(line, wanted, kind):
    after = ["    pass"] if line.endswith(":") else []
    assert kind in kinds_of(line, wanted, after=after, keys=["Z"])


@pytest.mark.parametrize(
    ("line", "wanted", "kind"),
    [
        ("y = x", "y = x * (z > 0)", "a factor"),
        ("y = x", "y = x + z", "a missing term"),
        ("y = w", "y = w + lam * w", "a missing term"),
        ("y = x", "y = x\ny[z <= 0] = 0", "a missing statement"),
    ],
)
def test_what_is_missing_is_added_when_asked_for(line, wanted, kind):
    before = ["q = np.where(z <= 0, 0, 1)", "q[z <= 0] = 0"]
    assert kind in kinds_of(line, wanted, far=True, before=before)
    assert kind not in kinds_of(line, wanted, before=before)


def test_a_statement_too_many_goes_unless_it_is_alone():
    _, found = rewrites("y = x\ny = z")
    assert {change_of(r).before for r in found if r.kind == "a statement too many"} == {
        "    y = x",
        "    y = z",
    }
    _, alone = rewrites("y = x")
    assert [r for r in alone if r.kind == "a statement too many"] == []


def test_only_lines_that_ran_are_changed():
    _, found = rewrites("y = x", before=["q = z"])
    assert {r.old.lineno for r in found if hasattr(r.old, "lineno")} == {8}


@pytest.mark.parametrize("far", [False, True])
def test_every_change_is_undone(far):
    text = "y = -x @ w.T if m else z\nfor i in range(m):\n    y += z[i]\n    q = y\nr = q\nreturn y, r"
    function, found = rewrites(text, far=far)
    before = ast.dump(function.node)
    for rewrite in found:
        rewrite.apply()
        assert ast.dump(function.node) != before, ast.unparse(rewrite.old)
        compile(ast.Module([function.node], []), "<f>", "exec")
        rewrite.undo()
        assert ast.dump(function.node) == before


def test_statements_are_exchanged_and_moved_out_of_loops_and_into_them():
    text = "for i in range(m):\n    y = x\n    z = y\nq = z\nr = q"
    function, found = rewrites(text)
    changed = {}
    for r in found:
        if r.kind in ("a loop", "an order of statements"):
            r.apply()
            changed.setdefault(r.kind, set()).add("\n".join(map(ast.unparse, function.node.body)))
            r.undo()
    assert changed["a loop"] == {
        "for i in range(m):\n    y = x\nz = y\nq = z\nr = q",
        "for i in range(m):\n    y = x\n    z = y\n    q = z\nr = q",
    }
    assert "for i in range(m):\n    y = x\n    z = y\nr = q\nq = z" in changed["an order of statements"]
    assert "for i in range(m):\n    z = y\n    y = x\nq = z\nr = q" in changed["an order of statements"]
