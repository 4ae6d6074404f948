"""The search: planted slips are found, and every formula that a diagnosis gives makes the planted numbers."""

import re

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.checks.arrays import own_program
from tinygraph.checks.diagnose import diagnosis_of, merge_diagnoses, setting_of
from tinygraph.checks.edits import single_edits
from tinygraph.checks.explain import (
    FormulaMemory,
    best_finding,
    explain_program,
    move_layers,
    quantity_kind,
    statement_key,
)
from tinygraph.checks.lectures import backward_program, forward_program, layer_program, update_program
from tinygraph.checks.search import Match, Setting, is_match, search_formulas
from tinygraph.debugger.homework import pass_values
from tinygraph.debugger.probe import make_probe
from tinygraph.notation.expressions import Expression

PROBES = [pass_values(make_probe(seed=seed), "course") for seed in (0, 1)]
SETTING = setting_of(PROBES)
PROGRAM = backward_program(["relu", "relu", "sigmoid"])

# What is computed in place of a right line, and its cause. `v` are the values of the pass, by name.
SLIPS = {
    "dA3": [("dAL-bracket", "-(Y / A3 + (1 - Y) / (1 - A3))"), ("sign", "Y / A3 - (1 - Y) / (1 - A3)")],
    "dZ3": [
        ("extra-activation-derivative", "(A3 - Y) * A3 * (1 - A3)"),
        ("missing-activation-derivative-output", "dA3"),
        ("half-squared-loss", "2 * (A3 - Y)"),
        ("sign", "Y - A3"),
    ],
    "dW2": [
        ("missing-1/m", "dZ2 @ A1.T"),
        ("double-1/m", "dZ2 @ A1.T / m / m"),
        ("wrong-m", "dZ2 @ A1.T / A0.shape[0]"),
        ("mean-over-all", "dZ2 @ A1.T / dZ2.size"),
        ("preactivation-in-dW", "dZ2 @ Z1.T / m"),
        ("layer-off-by-one", "dZ2 @ A0.T / m"),
        ("transposed", "A1 @ dZ2.T / m"),
        ("stray-constant", "dZ2 @ A1.T / m * 3.7"),
        ("sign", "-dZ2 @ A1.T / m"),
    ],
    "db2": [
        ("missing-1/m", "np.sum(dZ2, axis=1, keepdims=True)"),
        ("db-averaged-twice", "np.mean(dZ2, axis=1, keepdims=True) / m"),
        ("keepdims", "np.sum(dZ2, axis=1) / m"),
        ("sum-axis", "np.sum(dZ2, axis=0, keepdims=True) / m"),
        ("db-not-summed", "dZ2 / m"),
        ("b-as-gradient", "b2"),
    ],
    "dA1": [
        ("update-before-backprop", "(W2 - lr * dW2).T @ dZ2"),
    ],
    "dZ1": [
        ("missing-activation-derivative", "dA1"),
        ("relu-on-gradient", "np.maximum(dA1, 0)"),
        ("wrong-activation", "dA1 * A1 * (1 - A1)"),
        ("derivative-of-upstream", "dA1 * dA1 * (1 - dA1)"),
        ("leaky-slope", "dA1 * np.where(Z1 > 0, 1, 0.01)"),
    ],
}


def run(lines, v):
    """The backward pass of `lines` (name, code), with the values of the pass."""
    v = dict(v)
    for name, code in lines:
        v[name] = eval(code, {"np": np}, v)
    return v


def planted(name, code, hidden=("dA3", "dZ3", "dZ2", "dZ1")):
    """What a backward pass with one wrong line gives, on every probe; hidden names are not given."""
    lines = [(s.name, code if s.name == name else str(s.right[-1])) for s in PROGRAM]
    values = [run(lines, v) for v in PROBES]
    return {s.name: [v[s.name] for v in values] for s in PROGRAM if s.name not in hidden}, values


