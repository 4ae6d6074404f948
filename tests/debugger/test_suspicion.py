"""The lines that make what is wrong are looked at first, those that make only what is right last."""

import ast

import pytest

from tinygraph.debugger.suspicion import INNOCENT, LEADS_TO_IT, MAKES_IT, suspicion_of, suspicion_of_error

TEXT = """\
def back(dout, cache):
    x, w = cache
    dz = dout * 2
    dw = x.T @ dz
    dh = dout * 3
    dx = dh @ w.T
    return dw, dx
"""


def node_of(text):
    return ast.parse(text).body[0]


def test_lines_by_what_is_made_of_them():
    found = suspicion_of(node_of(TEXT), {"dw"}, {"dx"})
    assert found == {2: 0.0, 3: LEADS_TO_IT, 4: MAKES_IT, 5: INNOCENT, 6: INNOCENT}


def test_without_a_wrong_name_that_is_made_nothing_is_suspected():
    assert suspicion_of(node_of(TEXT), {"(no end)"}, {"dx"}) == {}


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("self.dw = x", "dw"),
        ("self.dw = x", "self.dw"),
        ("grads['dw'] = x", "grads['dw']"),
        ("grads['dw'] = x", "dw"),
        ("dw[0] = x", "dw[0]"),
        ("dw += x", "dw"),
        ("dw: float = x", "dw"),
        ("a, (dw, b) = x", "dw"),
        ("np.add.at(dw, i, x)", "dw"),
    ],
)
def test_what_a_line_makes(line, label):
    assert suspicion_of(node_of(f"def f(self, x):\n    {line}\n    q = x"), {label}, ()) == {
        2: MAKES_IT,
        3: INNOCENT,
    }


def test_all_lines_of_a_statement_are_suspected():
    text = "def f(x):\n    dw = (\n        x\n    )\n    return dw"
    assert suspicion_of(node_of(text), {"dw"}, ()) == dict.fromkeys((2, 3, 4), MAKES_IT)


def test_where_an_exception_passed_that_line_comes_first_then_what_it_reads():
    found = suspicion_of_error(node_of(TEXT), {6})
    assert found == {6: MAKES_IT, 5: LEADS_TO_IT, 2: LEADS_TO_IT}
