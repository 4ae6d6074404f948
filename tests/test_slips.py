"""Slips are planted where they should be, and the tests notice a sample: see tests.benchmarks.slips."""

import ast
import subprocess
import sys
from functools import cache

import pytest

from tests.benchmarks.slips import EQUAL, ROOMS, equal_by_nature, modules_of, own_tests, rest_of_room
from tests.slips import ROOT, Slip, drawn, is_run, slips_in, slips_of, spoiled_tree, tree_of

MODULES = [path for room in ROOMS for path in modules_of(room)]


@cache
def standard():
    """The slips of the standard seed, which take a while to draw."""
    return drawn(MODULES, 200, 0)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x + y", {"x", "y", "x - y"}),
        ("not x", {"x"}),
        ("x < y", {"x > y", "x <= y"}),
        ("x == y", {"x != y"}),
        ("x in y", {"x not in y"}),
        ("x is not y", {"x is y"}),
        ("x and y", {"x or y", "x", "y"}),
        ("x if y else z", {"x", "z", "x if not y else z"}),
        ("2", {"3"}),
        ("True", {"False"}),
        ("x[0]", {"x[-1]"}),
        ("x[-1]", {"x[0]"}),
        ("f(x, a=1, b=2)", {"f(x, a=1)", "f(x, b=2)"}),
        ("min", {"max"}),
        ("np.argmax", {"np.argmin"}),
        ("sorted", {"list"}),
        ("(x, y)", {"(x,)", "(y,)"}),
        ("[x]", set()),
        ("x.T", {"x"}),
        ("'text'", set()),
        ("x", set()),
    ],
)
def test_one_token_becomes_another(code, expected):
    node = ast.parse(code, mode="eval").body

    assert {ast.unparse(other) for other in slips_of(node)} == expected


QUIET = '''
from typing import TYPE_CHECKING
__all__ = ["f", "g"]
Pair = tuple[int, 2]
if TYPE_CHECKING:
    limit = 1
@cached(size=4)
def f(x: Array[3]) -> Pair[4]:
    """A docstring of 5 words."""
    assert x > 6
    y: Array[7]
    raise ValueError(f"more than {8}", 9)
class Pairs(Mapping[str, 10]):
    pass
'''


def test_what_does_not_run_has_no_slips(tmp_path):
    (tmp_path / "quiet.py").write_text(QUIET)

    assert slips_in(str(tmp_path / "quiet.py")) == []
    assert not is_run(ast.parse("x"), "annotation", ast.parse("x"))


@pytest.mark.parametrize("number", range(0, 200, 10))
def test_a_slip_changes_one_line_of_its_module(number):
    slip = standard()[number]
    before, after = (ast.unparse(tree) for tree in (tree_of(slip.path), spoiled_tree(slip)))

    assert before != after
    assert compile(spoiled_tree(slip), slip.path, "exec")
    assert slip.line <= len((ROOT / slip.path).read_text(encoding="utf-8").splitlines())


def test_slips_are_the_same_every_time_and_spread_over_the_modules():
    counts = [sum(slip.path == path for slip in standard()) for path in MODULES if slips_in(path)]

    assert drawn(MODULES, 200, 0) == standard()
    assert drawn(MODULES, 200, 1) != standard()
    assert len(standard()) == len({(slip.path, slip.place) for slip in standard()}) == 200
    assert max(counts) - min(counts) <= 1


def test_every_module_has_tests_of_its_own():
    without = [path for path in MODULES if slips_in(path) and own_tests(path) == [path]]

    assert set(without) == WAITING


WAITING = {"viz/formulas.py", "viz/pages/formulas.py"}  # whose tests are those of their room
WAITING |= {"tinygraph/debugger/homework.py"}


def test_the_tests_of_a_module_come_before_those_of_its_room():
    assert own_tests("viz/views/leaves.py") == ["tests/viz/views/test_leaves.py", "viz/views/leaves.py"]
    rest = rest_of_room("tinygraph/plan/program.py")
    assert "tests/plan/test_program.py" not in rest
    assert "tests/plan/test_step.py" in rest
    assert rest_of_room("tinygraph/debugger/trial.py") == []  # those would take minutes


def test_what_is_listed_as_equal_is_a_slip_and_has_a_reason():
    assert EQUAL.is_file()
    for path, listed in equal_by_nature().items():
        texts = {slip.text for slip in slips_in(path)}
        assert listed.keys() <= texts
        assert all(reason.endswith(".") for reason in listed.values())


def test_the_same_text_twice_is_told_apart_by_a_number():
    slips = slips_in("viz/text.py")

    assert len({slip.text for slip in slips}) == len(slips)
    first = Slip("a.py", 3, "f", "x", "y", 0, 0)
    assert (first.text, str(first), first.module) == ("f: x -> y", "a.py:3: x -> y", "a")


def test_a_sample_is_caught():
    command = [sys.executable, "-m", "tests.benchmarks.slips", "--sample", "4", "--workers", "1"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)

    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    assert "caught" in run.stdout
