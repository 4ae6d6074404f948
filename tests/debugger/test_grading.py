"""A folder of submissions: a row for each, whatever is in it, and in time."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.debugger.homework import RIGHT, at_import
from tinygraph.cli import main
from tinygraph.debugger import grading
from tinygraph.debugger.grading import Grade, find_submissions, grade_folder, grade_submission, write_csv
from tinygraph.errors import UserFileError

WRONG = RIGHT.replace("A_prev.T) / m", "A_prev.T)")
ENDLESS = RIGHT + at_import("while True: pass\n")
NOTEBOOK = {
    "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": WRONG}],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def folder(tmp_path):
    """Submissions of five students, and what is none."""
    files = {
        "ada.py": RIGHT,
        "bob/layers.py": WRONG,
        "cyd.ipynb": json.dumps(NOTEBOOK),
        "dan.py": "def linear_backward(dZ, cache:",
        "eve.py": ENDLESS,
        "notes.txt": "not this",
        "__pycache__/old.py": RIGHT,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_each_submission_has_its_row(folder, tmp_path, capsys):
    status = main(["check", "--many", str(folder), "--csv", str(tmp_path / "out.csv"), "--timeout", "4"])
    printed = capsys.readouterr().out
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}

    assert status == 0
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "ada.py": "right",
        "bob/layers.py": "wrong",
        "cyd.ipynb": "wrong",
        "dan.py": "could not be run",
        "eve.py": "could not be run",
    }
    assert rows["ada.py"]["right"] == rows["ada.py"]["functions"] == "4"
    for name in ("bob/layers.py", "cyd.ipynb"):
        assert (rows[name]["first"], rows[name]["cause"], rows[name]["right"]) == ("dW3", "missing-1/m", "3")
        file = "layers.py" if "bob" in name else "cyd.ipynb, cell 1"
        assert rows[name]["told"].startswith(f"linear_backward ({file}, line 7): dW wrong. ")
        assert "With `dW = np.dot(dZ, A_prev.T) / m` it is right." in rows[name]["told"]
    assert "SyntaxError" in rows["dan.py"]["told"]
    assert all(row["told"].endswith(".") for row in rows.values())
    assert "4 s" in rows["eve.py"]["told"] or "second" in rows["eve.py"]["told"]
    assert float(rows["eve.py"]["seconds"]) < 12
    assert all(name in printed for name in rows)


def grade_each(folder, **options):
    """What `grade_folder` gives, without its processes: each submission is checked in this one."""
    return [grade_submission(file, folder=folder, **options) for file in find_submissions(folder)]


@pytest.mark.usefixtures("here")
def test_a_row_counts_what_was_judged_and_tells_of_the_rest(tmp_path):
    write(
        tmp_path,
        ada=RIGHT + "\n\ndef own_backward(dout, made):\n    return made.left(dout)\n",
        bob=RIGHT.replace("    grads = {}", "    grads = nothing(AL)"),
        cyd="def own_backward(dout, made):\n    return made.left(dout)\n",
    )

    ada, bob, cyd = grade_each(tmp_path)

    assert (ada.verdict, ada.right, ada.functions) == ("right", 4, 4)
    assert ada.told.endswith(" Not checked: own_backward, since no function goes forward for it.")
    assert (bob.verdict, bob.right, bob.functions) == ("wrong", 3, 4)
    assert bob.told == "L_model_backward raised NameError: name 'nothing' is not defined (bob.py:25)."
    assert (cyd.verdict, cyd.right, cyd.functions) == ("could not be run", 0, 0)
    assert cyd.told.startswith("No backward pass could be judged in cyd.py.")
    assert cyd.told.count("No backward pass") == 1


def test_what_breaks_the_check_is_in_the_row(folder):
    row = grade_submission(folder / "gone.py", folder=folder)

    assert row.verdict == "could not be run"
    assert "UserFileError" in row.told


def test_a_spreadsheet_computes_nothing(tmp_path):
    write_csv([Grade("=1+1.py", "right", told="@SUM(1)")], tmp_path / "out.csv")

    assert "'=1+1.py,right,0,0,,,'@SUM(1),0.0" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def write(folder, **texts):
    """Submissions by name; __ stands for a folder's end."""
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)


def verdicts(folder, **options):
    return {g.file: g.verdict for g in grade_folder(folder, **options)}


