"""What `tinygraph check` says of anybody's backward pass: `python -m tests.benchmarks.styles`, from the root.

The command itself is run on each module of this folder, and its report for machines is all that is looked at.
Right modules tell how many of the functions to be judged are judged, and whether there are false alarms. Then
slips are planted, see `slips`: one is noticed if a function is called wrong, or the line is named where the
program stops for it; its exact line is that of the first diagnosis; and its repair is right if the file gives
the gradients that it should once the tested lines of the report are put in.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
from rich import box
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from ..report import describe_machine, make_console
from .slips import KINDS, Plain, Slip, ask, differ, random_edits_of, shares, slips_of
from .verify import HERE, load

ROOT = HERE.parents[2]
JUDGED = ("agrees", "wrong", "passes on")
SECONDS = 120  # for one check
REPAIRED = 1e-5  # the relative difference up to which gradients are right again
EDITS = 500
MARKS = ("noticed", "first", "located", "tested", "repaired")  # of an Outcome


@dataclass(frozen=True)
class Said:
    """What the command says of a file."""

    status: int
    seconds: float
    functions: tuple[dict, ...] = ()
    diagnoses: tuple[dict, ...] = ()
    trouble: str = ""

    @property
    def verdicts(self):
        return {function["name"]: function["verdict"] for function in self.functions}

    @property
    def tested(self):
        """The diagnoses with lines that were tried."""
        return [d for d in self.diagnoses if d.get("after") is not None and d.get("verified")]

    @property
    def text(self):
        """What it finds wrong, on one line."""
        parts = [f"status {self.status}", self.trouble]
        parts += [
            f"{f['name']} {f['verdict']} (line {f.get('line')}) {f.get('reason') or ''}"
            for f in self.functions
            if f["verdict"] in ("wrong", "could not run")
        ]
        for d in self.diagnoses:
            tested = "tested " if d.get("verified") else ""
            parts.append(f"line {d.get('line')}: {d.get('cause')}, {tested}{d.get('after')!r}")
        return "; ".join(" ".join(part.split()) for part in parts if part)


@dataclass(frozen=True)
class Outcome:
    """What became of a slip in a module."""

    module: str
    slip: Slip
    said: Said
    noticed: bool
    first: bool  # the first diagnosis names the line
    located: bool  # some diagnosis does
    tested: bool
    repaired: bool

    def missed(self):
        """What it fell short of, in words."""
        marks = {
            "not noticed": self.noticed,
            "not the line": self.first,
            "no tested fix": self.tested,
            "not repaired": self.repaired,
        }
        return [word for word, reached in marks.items() if not reached]


@dataclass
class Right:
    """What is said of a right module."""

    module: str
    judged: list[str]
    said: Said
    unjudged: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)


# The command


def check(text, name, root):
    """What `tinygraph check` of the checkout at root says of a file of this text and name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{name}.py")
        file.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "tinygraph", "check", str(file), "--json"]
        begun = time.perf_counter()
        try:
            ran = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return Said(-1, time.perf_counter() - begun, trouble=f"no end after {SECONDS} s")
        seconds = time.perf_counter() - begun
    return read(ran, seconds)


def read(ran, seconds):
    try:
        report = json.loads(ran.stdout)
    except ValueError:
        lines = ran.stderr.strip().splitlines() or ["nothing said"]
        return Said(ran.returncode, seconds, trouble=lines[-1])
    if not isinstance(report, dict) or report.get("version") != 2:
        return Said(ran.returncode, seconds, trouble="not a report of version 2")
    return Said(ran.returncode, seconds, tuple(report["functions"]), tuple(report["diagnoses"]))


def repair(text, diagnoses):
    """The text with the tested lines put in; of two for one line, the first."""
    rows = text.splitlines()
    lines = {}
    for diagnosis in diagnoses:
        lines.setdefault(diagnosis["line"], diagnosis)
    for line, diagnosis in sorted(lines.items(), reverse=True):
        old = max(1, len((diagnosis.get("before") or "").splitlines()))
        rows[line - 1 : line - 1 + old] = diagnosis["after"].splitlines()
    return "\n".join(rows) + "\n"


# One module, one slip


@cache
def plain(name):
    """A module as it should be, once in each process."""
    return Plain(text_of(name), driver_of(name))


def text_of(name):
    return (HERE / "modules" / f"{name}.py").read_text(encoding="utf-8")


def driver_of(name):
    return load(HERE / "drivers" / f"{name}.py")


