"""Training over a Dask cluster: two worker processes over TCP give what one machine gives."""

import asyncio
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.errors import MissingPackageError, ShapeError, UserFileError

distributed = pytest.importorskip("distributed", reason="Dask is an extra")
dask = pytest.importorskip("dask", reason="Dask is an extra")
da = pytest.importorskip("dask.array", reason="Dask is an extra")

ROOT = Path(__file__).parents[1]
random = np.random.default_rng(3)
X = random.standard_normal((6, 500))
Y = (X[:1] * X[1:2] > 0).astype(float)
CHUNKS = (150, 50, 200, 100)  # of different sizes
DX, DY = da.from_array(X, chunks=(6, CHUNKS)), da.from_array(Y, chunks=(1, CHUNKS))
SETTINGS = {"epochs": 4, "progress": False, "every": 2}


@pytest.fixture(scope="module")
def cluster():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(silence_logs=60, **options) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def client(cluster):
    with distributed.Client(cluster) as client:
        yield client


def make_network(**settings):
    return tg.nn.Network([6, 8, 1], hidden="tanh", **settings)


def fit(network, client, **settings):
    settings = {"optimizer": tg.optim.Adam(0.05)} | SETTINGS | settings
    return tg.distributed.fit(network, DX, DY, client=client, **settings)


def values(network):
    return {name: p.value.tobytes() for name, p in network.parameters.items()}


def assert_close(expected, actual):
    for name, p in expected.parameters.items():
        bound = 1e-12 * np.abs(p.value).max()
        np.testing.assert_allclose(actual.parameters[name].value, p.value, rtol=0, atol=bound, err_msg=name)


def test_full_batches_are_one_machine_within_rounding(client):
    """With L2, which counts once and not in every chunk."""
    alone, together = make_network(l2=0.5), make_network(l2=0.5)
    settings = SETTINGS | {"validation": (X[:, :50], Y[:, :50])}
    expected = tg.fit(alone, X, Y, optimizer=tg.optim.Adam(0.05), **settings)

    actual = fit(together, client, norms=True, **settings)

    assert_close(alone, together)
    np.testing.assert_allclose(actual.cost, expected.cost, rtol=1e-12)
    np.testing.assert_allclose(actual.validation_cost, expected.validation_cost, rtol=1e-11)
    assert actual.accuracy == expected.accuracy
    assert actual.accuracy[-1] == tg.distributed.accuracy(together, DX, DY, client=client)
    assert list(actual.norms) == ["dW1", "db1", "dW2", "db2"]


def test_a_parameter_under_two_names_is_updated_once(client):
    def model():
        W = tg.parameter(np.eye(6)[:2] + 0.1, name="W")
        return tg.nn.Model({"enc": W, "dec": W}, lambda X, Y: tg.mse(W.T @ np.tanh(W @ X), X))

    alone, together = model(), model()
    tg.fit(alone, X, Y, optimizer=tg.optim.Adam(0.05), backend="eager", **SETTINGS)
    history = fit(together, client, norms=True)

    assert_close(alone, together)
    assert list(history.norms) == ["denc", "ddec"]


def test_mini_batches_take_the_next_part_of_every_chunk_in_its_own_order(client):
    """As `fit` defines them, written out here; with dropout, whose masks follow from the chunk too."""
    alone, together = make_network(keep_prob=0.8), make_network(keep_prob=0.8)
    descent, edges = tg.optim.Momentum(0.3), np.cumsum((0, *CHUNKS))
    for epoch in range(2):
        for i in range(3):  # 500 examples in batches of 200
            derivatives, m = [0.0] * 4, 0
            for c, start in enumerate(edges[:-1]):
                order = np.random.default_rng((1, epoch, c)).permutation(CHUNKS[c])
                some = start + np.array_split(order, 3)[i]
                masks = alone.draw_masks(some.size, np.random.default_rng((1, epoch, i + 1, c)))
                d = alone.cost(X[:, some], Y[:, some], *masks).backward()
                found = d.of(list(alone.parameters.values()))
                derivatives = [old + dp * some.size for old, dp in zip(derivatives, found, strict=True)]
                m += some.size
            J = sum(np.sum(p * dp) / m for p, dp in zip(alone.parameters.values(), derivatives, strict=True))
            descent.update(alone.parameters, J.backward())

    fit(together, client, optimizer=tg.optim.Momentum(0.3), batch_size=200, epochs=2)

    assert_close(alone, together)


