"""check_file: right files agree, wrong ones are located, broken ones become a sentence."""

import json
import os
import time

import pytest

from tests.debugger.homework import BACKWARD, RIGHT, TRUE, functions
from tinygraph.debugger.runner import check_file
from tinygraph.errors import UserFileError

ALL = ["linear_backward", "linear_activation_backward", "L_model_backward", "update_parameters"]


@pytest.fixture
def check(tmp_path):
    """A function that checks a text as a file."""

    def check_text(text, **options):
        file = tmp_path / "layers.py"
        file.write_text(text)
        return check_file(file, **options)

    return check_text


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
    assert report.summary == (
        "linear_backward, linear_activation_backward, L_model_backward, update_parameters agree with the "
        "engine (dA and dZ are m = 7 times the true derivatives)."
    )


def test_true_derivatives_are_seen_and_expected_throughout(check):
    report = check(TRUE)

    assert report.convention == "true"
    assert report.summary.endswith("agree with the engine (dA and dZ are the true derivatives).")
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


def test_main_block_is_not_run_and_nothing_is_left_behind(check, tmp_path):
    (tmp_path / "beside.py").write_text("")

    report = check(
        "import beside\n" + RIGHT + "\n\nif __name__ == '__main__':\n    raise SystemExit('trained')\n"
    )

    assert report.ok
    assert sorted(os.listdir(tmp_path)) == ["beside.py", "layers.py"]


# Wrong versions

MISTAKES = {
    "missing 1/m": ("A_prev.T) / m", "A_prev.T)", ("linear_backward", 3, "dW3")),
    "axis": ("np.sum(dZ, axis=1", "np.sum(dZ, axis=0", ("linear_backward", 3, "db3")),
    "keepdims": ("keepdims=True", "keepdims=False", ("linear_backward", 3, "db3")),
    "transposed": ("np.dot(dZ, A_prev.T)", "np.dot(dZ, A_prev.T).T", ("linear_backward", 3, "dW3")),
    "sign": ("dZ = dA * s", "dZ = -dA * s", ("linear_activation_backward", 3, "dA2")),
    "relu of A": ("dZ[Z <= 0] = 0", "dZ[dZ <= 0] = 0", ("linear_activation_backward", 2, "dA1")),
    "bracket": ("np.divide(Y, AL) -", "np.divide(Y, AL) +", ("L_model_backward", None, "dW3")),
    "update": ("- learning_rate", "+ learning_rate", ("update_parameters", None, "W1")),
}


@pytest.mark.parametrize(("old", "new", "first"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_located(check, old, new, first):
    assert old in RIGHT

    report = check(RIGHT.replace(old, new))

    assert report.status == 1
    assert report.errors == []
    step, row = next((step, row) for step, row in report.judged_rows if not row.ok)
    assert (step.function, step.layer, row.name) == first
    assert report.first_wrong == first[2]
    before = ALL[: ALL.index(first[0])]
    assert all(verdicts(report)[name] == "agrees" for name in before)


def test_right_step_below_a_wrong_one_is_right(check):
    report = check(RIGHT.replace("dZ = dA * s * (1 - s)", "dZ = dA * s"))

    assert verdicts(report)["linear_backward"] == "agrees"
    assert {layer for f, layer, _ in wrong(report) if f == "linear_activation_backward"} == {3}
    assert "Look first at dZ3 in linear_activation_backward (layers.py:13)." in report.summary


def test_one_wrong_name_of_backward_alone(check):
    report = check(BACKWARD.replace('grads["db%d" % l] = dZ', 'grads["db%d" % l] = 2 * dZ'))

    assert {name for _, _, name in wrong(report)} == {"db3", "db2", "db1"}
    assert report.status == 1


def test_names_that_are_missing_are_wrong(check):
    report = check(BACKWARD.replace("dW%d", "dw%d"))

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


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x = = 1\n", "layers.py could not be imported: it raised SyntaxError: invalid syntax (layers.py:1)"),
        (
            "\nimport os.no\n",
            "it raised ModuleNotFoundError: No module named 'os.no'; 'os' is not a package (layers.py:2)",
        ),
        ("\nimport nowhere\n", "layers.py defines none of linear_forward, linear_activation_forward"),
        ("import sys\nsys.exit()\n", "layers.py could not be imported: it called sys.exit (layers.py:2)"),
        ("x = 1\n", "layers.py defines none of linear_forward, linear_activation_forward"),
        ("linear_backward = 3\n", "layers.py defines none of"),
        (
            "import os\nos._exit(3)\n",
            "the import of layers.py ended the process with status 3; put what need not",
        ),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
            "the import of layers.py ended the process by SIGKILL",
        ),
        ("input()\n", "it raised EOFError: EOF when reading a line (layers.py:1)"),
    ],
)
def test_files_that_cannot_be_imported(check, text, error):
    report = check(text)

    assert report.status == 2
    assert not report.ok
    assert len(report.errors) == 1
    assert error in report.errors[0]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            "return 3",
            "linear_backward (layer 3) returned an array of int64; expected the tuple (dA_prev, dW, db)",
        ),
        ("return dZ, dZ", "linear_backward (layer 3) returned a tuple of 2; expected the tuple"),
        ("return {'dW': dZ}", "linear_backward (layer 3) returned a dict; expected the tuple"),
        ("pass", "linear_backward (layer 3) returned None; expected the tuple"),
        ("return dZ @ dZ", "linear_backward (layer 3) raised ValueError: matmul"),
        ("raise KeyError('W9')", "linear_backward (layer 3) raised KeyError: 'W9' (layers.py:4)"),
        ("raise SystemExit", "linear_backward (layer 3) called sys.exit (layers.py:4)"),
        ("import os; os._exit(1)", "linear_backward (layer 3) ended the process with status 1"),
    ],
)
def test_functions_that_cannot_be_run(check, body, error):
    report = check(f"import numpy as np\n\ndef linear_backward(dZ, cache):\n    {body}\n")

    assert report.status == 2
    assert len(report.errors) == 1
    assert error in report.errors[0]
    assert set(verdicts(report).values()) == {"could not be run"}


