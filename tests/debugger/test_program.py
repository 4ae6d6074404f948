"""Somebody's functions by name, and one changed for a moment."""

import ast
import json
import sys
from types import SimpleNamespace

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.notebooks import cells_of
from tinygraph.debugger.program import code_of_function, place_name, source_text

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
