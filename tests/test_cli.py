"""The command: its statuses, what it prints where, and one sentence for whatever goes wrong."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.debugger.homework import BACKWARD, RIGHT, at_import
from tinygraph import cli, demo
from tinygraph.checks import Report, Row
from tinygraph.cli import main

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


def one_sentence(text):
    """Whether a text is one line without a traceback."""
    return text.count("\n") == 1 and text.startswith("tinygraph") and "Traceback" not in text


# check


@pytest.mark.parametrize(
    ("text", "status"), [(RIGHT, 0), (WRONG, 1), ("x = 1\n", 2)], ids=["right", "wrong", "neither"]
)
def test_check_exits_with_the_verdict(file, capsys, text, status):
    assert status == main(["check", file(text)])

    out, err = capsys.readouterr()
    assert ("linear_backward" in out) == (status < 2)
    assert (err == "") == (status < 2)


def test_check_prints_the_tables_and_the_sentence(file, capsys):
    main(["check", file(WRONG)])

    out = capsys.readouterr().out
    assert "linear_backward (layers.py:4)" in out
    assert "Look first at dW3 in linear_backward (layers.py:4)" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


def test_check_says_in_one_sentence_what_could_not_be_run(file, capsys):
    status = main(["check", file(RIGHT.replace("    grads = {}", "    grads = nothing"))])

    out, err = capsys.readouterr()
    assert status == 2
    assert (
        err == "tinygraph: L_model_backward raised NameError: name 'nothing' is not defined (layers.py:25)\n"
    )
    assert "linear_backward, linear_activation_backward, update_parameters agree" in " ".join(out.split())


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
        main(["check", name, "--sizes", "6,4,1", "--seed", "3", "--timeout", "19", "--convention", "true"])
        == 0
    )

    out = capsys.readouterr().out
    assert "(4, 6)" in out
    assert "dW3" not in out


def test_check_json_is_nothing_but_json(file, capsys):
    assert main(["check", file("print('noise')\n" + WRONG), "--json"]) == 1

    out, err = capsys.readouterr()
    facts = json.loads(out)
    assert err == ""
    assert facts["ok"] is False
    assert facts["first_wrong"] == "dW3"
    assert facts["functions"][0]["name"] == "linear_backward"


def test_check_json_of_what_could_not_be_run(file, capsys):
    assert main(["check", file("import nowhere\n"), "--json"]) == 2

    facts = json.loads(capsys.readouterr().out)
    assert facts["ok"] is False
    assert "layers.py defines none of" in facts["errors"][0]
    assert facts["notes"] == ["nowhere: not found; what needs it cannot run here."]


def test_debug_shows_traceback_and_prints_of_the_file(file, capsys):
    text = "print('to see')\n" + RIGHT.replace("    grads = {}", "    grads = nothing")

    assert main(["check", file(text), "--debug"]) == 2

    err = capsys.readouterr().err
    assert err.startswith("to see\nTraceback")
    assert "NameError" in err


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
def test_help_is_there(capsys, command):
    assert main([*command, "--help"]) == 0

    assert "usage: tinygraph" in capsys.readouterr().out


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
    assert bool(run.stdout) == (status < 2)


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


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "latin-1"])
@pytest.mark.parametrize("what", ["check", "wrong", "many", "code", "gone", "demo"])
def test_letters_that_a_terminal_does_not_have_stop_nothing(file, tmp_path, encoding, what):
    wrong = RIGHT.replace("A_prev.T) / m", "A_prev.T)")
    said = wrong + "\ndef update_parameters(*_):\n    raise ValueError('\u2202\U0001f600')\n"
    graph = "import tinygraph as tg\nθ = tg.parameter([1.0, 2.0])\nJ = (θ * θ).sum()\n"
    text, arguments, status = {
        "check": (said, ["check", "layers.py"], 2),
        "wrong": (wrong, ["check", "layers.py"], 1),
        "many": (said, ["check", "--many", "."], 0),
        "code": (graph, ["code", "layers.py:J", "--plain"], 0),
        "gone": ("", ["check", "\u2202.py"], 2),
        "demo": ("", ["demo", "--steps", "100"], 0),
    }[what]
    file(text)
    start = [sys.executable, "-c", "import sys; from tinygraph.cli import main; sys.exit(main())"]
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C.UTF-8"}
    run = subprocess.run([*start, *arguments], capture_output=True, env=environment, cwd=tmp_path)

    said = (run.stdout + run.stderr).decode(encoding)
    assert "UnicodeEncodeError" not in said
    assert (run.returncode, bool(said)) == (status, True)


def test_a_sandbox_is_asked_for_and_there_is_none(file, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert main(["check", file(RIGHT), "--sandbox"]) == 2
    assert main(["check", "--many", str(Path(file(RIGHT)).parent), "--sandbox"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("tinygraph: --sandbox is not possible here (bubblewrap: there is no bwrap; ") == 2


def test_a_sandbox_is_passed_on_and_told(file, capsys, monkeypatch):
    from tinygraph.debugger import grading, runner, sandbox

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
