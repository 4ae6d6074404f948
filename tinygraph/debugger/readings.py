"""The ways to read a forward and a backward pass together: which argument is what, what comes back as what.

A pass forward is played on made arguments; what it takes and gives is then known by name, and the parameters
of the backward pass are looked up among these names. Where a name may be read in several ways there are
several trials, and the one of which most is right is believed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Any

import numpy as np

from tinygraph.debugger.making import LAYOUTS, Maker, Sizes
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.structure import (
    Attribute,
    as_floats,
    copy_state,
    is_number,
    leaves_of,
)
from tinygraph.debugger.trial import Trial, quietly

__all__ = ["Pass", "fused_trials", "invoke", "layouts_for", "play_forward", "readings_of", "words_of"]

UPSTREAM = re.compile(
    r"^(d|grads?|delta|d_?l|d_?j|g|up|upstream|above|slope|gout|dout|output_?(grad|gradient|error|delta)\w*|"
    r"grad\w*|d_?(out|outputs?|values?|y|z|a|h|s|x|scores|logits?|next\w*)|error(_?(signal|term))?|err|"
    r"loss_grad\w*|out_?grad\w*|next_grad\w*|delta\w*|accum\w*|da\w*|dz\w*|dh\w*|dc\w*|ds\w*|dL_?d\w+|dprev\w*|"
    r"top_?(diff|grad))$",
    re.I,
)
CACHE = re.compile(
    r"cache|memo|saved|^ctx$|context|^state$|stored|tape|intermediates?|^acts?$|^tmp$|^mem(ory)?$|^fwd|^forward_|"
    r"^activations?$|^bag$|^store$|^info$|^saved|^hist(ory)?$|^kept|^trace$|^record",
    re.I,
)
RATE = re.compile(r"^(lr|learning_?rate|eta|alpha|rate|step(_?size)?)$", re.I)
OUTPUT = re.compile(
    r"^(out(put)?s?|a|y|h|result|activation|value|z|a_?out|y_?(pred|hat)|scores|probs?|p)$", re.I
)
LABELS = re.compile(
    r"^(y|t|targets?|labels?|y_?(true|batch|train|b|i|hot|onehot|oh|real|enc\w*)|true_?\w*|one_?hot\w*|actual|"
    r"desired\w*|expected\w*|truth|ground\w*|gt|correct\w*|answers?)$",
    re.I,
)
LOSS = {
    "loss", "cost", "mse", "sse", "error", "crossentropy", "entropy", "nll", "objective", "criterion", "bce", "loss1",
    "calculate", "likelihood", "xent", "hinge", "huber", "mae", "rmse", "ce", "squared", "penalty", "energy",
}  # fmt: skip


def words_of(name: str) -> list[str]:
    """The words of a name in lower case: back_prop, backProp and BackProp alike.

    >>> words_of("conv2d_backwardNaive"), words_of("dW1")
    (['conv2d', 'backward', 'naive'], ['d', 'w1'])
    """
    parts = re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*[a-z]?(?![a-z])|\d+", name)
    return [p.lower() for p in parts]


@dataclass
class Pass:
    """A forward pass that has been played: what went in, what came out, and what is known by name.

    `state` is what goes in; `raw` what came back. `receiver` says whether it is a method of state["self"].
    """

    program: Program
    function: Function | None
    state: dict[str, Any]
    maker: Maker
    receiver: bool
    call: Callable[[dict[str, Any]], Any]
    raw: Any = None
    after: dict[str, Any] = field(default_factory=dict)

    def known(self, state: dict[str, Any], raw: Any) -> dict[str, Any]:
        """What is known by name after the pass: arguments, results, entries of dicts."""
        found = {k: v for k, v in state.items() if k != "self"}
        for name, value in list(found.items()):
            if isinstance(value, dict):
                found = {str(k): v for k, v in value.items()} | found
        if self.function is not None:
            results = results_by_name(self.function, raw)
            for value in results.values():
                if isinstance(value, dict):
                    found |= {str(k): v for k, v in value.items()}
            found |= results
        return found

    @property
    def m(self) -> int:
        sizes = self.maker.sizes
        return sizes.m if self.maker.layout in ("rows", "columns", "one unit", "sequences, time last") else 2

    def outputs(self, state: dict[str, Any], raw: Any) -> dict[str, Any]:
        """The arrays that came back, by name; or those that an object keeps, where nothing comes back."""
        if raw is None and self.receiver:
            changed = changed_attributes(self.state["self"], state["self"])
            named = {k: v for k, v in changed.items() if is_number(v)}
            return dict(sorted(named.items(), key=lambda x: not OUTPUT.match(x[0])))
        results = results_by_name(self.function, raw) if self.function else {"out": raw}
        return {k: v for k, v in results.items() if is_number(v)}


def changed_attributes(before: Any, after: Any) -> dict[str, Any]:
    """The attributes of an object that are new or hold something else."""
    old = vars(before)
    return {k: v for k, v in vars(after).items() if k not in old or not same_value(old[k], v)}


def same_value(a: Any, b: Any) -> bool:
    """Whether two things are the same, as far as they can be compared."""
    if a is b:
        return True
    x, y = ([leaf.value for leaf in leaves_of(v, ("v",))] for v in (a, b))
    if type(a) is not type(b) or len(x) != len(y):
        return False
    return all(np.shape(p) == np.shape(q) and np.array_equal(p, q) for p, q in zip(x, y, strict=True))


def return_names(function: Function) -> list[str] | None:
    """What the last return statement calls its results; None for one that is no tuple."""
    returns = [n for n in own_nodes(function.node) if isinstance(n, ast.Return) and n.value is not None]
    if not returns:
        return None
    value = returns[-1].value
    if isinstance(value, ast.Tuple | ast.List):
        return [name_of(e, f"result {i + 1}") for i, e in enumerate(value.elts)]
    return [name_of(value, "result")]


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from own_nodes(child)


def name_of(node: ast.AST | None, otherwise: str) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    ):
        return node.slice.value
    return otherwise


def results_by_name(function: Function, raw: Any) -> dict[str, Any]:
    """What a function gave, by the names in its return statement."""
    names = return_names(function) or []
    if (
        isinstance(raw, tuple | list)
        and len(names) == len(raw)
        and (len(names) > 1 or isinstance(raw, tuple))
    ):
        return dict(zip(unique(names), raw, strict=True))
    if isinstance(raw, tuple):
        return {f"result {i + 1}": x for i, x in enumerate(raw)}
    return {names[0] if len(names) == 1 else "result": raw}


def unique(names: Sequence[str]) -> list[str]:
    return [n if names.index(n) == i else f"{n} ({i + 1})" for i, n in enumerate(names)]


# Layouts


def layouts_for(text: str) -> list[str]:
    """The layouts that data may have, the likeliest first, by the words of a function and its text."""
    low = text.lower()
    found = list(LAYOUTS)

    def first(*names: str) -> None:
        for name in reversed(names):
            found.remove(name)
            found.insert(0, name)

    if re.search(
        r"keepdims|axis\s*=\s*1|\(1, *m\)|b1?.*zeros\(\(\w+, *1\)\)|w\d? *@ *[ax]|dot\(w\d?, *[ax]", low
    ):
        first("columns")
    if re.search(r"conv|pool|im2col|image|img|flatten|spatial", low):
        first("images", "images, channels last", "one image")
        if re.search(r"n_h|n_w|hparam|n_c\b", low):
            first("images, channels last")
    elif re.search(r"rnn|lstm|gru|seq|time|temporal|attention|embed|hprev|n, *t\b", low):
        first("rows", "sequences", "one column", "columns", "sequences, time last")
        if re.search(r"n_x|n_a\b|t_x", low):
            first("columns", "sequences, time last")
    return found


# A pass forward


def play_forward(
    program: Program,
    function: Function,
    objects: Callable[[Maker], Iterator[Any]] | None,
    layouts: Sequence[str],
    sizes: Sizes,
    seed: int,
    context: Sequence[Function] = (),
    known: Mapping[str, Any] | None = None,
) -> Iterator[Pass]:
    """Passes forward that run, the likeliest first."""
    text = function.text + "".join(f.text for f in context)
    for layout in layouts:
        maker = Maker(layout, sizes, seed, layers_in(function, context), gates_in(text, function))
        for thing in objects(maker) if objects else [None]:
            yield from passes(program, function, thing, maker, known or {})


def passes(
    program: Program, function: Function, thing: Any, maker: Maker, known: Mapping[str, Any]
) -> Iterator[Pass]:
    defaults = set(function.parameters) - set(function.required)
    found = 0
    for arguments in maker.ways(
        function, {k: v for k, v in known.items() if k in function.parameters}, defaults
    ):
        state = dict(arguments) | ({"self": thing} if thing is not None else {})
        tried = Pass(program, function, state, maker, thing is not None, caller(program, function, arguments))
        if runs(tried):
            found += 1
            yield tried
            if found >= 3:
                return


def caller(
    program: Program, function: Function, arguments: Mapping[str, Any]
) -> Callable[[dict[str, Any]], Any]:
    """Calls a function with what a state holds."""
    names = list(arguments)

    def call(state: dict[str, Any]) -> Any:
        return invoke(program, function, state, {n: state[n] for n in names})

    return call


def invoke(program: Program, function: Function, state: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """Call a function, or a method of the object in a state."""
    if function.owner is None:
        return program.namespace[function.name](**given)
    return getattr(state["self"], function.name.rpartition(".")[2])(**given)


def runs(tried: Pass) -> bool:
    """Whether a pass runs and gives finite numbers; what it gives is kept."""
    tried.after = copy_state(tried.state)
    try:
        with quietly(2.0):
            tried.raw = tried.call(tried.after)
    except Exception:
        return False
    numbers = [as_floats(x.value) for x in leaves_of(tried.raw, ("raw",))]
    if tried.raw is None and tried.receiver:
        return bool(changed_attributes(tried.state["self"], tried.after["self"]))
    return bool(numbers) and all(np.isfinite(x).all() and x.size for x in numbers)


def layers_in(function: Function, context: Sequence[Function]) -> tuple[int, int]:
    """The lowest and highest number of the weights that some functions speak of."""
    text = " ".join([function.text, *(f.text for f in context)])
    numbers = {int(n) for n in re.findall(r"\b(?:W|w|weights?|Theta|theta)_?(\d)\b", text)}
    return (min(numbers), max(numbers)) if len(numbers) > 1 else (1, 1)


def gates_in(text: str, function: Function) -> int:
    """How many gates stand side by side in one weight."""
    low = (function.name + text).lower()
    if "lstm" in low and re.search(r"split|\[:, *:? *h|: *4|4 *\*|3 *\* *h", low):
        return 4
    return 3 if "gru" in low and re.search(r"split|3 *\*|2 *\* *h", low) else 1


# Both passes


@dataclass(frozen=True)
class Loss:
    """A loss after a forward pass: what it is called, and the number it gives from what is known."""

    name: str
    number: Callable[[dict[str, Any], dict[str, Any]], Any]  # state, known
    averaged: bool | None = None


def readings_of(
    passed: Pass, backward: Function, losses: Sequence[Function] = (), label_names: Sequence[str] = ()
) -> Iterator[Trial]:
    """The trials of a backward pass after a forward pass, the likeliest reading first."""
    known = passed.known(passed.after, passed.raw)
    outputs = passed.outputs(passed.after, passed.raw)
    names = [n for n in backward.parameters if n in backward.required or UPSTREAM.match(n) or CACHE.search(n)]
    above = [n for n in names if UPSTREAM.match(n) and n not in known]
    if not outputs:
        return
    if above:
        yield from below_derivatives(passed, backward, names, above, known, outputs)
    yield from from_a_loss(passed, backward, names, known, outputs, losses)


def below_derivatives(
    passed: Pass,
    backward: Function,
    names: list[str],
    above: list[str],
    known: dict[str, Any],
    outputs: dict[str, Any],
) -> Iterator[Trial]:
    """Trials in which the backward pass is given the derivatives of outputs."""
    taken = outputs_named(above, outputs)
    chosen = list(dict.fromkeys(taken.values()))
    choices = [source_choices(n, passed, known, outputs, backward) for n in names if n not in taken]
    rest = [n for n in names if n not in taken]
    for sources in islice(product(*choices), 12):
        pick = dict(zip(rest, sources, strict=True))

        def back(
            state: dict[str, Any], outs: dict[str, Any], up: dict[str, Any], pick: Any = pick
        ) -> list[tuple[str, Any]]:
            raw = state.pop("(raw)")
            given = {n: pick[n](state, raw) for n in rest} | {n: up[taken[n]] for n in taken}
            return call_backward(passed, backward, state, given)

        yield trial_of(passed, backward, chosen, back, None)


def outputs_named(above: list[str], outputs: dict[str, Any]) -> dict[str, str]:
    """Of which output each parameter is the derivative: by its name, else in order."""
    found: dict[str, str] = {}
    free = list(outputs)
    for n in above:
        bare = re.sub(r"^(d|grad|delta)_?", "", n, count=1).lower()
        hits = [o for o in free if o.lower() == bare or o.lower().replace("_", "") == bare.replace("_", "")]
        if hits:
            found[n] = hits[0]
            free.remove(hits[0])
    for n in above:
        if n not in found and free:
            found[n] = free.pop(0)
    return found


Source = Callable[[dict[str, Any], Any], Any]


def source_choices(
    name: str, passed: Pass, known: dict[str, Any], outputs: dict[str, Any], backward: Function
) -> list[Source]:
    """Where a parameter of the backward pass comes from, the likeliest first."""
    if name in known and not (LABELS.match(name) and False):
        return [lambda s, raw: passed.known(s, raw)[name]]
    low = {k.lower().replace("_", ""): k for k in known}
    if (key := low.get(name.lower().replace("_", ""))) is not None:
        return [lambda s, raw: passed.known(s, raw)[key]]
    results = results_by_name(passed.function, passed.raw) if passed.function else {}
    found: list[Source] = []
    if CACHE.search(name):
        kept = [k for k, v in results.items() if not is_number(v)] or [k for k in list(results)[1:]]
        found += [lambda s, raw, k=k: passed.known(s, raw)[k] for k in kept]  # type: ignore[misc]
        found += [lambda s, raw: raw]
    if RATE.match(name):
        return [constant(0.1)]
    if LABELS.match(name) and not found:
        made = labels_like(outputs, passed.maker)
        return [constant(x) for x in made]
    if not found:
        own = passed.maker.candidates(name, backward.text)
        arrays = [k for k, v in known.items() if isinstance(v, np.ndarray)]
        if own and not isinstance(own[0], np.ndarray):
            return [constant(own[0])]
        found += [lambda s, raw, k=k: passed.known(s, raw)[k] for k in (*outputs, *arrays)][:6]  # type: ignore[misc]
    return found or [constant(None)]


def constant(value: Any) -> Source:
    return lambda s, raw: value.copy() if isinstance(value, np.ndarray) else value


def labels_like(outputs: dict[str, Any], maker: Maker) -> list[Any]:
    """Labels that may belong to outputs: of the same shape, or one number for each example."""
    last = list(outputs.values())[-1] if outputs else 0.0
    first = next(iter(outputs.values()), 0.0)
    found: list[Any] = []
    for out in (last, first):
        shape = np.shape(out)
        found += labels_of_shape(shape, maker)
    found += [maker.array(code) for code in LAYOUTS[maker.layout].get("labels", [])]
    return distinct(found)


def labels_of_shape(shape: tuple[int, ...], maker: Maker) -> list[Any]:
    draw = np.random.default_rng(3)
    if not shape:
        return [1.0]
    size = int(np.prod(shape))
    if len(shape) != 2 or 1 in shape:
        zeros = draw.permutation(np.arange(size) % 2).astype(float).reshape(shape)
        hot = np.eye(size)[min(1, size - 1)].reshape(shape)
        return [zeros, hot, draw.standard_normal(shape)] if size > 1 else [np.ones(shape)]
    axis = 0 if maker.layout in ("columns", "one column") else 1
    classes, m = shape[axis], shape[1 - axis]
    picked = draw.permutation(np.arange(m) % classes)
    hot = np.eye(classes)[picked]
    return [hot if axis else hot.T, picked, draw.standard_normal(shape)]


def distinct(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for v in values:
        if not any(np.shape(v) == np.shape(w) and np.array_equal(v, w) for w in found):
            found.append(v)
    return found


def from_a_loss(
    passed: Pass,
    backward: Function,
    names: list[str],
    known: dict[str, Any],
    outputs: dict[str, Any],
    losses: Sequence[Function],
) -> Iterator[Trial]:
    """Trials in which the derivatives are those of a loss: what the forward pass gives, or one after it."""
    if is_loss(passed, outputs):
        first = next(iter(outputs))
        for averaged in (True, False) if np.size(outputs[first]) > 1 else (False,):
            for pick in picks(passed, backward, names, known, outputs, {}):
                yield trial_of(passed, backward, [first], player(passed, backward, pick), averaged)
        return
    for labels in islice(label_choices(passed, backward, names, known, outputs, losses), 4):
        for loss in losses_after(passed, known | labels, outputs, losses, labels):
            for pick in picks(passed, backward, names, known, outputs, labels):
                yield trial_with_loss(passed, backward, loss, pick, labels)


def is_loss(passed: Pass, outputs: dict[str, Any]) -> bool:
    """Whether the forward pass itself gives a loss: a number, or numbers of a function of that name."""
    first = next(iter(outputs.values()))
    if np.size(first) == 1:
        return True
    name = passed.function.name if passed.function else ""
    return bool(LOSS & set(words_of(name))) or any("loss" in w for w in words_of(name))


def picks(
    passed: Pass,
    backward: Function,
    names: list[str],
    known: dict[str, Any],
    outputs: dict[str, Any],
    labels: Mapping[str, Any],
) -> Iterator[dict[str, Source]]:
    """For each parameter of the backward pass where it comes from."""
    choices = []
    for n in names:
        if n in labels:
            choices.append([constant(labels[n])])
        elif UPSTREAM.match(n) and n not in known:
            choices.append(prediction_sources(passed, known, outputs))
        else:
            choices.append(source_choices(n, passed, known, outputs, backward))
    for sources in islice(product(*choices), 12):
        yield dict(zip(names, sources, strict=True))


def prediction_sources(passed: Pass, known: dict[str, Any], outputs: dict[str, Any]) -> list[Source]:
    """Where the backward pass of a loss is given the prediction, though it calls it a derivative."""
    found: list[Source] = []
    if passed.receiver and "output" in vars(passed.after["self"]):
        found.append(lambda s, raw: np.array(vars(s["self"])["output"]))
    arrays = [
        k
        for k, v in passed.state.items()
        if k != "self" and isinstance(v, np.ndarray) and v.dtype.kind == "f"
    ]
    found += [lambda s, raw, k=k: np.array(s[k]) for k in arrays[:1]]  # type: ignore[misc]
    return [*found, constant(1.0)]


def player(passed: Pass, backward: Function, pick: Mapping[str, Source]) -> Any:
    def back(state: dict[str, Any], outs: dict[str, Any], up: dict[str, Any]) -> list[tuple[str, Any]]:
        raw = state.pop("(raw)")
        return call_backward(passed, backward, state, {n: source(state, raw) for n, source in pick.items()})

    return back


def label_choices(
    passed: Pass,
    backward: Function,
    names: list[str],
    known: dict[str, Any],
    outputs: dict[str, Any],
    losses: Sequence[Function],
) -> Iterator[dict[str, Any]]:
    """The labels that a backward pass and a loss ask for and that nobody has given."""
    asked = [n for n in names if LABELS.match(n) and n not in known]
    asked += [n for f in losses for n in f.required if LABELS.match(n) and n not in known and n not in asked]
    held = [n for n in known if LABELS.match(n)]
    if not asked:
        yield {}
    elif held:
        yield {n: known[held[0]] for n in asked}
    else:
        for made in labels_like(outputs, passed.maker):
            yield dict.fromkeys(asked, made)


def losses_after(
    passed: Pass,
    known: dict[str, Any],
    outputs: dict[str, Any],
    losses: Sequence[Function],
    labels: Mapping[str, Any],
) -> Iterator[Loss]:
    """The losses that can be taken of what a forward pass gave: the file's own, else those of the lectures."""
    found = False
    for function in losses:
        loss = bound_loss(passed, function, known, outputs, labels)
        if loss is not None:
            found = True
            yield loss
    if not found:
        yield from common_losses(passed, known, outputs, labels)


