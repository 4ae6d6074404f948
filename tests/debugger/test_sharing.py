"""Which of several lines that give a value together is wrong."""

import ast
from types import SimpleNamespace

import numpy as np
import pytest

from tests.debugger.test_cases import evidence
from tinygraph.debugger.sharing import JointLines, mostly_right, proportional
from tinygraph.debugger.slopes import projections
from tinygraph.debugger.verdicts import LineVerdicts, likely_readings

HEAD = """
import numpy as np
X = np.array([[1.0, 2.0, -0.5], [3.0, 0.4, 1.5], [0.5, -1.0, 0.7]])
labels = np.array([0, 2, 1])
y = np.eye(3)[labels]
W = np.array([[0.5, -0.25, 0.1], [0.125, 0.25, -0.3], [0.2, 0.4, 0.6]])
"""
SOFTMAX = (
    HEAD
    + """
scores = X @ W
e = np.exp(scores)
probs = e / e.sum(axis=1, keepdims=True)
loss = -np.mean(np.log(probs[np.arange(3), labels]))
dscores = probs.copy()
dscores[np.arange(3), labels] -= 1
dscores /= 3
dW = X.T @ dscores
"""
)
USES = (
    HEAD
    + """
V = np.array([[0.3, 0.1, 0.2], [-0.2, 0.7, 0.4], [0.6, -0.1, 0.5]])
U = np.array([[0.2, 0.5, -0.2], [0.1, 0.3, 0.4], [-0.6, 0.1, 0.8]])
h = X @ W
a = h @ V
c = np.tanh(h) @ U
out = a * c + h
loss = np.sum((out - y) ** 2)
dout = 2 * (out - y)
da = dout * c
dc = dout * a
dh = da @ V.T
dh += (dc @ U.T) * (1 - np.tanh(h) ** 2)
dh += dout
dW = X.T @ dh
"""
)


def joint(text, *slips, name):
    """The text of the line that is wrong of those that give a value."""
    case = evidence(text, *slips)
    verdicts = LineVerdicts(case, likely_readings(case)[0]).work()
    found = next(b for b in verdicts.blamed if b.step.name == name)
    members = [s for s in case.steps if s.group == found.step.group and s.name == name]
    return ast.unparse(JointLines(verdicts, members, found).wrong.statement)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("dscores = probs.copy()", "dscores = probs * probs"),
        ("dscores[np.arange(3), labels] -= 1", "dscores[np.arange(3), labels] += 1"),
        ("dscores[np.arange(3), labels] -= 1", "dscores[np.arange(3), labels] -= 2"),
        ("dscores /= 3", "dscores *= 3"),
        ("dscores /= 3", "dscores /= 7"),
    ],
)
def test_of_the_lines_of_a_softmax_the_wrong_one(right, wrong):
    assert joint(SOFTMAX, (right, wrong), name="dscores") == wrong


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("dh = da @ V.T", "dh = da @ V"),
        ("dh += (dc @ U.T) * (1 - np.tanh(h) ** 2)", "dh += dc @ U.T * (1 - np.tanh(h))"),
        ("dh += dout\n", "dh += 2 * dout\n"),
    ],
)
def test_of_lines_that_add_up_the_uses_of_a_value_the_wrong_one(right, wrong):
    assert joint(USES, (right, wrong), name="dh") == wrong.strip()


def test_a_use_that_is_left_out_is_missed_at_the_last_line():
    assert joint(USES, ("dh += dout\n", ""), name="dh") == "dh += dc @ U.T * (1 - np.tanh(h) ** 2)"


def test_which_entries_are_right_up_to_the_commonest_factor():
    right = np.array([1.0, 2.0, 0.5, 4.0])
    given = np.array([2.0, 4.0, 1.0, 4.0])
    assert mostly_right(given, right).tolist() == [True, True, True, False]
    assert mostly_right(right, right).all()


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [([2.0, 4.0], [1.0, 2.0], True), ([-1.0, -2.0], [1.0, 2.0], False), ([1.0, 2.0], [1.0, 3.0], False),
     ([0.0, 0.0], [0.0, 0.0], False), ([0.0, 0.0], [1.0, 2.0], False), ([1.0], [3.0], True)],
)  # fmt: skip
def test_positive_multiples(a, b, same):
    assert proportional(np.array(a), np.array(b)) is same


class Lines(JointLines):
    """Lines that give these values one after the other; uses and truth are as told."""

    def __init__(self, values, right, uses=()):
        self.members = [SimpleNamespace(event=SimpleNamespace(value=np.array(v)), site=i)
                        for i, v in enumerate(values)]  # fmt: skip
        self.right_value, self.found = np.array(right), SimpleNamespace(factor=1.0)
        self.uses = [projections(np.array(use)) for use in uses]

    def sums_of_uses(self):
        return self.uses

    def is_right(self, step):
        return np.array_equal(step.event.value, self.right_value)


ONE, TWO, THREE = [1.0, 0.0], [0.0, 2.0], [3.0, 5.0]


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ([ONE, [1.0, 2.0], [7.0, 7.0]], 2),  # the last adds something else than the third use
        ([ONE, [9.0, 9.0], [12.0, 14.0]], 1),
        ([[9.0, 9.0], ONE, [1.0, 2.0]], 2),  # something is missing at the end
        ([ONE, [1.0, 2.0]], 1),
    ],
)
def test_the_part_that_no_use_explains(values, wrong):
    uses = [ONE, TWO, THREE, [1.0, 2.0], [4.0, 5.0], [3.0, 7.0]]
    assert Lines(values, [4.0, 7.0], uses).wrong == wrong


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [2.0, 4.0, 0.0]], 2),  # after what is right
        ([[2.0, 4.0, 6.0], [2.0, 4.0, 6.0], [2.0, 4.0, 0.0]], 2),
        ([[2.0, 4.0, 3.0], [2.0, 4.0, 0.0]], 1),  # what is not touched is right but for a factor
        ([[2.0, 9.0, 3.0], [2.0, 9.0, 0.0]], 0),  # an entry that is wrong is never touched
        ([[5.0, 9.0, 3.0], [10.0, 18.0, 6.0]], 0),  # all are touched, and nothing was right
        ([[4.0, 8.0, 3.0], [4.0, 8.0, 3.0]], 1),  # a line that should have done something
        ([[2.0, 4.0], [2.0, 4.0, 6.0]], 0),
    ],
)
def test_the_first_line_that_cannot_be_made_right(values, wrong):
    assert Lines(values, [2.0, 4.0, 6.0]).wrong == wrong
