"""The report: what its verdicts come to, in a status, in a sentence, for machines and as tables."""

import json
from dataclasses import fields

import numpy as np
import pytest
from rich.console import Group

from tests.debugger.reports import FILE, mistake
from tests.debugger.reports import report as make_report
from tinygraph.checks.report import Report, Row, text_of
from tinygraph.debugger.file_report import FileReport, FunctionVerdict, StepReport
from tinygraph.debugger.probe import make_probe
from tinygraph.debugger.steps import steps_of

STEPS = [s for s in steps_of(make_probe()) if s.function == "linear_backward"][:2]
RIGHT, WRONG = Row("dW3", True, "agrees", shape=(1, 3)), Row("dW2", False, "wrong", shape=(3, 4))


def verdict(name, said, reason="", taken="", **more):
    return FunctionVerdict(name, said in ("agrees", "passes on"), said, 4, reason=reason, taken=taken, **more)


def report(*functions, **more):
    return FileReport(more.pop("rows", []), file=FILE, functions=list(functions), **more)


F, G = verdict("f", "agrees"), verdict("g", "agrees")
OWN, SCRIPT = verdict("f", "agrees", taken="forward"), verdict("<module>", "agrees", taken="loss")
BAD, PASSING = verdict("b", "wrong"), verdict("p", "passes on")
STOPPED, LEFT = verdict("s", "could not run", "s raised E"), verdict("u", "not checked", "nothing is in it")
GAP = verdict("u", "could not run", "u: not written yet (layers.py:4)")
LECTURES = " agree with the derivatives of the lectures"


@pytest.mark.parametrize(
    ("functions", "more", "status", "summary"),
    [
        ([F], {}, 0, "f agrees with the derivatives of the lectures."),
        ([F, G, LEFT], {}, 0, f"f, g{LECTURES}."),
        ([F, G], {"convention": "true"}, 0, f"f, g{LECTURES} (dA and dZ are the true derivatives)."),
        ([OWN], {"convention": "true"}, 0, "f agrees with the derivatives of its own forward pass."),
        ([OWN, PASSING], {}, 0, "f, p agree with the derivatives."),
        ([OWN, OWN], {}, 0, "f, f agree with the derivatives of their own forward pass."),
        ([SCRIPT], {}, 0, "<module> agrees with the derivatives of their own forward pass."),
        ([F, BAD], {}, 1, "b is wrong. Look first at b."),
        ([BAD, STOPPED], {}, 1, "b, s are wrong. Look first at b."),
        ([STOPPED, BAD, GAP], {}, 1, "s, b are wrong. Look first at s: s raised E."),
        ([GAP, STOPPED], {}, 2, "s is wrong. Look first at s: s raised E."),
        ([F, BAD], {"diagnoses": [mistake()]}, 1,
         "b is wrong. Look first at dw in back (layers.py, line 3)."),
        ([BAD], {"diagnoses": [mistake(file="", line=2)]}, 1,
         "b is wrong. Look first at dw in back (layers.py, line 2)."),
        ([BAD], {"diagnoses": [mistake(line=None)]}, 1, "b is wrong. Look first at dw in back."),
        ([BAD], {"diagnoses": [mistake(file="/a/w.ipynb, cell [3]")]}, 1,
         "b is wrong. Look first at dw in back (w.ipynb, cell [3], line 3)."),
        ([F], {"diagnoses": [mistake()]}, 1, "f agrees with the derivatives of the lectures."),
        ([F, GAP], {}, 1, "u is not written yet."),
        ([GAP, GAP], {}, 2, "u, u are not written yet."),
        ([F], {"errors": ["no.", "nor"]}, 0, "no."),
    ],
)  # fmt: skip
def test_the_whole_in_a_status_and_a_sentence(functions, more, status, summary):
    whole = report(*functions, **more)

    assert (whole.summary, whole.status, whole.ok, bool(whole)) == (summary, status, not status, not status)


@pytest.mark.parametrize("file", ["layers.py", ""])
def test_where_nothing_was_judged_it_says_what_to_do(file):
    said = f"No backward pass could be judged in {file or 'these cells'}. Name the functions yourself"

    for functions in ([], [LEFT]):
        whole = FileReport([], file=file and FILE, functions=functions)
        assert (whole.ok, whole.status) == (False, 2)
        assert whole.summary.startswith(said)
        assert whole.nothing_found == whole.summary
    assert [x[:19] for x in whole.not_checked] == ["No backward pass co", "Not checked: u, sin"]
    assert report(F, LEFT).not_checked == ["Not checked: u, since nothing is in it."]
    assert report(errors=["E."]).nothing_found == "E."
    assert report(errors=["E."]).not_checked == []


def test_functions_are_left_out_in_a_sentence_for_each_reason():
    reasons = [("a", "nothing is in it"), ("b", ""), ("c", "nothing is in it"), ("<module>", "")]

    assert report(F, *(verdict(name, "not checked", reason) for name, reason in reasons)).not_checked == [
        "Not checked: a, c, since nothing is in them.",
        "Not checked: b, the statements outside of functions.",
    ]


