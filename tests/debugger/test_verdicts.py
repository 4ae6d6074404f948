"""Readings of a script, and what is wrong in each though all that it reads is made right."""

import numpy as np
import pytest

from tests.debugger.somebody import LOOP
from tests.debugger.test_cases import TEXT, evidence
from tests.debugger.test_statements import program_of
from tinygraph.debugger.cases import Interpretation
from tinygraph.debugger.protocols.scripts import scripts_of
from tinygraph.debugger.slopes import MachineLoss
from tinygraph.debugger.statements import judge_machine, script_machine
from tinygraph.debugger.verdicts import (
    LineVerdicts,
    all_readings,
    count_factors,
    likely_readings,
    may_be,
    round_off,
)


def worked(*slips, text=TEXT, reading=None):
    case = evidence(text, *slips)
    return LineVerdicts(case, reading or likely_readings(case)[0]).work()


def blamed(verdicts):
    return [b.step.name for b in verdicts.blamed]


def statuses(verdicts):
    return {f.step.name: f.status for f in verdicts.found if not f.step.update}


def test_in_a_right_script_nothing_is_blamed():
    found = worked()
    assert blamed(found) == []
    assert found.reading == Interpretation(0, step=0.05)
    assert set(statuses(found).values()) == {"right"}
    assert found.trusted
    # Nothing blamed, 9 values right, all of them where their names say, by a loss that is written, plainly.
    assert found.rank == (0, -9, -9, False, 0, 0)


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ("dp = 2 * (p - y) / 3", "dp = 2 * (p + y) / 3", "dp"),
        ("dV = h.T @ dp", "dV = z.T @ dp", "dV"),
        ("dh = dp @ V.T", "dh = dp @ V", "dh"),
        ("dz = dh * (1 - h ** 2)", "dz = dh * (1 - h)", "dz"),
        ("db = dz.sum(axis=0)", "db = dz.mean(axis=0)", "db"),
        ("W -= lr * dW", "W += lr * dW", "W"),
    ],
)
def test_what_is_wrong_by_itself_is_blamed_and_what_follows_is_made_right(right, wrong, name):
    found = worked((right, wrong))
    assert blamed(found) == [name]
    assert all(status == "right" for n, status in statuses(found).items() if n != name)
    assert found.trusted


def test_several_mistakes_are_found_in_their_order():
    found = worked(
        ("dp = 2 *", "dp = 3 *"), ("dz = dh * (1 - h ** 2)", "dz = dh * (1 + h ** 2)"), ("V -=", "V +=")
    )
    assert set(blamed(found)) == {"dp", "dz", "V"}
    values = [n for n in blamed(found) if n.startswith("d")]
    assert values == ["dp", "dz"]


def test_the_truth_is_put_in_the_place_of_what_is_wrong():
    found = worked(("dh = dp @ V.T", "dh = dp @ V"))
    ((_, value),) = next(iter(found.forced.values()))
    space = {}
    exec(TEXT, space)
    assert np.allclose(value, space["dp"] @ np.array([[0.3, 0.4], [-0.2, 0.7]]).T, atol=1e-8)


def test_all_derivatives_may_be_multiplied_by_one_number_if_moves_make_up_for_it():
    down = ("dp = 2 * (p - y) / 3", "dp = 2 * (y - p) / 3")
    moves = [(f"{n} -= lr", f"{n} += lr") for n in "VWb"]
    found = worked(down, *moves)
    assert (blamed(found), found.reading.factor) == ([], -1.0)
    assert found.rank[-1] == 1  # which is less plain
    assert blamed(worked(down)) != []  # without


def test_a_loss_that_is_assumed_may_be_any_usual_multiple():
    text = TEXT.replace("loss = np.sum((p - y) ** 2) / 3\n", "")
    case = evidence(text)
    found = min((LineVerdicts(case, r).work() for r in likely_readings(case)), key=lambda v: v.rank)
    assert blamed(found) == []
    assert (
        found.case.losses[found.reading.loss].said(found.reading.factor)[0]
        == "squared error over m of p and y"
    )


def test_a_value_with_a_loose_name_is_blamed_before_what_reads_it():
    text = TEXT.replace(
        "dh = dp @ V.T\ndz = dh * (1 - h ** 2)", "h_error = dp @ V.T\nh_delta = h_error * (1 - h ** 2)"
    )
    text = text.replace("@ dz", "@ h_delta").replace("db = dz", "db = h_delta")
    assert blamed(worked(text=text)) == []
    assert blamed(worked(("(1 - h ** 2)", "(1 - h)"), text=text)) == ["h_delta"]


def test_readings_come_with_the_plainest_first():
    case = evidence()
    readings = list(all_readings(case))
    assert readings[0] == Interpretation(0)
    assert readings[1:3] == [Interpretation(0, 1.0, (3.0,)), Interpretation(0, 1.0, (1.0, 3.0))]
    assert likely_readings(case) == [Interpretation(0)]  # all is right in it: no other is looked at


