"""The steps, taken with the lectures' own functions, which share nothing with the engine."""

import copy

import numpy as np
import pytest

from tinygraph import layerwise as lw
from tinygraph.debugger.probe import make_probe
from tinygraph.debugger.steps import FUNCTIONS, steps_of

PROBES = {
    "relu": make_probe([6, 5, 4, 3, 1], seed=2),
    "tanh": make_probe([5, 4, 3, 1], seed=1, activations=["tanh", "tanh", "sigmoid"]),
    "softmax": make_probe([4, 5, 3], activations=["sigmoid", "softmax"]),
    "one layer": make_probe([5, 1]),
}
STEPS = steps_of(PROBES["relu"])
CASES = [
    pytest.param(network, step, id=f"{network} {step.name}")
    for network, probe in PROBES.items()
    for step in steps_of(probe)
    if step.convention != "true" and step.kept != "A"
]


class Lectures:
    """The functions that are tried, of a network with one hidden activation, and with another output."""

    def __init__(self, probe):
        self.kinds = {"hidden": (probe.activations[:-1] or ("relu",))[0], "output": probe.activations[-1]}

    def __getattr__(self, name):
        return getattr(lw, name)

    def L_model_forward(self, X, parameters):
        return lw.L_model_forward(X, parameters, **self.kinds)

    def L_model_backward(self, AL, Y, caches):
        return lw.L_model_backward(AL, Y, caches, **self.kinds)

    def compute_cost(self, AL, Y):
        return lw.compute_cost(AL, Y, self.kinds["output"])

    def backward(self, parameters, X, Y):
        AL, caches = self.L_model_forward(X, parameters)
        return self.L_model_backward(AL, Y, caches)

    def forward_propagation(self, X, parameters):
        A2, ((_, Z1), ((A1, _, _), Z2)) = self.L_model_forward(X, parameters)
        return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}

    def backward_propagation(self, parameters, cache, X, Y):
        names = ("W1", "b1", "W2", "b2")
        W1, b1, W2, b2 = (parameters[name] for name in names)
        caches = [((X, W1, b1), cache["Z1"]), ((cache["A1"], W2, b2), cache["Z2"])]
        grads = self.L_model_backward(cache["A2"], Y, caches)
        return {f"d{name}": grads[f"d{name}"] for name in names}

    def propagate(self, w, b, X, Y):
        A = lw.sigmoid(w.T @ X + b)
        m = X.shape[1]
        return {"dw": X @ (A - Y).T / m, "db": np.sum(A - Y) / m}, lw.compute_cost(A, Y)


def test_every_function_is_taken_at_every_layer_in_both_conventions():
    taken = [(step.function, step.layer, step.convention) for step in STEPS if step.kept != "A"]

    assert set(FUNCTIONS) == {function for function, _, _ in taken}
    for function, conventions in {
        "linear_forward": [None],
        "linear_activation_forward": [None],
        "linear_backward": ["course", "true"],
        "linear_activation_backward": ["course", "true"],
    }.items():
        expected = [(function, layer, c) for c in conventions for layer in (4, 3, 2, 1)]
        assert expected == [step for step in taken if step[0] == function]


@pytest.mark.parametrize(("network", "step"), CASES)
def test_lectures_give_what_is_expected(network, step):
    activations = step.probe.activations
    function = getattr(Lectures(step.probe), step.function)

    given = step.form.read(function(*copy.deepcopy(step.arguments)))

    assert len(set(activations[:-1])) <= 1
    assert given
    for name, value in given.items():
        factor = step.probe.m if step.targets[name].carries_m else 1
        np.testing.assert_allclose(value, step.targets[name].value * factor, rtol=1e-9, atol=1e-15)
    required = {name for name, target in step.targets.items() if target.of_parameter}
    assert required <= given.keys()


def test_true_convention_is_the_lectures_without_the_factor():
    steps = [step for step in STEPS if step.function == "linear_backward"]

    for course, true in zip(steps[:4], steps[4:], strict=True):
        assert (course.layer, true.layer) == (course.layer, course.layer)
        np.testing.assert_allclose(course.arguments[0], true.arguments[0] * course.probe.m, rtol=1e-14)
        assert course.arguments[1] is true.arguments[1]


def test_activations_are_those_of_the_probe():
    steps = [s for s in steps_of(PROBES["softmax"]) if s.function == "linear_activation_backward"]

    assert [s.arguments[2] for s in steps if s.convention == "course"] == ["softmax", "sigmoid"] * 2


def test_caches_hold_z_and_once_more_a():
    probe = PROBES["tanh"]
    by_layer = [s for s in steps_of(probe) if s.function == "linear_activation_backward" and s.layer == 2]
    whole = [s for s in steps_of(probe) if s.function == "L_model_backward"]

    assert [(s.convention, s.kept) for s in by_layer] == [
        (convention, kept) for convention in ("course", "true") for kept in ("Z", "A")
    ]
    assert [s.kept for s in whole] == ["Z", "A"]
    for step, (_, kept) in [(s, s.arguments[1]) for s in by_layer] + [(s, s.arguments[2][1]) for s in whole]:
        assert kept is probe.values[f"{step.kept}2"]


def test_editions_hold_what_a_function_asks_for_by_name():
    [step] = [s for s in STEPS if s.function == "backward_propagation"]
    lectures, other = step.editions

    assert list(lectures.values()) == list(step.arguments)
    assert other.keys() == {"X", "Y", "cache"}
    assert other["cache"] == step.probe.values | step.probe.parameters


def test_two_probes_have_the_same_steps_on_other_numbers():
    first, second = (steps_of(make_probe([5, 4, 3, 1], seed)) for seed in (0, 1))

    assert [(s.name, s.convention, s.deep) for s in first] == [(s.name, s.convention, s.deep) for s in second]
    for a, b in zip(first, second, strict=True):
        assert a.probe.sizes == b.probe.sizes
        assert not np.array_equal(a.probe.X, b.probe.X)


def test_smaller_exercises_have_their_own_networks_with_as_many_examples():
    found = {s.function: s.probe for s in STEPS}

    assert found["backward_propagation"].sizes == (6, 5, 1)
    assert found["backward_propagation"].activations == ("tanh", "sigmoid")
    assert found["propagate"].sizes == (6, 1)
    assert {probe.m for probe in found.values()} == {PROBES["relu"].m}


@pytest.mark.parametrize(
    ("beside", "layers"),
    [
        ([], 2),
        (["forward_propagation", "backward_propagation"], 2),
        (["linear_backward"], 4),
        (["backward"], 4),
    ],
)
def test_update_is_tried_on_two_layers_unless_the_file_takes_more(beside, layers):
    defined = ["update_parameters", *beside]

    [step] = [s for s in STEPS if s.function == "update_parameters" and s.belongs_to(defined)]

    assert layers == step.probe.L


def test_names_for_sentences():
    assert STEPS[0].name == "linear_forward (layer 4)"
    assert STEPS[-1].name == "backward"