@pytest.mark.parametrize("name", ["L_model_backward", "update_parameters", "backward"])
@pytest.mark.parametrize(("value", "said"), [("(1, 2)", "a tuple of 2"), ("None", "None"), ("'x'", "'x'")])
def test_functions_of_all_layers_return_a_dict(check, name, value, said):
    report = check(f"def {name}(*args):\n    return {value}\n")

    assert report.status == 2
    assert report.errors == [f"{name} returned {said}; expected a dict of arrays by name"]


def test_other_functions_are_still_judged(check):
    report = check(RIGHT.replace("dA = -(np.divide(Y", "raise RuntimeError('todo')\n    dA = -(np.divide(Y"))

    assert report.status == 2
    assert verdicts(report) == dict(zip(ALL, ["agrees", "agrees", "could not be run", "agrees"], strict=True))
    assert report.errors == ["L_model_backward raised RuntimeError: todo (layers.py:27)"]
    assert "Traceback" in report.traceback
    assert str(report).endswith(report.errors[0])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "while True:\n    pass\n",
            "the import of layers.py was still running after 3 s; put what need not run",
        ),
        (
            functions(RIGHT, "linear_backward")
            + "\n\n\ndef update_parameters(*args):\n    while True:\n        pass\n",
            "update_parameters was still running after 0.6 s",
        ),
    ],
)
def test_endless_loops_end_at_the_time_limit(check, text, error):
    begun = time.monotonic()

    report = check(text, timeout=3)

    assert time.monotonic() - begun < 6
    assert report.status == 2
    assert error in report.errors[0]
    if "linear" in text:
        assert verdicts(report) == {"linear_backward": "agrees", "update_parameters": "could not be run"}


def test_processes_that_the_file_started_are_ended(check, tmp_path):
    text = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "child.wait()\n"
    )

    report = check(text, timeout=1.5)

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


def test_what_the_file_prints_is_kept_apart(check, capfd):
    report = check("import os\nprint('hello')\nos.write(1, b'raw')\n" + RIGHT)

    assert report.ok
    assert report.printed == "hello\n"
    assert capfd.readouterr() == ("", "")


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


def test_json_is_for_machines(check):
    report = check(RIGHT.replace("A_prev.T) / m", "A_prev.T)") + "\nprint('x')\n")

    facts = json.loads(report.to_json(), parse_constant=pytest.fail)

    assert facts["ok"] is False
    assert facts["first_wrong"] == "dW3"
    assert [d["cause"] for d in facts["diagnoses"]] == ["missing-1/m"]
    assert facts["diagnoses"][0]["formula"] == "dZ3 @ A2.T"
    assert facts["functions"][0] == {
        "name": "linear_backward",
        "ok": False,
        "verdict": "wrong",
        "line": 4,
        "place": "layers.py:4",
    }
    assert facts["rows"][1]["function"] == "linear_backward"
    assert facts["rows"][1]["layer"] == 3
    assert facts["rows"][1]["name"] == "dW3"
    assert facts["printed"] == "x\n"
    assert facts["errors"] == []
    assert facts["file"].endswith("layers.py")


def test_text_has_a_table_per_function_within_80_columns(check):
    text = str(check(RIGHT.replace("keepdims=True", "keepdims=False")))

    assert max(map(len, text.splitlines())) <= 80
    for name in ALL:
        assert f"{name} (layers.py:" in text
    assert text.count("relative") == 4


def test_nothing_compared_says_so(check):
    report = check("x = 1\n")

    assert report.summary == "Nothing was compared."
    assert repr(report) == "<FileReport: Nothing was compared.>"
    assert str(report) == report.errors[0].replace(
        ", update_parameters", ",\nupdate_parameters"
    ) or report.errors[0][:40] in str(report)