def test_where_something_is_wrong_readings_with_less_wrong_come_first():
    case = evidence(TEXT, ("dh = dp @ V.T", "dh = 3 * dp @ V.T"))
    # dh and dz are 3 times too large, as dZ is in some files, but dW and db then are not right either.
    rights = []
    for reading in likely_readings(case):
        found = [case.find(s, case.run, reading).status for s in case.steps if s.final and not s.update]
        rights.append(found.count("right"))
    assert rights == sorted(rights, reverse=True)
    assert len(rights) <= 8


LOSS = MachineLoss("written", float, strict=True)
REPORTED = MachineLoss("printed", float)
ASSUMED = MachineLoss("usual", float, scales={1 / 7: "mean", 1.0: "sum"})


@pytest.mark.parametrize(
    ("factor", "moved", "loss", "moves", "ok"),
    [
        (1.0, 5.0, LOSS, False, True),
        (-1.0, 1.0, LOSS, True, True),  # the way down, and added
        (-1.0, -1.0, LOSS, True, False),
        (-1.0, 1.0, LOSS, False, False),
        (7.0, 1.0, LOSS, True, True),  # moves are right: it is made up for
        (7.0, 7.0, LOSS, True, False),
        (7.0, 3.0, REPORTED, False, True),  # a mean is reported
        (-7.0, 3.0, REPORTED, False, True),
        (5.0, 1.0, REPORTED, True, False),
        (1 / 7, 1.0, ASSUMED, False, True),
        (-1 / 7, 1.0, ASSUMED, False, True),
        (-1.0, 1.0, ASSUMED, False, True),
        (7.0, 1.0, ASSUMED, True, False),
    ],
)
def test_which_factors_are_no_mistakes(factor, moved, loss, moves, ok):
    assert may_be(factor, moved, loss, moves, [1.0, 7.0]) is ok


def test_factors_that_are_alike_count_as_one_and_stay_as_exact_as_they_are():
    assert (round_off(0.33333331), round_off(-6.99999)) == (0.3333, -7.0)
    found = count_factors([2.0000000003, 1 / 3, -1 - 1e-10, 1 / 3 + 1e-9, 2.0])
    assert found == {2.0: 2, 1 / 3: 2, -1.0: 1}


def test_a_third_is_no_mistake():
    """The mean over 3 examples of half the squares: (p - y) / 3, of which 0.3333 times is not near enough."""
    text = TEXT.replace("loss = np.sum((p - y) ** 2) / 3\n", "").replace("dp = 2 * (p - y)", "dp = (p - y)")
    program = program_of(text)
    judged = judge_machine(script_machine(program, next(scripts_of(program))))
    assert judged.ok
    assert judged.factor == 1.0


def test_a_step_of_another_size_than_the_others_is_blamed():
    found = worked(("W -= lr * dW", "W -= 3 * lr * dW"))
    assert found.usual_move(by_rate=True) == 1.0
    assert blamed(found) in ([], ["W"])
    everywhere = worked(*[(f"{n} -= lr", f"{n} -= 2 * lr") for n in "VWb"])
    assert everywhere.usual_move(by_rate=True) == 2.0
    assert blamed(everywhere) == []


def test_a_step_without_the_rate_that_others_have_is_blamed():
    assert blamed(worked(("W -= lr * dW", "W -= dW"))) == ["W"]
    none = worked(*[(f"{n} -= lr * ", f"{n} -= ") for n in "VWb"])
    assert (blamed(none), none.usual_move(by_rate=False)) == ([], 1.0)


def test_a_line_in_a_loop_is_blamed_once_and_made_right_in_all_turns():
    found = worked(("dh = dz @ W.T", "dh = dz @ W"), text=LOOP)
    assert set(blamed(found)) == {"dh"}
    assert len({b.step.site for b in found.blamed}) == 1
    assert len(found.forced) == 2
    assert statuses(found)["dz"] in ("right", "unnamed")


def test_a_reading_that_explains_nothing_is_not_trusted():
    text = TEXT.replace("dp = 2 * (p - y) / 3", "dp = p * y").replace("dz = dh * (1 - h ** 2)", "dz = dh * h")
    text = (
        text.replace("dV = h.T @ dp", "dV = h.T @ h")
        .replace("dW = X.T @ dz", "dW = X.T @ X")
        .replace("/ 3\n", "\n")
    )
    found = worked(
        text=text.replace("dh = dp @ V.T", "dh = dp @ V * 3").replace("sum(axis=0)", "max(axis=0)")
    )
    assert len(found.blamed) >= 4


def test_a_number_that_steps_make_up_for_is_no_mistake():
    half = [(f"{n} -= lr", f"{n} -= 0.5 * lr") for n in "VWb"]
    found = worked(("dp = 2 *", "dp = 4 *"), *half)
    assert (blamed(found), found.reading.factor) == ([], 2.0)


@pytest.mark.parametrize(("line", "trusted"), [("dp_again = dp * 1\n", False), ("dh = dp @ V.T\n", True)])
def test_what_is_right_at_one_place_within_is_too_little_to_trust(line, trusted):
    forward = TEXT.partition("dp =")[0]
    found = worked(text=forward + "dp = 2 * (p - y) / 3\n" + line)
    assert blamed(found) == []
    assert found.trusted is trusted
