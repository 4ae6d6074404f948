"""What could not be judged says what it lacks: a helper of a module, a file of data, another Python."""

import sys
import textwrap

import pytest

from tests.debugger.somebody import program_of
from tests.debugger.test_replies import NAMES, reply
from tinygraph.debugger.lacking import lacks_backward
from tinygraph.debugger.loading import load_homework, read_program
from tinygraph.debugger.replies import reply_to

TRAINS = """
from helpers_that_are_gone import *

def my_model(X, Y, parameters):
    A, caches = my_forward(X, parameters)
    return my_backward(A, Y, caches)

def penalty_backward(X, Y, cache, lambd):
    Z, A, W = cache
    return {"dW": (A - Y) @ X.T + lambd * W}

def with_penalty(X, Y, parameters):
    A, cache = my_forward(X, parameters)
    return penalty_backward(X, Y, cache, 0.1)
"""
UNREAD = "no forward pass could be run for it"


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """The path of modules stays as it was."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def reasons(text, folder):
    """Why functions of a file were not checked."""
    file = folder / "somebody.py"
    file.write_text("import numpy as np\n" + textwrap.dedent(text))
    module, _ = load_homework(str(file))
    asked = {"ask": "examine", "known": (), "lectures": (), "names": NAMES, "steps": ((), ()), "seconds": 0.0}
    told = reply_to(read_program(module, str(file)), asked, lambda: None)["examined"]
    return {e["name"]: e["reason"] for e in told if e["verdict"] == "not checked"}


def test_the_module_is_named_in_which_helpers_should_be(tmp_path):
    found = reasons(TRAINS, tmp_path)

    gone = "of helpers_that_are_gone, which was not found"
    assert found["my_model"] == f"{UNREAD}: it needs my_forward, my_backward {gone}"
    assert found["penalty_backward"] == f"{UNREAD}: its forward pass is my_forward {gone}"


def test_what_the_forward_pass_raised_is_told_where_no_arguments_could_mend_it():
    text = """
        def halve_forward(x):
            parts = range(x.shape[0] / 2)
            return x[: len(parts)], x

        def halve_backward(dout, cache):
            return np.concatenate([dout, dout])
    """
    (told,) = reply(text)["examined"]

    assert (
        "halve_forward raised TypeError: 'float' object cannot be interpreted as an integer" in told["reason"]
    )


def test_a_script_says_at_which_data_it_stops(tmp_path):
    text = """
        X = np.loadtxt("numbers_that_are_gone.csv")
        W = np.ones((3, 2))
        Z = X @ W
        loss = np.sum(Z ** 2) / 2
        dZ = Z
        dW = X.T @ dZ
    """
    found = reasons(text, tmp_path)

    assert "line 3 raised FileNotFoundError: numbers_that_are_gone.csv" in found["<module>"]


def test_a_forward_pass_in_a_file_beside_is_found(tmp_path):
    (tmp_path / "going.py").write_text("import numpy as np\ndef cube_forward(x):\n    return x ** 3, x\n")
    (tmp_path / "other.py").write_text("def square_forward(x):\n    return x ** 2, x\n")

    assert reasons("def cube_backward(dout, x):\n    return 3 * dout * x ** 2", tmp_path) == {}


def test_only_backward_passes_are_missed():
    program = program_of("def plot(x):\n    return np.tanh(x)")

    assert not lacks_backward(program, program.functions["plot"])
