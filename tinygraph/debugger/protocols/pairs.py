"""Pairs of functions: relu and relu_backward, mse and mse_prime, forward_prop and back_prop."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.protocols.names import (
    FORTH,
    forward_partners,
    is_backward,
    is_called_before,
    is_derivative_of,
    losses_in,
    stem_of,
)
from tinygraph.debugger.protocols.table import Asked, protocol
from tinygraph.debugger.readings import LOSS, layouts_for, play_forward, possible_trials, slopes_of, words_of
from tinygraph.debugger.trial import Trial

__all__: list[str] = []


@protocol("a pair of functions", "affine_forward(x, w, b) and affine_backward(dout, cache)")
def find_pairs(program: Program, function: Function, asked: Asked) -> Iterator[Trial]:
    """The trials of a function that goes back, with each that may go forward for it."""
    if function.owner is not None or not (is_backward(function) or is_derivative_of(function, program)):
        return
    losses = losses_in(program, None, function.name)
    for forward in forward_partners(program, function):
        whole = bool(FORTH & set(words_of(forward.name)))
        layouts = layouts_for(forward.name + forward.text + function.text)
        context = [function] if whole else []
        stem, other = set(stem_of(function.name)), set(stem_of(forward.name))
        unsure = bool(other - stem - LOSS)
        stranger = (
            bool(stem and other) and not stem & other and not is_called_before(program, forward, function)
        )
        for passed in play_forward(
            program, forward, None, layouts, asked.sizes, asked.seed, context, None, asked.variant, [function]
        ):
            for trial in chain(slopes_of(passed, function), possible_trials(passed, function, losses)):
                trial.unsure, trial.stranger = trial.unsure or unsure, stranger
                yield trial
