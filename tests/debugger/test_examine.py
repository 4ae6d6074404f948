"""Of many readings one is believed: the first under which all is right, and none that hides what is wrong."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from tests.debugger.somebody import LAYER, program_of
from tinygraph.debugger import examine
from tinygraph.debugger.examine import (
    Examined,
    Search,
    better,
    choose_like,
    choose_reading,
    examine_function,
    examine_program,
    finish_judgement,
    is_mismatch,
    judged_or_none,
    line_reached,
    may_overrule,
    ticking,
)
from tinygraph.debugger.protocols.table import Protocol
from tinygraph.debugger.trial import Claim, Deadline, Judgement, OutOfPatience, Trial, Unplayable, Verdict

PROGRAM = program_of("""
def back(x, dout):
    y = 2 * x
    return inner(y)

def inner(y):
    raise ValueError("shapes (2,) (3,) not aligned")
""")
BACK = PROGRAM.functions["back"]
STATE = {"x": np.array([1.0, 2.0]), "w": np.array([[3.0, 4.0], [5.0, 6.0]])}
RAISED = ValueError("operands could not be broadcast together")
WRONG = np.array([9.0, 9.0])


def trial(given=None, **more):
    """One pass through x ** 2, and a derivative that is right if none is given."""
    return Trial(
        BACK,
        "back of x",
        {"x": STATE["x"]},
        lambda s: {"out": s["x"] ** 2},
        lambda s, outputs, above: [("dx", 2 * s["x"] * above["out"] if given is None else given)],
        **more,
    )


def raising(error=RAISED, **more):
    def stop(*_):
        raise error

    made = trial(**more)
    made.backward = stop
    return made


def judgement(right=0, wrong=0, raised=None, factor=None, claims=None, **more):
    claims = claims or [Claim("dx", STATE["x"], ("x",))] * (right + wrong)
    verdicts = [
        Verdict(claim, i < right, "said", factor=None if i < right else factor)
        for i, claim in enumerate(claims)
    ]
    return Judgement(trial(**more), verdicts, {}, raised)


# Which of two


@pytest.mark.parametrize(
    ("one", "other", "is_better"),
    [
        (judgement(2), judgement(1), True),
        (judgement(1), judgement(2), False),
        (judgement(1), judgement(1), False),
        (judgement(2, 1), judgement(1, 1), True),
        (judgement(1, 1, factor=2.0), judgement(1, 1), True),
        (judgement(0, 1), judgement(raised=RAISED), True),
        (judgement(raised=RAISED), judgement(0, 3), False),
        (judgement(0, 1, misfit=True, layout="rows"), judgement(raised=RAISED, layout="columns"), False),
        (judgement(0, 1, misfit=True, layout="rows"), judgement(raised=RAISED, layout="rows"), True),
        (judgement(2, misfit=True), judgement(0, 1), False),
        (judgement(0, 1), judgement(2, misfit=True), True),
    ],
)
def test_of_two_readings_the_likelier_is_believed(one, other, is_better):
    assert better(one, other) == is_better


def test_the_first_reading_under_which_all_is_right_ends_the_search():
    readings = [trial(WRONG), trial(), trial()]
    trials = iter(readings)

    found = choose_reading(trials, Deadline(60))

    assert (found.ok, found.trial is readings[1], next(trials) is readings[2]) == (True, True, True)


def test_without_time_and_without_patience_what_was_found_counts():
    assert choose_reading(iter([trial()]), Deadline(-1)) is None

    def trials():
        yield trial(WRONG)
        raise OutOfPatience

    assert not choose_reading(trials(), Deadline(60)).ok
    assert choose_reading(iter([]), Deadline(60)) is None


def test_where_all_stop_those_that_came_farthest_are_kept_for_each_loss(monkeypatch):
    lines = {}
    monkeypatch.setattr(examine, "line_reached", lambda t, error: lines[t.attempt])
    trials = [raising(attempt=i, loss=loss) for i, loss in enumerate("aaaaaaaab")]
    lines.update(dict(enumerate([1, 9, 2, 8, 3, 7, 4, 6, 5])))

    found = choose_reading(iter(trials), Deadline(60))

    assert [t.attempt for t in found.alternatives] == [1, 3, 5, 7, 6, 4, 8]
    assert choose_reading(iter([raising(), trial()]), Deadline(60)).alternatives == []


def test_another_probe_is_put_to_the_same_reading():
    first = judgement(1, layout="rows")
    others = [trial(layout="columns"), trial(WRONG, layout="rows"), trial(layout="rows")]
    others[2].taken = "another"

    found = choose_like(iter(others), first)

    assert found.trial is others[1]
    assert choose_like(iter(others[:1]), first) is None


# What has been found


def search_with(*taken, **more):
    search = Search(**more)
    for t, judged in taken:
        search.take(t, judged)
    return search


def clean(layout, attempt=0, **more):
    made = judgement(0, 1, layout=layout, attempt=attempt, **more)
    return made.trial, made


def stopped(layout, error=RAISED, **more):
    made = judgement(raised=error, layout=layout, **more)
    return made.trial, made


def test_enough_is_tried_when_two_layouts_were_clean_or_far_too_many_readings():
    search = search_with(clean("rows"), clean("columns", 1))

    assert (Search().tried, Search().passed_over, search.tried) == (0, 0, 2)
    assert search.clean == {"rows": 0, "columns": 1}
    assert search.is_over(trial(layout="images"))
    assert not search.is_over(trial(layout="rows"))
    assert not search_with(clean("rows")).is_over(trial(layout="images"))
    assert [Search(tried=n).is_over(trial()) for n in (80, 81)] == [False, True]
    assert [Search(passed_over=n).is_over(trial()) for n in (240, 241)] == [False, True]


@pytest.mark.parametrize(
    ("taken", "new", "hidden"),
    [
        ([], trial(layout="rows"), False),
        ([], trial(layout="rows", degenerate=True), False),
        ([clean("rows")], trial(layout="rows"), False),
        ([clean("rows")], trial(layout="rows", attempt=1), True),
        ([clean("rows")], trial(layout="columns", attempt=1), False),
        ([clean("rows")], trial(layout="columns", attempt=1, degenerate=True), True),
        ([clean("rows", misfit=True)], trial(layout="rows", attempt=1), False),
        ([clean("images first")], trial(layout="images last", attempt=1), True),
        ([clean("rows")], trial(layout="images last", attempt=1), False),
        ([stopped("images first")], trial(layout="sequences", attempt=1), True),
        ([stopped("images first")], trial(layout="images last", attempt=1), False),
        ([stopped("rows")], trial(layout="sequences", attempt=1), False),
        ([stopped("rows")] * 12, trial(layout="rows", attempt=1), False),
        ([stopped("rows")] * 13, trial(layout="rows", attempt=1), True),
        ([stopped("rows")] * 13, trial(layout="rows", loss="mse", attempt=1), False),
        ([stopped("rows")], trial(layout="columns", attempt=1, degenerate=True), True),
        ([stopped("rows", TypeError("no"))], trial(layout="columns", attempt=1, degenerate=True), False),
        ([(trial(), None)], trial(attempt=1), False),
    ],
)
def test_what_could_only_hide_what_others_have_shown_is_passed_over(taken, new, hidden):
    assert search_with(*taken).hides(new) == hidden


def test_shapes_that_clash_count_where_the_file_gives_several_examples():
    single = trial(layout="columns", attempt=1, degenerate=True)

    assert not search_with(stopped("rows"), several=False).hides(single)
    assert not search_with(stopped("rows", degenerate=True)).hides(single)
    assert not search_with(clean("rows", misfit=True)).hides(single)
    assert search_with(clean("rows", misfit=True), sums=True).hides(single)
    assert search_with(stopped("rows"), stopped("rows", TypeError("no"), attempt=2)).hides(single)
    assert search_with(*[stopped("rows")] * 3, (trial(), None)).tried == 4


def test_a_passed_over_reading_is_counted_and_not_played():
    played = []
    trials = [
        trial(WRONG, layout="rows"),
        trial(layout="rows", attempt=1),
        trial(WRONG, layout="columns", attempt=2),
    ]
    for t in trials:
        t.forward = lambda s, t=t, forward=t.forward: played.append(t.attempt) or forward(s)

    choose_reading(iter(trials), Deadline(60))

    assert set(played) == {0, 2}


# One trial


def test_a_reading_that_cannot_be_played_or_says_nothing_is_none():
    def unplayable():
        made = trial()
        made.forward = raising(Unplayable("no")).backward
        return made

    assert judged_or_none(unplayable()) is None
    silent = trial()
    silent.backward = lambda *_: []
    assert judged_or_none(silent) is None
    assert judged_or_none(trial()).ok
    assert not judged_or_none(trial(WRONG)).ok
    assert judged_or_none(raising()).raised is RAISED
    assert judged_or_none(raising(unsure=True)) is None
    assert judged_or_none(trial(WRONG, stranger=True)) is None
    assert judged_or_none(trial(stranger=True)).ok


def test_a_wrong_judgement_is_made_again_entry_by_entry():
    quick = judged_or_none(trial(WRONG))
    right, stop = judged_or_none(trial()), judged_or_none(raising())
    moved = judgement(0, 1)
    moved.trial.forward = raising(ZeroDivisionError()).backward

    again = finish_judgement(quick)

    assert again is not quick
    assert again.wrong[0].claim.label == "dx"
    assert [finish_judgement(j) is j for j in (right, stop, moved)] == [True] * 3


def test_the_line_is_that_of_the_function_itself():
    with pytest.raises(ValueError, match="not aligned") as caught:
        BACK.itself(1.0, 2.0)

    assert line_reached(trial(), caught.value) == BACK.itself.__code__.co_firstlineno + 2
    assert is_mismatch(caught.value)
    assert line_reached(trial(), ValueError()) == 0


@pytest.mark.parametrize(
    ("error", "clash"),
    [
        (ValueError("operands could not be broadcast together with shapes (2,) (3,)"), True),
        (ValueError("matmul: Input operand 1 has a mismatch in its core dimension 0"), True),
        (ValueError("another"), False),
        (TypeError("not aligned"), False),
        (None, False),
    ],
)
def test_shapes_clash_in_a_calculation(error, clash):
    assert is_mismatch(error) == clash


# Rows of the table


def row(**more):
    return Protocol("a row", "an example", lambda *_: iter(()), **more)


def test_statements_are_asked_where_nothing_came_to_an_end():
    statements = row(reads_statements=True)

    assert may_overrule(row(), judgement(0, 1))
    assert not may_overrule(statements, judgement(0, 1))
    assert may_overrule(statements, judgement(raised=RAISED))


def test_rows_are_asked_in_their_order_until_all_is_right(monkeypatch):
    asked = []

    def adding(name, *trials, **more):
        def find(program, function, one):
            asked.append((name, one))
            return iter(trials)

        return Protocol(name, "an example", find, **more)

    def judged_by(*rows):
        asked.clear()
        monkeypatch.setattr(examine, "PROTOCOLS", rows)
        return examine_function(PROGRAM, BACK, {"loss": "mse"})

    worse, right = adding("worse", trial(WRONG)), adding("right", trial(variants=5))
    statements = adding("statements", trial(), reads_statements=True)

    found = judged_by(adding("none"), worse, right, adding("late", trial()))
    assert (found.protocol, found.verdict, len(found.judgements)) == ("right", "agrees", 4)
    assert [name for name, _ in asked] == ["none", "worse", "right", "right", "right", "right"]
    first, second = (replace(probe, loss="mse") for probe in examine.PROBES)
    again = [second, replace(first, variant=1), replace(first, variant=2)]
    assert [one for _, one in asked] == [first, first, first, *again]
    assert judged_by(worse, statements).protocol == "worse"
    assert judged_by(adding("stops", raising()), statements).protocol == "statements"
    assert judged_by(right, worse).protocol == judged_by(worse, right).protocol == "right"
    assert judged_by(adding("none")) is None


def test_a_sign_of_life_comes_before_each_trial():
    ticks = count()
    trials = ticking(iter([trial(), trial()]), lambda: next(ticks))

    assert next(ticks) == 0
    next(trials)
    assert next(ticks) == 2


# All functions


TWO = LAYER + LAYER.replace("fc_", "bad_").replace("axis=0", "axis=1") + "\n\ndef helper(x):\n    return x\n"


def test_every_function_that_goes_back_is_judged_on_both_probes():
    ticks = []
    good, bad = examine_program(program_of(TWO), tick=lambda: ticks.append(1))

    assert [(e.function.name, e.verdict, e.reason) for e in (good, bad)] == [
        ("fc_backward", "agrees", ""), ("bad_backward", "wrong", ""),
    ]  # fmt: skip
    assert [len(e.judgements) for e in (good, bad)] == [2, 2]
    assert good.judgements[0].trial.state["x"].shape != good.judgements[1].trial.state["x"].shape
    assert {j.trial.taken for j in good.judgements} == {good.judgements[0].trial.taken}
    assert good.protocol == bad.protocol == "a pair of functions"
    assert [v.claim.label for v in bad.judgements[0].wrong] == ["db"]
    assert all(j.trial.settle for j in good.judgements)
    assert len(ticks) > 3
    assert Examined(BACK).verdict == "not checked"
    assert Examined(BACK, [judgement(1), judgement(0, 1)]).verdict == "wrong"


def test_those_that_are_asked_for_are_judged_alone_and_names_may_be_given():
    program = program_of(
        TWO + "\n\ndef there(x):\n    return x**2, x\n\n\ndef again(d, x):\n    return 2 * x * d\n"
    )

    assert [e.function.name for e in examine_program(program, only=["bad_backward"])] == ["bad_backward"]
    names = {"forward": "there", "backward": "again", "loss": None}
    [given] = [e for e in examine_program(program, names=names) if e.function.name == "again"]
    assert (given.verdict, given.protocol) == ("agrees", "functions named by hand")
    assert examine_function(program, program.functions["helper"]) is None
    assert examine_function(program, program.functions["fc_backward"], end=Deadline(-1)) is None


def test_several_texts_are_tried_one_after_the_other():
    text = """
    def act_forward(z, kind):
        if kind == "relu":
            return np.maximum(z, 0), z
        elif kind == "sigmoid":
            return 1 / (1 + np.exp(-z)), z

    def act_backward(dout, z, kind):
        s = 1 / (1 + np.exp(-z))
        if kind == "relu":
            return dout * (z > 0)
        elif kind == "sigmoid":
            return dout * s * (1 - s)
    """
    [right] = examine_program(program_of(text))
    [wrong] = examine_program(program_of(text.replace("s * (1 - s)", "s * (1 + s)")))

    assert (right.verdict, wrong.verdict) == ("agrees", "wrong")
    assert len(right.judgements) == len(wrong.judgements) > 2
