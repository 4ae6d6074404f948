"""What a whole file means by its derivatives: where 1 / m is, which way updates go, the order of results.

A single layer's dW may be the derivative, or 1 / m of it where dZ is m times its derivative. Either is right
if all layers do the same and the whole network comes out right. So this is judged when all functions are.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tinygraph.debugger.callers import divides_by_examples, names_unpacked
from tinygraph.debugger.claims import RATE
from tinygraph.debugger.making import role_of
from tinygraph.debugger.passes import return_names, unique
from tinygraph.debugger.program import Function, Program, called_name
from tinygraph.debugger.structure import ArrayLeaf, Path, path_text
from tinygraph.debugger.trial import (
    FAMILIES,
    PARAMETER_ROLES,
    WEIGHTS,
    Judgement,
    Verdict,
    bare_name,
    is_parameter,
    same_kind,
)

__all__ = ["CROSSED", "common_convention", "settle_conventions"]

CROSSED = "stands in the place of another result"
EACH_ALONE = "alone"  # a layer whose parameters' derivatives are what they are
DIVIDED = "1/m"  # one that divides them by m


def settle_conventions(
    program: Program, function: Function, judged: list[Judgement], convention: str
) -> None:
    """Call right what is right by the file's conventions, and wrong what is not, in place."""
    for one in judged:
        if one.raised is not None or not one.trial.settles:
            continue
        if one.trial.scalar:
            settle_network(program, function, one)
        else:
            settle_layer(program, function, one, convention)
        settle_order(program, function, one)


def by_kind(judged: Judgement, parameters: bool) -> list[Verdict]:
    return [v for v in judged.verdicts if v.claim.by is not None and is_parameter(v.claim.by) == parameters]


def is_moved(verdict: Verdict) -> bool:
    """Whether a claim is by how much a parameter was moved, so that its sign is that of the update."""
    return verdict.claim.label == path_text(verdict.claim.by or ("",))


def is_factor(verdict: Verdict, factor: float) -> bool:
    return verdict.factor is not None and abs(verdict.factor - factor) < 1e-4 * abs(factor)


def put_right(judged: Judgement, verdicts: Iterable[Verdict], said: str, ok: bool = True) -> None:
    """Let some verdicts be that they agree, or that they do not."""
    chosen = {id(v) for v in verdicts}
    judged.verdicts = [replace(v, ok=ok, said=said) if id(v) in chosen else v for v in judged.verdicts]


def put_wrong(judged: Judgement, verdicts: Iterable[Verdict], said: str) -> None:
    put_right(judged, verdicts, said, ok=False)


# Whole networks


def settle_network(program: Program, function: Function, judged: Judgement) -> None:
    """A network's parameters are exact; or all turned round or summed, if what calls it makes up for it."""
    parameters, others = by_kind(judged, True), by_kind(judged, False)
    if not parameters and not others:
        return
    m = float(judged.trial.m)
    everything = [*parameters, *others]
    told = [v for v in everything if not is_moved(v)]
    if told and all(is_factor(v, 1.0) for v in told) and adds_updates(program, function, rated=True):
        put_wrong(judged, told, "has the other sign: it is added to the parameters")
        return
    if told == everything and all(is_factor(v, -1.0) for v in told) and adds_updates(program, function):
        put_right(judged, everything, "agrees: the way down, which is added")
        return
    if m > 1 and all(is_factor(v, m) for v in everything) and divides_by_examples(program, function):
        put_right(judged, everything, "agrees: the sum, divided by m later")
        return
    half = judged.trial.predicted / 2  # as often as half the squared error holds its mean
    squared = is_squared(program, judged.trial.loss)
    if squared and half > 1 and everything and all(is_factor(v, half) for v in everything):
        put_right(judged, everything, "agrees: the derivative of half the squared error, summed up")
        judged.trial.taken += f", all of it times {half:.4g}: that is half the squared error, summed up"
        return
    if parameters and all(v.ok for v in parameters) and all(is_factor(v, m) for v in others):
        put_right(judged, others, "agrees: m times, as dZ is in this file")
    elif not any(v.ok for v in parameters):
        tell_scale(judged, parameters)


def is_squared(program: Program, loss: str) -> bool:
    """Whether a loss of the file is a squared error."""
    function = program.functions.get(loss)
    return function is not None and bool(re.search(r"\*\* 2|square|mse", function.text, re.I))


def tell_scale(judged: Judgement, parameters: list[Verdict]) -> None:
    """Say that all derivatives are one number times those of the loss, where they are."""
    factor = parameters[0].factor if parameters else None
    if factor is None or not all(is_factor(v, factor) for v in parameters):
        return
    number = "m" if is_factor(parameters[0], judged.trial.m) else f"{factor:.4g}"
    name = judged.trial.loss or "its loss"
    meant = f": it is that of the sum, {name} is the mean" if number == "m" else ""
    put_wrong(judged, parameters, f"{number} times the derivative of {name}{meant}")


