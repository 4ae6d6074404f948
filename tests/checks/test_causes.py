"""Causes: each mistake of the list is called by its name, from its numbers alone, in every network."""

import numpy as np
import pytest

from tests.benchmarks.planted import NETWORKS
from tests.benchmarks.planted.graphs import MISTAKES as PENALTIES
from tests.benchmarks.planted.mistakes import CHANGES, MISTAKES
from tests.benchmarks.planted.programs import in_layer
from tinygraph.checks import causes
from tinygraph.checks.causes import WHY, alternatives_text, causes_of, computed_text, message_of
from tinygraph.checks.diagnose import setting_of
from tinygraph.checks.explain import explain_program
from tinygraph.checks.lectures import backward_program
from tinygraph.debugger.homework import pass_values
from tinygraph.debugger.probe import make_probe

PASSES = {
    net: [pass_values(make_probe(net.sizes, m, net.activations, m), "course") for m in (7, 11)]
    for net in NETWORKS
}
SETTINGS = {net: setting_of(values) for net, values in PASSES.items()}
BACKWARD = ("dA", "dZ", "dW", "db", "dA_prev")


def finding_of(net, name, code):
    """The finding where one line of the pass is wrong, and all before it is given and right."""
    program = backward_program(net.activations)
    at = [s.name for s in program].index(name)
    before = [s.name for s in program[:at]]
    given = {other: [v[other] for v in PASSES[net]] for other in before}
    with np.errstate(all="ignore"):
        given[name] = [eval(code, {"np": np}, dict(v)) for v in PASSES[net]]
    [finding] = explain_program(program[: at + 1], SETTINGS[net], given)
    return finding


def is_wrong(net, name, code):
    """Whether the formula can be evaluated, and gives other numbers than the right ones."""
    try:
        with np.errstate(all="raise", under="ignore"):
            made = [eval(code, {"np": np}, dict(v)) for v in PASSES[net]]
    except (ValueError, NameError, KeyError, FloatingPointError):
        return False
    return not all(
        np.shape(x) == np.shape(v[name]) and np.allclose(x, v[name])
        for x, v in zip(made, PASSES[net], strict=True)
    )


def planted():
    """(network, cause, name, formula): each mistake in the highest layer of each network where it shows."""
    for net in NETWORKS:
        for mistake in MISTAKES:
            for layer in range(net.L, 0, -1) if mistake.quantity in BACKWARD else ():
                name, code = in_layer(mistake.quantity, layer), in_layer(mistake.code, layer, net.L)
                if mistake.occurs_in(layer, net) and is_wrong(net, name, code):
                    yield pytest.param(net, mistake.cause, name, code, id=f"{net.name}: {name} = {code}")
                    break


@pytest.mark.parametrize(("net", "cause", "name", "code"), list(planted()))
def test_a_mistake_is_called_by_its_name(net, cause, name, code):
    finding = finding_of(net, name, code)

    assert finding.statement.name == name
    assert cause in causes_of(finding)


@pytest.mark.parametrize(
    ("quantity", "name", "formula"),
    [
        ("dA", "dA3", "(A - Y) / A"),
        ("dZ", "dZ2", "dA * Z * A"),
        ("dW", "dW2", "dZ @ (A_prev ** 2).T / m"),
        ("dW", "dW2", "7 * dZ @ A_prev.T / m"),  # which only the list tells from any other constant
        ("db", "db2", "np.sum(A, axis=1, keepdims=True) / m"),
        ("db", "db2", "np.sum(A, axis=1) / m"),
        ("dA_prev", "dA1", "W.T @ (dZ * dZ)"),
    ],
)
def test_a_formula_in_the_list_is_enough_to_be_called_by_its_name(quantity, name, formula, monkeypatch):
    layer = 3 if name == "dA3" else 2
    finding = finding_of(BINARY, name, in_layer(formula, layer))
    assert "made-up" not in causes_of(finding)

    monkeypatch.setitem(causes.MISTAKES, "made-up", {"why": "Made up.", quantity: [formula]})

    assert "made-up" in causes_of(finding)


def test_every_cause_is_planted_and_every_planted_cause_is_explained():
    planted = {row.cause for row in (*MISTAKES, *CHANGES)} | {cause for cause, _, _ in PENALTIES}

    assert planted == WHY.keys()


def test_reasons_are_sentences_for_beginners():
    for cause, why in WHY.items():
        assert why.strip() == why, cause
        assert why[0].isupper() or why.split()[0].strip(":") in (
            "dA",
            "dW",
            "np.mean",
            "relu",
            "m",
            "g'",
            "b",
        )
        assert why.endswith("."), cause


