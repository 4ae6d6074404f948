"""A forward pass of somebody's, played on made arguments; what went in, what came out, by name."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import count, islice, product
from typing import Any

import numpy as np

from tinygraph.debugger.conflicts import blamed_choices, search_choices
from tinygraph.debugger.layouts import LAYOUTS, Sizes, has_columns
from tinygraph.debugger.making import LEFT, Choice, Maker, role_of, unit_of
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.sites import walk_own
from tinygraph.debugger.structure import (
    as_floats,
    copy_parts,
    copy_state,
    is_real_number,
    leaves_of,
    put_leaf,
)
from tinygraph.debugger.trial import quietly
from tinygraph.debugger.uses import free_names

__all__ = [
    "Global",
    "Pass",
    "arguments_of",
    "changed_attributes",
    "failure_of",
    "invoke",
    "layers_in",
    "layouts_for",
    "play_forward",
    "results_by_name",
    "return_names",
    "started_parameters",
    "unique",
    "words_of",
]

MOST_CALLS = 160  # in one layout, with one object
MOST_PASSES = 4
MOST_MADE = 6  # ways to make the variables that a file lacks
OUTPUT = re.compile(
    r"^_?(out(put)?s?|a|y|h|result|activation|value|z|a_?out|y_?(pred|hat)|scores|probs?|p)$", re.I
)


class Global(str):
    """The name of a variable of the file that a function reads, within a state."""

    __slots__ = ()

    def __deepcopy__(self, memo: Any) -> Global:
        return self


def words_of(name: str) -> list[str]:
    """The words of a name in lower case: back_prop, backProp and BackProp alike.

    >>> words_of("conv2d_backwardNaive"), words_of("dW1")
    (['conv2d', 'backward', 'naive'], ['d', 'w1'])
    """
    parts = re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*[a-z]?(?![a-z])|\d+", name)
    return [p.lower() for p in parts]


@dataclass
class Pass:
    """A forward pass that has been played.

    Attributes:
        state: what goes in, by name; variables of the file under names that are Global.
        receiver: whether it is a method of state["self"].
        call: from a state to what comes back.
        raw, after: what came back, and the state after it.
        attempt: which of several passes it is; an object with other classes within is no other.
    """

    program: Program
    function: Function | None
    state: dict[str, Any]
    maker: Maker
    receiver: bool
    call: Callable[[dict[str, Any]], Any]
    raw: Any = None
    after: dict[str, Any] = field(default_factory=dict)
    attempt: int = field(default_factory=partial(next, count(1)))

    def known(self, state: Mapping[str, Any], raw: Any) -> dict[str, Any]:
        """What is known by name after the pass: arguments, results, entries of dicts, attributes."""
        found: dict[str, Any] = {}
        if self.receiver:
            found |= {k.strip("_"): v for k, v in vars(state["self"]).items()}
        given = {k: v for k, v in state.items() if k != "self"}
        results = results_by_name(self.function, raw) if self.function is not None else {"out": raw}
        for value in (*given.values(), *results.values()):
            if isinstance(value, dict):
                found |= {str(k): v for k, v in value.items()}
        return found | given | results

    @property
    def m(self) -> int:
        sizes = self.maker.sizes
        layout = self.maker.layout
        if layout == "numbers" or (layout.startswith("one ") and layout != "one unit"):
            return 1
        if "image" in layout:
            return sizes.M
        return 2 if layout == "sequences" else sizes.m

    @property
    def is_degenerate(self) -> bool:
        """Whether there is a single example, or a single output: then some mistakes cannot be seen."""
        return self.maker.layout.startswith(("one ", "numbers")) or self.maker.sizes.k == 1

    def outputs(self, state: Mapping[str, Any], raw: Any) -> dict[str, Any]:
        """The arrays that came back, by name; or those that an object keeps, where nothing comes back."""
        if raw is None and self.receiver:
            changed = changed_attributes(self.state["self"], state["self"])
            named = {k: v for k, v in changed.items() if is_real_number(v)}
            given = {id(v) for k, v in state.items() if k != "self"}
            named = {k: v for k, v in named.items() if id(v) not in given} or named
            return dict(sorted(named.items(), key=lambda x: not OUTPUT.match(x[0])))
        results = results_by_name(self.function, raw) if self.function else {"out": raw}
        numbers = {k: v for k, v in results.items() if is_real_number(v)}
        return numbers or last_numbers(results)


def last_numbers(results: Mapping[str, Any]) -> dict[str, Any]:
    """The last arrays of lists that came back, where nothing else did: activations of all layers."""
    lists = {k: v[-1] for k, v in results.items() if isinstance(v, list) and v and is_real_number(v[-1])}
    return dict(reversed(lists.items()))


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
    return all(map(np.array_equal, x, y))


# What comes back, by name


@cache
def return_names(function: Function) -> list[str] | None:
    """What the last return statement calls its results; None where there is none."""
    returns = [n for n in walk_own(function.node) if isinstance(n, ast.Return) and n.value is not None]
    if not returns:
        return None
    tuples = [r for r in returns if isinstance(r.value, ast.Tuple)]
    value = (tuples or returns)[-1].value
    if isinstance(value, ast.Tuple | ast.List):
        plain = [e.id for e in value.elts if isinstance(e, ast.Name)]
        names = [name_or(e, f"result {i + 1}") for i, e in enumerate(value.elts)]
        taken = [n in plain and not isinstance(e, ast.Name) for n, e in zip(names, value.elts, strict=True)]
        return [f"result {i + 1}" if t else n for i, (n, t) in enumerate(zip(names, taken, strict=True))]
    return [name_or(value, "result")]


def name_or(node: ast.AST | None, otherwise: str) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        key = getattr(node.slice, "value", None)
        return key if isinstance(key, str) else name_or(node.value, otherwise)
    return otherwise


def results_by_name(function: Function, raw: Any) -> dict[str, Any]:
    """What a function gave, by the names in its return statement."""
    names = return_names(function) or []
    several = isinstance(raw, tuple | list) and len(names) == len(raw)
    if several and (len(names) > 1 or isinstance(raw, tuple)):
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
    if re.search(r"math\.(exp|log)", low):
        first("one vector")
    if re.search(r"conv(?!en|er)|pool|im2col|flatten\w*\(|spatial|stride|n, *c, *h", low):
        first("images", "images, channels last", "one image")
        if re.search(r"n_h|n_w|hparam|n_c\b", low):
            first("images, channels last")
    elif re.search(r"rnn|lstm|gru|seq|time|temporal|attention|embed|hprev|\bn, *t\b|\bheads", low):
        first("rows", "sequences", "one sequence", "one column", "columns", "sequences, time last")
        if re.search(r"zeros\(\(\w+, *1\)\)", low):
            first("one column")
        if re.search(r"n_x|n_a\b|t_x|concat\w*\(\(\w+, *\w+\)\)|[\w'\]]+ @ concat", low):
            first("columns", "sequences, time last")
    return found


# Passes that run


def play_forward(
    program: Program,
    function: Function,
    objects: Callable[[Maker], Iterator[Any]] | None,
    layouts: Sequence[str],
    sizes: Sizes,
    seed: int,
    context: Sequence[Function] = (),
    known: Mapping[str, Any] | None = None,
    variant: int = 0,
    beside: Sequence[Function] = (),
) -> Iterator[Pass]:
    """Passes forward that run, the likeliest first: in each layout, at last with a single output."""
    text = function.text + "".join(f.text for f in context)
    text += callees_text(program, function)
    joined = bool(re.search(r"concat|hstack|vstack|\br_\[|\bc_\[", text))
    for layout, these in layouts_and_sizes(layouts, sizes, text):
        maker = Maker(
            layout,
            these,
            seed,
            layers_in(function, context),
            gates_in(text, function),
            joined,
            variant,
            program,
            tuple(beside),
        )
        first = 0
        for held in variables_of(program, function, context, maker):
            for thing in objects(maker) if objects else [None]:
                if layout == "numbers" and uses_arrays(function, thing):
                    continue
                for passed in passes(program, function, thing, maker, dict(known or {}), held):
                    passed.attempt = first = (maker.alternate and first) or passed.attempt
                    yield passed


def layouts_and_sizes(layouts: Sequence[str], sizes: Sizes, text: str) -> list[tuple[str, Sizes]]:
    """Each layout with the sizes, then some with one output, as many as inputs, or one for each word."""
    words = replace(sizes, n=sizes.V, k=sizes.V)
    ends = (sizes.with_one_output(), replace(sizes, k=sizes.n), words)
    found = [(x, sizes) for x in layouts] + [(x, other) for other in ends for x in layouts[:4]]
    return [(x, words) for x in layouts] + found if "vocab" in text else found


def uses_arrays(function: Function, thing: Any) -> bool:
    """Whether a method uses arrays of its object."""
    return any(x.last in function.names for x in leaves_of(thing, ("self",)) if np.ndim(x.value))


def callees_text(program: Program, function: Function) -> str:
    """The text of the functions that a function calls."""
    return "".join(f.text for n, f in program.functions.items() if n in function.names and f is not function)


def passes(
    program: Program,
    function: Function,
    thing: Any,
    maker: Maker,
    known: dict[str, Any],
    held: dict[str, Any],
) -> Iterator[Pass]:
    """The passes in one layout, with one object, of all choices of arguments."""
    choices = maker.choices(function, known, started_parameters(program, function, maker))
    vectors = [i for i, c in enumerate(choices) if role_of(c.key or c.name) in ("bias", "scale", "bh", "by")]

    def attempt(chosen: list[int]) -> tuple[Any, frozenset[int] | None]:
        drawn = [choices[i].values[chosen[i]] for i in vectors]
        if len({x.ndim for x in drawn if isinstance(x, np.ndarray)}) > 1:
            return None, frozenset(vectors)
        state = arguments_of(choices, chosen) | held | ({"self": thing} if thing is not None else {})
        tried = pass_with(program, function, state, maker)
        error = failure_of(tried)
        if error is not None and "image" in maker.layout:
            error = failure_when_flat(tried, error)
        if error is None:
            if thing is not None:  # its arrays may be those of another object, whose numbers are drawn anew
                tried.state["self"] = copy_parts(thing)
            return tried, None
        program.note_failure(function, error)
        return None, blamed_choices(function, error, [(c.name, c.key) for c in choices])

    yield from islice(search_choices([len(c.values) for c in choices], attempt, MOST_CALLS), MOST_PASSES)


def pass_with(program: Program, function: Function, state: dict[str, Any], maker: Maker) -> Pass:
    """A pass that has not been played yet: a function, or a method of `self`, on what a state holds."""
    names = [n for n in state if n != "self" and not isinstance(n, Global)]
    return Pass(program, function, state, maker, "self" in state, state_caller(program, function, names))


def arguments_of(choices: Sequence[Choice], chosen: Sequence[int]) -> dict[str, Any]:
    """The arguments that were chosen, entries of dicts put together."""
    found: dict[str, Any] = {}
    for choice, i in zip(choices, chosen, strict=True):
        value = choice.values[i]
        if choice.key is not None:
            entries = found.setdefault(choice.name, {})
            entries |= {choice.key: value} if value is not LEFT else {}
        elif value is not LEFT:
            found[choice.name] = value
    return copy_state(found)


def state_caller(
    program: Program, function: Function, names: Sequence[str]
) -> Callable[[dict[str, Any]], Any]:
    """Calls a function with what a state holds."""

    def call(state: dict[str, Any]) -> Any:
        return invoke(program, function, state, {n: state[n] for n in names})

    return call


def invoke(program: Program, function: Function, state: dict[str, Any], given: Mapping[str, Any]) -> Any:
    """Call a function, or a method of the object in a state, with the file's variables as in the state."""
    with variables_set(program, state):
        if function.owner is None:
            return program.namespace[function.name](**given)
        holder = state.get("self", function.owner)
        return getattr(holder, function.name.rpartition(".")[2])(**given)


