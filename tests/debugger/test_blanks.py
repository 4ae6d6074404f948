"""What is still to be written is said to be, function by function, and is no mistake."""

import textwrap

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.blanks import returns_gap, unwritten_functions, waiting_functions
from tinygraph.debugger.runner import check_file

pytestmark = pytest.mark.usefixtures("here")

GAPS = {
    "pass": "returns None",
    "...": "returns None",
    '"""The derivatives."""': "returns None",
    "return": "returns None",
    "return None": "returns None",
    "return ...": "returns ...",
    "return None, None": "returns (None, None)",
    "x, w = cache\nraise NotImplementedError('your code here')": "raises NotImplementedError",
    "dx = None\npass  # YOUR CODE HERE\nreturn dx": "dx is still None",
    "dx, dw = None, None\nreturn dx, dw": "dx, dw are still None",
    "dx, dw = ...\nreturn dx, dw": "dx, dw are still ...",
    "dw = None  # TODO\ndx = dout\nreturn dx, dw": "dw is still None",
    "if cache:\n    dx = dout\nelse:\n    dx = ...\nreturn dx": "dx is still ...",
    "grads = {}\ngrads['dW'] = None\nreturn grads": "grads['dW'] is still None",
    "return dout * ____": "has ____ in it",
    "a = b = c = d = e = ...\nreturn a, b, c, d, e": "a, b, c, d and more are still ...",
}
WRITTEN = [
    "dx = None\ndx = 2 * dout\nreturn dx",
    "dx, dw = None, None\nfor dx in cache:\n    dw = dx\nreturn dx, dw",
    "mask = None\nreturn dout",
    "return dout, None",
    "raise KeyError('cache')",
    "if cache is None:\n    raise NotImplementedError\nreturn dout",
]


def function_of(body):
    return program_of("def f_backward(dout, cache):\n" + textwrap.indent(body, "    "))


@pytest.mark.parametrize(("body", "said"), GAPS.items(), ids=GAPS)
def test_a_gap_is_seen(body, said):
    assert unwritten_functions(function_of(body)) == {"f_backward": said}


@pytest.mark.parametrize("body", WRITTEN)
def test_what_is_written_has_none(body):
    assert unwritten_functions(function_of(body)) == {}


def test_what_calls_a_function_with_gaps_waits_for_it():
    text = "def f(x):\n    pass\ndef g(x):\n    return f(x)\ndef h(x):\n    return g(x)\n"
    assert waiting_functions(program_of(text), {"f": "returns None"}) == {"g": "f", "h": "f"}


def test_an_object_may_let_go_of_what_it_kept():
    program = program_of("""
        class Layer:
            def backward(self, dout):
                dx = self.x * dout
                self.x = None
                return dx
    """)
    assert unwritten_functions(program) == {}


def test_a_result_without_a_value_is_not_right():
    functions = function_of("dw = None\nreturn dout, dw").functions
    assert returns_gap(functions["f_backward"])
    functions = function_of("kept = None\nreturn dout, len(kept)").functions
    assert not returns_gap(functions["f_backward"])


def test_each_function_of_an_exercise_is_named(tmp_path):
    file = tmp_path / "work.py"
    file.write_text(
        textwrap.dedent("""
        def scale_forward(x, w):
            return x * w, (x, w)

        def scale_backward(dout, cache):
            x, w = cache
            dx = None  # YOUR CODE HERE
            dw = None  # YOUR CODE HERE
            return dx, dw

        def square_forward(x):
            return x ** 2, x

        def square_backward(dout, x):
            return 2 * x * dout

        def twice_forward(x, w):
            return 2 * x * w, (x, w)

        def twice_backward(dout, cache):
            return scale_backward(2 * dout, cache)

        class Layer:
            def backward(self, dout):
                raise NotImplementedError
    """)
    )
    report = check_file(file)
    assert {f.name: (f.verdict, f.reason) for f in report.functions} == {
        "scale_backward": ("could not run", "scale_backward: not written yet (dx, dw are still None)"),
        "square_backward": ("agrees", ""),
        "twice_backward": ("not checked", "scale_backward, which is called, is not written yet"),
        "Layer.backward": ("not checked", "nothing is in it"),
    }
    assert (report.status, report.diagnoses) == (1, [])
    assert report.summary == "scale_backward is not written yet."
    assert str(report).startswith(
        "scale_backward: not written yet (dx, dw are still None).\n1 function agrees"
    )


NET = """
import numpy as np


class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, dout):
        raise NotImplementedError


class Scale(Layer):
    def __init__(self, w):
        self.w = w

    def forward(self, x):
        self.x = x
        return x * self.w

    def backward(self, dout):
        self.dw = np.sum(dout * self.x, axis=0)
        return dout * self.w


class Net:
    def __init__(self):
        self.layers = [Scale(np.array([2.0, 3.0])), Scale(np.array([0.5, 1.5]))]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout
"""


def test_a_base_class_keeps_nobody_waiting(tmp_path):
    assert waiting_functions(program_of(NET), {"Layer.backward": "raises NotImplementedError"}) == {}
    for text, verdict in ((NET, "agrees"), (NET.replace("reversed(self.layers)", "self.layers"), "wrong")):
        file = tmp_path / "net.py"
        file.write_text(text)
        verdicts = {f.name: f.verdict for f in check_file(file).functions}
        assert verdicts["Net.backward"] == verdict
