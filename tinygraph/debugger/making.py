"""Arguments for somebody's functions, by the names and the use of their parameters, and the layout of data.

There are several choices for each; those that do not suit raise, or give another shape, and are passed over.
All sizes differ, no number is 0, every constant that could hide a mistake (a stride of 1, a penalty of 0,
one time step) is another.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from tinygraph.debugger.layouts import (
    FIRST,
    LAYOUTS,
    ROLES,
    SECOND,
    SETTINGS,
    UNITS,
    Sizes,
    has_columns,
)
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.uses import Use, use_of

__all__ = [
    "ANOTHER",
    "FIRST",
    "LAYOUTS",
    "LEFT",
    "SECOND",
    "UNITS",
    "Choice",
    "Maker",
    "Sizes",
    "keys_of",
    "role_of",
    "unit_of",
]

HIDDEN_SETTING = re.compile(r"lambd|^lam|^lmb|^reg|keep|stride|^pad|drop|^l[12](_|$)|weight_?decay|^wd$")
NOT_TRAINING = {"test", "eval", "predict", "inference", "valid", "validation", "testing", "evaluation"}
MODES = NOT_TRAINING | {"train", "training"}
ANOTHER = "another"  # a text that is none of those that are asked for
PREDICTED = ("p", "yp", "ph")  # beside labels
NUMBERED_LAYERS = 3  # layers of a network whose parameters have computed keys
LEFT = object()  # a parameter that keeps its default


@dataclass(frozen=True)
class Choice:
    """A parameter, or an entry of one, with what it may be given, the likeliest first."""

    name: str
    key: str | None
    values: list[Any]


@dataclass
class Maker:
    """Draws arguments in one layout.

    Attributes:
        layers: the lowest and the highest number of the weights that a function's names speak of.
        gates: how many gates lie side by side in one weight.
        joined: whether weights belong to a state and an input one below the other.
        beside: functions that are given the same things: the backward pass of a forward pass.
        variant: which of several texts ("relu", "sigmoid") is taken; how many there are is in `variants`.
        alternate: with which classes the last object was made in the place of those that it takes by itself.
    """

    layout: str
    sizes: Sizes = FIRST
    seed: int = 0
    layers: tuple[int, int] = (1, 1)
    gates: int = 1
    joined: bool = False
    variant: int = 0
    program: Program | None = None
    beside: tuple[Function, ...] = ()
    variants: int = field(default=1, init=False)
    alternate: str = field(default="", init=False)
    draw: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.draw = np.random.default_rng(self.seed)

    # Arrays

    def array(self, code: str) -> Any:
        """An array by a code: what its entries are, if not any numbers, and its sizes by letter or number.

        >>> Maker("rows").array("m n").shape, Maker("rows").array("3*h n+h").shape
        ((7, 5), (12, 9))
        """
        words = code.split()
        kind = words.pop(0) if words and words[0] in MADE_BY_KIND else "any"
        return MADE_BY_KIND[kind](self, words)

    def shape(self, words: Sequence[str]) -> tuple[int, ...]:
        return tuple(self.size(w) for w in words)

    def size(self, word: str) -> int:
        """A size by its letter: m, 3*h, n+h, y-2, 12."""
        if "-" in word:
            more, less = word.split("-")
            return self.size(more) - self.size(less)
        if "+" in word:
            return sum(self.size(w) for w in word.split("+"))
        if "*" in word:
            return int(np.prod([self.size(w) for w in word.split("*")]))
        return int(word) if word.isdigit() else int(getattr(self.sizes, word))

    def floats(self, words: Sequence[str]) -> Any:
        x = self.draw.standard_normal(self.shape(words))
        x = 0.7 * x + 0.1 * np.sign(x)
        return x if np.ndim(x) else float(x)

    # Roles

    def candidates(self, name: str, text: str = "", array: bool = False) -> list[Any]:
        """What a parameter of this name may be given, the likeliest first; empty where nothing is known."""
        low = name.strip("_")
        if array and low in PREDICTED:
            return self.of_role("pred", low)
        for pattern, role in ROLES[:2]:
            if re.search(pattern, low, re.I):
                return self.of_role(role, low)
        for pattern, values in SETTINGS:
            if not array and re.search(pattern, low):
                return [self.sizes.m if v == "m" else v for v in values]
        for pattern, role in ROLES[2:]:
            if re.search(pattern, low, re.I):
                return self.of_role(role, low)
        return []

    def of_role(self, role: str, name: str) -> list[Any]:
        index = re.search(r"(\d+)$", name)
        if role in ("weight", "bias") and index and self.layers != (1, 1):
            return self.layer_arrays(role, int(index[1]))
        codes = self.codes(role)
        if role == "pred":
            return [f(c) for f in (self.probabilities, self.array) for c in codes]
        made = [self.array(code) for code in codes]
        wide = [self.widened(x, role) for x in made]
        return wide if self.gates == 1 else [*wide, *made]

    def codes(self, role: str) -> list[str]:
        """The shapes of a role in this layout: its own, and those of its kind."""
        here = LAYOUTS[self.layout]
        found = list(here.get(role, []))
        if role in ("weight", "square", "wx", "wh", "wy"):
            joined = here.get("join", []) if self.joined else []
            found = [*joined, *found] if role in ("weight", "square") else [*found, *joined]
            found += here.get("weight", [])
        if role == "hidden":
            found += here.get("data", [])
        if role in ("bh", "by"):
            found += here.get("bias", [])
        return list(dict.fromkeys(found))

    def probabilities(self, code: str) -> Any:
        """Numbers between 0.1 and 0.9 that add up to nothing in particular."""
        words = [w for w in code.split() if w not in MADE_BY_KIND]
        x = self.draw.uniform(0.1, 0.9, self.shape(words))
        return x if np.ndim(x) else float(x)

    def widened(self, x: Any, role: str) -> Any:
        """Weights of so many gates side by side."""
        if self.gates == 1 or not np.ndim(x) or role not in ("wx", "wh", "weight", "bias", "bh"):
            return x
        axis = 0 if has_columns(self.layout) else -1
        parts = [x] + [0.7 * self.draw.standard_normal(np.shape(x)) for _ in range(self.gates - 1)]
        return np.concatenate(parts, axis=axis)

    # Layers of a network

    def units(self, layers: int) -> list[int]:
        """The sizes of a network of so many layers."""
        s = self.sizes
        return [s.n, *[s.h, s.g, *range(s.g + 3, 99, 2)][: layers - 1], s.k]

    def layer_arrays(self, role: str, index: int) -> list[Any]:
        """The weights or the bias of one of the layers that names speak of."""
        first, last = self.layers
        if "image" in self.layout and index == first:
            return [self.array(c) for c in self.codes(role)]
        units = self.units(last - first + 1)
        before, after = units[index - first], units[index - first + 1]
        return [self.floats(words) for words in self.layer_shapes(role, str(before), str(after))]

    def layer_shapes(self, role: str, before: str, after: str) -> list[list[str]]:
        if has_columns(self.layout):
            return [[after, "1"]] if role == "bias" else [[after, before]]
        if role == "bias":
            return [[after], ["1", after]]
        turned = self.layout in ("one vector", "one sequence")
        return [[before, after], [after, before]] if turned else [[before, after]]

    def stacked(self, role: str, layers: int) -> list[list[Any]]:
        """Lists of the weights or biases of all layers, one for each way in which they may lie."""
        units = [str(u) for u in self.units(layers)]
        each = [self.layer_shapes(role, *pair) for pair in pairwise(units)]
        return [[self.floats(shapes[way]) for shapes in each] for way in range(len(each[0]))]

    def numbered(self, prefixes: Sequence[str], start: int) -> dict[str, Any]:
        """Parameters by computed keys: W1, b1, W2, b2, ..."""
        found = {}
        for i in range(NUMBERED_LAYERS):
            for prefix in prefixes:
                role = role_of(prefix) or "weight"
                found[f"{prefix}{i + start}"] = self.stacked_like(role)[i]
        return found

    def stacked_like(self, role: str) -> list[Any]:
        if role == "scale":
            return [self.floats([str(u)]) for u in self.units(NUMBERED_LAYERS)[1:]]
        return self.stacked("bias" if role in ("bias", "bh", "by") else "weight", NUMBERED_LAYERS)[0]

    # Choices

    def choices(
        self, function: Function, known: Mapping[str, Any], ready: Mapping[str, list[Any]]
    ) -> list[Choice]:
        """What may be given for the parameters of a function that are not known, entries of dicts apart."""
        found = []
        for name in function.parameters:
            if name in known:
                found.append(Choice(name, None, [known[name]]))
            else:
                found += self.choices_for(name, function, ready.get(name, []))
        return found

    def choices_for(self, name: str, function: Function, ready: list[Any]) -> list[Choice]:
        use = self.use(function, name)
        optional = name not in function.required
        if optional and not self.wanted(name, use, function):
            return [Choice(name, None, [LEFT])]
        if not ready and use.keys and not use.prefixes and not use.texts:
            return [Choice(name, key, self.entry(key, function, key in use.optional)) for key in use.keys]
        values = [*ready, *self.whole(name, use, function)]
        hidden = bool(HIDDEN_SETTING.search(name) and values)  # a penalty of 0 would hide what is wrong
        last = [LEFT] if optional and not use.texts and not self.variant and not hidden else []
        known = role_of(name) is not None and (use.axes or use.least)
        return [Choice(name, None, [*(values or ([] if known else self.anything(use))), *last])]

    def use(self, function: Function, name: str) -> Use:
        if self.program is None:
            return Use()
        found = use_of(self.program, function, name)
        others = [use_of(self.program, f, name) for f in self.beside if name in f.parameters]
        texts = list(dict.fromkeys(t for use in (found, *others) for t in use.texts))
        elses = [before for use in (found, *others) for before in use.elses]
        if any(set(texts) <= before for before in elses) and not {*map(str.lower, texts)} & MODES:
            texts.append(ANOTHER)
        return replace(found, texts=texts) if texts != found.texts else found

    def wanted(self, name: str, use: Use, function: Function) -> bool:
        """Whether a parameter is given though it has a default: labels, penalties, one of several texts."""
        if HIDDEN_SETTING.search(name) or role_of(name) == "labels" or use.texts or unit_of(name) == "V":
            return True
        if not use.array or not default_is_none(function, name):
            return False
        self.variants = max(self.variants, 2)
        return self.variant > 0

    def entry(self, key: str, function: Function, optional: bool = False) -> list[Any]:
        """What an entry of a dict may be; one that need not be there is left out, if it is no setting."""
        found = self.candidates(key, function.text)
        if optional and not (found and isinstance(found[0], int | float | str)):
            return [LEFT, *found]
        return found or [self.array(c) for c in self.shapes()[:4]]

    def whole(self, name: str, use: Use, function: Function) -> list[Any]:
        """What a parameter may be given as a whole."""
        if use.texts and not use.array:
            return self.texts(use.texts)
        if use.prefixes:
            return [self.numbered(use.prefixes, start) for start in (1, 0)]
        if use.called and not use.array:
            return self.callables()
        if use.keys:
            return [{key: self.entry(key, function)[0] for key in use.keys}]
        found = self.listed(name, use) if use.element or use.numbered else []
        beside = any(role_of(n) == "labels" for n in function.parameters if n != name)
        array = bool(use.array or use.axes or use.least or (beside and name.strip("_") in PREDICTED))
        found += [*self.indices(name, use), *self.candidates(name, function.text, array)]
        return self.fitting([*found, *self.others(name, use, function)], use)

    def others(self, name: str, use: Use, function: Function) -> list[Any]:
        """Unlikelier things: an empty dict, a size, indices of words."""
        if use.mapping:
            return [{"mode": "train"}]
        if use.array or use.least:
            return []
        if size := unit_of(name):
            return [getattr(self.sizes, size)]
        words = re.search(r"emb|vocab|token|context", function.text) and role_of(name) in (
            "data",
            "labels",
            None,
        )
        return [self.array(c) for c in LAYOUTS[self.layout].get("indices", [])] if words else []

    def texts(self, texts: Sequence[str]) -> list[str]:
        """The text that a parameter is in this variant."""
        known = [t for t in texts if t.lower() not in NOT_TRAINING] or list(texts)
        self.variants = max(self.variants, len(known))
        return [sys.intern(known[self.variant % len(known)])]

    def callables(self) -> list[Any]:
        """A smooth function, where one is asked for."""
        return [np.tanh]

    def listed(self, name: str, use: Use) -> list[Any]:
        """Lists: of weights, of biases, of texts, of indices."""
        element = use.element or Use()
        if element.texts:
            known = self.texts(element.texts)
            return [[*[known[0]] * (NUMBERED_LAYERS - 1), known[-1]]]
        if element.indexes:
            return [[int(i) for i in word_numbers(self, ["T", "k"])]]
        role = role_of(re.sub(r"(?<=\w)(e?s|_list)$", "", name)) or role_of(name)
        plural = bool(re.search(r"(s|list)$", name))
        if role in ("weight", "bias", "wx", "wh") and plural:
            return [
                x for n in (NUMBERED_LAYERS, 2) for x in self.stacked(role if role == "bias" else "weight", n)
            ]
        return []

    def indices(self, name: str, use: Use) -> list[Any]:
        """Whole numbers, for what indexes arrays."""
        if not use.indexes or role_of(name) == "indices":
            return []
        codes = LAYOUTS[self.layout]
        kinds = ("int", "int1") if role_of(name) == "labels" else ("index", "oneindex", "int", "int1")
        found = [c for role in ("labels", "indices") for c in codes.get(role, []) if c.split()[0] in kinds]
        made = [self.array(c) for c in sorted(found, key=lambda c: kinds.index(c.split()[0]))]
        several = use.numbered or use.sized
        return [x for x in made if np.ndim(x) or not several]

    def fitting(self, values: list[Any], use: Use) -> list[Any]:
        """Those values that have as many axes as the function's text says."""
        if use.axes is None and not use.least:
            return values
        return [v for v in values if not isinstance(v, np.ndarray)
                or ((use.axes is None or np.ndim(v) == use.axes) and np.ndim(v) >= use.least)]  # fmt: skip

    def anything(self, use: Use) -> list[Any]:
        """Arrays for a parameter of which nothing is known."""
        codes = [c for c in self.shapes() if c.split()[0] not in MADE_BY_KIND] if use.positive else []
        made = [self.probabilities(c) for c in codes]
        return self.fitting([*made, *(self.array(code) for code in self.shapes())], use)

    def shapes(self) -> list[str]:
        """The shapes of things of which nothing is known."""
        codes = LAYOUTS[self.layout]
        roles = ("data", "hidden", "weight", "bias", "wh", "scale")
        found = [c for role in roles for c in codes.get(role, [])]
        return list(dict.fromkeys([*found, "n k", "k n"]))


