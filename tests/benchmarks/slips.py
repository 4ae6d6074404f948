"""What the tests notice: `python -m tests.benchmarks.slips`, from the root of the repository.

One-token slips are planted in the modules of the rooms below, one at a time, and for each the tests next to
the module run until one fails: its own and its doctests first, then those of its room. Slips go into the
debugger where it is asked for, `--rooms debugger`: its tests take minutes together, so that its modules' own
must do.
A slip lives in a process of its own, forked from one that has imported the packages that tinygraph uses, and
is put in as the module is imported; no file is changed. The slips of a seed are the same every time, and stay
so where nothing near them changes. The command fails if less than 95 % are caught, or if one of the standard
seed survives that tests/data/slips.toml does not hold, with the reason why nobody can notice it; of a sample,
if less than three of four are caught.
"""

import argparse
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
import time
import tomllib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.slips import ROOT, Slip, drawn, spoiled_tree

PACKAGES = ("notation", "graph", "plan", "checks", "debugger")
ROOMS = {room: f"tinygraph/{room}" for room in PACKAGES} | {"viz": "viz"}
APART = {"debugger"}  # rooms whose tests take minutes together
SEED = 0  # the standard one
SHARE = 0.95  # of those that can be noticed
SAMPLE_SHARE = 0.75  # of a few, which chance and every change of a module draw anew
EQUAL = ROOT / "tests" / "data" / "slips.toml"
TEST_SECONDS = 20  # of a processor, for one test: a slip may loop for ever
SLIP_SECONDS = 300  # on a busy machine, for all tests of one slip
WIDTH = 300  # characters of a slip that are shown: a table may be one line
MEMORY = 12 << 30  # bytes of addresses
WARM = ("numpy", "rich.table", "graphviz", "pygraphviz", "numba", "hypothesis.extra.numpy", "pytest")
OPTIONS = [
    *("-x", "-pno:cacheprovider", "--hypothesis-seed=1", "--hypothesis-profile=slips"),
    "--assert=plain",  # else pytest itself would load the module whose doctests are asked for
]


# Which tests


def modules_of(room):
    """The modules of a room, as paths from the root."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / ROOMS[room]).rglob("*.py"))


def room_of(path):
    return next(room for room, folder in ROOMS.items() if path.startswith(folder + "/"))


def own_tests(path):
    """The files whose tests are the module's own: its mirror, and itself for its doctests."""
    folder, name = ROOT / "tests" / room_of(path), f"test_{Path(path).name}"
    return [*(p.relative_to(ROOT).as_posix() for p in sorted(folder.rglob(name))), path]


def rest_of_room(path):
    """The other test files of the room, but for one whose tests take minutes."""
    if room_of(path) in APART:
        return []
    own, folder = own_tests(path), ROOT / "tests" / room_of(path)
    found = (p.relative_to(ROOT).as_posix() for p in sorted(folder.rglob("test_*.py")))
    return [path for path in found if path not in own]


# One slip in a process of its own


class Spoiled(importlib.machinery.SourceFileLoader):
    """Loads a module with a slip in it."""

    def __init__(self, slip):
        super().__init__(slip.module, str(ROOT / slip.path))
        self.slip = slip

    def get_code(self, name):
        return compile(spoiled_tree(self.slip), self.path, "exec", dont_inherit=True)

    def find_spec(self, name, path=None, target=None):
        """As a finder: this module alone."""
        if name != self.slip.module:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)


class Limit:
    """A plugin of pytest that ends a test which takes too long."""

    def pytest_runtest_setup(self, item):
        signal.setitimer(signal.ITIMER_VIRTUAL, TEST_SECONDS)


def warm():
    """Import what takes long, of packages that no slip is in."""
    for name in WARM:
        with suppress(ImportError):
            import_module(name)
    from hypothesis import Phase, settings

    settings.register_profile("slips", database=None, phases=[Phase.explicit, Phase.generate], deadline=None)


def passes(tests):
    """Whether the tests pass, in this process."""
    import pytest

    return not tests or pytest.main([*OPTIONS, *tests], plugins=[Limit()]) in (0, 5)


def run_alone(path, slip):
    """Whether a module's tests pass, with the slip in it if there is one; says nothing."""
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if slip:
        sys.meta_path.insert(0, Spoiled(slip))
    return passes(own_tests(path)) and passes(rest_of_room(path))