@contextmanager
def variables_set(program: Program, state: dict[str, Any]) -> Iterator[None]:
    """Let the variables of a file be those of a state, and keep what becomes of them there."""
    names = [n for n in state if isinstance(n, Global)]
    space = program.namespace
    before = {str(n): space[n] for n in names if n in space}
    for n in names:
        space[str(n)] = state[n]
    try:
        yield
    finally:
        for n in names:
            state[n] = space.pop(n, None)
        space.update(before)


def failure_of(tried: Pass) -> BaseException | None:
    """What a pass raises; None if it runs and gives finite numbers, which are kept.

    Beside a single number, a loss, what is not finite may be a derivative that is wrong.
    """
    tried.after = copy_state(tried.state)
    try:
        with quietly(2.0):
            tried.raw = tried.call(tried.after)
    except Exception as error:
        return error
    if tried.raw is None and tried.receiver:
        return None if changed_attributes(tried.state["self"], tried.after["self"]) else ValueError("nothing")
    numbers = [as_floats(x.value) for x in leaves_of(tried.raw, ("raw",))]
    asked = [x for x in numbers if x.size == 1] or numbers
    good = bool(asked) and all(np.isfinite(x).all() for x in asked) and all(x.size for x in numbers)
    return None if good else ValueError("no finite numbers")


