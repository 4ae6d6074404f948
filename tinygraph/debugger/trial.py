"""One call of somebody's backward pass, and what it should have given.

A trial holds a state (arguments, objects, everything by name), a forward pass from it to outputs, and a
backward pass from the derivatives of the outputs to claims: arrays that are said to be the derivatives by
something in the state. Truth is the derivative of the trial's own forward pass.
"""

from __future__ import annotations

import contextlib
import io
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygraph.debugger.making import role_of
from tinygraph.debugger.program import Function
from tinygraph.debugger.structure import (
    ArrayLeaf,
    Path,
    as_floats,
    copy_state,
    is_real_number,
    leaves_of,
    step_name,
    take_leaf,
)
from tinygraph.debugger.truth import Truth, numeric_truth, recorded_truth, slope_along

__all__ = [
    "DERIVATIVE",
    "FAMILIES",
    "PARAMETER_ROLES",
    "WEIGHTS",
    "Claim",
    "Deadline",
    "Judgement",
    "OutOfPatience",
    "Outputs",
    "State",
    "TooLong",
    "Trial",
    "Unplayable",
    "Verdict",
    "bare_name",
    "compare_claim",
    "factor_along",
    "has_axes_exchanged",
    "is_parameter",
    "judge_trial",
    "like_name",
    "other_text",
    "patiently",
    "quietly",
    "same_kind",
    "same_name",
]

AGREES = 2e-5  # relative to the largest entry of a derivative
DIRECTIONS = 3
LOADED = 3.0  # so many times the seconds of work may pass by the clock
WAITING = 5.0  # and so many seconds more at most
PREFIX = re.compile(
    r"^(?:d(?:elta|L|J|loss|cost)?_?|grads?_?|nabla_|gradient_?|g_|delta_|∂)(?=[A-Za-z_0-9])|"
    r"(?:_?(?:grads?|gradient|deltas?|derivative|deriv|bar|error|err))$"
)


DERIVATIVE = re.compile(
    r"^_?(d[A-Z_]\w*|d[wbxhz]\d*|dgamma\d*|dbeta\d*|dweights?|dbias\w*|dinputs?|grads?\w*|gradients?\w*|nabla\w*|"
    r"delta\w*)$|\w(_grads?|_gradients?|Grads?|_delta)$"
)


PARAMETER_ROLES = {
    "weight",
    "bias",
    "scale",
    "wx",
    "wh",
    "wy",
    "bh",
    "by",
    "square",
    "triple",
    "table",
    "vector",
}
WEIGHTS = re.compile(r"weight|bias|synapse|param|^syn\d|theta|coef|kernel|gamma|beta", re.I)


class Unplayable(Exception):  # noqa: N818 - it ends a trial, and is no error of the reader's
    """A trial that cannot be made in this way; the reason."""


class TooLong(Exception):  # noqa: N818 - it ends a trial, and is no error of the reader's
    """A call that takes too long."""


class OutOfPatience(BaseException):
    """Enough time was given to one function; no Exception, so that nothing that forgives theirs takes it."""


@dataclass(frozen=True)
class Claim:
    """What a backward pass says is a derivative: its label, itself, and by what it is."""

    label: str
    value: Any
    by: Path | None = None

    @property
    def shown(self) -> str:
        """What one calls it: by its own name or key, or else by what it is the derivative by."""
        if key := re.fullmatch(r"result\['([^']+)'\]", self.label):
            return key[1]
        if self.by is None or not (self.label.startswith("result") or self.value is None):
            return self.label.removeprefix("self.")
        last = next((name for step in reversed(self.by) if (name := step_name(step))), str(self.by[0]))
        return f"d{last}" + "".join(f"[{step}]" for step in self.by if isinstance(step, int))


Outputs = dict[str, Any]
State = dict[str, Any]