def test_the_same_seed_gives_the_same_bits_and_a_checkpoint_goes_on_to_them(client, tmp_path):
    settings = {"batch_size": 200, "epochs": 3}
    whole, parts = make_network(keep_prob=0.8), make_network(keep_prob=0.8)
    fit(whole, client, **settings)

    fit(parts, client, checkpoint=tmp_path / "run.npz", **settings | {"epochs": 1})
    parts = make_network(keep_prob=0.8, seed=9)
    fit(parts, client, checkpoint=tmp_path / "run.npz", **settings)

    assert values(whole) == values(parts)


def test_a_checkpoint_of_batches_from_other_chunks_is_refused(client, tmp_path):
    settings = {"epochs": 1, "batch_size": 200, "progress": False, "checkpoint": tmp_path / "run.npz"}
    tg.distributed.fit(make_network(), DX, DY, client=client, **settings)
    x, y = (a.rechunk({1: 100}) for a in (DX, DY))

    with pytest.raises(UserFileError, match=r"chunks: 1 of 150, 1 of 50, .*; here it is .*chunks: 5 of 100"):
        tg.distributed.fit(make_network(), x, y, client=client, **settings)


def test_lines_of_your_own_and_class_numbers_are_trained_as_well(client):
    classes = (X[0] > 0).astype(int) + (X[1] > 0)
    numbers = da.from_array(classes, chunks=(CHUNKS,))
    alone, together = (tg.nn.Network([6, 3], output="softmax") for _ in range(2))
    tg.fit(alone, X, classes, optimizer=tg.optim.SGD(0.5), **SETTINGS)
    W1, b1 = together.parameters.values()
    model = tg.nn.Model({"W1": W1, "b1": b1}, lambda X, Y: tg.softmax_cross_entropy(W1 @ X + b1, Y))

    tg.distributed.fit(model, DX, numbers, client=client, optimizer=tg.optim.SGD(0.5), **SETTINGS)

    assert_close(alone, together)


class Killer(threading.Thread):
    """Kills workers a moment later, in the middle of a step."""

    def __init__(self, client, seconds, many):
        super().__init__()
        self.pids, self.seconds = list(client.run(os.getpid).values())[:many], seconds

    def run(self):
        threading.Event().wait(self.seconds)
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("killed", [1, 2])
def test_killed_workers_and_those_that_join_change_nothing_and_share_the_work(killed, client):
    """A SIGKILL in the third epoch, to one of two or to both; those that are started are given chunks."""
    expected, actual = make_network(), make_network()
    settings = {"epochs": 7, "batch_size": 300, "every": 7}
    fit(expected, client, **settings)
    before, holders = set(client.nthreads()), set()

    def watch(epoch):
        if epoch == 2:
            watch.killer = Killer(client, 0.02, killed)
            watch.killer.start()
        if epoch == 4:
            client.wait_for_workers(2, timeout=60)
        if epoch == 6:
            holders.update(worker for worker, keys in client.has_what().items() if keys)
        return 0.05

    fit(actual, client, learning_rate=watch, **settings)
    watch.killer.join()

    assert values(expected) == values(actual)
    assert len(holders) == 2
    assert holders - before


