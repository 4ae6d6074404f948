"""The steps of the page, with the numbers of each: forward call by call, then backward."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygraph.graph.reading import Call, Input, Quantity
from tinygraph.graph.walk import ReverseWalk
from tinygraph.notation.text import clean_text
from viz.compose import Drawn, Scene
from viz.labels import call_symbol
from viz.pages.arrays import array_record
from viz.pages.formulas import Formulas
from viz.picture import Picture
from viz.places import Places

__all__ = ["Story"]

HELP = (
    "What is faint is not computed yet. Space plays and pauses, ← → step, Home and End go to the ends; "
    "+ − 0 1 change the size, Shift with an arrow moves the picture. A click on a node goes to its step, one "
    "on ⊞ opens a box and shows what it holds, ⊟ closes it."
)
Record = dict[str, Any]
Sent = list[tuple[Input, Any]]


class Story:
    """The steps through one graph, for the views in which it is drawn.

    A step is a dict: `sweep` (start, forward, seed, backward or sum), `title`, `formulas`, where the call
    stands in the user's program, the arrays it reads and makes as cards, and `lit`: by view, the nodes and
    arrows that light up.
    """

    def __init__(self, scene: Scene, views: Mapping[str, Drawn]) -> None:
        self.graph, self.verdicts, self.views = scene.graph, scene.verdicts, views
        self.formulas = Formulas(scene.graph, scene.course)
        self.arrays: list[Record] = []
        self.kept: dict[object, int] = {}
        self.arrived: dict[Quantity, list[Record]] = {}
        self.done: set[Quantity] = set()

    def steps(self) -> list[Record]:
        """All steps, first to last."""
        return [self.start(), *map(self.forward, self.graph.calls), *self.backward_sweep()]

    # The steps

    def start(self) -> Record:
        """What is there before anything is computed."""
        leaves = [q for q in self.graph.quantities if q.call is None]
        parameters, data = ([self.value_card(q) for q in leaves if q.wanted is w] for w in (True, False))
        return {
            "sweep": "start",
            "title": "What is given: parameters and data",
            "note": HELP,
            "groups": [group("parameters", parameters), group("data", data)],
            "lit": self.lit(lambda places: ({places.quantities[q] for q in leaves}, set())),
        }

    def forward(self, call: Call) -> Record:
        """One call of the forward sweep."""
        formula = self.formulas.forward(call)
        inputs = dict.fromkeys(x.quantity for x in call.inputs)
        return {
            "sweep": "forward",
            "title": formula,
            **name_operation(call),
            "groups": [
                group("reads", [self.value_card(q) for q in inputs]),
                group("gives", [self.value_card(call.result)]),
            ],
            "cache": ", ".join(self.formulas.name(q) for q in call.cache),
            "lit": self.lit(lambda places: places.forward(call)),
        }

    def backward_sweep(self) -> Iterator[Record]:
        """The backward sweep: the seed, each call from the last to the first, and sums where paths meet."""
        sweep = ReverseWalk(self.graph)
        if any(q.wanted for q in self.graph.outputs):
            yield self.seed([q for q in self.graph.outputs if q.wanted])
        for call in reversed(self.graph.calls):
            if call.wanted:
                dz = sweep.total(call.result)
                sent = sweep.run(call)
                yield self.backward(call, dz, sent)
                yield from self.sums(call, sent, sweep)

    def seed(self, outputs: list[Quantity]) -> Record:
        """Where the backward sweep begins."""
        complete = self.finish(q for q in outputs if q.terms == 1)
        return {
            "sweep": "seed",
            "title": ", ".join(f"d{self.formulas.name(q)} = 1" for q in outputs),
            "note": "The backward sweep begins: the derivative of the output with respect to itself is 1.",
            "groups": [group("gives", [self.derivative_card(q, np.ones_like(q.value)) for q in outputs])],
            "lit": self.lit(lambda places: (places.complete(complete, self.done), set())),
        }

    def backward(self, call: Call, dz: Any, sent: Sent) -> Record:
        """One call of the backward sweep."""
        complete = self.finish(x.quantity for x, _ in sent if x.quantity.terms == 1)
        return {
            "sweep": "backward",
            "title": f"back through {self.formulas.forward(call)}",
            "formulas": self.formulas.backward(call),
            **name_operation(call),
            "groups": [
                group("incoming derivative", [self.derivative_card(call.result, dz)]),
                group("cache", [self.value_card(q) for q in call.cache]),
                group("gives", [self.contribution_card(x.quantity, dx) for x, dx in sent]),
            ],
            "note": self.note(sent),
            "lit": self.lit(lambda places: self.backward_places(places, call, complete)),
        }

    def note(self, sent: Sent) -> str:
        """What is not complete yet, and what a comparison found to be wrong."""
        found = dict.fromkeys(x.quantity for x, _ in sent)
        several = [self.formulas.derivative_name(q) for q in found if q.terms > 1]
        wrong = [self.formulas.derivative_name(q) for q in found if self.verdicts.get(q.id) == "wrong"]
        notes = [f"One of several derivatives that add up to {', '.join(several)}."] if several else []
        notes += [f"✗ Wrong here first, in the comparison: {', '.join(wrong)}."] if wrong else []
        return " ".join(notes)

    def sums(self, call: Call, sent: Sent, sweep: ReverseWalk) -> Iterator[Record]:
        """The sums that a call completes."""
        for x, dx in sent:
            q = x.quantity
            if q.terms > 1:
                arrived = self.arrived.setdefault(q, [])
                arrived.append(self.card(f"through {call_symbol(call)}", self.scaled(q, dx)))
                if len(arrived) == q.arriving:
                    yield self.sum(q, arrived, sweep.total(q))

    def sum(self, q: Quantity, arrived: list[Record], total: Any) -> Record:
        """Derivatives that meet are added."""
        seed = [self.card("the seed", np.ones_like(q.value))] if q.is_output else []
        terms = [{**card, "name": f"{circled(i)} {card['name']}"} for i, card in enumerate(seed + arrived, 1)]
        name, dname = self.formulas.name(q), self.formulas.derivative_name(q)
        complete = self.finish([q])
        return {
            "sweep": "sum",
            "title": f"{dname} = {' + '.join(circled(i) for i in range(1, q.terms + 1))}",
            "note": (
                f"{name} has an influence along {q.terms} paths, so {q.terms} derivatives come back, and "
                "they add up. Why topological order? The sweep goes on from here only now that all have "
                "arrived; earlier, it would have taken an incomplete sum along."
            ),
            "groups": [group("arrived", terms), group("sum", [self.derivative_card(q, total)])],
            "lit": self.lit(lambda places: (places.complete(complete, self.done), set())),
        }

    # What they are made of

    def finish(self, found: Iterable[Quantity]) -> list[Quantity]:
        """These derivatives are complete."""
        complete = list(found)
        self.done.update(complete)
        return complete

    def backward_places(
        self, places: Places, call: Call, complete: list[Quantity]
    ) -> tuple[set[str], set[tuple[str, str]]]:
        """The nodes and arrows of a rule, and the derivatives that it completes."""
        nodes, arrows = places.backward(call)
        return nodes | places.complete(complete, self.done), arrows

    def value_card(self, q: Quantity) -> Record:
        """The value of a quantity."""
        return self.card(self.formulas.name(q), q.value, key=("value", q))

    def derivative_card(self, q: Quantity, dq: Any) -> Record:
        """The derivative with respect to a quantity, complete."""
        return self.card(self.formulas.derivative_name(q), self.scaled(q, dq), key=("derivative", q))

    def contribution_card(self, q: Quantity, dq: Any) -> Record:
        """What a rule sends to a quantity: its derivative, or one of several that add up."""
        if q.terms == 1:
            return self.derivative_card(q, dq)
        return self.card(f"to {self.formulas.derivative_name(q)}", self.scaled(q, dq))

    def scaled(self, q: Quantity, dq: Any) -> Any:
        """A derivative as the convention shows it."""
        factor = self.formulas.factor(q)
        return dq * factor if factor != 1 else dq

    def card(self, name: str, array: Any, key: object = None) -> Record:
        """A named array; what has a key is stored once."""
        index = self.kept.get(key)
        if index is None:
            index = len(self.arrays)
            self.arrays.append(array_record(array))
            if key is not None:
                self.kept[key] = index
        return {"name": name, "array": index}

    def lit(self, find: Callable[[Places], tuple[set[str], set[tuple[str, str]]]]) -> dict[str, list[str]]:
        """The ids of what lights up, by view."""
        return {view: lit_ids(picture, *find(places)) for view, (picture, places) in self.views.items()}


def lit_ids(picture: Picture, nodes: Iterable[str], ends: set[tuple[str, str]]) -> list[str]:
    """The ids of nodes, and of the arrows between these ends."""
    found = [key for pair in ends for key in picture.between.get(pair, ())]
    return sorted({*nodes, *found})


def name_operation(call: Call) -> Record:
    """The operation, and how and where the user wrote it."""
    file, line = call.node.place
    return {
        "operation": f"{call.node.op.name}: {call.node.op.formula}",
        "place": f"{clean_text(Path(file).name)}:{line}",
        "code": clean_text(linecache.getline(file, line).strip() or " ", 160).strip(),
    }


def group(title: str, cards: list[Record]) -> Record:
    """Arrays under a heading."""
    return {"title": title, "cards": cards}


def circled(i: int) -> str:
    """A number in a circle.

    >>> circled(2), circled(21)
    ('②', '(21)')
    """
    return chr(ord("①") + i - 1) if i <= 20 else f"({i})"