@dataclass(eq=False)
class Trial:
    """A backward pass and its forward pass, ready to be played.

    Attributes:
        function: whose backward pass is judged.
        taken: what was taken for what, in a sentence.
        state: what goes in, by name; every play has a copy.
        forward: from a state to the outputs that can be differentiated, by name.
        backward: from the state after the forward pass, the outputs and their derivatives to claims.
        m: the number of examples.
        data: the names in the state that are data, and no parameters.
        scalar: whether the output is a loss, whose own derivative is 1.
        averaged: whether the outputs are a loss for each example whose mean is meant (False: their sum).
        pairs: what claims are the derivatives by, where their labels do not say it.
        upstream: the derivatives of the outputs, once drawn.
        layout: how the data lie.
        variants: how many texts there are, for functions that do several things.
        loss: what the loss is called whose derivatives are claimed.
        predicted: how many numbers the loss is taken of.
        raised: what the backward pass raised when it was played.
        misfit: whether a claim had another shape than what it should be the derivative by.
        attempt: which of the forward passes it belongs to.
        degenerate: whether there is a single example, or a single output.
        unsure: whether the forward pass is only guessed; then nothing follows from an exception.
        stranger: whether even its name is another; then nothing follows where nothing agrees.
        slopes: derivatives along directions, kept.
        settle: calls right what is right by the conventions of the file.
        settles: whether they apply to it.
    """

    function: Function
    taken: str
    state: State
    forward: Callable[[State], Outputs]
    backward: Callable[[State, Outputs, Outputs], list[tuple[str, Any]]]
    m: int = 1
    data: frozenset[str] = frozenset()
    scalar: bool = False
    averaged: bool = False
    pairs: dict[str, Path] = field(default_factory=dict)
    upstream: Outputs = field(default_factory=dict)
    layout: str = ""
    variants: int = 1
    loss: str = ""
    predicted: int = 0
    raised: BaseException | None = None
    misfit: bool = False
    attempt: int = 0
    degenerate: bool = False
    unsure: bool = False
    stranger: bool = False
    slopes: dict[Any, list[float]] = field(default_factory=dict)
    settle: Callable[[Judgement], None] | None = None
    settles: bool = True

    def line_of(self, label: str) -> int | None:
        """Of a trial of statements: the line that makes a derivative."""
        return None

    def lines_blamed(self) -> frozenset[int]:
        """Of a trial of statements: the lines that are wrong by themselves."""
        return frozenset()

    def statements_that_ran(self) -> tuple[set[int], dict[str, Any]]:
        """Of a trial of statements: the lines that may be wrong, and what their names hold."""
        return set(), {}

    def outputs(self, state: State | None = None) -> Outputs:
        """The outputs of the forward pass, as floats."""
        with quietly():
            found = self.forward(copy_state(self.state) if state is None else state)
        return {name: as_floats(x) for name, x in found.items()}

    def derivatives_above(self, outputs: Outputs) -> Outputs:
        """The derivatives of the outputs, the same for the same shapes."""
        draw = np.random.default_rng(7)
        return {name: self.derivative_above(draw, x) for name, x in outputs.items()}

    def derivative_above(self, draw: np.random.Generator, x: Any) -> Any:
        if self.scalar:
            return np.full(x.shape, 1 / max(1, x.size) if self.averaged else 1.0)
        above = draw.standard_normal(x.shape)
        return above + np.sign(above) * 0.1

    def play(self) -> tuple[Outputs, list[Claim]]:
        """The outputs and the claims.

        Raises:
            Exception: whatever theirs raises.
        """
        state = copy_state(self.state)
        with quietly():
            outputs = {name: as_floats(x) for name, x in self.forward(state).items()}
            self.upstream = self.upstream or self.derivatives_above(outputs)
            given = self.backward(state, outputs, {k: np.array(v) for k, v in self.upstream.items()})
        return outputs, [Claim(label, value) for label, value in given]

    def number(self, state: State) -> float:
        """The number whose derivatives are wanted: the outputs, weighed by the derivatives above."""
        start_random_numbers()
        found = self.forward(state)
        return float(sum(np.sum(self.upstream[name] * as_floats(found[name])) for name in self.upstream))

    def recorded(self, state: State) -> Any:
        """The same number where something in the state is a Tensor."""
        start_random_numbers()
        found = self.forward(state)
        return sum(np.sum(self.upstream[name] * found[name]) for name in self.upstream)

    def truth(self, path: Path) -> Truth:
        """The derivative by what is at a path: recorded where that agrees with a few differences."""
        ways = directions(as_floats(take_leaf(self.state, path)))
        slopes = list(zip(ways, self.slopes_by(path, ways), strict=True))
        with quietly():
            found = recorded_truth(self.recorded, copy_state(self.state), path, slopes)
            return found or numeric_truth(self.number, lambda: copy_state(self.state), path)

    def slopes_by(self, path: Path, directions: Sequence[Any]) -> list[float]:
        """The derivatives along some directions of what is at a path."""
        if path not in self.slopes:
            with quietly():
                self.slopes[path] = [
                    slope_along(self.number, lambda: copy_state(self.state), path, d) for d in directions
                ]
        return self.slopes[path]


