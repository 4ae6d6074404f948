"""What the debugger of hand-derived layers finds: `python -m tests.benchmarks.debugger`, from the root.

Mistakes are planted in right programs, and each file is checked as `tinygraph check` does it, but for the
process of its own; a sample goes through the command itself, to see that it tells the same. A mistake is
located if the first diagnosis (of two mistakes: some diagnosis each) names the quantity that was made wrong,
or one that nothing given can tell from it; it is named if its cause is, or if the formula of the diagnosis
gives the planted numbers.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np
from rich import box
from rich.progress import track
from rich.table import Table

import tinygraph as tg
from tests.debugger.here import run_here
from tests.debugger.versions import NETWORKS as DRAWN
from tests.debugger.versions import VERSIONS
from tinygraph.checks.arrays import own_program
from tinygraph.debugger import runner
from tinygraph.debugger.runner import check_file

from .planted import NETWORKS, Case, GraphCase, graphs, homework, names_in, pairs, planted, random_edits
from .planted.mistakes import CHANGES, MISTAKES
from .report import make_console

EXACT = 1e-9
ROUNDING = 1e-14  # the columns of dZ of a softmax add up to this
LISTED = {mistake.cause for mistake in (*MISTAKES, *CHANGES)}
BY_NAME = {net.name: net for net in NETWORKS}
COMMAND = [sys.executable, "-c", "import sys; from tinygraph.cli import main; sys.exit(main())", "check"]


@dataclass(frozen=True)
class Verdict:
    """What the debugger made of a case.

    `slug` says whether its cause is the planted one, `exact` whether a formula gives the planted numbers,
    `expected` whether the right formulas shown are right; `extra` counts the diagnoses that blame what is
    right, and `said` is what was said.
    """

    case: Case
    located: bool
    slug: bool
    exact: bool
    extra: int
    expected: bool
    said: str

    @property
    def named(self):
        """Whether it is known what was planted."""
        return self.slug or self.exact


def without_warnings():
    """Planted divisions by zero are no news, in a process of the pool."""
    warnings.simplefilter("ignore", RuntimeWarning)


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.debugger", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the cases; too few to quote")
    parser.add_argument(
        "--networks", nargs="+", choices=BY_NAME, default=list(BY_NAME), metavar="NAME", help="some of them"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random edits (0)")
    parser.add_argument("--misses", metavar="FILE", help="add what was missed there")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    return parser.parse_args(arguments)


# One case


def judge(case):
    """Check the file of a case and see what is said of it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "layers.py")
        file.write_text(case.text)
        report = check(file, case.net.sizes, case.net.activations)
    return verdict_on(case, report)


def judge_arrays(case):
    """Compare the arrays of a case with its graph and see what is said of them."""
    J, made = case.cost(), case.made()
    diagnoses = tg.compare(J, case.given()).diagnoses
    said = "; ".join(f"{d.name}: {d.cause}, {d.formula or 'no formula'}" for d in diagnoses) or "right"
    first = next(iter(diagnoses), None)
    if first is None or first.name != case.name:
        return Verdict(case, False, False, False, len(diagnoses), True, said)
    d = J.backward()
    values = own_program(d)[1] | made
    exact = agrees(first.formula, values, made[case.name])
    right = case.right()[case.name]
    return Verdict(
        case,
        True,
        case.cause in (first.cause, *first.others),
        exact,
        len(diagnoses) - 1,
        agrees(first.expected, values, right),
        said,
    )


def check(file, sizes, activations=None, seed=0):
    """`check_file`, with the file's functions called in this process."""
    with patch.object(runner, "run_file", run_here):
        return check_file(file, sizes=sizes, activations=activations, seed=seed, repair=0)


def verdict_on(case, report):
    diagnoses = report.diagnoses
    said = "; ".join(f"{d.name}: {d.cause}, {d.formula or 'no formula'}" for d in diagnoses)
    said = " | ".join(filter(None, [said, *report.errors, *([] if diagnoses else report.notes)])) or "right"
    if case.raises:
        errors = [*report.errors, *(f.reason for f in report.functions if f.verdict == "could not run")]
        located = any(is_located_by_error(case, error) for error in errors)
        return Verdict(case, located, located, located, 0, True, said)
    if not case.right:
        located = any(d.function == case.function and d.cause == case.cause for d in diagnoses[:1])
        return Verdict(case, located, located, located, len(diagnoses) - located, True, said)
    return verdict_on_formulas(case, diagnoses, said)


