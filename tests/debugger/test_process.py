"""The process: whatever one function does to it, the others are tried, and each is told of in a sentence."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.debugger.homework import RIGHT, at_import
from tinygraph.debugger import process, worker
from tinygraph.debugger.probe import make_probe
from tinygraph.debugger.process import Failure, Outcome, run_file
from tinygraph.debugger.steps import steps_of
from tinygraph.errors import UserFileError

STEPS = steps_of(make_probe()) + steps_of(make_probe(seed=1))
BROKEN = "def linear_backward(dZ, cache):\n"
RUNS = {s.function for s in STEPS} & {
    "linear_activation_backward",
    "L_model_backward",
    "update_parameters",
}


@pytest.fixture
def run(tmp_path):
    """A function that runs a text as a file, with short limits."""

    def run_text(text, **limits):
        file = tmp_path / "layers.py"
        file.write_text(text)
        return run_file(file, STEPS, **({"timeout": 10} | limits))

    return run_text


def sentences(run):
    """What is said of each function that failed, once."""
    failed = {}
    for outcome in run.outcomes.values():
        if isinstance(outcome.value, Failure):
            failed.setdefault(outcome.step.function, outcome.value.sentence(outcome.step.name))
    return failed


def tried(run):
    """The functions that gave a value."""
    return {x.step.function for x in run.outcomes.values() if not isinstance(x.value, Failure)}


def broken(body):
    """The right file, but for linear_backward, which others call under another name."""
    renamed = RIGHT.replace("linear_backward(", "inner_backward(").replace(
        "L_model_backward(", "L_model_backward("
    )
    return renamed + "\n\n" + BROKEN + "".join(f"    {line}\n" for line in body.splitlines())


ENDINGS = {
    "loop": ("while True:\n    pass", "was still running after 1 s"),
    "printing": ("while True:\n    print('x' * 99999)", "was still running after 1 s"),
    "sleep": ("import time\ntime.sleep(99)", "was still running after 1 s"),
    "exit": ("import os\nos._exit(3)", "ended the process with status 3"),
    "exit without complaint": ("import os\nos._exit(0)", "ended the process with status 0"),
    "segfault": ("import ctypes\nctypes.string_at(0)", "ended the process by SIGSEGV"),
    "kill": ("import os, signal\nos.kill(os.getpid(), 9)", "ended the process by SIGKILL"),
    "sys.exit": ("import sys\nsys.exit(3)", "called sys.exit (layers.py:43)"),
    "memory": ("return np.ones(10 * 2**27)", "asked for more memory than --memory allows (layers.py:42)"),
    "text": (
        "kept = 'x'\nwhile True:\n    kept += kept",
        "asked for more memory than --memory allows (layers.py:44)",
    ),
    "broadcast": (
        "return np.broadcast_to(1.0, (10**5, 10**5))",
        "asked for more memory than --memory allows",
    ),
    "recursion": (
        "return linear_backward(dZ, cache)",
        "raised RecursionError: maximum recursion depth exceeded (layers.py:42)",
    ),
    "input": ("return input()", "raised EOFError: EOF when reading a line (layers.py:42)"),
    "interrupt": ("raise KeyboardInterrupt", "raised KeyboardInterrupt (layers.py:42)"),
    "lists within themselves": ("kept = []\nkept.append(kept)\nreturn kept", "raised RecursionError: "),
}


@pytest.mark.parametrize(("body", "said"), ENDINGS.values(), ids=ENDINGS)
def test_one_function_ends_badly_and_the_others_are_tried(run, body, said):
    found = run(broken(body), timeout=5, memory=1 << 28)

    told = sentences(found)
    assert list(told) == ["linear_backward"]
    assert told["linear_backward"].startswith(f"linear_backward (layer 3) {said}")
    assert tried(found) == RUNS
    assert found.failure is None


def test_several_functions_end_badly(run):
    text = (
        "import os, sys\n\n"
        "def linear_forward(A, W, b):\n    os._exit(1)\n\n"
        "def compute_cost(AL, Y):\n    while True:\n        pass\n\n"
        "def update_parameters(*args):\n    sys.exit('no')\n\n" + BROKEN + "    return 1, 2, 3\n"
    )

    found = run(text, timeout=10)

    assert sentences(found) == {
        "linear_forward": "linear_forward (layer 1) ended the process with status 1",
        "compute_cost": "compute_cost was still running after 2 s",
        "update_parameters": "update_parameters called sys.exit (layers.py:11)",
    }
    assert tried(found) == {"linear_backward"}
    assert list(found.defined) == ["linear_forward", "compute_cost", "linear_backward", "update_parameters"]


def test_time_for_everything_ends(run):
    names = ["linear_forward", "linear_activation_forward", "L_model_forward", "compute_cost"]
    loops = "".join(f"def {name}(*args):\n    while True:\n        pass\n\n" for name in names)
    begun = time.monotonic()

    found = run(loops + BROKEN + "    return 1, 2, 3\n", timeout=4)

    assert time.monotonic() - begun < 9
    told = sentences(found)
    assert told["linear_forward"] == "linear_forward (layer 1) was still running after 0.8 s"
    assert set(names) <= set(told)
    late = told.get("linear_backward")  # on a fast machine there may be time for it
    assert late in (None, "linear_backward (layer 3) was not reached within 4 s (--timeout sets the limit)")


def test_a_file_that_takes_its_time_is_waited_for(run):
    found = run(at_import("import time\ntime.sleep(1.5)\n") + BROKEN + "    return 1, 2, 3\n", timeout=5)

    assert sentences(found) == {}
    assert tried(found) == {"linear_backward"}


@pytest.mark.parametrize("daemon", [True, False])
def test_threads_left_running_are_noted_and_not_waited_for(run, daemon):
    body = f"import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon={daemon}).start()"
    begun = time.monotonic()

    found = run(broken(body))

    assert time.monotonic() - begun < 5
    assert found.ended is None
    assert {x.step.function for x in found.outcomes.values() if x.threads} == {"linear_backward"}
    assert found.notes == ["linear_backward leaves threads running, which were not waited for."]
    assert tried(found) == RUNS | {"linear_backward"}


def test_what_hangs_at_exit_is_not_waited_for(run):
    text = (
        at_import("import atexit, time\natexit.register(time.sleep, 99)\n") + BROKEN + "    return 1, 2, 3\n"
    )

    found = run(text, timeout=3)

    assert found.ended is None
    assert sentences(found) == {}


def test_prints_are_kept_up_to_a_length(run):
    text = (
        at_import("print('x' * 999)\n")
        + broken("print('end')\nraise ValueError")
        + at_import("import sys\nprint('y', file=sys.stderr)")
    )

    assert run(text).printed == "x" * 999 + "\ny\n" + "end\n" * 12
    assert len(run(at_import("print('x' * 10**7)\n") + BROKEN + "    pass\n").printed) == 10_000


@pytest.mark.parametrize(
    ("body", "form"),
    [("pass", "NoneType"), ("return 3", "ndarray"), ("return object()", "object"), ("return {1, 2}", "set")],
)
def test_results_of_other_forms_have_no_names(run, body, form):
    outcome, *_ = [x for x in run(broken(body)).outcomes.values() if x.step.function == "linear_backward"]

    assert type(outcome.value).__name__ == form
    assert outcome.named_arrays == {}
    assert outcome.not_finite == []


def test_facts_about_a_call(run):
    body = (
        "A_prev, W, b = cache\ndZ[:] = 0\ntotal.append(1)\n"
        "return A_prev * np.nan, (W * 9).astype(int), b + len(total)"
    )
    found = run(broken(body) + "\ntotal = []\n")

    outcomes = [x for x in found.outcomes.values() if x.step.function == "linear_backward"]
    assert len(outcomes) == 12
    for outcome in outcomes:
        layer, b = outcome.step.layer, outcome.step.arguments[1][2]
        assert outcome.changed == ("dZ",)
        assert not outcome.repeated
        np.testing.assert_array_equal(outcome.value[2], b + 1)
        np.testing.assert_array_equal(outcome.again[2], b + 2)
        assert outcome.not_finite == [f"dA{layer - 1}"]
    others = [x for x in found.outcomes.values() if x not in outcomes]
    assert all(x.repeated and x.again is None and not x.changed and not x.threads for x in others)


def test_two_probes_are_two_halves_of_the_steps(run):
    found = run(RIGHT)

    half = len(STEPS) // 2
    assert {i % half for i in found.values if i < half} == {i % half for i in found.values if i >= half}


def test_updates_are_tried_on_the_network_of_the_exercise(run):
    update = "def update_parameters(p, g, lr):\n    return {k: p[k] - lr * g['d' + k] for k in p}\n\n"

    assert {len(x.value) for x in run(update).outcomes.values()} == {4}
    deep = run(update + BROKEN + "    return 1, 2, 3\n").outcomes.values()
    assert {len(x.value) for x in deep if x.step.function == "update_parameters"} == {6}


def test_places_are_where_functions_are_defined(run, tmp_path):
    (tmp_path / "beside.py").write_text(
        "import functools\n\n\ndef linear_forward(A, W, b):\n    return W @ A + b, (A, W, b)\n\n\n"
        "def kept(f):\n    return functools.wraps(f)(lambda *args: f(*args))\n"
    )

    found = run("from beside import *\n\n@kept\ndef linear_backward(*args):\n    pass\n")

    assert found.places == {"linear_forward": "beside.py:4", "linear_backward": "layers.py:3"}
    assert found.defined == {"linear_forward": 4, "linear_backward": 3}


def test_sentences():
    at = {"file": "/a/b.py", "line": 3}

    assert Failure("ValueError", "a\n  b", **at).sentence("f") == "f raised ValueError: a b (b.py:3)"
    assert Failure("ValueError", "").sentence("f") == "f raised ValueError"
    assert Failure("KeyError", "'W'", "/a/x.ipynb, cell 2", 1).sentence("f") == (
        "f raised KeyError: 'W' (x.ipynb, cell 2, line 1)"
    )


def test_outcomes_of_failures_have_no_names():
    assert Outcome(STEPS[0], Failure("E", "")).named_arrays == {}


def test_time_too_short_for_anything(run):
    with pytest.raises(UserFileError, match=r"layers.py was not even begun: its process was still running"):
        run(RIGHT, timeout=1e-6)


def test_memory_that_the_import_exceeds(run):
    found = run("class X:\n    x = bytes(10**10)\n" + RIGHT, memory=1 << 30)

    said = found.failure.sentence("it") if found.failure else found.notes[0]
    assert said == "it asked for more memory than --memory allows (layers.py:2)" or "MemoryError" in said


def test_steps_may_be_none(tmp_path):
    file = Path(tmp_path, "layers.py")
    file.write_text("1 / 0\n")

    assert run_file(file, []).outcomes == {}


# What is read of a file is bounded

FD_FLOOD = """
import os
def flood(text):
    while True:
        for fd in os.listdir("/proc/self/fd"):
            if os.path.exists(f"/proc/self/fd/{fd}") and "pipe" in os.readlink(f"/proc/self/fd/{fd}"):
                os.write(int(fd), text)
