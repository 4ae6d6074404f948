"""A report says the answer first; each hint says a little more, and only the last the fix."""

import io
import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from rich.console import Console

from tests.debugger.reports import FILE, mistake, report
from tinygraph.debugger.file_report import FunctionVerdict
from tinygraph.debugger.program import SCRIPT
from tinygraph.debugger.runner import check_file
from tinygraph.debugger.telling import (
    TEMPLATE,
    Piece,
    html_lines,
    plain_lines,
    rich_lines,
    tell_report,
)

pytestmark = pytest.mark.usefixtures("here")

BOTH = report([mistake()])


@pytest.mark.parametrize("hint", [1, 2, 3, 4])
def test_hints_do_not_contain_the_fix(hint):
    text = BOTH.told(hint)
    assert "FIXED" not in text
    assert "tested" not in text


def test_each_hint_says_more():
    one, two, three, four, five = (BOTH.told(hint) for hint in range(1, 6))
    assert "layers.py, in back: something is wrong here" in one
    assert not re.search(r"dw|line|\^", one)
    assert "dx right; dw wrong" in two
    assert "follow dw back" in two
    assert not re.search(r"line 3|\^", two)
    assert "layers.py, line 3, in back" in three
    assert "hint │ what is transposed here, and what is not?" in three
    assert not re.search("SAID|THIS", three)
    assert "dw: SAID" in four
    assert "You computed THIS." in four
    assert "dw = FIXED @ dout" in five
    assert "tested: with it everything agrees" in five
    assert "FIXED belongs here." in five


@pytest.mark.parametrize("kind", ["a name", "an axis", "keepdims", "something else"])
def test_no_hint_repeats_the_one_before(kind):
    told = [report([mistake(kind=kind)]).told(hint).split("\n") for hint in range(1, 6)]
    for less, more in pairwise(told):
        assert set(more) - set(less)
    assert "".join(told[3]).count("SAID") == 1


def test_what_has_no_room_beside_stands_below():
    said = "ValueError: operands could not be broadcast together with remapped shapes (7,3) (5,3) (4,4)"
    lines = report([mistake(said=said, before="\tdw = " + "x.T @ dout + " * 5)]).told().split("\n")
    at = next(i for i, line in enumerate(lines) if line.endswith("^^^"))
    assert " ".join(line.partition("│")[2].strip() for line in lines[at + 1 : at + 3]).startswith(said[:60])
    assert max(map(len, lines)) <= 100
    narrow = plain_lines(tell_report(BOTH, width=60))
    assert re.search("help │     dw = FIXED.*\n +│     tested: with it everything agrees", narrow)


def test_functions_that_were_not_checked_stand_with_their_reason():
    functions = [
        FunctionVerdict(name, False, "not checked", 1, reason=reason)
        for name, reason in [("f", "nothing is in it"), ("g", "no"), ("h", "nothing is in it")]
    ]
    told = report(functions=functions).not_checked
    assert told[1:] == ["Not checked: f, h, since nothing is in them.", "Not checked: g, since no."]


def test_one_function_has_its_own_forward_pass():
    own = [FunctionVerdict(name, True, "agrees", 1, taken="held against") for name in "fg"]
    assert report(functions=own[:1]).told() == (
        "1 function agrees with the derivatives of its own forward pass: f."
    )
    assert report(functions=own).summary == ("f, g agree with the derivatives of their own forward pass.")


def test_the_mark_is_under_the_part_that_is_wrong_also_behind_a_tab():
    lines = BOTH.told().split("\n")
    at = next(i for i, line in enumerate(lines) if "^" in line)
    shown, marks = lines[at - 1], lines[at]
    assert shown[marks.index("^") : marks.rindex("^") + 1] == "x.T"
    assert lines[at - 2].endswith("x, w = cache")


def test_the_fix_stands_below_the_line_that_it_is_for():
    lines = BOTH.told().split("\n")
    at = next(i for i, line in enumerate(lines) if "help │" in line)
    assert {line.index("│") for line in lines[2 : at + 2]} == {6}


def test_statements_outside_of_functions_have_no_name():
    own = [FunctionVerdict(SCRIPT, True, "agrees", 1, taken="held against")]
    assert report(functions=own).told() == (
        "The statements agree with the derivatives of their own forward pass."
    )
    stopped = mistake(function=SCRIPT, wrong=(), right=(), said="ValueError: no")
    told = report([replace(stopped, name=SCRIPT)]).told()
    assert re.match("layers.py, line 3 +stops here\n", told)
    left = report(functions=[FunctionVerdict(SCRIPT, False, "not checked", 1, reason="line 3 raised E")])
    assert left.not_checked[-1] == (
        "Not checked: the statements outside of functions, since line 3 raised E."
    )