def is_located_by_error(case, error):
    """Whether an error is about the line where the mistake was planted, or one that uses what it made."""
    lines = list(enumerate(case.text.splitlines(), start=1))
    numbers = [n for n, line in lines if any(f"= {code}" in line for code in case.planted)]
    users = [n for n, line in lines if names_in(line) & case.wrong.keys()]
    return error.startswith(case.function) and any(f"(layers.py:{n})" in error for n in numbers + users)


def verdict_on_formulas(case, diagnoses, said):
    named = {name for d in diagnoses for name in (d.name, *d.also)}
    exact = [d for d in diagnoses if gives(d, case, named)]
    found = [
        [d for d in diagnoses if any(blames(d, name, case, named, d in exact) for name in mistake)]
        for mistake in case.mistakes
    ]
    located = all(found) and (len(found) > 1 or diagnoses[0] in found[0])
    is_exact = located and all(any(d in exact for d in ds) for ds in found)
    has_slug = located and all(any(case.cause in (d.cause, *d.others) for d in ds) for ds in found)
    extra = sum(all(d not in ds for ds in found) for d in diagnoses)
    return Verdict(case, located, has_slug, is_exact, extra, all_right(case, diagnoses, named), said)


def blames(diagnosis, name, case, named, exact):
    """Whether a diagnosis is of this quantity, or of one that nothing given can tell from it.

    Where neither dA nor dZ of a layer is given, all that is known of dA is what dZ was made of it.
    """
    if name in (diagnosis.name, *diagnosis.also):
        return True
    if name in named or {name, diagnosis.name} & case.given or name[2:] != diagnosis.name[2:]:
        return False
    return (name[:2], diagnosis.name[:2]) == ("dA", "dZ") or exact


def gives(diagnosis, case, named):
    """Whether the formula gives the numbers that the file has, as far as they can be seen."""
    made, name = case.values(), diagnosis.name
    if not diagnosis.formula or name not in made:
        return False
    values = case.before(name, named)
    dZ = name.replace("dA", "dZ")
    if agrees(diagnosis.formula, values, made[name]):
        return True
    if name == dZ or {name, dZ} & case.given or dZ not in case.statements:
        return False
    code = case.right.get(dZ, case.statements[dZ])
    return agrees(code, values | {name: eval(diagnosis.formula, {"np": np}, values)}, made[dZ])


def agrees(formula, values, expected):
    """Whether a formula gives these numbers."""
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(eval(formula, {"np": np}, values))
    except Exception:
        return False
    expected = np.asarray(expected)
    if value.shape != expected.shape:
        return False
    difference = np.max(np.abs(np.subtract(value, expected, dtype=float)), initial=0)
    return bool(difference <= EXACT * np.max(np.abs(expected), initial=0) + ROUNDING)


def all_right(case, diagnoses, named):
    """Whether the right formulas that the diagnoses show are right."""
    for diagnosis in diagnoses:
        if diagnosis.name in case.right:
            before = case.before(diagnosis.name, named)
            right = eval(case.right[diagnosis.name], {"np": np}, before)
            if not agrees(diagnosis.expected, before, right):
                return False
    return True


# Many cases


def judge_all(cases, title):
    """The verdicts on the cases, on all cores."""
    see = judge_arrays if isinstance(cases[0], GraphCase) else judge
    with ProcessPoolExecutor(initializer=without_warnings) as pool:
        return list(track(pool.map(see, cases, chunksize=4), title, len(cases), console=make_console()))


def share(verdicts, what):
    """The share of verdicts that have something, as a percentage."""
    return f"{100 * np.mean([getattr(v, what) for v in verdicts]):.1f} %" if verdicts else ""