def test_points_count_what_is_right_by_itself():
    assert report(F, PASSING, BAD, STOPPED, LEFT).points == "2 of 4 functions are right"
    assert [f.name for f in report(F, PASSING, BAD, STOPPED, LEFT).judged] == ["f", "p", "b"]


def test_a_function_is_unwritten_only_where_it_says_so_itself():
    assert GAP.is_unwritten
    assert not STOPPED.is_unwritten
    assert not verdict("u", "wrong", GAP.reason).is_unwritten
    assert not verdict("v", "could not run", GAP.reason).is_unwritten


def test_notes_are_told_once_and_errors_only_beside_functions():
    assert report(F, errors=["e"], notes=["a", "b", "a"]).told_notes == ["e", "a", "b"]
    assert report(errors=["e"], notes=["a"]).told_notes == ["a"]
    assert report(F, LEFT, notes=["a"]).sentences == [
        "f agrees with the derivatives of the lectures.", "Not checked: u, since nothing is in it.", "a",
    ]  # fmt: skip
    assert report(BAD, diagnoses=[mistake()]).sentences[0] == "FIXED belongs here."


def test_the_first_that_is_wrong_is_that_of_the_first_mistake():
    assert report(BAD, rows=[RIGHT, WRONG]).first_wrong == "dW2"
    assert report(BAD, rows=[RIGHT, WRONG], diagnoses=[mistake()]).first_wrong == "dw"
    assert report(F, rows=[RIGHT]).first_wrong is None


def test_only_rows_are_given_by_their_place():
    assert [f.name for f in fields(FileReport) if not f.kw_only] == ["rows"]
    assert (FileReport([]).convention, FileReport([]).m, FileReport([]).summary[:16]) == (
        "course",
        1,
        "No backward pass",
    )


def steps():
    return [StepReport(STEPS[0], Report([RIGHT], notes=["so"])), StepReport(STEPS[1], Report([WRONG, RIGHT])),
            StepReport(STEPS[1], error="raised")]  # fmt: skip


def test_a_step_has_the_rows_and_notes_of_its_comparison():
    right, wrong, stopped = steps()

    assert (right.ok, wrong.ok, stopped.ok) == (True, False, False)
    assert (right.rows, wrong.rows, stopped.rows) == ([RIGHT], [WRONG, RIGHT], [])
    assert (right.notes, wrong.notes, stopped.notes) == ([f"{STEPS[0].name}: so"], [], [])


def test_machines_are_told_everything_but_arrays():
    stopped = verdict("s", "could not run", stop=("layers.py", 7))
    hand = StepReport(STEPS[0], Report([RIGHT]), hand={"dW3": np.ones(2)})
    book = mistake(file="/a/w.ipynb, cell [3]")
    whole = report(
        *(F, stopped), rows=[RIGHT], steps=[hand, *steps()[1:]], diagnoses=[book], notes=["n"], printed="p",
        convention="true", m=7, traceback="T",
    )  # fmt: skip

    facts = json.loads(whole.to_json())

    told = {name: facts[name] for name in ("version", "ok", "first_wrong", "summary")}
    assert told == {"version": 2, "ok": False, "first_wrong": "dw", "summary": whole.summary}
    assert {name: facts[name] for name in ("file", "notes", "errors", "convention", "m", "printed")} == {
        "file": FILE, "notes": ["n"], "errors": [], "convention": "true", "m": 7, "printed": "p",
    }  # fmt: skip
    kept = ["convention", "errors", "file", "m", "notes", "printed"]
    assert list(whole.facts) == ["version", *kept, "rows", "functions", "diagnoses"]
    assert [f["name"] for f in facts["functions"]] == ["f", "s"]
    assert [(row["function"], row["layer"], row["name"]) for row in facts["rows"]] == [
        ("linear_backward", 3, "dW3"), ("linear_backward", 2, "dW2"), ("linear_backward", 2, "dW3"),
    ]  # fmt: skip
    assert [f["stop"] for f in facts["functions"]] == [None, {"file": "layers.py", "line": 7}]
    assert [(d["file"], d["cell"], d["line"]) for d in facts["diagnoses"]] == [("/a/w.ipynb", "cell [3]", 3)]


def test_tables_stand_below_the_name_and_the_place_of_their_function():
    here = FunctionVerdict("linear_backward", False, "wrong", 4, "layers.py:4")
    whole = report(here, F, steps=steps())

    lines = [line.strip() for line in text_of(Group(*whole.tables())).splitlines()]

    assert lines[0] == "linear_backward (layers.py:4)"
    assert [line.split()[0] for line in lines if line.startswith("dW")] == ["dW3", "dW2", "dW3"]
    assert "f" not in lines
    bare = report(verdict("linear_backward", "wrong"), steps=steps())
    assert text_of(Group(*bare.tables())).splitlines()[0].strip() == "linear_backward"


def test_the_text_is_told_as_far_as_a_hint_goes_and_everywhere_alike():
    whole = make_report([mistake()])

    assert str(whole) == whole.told(5)
    assert "FIXED @" in str(whole)
    assert "FIXED @" not in whole.told(4)
    assert whole.told(1) != whole.told(2)
    assert "FIXED" in whole._repr_html_()
    assert text_of(whole.__rich__()).split() == str(whole).split()
    assert repr(whole) == f"<FileReport: {whole.summary}>"
