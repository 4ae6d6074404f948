"""Objects with a way forward and a way back, in all their dialects: layers, activations, losses, networks."""

from __future__ import annotations

from collections.abc import Iterator

from tinygraph.debugger.making import role_of
from tinygraph.debugger.objects import make_objects
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.protocols.names import FORTH, is_backward, is_loss_name, losses_in, stem_of
from tinygraph.debugger.protocols.table import Asked, protocol
from tinygraph.debugger.readings import (
    CACHE,
    LABELS,
    UPSTREAM,
    layouts_for,
    play_forward,
    possible_trials,
    slopes_of,
    words_of,
)
from tinygraph.debugger.trial import Trial

__all__ = ["forward_methods"]


@protocol("an object that goes forward and back", "layer.forward(x) and layer.backward(dout)")
def find_objects(program: Program, function: Function, asked: Asked) -> Iterator[Trial]:
    """The trials of a method that goes back."""
    if function.owner is None or not is_backward(function):
        return
    for owner in owners_of(program, function):
        yield from trials_of(program, function, owner, asked)


def trials_of(program: Program, function: Function, owner: type, asked: Asked) -> Iterator[Trial]:
    losses = losses_in(program, owner)
    context = list(program.methods(owner).values())
    for forward in forward_methods(program, owner, function):
        layouts = layouts_for(owner.__name__ + "".join(f.text for f in context))
        made = play_forward(
            program,
            forward,
            lambda maker: make_objects(program, owner, maker),
            layouts,
            asked.sizes,
            asked.seed,
            (),
            None,
            asked.variant,
            [function],
        )
        for passed in made:
            yield from slopes_of(passed, function)
            yield from possible_trials(passed, function, losses)


def owners_of(program: Program, function: Function) -> Iterator[type]:
    """The class of a method, and the classes that inherit it."""
    last = function.name.rpartition(".")[2]
    if function.owner is None:
        return
    yield function.owner
    for other in program.classes.values():
        if other is not function.owner and issubclass(other, function.owner) and last not in vars(other):
            yield other


def forward_methods(program: Program, owner: type, function: Function) -> list[Function]:
    """The methods that may go forward for one that goes back, the likeliest first."""
    methods = {k: f for k, f in program.methods(owner).items() if f is not function and not is_backward(f)}
    takes_above = any(UPSTREAM.match(n) for n in function.parameters)
    forth = any(FORTH & set(words_of(n)) for n in methods)
    if is_slope(function) and stem_of(function.name):
        return [f for n, f in methods.items() if stem_of(n) == stem_of(function.name)]
    asks_labels = any(LABELS.match(n) for n in function.parameters)

    def rank(item: tuple[str, Function]) -> int | None:
        name, f = item
        if is_loss_name(name) and not name.startswith("__"):
            if forth and f.required and not any(role_of(n) == "data" for n in f.required):
                return 2
            return (2 if takes_above and not asks_labels else 0) if name != "calculate" else 1
        if FORTH & set(words_of(name)):
            return 1
        if name == "__call__":
            return 3
        if name in ("activation", "fn", "f", "func", "function", "value") and is_slope(function):
            return 3
        return 4 if stem_of(name) == stem_of(function.name) and name != "__init__" else None

    ranked = [(r, i, f) for i, (item, f) in enumerate(zip(methods.items(), methods.values(), strict=True))
              if (r := rank(item)) is not None]  # fmt: skip
    return [f for _, _, f in sorted(ranked, key=lambda x: x[:2])]


def is_slope(function: Function) -> bool:
    """Whether a function takes one value, and neither a derivative nor labels: activation_grad(z)."""
    names = function.required
    return len(names) == 1 and not (
        UPSTREAM.match(names[0]) or LABELS.match(names[0]) or CACHE.search(names[0])
    )
