"""What is answered about a program can be written as JSON, and says what was judged and what mends it."""

import json

import numpy as np
import pytest

from tests.debugger.somebody import LAYER, program_of
from tinygraph.debugger.replies import StepExam, reply_to

NAMES = {"forward": None, "backward": None, "loss": None}


def reply(text, ask="examine", **more):
    asked = {"ask": ask, "known": (), "lectures": (), "names": NAMES, "steps": ((), ()), "seconds": 20.0}
    return reply_to(program_of(text), asked | more, lambda: None)


def test_what_agrees():
    (told,) = reply(LAYER)["examined"]
    assert (told["name"], told["verdict"], told["raised"], told["line"]) == ("fc_backward", "agrees", "", 7)
    assert told["rows"] == [[name, True, "agrees"] for name in ("dx", "dw", "db")]
    assert "fc_forward" in told["taken"]


def test_known_functions_are_not_judged_nor_those_that_nobody_wants():
    assert reply(LAYER, known=("fc_backward",))["examined"] == []
    assert reply(LAYER, wanted={"other"})["examined"] == []
    assert len(reply(LAYER, wanted={"fc_backward"})["examined"]) == 1


def test_what_is_wrong_comes_with_its_fix_and_all_is_json():
    told = json.loads(json.dumps(reply(LAYER.replace("x.T @", "2 * x.T @"), "repair")))
    assert [ok for _, ok, _ in told["examined"][0]["rows"]] == [True, False, True]
    (fix,) = told["fixes"]
    assert (fix["function"], fix["complete"], fix["mended"]) == ("fc_backward", True, [["fc_backward", "dw"]])
    assert (fix["line"], fix["before"]) == (10, "    dw = 2 * x.T @ dout")
    assert fix["after"] == "    dw = x.T @ dout"


def test_what_raised_is_told_with_its_line():
    (told,) = reply(LAYER.replace("dout @ w.T", "dout @ w"))["examined"]
    assert told["raised"].startswith("ValueError: matmul")
    assert told["raised_line"] == 9


def test_who_waits_is_told_between_the_questions():
    ticks = []
    asked = {"ask": "examine", "known": (), "lectures": (), "names": NAMES, "steps": ((), ()), "seconds": 0}
    reply_to(program_of(LAYER), asked, lambda: ticks.append(1))
    assert ticks


# The steps of the lectures

STEP = """
def double(Z, cache=None):
    if cache == "raise":
        raise ValueError
    return {"dZ": 2 * Z}, 5.0

def greedy(Z):
    Z *= 2
    return Z
"""


def marks(name, arguments, outputs, targets, editions=()):
    return StepExam(program_of(STEP), name, arguments, (), editions, outputs, targets).marks()


@pytest.mark.parametrize(
    ("target", "right"),
    [(np.full((1, 2), 2.0), True), (np.full((1, 2), 2.0 + 1e-4), False), (np.full((2, 1), 2.0), False)],
)
def test_a_step_is_right_if_its_results_are(target, right):
    found = marks("double", (np.ones((1, 2)),), (), {"dZ": target, "J": 5.0})
    assert ("dZ" in found.right) is right
    assert "J" in found.right
    assert ("dZ" in found.wrong) is not right


def test_a_step_that_raises_has_no_end():
    found = marks("double", (np.ones(2), "raise"), (), {"dZ": np.ones(2)})
    assert found.raised
    assert found.right == frozenset()


def test_the_arguments_of_a_step_stay_as_they_were():
    Z = np.ones(2)
    exam = StepExam(program_of(STEP), "greedy", (Z,), (), (), ("A",), {"A": 2 * np.ones(2)})
    assert exam.marks() == exam.marks()
    assert exam.marks().right == {"A"}
    assert np.array_equal(Z, np.ones(2))


def test_a_step_is_called_by_the_names_that_it_asks_for():
    found = marks("greedy", ("wrong",), ("A",), {"A": 6.0}, editions=({"Z": 3.0},))
    assert found.right == {"A"}