def role_of(name: str) -> str | None:
    """What an array of this name is.

    >>> role_of("W1"), role_of("y_true"), role_of("bias"), role_of("flag")
    ('weight', 'labels', 'bias', None)
    """
    low = name.strip("_")
    return next((role for pattern, role in ROLES if re.search(pattern, low, re.I)), None)


def unit_of(name: str) -> str | None:
    """Which of the sizes a parameter is, by its name."""
    if re.search(r"rate|activ|func|fn$", name):
        return None
    return next((size for pattern, size in UNITS if re.search(pattern, name, re.I)), None)


def default_is_none(function: Function, name: str) -> bool:
    """Whether a parameter's default is None."""
    a = function.node.args
    names = [x.arg for x in (*a.posonlyargs, *a.args)]
    given = dict(zip(names[len(names) - len(a.defaults) :], a.defaults, strict=True))
    given |= {k.arg: d for k, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is not None}
    return getattr(given.get(name), "value", 0) is None


def keys_of(name: str, text: str) -> list[str]:
    """The keys that a text takes from a dict of this name."""
    found = re.findall(rf"\b{re.escape(name)}(?:\[|\.get\(|\.setdefault\()['\"](\w+)['\"]", text)
    return list(dict.fromkeys(found))


# Kinds of entries


