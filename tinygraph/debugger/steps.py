"""The steps of a network: which function is called with what, and what it should give.

Each function is called by itself, on the values of a real forward pass and with the right derivative from
above, so that a right step below a wrong one is found right. The functions of week 4 are tried on the probe;
those of week 3 (two layers, tanh) and of week 2 (one unit) on smaller ones from the same seed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from tinygraph.checks.comparison import Target
from tinygraph.debugger.forms import (
    Form,
    caches_form,
    costs_form,
    dict_form,
    gradients_form,
    layer_form,
    tuple_form,
)
from tinygraph.debugger.probe import Probe, make_probe

__all__ = ["FUNCTIONS", "PROBE_LEARNING_RATE", "Kept", "Passed", "Step", "steps_of"]

PROBE_LEARNING_RATE = 0.1
FUNCTIONS = (
    "linear_forward",
    "linear_activation_forward",
    "L_model_forward",
    "forward_propagation",
    "compute_cost",
    "linear_backward",
    "linear_activation_backward",
    "L_model_backward",
    "backward_propagation",
    "propagate",
    "update_parameters",
    "backward",
)
ANY_DEPTH = {name for name in FUNCTIONS if name.startswith(("linear_", "L_model_", "backward"))} - {
    "backward_propagation"
}
Passed = Literal["true", "course"]
Kept = Literal["Z", "A"]


@dataclass(frozen=True, eq=False)
class Step:
    """One call.

    `function` is called with copies of `arguments`, and of as many of `spare` as it demands more; or with
    those of one of the `editions`, in its own order, if it asks for them by the same names. It gives
    `outputs`: these names in this order, or, where `outputs` is empty, a dict; `form` reads them. `targets`
    are the right values. `convention` is that of the derivative passed in; None where none is passed in, and
    the function chooses. `kept` is what the caches hold besides ((A_prev, W, b), .): Z as in the lectures, or
    A, as some do; None where there are none. `layer` is None for a function of all layers, `probe` the
    network of the arguments.

    `deep` is for update_parameters alone, and None elsewhere: whether the step has more than two layers. In
    week 3 that function may know two layers only, so the deep step is for files whose other functions take
    any number of layers, and the step of two layers for all other files.
    """

    function: str
    layer: int | None
    arguments: tuple[Any, ...]
    outputs: tuple[str, ...]
    targets: Mapping[str, Target]
    convention: Passed | None
    probe: Probe
    form: Form
    spare: tuple[Any, ...] = ()
    editions: tuple[Mapping[str, Any], ...] = ()
    kept: Kept | None = None
    deep: bool | None = None

    @property
    def name(self) -> str:
        """What a sentence calls the step."""
        return self.function if self.layer is None else f"{self.function} (layer {self.layer})"

    def belongs_to(self, defined: Collection[str]) -> bool:
        """Whether a file that defines these functions is to be asked for this step."""
        return self.deep in (None, bool(ANY_DEPTH & set(defined)))


def steps_of(probe: Probe) -> list[Step]:
    """All steps that can be taken on a probe, the smallest functions first, each from the last layer down.

    What gets a derivative from above is there twice, once for each convention, and so is what gets the caches
    of activations, once with Z and once with A. Two probes of the same sizes
    have the same steps in the same order.
    """
    layers = range(probe.L, 0, -1)
    conventions: tuple[Passed, ...] = ("course", "true")
    kept: tuple[Kept, ...] = ("Z", "A")
    pair, unit = smaller_probes(probe)
    return [
        *(linear_forward_step(probe, layer) for layer in layers),
        *(activation_forward_step(probe, layer, letter) for letter in kept for layer in layers),
        *(model_forward_step("L_model_forward", probe, "the tuple (AL, caches)", letter) for letter in kept),
        model_forward_step("forward_propagation", pair, "the tuple (A2, cache)"),
        cost_step(probe),
        *(linear_step(probe, layer, convention) for convention in conventions for layer in layers),
        *(
            activation_step(probe, layer, convention, letter)
            for convention in conventions
            for letter in kept
            for layer in layers
        ),
        *(model_step(probe, letter) for letter in kept),
        pair_step(pair),
        propagate_step(unit),
        update_step(probe, deep=True),
        update_step(pair, deep=False),
        backward_step(probe),
    ]


def smaller_probes(probe: Probe) -> tuple[Probe, Probe]:
    """The networks of week 3, two layers, and of week 2, one unit, with as many examples."""
    n_0, n_1, *_, n_L = probe.sizes if probe.L > 1 else (*probe.sizes[:1], 4, *probe.sizes[1:])
    hidden = "tanh" if probe.L == 1 or probe.activations[0] == "relu" else probe.activations[0]
    pair = make_probe((n_0, n_1, n_L), probe.seed, (hidden, probe.activations[-1]), probe.m)
    return pair, make_probe((n_0, 1), probe.seed, None, probe.m)


# Forward


def exact_target(value: Any, of_parameter: bool = False) -> Target:
    """The target of a value that is the same under both conventions: no derivative, or one by a parameter."""
    return Target(value, 0.0, carries_m=False, of_parameter=of_parameter)


def linear_forward_step(probe: Probe, layer: int) -> Step:
    (A_prev, W, b), Z = probe.caches[layer - 1]
    form = layer_form("Z", layer, False, "the tuple (Z, cache)")
    name = f"Z{layer}"
    return Step("linear_forward", layer, (A_prev, W, b), (name,), {name: exact_target(Z)}, None, probe, form)


def activation_forward_step(probe: Probe, layer: int, kept: Kept) -> Step:
    activation, (linear_cache, _) = probe.activation(layer), probe.caches[layer - 1]
    form = layer_form("A", layer, may_keep_A(activation, kept), "the tuple (A, cache)")
    targets = {f"{letter}{layer}": exact_target(probe.values[f"{letter}{layer}"]) for letter in "ZA"}
    function, arguments = "linear_activation_forward", (*linear_cache, activation)
    return Step(function, layer, arguments, (f"A{layer}",), targets, None, probe, form, kept=kept)


def may_keep_A(activation: str, kept: Kept | None) -> bool:
    """Whether A may be kept for Z; of relu it may always, since both are positive at the same entries."""
    return activation == "relu" or kept == "A"


def model_forward_step(function: str, probe: Probe, expected: str, kept: Kept | None = None) -> Step:
    """A function that goes forward through all layers."""
    targets = {name: exact_target(value) for name, value in probe.values.items()}
    form = caches_form([may_keep_A(activation, kept) for activation in probe.activations], expected)
    arguments, spare = (probe.X, probe.parameters), (probe.parameters,)
    outputs = (f"A{probe.L}",)
    return Step(function, None, arguments, outputs, targets, None, probe, form, spare=spare, kept=kept)


def cost_step(probe: Probe) -> Step:
    """The cost; some editions pass the parameters, which it does not need."""
    arguments, targets = (probe.AL, probe.Y), {"J": exact_target(probe.J)}
    spare = (probe.parameters,)
    return Step("compute_cost", None, arguments, ("J",), targets, None, probe, costs_form("J"), spare)


# Backward


def linear_step(probe: Probe, layer: int, convention: Passed) -> Step:
    linear_cache, _ = probe.caches[layer - 1]
    arguments = probe.derivative(f"dZ{layer}", convention), linear_cache
    return layer_step("linear_backward", probe, layer, arguments, convention)


def activation_step(probe: Probe, layer: int, convention: Passed, kept: Kept) -> Step:
    arguments = (
        probe.derivative(f"dA{layer}", convention),
        cache_of(probe, layer, kept),
        probe.activation(layer),
    )
    return replace(layer_step("linear_activation_backward", probe, layer, arguments, convention), kept=kept)


def cache_of(probe: Probe, layer: int, kept: Kept) -> tuple[Any, Any]:
    """The cache of a layer, with Z or with A."""
    linear_cache, _ = probe.caches[layer - 1]
    return linear_cache, probe.values[f"{kept}{layer}"]


def layer_step(
    function: str, probe: Probe, layer: int, arguments: tuple[Any, ...], convention: Passed
) -> Step:
    outputs = f"dA{layer - 1}", f"dW{layer}", f"db{layer}"
    targets = {name: probe.targets[name] for name in outputs}
    form = tuple_form(outputs, "the tuple (dA_prev, dW, db)")
    return Step(function, layer, arguments, outputs, targets, convention, probe, form)


def model_step(probe: Probe, kept: Kept) -> Step:
    caches = [cache_of(probe, layer, kept) for layer in range(1, probe.L + 1)]
    return replace(whole_step("L_model_backward", probe, (probe.AL, probe.Y, caches)), kept=kept)


def pair_step(pair: Probe) -> Step:
    """Week 3; where the parameters are not asked for, they are in the cache."""
    asked = {"parameters": pair.parameters, "cache": pair.values, "X": pair.X, "Y": pair.Y}
    editions = asked, {"cache": pair.values | pair.parameters, "X": pair.X, "Y": pair.Y}
    return replace(whole_step("backward_propagation", pair, tuple(asked.values())), editions=editions)


def backward_step(probe: Probe) -> Step:
    asked = {"parameters": probe.parameters, "X": probe.X, "Y": probe.Y}
    return replace(whole_step("backward", probe, tuple(asked.values())), editions=(asked,))


def whole_step(function: str, probe: Probe, arguments: tuple[Any, ...]) -> Step:
    """A function that goes back through all layers and gives a dict."""
    return Step(function, None, arguments, (), probe.targets, None, probe, dict_form)


def propagate_step(unit: Probe) -> Step:
    """Week 2: one unit, whose w is a column and whose b is a number."""
    [((X, W, b), _)] = unit.caches
    grads = {
        "dw": exact_target(unit.derivative("dW1", "true").T, of_parameter=True),
        "db": exact_target(unit.derivative("db1", "true").item(), of_parameter=True),
    }
    arguments = W.T, b.item(), X, unit.Y
    targets = {"J": exact_target(unit.J)} | grads
    return Step("propagate", None, arguments, (), targets, None, unit, gradients_form())


def update_step(probe: Probe, deep: bool) -> Step:
    """The update, from parameters and the right dW and db to new parameters."""
    grads = {f"d{name}": probe.derivative(f"d{name}", "course") for name in probe.parameters}
    targets = {
        name: exact_target(value - PROBE_LEARNING_RATE * grads[f"d{name}"], of_parameter=True)
        for name, value in probe.parameters.items()
    }
    arguments = probe.parameters, grads, PROBE_LEARNING_RATE
    return Step("update_parameters", None, arguments, (), targets, None, probe, dict_form, deep=deep)
