"""The steps of a backward pass: which function is called with what, and what it should give.

Each function is called by itself, on the values of a real forward pass and with the right derivative from
above, so that a right step below a wrong one is found right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tinygraph.check.compare import Target
from tinygraph.check.probe import Probe

__all__ = ["FUNCTIONS", "Step", "steps_of"]

LEARNING_RATE = 0.1
FUNCTIONS = (
    "linear_backward",
    "linear_activation_backward",
    "L_model_backward",
    "update_parameters",
    "backward",
)


@dataclass(frozen=True)
class Step:
    """One call.

    `function` is called with copies of `arguments` and gives `outputs`: these names in this order, or, where
    `outputs` is empty, a dict. `targets` are the right values. `convention` is that of the derivative passed
    in; None where none is passed in, and the function chooses. `layer` is None for a function of all layers.
    """

    function: str
    layer: int | None
    arguments: tuple[Any, ...]
    outputs: tuple[str, ...]
    targets: Mapping[str, Target]
    convention: Literal["true", "course"] | None

    @property
    def name(self) -> str:
        """What a sentence calls the step."""
        return self.function if self.layer is None else f"{self.function} (layer {self.layer})"


def steps_of(probe: Probe) -> list[Step]:
    """All steps that can be taken on a probe, the smallest functions first, each from the last layer down.

    What gets a derivative from above is there twice, once for each convention.
    """
    layers = range(probe.L, 0, -1)
    conventions: tuple[Literal["course", "true"], ...] = ("course", "true")
    return [
        *(linear_step(probe, layer, convention) for convention in conventions for layer in layers),
        *(activation_step(probe, layer, convention) for convention in conventions for layer in layers),
        whole_step(probe, "L_model_backward", (probe.AL, probe.Y, probe.caches)),
        update_step(probe),
        whole_step(probe, "backward", (probe.parameters, probe.X, probe.Y)),
    ]


def linear_step(probe: Probe, layer: int, convention: Literal["true", "course"]) -> Step:
    linear_cache, _ = probe.caches[layer - 1]
    arguments = probe.derivative(f"dZ{layer}", convention), linear_cache
    return layer_step("linear_backward", probe, layer, arguments, convention)


def activation_step(probe: Probe, layer: int, convention: Literal["true", "course"]) -> Step:
    arguments = probe.derivative(f"dA{layer}", convention), probe.caches[layer - 1], probe.activation(layer)
    return layer_step("linear_activation_backward", probe, layer, arguments, convention)


def layer_step(
    function: str, probe: Probe, layer: int, arguments: tuple[Any, ...], convention: Literal["true", "course"]
) -> Step:
    outputs = f"dA{layer - 1}", f"dW{layer}", f"db{layer}"
    targets = {name: probe.targets[name] for name in outputs}
    return Step(function, layer, arguments, outputs, targets, convention)


def whole_step(probe: Probe, function: str, arguments: tuple[Any, ...]) -> Step:
    """A function that goes through all layers and gives a dict."""
    return Step(function, None, arguments, (), probe.targets, None)


def update_step(probe: Probe) -> Step:
    """The update, from parameters and the right dW and db to new parameters."""
    grads = {f"d{name}": probe.derivative(f"d{name}", "course") for name in probe.parameters}
    targets = {
        name: Target(value - LEARNING_RATE * grads[f"d{name}"], 0.0, carries_m=False, of_parameter=True)
        for name, value in probe.parameters.items()
    }
    return Step("update_parameters", None, (probe.parameters, grads, LEARNING_RATE), (), targets, None)
