"""A folder of submissions: a row for each, whatever is in it, and in time."""

import csv
import json
from pathlib import Path

import pytest

from tests.check.homework import RIGHT
from tinygraph.cli import main
from tinygraph.errors import UserFileError
from tinygraph.grading import Grade, grade, grade_folder, write_csv

WRONG = RIGHT.replace("A_prev.T) / m", "A_prev.T)")
ENDLESS = RIGHT + "\nwhile True: pass\n"
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
    status = main(["check", "--many", str(folder), "--csv", str(tmp_path / "out.csv"), "--timeout", "3"])
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
        assert "linear_backward" in rows[name]["told"]
    assert "SyntaxError" in rows["dan.py"]["told"]
    assert "3 s" in rows["eve.py"]["told"] or "second" in rows["eve.py"]["told"]
    assert float(rows["eve.py"]["seconds"]) < 10
    assert all(name in printed for name in rows)


def test_what_breaks_the_check_is_in_the_row(folder):
    row = grade(folder / "gone.py", folder=folder)

    assert row.verdict == "could not be run"
    assert "UserFileError" in row.told


def test_a_spreadsheet_computes_nothing(tmp_path):
    write_csv([Grade("=1+1.py", "right", told="@SUM(1)")], tmp_path / "out.csv")

    assert "'=1+1.py,right,0,0,,,'@SUM(1),0.0" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


def test_no_folder_no_submission_and_two_things_at_once(tmp_path, capsys):
    with pytest.raises(UserFileError, match="nowhere is no folder"):
        grade_folder(tmp_path / "nowhere")
    with pytest.raises(UserFileError, match=r"holds no \.py or \.ipynb file"):
        grade_folder(tmp_path)

    assert main(["check"]) == 2
    assert main(["check", "a.py", "--many", "b"]) == 2
    assert capsys.readouterr().err.count("give one file to check, or a folder of them with --many DIR") == 2


# The exercise that is handed out

EXERCISE = Path(__file__).parents[1] / "examples" / "teachers" / "exercise.ipynb"
GAPS = {
    "dW = ...": "dW = dZ @ A_prev.T / m",
    "db = ...": "db = dZ.sum(axis=1, keepdims=True) / m",
    "dA_prev = ...": "dA_prev = W.T @ dZ",
    'dZ = ...\\n",\n    "    elif': 'dZ = dA * (Z > 0)\\n",\n    "    elif',
    "dZ = ...": "dZ = dA * A * (1 - A)",
    "dA = ...": "dA = -(Y / AL) + (1 - Y) / (1 - AL)",
    "updated[name] = ...": "updated[name] = value - learning_rate * grads['d' + name]",
}


def test_the_exercise_is_right_once_its_gaps_are_filled_and_not_before(tmp_path):
    text = EXERCISE.read_text(encoding="utf-8")
    (tmp_path / "empty.ipynb").write_text(text, encoding="utf-8")
    for gap, line in GAPS.items():
        assert gap in text
        text = text.replace(gap, line, 1)
    (tmp_path / "filled.ipynb").write_text(text, encoding="utf-8")

    empty, filled = grade_folder(tmp_path)

    assert (filled.verdict, filled.right, filled.functions) == ("right", 4, 4)
    assert empty.verdict != "right"
    assert empty.right == 0
