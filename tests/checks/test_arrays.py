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


# In the user's words


def test_diagnoses_use_the_names_of_the_user():
    data, labels = X, Y
    p = parameters_of(ARRAYS)
    hidden = tg.relu(p["W1"] @ data + p["b1"])
    again = tg.relu(p["W2"] @ hidden + p["b2"])
    J = tg.binary_cross_entropy(tg.sigmoid(p["W3"] @ again + p["b3"]), labels)
    d = J.backward()

    for names in (None, locals()):
        right = {name: tg.compare(J, d, names=names) for name in d}
        assert all(right.values())
        found = [
            tg.compare(J, {**d, name: given}, names=names).diagnoses
            for name, given in [("dW1", d["dW1"] * 2), ("dW2", -d["dW2"]), ("dhidden", d["dhidden"] * 3)]
        ]
        assert [(x.name, x.expected) for [x] in found] == [
            ("dW1", "dZ1 @ data.T"),
            ("dW2", "dZ2 @ hidden.T"),
            ("dhidden", "W2.T @ dZ2"),
        ]


def test_data_in_formulas_is_called_what_the_line_calls_it():
    labels, mask = Y, (np.arange(35.0).reshape(5, 7) % 3 > 0) / 0.7
    p = parameters_of(ARRAYS)
    first = tg.relu(p["W1"] @ X + p["b1"]) * mask
    J = tg.binary_cross_entropy(tg.sigmoid(p["W3"][:, :1] @ first[:1]), labels)
    d = J.backward()

    [found] = tg.compare(J, {"dfirst": d["dfirst"], "dA1": d["dfirst"].copy()}).diagnoses

    assert found.expected == "dfirst * mask"
    assert "labels" not in found.message


def test_one_cause_is_told_where_several_have_the_same_numbers():
    p = parameters_of(make_network([4, 1, 1])[2])
    J = tg.binary_cross_entropy(tg.sigmoid(p["W2"] @ tg.relu(p["W1"] @ X + p["b1"]) + p["b2"]), Y)
    d = J.backward().chain("course")

    [found] = tg.compare(J, {**d, "dW1": d["dW1"] * 7}).diagnoses

    assert found.cause == "missing-1/m"
    assert found.others
    assert found.message.count(". ") == 1
    assert " Or: " not in found.message
    assert "the same numbers" not in found.message


@pytest.mark.parametrize(
    ("hidden", "code", "cause"),
    [
        ("sigmoid", "dA2 * s(dA2) * (1 - s(dA2))", "derivative-of-upstream"),
        ("tanh", "dA2 * (1 - np.tanh(dA2) ** 2)", "derivative-of-upstream"),
        ("relu", "s(dA2)", "derivative-of-upstream"),
        ("tanh", "dA2 * (1 - Z2 ** 2)", "preactivation-in-slope"),
        ("tanh", "(1 - np.square(Z2)) * dA2", "preactivation-in-slope"),
        ("sigmoid", "dA2 * Z2 * (1 - Z2)", "preactivation-in-slope"),
        ("tanh", "dA2 * A2 * (1 - A2)", "wrong-activation"),
    ],
)
def test_slopes_of_the_wrong_thing_are_named(hidden, code, cause):
    J = record(X, Y, parameters_of(ARRAYS), hidden=hidden)
    d = J.backward()
    values = {q.name: q.value for q in d.graph.quantities} | d.chain("course")
    given = eval(code, {"np": np, "s": lambda x: 1 / (1 + np.exp(-x))}, values)

    [found] = tg.compare(J, {**d.chain("course"), "dZ2": given}).diagnoses

    assert (found.name, found.cause) == ("dZ2", cause)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("dA1", "W2.reshape(5, 3) @ dZ2"),
        ("dA2", "W3.reshape(-1, 1) @ dZ3 + 0"),
        ("dW2", "dZ2 @ A1.reshape(7, 5) / m"),
        ("dW1", "dZ1 @ X.reshape(7, 4) / m"),
    ],
)
def test_a_reshape_in_the_place_of_a_transpose_is_named(name, code):
    J = record(X, Y, parameters_of(ARRAYS))
    d = J.backward()
    values = {q.name: q.value for q in d.graph.quantities} | d.chain("course") | {"m": 7, "X": X}
    report = tg.compare(J, {**d.chain("course"), name: eval(code, {}, values)})

    if name == "dA2":  # of one row, both are the same
        assert report.ok
    else:
        assert [(x.name, x.cause) for x in report.diagnoses] == [(name, "reshape-for-transpose")]


def test_a_long_formula_is_told_by_what_differs():
    W = tg.parameter(ARRAYS["W1"], name="W1")
    Z = W @ X
    J = (np.tanh(Z) * np.exp(-Z * Z) * np.cos(Z) / (1 + Z * Z) + np.sin(Z) / (2 + Z * Z)).sum()
    d = J.backward()

    for given, cause in ((d["dZ1"] * 2, "stray-constant"), (-d["dZ1"], "sign")):
        [found] = tg.compare(J, {"dZ1": given}, seconds=0.3).diagnoses
        assert found.cause == cause
        assert len(found.expected) > 200
        assert len(found.message) < 350