def adds_updates(program: Program, function: Function, rated: bool = False) -> bool:
    """Whether what comes back is added to the parameters, by the function itself or by one that calls it.

    `rated` asks for a learning rate beside it.
    """
    last = function.name.rpartition(".")[2]
    nodes = [
        n for f in program.functions.values() if f is function or last in f.names for n in ast.walk(f.node)
    ]
    nodes += [n for tree in program.trees.values() if calls_within(tree, last) for n in ast.walk(tree)]
    added = [n for n in nodes if adds_to_parameter(n)]
    return any(not rated or names_rate(n) for n in added)


def names_rate(node: ast.AST) -> bool:
    """Whether a statement speaks of a learning rate, and of no minus."""
    names = {getattr(n, "id", getattr(n, "attr", "")) for n in ast.walk(node)}
    signs = any(isinstance(n, ast.USub | ast.Sub) for n in ast.walk(node))
    return any(RATE.match(n) for n in names) and not signs


def calls_within(tree: ast.Module, last: str) -> bool:
    plain = [s for s in tree.body if not isinstance(s, ast.FunctionDef | ast.ClassDef)]
    return any(isinstance(n, ast.Call) and called_name(n) == last for s in plain for n in ast.walk(s))


def adds_to_parameter(node: ast.AST) -> bool:
    """Whether a statement adds to a weight or a bias: w += ..., self.W = self.W + ..."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        return is_weight(node.target)
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.BinOp):
        return False
    target, value = node.targets[0], node.value
    same = ast.unparse(value.left) == ast.unparse(target)
    return same and isinstance(value.op, ast.Add) and is_weight(target)


def is_weight(node: ast.AST) -> bool:
    """Whether something is called like a parameter, and not like a derivative."""
    while isinstance(node, ast.Subscript):
        node = node.value
    name = getattr(node, "attr", getattr(node, "id", ""))
    if re.match(r"^_?(d[A-Z_]|d[wb]|delta|grad|nabla|sum|total)", name):
        return False
    return role_of(name) in PARAMETER_ROLES or bool(WEIGHTS.search(name))


# Layers by themselves


def settle_layer(program: Program, function: Function, judged: Judgement, convention: str) -> None:
    """A layer's parameters are exact, or all divided by m where the file means it so."""
    parameters, others = by_kind(judged, True), by_kind(judged, False)
    m = float(judged.trial.m)
    turned = [v for v in parameters if is_factor(v, -1.0)]
    if turned and turned == parameters and all(v.ok for v in others) and adds_updates(program, function):
        put_right(judged, turned, "agrees: the way down, which is added")
    if convention == DIVIDED and m > 1:
        put_right(
            judged, [v for v in parameters if is_factor(v, 1 / m)], "agrees: divided by m, as everywhere here"
        )
        plain = [v for v in judged.verdicts if v in parameters and v.ok and is_factor(v, 1.0)]
        put_wrong(judged, plain, "is not divided by m, as the others here are")


def common_convention(judged: Sequence[tuple[Function, list[Judgement]]]) -> str:
    """Whether the layers of a file divide the derivatives of their parameters by m.

    Where a network is judged too, it decides: by a layer's factor beside the network's for the same kind.
    """
    layers = Counter(kind for _, js in judged for j in js[:1] if not j.trial.scalar for kind in factors_in(j))
    networks = Counter(kind for _, js in judged for j in js[:1] if j.trial.scalar for kind in factors_in(j))
    if not any(f == DIVIDED for _, f in layers):
        return EACH_ALONE
    for kind, factor in layers:
        if networks[kind, EACH_ALONE] and not networks[kind, "m"]:
            return factor
        if networks[kind, "m"] and not networks[kind, EACH_ALONE]:
            return DIVIDED if factor == EACH_ALONE else EACH_ALONE
    shared = sum(n for (_, f), n in layers.items() if f == DIVIDED)
    alone = sum(n for (_, f), n in layers.items() if f == EACH_ALONE)
    return DIVIDED if shared > alone else EACH_ALONE


def factors_in(judged: Judgement) -> list[tuple[str, str]]:
    """The kinds of parameters with the factors of their derivatives: ("w", "1/m")."""
    m = float(judged.trial.m)
    if m == 1:
        return []
    names = {EACH_ALONE: 1.0, DIVIDED: 1 / m, "m": m}
    return [
        (parameter_kind(v.claim.by), name)
        for v in by_kind(judged, True)
        for name, f in names.items()
        if v.claim.by is not None and is_factor(v, f)
    ]


def parameter_kind(path: Path | None) -> str:
    """Weights or biases."""
    last = ArrayLeaf(path or (), None).last
    return "b" if role_of(last) in ("bias", "bh", "by") else "w"


# The order of results


def settle_order(program: Program, function: Function, judged: Judgement) -> None:
    """Results come in the order in which they are unpacked, else in that of the arguments."""
    results: dict[str, list[Verdict]] = {}
    for v in judged.verdicts:
        if v.claim.by is not None and v.claim.value is not None and (top := top_label(v.claim.label)):
            results.setdefault(top, []).append(v)
    whole = {top: meant for top, vs in results.items() if (meant := meant_by(vs)) is not None}
    if len(whole) < 2:
        return
    crossed = crossed_results(program, function, whole, judged)
    for top in crossed:
        put_wrong(judged, results[top], CROSSED)


