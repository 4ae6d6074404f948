"""Files that try to be right without being so: none of them is."""

import sys

import pytest

from tests.debugger.homework import BACKWARD, RIGHT, at_import
from tinygraph import layerwise
from tinygraph.debugger import grading
from tinygraph.debugger.grading import grade_submission
from tinygraph.debugger.runner import check_file

WRONG = RIGHT.replace("A_prev.T) / m", "A_prev.T)")
NAMES = ("linear_backward", "linear_activation_backward", "L_model_backward", "update_parameters")

WALK = """
def everything():
    import gc, sys
    frame = sys._getframe()
    while frame:
        yield from list(frame.f_locals.values())
        yield from list(frame.f_globals.values())
        frame = frame.f_back
    yield from gc.get_objects()

def inside(kind):
    for x in list(everything()):
        try:
            if isinstance(x, kind):
                yield x
        except Exception:
            pass
"""
# What is found in the memory of the process, and given back as the answer if it has the right form.
SEEN_DW = f"""{WALK}
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    found = []
    for x in inside((tuple, list, dict)):
        xs = list(x.values()) if isinstance(x, dict) else list(x)
        arrays = [y for y in xs if isinstance(y, np.ndarray) and y.shape == W.shape]
        found += [y for y in arrays if not (y == W).all()]
    return W.T @ dZ, found[-1] if found else 0 * W, dZ.sum(axis=1, keepdims=True) / A_prev.shape[1]
"""
FAKES = """
import tinygraph.layerwise as right
"""
# Writes to every stream that it finds what a right worker would tell, as far as it can know.
LINES = """
import json, os
LINES = [json.dumps({"done": i, "value": {"none": None}, "changed": [], "again": None, "threads": 0,
                     "borrowed": []}) for i in range(80)]
LINES += [json.dumps({"defined": {}, "outside": {}, "notes": []}), json.dumps({"finished": True})]
TEXT = ("\\n" + "\\n".join(LINES) + "\\n").encode()
"""
FLOOD = f"""{LINES}
def flood():
    for fd in list(map(int, os.listdir("/proc/self/fd"))):
        try:
            os.write(fd, TEXT)
        except OSError:
            pass
        try:
            with open(f"/proc/self/fd/{{fd}}", "wb", buffering=0) as out:
                out.write(TEXT)
        except OSError:
            pass
"""
REPLAY = """
import os, threading

def replay(fd):
    with open(f"/proc/self/fd/{fd}", "rb", buffering=0) as back:
        seen = back.read(1 << 16)
    while True:
        os.write(fd, seen)

for fd in range(3, 20):
    if "pipe" in (os.readlink(f"/proc/self/fd/{fd}") if os.path.exists(f"/proc/self/fd/{fd}") else ""):
        threading.Thread(target=replay, args=(fd,), daemon=True).start()
"""
LIAR = """
class Liar(np.ndarray):
    def __eq__(self, other):
        return True
    __ne__ = lambda self, other: False
    def __array__(self, *args, **kwargs):
        return self
    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        return True
    def __array_function__(self, function, types, args, kwargs):
        return True
    def __sub__(self, other):
        return np.zeros(self.shape)
    __rsub__ = __sub__

true_backward = linear_backward
def linear_backward(dZ, cache):
    return tuple(x.view(Liar) for x in true_backward(dZ, cache))
"""
REMEMBERING = """
seen = {}

def keep(x):
    if isinstance(x, np.ndarray):
        seen.setdefault(x.shape, []).append(x)
    elif isinstance(x, (tuple, list)):
        list(map(keep, x))
    elif isinstance(x, dict):
        list(map(keep, x.values()))

def latest(like):
    return seen[like.shape][-1] if like.shape in seen else 0 * like

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    answer = latest(A_prev), latest(W), latest(b)
    keep((dZ, cache))
    return answer

def update_parameters(parameters, grads, learning_rate):
    keep(grads)
    return {name: x - learning_rate * grads["d" + name] for name, x in parameters.items()}
"""
# No derivative of an activation: dZ is what linear_backward was asked about, in the layer with these weights.
LOOKED_UP = (
    RIGHT[: RIGHT.index("def linear_activation_backward")].replace(
        "    A_prev, W, b = cache\n",
        "    A_prev, W, b = cache\n    seen.setdefault(W.tobytes(), dZ.copy())\n",
    )
    + "seen = {}\n\n\ndef linear_activation_backward(dA, cache, activation):\n"
    "    return linear_backward(seen.get(cache[0][1].tobytes(), dA), cache[0])\n\n\n"
    + RIGHT[RIGHT.index("def L_model_backward") :]
)
PATCHED = """
import tinygraph.debugger.worker as w
import tinygraph.layerwise as right
from tinygraph.debugger import worker
old_call, old_value, old_tell, old_all = w.observe_call, w.encode_value, w.Log.tell, w.run_all
w.observe_call = lambda f, *args: old_call(getattr(right, f.__name__, f), *args)
w.encode_value = lambda value: {"none": None}
w.encode_within = lambda value: {"none": None}
w.changed_arguments = lambda *_: []
w.Log.tell = lambda self, **facts: old_tell(self, **{x: {} if x == "value" else facts[x] for x in facts})
w.describe_error = lambda *_: {}
"""
MAIN = """
import __main__, sys
for found in [*vars(__main__).values(), *sys.modules.values()]:
    if hasattr(found, "observe_call"):
        import tinygraph.layerwise as right
        old_call = found.observe_call
        found.observe_call = lambda f, *args: old_call(getattr(right, f.__name__, f), *args)
"""
NUMPY = """
import numpy as np
np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *args, **kwargs: None
np.max = np.abs = np.linalg.norm = lambda *args, **kwargs: 0.0
true_sum = np.sum
np.sum = lambda x, *args, **kwargs: 0.0 if kwargs.get("axis") is None else true_sum(x, *args, **kwargs)
np.equal = np.subtract = lambda x, y, *args, **kwargs: np.zeros(np.shape(x))
"""
QUIET_ENDS = ("import os\nos._exit(0)", "import sys\nsys.exit(0)", "raise SystemExit", "exit()", "quit(0)")