def test_no_data_comes_to_the_client_and_a_step_sends_what_the_parameters_need(client):
    """16 MB of examples stay where they are made; traffic is the same for a tenth of them."""
    size = 8 * (200 * 50 + 50 + 50 + 1)
    workers = len(client.nthreads())

    def sent_by_step(m):
        """What workers sent, from step to step, and the most memory that the client had for it."""
        examples = da.random.default_rng(1).standard_normal((200, m), chunks=(200, m // 4))
        labels, sent = (examples[:1] > 0).astype(float), []

        def watch(epoch):
            sent.append(sum(client.run(outgoing).values()))
            return 0.01

        settings = {"learning_rate": watch, "epochs": 5, "progress": False, "every": 100, "client": client}
        tracemalloc.start()
        tg.distributed.fit(tg.nn.Network([200, 50, 1]), examples, labels, **settings)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return np.diff(sent)[1:], peak

    few, _ = sent_by_step(1_000)  # first: what is imported for the first step needs memory as well
    many, peak = sent_by_step(10_000)

    assert peak < 8e6  # half of the examples
    # To each worker but one the parameters, from each the derivatives; and one vector to the client.
    for traffic in (few, many):
        assert 0 <= np.median(traffic) - (2 * workers - 1) * size < 50_000


class Recorder:
    """In the place of a client: it remembers which copy was made where, and from which."""

    def __init__(self):
        self.made = []

    def submit(self, function, parent, workers, allow_other_workers, pure):
        self.made.append((f"copy on {workers[0]}", parent))
        return self.made[-1][0]


@pytest.mark.parametrize("workers", [1, 4, 5, 24, 512])
def test_the_parameters_go_down_a_tree_and_no_worker_sends_them_to_all_others(workers):
    cluster = object.__new__(tg.distributed.Cluster)
    cluster.client, cluster.sizes = Recorder(), [10] * workers
    cluster.workers = SimpleNamespace(addresses=[f"worker {w:03}" for w in range(workers)])

    nearest = cluster.copies("theta")

    made = dict(cluster.client.made)
    users = Counter(made.values()) + Counter(nearest.values())
    assert max(users.values()) <= 2 * tg.distributed.FAN_OUT
    assert set(nearest.values()) == {"theta", *made}
    for copy in made:
        hops = 0
        while copy != "theta":
            copy, hops = made[copy], hops + 1
        assert hops <= 4  # 1, 4, 16, 64, ... copies in each hop, 128 for 512 workers


def test_a_worker_that_died_unheard_of_holds_nobody_up(client):
    """Not even those that would have had the parameters from it."""
    x, y = DX.rechunk({1: 80}), DY.rechunk({1: 80})  # 7 chunks
    gone = "tcp://127.0.0.1:1"
    with tg.distributed.on_workers(client, make_network(), x, y, "numpy") as cluster:
        first, second = cluster.workers.addresses
        cluster.workers.addresses = [first] * 4 + [gone] + [second] * 2

        assert cluster.accuracy() == make_network().accuracy(X, Y)


def left_on(client):
    """What a run may have left: tasks, plugins, settings of the workers."""

    def of_scheduler(dask_scheduler):
        found = dask_scheduler.plugins, dask_scheduler.worker_plugins, dask_scheduler.tasks
        return [name for names in found for name in names if not str(name).startswith("getattr")]

    names = client.run_on_scheduler(of_scheduler)
    mine = [name for name in names if re.match("tinygraph|tuple|last|examples|derivatives|add-", str(name))]
    return mine, set(client.run(dask.config.get, "distributed.comm.timeouts.connect").values())


def test_nothing_is_left_of_two_runs_at_once_nor_of_a_mistake():
    """Workers in threads, which share the settings of Dask."""
    options = {"n_workers": 2, "threads_per_worker": 2, "processes": False, "dashboard_address": ":0"}
    networks = [make_network(), make_network()]
    with distributed.Client(silence_logs=60, **options) as client:
        before = left_on(client)
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda network: fit(network, client, batch_size=100), networks))
        with pytest.raises(ValueError, match="labels of a sigmoid") as kept:
            tg.distributed.fit(make_network(), DX, DY - 1, client=client, progress=False)
        wait_until(lambda: left_on(client) == before)

        assert kept.value
        assert values(networks[0]) == values(networks[1])
        assert left_on(client) == before


def wait_until(true):
    """For ten seconds at most."""
    for _ in range(100):
        if true():
            return
        threading.Event().wait(0.1)


@pytest.fixture(params=["npy", "h5", "zarr"])
def on_disk(request, tmp_path):
    """X and Y as Dask arrays whose examples are in files."""
    if request.param == "npy":
        np.save(tmp_path / "X.npy", np.asfortranarray(X))
        np.save(tmp_path / "Y.npy", Y)
        return [tg.distributed.from_npy(tmp_path / f"{name}.npy", examples=150) for name in "XY"]
    if request.param == "h5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(tmp_path / "data.h5", "w") as file:
            file["X"], file["Y"] = X, Y
        file = h5py.File(tmp_path / "data.h5")
        return [da.from_array(file[name], chunks=(-1, 150)) for name in "XY"]
    zarr = pytest.importorskip("zarr")
    for name, array in {"X": X, "Y": Y}.items():
        zarr.save(str(tmp_path / name), array)
    return [da.from_zarr(str(tmp_path / name)).rechunk((-1, 150)) for name in "XY"]


def test_examples_may_be_in_files(on_disk, client):
    alone, together = make_network(), make_network()
    tg.fit(alone, X, Y, optimizer=tg.optim.Adam(0.05), **SETTINGS)

    tg.distributed.fit(together, *on_disk, client=client, optimizer=tg.optim.Adam(0.05), **SETTINGS)

    assert_close(alone, together)


