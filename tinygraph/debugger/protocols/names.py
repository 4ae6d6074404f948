"""What names say: which function is a backward pass, which goes forward for it, which is a loss."""

from __future__ import annotations

from collections.abc import Iterator

from tinygraph.debugger.callers import origins_of
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.readings import LOSS, words_of

__all__ = [
    "FORTH",
    "LOSS_METHODS",
    "forward_partners",
    "is_backward",
    "is_called_before",
    "is_derivative_of",
    "is_loss_name",
    "losses_in",
    "says_backward",
    "stem_of",
]

BACK = {
    "backward", "backwards", "backprop", "back", "bwd", "backpropagate", "backpropagation", "backpropogate",
    "bprop", "gradient", "gradients", "grad", "grads", "derivative", "deriv", "derivatives", "prime",
    "backpass", "jacobian", "slope", "dx", "vjp", "reverse", "backpropogation", "bp",
}  # fmt: skip
FORTH = {
    "forward", "forwards", "fwd", "feedforward", "fprop", "forwardprop", "predict", "ff", "feed", "fp",
    "call", "run", "propagate", "forwardpass", "apply", "activate", "evaluate",
}  # fmt: skip
FILLER = {
    "prop", "propagation", "propagate", "pass", "propogation", "compute", "get", "calc", "calculate",
    "through", "of", "the", "and", "model", "network", "full", "whole", "alt", "fn", "func", "function",
}  # fmt: skip
ADJOINTS = {"col2im": "im2col", "unpad": "pad", "col2img": "img2col", "col2im_indices": "im2col_indices"}
LOSS_METHODS = ("fn", "cost", "loss", "compute", "value", "__call__", "forward")
NO_PASS = {
    "check", "checking", "clip", "numerical", "numeric", "test", "plot", "update", "descent", "zero",
    "print", "apply", "step", "ascent", "norm", "num", "approx", "eval", "params", "vector", "dictionary",
    "average",
}  # fmt: skip
NO_LOSS = {"test", "plot", "show", "draw", "print"}  # of what is only called by somebody who wants that


def stem_of(name: str) -> tuple[str, ...]:
    """A function's name without what says that it goes back or forth.

    >>> stem_of("affine_backward"), stem_of("sigmoidPrime"), stem_of("d_relu"), stem_of("back_prop")
    (('affine',), ('sigmoid',), ('relu',), ())
    """
    words = words_of(name.rpartition(".")[2])
    if len(words) > 1 and words[0] == "d":
        words = words[1:]
    return tuple(w for w in words if w not in BACK | FORTH | FILLER)


def is_backward(function: Function) -> bool:
    """Whether a function's name says that it goes back."""
    return function.name in ADJOINTS or says_backward(function.name.rpartition(".")[2])


def says_backward(last: str) -> bool:
    """Whether a name, without that of a class, is one of what goes back."""
    words = words_of(last)
    if last.startswith("__") or (NO_PASS & set(words) and not {"backward", "backprop"} & set(words)):
        return False
    return bool(BACK & set(words)) or (len(words) > 1 and words[0] == "d")


def is_derivative_of(function: Function, program: Program) -> bool:
    """Whether it is called d and another function's name: dsigmoid beside sigmoid."""
    last = function.name
    return last.startswith("d") and last[1:].lstrip("_") in program.functions


def is_loss_name(name: str) -> bool:
    words = set(words_of(name.rpartition(".")[2]))
    if words & NO_LOSS:
        return False
    return bool(words & LOSS) or any("loss" in w or "cost" in w or "entropy" in w for w in words)


def losses_in(program: Program, owner: type | None, name: str = "") -> list[Function]:
    """The losses of a file: of a class its own first, those first whose names are more like a given one."""
    wanted = set(words_of(name))
    found = [f for f in program.functions.values() if is_loss_name(f.name) and not is_backward(f)]
    found.sort(key=lambda f: -len(set(words_of(f.name)) & wanted))
    methods = [f for f in program.methods(owner).values() if f in found] if owner else []
    return [*methods, *(f for f in found if f.owner is None)]


def forward_partners(program: Program, function: Function) -> Iterator[Function]:
    """The functions that may be the forward pass of a backward pass, the likeliest first."""
    stem = stem_of(function.name)
    if function.name in ADJOINTS:
        yield from (f for f in program.functions.values() if f.name == ADJOINTS[function.name])
        return
    others = [f for f in program.functions.values() if f.owner is None and f is not function]
    others = [f for f in others if f.name not in program.beside or stem_of(f.name) == stem]
    candidates = [f for f in others if not is_backward(f) and stem_of(f.name) == stem]
    candidates += [
        f for f in others if function.name.startswith("d") and f.name == function.name[1:].lstrip("_")
    ]
    candidates.sort(key=lambda f: not (FORTH & set(words_of(f.name))))
    yield from candidates
    if candidates and stem:
        return
    called = [f for f in others if is_called_before(program, f, function) and f not in candidates]
    yield from called
    if candidates or called:
        return
    forth = [f for f in others if FORTH & set(words_of(f.name)) and not is_backward(f)]
    near = [f for f in others if not is_backward(f) and set(stem) <= set(stem_of(f.name)) and stem]
    costs = [f for f in near if is_loss_name(f.name)]
    yield from dict.fromkeys(
        [*(f for f in near if f in forth), *(f for f in near if f not in costs), *forth, *costs]
    )


def is_called_before(program: Program, forward: Function, backward: Function) -> bool:
    """Whether the file gives a backward pass something that came out of a function that is called before."""
    if is_backward(forward) or is_loss_name(forward.name):
        return False
    return any(o.argument is None for o in origins_of(program, forward, backward).values())