def tabulate(verdicts, heading, group):
    """A row for each group of cases, and one for all."""
    groups = defaultdict(list)
    for verdict in verdicts:
        groups[group(verdict.case)].append(verdict)
    columns = ("cases", "located", "named", "by cause", "by formula", "blamed beside")
    table = Table(heading, *columns, box=box.SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, members in [*sorted(groups.items()), ("all", verdicts)]:
        shares = [share(members, what) for what in ("located", "named", "slug", "exact")]
        table.add_row(name, str(len(members)), *shares, str(sum(v.extra for v in members)))
    return table


# Right versions


def false_alarm(run):
    """What is said wrongly of a right version on a network; nothing, if all is well."""
    name, (sizes, seed) = run
    report = check(VERSIONS[name], sizes, seed=seed)
    if report.ok and report.status == 0 and not report.diagnoses:
        return ""
    return f"{name} on {sizes}, seed {seed}: {report.summary} {' '.join(report.errors)}"


def false_alarms(quick):
    """The number of runs of right versions, and what was said wrongly."""
    runs = [(name, network) for name in VERSIONS for network in (DRAWN[::10] if quick else DRAWN)]
    with ProcessPoolExecutor(initializer=without_warnings) as pool:
        said = list(pool.map(false_alarm, runs, chunksize=4))
    return len(runs), list(filter(None, said))


# The command


def run_command(text, *options):
    """What `tinygraph check` prints on a file of this text, and the seconds it takes, start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "layers.py")
        file.write_text(text)
        begun = time.perf_counter()
        ran = subprocess.run([*COMMAND, *options, file], capture_output=True, text=True, timeout=100)
    return ran.stdout, time.perf_counter() - begun


def times():
    """The seconds of a check of the lectures' network, and of one with a diagnosis."""
    lectures = NETWORKS[0]
    right = homework(lectures, {})
    wrong = homework(lectures, {"dZ relu": "np.maximum(dA, 0)", "dW": "dZ @ A_prev.T"})
    unknown = homework(lectures, {"dZ relu": "np.cbrt(dA) * Z"})
    return {
        name: median(run_command(text)[1] for _ in range(5))
        for name, text in [
            ("a check", right),
            ("a diagnosis", wrong),
            ("a diagnosis that finds no cause", unknown),
        ]
    }


def told_alike(case):
    """Whether `tinygraph check --json` tells the same diagnoses as the check from Python."""
    others = [f"--activations={','.join(case.net.activations)}"] if case.net.name != "binary" else []
    printed, _ = run_command(case.text, "--json", f"--sizes={','.join(map(str, case.net.sizes))}", *others)
    told = [(d["name"], d["cause"], d["formula"]) for d in json.loads(printed)["diagnoses"]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "layers.py")
        file.write_text(case.text)
        return told == [
            (d.name, d.cause, d.formula) for d in check(file, case.net.sizes, case.net.activations).diagnoses
        ]


# All together


def main(arguments=None):
    options = parse_arguments(arguments)
    console, every = make_console(), 10 if options.quick else 1
    console.print(f"On {os.cpu_count()} cores; {'a tenth of the cases' if options.quick else 'all cases'}.\n")
    nets = [BY_NAME[name] for name in options.networks]
    mistakes = planted(nets)[::every]
    parts = {
        "Mistakes that people make, planted wherever they can occur": [c for c in mistakes if not c.raises],
        "Those that stop the program, since shapes do not fit": [c for c in mistakes if c.raises],
        "Mistakes in networks with dropout and an L2 penalty, as arrays": graphs(nets)[::every],
        "Random single edits that are not on the list": random_edits(500 // every, options.seed, nets),
        "Two independent edits at once": pairs(200 // every, options.seed, nets),
    }
    for title, cases in parts.items():
        verdicts = judge_all(cases, title)
        if options.misses:
            write_misses(options.misses, title, verdicts)
        console.print(f"{title}, by cause")
        console.print(tabulate(verdicts, "cause", lambda case: case.cause))
        console.print(tabulate(verdicts, "place", lambda case: case.place))
        console.print(tabulate(verdicts, "network", lambda case: case.net.name))
    runs, alarms = false_alarms(options.quick)
    console.print(f"False alarms: {len(alarms)} of {runs} runs of {len(VERSIONS)} right versions")
    for alarm in alarms:
        console.print(f"  {alarm}")
    seconds = times()
    for name, t in seconds.items():
        console.print(f"Time of {name} of the lectures' three layers, start-up included: {t:.2f} s")
    files = [cases for cases in parts.values() if isinstance(cases[0], Case)]
    sample = [case for cases in files for case in cases[:: max(1, len(cases) // 8)]]
    alike = [told_alike(case) for case in sample]
    console.print(f"`tinygraph check --json` tells the same as Python: {sum(alike)} of {len(alike)} files")


def write_misses(file, title, verdicts):
    """Add to a file what was not located, not named, blamed beside, or shown a wrong right formula."""
    with open(file, "a", encoding="utf-8") as out:
        out.write(f"# {title}\n")
        out.writelines(map(miss, verdicts))


def miss(v):
    """What went wrong with a case, as text; nothing, if all went well."""
    missed = [kind for kind in ("located", "named", "exact", "expected") if not getattr(v, kind)]
    missed += ["slug"] * (not v.slug and v.case.cause in LISTED) + ["beside"] * bool(v.extra)
    if not missed:
        return ""
    where = f"{v.case.net.name}, {v.case.place}, {v.case.cause}"
    return f"- {', '.join(missed)}; {where}\n  planted: {v.case.edit}\n  said:    {v.said}\n"


if __name__ == "__main__":
    main()
