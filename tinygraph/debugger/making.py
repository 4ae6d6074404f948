"""Arguments for somebody's functions, by the names of their parameters and the layout of the data.

Nothing is known of a function but its names, so that there are several ways to call it; those that do not
suit raise, or give another shape, and are passed over. All sizes differ, no number is 0, every constant that
could hide a mistake (a stride of 1, a penalty of 0, one time step) is another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

import numpy as np

from tinygraph.debugger.program import Function

__all__ = ["LAYOUTS", "Maker", "Sizes"]

MOST_WAYS = 400


@dataclass(frozen=True)
class Sizes:
    """Examples, features, units, more units, classes, time steps, words."""

    m: int = 7
    n: int = 5
    h: int = 4
    g: int = 6
    k: int = 3
    T: int = 2
    V: int = 9


FIRST, SECOND = Sizes(), Sizes(m=8, n=6, h=5, g=4, k=3, T=2, V=9)

# What a number or a text is, by its name; the first that fits.
SETTINGS: list[tuple[str, list[Any]]] = [
    (r"stride|^s$|step_size_conv", [2, 1]),
    (r"^pad(ding)?$", [1, 0]),
    (
        r"pool_?(height|width|size|h|w)|^(pool|f|size|kernel_size|filter_size|field|hparam_f|fh|fw|kh|kw)$",
        [3, 2],
    ),
    (r"keep_?prob|^keep$", [0.7]),
    (r"^p$|drop(out)?_?(rate|prob|p|ratio)?$|^rate$|^ratio$|^prob$", [0.4]),
    (
        r"lambd|^lam(bda_?)?$|^reg(ularization|_lambda|_strength|_param)?$|^l2|weight_decay|^lmbda$|^mu$",
        [0.3],
    ),
    (r"^lr$|learning_?rate|^eta$|^alpha_lr$|step_size|^rate$", [0.1]),
    (r"^eps(ilon)?$|^tol$", [1e-5]),
    (r"momentum|^beta_?[12]$|^rho$", [0.9]),
    (r"^alpha$|slope|negative_slope|^leak", [0.1]),
    (r"^margin$|^delta$|^clip|threshold", [1.0, 5.0]),
    (r"^mode$", ["train", "max", "average"]),
    (r"^activation|^act$|^nonlin|^act_?fn", ["relu", "sigmoid", "tanh"]),
    (r"^output_act", ["sigmoid", "softmax", "linear"]),
    (r"train(ing|_flg)?$|is_train|^train_mode", [True]),
    (r"^deriv(ative)?$|^prime$|^grad$", [False]),
    (r"seed", [1]),
    (r"^(epochs?|iterations?|num_iter\w*|n_iter\w*|iters|steps)$", [1]),
    (r"batch_?size|^(m|N|num_examples|n_samples)$", ["m"]),
    (r"print|verbose|debug|plot", [False]),
    (r"^init", ["he", "xavier"]),
    (r"loss(_?fn|_?func|_?name)?$|^cost$", ["mse", "cross_entropy"]),
]
UNITS: list[tuple[str, str]] = [
    (
        r"(in|input|features|fan_in|n_x|d_in|n_features|nin|inp)(_?(size|dim|features|nodes|units|neurons|shape|layer))?s?$|^D$|^n_in|^input|^num_?inputs?|^i$",
        "n",
    ),
    (r"hidden|^H\d?$|^n_h|^n_a$|^hid|^units$|^h\d?$|^num_units|^n_?neurons", "h"),
    (r"out|class|^C$|^K$|^n_y|labels|^o$|^n_?out", "k"),
    (r"vocab|^V$|num_embed|n_words", "V"),
    (r"embed|^E$|^dim$|^d$|^D_model|d_model", "h"),
]

# What an array is, by its name; the first that fits.
ROLES: list[tuple[str, str]] = [
    (
        r"^(d|grad|delta)?(y|t|target|label|truth|ground|gt|expected)s?(_?(true|train|batch|hot|one_?hot|label|oh|real|i|b|enc(oded)?))?$|"
        r"^(targets?|labels?|y_?true|true_?(y|labels?|values?)|one_?hot_?\w*|actual|desired|correct_\w+)\w*$",
        "labels",
    ),
    (
        r"^(y_?)?(pred|hat|out(put)?s?|probs?|logits?|scores?|predictions?|yhat|a[lL]|aL|activations?|final_outputs?)(_?(y|ions?|ed|icted|values?))?$|^y_?(pred|hat)\w*$|^pred\w*",
        "pred",
    ),
    (r"^(w|weights?|u|v|kernels?|filters?|theta|params?_?w)_?\d+$", "weight"),
    (r"^(b|bias|biases)_?\d+$", "bias"),
    (r"^(gamma|beta|scale|shift|g|offset)\d?$", "scale"),
    (r"^(w_?xh?|w_?ih|w_?ax|u_?xh|w_?hx)$", "wx"),
    (r"^(w_?hh?|w_?aa|u_?h|w_?h)$", "wh"),
    (r"^(w_?hy|w_?ya|why|w_?ho)$", "wy"),
    (r"^(b_?y)$", "by"),
    (r"^(b_?h|b_?a)$", "bh"),
    (
        r"^(prev_?[hac]|[hac]_?prev|[hac]0|hprev|hidden|h_?t?_?1|state|prev_?(state|cell|hidden)|s_?prev)$",
        "hidden",
    ),
    (r"^(w|weights?|kernels?|filters?|theta|coef\w*|w_\w+|weight_\w+|u_?\w*|weights_\w+)$", "weight"),
    (r"^(b|bias(es)?|intercept|b_\w+|bias_\w+)$", "bias"),
    (r"^(center\w*|v_?c)$", "vector"),
    (r"outside_?(vec|vectors)|context_?vec\w*|^(embedd?ings?|u_?o|vectors|table|E|out_?vectors)$", "table"),
    (r"\w*(idx|indices|index)$|^(tokens|ids|words?)$", "indices"),
    (r"^(q|k|v|query|key|value|queries|keys|values)$", "data"),
    (r"^(mask)$", "mask"),
    (r"^(x|X|inputs?|a|z|data|h|s|images?|features?|imgs?)", "data"),
]

LAYOUTS: dict[str, dict[str, list[str]]] = {
    "rows": {
        "data": ["m n"], "weight": ["n h"], "bias": ["h", "1 h"], "scale": ["n", "1 n"], "wx": ["n h"],
        "wh": ["h h"], "hidden": ["m h"], "pred": ["m k"], "labels": ["one m k", "int m k", "any m k", "one m 1", "bit m"],
        "wy": ["h k"], "by": ["k", "1 k"], "bh": ["h", "1 h"], "vector": ["n"], "table": ["V n"], "mask": ["bits m n"],
        "indices": ["index m V", "index m m"],
    },
    "columns": {
        "data": ["n m"], "weight": ["h n"], "bias": ["h 1"], "scale": ["n 1"], "wx": ["h n"], "wh": ["h h"],
        "hidden": ["h m"], "pred": ["k m"], "labels": ["one k m", "one 1 m", "int m k", "any k m"], "wy": ["k h"],
        "by": ["k 1"], "bh": ["h 1"], "vector": ["n"], "table": ["n V"], "mask": ["bits n m"], "indices": ["index m V"],
    },
    "one column": {
        "data": ["n 1"], "weight": ["h n"], "bias": ["h 1"], "scale": ["n 1"], "wx": ["h n"], "wh": ["h h"],
        "hidden": ["h 1"], "pred": ["k 1"], "labels": ["one k 1", "any k 1", "int1 k", "1 1"], "wy": ["k h"], "by": ["k 1"],
        "bh": ["h 1"], "vector": ["n"], "table": ["V n"], "mask": ["bits n 1"], "indices": ["oneindex V"],
    },
    "one vector": {
        "data": ["n"], "weight": ["n h", "h n"], "bias": ["h"], "scale": ["n"], "wx": ["n h", "h n"], "wh": ["h h"],
        "hidden": ["h"], "pred": ["k"], "labels": ["one k", "int1 k", "any k", "bit"], "wy": ["h k", "k h"], "by": ["k"],
        "bh": ["h"], "vector": ["n"], "table": ["V n"], "mask": ["bits n"], "indices": ["oneindex V"],
    },
    "one unit": {
        "data": ["n m", "m n"], "weight": ["n 1", "n"], "bias": ["", "1", "1 1"], "pred": ["1 m", "m"],
        "labels": ["bits 1 m", "bits m", "bits m 1", "any m"], "scale": ["n 1"], "vector": ["n"], "table": ["V n"],
        "mask": ["bits n m"], "indices": ["index m V"], "hidden": ["n"],
    },
    "sequences": {
        "data": ["2 T n", "T n 1"], "weight": ["n h"], "bias": ["h"], "scale": ["n"], "wx": ["n h"], "wh": ["h h"],
        "hidden": ["2 h", "h 1"], "pred": ["2 T k"], "labels": ["int 2 T k"], "wy": ["h k"], "by": ["k"], "bh": ["h"],
        "vector": ["n"], "table": ["V n"], "mask": ["ones 2 T"], "indices": ["index 2 T V"],
    },
    "sequences, time last": {
        "data": ["n m T"], "weight": ["h n"], "bias": ["h 1"], "hidden": ["h m"], "wx": ["h n"], "wh": ["h h"], "wy": ["k h"],
        "by": ["k 1"], "bh": ["h 1"], "pred": ["k m T"], "labels": ["one k m"], "scale": ["n 1"], "vector": ["n"],
        "table": ["V n"], "mask": ["bits n m"], "indices": ["index m V"],
    },
    "images": {
        "data": ["2 3 7 5", "2 3 7 7", "2 2 6 6"], "weight": ["4 3 3 3", "4 2 2 2"], "bias": ["4", "4 1"], "scale": ["3"],
        "pred": ["m k"], "labels": ["int m k"], "hidden": ["m h"], "vector": ["n"], "table": ["V n"], "mask": ["bits m n"],
        "indices": ["index m V"],
    },
    "images, channels last": {
        "data": ["2 7 5 3", "2 7 7 3", "2 6 6 2"], "weight": ["3 3 3 4", "2 2 2 4"], "bias": ["1 1 1 4", "4"], "scale": ["3"],
        "pred": ["m k"], "labels": ["int m k"], "hidden": ["m h"], "vector": ["n"], "table": ["V n"], "mask": ["bits m n"],
        "indices": ["index m V"],
    },
    "one image": {
        "data": ["3 7 5", "7 7 3", "7 7"], "weight": ["4 3 3 3", "3 3"], "bias": ["4", "4 5 3", ""], "scale": ["3"],
        "pred": ["k"], "labels": ["one k"], "hidden": ["h"], "vector": ["n"], "table": ["V n"], "mask": ["bits m n"],
        "indices": ["index m V"],
    },
}  # fmt: skip
GATES = re.compile(r"lstm", re.I)


@dataclass
class Maker:
    """Draws arguments in one layout.

    `layers` is how many numbered layers the function's names speak of; `gated` whether its weights hold four
    gates side by side.
    """

    layout: str
    sizes: Sizes = FIRST
    seed: int = 0
    layers: tuple[int, int] = (1, 1)
    gates: int = 1
    draw: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.draw = np.random.default_rng(self.seed)

    # Arrays

    def array(self, code: str) -> Any:
        """An array by a code: sizes by letter or number, and before them what its entries are."""
        words = code.split()
        kind = words.pop(0) if words and words[0] in KINDS else "any"
        return KINDS[kind](self, words)

    def shape(self, words: Sequence[str]) -> tuple[int, ...]:
        return tuple(int(w) if w.isdigit() else getattr(self.sizes, w) for w in words)

    def floats(self, words: Sequence[str]) -> Any:
        x = self.draw.standard_normal(self.shape(words))
        x = 0.7 * x + 0.1 * np.sign(x)
        return x if np.ndim(x) else float(x)

    # Roles

    def candidates(self, name: str, text: str) -> list[Any]:
        """What a parameter of this name may be given, the likeliest first; empty where nothing is known."""
        low = name.strip("_")
        for pattern, role in ROLES[:2]:
            if re.search(pattern, low, re.I):
                return self.of_role(role, low)
        for pattern, values in SETTINGS:
            if re.search(pattern, low):
                return [getattr(self.sizes, "m") if v == "m" else v for v in values]
        for pattern, role in ROLES[2:]:
            if re.search(pattern, low, re.I):
                return self.of_role(role, low)
        return []

    def of_role(self, role: str, name: str) -> list[Any]:
        index = re.search(r"(\d+)$", name)
        if role in ("weight", "bias") and index and self.layers != (1, 1):
            return [self.layer_array(role, int(index[1]))]
        codes = LAYOUTS[self.layout].get(role, [])
        if role == "pred":
            return [f(c) for f in (self.array, self.probabilities) for c in codes]
        made = [self.array(code) for code in codes]
        return [widened(x, role, self.gates, self.layout, self.draw) for x in made]

    def probabilities(self, code: str) -> Any:
        """Numbers between 0.1 and 0.9 that add up to nothing in particular."""
        return self.draw.uniform(0.1, 0.9, self.shape(code.split()))

    def layer_array(self, role: str, index: int) -> Any:
        first, last = self.layers
        units = [self.sizes.n, self.sizes.h, self.sizes.g, *range(self.sizes.g + 3, 99, 2)]
        units = [*units[: last - first + 1], self.sizes.k]
        before, after = units[index - first], units[index - first + 1]
        rows = self.layout in ("rows", "sequences", "one vector")
        if role == "bias":
            shape: tuple[int, ...] = (after,) if rows else (after, 1)
        else:
            shape = (before, after) if rows else (after, before)
        return self.floats([str(n) for n in shape])

    # Calls

    def ways(
        self, function: Function, known: Mapping[str, Any], defaults: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Arguments for a function, by name, one way after the other."""
        names = [n for n in function.parameters if n not in known]
        choices = [self.choices(n, function, n in defaults) for n in names]
        if any(not c for c in choices):
            choices = [c or [self.array(code) for code in self.shapes()] for c in choices]
        for values in islice(product(*choices), MOST_WAYS):
            found = {n: v for n, v in zip(names, values, strict=True) if v is not LEFT}
            yield dict(known) | found

    def choices(self, name: str, function: Function, has_default: bool) -> list[Any]:
        keys = keys_of(name, function.text)
        if keys:
            return self.dicts(keys, function.text)
        if has_default:
            hidden = re.search(r"lambd|^lam|^reg|keep_?prob|stride|^pad|drop", name)
            return [*(self.candidates(name, "")[:1] if hidden else []), LEFT]
        return self.candidates(name, function.text)

    def dicts(self, keys: Sequence[str], text: str) -> list[Any]:
        options = [self.candidates(key, text) or [self.array(c) for c in self.shapes()[:3]] for key in keys]
        return [dict(zip(keys, values, strict=True)) for values in islice(product(*options), 24)]

    def shapes(self) -> list[str]:
        """The shapes of things of which nothing is known."""
        codes = LAYOUTS[self.layout]
        found = [
            c for role in ("data", "hidden", "weight", "bias", "wh", "scale") for c in codes.get(role, [])
        ]
        return list(dict.fromkeys(found))


