"""The time of one training step: `python -m tests.benchmarks.steps`, from the root of the repository."""

import argparse
from dataclasses import replace

from rich.console import Console
from rich.progress import track

from .contestants import BASELINE, CONTESTANTS
from .measure import measure
from .report import show_results, write_json
from .tasks import TASKS, Chain
from .worker import settle


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.steps", description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=TASKS, default=list(TASKS), metavar="NAME")
    parser.add_argument(
        "--contestants",
        nargs="+",
        choices=CONTESTANTS,
        default=list(CONTESTANTS),
        metavar="NAME",
        help=f"of {', '.join(CONTESTANTS)}; {BASELINE.key} always runs",
    )
    parser.add_argument("--rounds", type=int, default=15, help="runs of each contestant (15; at least 2)")
    parser.add_argument(
        "--quick", action="store_true", help="few and short runs, and a short chain; too rough to quote"
    )
    parser.add_argument("--json", metavar="FILE", help="also write the results there")
    options = parser.parse_args(arguments)
    if options.rounds < 2:
        parser.error(f"--rounds {options.rounds}: quartiles need at least 2 rounds")
    return options


def choose_contestants(keys, task):
    """Those asked for, and the baseline, as far as they take this task; in the order of the table."""
    return [
        contestant
        for key, contestant in CONTESTANTS.items()
        if (key in keys or contestant == BASELINE) and (contestant.runs_chain or not isinstance(task, Chain))
    ]


def main(arguments=None):
    options = parse_arguments(arguments)
    settle()
    rounds, seconds_per_run = (3, 0.005) if options.quick else (options.rounds, 0.05)
    results = []
    for name in track(options.networks, "Timing", console=Console(stderr=True), transient=True):
        task = TASKS[name]
        if options.quick and isinstance(task, Chain):
            task = replace(task, links=1_000)
        results += measure(task, choose_contestants(options.contestants, task), rounds, seconds_per_run)
    show_results(results)
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    main()
