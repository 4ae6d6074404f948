"""The row of losses: what is right agrees, and a slip is noticed."""

import pytest

from tests.debugger.protocols.cases import LOSSES, slipped
from tests.debugger.somebody import program_of, verdicts_of
from tinygraph.debugger.protocols.losses import is_fused


@pytest.mark.parametrize("case", LOSSES.values(), ids=LOSSES)
def test_right_code_agrees(case):
    name, _, _, text = case
    found = verdicts_of(text)
    assert found[name] == "agrees"
    assert "wrong" not in found.values()


@pytest.mark.parametrize("case", LOSSES.values(), ids=LOSSES)
def test_a_slip_is_wrong(case):
    assert verdicts_of(slipped(case))[case[0]] == "wrong"


@pytest.mark.parametrize(
    ("text", "fused"),
    [
        ("def f(x):\n    return loss, dx", True),
        ("def f(x):\n    return grads, cost", True),
        ("def f(x):\n    return loss", False),
        ("def f(x):\n    return dx, dw", False),
        ("def f(x):\n    return 1 + x, 2 * x", False),
        ("def _f(x):\n    return loss, dx", False),
        ("def f(x, learning_rate):\n    return loss, dx", False),
        ("def f_backward(dout, x):\n    return loss, dx", False),
        ("def loss_backward(x):\n    return loss, dx", True),
    ],
)
def test_a_number_and_derivatives_come_back_in_either_order(text, fused):
    (function,) = program_of(text).functions.values()

    assert is_fused(function) == fused
