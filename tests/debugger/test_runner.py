"""check_file: right files agree, wrong ones are located, broken ones become a sentence."""

import json
import os
import re
import time

import pytest
from rich.console import Group

from tests.debugger.homework import BACKWARD, RIGHT, TRUE, at_import, functions
from tinygraph.checks.report import text_of
from tinygraph.debugger.runner import check_file
from tinygraph.errors import UserFileError

ALL = ["linear_backward", "linear_activation_backward", "L_model_backward", "update_parameters"]


@pytest.fixture
def check_apart(tmp_path):
    """A function that checks a text as a file, in a process of its own."""

    def check_text(text, **options):
        file = tmp_path / "layers.py"
        file.write_text(text)
        return check_file(file, **options)

    return check_text


@pytest.fixture
def check(check_apart, here):
    """The same in this process."""
    return check_apart


def verdicts(report):
    return {f.name: f.verdict for f in report.functions}


def wrong(report):
    return {(step.function, step.layer, row.name) for step, row in report.judged_rows if not row.ok}


# Right versions


@pytest.mark.parametrize("options", [{}, {"sizes": (9, 8, 7, 6, 3), "seed": 2}], ids=["default", "deeper"])
@pytest.mark.parametrize("text", [RIGHT, TRUE, RIGHT + BACKWARD], ids=["course", "true", "both"])
def test_right_versions_agree(check, text, options):
    report = check(text, **options)

    assert report.ok
    assert report.status == 0
    assert report.errors == []
    assert report.first_wrong is None
    assert set(verdicts(report).values()) == {"agrees"}


def test_all_steps_of_all_functions_are_rows(check):
    report = check(RIGHT)

    assert list(verdicts(report)) == ALL
    assert len(report.rows) == 9 + 9 + 9 + 6
    assert report.rows == [row for _, row in report.judged_rows]
    assert report.convention == "course"
    assert report.m == 7
    assert report.summary == (
        "linear_backward, linear_activation_backward, L_model_backward, update_parameters agree with the "
        "derivatives of the lectures."
    )


def test_true_derivatives_are_seen_and_expected_throughout(check):
    report = check(TRUE)

    assert report.convention == "true"
    assert report.summary.endswith(
        "agree with the derivatives of the lectures (dA and dZ are the true derivatives)."
    )
    assert check(TRUE, convention="course").status == 1
    assert check(TRUE, convention="true").status == 0
    assert check(RIGHT, convention="true").status == 1


def test_convention_is_found_without_any_da(check):
    without = TRUE.replace("    return grads", "    return {k: x for k, x in grads.items() if k[1] != 'A'}")

    assert check(without).convention == "true"
    assert check(without).ok


@pytest.mark.parametrize("name", ALL)
def test_any_subset_may_be_given(check, name):
    text = functions(
        RIGHT, *{"L_model_backward": ALL[:3], "linear_activation_backward": ALL[:2]}.get(name, [name])
    )

    report = check(text)

    assert report.ok
    assert name in verdicts(report)


def test_first_edition_names_agree_with_a_note(check):
    report = check(RIGHT.replace('grads["dA" + str(l - 1)]', 'grads["dA" + str(l)]'))

    assert report.ok
    assert "L_model_backward: dA3, dA2, dA1: each is the derivative one layer further down" in report.notes[0]


def test_other_entries_are_no_mistake(check):
    report = check(RIGHT.replace("    return grads", "    grads['cost'] = 3\n    return grads"))

    assert report.ok
    assert report.notes == ["L_model_backward: cost: the lectures have no such name, so it was not compared."]


def test_inputs_changed_by_one_call_are_fresh_for_the_next(check):
    text = RIGHT.replace("    A_prev, W, b = cache\n", "    A_prev, W, b = cache\n    dZ = np.array(dZ)\n")
    spoiling = text.replace(
        "    return dA_prev, dW, db", "    W *= 0\n    A_prev += 5\n    return dA_prev, dW, db"
    )

    assert check(spoiling).ok


def test_helpers_beside_the_file_are_found(check, tmp_path):
    (tmp_path / "my_helpers.py").write_text(functions(RIGHT, "linear_backward"))

    assert check("from my_helpers import linear_backward\n").ok


