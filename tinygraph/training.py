"""`fit`: epochs of mini-batches over a model, with a history, a progress bar, early stopping and checkpoints.

Nothing random is kept between steps: the order of an epoch follows from the seed and the epoch, the masks of
a step from these and its number. So a run that was stopped goes on from its checkpoint to the last bit.
"""

from __future__ import annotations

import importlib.util
import math
import operator
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.engine.tensor import value_of
from tinygraph.errors import UserFileError
from tinygraph.files import arrays_of_parameters, assign, check_fit, check_place, load, save
from tinygraph.guards.faults import few_frames
from tinygraph.guards.modes import no_grad
from tinygraph.nn import Model, batches, count_examples
from tinygraph.optim import Adam, Optimizer
from tinygraph.plan import compile

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["History", "Run", "Settings", "fit", "validation_pair"]

AnyArray = Any
HISTORY_COLUMNS = ("epoch", "cost", "accuracy", "validation_cost", "validation_accuracy")
SHOWN_EVERY = 0.1  # seconds
ADVICE = "try a smaller learning rate; within `with tg.detect_nan():` the operation is found that made it"


class History:
    """What was measured: lists of the same length, a row per recorded epoch.

    `epoch` counts from 1; `cost` is the mean over the steps of the epoch, `accuracy` that on all examples
    after it; `validation_cost` and `validation_accuracy` are nan without validation; `norms` has, by name,
    the norm of each derivative. `stopped` says why training ended: "finished", "early", "interrupted", or
    "diverged", where the cost became nan.
    """

    def __init__(self) -> None:
        self.epoch: list[float] = []
        self.cost: list[float] = []
        self.accuracy: list[float] = []
        self.validation_cost: list[float] = []
        self.validation_accuracy: list[float] = []
        self.norms: dict[str, list[float]] = {}
        self.stopped = "finished"

    @property
    def watched(self) -> list[float]:
        """The costs that early stopping looks at."""
        given = not all(map(math.isnan, self.validation_cost))
        return self.validation_cost if given else self.cost

    def arrays(self) -> dict[str, AnyArray]:
        """All of it as arrays by name, to be kept."""
        columns = {f"history.{name}": np.array(getattr(self, name), float) for name in HISTORY_COLUMNS}
        return columns | {f"norms.{name}": np.array(norms) for name, norms in self.norms.items()}

    def append(self, row: tuple[float, ...], norms: dict[str, float]) -> None:
        """A row; nan for norms that are not measured any more, or were not before."""
        for name, measured in zip(HISTORY_COLUMNS, row, strict=True):
            getattr(self, name).append(measured)
        for name in norms | self.norms:
            known = self.norms.setdefault(name, [math.nan] * (len(self.epoch) - 1))
            known.append(norms.get(name, math.nan))

    def restore(self, kept: dict[str, AnyArray]) -> None:
        """Go on from `arrays`."""
        for name in HISTORY_COLUMNS:
            setattr(self, name, kept[f"history.{name}"].tolist())
        found = {name: x.tolist() for name, x in kept.items() if name.startswith("norms.")}
        self.norms = {name.removeprefix("norms."): norms for name, norms in found.items()}

    def __repr__(self) -> str:
        if not self.cost:
            return "History(nothing yet)"
        best = self.watched[position_of_lowest(self.watched)]
        return (
            f"History({self.stopped} at epoch {self.epoch[-1]:.0f}, J = {self.cost[-1]:.6g}, best {best:.6g})"
        )


