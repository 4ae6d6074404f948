"""NumPy's warnings name the user's line: in a process of its own, since pytest has filters of its own."""

import re
import subprocess
import sys

PROGRAM = """import numpy as np
import tinygraph as tg
A = tg.parameter([0.0, 1.0], name="A")
B = np.log(A)
C = 1 / A
for _ in range(3):
    D = np.sqrt(-1 - A)
J = np.sum(np.sqrt(A))
J.backward()
np.log(np.zeros(1))
"""


def run(source, tmp_path, *options):
    path = tmp_path / "program.py"
    path.write_text(source)
    return subprocess.run([sys.executable, *options, str(path)], capture_output=True, text=True, check=False)


def test_the_line_of_the_call_once(tmp_path):
    found = run(PROGRAM, tmp_path)

    assert found.returncode == 0
    assert re.findall(r"program\.py:(\d+): RuntimeWarning: (.*)", found.stderr) == [
        ("4", "divide by zero encountered in log"),
        ("5", "divide by zero encountered in divide"),
        ("7", "invalid value encountered in sqrt"),
        ("8", "divide by zero encountered in divide"),  # backward, by the rule of np.sqrt
        ("10", "divide by zero encountered in log"),
    ]
    assert "tinygraph" not in found.stderr


def test_the_filters_of_the_user_decide(tmp_path):
    assert run(PROGRAM, tmp_path, "-W", "ignore").stderr == ""
    assert run('import warnings\nwarnings.simplefilter("ignore")\n' + PROGRAM, tmp_path).stderr == ""
    failed = run(PROGRAM, tmp_path, "-W", "error::RuntimeWarning")
    assert "RuntimeWarning: divide by zero encountered in log" in failed.stderr
    assert failed.returncode == 1
