"""Results as tables for people and as JSON for programs."""

import json
import os
import platform
from dataclasses import asdict

from rich import box
from rich.console import Console
from rich.table import Table

from .contestants import CONTESTANTS
from .tasks import TASKS

WIDTH_OFF_SCREEN = 100  # columns, where the output is a file or a pipe


def make_console():
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH_OFF_SCREEN
    return console


def describe_machine():
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
    }


def show_results(results):
    console = make_console()
    console.print("One training step, ratio to by hand: median, quartiles")
    console.print(tabulate(results, format_ratio))
    console.print("Time of one step, on the chain of one addition: median")
    console.print(tabulate(results, format_time))
    for note in list_notes(results):
        console.print(note)


def tabulate(results, format_result):
    """One row for each contestant, one column for each task."""
    by_key = {(result.contestant, result.task): result for result in results}
    tasks = [name for name in TASKS if any(result.task == name for result in results)]
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for name in tasks:
        table.add_column(name, justify="right")
    for key, contestant in CONTESTANTS.items():
        row = [by_key.get((key, name)) for name in tasks]
        if any(row):
            cells = ("" if result is None else format_cell(result, format_result) for result in row)
            table.add_row(contestant.title, *cells)
    return table


def format_cell(result, format_result):
    return format_result(result) if result.status == "ok" else result.status


def format_ratio(result):
    lower, upper = result.ratio_quartiles
    spread = "" if lower == upper else f"\n{round_ratio(lower)}-{round_ratio(upper)}"
    return round_ratio(result.ratio) + spread


def round_ratio(ratio):
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"


def format_time(result):
    return format_seconds(result.seconds)


def format_seconds(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def list_notes(results):
    """Which versions ran, and one line for each reason why somebody has no time."""
    versions = {
        CONTESTANTS[result.contestant].package: result.version for result in results if result.version
    }
    yield "Versions: " + ", ".join(f"{package} {version}" for package, version in versions.items())
    reasons = {}
    for result in results:
        if result.status != "ok":
            title = CONTESTANTS[result.contestant].title
            reasons.setdefault(f"{title} {result.status}: {result.detail}", []).append(result.task)
    for reason, tasks in reasons.items():
        yield f"{reason} ({', '.join(tasks)})"


def write_json(path, results):
    document = {"machine": describe_machine(), "results": [asdict(result) for result in results]}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
