"""`import tinygraph` beside `import numpy`: `python -m tests.benchmarks.imports`, from the root of the
repository. Every import is timed in a fresh process, the start of Python left out; in turns, medians."""

import argparse
import os
import subprocess
import sys
from statistics import median

from rich import box
from rich.table import Table

from .report import format_seconds, make_console
from .worker import settle

TIMED_IMPORT = "from time import perf_counter as now; start = now(); import {}; print(now() - start)"
MODULES = ("numpy", "tinygraph")


def time_import(module):
    command = [sys.executable, "-c", TIMED_IMPORT.format(module)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(run.stdout)


def time_imports(rounds):
    """{module: [seconds of each round]}; the first, which writes the bytecode, is not counted."""
    for module in MODULES:
        time_import(module)
    times = {module: [] for module in MODULES}
    for _ in range(rounds):
        for module in MODULES:
            times[module].append(time_import(module))
    return times


def tabulate(times):
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("", "time", "ratio to numpy"):
        table.add_column(heading, justify="right" if heading else "left")
    for module, seconds in times.items():
        ratio = median(own / numpy for own, numpy in zip(seconds, times["numpy"], strict=True))
        table.add_row(f"import {module}", format_seconds(median(seconds)), f"{ratio:.2f}")
    return table


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.imports", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="fresh processes for each (default 21)")
    options = parser.parse_args(arguments)
    settle()
    console = make_console()
    console.print("Import in a fresh process: median")
    console.print(tabulate(time_imports(options.rounds)))


if __name__ == "__main__":
    main()
