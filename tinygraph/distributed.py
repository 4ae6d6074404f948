"""`fit` over the workers of a Dask cluster, for more examples than one machine holds.

X and Y are Dask arrays, chunked along the examples. Each chunk stays on a worker. A step hands the
parameters from worker to worker, down a tree; each computes the summed derivatives of its chunks with a
compiled step; the sums are added up pairwise on the workers, neighbours first, and one vector of the size of
the parameters comes back to the client, which updates. The order of additions follows from the chunks alone:
not from how many workers there are, which of them died, or which joined.

Every step is made of pure functions of data that Dask can make again, so a worker that dies costs the tasks
that it had in hand.
"""

from __future__ import annotations

import copyreg
import math
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.engine.tensor import Tensor, distinct_parameters, parameter, tensor
from tinygraph.errors import GraphError, ShapeError
from tinygraph.extras import needed_package
from tinygraph.guards.faults import few_frames
from tinygraph.guards.stories import describe
from tinygraph.nn import Model, Network
from tinygraph.notation.names import own_name
from tinygraph.optim import Adam, Optimizer
from tinygraph.plan import compile
from tinygraph.training import History, Run, Settings, validation_pair

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["accuracy", "fit", "from_npy"]

CONNECT = "3s"  # for a worker to answer another
FAN_OUT = 4  # workers that share a copy of the parameters, and copies made of one
Batch = tuple[tuple[int, int], int, int]  # seed and epoch, and the part of so many
_prepared: dict[str, dict[int, Any]] = {}  # in a worker: models and compiled steps, by run and thread


def fit(
    model: Model,
    X: Any,
    Y: Any,
    *,
    client: Any,
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
    backend: str = "numpy",
    seed: int = 1,
    progress: bool = True,
    console: Console | None = None,
) -> History:
    """`tg.fit` over a Dask cluster: the same arguments, history, checkpoints and Ctrl-C, and the same result.

    A step over all examples is that of one machine, but for rounding. With `batch_size`, the examples of each
    chunk are shuffled by the seed, the epoch and the chunk, and each step takes the next part of every chunk,
    in proportion to its size: every example once in an epoch, whatever the cluster.

    Args:
        model: a `tg.nn.Network`, or a `tg.nn.Model` whose cost is a mean over its examples.
        X, Y: Dask arrays (n_0, m) and (n_L, m) or (m,), in the same chunks along the last axis, and in one
            chunk along others. Nothing of them is gathered on the client.
        client: a `dask.distributed.Client`.
        validation: a pair of arrays on the client, small enough for it.
        epochs, ..., console: as in `tg.fit`.
        backend: what `tg.compile` takes.

    Raises:
        ShapeError: X and Y are not chunked alike, or in chunks of unknown size, or have no examples.
        ValueError: what `tg.fit` refuses of settings and examples; these the workers look at. Or the client
            is closed.
        TypeError: what `tg.fit` refuses; X or Y is no Dask array, client no `Client` or an asynchronous one.
        MissingPackageError: Dask is not installed: `pip install "tinygraph[distributed]"`.
        distributed.KilledWorker: several workers died of the same task; otherwise, what a task raises.

    >>> import dask.array as da
    >>> from distributed import Client
    >>> X = da.random.default_rng(1).standard_normal((2, 600), chunks=(2, 150))
    >>> network = Network([2, 8, 1], hidden="tanh")
    >>> with Client(processes=False, dashboard_address=":0") as client:
    ...     history = fit(network, X, (X[:1] * X[1:] > 0) * 1.0, client=client, epochs=5, progress=False)
    >>> len(history.cost)
    5
    """
    path = None if checkpoint is None else Path(checkpoint)
    settings = Settings(
        epochs,
        learning_rate,
        batch_size,
        validation_pair(validation),
        patience,
        every,
        norms,
        path,
        checkpoint_every,
        seed,
    )
    run = ClusterRun(model, optimizer or Adam(), settings, chunk_sizes(X, Y))
    with few_frames(), on_workers(client, model, X, Y, backend) as run.cluster:
        run.cluster.check()
        return run.through(resume, progress, console)