class SeededState(np.random.RandomState):
    """The older generator, the same each time also where no seed is given."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(0 if seed is None else seed)


class Deadline:
    """The end of some seconds of this thread's own work, so that the load of a machine changes little; and of
    some more by the clock."""

    def __init__(self, seconds: float, within: Deadline | None = None) -> None:
        self.work = time.thread_time() + seconds
        self.clock = time.monotonic() + min(LOADED * seconds, seconds + WAITING)
        self.within = within

    def is_over(self) -> bool:
        if self.within is not None and self.within.is_over():
            return True
        return time.thread_time() > self.work or time.monotonic() > self.clock


AT_EACH_CALL: ContextVar[Callable[[], Any]] = ContextVar("at_each_call", default=lambda: None)


@contextlib.contextmanager
def patiently(until: Deadline | None, tick: Callable[[], Any]) -> Iterator[None]:
    """Let each call of theirs give a sign of life, and none begin after some time: then OutOfPatience."""

    def look_at_clock() -> None:
        tick()
        if until is not None and until.is_over():
            raise OutOfPatience

    token = AT_EACH_CALL.set(look_at_clock)
    try:
        yield
    finally:
        AT_EACH_CALL.reset(token)


@contextlib.contextmanager
def quietly(seconds: float | None = None) -> Iterator[None]:
    """Random numbers from the start, nothing printed, no warnings; an end after some seconds if asked for."""
    AT_EACH_CALL.get()()
    start_random_numbers()
    old: Any = signal.SIG_DFL
    made, state_made = np.random.default_rng, np.random.RandomState
    np.random.default_rng = lambda seed=None: made(0 if seed is None else seed)
    np.random.RandomState = SeededState  # type: ignore[misc]
    timed = seconds is not None and threading.current_thread() is threading.main_thread()
    if timed and hasattr(signal, "setitimer"):
        old = signal.signal(signal.SIGALRM, end_call)
        signal.setitimer(signal.ITIMER_REAL, seconds or 0)
    try:
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        np.random.default_rng = made
        np.random.RandomState = state_made  # type: ignore[misc]
        if timed and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, old)


def start_random_numbers() -> None:
    """Let the generators that everybody shares begin anew."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the generator that people use


def end_call(*_: Any) -> None:
    raise TooLong


# What belongs to what


def bare_name(label: str) -> str:
    """A label without what says that it is a derivative, in lower case.

    >>> bare_name("dW1"), bare_name("grad_W1"), bare_name("grads['W1']"), bare_name("nabla_b")
    ('w1', 'w1', 'w1', 'b')
    """
    last = re.split(r"\.", label)[-1]
    if quoted := re.findall(r"\['([^']+)'\]", label):
        last = quoted[-1]
    index = "".join(re.findall(r"\[(\d+)\]", label))
    last = re.sub(r"\[.*", "", last).strip("_")
    short = PREFIX.sub("", last)
    return (short or last).strip("_").lower() + (f"[{index}]" if index else "")


def same_kind(a: str, b: str) -> bool:
    """Whether two names mean the same though they are written in two ways: weights and W, inputs and X."""
    for family in FAMILIES:
        if a in family and b in family:
            return True
    return a.replace("_", "") == b.replace("_", "")


FAMILIES = (
    {"w", "weights", "weight", "kernel", "kernels", "filters", "theta", "k"},
    {"b", "bias", "biases"},
    {"params", "param", "parameters", "grads", "grad", "gradients", "gradient"},
    {"x", "input", "inputs", "in", "a_prev", "aprev", "data", "inp", "prev", "a", "inputdata", "values"},
    {"h_prev", "prev_h", "hprev", "h0", "hidden", "a0"},
    {"c_prev", "prev_c", "cprev", "c0"},
)


