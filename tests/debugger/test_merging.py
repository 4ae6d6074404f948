"""Verdicts, mistakes and fixes of several readings become one report."""

import pytest

from tests.cells import show_lines
from tinygraph.checks.report import Diagnosis
from tinygraph.debugger.conventions import CROSSED
from tinygraph.debugger.file_report import FileReport, FunctionVerdict
from tinygraph.debugger.merging import merge_examined, narrow_place


def examined(name="back", verdict="wrong", **more):
    """What was examined of a function, as replies tell it."""
    rows = [["dx", True, "agrees"], ["dw", verdict == "agrees", "2 times"]]
    facts = {"name": name, "line": 1, "file": "/tmp/a.py", "verdict": verdict, "reason": "", "taken": "TAKEN"}
    return facts | {"rows": rows, "raised": ""} | more


def fix(function="back", mended=(("back", "dw"),), complete=True, **more):
    """A tested change, as replies tell it."""
    facts = {
        "function": function,
        "file": "/tmp/a.py",
        "kind": "a factor",
        "old": "2 * g",
        "new": "g",
        "mended": [list(x) for x in mended],
        "complete": complete,
        "line": 3,
        "column": 9,
        "end_column": 14,
        "before": "    dw = 2 * g",
        "after": "    dw = g",
    }
    return facts | more


def merged(facts, fixes=(), report=None):
    empty = FileReport([], file="/tmp/a.py")
    return merge_examined(empty if report is None else report, facts, fixes)


def verdicts(report):
    return {f.name: (f.ok, f.verdict) for f in report.functions}


def test_a_fix_is_a_mistake_with_the_line_as_it_should_be():
    report = merged([examined()], [fix()])
    (mistake,) = report.diagnoses
    assert (mistake.function, mistake.line, mistake.after) == ("back", 3, "    dw = g")
    assert mistake.verified
    assert mistake.said == "dw: 2 times"
    assert mistake.tested == "tested: with it dw agrees"
    assert (mistake.right, mistake.wrong) == (("dx",), ("dw",))
    assert mistake.message.startswith("You have 2 * g here; the derivative has g. The derivative carries")
    assert verdicts(report) == {"back": (False, "wrong")}


def test_what_is_wrong_because_of_another_passes_on():
    facts = [examined("net"), examined("helper")]
    report = merged(facts, [fix("helper", (("helper", "dw"), ("net", "dw")))])
    assert verdicts(report) == {"net": (True, "passes on"), "helper": (False, "wrong")}
    assert [d.function for d in report.diagnoses] == ["helper"]
    assert report.diagnoses[0].tested == "tested: with it everything agrees"


def test_a_helper_that_nobody_judged_is_wrong_where_the_fix_is():
    report = merged([examined("net")], [fix("helper", (("net", "dw"),))])
    assert verdicts(report) == {"net": (True, "passes on"), "helper": (False, "wrong")}


def test_two_fixes_are_two_mistakes():
    facts = [examined("a"), examined("b")]
    fixes = [fix("a", (("a", "dw"),), complete=False), fix("b", (("b", "dw"),))]
    report = merged(facts, fixes)
    assert [d.function for d in report.diagnoses] == ["a", "b"]
    assert report.diagnoses[0].tested == "tested: with it dw agrees"