@pytest.mark.parametrize(
    ("name", "cause", "code"), [(name, cause, code) for name, slips in SLIPS.items() for cause, code in slips]
)
@pytest.mark.parametrize("hidden", [(), ("dA3", "dZ3", "dZ2", "dZ1")], ids=["all given", "dZ hidden"])
def test_a_planted_slip_is_found_and_its_formula_makes_the_numbers(name, cause, code, hidden):
    given, values = planted(name, code, hidden)

    [diagnosis] = merge_diagnoses(map(diagnosis_of, explain_program(PROGRAM, SETTING, given)))

    if hidden and name == "dA3" and diagnosis.name == "dZ3":
        name = "dZ3"  # with neither given, the sign may have been lost in either
    assert (name, cause) == (diagnosis.name, diagnosis.cause)
    for v in values:
        np.testing.assert_allclose(eval(diagnosis.formula, {"np": np}, v), v[name], rtol=1e-9, atol=1e-15)
    right = {"np": np} | PROBES[0]
    np.testing.assert_allclose(eval(diagnosis.expected, right), PROBES[0][name], rtol=1e-9, atol=1e-15)


def test_the_same_slip_in_several_layers_is_one_diagnosis_that_names_them():
    lines = {name: f"np.sum({name.replace('b', 'Z')}, axis=1) / m" for name in ("db3", "db1")}
    code = [(s.name, lines.get(s.name, str(s.right[-1]))) for s in PROGRAM]
    values = [run(code, v) for v in PROBES]
    given = {s.name: [v[s.name] for v in values] for s in PROGRAM}

    [diagnosis] = merge_diagnoses(map(diagnosis_of, explain_program(PROGRAM, SETTING, given)))

    assert (diagnosis.name, diagnosis.also) == ("db3", ("db1",))
    assert diagnosis.message.endswith("The same goes for db1.")


def test_one_hidden_mistake_is_preferred_to_two_that_are_given():
    given, _ = planted("dA1", "W2.T @ dZ2 / m", hidden=("dA3", "dA2", "dA1", "dA0", "dZ3", "dZ2", "dZ1"))

    [finding] = explain_program(PROGRAM, SETTING, given)  # and not dW1 and db1

    assert (finding.statement.name, finding.matches[0].text) in [
        ("dA1", "W2.T @ dZ2 / m"),
        ("dZ1", "dA1 * (Z1 > 0) / m"),
    ]


def test_causes_that_numbers_cannot_tell_apart_are_all_named():
    given, _ = planted("dZ2", "dA2 * (A2 >= 0)", hidden=())

    [diagnosis] = map(diagnosis_of, explain_program(PROGRAM, SETTING, given))

    assert (diagnosis.cause, diagnosis.others) == ("missing-activation-derivative", ("relu-ge-zero",))
    assert " Or: A = relu(Z) is never negative" in diagnosis.message


@pytest.mark.parametrize("hidden", [(), ("dA3", "dZ3", "dZ2", "dZ1")], ids=["all given", "dZ hidden"])
def test_a_mask_in_the_place_of_a_derivative_is_found(hidden):
    given, _ = planted("dZ2", "Z2 > 0", hidden)

    [diagnosis] = map(diagnosis_of, explain_program(PROGRAM, SETTING, given))

    assert (diagnosis.name, diagnosis.formula) == ("dZ2", "Z2 > 0")


def test_arrays_of_integers_are_named():
    given, values = planted("dW2", "np.trunc(9 * dZ2 @ A1.T / m)", hidden=())
    whole = {name: [x.astype(int) if name == "dW2" else x for x in xs] for name, xs in given.items()}

    [nine] = map(diagnosis_of, explain_program(PROGRAM, SETTING, whole))
    [cut] = map(
        diagnosis_of,
        explain_program(PROGRAM, SETTING, given | {"dW2": [v["dW2"].astype(int) * 0 for v in values]}),
    )

    assert nine.cause == "unknown"
    assert (cut.cause, cut.formula) == ("integers", "np.trunc(dZ2 @ A1.T / m)")
    assert "it is 0 everywhere" in cut.message