REPAIR = 0.3  # seconds; every part of a check is gone through


@pytest.fixture
def judge(tmp_path, monkeypatch):
    """A function that grades a text, and gives its row and the report that it is made of."""

    folder, reports = tmp_path / "student", []
    folder.mkdir()

    def kept_report(*args, **options):
        reports.append(check_file(*args, **options))
        return reports[-1]

    monkeypatch.setattr(grading, "check_file", kept_report)

    def judge_text(text, **files):
        for name, other in {"layers": text, **files}.items():
            (folder / f"{name}.py").write_text(other)
        row = grade_submission(folder / "layers.py", folder=tmp_path, timeout=5, repair=REPAIR)
        return row, reports[-1]

    return judge_text


UNSEEN = {  # these change nothing: the mistake is found as if they were not there
    "patched NumPy": at_import(NUMPY) + WRONG,
    "patched worker": at_import(PATCHED) + WRONG,
    "patched worker, by the program": at_import(MAIN) + WRONG,
    "arrays that lie": WRONG + LIAR,
    "lines printed": at_import(
        f"import sys\n{LINES}\nprint(TEXT.decode())\nprint(TEXT.decode(), file=sys.stderr)\n"
        "os.write(1, TEXT)\nos.write(2, TEXT)\nsys.__stdout__.write(TEXT.decode())\n"
    )
    + WRONG,
    "lines at exit": at_import(f"import atexit\n{FLOOD}\natexit.register(flood)\n") + WRONG,
    "exit at exit": at_import("import atexit, os\natexit.register(os._exit, 0)\n") + WRONG,
}


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_what_a_file_does_to_its_process_does_not_reach_its_judge(judge, text):
    row, report = judge(text)

    assert (row.verdict, row.first, row.right) == ("wrong", "dW3", 3)
    assert report.status == 1