def test_what_no_fix_mends_is_told_at_the_line_that_makes_it(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("def back(g):\n    dx = g\n    dw = 2 * g\n    return dx, dw\n")
    report = merged([examined(file=str(file))], report=FileReport([], file=str(file)))
    (mistake,) = report.diagnoses
    assert (mistake.line, mistake.before, mistake.after) == (3, "    dw = 2 * g", None)
    assert mistake.message == "dw: 2 times. No change of one place was found that mends it."


def test_an_entry_is_told_at_the_line_that_makes_its_value(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("def back(g):\n    dw = 2 * g\n    grads = {'dw': dw}\n    return grads\n")
    facts = examined(file=str(file)) | {"rows": [["grads['dw']", False, "2 times"]]}
    (mistake,) = merged([facts], report=FileReport([], file=str(file))).diagnoses
    assert mistake.line == 2


def test_what_agrees_is_no_mistake():
    report = merged([examined(verdict="agrees")])
    assert report.ok
    assert report.diagnoses == []
    assert report.functions[0].taken == "TAKEN"


def test_what_raised_could_not_run():
    facts = examined(raised="ValueError: no", raised_line=2)
    report = merged([facts])
    assert verdicts(report) == {"back": (False, "could not run")}
    assert "back raised ValueError: no" in report.functions[0].reason


def test_the_cause_that_a_search_found_stays_with_its_fix():
    known = Diagnosis("dw", "missing-1/m", "OLD", function="back", formula="2 * g")
    report = FileReport(
        [], file="/tmp/a.py", diagnoses=[known], functions=[FunctionVerdict("back", False, "wrong", 1)]
    )
    (mistake,) = merged([], [fix()], report).diagnoses
    assert mistake.cause == "missing-1/m"
    assert mistake.computed == "You computed 2 * g."
    assert mistake.after == "    dw = g"


def test_another_network_than_the_lectures_is_no_mistake():
    names = ["L_model_forward", "L_model_backward"]
    functions = [FunctionVerdict(name, False, "wrong", 1) for name in names]
    diagnoses = [Diagnosis("dW1", "unknown", "", function=name) for name in names]
    lectures = FileReport([], file="/tmp/a.py", functions=functions, diagnoses=diagnoses)
    own = merged([examined("L_model_backward", "agrees")], report=lectures)
    assert verdicts(own) == {"L_model_backward": (True, "agrees")}
    assert own.diagnoses == []
    assert own.notes == [
        "L_model_forward is another than the lectures'; the backward pass is the derivative of it."
    ]
    wrong = merged([examined("L_model_backward")], report=lectures)
    assert {d.function for d in wrong.diagnoses} == set(names)


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ("dw = x.T @ dout", "dw = x @ dout", "x.T"),
        ("db = np.sum(d, axis=1)", "db = np.sum(d, axis=0)", "axis=1"),
        ("dz = dA1 * s", "dz = dA2 * s", "dA1"),
        ("dz = a + b", "dz = a - b", "+"),
    ],
)
def test_the_mark_is_under_whole_words(before, after, part):
    column, end = narrow_place({"before": before, "after": after, "column": 5, "end_column": len(before)})
    assert part in before[column:end] or before[column:end] in part
    assert before[column:end].strip() != ""


def test_what_moves_a_terminal_is_not_told():
    show_lines("/tmp/a.py", "")
    report = merged([examined(rows=[["\x1b[31mdw", False, "2 times"]])])
    assert "\x1b" not in str(report)


def test_a_fix_is_said_to_mend_what_it_mends_alone():
    rows = [["dx", False, "2 times"], ["dw", False, "2 times"]]
    (first, second) = merged(
        [examined(rows=rows)],
        [fix(mended=(("back", "dw"),), complete=False), fix(mended=(("back", "dx"),), line=4)],
    ).diagnoses
    assert (first.wrong, first.tested) == (("dw",), "tested: with it dw agrees")
    assert second.wrong == ("dx",)


def test_a_fix_that_brings_a_function_to_its_end_is_said_to():
    facts = [examined(raised="TypeError: no", rows=[]), examined("other")]
    found = merged(facts, [fix(mended=(("back", "(no end)"),), complete=False)]).diagnoses[0]
    assert found.tested == "tested: with it back agrees"


def test_a_long_error_is_cut_between_words():
    raised = "ValueError: " + "operands could not be broadcast " * 20
    (mistake,) = merged([examined(raised=raised, rows=[])], [fix(mended=(("back", "(no end)"),))]).diagnoses
    assert mistake.said.endswith(" …")
    assert raised.startswith(mistake.said.removesuffix(" …") + " ")


def test_results_that_stand_in_the_place_of_others_are_wrong_where_they_are_returned(tmp_path):
    file = tmp_path / "crossed.py"
    file.write_text("def back(g):\n    dw = g\n    dx = g\n    return dw, dx\n")
    rows = [["dw", False, CROSSED], ["dx", False, CROSSED]]
    facts = examined(rows=rows, file=str(file))
    (mistake,) = merged([facts], report=FileReport([], file=str(file))).diagnoses
    assert mistake.before == "    return dw, dx"