def test_a_file_is_read_by_workers_alone(client, tmp_path):
    """16 MB, of which the client has none."""
    np.save(tmp_path / "X.npy", np.ones((200, 10_000)))

    tracemalloc.start()
    total = client.compute(tg.distributed.from_npy(tmp_path / "X.npy", examples=1_000).sum()).result()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert total == 2e6
    assert peak < 2e6


def test_a_file_without_numbers_is_refused(tmp_path):
    np.save(tmp_path / "X.npy", np.array([None, "a"]), allow_pickle=True)

    with pytest.raises(ValueError, match="Python objects"):
        tg.distributed.from_npy(tmp_path / "X.npy", examples=10)
    with pytest.raises(FileNotFoundError, match=r"Y\.npy"):
        tg.distributed.from_npy(tmp_path / "Y.npy", examples=10)
    with pytest.raises(ValueError, match="the size of a chunk, a whole number of 1 or more, not 0"):
        tg.distributed.from_npy(tmp_path / "Z.npy", examples=0)
    np.save(tmp_path / "Z.npy", np.ones((3, 0)))
    with pytest.raises(ValueError, match=r"Z\.npy has no examples, .*; its array is \(3, 0\)"):
        tg.distributed.from_npy(tmp_path / "Z.npy", examples=2)


KILLED = """
import os, signal, sys
import dask.array as da
import numpy as np
import tinygraph as tg
from distributed import Client

def rate(epoch):
    if epoch == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0.05

X, Y = (tg.distributed.from_npy(f"{name}.npy", examples=150) for name in "XY")
with Client(sys.argv[1]) as client:
    network = tg.nn.Network([6, 8, 1], hidden="tanh")
    tg.distributed.fit(
        network, X, Y, client=client, epochs=6, batch_size=200, learning_rate=rate, optimizer=tg.optim.Adam(),
        checkpoint="run.npz", checkpoint_every=0, progress=False,
    )
"""


def test_a_client_that_dies_leaves_its_last_checkpoint_and_another_goes_on(cluster, client, tmp_path):
    for name, array in {"X": X, "Y": Y}.items():
        np.save(tmp_path / f"{name}.npy", array)
    x, y = (tg.distributed.from_npy(tmp_path / f"{name}.npy", examples=150) for name in "XY")
    expected, actual = make_network(), make_network(seed=9)
    settings = {"epochs": 6, "batch_size": 200, "progress": False, "client": client}
    settings |= {"learning_rate": lambda epoch: 0.05}
    tg.distributed.fit(expected, x, y, optimizer=tg.optim.Adam(), **settings)
    command = [sys.executable, "-c", KILLED, cluster.scheduler_address]
    killed = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)

    history = tg.distributed.fit(
        actual, x, y, optimizer=tg.optim.Adam(), checkpoint=tmp_path / "run.npz", **settings
    )

    assert killed.returncode == -signal.SIGKILL
    assert [name for name in left_on(client)[0] if name.startswith("tinygraph")] == []
    assert len(history.cost) == 6
    assert values(expected) == values(actual)


