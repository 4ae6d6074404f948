"""The steps, taken with the lectures' own functions, which share nothing with the engine."""

import copy

import numpy as np
import pytest

from tinygraph import layerwise as lw
from tinygraph.check.probe import make_probe
from tinygraph.check.steps import FUNCTIONS, steps_of

PROBE = make_probe([6, 5, 4, 3, 1], seed=2)
STEPS = steps_of(PROBE)


def backward(parameters, X, Y):
    AL, caches = lw.L_model_forward(X, parameters)
    return lw.L_model_backward(AL, Y, caches)


def test_every_function_is_taken_at_every_layer_in_both_conventions():
    taken = [(step.function, step.layer, step.convention) for step in STEPS]

    assert set(FUNCTIONS) == {function for function, _, _ in taken}
    for function in ("linear_backward", "linear_activation_backward"):
        expected = [(function, layer, c) for c in ("course", "true") for layer in (4, 3, 2, 1)]
        assert expected == [step for step in taken if step[0] == function]


@pytest.mark.parametrize("step", [s for s in STEPS if s.convention != "true"], ids=lambda s: s.name)
def test_lectures_give_what_is_expected(step):
    function = backward if step.function == "backward" else getattr(lw, step.function)

    given = function(*copy.deepcopy(step.arguments))

    named = dict(zip(step.outputs, given, strict=True)) if step.outputs else given
    assert set(named) <= set(step.targets)
    for name, value in named.items():
        factor = PROBE.m if step.targets[name].carries_m else 1
        np.testing.assert_allclose(value, step.targets[name].value * factor, rtol=1e-9, atol=1e-15)


def test_true_convention_is_the_lectures_without_the_factor():
    for course, true in zip(STEPS[:4], STEPS[4:8], strict=True):
        assert (course.layer, true.layer) == (course.layer, course.layer)
        np.testing.assert_allclose(course.arguments[0], true.arguments[0] * PROBE.m, rtol=1e-14)
        assert course.arguments[1] is true.arguments[1]


def test_activation_is_relu_and_at_the_end_sigmoid():
    steps = [s for s in STEPS if s.function == "linear_activation_backward" and s.convention == "course"]

    assert [s.arguments[2] for s in steps] == ["sigmoid", "relu", "relu", "relu"]


def test_names_for_sentences():
    assert STEPS[0].name == "linear_backward (layer 4)"
    assert STEPS[-1].name == "backward"
