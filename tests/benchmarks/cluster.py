"""Training over workers, in figures: `python -m tests.benchmarks.cluster`, on an idle machine.

The large network, 784-512-256-10 in float32, over 60,000 examples: seconds per full-batch step with one
worker process and with two; the overhead of a step, from a network so small that nothing else is left; and
what the workers send per step, as a multiple of the parameters.
"""

import time

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster
from rich import print

import tinygraph as tg

LARGE, EXAMPLES = [784, 512, 256, 10], 60_000


def outgoing(dask_worker):
    return dask_worker.transfer_outgoing_bytes_total


def seconds_and_bytes(client, network, X, Y, steps):
    """The median time of a step, and of the bytes that workers sent in it."""
    times, sent = [], []

    def watch(epoch):
        times.append(time.perf_counter())
        sent.append(sum(client.run(outgoing).values()))
        return 0.01

    settings = {"learning_rate": watch, "epochs": steps + 2, "every": 10**6, "progress": False}
    tg.distributed.fit(network, X, Y, client=client, optimizer=tg.optim.SGD(0.01), **settings)
    return np.median(np.diff(times)[1:]), np.median(np.diff(sent)[1:])


def measure(workers, steps):
    """Both networks on so many workers."""
    options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        X = da.random.default_rng(1).standard_normal((784, EXAMPLES), chunks=(784, EXAMPLES // 4))
        X = X.astype(np.float32)
        Y = da.random.default_rng(2).integers(10, size=EXAMPLES, chunks=EXAMPLES // 4)
        large = tg.nn.Network(LARGE, output="softmax", dtype=np.float32)
        tiny = tg.nn.Network([784, 1, 10], output="softmax", dtype=np.float32)
        size = sum(p.value.nbytes for p in large.parameters.values())
        seconds, sent = seconds_and_bytes(client, large, X, Y, steps)
        overhead, _ = seconds_and_bytes(client, tiny, X[:, :400].rechunk({1: 100}), Y[:400].rechunk(100), 20)
    return seconds, overhead, sent / size


def main():
    results = {workers: measure(workers, steps=5) for workers in (1, 2)}
    for workers, (seconds, overhead, multiple) in results.items():
        print(
            f"{workers} workers: {seconds:.2f} s a step, {1e3 * overhead:.0f} ms of it overhead; "
            f"they send {multiple:.2f} times the parameters"
        )
    print(f"two are {results[1][0] / results[2][0]:.2f} times as fast as one")


if __name__ == "__main__":
    main()
