"""The losses that may stand after a forward pass: the file's own, else the usual ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygraph.debugger.layouts import has_columns
from tinygraph.debugger.making import role_of
from tinygraph.debugger.passes import Pass, invoke
from tinygraph.debugger.program import Function
from tinygraph.debugger.structure import as_floats, copy_state, is_number
from tinygraph.debugger.trial import quietly

__all__ = ["COMMON", "LABELS", "Loss", "Source", "constant", "losses_after", "prediction_of"]

LABELS = re.compile(
    r"^(y|t|targets?|labels?|y_?(true|batch|train|b|i|hot|onehot|oh|real|enc\w*|mb|tr)|true_?\w*|one_?hot\w*|actual|"
    r"desired\w*|expected\w*|truth|ground\w*|gt|correct\w*|answers?|want\w*|goal|word|next_\w+)$",
    re.I,
)
PREDICTION = re.compile(
    r"^(y_?(hat|pred|out)|out(put)?s?|probs?|pred\w*|final\w*|scores|logits|a\d|al|guess|activations?)$", re.I
)
PENALTY = re.compile(r"lambd|^lam|^lmb|reg|l2|weight_decay|penalty|^wd$", re.I)
Source = Callable[[dict[str, Any], Any], Any]  # from a state and what came back


@dataclass(frozen=True)
class Loss:
    """A loss after a forward pass: what it is called, and the number it gives."""

    name: str
    number: Callable[[dict[str, Any], Any], Any]  # of a state and what came back
    averaged: bool | None = None
    own: bool = True


def constant(value: Any) -> Source:
    return lambda s, raw: value.copy() if isinstance(value, np.ndarray) else value


def named(passed: Pass, name: str) -> Source:
    """What is known by a name after the pass."""
    return lambda s, raw: passed.known(s, raw)[name]


def losses_after(
    passed: Pass, backward: Function, losses: Sequence[Function], labels: Mapping[str, Any]
) -> Iterator[Loss]:
    """The losses that can be taken of what a forward pass gave: the file's own, else the usual ones.

    A penalty that the backward pass never speaks of is left away at a second try: it may be added elsewhere.
    """
    found = False
    for function in losses:
        for without in (False, True) if leaves_penalty(function, backward) else (False,):
            loss = bound_loss(passed, function, labels, without)
            if loss is not None:
                found = True
                yield loss
    if not found:
        yield from common_losses(passed, labels)


def leaves_penalty(loss: Function, backward: Function) -> bool:
    """Whether a loss takes a penalty of which a backward pass does not speak."""
    return any(PENALTY.search(n) for n in loss.parameters) and not any(PENALTY.search(n) for n in backward.names)


def bound_loss(passed: Pass, function: Function, labels: Mapping[str, Any], without: bool) -> Loss | None:
    """A loss of the file with its arguments, if it runs and gives a number."""
    if function.owner is not None and not passed.receiver and function.is_method:
        return None
    known = passed.known(passed.after, passed.raw)
    where: dict[str, Source] = {}
    for n in function.parameters:
        if n in function.required or PENALTY.search(n) or n in labels:
            where[n] = constant(0.0) if without and PENALTY.search(n) else source_for(passed, function, n, known, labels)

    def number(state: dict[str, Any], raw: Any) -> Any:
        return invoke(passed.program, function, state, {n: source(state, raw) for n, source in where.items()})

    loss = Loss(function.name + (" without its penalty" if without else ""), number)
    value = value_of(passed, loss)
    if value is None:
        return None
    return replace(loss, averaged=None if np.size(value) == 1 else True)


def source_for(
    passed: Pass, function: Function, name: str, known: Mapping[str, Any], labels: Mapping[str, Any]
) -> Source:
    """Where a loss takes one of its parameters from."""
    if name in labels:
        return constant(labels[name])
    if name in known and not PREDICTION.match(name):
        return named(passed, name)
    if LABELS.match(name) and (held := [n for n in known if LABELS.match(n)]):
        return named(passed, held[0])
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


def value_of(passed: Pass, loss: Loss) -> Any:
    """What a loss gives; None if it does not run or gives no numbers."""
    state = copy_state(passed.state)
    try:
        with quietly(2.0):
            value = loss.number(state, passed.call(state))
    except Exception:
        return None
    return value if is_number(value) and np.size(value) and np.isfinite(value).all() else None


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
        if value_of(passed, loss) is not None:
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


def log_softmax(a: Any) -> Any:
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
    "cross-entropy of a softmax": lambda a, y, m: -np.sum(y * log_softmax(a)),
    "mean cross-entropy of a softmax": lambda a, y, m: -np.sum(y * log_softmax(a)) / m,
}