def bound_loss(
    passed: Pass,
    function: Function,
    known: dict[str, Any],
    outputs: dict[str, Any],
    labels: Mapping[str, Any],
) -> Loss | None:
    """A loss function of the file with its arguments, if it runs and gives a number."""
    where: dict[str, Source] = {}
    y_names = [n for n in known if LABELS.match(n)]
    out_names = list(outputs)
    for n in function.required:
        if n in labels:
            where[n] = constant(labels[n])
        elif n in known:
            where[n] = lambda s, raw, n=n: passed.known(s, raw)[n]  # type: ignore[misc]
        elif LABELS.match(n) and y_names:
            where[n] = lambda s, raw, k=y_names[0]: (passed.known(s, raw) | dict(labels))[k]  # type: ignore[misc]
        elif made := setting(n, passed, function):
            where[n] = constant(made[0])
        else:
            where[n] = lambda s, raw: prediction_of(passed, s, raw)

    def number(state: dict[str, Any], known: dict[str, Any]) -> Any:
        raw = state["(raw)"]
        given = {n: source(state, raw) for n, source in where.items()}
        if function.owner is not None and not passed.receiver:
            raise TypeError("a method without its object")
        return invoke(passed.program, function, state, given)

    if not out_names:
        return None
    loss = Loss(function.name, number)
    value = try_loss(passed, loss)
    if value is None:
        return None
    return replace(loss, averaged=None if np.size(value) == 1 else True)


