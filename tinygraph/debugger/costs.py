"""The losses that may stand after a forward pass: the file's own, else the usual ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygraph.debugger.callers import Origin, origins_of
from tinygraph.debugger.layouts import has_columns
from tinygraph.debugger.making import role_of
from tinygraph.debugger.passes import Pass, invoke
from tinygraph.debugger.program import Function
from tinygraph.debugger.structure import as_floats, copy_state, is_real_number
from tinygraph.debugger.trial import quietly

__all__ = [
    "COMMON",
    "LABELS",
    "PENALTY_WORDS",
    "Loss",
    "StateSource",
    "common_losses",
    "constant",
    "leaves_penalty",
    "losses_after",
    "prediction_of",
    "source_at",
    "take_named",
]

LABELS = re.compile(
    r"^(y|t|targets?|labels?|y_?(true|batch|train|b|i|hot|onehot|oh|real|enc\w*|mb|tr)|true_?\w*|one_?hot\w*|actual|"
    r"desired\w*|expected\w*|truth|ground\w*|gt|correct\w*|answers?|want\w*|goal|word|next_\w+)$",
    re.I,
)
PREDICTION = re.compile(
    r"^(y_?(hat|pred|out)|out(put)?s?|probs?|pred\w*|final\w*|scores|logits|a\d|al|guess|activations?)$", re.I
)
PENALTY_WORDS = re.compile(r"lambd|^lam|^lmb|reg|l2|weight_decay|penalty|^wd$", re.I)
StateSource = Callable[[dict[str, Any], Any], Any]  # from a state and what came back


@dataclass(frozen=True)
class Loss:
    """A loss after a forward pass: what it is called, and the number it gives.

    It is not sensible if it gives a table of another shape than the prediction: it is meant for one output.
    """

    name: str
    number: Callable[[dict[str, Any], Any], Any]  # of a state and what came back
    averaged: bool | None = None
    own: bool = True
    sensible: bool = True


def constant(value: Any) -> StateSource:
    return lambda s, raw: value.copy() if isinstance(value, np.ndarray) else value


def take_named(passed: Pass, name: str) -> StateSource:
    """What is known by a name after the pass."""
    return lambda s, raw: passed.known(s, raw)[name]


def losses_after(
    passed: Pass, backward: Function, losses: Sequence[Function], labels: Mapping[str, Any]
) -> Iterator[Loss]:
    """The file's own losses that can be taken of what a forward pass gave.

    A penalty that the backward pass never speaks of is left away at a second try: it may be added elsewhere.
    """
    for function in losses:
        for without in (False, True) if leaves_penalty(function, backward) else (False,):
            loss = bound_loss(passed, function, labels, without)
            if loss is not None:
                yield loss


def leaves_penalty(loss: Function, backward: Function) -> bool:
    """Whether a loss takes a penalty of which a backward pass does not speak."""
    return any(PENALTY_WORDS.search(n) for n in loss.parameters) and not any(
        PENALTY_WORDS.search(n) for n in (*backward.names, *backward.parameters)
    )


def bound_loss(passed: Pass, function: Function, labels: Mapping[str, Any], without: bool) -> Loss | None:
    """A loss of the file with its arguments, if it runs and gives a number."""
    if function.owner is not None and not passed.receiver and function.is_method:
        return None
    where = loss_sources(passed, function, labels, without)

    def number(state: dict[str, Any], raw: Any) -> Any:
        return invoke(passed.program, function, state, {n: source(state, raw) for n, source in where.items()})

    loss = Loss(function.name + (" without its penalty" if without else ""), number)
    value = loss_value(passed, loss)
    if value is None:
        return None
    shapes = [np.shape(x) for x in passed.outputs(passed.after, passed.raw).values()]
    table = np.ndim(value) > 1 and min(np.shape(value)) > 1 and np.shape(value) not in shapes
    return replace(loss, averaged=None if np.size(value) == 1 else True, sensible=not table)


def loss_sources(
    passed: Pass, function: Function, labels: Mapping[str, Any], without: bool
) -> dict[str, StateSource]:
    """Where a loss takes its parameters from: as the file calls it, else by name; `without` its penalty."""
    known = passed.known(passed.after, passed.raw)
    origins = origins_of(passed.program, passed.function, function) if passed.function else {}
    found: dict[str, StateSource] = {}
    for n in function.parameters:
        penalty = bool(PENALTY_WORDS.search(n))
        if n in origins and (source := source_at(origins[n], passed)) is not None:
            found[n] = source
        elif penalty and without:
            found[n] = constant(0.0)
        elif penalty or n in function.required or n in labels:
            found[n] = source_for(passed, function, n, known, labels)
    return found


def source_at(origin: Origin, passed: Pass) -> StateSource | None:
    """What the file itself gives: an argument of the forward pass, a result, all of it."""
    if origin.argument is not None:
        name = origin.argument
        return (lambda s, raw: s[name]) if name in passed.state else None
    if origin.result is None:
        return lambda s, raw: raw
    i = origin.result
    return (lambda s, raw: raw[i]) if isinstance(passed.raw, tuple | list) and len(passed.raw) > i else None


def source_for(
    passed: Pass, function: Function, name: str, known: Mapping[str, Any], labels: Mapping[str, Any]
) -> StateSource:
    """Where a loss takes one of its parameters from."""
    if name in labels:
        return constant(labels[name])
    if name in known and not PREDICTION.match(name):
        return take_named(passed, name)
    if LABELS.match(name) and (held := [n for n in known if LABELS.match(n)]):
        return take_named(passed, held[0])
    made = passed.maker.candidates(name, function.text)
    if made and not isinstance(made[0], np.ndarray) and role_of(name) != "pred":
        return constant(made[0])
    return lambda s, raw: prediction_of(passed, s, raw)


def prediction_of(passed: Pass, state: dict[str, Any], raw: Any) -> Any:
    """The output of a forward pass that a loss is taken of: that of such a name, else the first."""
    outputs = passed.outputs(state, raw)
    names = [k for k in outputs if PREDICTION.match(k)]
    numbered = [k for k in names if re.search(r"\d$", k)]
    return outputs[max(numbered)] if numbered else outputs[names[0] if names else next(iter(outputs))]


def loss_value(passed: Pass, loss: Loss) -> Any:
    """What a loss gives; None if it does not run or gives no numbers."""
    state = copy_state(passed.state)
    try:
        with quietly(2.0):
            value = loss.number(state, passed.call(state))
    except Exception:
        return None
    return value if is_real_number(value) and np.size(value) and np.isfinite(value).all() else None


def common_losses(passed: Pass, labels: Mapping[str, Any]) -> Iterator[Loss]:
    """The usual losses of a prediction and labels, where a file has none of its own."""
    known = passed.known(passed.after, passed.raw)
    y = next((labels[n] for n in labels), next((known[n] for n in known if LABELS.match(n)), None))
    if y is None:
        return
    for name, formula in COMMON.items():

        def number(state: dict[str, Any], raw: Any, formula: Any = formula) -> Any:
            out = prediction_of(passed, state, raw)
            return formula(as_floats(out), target_like(out, y, passed.maker.layout), passed.m)

        loss = Loss(name, number, own=False)
        if loss_value(passed, loss) is not None:
            yield loss


def target_like(out: Any, y: Any, layout: str) -> Any:
    """Labels in the shape of a prediction: class numbers as columns or rows of zeros and a one."""
    if np.shape(y) == np.shape(out):
        return as_floats(y)
    if np.asarray(y).dtype.kind in "iu" and np.ndim(out) == 2:
        axis = 0 if has_columns(layout) else 1
        hot = np.eye(np.shape(out)[axis])[np.reshape(y, -1)]
        return hot if axis else hot.T
    return np.reshape(as_floats(y), np.shape(out))


def log_of_softmax(a: Any) -> Any:
    """The logarithm of the softmax along the axis of classes, which is the shorter one here."""
    axis = int(np.argmin(a.shape)) if a.ndim == 2 else -1
    top = a - a.max(axis=axis, keepdims=True)
    return top - np.log(np.exp(top).sum(axis=axis, keepdims=True))


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
    "cross-entropy of a softmax": lambda a, y, m: -np.sum(y * log_of_softmax(a)),
    "mean cross-entropy of a softmax": lambda a, y, m: -np.sum(y * log_of_softmax(a)) / m,
}
