"""Scripts and functions judged statement by statement: right ones, and slips at their lines."""

import ast
import linecache
from itertools import islice
from types import ModuleType, SimpleNamespace

import pytest

from tests.debugger.variants import VARIANTS
from tinygraph.debugger.program import SCRIPT, Program
from tinygraph.debugger.protocols.scripts import machines_of, scripts_of
from tinygraph.debugger.protocols.table import Asked
from tinygraph.debugger.statements import entry_of, judge_machine, judge_statements, merge_turns
from tinygraph.debugger.trial import Unplayable

MACHINES = 3  # as many as there are of the likeliest layout


def program_of(text):
    """The program of a text whose statements are not run, but for definitions and imports."""
    file = "variant.py"
    tree = ast.parse(text, file)
    module = ModuleType("variant")
    defined = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    body = [node for node in tree.body if isinstance(node, defined)]
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    exec(compile(ast.Module(body, []), file, "exec"), module.__dict__)
    return Program(module.__dict__, {file: tree}, file)


def judge(text, name):
    program = program_of(text)
    if name == SCRIPT:
        return judge_statements(program, next(scripts_of(program)))
    found = []
    for machine in islice(machines_of(program, program.functions[name], Asked()), MACHINES):
        try:
            found.append(judge_machine(machine))
        except Unplayable:
            continue
        if found[-1].ok:
            break
    return min(found, key=lambda j: (j.raised is not None, len(j.wrong)))


def line_of(text, line):
    return next(i for i, x in enumerate(text.splitlines(), 1) if x.strip() == line)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_right_derivatives_agree(variant):
    judged = judge(variant.text, variant.judged)
    assert judged.ok, [(d.line, d.label, d.said) for d in judged.wrong]
    assert sum(d.verdict == "agrees" for d in judged.derivatives) >= 2


SLIPS = [(v, *slip) for v in VARIANTS for slip in v.slips]


@pytest.mark.parametrize(("variant", "right", "wrong"), SLIPS, ids=[f"{v.name}: {w}" for v, _, w in SLIPS])
def test_a_slip_is_found_at_its_line_and_nowhere_else(variant, right, wrong):
    text = variant.text.replace(right, wrong)
    judged = judge(text, variant.judged)
    told = [(d.line, d.label, d.said) for d in judged.wrong]
    assert [line for line, *_ in told] == [line_of(text, wrong)], told


def test_an_entry_of_a_dict_is_told_at_its_own_expression():
    made = ast.parse("grads = {'dW': a, 'db': b, **more}").body[0]

    assert [ast.unparse(entry_of(made, [key])) for key in ("dW", "db")] == ["a", "b"]
    assert all(
        entry_of(node, steps) is node
        for node, steps in [(made, []), (made, ["dX"]), (ast.parse("a"), ["dW"])]
    )


def test_of_the_turns_of_a_loop_one_that_is_wrong_is_told_and_else_the_last():
    def turn(site, label, verdict, number):
        return SimpleNamespace(site=site, label=label, verdict=verdict, number=number)

    turns = [(1, "dW", "agrees"), (1, "dW", "wrong"), (1, "dW", "agrees"), (1, "db", "agrees")]
    turns += [(2, "dW", "agrees"), (2, "dW", "agrees")]
    found = merge_turns([turn(*given, number) for number, given in enumerate(turns)])

    assert [d.number for d in found] == [1, 3, 5]
