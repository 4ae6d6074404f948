"""The worker: what it writes of a file's functions, and that values survive the way."""

import io
import json
import sys
import weakref

import numpy as np
import pytest

from tests.debugger.homework import at_import
from tinygraph.debugger import worker
from tinygraph.debugger.loading import load_file

SECRET = b"known to the worker"


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
    told = json.loads(json.dumps(worker.encode_value(value)))

    np.testing.assert_equal(
        worker.decode_value(told), {str(k): x for k, x in value.items()} if isinstance(value, dict) else value
    )


def test_dtype_survives():
    assert worker.decode_value(worker.encode_value(np.ones(2, np.float32))).dtype == np.float32


@pytest.mark.parametrize("value", [Odd(), object(), np.array([object()]), {1, 2}])
def test_what_cannot_be_told_keeps_its_type(value):
    assert type(worker.decode_value(worker.encode_value(value))).__name__ == type(value).__name__


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that lets the worker run a text, in this process, and reads what it wrote."""
    monkeypatch.setattr("sys.path", [*__import__("sys").path])

    def run_text(text, calls):
        file, out = tmp_path / "work_in_test.py", io.BytesIO()
        file.write_text(text)
        asked = [(i, *call, ()) for i, call in enumerate(calls)]
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", printed := worker.Printed())
            patch.setattr("sys.stderr", printed)
            log = worker.Log(out, printed, SECRET)
            worker.run_all(str(file), [name for _, name, *_ in asked], asked, log)
        return [json.loads(line.partition(b" ")[2]) for line in out.getvalue().splitlines() if line]

    yield run_text
    __import__("sys").modules.pop("work_in_test", None)


def test_calls_are_made_in_order_with_copies(run):
    text = "def f(x):\n    x += 1\n    return x\n\ndef g(x):\n    return x\n"
    x = np.zeros(2)

    lines = run(text, [("f", (x,)), ("missing", (x,)), ("g", (x,))])

    assert lines[0] == {"begun": None}
    assert {f: line for f, (_, line) in lines[1]["defined"].items()} == {"f": 1, "g": 5}
    assert all(file.endswith("work_in_test.py") for file, _ in lines[1]["defined"].values())
    assert [line for line in lines if "begun" in line] == [{"begun": None}, {"begun": 0}, {"begun": 2}]
    values = {line["done"]: worker.decode_value(line["value"]).tolist() for line in lines if "done" in line}
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
        (at_import("import sys\nsys.exit(3)\n"), "SystemExit", 2),
        ("x = 1\nclass X:\n    raise KeyboardInterrupt\n", "KeyboardInterrupt", 3),
    ],
)
def test_imports_that_fail(run, text, type, line):
    lines = run(text, [("f", ())])

    assert [line["failed"] for line in lines if "failed" in line] == [None]
    assert (lines[1]["error"]["type"], lines[1]["error"]["line"]) == (type, line)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "import os.nothing_of_this_name\n",
            "line 1 was left out, since it raised ModuleNotFoundError: No module",
        ),
        (
            "\nclass X:\n    1 / 0\n",
            "line 2 was left out, since it raised ZeroDivisionError: division by zero.",
        ),
    ],
)
def test_definitions_that_fail_are_left_out(run, text, note):
    lines = run(text + "\n\ndef f():\n    return 1\n", [("f", ())])

    assert [line for line in lines if "failed" in line] == []
    [said] = lines[1]["notes"]
    assert said.startswith(f"work_in_test.py, {note}")
    assert list(facts_of(lines)) == [0]


def test_nothing_but_definitions_is_run(run):
    lines = run(
        "import sys\nprint('hello')\nsys.exit(3)\nraise KeyboardInterrupt\ndef f():\n    pass\n", [("f", ())]
    )

    assert [line for line in lines if "failed" in line or "printed" in line] == []
    assert lines[1]["notes"] == []
    assert list(facts_of(lines)) == [0]


def test_printing_is_kept_up_to_a_length(run):
    text = at_import("import sys\nprint('hello')\nsys.stderr.write('x' * 9999)\nprint('y' * 99999)\n")

    printed = "".join(line.get("printed", "") for line in run(text, []))

    assert printed.startswith("hello\nxxx")
    assert len(printed) == worker.MOST_PRINTED


def test_functions_without_a_line_are_defined(run):
    lines = run("from math import sqrt as f\n", [("f", (4.0,))])

    assert lines[1]["defined"] == {"f": [None, None]}


def facts_of(lines):
    """What is told of the calls that were made, by their number."""
    return {line["done"]: line for line in lines if "done" in line}


CHANGING = """
import numpy as np

def f(dA, cache, activation="relu", *others):
    (A_prev, W, b), Z = cache
    dA[Z <= 0] = 0
    b += 1
    return dA

def g(parameters, grads):
    parameters["W1"] = parameters["W1"] + 1
    grads["new"] = 1
    return parameters
"""


def test_changed_arguments_are_named_as_the_function_calls_them(run):
    Z = np.array([[1.0, -1.0]])
    parameters, grads = {"W1": np.ones(2), "b1": np.ones(2)}, {"dW1": np.ones(2)}
    calls = [
        ("f", (np.ones((1, 2)), ((Z, Z, Z[:, :1]), Z))),
        ("g", (parameters, grads)),
        ("h", ([Z.tolist()],)),
    ]

    facts = facts_of(run(CHANGING + "\nh = max  # without a signature\n", calls))

    assert facts[0]["changed"] == ["dA", "cache[0][2]"]
    assert facts[1]["changed"] == ["parameters['W1']", "grads"]
    assert facts[2]["changed"] == []


REMEMBERING = """
total = {}

