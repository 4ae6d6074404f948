"""Somebody's functions by name, and one changed for a moment."""

import ast
import functools
import json
import sys
from types import SimpleNamespace

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.notebooks import cells_of
from tinygraph.debugger.program import (
    code_of_function,
    demanded_arguments,
    place_name,
    plain_function,
    source_text,
)

TEXT = """
class Layer:
    def forward(self, x, *more, scale=1):
        return x * scale

    @staticmethod
    def double(x):
        return 2 * x

def half(x):
    return x / 2
"""


def test_functions_by_qualified_name():
    program = program_of(TEXT)
    assert list(program.functions) == ["Layer.forward", "Layer.double", "half"]
    forward = program.functions["Layer.forward"]
    assert (forward.parameters, forward.required, forward.rest) == (["x", "scale"], ["x"], "more")
    assert program.functions["Layer.double"].parameters == ["x"]


def test_a_function_is_changed_for_a_moment():
    program = program_of(TEXT)
    half = program.functions["half"]
    changed = ast.parse("def half(x):\n    return x / 4").body[0]
    with program.changed(half, code_of_function(half, changed)):
        assert program.namespace["half"](8) == 2
    assert program.namespace["half"](8) == 4


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("/tmp/ipykernel_71/123.py", "cell [3]"),  # which Jupyter says
        ("/tmp/ipykernel_71/456.py", "a cell"),
        ("/tmp/ipython-input-9.py", "a cell"),
        ("<ipython-input-12-abc>", "cell [12]"),
        ("/tmp/marimo_5/__marimo__cell_Hbol_.py", "a cell"),
        ("<stdin>", "<stdin>"),
        ("/home/me/work.ipynb, cell [4]", "work.ipynb, cell [4]"),
        ("/home/me/layers.py", "layers.py"),
    ],
)
def test_a_cell_is_called_by_the_number_beside_it(file, name, monkeypatch):
    compiler = SimpleNamespace(_filename_map={"/tmp/ipykernel_71/123.py": 3})
    shell = SimpleNamespace(compile=compiler)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert place_name(file) == name


def test_the_lines_of_a_cell_are_read_from_its_notebook(tmp_path):
    cells = [
        {"cell_type": "code", "source": ["%time\n", "x = 1"], "execution_count": 7},
        {"cell_type": "markdown", "source": "# y"},
        {"cell_type": "code", "source": "y = 2", "execution_count": None},
        {"cell_type": "code", "source": "z = 3", "execution_count": 5},
        {"cell_type": "code", "source": "u = 4", "execution_count": 5},
    ]
    file = tmp_path / "work.ipynb"
    file.write_text(json.dumps({"cells": cells}))
    names = [cell.name for cell in cells_of(file)[0]]
    assert names == ["cell [7]", "cell 2", "cell 3", "cell 4"]
    assert source_text(f"{file}, cell [7]") == ["%time", "x = 1"]
    assert source_text(f"{file}, cell 2") == ["y = 2"]
    assert source_text(f"{file}, cell 9") == source_text(f"{tmp_path}/gone.ipynb, cell 2") == []


MORE = """
scale = 2

def made(a, /, b, c=1, *rest, d, e=2):
    global scale, kept
    kept = 1
    inner = lambda q: q + inner_scale
    total = a + scale
    total += b
    scale = np.sum(total).item()
    return [x for x in inner(total)]

if scale:
    def made_in_if(x): return x
else:
    def made_in_else(x): return x

try:
    def made_in_try(x): return x
except Exception:
    pass

class Base:
    def forward(self, x): return x
    def both(self): return 1
    @classmethod
    def start(cls, n): return cls()
    @property
    def size(self): return 3

class Layer(Base):
    class Inner:
        def lost(self): pass
    def both(self): return 2

class Gone:
    def away(self): pass
del Gone

def replaced(x): return x
replaced = 3

async def later(x): return x
"""


def test_what_a_function_takes_reads_and_makes():
    made = program_of(MORE).functions["made"]

    assert (made.parameters, made.required, made.rest) == (["a", "b", "c", "d", "e"], ["a", "b", "d"], "rest")
    assert sorted(made.reads) == ["inner_scale", "np", "q", "scale", "x"]
    assert made.makes == {"a", "b", "c", "d", "e", "rest", "q", "inner", "total", "x"}
    assert made.names >= {"np", "sum", "item", "inner_scale", "total"}
    assert made.line == 5
    assert not made.is_method


def test_functions_and_classes_are_those_that_are_still_there():
    program = program_of(MORE)

    assert list(program.functions) == [
        *("made", "made_in_if", "made_in_try", "Base.forward", "Base.both", "Base.start", "Base.size"),
        *("Layer.both", "later"),
    ]
    assert list(program.classes) == ["Base", "Layer"]
    methods = program.methods(program.classes["Layer"])
    assert {name: f.name for name, f in methods.items()} == {
        "forward": "Base.forward", "both": "Layer.both", "start": "Base.start", "size": "Base.size",
    }  # fmt: skip
    assert [program.functions[f"Base.{n}"].parameters for n in ("start", "size")] == [["n"], []]


def test_the_function_within_what_is_around_it():
    def plain(x):
        return x

    wrapped = functools.wraps(plain)(lambda *a: plain(*a))

    assert [
        plain_function(f) for f in (plain, wrapped, staticmethod(plain), classmethod(plain), property(plain))
    ] == [plain] * 5
    assert [plain_function(f) for f in (3, len, print, None, property())] == [None] * 5


def test_a_code_stands_in_the_place_of_another_if_it_can():
    program = program_of(MORE)

    def code(name, text):
        return code_of_function(program.functions[name], ast.parse(text).body[0])

    assert code("Layer.both", "def both(self) -> nothing:\n    return 5").co_qualname == "Layer.both"
    assert code("made_in_if", "@nothing\ndef made_in_if(x):\n    return 5").co_qualname == "made_in_if"
    assert code("later", "async def later(x):\n    return 5") is None
    assert code("made_in_if", "def another(x):\n    return 5") is None
    assert code("made_in_if", "def made_in_if(x):\n    return 5\n    nonlocal x") is None
    assert code("Layer.both", "def both(self):\n    return super().both()") is None


def test_the_failure_of_the_call_that_came_furthest_is_kept():
    program = program_of("def f(x):\n    a = 1 / x[0]\n    b = x[1]\n    return b")
    f = program.functions["f"]
    for given in ([0], [1], [0]):
        try:
            f.itself(given)
        except Exception as error:
            program.note_failure(f, error)

    assert program.stopped == {"f": (4, "f raised IndexError: list index out of range (<somebody>, line 4)")}
    program.note_failure(program_of(TEXT).functions["half"], ValueError("elsewhere"))
    assert list(program.stopped) == ["f"]


def test_a_function_is_given_what_it_asks_for():
    edition = {"p": 7, "q": 8}

    def given(function):
        return demanded_arguments(function, (1, 2), (3, 4), [{"p": 5}, edition])

    assert given(lambda a, b: 0) == (1, 2)
    assert given(lambda a, b, c: 0) == (1, 2, 3)
    assert given(lambda a, b, c, d: 0) == (1, 2, 3, 4)
    assert given(lambda a, b, c=0: 0) == given(lambda *a: 0) == (1, 2)
    assert given(lambda q, p, r=0: 0) == (8, 7)
    assert given(lambda a, b, c, d, e: 0) == given(dict.fromkeys) == (1, 2)