def failure_when_flat(tried: Pass, error: BaseException) -> BaseException | None:
    """What a pass over images raises if the weights after them have as many rows as they have numbers."""
    sizes = re.search(r"size (\d+) is different from (\d+)", str(error))
    aligned = re.search(r"not aligned: (\d+) \(dim 1\) != (\d+) \(dim 0\)", str(error))
    if sizes is None and aligned is None:
        return error
    has, wants = (sizes[1], sizes[2]) if sizes else (aligned[2], aligned[1])  # type: ignore[index]
    leaves = [
        x for name, part in tried.state.items() for x in leaves_of(part, (name,)) if np.ndim(x.value) == 2
    ]
    for leaf in (x for x in leaves if x.value.shape[0] == int(has)):
        put_leaf(tried.state, leaf.path, tried.maker.floats([wants, str(leaf.value.shape[1])]))
    return failure_of(tried)


def layers_in(function: Function, context: Sequence[Function]) -> tuple[int, int]:
    """The lowest and highest number of the weights that some functions speak of."""
    text = " ".join([function.text, *(f.text for f in context)])
    numbers = {int(n) for n in re.findall(r"\b(?:W|w|weights?|Theta|theta|wt)_?(\d)\b", text)}
    return (min(numbers), max(numbers)) if len(numbers) > 1 else (1, 1)


