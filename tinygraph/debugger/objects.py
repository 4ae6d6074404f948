"""Objects of somebody's classes, made by the names of what their constructors take."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from typing import Any

import numpy as np

from tinygraph.debugger.making import LEFT, Maker, role_of, unit_of
from tinygraph.debugger.passes import layers_in
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.structure import leaves_of, put_leaf
from tinygraph.debugger.trial import quietly

__all__ = ["chain_of_layers", "make_objects"]

MOST_TRIED = 24
LISTS = re.compile(
    r"sizes|^layers?(_?(dims?|sizes?|units|nodes|config|shape))?$|dims$|topology|^arch\w*|structure|^units$|neurons|"
    r"^nodes$|^shape$|widths|^hidden(_layers|s|_units)$|^modules$|^ls$|^blocks$", re.I,
)  # fmt: skip
CHAINS = re.compile(r"layer|module|block|^ls$|^net$|^seq", re.I)
FUNCTION_NAME = re.compile(
    r"^(?!.*(size|dim|unit|node|neuron|feature|class|num|layer))"
    r"(act\w*|f|fn|func\w*|g|nonlin\w*|df|prime|derivative|out(_?act\w*|_?fn)?|output_?act\w*|loss\w*|cost\w*|"
    r"criterion|h_act\w*)$"
)
SLOPES = re.compile(r"^(df|prime|derivative|act\w*_(prime|derivative|grad)|d_?act\w*|f_?prime|fprime)$")
CHANNELS = [
    (
        re.compile(r"in_?(ch|channels|c)|^(num_)?channels$|^c_?in$|^depth_in|input_(depth|channels)", re.I),
        "in",
    ),
    (re.compile(r"out_?(ch|channels|c)|filters|^n_?f$|num_f|^c_?out$|^depth$|kernels|^k$", re.I), "out"),
]
ONE = re.compile(r"^(n|num|nb|number)_", re.I)
SWITCH = re.compile(r"^use_|batch_?norm|normali[sz]", re.I)
GRADIENT = re.compile(
    r"^_?(d(?![a-z]{3})|d_|grad|delta|nabla|v_|m_|velocity|momentum|running|cache)|_?grads?$", re.I
)
SETTING = re.compile(r"reg|lambd|stride|keep|drop|seed|l[12]|weight_decay|^wd$")


def make_objects(program: Program, owner: type, maker: Maker, depth: int = 0) -> Iterator[Any]:
    """Objects of a class, the likeliest first, with random parameters."""
    start = program.methods(owner).get("__init__")
    if start is not None and maker.layers == (1, 1):
        maker.layers = layers_in(start, ())
    names = [*start.parameters, *([start.rest] if start.rest else [])] if start else []
    choices = {n: choices_of(program, owner, start, n, maker, depth) for n in names if start}
    for values in islice(product(*choices.values()), MOST_TRIED):
        thing = construct_object(program, owner, start, dict(zip(choices, values, strict=True)))
        if thing is not None:
            maker.alternate = ", ".join(v.__name__ for v in values if isinstance(v, type))
            fill_layers(program, owner, thing, maker)
            randomise_parameters(thing, maker)
            yield thing


def construct_object(program: Program, owner: type, start: Function | None, values: dict[str, Any]) -> Any:
    """An object of a class, or None if it cannot be made of these values."""
    rest: Any = values.pop(start.rest, LEFT) if start and start.rest else LEFT
    given = {n: v for n, v in values.items() if v is not LEFT}
    try:
        with quietly(2.0):
            if rest is LEFT:
                return owner(**given)
            first = [given.pop(n) for n in positional(start) if n in given]
            return owner(*first, *list(rest), **given)
    except Exception:
        return None


def positional(start: Function | None) -> list[str]:
    """The parameters that stand before *rest."""
    if start is None:
        return []
    return [x.arg for x in start.node.args.args][1:]


def choices_of(
    program: Program, owner: type, start: Function, name: str, maker: Maker, depth: int
) -> list[Any]:
    """What a constructor may be given for one of its parameters."""
    default = default_of(start, name)
    if isinstance(default, int) and not isinstance(default, bool) and (size := unit_of(name)):
        return [getattr(maker.sizes, size), LEFT]
    if name == start.rest or (
        not re.search(r"^(input|image|in)_shape", name)
        and LISTS.search(name)
        and not ONE.search(name)
        and not isinstance(default, int)
    ):
        lists = lists_of(program, owner, name, maker, depth)
        return [*lists, *unit_given(name, maker)] if default is None else [LEFT]
    if re.search(r"(input|in|image|img)_?(shape|dims?)$", name) and maker.use(start, name).unpacked:
        return [np.shape(x) for x in maker.of_role("data", name)]
    if isinstance(default, str) and (texts := texts_compared(program, owner, name, default)):
        return maker.texts(texts)
    if isinstance(default, bool) and SWITCH.search(name):
        maker.variants = max(maker.variants, 2)
        return [bool(maker.variant % 2) != default]
    if maker.layout.startswith("images") or maker.layout == "one image":
        for pattern, which in CHANNELS:
            if pattern.search(name):
                return [3 if which == "in" else 4]
    if default is not None and not SETTING.search(name):
        return [LEFT, *classes_like(program, start, name)]
    return made_for(program, start, name, maker, depth) or ([LEFT] if default is not None else [None])


def classes_like(program: Program, start: Function, name: str) -> list[type]:
    """The classes of the file that may stand for the one that is a parameter's default: another cost."""
    a = start.node.args
    named = dict(zip([x.arg for x in a.args][len(a.args) - len(a.defaults) :], a.defaults, strict=True))
    usual = program.classes.get(getattr(named.get(name), "id", ""))
    methods = usual and program.methods(usual).keys()
    return [
        c
        for c in program.classes.values()
        if methods and c is not usual and program.methods(c).keys() == methods
    ]