def draw_one_hot(maker: Maker, words: Sequence[str]) -> Any:
    """One 1 for each example, along the axis of classes; of a single class, zeros and ones."""
    shape = maker.shape(words)
    if len(shape) == 1:
        return np.eye(shape[0])[maker.draw.integers(shape[0])]
    if 1 in shape:
        return (
            bits(maker, words)
            if max(shape) == maker.sizes.m
            else np.eye(max(shape))[:, [1 % max(shape)]].reshape(shape)
        )
    axis = 0 if has_columns(maker.layout) else 1
    classes, m = shape[axis], shape[1 - axis]
    picked = maker.draw.permutation(np.arange(m) % classes)
    eye = np.eye(classes)[picked]
    return eye if axis == 1 else eye.T


def bits(maker: Maker, words: Sequence[str]) -> Any:
    """As many zeros as ones, in a random order."""
    shape = maker.shape(words)
    n = int(np.prod(shape, dtype=int))
    return maker.draw.permutation(np.arange(n) % 2).astype(float).reshape(shape)


def class_numbers(maker: Maker, words: Sequence[str]) -> Any:
    """A class for each example; the last size says how many there are."""
    *shape, classes = maker.shape(words)
    classes = max(2, classes)
    n = int(np.prod(shape, dtype=int))
    return maker.draw.permutation(np.arange(n) % classes).reshape(shape)


def word_numbers(maker: Maker, words: Sequence[str]) -> Any:
    """Indices of which some come twice."""
    *shape, words_known = maker.shape(words)
    found = maker.draw.integers(0, max(1, words_known - 2), size=shape)
    flat = found.reshape(-1)
    if flat.size > 1:
        flat[-1] = flat[0]
    return found


def draw_ragged(maker: Maker, words: Sequence[str]) -> Any:
    """Ones, and a zero at the end of the last sequence."""
    found = np.ones(maker.shape(words))
    found[-1, -1] = 0
    return found


MADE_BY_KIND: dict[str, Any] = {
    "any": Maker.floats,
    "one": draw_one_hot,
    "bit": bits,
    "bits": bits,
    "ones": lambda maker, words: np.ones(maker.shape(words)),
    "ragged": draw_ragged,
    "tril": lambda maker, words: np.tril(np.ones(maker.shape(words))),
    "int": class_numbers,
    "int1": lambda maker, words: 1 % maker.shape(words)[-1],
    "index": word_numbers,
    "oneindex": lambda maker, words: 2,
}
