"""Arrays by hand are explained by the lectures where the graph is theirs, by its own formulas where not."""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tinygraph.checks.arrays import diagnose_arrays, labels_of, lecture_program, lecture_values, own_program
from tinygraph.graph.layers import find_layers

X, Y, ARRAYS = make_network([4, 5, 3, 1])


def lectures():
    return record(X, Y, parameters_of(ARRAYS)).backward()


def squares():
    """A network under a cost that the table does not have."""
    p = parameters_of(ARRAYS)
    Z1 = (p["W1"] @ X + p["b1"]).named("Z1")
    return (np.sum((tg.relu(Z1).named("A1") - 1.0) ** 2) / 7).backward()


def wrong_arrays(d, name, spoil, convention="course"):
    """All derivatives in a convention, one of them spoiled."""
    hand = d.chain(convention)
    return {**hand, name: spoil(hand[name])}


@pytest.mark.parametrize("convention", ["course", "true"])
def test_the_lectures_explain_a_network_of_theirs(convention):
    d = lectures()
    hand = wrong_arrays(d, "dW2", lambda x: x * 7, convention)

    [found] = diagnose_arrays(d, hand, convention)

    course = convention == "course"
    assert (found.name, found.layer) == ("dW2", 2)
    assert found.formula == ("dZ2 @ A1.T" if course else "dZ2 @ A1.T * m")
    assert found.expected == ("dZ2 @ A1.T / m" if course else "dZ2 @ A1.T")
    assert "the lectures' step" in found.message


@pytest.mark.parametrize("convention", ["course", "true"])
def test_another_graph_is_explained_by_its_own_formulas(convention):
    d = squares()
    hand = wrong_arrays(d, "dW1", np.negative, convention)

    [found] = diagnose_arrays(d, hand, convention)

    assert (found.name, found.cause, found.expected) == ("dW1", "sign", "dZ1 @ X.T")
    assert "the right step" in found.message
    assert "lectures" not in found.message


@pytest.mark.parametrize("convention", ["course", "true"])
@pytest.mark.parametrize("make", [lectures, squares])
def test_right_arrays_have_no_diagnosis(make, convention):
    d = make()

    assert diagnose_arrays(d, d.chain(convention), convention) == []


def test_the_lectures_values_have_the_factor_of_their_convention():
    d = lectures()
    layers = find_layers(d.order, d.names)
    course, true = (lecture_values(d, layers, Y, convention) for convention in ("course", "true"))

    names = {"Y", "m", "A0", *(f"{d}{p}{i}" for d in ("", "d") for p in "WbZA" for i in (1, 2, 3))}
    assert course.keys() == true.keys() == names
    assert course["m"] == 7
    for name, value in d.chain("course").items():
        np.testing.assert_allclose(course[name], value, rtol=1e-15)
        np.testing.assert_allclose(true[name], d.chain("true")[name], rtol=1e-15)
    np.testing.assert_array_equal(course["A0"], X)


def without_bias():
    p = parameters_of(ARRAYS)
    return tg.binary_cross_entropy(tg.sigmoid(p["W3"] @ tg.relu(p["W1"][:3] @ X + p["b2"])), Y)


def other_activation():
    p = parameters_of(ARRAYS)
    A1 = tg.gelu(p["W1"] @ X + p["b1"])
    return tg.binary_cross_entropy(tg.sigmoid(np.ones((1, 5)) @ A1), Y)


def other_numbers():
    W = tg.parameter(ARRAYS["W1"][:1], name="W5")
    return tg.binary_cross_entropy(tg.sigmoid(W @ X + tg.parameter([[0.1]], name="b5")), Y)


def penalised():
    p = parameters_of(ARRAYS)
    return record(X, Y, p) + 0.1 * np.sum(p["W1"] ** 2)


@pytest.mark.parametrize("make", [without_bias, other_activation, other_numbers, penalised])
def test_what_is_not_a_network_of_the_lectures(make):
    assert lecture_program(make().backward(), "course") is None
    assert lecture_program(squares(), "course") is None


def test_labels_are_those_of_the_last_cost():
    x = tg.parameter(np.full((1, 3), 0.5), name="x")
    first, second = np.zeros((1, 3)), np.ones((1, 3))
    mixed = tg.binary_cross_entropy(x, first) + tg.binary_cross_entropy(x, second) * np.float64(2)

    assert labels_of(mixed.backward()) is second
    assert labels_of((np.sum(x) * 2).backward()) is None
    assert labels_of(squares()) is None


def test_the_own_program_gives_the_numbers_of_the_graph():
    d = squares()
    program, values = own_program(d)

    assert values["m"] == d.m
    for s in program:
        for right in s.right:
            value = right.evaluate(values) if hasattr(right, "evaluate") else right
            np.testing.assert_allclose(
                np.broadcast_to(value, d[s.of.tensor].shape), d[s.of.tensor], rtol=1e-9
            )