def accuracy(model: Model, X: Any, Y: Any, *, client: Any) -> float:
    """The share of the examples that the model has right, counted on the workers.

    Args and what is raised are those of `fit`.

    >>> import dask.array as da
    >>> from distributed import Client
    >>> X = da.ones((2, 600), chunks=(2, 150))
    >>> with Client(processes=False, dashboard_address=":0") as client:
    ...     accuracy(Network([2, 1], method="zeros"), X, X[:1] * 0, client=client)
    1.0
    """
    with few_frames(), on_workers(client, model, X, Y, "numpy") as cluster:
        return cluster.accuracy()


def from_npy(path: str | Path, examples: int) -> Any:
    """A Dask array of the array in a .npy file, in chunks of so many examples (its last axis).

    Workers read their own chunks, and must find the file under the same path. (`da.from_array` of an array
    mapped from a file would send all of it through the client.)

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it has no array of numbers, or that no examples; or a chunk would have none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/X.npy", np.arange(15.0).reshape(3, 5))
    ...     X = from_npy(f"{folder}/X.npy", examples=2)
    >>> X.chunks
    ((3,), (2, 2, 1))
    """
    dask_package()
    import dask.array as da
    from dask.delayed import delayed

    if not isinstance(examples, int | np.integer) or examples < 1:
        raise ValueError(f"examples is the size of a chunk, a whole number of 1 or more, not {examples!r}")
    path = Path(path).resolve()
    whole = np.load(path, mmap_mode="r")
    if not whole.ndim or not whole.shape[-1]:
        raise ValueError(f"{path} has no examples, which are along the last axis; its array is {whole.shape}")
    *others, m = whole.shape
    parts = [
        da.from_delayed(delayed(read_part)(path, start, end), (*others, end - start), whole.dtype)
        for start, end in pairwise([*range(0, m, examples), m])
    ]
    return da.concatenate(parts, axis=-1)


def read_part(path: Path, start: int, end: int) -> Any:
    """Some examples of the array in a file."""
    return np.array(np.load(path, mmap_mode="r")[..., start:end])


class ClusterRun(Run):
    """A run over chunks that are on workers."""

    cluster: Cluster

    def __init__(self, model: Model, optimizer: Optimizer, settings: Settings, sizes: list[int]) -> None:
        super().__init__(model, optimizer, settings, sum(sizes))
        self.derivatives: list[Any] = []  # of the last step

    @property
    def identity(self) -> str:
        """That of one machine, and where there are batches, the chunks, which decide their order."""
        if self.settings.batch_size is None:
            return super().identity
        alike = (f"{len(list(sizes))} of {size}" for size, sizes in groupby(self.cluster.sizes))
        return f"{super().identity} from chunks: {', '.join(alike)}"

    def batches(self) -> Iterator[Callable[[], float]]:
        return (partial(self.take, i) for i in range(self.steps))

    def take(self, i: int) -> float:
        """One step: what the workers found, the penalty, and the update."""
        place, n = (self.settings.seed, self.epoch), self.steps
        total = self.cluster.total((*place, i + 1), self.examples(i), self.examples(i + 1))
        *flat, summed = np.split(total, self.cluster.ends)
        cost, m = float(summed[0]), sum(part_size(size, i, n) for size in self.cluster.sizes)
        parameters = distinct_parameters(self.model.parameters)
        self.derivatives = [x.reshape(p.shape) / m for x, p in zip(flat, parameters, strict=True)]
        cost += m * self.add_penalty(m)
        self.optimizer.update(parameters, FoundDerivatives(self.derivatives))  # type: ignore[arg-type]
        return cost

    def examples(self, i: int) -> Batch | None:
        """Batch i from the start of this epoch, which may be the first of the next."""
        if self.settings.batch_size is None:
            return None
        epochs, i = divmod(i, self.steps)
        return (self.settings.seed, self.epoch + epochs), i, self.steps

    def add_penalty(self, m: int) -> float:
        """What L2 adds to the cost and the derivatives: once, not in every chunk."""
        penalty = self.model.penalty(m) if isinstance(self.model, Network) and self.model.l2 else None
        if penalty is None:
            return 0.0
        d = penalty.backward()
        for p, derivative in zip(distinct_parameters(self.model.parameters), self.derivatives, strict=True):
            if p in d:
                derivative += d[p]
        return float(penalty.value)

    def accuracy(self) -> float:
        return self.cluster.accuracy() if self.model.classifies else math.nan

    def norms(self) -> dict[str, float]:
        parameters = self.model.parameters
        found = dict(zip(distinct_parameters(parameters), self.derivatives, strict=True))
        return {f"d{name}": float(np.linalg.norm(found[p])) for name, p in parameters.items()}


