"""What training holds: `python -m tests.benchmarks.memory`, from the root of the repository.

Resident memory after 100 and after 10,000 steps of each network, and the peak of a step beside that by hand.
"""

import argparse
import gc
import os

from rich.console import Console
from rich.table import Table

from .contestants import by_hand, tinygraph_eager
from .plans import peak_of
from .tasks import TASKS, Chain

NETWORKS = [task for task in TASKS.values() if not isinstance(task, Chain)]


def resident():
    """Bytes of this process in memory, from the kernel; Linux."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth_of(training, steps, settled=100):
    """Resident memory after `settled` steps, and after all, in bytes."""
    for _ in range(settled):
        training.step()
    gc.collect()
    before = resident()
    for _ in range(steps - settled):
        training.step()
    return before, resident()


def peaks_of(network):
    """The peak of one step, eager and by hand, in bytes above what is held between steps."""
    peaks = []
    for contestant in (tinygraph_eager, by_hand):
        training = contestant.Training(network)
        training.step()
        peaks.append(peak_of(training.step))
    return peaks


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.memory", description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000, help="of each small network (10,000)")
    options = parser.parse_args(arguments)
    table = Table(
        "network", "steps", "MiB after 100", "MiB at the end", "growth", "peak of a step", "by hand", "ratio"
    )
    for network in NETWORKS:
        steps = options.steps if network.layer_dims[0] < 500 else max(options.steps // 20, 110)
        before, after = growth_of(tinygraph_eager.Training(network), steps)
        eager, hand = peaks_of(network)
        megabytes = (f"{size / 2**20:.1f}" for size in (before, after))
        growth, ratio = f"{100 * (after / before - 1):.2f} %", f"{eager / hand:.2f}"
        peaks = (f"{size / 2**10:.0f} KiB" for size in (eager, hand))
        table.add_row(network.name, f"{steps:,}", *megabytes, growth, *peaks, ratio)
    Console().print(table)


if __name__ == "__main__":
    main()
