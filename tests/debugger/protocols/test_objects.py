"""The row of objects: what is right agrees, and a slip is noticed."""

import pytest

from tests.debugger.protocols.cases import OBJECTS, slipped
from tests.debugger.somebody import verdicts_of


@pytest.mark.parametrize("case", OBJECTS.values(), ids=OBJECTS)
def test_right_code_agrees(case):
    name, _, _, text = case
    found = verdicts_of(text)
    assert found[name] == "agrees"
    assert "wrong" not in found.values()


@pytest.mark.parametrize("case", OBJECTS.values(), ids=OBJECTS)
def test_a_slip_is_wrong(case):
    assert verdicts_of(slipped(case))[case[0]] == "wrong"
