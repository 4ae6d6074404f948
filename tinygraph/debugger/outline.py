"""Which statements of a body go back, which move parameters, and where one pass through it ends.

A statement goes back if its name says so and it depends on the labels, or if it is computed from one that
goes back. What the loss is computed from never goes back, whatever it is called.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tinygraph.debugger.readings import LABELS, LOSS, words_of
from tinygraph.debugger.sites import assigned_base, assigned_places, is_trivial, label_of, places_read
from tinygraph.debugger.trial import bare_name

__all__ = ["BodyOutline", "StatementLine", "is_loss_label", "says_derivative", "says_labels"]

NAMED = re.compile(
    r"^(grads?|gradients?|delta|deltas|nabla|del|adj)(_\w*|\d\w*|[A-Z]\w*)?$|^d_?[A-Z]\w*$|^[dg]_[a-z]\w*$|^g_?[A-Z]\d*$|^D_?[A-Z]\d*$|"
    r"^\w+(_|(?<=[a-z0-9])(?=[GDE]))(grads?|gradients?|deltas?|derivs?|derivatives?|adjustments?|error_terms?|adj|bar)\d*$|"
    r"^\w*[a-z0-9](Grad|Delta|Gradient|Error|Deriv)s?\d*$|^adjustments?\w*$|^(\w+_)?(errors?|err|error_term)(_\w+|\d+)?$|"
    r"^[dg]\d?$|^l\d_?(error|delta)$|^∂\w+$|^up_?date_?\w*$"
)
ROLE = re.compile(
    r"^(w|b|x|z|a|h|y|l|out|scores?|logits?|probs?|loss|gamma|beta|weights?|bias(es)?|pred|hidden)_?\w?\d*$"
)
LABELLIKE = re.compile(
    r"^(y|t)(s|b|i|j|_?\w{0,8})?$|"
    r"^\w*(targets?|labels?|one_?hot|truth|expected|desired|(train\w*|set)_outputs?)\w*$",
    re.I,
)
PARAMETER_WORD = re.compile(r"^(w|b|c|u|weights?|bias(es)?|theta|gamma|beta|kernels?)(_?[a-z]{1,2})?_?\d*$")
RESULT = "result"  # the name of what is returned
ONCE = re.compile(r"epoch|iter|step|pass|batch|round|train|episode|generation", re.I)


def says_derivative(label: str, names: frozenset[str]) -> bool:
    """Whether a name says that this is a derivative, beside the other names."""
    last = label.rpartition(".")[2].strip("_")
    if NAMED.match(last):
        return True
    for prefix in ("d", "g"):
        rest = last[1:].strip("_").lower()
        if (
            last.startswith(prefix)
            and len(last) > 1
            and (rest in names or (prefix == "d" and ROLE.match(rest)))
        ):
            return True
    return False


def says_labels(label: str) -> bool:
    """Whether a name says that these are labels."""
    first, _, last = label.rpartition(".")
    if first not in ("", "self"):  # X.T is no target
        return False
    last = last.strip("_")
    return bool(LABELS.match(last)) or bool(
        LABELLIKE.match(last)
        and not re.match(r"^(y_?(hat|pred\w*|p)|t\d*|ti?me|total|tmp|temp|train|test|tanh)$", last, re.I)
    )


def is_loss_label(label: str) -> bool:
    """Whether a name says that this is a loss."""
    last = label.rpartition(".")[2]
    words = set(words_of(last))
    return (
        last in ("J", "L", "E", "j")
        or bool(words & (LOSS - {"calculate"}))
        or any(w.endswith(("loss", "losses", "cost", "costs")) for w in words)
    )


@dataclass(frozen=True)
class StatementLine:
    """A simple statement and the blocks that it stands in, from the outside."""

    node: ast.stmt
    within: tuple[ast.stmt, ...]

    @cached_property
    def targets(self) -> list[str]:
        """The names that are given a value; `result` for one that is computed where it is returned."""
        if isinstance(self.node, ast.Return) and self.node.value is not None and is_computed(self.node.value):
            return [RESULT]
        return [label for t in assigned_places(self.node) if (label := label_of(assigned_base(t)))]

    @cached_property
    def reads(self) -> set[str]:
        return places_read(self.node)


StatementLines = dict[ast.stmt, StatementLine]


def is_computed(value: ast.expr) -> bool:
    """Whether something that is returned is computed there, and has no names of its own."""
    if isinstance(value, ast.Dict):
        return any(is_computed(x) for x in value.values)
    if isinstance(value, ast.Tuple | ast.List):
        return any(is_computed(x) for x in value.elts)
    return not isinstance(value, ast.Name | ast.Constant | ast.Attribute)


class BodyOutline:
    """The statements of a body, and what they are for."""

    def __init__(self, body: Sequence[ast.stmt], parameters: Sequence[str] = ()) -> None:
        self.body = body
        self.parameters = parameters
        self.soft: set[str] = set()  # the names of what is doubtful
        self.no_labels = self.begun = False
        self.lines = list(lines_in(body, ()))
        self.names = frozenset(
            n.rpartition(".")[2].strip("_").lower() for line in self.lines for n in line.targets
        ) | {p.strip("_").lower() for p in parameters}

    @cached_property
    def of_loss(self) -> frozenset[ast.stmt]:
        """The statements that a loss is computed from, with it."""
        wanted: set[str] = set()
        found: set[ast.stmt] = set()
        for line in reversed(self.lines):
            if self.gives_loss(line) or (wanted & set(line.targets) and not self.seems_update(line)):
                found.add(line.node)
                wanted |= line.reads
        return frozenset(found)

    def gives_loss(self, line: StatementLine) -> bool:
        """Whether a statement computes a loss."""
        return any(is_loss_label(t) and not self.named(t) for t in line.targets) or (
            any(is_loss_label(t) for t in line.targets)
            and reduces_to_number(getattr(line.node, "value", None))
        )

    def seems_update(self, line: StatementLine) -> bool:
        """Whether a statement changes something by what is called a derivative."""
        return (
            bool(set(line.targets) & line.reads)
            and any(self.named(n) for n in line.reads)
            and not any(map(self.named, line.targets))
        )

    @cached_property
    def sorted_out(self) -> tuple[StatementLines, StatementLines, StatementLines]:
        """The statements that go back, those that move parameters, in their order, and the doubtful ones."""
        found = self.sort_out()
        if not self.begun:  # no labels are known: names must do
            self.no_labels = True
            found = self.sort_out()
        return found

    def sort_out(self) -> tuple[StatementLines, StatementLines, StatementLines]:
        self.soft.clear()
        back: StatementLines = {}
        updates: StatementLines = {}
        doubtful: StatementLines = {}
        names: set[str] = set()
        labels = {n for n in self.all_names if says_labels(n)}
        for line in self.lines:
            if line.node in self.of_loss:
                labels |= {t for t in line.targets if labels & line.reads and not is_loss_label(t)}
            elif self.is_update(line, names, labels):
                updates[line.node] = line
            elif self.goes_back(line, names, labels):
                back[line.node] = line
                names |= set(line.targets)
            else:
                if any(map(self.named, line.targets)) and not labels & set(line.targets):
                    back[line.node] = doubtful[line.node] = line
                    self.soft |= set(line.targets)
                labels |= {t for t in line.targets if labels & line.reads and not is_loss_label(t)}
        begun = [x for x in self.lines if x.node not in {*self.of_loss, *back} and set(x.targets) & names]
        back |= {x.node: x for x in begun if x.node not in updates and all(map(self.named, x.targets))}
        return {x.node: x for x in self.lines if x.node in back}, updates, doubtful

    @property
    def derivatives(self) -> StatementLines:
        """The statements that go back."""
        return self.sorted_out[0]

    @property
    def updates(self) -> StatementLines:
        """The statements that move parameters."""
        return self.sorted_out[1]

    @property
    def doubtful(self) -> StatementLines:
        """Those called derivatives that are perhaps slopes: they depend on no labels."""
        return self.sorted_out[2]

    @cached_property
    def all_names(self) -> set[str]:
        return {*self.parameters, *(n for line in self.lines for n in {*line.reads, *line.targets})}

    def goes_back(self, line: StatementLine, names: set[str], labels: set[str]) -> bool:
        if not line.targets or all(is_loss_label(t) and not self.named(t) for t in line.targets):
            return False
        named = any(self.named(t) for t in line.targets)
        self.begun = self.begun or (named and bool(line.reads & labels))
        begins = bool(line.reads & (labels | self.soft)) or is_trivial(line.node) or self.no_labels
        begins = begins or any(
            self.speaks_of_one(t) and (not names or PARAMETER_WORD.match(bare_name(t))) for t in line.targets
        )
        return bool(line.reads & names) or (named and begins)

    def named(self, label: str) -> bool:
        return says_derivative(label, self.names)

    def speaks_of_one(self, label: str) -> bool:
        """Whether a name is that of another variable with something before it: dZ2, grad_w."""
        last = label.rpartition(".")[2].strip("_").lower()
        return bare_name(label) != last and bare_name(label) in self.names

    def is_update(self, line: StatementLine, names: set[str], labels: set[str]) -> bool:
        """Whether a statement moves a parameter: W -= lr * dW, W = W - lr * dW."""
        node = line.node
        if len(line.targets) != 1 or not isinstance(node, ast.AugAssign | ast.Assign):
            return False
        label = line.targets[0]
        if self.named(label) or label in labels or label in names or is_loss_label(label):
            return False
        moved = isinstance(node, ast.AugAssign) or label in line.reads
        value = node if isinstance(node, ast.AugAssign) else node.value
        added = any(isinstance(getattr(n, "op", None), ast.Add | ast.Sub) for n in (value, *ast.walk(value)))
        if not moved and self.is_given(label, line):
            return bool(line.reads & names)
        return (
            moved
            and added
            and bool(line.reads & (names | labels | self.soft))
            and label in self.forward_reads
        )

    def is_given(self, label: str, line: StatementLine) -> bool:
        """Whether a name that is read in the forward pass was there before it, so that it is a parameter."""
        before = self.lines[: self.lines.index(line)]
        same_block = [x for x in before if label in x.targets and x.within == line.within]
        return (
            label in self.forward_reads
            and not same_block
            and any(
                label in x.reads and not self.named(label)
                for x in before
                if not any(map(self.named, x.targets))
            )
        )

    @cached_property
    def forward_reads(self) -> frozenset[str]:
        """What is read before the first line that is called a derivative, and what an object holds."""
        found: set[str] = set()
        back = False
        for line in self.lines:
            back = back or (
                line.node not in self.of_loss
                and any(map(self.named, line.targets))
                and not is_trivial(line.node)
            )
            if not back or line.node in self.of_loss:
                found |= line.reads
            found |= {r for r in line.reads if r.startswith("self.")}
        return frozenset(found)

    # One pass

    @cached_property
    def block(self) -> Sequence[ast.stmt]:
        """The statements of one pass: those of the innermost loop that trains, else the whole body."""
        block: Sequence[ast.stmt] = self.body
        wanted = {**self.derivatives, **self.updates}
        lines = [line for node, line in wanted.items() if not is_trivial(node)]
        for depth in range(max((len(line.within) for line in lines), default=0)):
            outer = {line.within[depth] if len(line.within) > depth else None for line in lines}
            one = outer.pop() if len(outer) == 1 else None
            if one is None or (isinstance(one, ast.For | ast.While) and not self.trains(one)):
                break
            block = inner_block(one, lines)
        return block

    def trains(self, loop: ast.For | ast.While) -> bool:
        """Whether a loop repeats the whole pass: it moves parameters, goes forth, or says so."""
        if any(loop in line.within and line.node in self.updates for line in self.lines):
            return True
        head = [loop.target, loop.iter] if isinstance(loop, ast.For) else [loop.test]
        if isinstance(loop, ast.While) and any(loop in x.within and self.goes_forth(x) for x in self.lines):
            return True
        return bool(ONCE.search(" ".join(map(ast.unparse, head))))

    def goes_forth(self, line: StatementLine) -> bool:
        """Whether a line computes something else than derivatives, and counts no turns: p = X @ W."""
        value = getattr(line.node, "value", None)
        counts = isinstance(value, ast.Constant) or bool(set(line.targets) & line.reads)
        return value is not None and line.node not in self.derivatives and not counts

    @cached_property
    def stop(self) -> ast.stmt | None:
        """The statement of the block after which nothing is wanted."""
        wanted = {**self.derivatives, **self.updates}
        inside = [i for i, s in enumerate(self.block) if any(n in wanted for n in ast.walk(s))]
        if not inside:
            return None
        losses = [i for i, s in enumerate(self.block) if i > inside[-1] and self.has_loss(s)]
        return self.block[losses[-1] if losses else inside[-1]]

    def has_loss(self, statement: ast.stmt) -> bool:
        inner = [line for line in self.lines if line.node is statement or statement in line.within]
        return any(is_loss_label(t) for line in inner for t in line.targets)

    @cached_property
    def seed(self) -> ast.stmt | None:
        """The first statement that goes back, before which the forward pass is done."""
        real = [
            n for n in {**self.derivatives, **self.updates} if not is_trivial(n) and n not in self.doubtful
        ]
        return min(real, key=lambda n: (n.lineno, n.col_offset), default=None)


def reduces_to_number(value: ast.expr | None) -> bool:
    """Whether an expression gives one number: a mean, a sum, the value of a loss function."""
    while isinstance(value, ast.BinOp | ast.UnaryOp):
        parts = [value.operand] if isinstance(value, ast.UnaryOp) else [value.left, value.right]
        value = next((x for x in parts if not isinstance(x, ast.Constant)), None)
    if not isinstance(value, ast.Call):
        return False
    name = getattr(value.func, "attr", getattr(value.func, "id", ""))
    return name in ("mean", "sum", "average", "nansum", "nanmean", "float", "squeeze") or (
        is_loss_label(name) and not says_derivative(name, frozenset())
    )


def lines_in(body: Sequence[ast.stmt], within: tuple[ast.stmt, ...]) -> Iterator[StatementLine]:
    """The simple statements of a body in their order, without those of functions and classes."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        inner = list(blocks_of(node))
        if not inner:
            yield StatementLine(node, within)
        for block in inner:
            yield from lines_in(block, (*within, node))


def blocks_of(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        if block := getattr(node, name, None):
            yield block
    for handler in getattr(node, "handlers", []):
        yield handler.body


def inner_block(statement: ast.stmt, lines: Sequence[StatementLine]) -> list[ast.stmt]:
    """That block of a statement in which some lines stand."""
    first = lines[0].node
    found = [b for b in blocks_of(statement) if any(first is n for s in b for n in ast.walk(s))]
    return found[0]