@pytest.fixture
def started_by_hand(tmp_path):
    """The address of a scheduler, with the workers that the README's two commands start."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    scheduler, workers = re.findall("^ *dask ((?:scheduler|worker).*)$", readme, re.MULTILINE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    commands = [
        f"{scheduler} --port {port} --no-dashboard",
        workers.replace("tcp://scheduler:8786", address) + " --no-dashboard --local-directory .",
    ]
    settings = {"cwd": tmp_path, "stderr": subprocess.DEVNULL, "start_new_session": True}
    processes = [
        subprocess.Popen([sys.executable, "-m", "dask", *shlex.split(command)], **settings)
        for command in commands
    ]
    yield address
    for process in processes:
        os.killpg(process.pid, signal.SIGKILL)  # the workers' own processes too
        process.wait()


def test_a_cluster_started_from_the_shell_trains_too(started_by_hand):
    alone, together = make_network(), make_network()
    tg.fit(alone, X, Y, optimizer=tg.optim.Adam(0.05), **SETTINGS)

    with distributed.Client(started_by_hand, timeout="30s") as client:
        client.wait_for_workers(4, timeout=60)
        fit(together, client)

    assert_close(alone, together)


def outgoing(dask_worker):
    """Bytes that a worker has sent to others and to the client."""
    return dask_worker.transfer_outgoing_bytes_total


NO_CLIENT = r"client is a dask\.distributed\.Client, such as Client\(.*\), not "


def assert_refused(client, error, message):
    with pytest.raises(error, match=message):
        tg.distributed.fit(make_network(), DX, DY, client=client, progress=False)
    with pytest.raises(error, match=message):
        tg.distributed.accuracy(make_network(), DX, DY, client=client)


@pytest.mark.parametrize("given", [None, "tcp://scheduler:8786"])
def test_what_is_no_client_is_refused(given):
    assert_refused(given, TypeError, NO_CLIENT + repr(given))


def test_a_client_that_cannot_be_asked_is_refused(cluster):
    async def asynchronous():
        async with distributed.Client(cluster.scheduler_address, asynchronous=True) as client:
            assert_refused(client, TypeError, NO_CLIENT + "an asynchronous one")

    asyncio.run(asynchronous())
    closed = distributed.Client(cluster, set_as_default=False)
    closed.close()
    assert_refused(closed, ValueError, "the client is closed; connect anew")


def test_arrays_that_are_not_dasks_are_refused_and_so_is_what_cannot_be_trained(client):
    with pytest.raises(TypeError, match=r"X is a Dask array, such as .*, not of ndarray"):
        tg.distributed.fit(make_network(), X, DY, client=client)
    with pytest.raises(TypeError, match="fit trains a"):
        tg.distributed.fit("network", DX, DY, client=client)
    with pytest.raises(TypeError, match="the model is a"):
        tg.distributed.accuracy("network", DX, DY, client=client)
    with pytest.raises(ShapeError, match=r"X \(6, 0\) has no examples"):
        tg.distributed.fit(make_network(), DX[:, :0], DY[:, :0], client=client)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (DX, DY.rechunk({1: 100}), r"chunked along the examples alone, and alike; X has the chunks"),
        (DX.rechunk({0: 3}), DY, r"use .rechunk\({0: -1, 1: n}\)"),
        (DX[:, da.from_array(X[0] > 0)], DY, r"chunks of unknown size; call their compute_chunk_sizes"),
    ],
)
def test_chunks_that_do_not_fit_are_refused(x, y, message, client):
    with pytest.raises(ShapeError, match=message):
        tg.distributed.fit(make_network(), x, y, client=client)


def test_examples_that_cannot_be_learned_from_are_refused_by_the_workers(client):
    network = make_network()
    before = values(network)

    with pytest.raises(
        ValueError, match=r"labels of a sigmoid lie between 0 and 1, but Y reaches from -1\.0"
    ):
        tg.distributed.fit(network, DX, 2 * DY - 1, client=client, **SETTINGS)
    with pytest.raises(ValueError, match="X has nan"):
        tg.distributed.fit(network, da.where(DX > 2, np.nan, DX), DY, client=client, **SETTINGS)
    assert values(network) == before


def test_a_validation_may_be_lists(client):
    held_out = X[:, :50].tolist(), Y[:, :50].tolist()

    assert len(fit(make_network(), client, validation=held_out).validation_cost) == 2


def test_a_mistake_in_the_cost_is_told_as_it_is(client):
    model = tg.nn.Model(make_network().parameters, lambda X, Y: X @ Y)

    with pytest.raises(ValueError, match="mismatch in its core dimension"):
        tg.distributed.fit(model, DX, DY, client=client, **SETTINGS)


def test_a_parameter_that_was_used_and_changed_before_is_sent_as_it_is(client):
    network = make_network()
    for p in network.parameters.values():
        p.value[...] = np.random.default_rng(p.size).standard_normal(p.shape)
    network.cost(X, Y).backward()
    alone = tg.nn.Network([6, 8, 1], hidden="tanh")
    for name, p in alone.parameters.items():
        p.value[...] = network.parameters[name].value
    tg.fit(alone, X, Y, optimizer=tg.optim.Adam(0.05), **SETTINGS)

    fit(network, client)

    assert_close(alone, network)


def test_a_record_is_not_sent(client):
    W1 = tg.parameter(np.ones((1, 6)), name="W1")
    Z = W1 * 2

    with pytest.raises(tg.errors.GraphError, match="was recorded, and a record stays in its process"):
        tg.distributed.fit(tg.nn.Model({"W1": W1}, lambda X, Y: tg.mse(Z @ X, Y)), DX, DY, client=client)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(MissingPackageError, match=r"pip install 'tinygraph\[distributed\]'"):
        tg.distributed.fit(make_network(), DX, DY, client=None)