BINARY = NETWORKS[0]

ALONE = {
    "db2": [
        ("np.sum(dZ2, axis=1) / m", ("keepdims",)),
        ("(np.sum(dZ2, axis=1) / m).reshape(1, -1)", ("transposed",)),
        ("np.sum(dZ2, axis=1, keepdims=True) * 3 / m", ("stray-constant",)),
        ("-np.sum(dZ2, axis=1, keepdims=True) / m", ("sign",)),
        ("np.mean(dZ2, axis=1, keepdims=True) / m", ("db-averaged-twice", "double-1/m")),
        ("np.mean(dZ2)", ("mean-over-all",)),
    ],
    "db3": [("np.sum(dZ3) / m", ("keepdims",)), ("np.sum(dZ3, axis=1) / m", ("keepdims",))],
    "dW2": [
        ("(dZ2 @ A1.T / m).ravel()", ()),
        ("dZ2 @ A1.T / m + 0.3 * W2", ("l2-scale",)),
        ("dZ2 @ A1.T", ("missing-1/m",)),
    ],
    "dZ3": [
        ("(A3 - Y) * 2", ("half-squared-loss",)),
        ("(A3 - Y) * 3", ("stray-constant",)),
    ],
    "dZ2": [("2 * dA2 * (Z2 > 0)", ("stray-constant",))],
}


@pytest.mark.parametrize(
    ("name", "code", "expected"), [(name, *row) for name, rows in ALONE.items() for row in rows]
)
def test_the_likeliest_cause_of_numbers_comes_first(name, code, expected):
    assert causes_of(finding_of(BINARY, name, code))[: max(1, len(expected))] == expected


def test_other_numbers_in_another_shape_are_no_matter_of_keepdims():
    finding = finding_of(BINARY, "db2", "np.sum(dZ2, axis=1) / m + np.arange(len(dZ2))")

    assert "keepdims" not in causes_of(finding)
    assert "keepdims" not in causes_of(finding_of(BINARY, "db2", "np.sum(dZ2, axis=0, keepdims=True) / m"))
    assert causes_of(finding_of(BINARY, "db2", "2 * np.sum(dZ2, axis=1) / m")) != ("keepdims",)


def test_what_no_formula_gives_has_no_cause_and_says_how_far_off_it_is():
    right = PASSES[BINARY][0]["dW2"]
    code = "dZ2 @ A1.T / m * (1 + np.random.default_rng(0).random(W2.shape)) ** np.log(m + Y.sum() + 7)"
    finding = finding_of(BINARY, "dW2", code)
    given = eval(code, {"np": np}, dict(PASSES[BINARY][0]))
    message = message_of(finding, causes_of(finding))

    assert causes_of(finding) == ()
    assert "the cause is unknown" in message
    cosine = np.vdot(given, right) / np.linalg.norm(given) / np.linalg.norm(right)
    i, j = np.unravel_index(np.argmax(abs(given - right)), right.shape)
    assert f"cosine {cosine:.3f}" in message
    assert f"norm {np.linalg.norm(given) / np.linalg.norm(right):.3g} times" in message
    assert f"at [{i}, {j}] {given[i, j]:.6g} instead of {right[i, j]:.6g}" in message


def test_nothing_but_zeros_singles_out_no_formula():
    finding = finding_of(BINARY, "dW2", "0 * W2")

    assert computed_text(finding) == "it is 0 everywhere"
    assert alternatives_text(finding) == ""
    assert "it is 0 everywhere; the lectures' step is dZ2 @ A1.T / m" in message_of(finding, ())


def test_a_message_has_the_formula_the_right_one_and_the_reason():
    finding = finding_of(BINARY, "dW2", "dZ2 @ A1.T")
    message = message_of(finding, ("missing-1/m",))

    assert message.startswith("Layer 2, dW2: you computed dZ2 @ A1.T; the lectures' step is dZ2 @ A1.T / m.")
    assert message.endswith(WHY["missing-1/m"])


def test_different_mistakes_with_the_same_numbers_are_told():
    values = PASSES[BINARY][0]
    n = values["A1"].shape[0]
    finding = finding_of(BINARY, "dW2", f"dZ2 @ A1.T / {n}")

    said = alternatives_text(finding)
    assert said == "" or said.endswith("would give the same numbers.)")
    assert "wrong-m" in causes_of(finding)
