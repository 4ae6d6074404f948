"""The losses that a program may have: those it computes, its own loss functions, else the usual ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from tinygraph.debugger.machines import Machine, MachineRun
from tinygraph.debugger.making import keys_of
from tinygraph.debugger.outline import is_loss_label, says_labels
from tinygraph.debugger.program import Function
from tinygraph.debugger.protocols.names import losses_in
from tinygraph.debugger.readings import COMMON, LABELS
from tinygraph.debugger.sites import Site
from tinygraph.debugger.slopes import MachineLoss
from tinygraph.debugger.structure import as_floats, is_real_number

__all__ = ["label_arrays", "losses_of", "number_of_examples"]

MOST_PREDICTIONS = 3
MOST_LOSS_CALLS = 3  # to call a loss function


def losses_of(machine: Machine, first: MachineRun) -> list[MachineLoss]:
    """The losses that a program may have; those taken at the seed are put into the machine."""
    own = [*written_losses(machine, first)]
    strict = [x for x in own if x.strict]
    if strict:
        return strict
    taken = [*own_functions(machine, first), *usual_losses(machine, first)]
    machine.seeded = [number for _, number, _ in taken]
    return own + [MachineLoss(name, at_seed(i), scales=scales) for i, (name, _, scales) in enumerate(taken)]


def at_seed(index: int) -> Callable[[MachineRun], float]:
    return lambda run: float(sum(row[index] for row in run.at_seed)) if run.at_seed else math.nan


# Those that the program computes


def written_losses(machine: Machine, first: MachineRun) -> Iterator[MachineLoss]:
    """The numbers with the name of a loss, and the numbers that are returned, appended or printed."""
    back = {*machine.outline.derivatives, *machine.outline.updates}
    early = {e.label for e in first.events[: max(first.seed_event, 0)]}
    seen = set()
    for site in machine.sites:
        if not site.body or site.statement in back:
            continue
        label = site.label
        if site.kind == "variable" and label not in seen and is_loss_site(machine, label, site.statement):
            seen.add(label)
            if is_one_number(first.last.get(label)):
                yield MachineLoss(label, last_value(label), strict=label in early)
        if site.kind == "loss" and site.index in first.results:
            yield reported_loss(site)


def reported_loss(site: Site) -> MachineLoss:
    """What is returned, or given to a call: append of a list of losses says that it is one."""
    if site.label == "result":
        return MachineLoss("what is returned", result_at(site.index), strict=True)
    strict = is_loss_label(site.label.rpartition(".")[0])
    return MachineLoss(f"what is given to {site.label}", result_at(site.index), strict=strict)


def last_value(name: str) -> Callable[[MachineRun], float]:
    return lambda run: float(np.sum(run.last[name]))


def result_at(index: int) -> Callable[[MachineRun], float]:
    return lambda run: run.results[index]


def is_loss_site(machine: Machine, label: str, statement: Any) -> bool:
    """Whether a name is that of a loss, and of no derivative, if no loss is computed there all the same."""
    outline = machine.outline
    return is_loss_label(label) and (not outline.named(label) or statement in outline.of_loss)


def is_one_number(value: Any) -> bool:
    return (
        is_real_number(value)
        and np.size(value) == 1
        and not isinstance(value, int)
        and bool(np.isfinite(value).all())
    )


# Those that can be taken of what the forward pass gives


Taken = tuple[str, Callable[[MachineRun], float], dict[float, str]]


def own_functions(machine: Machine, first: MachineRun) -> Iterator[Taken]:
    """The file's own loss functions, with arguments by name."""
    function = machine.function
    for f in losses_in(machine.program, function.owner):
        if f is function or f.name == function.name:
            continue
        for where in ways_to_call(machine, first, f):
            yield f"{f.name}({', '.join(where.values())})", loss_caller(machine, f, where), {}


def ways_to_call(machine: Machine, first: MachineRun, f: Function) -> list[dict[str, str]]:
    """For each parameter of a loss function what it may be given: a known name, or a dict of known names."""
    known = first.known_at_seed
    labels, outputs = label_arrays(machine, first), predictions(machine, first)
    choices: list[list[str]] = []
    for n in f.required:
        keys = keys_of(n, f.text)
        if n in known and not (isinstance(known[n], dict) and set(keys) - known[n].keys()):
            choices.append([n])
        elif keys and all(k in known for k in keys):
            choices.append(["{" + ",".join(keys) + "}"])
        else:
            choices.append(labels[:1] if LABELS.match(n) else outputs)
    return [dict(zip(f.required, way, strict=True)) for way in list(product(*choices))[:MOST_LOSS_CALLS]]


def loss_caller(machine: Machine, f: Function, where: Mapping[str, str]) -> Callable[[MachineRun], float]:
    def number(run: MachineRun) -> float:
        given = {n: given_value(run, label) for n, label in where.items()}
        last = f.name.rpartition(".")[2]
        called = getattr(run.value("self"), last) if f.owner else run.namespace[f.name]
        return float(np.sum(called(**given)))

    return number


def given_value(run: MachineRun, label: str) -> Any:
    if label.startswith("{"):
        return {k: run.value(k) for k in label[1:-1].split(",")}
    return run.value(label)