def texts_compared(program: Program, owner: type, name: str, default: str) -> list[str]:
    """The texts that an attribute of a parameter's name is compared with, its default first."""
    text = "\n".join(f.text for f in program.methods(owner).values())
    found = re.findall(rf"self\._?{name} == ['\"](\w+)['\"]", text)
    texts = found + (["sum"] if name == "reduction" else [])
    return list(dict.fromkeys([default, *texts])) if found else []


def made_for(program: Program, start: Function, name: str, maker: Maker, depth: int) -> list[Any]:
    use = maker.use(start, name)
    if re.search(r"rng|random_state|generator|^key$", name):
        return [np.random.default_rng(0), 0]
    if use.texts:
        return maker.texts(use.texts)
    if (
        (FUNCTION_NAME.match(name) or use.called)
        and depth < 2
        and (made := functions_for(program, name, maker, depth))
    ):
        return [*made, *unit_given(name, maker)]
    if use.keys:
        return [words_by_number(use.keys, maker) if use.sized else dict_for(use.keys, start, maker)]
    sizes = unit_given(name, maker)
    return sizes or [*maker.candidates(name, start.text), maker.sizes.n, maker.sizes.h]


def unit_given(name: str, maker: Maker) -> list[int]:
    """The size that a parameter may be by its name: units are a number as often as a list."""
    size = unit_of(name)
    return [getattr(maker.sizes, size)] if size else []


def words_by_number(keys: list[str], maker: Maker) -> dict[str, int]:
    """A vocabulary."""
    words = [*keys, *(f"word{i}" for i in range(maker.sizes.V - len(keys)))]
    return {word: i for i, word in enumerate(words)}


def dict_for(keys: list[str], start: Function, maker: Maker) -> dict[str, Any]:
    return {key: maker.entry(key, start)[0] for key in keys}


def lists_of(program: Program, owner: type, name: str, maker: Maker, depth: int) -> list[Any]:
    """Sizes of layers, or layers."""
    s = maker.sizes
    if re.search(r"hidden", name):
        return [[s.h, s.g], [s.h]]
    sizes = [[s.n, s.h, s.g, s.k], [s.n, s.h, s.k]]
    if depth or not CHAINS.search(name):
        return sizes
    chain = chain_of_layers(program, owner, maker)
    return [chain, *sizes] if chain and not re.search("size|dim|unit", name) else sizes


def default_of(start: Function, name: str) -> Any:
    """The default of a parameter as a constant; True for another default, None for none."""
    a = start.node.args
    names = [x.arg for x in (*a.posonlyargs, *a.args)]
    for x, d in (*zip(names[len(names) - len(a.defaults) :], a.defaults, strict=True),
                 *zip([k.arg for k in a.kwonlyargs], a.kw_defaults, strict=True)):  # fmt: skip
        if x == name and d is not None:
            return (d.value if d.value is not None else "None") if isinstance(d, ast.Constant) else "other"
    return None