def test_a_line_that_goes_is_said():
    told = report([mistake(after="")]).told()
    assert "help │ without this line   tested: with it everything agrees" in told


def test_several_lines_are_shown_with_their_numbers():
    told = report([mistake(before="a = (\n  1)", after="a = (\n  2)", column=0, end_column=5)]).told()
    assert re.search(r"3 │ a = \(\n +│ \^+ dw: SAID\n    4 │   1\)\n help │ a = \(.*\n +│   2\)", told)


def test_the_summary_counts():
    assert "\n1 mistake.\n1 function agrees with the derivatives of the lectures: loss." in BOTH.told()
    assert "2 mistakes." in report([mistake(), mistake(line=4)]).told()
    assert report().told() == "2 functions agree with the derivatives of the lectures: back, loss."


def test_what_could_not_run_says_why():
    failed = FunctionVerdict("f", False, "could not run", 1, "layers.py:1", "f raised TypeError: no")
    told = report(functions=[failed]).told()
    assert re.search("^layers.py:1, in f {9,}could not run$", told, re.M)
    assert "f raised TypeError: no" in told


def test_what_is_wrong_is_told_even_where_no_mistake_in_it_is_known():
    wrong = FunctionVerdict(
        "f", False, "wrong", 1, "layers.py:1", "f gives no dW1", right=("dW2",), wrong=("dW1",)
    )
    found = replace(report([]), functions=[wrong])
    assert "layers.py:1, in f: something is wrong here" in found.told(1)
    assert "dW1" not in found.told(1)
    told = found.told(5)
    assert re.search("^layers.py:1, in f {9,}dW2 right; dW1 wrong$", told, re.M)
    assert "│ f gives no dW1" in told
    assert "1 mistake." in told


def test_a_page_escapes_what_was_written_and_takes_the_colours_around_it():
    page = html_lines(tell_report(BOTH))
    assert "# &lt;b&gt;" in page
    assert "<b>" not in page
    assert "background:transparent" in page
    assert "color:inherit" in page
    assert not re.search(r"background[^;\"]*:\s*(white|#fff)", page)
    assert re.sub("<[^>]*>", "", page).replace("&lt;", "<").replace("&gt;", ">").strip() == BOTH.told()


def test_an_angle_bracket_is_escaped_in_every_style():
    assert html_lines([[Piece("<a>"), Piece("<b>", "bad")]]).count("&lt;") == 2


def test_a_terminal_shows_the_same_without_reading_markup():
    out = io.StringIO()
    pieces = [[Piece("x[bold]", "bad"), Piece(" y")]]
    for text in rich_lines([*pieces, *tell_report(BOTH)]):
        Console(file=out, width=200).print(text)
    lines = out.getvalue().split("\n")
    assert lines[0] == "x[bold] y"
    assert [line.rstrip() for line in lines[1:]][:-1] == [x.rstrip() for x in BOTH.told().split("\n")]


def test_sentences_are_broken_where_the_lines_end():
    long = report([replace(mistake(), message="word " * 60)])
    lines = plain_lines(tell_report(long, width=60)).split("\n")
    assert max(len(line) for line in lines if "word" in line) <= 60


def test_the_template_is_judged_right(tmp_path):
    from tinygraph.debugger.live import check

    space = {}
    file = tmp_path / "template.py"
    file.write_text(TEMPLATE, encoding="utf-8")
    exec(compile(TEMPLATE, str(file), "exec"), space)
    assert check(space["layer_backward"]).ok


def test_the_name_of_the_file_is_enough():
    assert FILE not in BOTH.told()


def test_what_moves_a_terminal_is_not_shown():
    told = report([mistake(before="x = 1  # \x1b[31mred", after="x = 2  # \x1b[31mred")])
    assert "\x1b" not in str(told) + told._repr_html_()
    assert "x = 2  # \N{REPLACEMENT CHARACTER}[31mred" in str(told)


def test_what_stops_is_shown_with_its_line(tmp_path):
    file = tmp_path / "stop.py"
    file.write_text(
        "import numpy as np\n\n\ndef scale_forward(x, w):\n    return x * w, (x, w)\n\n\n"
        "def scale_backward(dout, cache):\n    x, w = cache\n"
        "    return dout * w, np.linalg.inv(np.zeros((2, 2)))\n"
    )
    checked = check_file(file)
    told = plain_lines(tell_report(checked))
    assert "\n    9 │     x, w = cache\n   10 │     return dout * w, np.linalg.inv(" in told
    [function] = json.loads(checked.to_json())["functions"]
    assert (function["verdict"], function["stop"]) == ("could not run", {"file": str(file), "line": 10})
