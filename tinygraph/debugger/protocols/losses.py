"""A loss that gives its derivatives with it: loss, dx = softmax_loss(x, y)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tinygraph.debugger.objects import make_objects
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.protocols.names import is_backward, is_loss_name
from tinygraph.debugger.protocols.table import Asked, protocol
from tinygraph.debugger.readings import UPSTREAM, fused_trials, layouts_for, play_forward, return_names
from tinygraph.debugger.trial import Trial

__all__: list[str] = []

NUMBER_NAME = re.compile(
    r"^(loss\w*|cost\w*|J|L|E|error|err|total\w*|nll|mse|objective|value|result \d|.*_loss|.*_cost)$"
)
DERIVATIVES = re.compile(
    r"^(g|d[A-Za-z_].*|grads?\w*|gradients?\w*|nabla\w*|delta\w*|.*_grads?|.*grad\w*|g[A-Z]\w*|result \d)$"
)


LEARNS = re.compile(r"^(lr|learning_?rate|eta|epochs?|n(um)?_?(iter|epoch|step)\w*|iters)$")


@protocol("a loss and its derivatives in one call", "loss, dW = softmax_loss(W, X, y, reg)")
def find_fused(program: Program, function: Function, asked: Asked) -> Iterator[Trial]:
    """The trials of a function that returns a number and its derivatives."""
    if not is_fused(function):
        return
    owner = function.owner
    objects = (lambda maker: make_objects(program, owner, maker)) if owner else None
    layouts = layouts_for(function.name + function.text)
    for passed in play_forward(
        program, function, objects, layouts, asked.sizes, asked.seed, (), None, asked.variant
    ):
        yield from fused_trials(passed)


def is_fused(function: Function) -> bool:
    """Whether a function's last return statement gives a number and derivatives, in either order."""
    names = return_names(function) or []
    if is_backward(function) and not is_loss_name(function.name) and takes_derivative(function):
        return False
    if any(LEARNS.match(n) for n in function.parameters):
        return False
    if len(names) < 2 or function.name.rpartition(".")[2].startswith("_"):
        return False
    numbers = [n for n in names if NUMBER_NAME.match(n)]
    derivatives = [n for n in names if DERIVATIVES.match(n)]
    named = any(not n.startswith("result") for n in (*numbers, *derivatives))
    return bool(numbers and derivatives and named and len({*numbers, *derivatives}) > 1)


def takes_derivative(function: Function) -> bool:
    """Whether a function is given a derivative from above."""
    return any(UPSTREAM.match(n) for n in function.required)
