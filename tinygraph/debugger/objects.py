"""Objects of somebody's classes, made by the names of what their constructors take."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

import numpy as np

from tinygraph.debugger.making import LEFT, UNITS, Maker, keys_of
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.structure import leaves_of, put_leaf
from tinygraph.debugger.trial import quietly

__all__ = ["make_objects"]

MOST = 12
LISTS = re.compile(
    r"sizes|^layers?(_?(dims?|sizes?|units|nodes|config|shape))?$|dims$|topology|^arch\w*|structure|^units$|neurons|"
    r"^nodes$|^shape$|widths", re.I,
)  # fmt: skip
FUNCTIONS = re.compile(
    r"^(act\w*|f|fn|func\w*|g|nonlin\w*|df|prime|derivative|out\w*|loss\w*|cost\w*|criterion|h_act\w*)$"
)
CHANNELS = [
    (
        re.compile(r"in_?(ch|channels|c)|^(num_)?channels$|^c_?in$|^depth_in|input_(depth|channels)", re.I),
        "in",
    ),
    (re.compile(r"out_?(ch|channels|c)|filters|^n_?f$|num_f|^c_?out$|^depth$|kernels|^k$", re.I), "out"),
]
GRADIENT = re.compile(r"^_?(d(?![a-z]{3})|grad|delta|nabla|v_|m_|velocity|momentum|running|cache)", re.I)


def make_objects(program: Program, owner: type, maker: Maker, depth: int = 0) -> Iterator[Any]:
    """Objects of a class, the likeliest first, with random parameters."""
    start = constructor_of(program, owner)
    choices = (
        {} if start is None else {n: choices_of(program, start, n, maker, depth) for n in start.parameters}
    )
    for values in islice(product(*choices.values()), MOST):
        given = {n: v for n, v in zip(choices, values, strict=True) if v is not LEFT}
        try:
            with quietly(2.0):
                thing = owner(**given)
        except Exception:
            continue
        randomise_parameters(thing, maker)
        yield thing


def constructor_of(program: Program, owner: type) -> Function | None:
    """The constructor of a class, if it is theirs."""
    return program.methods(owner).get("__init__")


def choices_of(program: Program, start: Function, name: str, maker: Maker, depth: int) -> list[Any]:
    """What a constructor may be given for one of its parameters."""
    default = default_of(start, name)
    numbers = [maker.sizes.n, maker.sizes.h, maker.sizes.k]
    if LISTS.search(name) and not isinstance(default, int):
        return [numbers, tuple(numbers)] if default is None else [LEFT]
    if maker.layout.startswith("images") or maker.layout == "one image":
        for pattern, which in CHANNELS:
            if pattern.search(name):
                return [3 if which == "in" else 4]
    if default is not None and not re.search(r"reg|lambd|stride|keep|drop", name):
        return [LEFT]
    if FUNCTIONS.match(name) and depth < 2:
        if made := functions_for(program, name, maker, depth):
            return made
    if keys := keys_of(name, start.text):
        return maker.dicts(keys, start.text)
    for pattern, size in UNITS:
        if re.search(pattern, name, re.I) and not re.search(r"rate|activ|func", name):
            return [getattr(maker.sizes, size)]
    made = maker.candidates(name, start.text)
    return made or numbers[:2] or [LEFT]


def default_of(start: Function, name: str) -> Any:
    """The default of a parameter as a constant; True for another default, None for none."""
    a = start.node.args
    names = [x.arg for x in (*a.posonlyargs, *a.args)]
    for x, d in (*zip(names[len(names) - len(a.defaults) :], a.defaults, strict=True),
                 *zip([k.arg for k in a.kwonlyargs], a.kw_defaults, strict=True)):  # fmt: skip
        if x == name and d is not None:
            return (d.value if d.value is not None else "None") if isinstance(d, ast.Constant) else True
    return None


def functions_for(program: Program, name: str, maker: Maker, depth: int) -> list[Any]:
    """What may stand for an activation or a loss: an object of the file's, one of its functions, or np.tanh."""
    if name in ("df", "prime", "derivative", "act_prime", "activation_prime"):
        return [lambda u: 1 - np.tanh(u) ** 2]
    if re.match(r"^(f|g|fn|act_?f\w*|activation_?f\w*)$", name) or name in ("activation", "act") and depth:
        return [np.tanh]
    words = ("loss", "cost", "criterion")
    wanted = [
        c for n, c in program.classes.items() if any(w in n.lower() for w in words) == name.startswith(words)
    ]
    simple = [c for c in wanted if {"gradient", "derivative", "backward", "prime"} & vars(c).keys()]
    found = []
    for c in simple[:4]:
        found += list(islice(make_objects(program, c, maker, depth + 1), 1))
    texts = [
        t for t in ("relu", "sigmoid", "tanh", "mse") if re.search(rf"['\"]{t}['\"]", whole_text(program))
    ]
    return [*texts, *found]


def whole_text(program: Program) -> str:
    return "\n".join(f.text for f in program.functions.values())


def randomise_parameters(thing: Any, maker: Maker) -> None:
    """Give an object's parameters random numbers, so that none is 0 and none is 1."""
    state = {"self": thing}
    for leaf in list(leaves_of(thing, ("self",))):
        value = leaf.value
        if (
            isinstance(value, np.ndarray)
            and value.dtype.kind == "f"
            and value.size
            and not GRADIENT.match(leaf.last)
        ):
            x = 0.7 * maker.draw.standard_normal(value.shape)
            put_leaf(state, leaf.path, (x + 0.1 * np.sign(x)).astype(value.dtype))