def match_claims(claims: list[Claim], leaves: list[ArrayLeaf], known: Mapping[str, Path]) -> list[Claim]:
    """The claims, each with what it is the derivative by: as told, by its name, by its shape, or by its kind.

    Of those that are told, several may be by the same: a derivative, and a step along it.
    """
    sized = [leaf for leaf in leaves if as_floats(leaf.value).size]
    by_path = {leaf.path: leaf for leaf in sized}
    told = {i: known[c.label] for i, c in enumerate(claims) if known.get(c.label) in by_path}
    found = {i: by_path[path] for i, path in told.items()}
    free = [leaf for leaf in sized if leaf.path not in told.values()]
    for rule in (same_keys, same_name, like_name, same_shape, permuted_shape):
        for i, claim in enumerate(claims):
            if i not in found and (fits := [leaf for leaf in free if rule(claim, leaf)]):
                leaf = fits[0] if len(fits) == 1 or rule is not same_shape else best_in_order(claims, i, fits)
                found[i] = leaf
                free.remove(leaf)
    for kind in ("weights", "bias"):
        rest = [i for i, c in enumerate(claims) if i not in found and kind_by_name(c.label) == kind]
        left = [leaf for leaf in free if kind_by_name(leaf.last) == kind]
        found |= dict(zip(rest, left, strict=True)) if len(rest) == len(left) else {}
    return [Claim(c.label, c.value, found[i].path if i in found else None) for i, c in enumerate(claims)]


def best_in_order(claims: list[Claim], i: int, fits: list[ArrayLeaf]) -> ArrayLeaf:
    """Of several that fit, the first."""
    return fits[0]


def full_name(leaf: ArrayLeaf) -> str:
    return bare_name(leaf.last) + "".join(f"[{i}]" for i in leaf.index)


def same_keys(claim: Claim, leaf: ArrayLeaf) -> bool:
    """Whether several keys lead to both: grads['layer1']['W'] and params['layer1']['W']."""
    keys = [str(s) for s in leaf.path[1:] if isinstance(s, str | int)]
    told = [a or b for a, b in re.findall(r"\['([^']+)'\]|\[(\d+)\]", claim.label)]
    return len(keys) > 1 and [bare_name(k) for k in keys] == [bare_name(k) for k in told]


def same_name(claim: Claim, leaf: ArrayLeaf) -> bool:
    return bare_name(claim.label) == full_name(leaf)


def like_name(claim: Claim, leaf: ArrayLeaf) -> bool:
    a, b = bare_name(claim.label), full_name(leaf)
    index = re.compile(r"\[.*")
    return index.findall(a) == index.findall(b) and same_kind(index.sub("", a), index.sub("", b))


def kind_by_name(label: str) -> str:
    """Whether a name is that of weights, of a bias, or of neither: W1, grads['b2'], d_bias."""
    name = re.sub(r"[\d_]", "", bare_name(re.sub(r"[\[\]']", "", label.rpartition("[")[2]))).lower()
    kinds = {"weights": ("w", "weight", "weights", "kernel"), "bias": ("b", "bias", "biases")}
    return next((kind for kind, names in kinds.items() if name in names), "")


def same_shape(claim: Claim, leaf: ArrayLeaf) -> bool:
    """Whether a claim has the shape of what is at a path; one with a name of its own is none by labels.

    Nor is one that is called a bias one by weights.
    """
    if {kind_by_name(claim.label), kind_by_name(leaf.last)} == {"bias", "weights"}:
        return False
    if likely_label(leaf.last) and not re.match(r"^(result|self\.\w*$)", claim.label):
        return False
    return is_real_number(claim.value) and np.shape(claim.value) == np.shape(leaf.value)


def permuted_shape(claim: Claim, leaf: ArrayLeaf) -> bool:
    """Whether a result has the shape of the data with its axes in another order."""
    data = leaf.path[0] != "self" and not is_parameter(leaf.path) and not likely_label(leaf.last)
    named = re.match(r"result\b", claim.label) is not None
    return named and data and has_axes_exchanged(claim.value, leaf.value)


def has_axes_exchanged(x: Any, y: Any) -> bool:
    """Whether an array has the axes of another, which are several, in another order."""
    given, asked = np.shape(x), np.shape(y)
    return len(asked) > 2 and given != asked and sorted(given) == sorted(asked)


