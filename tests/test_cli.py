"""The command: its statuses, what it prints where, and one sentence for whatever goes wrong."""

import io
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.debugger.here import run_here
from tests.debugger.homework import BACKWARD, RIGHT, at_import
from tinygraph import cli, demo
from tinygraph.checks import Report, Row
from tinygraph.cli import main
from tinygraph.debugger import grading, runner, sandbox

WRONG = RIGHT.replace("A_prev.T) / m", "A_prev.T)")
NETWORK = """\
import numpy as np
import tinygraph as tg

X, Y = np.ones((2, 3)), np.ones((1, 3))


def network():
    W1, b1 = tg.parameter([[0.5, -0.5]], name="W1"), tg.parameter([[0.1]], name="b1")
    return tg.binary_cross_entropy(tg.sigmoid(W1 @ X + b1), Y)


J = network()
number = 3


def broken():
    return J + undefined


def leaves():
    raise SystemExit(1)


def asks(x):
    return J
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A function that writes a file into the current folder and gives its name."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="layers.py"):
        Path(name).write_text(text)
        return name

    yield write
    for module in ("layers", "net"):
        sys.modules.pop(module, None)


REPORTS = {}


@pytest.fixture(autouse=True)
def checks_are_made_once(monkeypatch):
    """And in this process: what is printed of a report in one form or another does not change it."""
    monkeypatch.setattr(runner, "run_file", run_here)
    check_anew = runner.check_file

    def check_once(file, **options):
        text = Path(file).read_bytes() if Path(file).is_file() else None
        key = Path(file).name, text, repr(options), repr(sandbox.confinement())
        if key not in REPORTS:
            REPORTS[key] = check_anew(file, **options)
        return REPORTS[key]

    monkeypatch.setattr(runner, "check_file", check_once)


def one_sentence(text):
    """Whether a text is one line without a traceback."""
    return text.count("\n") == 1 and text.startswith("tinygraph") and "Traceback" not in text


# check


FAILING = RIGHT.replace("    grads = {}", "    grads = nothing(AL)")


@pytest.mark.parametrize("options", [[], ["--json"], ["--format", "gradescope"], ["--verbose"]], ids=" ".join)
@pytest.mark.parametrize(
    ("text", "status"),
    [(RIGHT, 0), (WRONG, 1), (FAILING, 1), ("x = 1\n", 2), ("import nowhere\n", 2), ("x = = 1\n", 2)],
    ids=["right", "wrong", "one fails", "nothing", "nothing for a module", "no Python"],
)
def test_check_exits_with_the_verdict_and_says_it_on_one_stream(file, capsys, text, status, options):
    assert status == main(["check", file(text), *options])

    out, err = capsys.readouterr()
    assert ("linear_backward" in out) == (status < 2)
    assert out.strip()
    assert err == ""


def test_check_prints_a_block_for_a_mistake_and_tables_if_asked(file, capsys):
    main(["check", file(WRONG)])
    block = capsys.readouterr().out
    main(["check", file(WRONG), "--verbose"])
    out = capsys.readouterr().out

    assert block.startswith("layers.py, line 7, in linear_backward ")
    assert "     dW = np.dot(dZ, A_prev.T)\n" in block
    assert "help │     dW = np.dot(dZ, A_prev.T) / m   tested: with it everything agrees" in block
    assert "1 mistake." in block
    assert "difference" not in block
    assert out.startswith("linear_backward (layers.py:4)\n")
    assert out.count("difference") == 8
    assert out.endswith(block)
    tables = out.removesuffix(block)
    assert max(map(len, tables.splitlines())) <= 80
    assert max(map(len, block.splitlines())) <= 100


def test_check_says_with_the_verdict_what_could_not_be_run(file, capsys):
    status = main(["check", file(FAILING)])

    out, err = capsys.readouterr()
    assert (status, err) == (1, "")
    assert " ".join(out.split("\n")[0].split()) == "layers.py:24, in L_model_backward could not run"
    said = " ".join(out.replace("│", "").split())
    assert "L_model_backward raised NameError: name 'nothing' is not defined (layers.py:25)" in said
    assert "linear_backward, linear_activation_backward, update_parameters." in said
    assert "3 functions agree" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "missing.py"], "there is no file missing.py; give the .py or .ipynb file"),
        (["check", "notes.txt"], "notes.txt is not a Python file"),
        (["check", "layers.py", "--sizes", "5,x,1"], "'5,x,1' is not a list of sizes like 5,4,3,1"),
        (["check", "layers.py", "--sizes", "5"], "expected those of two layers or more"),
        (["check", "layers.py", "--timeout", "0"], "'0' is not a positive number"),
        (["check", "layers.py", "--timeout", "soon"], "'soon' is not a positive number"),
        (["check", "layers.py", "--memory", "all"], "'all' is not a positive number"),
        (["check", "layers.py", "--activations", "relu,gelu"], "the activations are relu, gelu; expected"),
        (["check", "layers.py", "--convention", "mine"], "invalid choice: 'mine'"),
        (["check"], "give one file to check, or a folder of them with --many DIR"),
        (["dance"], "invalid choice: 'dance'"),
        ([], "the following arguments are required: COMMAND"),
        (["draw", "net.py:network"], "required: -o/--out"),
    ],
)
def test_bad_arguments_get_one_sentence(file, capsys, arguments, said):
    file(RIGHT)
    file("", "notes.txt")

    assert main(arguments) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert one_sentence(err)
    assert said in err


def test_check_options_reach_the_check(file, capsys):
    name = file(BACKWARD)

    assert (
        main(
            [
                "check",
                name,
                "--sizes",
                "6,4,1",
                "--seed",
                "3",
                "--timeout",
                "19",
                "--convention",
                "true",
                "--verbose",
            ]
        )
        == 0
    )

    out = capsys.readouterr().out
    assert "(4, 6)" in out
    assert "dW3" not in out


def test_check_json_is_nothing_but_json(file, capsys):
    assert main(["check", file(at_import("print('noise')\n") + WRONG), "--json"]) == 1

    out, err = capsys.readouterr()
    facts = json.loads(out)
    assert err == ""
    assert facts["version"] == 2
    assert facts["ok"] is False
    assert facts["first_wrong"] == "dW3"
    assert facts["printed"] == "noise\n"
    assert facts["functions"][0]["name"] == "linear_backward"
    function, diagnosis = facts["functions"][0], facts["diagnoses"][0]
    assert function.keys() >= {"name", "verdict", "line", "reason"}
    assert diagnosis.keys() >= {
        "function",
        "file",
        "line",
        "column",
        "end_column",
        "before",
        "after",
        "verified",
    }
    assert diagnosis.keys() >= {"name", "cause", "message"}


def test_check_json_of_what_could_not_be_run(file, capsys):
    assert main(["check", file("import nowhere\n"), "--json"]) == 2

    facts = json.loads(capsys.readouterr().out)
    assert facts["ok"] is False
    assert facts["summary"].startswith("No backward pass could be judged in layers.py. Name the functions")
    assert (facts["errors"], facts["functions"], facts["diagnoses"]) == ([], [], [])
    assert facts["notes"] == ["nowhere: not found; what needs it cannot run here."]


def test_debug_shows_traceback_and_prints_of_the_file(file, capsys):
    assert main(["check", file(at_import("print('to see')\n") + FAILING), "--debug"]) == 1

    err = capsys.readouterr().err
    assert err.startswith("to see\nTraceback")
    assert "NameError" in err


def test_hints_tell_more_and_more(file, capsys):
    """Which function, which derivative, which line, what was computed, the fix; the exit status is one."""
    told = []
    for hint in "12345":
        assert main(["check", file(WRONG), "--hint", hint]) == 1
        out, err = capsys.readouterr()
        assert err == ""
        told.append(out)

    line, fix, why = "line 7", "A_prev.T) / m", "the mean over the m examples"
    assert "in linear_backward: something is wrong here" in told[0]
    assert [line in text for text in told] == [False, False, True, True, True]
    assert ["dW wrong" in text for text in told] == [False, True, True, True, True]
    assert ["dZ3 @ A2.T" in text for text in told] == [False, False, False, True, False]
    assert [fix in text for text in told] == [False, False, False, False, True]
    assert [why in text for text in told] == [False, False, False, False, True]
    assert all("dZ3 @ A2.T / m" not in text and "help" not in text for text in told[:4])
    assert all("1 mistake." in text for text in told)
    main(["check", file(WRONG)])
    assert capsys.readouterr().out == told[4]


def test_the_template_is_a_file_that_is_right(file, capsys):
    assert main(["check", "--template"]) == 0
    text, err = capsys.readouterr()
    assert err == ""

    assert main(["check", file(text)]) == 0
    assert main(["check", file(text), "--forward", "layer_forward", "--backward", "layer_backward"]) == 0
    assert main(["check", file(text.replace("x.T @ dout", "dout.T @ x"))]) == 1
    assert "layer_backward" in capsys.readouterr().out


def test_names_are_of_functions_that_do_not_say_it_themselves(file, capsys):
    text = "def there(x, w):\n    return x @ w\n\ndef again(dout, x, w):\n    return dout @ w.T, x.T @ dout\n"

    assert main(["check", file(text)]) == 2
    assert main(["check", file(text), "--forward", "there", "--backward", "again"]) == 0
    assert (
        main(["check", file(text.replace("x.T @", "2 * x.T @")), "--forward", "there", "--backward", "again"])
        == 1
    )


# For those who grade


def format_of(file, capsys, name, text, *options):
    """The output in a format, which is all that is printed."""
    status = main(["check", file(text), "--format", name, *options])
    out, err = capsys.readouterr()
    assert err == ""
    return status, out


def test_gradescope_takes_the_report(file, capsys):
    """As https://gradescope-autograders.readthedocs.io/en/latest/specs/ has it."""
    status, out = format_of(file, capsys, "gradescope", WRONG)
    facts = json.loads(out)

    assert status == 1
    assert facts.keys() == {"tests", "output"}
    assert facts["output"].startswith("linear_backward is wrong.")
    scores = {t["name"]: (t["score"], t["max_score"], t["status"]) for t in facts["tests"]}
    assert scores == {
        "linear_backward": (0, 1, "failed"),
        "linear_activation_backward": (1, 1, "passed"),
        "L_model_backward": (1, 1, "passed"),
        "update_parameters": (1, 1, "passed"),
    }
    assert "help │" in facts["tests"][0]["output"]
    assert all(t.keys() == {"name", "score", "max_score", "status", "output"} for t in facts["tests"])
    status, out = format_of(file, capsys, "gradescope", "x = 1\n")
    assert (status, json.loads(out)["score"], json.loads(out)["tests"]) == (2, 0, [])


