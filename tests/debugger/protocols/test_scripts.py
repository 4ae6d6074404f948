"""The row of statements: what it gives to the examiner, and what it plays once the program was changed."""

import ast
import copy
from itertools import islice

import pytest

from tests.debugger.test_statements import program_of
from tests.debugger.variants import CLASS, COURSE_COLUMNS, DICT, MOMENTUM, SOFTMAX_ROWS
from tinygraph.debugger.examine import examine_function, examine_program
from tinygraph.debugger.program import SCRIPT, code_of_function
from tinygraph.debugger.protocols.scripts import find_scripts, scripts_of
from tinygraph.debugger.protocols.table import Asked
from tinygraph.debugger.trial import judge_trial


def trial_of(program, name):
    function = next(scripts_of(program)) if name == SCRIPT else program.functions[name]
    return next(find_scripts(program, function, Asked()))


SOME = [SOFTMAX_ROWS, COURSE_COLUMNS, MOMENTUM, CLASS, DICT]


@pytest.mark.parametrize("variant", SOME, ids=lambda v: v.name)
def test_the_examiner_judges_them(variant):
    program = program_of(variant.text)
    found = {x.function.name: x for x in examine_program(program)}
    assert found[variant.judged].verdict == "agrees"


def test_both_probes_are_made_for_a_function():
    program = program_of(MOMENTUM.text)
    assert len(examine_function(program, program.functions["fit"]).judgements) == 2


@pytest.mark.parametrize("variant", [MOMENTUM, CLASS, DICT], ids=lambda v: v.name)
def test_a_repaired_function_is_played_as_it_is_now(variant):
    right, wrong = variant.slips[1]
    program = program_of(variant.text.replace(right, wrong))
    trial = trial_of(program, variant.judged)
    assert not judge_trial(trial).ok
    function = program.functions[variant.judged]
    node = program_of(variant.text).functions[variant.judged].node
    with program.changed(function, code_of_function(function, node)):
        assert judge_trial(trial).ok
    assert not judge_trial(trial).ok


@pytest.mark.parametrize("variant", [SOFTMAX_ROWS, COURSE_COLUMNS], ids=lambda v: v.name)
def test_a_repaired_script_is_played_as_it_is_now(variant):
    right, wrong = variant.slips[2]
    program = program_of(variant.text.replace(right, wrong))
    trial = trial_of(program, SCRIPT)
    assert not judge_trial(trial).ok
    program.trees[program.file] = ast.parse(variant.text, program.file)
    assert judge_trial(trial).ok


def test_nothing_is_changed_written_or_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = SOFTMAX_ROWS.text.replace("print(loss)", "open('log.txt', 'w').write(str(loss)); print(loss)")
    program = program_of(text)
    tree = ast.parse("import matplotlib.pyplot as plt\nplt.plot([1])\n" + text, program.file)
    before = ast.dump(copy.deepcopy(tree))
    program.trees[program.file] = tree
    assert judge_trial(trial_of(program, SCRIPT)).ok
    assert ast.dump(tree) == before
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_a_script_that_stops_says_at_which_line():
    text = SOFTMAX_ROWS.text.replace("dact = dscores @ W2.T", "dact = dscores @ W2")
    trial = trial_of(program_of(text), SCRIPT)
    assert isinstance(judge_trial(trial).raised, ValueError)
    assert trial.reading.raised_line == text.splitlines().index("dact = dscores @ W2") + 1


def test_a_file_without_derivatives_is_passed_over():
    program = program_of("import numpy as np\nx = np.ones(3)\ny = 2 * x\nprint(y.sum())\n")
    assert list(islice(scripts_of(program), 1)) == []