def test_main_block_is_not_run_and_nothing_is_left_behind(check_apart, tmp_path):
    (tmp_path / "beside.py").write_text("")

    report = check_apart(
        "import beside\n" + RIGHT + "\n\nif __name__ == '__main__':\n    raise SystemExit('trained')\n"
    )

    assert report.ok
    assert sorted(os.listdir(tmp_path)) == ["beside.py", "layers.py"]


# Wrong versions

# What is replaced by what, the first row that is wrong, and what the mistake itself is in.
MISTAKES = {
    "missing 1/m": ("A_prev.T) / m", "A_prev.T)", ("linear_backward", 3, "dW3"), "dW3"),
    "axis": ("np.sum(dZ, axis=1", "np.sum(dZ, axis=0", ("linear_backward", 3, "db3"), "db3"),
    "keepdims": ("keepdims=True", "keepdims=False", ("linear_backward", 3, "db3"), "db3"),
    "transposed": ("np.dot(dZ, A_prev.T)", "np.dot(dZ, A_prev.T).T", ("linear_backward", 3, "dW3"), "dW3"),
    "sign": ("dZ = dA * s", "dZ = -dA * s", ("linear_activation_backward", 3, "dA2"), "dZ3"),
    "relu of A": ("dZ[Z <= 0] = 0", "dZ[dZ <= 0] = 0", ("linear_activation_backward", 2, "dA1"), "dZ2"),
    "bracket": ("np.divide(Y, AL) -", "np.divide(Y, AL) +", ("L_model_backward", None, "dW3"), "dA3"),
    "update": ("- learning_rate", "+ learning_rate", ("update_parameters", None, "W1"), "W1_new"),
}


def assert_hints_below_the_last_do_not_hold_the_right_expression(report, old):
    [mistake] = report.diagnoses
    rungs = [report.told(hint) for hint in (1, 2, 3, 4, 5)]
    right = [line.strip() for line in (mistake.after or "").splitlines()]
    right += [RIGHT.splitlines()[mistake.line - 1].strip()]
    right += [mistake.expected] if mistake.expected else []
    right += [old] if len(old) > 12 else []
    right = [x for x in right if x not in mistake.before + mistake.formula]  # where something is too much
    for rung in rungs[:4]:
        assert [x for x in right if x in rung] == []
        assert mistake.message not in rung
        assert "help" not in rung
    assert all(mistake.function in rung for rung in rungs)
    assert f"line {mistake.line}" not in rungs[0] + rungs[1]
    assert mistake.before.strip() not in rungs[0] + rungs[1]
    assert all(f"line {mistake.line}" in rung and mistake.before.strip() in rung for rung in rungs[2:])
    assert ", ".join(mistake.wrong) not in rungs[0].split("\n")[0]
    assert all(", ".join(mistake.wrong) in rung for rung in rungs[1:])
    if mistake.after is not None:
        assert mistake.after.strip() in rungs[4]
    assert len(set(rungs)) == 5


REPORTS = {}


@pytest.fixture
def check_once(check, repairs):
    """A function that checks a text which several tests look at."""

    def check_text(text):
        if text not in REPORTS:
            REPORTS[text] = check(text)
        return REPORTS[text]

    return check_text


