"""Diagnoses: what may stand in a formula by mistake, and what is said once of several layers."""

import numpy as np
import pytest

from tinygraph.checks.diagnose import (
    effort,
    generic,
    in_course_terms,
    layer_first,
    merge_diagnoses,
    number,
    setting_of,
)
from tinygraph.checks.report import Diagnosis
from tinygraph.notation.expressions import Expression

rng = np.random.default_rng(0)


def values(m, units=(3, 2, 1)):
    """A pass of two layers."""
    made = {"Y": rng.normal(size=(units[-1], m)), "m": m, "lr": 0.1}
    for i, n in enumerate(units):
        made |= {f"{p}{i}": rng.normal(size=(n, m)) for p in (("A", "Z", "dA", "dZ") if i else ("A",))}
        made |= {f"W{i}": rng.normal(size=(n, units[i - 1])), f"dW{i}": np.ones((n, 1))} if i else {}
    return made


def test_everything_in_the_pass_may_stand_in_a_formula():
    setting = setting_of([values(5), values(7)])
    operands = [str(x) for x in setting.operands]

    assert operands[:14] == [
        *("A0", "A1", "W1", "Z1", "dA1", "dW1", "dZ1"),
        *("A2", "W2", "Z2", "dA2", "dW2", "dZ2", "Y"),
    ]
    assert {"A1 * (1 - A1)", "1 - np.tanh(Z2) ** 2", "W1 - lr * dW1", "Z2 > 0", "dA1 * (1 - dA1)"} < set(
        operands
    )
    assert not [
        x
        for x in operands
        if "0" in x.replace("A0", "").replace("0.01", "").replace("> 0", "").replace("/ 100", "")
    ]


def test_numbers_of_units_may_be_factors_but_not_one():
    setting = setting_of([values(5), values(7)])

    assert [str(x) for x in setting.factors] == ["m", "lr", "2", "3", "A0.shape[0]", "A1.shape[0]"]
    assert [v["A0.shape[0]"] for v in setting.values] == [3, 3]
    assert [v["A2.shape[0]"] for v in setting.values] == [1, 1]


def test_what_is_only_rounding_is_small_beside_the_largest_derivative():
    given = values(5)
    given["dZ2"] = np.array([[-300.0, 2.0]])
    given["Z2"] = np.array([[-5000.0, 2.0]])

    assert setting_of([given, values(7)]).floor == pytest.approx(3e-12)
    assert setting_of([values(7), given]).floor == pytest.approx(3e-12)
    assert setting_of([{"A0": np.ones((2, 3)), "m": 3}]).floor == 0
    assert setting_of([{"A0": np.ones((2, 3)), "dA0": np.ones((0, 3)), "m": 3}]).floor == 0


def test_arrays_under_other_names_are_operands_and_numbers_are_not():
    setting = setting_of([{"X": np.ones((3, 2)), "scale": 2.0, "v7": np.ones(4), "Y": np.ones(2), "m": 2}])

    assert [str(x) for x in setting.operands] == ["X", "v7", "Y"]
    assert [str(x) for x in setting.factors] == ["m", "2", "3"]


def test_layers_in_names():
    assert [number(name) for name in ("dZ12", "A0", "X", "W_out")] == [12, 0, 0, 0]
    assert sorted(["W10", "dZ2", "A2", "X"], key=layer_first) == ["X", "A2", "dZ2", "W10"]


def diagnosis(name, layer, formula="", cause="sign", function=None, also=()):
    return Diagnosis(name, cause, f"{name} is wrong.", layer, formula, function=function, also=also)


def test_the_same_formula_in_several_layers_is_said_once():
    found = merge_diagnoses(
        [
            diagnosis("dW3", 3, "-dZ3 @ A2.T / m"),
            diagnosis("dW2", 2, "-dZ2 @ A1.T / m"),
            diagnosis("dW1", 1, "dZ1 @ A1.T / m"),
            diagnosis("db1", 1, "-dZ1 @ A0.T / m"),
        ]
    )

    assert [(d.name, d.also) for d in found] == [("dW3", ("dW2",)), ("dW1", ()), ("db1", ())]
    assert found[0].message == "dW3 is wrong. The same goes for dW2."
    assert found[1].message == "dW1 is wrong."


def test_what_another_function_passes_on_is_not_said_again():
    found = merge_diagnoses(
        [diagnosis("dZ2", 2, "dA2", function="inner"), diagnosis("dZ1", 1, "dA1", function="outer")]
    )

    assert [(d.name, d.function, d.also) for d in found] == [("dZ2", "inner", ())]


def test_unknown_mistakes_are_one_if_they_are_of_one_kind():
    found = merge_diagnoses(
        [diagnosis("dZ2", 2, cause="unknown"), diagnosis("dZ1", 1, cause="unknown"), diagnosis("dZ3", 3)]
    )

    assert [(d.name, d.also) for d in found] == [("dZ2", ("dZ1",)), ("dZ3", ())]


def test_what_a_diagnosis_says_of_any_layer():
    assert generic(diagnosis("dA1", 2, "W2.T @ dZ2 + W10")) == ("dA[-1]", "W[+0].T @ dZ[+0] + W[+8]")
    assert generic(diagnosis("dv", None, "", cause="unknown")) == ("dv", "unknown")
    assert generic(diagnosis("dZ2", None, "dA2"))[0] == "dZ[+2]"


def test_effort_is_less_where_formulas_are_known():
    known, unknown = diagnosis("dW1", 1, "dZ1"), diagnosis("dW1", 1)

    assert effort([known]) == 1
    assert effort([known, diagnosis("dW3", 3, "x", also=("dW2", "dW1"))]) == 4
    assert effort([unknown]) == 10
    assert effort([]) == 1000


def test_true_derivatives_in_the_terms_of_the_lectures():
    dZ, W, A = (Expression(name) for name in ("dZ2", "dW2", "A1"))

    assert str(in_course_terms(dZ @ A.T + W)) == "dZ2 / m @ A1.T + dW2"
    assert str(in_course_terms(np.sum(dZ, axis=1, keepdims=True))) == "np.sum(dZ2 / m, axis=1, keepdims=True)"
    assert in_course_terms(3) == 3
