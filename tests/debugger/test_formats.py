"""The formats of those who grade can be read by their readers, and say which functions are right."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.debugger.reports import FILE, mistake, report
from tinygraph.debugger.file_report import FunctionVerdict
from tinygraph.debugger.formats import REPORT_FORMATS, format_report

WRONG, RIGHT = report([mistake()]), report()
EMPTY = report(functions=[FunctionVerdict("odd", False, "not checked", 1, "layers.py:1", "no reason")])


def test_gradescope_gives_a_point_for_each_right_function():
    tests = json.loads(format_report(WRONG, "gradescope", 5))["tests"]
    assert [(t["name"], t["score"], t["max_score"], t["status"]) for t in tests] == [
        ("back", 0, 1, "failed"),
        ("loss", 1, 1, "passed"),
    ]
    assert "FIXED" in tests[0]["output"]
    assert tests[1]["output"] == "loss agrees."


def test_prairielearn_gives_a_share():
    read = json.loads(format_report(WRONG, "prairielearn", 5))
    assert (read["score"], read["gradable"]) == (0.5, True)
    assert [t["points"] for t in read["tests"]] == [0, 1]
    assert json.loads(format_report(RIGHT, "prairielearn", 5))["score"] == 1


def test_junit_has_a_case_for_each_function():
    suite = ElementTree.fromstring(format_report(WRONG, "junit", 5))
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "2", "1")
    assert [(case.get("name"), len(case)) for case in suite] == [("back", 1), ("loss", 0)]
    assert "# <b>" in suite[0][0].text


def test_github_marks_the_place_in_columns_from_1():
    text = format_report(WRONG, "github", 5)
    assert text.startswith(f"::error file={FILE},line=3,col=7,endColumn=9,title=back%3A dw wrong::")
    assert "\n" not in text
    assert "%0A" in text
    assert format_report(RIGHT, "github", 5).startswith(f"::notice file={FILE}::")


def test_github_is_told_the_path_from_where_one_works(tmp_path, monkeypatch):
    (tmp_path / "week").mkdir()
    monkeypatch.chdir(tmp_path)
    for given in (str(tmp_path / "week" / "layers.py"), "week/layers.py"):
        right = replace(RIGHT, file=given)
        wrong = replace(right, diagnoses=[mistake(file=given)])
        assert format_report(right, "github", 5).startswith("::notice file=week/layers.py::")
        assert format_report(wrong, "github", 5).startswith("::error file=week/layers.py,line=3,")


def test_github_is_told_the_cell_of_a_notebook_and_no_line_of_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / "week.ipynb")
    failed = FunctionVerdict("f", False, "could not run", 7, "week.ipynb, cell [3], line 7", "no")
    wrong = replace(RIGHT, file=file, functions=[failed], diagnoses=[mistake(file=f"{file}, cell [3]")])
    first, second = format_report(wrong, "github", 5).split("\n")
    assert first.startswith(
        "::error file=week.ipynb,title=cell [3]%2C back%3A dw wrong::week.ipynb, cell [3]"
    )
    assert second == "::error file=week.ipynb,title=f could not run::no"
    (told,) = json.loads(wrong.to_json())["diagnoses"]
    assert (told["file"], told["cell"], told["line"]) == (file, "cell [3]", 3)


def test_github_says_what_could_not_run():
    failed = FunctionVerdict("f", False, "could not run", 7, "layers.py:7", "50 %, no")
    text = format_report(report(functions=[failed]), "github", 5)
    assert text == f"::error file={FILE},line=7,title=f could not run::50 %25, no"


@pytest.mark.parametrize("name", sorted(REPORT_FORMATS))
@pytest.mark.parametrize("hint", [1, 2, 3, 4])
def test_hints_hold_in_every_format(name, hint):
    text = format_report(WRONG, name, hint)
    assert "FIXED" not in text
    assert hint > 2 or not re.search("line=3|layers.py, line 3", text)
    assert hint > 1 or "dw" not in text


@pytest.mark.parametrize("name", sorted(REPORT_FORMATS))
def test_what_was_not_judged_counts_for_nothing(name):
    text = format_report(EMPTY, name, 5)
    if name == "gradescope":
        assert (json.loads(text)["tests"], json.loads(text)["score"]) == ([], 0)
    if name == "prairielearn":
        assert json.loads(text)["gradable"] is False
    if name == "junit":
        assert ElementTree.fromstring(text).get("tests") == "0"


def test_another_format_is_an_error():
    with pytest.raises(KeyError):
        format_report(RIGHT, "pdf", 5)