# Functions and layers of the file


def functions_for(program: Program, name: str, maker: Maker, depth: int) -> list[Any]:
    """What may stand for an activation or a loss: an object or a function of the file, or np.tanh."""
    if SLOPES.match(name):
        return [lambda u: 1 - np.tanh(u) ** 2]
    words = ("loss", "cost", "criterion")
    wanted = [
        c for n, c in program.classes.items() if any(w in n.lower() for w in words) == name.startswith(words)
    ]
    simple = [c for c in wanted if {"gradient", "derivative", "prime", "grad", "delta"} & vars(c).keys()]
    found = [x for c in simple[:6] for x in islice(make_objects(program, c, maker, depth + 1), 1)]
    if name.startswith(words):
        found += [x for c in wanted[:2] for x in islice(make_objects(program, c, maker, depth + 1), 1)]
    return [*found, np.tanh] if not name.startswith(words) else found


def is_layer(program: Program, owner: type) -> bool:
    """Whether objects of a class go forward and back, and are neither a loss nor a network of others."""
    methods = program.methods(owner)
    if not {"forward", "backward"} <= methods.keys() or re.search(
        r"loss|cost|entropy|error", owner.__name__, re.I
    ):
        return False
    start = methods.get("__init__")
    names = [*start.parameters, start.rest or ""] if start else []
    asked = methods["forward"].required
    return len(asked) == 1 and not any(CHAINS.search(n) or LISTS.search(n) for n in names)


def chain_of_layers(program: Program, owner: type, maker: Maker) -> list[Any]:
    """Layers of the file's own classes: a dense one, those without weights, a dense one."""
    classes = [c for c in program.classes.values() if c is not owner and is_layer(program, c)]
    made = [
        (c, thing) for c in classes if (thing := next(make_objects(program, c, maker, 1), None)) is not None
    ]
    dense = [(c, thing) for c, thing in made if has_matrix(thing)]
    plain = [thing for _, thing in made if not has_arrays(thing)]
    if not dense:
        return []
    owner, first = dense[0]
    s = maker.sizes
    sizes = replace(s, n=units_given(first, s.n), h=s.g)
    last = next(make_objects(program, owner, replace(maker, sizes=sizes, seed=maker.seed + 1), 1), None)
    return [first, *plain[:3], *([last] if last is not None else [])]


def units_given(thing: Any, taken: int) -> int:
    """How many units a dense layer gives that takes so many."""
    shape = next(np.shape(x.value) for x in leaves_of(thing, ("self",)) if np.ndim(x.value) == 2)
    return int(shape[1] if shape[0] == taken else shape[0])


def has_matrix(thing: Any) -> bool:
    """Whether an object holds weights."""
    return any(np.ndim(x.value) == 2 for x in leaves_of(thing, ("self",)))


def has_arrays(thing: Any) -> bool:
    return any(np.ndim(x.value) for x in leaves_of(thing, ("self",)))


def fill_layers(program: Program, owner: type, thing: Any, maker: Maker) -> None:
    """Give a network that is made empty the layers that it asks for with add."""
    add = next((program.methods(owner).get(n) for n in ("add", "add_layer", "append")), None)
    if add is None or len(add.required) != 1:
        return
    for layer in chain_of_layers(program, owner, maker):
        try:
            with quietly(2.0):
                getattr(thing, add.name.rpartition(".")[2])(layer)
        except Exception:
            return


def randomise_parameters(thing: Any, maker: Maker) -> None:
    """Give an object's parameters random numbers, so that none is 0 and none is 1; labels stay what they are.

    It is done within the arrays, which may be held in two places.
    """
    for leaf in list(leaves_of(thing, ("self",))):
        value = leaf.value
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
            continue
        if GRADIENT.search(leaf.last) or role_of(leaf.last) in ("labels", "mask"):
            continue
        x = 0.7 * maker.draw.standard_normal(value.shape)
        if value.flags.writeable:
            value[...] = x + 0.1 * np.sign(x)
        else:
            put_leaf({"self": thing}, leaf.path, x)
