"""Statements are run without a trace: nothing is written, shown or asked, and all is as before afterwards."""

import builtins
import io
import os
import sys
from contextlib import nullcontext

import pytest

from tinygraph.debugger.harmless import harmlessly
from tinygraph.debugger.trial import TooLong

SHOWING = """
import matplotlib.pyplot as plt
from tqdm import tqdm
fig, ax = plt.subplots()
ax[0].plot([1], label="x")
with plt.style.context("dark"):
    plt.show()
total = sum(tqdm(range(4)))
"""


def run(text):
    space = {}
    with harmlessly(5.0):
        exec(text, space)
    return space


def test_what_shows_things_is_there_and_does_nothing(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run(SHOWING)["total"] == 6


def test_other_modules_are_themselves():
    import math

    assert run("import math")["math"] is math
    with pytest.raises(ModuleNotFoundError):
        run("import nothing_of_this_name")


def test_nothing_is_written(tmp_path):
    file = tmp_path / "weights.txt"
    run(f"with open({str(file)!r}, 'w') as f:\n    f.write('x')\nopen({str(file)!r}, 'wb').write(b'x')")
    run(f"import os\nos.makedirs({str(tmp_path / 'more')!r})")
    assert list(tmp_path.iterdir()) == []


def test_files_are_read(tmp_path):
    file = tmp_path / "data.txt"
    file.write_text("12")
    assert run(f"with open({str(file)!r}) as f:\n    x = f.read()")["x"] == "12"
    run(f"import os\nos.remove({str(file)!r})")
    assert file.exists()


def test_nothing_can_be_asked():
    with pytest.raises(EOFError):
        run("input('name?')")


def test_it_ends():
    with pytest.raises(TooLong), harmlessly(0.2):
        exec("while True: pass")


@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt])
def test_all_is_as_before_afterwards(error):
    names = [(builtins, "open"), (io, "open"), (builtins, "input"), (builtins, "__import__"), (os, "remove")]
    before = [getattr(module, name) for module, name in names]
    arguments = list(sys.argv)
    text = "import sys\nsys.argv.append('more')\n" + (f"raise {error.__name__}" if error else "")
    with pytest.raises(error) if error else nullcontext():
        run(text)
    assert [getattr(module, name) for module, name in names] == before
    assert sys.argv == arguments