def test_right_numbers_need_no_explanation():
    given, _ = planted("dW2", "dZ2 @ A1.T / m")

    assert explain_program(PROGRAM, SETTING, given) == []


def test_independent_slips_are_all_found_and_a_right_step_below_a_wrong_one_is_right():
    lines = {"dZ2": "dA2", "dW2": "-dZ2 @ A1.T / m", "db1": "np.sum(dZ1, axis=1, keepdims=True)"}
    code = [(s.name, lines.get(s.name, str(s.right[-1]))) for s in PROGRAM]
    values = [run(code, v) for v in PROBES]
    given = {s.name: [v[s.name] for v in values] for s in PROGRAM if s.name[:2] != "dZ"}

    findings = explain_program(PROGRAM, SETTING, given)

    assert [(f.statement.name, f.matches[0].text) for f in findings] == [
        ("dZ2", "dA2"),
        ("dW2", "-dZ2 @ A1.T / m"),
        ("db1", "np.sum(dZ1, axis=1, keepdims=True)"),
    ]


def test_what_no_formula_gives_is_called_unknown():
    given, _ = planted("dZ2", "dA2 * np.sin(A1[:3] ** 3)")

    [finding] = explain_program(PROGRAM, SETTING, given)

    assert finding.matches == ()
    diagnosis = diagnosis_of(finding)
    assert (diagnosis.name, diagnosis.cause, diagnosis.formula) == ("dZ2", "unknown", "")
    assert "the cause is unknown. Your dW2 beside the right one: cosine " in diagnosis.message
    assert re.search(r"norm \S+ times as large, and at \[\d, \d\] \S+ instead of \S+\.$", diagnosis.message)


def test_two_edits_of_one_line_are_found():
    given, values = planted("dW2", "-dZ2 @ Z1.T / m")

    [diagnosis] = map(diagnosis_of, explain_program(PROGRAM, SETTING, given))

    np.testing.assert_allclose(eval(diagnosis.formula, {"np": np}, values[0]), values[0]["dW2"], rtol=1e-9)


@pytest.mark.parametrize(
    "activations", [["relu", "relu", "sigmoid"], ["tanh", "sigmoid"], ["relu", "softmax"]]
)
@pytest.mark.parametrize("convention", ["course", "true"])
def test_programs_of_the_lectures_make_the_derivatives_of_the_engine(activations, convention):
    rng = np.random.default_rng(0)
    sizes = [5, 4, 3, 2][: len(activations) + 1]
    sizes[-1] = 3 if activations[-1] == "softmax" else 1
    g = {"relu": tg.relu, "tanh": np.tanh, "sigmoid": tg.sigmoid}
    A = tg.tensor(rng.standard_normal((sizes[0], 7)), name="A0")
    values = {"A0": A.value, "m": 7}
    for layer, (n, p) in enumerate(zip(sizes[1:], sizes[:-1], strict=True), start=1):
        W = tg.parameter(rng.standard_normal((n, p)), name=f"W{layer}")
        b = tg.parameter(rng.standard_normal((n, 1)), name=f"b{layer}")
        Z = W @ A + b
        values |= {f"W{layer}": W.value, f"b{layer}": b.value, f"Z{layer}": Z.value}
        if activations[layer - 1] == "softmax":
            values |= {"Y": np.eye(n)[:, rng.integers(0, n, 7)], f"A{layer}": tg.softmax(Z).value}
            J = tg.softmax_cross_entropy(Z, values["Y"])
        else:
            A = g[activations[layer - 1]](Z)
            values[f"A{layer}"] = A.value
    if activations[-1] == "sigmoid":
        values["Y"] = rng.integers(0, 2, A.shape).astype(float)
        J = tg.binary_cross_entropy(A, values["Y"])
    d = J.backward().chain(convention)
    setting = Setting([values | d], [], [])

    checked = [s for s in backward_program(activations, convention) if s.name in d]
    assert len(checked) == len(d)
    for s in checked:
        assert all(is_match(formula, setting, [d[s.name]]) for formula in s.right), s.name


