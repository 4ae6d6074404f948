"""A contestant in a process of its own, which waits on a pipe to be told what to do next."""

import multiprocessing
import os
from time import perf_counter

import numpy as np

from .contestants import Contestant

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
}


def settle():
    """One thread, one core: for this process and, by inheritance, for every worker it starts."""
    os.environ.update(ONE_THREAD)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def prove(training, n):
    """The first n costs, and the parameters after them."""
    costs = [float(training.step()) for _ in range(n)]
    return costs, {name: np.array(value) for name, value in training.parameters().items()}


def run(training, n):
    """The seconds that n steps take, after a few that warm the caches."""
    for _ in range(n // 10):
        training.step()
    start = perf_counter()
    for _ in range(n):
        cost = training.step()
    cost = float(cost)  # also waits for a library that answers before it is done
    seconds = perf_counter() - start
    if not np.isfinite(cost):
        raise ArithmeticError(f"the cost became {cost}")
    return seconds


def serve(connection, contestant, task):
    """Answer requests until None comes. An answer is (status, value); "ok" is the good status."""
    try:
        training = contestant.train(task)
        connection.send(("ok", contestant.version()))
        while (request := connection.recv()) is not None:
            command, n = request
            connection.send(("ok", command(training, n)))
    except ImportError as error:
        connection.send(("not installed", str(error)))
    except Exception as error:
        connection.send(("failed", f"{type(error).__name__}: {error}"))


class Worker:
    """The parent's end of a contestant's process.

    `status` is "ok", "not installed", "failed" (an error there) or "wrong" (it computes another step);
    `detail` says why it is not "ok".
    """

    def __init__(self, contestant: Contestant, task):
        self.contestant = contestant
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, contestant, task), daemon=True)
        self.process.start()
        theirs.close()
        self.status, self.detail = "ok", ""
        self.version = self.receive()

    def receive(self):
        try:
            status, value = self.connection.recv()
        except EOFError:
            status, value = "failed", "its process ended without an answer"
        if status != "ok":
            self.status, self.detail, value = status, value, None
        return value

    def ask(self, command, n):
        """What command(training, n) returned there; None, and a status that says why, if it did not."""
        self.connection.send((command, n))
        return self.receive()

    def stop(self):
        if self.status in ("ok", "wrong"):  # otherwise it has ended by itself
            self.connection.send(None)
        self.process.join()
        self.connection.close()
