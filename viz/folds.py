"""Repeats: parts of a graph that follow each other and do the same, folded to one box with "× 12"."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from tinygraph.graph.reading import Call, Input
from tinygraph.guards.faults import our_work
from viz.parts import Fold, Part

__all__ = ["fold_parts"]

PartNumbers = dict[Call, int]  # where in the list of parts a call is
Kinds = list[tuple[str, ...]]  # the operations of each part

LEAST_REPEATS = 3  # repeats that are worth a box of their own
UNFOLDED_PARTS = 8  # parts: where there are more, repeats are folded if nobody said otherwise
LONGEST_PERIOD = 24  # parts of one repeat


@our_work("folding what repeats in a picture")
def fold_parts(parts: list[Part], verdicts: dict[str, str], fold: bool | None = True) -> list[Part]:
    """`parts` with each run of repeats as one; in a run all have the same verdict.

    `fold` may be False, or None to leave a few parts as they are.
    """
    if fold is False or len(parts) <= (UNFOLDED_PARTS if fold is None else 1):
        return parts
    periods, repeats = best_runs(number_signatures(part_signatures(parts, verdicts)))
    folded: list[Part] = []
    i = 0
    while i < len(parts):
        while repeats[i] > 1 and (periods[i], repeats[i]) == (periods[i + 1], repeats[i + 1]):
            folded.append(parts[i])  # a run that may as well begin later ends where something else begins
            i += 1
        run = parts[i : i + periods[i] * repeats[i]]
        folded.append(folded_part(run, periods[i]) if repeats[i] > 1 else run[0])
        i += len(run)
    return folded


def folded_part(parts: list[Part], period: int) -> Part:
    """One part for a run."""
    calls = [call for part in parts for call in part.calls]
    return Part(f"{parts[0].key}.fold", calls, fold=Fold(parts, period))


def best_runs(kinds: Any) -> tuple[list[int], list[int]]:
    """For each part, the period and the number of the repeats from there on that cover most.

    >>> best_runs(np.array([1, 2, 1, 2, 1, 2, 3]))
    ([2, 1, 1, 1, 1, 1, 1], [3, 1, 1, 1, 1, 1, 1])
    """
    periods = range(1, min(LONGEST_PERIOD, len(kinds) - 1) + 1)
    times = np.array([count_repeats(kinds, period) for period in periods])
    best = np.argmax(times * np.array(periods)[:, None] * (times > 1), axis=0)
    return (best + 1).tolist(), np.take_along_axis(times, best[None], axis=0)[0].tolist()


def count_repeats(kinds: Any, period: int) -> Any:
    """For each part, how often the `period` parts from there on follow each other; too few count as 1."""
    same = kinds[period:] == kinds[:-period]
    ends = np.append(np.flatnonzero(~same), len(same))
    here = np.arange(len(same))
    times = 1 + (ends[np.searchsorted(ends, here)] - here) // period
    return np.append(np.where(times >= LEAST_REPEATS, times, 1), np.ones(period, dtype=int))


def number_signatures(signatures: Sequence[Hashable]) -> Any:
    """A number for each signature, the same for equal ones."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(signature, len(known)) for signature in signatures])


def part_signatures(parts: list[Part], verdicts: dict[str, str]) -> list[Hashable]:
    """What each part does, where its inputs come from and where its results go, relative to its own place."""
    place = {call: i for i, part in enumerate(parts) for call in part.calls}
    kinds = [tuple([call.node.op.name for call in part.calls]) for part in parts]
    return [signature_of(part, i, place, kinds, verdicts) for i, part in enumerate(parts)]


def signature_of(part: Part, i: int, place: PartNumbers, kinds: Kinds, verdicts: dict[str, str]) -> Hashable:
    return tuple(
        (
            call.node.op.name,
            str(call.node.settings) if call.node.settings else "",
            call.result.shape,
            call.result.is_output,
            tuple([place[use] - i for use in call.result.uses]),
            tuple([input_origin(x, i, place, kinds) for x in call.inputs]),
            tuple([x for x in call.node.inputs if isinstance(x, int | float)]),
            tuple([verdicts.get(x.quantity.id) for x in call.inputs]) if verdicts else (),
        )
        for call in part.calls
    )


def input_origin(x: Input, i: int, place: PartNumbers, kinds: Kinds) -> Hashable:
    """Where an input comes from: a result so many parts before, a leaf of its own, or a shared one.

    A leaf is a part's own if the others that use it are of other kinds, such as a penalty on the weights.
    """
    q = x.quantity
    if q.call is not None:
        return place[q.call] - i, x.wanted
    users = [kinds[j] for j in {place[use] for use in q.uses}]
    return (q.shape, x.wanted, *sorted(users)) if len(users) == len(set(users)) else q.id
