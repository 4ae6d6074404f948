"""A change of a tree becomes the change of the lines that somebody wrote, and nothing else of them."""

import ast

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.program import definitions_in
from tinygraph.debugger.rewrites import Insertion, Replacement, Rewrite, Swap
from tinygraph.debugger.splice import LineChange, change_of


def place_of(function, text):
    """The first node that reads like a text, and what holds it: parent, field, index."""
    for parent in ast.walk(function.node):
        for field, value in ast.iter_fields(parent):
            for i, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(node, ast.expr | ast.stmt) and ast.unparse(node) == text:
                    return node, (parent, field, i)
    raise LookupError(text)


def parsed(text):
    """An expression or a statement without a place."""
    node = ast.parse(text).body[0]
    node = node.value if isinstance(node, ast.Expr) else node
    for part in ast.walk(node):
        for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            if hasattr(part, name) and not isinstance(part, ast.stmt):
                delattr(part, name)
    return node


def change(source, old, new, name="f", sort=Rewrite, more=()):
    """The change of a source's lines by one of its tree; the tree stays as it was."""
    function = program_of(source).functions[name]
    node, place = place_of(function, old)
    before = ast.dump(function.node)
    if isinstance(new, str):
        new = parsed(new)
    found = change_of(sort(function, "", node, new, *place, 1.0, more))
    assert ast.dump(function.node) == before
    return found


def spliced(source, change):
    """All lines of a source with a change."""
    lines = ["import numpy as np", *source.split("\n")]
    many = change.before.count("\n") + 1
    assert lines[change.line - 1 : change.line - 1 + many] == change.before.split("\n")
    new = [] if change.after == "" else change.after.split("\n")
    lines[change.line - 1 : change.line - 1 + many] = new
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("line", "old", "new", "after"),
    [
        ("y = (x)  @  w.T   # a note", "w.T", "w", "y = (x)  @  w   # a note"),
        ("y = x + w*2 # note", "x + w * 2", "x - w * 2", "y = x - w * 2 # note"),
        ("é = 'ünï'; y = x * w", "w", "b", "é = 'ünï'; y = x * b"),
        ("y = 2*x @ w", "x", "x + b", "y = 2*(x + b) @ w"),
        ("y = f( x, axis = 0 )", "0", "1", "y = f( x, axis = 1 )"),
        ("y = x[ i, : ] ; z = 1", "x[i, :]", "x", "y = x ; z = 1"),
        ("y = -np.sum( x*w , axis=0)", "-np.sum(x * w, axis=0)", "np.sum(x * w)", "y = np.sum(x * w)"),
        ("y\t=\tx", "x", "w", "y\t=\tw"),
        ("return x, w  # both", "(x, w)", "(w, x)", "return w, x  # both"),
        ("y += x # sum", "y += x", "y = x", "y = x # sum"),
    ],
)
def test_what_is_not_changed_stays_as_it_was_written(line, old, new, after):
    source = f"def f(x, w, b, i, y):\n    {line}"
    found = change(source, old, new)
    assert (found.line, found.before) == (3, "    " + line)
    assert found.after == "    " + after


def test_the_changed_part_is_between_the_columns():
    found = change("def f(x, w):\n    é = 'ü'; y = x * w.T", "w.T", "w")
    assert found.before[found.column : found.end_column] == "w.T"


def test_parts_that_stay_keep_their_own_spaces():
    found = change("def f(x, w):\n    y = np.dot( x,w ) * 2", "np.dot(x, w) * 2", "0")
    assert found.after == "    y = 0"
    function = program_of("def f(x, w):\n    y = np.dot( x,w ) * 2").functions["f"]
    node, place = place_of(function, "np.dot(x, w) * 2")
    new = ast.BinOp(node.left, ast.Div(), ast.Name("m", ast.Load()))
    assert change_of(Rewrite(function, "", node, new, *place, 1.0)).after == "    y = np.dot( x,w ) / m"


MULTI = """
def f(x,
      w):
    y = np.dot(
        x.T,  # the data
        w,
    )
    return y
"""


def test_a_statement_over_several_lines_changes_where_it_is_wrong():
    found = change(MULTI, "x.T", "x")
    assert found == LineChange(6, 8, 11, "        x.T,  # the data", "        x,  # the data")