def fit(
    model: Model,
    X: Any,
    Y: Any,
    *,
    epochs: int = 100,
    optimizer: Optimizer | None = None,
    learning_rate: Callable[[int], float] | None = None,
    batch_size: int | None = None,
    validation: tuple[Any, Any] | None = None,
    patience: int | None = None,
    every: int = 1,
    norms: bool = False,
    checkpoint: str | Path | None = None,
    checkpoint_every: float = 30.0,
    resume: bool = True,
    backend: str = "eager",
    seed: int = 1,
    progress: bool = True,
    console: Console | None = None,
) -> History:
    """Train a model on examples that are columns, changing its parameters, and return what was measured.

    Ctrl-C ends training after the step in progress: the checkpoint is whole, the model usable, and the same
    call goes on from there to the last bit as if it had not been stopped. A second Ctrl-C does not wait.
    Training ends with a warning where the cost becomes nan; the checkpoint is then of the time before.

    Args:
        model: a `tg.nn.Network`, or lines of your own as `tg.nn.Model(parameters, cost, output)`.
        X, Y: examples (n_0, m), and labels as the model's cost takes them; arrays or lists.
        epochs: how many times to go through all examples, counted from the start of a resumed run.
        optimizer: from `tg.optim`; Adam with its own settings if omitted.
        learning_rate: from epoch (0 at first) to rate, such as `tg.optim.inverse_decay(0.1)`.
        batch_size: examples in a step, in a new random order each epoch; all, in their order, if omitted.
        validation: X and Y of examples that are only measured.
        patience: stop after so many records without a lower cost, that of validation if there is one, and
            end with the parameters of the best.
        every: record each so many epochs.
        norms: record the norm of each derivative at the last step of an epoch too.
        checkpoint: a .npz or .safetensors file to keep the run in, about each `checkpoint_every` seconds and
            at the end.
        resume: go on from the checkpoint, if the file is there.
        backend: "eager", or what `tg.compile` takes: "numpy", "numba", "auto".
        seed: of the orders and the masks; the first weights have their own.
        progress: show a bar with cost, accuracy and the time left.
        console: where to show it; the terminal if omitted.

    Raises:
        ShapeError: X and Y, or those of the validation, have different numbers of examples or none.
        UserFileError: the checkpoint cannot be read or written, or is of another run.
        ValueError: a number is out of range; or for a `Network`, nan or inf among the examples, or labels of
            a sigmoid that are not between 0 and 1.
        TypeError: the model, optimizer or learning rate is of another kind.

    >>> import tinygraph as tg
    >>> X = np.random.default_rng(1).standard_normal((2, 200))
    >>> Y = (X[:1] * X[1:] > 0).astype(float)
    >>> network = tg.nn.Network([2, 8, 1], hidden="tanh")
    >>> history = fit(network, X, Y, epochs=60, batch_size=20, optimizer=tg.optim.Adam(0.05), progress=False)
    >>> network.accuracy(X, Y) > 0.95, len(history.cost)
    (True, 60)
    """
    path = None if checkpoint is None else Path(checkpoint)
    held_out = validation_pair(validation)
    settings = Settings(
        epochs, learning_rate, batch_size, held_out, patience, every, norms, path, checkpoint_every, seed
    )
    with few_frames():
        run = LocalRun(model, X, Y, optimizer or Adam(), settings, backend)
        return run.through(resume, progress, console)


@dataclass(frozen=True)
class Settings:
    """What `fit` was asked for."""

    epochs: int
    learning_rate: Callable[[int], float] | None
    batch_size: int | None
    validation: tuple[Any, Any] | None
    patience: int | None
    every: int
    norms: bool
    checkpoint: Path | None
    checkpoint_every: float
    seed: int

    def __post_init__(self) -> None:
        for name in ("epochs", "every", "patience", "batch_size", "seed"):
            check_whole(name, getattr(self, name), optional=name in ("patience", "batch_size"))
        if self.learning_rate is not None and not callable(self.learning_rate):
            raise TypeError(
                "learning_rate is a function of the epoch, such as tg.optim.inverse_decay(0.1), not "
                f"{self.learning_rate!r}; a rate that stays is the optimizer's: optimizer=tg.optim.Adam(0.01)"
            )
        if self.checkpoint is not None:
            check_place(self.checkpoint)


def check_whole(name: str, number: Any, optional: bool) -> None:
    """Raise a ValueError unless it is a whole number, of 1 or more, and for seeds of 0 or more."""
    least = 0 if name == "seed" else 1
    try:
        right = (optional and number is None) or operator.index(number) >= least
    except TypeError:
        right = False
    if not right:
        raise ValueError(f"{name} is a whole number, {least} or more, not {number!r}")


