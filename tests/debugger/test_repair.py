"""One slip in somebody's functions is found, and the line as it should be is what was tested."""

import ast
import time

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger import repair
from tinygraph.debugger.examine import examine_program
from tinygraph.debugger.repair import RAISED, Marks, TrialExam, repair_program
from tinygraph.debugger.runner import check_file
from tinygraph.debugger.splice import change_of

pytestmark = pytest.mark.usefixtures("here")

LINEAR = """
def linear_forward(x, w, b):
    out = x @ w + b
    cache = (x, w)
    return out, cache


def linear_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T  # back to the input
    dw = x.T @ dout
    db = np.sum(dout, axis=0)
    return dx, dw, db


def relu_forward(z):
    out = np.maximum(z, 0)
    return out, z


def relu_backward(dout, z):
    dz = dout * (z > 0)
    return dz
"""


def exams_of(program):
    found = [e for e in examine_program(program) if e.judgements]
    first = [TrialExam(e.judgements[0]) for e in found]
    return first, [TrialExam(j) for e in found for j in e.judgements[1:]]


def mended(text, seconds=30):
    """The fixes of a text's functions, which stay as they were."""
    program = program_of(text)
    before = {n: (f.itself.__code__, ast.dump(f.node)) for n, f in program.functions.items()}
    fixes = repair_program(program, *exams_of(program), seconds)
    assert {n: (f.itself.__code__, ast.dump(f.node)) for n, f in program.functions.items()} == before
    return fixes


def slipped(right, wrong):
    assert LINEAR.count(right) == 1
    return LINEAR.replace(right, wrong)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    dx = dout @ w.T  # back to the input", "    dx = dout @ w  # back to the input"),
        ("    dw = x.T @ dout", "    dw = x.T @ dout / len(x)"),
        ("    dw = x.T @ dout", "    dw = x @ dout"),
        ("    cache = (x, w)", "    cache = (x, b)"),
        ("    db = np.sum(dout, axis=0)", "    db = np.sum(dout, axis=1)"),
        ("    db = np.sum(dout, axis=0)", "    db = np.mean(dout, axis=0)"),
        ("    dz = dout * (z > 0)", "    dz = dout * (dout > 0)"),
        ("    dz = dout * (z > 0)", "    dz = dout * (z < 0)"),
        ("    dz = dout * (z > 0)", "    dz = -dout * (z > 0)"),
    ],
)
def test_the_line_is_as_it_should_be(right, wrong):
    fixes = mended(slipped(right, wrong))
    (change,) = [change_of(fix.rewrite) for fix in fixes]
    assert (change.before, change.after) == (wrong, right)
    assert fixes[0].complete


def test_two_independent_mistakes_are_both_mended():
    text = slipped("x.T @ dout", "-x.T @ dout").replace("(z > 0)", "(dout > 0)")
    fixes = mended(text)
    assert {change_of(fix.rewrite).after for fix in fixes} == {
        "    dw = x.T @ dout",
        "    dz = dout * (z > 0)",
    }
    assert [fix.complete for fix in fixes] == [False, True]
    assert {name for fix in fixes for name, _ in fix.mended} == {"linear_backward", "relu_backward"}


def test_nothing_is_mended_where_nothing_is_wrong():
    assert mended(LINEAR) == []


HOPELESS = """
def square_forward(x):
    out = np.exp(x) * np.sin(x) / (1 + x**4)
    return out, x


def square_backward(dout, x):
    dx = dout * np.cosh(x)
    return dx
"""


def test_what_no_change_of_one_place_mends_gives_none_within_the_seconds():
    program = program_of(HOPELESS)
    first, second = exams_of(program)
    begin = time.monotonic()
    assert repair_program(program, first, second, 1.0) == []
    assert time.monotonic() - begin < 6


def test_a_pass_that_raises_is_mended():
    fixes = mended(slipped("dx = dout @ w.T", "dx = dout @ w"))
    (fix,) = fixes
    assert change_of(fix.rewrite).after == "    dx = dout @ w.T  # back to the input"
    assert fix.mended == {("linear_backward", RAISED)}


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_the_functions_stay_as_they_were_when_somebody_interrupts(error, monkeypatch):
    program = program_of(slipped("x.T @ dout", "-x.T @ dout").replace("(z > 0)", "(dout > 0)"))
    first, second = exams_of(program)
    before = {n: (f.itself.__code__, ast.dump(f.node)) for n, f in program.functions.items()}
    find, rounds = repair.next_fix, []

    def once(*given):
        rounds.append(len(rounds))
        if len(rounds) == 2:
            assert any(f.itself.__code__ is not before[n][0] for n, f in program.functions.items())
            raise error
        return find(*given)

    monkeypatch.setattr(repair, "next_fix", once)
    with pytest.raises(error):
        repair_program(program, first, second, 30)
    assert {n: (f.itself.__code__, ast.dump(f.node)) for n, f in program.functions.items()} == before