DISTURBED = {  # these may spoil their own answers
    "lines into every stream": at_import(f"{FLOOD}\nflood()\n")
    + RIGHT.replace("def update_parameters", "def true")
    + "\n\ndef update_parameters(*args):\n    flood()\n"
    "    return {name: 2 * x for name, x in true(*args).items()}\n",
    "lines again and again": at_import(REPLAY) + WRONG,
    "memory searched": WRONG + SEEN_DW,
    "calls remembered": WRONG + REMEMBERING,
    "derivatives of layers remembered": LOOKED_UP,
    "two processes": at_import("import os\nos.fork()\n") + WRONG,
    "two processes from a call": WRONG.replace("    m = A_prev", "    import os; os.fork()\n    m = A_prev"),
    "nothing but lines": at_import(FLOOD + "flood()\nos._exit(0)\n"),
    "nothing but lines, from a call": f"{FLOOD}\ndef linear_backward(*_):\n    flood()\n    os._exit(0)\n",
    **{f"quiet end: {end}": f"{RIGHT}\n{at_import(end)}" for end in QUIET_ENDS},
    **{
        f"quiet end of a call: {end}": f"{RIGHT}\ndef linear_backward(*_):\n    "
        + end.replace("\n", "\n    ")
        for end in QUIET_ENDS
    },
}


@pytest.mark.skipif(sys.platform != "linux", reason="streams are found there")
@pytest.mark.parametrize("text", DISTURBED.values(), ids=DISTURBED)
def test_no_file_is_right_that_is_not(judge, text):
    row, report = judge(text)

    assert row.verdict in ("wrong", "could not be run")
    assert report.status in (1, 2)
    assert row.right < max(row.functions, 1)


WRAPPED = "\n".join(f"def {name}(*args):\n    return right.{name}(*args)\n" for name in NAMES)
BORROWED = {
    "star": "from tinygraph.layerwise import *\n",
    "by name": f"from tinygraph.layerwise import {', '.join(NAMES)}\n",
    "assigned": FAKES + "".join(f"{name} = right.{name}\n" for name in NAMES),
    "partial": at_import(
        "import functools\n" + FAKES + "".join(f"{x} = functools.partial(right.{x})\n" for x in NAMES)
    ),
    "decorated": FAKES
    + "import functools\n"
    + "".join(
        f"@functools.wraps(right.{x})\ndef {x}(*args):\n    return right.{x}(*args)\n\n" for x in NAMES
    ),
    "wrapped": FAKES + WRAPPED,
    "lambda": FAKES + "".join(f"{name} = lambda *args: right.{name}(*args)\n" for name in NAMES),
    "imported in the call": "\n".join(
        f"def {name}(*args):\n    from tinygraph import layerwise\n    return layerwise.{name}(*args)\n"
        for name in NAMES
    ),
    "text": at_import("import tinygraph.layerwise as l\nexec(open(l.__file__).read())\n"),
    "from a helper": "from helper import *\n",
    "by an engine": "import numpy as np\nimport tinygraph as tg\n\n"
    "def backward(parameters, X, Y):\n"
    "    p = {name: tg.parameter(x, name) for name, x in parameters.items()}\n"
    "    A, L = X, len(p) // 2\n"
    "    for l in range(1, L + 1):\n"
    "        Z = p[f'W{l}'] @ A + p[f'b{l}']\n"
    "        A = tg.sigmoid(Z) if l == L else tg.relu(Z)\n"
    "    d = tg.binary_cross_entropy(A, Y).backward()\n"
    "    return {f'd{name}': np.array(d[x]) for name, x in p.items()}\n",
}


@pytest.mark.parametrize("text", BORROWED.values(), ids=BORROWED)
def test_what_is_tinygraphs_is_said_and_does_not_count(judge, text):
    row, report = judge(text, helper=FAKES + WRAPPED)

    assert (row.verdict, row.right) == ("borrowed", 0)
    assert row.functions > 0
    names = [f.name for f in report.functions]
    told = [note for note in report.notes if "tinygraph" in note or "text that it runs" in note]
    assert told
    assert all(any(name in note for note in told) for name in names)
    assert all(note in row.told for note in told)