class FoundDerivatives:
    """Derivatives in the order of the parameters, as an optimizer asks for them."""

    def __init__(self, derivatives: list[Any]) -> None:
        self.derivatives = derivatives

    def of(self, parameters: Any) -> list[Any]:
        """The derivatives of all parameters: an optimizer never asks for fewer."""
        return self.derivatives


# The cluster, from the client


@contextmanager
def on_workers(client: Any, model: Model, X: Any, Y: Any, backend: str) -> Iterator[Cluster]:
    """The chunks on the workers, until the block ends."""
    check_client(client)
    if not isinstance(model, Model):
        raise TypeError(f"the model is a tg.nn.Network or a tg.nn.Model, not {model!r}")
    with Workers(client) as workers, Cluster(client, workers, model, X, Y, backend) as cluster:
        yield cluster


class Workers:
    """The addresses of the workers, and word of those that die or join, which the scheduler sends."""

    def __init__(self, client: Any) -> None:
        self.client, self.name = client, f"tinygraph-{uuid.uuid4().hex}"
        self.news = threading.Event()
        self.addresses: list[str] = []

    def __enter__(self) -> Workers:
        news = self.news  # not self: the client forgets none of its handlers
        self.client.subscribe_topic(self.name, lambda event: news.set())
        try:
            self.client.register_plugin(on_scheduler(self.name, self.client.id), name=self.name)
            with suppress(OSError):  # a worker that dies meanwhile; those that join have it in any case
                self.client.register_plugin(on_worker(self.name), name=self.name)
            self.addresses = self.look()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """No more word, nor impatience, where there is still somebody to tell."""
        close = self.client.unregister_worker_plugin, self.client.unregister_scheduler_plugin
        for forget in (*close, self.client.unsubscribe_topic):
            if self.client.status == "running":
                with suppress(OSError, ValueError):  # a worker or the scheduler that died, or started afresh
                    forget(self.name)

    def look(self) -> list[str]:
        """The workers there are, in a fixed order; where there is none, it waits for one."""
        self.news.clear()
        while True:
            # A task: where workers come for work alone, it brings one.
            self.client.submit(last_argument, 0, pure=False).result()
            if addresses := sorted(self.client.nthreads()):
                return addresses

    def has_changed(self) -> bool:
        """Whether the addresses are others than when this was asked before."""
        before, self.addresses = self.addresses, self.look()
        return before != self.addresses


