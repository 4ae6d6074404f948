"""The worker: what it writes of a file's functions, and that values survive the way."""

import json
import pickle

import numpy as np
import pytest

from tinygraph.check import worker


class Odd:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(6, dtype=np.float32).reshape(2, 3).T,
        np.array([1, 2]),
        np.array(True),
        np.float64(2.5),
        3,
        1j,
        np.ones((0, 4)),
        np.array([np.nan, np.inf]),
        None,
        "text",
        (np.ones(2), None, "x"),
        [1.0, [2.0, 3.0]],
        {"dW1": np.ones((2, 1)), 3: (1,)},
    ],
    ids=str,
)
def test_values_survive(value):
    told = json.loads(json.dumps(worker.encode(value)))

    np.testing.assert_equal(
        worker.decode(told), {str(k): x for k, x in value.items()} if isinstance(value, dict) else value
    )


def test_dtype_survives():
    assert worker.decode(worker.encode(np.ones(2, np.float32))).dtype == np.float32


@pytest.mark.parametrize("value", [Odd(), object(), np.array([object()]), {1, 2}])
def test_what_cannot_be_told_keeps_its_type(value):
    assert type(worker.decode(worker.encode(value))).__name__ == type(value).__name__


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that lets the worker run a text, in this process, and reads what it wrote."""
    monkeypatch.setattr("sys.path", [*__import__("sys").path])

    def run_text(text, calls):
        file, pickled, results = tmp_path / "work_in_test.py", tmp_path / "calls", tmp_path / "results"
        file.write_text(text)
        pickled.write_bytes(pickle.dumps(calls))
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", None)
            patch.setattr("sys.stderr", None)
            worker.main(str(file), str(pickled), str(results))
        return [json.loads(line) for line in results.read_text().splitlines()]

    yield run_text
    __import__("sys").modules.pop("work_in_test", None)


def test_calls_are_made_in_order_with_copies(run):
    text = "def f(x):\n    x += 1\n    return x\n\ndef g(x):\n    return x\n"
    x = np.zeros(2)

    lines = run(text, [("f", (x,)), ("missing", (x,)), ("g", (x,))])

    assert lines[0] == {"begun": None}
    assert lines[1] == {"defined": {"f": 1, "g": 5}}
    assert [line for line in lines if "begun" in line] == [{"begun": None}, {"begun": 0}, {"begun": 2}]
    values = {line["done"]: worker.decode(line["value"]).tolist() for line in lines if "done" in line}
    assert values == {0: [1.0, 1.0], 2: [0.0, 0.0]}


def test_exceptions_name_the_line(run):
    text = "import numpy as np\n\ndef f(x):\n    return np.ones(2) @ x\n"

    lines = run(text, [("f", (np.ones(3),))])

    [error] = [line["error"] for line in lines if "failed" in line]
    assert (error["type"], error["line"]) == ("ValueError", 4)
    assert error["file"].endswith("work_in_test.py")
    assert "Traceback" in error["traceback"]


@pytest.mark.parametrize(
    ("text", "type", "line"),
    [
        ("x = 1\nx +\n", "SyntaxError", 2),
        ("import nothing_of_this_name\n", "ModuleNotFoundError", 1),
        ("import sys\nsys.exit(3)\n", "SystemExit", 2),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt", 1),
    ],
)
def test_imports_that_fail(run, text, type, line):
    lines = run(text, [("f", ())])

    assert [line["failed"] for line in lines if "failed" in line] == [None]
    assert (lines[1]["error"]["type"], lines[1]["error"]["line"]) == (type, line)


def test_printing_is_kept_up_to_a_length(run):
    text = "import sys\nprint('hello')\nsys.stderr.write('x' * 9999)\nprint('y' * 99999)\n"

    [printed] = [line["printed"] for line in run(text, []) if "printed" in line]

    assert printed.startswith("hello\nxxx")
    assert len(printed) == worker.MOST_PRINTED


def test_functions_without_a_line_are_defined(run):
    lines = run("from math import sqrt as f\n", [("f", (4.0,))])

    assert lines[1] == {"defined": {"f": None}}
