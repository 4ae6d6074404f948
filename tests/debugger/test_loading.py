"""Loading: a notebook gives its definitions, and what is not there is replaced or told of."""

import json
import sys
import traceback

import numpy as np
import pytest

from tests.debugger.homework import RIGHT
from tinygraph import layerwise as lw
from tinygraph.debugger.loading import code_file, load_file, load_homework
from tinygraph.debugger.notebooks import cells_of
from tinygraph.errors import UserFileError

Z = np.array([[-1.0, 2.0]])


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch, tmp_path):
    """Modules and their path stay as they were."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = dict(sys.modules)
    yield
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


@pytest.fixture
def load(tmp_path):
    """A function that loads a text as a file, or texts as the cells of a notebook."""

    def load_text(*texts, notebook=False):
        file = tmp_path / ("work_in_test.ipynb" if notebook else "work_in_test.py")
        file.write_text(as_notebook(*texts) if notebook else texts[0])
        return load_homework(str(file))

    return load_text


def as_notebook(*texts):
    """Texts as a notebook's code cells, with a cell of prose between."""
    cells = [{"cell_type": "markdown", "source": ["# def f(:"]}]
    cells += [{"cell_type": "code", "source": text.splitlines(keepends=True)} for text in texts]
    return json.dumps({"cells": cells, "nbformat": 4})


def names(module):
    return {name for name in vars(module) if not name.startswith("__")}


# Python files


def test_a_python_file_is_taken_as_it_is_with_what_is_beside_it(tmp_path):
    (tmp_path / "beside_it_in_test.py").write_text("import numpy as np\nscale = np.ones(2)\n")
    file = tmp_path / "work_in_test.py"
    file.write_text("from beside_it_in_test import scale\n\n\ndef f(Z):\n    return scale * Z\n")

    module = load_file(file)

    np.testing.assert_array_equal(module.f(Z), Z)
    assert (module.__name__, module.__file__) == ("work_in_test", str(file))
    assert sys.modules["work_in_test"] is module
    assert not list(tmp_path.rglob("work_in_test*.pyc"))


# Notebooks

CELL = """\
%matplotlib inline
import numpy as np, json
from math import (
    pi
)
!pip install nothing
files = !ls
np.random.seed?
RATE, (A, B) = 0.5, (1, -2.5)
LAYERS: list = [5, 4, 3 * 2 ** 2]
TEXT = "50 %%" \\
    % ()
half = lambda x: x / 2
rates = {"a": RATE}
data = np.zeros(3)
undone: int
print("trained")
raise SystemExit
if True:
    hidden = 1
def f(x):
    %timeit x
    return x * RATE
class Net:
    size = 3
"""


def test_definitions_of_a_cell_are_taken_and_nothing_else_is_run(load, capsys):
    module, notes = load(CELL, notebook=True)

    assert names(module) == {
        "np", "json", "pi", "RATE", "A", "B", "LAYERS", "half", "f", "Net", "TEXT", "rates", "data",
    }  # fmt: skip
    assert module.f(4) == 2
    assert module.LAYERS == [5, 4, 12]
    assert module.rates == {"a": 0.5}
    assert module.data.tolist() == [0, 0, 0]
    assert module.Net.size == 3
    assert notes == []
    assert capsys.readouterr().out == ""


def test_the_last_definition_counts(load):
    module, _ = load("def f():\n    return 1\n", "def f():\n    return 2\n", notebook=True)

    assert module.f() == 2


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("x = 1\ndef f(:\n", "cell 2 of work_in_test.ipynb was left out: invalid syntax, line 2."),
        ("def f():\n  return 1\n return 2\n", "cell 2 of work_in_test.ipynb was left out: unindent"),
        ("x = (1,\n", "cell 2 of work_in_test.ipynb was left out: '(' was never closed, line 1."),
        ("\0", "cell 2 of work_in_test.ipynb was left out: "),
        (
            "\n\ndef f(x=data):\n    pass\n",
            "cell 2, line 3 was left out, since it raised NameError: name",
        ),
        ("from math import no", "cell 2, line 1 was left out, since it raised ImportError: cannot"),
    ],
)
def test_what_cannot_be_taken_is_named(load, text, note):
    module, notes = load("x = 5\n", text, "y = 6\n", notebook=True)

    assert (module.x, module.y) == (5, 6)
    assert len(notes) == 1
    assert notes[0].startswith(note)