class Run:
    """A run of `fit`: the model, its optimizer, and where in the epochs and steps it is.

    Where the examples are, and how a step is taken with them, is for others to say: see `LocalRun`.
    """

    def __init__(self, model: Model, optimizer: Optimizer, settings: Settings, m: int) -> None:
        if not isinstance(model, Model):
            raise TypeError(f"fit trains a tg.nn.Network or a tg.nn.Model, not {model!r}")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer is an object such as tg.optim.Adam(0.01), not {optimizer!r}")
        self.model, self.optimizer, self.settings, self.m = model, optimizer, settings, m
        self.steps = math.ceil(m / settings.batch_size) if settings.batch_size else 1  # in an epoch
        self.epoch, self.batch, self.total = 0, 0, 0.0  # done: epochs, and of the next: steps, sum of costs
        self.best: dict[str, AnyArray] = {}
        self.history = History()
        self.saved = monotonic()

    def batches(self) -> Iterator[Callable[[], float]]:
        """The steps of this epoch; each gives the cost of its examples, summed over them."""
        raise NotImplementedError

    def accuracy(self) -> float:
        """The share of all examples that the model has right; nan if it has no classes."""
        raise NotImplementedError

    def norms(self) -> dict[str, float]:
        """The norm of each derivative at the last step."""
        raise NotImplementedError

    def through(self, resume: bool, progress: bool, console: Console | None) -> History:
        """All of the run, from the checkpoint if it is there."""
        path, held_out = self.settings.checkpoint, self.settings.validation
        if held_out is not None:
            self.try_out(*held_out)
        with catch_interruptions() as pressed:
            if path is not None and resume and path.exists():
                self.resume(path)
            with Bar(self, progress, console) as bar:
                self.go(pressed, bar)
        return self.history

    def go(self, pressed: threading.Event, bar: Bar) -> None:
        """Epochs until all are done, nothing improves any more, or Ctrl-C was pressed."""
        epochs = self.settings.epochs
        while self.epoch < epochs and not (self.waited_enough() or self.diverged or pressed.is_set()):
            self.go_through(pressed, bar)
        self.history.stopped = self.reason()
        if self.diverged:
            warnings.warn(f"the cost became nan in epoch {self.epoch + 1}: {ADVICE}", stacklevel=4)
        else:
            self.keep()
        if self.best and self.history.stopped != "interrupted":
            assign(self.model.parameters, self.best)

    def reason(self) -> str:
        """Why training ended."""
        if self.diverged:
            return "diverged"
        if self.waited_enough():
            return "early"
        return "finished" if self.epoch >= self.settings.epochs else "interrupted"

    @property
    def diverged(self) -> bool:
        """Whether the cost of a step was nan: what follows would be nan as well."""
        return math.isnan(self.total)

    def go_through(self, pressed: threading.Event, bar: Bar) -> None:
        """The steps that are left of an epoch, and its record."""
        if self.settings.learning_rate is not None:
            self.optimizer.learning_rate = self.settings.learning_rate(self.epoch)
        for i, step in enumerate(self.batches()):
            if i < self.batch:  # done before the run was stopped
                continue
            if monotonic() - self.saved > self.settings.checkpoint_every:
                self.keep()
            self.total += step()
            self.batch += 1
            bar.show()
            if self.diverged or (pressed.is_set() and self.batch < self.steps):
                return
        self.end_epoch()

    def random(self, *place: int) -> np.random.Generator:
        """The generator for one place in this epoch: its order, or the masks of a step."""
        return np.random.default_rng([self.settings.seed, self.epoch, *place])

    # Records

    def end_epoch(self) -> None:
        cost = self.total / self.m
        self.epoch, self.batch, self.total = self.epoch + 1, 0, 0.0
        if self.epoch % self.settings.every == 0:
            self.record(cost)
            watched = self.history.watched
            if self.settings.patience is not None and position_of_lowest(watched) == len(watched) - 1:
                self.best = {name: p.value.copy() for name, p in self.model.parameters.items()}

    def record(self, cost: float) -> None:
        held_out = self.settings.validation
        measured = self.measure(*held_out) if held_out else (math.nan, math.nan)
        norms = self.norms() if self.settings.norms else {}
        self.history.append((self.epoch, cost, self.accuracy(), *measured), norms)

    def try_out(self, X: Any, Y: Any) -> None:
        """Measure what was held out once, so that its errors come before anything is changed."""
        try:
            self.model.check(X, Y)
            self.measure(X, Y)
        except Exception as error:
            error.add_note("This is about the validation.")
            raise

    def measure(self, X: Any, Y: Any) -> tuple[float, float]:
        """The cost and the accuracy of these examples."""
        with no_grad():
            cost = float(value_of(self.model.cost(X, Y)))
        return cost, self.model.accuracy(X, Y) if self.model.classifies else math.nan

    def waited_enough(self) -> bool:
        """Whether the best record is `patience` records ago."""
        patience, watched = self.settings.patience, self.history.watched
        return patience is not None and len(watched) - 1 - position_of_lowest(watched) >= patience

    # Checkpoints

    @property
    def identity(self) -> str:
        """What has to be the same for a run to go on."""
        size = self.settings.batch_size
        batches = f"batches of {size}" if size else "all in a step"
        kind = type(self.optimizer).__name__
        return f"{self.model!r}, {kind}, seed {self.settings.seed}, {self.m} examples, {batches}"

    def keep(self) -> None:
        """Write all that the run is, whole or not at all."""
        self.saved = monotonic()
        if self.settings.checkpoint is None:
            return
        place = np.array([self.epoch, self.batch, self.total])
        best = {f"best.{name}": x for name, x in self.best.items()}
        state = self.optimizer.state(self.model.parameters)
        fit = {"fit.identity": np.frombuffer(self.identity.encode(), np.uint8), "fit.place": place}
        known = {**state, **best, **fit, **self.history.arrays()}
        save(self.settings.checkpoint, {**self.model.parameters, **known})

    def resume(self, path: Path) -> None:
        """Go on from what was kept."""
        kept = load(path)
        if "fit.identity" not in kept:
            raise UserFileError(f"{path} is no checkpoint of fit; resume=False writes a new one over it")
        identity = kept["fit.identity"].tobytes().decode()
        if identity != self.identity:
            raise UserFileError(
                f"{path} is of another run: of {identity}; here it is {self.identity}. "
                "resume=False starts afresh and writes over it"
            )
        parameters, state = self.model.parameters, self.optimizer.state(self.model.parameters)
        check_fit(arrays_of_parameters(parameters) | state, kept, str(path))  # before any is set
        assign(parameters, kept, str(path))
        self.optimizer.restore(parameters, kept)
        self.epoch, self.batch = map(int, kept["fit.place"][:2])
        self.total = float(kept["fit.place"][2])
        self.best = {name[5:]: x for name, x in kept.items() if name.startswith("best.")}
        self.history.restore(kept)