@pytest.mark.parametrize(("old", "new", "first", "name"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_located(check_once, old, new, first, name):
    assert old in RIGHT
    text = RIGHT.replace(old, new)

    report = check_once(text)

    assert report.status == 1
    assert report.errors == []
    step, row = next((step, row) for step, row in report.judged_rows if not row.ok)
    assert (step.function, step.layer, row.name) == first
    before = ALL[: ALL.index(first[0])]
    assert all(verdicts(report)[name] == "agrees" for name in before)
    assert verdicts(report)[first[0]] == "wrong"
    after = ALL[ALL.index(first[0]) + 1 :]
    assert all(verdicts(report)[name] in ("agrees", "passes on") for name in after)
    [mistake] = report.diagnoses
    assert (mistake.function, mistake.name, report.first_wrong) == (first[0], name, name)
    lines = text.splitlines()
    assert mistake.line == 1 + next(i for i, line in enumerate(lines) if line not in RIGHT.splitlines())
    assert mistake.before == lines[mistake.line - 1]
    assert_hints_below_the_last_do_not_hold_the_right_expression(report, old)


def test_a_fix_is_the_line_as_it_was(check_once):
    """Where there is one way only to write it."""
    for old, new in [MISTAKES["missing 1/m"][:2], MISTAKES["sign"][:2], MISTAKES["update"][:2]]:
        [mistake] = check_once(RIGHT.replace(old, new)).diagnoses

        assert (mistake.verified, mistake.after) == (True, RIGHT.splitlines()[mistake.line - 1])
        assert old in mistake.after


def test_without_time_to_repair_the_mistake_is_told_and_no_fix(check):
    report = check(RIGHT.replace("A_prev.T) / m", "A_prev.T)"), repair=0)

    [mistake] = report.diagnoses
    assert (mistake.function, mistake.line, mistake.cause) == ("linear_backward", 7, "missing-1/m")
    assert (mistake.after, mistake.verified) == (None, False)
    assert report.status == 1


def test_another_network_under_the_same_names_is_held_against_its_own_forward_pass(check):
    report = check(
        "import numpy as np\n\n\ndef linear_forward(A, W, b):\n    return W @ A + 2 * b, (A, W, b)\n\n\n"
        "def linear_backward(dZ, cache):\n    A, W, b = cache\n"
        "    return W.T @ dZ, dZ @ A.T, 2 * dZ.sum(axis=1, keepdims=True)\n"
    )

    assert (report.ok, verdicts(report)) == (True, {"linear_backward": "agrees"})
    assert report.summary.endswith("of its own forward pass.")


def test_right_step_below_a_wrong_one_is_right(check):
    report = check(RIGHT.replace("dZ = dA * s * (1 - s)", "dZ = dA * s"))

    assert verdicts(report)["linear_backward"] == "agrees"
    assert verdicts(report)["L_model_backward"] == "passes on"
    assert {layer for f, layer, _ in wrong(report) if f == "linear_activation_backward"} == {3}
    assert "Look first at dZ3 in linear_activation_backward (layers.py, line 20)." in report.summary


HELD = {"activations": ("relu", "relu", "sigmoid")}  # of the lectures, and no other network is thought of


def test_one_wrong_name_of_backward_alone(check):
    report = check(BACKWARD.replace('grads["db%d" % l] = dZ', 'grads["db%d" % l] = 2 * dZ'), **HELD)

    assert {name for _, _, name in wrong(report)} == {"db3", "db2", "db1"}
    assert report.status == 1


def test_names_that_are_missing_are_wrong(check):
    report = check(BACKWARD.replace("dW%d", "dw%d"), **HELD)

    assert report.status == 1
    assert {row.name: row.verdict for row in report.rows if not row.ok} == dict.fromkeys(
        ["dW3", "dW2", "dW1"], "missing"
    )
    assert "dw1, dw2, dw3: the lectures have no such name" in report.notes[0]


@pytest.mark.parametrize(
    "value", ["None", "'dW'", "[[1.0], [2.0, 3.0]]", "dW * np.nan", "dW.tolist()[0]", "object()"]
)
def test_entries_that_are_no_arrays_are_rows(check, value):
    report = check(RIGHT.replace("return dA_prev, dW, db", f"return dA_prev, {value}, db"))

    assert report.status == 1
    assert ("linear_backward", 3, "dW3") in wrong(report)


# Files that cannot be run

NOTHING = (
    "No backward pass could be judged in layers.py. Name the functions yourself with --forward, "
    "--backward and --loss, or see tinygraph check --template."
)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x = = 1\n", "layers.py could not be read: it raised SyntaxError: invalid syntax (layers.py:1)"),
        (
            at_import("import sys\nsys.exit()\n"),
            "layers.py could not be read: it called sys.exit (layers.py:2)",
        ),
        (
            at_import("import os\nos._exit(3)\n"),
            "the import of layers.py ended the process with status 3; put what need not",
        ),
        (
            at_import("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"),
            "the import of layers.py ended the process by SIGKILL",
        ),
    ],
)
def test_files_that_cannot_be_read(check_apart, text, error):
    report = check_apart(text)

    assert report.status == 2
    assert not report.ok
    assert len(report.errors) == 1
    assert error in report.errors[0]
    assert report.summary == report.errors[0]
    assert " ".join(str(report).split()) == " ".join(report.errors[0].split())


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "\nimport os.no\n",
            "layers.py, line 2 was left out, since it raised "
            "ModuleNotFoundError: No module named 'os.no'; 'os' is not a package.",
        ),
        ("\nimport nowhere\n", "nowhere: not found; what needs it cannot run here."),
        (
            "import numpy as np\nx = np.ones(2) @ np.ones(3)\n",
            "layers.py, line 2 was left out, since it raised ValueError: matmul",
        ),
        (
            at_import("input()\n"),
            "layers.py, line 1 was left out, since it raised EOFError: EOF when reading a line.",
        ),
        (
            "@nothing\ndef f():\n    pass\n",
            "layers.py, line 2 was left out, since it raised NameError: name 'nothing' is not defined.",
        ),
        ("x = 1\n", ""),
        ("linear_backward = 3\n", ""),
        ("1 / 0\nraise SystemExit\nprint(input())\nwhile True:\n    pass\n", ""),
        ("", ""),
    ],
)
def test_files_in_which_nothing_can_be_judged(check, text, note):
    report = check(text)

    assert report.status == 2
    assert not report.ok
    assert (report.errors, report.functions, report.diagnoses) == ([], [], [])
    assert report.summary == NOTHING
    assert len(report.notes) == bool(note)
    assert all(said.startswith(note) for said in report.notes)
    assert " ".join(str(report).split()) == " ".join([NOTHING, *report.notes])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            "return 3",
            "linear_backward (layer 3) returned an array of int64; expected the tuple (dA_prev, dW, db)",
        ),
        ("return dZ, dZ", "linear_backward (layer 3) returned a tuple of 2; expected the tuple"),
        ("return {'dW': dZ}", "linear_backward (layer 3) returned a dict; expected the tuple"),
        ("return print()", "linear_backward (layer 3) returned None; expected the tuple"),
        ("return dZ @ dZ", "linear_backward (layer 3) raised ValueError: matmul"),
        ("raise KeyError('W9')", "linear_backward (layer 3) raised KeyError: 'W9' (layers.py:4)"),
        ("raise SystemExit", "linear_backward (layer 3) called sys.exit (layers.py:4)"),
        ("import os; os._exit(1)", "linear_backward (layer 3) ended the process with status 1"),
    ],
)
def test_functions_that_cannot_be_run(request, body, error):
    check = request.getfixturevalue("check_apart" if "_exit" in body else "check")
    report = check(f"import numpy as np\n\ndef linear_backward(dZ, cache):\n    {body}\n")

    assert report.status == 2
    [function] = report.functions
    assert (function.verdict, function.ok, function.line) == ("could not run", False, 3)
    assert function.reason.startswith(error)
    assert " ".join(function.reason.split()) in " ".join(str(report).replace("│", "").split())
    assert re.match("layers.py:3, in linear_backward +could not run\n", str(report))