def test_forward_and_update_programs_make_the_values_of_the_pass():
    for v in PROBES:
        setting = Setting([v], [], [])
        for s in forward_program(["relu", "relu", "sigmoid"]):
            if s.name != "J":
                assert is_match(s.right[0], setting, [v[s.name]]), s.name
    assert str(update_program(1)[0].right[0]) == "W1 - lr * dW1"


def test_recorded_programs_make_the_derivatives_of_any_graph():
    rng = np.random.default_rng(1)
    W1 = tg.parameter(rng.standard_normal((3, 4)), name="W1")
    b1 = tg.parameter(rng.standard_normal((3, 1)), name="b1")
    W2 = tg.parameter(rng.standard_normal((3, 3)), name="W2")
    A1 = np.tanh(W1 @ rng.standard_normal((4, 6)) + b1)
    A2 = (tg.elu(W2 @ A1) + A1).named("A2")
    d = (tg.mse(A2, rng.standard_normal((3, 6))) + 0.1 * (W1**2).sum()).backward()
    program, values = own_program(d)
    setting = Setting([values], [], [])

    assert list(d) == [s.name for s in program]
    for s in program:
        assert is_match(s.right[0], setting, [d[s.name]]), s.name


def test_edits_change_one_thing_each_and_none_is_the_right_formula():
    right = layer_program(2, "relu")[0].right[0]
    edits = list(single_edits(right, SETTING.operands, SETTING.factors))

    assert len(edits) > 200
    assert str(right) not in {str(edit.expression) for edit in edits}


def test_a_search_prefers_the_likeliest_formula():
    dZ, A, m = Expression("dZ2"), Expression("A1"), Expression("m")
    found = search_formulas([dZ @ A.T / m], SETTING, [v["dZ2"] @ v["A1"].T for v in PROBES])

    assert found[0].text == "dZ2 @ A1.T"
    assert sorted(m.penalty for m in found) == [m.penalty for m in found]


@pytest.mark.parametrize("cause", ["l2-missing", "l2-scale"])
def test_a_penalty_that_was_forgotten_or_scaled_is_named(cause):
    rng = np.random.default_rng(2)
    X, Y = rng.standard_normal((4, 9)), rng.integers(0, 2, (1, 9)).astype(float)
    W1, b1 = (
        tg.parameter(rng.standard_normal(shape), name=n) for shape, n in (((1, 4), "W1"), ((1, 1), "b1"))
    )
    J = tg.binary_cross_entropy(tg.sigmoid(W1 @ X + b1), Y) + 0.7 / 18 * (W1**2).sum()
    penalty = 0.7 / 9 * W1.value
    dW1 = J.backward()["dW1"] - penalty * (1 if cause == "l2-missing" else 0.5)

    report = tg.compare(J, {"dW1": dW1, "db1": b1.grad})

    assert [cause] == [d.cause for d in report.diagnoses]
    assert re.search(r"lambda", report.diagnoses[0].message)


@pytest.mark.parametrize("scale", [1, 0.8])
def test_a_mask_that_was_not_applied_backward_is_named(scale):
    rng = np.random.default_rng(4)
    X, Y = rng.standard_normal((4, 9)), rng.integers(0, 2, (1, 9)).astype(float)
    D1 = tg.tensor((rng.random((3, 9)) < 0.8).astype(float), name="D1")
    W1, W2 = (tg.parameter(rng.standard_normal(s), name=n) for s, n in (((3, 4), "W1"), ((1, 3), "W2")))
    A1 = np.tanh((W1 @ X).named("Z1")).named("A1")
    J = tg.binary_cross_entropy(tg.sigmoid((W2 @ (A1 * D1 / 0.8)).named("Z2")), Y)
    d = J.backward()
    dA1 = W2.value.T @ d["dZ2"] / scale

    report = tg.compare(J, {"dZ2": d["dZ2"], "dA1": dA1, "dZ1": dA1 * (1 - A1.value**2)})

    assert [(x.name, x.cause) for x in report.diagnoses] == [("dA1", "dropout-mask")]


