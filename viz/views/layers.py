"""The view of layers, the lectures' picture: boxes with formulas, their caches, and the red row below.

A layer's operations become one box. Whatever lies between layers keeps a box of its own, so the picture is
right for any graph.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from tinygraph.graph.layers import Layer
from tinygraph.graph.reading import Graph, Quantity
from tinygraph.graph.stand_ins import name_inner
from tinygraph.guards.faults import our_work
from tinygraph.notation.text import clean_text, name_text, subscript
from viz.compose import Drawn, Scene
from viz.formulas import Formula, Writer
from viz.labels import (
    call_label,
    call_symbol,
    call_tooltip,
    mark_doubt,
    name_span,
    rule_label,
    shape_span,
    twin_label,
)
from viz.layouts import Layout, find_layouts
from viz.parts import Fold, Part
from viz.picture import Picture
from viz.places import Places
from viz.text import lines, link, span, table
from viz.views.leaves import Leaves
from viz.views.rows import Arrow, Block, draw_rows, is_shown

__all__ = ["count_boxes", "draw_layers", "draw_layouts", "has_boxes", "has_layers"]

LABELS_IN_ROW = 3  # leaves in a row
STEPS_WIDTH = 60  # characters of what follows each other


def draw_layers(scene: Scene) -> Drawn:
    """Draw a graph as boxes: layers, what repeats, and what lies between them."""
    return draw_layout(scene, Layout("layers", scene.boxes))


def draw_layouts(scene: Scene) -> dict[str, Drawn]:
    """The same, and once more for each box that opens, by name."""
    return {layout.name: draw_layout(scene, layout) for layout in find_layouts("layers", scene.boxes)}


def has_layers(scene: Scene) -> bool:
    """Whether a graph has layers."""
    return bool(scene.graph.layers)


def has_boxes(scene: Scene) -> bool:
    """Whether a graph has layers or repeats, and so looks different from its operations."""
    return has_layers(scene) or any(part.fold and part.fold.times > 1 for part in scene.boxes)


def count_boxes(scene: Scene) -> int:
    """The number of boxes, each of which is a node."""
    return len(scene.boxes)


def draw_layout(scene: Scene, layout: Layout) -> Drawn:
    """Draw the boxes of a layout."""
    picture, graph = scene.picture(scene.course), scene.graph
    with our_work("the view of layers"):
        name_inner(graph, [layer for part in layout.boxes for layer in part.layers])
        return picture, LayersView(picture, graph, layout, Writer(graph, scene.course)).draw()


class LayersView:
    """One picture in the making: its boxes, the groups of leaves that enter them, the writer of formulas."""

    def __init__(self, picture: Picture, graph: Graph, layout: Layout, writer: Writer) -> None:
        self.picture, self.layout, self.writer = picture, layout, writer
        self.parts = parts = layout.boxes
        self.owner = {call: part for part in parts for call in part.calls}
        self.leaves = Leaves([q for q in graph.quantities if q.call is None], parts, self.owner)
        name_input(writer, parts)

    def draw(self) -> Places:
        """Draw all of it."""
        blocks = [self.block(part) for part in self.parts]
        blocks += [self.group_block(group) for group in dict.fromkeys(self.leaves.groups.values())]
        blocks += [self.result_block(q) for part in self.parts for q in self.shown_results(part)]
        framed = list(self.framed_blocks(blocks))
        arrows = [arrow for part in self.parts for arrow in self.arrows(part)]
        draw_rows(self.picture, blocks, arrows, {block.key for block in framed})
        if self.layout.opened:
            self.draw_frame(self.layout.opened, [key for block in framed for key in block.keys])
        return self.places()

    def framed_blocks(self, blocks: list[Block]) -> Iterable[Block]:
        """What an opened box holds, with the leaves that stand above it."""
        inner = self.layout.inner if self.layout.opened else []
        keys = {part.key for part in inner} | {q.id for part in inner for q in self.shown_results(part)}
        return (block for block in blocks if block.key in keys or block.beside in keys)

    def draw_frame(self, opened: Part, keys: list[str]) -> None:
        """The frame around what an opened box holds, in both rows; its heading closes it."""
        title = fold_text(opened, opened.fold) if opened.fold else f"layer {opened.title}"
        self.picture.frame(opened.key, link(span(f"⊟ {title}"), self.layout.parent), keys)

    def places(self) -> Places:
        """The node of each call and quantity; what is inside a layer is at its box."""
        shown = {q for part in self.parts for q in self.shown_results(part)}
        results = {call.result: part.key for call, part in self.owner.items()}
        made = {q: q.id if q in shown else key for q, key in results.items()}
        leaves = {q: group[0].id for q, group in self.leaves.groups.items()}
        return Places({call: part.key for call, part in self.owner.items()}, made | leaves)

    # What is drawn

    def shown_results(self, part: Part) -> list[Quantity]:
        """The results of a box that have a node of their own; a cost is named in its box."""
        return [
            q for q in part.results if is_shown(q) and not (q.is_output and not q.uses and self.is_cost(part))
        ]

    def is_cost(self, part: Part) -> bool:
        """Whether a box is a cost with a formula."""
        return not part.layers and not part.fold and self.writer.writes_cost(part.calls[0])

    def arrows(self, part: Part) -> Iterable[Arrow]:
        """The arrows into a box, one for each input of an operation or source of more, and out of it."""
        into = [(self.source(x.quantity), x.wanted) for x in part.inputs]
        # x * x has two arrows, one for each rule; a box of several operations has one from each node.
        once = {key for key, _ in into if len(part.calls) > 1 or key in self.leaves.grouped}
        for key, wanted in into:
            if key not in once:
                yield Arrow(key, part.key, wanted)
        for key in dict.fromkeys(key for key, _ in into if key in once):
            yield Arrow(key, part.key, (key, True) in into)
        for q in self.shown_results(part):
            yield Arrow(part.key, q.id, q.wanted)

    def source(self, q: Quantity) -> str:
        """The node from which a quantity comes."""
        if q.call is None:
            return self.leaves.groups[q][0].id
        return q.id if is_shown(q) else self.owner[q.call].key

    # How it is drawn

    def block(self, part: Part) -> Block:
        """The box of a part."""
        if part.fold:
            return self.fold_block(part, part.fold)
        return self.layer_block(part) if part.layer else self.call_block(part)

    def fold_block(self, part: Part, fold: Fold) -> Block:
        """The box of repeats; if they are layers numbered one after another, with formulas for layer l."""
        if fold.times > 1:
            self.picture.mark("×")
        numbers = [part.layer.suffix for part in fold.parts if part.layer]
        if fold.period > 1 or not is_consecutive(numbers):
            return self.repeat_block(part, fold)
        # The second one is the model: the first may read X, which is no name of a layer l - 1.
        first, model, last = fold.parts[0], fold.parts[1].layer, fold.parts[-1]
        assert model is not None
        with self.writer.calling(general_names(self.writer, model)):
            return self.layer_block(
                Part(part.key, part.calls, model, f"{first.title} … {last.title}"), fold.times
            )

    def repeat_block(self, part: Part, fold: Fold) -> Block:
        """The box of repeats without a formula: what follows each other in one of them."""
        steps = [step_text(p, call_symbol(p.calls[-1])) for p in fold.first]
        # The first repeat stands for all: they are alike, or they would not have been folded.
        goes_back = [p for p in fold.first if any(x.wanted for x in p.inputs)]
        wanted = [step_text(p, p.calls[-1].node.op.symbol) + "′" for p in goes_back]
        often = f"× {fold.times:,}" if fold.times > 1 else part.title
        title = self.heading(part, f"<B>{span(often)}</B>")
        label = table(title, *wrap_steps(steps, " → ", fold))
        twin = lines(*wrap_steps(wanted, " ← ", fold))
        if wanted:
            self.picture.mark("′")
        caches = any(call.reads_cache for call in part.calls)
        look = self.picture.look(*(call.result.id for call in part.calls))
        return Block(part.key, "layer", label, "layer-rule", twin, caches, look=look)

    def heading(self, part: Part, title: str) -> str:
        """The first line of a box, by which it opens, if it does."""
        target = self.layout.links.get(part.key)
        if target:
            self.picture.mark("⊞")
        return link(f"{span('⊞')} {title}", target) if target else title

    def layer_block(self, part: Part, times: int = 1) -> Block:
        """The box of a layer, or of so many alike, its cache and its red twin."""
        layer = part.layer
        assert layer is not None
        often = f" <B>{span(f'× {times:,}')}</B>" if times > 1 else ""
        name = f"{'layers' if times > 1 else 'layer'} {part.title}"
        title = self.heading(part, f"<B>{span(name)}</B> {span(f'({layer.activation})')}{often}")
        label = table(title, span(self.writer.linear(layer)), span(self.writer.activation(layer)))
        # A layer of constants alone has no red twin: the sweep never comes there.
        rules = self.writer.layer_rules(layer) if any(x.wanted for x in part.inputs) else []
        return self.with_rules(Block(part.key, "layer", label, "layer-rule"), rules)

    def call_block(self, part: Part) -> Block:
        """The box of a cost with its formula, or of any other operation with its symbol."""
        call = part.calls[0]
        if self.is_cost(part):
            block = Block(
                part.key, "layer", span(self.writer.cost(call)), "layer-rule", tooltip=call_tooltip(call)
            )
            return self.with_rules(block, [self.writer.cost_rule(call)])
        twin = rule_label(self.picture, call) if call.wanted else ""
        return Block(
            part.key,
            "layer",
            call_label(call),
            "layer-rule",
            twin,
            call.reads_cache,
            tooltip=call_tooltip(call),
        )

    def with_rules(self, block: Block, rules: list[Formula]) -> Block:
        """The block with the formulas of its twin and the cache that they read."""
        block.twin = table(*(self.rule_line(rule) for rule in rules))
        reads = dict.fromkeys(name for rule in rules for name in rule.reads)
        block.look = self.picture.look(*(rule.of.id for rule in rules))
        block.cache = span(f"cache {', '.join(reads)}") if reads else ""
        return block

    def rule_line(self, rule: Formula) -> str:
        """dW₁ = dZ₁A₀ᵀ / m"""
        text = f"{self.writer.derivative(rule.of.tensor)} {rule.sign} {rule.text}"
        for sign in ("+=", "∗", "·", "′", "Σ"):
            # A dot without spaces belongs to max(·, 0), where it stands for an input.
            if (f" {sign} " if sign == "·" else sign) in text:
                self.picture.mark(sign)
        if rule.text.endswith("/ m"):
            self.picture.mark("m", f"m = {self.writer.m} examples")
        return mark_doubt(self.picture, rule.of, text)

    def group_block(self, group: tuple[Quantity, ...]) -> Block:
        """The names and shapes of leaves that are drawn as one."""
        times = self.leaves.times(group)
        label = join_labels(list(map(self.leaf_label, group)), times, list(map(name_span, group)))
        twin = join_labels([twin_label(self.picture, q) for q in group], times) if group[0].wanted else ""
        look = self.picture.look(*(q.id for q in group))
        part = self.owner[group[0].uses[0]]  # leaves of a group enter the same boxes
        column = self.leaves.column(group, len({self.source(x.quantity) for x in part.inputs}))
        return Block(group[0].id, "text", label, "derivative-text", twin, beside=column, look=look)

    def leaf_label(self, q: Quantity) -> str:
        alias = self.writer.aliases.get(id(q.tensor))
        name = name_span(q) + (span(f" = {alias}") if alias else "")
        return f"{name} {shape_span(self.picture, q)}".strip()

    def result_block(self, q: Quantity) -> Block:
        """A result on its way from box to box."""
        twin = twin_label(self.picture, q) if q.wanted else ""
        label = lines(name_span(q), shape_span(self.picture, q))
        return Block(q.id, "text", label, "derivative-text", twin, look=self.picture.look(q.id))


def join_labels(labels: list[str], times: int, short: list[str] | None = None) -> str:
    """Labels with commas, a few in a row; of leaves that repeat, the first and the last: W₂ … W₉, b₂ … b₉."""
    if times > 1 and len(labels) % times == 0:
        n = len(labels) // times
        pairs = zip((short or labels)[:n], labels[-n:], strict=True)
        labels = [f"{first}{span(' … ')}{last}" for first, last in pairs]
    comma = span(", ")
    return table(*(comma.join(labels[i : i + LABELS_IN_ROW]) for i in range(0, len(labels), LABELS_IN_ROW)))


def fold_text(part: Part, fold: Fold) -> str:
    """How many repeats there are, and of which layers if each is one; of a composition its name."""
    if fold.times == 1:
        return part.title
    first, last = fold.parts[0], fold.parts[-1]
    layers = f"layers {first.title} … {last.title} " if first.layer and fold.period == 1 else ""
    return f"{layers}× {fold.times:,}"


def wrap_steps(steps: list[str], arrow: str, fold: Fold) -> list[str]:
    """What follows each other, on one line for a repeat and on a few for a composition."""
    whole, rows = arrow.join(steps), 3 if fold.times == 1 else 1
    if len(whole) <= STEPS_WIDTH or rows == 1:
        return [span(clean_text(whole, STEPS_WIDTH))] if steps else []
    text = clean_text(whole, STEPS_WIDTH * rows)
    return list(map(span, textwrap.wrap(text, STEPS_WIDTH, break_long_words=False, break_on_hyphens=False)))


def step_text(part: Part, sign: str) -> str:
    """What stands for a part inside of a repeat."""
    return f"layer ({part.layer.activation})" if part.layer else part.title or sign


def is_consecutive(suffixes: list[str]) -> bool:
    """Whether layers are numbered one after another, also those of one weight: Z1_2, Z1_3.

    >>> [is_consecutive(suffixes) for suffixes in (["2", "3", "4"], ["1_2", "1_3"], ["2", "4"], ["_a", "_b"])]
    [True, True, False, False]
    """
    numbers = [suffix_number(suffix) for suffix in suffixes]
    expected = [str(int(numbers[0] or 0) + i) for i in range(len(suffixes))] if suffixes else [""]
    stems = {suffix.removesuffix(number) for suffix, number in zip(suffixes, numbers, strict=True)}
    return numbers == expected and len(stems) == 1


def suffix_number(suffix: str) -> str:
    """The number at the end of a layer's name, perhaps empty."""
    return suffix[len(suffix.rstrip("0123456789")) :]


