"""The ways to read a forward and a backward pass together: which argument is what.

What a forward pass takes and gives is known by name once it has been played, and the parameters of the
backward pass are looked up: as the file itself calls it, by name, by what is done with them. Where there are
several possibilities there are several trials, and the one of which most is right is believed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, product
from typing import Any

import numpy as np

from tinygraph.debugger.callers import Origin, labels_given, origins_of
from tinygraph.debugger.claims import RATE, call_backward, left_claims, returned_claims
from tinygraph.debugger.costs import (
    COMMON,
    LABELS,
    PENALTY_WORDS,
    Loss,
    StateSource,
    common_losses,
    constant,
    leaves_penalty,
    losses_after,
    prediction_of,
    source_at,
    take_named,
)
from tinygraph.debugger.layouts import LAYOUTS, has_columns
from tinygraph.debugger.making import Maker, role_of
from tinygraph.debugger.passes import (
    Pass,
    invoke,
    layouts_for,
    play_forward,
    results_by_name,
    return_names,
    words_of,
)
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.structure import copy_state, is_real_number
from tinygraph.debugger.trial import DERIVATIVE, Trial, bare_name
from tinygraph.debugger.uses import Use, called_function, use_of

__all__ = [
    "CACHE",
    "COMMON",
    "LABELS",
    "LOSS",
    "RATE",
    "UPSTREAM",
    "Pass",
    "fused_trials",
    "invoke",
    "layouts_for",
    "play_forward",
    "possible_trials",
    "return_names",
    "slopes_of",
    "trial_with",
    "words_of",
]

MOST_PICKS = 12
UPSTREAM = re.compile(
    r"^_?(d|grads?|delta|d_?l|d_?j|g|up|upstream|above|slope|gout|dout|output_?(grad|gradient|error|delta)\w*|"
    r"grad\w*|d_?(out|outputs?|values?|y|z|a|h|s|x|scores|logits?|next\w*)|error(_?(signal|term))?|err|"
    r"loss_grad\w*|out_?grad\w*|next_grad\w*|delta\w*|accum\w*|da\w*|dz\w*|dh\w*|dc\w*|ds\w*|dL_?d\w+|dprev\w*|"
    r"dw|du|dt|dp|top_?(diff|grad)|cotangent|adjoint|\w+_(grad|bar|delta|error))$",
    re.I,
)
CACHE = re.compile(
    r"cache|memo|saved|^ctx$|context|^state$|stored|tape|intermediates?|^acts?$|^tmp$|^mem(ory)?$|^fwd|^forward_|"
    r"^activations?$|^bag$|^store$|^info$|^saved|^hist(ory)?$|^kept|^trace$|^record|^stash|^residuals?$",
    re.I,
)
DATA_NAME = re.compile(r"^(x|xs|inputs?|data|images?|features?|theta|w|b|weights?|bias)$", re.I)
LOSS = {
    "loss", "cost", "mse", "sse", "error", "crossentropy", "entropy", "nll", "objective", "criterion",
    "bce", "loss1", "calculate", "likelihood", "xent", "hinge", "huber", "mae", "rmse", "ce", "squared",
    "penalty", "energy",
}  # fmt: skip


def possible_trials(passed: Pass, backward: Function, losses: Sequence[Function] = ()) -> Iterator[Trial]:
    """The trials of a backward pass after a forward pass, the likeliest reading first."""
    outputs = passed.outputs(passed.after, passed.raw)
    if not outputs:
        return
    names = given_names(passed, backward)
    known = passed.known(passed.after, passed.raw)
    above = [n for n in names if UPSTREAM.match(n) and (n not in known or is_own_derivative(passed, n))]
    above = [n for n in above if not use_in(passed, backward, n).keys]
    if not above and (free := only_unknown(passed, backward, names, known)):
        above = free
    unsure = has_guess(passed, backward, [n for n in names if n not in above])
    found = below_derivatives(passed, backward, names, above, outputs) if above else iter(())
    for trial in chain(found, from_a_loss(passed, backward, names, outputs, losses)):
        trial.unsure = unsure
        yield trial


def given_names(passed: Pass, backward: Function) -> list[str]:
    """The parameters of a backward pass that are given: those that have no default, or must not keep it."""
    asked = set(backward.required)
    return [
        n
        for n in backward.parameters
        if n in asked or UPSTREAM.match(n) or CACHE.search(n) or RATE.match(n) or n in passed.state
    ]


def is_own_derivative(passed: Pass, name: str) -> bool:
    """Whether a name that is known is an attribute that the object keeps its own derivative in."""
    return passed.receiver and name not in passed.state and name.startswith(("d", "grad"))


def only_unknown(passed: Pass, backward: Function, names: list[str], known: Mapping[str, Any]) -> list[str]:
    """A single parameter that is neither known nor a cache nor labels: the derivative from above."""
    found = [n for n in names if n not in known and not CACHE.search(n) and not RATE.match(n)]
    found = [n for n in found if not DATA_NAME.match(n) and role_of(n) not in ("labels", "pred")]
    found = [n for n in found if not is_kept(use_in(passed, backward, n))]
    return found[:1] if len(found) == 1 else []


def use_in(passed: Pass, backward: Function, name: str) -> Use:
    return use_of(passed.program, backward, name)


def is_kept(use: Use) -> bool:
    """Whether what is done with a parameter is done with what a forward pass kept."""
    return bool(use.keys or use.unpacked or use.element or use.prefixes) and not use.array


def below_derivatives(
    passed: Pass, backward: Function, names: list[str], above: list[str], outputs: dict[str, Any]
) -> Iterator[Trial]:
    """Trials in which the backward pass is given the derivatives of outputs."""
    taken = outputs_named(above, outputs)
    rest = [n for n in names if n not in taken]
    chosen = list(dict.fromkeys(taken.values()))
    for pick in picks(passed, backward, rest, outputs, {}):

        def back(state: dict[str, Any], outs: Any, up: dict[str, Any], pick: Any = pick) -> Any:
            raw = state.pop("(raw)")
            given = {n: pick[n](state, raw) for n in rest} | {n: up[taken[n]] for n in taken}
            return call_backward(passed, backward, state, given)

        yield trial_with(passed, backward, chosen, back, None)


def outputs_named(above: list[str], outputs: dict[str, Any]) -> dict[str, str]:
    """Of which output each parameter is the derivative: by its name, else in order."""
    found: dict[str, str] = {}
    free = list(outputs)
    for n in above:
        bare = re.sub(r"^(d|grad|delta)_?", "", n, count=1).lower()
        hits = [o for o in free if plain_name(o) == plain_name(bare)]
        hits = hits or [o for o in free if bare and plain_name(o).startswith(plain_name(bare))]
        if hits:
            found[n] = hits[0]
            free.remove(hits[0])
    for n in above:
        if n not in found and free:
            found[n] = free.pop(0)
    return found


def plain_name(name: str) -> str:
    return name.lower().replace("_", "")


# Where arguments come from


def picks(
    passed: Pass, backward: Function, names: list[str], outputs: dict[str, Any], labels: Mapping[str, Any]
) -> Iterator[dict[str, StateSource]]:
    """For each parameter of the backward pass where it comes from, the likeliest first."""
    known = passed.known(passed.after, passed.raw)
    origins = origins_of(passed.program, passed.function, backward) if passed.function else {}
    choices = [
        [constant(labels[n])] if n in labels else sources_of(n, passed, known, outputs, backward, origins)
        for n in names
    ]
    for sources in islice(product(*choices), MOST_PICKS):
        yield dict(zip(names, sources, strict=True))


def sources_of(
    name: str,
    passed: Pass,
    known: Mapping[str, Any],
    outputs: dict[str, Any],
    backward: Function,
    origins: Mapping[str, Origin],
) -> list[StateSource]:
    """Where a parameter of the backward pass comes from, the likeliest first."""
    if name in origins and (source := source_at(origins[name], passed)) is not None:
        return [source]
    if RATE.match(name):
        return [constant(0.1)]
    if (key := known_as(name, known)) is not None:
        return [take_named(passed, key)]
    use = use_in(passed, backward, name)
    if UPSTREAM.match(name) and use.keys and (sums := starting_sums(passed, name, use.keys)):
        return sums
    if CACHE.search(name) or is_kept(use):
        return [*kept_sources(passed), *guesses(name, passed, known, outputs, backward)]
    if LABELS.match(name):
        return [constant(x) for x in possible_labels(outputs, passed.maker)]
    if UPSTREAM.match(name):
        return starting_sums(passed, name) + prediction_sources(passed)
    if role_of(name) == "pred":
        return [
            lambda s, raw: prediction_of(passed, s, raw),
            *guesses(name, passed, known, outputs, backward),
        ]
    return guesses(name, passed, known, outputs, backward)


def has_guess(passed: Pass, backward: Function, names: list[str]) -> bool:
    """Whether some parameter of a backward pass is only guessed."""
    known = passed.known(passed.after, passed.raw)
    origins = origins_of(passed.program, passed.function, backward) if passed.function else {}
    return any(is_guess(n, passed, known, backward, origins) for n in names)


def is_guess(
    name: str, passed: Pass, known: Mapping[str, Any], backward: Function, origins: Mapping[str, Any]
) -> bool:
    """Whether only the kind of a parameter says what it may be."""
    if name in origins or known_as(name, known) is not None:
        return False
    if any(p.search(name) for p in (CACHE, LABELS, RATE, UPSTREAM)) or is_kept(
        use_in(passed, backward, name)
    ):
        return False
    if role_of(name) == "data" and DATA_NAME.match(name):
        return sum(role_of(n) == "data" for n in passed.state if n != "self") != 1
    return role_of(name) != "pred"


def known_as(name: str, known: Mapping[str, Any]) -> str | None:
    """The name under which something is known, written alike: X and x, y_hat and yHat."""
    if name in known:
        return name
    alike = {plain_name(k): k for k in reversed(list(known))}
    return alike.get(plain_name(name))


def kept_sources(passed: Pass) -> list[StateSource]:
    """What a forward pass gave besides its output: a cache, further results, all that it gave."""
    results = results_by_name(passed.function, passed.raw) if passed.function else {}
    kept = [k for k, v in results.items() if not is_real_number(v)] or list(results)[1:]
    found: list[StateSource] = [lambda s, raw, k=k: results_by_name(passed.function, raw)[k] for k in kept]  # type: ignore
    if isinstance(passed.raw, tuple) and len(passed.raw) > 2:
        found.append(lambda s, raw: raw[1:])
    # Where nothing but an array comes out, what is cached for the way back is rather what went in.
    given = (
        [k for k, v in passed.state.items() if isinstance(v, np.ndarray)]
        if is_real_number(passed.raw)
        else []
    )
    return [*found, *(lambda s, raw, k=k: s[k] for k in given[:1]), lambda s, raw: raw]


def guesses(
    name: str, passed: Pass, known: Mapping[str, Any], outputs: dict[str, Any], backward: Function
) -> list[StateSource]:
    """Where a parameter may come from of which only the kind is known."""
    made = passed.maker.candidates(name, backward.text)
    use = use_in(passed, backward, name)
    if use.texts and not use.array:
        return [constant(t) for t in passed.maker.texts(use.texts)]
    if made and not isinstance(made[0], np.ndarray):
        return [constant(made[0])]
    if re.search(r"shape", name):
        given = [k for k, v in passed.state.items() if isinstance(v, np.ndarray)]
        return [lambda s, raw, k=k: np.shape(s[k]) for k in given]  # type: ignore[misc]
    results = results_by_name(passed.function, passed.raw) if passed.function else {}
    later = [k for k in results if k not in outputs][:1] + list(results)[1:2]
    arrays = [k for k, v in known.items() if isinstance(v, np.ndarray)]
    given = [k for k in passed.state if k in arrays and role_of(k) != "labels"]
    first: list[StateSource] = [lambda s, raw, k=k: s[k] for k in given] if takes_inputs(name) else []  # type: ignore
    names = list(dict.fromkeys([*later, *outputs, *arrays]))[:6]
    return [*first, *(take_named(passed, k) for k in names if k in known)] or [constant(None)]


def takes_inputs(name: str) -> bool:
    """Whether a name is rather that of what went in than of what came out."""
    return role_of(name) == "data" or bool(CACHE.search(name))


def starting_sums(passed: Pass, name: str, keys: Sequence[str] = ()) -> list[StateSource]:
    """Zeros, for a parameter in which derivatives are added up: delta_weights beside weights, or a dict."""
    known = {
        bare_name(k): v
        for k, v in passed.known(passed.after, passed.raw).items()
        if isinstance(v, np.ndarray)
    }
    sums = {k: np.zeros_like(known[bare_name(k)]) for k in keys if bare_name(k) in known}
    if sums:
        return [lambda s, raw: {k: v.copy() for k, v in sums.items()}]
    short = re.sub(r"^(d|delta|grad|nabla)_", "", name)
    attributes = vars(passed.state["self"]) if passed.receiver else passed.state
    held = attributes.get(short)
    return [constant(np.zeros_like(held))] if short != name and isinstance(held, np.ndarray) else []


def prediction_sources(passed: Pass) -> list[StateSource]:
    """Where the backward pass of a loss is given the prediction, though it calls it a derivative."""
    found: list[StateSource] = []
    if passed.receiver and "output" in vars(passed.after["self"]):
        found.append(lambda s, raw: np.array(vars(s["self"])["output"]))
    given = {k: v for k, v in passed.state.items() if k != "self" and isinstance(v, np.ndarray)}
    arrays = [k for k, v in given.items() if v.dtype.kind == "f" and role_of(k) != "labels"]
    found += [lambda s, raw, k=k: np.array(s[k]) for k in arrays[:1]]  # type: ignore[misc]
    return [constant(1.0), *found]


# Labels


def possible_labels(outputs: dict[str, Any], maker: Maker) -> list[Any]:
    """Labels that may belong to outputs: of the same shape, or one number for each example."""
    found: list[Any] = []
    for out in {id(x): x for x in (next(reversed(outputs.values())), next(iter(outputs.values())))}.values():
        found += labels_of_shape(np.shape(out), maker)
    found += [maker.array(code) for code in LAYOUTS[maker.layout].get("labels", [])]
    return distinct_values(found)


def labels_of_shape(shape: tuple[int, ...], maker: Maker) -> list[Any]:
    """Labels for an output of some shape: one-hot, class numbers, any numbers."""
    draw = np.random.default_rng(3 + maker.seed)
    if not shape:
        return [1.0]
    size = int(np.prod(shape))
    if len(shape) != 2 or 1 in shape:
        zeros = draw.permutation(np.arange(size) % 2).astype(float).reshape(shape)
        hot = np.eye(size)[min(1, size - 1)].reshape(shape)
        flat = zeros.reshape(-1)
        return [zeros, hot, draw.standard_normal(shape), *([flat] if len(shape) == 2 else [])]
    axis = 0 if has_columns(maker.layout) else 1
    classes, m = shape[axis], shape[1 - axis]
    picked = draw.permutation(np.arange(m) % classes)
    hot = np.eye(classes)[picked]
    return [hot if axis else hot.T, picked, draw.standard_normal(shape)]


def distinct_values(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for v in values:
        if not any(np.shape(v) == np.shape(w) and np.array_equal(v, w) for w in found):
            found.append(v)
    return found


def label_choices(
    passed: Pass, backward: Function, names: list[str], outputs: dict[str, Any], losses: Sequence[Function]
) -> Iterator[dict[str, Any]]:
    """The labels that a backward pass and a loss ask for and that nobody has given."""
    known = passed.known(passed.after, passed.raw)
    held = [n for n in passed.state if LABELS.match(n)]
    held = held or [n for n in known if LABELS.match(n) and n not in outputs and passed.receiver]
    told = labels_given(passed.program, backward, losses, LABELS.match)
    asked = [n for n in names if (LABELS.match(n) or n in told) and n not in known]
    asked += [n for f in losses for n in f.required if LABELS.match(n) and n not in known and n not in asked]
    if not asked:
        yield {}
    elif held:
        yield dict.fromkeys(asked, known[held[0]])
    elif outputs:
        for made in possible_labels(outputs, passed.maker):
            yield dict.fromkeys(asked, made)


# Under a loss


def from_a_loss(
    passed: Pass, backward: Function, names: list[str], outputs: dict[str, Any], losses: Sequence[Function]
) -> Iterator[Trial]:
    """Trials in which the derivatives are those of a loss: what the forward pass gives, or one after it."""
    if is_loss(passed, outputs):
        first = next(iter(outputs))
        labels = next(label_choices(passed, backward, names, {}, ()), {})
        for averaged in ways_of_adding(passed, outputs[first]):
            for pick in picks(passed, backward, names, outputs, labels):
                yield from under_itself(passed, backward, first, averaged, pick)
        return
    choices = list(islice(label_choices(passed, backward, names, outputs, losses), 4))
    found = [(labels, list(losses_after(passed, backward, losses, labels))) for labels in choices]
    if not any(some for _, some in found):
        found = [(labels, list(common_losses(passed, labels))) for labels in choices]
    turned: list[tuple[list[Loss], dict[str, StateSource]]] = []
    for labels, some in found:
        sensible = [x for x in some if x.sensible]
        for i, pick in enumerate(picks(passed, backward, names, outputs, labels)):
            raised = False
            for trial in under_losses(passed, backward, sensible, pick):
                yield trial
                raised = trial.raised is not None
            if raised and i == 0 and may_take_rows(passed, backward):
                turned.append((sensible, turned_round(pick, labels)))
    for sensible, pick in turned:
        yield from under_losses(passed, backward, sensible, pick)


def may_take_rows(passed: Pass, backward: Function) -> bool:
    """Whether a backward pass that goes forward itself may take rows, though what predicts takes columns."""
    forward = passed.function
    itself = forward is not None and not calls(passed.program, backward, forward)
    return passed.receiver and itself and passed.maker.layout == "columns"


def turned_round(pick: Mapping[str, StateSource], labels: Mapping[str, Any]) -> dict[str, StateSource]:
    """The same with data and labels transposed."""
    return {
        n: (lambda s, raw, f=f: np.transpose(f(s, raw))) if n in labels or role_of(n) == "data" else f  # type: ignore
        for n, f in pick.items()
    }


def under_itself(
    passed: Pass, backward: Function, first: str, averaged: bool, pick: Mapping[str, StateSource]
) -> Iterator[Trial]:
    """Trials under the loss that the forward pass gives; then without a penalty that the way back has not."""
    trial = trial_with(passed, backward, [first], player(passed, backward, pick), averaged)
    trial.loss = passed.function.name if passed.function else first
    yield trial
    if trial.raised is None and passed.function and leaves_penalty(passed.function, backward):
        penalties = {n: 0.0 for n in passed.state if PENALTY_WORDS.search(n)}
        yield replace(
            trial,
            state=passed.state | penalties,
            slopes={},
            taken=trial.taken + " without its penalty",
            loss=trial.loss + " without its penalty",
        )


def under_losses(
    passed: Pass, backward: Function, losses: Sequence[Loss], pick: Mapping[str, StateSource]
) -> Iterator[Trial]:
    """Trials under one loss after the other, until the backward pass raises: it would under each."""
    for loss in losses:
        trial = trial_with_loss(passed, backward, loss, pick)
        yield trial
        if trial.raised is not None or trial.misfit:
            return


def is_loss(passed: Pass, outputs: dict[str, Any]) -> bool:
    """Whether the forward pass itself gives a loss: a number, or numbers of a function of that name."""
    if np.size(next(iter(outputs.values()))) == 1:
        return True
    name = passed.function.name.rpartition(".")[2] if passed.function else ""
    owner = passed.function.owner.__name__ if passed.function and passed.function.owner else ""
    words = set(words_of(name)) | set(words_of(owner))
    return bool(LOSS & words) or any("loss" in w for w in words)


def ways_of_adding(passed: Pass, value: Any) -> tuple[bool, ...]:
    """Whether numbers for each example are averaged, or added up: as the file does, where it does."""
    if np.size(value) == 1:
        return (False,)
    owner = passed.function.owner if passed.function else None
    callers = passed.program.methods(owner).values() if owner else passed.program.functions.values()
    last = passed.function.name.rpartition(".")[2] if passed.function else ""
    averaging = any(
        last in f.names and f is not passed.function and re.search(r"mean\(", f.text) for f in callers
    )
    return (True,) if averaging else (True, False)


def player(passed: Pass, backward: Function, pick: Mapping[str, StateSource]) -> Any:
    """Calls a backward pass after a forward pass; before it, if it goes forward itself."""
    alone = (
        passed.receiver and passed.function is not None and calls(passed.program, backward, passed.function)
    )

    def back(state: dict[str, Any], outs: dict[str, Any], up: dict[str, Any]) -> list[tuple[str, Any]]:
        raw = state.pop("(raw)")
        given = {n: source(state, raw) for n, source in pick.items()}
        before = copy_state(passed.state) if alone else state
        return call_backward(passed, backward, before, given)

    return back


def calls(program: Program, function: Function, other: Function) -> bool:
    """Whether a function calls another of the file."""
    nodes = [n for n in ast.walk(function.node) if isinstance(n, ast.Call)]
    return any(called_function(program, function, n) is other for n in nodes)


def trial_with_loss(passed: Pass, backward: Function, loss: Loss, pick: Mapping[str, StateSource]) -> Trial:
    def forward(state: dict[str, Any]) -> dict[str, Any]:
        raw = passed.call(state)
        state["(raw)"] = raw
        return {loss.name: loss.number(state, raw)}

    trial = trial_with(passed, backward, [loss.name], player(passed, backward, pick), loss.averaged or False)
    trial.forward = forward
    trial.loss = loss.name
    trial.predicted = int(np.size(prediction_of(passed, passed.after, passed.raw)))
    trial.taken += f", of {loss.name}"
    return trial


def trial_with(
    passed: Pass, backward: Function, chosen: Sequence[str], back: Any, averaged: bool | None
) -> Trial:
    """A trial; `averaged` is None where derivatives are given from above."""

    def forward(state: dict[str, Any]) -> dict[str, Any]:
        raw = passed.call(state)
        state["(raw)"] = raw
        outputs = passed.outputs(state, raw)
        return {name: outputs[name] for name in chosen}

    name = passed.function.name if passed.function else "the usual function"
    of = f"its own {chosen[0]}" if passed.function is backward else name
    of += f" with {passed.maker.alternate}" if passed.maker.alternate else ""
    return Trial(
        backward,
        f"{backward.name} was held against the derivative of {of}",
        passed.state,
        forward,
        back,
        m=passed.m,
        scalar=averaged is not None,
        averaged=bool(averaged),
        layout=passed.maker.layout,
        variants=passed.maker.variants,
        attempt=passed.attempt,
        degenerate=passed.is_degenerate,
    )


# A pass that goes forward and back in one call


def fused_trials(passed: Pass) -> Iterator[Trial]:
    """The trials of a function that gives a loss together with its derivatives."""
    function = passed.function
    assert function is not None
    results = passed.outputs(passed.after, passed.raw)
    scalars = [n for n, x in results.items() if np.size(x) == 1 and not re.match(r"^(d[A-Z_]|db|dw|grad)", n)]
    for name in scalars[:2]:

        def back(state: dict[str, Any], outs: dict[str, Any], up: dict[str, Any], loss: str = name) -> Any:
            found = returned_claims(function, state.pop("(raw)"))
            found += left_claims(passed.state["self"], state["self"], set()) if passed.receiver else []
            return [(label, x) for label, x in found if label != loss and is_said(label, passed)]

        trial = trial_with(passed, function, [name], back, False)
        trial.loss = function.name
        yield trial


def is_said(label: str, passed: Pass) -> bool:
    """Whether the label of a result says, or does not deny, that it is a derivative."""
    last = re.split(r"[.\[]", label)[0]
    if label.startswith("self.") or last.startswith("result") or DERIVATIVE.search(last):
        return True
    return (
        bool(re.match(r"^(g|d[a-z]\w*|\w*(grad|nabla|delta)\w*|g[A-Z_]\w*|gc|go|gw|gb)$", last))
        or last in passed.state
    )


# A function that gives slopes


def slopes_of(passed: Pass, function: Function) -> Iterator[Trial]:
    """The trials of a function that gives the slope at each entry: of what goes in, or of what came out."""
    first = next((n for n in passed.state if n != "self" and not n.startswith("(")), None)
    outputs = passed.outputs(passed.after, passed.raw)
    name = next(iter(outputs), None)
    if len(function.required) != 1 or first is None or name is None:
        return
    if UPSTREAM.match(function.required[0]):  # a derivative is asked for, and no value
        return
    if np.shape(outputs[name]) != np.shape(passed.state[first]):
        return
    for source in ("input", "output"):
        yield slope_trial(passed, function, first, name, source)


def slope_trial(passed: Pass, function: Function, first: str, name: str, source: str) -> Trial:
    def back(state: dict[str, Any], outputs: dict[str, Any], up: dict[str, Any]) -> list[tuple[str, Any]]:
        given = {function.required[0]: state[first] if source == "input" else outputs[name]}
        return [(f"d{first}", invoke(passed.program, function, state, given))]

    trial = trial_with(passed, function, [name], back, None)
    trial.upstream = {name: np.ones(np.shape(passed.outputs(passed.after, passed.raw)[name]))}
    trial.taken = f"{trial.taken}, its slope at its {source}"
    return trial
