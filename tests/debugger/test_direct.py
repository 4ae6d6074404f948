"""Functions and inputs that were given by hand: what is handed over, and what is said of it."""

import numpy as np
import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.direct import examine_directly, examples_in, label_results
from tinygraph.errors import UserFileError

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])

FORWARD = """
def forward(x, s):
    out = x**2 * s
    return {kept}
"""


def verdict(kept, back, inputs=(X, 3.0)):
    """What came of a backward pass after `out = x ** 2 * s`."""
    program = program_of(FORWARD.replace("{kept}", kept) + back)
    return examine_directly(program, program.namespace["forward"], program.namespace["back"], inputs)


@pytest.mark.parametrize(
    ("kept", "back"),
    [
        ("out, (x, s)", "def back(dout, cache):\n    return 2 * cache[0] * cache[1] * dout"),
        ("out, x, s", "def back(dout, x, s):\n    return 2 * x * s * dout"),
        ("out", "def back(dout, x, s):\n    return 2 * x * s * dout"),
        ("out", "def back(dout, x, s):\n    return {'dx': 2 * x * s * dout}"),
        ("out, x", "def back(dout, kept, x, s):\n    return 2 * kept * s * dout"),
        ("np.sum(out)", "def back(x, s):\n    return 2 * x * s"),
    ],
)
def test_what_the_way_back_asks_for_is_handed_over(kept, back):
    assert verdict(kept, back).verdict == "agrees"
    wrong = verdict(kept, back.replace("2 * ", "3 * "))
    assert wrong.verdict == "wrong"
    assert [v.ok for v in wrong.judgements[0].verdicts] == [False]


def test_two_probes_tell_a_constant_from_an_accident():
    found = verdict("out", "def back(dout, x, s):\n    return 2 * x * s * dout")
    first, second = (j.trial.state["x"] for j in found.judgements)
    assert np.allclose(second, 0.9 * first)


def test_the_inputs_are_copied():
    x = X.copy()
    verdict("out", "def back(dout, x, s):\n    x *= 0\n    return x", (x, 3.0))
    assert np.array_equal(x, X)


@pytest.mark.parametrize("inputs", [("a", "b"), (X, "s"), (None, 1.0)])
def test_inputs_that_give_no_number_are_an_error(inputs):
    with pytest.raises(UserFileError, match="gives no number on these inputs"):
        verdict("out", "def back(dout, x, s):\n    return dout", inputs)


def test_a_function_of_another_file_is_an_error():
    program = program_of(FORWARD.replace("{kept}", "out"))
    with pytest.raises(UserFileError, match="does not know the source of test_a_function"):
        examine_directly(
            program, program.namespace["forward"], test_a_function_of_another_file_is_an_error, (X, 1.0)
        )


def test_what_came_back_is_called_by_the_inputs():
    for result in ((1, 2), [1, 2], {"dx": 1, "dw": 2}):
        assert label_results(result, ["x", "w"]) == [("dx", 1), ("dw", 2)]
    assert label_results(X, ["x", "w"]) == [("dx", X)]
    assert label_results((1, 2, 3), ["x", "w"]) == [("dx", 1), ("dw", 2)]


def test_examples_are_the_longer_side_of_the_first_table():
    assert examples_in([3.0, np.ones(9), X, np.ones((8, 9))]) == examples_in([X.T]) == 3
    assert examples_in([3.0, np.ones(9)]) == 1