def setting(name: str, passed: Pass, function: Function) -> list[Any]:
    own = passed.maker.candidates(name, function.text)
    return own if own and not isinstance(own[0], np.ndarray) else []


def prediction_of(passed: Pass, state: dict[str, Any], raw: Any) -> Any:
    """The last output of a forward pass, which is what a loss is taken of."""
    outputs = passed.outputs(state, raw)
    named = [
        k
        for k in outputs
        if re.match(r"^(y_?(hat|pred)|out(put)?s?|probs?|pred\w*|final\w*|scores|a\d|al)$", k, re.I)
    ]
    return outputs[named[-1]] if named else list(outputs.values())[-1]


def try_loss(passed: Pass, loss: Loss) -> Any:
    state = copy_state(passed.state)
    try:
        with quietly(2.0):
            raw = passed.call(state)
            state["(raw)"] = raw
            value = loss.number(state, passed.known(state, raw))
    except Exception:
        return None
    if not is_number(value) or not np.isfinite(value).all():
        return None
    return value


def common_losses(
    passed: Pass, known: dict[str, Any], outputs: dict[str, Any], labels: Mapping[str, Any]
) -> Iterator[Loss]:
    """The usual losses of a prediction and labels, where a file has none of its own."""
    y = next((labels[n] for n in labels), next((known[n] for n in known if LABELS.match(n)), None))
    if y is None:
        return
    for name, formula in COMMON.items():

        def number(state: dict[str, Any], known: dict[str, Any], formula: Any = formula) -> Any:
            return formula(
                as_floats(prediction_of(passed, state, state["(raw)"])),
                target_like(prediction_of(passed, state, state["(raw)"]), y, passed.maker.layout),
                passed.m,
            )

        loss = Loss(name, number)
        if try_loss(passed, loss) is not None:
            yield loss