def f(x):
    total["x"] = total.get("x", 0) + x
    return total["x"]

def g(x, seen=[]):
    seen.append(x)
    return sum(seen)

def h(x):
    return 2 * x
"""


def test_functions_that_remember_are_found_and_forget(run):
    x = np.ones(2)

    facts = facts_of(run(REMEMBERING, [(name, (x,)) for name in "fghfgh"]))

    values = {i: worker.decode_value(line["value"])[0] for i, line in facts.items()}
    assert values == {0: 1, 1: 1, 2: 2, 3: 1, 4: 1, 5: 2}
    again = {i: worker.decode_value(line["again"])[0] for i, line in facts.items() if line["again"]}
    assert again == {0: 2, 1: 2, 3: 2, 4: 2}


def test_helpers_beside_the_file_forget_too(run, tmp_path):
    (tmp_path / "helpers_in_test.py").write_text(REMEMBERING)

    facts = facts_of(run("from helpers_in_test import f\n", [("f", (np.ones(1),))] * 2))

    assert [worker.decode_value(line["value"])[0] for line in facts.values()] == [1, 1]


def test_random_numbers_and_nan_are_the_same_twice(run):
    text = (
        "import random\nimport numpy as np\n\n"
        "def f():\n    return np.random.rand(3), random.random(), np.nan\n"
    )

    facts = facts_of(run(text, [("f", ())]))

    assert facts[0]["again"] is None


def test_threads_left_running_are_counted(run):
    text = (
        "import threading\n"
        + at_import("end = threading.Event()")
        + "def f():\n    threading.Thread(target=end.wait, args=(9,), daemon=True).start()\n\n"
        "def g():\n    end.set()\n"
    )

    facts = facts_of(run(text, [("f", ()), ("g", ())]))

    assert (facts[0]["threads"], facts[1]["threads"]) == (2, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(a):\n    return a\n", 1),
        ("def f(a, b):\n    return a + b\n", 11),
        ("def f(a, b, c):\n    return a + b + c\n", 111),
        ("def f(a, b=5):\n    return a + b\n", 6),
        ("def f(*a):\n    return sum(a)\n", 1),
    ],
)
def test_spare_arguments_are_passed_as_far_as_they_are_demanded(tmp_path, text, expected):
    names = {}
    exec(text, names)

    facts = worker.observe_call(names["f"], (1,), (10, 100))

    assert worker.decode_value(facts["value"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(a, b):\n    return a - b\n", 9),
        ("def f(b, a):\n    return a - b\n", 9),
        ("def f(b):\n    return b\n", 5),
        ("def f(x, y):\n    return x - y\n", 99),
        ("def f(b, y):\n    return b - y\n", 99),
        ("def f(b, a, c=0):\n    return a - b - c\n", 9),
    ],
)
def test_arguments_are_those_of_the_edition_that_a_function_asks_for_by_name(text, expected):
    names = {}
    exec(text, names)

    facts = worker.observe_call(names["f"], (100, 1), (), ({"a": 10, "b": 1}, {"b": 5}))

    assert worker.decode_value(facts["value"]) == expected


def test_results_too_large_are_not_told(monkeypatch):
    monkeypatch.setattr(worker, "MOST_TOLD", 1000)

    facts = worker.observe_call(lambda: np.ones(1000), (), ())

    assert type(worker.decode_value(facts["value"])).__name__ == "ndarray too large to compare"


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_exceptions_of_too_much_let_go_of_what_was_too_much(error):
    held = []

    def fill():
        big = Odd()
        held.append(weakref.ref(big))
        raise error

    with pytest.raises(error) as caught:
        fill()
    told = worker.describe_error(caught.value, __file__)

    assert held[0]() is None
    assert told["type"] == error.__name__
    assert told["file"] == __file__


def test_stand_ins_are_no_functions_of_the_file(run):
    lines = run("from nothing_of_this_name import linear_backward\n", [("linear_backward", (1,))])

    assert lines[1]["defined"] == {}
    assert lines[1]["notes"] == ["nothing_of_this_name: not found; what needs it cannot run here."]


def test_a_fault_of_the_worker_is_not_told_as_the_files(monkeypatch, tmp_path):
    """What encodes a result is ours; the function was right."""
    file = tmp_path / "mine.py"
    file.write_text("def relu(Z):\n    return Z['gone'] if isinstance(Z, dict) else Z\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "mine", None)
    relu = load_file(str(file)).relu
    broken = eval("lambda value: {}['gone']", {"__name__": "tinygraph.debugger.broken"})
    monkeypatch.setattr(worker, "encode_within", broken)

    told = []
    for argument in (1.0, {}):
        try:
            worker.observe_call(relu, (argument,))
        except KeyError as error:
            told.append(worker.describe_error(error, str(file)))

    assert [facts["type"] for facts in told] == ["InternalError", "KeyError"]
    assert told[0]["message"].startswith(
        "a fault of tinygraph, not of your program: the check failed with Key"
    )
    assert (told[0]["line"], told[1]["line"]) == (None, 2)
