"""The table: its rows in their order, each with an example, and what is asked of all of them."""

import dataclasses

import pytest

from tinygraph.debugger.making import FIRST
from tinygraph.debugger.protocols import table
from tinygraph.debugger.protocols.table import PROTOCOLS, Asked, Protocol, protocol


def test_a_row_is_added_at_the_end_and_its_finder_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(table, "PROTOCOLS", [])

    def find(program, function, asked):
        return iter(())

    assert protocol("first", "f(x)")(find) is find
    assert protocol("second", "g(x)")(find) is find
    assert protocol("third", "h(x)", reads_statements=True)(find) is find
    assert [dataclasses.astuple(row) for row in table.PROTOCOLS] == [
        ("first", "f(x)", find, False),
        ("second", "g(x)", find, False),
        ("third", "h(x)", find, True),
    ]
    assert Protocol("row", "x", find) == Protocol("row", "x", find, False)
    with pytest.raises(TypeError):
        protocol("fourth", "k(x)", True)


def test_nothing_is_asked_but_a_probe_where_nothing_is_said():
    assert Asked() == Asked(FIRST, 0, 0, None, None, None)
    assert Asked().sizes is FIRST
    for row in (Asked(), PROTOCOLS[0]):
        with pytest.raises(dataclasses.FrozenInstanceError):
            row.name = row.seed = 1


def test_what_was_named_by_hand_comes_first_and_statements_last():
    names = [row.name for row in PROTOCOLS]

    assert names[0] == "functions named by hand"
    assert len(set(names)) == len(names) > 5
    assert all(row.example for row in PROTOCOLS)
    statements = [row.reads_statements for row in PROTOCOLS]
    assert statements == sorted(statements)
    assert any(statements)