def target_like(out: Any, y: Any, layout: str) -> Any:
    """Labels in the shape of a prediction: class numbers as columns or rows of zeros and a one."""
    if np.shape(y) == np.shape(out):
        return as_floats(y)
    if np.asarray(y).dtype.kind in "iu" and np.ndim(out) == 2:
        axis = 0 if layout in ("columns", "one column") else 1
        hot = np.eye(np.shape(out)[axis])[np.reshape(y, -1)]
        return hot if axis else hot.T
    return np.reshape(as_floats(y), np.shape(out))


COMMON: dict[str, Callable[[Any, Any, int], Any]] = {
    "half the squared error": lambda a, y, m: 0.5 * np.sum((a - y) ** 2),
    "cross-entropy": lambda a, y, m: -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)),
    "cross-entropy of classes": lambda a, y, m: -np.sum(y * np.log(a)),
    "mean squared error": lambda a, y, m: np.mean((a - y) ** 2),
    "mean cross-entropy": lambda a, y, m: -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / m,
    "mean cross-entropy of classes": lambda a, y, m: -np.sum(y * np.log(a)) / m,
    "half the mean squared error": lambda a, y, m: 0.5 * np.sum((a - y) ** 2) / m,
    "squared error": lambda a, y, m: np.sum((a - y) ** 2),
    "squared error over m": lambda a, y, m: np.sum((a - y) ** 2) / m,
}