@pytest.mark.parametrize("name", ["L_model_backward", "update_parameters", "backward"])
@pytest.mark.parametrize(("value", "said"), [("(1, 2)", "a tuple of 2"), ("print()", "None"), ("'x'", "'x'")])
def test_functions_of_all_layers_return_a_dict(check, name, value, said):
    report = check(f"def {name}(*args):\n    return {value}\n")

    assert report.status == 2
    assert [(f.name, f.verdict, f.reason) for f in report.functions] == [
        (name, "could not run", f"{name} returned {said}; expected a dict of arrays by name")
    ]


def test_other_functions_are_still_judged(check):
    report = check(RIGHT.replace("dA = -(np.divide(Y", "dA = missing(np.divide(Y"))

    assert report.status == 1
    assert verdicts(report) == dict(zip(ALL, ["agrees", "agrees", "could not run", "agrees"], strict=True))
    [reason] = [f.reason for f in report.functions if f.reason]
    assert reason == "L_model_backward raised NameError: name 'missing' is not defined (layers.py:27)"
    assert "Traceback" in report.traceback
    assert " ".join(str(report).split("\n")[0].split()) == "layers.py:24, in L_model_backward could not run"
    assert report.summary == f"L_model_backward is wrong. Look first at L_model_backward: {reason}."