def test_nothing_crosses_from_one_submission_to_another(tmp_path, monkeypatch):
    """Neither by import, nor by files that they leave behind, nor by what they do to others' files."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "submissions"
    write(
        folder,
        ada=RIGHT + at_import("open('left.txt', 'w').close()\n"),
        bob="from ada import *\n",
        cyd=at_import("import os\nos.listdir('.') == ['cyd.py'] or os._exit(3)\n") + RIGHT,
        dan=at_import("import os\nos.remove(__file__)\n") + RIGHT,
        eve__layers="from helpers import np\n"
        + at_import("import os\nopen('data.txt').read() == '7' or os._exit(3)\n")
        + RIGHT,
        eve__helpers="import numpy as np\n",
    )
    (folder / "eve" / "data.txt").write_text("7")
    before = sorted(tmp_path.rglob("*"))

    assert verdicts(folder) == {
        "ada.py": "right",
        "bob.py": "could not be run",
        "cyd.py": "right",
        "dan.py": "right",
        "eve/helpers.py": "could not be run",
        "eve/layers.py": "right",
    }
    assert before == sorted(tmp_path.rglob("*"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_submission_that_ends_its_checker_does_not_stop_the_rest(tmp_path):
    kill, interrupt = (
        at_import(f"import os, signal\nos.kill(os.getppid(), signal.{name})\n")
        for name in ("SIGKILL", "SIGINT")
    )
    write(tmp_path, a=kill, b=RIGHT, c=interrupt + RIGHT, d=RIGHT)

    a, *others = grade_folder(tmp_path, jobs=1)

    assert (a.verdict, a.told) == ("could not be run", "It ended the process that checked it.")
    assert [g.verdict for g in others] == ["right"] * 3


@pytest.mark.skipif(os.name != "posix", reason="names and links as there")
def test_odd_names_links_and_folders(tmp_path):
    odd = ["a b.py", "new\nline.py", "\x1b[31m.py", "[red].py", b"\xff.py".decode(errors="surrogateescape")]
    for name in odd:
        (tmp_path / name).write_text(RIGHT)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "link.py").symlink_to(tmp_path / "a b.py")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "loop").symlink_to(tmp_path)
    (tmp_path / "inner" / "link.py").symlink_to(Path("..") / "a b.py")
    for skipped in (".venv/x.py", "__MACOSX/a.py", "._a b.py", "env/site-packages/x.py"):
        (tmp_path / skipped).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / skipped).write_text(RIGHT)
    found = verdicts(tmp_path, out=tmp_path / "out.csv")
    rows = rows_of(tmp_path / "out.csv")

    assert found.pop("gone.py") == "could not be run"
    assert found.pop("inner/loop") == "could not be run"
    assert rows["inner/loop"]["told"].endswith("It is a link to a folder; put the folder itself here.")
    assert found.keys() == {
        *("a b.py", "new\\nline.py", "\\x1b[31m.py", "[red].py", "\\udcff.py", "link.py", "inner/link.py")
    }
    assert set(found.values()) == {"right"}
    assert rows.keys() == {*found, "gone.py", "inner/loop"}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["CYD.PY", "Cyd.Py", "inner/CYD.PY", "CYD.IPYNB", "inner/Cyd.IpyNb"])
def test_the_case_of_a_suffix_does_not_matter(tmp_path, name):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(WRONG if file.suffix.lower() == ".py" else json.dumps(NOTEBOOK))
    if file.parent != tmp_path and not (file.parent / "cyd.py").exists():
        (file.parent / f"CYD{file.suffix.lower()}").write_text(RIGHT)  # another one

    rows = {g.file: g for g in grade_each(tmp_path, repair=0)}

    assert (rows[name].verdict, rows[name].first) == ("wrong", "dW3")


def refuse_to_list(path, real=Path.iterdir):
    if path.name == "closed":
        raise PermissionError(13, "Permission denied", str(path))
    return real(path)


@pytest.mark.parametrize("place", ["closed", "inner/closed", "inner/inner/closed"])
def test_a_folder_that_cannot_be_read_has_a_row(tmp_path, monkeypatch, place):
    (tmp_path / place).mkdir(parents=True)
    write(tmp_path, ada=RIGHT)
    monkeypatch.setattr(Path, "iterdir", refuse_to_list)

    assert find_submissions(tmp_path) == [tmp_path / "ada.py", tmp_path / place]
    row = grade_submission(tmp_path / place, folder=tmp_path)
    assert (row.file, row.verdict) == (place, "could not be run")
    assert "Permission denied" in row.told


@pytest.mark.skipif(os.name != "posix", reason="links as there")
@pytest.mark.parametrize("target", [".", "..", "inner", "/"])
def test_a_linked_folder_has_a_row_and_is_not_followed(tmp_path, target):
    write(tmp_path, ada=RIGHT, inner__bob=RIGHT)
    (tmp_path / "cyd").symlink_to(target)

    assert find_submissions(tmp_path) == [tmp_path / x for x in ("ada.py", "cyd", "inner/bob.py")]
    row = grade_submission(tmp_path / "cyd", folder=tmp_path)
    assert (row.verdict, row.told) == (
        "could not be run",
        "UserFileError: It is a link to a folder; put the folder itself here.",
    )


# What one does to the others

STOP = "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\n"
STOP_OFTEN = (
    "import os, signal, threading, time\n\ndef stop(parent=os.getppid()):\n    while True:\n"
    "        os.kill(parent, signal.SIGSTOP)\n        time.sleep(0.001)\n\n"
)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal here")
def test_a_submission_that_stops_its_checker_does_not_stop_the_rest(tmp_path, monkeypatch):
    """It goes on soon: on a busy machine there is time for the file besides."""
    monkeypatch.setattr(grading, "LOOK_AGAIN", 0.1)
    call = RIGHT + "\ndef update_parameters(*_):\n    " + STOP.replace("\n", "\n    ")
    write(tmp_path / "ending", a=at_import(STOP) + RIGHT, b=call, d=RIGHT)
    write(tmp_path / "endless", c=at_import(STOP + "while True: pass\n"))

    a, b, d = grade_folder(tmp_path / "ending", jobs=1)
    [c] = grade_folder(tmp_path / "endless", jobs=1, timeout=2)

    assert (a.verdict, d.verdict) == ("right", "right")
    assert (b.verdict, b.right, b.functions) == ("wrong", 3, 4)
    assert b.told.startswith("update_parameters ")
    assert c.verdict == "could not be run"
    assert "was still running" in c.told


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal here")
def test_a_checker_that_is_stopped_again_and_again_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(grading, "GRACE", 0)
    write(tmp_path, a=at_import(STOP_OFTEN + "stop()\n"), b=RIGHT)

    a, b = grade_folder(tmp_path, jobs=1, timeout=5)

    assert a.verdict == "could not be run"
    assert b.verdict == "right"


SPAWN = {
    "by a call": "subprocess.Popen([sys.executable, '-c', TEXT], start_new_session=True)",
    "without its surroundings": "subprocess.Popen([sys.executable, '-c', TEXT], start_new_session=1, env={})",
    "by fork": "os.fork() or (os.setsid(), exec(TEXT), os._exit(0))",
    "by fork twice": "os.fork() or (os.setsid(), os.fork() and os._exit(0), exec(TEXT), os._exit(0))",
}
MEDDLE = """
import glob, os, time
open(PLACE, "w").write(str(os.getpid()))
while True:
    for path in glob.glob(os.path.join(TMP, "tinygraph-*", "**"), recursive=True):
        if path.endswith(".py"):
            open(path, "w").write("raise SystemExit")
    time.sleep(0.001)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there orphans can be found")