def trial_with_loss(
    passed: Pass, backward: Function, loss: Loss, pick: Mapping[str, Source], labels: Mapping[str, Any]
) -> Trial:
    def forward(state: dict[str, Any]) -> dict[str, Any]:
        raw = passed.call(state)
        state["(raw)"] = raw
        return {loss.name: loss.number(state, passed.known(state, raw))}

    trial = trial_of(passed, backward, [loss.name], player(passed, backward, pick), loss.averaged or False)
    trial.forward = forward
    trial.taken += f", of {loss.name}"
    return trial


def trial_of(
    passed: Pass, backward: Function, chosen: Sequence[str], back: Any, averaged: bool | None
) -> Trial:
    """A trial; `averaged` is None where derivatives are given from above."""

    def forward(state: dict[str, Any]) -> dict[str, Any]:
        raw = passed.call(state)
        state["(raw)"] = raw
        outputs = passed.outputs(state, raw)
        return {name: outputs[name] for name in chosen}

    name = passed.function.name if passed.function else "the statements before"
    of = f"its own {chosen[0]}" if passed.function is backward else name
    return Trial(
        backward,
        f"{backward.name} was held against the derivative of {of}",
        passed.state,
        forward,
        back,
        m=passed.m,
        scalar=averaged is not None,
        averaged=bool(averaged),
    )