def test_arrays_that_agree_have_no_diagnosis_and_wrong_shapes_have_one():
    v = PROBES[0]
    W1, b1 = tg.parameter(v["W1"], name="W1"), tg.parameter(v["b1"], name="b1")
    J = tg.binary_cross_entropy(tg.sigmoid(W1 @ v["A0"] + b1), np.ones((4, v["m"])))
    d = J.backward()

    assert tg.compare(J, {"dW1": d["dW1"]}).diagnoses == []
    report = tg.compare(J, {"dW1": d["dW1"], "db1": d["db1"].ravel()})
    assert [(x.name, x.cause) for x in report.diagnoses] == [("db1", "keepdims")]


@pytest.mark.parametrize(
    ("code", "by", "expected"),
    [
        ("dZ2 @ A1.T / m", 1, "dZ3 @ A2.T / m"),
        ("dZ2 @ A1.T / m", -1, "dZ1 @ A0.T / m"),
        ("dZ2 @ A1.T / m", 0, "dZ2 @ A1.T / m"),
        ("W2_new - lr * dW2", 3, "W5_new - lr * dW5"),
        (
            "np.sum(dZ12, axis=1, keepdims=True) / A1.shape[0]",
            -1,
            "np.sum(dZ11, axis=1, keepdims=True) / A0.shape[0]",
        ),
        ("Y * lambd + 2", 1, "Y * lambd + 2"),
    ],
)
def test_a_formula_moves_to_another_layer_with_all_its_quantities(code, by, expected):
    names = ("dZ2", "A1", "m", "W2_new", "lr", "dW2", "dZ12", "Y", "lambd")
    known = {name: Expression(name) for name in names} | {"np": np}
    expression = eval(code.replace("A1.shape[0]", "size"), known | {"size": Expression("A1.shape[0]")})

    assert str(move_layers(expression, by)) == expected
    assert str(move_layers(move_layers(expression, by), -by)) == code


def test_arguments_in_lists_move_and_numbers_stay():
    A = Expression("A1")

    assert str(move_layers(np.stack([A, A * 3]), 1)) == str(
        np.stack([Expression("A2"), Expression("A2") * 3])
    )
    assert move_layers(3, 1) == 3


def test_a_step_is_the_same_in_all_layers_with_the_same_activation():
    by_name = {s.name: s for s in PROGRAM}

    assert statement_key(by_name["dW3"]) == statement_key(by_name["dW1"]) == "dW = dZ0 @ A-1.T / m"
    assert statement_key(by_name["dZ2"]) == statement_key(by_name["dZ1"]) != statement_key(by_name["dZ3"])
    assert quantity_kind(by_name["dW3"]) == "dW"
    assert quantity_kind(update_program(3)[0]).endswith("_new")


def test_what_was_found_in_one_layer_is_recalled_in_another():
    given, _ = planted("dW3", "dZ3 @ A2.T", hidden=())
    memory = FormulaMemory()
    [finding] = explain_program(PROGRAM, SETTING, given, memory)
    by_name = {s.name: s for s in PROGRAM}

    assert finding.matches[0].text == "dZ3 @ A2.T"
    assert [match.text for match in memory.recall(by_name["dW1"])] == ["dZ1 @ A0.T"]
    assert list(memory.recall(by_name["db1"])) == []
    assert memory.later["dW3"] >= {"dW3", "db3", "dW1"}
    assert not memory.later["dW3"] & {"dA3", "dZ3"}
    assert memory.unknown == set()


def test_the_formulas_that_make_most_right_are_the_finding():
    dZ, dW = PROGRAM[1], PROGRAM[2]
    Y, A = Expression("Y"), Expression("A3")
    best, alike, elsewhere, worse = (Match(x, (), 1) for x in (Y - A, A - 2 * Y, Y / A, A))

    found = best_finding([(1, worse, dZ), (2, best, dZ), (2, elsewhere, dW), (2, alike, dZ)], SETTING)

    assert found.statement is dZ
    assert set(map(id, found.matches)) == {id(best), id(alike)}