class Interrupting:
    """An exam that is interrupted while a function is changed."""

    name = "relu_backward"

    def __init__(self, program):
        self.function = program.functions[self.name]
        self.code = self.function.itself.__code__

    def marks(self):
        if self.function.itself.__code__ is not self.code:
            raise KeyboardInterrupt
        return Marks(frozenset(), frozenset({"dz"}))

    def forward(self):
        pass

    def is_hopeful(self, was):
        self.function.itself(1.0, 2.0)
        return True


def test_an_interrupted_try_leaves_nothing_behind():
    program = program_of(LINEAR)
    function = program.functions["relu_backward"]
    before = function.itself.__code__, ast.dump(function.node)
    exam = Interrupting(program)
    with pytest.raises(KeyboardInterrupt):
        repair_program(program, [exam], [exam], 10)
    assert (function.itself.__code__, ast.dump(function.node)) == before


def test_a_change_that_breaks_something_right_is_no_fix():
    was = Marks(frozenset({"dx"}), frozenset({"dw"}))
    assert repair.gain("f", was, Marks(frozenset({"dx", "dw"}), frozenset())) == {("f", "dw")}
    assert repair.gain("f", was, Marks(frozenset({"dw"}), frozenset({"dx"}))) is None
    assert repair.gain("f", was, Marks(frozenset({"dw"}), frozenset())) is None
    assert repair.gain("f", was, Marks(frozenset(), frozenset({RAISED}), raised=True)) is None


def test_who_waits_is_told_now_and_then():
    ticks = []
    program = program_of(slipped("x.T @ dout", "-x.T @ dout"))
    repair_program(program, *exams_of(program), 30, lambda: ticks.append(1))
    assert ticks


SCRIPT = """
X, Y = np.cos(np.arange(150.0)).reshape(50, 3), np.arange(50) % 4
W1, b1 = 0.5 * np.sin(np.arange(24.0)).reshape(3, 8), np.zeros(8)
W2, b2 = 0.5 * np.cos(np.arange(32.0)).reshape(8, 4), np.zeros(4)
h = np.tanh(X @ W1 + b1)
logits = h @ W2 + b2
probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
loss = -np.log(probs[range(50), Y]).mean()
dlogits = probs.copy()
dlogits[range(50), Y] -= 1
dlogits /= 50
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
dz = (1 - h ** 2) * dh
dW1 = X.T @ dz
"""


@pytest.mark.parametrize(
    ("right", "wrong", "fixes"),
    [
        ("dW1 = X.T @ dz", "dW1 = X @ dz", {"dW1 = X.T @ dz"}),
        ("dW2 = h.T @ dlogits", "dW2 = h @ dlogits", {"dW2 = h.T @ dlogits"}),
        ("dW1 = X.T @ dz", "dW1 = dz.T @ X", {"dW1 = (dz.T @ X).T", "dW1 = X.T @ dz"}),
        ("dh = dlogits @ W2.T", "dh = W2.T @ dlogits", {"dh = dlogits @ W2.T"}),
        ("(1 - h ** 2) * dh", "(1 - h ** 2) @ dh", {"dz = (1 - h ** 2) * dh"}),
        ("dlogits /= 50", "dlogits /= b1", set()),
    ],
)
def test_a_line_at_which_shapes_clash_is_mended_truly_or_not_at_all(right, wrong, fixes, tmp_path):
    file = tmp_path / "script.py"
    file.write_text("import numpy as np\n" + SCRIPT.replace(right, wrong))
    found = {d.after for d in check_file(file, repair=8 if fixes else 2).diagnoses}
    assert found <= fixes
    assert bool(found) == bool(fixes)


def test_a_result_that_is_gone_is_not_mended():
    text = """
        def affine_forward(x, W, b):
            return x @ W + b, (x, W, b)

        def affine_backward(dout, cache):
            x, W, b = cache
            return x.T @ dout, dout @ W.T, dout.sum(axis=0)
    """
    lines = {change_of(fix.rewrite).after.strip() for fix in mended(text, seconds=5)}
    assert lines == {"return dout @ W.T, x.T @ dout, dout.sum(axis=0)"}