@pytest.mark.parametrize(
    ("head", "taken"),
    [
        ("%%time", True),
        ("%%capture out", True),
        ("%%bash", False),
        ("%%writefile x.py", False),
        ("%%", False),
    ],
)
def test_cells_of_other_languages_are_passed_over(load, head, taken):
    module, notes = load(f"{head}\nx = 5\n", notebook=True)

    assert hasattr(module, "x") == taken
    assert notes == []


def test_empty_cells_and_a_source_in_one_piece(tmp_path):
    file = tmp_path / "a.ipynb"
    file.write_text(json.dumps({"cells": [{"cell_type": "code", "source": x} for x in ("", "x = 1\ny = 2")]}))

    cells, _ = cells_of(file)

    assert [len(cell.tree.body) for cell in cells] == [0, 2]


def test_third_format(tmp_path):
    file = tmp_path / "a.ipynb"
    cells = [{"cell_type": "code", "input": ["x = 1"]}]
    file.write_text(json.dumps({"worksheets": [{"cells": cells}]}))

    assert [cell.text for cell in cells_of(file)[0]] == ["x = 1"]


@pytest.mark.parametrize("text", ["", "x = 1", "{}", "[]", '{"cells": 3}', '{"cells": [3]}'])
def test_what_is_no_notebook_is_refused(tmp_path, text):
    file = tmp_path / "a.ipynb"
    file.write_text(text)

    with pytest.raises(UserFileError, match=r"a.ipynb is no Jupyter notebook; save it once more"):
        load_homework(str(file))


def test_lines_of_a_cell_are_those_of_tracebacks(load):
    module, _ = load("x = 1", "%time x\n\ndef f():\n    raise ValueError('here')\n", notebook=True)

    with pytest.raises(ValueError, match="here") as caught:
        module.f()

    last = traceback.extract_tb(caught.tb)[-1]
    assert (last.filename, last.lineno) == (module.__file__ + ", cell 2", 4)
    assert last.line == "raise ValueError('here')"


# What is not there


def test_missing_modules_take_anything_at_import_and_nothing_later(load):
    module, notes = load(
        "import nowhere.plots as plt\nimport also_nowhere, nowhere\n"
        "from nowhere import show, Base\nfrom also_nowhere.deep import *\n"
        "plt.style['size'] = (5.0, 4.0)\nplt.figure(3).title[0]('x').grid = True\n"
        "with plt.context():\n    pass\n"
        "class Own(Base):\n    pass\n"
        "def f():\n    return plt.plot(3)\n"
    )

    assert notes == ["also_nowhere, nowhere: not found; what needs it cannot run here."]
    assert module.Own().__class__.__bases__ == (object,)
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere'"):
        module.f()
    with pytest.raises(ModuleNotFoundError):
        module.show()


@pytest.mark.parametrize(
    "use", ["x, y = nowhere.load()", "x = np.array(nowhere.data)", "x = float(nowhere.x)", "float(nowhere.x)"]
)
def test_data_of_missing_modules_is_not_made_up(load, use):
    module, notes = load(f"import numpy as np\nimport nowhere\n{use}\ndef f():\n    return x\n")

    assert names(module) == {"np", "nowhere", "f"}
    with pytest.raises(NameError):
        module.f()
    raised = "work_in_test.py, line 3 was left out, since it raised "
    raised += "ModuleNotFoundError: No module named 'nowhere'."
    assert notes[:-1] == ([raised] if use.startswith(("x = np", "x = float")) else [])
    assert notes[-1] == "nowhere: not found; what needs it cannot run here."