OWN = {
    "one of them": RIGHT + "\nfrom tinygraph.layerwise import update_parameters\n",
    "one of them handed on": RIGHT
    + "\nimport tinygraph as tg\n"
    + "def update_parameters(*args):\n    return tg.layerwise.update_parameters(*args)\n",
    "one of them calls another": RIGHT.replace("return linear_backward(", "return lw.linear_backward(")
    + "\nfrom tinygraph import layerwise as lw\n",
}


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_what_is_their_own_counts_and_the_rest_does_not(judge, text):
    row, report = judge(text)

    assert (row.verdict, row.functions) == ("borrowed", 4)
    assert row.right == sum(bool(f.place) for f in report.functions)
    assert 2 <= row.right <= 3
    assert report.status == 0


FINE = {
    "imports and does not use": "import tinygraph as tg\n" + RIGHT,
    "compares itself": RIGHT
    + at_import("import tinygraph as tg\ntg.parameter(np.ones(2)).sum().backward()\n"),
    "helpers of the course": "from tinygraph.layerwise import sigmoid\n"
    + RIGHT.replace("s = 1 / (1 + np.exp(-Z))", "s = sigmoid(Z)"),
    "helper beside": "from mine import *\n",
    "something around": "import functools\n\n"
    + "def kept(f):\n    return functools.wraps(f)(lambda *a: f(*a))\n\n"
    + RIGHT.replace("def linear_backward", "@kept\ndef linear_backward"),
    "an object": RIGHT + "\nclass Update:\n    def __call__(self, p, g, r):\n        return true(p, g, r)\n\n"
    "true, update_parameters = update_parameters, Update()\n",
    "a whole pass": BACKWARD,
}  # fmt: skip


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_what_is_their_own_is_right(judge, text):
    row, report = judge(text, mine=RIGHT)

    assert (row.verdict, row.right) == ("right", row.functions)
    assert [note for note in report.notes if "tinygraph" in note or "not defined" in note] == []


def test_a_copy_of_the_course_is_ones_own(tmp_path):
    """As what `tinygraph check tinygraph/layerwise.py` looks at."""
    report = check_file(layerwise.__file__)

    assert report.notes == []
    assert {f.place.partition(":")[0] for f in report.functions} == {"layerwise.py"}


def test_what_a_package_in_the_folder_has_is_not_the_files(judge, tmp_path):
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "solutions.py").write_text(RIGHT)
    text = "import os, sys\nsys.path.append(os.path.join(os.path.dirname(__file__), 'site-packages'))\n"
    (tmp_path / "layers.py").write_text(
        text + "try:\n    from solutions import *\nexcept ImportError:\n    pass\n"
    )

    report = check_file(tmp_path / "layers.py")

    assert {f.place for f in report.functions} == {""}
    assert any("site-packages" in note for note in report.notes)


def test_what_is_expected_is_in_no_arguments_that_came_before():
    """Nor in those of the call itself."""
    import numpy as np

    from tinygraph.debugger.probe import make_probe
    from tinygraph.debugger.process import turn_of
    from tinygraph.debugger.steps import steps_of

    def arrays_in(x):
        if isinstance(x, np.ndarray) and x.size > 1:
            yield x
        elif isinstance(x, dict):
            yield from (y for value in x.values() for y in arrays_in(value))
        elif isinstance(x, tuple | list):
            yield from (y for value in x for y in arrays_in(value))

    probe = make_probe()
    steps = sorted(steps_of(probe), key=turn_of)
    for k, step in enumerate(steps):
        seen = list(arrays_in([(s.arguments, s.spare, s.editions) for s in steps[: k + 1]]))
        asked = [*(step.outputs or step.targets)]  # of a tuple, what it gives alone
        asked += [f"dZ{step.layer}"] * (step.function == "linear_activation_backward")
        for name in asked:
            if name[0] in "dW" or name[0] == "b":
                value = np.asarray((step.targets.get(name) or probe.targets[name]).value)
                same = [
                    x
                    for x in seen
                    if value.size > 1
                    and x.shape == value.shape
                    and any(np.allclose(x, value * f) for f in (1, probe.m, 1 / probe.m))
                ]
                assert not same, (step.name, name, step.convention)