@pytest.mark.usefixtures("repairs")
def test_a_statement_that_raises_may_be_what_is_too_much(check):
    report = check(RIGHT.replace("dA = -(np.divide(Y", "raise RuntimeError('todo')\n    dA = -(np.divide(Y"))

    [mistake] = report.diagnoses
    assert report.status == 1
    assert (mistake.function, mistake.line, mistake.after) == ("L_model_backward", 27, "")
    assert "L_model_backward raised RuntimeError: todo (layers.py:27)" in str(report)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            at_import("while True:\n    pass\n"),
            "the import of layers.py was still running after 3 s; put what need not run",
        ),
        (
            functions(RIGHT, "linear_backward")
            + "\n\n\ndef update_parameters(*args):\n    while True:\n        pass\n",
            "update_parameters was still running after 0.6 s",
        ),
    ],
)
def test_endless_loops_end_at_the_time_limit(check_apart, text, error):
    begun = time.monotonic()

    report = check_apart(text, timeout=3, repair=0)

    assert time.monotonic() - begun < 6
    assert error in str(report).replace("\n", " ")
    if "linear" in text:
        assert verdicts(report) == {"linear_backward": "agrees", "update_parameters": "could not run"}
        assert (report.status, report.errors) == (1, [])
    else:
        assert report.status == 2
        assert error in report.errors[0]


def test_processes_that_the_file_started_are_ended(check_apart, tmp_path):
    text = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "child.wait()\n"
    )

    report = check_apart(at_import(text), timeout=1.5)

    assert report.status == 2
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the child still runs")


def test_what_the_file_prints_is_kept_apart(check_apart, capfd):
    report = check_apart(at_import("import os\nprint('hello')\nos.write(1, b'raw')\n") + RIGHT)

    assert report.ok
    assert report.printed == "hello\n"
    assert capfd.readouterr() == ("", "")


def test_what_is_not_defined_is_not_run(check):
    report = check("print('trained')\n" + RIGHT + "\nprint(1 / 0)\nfor i in range(10**12):\n    pass\n")

    assert report.ok
    assert (report.printed, report.notes) == ("", [])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.py", "there is no file"),
        ("notes.txt", "is not a Python file"),
        ("d.py", "is not a Python file"),
    ],
)
def test_what_is_no_python_file_is_refused(tmp_path, name, said):
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "d.py").mkdir()

    with pytest.raises(UserFileError, match=said):
        check_file(tmp_path / name)


# The report

DIAGNOSIS = (
    "name cause message layer formula expected function line also others file column end_column before after "
)
DIAGNOSIS += "verified kind said computed tested right wrong cell"
FUNCTION = "name ok verdict line place reason taken right wrong stop"
REPORT = "version ok summary first_wrong file notes errors convention m printed rows functions diagnoses"


@pytest.mark.usefixtures("repairs")
def test_json_is_for_machines(check):
    report = check(
        RIGHT.replace("A_prev.T) / m", "A_prev.T)")
        + at_import("print('x')")
        + "def own_backward(dout, made):\n    return made.left(dout)\n"
    )

    facts = json.loads(report.to_json(), parse_constant=pytest.fail)

    assert facts.keys() == set(REPORT.split())
    assert facts["version"] == 2
    assert facts["ok"] is False
    assert facts["first_wrong"] == "dW3"
    [diagnosis] = facts["diagnoses"]
    assert diagnosis.keys() == set(DIAGNOSIS.split())
    assert diagnosis["cause"] == "missing-1/m"
    assert diagnosis["formula"] == "dZ3 @ A2.T"
    assert {
        name: diagnosis[name] for name in ("function", "line", "before", "after", "verified", "name")
    } == {
        "function": "linear_backward",
        "line": 7,
        "before": "    dW = np.dot(dZ, A_prev.T)",
        "after": "    dW = np.dot(dZ, A_prev.T) / m",
        "verified": True,
        "name": "dW3",
    }
    assert diagnosis["file"] == facts["file"]
    assert 0 <= diagnosis["column"] < diagnosis["end_column"] <= len(diagnosis["before"])
    assert diagnosis["message"]
    assert facts["functions"][0] == {
        "name": "linear_backward",
        "stop": None,
        "ok": False,
        "verdict": "wrong",
        "line": 4,
        "place": "layers.py:4",
        "reason": "",
        "taken": "",
        "right": ["dA", "db"],
        "wrong": ["dW"],
    }
    own = facts["functions"][-1]
    assert own.keys() == set(FUNCTION.split())
    assert (own["name"], own["verdict"]) == ("own_backward", "not checked")
    assert own["reason"]
    assert facts["rows"][1]["function"] == "linear_backward"
    assert facts["rows"][1]["layer"] == 3
    assert facts["rows"][1]["name"] == "dW3"
    assert facts["printed"] == "x\n"
    assert facts["errors"] == []
    assert facts["file"].endswith("layers.py")


