"""What a line calls things: the target of what it makes, what it calls, and the operands."""

import sys

import pytest

from tests.cells import BEGIN, run_cell
from tinygraph.notation.lines import Line, line_at, running_line
from tinygraph.notation.names import line_of_call

CALLS = {
    "x + Y": ("add", "x", "Y"),
    "Y - x": ("subtract", "Y", "x"),
    "x * Y": ("multiply", "x", "Y"),
    "x / p.Y": ("divide", "x", "Y"),
    "x ** p['Y']": ("power", "x", "Y"),
    "x @ Y": ("matmul", "x", "Y"),
    "-x": ("negative", "x"),
    "+x": ("positive", "x"),
    "x[0]": ("getitem", "x"),
    "x.T": ("transpose", "x"),
    "x.sum()": ("sum", "x"),
    "x.dot(Y)": ("dot", "x", "Y"),
    "np.sum(x)": ("sum", "x"),
    "np.linalg.norm(x)": ("norm", "x"),
    "numpy.sum(x)": ("sum", "x"),
    "tg.relu(x)": ("relu", "x"),
    "tinygraph.relu(x)": ("relu", "x"),
    "linalg.norm(x)": ("norm", "x"),
    "total(x)": ("total", "x"),
    "np.concatenate([x, Y])": ("concatenate", "x", "Y"),
    "np.concatenate((Y, x))": ("concatenate", "Y", "x"),
    "np.einsum('i,i', x, Y)": ("einsum", "x", "Y"),
    "np.multiply(x, 2)": ("multiply", "x", None),
    "np.multiply(x, Y.T)": ("multiply", "x", None),
    "np.multiply(x, p.Y.value)": ("multiply", "x", "Y"),
    "(lambda: x * 2)()": ("multiply", "x", None),
    "(np.sum)(x)": ("sum", "x"),
}
AROUND = """
import numpy, tinygraph
from numpy import linalg, sum as total
class Pair(dict):
    __getattr__ = dict.get
Y = np.full(4, 2.0)
class Held(np.ndarray):
    value = property(lambda self: np.asarray(self))
p = Pair(Y=Y.view(Held))
"""


def line_of(text):
    """What the last line of a cell says of `result`."""
    return line_of_call(run_cell(text)["result"])


@pytest.mark.parametrize(("expression", "expected"), CALLS.items(), ids=CALLS)
def test_what_is_called_and_with_which_operands(expression, expected):
    target = None if "lambda" in expression else "result"

    assert line_of(f"{AROUND}result = {expression}") == (target, expected[0], expected[1:])


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "**"])
def test_an_augmented_assignment_is_a_call_on_its_target(sign):
    called = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "power"}[sign]

    assert line_of(f"Y = 2.0\nresult = x * 1\nresult {sign}= Y") == ("result", called, ("result", "Y"))


def test_a_method_of_what_the_user_imported_from_a_module_has_no_receiver():
    assert line_of("import numpy.linalg as la\nresult = la.norm(x)").operands == ("x",)
    assert line_of("from numpy import linalg as la\nresult = la.norm(x)").operands == ("x",)
    assert line_of("import tests.cells\nresult = tests.cells.np.exp(x)").operands == ("x",)
    assert line_of("from tests import cells\nresult = cells.np.exp(x)").operands == ("x",)


@pytest.mark.parametrize("module", ["np", "numpy", "tg", "tinygraph"])
def test_modules_that_an_earlier_cell_imported_are_known_by_their_usual_names(module):
    space = run_cell("import numpy, tinygraph")
    name = "exp" if module[0] == "n" else "relu"

    assert line_of_call(run_cell(f"result = {module}.{name}(x)", space=space)["result"]).operands == ("x",)


def test_the_line_that_runs():
    found = run_cell("from tinygraph.notation.lines import running_line\nresult = running_line()")["result"]

    assert found == ("result", "running_line", ())


def test_a_line_without_text_says_nothing():
    code = compile("x = 1", "<nothing>", "exec")

    assert line_at(code, 0) == line_at(code, 10**6) == Line() == (None, None, ())


def test_code_that_is_equal_in_two_files_is_looked_up_in_each():
    text = "result = x * 2"

    assert line_of_call(run_cell(text, shown="")["result"]) == Line()
    assert line_of(text).target == "result"
    assert line_of_call(run_cell(text, shown="")["result"]) == Line()


@pytest.mark.parametrize("shown", ["result = = x", "result = x\0", "(" * 10_000, "%time result = x * 2\n"])
def test_a_text_that_is_no_program_says_nothing(shown):
    assert line_of_call(run_cell("result = x * 2", shown=shown)["result"]) == Line()


KNOWN = {
    "a variable of a function": "def f():\n    y = x * 2\n    return y\nresult = f()",
    "a variable that an inner function reads": (
        "def f():\n    y = x * 2\n    return [y for _ in range(1)][0]\nresult = f()"
    ),
    "a variable around a function": (
        "def f():\n    y = 0\n    def g():\n        nonlocal y\n        y = x * 2\n        return y\n"
        "    return g()\nresult = f()"
    ),
    "a global name": "y = x * 2\nresult = y",
    "an attribute": "class P: pass\np = P()\np.y = x * 2\nresult = p.y",
    "a key": "p = {}\np['y'] = x * 2\nresult = p['y']",
    "keys": "p = {'z': 0, 'y': x * 2}\nresult = p['y']",
    "keywords": "p = dict(z=0, y=x * 2)\nresult = p['y']",
}


@pytest.mark.parametrize("text", KNOWN.values(), ids=KNOWN)
def test_a_name_is_known_wherever_the_code_holds_it(text):
    assert line_of(text).target == "y"


def test_a_name_that_only_the_edited_file_has_is_not_taken():
    edited = BEGIN + "resulT = x * 2"

    assert line_of_call(run_cell("result = x * 2", shown=edited)["result"]) == (None, "multiply", ("x", None))


def test_the_frame_of_a_test_is_the_users():
    line = running_line()

    assert line == ("line", "running_line", ())
    assert line_at(sys._getframe().f_code, 0).called is None
