"""What arguments are by their names, and how arrays lie: rows, columns, one example, sequences, images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

__all__ = ["FIRST", "LAYOUTS", "ROLES", "SECOND", "SETTINGS", "UNITS", "Sizes", "has_columns"]


@dataclass(frozen=True)
class Sizes:
    """Examples, features, units, others, classes, time steps, words; images, their colours, height, width
    and filters."""

    m: int = 7
    n: int = 5
    h: int = 4
    g: int = 6
    k: int = 3
    T: int = 2
    V: int = 9
    M: int = 2
    C: int = 3
    y: int = 7
    x: int = 5
    F: int = 4

    def with_one_output(self) -> Sizes:
        """The same with a single unit at the end."""
        return replace(self, k=1)


FIRST, SECOND = Sizes(), Sizes(8, 6, 5, 4, 2, 3, 9, M=3, C=2, y=8, x=9, F=5)

# What a number or a text is, by its name; the first that fits.
SETTINGS: list[tuple[str, list[Any]]] = [
    (r"stride|^s$|step_size_conv", [2, 1]),
    (r"^pad(ding)?$", [1, 0]),
    (r"^(pool|filter|kernel|window)_?w(idth)?$|^[fkw]w$", [2, 3]),  # another one than the height
    (
        r"pool_?(height|width|size|h|w)|^(pool|f|size|(kernel|filter|window)(_?size)?|field|hparam_f|fh|fw|kh|kw|hh|ww)$",
        [3, 2],
    ),
    (r"keep_?prob|^keep$", [0.7]),
    (r"^p$|drop(out)?_?(rate|prob|p|ratio)?$|^rate$|^ratio$|^prob$", [0.4]),
    (
        r"lambd|^lam(bda_?)?$|^reg(ularization|_lambda|_strength|_param)?$|^l[12](_|$)|weight_?decay|^wd$|^lmbda$|^mu$|"
        r"penalty",
        [0.3],
    ),
    (r"^lr$|learning_?rate|^eta$|^alpha_lr$|step_size|^rate$", [0.1]),
    (r"^eps(ilon)?$|^tol$", [1e-5]),
    (r"momentum|^beta_?[12]$|^rho$", [0.9]),
    (r"^alpha$|slope|negative_slope|^leak", [0.1]),
    (r"^margin$|^clip|threshold|^tau$|temperature", [1.3, 5.0]),
    (r"^(n_?|num_?)?(heads|groups|head)$|^G$", [2, 3]),
    (r"^mode$", ["train", "max", "average"]),
    (r"^activations?$|^act$|^nonlin|^act_?fn", ["relu", "sigmoid", "tanh"]),
    (r"^output_act", ["sigmoid", "softmax", "linear"]),
    (r"train(ing|_flg)?$|is_train|^train_mode", [True]),
    (r"^deriv(ative)?$|^prime$|^grad$", [False]),
    (r"seed", [1]),
    (r"^(epochs?|iterations?|num_iter\w*|n_iter\w*|iters|steps|num_passes|n_epochs?)$", [1]),
    (r"batch_?size|^(m|N|num_examples|n_samples|n_examples)$", ["m"]),
    (r"print|verbose|debug|plot", [False]),
    (r"^init", ["he", "xavier"]),
    (r"loss(_?fn|_?func|_?name)?$|^cost$", ["mse", "cross_entropy"]),
]
UNITS: list[tuple[str, str]] = [
    (r"vocab|^V$|num_embed|n_words", "V"),
    (r"embed|^E$|^D_model|d_model|wordvec|word_dim", "g"),
    (
        r"(in|input|features|fan_in|n_x|d_in|n_features|nin|inp|visible)(_?(size|dim|features|nodes|units|neurons|shape|"
        r"layer|dimension))?s?$|^D$|^n_in|^input|^num_?inputs?|^i$|^n_inp|^dims?$|^d$|^n_visible|^size_in",
        "n",
    ),
    (r"hidden|^H\d?$|^n_h|^n_a$|^hid|^units$|^h\d?$|^num_units|^(n_?)?neurons|code|latent|nn_hdim", "h"),
    (r"out|class|^C$|^K$|^n_y|labels|^o$|^n_?out|targets", "k"),
]

# What an array is, by its name; the first that fits.
ROLES: list[tuple[str, str]] = [
    (
        r"^(d|grad|delta)?(y|t|target|label|truth|ground|gt|expected|want|wanted|goal|desired|answer)s?(_?(true|train|"
        r"batch|hot|one_?hot|label|oh|real|i|b|enc(oded)?|tr|mb|data))?$|"
        r"^(targets?|labels?|y_?true|true_?(y|labels?|values?)|one_?hot_?\w*|actual|desired|correct_\w+)\w*$",
        "labels",
    ),
    (
        r"^(y_?)?(pred|hat|guess|out(put)?s?|probs?|logits?|scores?|predictions?|yhat|a[lL]|aL|activations?|"
        r"final_outputs?)(_?(y|ions?|ed|icted|values?))?$|^y_?(pred|hat|p)$|^y_?(pred|hat)\w*$|^pred\w*|^(output|final)\w*",
        "pred",
    ),
    (r"^(w|weights?|u|v|kernels?|filters?|theta|params?_?w)_?\d+$", "weight"),
    (r"^(b|bias|biases)_?\d+$", "bias"),
    (r"^(gamma|beta|scale|shift|g|offset|gain)\d?$", "scale"),
    (r"^(w_?xh?|w_?ih|w_?ax|u_?xh|w_?hx|w_?x\w?|u)$", "wx"),
    (r"^(w_?hh?|w_?aa|u_?h|w_?h|u_?[a-z])$", "wh"),
    (r"^(w_?hy|w_?ya|why|w_?ho|w_?y)$", "wy"),
    (r"^(b_?y)$", "by"),
    (r"^(b_?h|b_?a)$", "bh"),
    (r"^(w_?[qkvo]|w_?(query|key|value|out|proj))$", "square"),
    (r"^w_?(qkv|in_?proj)$", "triple"),
    (
        r"^(prev_?[hac]|[hac]_?prev|[hac]0|hprev|hidden|h_?t?_?1|state|prev_?(state|cell|hidden)|s_?prev|"
        r"(hidden|cell|initial)_?(state|prev)?|h_?init)$",
        "hidden",
    ),
    (r"^(w|weights?|kernels?|filters?|theta|coef\w*|w_\w+|w[a-z]|weight_\w+|weights_\w+)$", "weight"),
    (r"^(b|bias(es)?|intercept|b_\w+|b[a-z]|bias_\w+)$", "bias"),
    (r"^(center_?(word_?)?vec\w*|v_?c)$", "vector"),
    (r"(outside|center|context)_?(vec\w*)|^(embedd?ings?|u_?o|vectors|table|E|out_?vectors)$", "table"),
    (r"\w*(idx|indices|index)$|^(tokens|ids|words?|captions?|context)$", "indices"),
    (r"^(q|k|v|query|key|value|queries|keys|values)$", "data"),
    (r"^\w*mask$", "mask"),
    (
        r"^(x|a|z|h|s)s?(_?(t|prev|in|l|i|tr|train|batch|col|flat|curr?|next|new|data|mat|norm|pad))?_?\d*$|"
        r"^(inp|inputs?|data|images?|features?|imgs?|samples?|feats?|batch|seq)\w*$",
        "data",
    ),
]

LAYOUTS: dict[str, dict[str, list[str]]] = {
    "rows": {
        "data": ["m n"], "weight": ["n h", "n"], "bias": ["h", "1 h"], "scale": ["n", "1 n"], "wx": ["n h"],
        "wh": ["h h"], "hidden": ["m h"], "pred": ["m k"],
        "labels": ["one m k", "int m k", "any m k", "one m n", "int m n", "bits m", "one m 1"],
        "wy": ["h k"], "by": ["k", "1 k"], "bh": ["h", "1 h"], "vector": ["n"], "table": ["V n"],
        "mask": ["bits m n"], "indices": ["index m V", "index m T V", "index m m"], "join": ["n+h h"],
        "square": ["n n"], "triple": ["n 3*n"],
    },
    "columns": {
        "data": ["n m"], "weight": ["h n"], "bias": ["h 1"], "scale": ["n 1"], "wx": ["h n"], "wh": ["h h"],
        "hidden": ["h m"], "pred": ["k m"],
        "labels": ["one k m", "one n m", "int m k", "any k m", "one 1 m"], "wy": ["k h"], "by": ["k 1"],
        "bh": ["h 1"], "vector": ["n"], "table": ["n V"], "mask": ["bits n m"], "indices": ["index m V"],
        "join": ["h h+n"], "square": ["n n"], "triple": ["3*n n"],
    },
    "one column": {
        "data": ["n 1"], "weight": ["h n"], "bias": ["h 1"], "scale": ["n 1"], "wx": ["h n"], "wh": ["h h"],
        "hidden": ["h 1"], "pred": ["k 1"], "labels": ["one k 1", "any k 1", "int1 k", "int T k", "1 1"],
        "wy": ["k h"], "by": ["k 1"], "bh": ["h 1"], "vector": ["n"], "table": ["V n"],
        "mask": ["bits n 1"], "indices": ["index T V", "oneindex V"], "join": ["h h+n"], "square": ["n n"],
    },
    "one vector": {
        "data": ["n"], "weight": ["n h", "h n"], "bias": ["h"], "scale": ["n"], "wx": ["n h", "h n"],
        "wh": ["h h"], "hidden": ["h"], "pred": ["k"],
        "labels": ["one k", "int1 k", "int T k", "any k", "bit"], "wy": ["h k", "k h"], "by": ["k"],
        "bh": ["h"], "vector": ["n"], "table": ["V n"], "mask": ["bits n"],
        "indices": ["oneindex V", "index T V"], "join": ["h h+n", "h+n h"], "square": ["n n"],
    },
    "one row": {
        "data": ["1 n"], "weight": ["n h"], "bias": ["1 h", "h"], "scale": ["1 n"], "wx": ["n h"],
        "wh": ["h h"], "hidden": ["1 h"], "pred": ["1 k"], "labels": ["one 1 k", "any 1 k"], "wy": ["h k"],
        "by": ["1 k"], "bh": ["1 h"], "mask": ["bits 1 n"], "indices": ["oneindex V"], "join": ["n+h h"],
    },
    "one unit": {
        "data": ["n m", "m n"], "weight": ["n 1", "n"], "bias": ["", "1", "1 1"], "pred": ["1 m", "m"],
        "labels": ["bits m", "bits 1 m", "bits m 1", "any m"], "scale": ["n 1"], "vector": ["n"],
        "table": ["V n"], "mask": ["bits n m"], "indices": ["index m V"], "hidden": ["n"],
    },
    "flat weights": {
        "data": ["m n"], "weight": ["n*k"], "bias": ["k"], "labels": ["int m k", "one m k"],
        "pred": ["m k"],
    },
    "sequences": {
        "data": ["2 T n", "2 T g", "T n 1", "2 3 T n"], "weight": ["n h"], "bias": ["h", "g"],
        "scale": ["n", "g"], "wx": ["n h"], "wh": ["h h"], "hidden": ["2 h", "h 1"], "pred": ["2 T k"],
        "labels": ["int 2 T k", "index 2 T V"], "wy": ["h k"], "by": ["k"], "bh": ["h"], "vector": ["n"],
        "table": ["V n"], "mask": ["ragged 2 T", "ones 2 T"], "indices": ["index 2 T V"], "join": ["n+h h"],
        "square": ["g g"], "triple": ["g 3*g"],
    },
    "one sequence": {
        "data": ["T n", "T g"], "weight": ["n h", "h n"], "bias": ["h"], "scale": ["n", "g"],
        "wx": ["h n", "n h"], "wh": ["h h"], "hidden": ["h", "h 1"], "pred": ["T k"],
        "labels": ["int T k", "one T k", "any h"], "wy": ["k h", "h k"], "by": ["k", "k 1"],
        "bh": ["h", "h 1"], "table": ["V n"], "mask": ["tril T T", "ragged 1 T"], "indices": ["index T V"],
        "square": ["g g"], "triple": ["g 3*g"], "join": ["h h+n"],
    },
    "sequences, time last": {
        "data": ["n m T"], "weight": ["h n"], "bias": ["h 1"], "hidden": ["h m"], "wx": ["h n"],
        "wh": ["h h"], "wy": ["k h"], "by": ["k 1"], "bh": ["h 1"], "pred": ["k m T"],
        "labels": ["one k m"], "scale": ["n 1"], "vector": ["n"], "table": ["V n"], "mask": ["bits n m"],
        "indices": ["index m V"], "join": ["h h+n"],
    },
    "images": {
        "data": ["M C y x", "M C y y", "M 4 6 12", "M 4 4 4"], "weight": ["F C 3 3", "F 4 2 2"],
        "bias": ["F", "F 1", "F 1 1"], "scale": ["C", "1 C 1 1", "4", "1 4 1 1"],
        "pred": ["M k"], "labels": ["int M k", "one M k"], "hidden": ["M C y x", "M 4 6 12"],
        "mask": ["bits m n"], "indices": ["index m V"],
    },
    "images, channels last": {
        "data": ["M y x C", "M y y C", "M 6 12 4"], "weight": ["3 3 C F", "2 2 4 F"],
        "bias": ["1 1 1 F", "F"], "scale": ["C", "1 1 1 C"], "pred": ["M k"],
        "labels": ["int M k", "one M k"], "hidden": ["M y x C", "M y y C", "M 6 12 4"],
    },
    "one image": {
        "data": ["C y x", "y y C", "y x", "y y", "6 12"], "weight": ["F C 3 3", "3 3"],
        "bias": ["F", "F y-2 x-2", ""], "scale": ["C"], "hidden": ["C y x"], "pred": ["k"],
        "labels": ["one k"],
    },
    "numbers": {
        "data": [""], "weight": [""], "bias": [""], "hidden": [""], "scale": [""], "pred": [""],
        "labels": ["int1 k"], "wx": [""], "wh": [""], "wy": [""],
    },
}  # fmt: skip


def has_columns(layout: str) -> bool:
    """Whether examples are columns."""
    return layout in ("columns", "one column", "sequences, time last")