def test_ways_out_are_taken(load):
    module, notes = load(
        "try:\n    import nowhere as xp\nexcept ImportError:\n    import numpy as xp\n"
        "def f():\n    return xp.ones(2)\n"
    )

    assert module.f().tolist() == [1, 1]
    assert notes == []


def test_a_python_file_that_is_not_python_is_refused(load):
    with pytest.raises(SyntaxError):
        load("def f():\n    return 1\nx = = 1")


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        ("x = 1 / 0", "ZeroDivisionError: division by zero."),
        ("import math.no", "ModuleNotFoundError: No module named 'math.no'; 'math' is not a package."),
        ("from math import no", "ImportError: cannot import name 'no' from 'math'"),
        ("class X:\n    y = {}['y']", "KeyError: 'y'."),
        ("@nothing\ndef g():\n    pass", "NameError: name 'nothing' is not defined."),
    ],
)
def test_what_raises_in_a_python_file_is_left_out_with_a_note(load, text, raised):
    module, notes = load(f"def f():\n    return 1\n{text}\ny = 2\n")

    assert (module.f(), module.y) == (1, 2)
    [note] = notes
    line = 4 if text.startswith("@") else 3
    assert note.startswith(f"work_in_test.py, line {line} was left out, since it raised {raised}")


def test_what_a_python_file_does_besides_is_not_done(load, capsys):
    module, notes = load(
        "import time\n1 / 0\nprint('trained')\nraise SystemExit\nlosses = train()\nfile = open('gone')\n"
        "for i in range(3):\n    time.sleep(99)\nwith open('gone') as f:\n    pass\nclock = time.sleep(99)\n"
        "if __name__ == '__main__':\n    main()\ndef f():\n    return 1\n"
    )

    assert names(module) == {"time", "f"}
    assert notes == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text", ["f = lambda x: train(x)", "f = {'a': lambda x: train(x)}", "f = [lambda x, y=2: open(x)]"]
)
def test_what_a_lambda_calls_is_called_later(load, text):
    assert names(load(text)[0]) == {"f"}
    assert names(load("f = lambda x=open('gone'): x")[0]) == set()


def test_modules_beside_are_found_also_with_their_own_missing_imports(load, tmp_path):
    (tmp_path / "dnn_in_test.py").write_text(
        "import nowhere\nfrom broken_in_test import *\ndef relu(Z):\n    return 'theirs'\n"
    )
    (tmp_path / "broken_in_test.py").write_text("import also_nowhere\n")

    module, notes = load("from dnn_in_test import relu\ndef f():\n    return relu(1)\n")

    assert module.f() == "theirs"
    assert notes == ["also_nowhere, nowhere: not found; what needs it cannot run here."]


def test_a_broken_module_beside_says_so(load, tmp_path):
    (tmp_path / "broken_in_test.py").write_text("x = = 1\n")

    module, notes = load("import broken_in_test\ndef f():\n    return 1\n")

    assert module.f() == 1
    assert notes == [
        "work_in_test.py, line 1 was left out, since it raised SyntaxError: "
        "invalid syntax (broken_in_test.py, line 1)."
    ]


FORWARD = "def f(Z):\n    A, cache = {name}(Z)\n    return A, cache\n"
PLAIN = "def f(Z):\n    A = {name}(Z)\n    return A\n"


@pytest.mark.parametrize("notebook", [False, True])
@pytest.mark.parametrize("imported", ["from dnn_nowhere import {name}\n", "from dnn_nowhere import *\n", ""])
@pytest.mark.parametrize("name", ["sigmoid", "relu", "tanh", "softmax"])
def test_activations_of_the_course_stand_in(load, name, imported, notebook):
    module, notes = (
        load(imported.format(name=name), FORWARD.format(name=name), notebook=True)
        if notebook
        else load((imported + FORWARD).format(name=name))
    )

    A, cache = module.f(Z)

    np.testing.assert_array_equal(A, getattr(lw, name)(Z))
    assert cache is Z
    assert f"{name}: not found; tinygraph's own of the same name stands in." in notes
    np.testing.assert_array_equal(
        load("from planar_nowhere import *\n" + PLAIN.format(name=name))[0].f(Z), getattr(lw, name)(Z)
    )