# What comes back


def call_backward(
    passed: Pass, backward: Function, state: dict[str, Any], given: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    """Call a backward pass; what it gives, what it leaves in its object, and by how much it moved parameters."""
    before = copy_state({k: v for k, v in state.items()})
    raw = invoke(passed.program, backward, state, given)
    rate = next((v for n, v in given.items() if RATE.match(n)), None)
    claims = returned_claims(backward, raw, passed.program)
    if "self" in state:
        claims += left_claims(before["self"], state["self"], rate, {id(x) for _, x in claims})
    claims += moved_claims(before, state, rate, claims)
    return claims


def returned_claims(backward: Function, raw: Any, program: Program) -> list[tuple[str, Any]]:
    """The arrays in what a backward pass gave, labelled as it calls them."""
    found: list[tuple[str, Any]] = []
    for name, part in results_by_name(backward, raw).items():
        found += [(leaf.text, leaf.value) for leaf in leaves_of(part, (name,))]
    return found


def left_claims(before: Any, after: Any, rate: Any, told: set[int]) -> list[tuple[str, Any]]:
    """The arrays that a backward pass left in its object."""
    found = []
    for name, part in changed_attributes(before, after).items():
        if hasattr(before, name) and parameterlike(before, name):
            continue
        leaves = leaves_of(part, ("self", Attribute(name)))
        found += [(leaf.text, leaf.value) for leaf in leaves if id(leaf.value) not in told]
    return found


def parameterlike(thing: Any, name: str) -> bool:
    """Whether an attribute was an array of floats before, and no derivative: an update changed it."""
    old = getattr(thing, name)
    floats = any(np.asarray(x.value).dtype.kind == "f" for x in leaves_of(old, ("x",)))
    return floats and not re.match(r"^_?(d|grad|delta|nabla)", name, re.I)


def moved_claims(
    before: dict[str, Any], after: dict[str, Any], rate: Any, claims: list[tuple[str, Any]]
) -> list[tuple[str, Any]]:
    """By how much parameters were moved, divided by the learning rate: what they say their derivatives are."""
    found = []
    old = {x.text: x for name, v in before.items() for x in leaves_of(v, (name,))}
    new = {x.text: x for name, v in after.items() for x in leaves_of(v, (name,))}
    for text, leaf in old.items():
        here = new.get(text)
        if (
            here is None
            or np.asarray(leaf.value).dtype.kind != "f"
            or np.shape(here.value) != np.shape(leaf.value)
        ):
            continue
        if re.match(r"^_?(d|grad|delta|nabla)", leaf.last, re.I) or np.array_equal(here.value, leaf.value):
            continue
        step = rate_in(before, rate)
        found.append((f"d_{leaf.text}" if "." not in text else text, (leaf.value - here.value) / step))
    return found


def rate_in(state: dict[str, Any], rate: Any) -> float:
    if isinstance(rate, int | float):
        return float(rate)
    for name, part in state.items():
        for leaf in leaves_of(part, (name,)):
            if RATE.match(leaf.last) and np.size(leaf.value) == 1:
                return float(leaf.value)
    return 1.0


# A pass that goes forward and back in one call


def fused_trials(passed: Pass) -> Iterator[Trial]:
    """The trials of a function that gives a loss together with its derivatives."""
    function = passed.function
    assert function is not None
    results = passed.outputs(passed.after, passed.raw)
    for name in [n for n, x in results.items() if np.size(x) == 1 and not UPSTREAM.match(n)][:2]:

        def back(state: dict[str, Any], outs: dict[str, Any], up: dict[str, Any], loss: str = name) -> Any:
            found = returned_claims(function, state.pop("(raw)"), passed.program)
            found += left_claims(passed.state["self"], state["self"], None, set()) if passed.receiver else []
            return [(label, x) for label, x in found if label != loss]

        yield trial_of(passed, function, [name], back, False)


# A function that gives slopes


def slopes_of(passed: Pass, function: Function) -> Iterator[Trial]:
    """The trials of a function that gives the slope at each entry: of what goes in, or of what came out."""
    first = next((n for n in passed.state if n != "self"), None)
    outputs = passed.outputs(passed.after, passed.raw)
    name = next(iter(outputs), None)
    if len(function.required) != 1 or first is None or name is None:
        return
    if not np.shape(passed.state[first]) or np.shape(outputs[name]) != np.shape(passed.state[first]):
        return
    for source in ("input", "output"):
        yield slope_trial(passed, function, first, name, source)


def slope_trial(passed: Pass, function: Function, first: str, name: str, source: str) -> Trial:
    def back(state: dict[str, Any], outputs: dict[str, Any], up: dict[str, Any]) -> list[tuple[str, Any]]:
        given = {function.required[0]: state[first] if source == "input" else outputs[name]}
        return [(f"d{first}", invoke(passed.program, function, state, given))]

    trial = trial_of(passed, function, [name], back, False)
    trial.taken = f"{function.name} was held against the slope of {passed.function.name}, at its {source}"  # type: ignore[union-attr]
    return trial