def test_prairielearn_takes_the_report(file, capsys):
    """As https://prairielearn.readthedocs.io/en/latest/externalGrading/ has it."""
    status, out = format_of(file, capsys, "prairielearn", WRONG)
    facts = json.loads(out)

    assert status == 1
    assert facts.keys() == {"gradable", "score", "message", "tests"}
    assert (facts["gradable"], facts["score"]) == (True, 0.75)
    assert [(t["name"], t["points"], t["max_points"]) for t in facts["tests"]][:2] == [
        ("linear_backward", 0, 1),
        ("linear_activation_backward", 1, 1),
    ]
    assert [t["message"] for t in facts["tests"]] == ["wrong", "passes on", "passes on", "agrees"]
    status, out = format_of(file, capsys, "prairielearn", "x = 1\n")
    assert (status, json.loads(out)["gradable"], json.loads(out)["score"]) == (2, False, 0)


HARMFUL = (
    RIGHT + "\ndef update_parameters(*_):\n    raise ValueError('<&>\x1b]]>\"%::' + chr(7) + chr(0xd800))\n"
)


@pytest.mark.parametrize("text", [RIGHT, WRONG, FAILING, HARMFUL, "x = 1\n"])
def test_junit_takes_the_report(file, capsys, text):
    status, out = format_of(file, capsys, "junit", text)
    suite = ElementTree.fromstring(out)
    cases = suite.findall("testcase")
    failures = {case.get("name"): case.find("failure") for case in cases if len(case)}

    assert suite.tag == "testsuite"
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (
        str(len(cases)),
        str(len(failures)),
        "0",
    )
    assert bool(failures) == (status == 1)
    assert len(cases) == (0 if status == 2 else 4)
    assert all(case.get("classname").endswith("layers.py") for case in cases)
    assert all(failure.get("message") and failure.text for failure in failures.values())
    named = {WRONG: "linear_backward", FAILING: "L_model_backward", HARMFUL: "update_parameters"}
    assert list(failures) == ([named[text]] if text in named else [])