def test_functions_that_cannot_be_judged_are_named_with_a_reason(check):
    report = check(RIGHT + "\n\ndef own_backward(dout, made):\n    return made.left(dout)\n")

    own = report.functions[-1]
    assert (own.name, own.verdict, bool(own.reason)) == ("own_backward", "not checked", True)
    assert (report.ok, report.status) == (True, 0)
    assert f"Not checked: own_backward, since {own.reason}." in " ".join(str(report).split())


def test_helpers_of_functions_that_are_judged_are_checked_with_them(check):
    helper = "\n\ndef weights_grad(dZ, A_prev):\n    return np.dot(dZ, A_prev.T) / A_prev.shape[1]\n"
    text = RIGHT.replace("np.dot(dZ, A_prev.T) / m", "weights_grad(dZ, A_prev)")

    assert list(verdicts(check(text + helper))) == ALL
    assert verdicts(check(RIGHT + helper))["weights_grad"] == "not checked"


def test_a_file_of_which_nothing_can_be_judged_names_what_was_not(check):
    report = check(
        "def own_backward(dout, made):\n    return made.left(dout)\n\n"
        "class Layer:\n    def bprop(self):\n        pass\n"
    )

    assert (report.ok, report.status, report.summary) == (False, 2, NOTHING)
    assert {f.name: (f.verdict, f.reason) for f in report.functions} == {
        "own_backward": ("not checked", "no function goes forward for it"),
        "Layer.bprop": ("not checked", "nothing is in it"),
    }
    report = check("def own_backward(dout, made):\n    return made.left(dout)\n")
    assert (report.status, verdicts(report)) == (2, {"own_backward": "not checked"})
    assert " ".join(str(report).split()) == (
        f"{NOTHING} Not checked: own_backward, since no function goes forward for it."
    )


def test_an_update_of_another_network_is_not_checked(check):
    other = (
        RIGHT
        + "\n\ndef update_parameters(parameters, grads, lr):\n    parameters['Wxh'] -= lr * grads['dWxh']\n"
    )
    typo = other.replace("'Wxh'", "'w1'")

    assert verdicts(check(other))["update_parameters"] == "not checked"
    assert check(other).ok
    assert verdicts(check(typo))["update_parameters"] == "could not run"


@pytest.mark.usefixtures("repairs")
def test_a_right_file_is_told_in_three_lines_and_a_wrong_one_in_blocks(check):
    right, wrong = check(RIGHT), check(RIGHT.replace("A_prev.T) / m", "A_prev.T)"))

    assert len(str(right).splitlines()) <= 3
    lines = str(wrong).splitlines()
    assert max(map(len, lines)) <= 120
    assert " ".join(lines[0].split()) == "layers.py, line 7, in linear_backward dA, db right; dW wrong"
    assert any(line.endswith(" 7 │     dW = np.dot(dZ, A_prev.T)") for line in lines)
    assert any(line.startswith(" help │     dW = np.dot(dZ, A_prev.T) / m") for line in lines)
    assert "1 mistake." in lines


def test_tables_are_one_for_each_function_within_80_columns(check):
    report = check(RIGHT.replace("keepdims=True", "keepdims=False"), repair=0)

    text = text_of(Group(*report.tables()))

    assert max(map(len, text.splitlines())) <= 80
    for name in ALL:
        assert f"{name} (layers.py:" in text
    assert text.count("relative") == 4


def test_nothing_judged_says_so(check):
    report = check("x = 1\n")

    assert report.summary == NOTHING
    assert repr(report) == f"<FileReport: {NOTHING}>"
    assert str(report).replace("\n", " ") == NOTHING


# How much is told
