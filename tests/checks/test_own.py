"""The derivation of any graph stays short and ends in time, and gives the graph's numbers."""

from functools import reduce

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.checks.clock import FOREVER, Clock, OutOfTimeError
from tinygraph.checks.own import LONGEST, TERMS, BoundedDerivation, is_average, name_long
from tinygraph.notation.expressions import bare

X = np.random.default_rng(0).normal(size=(3, 5))


def nameless(steps):
    w = tg.parameter(np.full((3, 1), 0.5), name="w")
    return reduce(lambda x, _: np.tanh(x) * w, range(steps), X).sum()


@pytest.mark.parametrize("steps", [1, 3, 10, TERMS + 5, 300])
def test_formulas_are_short_and_right(steps):
    d = nameless(steps).backward()
    name_long(d.graph)
    found = BoundedDerivation(d.graph, FOREVER).statements()
    values = {q.name: q.value for q in d.graph.quantities if q.name} | {"dw": d["dw"]}

    for s in found:
        formula = bare(s.right[0])
        assert len(str(formula)) < 60 * LONGEST * TERMS
        values[s.name] = formula.evaluate(values)
    np.testing.assert_allclose(values["dw"], d["dw"], rtol=1e-9)
    assert (found[-1].name, str(found[-1].right[0]) == "dw") == ("dw", steps > TERMS)


def test_a_name_is_given_once_and_to_what_is_long_alone():
    d, short = nameless(100).backward(), nameless(2).backward()
    name_long(d.graph)
    name_long(short.graph)
    names = [q.name for q in d.graph.quantities if q.name]

    assert len(set(names)) == len(names) > 5
    assert not [q.name for q in short.graph.quantities if q.name and q.name[0] == "v"]


def test_a_derivation_ends_in_time():
    with pytest.raises(OutOfTimeError):
        BoundedDerivation(nameless(3).backward().graph, Clock(0)).statements()


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (lambda Z: np.mean(Z), True),
        (lambda Z: Z.sum() / 5, True),
        (lambda Z: Z.sum() * 0.2, True),
        (lambda Z: tg.mse(Z, X), True),
        (lambda Z: Z.sum(), False),
        (lambda Z: (Z * Z).sum() / 10, True),
        (lambda Z: 1 / 10 * (Z * Z).sum(), True),
        (lambda Z: Z.sum() / 3, False),
        (lambda Z: Z.sum() / 2.5, False),
        (lambda Z: Z.sum() * 5, False),
        (lambda Z: (Z * X).sum(), False),
    ],
)
def test_an_average_divides_by_m(cost, expected):
    W = tg.parameter(np.ones((3, 3)), name="W")

    assert is_average(cost(W @ X).backward().graph) is expected