@pytest.mark.parametrize(
    "source",
    [
        "@staticmethod\ndef f(x, w):\n    return x @ w.T",
        "def f(x, w):\n\treturn x @ w.T",
        "if True:\n    def f(x, w):\n        return x @ w.T",
        "def f(x, w):\n    def g():\n        return x @ w.T\n    return g()",
        "def f(x, w):\n    '''Text\n  further left.'''\n    return x @ w.T",
    ],
)
def test_functions_of_all_kinds(source):
    found = change(source, "w.T", "w")
    assert spliced(source, found) == "import numpy as np\n" + source.replace("w.T", "w")


def test_a_method_changes_where_it_stands():
    source = "class A:\n    def f(self, x):\n        return self.w @ x\n"
    source += "\n    def g(self, x):\n        return self.w @ x"
    found = change(source, "self.w @ x", "x @ self.w", name="A.g")
    assert (found.line, found.after) == (7, "        return x @ self.w")


@pytest.mark.parametrize(
    ("body", "old", "left"),
    [
        ("y = 1  # gone too\nz = 2", "y = 1", "z = 2"),
        ("y = 1; z = 2", "y = 1", "z = 2"),
        ("z = 2; y = (1,\n    3)", "y = (1, 3)", "z = 2;"),
    ],
)
def test_a_statement_goes_with_its_line_unless_others_stand_there(body, old, left):
    source = "def f():\n" + "\n".join("    " + line for line in body.split("\n"))
    text = spliced(source, change(source, old, None))
    assert [line.rstrip() for line in text.split("\n")] == ["import numpy as np", "def f():", "    " + left]


def test_two_statements_are_exchanged_with_what_is_between_them():
    source = "def f(x):\n    y = x  # first\n    # between\n    z = y + 1  # second\n    return z"
    function = program_of(source).functions["f"]
    a, place = place_of(function, "y = x")
    b, _ = place_of(function, "z = y + 1")
    found = change_of(Swap(function, "", a, b, *place, 1.0))
    assert found.after.split("\n") == ["    z = y + 1  # second", "    # between", "    y = x  # first"]


def test_a_new_statement_comes_below_with_the_same_indent():
    source = "def f(x):\n    for i in x:\n        y = i\n    return y"
    found = change(source, "y = i", "y[y < 0] = 0", sort=Insertion)
    assert found.after == "        y = i\n        y[y < 0] = 0"
    assert "for i in x:\n        y = i\n        y[y < 0] = 0\n    return y" in spliced(source, found)


@pytest.mark.parametrize(
    ("line", "old", "after"),
    [
        ("y = x; z = 2", "z = 2", "y = x; z = 2; y *= 3"),
        ("y = x; z = 2", "y = x", "y = x; y *= 3; z = 2"),
        ("if x: y = x", "y = x", "if x: y = x; y *= 3"),
        ("y = x  # note; more", "y = x", "y = x  # note; more\n    y *= 3"),
    ],
)
def test_a_new_statement_stands_beside_one_that_shares_its_line(line, old, after):
    found = change(f"def f(x):\n    {line}\n    return x", old, "y *= 3", sort=Insertion)
    assert found.after == "    " + after


def test_statements_of_one_line_are_exchanged_within_it():
    function = program_of("def f(x):\n    y = 2*x; z = y  # both\n    return z").functions["f"]
    a, place = place_of(function, "y = 2 * x")
    b, _ = place_of(function, "z = y")
    assert change_of(Swap(function, "", a, b, *place, 1.0)).after == "    z = y; y = 2*x  # both"


@pytest.mark.parametrize("where", ["out", "in"])
def test_a_statement_leaves_a_loop_or_enters_it(where):
    source = "def f(x):\n    for i in x:\n        y = i\n        z = 2 * i\n    w = z\n    return w"
    function = program_of(source).functions["f"]
    loop, place = place_of(function, "for i in x:\n    y = i\n    z = 2 * i")
    moved = loop.body[-1] if where == "out" else function.node.body[1]
    found = change_of(Replacement(function, "", loop, loop, *place, 1.0, ((moved, where),)))
    assert found.after == ("    z = 2 * i" if where == "out" else "        w = z")
    tree = ast.parse(spliced(source, found))
    (_, changed), *_ = definitions_in(tree.body)
    assert len(changed.body[0].body) == (1 if where == "out" else 3)
