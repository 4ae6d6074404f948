"""Slopes of functions that the file does not define: tanh_prime beside NumPy's tanh, or those of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from tinygraph.debugger.making import Maker
from tinygraph.debugger.passes import Pass, failure_of
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.protocols.names import forward_partners, is_backward, is_derivative_of, stem_of
from tinygraph.debugger.protocols.table import Asked, protocol
from tinygraph.debugger.readings import UPSTREAM, possible_trials, slopes_of
from tinygraph.debugger.trial import Trial
from tinygraph.debugger.uses import use_of

__all__ = ["USUAL"]

USUAL: dict[str, Callable[[Any], Any]] = {
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "sin": np.sin,
    "exp": np.exp,
    "square": np.square,
    "swish": lambda x: x / (1 + np.exp(-x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
}


@protocol("the slope of a usual function", "def tanh_derivative(x): return 1 - np.tanh(x) ** 2")
def find_slopes(program: Program, function: Function, asked: Asked) -> Iterator[Trial]:
    """The trials of a slope whose function stands elsewhere."""
    if not (is_backward(function) or is_derivative_of(function, program)):
        return
    maker = Maker("rows", asked.sizes, asked.seed, variant=asked.variant, program=program)
    x = maker.array("m n")
    for forward in candidate_functions(program, function, maker):
        passed = Pass(program, None, {"x": x}, maker, False, of_x(forward))
        if failure_of(passed) is None:
            yield from slopes_of(passed, function)
            if any(UPSTREAM.match(n) for n in function.required):
                yield from possible_trials(passed, function)


def of_x(function: Callable[[Any], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda state: function(state["x"])


def candidate_functions(program: Program, function: Function, maker: Maker) -> Iterator[Callable[[Any], Any]]:
    """What a function may be the slope of: an entry of a table, or a usual function that the file has not."""
    for name in function.required:
        texts = [t for t in use_of(program, function, name).texts if t]
        for table in tables_of(program, texts) if texts else []:
            yield table[maker.texts(texts)[0]]
    if not next(islice(forward_partners(program, function), 1), None) or not_there(program, function):
        yield from (f for name, f in USUAL.items() if stem_of(function.name) == (name,))


def not_there(program: Program, function: Function) -> bool:
    """Whether no function of the file is called like what a slope is of."""
    return not any(
        stem_of(f.name) == stem_of(function.name) and f is not function for f in program.functions.values()
    )


def tables_of(program: Program, texts: list[str]) -> Iterator[dict[str, Callable[[Any], Any]]]:
    """The dicts of the file that hold functions under some names."""
    for held in program.namespace.values():
        if isinstance(held, dict) and set(texts) <= held.keys() and all(callable(held[t]) for t in texts):
            yield held