def usual_losses(machine: Machine, first: MachineRun) -> Iterator[Taken]:
    """The usual losses of what may be the prediction and the labels."""
    known = first.known_at_seed
    for y in label_arrays(machine, first)[:2]:
        for a in predictions(machine, first, y)[:MOST_PREDICTIONS]:
            out = as_floats(known[a])
            m = number_of_examples(known[y], out)
            for name, formula in USUAL_LOSSES.items():
                scales = {f: f"{text} of {a} and {y}" for f, text in scales_of(name, m, out.size).items()}
                yield scales[1.0], usual(formula, a, y), scales


USUAL_LOSSES = {
    name: COMMON[name] for name in ("half the squared error", "cross-entropy", "cross-entropy of classes")
}


def scales_of(name: str, m: int, size: int) -> dict[float, str]:
    """What the multiples of a usual loss are called."""
    if name == "half the squared error":
        means = {
            1 / m: "half the mean squared error",
            2 / m: "squared error over m",
            2 / size: "mean squared error",
        }
        return means | {2.0: "squared error", 1.0: name}
    return {1 / m: f"mean {name}", 1.0: name}


def usual(formula: Callable[[Any, Any, int], Any], a: str, y: str) -> Callable[[MachineRun], float]:
    def number(run: MachineRun) -> float:
        out = as_floats(run.value(a))
        labels = labels_in_shape(run.value(y), out)
        return float(formula(out, labels, number_of_examples(run.value(y), out)))

    return number


def labels_in_shape(y: Any, out: Any) -> Any:
    """Labels in the shape of a prediction; numbers of classes as ones."""
    y = np.asarray(y)
    if y.shape == out.shape or y.size == out.size:
        return np.reshape(y.astype(float), out.shape)
    axis = 1 if out.shape[0] == y.size else 0
    hot = np.eye(out.shape[axis])[y.reshape(-1).astype(int)]
    return hot if axis else hot.T


def number_of_examples(y: Any, out: Any) -> int:
    """How many examples there are, by the labels, or where they hold several numbers each by their rows."""
    shape = np.shape(y)
    if len(shape) == 2:
        return int(max(shape) if 1 in shape else shape[0])
    return (
        shape[0]
        if shape and np.shape(out)[:1] == shape[:1]
        else max(1, int(np.size(y)) if np.ndim(out) > 1 else 1)
    )


def label_arrays(machine: Machine, first: MachineRun) -> list[str]:
    """The names of what may be the labels, those that the first lines that go back read before the others."""
    known = first.known_at_seed
    found = [
        n
        for n, x in known.items()
        if is_real_number(x) and says_labels(n) and n not in predictions_by_name(known)
    ]
    early: list[str] = []
    for line in list({**machine.outline.derivatives, **machine.outline.updates}.values())[:3]:
        early += [n for n in found if n in line.reads]
    subtracted = [
        n for n in operands(machine) if n in known and is_real_number(known[n]) and is_root(machine, n)
    ]
    return list(dict.fromkeys([*early, *subtracted, *found]))


def predictions_by_name(known: Mapping[str, Any]) -> set[str]:
    return {
        n
        for n in known
        if n.rpartition(".")[2].lower().strip("_") in ("y_hat", "yhat", "y_pred", "yp", "pred")
    }


def operands(machine: Machine) -> list[str]:
    """The names that are read where the backward pass begins."""
    lines = {**machine.outline.derivatives, **machine.outline.updates}
    seed = machine.outline.seed
    return sorted(lines[seed].reads) if seed is not None else []


def is_root(machine: Machine, name: str) -> bool:
    """Whether nothing in the pass computes it."""
    inside = {line.node for line in machine.outline.lines if set(line.within) & set(machine.outline.block)}
    inside |= set(machine.outline.block)
    inside -= machine.outline.updates.keys()
    return not any(name in line.targets and line.node in inside for line in machine.outline.lines) or (
        name in machine.outline.parameters
    )


def predictions(machine: Machine, first: MachineRun, y: str | None = None) -> list[str]:
    """The names of what may be the prediction, those that the backward pass begins with before the others."""
    known = first.known_at_seed
    labels = known[y] if y is not None else None
    fits = [n for n, x in known.items() if is_prediction(x, labels) and not says_labels(n) and n != y]
    fits += [n for n in predictions_by_name(known) if is_prediction(known[n], labels) and n not in fits]
    fits = [n for n in fits if n.startswith("self.") or not is_root(machine, n)]
    return list(dict.fromkeys([*(n for n in operands(machine) if n in fits), *reversed(fits)]))


def is_prediction(x: Any, labels: Any) -> bool:
    """Whether an array can be a prediction of labels: as large, or a row or column for each."""
    if not is_real_number(x) or isinstance(x, int) or np.asarray(x).dtype.kind != "f":
        return False
    if labels is None:
        return True
    if np.size(x) == np.size(labels):
        return True
    integers = np.asarray(labels).dtype.kind in "iu" and np.ndim(labels) <= 1
    return bool(
        integers and np.ndim(x) == 2 and np.size(labels) in np.shape(x) and np.max(labels) < max(np.shape(x))
    )