@pytest.mark.parametrize("use", ["dnn_nowhere.relu(Z)[0]", "(lambda x, y: x)(*dnn_nowhere.relu(Z))"])
def test_the_form_is_seen_from_how_it_is_used(load, use):
    module, _ = load(f"import dnn_nowhere\ndef f(Z):\n    return {use}\n")

    np.testing.assert_array_equal(module.f(Z), lw.relu(Z))


@pytest.mark.parametrize("name", ["sigmoid", "relu", "tanh", "softmax"])
def test_their_derivatives_take_the_cache(load, name):
    module, _ = load(f"def f(dA, cache):\n    return {name}_backward(dA, cache)\n")

    np.testing.assert_array_equal(module.f(Z, Z), getattr(lw, f"{name}_backward")(Z, Z))


def test_own_helpers_are_left_alone(load):
    module, notes = load(
        "def relu(Z):\n    return 3\n\ndef f(tanh):\n    sigmoid = tanh\n    return relu(sigmoid)\n"
    )

    assert module.f(1) == 3
    assert names(module) == {"relu", "f"}
    assert notes == []


def test_star_import_does_not_undo_own_definitions(load):
    module, _ = load(
        "def sigmoid(Z):\n    return 3\n",
        "from dnn_nowhere import *\n",
        "def f():\n    return sigmoid(1)\n",
        notebook=True,
    )

    assert module.f() == 3


def test_loading_again_is_loading_anew(load):
    text = "import nowhere\nseen = []\ndef f():\n    seen.append(1)\n    return len(seen), nowhere\n"

    assert load(text)[0].f()[0] == load(text)[0].f()[0] == 1


def test_packages_are_not_forgotten(tmp_path):
    import tinygraph

    load_homework(lw.__file__)

    assert sys.modules["tinygraph"] is tinygraph
    assert sys.modules["tinygraph.layerwise"] is lw


# Files


def test_python_files_and_notebooks_are_taken(tmp_path):
    for name in ("a.py", "b.ipynb"):
        (tmp_path / name).write_text("")

        assert code_file(str(tmp_path / name), ".py", ".ipynb") == tmp_path / name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.py", "there is no file"),
        ("notes.txt", "is not a Python file; give the .py or .ipynb file"),
        ("d.py", "is not a Python file"),
    ],
)
def test_other_files_are_refused(tmp_path, name, said):
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "d.py").mkdir()

    with pytest.raises(UserFileError, match=said):
        code_file(tmp_path / name, ".py", ".ipynb")


def test_right_layers_from_a_notebook(load):
    head, *functions = RIGHT.split("\n\n\n")

    module, notes = load(head, *functions, notebook=True)

    assert names(module) >= {"linear_backward", "L_model_backward", "update_parameters"}
    assert notes == []


def test_print_statements_and_old_names_are_read_as_python_2(load):
    module, notes = load(
        "def f(n):\n    for i in xrange(n):\n        print 'round %s' % (\n            i)  # so\n    print\n"
        "    return sum(xrange(n)) if n else 0; print n,\n"
    )

    assert module.f(3) == 3
    assert notes == [
        "work_in_test.py is written for Python 2: its print statements were read as calls.",
        "xrange is Python 2's; range stands in.",
    ]


def test_what_a_generator_of_any_name_draws_is_there(load):
    module, notes = load(
        "import numpy as np\ndice = np.random.default_rng(1)\n"
        "W = [dice.normal(size=(2, 3)), dice.normal(size=2)]\n"
    )

    assert [w.shape for w in module.W] == [(2, 3), (2,)]
    assert notes == []
