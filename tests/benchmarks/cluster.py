"""Training over workers, in figures: `python -m tests.benchmarks.cluster`, on an idle machine.

    scaling    the large network, 784-512-256-10 in float32, over 60,000 examples in four chunks: seconds per
               full-batch step with one worker process and with two, and what the workers send per step
    faults     the same with two workers, one of which is killed (SIGKILL) in the middle of a step
    files      a .npy file of 1.25 GB on two workers that have 500 MiB each
    model      steps with next to nothing to compute, for more and more workers and parameters; the model of
               docs/cluster.md fitted to all but the largest clusters, to see whether it foretells those,
               and to all; and what it says of clusters that are not here

Words after the command choose some of them.
"""

import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster
from rich import print
from rich.table import Table
from scipy.optimize import nnls

import tinygraph as tg
from tinygraph.distributed import FAN_OUT

LARGE, EXAMPLES = [784, 512, 256, 10], 60_000
WORKERS, UNITS = (1, 2, 4, 8, 12), (1, 100, 1_000, 4_000)
GIGABIT = 125e6  # bytes a second


@contextmanager
def cluster_of(workers, **settings):
    options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 60}
    with LocalCluster(**options, **settings) as cluster, Client(cluster) as client:
        yield client


def outgoing(dask_worker):
    return dask_worker.transfer_outgoing_bytes_total


def steps(client, network, X, Y, n, at=lambda epoch: None):
    """Of n steps, after two that prepare: seconds, the processor's in this process, bytes sent by workers."""
    times, busy, sent = [], [], []

    def watch(epoch):
        sent.append(sum(client.run(outgoing).values()))
        times.append(time.perf_counter())
        busy.append(time.process_time())
        at(epoch - 2)
        return 0.01

    settings = {"learning_rate": watch, "epochs": n + 3, "every": 10**6, "progress": False}
    tg.distributed.fit(network, X, Y, client=client, optimizer=tg.optim.SGD(0.01), **settings)
    return [np.diff(measured)[2:] for measured in (times, busy, sent)]


def size_of(network):
    return sum(p.value.nbytes for p in network.parameters.values())