COMMAND = re.compile(r"::(error|notice) ([^:]*)::(.*)")


@pytest.mark.parametrize("text", [RIGHT, WRONG, FAILING, HARMFUL, "x = 1\n"])
def test_github_takes_the_report(file, capsys, text):
    """As its workflow commands are written: properties, then the message, each on one line, and escaped."""
    status, out = format_of(file, capsys, "github", text)
    [command] = out.splitlines()
    kind, properties, message = COMMAND.fullmatch(command).groups()
    told = dict(part.split("=", 1) for part in properties.split(","))

    assert kind == ("error" if status == 1 else "notice")
    assert told["file"].endswith("layers.py")
    assert re.sub(r"%(25|0A|0D|3A|2C)", "", properties + message).count("%") == 0
    if text == WRONG:
        line = WRONG.splitlines()[6]
        assert (told["line"], told["title"]) == ("7", "linear_backward%3A dW wrong")
        column, end = int(told["col"]), int(told["endColumn"])
        assert 1 <= column <= end <= len(line)
        assert line[column - 1 : end] in "dW = np.dot(dZ, A_prev.T)"
        assert "%0A help │" in message
    elif text == FAILING:
        assert (told["line"], told["title"]) == ("24", "L_model_backward could not run")
        assert "NameError" in message