class LocalRun(Run):
    """A run over arrays that are here."""

    def __init__(
        self, model: Model, X: Any, Y: Any, optimizer: Optimizer, settings: Settings, backend: str
    ) -> None:
        self.X, self.Y = as_array(X), as_array(Y)
        super().__init__(model, optimizer, settings, count_examples(self.X, self.Y))
        model.check(self.X, self.Y)
        self.step = self.eager_step if backend == "eager" else self.compiled_step(backend)
        self.last: tuple[Any, ...] = ()  # the examples of the last step

    def eager_step(self, *examples: Any) -> Any:
        J = self.model.cost(*examples)
        self.optimizer.update(self.model.parameters, J.backward())
        return J.value

    def compiled_step(self, backend: str) -> Callable[..., Any]:
        return compile(self.model.cost, self.model.parameters, optimizer=self.optimizer, backend=backend)

    def batches(self) -> Iterator[Callable[[], float]]:
        size = self.settings.batch_size
        examples = [(self.X, self.Y)] if size is None else batches(self.X, self.Y, size, self.random())
        return (partial(self.take, i, x, y) for i, (x, y) in enumerate(examples))

    def take(self, i: int, x: Any, y: Any) -> float:
        m = int(x.shape[-1])
        self.last = (x, y, *self.model.draw_masks(m, self.random(i + 1)))
        return float(self.step(*self.last)) * m

    def accuracy(self) -> float:
        return self.model.accuracy(self.X, self.Y) if self.model.classifies else math.nan

    def norms(self) -> dict[str, float]:
        chain = self.model.cost(*self.last).backward().chain()
        return {name: float(np.linalg.norm(derivative)) for name, derivative in chain.items()}