def see_right(job):
    """What is said of a right module; false alarms are functions called wrong, and a status that says so."""
    name, root = job
    said = check(text_of(name), name, root)
    right = Right(name, plain(name).source.judged, said)
    verdicts = said.verdicts
    right.unjudged = [
        f"{f}: {verdicts.get(f, 'not named')}" for f in right.judged if verdicts.get(f) not in JUDGED
    ]
    right.alarms = [f"{f}: wrong" for f, verdict in verdicts.items() if verdict == "wrong"]
    right.alarms += [f"status 1: {said.trouble}"] * (said.status == 1 and not right.alarms)
    return right


def plant(job):
    """The (name, slip) of a module."""
    name, n, seed, draw = job
    return [(name, slip) for slip in draw(text_of(name), driver_of(name), n, seed)]


def see_slip(job):
    """What became of a slip."""
    (name, slip), root = job
    said = check(slip.text, name, root)
    stopped = [(f["stop"] or f)["line"] for f in said.functions if f["verdict"] == "could not run"]
    wrong = said.status == 1 and any(f["verdict"] == "wrong" for f in said.functions)
    told = said.status != 0 and bool({*slip.lines, *(slip.raised or ())} & set(stopped))
    hits = [is_at(d, slip) for d in said.diagnoses]
    first = hits[0] if hits else told and bool(set(slip.lines) & set(stopped))
    tested = bool(said.tested)
    return Outcome(
        *(name, slip, said, wrong or told),
        first=bool(first),
        located=any(hits) or bool(first),
        tested=tested,
        repaired=tested and is_right(name, repair(slip.text, said.tested)),
    )


def is_at(diagnosis, slip):
    """Whether a diagnosis names the line of a slip, or shows it among a few that belong together."""
    first = diagnosis.get("line") or 0
    shown = range(first, first + max(1, len((diagnosis.get("before") or "").splitlines())))
    return bool(set(shown) & set(slip.lines))


def is_right(name, text):
    """Whether the gradients of a text are those that its forward pass has."""
    right = plain(name)
    try:
        return not differ(right.answers, ask(text, right.driver.answers, name), REPAIRED)
    except Exception:
        return False


# All of them