def gates_in(text: str, function: Function) -> int:
    """How many gates stand side by side in one weight."""
    low = (function.name + text).lower()
    if "lstm" in low and re.search(r"split|\[:, *:? *\w*h|: *4|4 *\*|3 *\* *h", low):
        return 4
    return 3 if "gru" in low and re.search(r"split|3 *\*|2 *\* *h", low) else 1


# Parameters that the file itself makes, and its variables

PARAMETERS = re.compile(r"^(params?\w*|parameters?|weights?|theta|model|p|nn|net\w*|ws?|w_?b)$", re.I)


def started_parameters(program: Program, function: Function, maker: Maker) -> dict[str, list[Any]]:
    """For parameters that hold a network's weights, what the file's own function makes to start with."""
    names = []
    for name in function.parameters:
        use = maker.use(function, name)
        if PARAMETERS.match(name) and (use.prefixes or use.mapping or use.numbered) and not use.array:
            names.append(name)
    found = {n: made_by_file(program, maker) for n in names} if names else {}
    matrices = [
        x.value for v in found.values() for m in v[:1] for x in leaves_of(m, ("m",)) if np.ndim(x.value) == 2
    ]
    if matrices:
        fit_sizes(maker, "weights", matrices)
    return found | {n: [v] for n in function.parameters if (v := same_named(program, n)) is not None}


def same_named(program: Program, name: str) -> Any:
    """What the file calls by the same name as a parameter: NN_ARCHITECTURE for nn_architecture."""
    for n, v in program.namespace.items():
        if n.lower() == name.lower() and isinstance(v, list | tuple | dict) and v and not holds_arrays(v):
            return v
    return None


def made_by_file(program: Program, maker: Maker) -> list[Any]:
    """What the file's functions make that start the parameters of a network, with random numbers."""
    s = maker.sizes
    found = []
    for start in starters(program):
        own = next((v for n in start.required if (v := same_named(program, n)) is not None), None)
        for units in (own, [s.n, s.h, s.g, s.k], [s.n, s.h, s.k]):
            made = start_layers(program, start, units) if units is not None else None
            if made is not None:
                found.append(randomise(made, maker))
                break
    return found


def starters(program: Program) -> list[Function]:
    words = {"init", "initialize", "initialise", "initialization", "create", "make", "build", "random", "new"}
    return [
        f
        for f in program.functions.values()
        if f.owner is None and words & set(words_of(f.name)) and not f.name.startswith("__")
    ]


