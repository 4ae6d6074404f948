"""What the packages may not do: evaluate text, unpickle what others wrote, start a shell."""

import ast
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.plan.graph import code_of

ROOT = Path(__file__).parents[1]
FILES = sorted(path for package in ("tinygraph", "viz") for path in (ROOT / package).rglob("*.py"))

# The only places, and why.
MAY_EXECUTE = {
    "tinygraph/debugger/machines.py": "the statements of the file that is to be checked",
    "tinygraph/debugger/loading.py": "runs the user's file, as was asked, in a process of its own",
    "tinygraph/plan/build.py": "runs the text that it wrote itself from recorded calls",
}
MAY_PICKLE = {
    "tinygraph/debugger/grading.py": "only names the error with which a process of its own may end",
    "tinygraph/debugger/process.py": "calls and arrays for its own worker, in a folder of its own",
    "tinygraph/debugger/worker.py": "reads them",
    "tinygraph/plan/outside.py": "writes the states of sources of chance, to compare them; it reads none",
    "tinygraph/distributed.py": "sends the model to the workers of the user's cluster, which run it anyway",
}
EVALUATES = {"eval", "__import__", "breakpoint"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "pty.spawn"}


def nodes(kind):
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield path.relative_to(ROOT).as_posix(), node


def test_nothing_is_evaluated():
    calls = [(file, ast.unparse(node.func)) for file, node in nodes(ast.Call)]

    assert [call for call in calls if call[1] in EVALUATES] == []
    assert {file for file, called in calls if called == "exec"} == MAY_EXECUTE.keys()


def test_nothing_is_unpickled_but_what_it_wrote_itself():
    names = {(file, alias.name) for file, node in nodes(ast.Import | ast.ImportFrom) for alias in node.names}
    modules = {(file, node.module) for file, node in nodes(ast.ImportFrom)}
    dangerous = ("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib")
    found = {file for file, name in names | modules if (name or "").rpartition(".")[2] in dangerous}
    found |= {file for file, node in nodes(ast.Attribute) if node.attr == "pickle"}
    allowed = [ast.unparse(node.value) for _, node in nodes(ast.keyword) if node.arg == "allow_pickle"]

    assert found <= MAY_PICKLE.keys()
    assert set(allowed) <= {"False"}


def test_no_shell_is_started():
    calls = [ast.unparse(node.func) for _, node in nodes(ast.Call)]
    shells = [ast.unparse(node.value) for _, node in nodes(ast.keyword) if node.arg == "shell"]

    assert set(calls) & SHELLS == set()
    assert set(shells) <= {"False"}


# Names that would be code -------------------------------------------------------------------------

HOSTILE = [
    "W1); open('MARK', 'w').close(); (",
    "W1\nopen('MARK', 'w').close()\n",
    "W1 # \r\nopen('MARK', 'w').close()",
    "W1'''\nopen('MARK', 'w').close()\n'''",
    'W1"""\nopen("MARK", "w").close()\n"""',
    "W1\\\nopen('MARK', 'w').close()",
    "W1\u2028open('MARK', 'w').close()",
    "W1\x0copen('MARK', 'w').close()",
    "__import__('os').system('touch MARK')",
    "np",
    "import os",
    "lambda",
    "W\u0661",
    "",
]


def check_harmless(text, folder):
    """The text imports NumPy alone, calls functions of NumPy alone, and leaves no mark when it is loaded."""
    tree = ast.parse(text)
    imported = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names]
    called = {ast.unparse(n.func).split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Call)}
    made = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    arguments = {a.arg for n in ast.walk(tree) if isinstance(n, ast.arguments) for a in n.args}

    assert set(imported) == {"numpy"}
    assert called <= {"np"} | made | arguments
    exec(compile(text, "step", "exec"), {})
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_cannot_reach_the_text_as_code(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    W1 = tg.parameter(np.ones((2, 3)), name=name)
    b1 = tg.parameter(np.ones((2, 1)), name=name)

    def loss(inputs):
        Z = (W1 @ inputs[name] + b1).named(name)
        return np.mean(np.square(np.tanh(Z).named(name)))

    X = np.ones((3, 4))
    step = tg.compile(loss, [W1, b1], optimizer=tg.optim.Momentum(0.1))
    step({name: X})

    check_harmless(step.source, tmp_path)
    check_harmless(code_of(loss({name: tg.tensor(X, name=name)})), tmp_path)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_text_in_errors(name):
    W1 = tg.parameter(np.ones((2, 3)), name=name)

    with pytest.raises(tg.errors.ShapeError, match="3 and 2 must agree"):
        W1 @ W1
