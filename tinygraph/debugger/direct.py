"""Two functions and inputs that were given by hand, put to a trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygraph.debugger.examine import Examined, better, finish_judgement, judged_or_none
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.structure import is_real_number
from tinygraph.debugger.trial import Judgement, Trial
from tinygraph.errors import UserFileError

__all__ = ["examine_directly"]

SMALLER = 0.9  # the second probe: the inputs made smaller by this


def examine_directly(
    program: Program, forward: Callable[..., Any], backward: Callable[..., Any], inputs: Sequence[Any]
) -> Examined:
    """The judgements of a backward pass on inputs, and on inputs near them.

    Raises:
        UserFileError: the functions are not theirs, or the forward pass does not run on the inputs.
    """
    function = find_function(program, backward)
    if not runs_on(forward, inputs):
        raise UserFileError(
            f"{name_of_call(forward)} gives no number on these inputs: "
            f"{', '.join(str(np.shape(x)) for x in inputs)}; give inputs on which it runs"
        )
    found = [best_of(direct_trials(program, function, forward, given)) for given in (inputs, nearby(inputs))]
    return Examined(function, [finish_judgement(j) for j in found if j is not None])


def find_function(program: Program, what: Callable[..., Any]) -> Function:
    for function in program.functions.values():
        if function.itself is getattr(what, "__func__", what):
            return function
    raise UserFileError(
        f"Python does not know the source of {name_of_call(what)}; write it with def into a file or a cell"
    )


def name_of_call(what: Any) -> str:
    return getattr(what, "__qualname__", repr(what))


def runs_on(forward: Callable[..., Any], inputs: Sequence[Any]) -> bool:
    try:
        first = output_of(forward(*copies(inputs)))
    except Exception:
        return False
    return is_real_number(first)


def output_of(raw: Any) -> Any:
    """The output itself: the first of a tuple."""
    return raw[0] if isinstance(raw, tuple | list) and len(raw) else raw


def copies(inputs: Sequence[Any]) -> list[Any]:
    return [x.copy() if isinstance(x, np.ndarray) else x for x in inputs]


def nearby(inputs: Sequence[Any]) -> list[Any]:
    """The inputs, a little nearer to 0 where they are floats."""
    return [x * SMALLER if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in inputs]


def best_of(trials: Sequence[Trial]) -> Judgement | None:
    best: Judgement | None = None
    for trial in trials:
        judged = judged_or_none(trial)
        if judged is not None and (best is None or better(judged, best)):
            best = judged
    return best


def direct_trials(
    program: Program, function: Function, forward: Callable[..., Any], inputs: Sequence[Any]
) -> list[Trial]:
    """The ways to hand over the derivative of the output and what the forward pass kept."""
    names = [f"input {i + 1}" for i in range(len(inputs))]
    plain = getattr(forward, "__code__", None)
    if plain is not None and plain.co_argcount >= len(inputs):
        names = list(plain.co_varnames[: len(inputs)])
    state = dict(zip(names, copies(inputs), strict=True))

    def forth(s: dict[str, Any]) -> dict[str, Any]:
        s["(raw)"] = forward(*(s[n] for n in names))
        return {"the output": output_of(s["(raw)"])}

    def given(kind: str, s: dict[str, Any], up: Any) -> list[Any]:
        raw = s.pop("(raw)")
        rest = list(raw[1:]) if isinstance(raw, tuple | list) else []
        return {
            "cache": [up, *rest],
            "raw": [up, raw],
            "inputs": [up, *(s[n] for n in names)],
            "both": [up, *rest, *(s[n] for n in names)],
            "alone": [s[n] for n in names],
            "cache alone": rest,
        }[kind][: len(function.parameters)]

    def trial(kind: str) -> Trial:
        def back(s: dict[str, Any], outs: dict[str, Any], up: dict[str, Any]) -> list[tuple[str, Any]]:
            result = function.itself(*given(kind, s, up["the output"]))
            return label_results(result, names)

        taken = f"{function.name} was held against the derivative of {name_of_call(forward)}"
        return Trial(
            function, taken, state, forth, back, m=examples_in(inputs), scalar=kind.endswith("alone")
        )

    return [trial(kind) for kind in ("cache", "inputs", "both", "raw", "alone", "cache alone")]


def label_results(result: Any, names: Sequence[str]) -> list[tuple[str, Any]]:
    """What came back, by the inputs in their order."""
    if isinstance(result, dict):
        return [(str(k), v) for k, v in result.items()]
    parts = list(result) if isinstance(result, tuple | list) else [result]
    return [(f"d{n}", x) for n, x in zip(names, parts, strict=False)]


def examples_in(inputs: Sequence[Any]) -> int:
    shapes = [np.shape(x) for x in inputs if np.ndim(x) == 2]
    return max(shapes[0]) if shapes else 1
