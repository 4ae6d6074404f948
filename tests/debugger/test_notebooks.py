"""Cells: what of a file or a notebook is Python, what of that only defines something, and its name."""

import ast
import json
import random
from pathlib import Path

import numpy as np
import pytest

from tinygraph.debugger.notebooks import (
    cell_text,
    cells_of,
    file_and_cell,
    is_definition,
    parse_cell,
    with_print_calls,
)
from tinygraph.errors import UserFileError


@pytest.fixture
def book(tmp_path):
    """A function that writes cells, or a whole book, as a notebook."""

    def write(*cells, **whole):
        file = tmp_path / "work.ipynb"
        file.write_text(json.dumps(whole or {"cells": list(cells)}))
        return file

    return write


def code(source, run=None):
    return {"cell_type": "code", "source": source, "execution_count": run}


PROSE = {"cell_type": "markdown", "source": "def f(:"}


# Names and texts of cells


def test_a_cell_is_called_as_jupyter_shows_it_where_no_other_is(book):
    file = book(PROSE, code(["x = 1\n", "y = 2"], 7), code("z = 3", 4), code("", 4), code("u = 5"))

    cells, notes = cells_of(file)

    assert [cell.name for cell in cells] == ["cell [7]", "cell 2", "cell 3", "cell 4"]
    assert [cell.filename for cell in cells] == [f"{file}, {cell.name}" for cell in cells]
    assert [cell.text for cell in cells] == ["x = 1\ny = 2", "z = 3", "", "u = 5"]
    assert [len(cell.tree.body) for cell in cells] == [2, 1, 0, 1]
    assert notes == []


def test_the_third_format_has_sheets_and_numbers_of_its_own(book):
    sheets = [{"cells": [{"cell_type": "code", "input": [text], "prompt_number": i}]} for i, text in
              enumerate(["x = 1", "y = 2"], 5)]  # fmt: skip

    cells, _ = cells_of(book(worksheets=sheets))

    assert [(cell.name, cell.text) for cell in cells] == [("cell [5]", "x = 1"), ("cell [6]", "y = 2")]


def test_a_cell_that_is_no_python_is_left_out_with_its_line(book):
    cells, notes = cells_of(book(code("x = 1", 1), code("y = 2\nz = = 3", 2), code("x = '\0'", 3)))

    assert [cell.name for cell in cells] == ["cell [1]"]
    assert notes[0] == "cell [2] of work.ipynb was left out: invalid syntax, line 2."
    assert notes[1].startswith("cell [3] of work.ipynb was left out: ")
    assert "null" in notes[1]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '"cells"', '{"cells": [3]}', '{"cells": [{"cell_type": "code"}]}']
)
def test_what_is_no_notebook_says_what_to_do(tmp_path, text):
    (tmp_path / "work.ipynb").write_text(text)

    with pytest.raises(
        UserFileError, match=r"^work.ipynb is no Jupyter notebook; save it once more from Jupyter$"
    ):
        cells_of(tmp_path / "work.ipynb")


def test_the_text_of_a_cell_is_found_by_the_name_of_its_code(book, tmp_path):
    file = book(code("x = 1", 3), code("y = 2", 4))

    assert cell_text(f"{file}, cell [4]") == "y = 2"
    assert [cell_text(name) for name in (f"{file}, cell [9]", str(file), f"{tmp_path}/no.ipynb, cell 1")] == [
        ""
    ] * 3
    assert file_and_cell("/a, b\n/W.IPYNB, cell 2") == ("/a, b\n/W.IPYNB", "cell 2")
    assert file_and_cell("/a/work.py, cell 2") == ("/a/work.py, cell 2", "")


def test_a_python_file_is_one_cell_of_its_own_name(tmp_path):
    file = tmp_path / "Work.PY"
    file.write_text("x = 1\n")

    [cell], notes = cells_of(file)

    assert (cell.name, cell.filename, cell.text, notes) == ("Work.PY", str(file), "", [])
    assert ast.unparse(cell.tree) == "x = 1"


# Python 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("print 'a', 1", "print('a', 1)"),
        ("print", "print()"),
        ("if x: print x; print y", "if x: print(x); print(y)"),
        ("x = 1  # one\nprint x # so\n", "x = 1  # one\nprint(x) # so\n"),
        ("x = 1\n\nprint x", "x = 1\n\nprint(x)"),
        ("print >>f, x", "print(f, x)"),
        ("print f(a,\n  b), [1,\n 2]\ny", "print(f(a,\n  b), [1,\n 2])\ny"),
        ("def f():\n    print {1: 2}[1]\n", "def f():\n    print({1: 2}[1])\n"),
        ("f(print)\nx.print\nlog = print\n", "f(print)\nx.print\nlog = print\n"),
    ],
)
def test_statements_that_print_become_calls_line_for_line(text, said):
    assert with_print_calls(text) == said