LEFT = object()  # a parameter that keeps its default


def keys_of(name: str, text: str) -> list[str]:
    """The keys that a function takes from a dict that it is given."""
    found = re.findall(rf"\b{re.escape(name)}(?:\[|\.get\(|\.setdefault\()['\"](\w+)['\"]", text)
    return list(dict.fromkeys(found))


def widened(x: Any, role: str, gates: int, layout: str, draw: np.random.Generator) -> Any:
    """Weights of so many gates side by side."""
    if gates == 1 or not np.ndim(x) or role not in ("wx", "wh", "weight", "bias", "bh"):
        return x
    axis = 0 if layout in ("columns", "one column", "sequences, time last") else -1
    parts = [x] + [0.7 * draw.standard_normal(np.shape(x)) for _ in range(gates - 1)]
    return np.concatenate(parts, axis=axis)


def one_hot(maker: Maker, words: Sequence[str]) -> Any:
    """One 1 for each example, along the axis of classes; of a single class, zeros and ones."""
    shape = maker.shape(words)
    if len(shape) == 1:
        return np.eye(shape[0])[maker.draw.integers(shape[0])]
    if 1 in shape:
        return (
            bits(maker, words) if max(shape) == maker.sizes.m else np.eye(max(shape))[:, [1]].reshape(shape)
        )
    axis = 0 if maker.layout in ("columns", "one column") else 1
    classes, m = shape[axis], shape[1 - axis]
    picked = maker.draw.permutation(np.arange(m) % classes)
    eye = np.eye(classes)[picked]
    return eye if axis == 1 else eye.T


def bits(maker: Maker, words: Sequence[str]) -> Any:
    shape = maker.shape(words)
    n = int(np.prod(shape, dtype=int))
    return maker.draw.permutation(np.arange(n) % 2).astype(float).reshape(shape)


def class_numbers(maker: Maker, words: Sequence[str]) -> Any:
    *shape, classes = maker.shape(words)
    n = int(np.prod(shape, dtype=int))
    return maker.draw.permutation(np.arange(n) % classes).reshape(shape)


def word_numbers(maker: Maker, words: Sequence[str]) -> Any:
    """Indices of which some come twice."""
    *shape, words_known = maker.shape(words)
    found = maker.draw.integers(0, words_known - 2, size=shape)
    flat = found.reshape(-1)
    if flat.size > 1:
        flat[-1] = flat[0]
    return found


KINDS: dict[str, Any] = {
    "any": Maker.floats,
    "one": one_hot,
    "bit": bits,
    "bits": bits,
    "ones": lambda maker, words: np.ones(maker.shape(words)),
    "int": class_numbers,
    "int1": lambda maker, words: 1,
    "index": word_numbers,
    "oneindex": lambda maker, words: 2,
}