def as_array(examples: Any) -> Any:
    """The array of a Tensor, of a list of lists; any kind of array as it is."""
    value = value_of(examples)
    return value if hasattr(value, "shape") else np.asarray(value)


def validation_pair(validation: Any) -> tuple[Any, Any] | None:
    """X and Y of the validation as arrays, if there is one."""
    if validation is None:
        return None
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise ValueError(f"validation is a pair, (X, Y), not one {type(validation).__name__}")
    X, Y = map(as_array, validation)
    return X, Y


def position_of_lowest(costs: list[float]) -> int:
    """The position of the lowest cost; nan is never it."""
    return min(range(len(costs)), key=lambda i: (math.isnan(costs[i]), costs[i]), default=0)


@contextmanager
def catch_interruptions() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets instead of breaking off; pressed again, it breaks off."""
    pressed = threading.Event()

    def note(number: int, frame: Any) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    # Signals are the main thread's; a shell's background jobs ignore this one, and so do we then.
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield pressed
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


class Bar:
    """The progress bar: epochs, cost, accuracy, the time left; and a word at the end."""

    def __init__(self, run: Run, shown: bool, console: Console | None) -> None:
        self.run, self.epochs = run, run.settings.epochs
        self.last = -math.inf
        self.progress = progress_bar(console, not shown)

    def __enter__(self) -> Bar:
        self.progress.start()
        done = self.run.epoch * self.run.steps + self.run.batch
        self.task = self.progress.add_task(
            "training", total=self.epochs * self.run.steps, completed=done, told=""
        )
        return self

    def show(self) -> None:
        """What the run has reached, unless that was said a moment ago."""
        if monotonic() - self.last > SHOWN_EVERY:
            self.last = monotonic()
            done = self.run.epoch * self.run.steps + self.run.batch
            self.progress.update(self.task, completed=done, told=self.status_text())

    def status_text(self) -> str:
        history, epochs = self.run.history, f"{self.run.epoch}/{self.epochs}"
        if not history.cost:
            return epochs
        train = measured_text("J =", history.cost[-1], history.accuracy[-1])
        held_out = measured_text("  validation", history.validation_cost[-1], history.validation_accuracy[-1])
        return f"{epochs}  {train}{held_out}"

    def __exit__(self, *exception: object) -> None:
        self.last = -math.inf
        self.show()
        if not self.progress.disable:  # older versions of rich then print an empty line
            self.progress.stop()
        if self.run.history.stopped == "interrupted" and not self.progress.disable:
            path = self.run.settings.checkpoint
            kept = f"; {path} is whole, to resume from" if path else ""
            self.progress.console.print(f"Stopped in epoch {self.run.epoch + 1} of {self.epochs}{kept}.")


def measured_text(name: str, cost: float, accuracy: float) -> str:
    """A cost and an accuracy in words, if they were measured."""
    if math.isnan(cost):
        return ""
    return f"{name} {cost:.4f}" + ("" if math.isnan(accuracy) else f", {accuracy:.1%}")


def progress_bar(console: Console | None, disable: bool) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    if console is None and importlib.util.find_spec("ipywidgets") is None:
        # In a notebook without widgets rich would warn and show nothing: so the bar is printed at the end.
        console = Console(force_jupyter=False)
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}", markup=False)
    return Progress(*columns, TimeRemainingColumn(), console=console, disable=disable)