def general_names(writer: Writer, layer: Layer) -> dict[int, str]:
    """The names of layer l for those of a layer with a number: Wₗ for W₂, and Aₗ₋₁ for A₁."""
    number = suffix_number(layer.suffix)
    stem = layer.suffix.removesuffix(number)
    found = {}
    for i, ending, tensors in (
        (number, "ₗ", (layer.W, layer.b, layer.Z, layer.A)),
        (str(int(number) - 1), "ₗ₋₁", (layer.A_prev,)),
    ):
        for x in tensors:
            q = writer.quantities.get(id(x))
            if q is not None and (q.name or "").endswith(stem + i):
                # Only the last number of the name: Z1_2 is a second result of weight 1.
                found[id(x)] = ending.join(name_text(q.name or "").rsplit(subscript(i), 1))
    return found


def name_input(writer: Writer, parts: list[Part]) -> None:
    """Let formulas call the input X of the first layer A0, as the lectures do."""
    first = next((layer for part in parts for layer in part.layers), None)
    if first is None or not first.suffix.isdecimal():  # no layer l - 1 then
        return
    q = writer.quantities.get(id(first.A_prev))
    if q is not None and q.call is None and q.name == "X":
        writer.aliases[id(first.A_prev)] = name_text(f"A{int(first.suffix) - 1}")