def start(path, slip=None):
    """A process that ends with 0 if the tests pass."""
    pid = os.fork()
    if pid:
        return pid
    try:
        passed = run_alone(path, slip)
    except BaseException:
        passed = False
    os._exit(not passed)


# All of them


@dataclass
class Run:
    """What became of a slip; `slip` is None for a module as it is."""

    path: str
    slip: Slip | None
    began: float
    passed: bool | None = None
    seconds: float = 0.0


def run_all(jobs, workers):
    """A Run for each (path, slip), as many at a time as there are workers."""
    waiting, running = list(reversed(jobs)), {}
    while waiting or running:
        while waiting and len(running) < workers:
            path, slip = waiting.pop()
            running[start(path, slip)] = Run(path, slip, time.monotonic())
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            time.sleep(0.01)
            stop_late(running)
            continue
        run = running.pop(pid)
        run.passed, run.seconds = status == 0, time.monotonic() - run.began
        yield run


def stop_late(running):
    """End what takes too long."""
    for pid, run in running.items():
        if time.monotonic() - run.began > SLIP_SECONDS:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def equal_by_nature():
    """By module and slip: why nobody can notice it."""
    return tomllib.loads(EQUAL.read_text(encoding="utf-8"))


# What is shown


def tabulate(runs, equal):
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("room", "slips", "caught", "equal", "share", "time of one"):
        table.add_column(heading, justify="right" if table.columns else "left")
    by_room = {room: [run for run in runs if room_of(run.path) == room] for room in ROOMS}
    for room, part in [*by_room.items(), ("all", runs)]:
        if part:
            counts = Counter(kind_of(run, equal) for run in part)
            seconds = sum(run.seconds for run in part) / len(part)
            cells = len(part), counts["caught"], counts["equal"], f"{share(part, equal):.1%}"
            table.add_row(room, *map(str, cells), f"{seconds:.1f} s")
    return table


def kind_of(run, equal):
    """Whether a slip was caught, is equal by nature, or survived."""
    if not run.passed:
        return "caught"
    return "equal" if run.slip.text in equal.get(run.path, {}) else "survived"


def share(runs, equal):
    """The share caught of those that can be."""
    counts = Counter(kind_of(run, equal) for run in runs)
    return counts["caught"] / max(1, counts["caught"] + counts["survived"])


def parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.slips", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help=f"which slips (default {SEED})")
    parser.add_argument("--count", type=int, default=200, help="how many, over all rooms (default 200)")
    rooms = [room for room in ROOMS if room not in APART]
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=rooms)
    parser.add_argument("--only", nargs="+", metavar="MODULE", help="paths of the modules to plant them in")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--sample", type=int, metavar="K", help="run only K of them, spread evenly")
    return parser.parse_args(arguments)


def jobs_of(options):
    """(path, slip) for each slip, after the tests without one, which should pass.

    A sample trusts them, and leaves out what is known to survive: to see that takes all tests of a room.
    """
    paths = options.only or [path for room in options.rooms for path in modules_of(room)]
    slips = drawn(paths, options.count, options.seed)
    if options.sample:
        slips = slips[:: max(1, len(slips) // options.sample)][: options.sample]
        equal = equal_by_nature()
        slips = [slip for slip in slips if slip.text not in equal.get(slip.path, ())]
    tested = {slip.path if room_of(slip.path) in APART else room_of(slip.path): slip.path for slip in slips}
    plain = [] if options.sample else [(path, None) for path in tested.values()]
    return plain, [(slip.path, slip) for slip in slips]


def main(arguments=None):
    options = parse(arguments)
    os.chdir(ROOT)
    os.environ["OMP_NUM_THREADS"] = "1"
    console = Console(highlight=False, soft_wrap=True)
    plain, jobs = jobs_of(options)
    warm()
    for run in run_all(plain, options.workers):
        if not run.passed:
            sys.exit(f"the tests of {run.path}, or of its room, do not pass as they are")
    runs, equal = list(run_all(jobs, options.workers)), equal_by_nature()
    console.print(tabulate(runs, equal))
    survivors = [run.slip for run in runs if kind_of(run, equal) == "survived"]
    for slip in sorted(survivors, key=str):
        console.print(f"{str(slip)[:WIDTH]}  (in {slip.where})", markup=False)
    if options.sample:
        return int(share(runs, equal) < SAMPLE_SHARE)
    unlisted = survivors and options.seed == SEED
    return int(bool(unlisted) or share(runs, equal) < SHARE)


if __name__ == "__main__":
    sys.exit(main())
