"""Functions that were named by hand, because their own names do not say what they are."""

from __future__ import annotations

from collections.abc import Iterator

from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.protocols.names import forward_partners, is_backward, losses_in
from tinygraph.debugger.protocols.table import Asked, protocol
from tinygraph.debugger.readings import layouts_for, play_forward, possible_trials
from tinygraph.debugger.trial import Trial

__all__: list[str] = []


@protocol("functions named by hand", "--forward there --backward again")
def find_given(program: Program, function: Function, asked: Asked) -> Iterator[Trial]:
    """The trials of the function that was named, or of those that go back if only the other was."""
    if function.owner is not None or not (asked.forward or asked.backward):
        return
    if function.name != asked.backward if asked.backward else not is_backward(function):
        return
    named = program.functions.get(asked.forward or "")
    loss = program.functions.get(asked.loss or "")
    losses = [loss] if loss else losses_in(program, None, function.name)
    for forward in [named] if named else forward_partners(program, function):
        layouts = layouts_for(forward.name + forward.text + function.text)
        for passed in play_forward(
            program,
            forward,
            None,
            layouts,
            asked.sizes,
            asked.seed,
            [function],
            None,
            asked.variant,
            [function],
        ):
            yield from possible_trials(passed, function, losses)