def top_label(label: str) -> str:
    """Under which name a result came back: nabla_w of nabla_w[0]; none for what is in dicts and objects."""
    return "" if re.search(r"\['|\.", label) else label.split("[")[0]


def meant_by(verdicts: list[Verdict]) -> Path | None:
    """What a result is the derivative by: the list, if it is a list of derivatives by its entries."""
    paths = [v.claim.by for v in verdicts if v.claim.by is not None]
    if len(paths) == 1 and not verdicts[0].claim.label.endswith("]"):
        return paths[0]
    above = {p[:-1] for p in paths}
    return above.pop() if len(above) == 1 else None


def crossed_results(
    program: Program, function: Function, whole: dict[str, Path], judged: Judgement
) -> list[str]:
    """The results that stand in the place of others."""
    if any(path[0] == "self" for path in whole.values()):
        return unpacked_as(program, function, whole) or []
    if usual_order(list(whole.values()), list(judged.trial.state)):
        return []
    told = unpacked_as(program, function, whole)
    if told is None:
        named = all(same_label(bare_name(top), ArrayLeaf(path, None).last) for top, path in whole.items())
        return [] if named else list(whole)  # dW, dx, db say themselves what they are
    return told


def unpacked_as(program: Program, function: Function, whole: dict[str, Path]) -> list[str] | None:
    """The results that callers take for derivatives of something else; None if no caller says so."""
    names = return_names(function) or []
    own = {top: ArrayLeaf(path, None).last for top, path in whole.items()}
    for given in names_unpacked(program, function):
        if len(given) != len(names):
            continue
        taken = dict(zip(unique(names), (bare_name(g) for g in given), strict=True))
        if any(same_label(g, o) for g in taken.values() for o in own.values()):
            return [top for top, o in own.items() if crosses(taken.get(top, ""), o, list(own.values()))]
    return None


def crosses(given: str, own: str, others: list[str]) -> bool:
    """Whether a result is taken for the derivative of something else than it is."""
    return not same_label(given, own) and any(
        given == bare_name(o) or both_plain(given, bare_name(o)) for o in others
    )


def both_plain(one: str, other: str) -> bool:
    """Whether both mean weights, or both biases."""
    return any(one in family and other in family for family in FAMILIES[:2])


def same_label(one: str, other: str) -> bool:
    other = bare_name(other)
    return one == other or same_kind(one, other)


def usual_order(paths: Sequence[Path | None], arguments: list[str]) -> bool:
    """Whether derivatives stand in the order of what they are by, data first or last, or by layers."""
    if any(p is None for p in paths):
        return True
    known = [p for p in paths if p is not None]
    if any(p[0] not in arguments for p in known):
        return True
    if len({p[0] for p in known}) == 1:
        return go_by_layers([ArrayLeaf(p, None).last for p in known])
    places = [arguments.index(p[0]) for p in known]
    return places == sorted(places) or (data_at_an_end(known) and ordered_apart(known, places))


def data_at_an_end(paths: Sequence[Path]) -> bool:
    """Whether what is by data stands together before or after what is by parameters."""
    parameters = [is_parameter(p) for p in paths]
    return parameters in (sorted(parameters), sorted(parameters, reverse=True))


def ordered_apart(paths: Sequence[Path], places: Sequence[int]) -> bool:
    """Whether data stand in the order of the arguments, and parameters in it or by layers."""
    data, rest = (
        [x for p, x in zip(paths, places, strict=True) if is_parameter(p) is kind] for kind in (False, True)
    )
    names = [ArrayLeaf(p, None).last for p in paths if is_parameter(p)]
    by_layers = len({re.sub(r"\D+", "", n) for n in names}) > 1 and go_by_layers(names)
    return data == sorted(data) and (rest == sorted(rest) or by_layers)


def go_by_layers(names: list[str]) -> bool:
    """Whether names go by layers, up or down, or by kinds: W1 b1 W2 b2, W2 b2 W1 b1, W1 W2 b1 b2."""
    parts = [(re.sub(r"\d+$", "", n), int(d[0]) if (d := re.findall(r"\d+$", n)) else 0) for n in names]
    if len({number for _, number in parts}) < 2:
        return True
    numbers = [n for _, n in parts]
    kinds = [k for k, _ in parts]
    by_layer = numbers in (sorted(numbers), sorted(numbers, reverse=True))
    first = {k: kinds.index(k) for k in kinds}
    return (by_layer and same_in_each(parts)) or [first[k] for k in kinds] == sorted(first[k] for k in kinds)


def same_in_each(parts: list[tuple[str, int]]) -> bool:
    """Whether the kinds come in the same order in each layer."""
    orders = {tuple(k for k, n in parts if n == number) for _, number in parts}
    return len(orders) == 1