@pytest.mark.parametrize("name", ["gradescope", "prairielearn", "junit", "github"])
def test_formats_hold_no_more_than_the_hint(file, capsys, name):
    told = [format_of(file, capsys, name, WRONG, "--hint", hint)[1] for hint in "12345"]

    assert ["A_prev.T) / m" in text for text in told] == [False] * 4 + [True]
    assert ["the mean over the m" in text for text in told] == [False] * 4 + [True]
    assert ["np.dot(dZ, A_prev.T)" in text for text in told] == [False] * 2 + [True] * 3
    assert all("linear_backward" in text for text in told)


# draw


@pytest.mark.parametrize("name", ["network", "J"])
@pytest.mark.parametrize("out", ["net.svg", "net.dot"])
def test_draw_takes_a_function_or_a_tensor(file, capsys, name, out):
    assert main(["draw", f"{file(NETWORK, 'net.py')}:{name}", "-o", out]) == 0

    assert capsys.readouterr() == (f"{out}\n", "")
    assert "W1" in Path(out).read_text()


@pytest.mark.parametrize("plain", [[], ["--plain"]])
def test_code_is_all_that_is_printed_and_what_the_file_prints_is_told_apart(file, capsys, plain):
    text = NETWORK.replace("def network():\n", "def network():\n    print('called')\n") + "print('trained')\n"

    assert main(["code", f"{file(text, 'net.py')}:network", *plain]) == 0

    code, told = capsys.readouterr()
    assert compile(code, "step.py", "exec")
    assert told == "called\ntrained\ncalled\n"