class Cluster:
    """Chunks of examples on workers, and what is asked of all of them at once."""

    def __init__(self, client: Any, workers: Workers, model: Model, X: Any, Y: Any, backend: str) -> None:
        self.client, self.workers, self.model = client, workers, model
        self.sizes = chunk_sizes(X, Y)
        self.ends = np.cumsum([p.size for p in distinct_parameters(model.parameters)])
        self.recipe = dask_package().protocol.pickle.dumps((model, backend))
        self.sent: Any = None  # the recipe, on a worker
        self.chunks = self.spread(X, Y)
        self.picked: dict[Batch, dict[int, Any]] = {}  # examples of batches to come

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *exception: object) -> None:
        """Let go of all that is on workers, also where the exception holds on to this cluster."""
        self.chunks, self.picked, self.sent = {}, {}, None

    def spread(self, X: Any, Y: Any) -> dict[int, Any]:
        """A future of (x, y) for each chunk, neighbours on the same worker."""
        from dask.delayed import delayed

        pairs = [delayed(tuple)(pair) for pair in zip(*(a.to_delayed().ravel() for a in (X, Y)), strict=True)]
        return {
            c: self.client.compute(pairs[c], workers=[home], allow_other_workers=True)
            for c, home in self.homes().items()
        }

    def submit(self, function: Callable[..., Any], *given: Any, home: str) -> Any:
        """A task for one worker; should it be gone or paused, Dask gives it to another."""
        return self.client.submit(function, *given, workers=[home], allow_other_workers=True, pure=False)

    def homes(self) -> dict[int, str]:
        """The worker of each chunk: shares as equal as can be, neighbours together."""
        workers, n = self.workers.addresses, len(self.sizes)
        return {c: workers[c * len(workers) // n] for c in range(n)}

    def move(self) -> None:
        """Give the chunks their homes on the workers that there are now."""
        if self.workers.has_changed():
            self.picked = {}
            self.chunks = self.each(last_argument, self.chunks)

    def each(
        self, function: Callable[..., Any], *things: dict[int, Any], given: tuple[Any, ...] = ()
    ) -> dict[int, Any]:
        """`function(*given, c, *the things of chunk c)` at the home of each chunk."""
        return {
            c: self.submit(function, *given, c, *(x[c] for x in things), home=home)
            for c, home in self.homes().items()
        }

    def examples(self, batch: Batch | None) -> dict[int, Any]:
        """The examples of a batch, chunk by chunk; workers begin to pick them at once."""
        if batch is None:
            return self.chunks
        if batch not in self.picked:
            self.picked[batch] = self.each(chunk_examples, self.chunks, given=batch)
        return self.picked[batch]

    def total(self, place: tuple[int, ...], batch: Batch | None, following: Batch | None) -> Any:
        """The derivatives and the cost, summed over all examples: one vector."""
        total = self.ask_with_parameters(chunk_derivatives, (place,), batch, following)
        self.picked.pop(batch, None)  # type: ignore[arg-type]
        return total

    def check(self) -> None:
        """Raise what `Model.check` does of the examples in any chunk."""
        self.ask_with_parameters(check_chunk)

    def accuracy(self) -> float:
        """The share of all examples that are right."""
        return float(self.ask_with_parameters(count_right_in_chunk)) / sum(self.sizes)

    def ask_with_parameters(
        self,
        function: Callable[..., Any],
        given: tuple[Any, ...] = (),
        batch: Batch | None = None,
        following: Batch | None = None,
    ) -> Any:
        """The sum of what a function finds in each chunk, with the parameters as they are.

        A worker that joins has its share from here on; what one that dies had in hand, Dask gives to others.
        """
        if self.workers.news.is_set():
            self.move()
        answer = self.ask(function, given, batch)
        self.examples(following)
        try:
            return answer.result()
        finally:
            answer.release()  # whoever keeps an error would keep this too

    def ask(self, function: Callable[..., Any], given: tuple[Any, ...], batch: Batch | None) -> Any:
        """The future of the sum over all chunks of what a function finds in each."""
        recipe, theta = self.send_out()
        of_all = (self.workers.name, recipe, *given)
        return self.add_up(self.each(function, self.examples(batch), self.copies(theta), given=of_all))

    def send_out(self) -> tuple[Any, Any]:
        """The model, and the parameters as they are.

        They are arguments of tasks, not scattered: so Dask can make them again for others.
        """
        theta = np.concatenate([p.value.ravel() for p in self.model.parameters.values()])
        first = self.workers.addresses[0]
        with LARGE_GRAPHS:
            self.sent = self.sent or self.submit(last_argument, self.recipe, home=first)
            return self.sent, self.submit(last_argument, theta, home=first)

    def copies(self, theta: Any) -> dict[int, Any]:
        """The parameters for each chunk: FAN_OUT workers share a copy, and FAN_OUT copies are made of one.

        With a single copy, its worker would send it to all others, one after the other.
        """
        copies = [theta]
        for g, leader in enumerate(self.workers.addresses[FAN_OUT::FAN_OUT]):
            copies.append(self.submit(last_argument, copies[g // FAN_OUT], home=leader))
        nearest = {worker: copies[w // FAN_OUT] for w, worker in enumerate(self.workers.addresses)}
        return {c: nearest[home] for c, home in self.homes().items()}

    def add_up(self, of_chunks: dict[int, Any]) -> Any:
        """The future of the sum: two neighbours at a time, on the worker of the first, until one is left."""
        tasks, homes = list(of_chunks.values()), list(self.homes().values())
        while len(tasks) > 1:
            odd = tasks[len(tasks) & ~1 :]
            pairs = zip(tasks[::2], tasks[1::2], homes[::2], strict=False)
            sums = [self.submit(np.add, x, y, home=home) for x, y, home in pairs]
            tasks, homes = sums + odd, homes[::2]
        return tasks[0]


def on_scheduler(name: str, owner: str) -> Any:
    """What lets the scheduler tell a client of workers that die or join, under this name."""
    from distributed import SchedulerPlugin

    class Telling(SchedulerPlugin):
        def add_worker(self, scheduler: Any, worker: str) -> None:
            # What is left when all workers are gone, Dask keeps for them, though others may do it: as this.
            left = [t for t in scheduler.unrunnable if t.loose_restrictions and t.worker_restrictions]
            scheduler.set_restrictions({t.key: {*t.worker_restrictions, worker} for t in left})
            scheduler.log_event(name, worker)

        def remove_worker(self, scheduler: Any, worker: str, **why: Any) -> None:
            scheduler.log_event(name, worker)

        def remove_client(self, scheduler: Any, client: str) -> None:
            if client == owner:  # it died: what it left here goes too
                scheduler.remove_plugin(name)
                scheduler.loop.add_callback(scheduler.unregister_worker_plugin, None, name)

    return Telling()


def on_worker(name: str) -> Any:
    """What lets workers, those that join too, give up soon on one that died: they wait half a minute else."""
    from distributed import WorkerPlugin

    class Impatient(WorkerPlugin):
        def setup(self, worker: Any) -> None:
            begin_run()

        def teardown(self, worker: Any) -> None:
            end_run(name)

    return Impatient()


class HeldSetting:
    """A setting of Dask in this process, for as long as any run needs it."""

    def __init__(self, name: str, value: str) -> None:
        self.setting, self.users, self.lock = {name: value}, 0, threading.Lock()

    def __enter__(self) -> None:
        import dask

        with self.lock:
            self.users += 1
            if self.users == 1:
                self.changed: Any = dask.config.set(self.setting)

    def __exit__(self, *exception: object) -> None:
        with self.lock:
            self.users -= 1
            if self.users == 0:
                self.changed.__exit__(None, None, None)


IMPATIENT = HeldSetting("distributed.comm.timeouts.connect", CONNECT)
LARGE_GRAPHS = HeldSetting(
    "distributed.admin.large-graph-warning-threshold", "1 TiB"
)  # no warning of large parameters


def part_size(size: int, i: int, n: int) -> int:
    """How many examples of a chunk of this size are in part i of n."""
    return size // n + (i < size % n)


def chunk_sizes(X: Any, Y: Any) -> list[int]:
    """How many examples each chunk has, once X and Y agree on it."""
    for name, array in {"X": X, "Y": Y}.items():
        if not hasattr(array, "chunks"):
            kind = type(array).__name__
            raise TypeError(
                f"{name} is a Dask array, such as da.from_array({name}, chunks=...), not of {kind}"
            )
    sizes, others = X.chunks[-1], Y.chunks[-1]
    if any(map(math.isnan, (*sizes, *others))):
        raise ShapeError("X or Y has chunks of unknown size; call their compute_chunk_sizes() first")
    if sizes != others or any(len(c) > 1 for c in (*X.chunks[:-1], *Y.chunks[:-1])):
        raise ShapeError(
            f"X and Y are chunked along the examples alone, and alike; X has the chunks {X.chunks}, "
            f"Y {Y.chunks}: use .rechunk({{0: -1, 1: n}}), or {{0: n}} for labels of one axis"
        )
    if not sum(sizes):
        raise ShapeError(f"X {X.shape} has no examples")
    return list(sizes)


def check_client(client: Any) -> None:
    """Raise a TypeError unless it is a client that can be asked here and now."""
    if not isinstance(client, dask_package().Client) or client.asynchronous:
        kind = "an asynchronous one" if hasattr(client, "asynchronous") else repr(client)
        raise TypeError(
            f"client is a dask.distributed.Client, such as Client('tcp://scheduler:8786'), not {kind}"
        )
    if client.status != "running":
        raise ValueError(f"the client is {client.status}; connect anew: Client('tcp://scheduler:8786')")


def dask_package() -> Any:
    with needed_package("training on a cluster needs", "distributed"):
        import distributed
        import distributed.protocol.pickle
    return distributed


# What is sent to workers


def reduce_leaf(t: Tensor) -> tuple[Callable[..., Tensor], tuple[Any, ...]]:
    """How a leaf is pickled: made anew on the other side, since numbers of Tensors are of one process."""
    if t.op is not None:
        raise GraphError(
            f"{describe(t)} was recorded, and a record stays in its process: a cost that is sent to workers "
            "may use parameters, data and arrays, not what was computed from them before"
        )
    return (parameter if t.is_parameter else tensor), (t.value, own_name(t))


copyreg.pickle(Tensor, reduce_leaf)


# The work, on a worker


def begin_run() -> None:
    """A run begins on a worker."""
    IMPATIENT.__enter__()


def end_run(name: str) -> None:
    """It ends: what was kept for it goes."""
    IMPATIENT.__exit__()
    _prepared.pop(name, None)


def prepare_step(name: str, recipe: bytes, theta: Any) -> tuple[Model, Callable[..., Any]]:
    """This thread's own copy of the model and its compiled step, with the parameters of the step in hand."""
    of_threads, thread = _prepared.setdefault(name, {}), threading.get_ident()
    if thread not in of_threads:
        model, backend = dask_package().protocol.pickle.loads(recipe)
        loss = model.loss if isinstance(model, Network) else model.cost
        of_threads[thread] = model, compile(loss, model.parameters, backend=backend)
    model, step = of_threads[thread]
    arrays = [p.value for p in model.parameters.values()]
    ends = np.cumsum([0, *[x.size for x in arrays]])
    for x, (start, end) in zip(arrays, pairwise(ends), strict=True):
        x[...] = theta[start:end].reshape(x.shape)
    return model, step


def last_argument(*given: Any) -> Any:
    """Its last argument: a task that computes nothing, but brings that to the worker on which it runs."""
    return given[-1]


def chunk_derivatives(
    name: str, recipe: bytes, place: tuple[int, ...], number: int, chunk: Any, theta: Any
) -> Any:
    """The derivatives and the cost of a chunk, summed over its examples: one vector."""
    x, y = chunk
    m = x.shape[-1]
    model, step = prepare_step(name, recipe, theta)
    if m == 0:
        return np.zeros(theta.size + 1, theta.dtype)
    masks = model.draw_masks(m, np.random.default_rng((*place, number)))
    cost, derivatives = step(x, y, *masks)
    return np.concatenate([np.ravel(x) for x in (*derivatives, cost)]).astype(theta.dtype) * m


def check_chunk(name: str, recipe: bytes, number: int, chunk: Any, theta: Any) -> int:
    """0, unless the model refuses these examples."""
    x, y = chunk
    if x.shape[-1]:
        prepare_step(name, recipe, theta)[0].check(x, y)
    return 0


def count_right_in_chunk(name: str, recipe: bytes, number: int, chunk: Any, theta: Any) -> int:
    """How many examples of a chunk the model has right."""
    x, y = chunk
    model, _ = prepare_step(name, recipe, theta)
    return round(model.accuracy(x, y) * x.shape[-1]) if x.shape[-1] else 0


def chunk_examples(place: tuple[int, ...], i: int, n: int, number: int, chunk: Any) -> Any:
    """Part i of n of a chunk's examples, in the order that follows from the place."""
    x, y = chunk
    order = np.random.default_rng((*place, number)).permutation(x.shape[-1])
    some = np.array_split(order, n)[i]
    return np.take(x, some, axis=-1), np.take(y, some, axis=-1)