def large():
    X = da.random.default_rng(1).standard_normal(
        (784, EXAMPLES), chunks=(784, EXAMPLES // 4), dtype=np.float32
    )
    Y = da.random.default_rng(2).integers(10, size=EXAMPLES, chunks=EXAMPLES // 4)
    return tg.nn.Network(LARGE, output="softmax", dtype=np.float32), X, Y


def scaling():
    seconds = {}
    for workers in (1, 2):
        network, X, Y = large()
        with cluster_of(workers) as client:
            times, _, sent = steps(client, network, X, Y, 7)
        seconds[workers] = np.median(times)
        multiple = np.median(sent) / size_of(network)
        print(f"{workers} workers: {seconds[workers]:.2f} s a step; sent: {multiple:.2f} x the parameters")
    print(f"two are {seconds[1] / seconds[2]:.2f} times as fast as one")


def faults():
    network, X, Y = large()

    def kill(epoch):
        if epoch == 3:
            pid = max(client.run(os.getpid).values())
            threading.Timer(0.4, os.kill, (pid, signal.SIGKILL)).start()

    with cluster_of(2) as client:
        times, _, _ = steps(client, network, X, Y, 7, at=kill)
    print(f"a step {np.median(times):.2f} s; that in which a worker was killed {times[3]:.2f} s")
    print(f"each in turn: {', '.join(f'{t:.2f}' for t in times)}")


def files():
    m = 400_000
    with tempfile.TemporaryDirectory() as folder:
        X, Y = (Path(folder) / f"{name}.npy" for name in "XY")
        x = np.lib.format.open_memmap(X, mode="w+", dtype=np.float32, shape=(784, m))
        for start in range(0, m, 10_000):
            part = np.random.default_rng(start).standard_normal((784, 10_000), dtype=np.float32)
            x[:, start : start + 10_000] = part
        np.save(Y, np.random.default_rng(1).integers(10, size=m))
        del x
        network = tg.nn.Network([784, 64, 10], output="softmax", dtype=np.float32)
        with cluster_of(2, memory_limit="500MiB") as client:
            x, y = (tg.distributed.from_npy(path, examples=10_000) for path in (X, Y))
            times, _, _ = steps(client, network, x, y, 3)
    print(f"{X.name} of {784 * m * 4 / 1e9:.2f} GB on 2 x 500 MiB: {np.median(times):.1f} s a step")


def copies_sent(workers):
    """How many sendings of the parameters follow one another until the last worker has them."""
    levels, groups = 0, -(-workers // FAN_OUT)
    while groups > 1:
        levels, groups = levels + 1, -(-(groups - 1) // FAN_OUT)
    return levels * FAN_OUT + min(workers, FAN_OUT) - 1


def terms(workers, size):
    """What each unknown of the model is multiplied by: o, c, u, 1 / B."""
    return [1, workers, size, (copies_sent(workers) + np.ceil(np.log2(workers))) * size]


def overheads():
    """Steps with one example per worker, by workers and bytes of parameters: seconds, and those of the
    processor in this process, which is client and scheduler."""
    found = {}
    for workers in WORKERS:
        with cluster_of(workers) as client:
            for units in UNITS:
                network = tg.nn.Network([1_000, units, 1])
                X = da.zeros((1_000, workers), chunks=(1_000, 1))
                times, busy, _ = steps(client, network, X, X[:1], 15)
                found[workers, size_of(network)] = float(np.median(times)), float(np.median(busy))
    return found


def fitted(found):
    """The unknowns: the sum of relative errors squared is least, and none is below zero."""
    rows = np.array([terms(*at) for at in found])
    seconds = np.array(list(found.values()))
    scale = rows.max(axis=0)
    return nnls(rows / seconds[:, None] / scale, np.ones(len(seconds)))[0] / scale


def said(unknowns, workers, size):
    return float(np.dot(unknowns, terms(workers, size)))


def model():
    measured = overheads()
    found = {at: seconds for at, (seconds, _) in measured.items()}
    few = fitted({at: seconds for at, seconds in found.items() if at[0] < max(WORKERS)})
    unknowns = fitted(found)
    table = Table("workers", "parameters", "measured", "said by fewer workers", "said by all", box=None)
    for at, seconds in found.items():
        guesses = (f"{1e3 * said(u, *at):.0f} ms" for u in (few, unknowns))
        table.add_row(str(at[0]), f"{at[1] / 1e6:.2f} MB", f"{1e3 * seconds:.0f} ms", *guesses)
    print(table)
    o, c, u, per_byte = unknowns
    print(f"o = {1e3 * o:.1f} ms, c = {1e3 * c:.1f} ms, u = {1e9 * u:.1f} ms a MB")
    print(f"B = {1e-6 / per_byte:.0f} MB/s")
    busy = {workers: busy for (workers, size), (_, busy) in measured.items() if size < 10_000}
    serial, _ = np.polyfit(list(busy), list(busy.values()), 1)
    print(f"client and scheduler alone: c = {1e3 * serial:.1f} ms")
    foretell([o, serial, u, max(per_byte, 1 / GIGABIT)])


def foretell(unknowns, compute=1.6):
    """The large network over 60,000 examples, then over 6 million, with 1 Gbit/s between workers."""
    size = size_of(tg.nn.Network(LARGE, dtype=np.float32))
    for seconds in (compute, 100 * compute):
        alone = seconds + said(unknowns, 1, size)
        for workers in (8, 64, 512):
            step = seconds / workers + said(unknowns, workers, size)
            print(
                f"C = {seconds:g} s, {workers} workers: {step:.2f} s a step, {alone / step:.1f} times as fast"
            )


if __name__ == "__main__":
    for name in sys.argv[1:] or ["scaling", "faults", "files", "model"]:
        print(f"[bold]{name}[/bold]")
        globals()[name]()