def quiet():
    """Slips divide by zero, and one thread is enough for each process."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")


def in_parallel(function, jobs, title, workers):
    jobs = list(jobs)
    with ProcessPoolExecutor(workers, initializer=quiet) as pool:
        return list(track(pool.map(function, jobs), title, len(jobs), console=make_console()))


def planted(names, numbers, seed, draw, title, workers):
    """All slips of the modules, so many of each."""
    jobs = [(name, n, seed, draw) for name, n in zip(names, numbers, strict=True)]
    return [slip for slips in in_parallel(plant, jobs, title, workers) for slip in slips]


# What is shown


def per_cent(count, n):
    return f"{100 * count / n:.1f} %" if n else ""


def tabulate(rights, slips, edits):
    """The one table: right modules, then slips by kind, then random edits."""
    columns = ("number", "noticed", "exact line", "any line", "tested fix", "right after it")
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    functions = sum(len(right.judged) for right in rights)
    judged = functions - sum(len(right.unjudged) for right in rights)
    alarms = sum(bool(right.alarms) for right in rights)
    table.add_row("right modules", str(len(rights)), f"{alarms} false")
    table.add_row("functions judged in them", str(functions), per_cent(judged, functions))
    table.add_section()
    by_effect = {
        "slips": slips,
        "  that stop the program": [o for o in slips if o.slip.raised is not None],
        "  that only give other numbers": [o for o in slips if o.slip.raised is None],
    }
    for title, outcomes in by_effect.items():
        table.add_row(*row(title, outcomes))
    for structural, title in ((False, "slips of a symbol"), (True, "slips of the structure")):
        table.add_section()
        some = [o for o in slips if o.slip.structural == structural]
        table.add_row(*row(title, some))
        for kind in (kind.name for kind in KINDS if kind.structural == structural):
            outcomes = [o for o in some if o.slip.kind == kind]
            if outcomes:
                table.add_row(*row(f"  {kind}", outcomes))
    table.add_section()
    table.add_row(*row("random edits", edits))
    table.add_row(*row("  of statements", [o for o in edits if o.slip.structural]))
    table.add_row(*row("  of expressions", [o for o in edits if not o.slip.structural]))
    return table


def row(title, outcomes):
    n = len(outcomes)
    return title, str(n), *(per_cent(sum(getattr(o, mark) for o in outcomes), n) for mark in MARKS)


def times(rights, outcomes):
    """By what was checked: the median and the worst of the seconds."""
    seconds = {
        "right modules": [right.said.seconds for right in rights],
        "slips with a tested fix": [o.said.seconds for o in outcomes if o.tested],
        "slips without one": [o.said.seconds for o in outcomes if not o.tested],
    }
    return {title: (median(some), max(some)) for title, some in seconds.items() if some}


def figures(rights, slips, edits, seconds):
    """All of it for programs."""
    return {
        "machine": describe_machine(),
        "right": [asdict(right) for right in rights],
        "slips": [told(outcome) for outcome in slips],
        "edits": [told(outcome) for outcome in edits],
        "seconds": seconds,
    }


def told(outcome):
    document = asdict(outcome)
    del document["slip"]["text"]
    return document


def miss(outcome):
    """One line on a slip that was not put right, or not where it is; nothing, if all went well."""
    missed = outcome.missed()
    if not missed:
        return ""
    slip = outcome.slip
    original, now = " ".join(slip.original.split()), " ".join(slip.now.split())
    where = f"{outcome.module}:{slip.line} [{slip.kind}]"
    return f"{where} {', '.join(missed)} | was: {original} | is: {now} | said: {outcome.said.text}\n"


def write_misses(path, rights, outcomes):
    with open(path, "w", encoding="utf-8") as out:
        for right in rights:
            out.writelines(f"{right.module} [right] false alarm | {alarm}\n" for alarm in right.alarms)
            out.writelines(f"{right.module} [right] not judged | {name}\n" for name in right.unjudged)
        out.writelines(map(miss, outcomes))


def show_slips(console, slips):
    """The slips themselves, with the lines before and after."""
    for name, slip in slips:
        mark = ", structure" * slip.structural + ", stops" * (slip.raised is not None)
        console.print(f"{name}:{slip.line} [{slip.kind}{mark}] {slip.lines}", markup=False)
        console.print(f"    - {slip.original.strip()}\n    + {slip.now.strip()}", markup=False)


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.styles", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one slip of each module, a tenth of the edits")
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="modules that begin so")
    parser.add_argument("--slips", type=int, default=4, help="of each module (4)")
    parser.add_argument("--edits", type=int, default=EDITS, help=f"random ones, over all modules ({EDITS})")
    parser.add_argument("--seed", type=int, default=0, help="of slips and edits (0)")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--root", default=str(ROOT), metavar="DIR", help="whose tinygraph is run (this one)")
    parser.add_argument("--show", action="store_true", help="only show the slips; nothing is checked")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--misses", metavar="FILE", help="write what was missed there")
    return parser.parse_args(arguments)


def names_of(options):
    """The modules that have a driver."""
    files = sorted((HERE / "modules").glob("*.py"))
    names = [file.stem for file in files if (HERE / "drivers" / file.name).exists()]
    return [name for name in names if name.startswith(tuple(options.only))]


def main(arguments=None):
    options = parse_arguments(arguments)
    os.environ["OMP_NUM_THREADS"] = "1"
    console, names, workers = make_console(), names_of(options), options.workers
    n, edits = (1, options.edits // 10) if options.quick else (options.slips, options.edits)
    found = planted(names, [n] * len(names), options.seed, slips_of, "Planting slips", workers)
    if options.show:
        show_slips(console, found)
        return
    more = planted(
        names, shares(len(names), edits), options.seed, random_edits_of, "Planting random edits", workers
    )
    rights = in_parallel(see_right, [(name, options.root) for name in names], "Right modules", workers)
    slips = in_parallel(see_slip, [(slip, options.root) for slip in found], "Slips", workers)
    edited = in_parallel(see_slip, [(slip, options.root) for slip in more], "Random edits", workers)
    seconds = times(rights, slips + edited)
    console.print(tabulate(rights, slips, edited))
    for right in rights:
        for alarm in right.alarms:
            console.print(f"False alarm in {right.module}, {escape(alarm)}")
    for title, (middle, worst) in seconds.items():
        console.print(f"Seconds of {title}: {middle:.2f}, at worst {worst:.2f}")
    if options.misses:
        write_misses(options.misses, rights, slips + edited)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures(rights, slips, edited, seconds), file, indent=2)
            file.write("\n")


if __name__ == "__main__":
    main()