def start_layers(program: Program, start: Function, units: Any) -> Any:
    """What such a function makes for layers of these sizes; None if nothing."""
    given = arguments_to_start(start, units)
    if given is None:
        return None
    try:
        with quietly(1.0):
            made = program.namespace[start.name](**given)
    except Exception:
        return None
    made = made[0] if isinstance(made, tuple) and made and isinstance(made[0], dict | list) else made
    return made if isinstance(made, dict | list) and list(leaves_of(made, ("made",))) else None


def arguments_to_start(start: Function, units: Any) -> dict[str, Any] | None:
    """What such a function is given: all sizes at once, or each by itself; None if it asks otherwise."""
    sizes = [n for n in start.required if not re.search(r"seed|key|rng|act|scale|std", n)]
    given: dict[str, Any] = {n: 0 for n in start.required if re.search(r"seed|key|rng", n)}
    given |= {n: ["relu"] * (len(units) - 2) + ["tanh"] for n in start.required if re.search("act", n)}
    given |= {n: 0.5 for n in start.required if re.search("scale|std", n)}
    if len(sizes) == 1:
        return given | {sizes[0]: units}
    return given | dict(zip(sizes, units, strict=True)) if len(sizes) == len(units) else None


def randomise(made: Any, maker: Maker) -> Any:
    """The same with random numbers, so that none is 0."""
    for leaf in leaves_of(made, ("made",)):
        if isinstance(leaf.value, np.ndarray) and leaf.value.dtype.kind == "f":
            leaf.value[...] = maker.floats([str(n) for n in leaf.value.shape])
    return made


def variables_of(
    program: Program, function: Function, context: Sequence[Function], maker: Maker
) -> Iterator[dict[str, Any]]:
    """The file's variables that some functions read: arrays with random numbers; made ones where none are."""
    space = program.namespace
    read = {n for f in (function, *context) for n in free_names(program, f)}
    held = arrays_held(program, [n for n in space if n in read], maker)
    absent = sorted(n for n in free_names(program, function) if n not in space and not hasattr(builtins, n))
    choices = [Choice(n, None, missing_values(maker, function, n)) for n in absent]
    if not all(c.values for c in choices):
        yield held
        return
    for values in islice(product(*(c.values for c in choices)), MOST_MADE):
        yield held | {Global(c.name): value for c, value in zip(choices, values, strict=True)}


def arrays_held(program: Program, names: Sequence[str], maker: Maker) -> dict[str, Any]:
    """The arrays that a file has by some names, with random numbers; the maker's sizes become theirs."""
    held: dict[str, Any] = {}
    for n in names:
        value = program.namespace[n]
        if holds_arrays(value):
            held[Global(n)] = randomise(copy_state({n: value})[n], maker)
            fit_sizes(maker, n, held[Global(n)])
        elif type(value) is int and (size := unit_of(n)):
            set_sizes(maker, **{size: value})
    return held


def missing_values(maker: Maker, function: Function, name: str) -> list[Any]:
    use = maker.use(function, name)
    return maker.whole(name, use, function) if not use.called else []


def holds_arrays(value: Any) -> bool:
    """Whether a variable is an array of floats, or a list or dict of such."""
    arrays = (
        [x.value for x in leaves_of(value, ("v",))] if isinstance(value, np.ndarray | list | dict) else []
    )
    return bool(arrays) and all(isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.ndim for x in arrays)


def fit_sizes(maker: Maker, name: str, value: Any) -> None:
    """Let a maker's sizes be those of an array that is there already."""
    if isinstance(value, list):
        if np.ndim(value[0]) == 2:
            before, after = (1, 0) if has_columns(maker.layout) or maker.layout == "one vector" else (0, 1)
            set_sizes(maker, n=value[0].shape[before], k=value[-1].shape[after])
        return
    codes = LAYOUTS[maker.layout].get(role_of(name) or "", [])
    for words in (c.split() for c in codes):
        if isinstance(value, np.ndarray) and len(words) == value.ndim and all(w.isalpha() for w in words):
            set_sizes(maker, **dict(zip(words, value.shape, strict=True)))
            return


def set_sizes(maker: Maker, **sizes: int) -> None:
    maker.sizes = replace(maker.sizes, **sizes)