# The judgement


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one claim.

    `factor` is what it is too large by where that is all: 1.0 where it is right, m, 1 / m, or another number.
    """

    claim: Claim
    ok: bool
    said: str
    truth: Any = None
    factor: float | None = None


@dataclass
class Judgement:
    """What came of a trial: the verdicts on its claims, or what it raised."""

    trial: Trial
    verdicts: list[Verdict]
    outputs: Outputs
    raised: BaseException | None = None
    misfit: bool = False
    attempt: int = 0
    degenerate: bool = False
    unsure: bool = False
    unmatched: list[Claim] = field(default_factory=list)
    order: list[str] = field(default_factory=list)  # the labels of what came back, as it stood
    alternatives: list[Trial] = field(default_factory=list)  # other readings, where all of them raise

    @property
    def wrong(self) -> list[Verdict]:
        return [v for v in self.verdicts if not v.ok]

    @property
    def ok(self) -> bool:
        return self.raised is None and bool(self.verdicts) and not self.wrong

    @property
    def score(self) -> tuple[float, int]:
        """How much of it is right, for choosing the likeliest reading; m times is nearly right."""
        if self.raised is not None:
            return -99.0, 0
        scaled = sum(v.factor is not None for v in self.wrong)
        return sum(v.ok for v in self.verdicts) - len(self.wrong) + 1.5 * scaled, len(self.verdicts)


def judge_trial(trial: Trial, leaves: list[ArrayLeaf] | None = None, quick: bool = False) -> Judgement:
    """Play a trial and hold each claim against the truth.

    Args:
        trial: what is played.
        leaves: what claims may be the derivatives by, if not all that goes in.
        quick: whether claims that are wrong along some directions are left at that.

    Raises:
        Unplayable: its forward pass does not run, or nothing in what comes back is a derivative.
    """
    trial.upstream = trial.upstream or trial.derivatives_above(forward_outputs(trial))
    try:
        outputs, claims = trial.play()
    except Exception as error:
        trial.raised = error
        return Judgement(trial, [], outputs_or_none(trial), raised=error)
    order = [c.label for c in claims]
    leaves = leaves or [x for name, part in trial.state.items() for x in leaves_of(part, (name,))]
    claims = match_claims([c for c in claims if is_real_number(c.value)], float_leaves(leaves), trial.pairs)
    fitting = [c for c in claims if c.by is not None and fits(c, trial)]
    if fitting and not any(moves(c, trial) for c in fitting):
        raise Unplayable("nothing depends on what derivatives are given by")
    stray = [c for c in claims if c.by is None]
    missing = missing_claims(trial, claims, float_leaves(leaves))
    trial.misfit = any(c.by is not None and not fits(c, trial) for c in claims)
    trial.misfit = trial.misfit or (0 < len(missing) == len(stray) and not same_sizes(stray, missing, trial))
    verdicts = [verdict_on(c, trial, quick) for c in claims if c.by is not None]
    missing = missing or lost_input(trial, claims, leaves)
    trial.misfit = trial.misfit or leaves_out(claims, leaves)
    verdicts += verdicts_on_missing(stray, missing, trial)
    return Judgement(trial, verdicts, outputs, unmatched=stray, order=order)


def same_sizes(stray: list[Claim], missing: list[Claim], trial: Trial) -> bool:
    """Whether what came back is as large as what is missing: it is transposed, and made of all examples."""
    wanted = [np.size(take_leaf(trial.state, c.by)) for c in missing if c.by is not None]
    return wanted == [np.size(c.value) for c in stray]


def outputs_or_none(trial: Trial) -> Outputs:
    """The outputs, if the forward pass runs by itself."""
    try:
        return trial.outputs()
    except Exception:
        return {}


def verdicts_on_missing(stray: list[Claim], missing: list[Claim], trial: Trial) -> list[Verdict]:
    """What is said of derivatives that are not given; what came back in their places has another shape."""
    if len(stray) != len(missing):
        return [Verdict(c, False, "is not given") for c in missing]
    shapes = [np.shape(take_leaf(trial.state, c.by)) for c in missing if c.by is not None]
    return [
        Verdict(
            Claim(given.label, given.value, c.by), False, f"shape {np.shape(given.value)} instead of {shape}"
        )
        for given, c, shape in zip(stray, missing, shapes, strict=True)
    ]


def missing_claims(trial: Trial, claims: list[Claim], leaves: list[ArrayLeaf]) -> list[Claim]:
    """The derivatives that are not given though those of other parameters beside them are.

    A layer that gives db and no dW has lost it; one that gives dx alone leaves its parameters to others.
    """
    given = [c.by for c in claims if c.by is not None]
    held = {id(take_leaf(trial.state, path)) for path in given}
    shapes = [np.shape(c.value) for c in claims if c.by is None]
    groups = {group_of(path) for path in given if is_parameter(path)}
    return [
        Claim(leaf.text, None, leaf.path)
        for leaf in leaves
        if leaf.path not in given and id(leaf.value) not in held and np.shape(leaf.value) not in shapes
        and is_parameter(leaf.path) and group_of(leaf.path) in groups and np.ndim(leaf.value)
        and moves(Claim("", None, leaf.path), trial)
    ]  # fmt: skip


def lost_input(trial: Trial, claims: list[Claim], leaves: list[ArrayLeaf]) -> list[Claim]:
    """The derivative by the data, where the one result beside theirs has a shape that nothing has."""
    shapes = [np.shape(u) for u in trial.upstream.values()]
    stray = [c for c in claims if c.by is None and np.shape(c.value) not in shapes]
    data = [x for x in float_leaves(leaves) if x.path[0] != "self" and not is_parameter(x.path)]
    if [c.label for c in stray] != ["result"] or not data or likely_label(data[0].last):
        return []
    given = {c.by for c in claims if c.by is not None}
    if not given or given & {x.path for x in data} or not np.ndim(data[0].value):
        return []
    wanted = Claim(data[0].text, None, data[0].path)
    return [wanted] if moves(wanted, trial) else []


def leaves_out(claims: list[Claim], leaves: list[ArrayLeaf]) -> bool:
    """Whether one of several results without names is by nothing, and that by the data is not there."""
    given = {c.by for c in claims if c.by is not None}
    stray = [c for c in claims if c.by is None and re.match(r"result \d", c.label) and np.ndim(c.value)]
    data = [x for x in float_leaves(leaves) if x.path[0] != "self" and not is_parameter(x.path)]
    first = data[0] if data and not likely_label(data[0].last) else None
    return bool(given and stray and first is not None and first.path not in given)


def group_of(path: Path) -> Path:
    """What holds a parameter: an object, a dict, any layer of a list; () for the arguments of a function."""
    if len(path) > 1 and isinstance(path[-1], int):
        path = path[:-1]
    return tuple("*" if isinstance(step, int) else step for step in path[:-1])


def is_parameter(path: Path) -> bool:
    """Whether what is at a path is a parameter, not data."""
    names = [step_name(s) for s in path]
    if len(path) > 1 and names[0] != "self":
        return True
    return any(role_of(n) in PARAMETER_ROLES or WEIGHTS.search(n) for n in names if n)


def moves(claim: Claim, trial: Trial) -> bool:
    """Whether the outputs depend on what a claim is the derivative by, or the claim says that they do."""
    assert claim.by is not None
    x = as_floats(take_leaf(trial.state, claim.by))
    return bool(np.max(np.abs(trial.slopes_by(claim.by, directions(x))), initial=0) > 1e-12)


def directions(x: Any) -> list[Any]:
    """Some directions in which all entries of an array move."""
    draw = np.random.default_rng(5)
    return [draw.choice((-1.0, 1.0), size=x.shape) for _ in range(DIRECTIONS)]


def fits(claim: Claim, trial: Trial) -> bool:
    """Whether a claim has the shape of what it should be the derivative by."""
    shape = np.shape(take_leaf(trial.state, claim.by or ()))
    return bool(np.shape(claim.value) == shape or np.size(claim.value) == np.prod(shape, dtype=int) == 1)


def float_leaves(leaves: list[ArrayLeaf]) -> list[ArrayLeaf]:
    """What derivatives can be taken by: floats that are no derivatives themselves, labels last."""
    floats = [x for x in leaves if isinstance(x.value, float) or np.asarray(x.value).dtype.kind == "f"]
    inputs = [x for x in floats if not any(DERIVATIVE.search(step_name(s)) for s in x.path)]
    return sorted(inputs, key=lambda x: likely_label(x.last))


def likely_label(name: str) -> int:
    """How likely it is that a name means labels."""
    if re.match(
        r"^(t|targets?|labels?|y_?true|true_?\w*|want\w*|expected\w*|desired\w*|actual|gt|ground\w*)$",
        name,
        re.I,
    ):
        return 2
    return int(bool(re.match(r"^y(_?(train|batch|oh|hot|onehot|i|b))?$", name, re.I)))


def forward_outputs(trial: Trial) -> Outputs:
    try:
        outputs = trial.outputs()
    except Exception as error:
        raise Unplayable(f"{type(error).__name__}: {error}") from error
    if not outputs or not all(np.isfinite(x).all() and x.size for x in outputs.values()):
        raise Unplayable("the forward pass gives no finite numbers")
    return outputs


def verdict_on(claim: Claim, trial: Trial, quick: bool = False) -> Verdict:
    """Whether a claim is the derivative, or what else it is.

    Along a few directions in which all entries move the derivative costs two calls each, and a claim that is
    right along all of them is right. Only one that is not is compared entry by entry.
    """
    assert claim.by is not None
    factor = factor_along(claim, trial)
    if factor == 1.0:
        return Verdict(claim, True, "agrees", as_floats(claim.value), 1.0)
    if quick:
        return Verdict(claim, False, "differs", None, factor)
    return compare_claim(claim, trial.truth(claim.by), trial.m)


def factor_along(claim: Claim, trial: Trial) -> float | None:
    """What a claim is too large by along some directions: 1.0 if it is right; None if it is no one number."""
    assert claim.by is not None
    x = as_floats(take_leaf(trial.state, claim.by))
    given = as_floats(claim.value)
    if (given.shape != x.shape and not given.size == x.size == 1) or not np.isfinite(given).all():
        return None
    ways = directions(x)
    right = np.array(trial.slopes_by(claim.by, ways))
    told = np.array([np.sum(given.reshape(x.shape) * way) for way in ways])
    allowed = AGREES * max(np.max(np.abs(right)), np.sqrt(np.sum(given * given))) + 1e-9
    if np.all(np.abs(told - right) <= allowed):
        return 1.0
    factor = common_factor(told, right)
    return None if factor is None or not np.isfinite(factor) else round_factor(factor, trial.m)


def round_factor(factor: float, m: int) -> float:
    """A factor as exact as it is meant."""
    return next((f for f in (1 / m, float(m), -1.0) if abs(f - factor) < 1e-4 * abs(f)), factor)


def compare_claim(claim: Claim, truth: Truth, m: int) -> Verdict:
    right, given = truth.value, claim.value
    if np.shape(given) != right.shape:
        if np.size(given) == right.size == 1:
            given = np.reshape(given, right.shape)
        else:
            said = f"shape {np.shape(given)} instead of {right.shape}"
            return Verdict(claim, False, said, right)
    given = as_floats(given)
    if not np.isfinite(given).all():
        return Verdict(claim, False, "holds NaN or infinity", right)
    for factor in (1.0, 1 / m, float(m)):
        if close_to(given, factor * right, truth, factor):
            return Verdict(claim, factor == 1.0, factor_text(factor, m), right, factor)
    return Verdict(claim, False, other_text(given, right), right, common_factor(given, right))


def close_to(given: Any, right: Any, truth: Truth, factor: float = 1.0) -> bool:
    scale = np.max(np.abs(right), initial=0)
    allowed = AGREES * scale + 10 * truth.error * abs(factor) + 1e-10
    return bool(np.all(np.abs(given - right)[truth.known] <= allowed))


def factor_text(factor: float, m: int) -> str:
    return "agrees" if factor == 1 else f"{'m' if factor > 1 else '1/m'} times the derivative (m = {m})"


def other_text(given: Any, right: Any) -> str:
    factor = common_factor(given, right)
    if factor is not None:
        return "has the other sign" if abs(factor + 1) < AGREES else f"{factor:.4g} times the derivative"
    if given.ndim == 2 and given.shape[0] == given.shape[1] and np.allclose(given, right.T, rtol=1e-5):
        return "is transposed"
    apart = np.abs(given - right)
    i = np.unravel_index(int(np.argmax(apart)), apart.shape)
    index = f"[{', '.join(map(str, i))}]" if i else ""
    return f"{given[i] + 0.0:.4g} instead of {right[i] + 0.0:.4g}" + (f" at {index}" if index else "")


def common_factor(given: Any, right: Any) -> float | None:
    """The number that the derivative is multiplied by, if there is one."""
    size = float(np.sum(right * right))
    if size == 0:
        return None
    factor = float(np.sum(given * right)) / size
    return factor if factor and np.allclose(given, factor * right, rtol=1e-5, atol=1e-9) else None