@pytest.mark.parametrize("begin", SPAWN.values(), ids=SPAWN)
def test_nothing_that_a_submission_began_lives_on_beside_the_next(tmp_path, monkeypatch, begin):
    """Copies stand in a place of their own here: those of other tests are none of its business."""
    folder, place, copies = (tmp_path / name for name in ("submissions", "begun", "copies"))
    copies.mkdir()
    monkeypatch.setenv("TMPDIR", str(copies))
    monkeypatch.setattr(tempfile, "tempdir", None)
    text = MEDDLE.replace("PLACE", repr(str(place))).replace("TMP", repr(tempfile.gettempdir()))
    begun = f"import os, subprocess, sys, time\nTEXT = {text!r}\n{begin}\ntime.sleep(0.5)\n"
    write(folder, a=at_import(begun) + RIGHT, b=RIGHT, c=RIGHT)

    _, b, c = grade_folder(folder, jobs=1)

    assert [g.verdict for g in (b, c)] == ["right"] * 2
    assert not is_running(int(place.read_text()))


def is_running(pid):
    """Whether a process is there, and not dead already and waiting for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it takes a moment more")
@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_an_endless_file_does_not_outlive_its_checker(tmp_path, many, end):
    begun = tmp_path / "begun"
    write(tmp_path / "submissions", a=at_import(BEGUN.format(tmp_path)) + ENDLESS)
    main = "import sys; from tinygraph.cli import main; sys.exit(main())"
    what = ["--many", str(tmp_path / "submissions")] if many else [str(tmp_path / "submissions" / "a.py")]
    with subprocess.Popen([sys.executable, "-c", main, "check", "--timeout=60", *what]) as run:
        while not (begun.exists() and begun.read_text()):
            assert run.poll() is None
            time.sleep(0.05)
        assert is_running(int(begun.read_text()))
        run.send_signal(end)
        run.wait(timeout=20)
        patience = time.monotonic() + 10
        while is_running(int(begun.read_text())) and time.monotonic() < patience:
            time.sleep(0.05)

    assert not is_running(int(begun.read_text()))


BEGUN = "import os\nwith open('{}/begun', 'w') as file:\n    file.write(str(os.getpid()))\n"


@pytest.mark.skipif(os.name != "posix", reason="signals as there")
def test_ctrl_c_leaves_a_row_for_each_and_no_process(tmp_path):
    """Two are checked, one is running, one waits."""
    write(tmp_path, a=RIGHT, b=WRONG, c=at_import(BEGUN.format(tmp_path)) + ENDLESS, d=RIGHT)
    out, begun = tmp_path / "out.csv", tmp_path / "begun"
    main = "import sys; from tinygraph.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", main, "check", "--many", str(tmp_path), "--csv", str(out), "--jobs=1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, **pipes, start_new_session=True) as run:
        while not (begun.exists() and begun.read_text()):
            assert run.poll() is None
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGINT)
        printed, _ = run.communicate(timeout=60)

    assert (run.returncode, printed) == (130, b"")
    assert {name: row["verdict"] for name, row in rows_of(out).items()} == {
        "a.py": "right",
        "b.py": "wrong",
        "c.py": "not checked",
        "d.py": "not checked",
    }
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


def test_options_and_tables_that_cannot_be_are_told_before_anything_is_checked(folder, tmp_path):
    with pytest.raises(ValueError, match="jobs is 1 or more, not 0"):
        grade_folder(folder, jobs=0)
    with pytest.raises(ValueError, match="softplus"):
        grade_folder(folder, activations=["softplus", "relu", "sigmoid"])
    with pytest.raises(UserFileError, match=r"cannot write .*out\.csv"):
        grade_folder(folder, out=tmp_path / "nowhere" / "out.csv")


def test_no_folder_no_submission_and_two_things_at_once(tmp_path, capsys):
    with pytest.raises(UserFileError, match="nowhere is no folder"):
        grade_folder(tmp_path / "nowhere")
    with pytest.raises(UserFileError, match=r"holds no \.py or \.ipynb file"):
        grade_folder(tmp_path)

    assert main(["check"]) == 2
    assert main(["check", "a.py", "--many", "b"]) == 2
    assert capsys.readouterr().err.count("give one file to check, or a folder of them with --many DIR") == 2


# The exercise that is handed out

EXERCISE = Path(__file__).parents[2] / "examples" / "teachers" / "exercise.ipynb"
GAPS = {
    "dW = ...": "dW = dZ @ A_prev.T / m",
    "db = ...": "db = dZ.sum(axis=1, keepdims=True) / m",
    "dA_prev = ...": "dA_prev = W.T @ dZ",
    'dZ = ...\\n",\n    "    elif': 'dZ = dA * (Z > 0)\\n",\n    "    elif',
    "dZ = ...": "dZ = dA * A * (1 - A)",
    "dA = ...": "dA = -(Y / AL) + (1 - Y) / (1 - AL)",
    "updated[name] = ...": "updated[name] = value - learning_rate * grads['d' + name]",
}


def exercise(**other):
    """The exercise with its gaps filled, some of them otherwise."""
    text = EXERCISE.read_text(encoding="utf-8")
    for gap, line in GAPS.items():
        assert gap in text
        text = text.replace(gap, other.get(gap.split()[0], line), 1)
    return text


@pytest.mark.usefixtures("here")
def test_the_exercise_is_right_once_its_gaps_are_filled_and_not_before(tmp_path):
    (tmp_path / "empty.ipynb").write_text(EXERCISE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "filled.ipynb").write_text(exercise(), encoding="utf-8")

    empty, filled = grade_each(tmp_path, convention="course")

    assert (filled.verdict, filled.right, filled.functions) == ("right", 4, 4)
    assert empty.verdict != "right"
    assert empty.right == 0


def test_the_command_of_the_exercise_finds_a_missing_average_where_it_is_missing(tmp_path):
    """And not in the first derivative, which may have it by the other convention."""
    name = tmp_path / "exercise.ipynb"
    name.write_text(exercise(dW="dW = dZ @ A_prev.T", db="db = dZ.sum(axis=1, keepdims=True)"), "utf-8")
    [command] = re.findall(r"`tinygraph (check [^`]*)`", EXERCISE.read_text(encoding="utf-8"))
    options = command.split()[2:]

    assert command.split()[:2] == ["check", "exercise.ipynb"]
    assert main(["check", "--many", str(tmp_path), "--csv", str(tmp_path / "out.csv"), *options]) == 0
    [row] = rows_of(tmp_path / "out.csv").values()
    assert (row["first"], row["cause"], row["right"]) == ("dW3", "missing-1/m", "3")
    assert row["told"].startswith("linear_backward (exercise.ipynb, cell ")