"""
TOO_MUCH = {
    "message": broken("raise ValueError('x' * 2 * 10**7)"),
    "message of the import": at_import("raise ValueError('x' * 2 * 10**7)"),
    "message made late": "class E(Exception):\n    def __str__(self):\n        return 'x' * 2 * 10**7\n"
    + broken("raise E"),
    "type": broken("raise type('E' * 2 * 10**7, (Exception,), {})"),
    "cause": broken(
        "try:\n    1 / 0\nexcept Exception as e:\n    raise ValueError from KeyError('x' * 2 * 10**7)"
    ),
    "place": broken("exec(compile('1 / 0', 'x' * 10**7, 'exec'))"),
    "prints": broken("print('x' * 2 * 10**7)\nraise ValueError"),
    "results": broken("return np.ones(1_700_000), np.ones(10), np.ones(10)"),
    "names": RIGHT.replace("return parameters", "return {'x' * 10**7: 1, 'y': '\\x1b' * 10**7}"),
    "argument": RIGHT.replace("learning_rate", "x" * 10**6),
    "types": broken("return type('T' * 10**7, (), {})()"),
    "lines into the stream": at_import(FD_FLOOD + "flood(b'x\\n' * 10**6)"),
    "a line into the stream": at_import(FD_FLOOD + "flood(b'x' * 10**6)"),
    "lines from a call": FD_FLOOD + broken("flood(b'\\n' * 10**6)"),
}
# Not what getrusage says, which begins with the memory of the process that began this one.
PEAK = """
import re, sys
from pathlib import Path
from tinygraph.debugger.runner import check_file
report = check_file(sys.argv[1], timeout=30, repair=0)
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(report.status, peak >> 10, len(report.to_json()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory and streams as there")
@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH)
def test_no_file_fills_the_memory_of_its_checker(tmp_path, text):
    (tmp_path / "layers.py").write_text(text)

    run = subprocess.run([sys.executable, "-c", PEAK, tmp_path / "layers.py"], capture_output=True, text=True)

    assert run.stderr == ""
    _, mebibytes, said = map(int, run.stdout.split())
    assert mebibytes < 220  # the twelve results of one file that is too long are more
    assert said < 200_000


def test_what_is_sent_beyond_a_size_ends_the_process(run, monkeypatch):
    monkeypatch.setattr(process, "MOST_READ", 1 << 20)

    found = run(broken("return np.ones(30_000), np.ones(10), np.ones(10)"))

    told = sentences(found)["linear_backward"]
    assert re.search(r" \(layer \d\) sent 1 MiB of results, which is more than is read", told)
    assert tried(found) == RUNS | {"linear_backward"}


def test_large_networks_have_large_results(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "MOST_READ", 1 << 20)
    (tmp_path / "layers.py").write_text(RIGHT)
    steps = steps_of(make_probe((300, 200, 100, 1)))

    found = run_file(tmp_path / "layers.py", steps)

    assert sum(x.nbytes for o in found.outcomes.values() for x in o.named_arrays.values()) > 4 << 20
    assert sentences(found) == {}


def test_time_of_all_cores_is_limited_too(run):
    """For a file that outlives who watches the clock."""
    assert (
        run(at_import("import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU))\n")).printed
        == "(21, 21)\n"
    )


UNTELLABLE = {
    "message": "class E(Exception):\n    def __str__(self):\n        raise ValueError",
    "name": "class M(type):\n    __name__ = 3\nclass E(Exception, metaclass=M):\n    pass",
    "syntax": "def E():\n    return SyntaxError(('a', ('b', 'c', 'd', 'e')))",
    "syntax at a number": "def E():\n    return SyntaxError('a', (3, 'x', 'y', 'z'))",
    "nothing": "def E():\n    return SyntaxError()",
    "itself": "def E():\n    e = ValueError()\n    e.__cause__ = e\n    e.__notes__ = 7\n    return e",
    "escapes": "def E():\n    return ValueError('\\x1b[2J\\x9b31m\\u202e\\ud800\\r')",
}


@pytest.mark.parametrize("error", UNTELLABLE.values(), ids=UNTELLABLE)
def test_exceptions_that_cannot_be_told_are_those_of_their_function(run, error):
    found = run(f"{error}\n{broken('raise E()')}")

    assert list(sentences(found)) == ["linear_backward"]
    assert sentences(found)["linear_backward"].isprintable()
    assert tried(found) == RUNS


UNREADABLE = [
    {"array": ["O", [1], "AAAA"]},
    {"array": ["<f8", [3], "AAAA"]},
    {"array": ["<f8", [-1], "*"]},
    {"array": ["no", [], ""]},
    {"array": None},
    {"other": "a\0b"},
    {"a": 1, "b": 2},
    {},
    [],
    None,
    7,
]


@pytest.mark.parametrize("value", UNREADABLE, ids=str)
def test_what_cannot_be_read_is_a_failure_of_its_function(value):
    facts = {"value": value, "changed": [], "again": None, "threads": 0, "borrowed": []}

    outcome = process.read_outcome(STEPS[0], facts)

    assert isinstance(outcome.value, Failure | type(None) | int) or outcome.named_arrays == {}
    assert process.read_outcome(STEPS[0], {}).value.sentence("f") == "f returned what cannot be read"


def test_of_each_call_the_first_answer_counts_and_of_lines_those_with_their_mark():
    found = process.FileRun("layers.py")
    talk = process.Talk(found, STEPS, [0, 1])
    questions = talk.questions()

    def tell(number=None, secret=talk.secret, **facts):
        text = json.dumps(facts | {"changed": [], "again": None, "threads": 0, "borrowed": []}).encode()
        return talk.note(
            worker.sign_line(secret, talk.lines if number is None else number, text) + b" " + text
        )

    next(questions)
    assert not tell(done=1, value={"text": "not asked"})
    assert not tell(done=0, value={"text": "no mark"}, secret=b"?" * 32)
    assert not tell(done=0, value={"text": "of another place"}, number=7)
    assert tell(done=0, value={"text": "first"})
    assert not tell(done=0, value={"text": "second"})
    assert not tell(failed=0, error={})
    next(questions)
    assert tell(done=1, value={"text": "asked"})
    talk.close()
    assert not tell(done=0, value={"text": "late"})
    assert found.values == {0: "first", 1: "asked"}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0, "with status 0"),
        (3, "with status 3"),
        (-9, "by SIGKILL"),
        (-11, "by SIGSEGV"),
        (-40, "by signal 40"),
    ],
)
def test_endings(status, said):
    assert process.ending_text(status) == f"ended the process {said}"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux'; elsewhere the parent is watched")
def test_without_prctl_the_parent_is_watched(tmp_path):
    """As it is elsewhere."""
    child = (
        "import os, sys, time\nfrom tinygraph.debugger import worker\nworker.set_process = lambda *_: False\n"
        "worker.end_with_parent()\nprint(os.getpid(), flush=True)\nwhile True:\n    pass\n"
    )
    parent = (
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}])\nsys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdin=-1, stdout=-1, text=True) as run:
        pid = int(run.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        run.kill()
    patience = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < patience:
        time.sleep(0.05)

    assert not Path(f"/proc/{pid}").exists()