def test_draw_takes_a_view(file):
    source = f"{file(NETWORK, 'net.py')}:network"

    for view in ("layers", "ops"):
        assert main(["draw", source, "-o", f"{view}.dot", "--view", view]) == 0

    assert Path("layers.dot").read_text() != Path("ops.dot").read_text()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("net.py", "net.py is not of the form FILE.py:NAME"),
        ("net.py:", "net.py: is not of the form FILE.py:NAME"),
        ("none.py:network", "there is no file none.py"),
        ("net.txt:network", "there is no file net.txt"),
        ("net.py:nothing", "net.py has no nothing; it has np, tg, X, Y, network, J, number"),
        ("net.py:number", "net.py:number gives a int; expected a Tensor, such as the cost J"),
        ("net.py:broken", "net.py:17: broken() raised NameError: name 'undefined' is not defined"),
        ("net.py:leaves", "net.py:21: leaves() raised SystemExit: 1"),
        ("net.py:asks", "net.py: asks() raised TypeError"),
        ("bad.py:network", "bad.py:1: its import raised SyntaxError"),
    ],
)
def test_draw_says_in_one_sentence_what_it_cannot_draw(file, capsys, source, said):
    file(NETWORK, "net.py")
    file("def (:\n", "bad.py")

    assert main(["draw", source, "-o", "net.svg"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert one_sentence(err)
    assert said in err
    assert not Path("net.svg").exists()


@pytest.mark.parametrize(
    ("options", "said"), [(["-o", "net.xyz"], ".xyz"), (["-o", "net.svg", "--view", "odd"], "odd")]
)
def test_draw_refuses_unknown_suffixes_and_views(file, capsys, options, said):
    assert main(["draw", f"{file(NETWORK, 'net.py')}:network", *options]) == 2

    err = capsys.readouterr().err
    assert one_sentence(err)
    assert said in err


def test_draw_leaves_the_search_path_as_it_was(file):
    before = list(sys.path)

    main(["draw", f"{file(NETWORK, 'net.py')}:network", "-o", "net.dot"])

    assert before == sys.path


# demo


@pytest.mark.parametrize(("ok", "status"), [(True, 0), (False, 1)])
def test_demo_passes_its_options_on(monkeypatch, ok, status):
    seen = {}

    def run(**options):
        seen.update(options)
        return Report([Row("dW1", ok, "")])

    monkeypatch.setattr(demo, "run", run)

    assert status == main(["demo", "--seed", "3", "-o", "there", "--steps", "5", "--resume"])
    assert seen == {"seed": 3, "out": Path("there"), "steps": 5, "resume": True}


# All commands


def test_version_is_the_installed_one(monkeypatch, capsys):
    monkeypatch.setattr(metadata, "version", {"tinygraph": "4.5.6"}.get)

    assert main(["--version"]) == 0

    assert capsys.readouterr().out == "tinygraph 4.5.6\n"


def test_version_without_an_installation(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", missing)

    assert cli.installed_version() == "(not installed)"


@pytest.mark.parametrize("command", [[], ["check"], ["draw"], ["demo"]])
def test_help_is_there_and_fits_into_a_terminal(capsys, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*command, "--help"]) == 0

    said = capsys.readouterr().out
    assert "usage: tinygraph" in said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize("option", ["--forward", "--backward", "--loss"])
def test_a_function_that_is_not_there_is_an_error(file, capsys, option):
    assert main(["check", file(RIGHT), option, "linear_bakward"]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(
        "tinygraph: layers.py has no function linear_bakward; it has linear_backward, "
    )
    assert "update_parameters" in said.err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("a word\nand another"), "tinygraph: a word and another (--debug shows where)\n"),
        (
            KeyError("key"),
            "tinygraph: a fault of tinygraph, not of your program: the command failed with KeyError: 'key'",
        ),
        (
            PermissionError(13, "Permission denied", "there"),
            "tinygraph: [Errno 13] Permission denied: 'there' (--debug",
        ),
        (ImportError("no sklearn"), "tinygraph: no sklearn"),
    ],
)
def test_errors_are_one_sentence_and_with_debug_a_traceback(monkeypatch, capsys, error, said):
    def run(**options):
        raise error

    monkeypatch.setattr(demo, "run", run)

    assert main(["demo"]) == 2
    err = capsys.readouterr().err
    assert one_sentence(err)
    assert err.startswith(said)
    for arguments in (["demo", "--debug"], ["--debug", "demo"]):
        assert main(arguments) == 2
        assert "Traceback" in capsys.readouterr().err


def test_interruption_is_silent(monkeypatch, capsys):
    def run(**options):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", run)

    assert main(["demo"]) == 130
    assert capsys.readouterr() == ("", "")


# As a process


@pytest.mark.parametrize(
    ("text", "status"), [(RIGHT, 0), (WRONG, 1), ("import nowhere\n", 2)], ids=["0", "1", "2"]
)
def test_command_exits_with_the_status(file, text, status):
    command = [sys.executable, "-c", "import sys; from tinygraph.cli import main; sys.exit(main())", "check"]

    run = subprocess.run(
        [*command, file(text)],
        capture_output=True,
        text=True,
        check=False,
        env=here(),
        stdin=subprocess.DEVNULL,
    )

    assert status == run.returncode
    assert "Traceback" not in run.stdout + run.stderr
    assert bool(run.stdout)
    assert run.stderr == ""