def test_a_file_of_python_2_says_so_and_one_that_is_neither_is_refused(tmp_path):
    (tmp_path / "old.py").write_text("x = 1\nprint 'a'\n")
    (tmp_path / "bad.py").write_text("print 'a'\nx = = 1\n")
    (tmp_path / "open.py").write_text("print 'a'\nx = (1\n")

    [cell], notes = cells_of(tmp_path / "old.py")

    assert ast.unparse(cell.tree) == "x = 1\nprint('a')"
    assert notes == ["old.py is written for Python 2: its print statements were read as calls."]
    for name in ("bad.py", "open.py"):
        with pytest.raises(SyntaxError, match="print"):
            cells_of(Path(tmp_path, name))


# What is for IPython


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if x:\n    !ls\n    y = 2", "if x:\n    pass\n    y = 2"),
        ("files = !ls\nx = 1", "pass\nx = 1"),
        ("a, b = %time f()\n", "pass"),
        ("np.sum?\n?np.sum\nx = 1", "pass\npass\nx = 1"),
        ("!pip install \\\n  numpy \\\n  scipy\nx = 1", "\n\npass\nx = 1"),
        ("!pip install \\\n  numpy \\", "\npass"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%capture out\nx = 1", "\nx = 1"),
        ("%%bash\nls -l", ""),
        ("%%\nx = 1", ""),
        ("", ""),
    ],
)
def test_lines_for_ipython_are_blank_and_the_others_stay_in_their_lines(text, said):
    right = ast.parse(said)

    assert ast.dump(parse_cell(text), include_attributes=True).replace("end_", "") == ast.dump(
        right, include_attributes=True
    ).replace("end_", "")


def test_what_is_neither_python_nor_ipython_is_an_error():
    with pytest.raises(SyntaxError):
        parse_cell("%matplotlib inline\nx = = 1")


# What only defines something

SPACE = {
    "x": np.ones(2),
    "one": np.float64(1),
    "old": np.random.RandomState(0),
    "rng": np.random.default_rng(0),
    "chance": random.Random(0),
    "text": "a",
    "row": [1],
    "pair": (1, 2),
    "table": {},
    "few": {1},
    "number": 3,
    "model": print,
    "net": object(),
}
DEFINES = [
    "def f(): pass", "async def f(): pass", "class A: pass", "import a", "from a import b",
    "x = 1", "x: int = 1", "x = y = 2", "a, b = 1, 2", "a, (b, c) = 1, (2, 3)",
    "try:\n    import a\nexcept ImportError:\n    f()", "try:\n    f()\n    import a\nfinally:\n    pass",
    "sys.path.append('..')", "sys.path.insert(0, '..')",
    "x = np.zeros(3)", "x = numpy.random.randn(2)", "x = [len(a) for a in range(3)]", "x = max(1, abs(-2))",
    "x = Layer(3)", "x = x.sum()", "x = one.item()", "x = old.randn(2)", "x = rng.normal()",
    "x = chance.random()",
    "x = text.upper()", "x = row.copy()", "x = pair.index(1)", "x = table.get(1)", "x = few.copy()",
    "x = np.zeros(3).reshape(3, 1)", "x = (a + b).sum()", "x = a[0].sum()",
    "f = lambda x: train(x)",
]  # fmt: skip
COMPUTES = [
    "f()", "print(1)", "x += 1", "for i in y: pass", "if a: x = 1", "x: int", "del x", "sys.path.sort()",
    "a.b = 1", "a[0] = 1", "x = y = f()",
    "x = f()", "x = model(1)", "x = number.bit_length()", "x = net.forward(1)", "x = train(1) + 1",
    "x = np.load('a')", "x = np.loadtxt('a')", "x = np.fromfile('a')", "x = np.genfromtxt('a')",
    "x = np.memmap('a')",
    "x = np.random.fit(1)", "x = a.load().b()", "x = Net(1).train(2)", "x = Image.open('a').size()",
    "x = Net.run(1)", "x = A.show()", "x = A.plot()", "x = A.read()", "x = np.zeros(f(1))",
    "x = np.savez('a')",
    "f = lambda x=train(1): x", "x = (yield)", "x = (yield from a)", "x = await a", "x = f().b",
    "try:\n    f()\nexcept E:\n    import a",
]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "defines"), [(DEFINES, True), (COMPUTES, False)], ids=["defines", "computes"]
)
def test_what_defines_something_without_computing_much_is_run(texts, defines):
    found = {text: is_definition(ast.parse(text).body[0], SPACE) for text in texts}

    assert [text for text in texts if found[text] != defines] == []


def test_the_definitions_of_a_cell_are_seen_as_names_come_to_mean_something(book):
    [cell], _ = cells_of(book(code("rng = np.random.default_rng(0)\nx = rng.normal()\ny = f(x)")))
    space = {}
    found = []
    for node in cell.definitions(space):
        found.append(ast.unparse(node))
        space["rng"] = np.random.default_rng(0)

    assert found == ["rng = np.random.default_rng(0)", "x = rng.normal()"]
