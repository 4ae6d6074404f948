"""What a compiled step costs besides its running time: `python -m tests.benchmarks.plans`, from the root of
the repository. Recording and planning, the peak of memory beside the step written by hand, and, where numba
is installed, compiling the first time and from what is kept on disk."""

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import tracemalloc
from importlib.util import find_spec
from statistics import median
from time import process_time

import numpy as np
from rich import box
from rich.table import Table

import tinygraph as tg

from .contestants import by_hand, tinygraph_compiled
from .report import format_seconds, make_console
from .tasks import TASKS, Network
from .worker import settle

NETWORKS = [task for task in TASKS.values() if isinstance(task, Network)]
LENGTHS = (1_000, 10_000, 20_000)
FIRST_STEP = """
import sys, time
from tests.benchmarks.contestants.tinygraph_numba import Training
from tests.benchmarks.tasks import TASKS
import numba
training = Training(TASKS[sys.argv[1]])
start = time.perf_counter()
training.step()
print(time.perf_counter() - start)
"""


def time_planning(network, rounds=7):
    """The seconds that the first step takes beyond the second, at the median."""
    return median(beyond_the_second(tinygraph_compiled.Training(network).step) for _ in range(rounds))


def beyond_the_second(step):
    start = process_time()
    step()
    planned = process_time()
    step()
    return 2 * planned - start - process_time()


def time_planning_of(n):
    """The seconds that the first step of a graph of n operations takes beyond the second."""
    x = tg.parameter(np.ones((2, 2)), name="x")

    def loss():
        y = x
        for _ in range(n // 4):
            y = np.tanh(y) * 0.5 + x * y
        return np.sum(y)

    return beyond_the_second(tg.compile(loss, [x]))


def peak_of(step):
    """The bytes that a step holds at its worst, beyond those before it."""
    step()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - before


def memory_of(network):
    """The peaks by hand and compiled, where what was made once counts as well: bytes."""
    hand = peak_of(by_hand.Training(network).step)
    training = tinygraph_compiled.Training(network)
    own = peak_of(training.step)
    module = {}
    exec(training.compiled.source, module)
    made = {id(x.base if x.base is not None else x): x for x in module.values() if isinstance(x, np.ndarray)}
    return hand, own, sum(x.nbytes for x in made.values())


def time_numba(name):
    """The seconds of the first step in two fresh processes, the second of which finds the loops on disk."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", FIRST_STEP, name]
        environment = os.environ | {"TINYGRAPH_CACHE": folder}
        runs = [subprocess.check_output(command, env=environment, text=True) for _ in range(2)]
    return [float(run) for run in runs]


def table_of(*headings):
    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, justify="right" if table.columns else "left")
    return table


def planning_table():
    table = table_of("recording and planning", "time")
    for network in NETWORKS:
        table.add_row(network.name, format_seconds(time_planning(network)))
    for n in LENGTHS:
        table.add_row(f"{n:,} operations", format_seconds(time_planning_of(n)))
    return table


def memory_table():
    table = table_of("peak of one step (kB)", "by hand", "compiled: made once", "at each step", "ratio")
    for network in NETWORKS:
        hand, own, made = memory_of(network)
        cells = [f"{x / 1e3:,.1f}" for x in (hand, made, own)]
        table.add_row(network.name, *cells, f"{(own + made) / hand:.2f}")
    return table


def numba_table():
    table = table_of("first step of the loops", "compiled", "from disk")
    for network in NETWORKS:
        table.add_row(network.name, *map(format_seconds, time_numba(network.name)))
    return table


def main(arguments=None):
    argparse.ArgumentParser(prog="python -m tests.benchmarks.plans", description=__doc__).parse_args(
        arguments
    )
    settle()
    console = make_console()
    console.print(planning_table())
    console.print(memory_table())
    console.print(numba_table() if find_spec("numba") else "numba is not installed: its loops are left out")


if __name__ == "__main__":
    main()