def here():
    """The environment in which this tree is imported."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}


# What terminals do not have, and what they would obey

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\ud800\r"
ESCAPING = {
    "message": RIGHT + f"\ndef update_parameters(*_):\n    raise ValueError({HOSTILE!r})\n",
    "message of the import": at_import(f"raise ValueError({HOSTILE!r})\n"),
    "type": at_import(f"raise type({'E' + HOSTILE[:-3]!r}, (Exception,), {{}})\n"),
    "name of a module": at_import(f"__import__({HOSTILE!r})\n"),
    "names of results": RIGHT.replace("return parameters", f"return {{{HOSTILE!r}: 1, **parameters}}"),
    "results": RIGHT.replace("return parameters", f"return {HOSTILE!r}"),
    "prints": at_import(f"import sys\nprint({HOSTILE!r}, file=sys.stderr)\n") + WRONG,
    "place": RIGHT + at_import(f"exec(compile('def update_parameters(*_): 1 / 0', {HOSTILE!r}, 'exec'))\n"),
    "origin": RIGHT + f"\nupdate_parameters = max\nclass N(dict):\n    __module__ = {HOSTILE!r}\n"
    "    __call__ = max\nupdate_parameters = N()\n",
}


@pytest.mark.parametrize("options", [[], ["--debug"], ["--json"]], ids=" ".join)
@pytest.mark.parametrize("text", ESCAPING.values(), ids=ESCAPING)
def test_nothing_in_a_file_is_obeyed_by_a_terminal(file, capsys, text, options):
    main(["check", file(text), *options])

    said = "".join(capsys.readouterr())
    assert [c for c in said if not c.isprintable() and c != "\n"] == []


@pytest.mark.parametrize("command", ["check", "draw", "code"])
def test_names_that_a_terminal_would_obey_are_made_readable(capsys, command):
    options = {"check": [], "draw": ["-o", "x.svg"], "code": []}[command]
    assert main([command, f"{HOSTILE}.py:J", *options]) == 2

    assert capsys.readouterr().err.removesuffix("\n").isprintable()


WRITTEN = ("check", "wrong", "many", "code", "gone", "demo")


def command_for(what, file):
    """The arguments of a command that writes letters of all kinds, and its status; its file is written."""
    said = WRONG + "\ndef update_parameters(*_):\n    raise ValueError('\u2202\U0001f600')\n"
    graph = "import tinygraph as tg\nθ = tg.parameter([1.0, 2.0])\nJ = (θ * θ).sum()\n"
    text, arguments, status = {
        "check": (said, ["check", "layers.py"], 1),
        "wrong": (WRONG, ["check", "layers.py"], 1),
        "many": (said, ["check", "--many", "."], 0),
        "code": (graph, ["code", "layers.py:J", "--plain"], 0),
        "gone": ("", ["check", "\u2202.py"], 2),
        "demo": ("", ["demo", "--steps", "100"], 0),
    }[what]
    file(text)
    return arguments, status


@pytest.mark.parametrize("what", WRITTEN)
def test_letters_that_a_terminal_does_not_have_stop_nothing(file, tmp_path, what):
    arguments, status = command_for(what, file)
    start = [sys.executable, "-c", "import sys; from tinygraph.cli import main; sys.exit(main())"]
    environment = here() | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C.UTF-8"}
    run = subprocess.run([*start, *arguments], capture_output=True, env=environment, cwd=tmp_path)

    said = (run.stdout + run.stderr).decode("ascii")
    assert "UnicodeEncodeError" not in said
    assert (run.returncode, bool(said)) == (status, True)


GRADE_ANEW, GRADES = grading.grade_folder, []


def grade_once(folder, **options):
    """Rows for a folder; every folder of these tests holds the same."""
    GRADES[:] = GRADES or GRADE_ANEW(folder, **options)
    return GRADES


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "latin-1"])
@pytest.mark.parametrize("what", WRITTEN)
def test_nor_do_those_that_another_terminal_does_not_have(file, monkeypatch, encoding, what):
    arguments, status = command_for(what, file)
    monkeypatch.setattr(grading, "grade_folder", grade_once)
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, stream)

    assert main(arguments) == status
    stream.flush()
    said = written.getvalue().decode(encoding)
    assert said
    assert "UnicodeEncodeError" not in said


def test_a_sandbox_is_asked_for_and_there_is_none(file, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert main(["check", file(RIGHT), "--sandbox"]) == 2
    assert main(["check", "--many", str(Path(file(RIGHT)).parent), "--sandbox"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("tinygraph: --sandbox is not possible here (bubblewrap: there is no bwrap; ") == 2


def test_a_sandbox_is_passed_on_and_told(file, capsys, monkeypatch):
    found, used = sandbox.Sandbox("some", "/bin/some", lambda program, command, folder: command), []
    monkeypatch.setattr(sandbox, "find_sandbox", lambda: found)
    monkeypatch.setattr(grading, "grade_folder", lambda *_, **options: used.append(options["sandbox"]) or [])
    whole = runner.check_file
    monkeypatch.setattr(
        runner, "check_file", lambda *a, **o: used.append(sandbox.confinement()) or whole(*a, **o)
    )

    assert main(["check", file(RIGHT), "--sandbox"]) == 0
    assert "Run in a sandbox (some)" in capsys.readouterr().out
    assert main(["check", "--many", "here", "--sandbox"]) == 0
    assert "Run in a sandbox (some)" in capsys.readouterr().err
    assert used == [found, found]
    assert main(["check", file(RIGHT)]) == 0
    assert used[2:] == [None]
