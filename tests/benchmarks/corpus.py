"""What `tinygraph check` says of public files: `python -m tests.benchmarks.corpus FOLDER`, from the root.

FOLDER holds copies of the repositories that tests/data/corpus.toml names, each as FOLDER/owner/name; nothing
of theirs is part of this project. What is known of their functions was found by reading and by differences of
their own forward passes. A function counts as judged if it is said to agree, to be wrong, to pass on what is
wrong or not to run; files that are not there are left out.
"""

import argparse
import json
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from rich import box
from rich.markup import escape
from rich.table import Table

from .report import make_console

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "tests" / "data" / "corpus.toml"
SECONDS = 120  # for one file
ALARM = ("wrong", "could not run")
JUDGED = ("agrees", "passes on", *ALARM)


@dataclass(frozen=True)
class PublicFile:
    """A file, and what is known of its functions; `lines` are those where a mistake may be told."""

    repository: str
    path: str
    right: tuple[str, ...] = ()
    wrong: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)

    @property
    def expected(self):
        """The verdict on it in a few words."""
        if not (self.right or self.wrong):
            return "not to be judged" if self.lacking else "no backward pass"
        return "wrong" if self.wrong else "right"


@dataclass(frozen=True)
class Answer:
    """What is said of a file."""

    file: PublicFile
    seconds: float
    functions: dict[str, str]
    told: dict[str, list[int]]  # the lines of the diagnoses, by function

    @property
    def judged(self):
        return [n for n in (*self.file.right, *self.file.wrong) if self.functions.get(n) in JUDGED]

    @property
    def alarms(self):
        """What is right, or not to be judged, and called wrong."""
        return [n for n, verdict in self.functions.items() if verdict in ALARM and n not in self.file.wrong]

    @property
    def noticed(self):
        return [n for n in self.file.wrong if self.functions.get(n) in (*ALARM, "passes on")]

    @property
    def located(self):
        """The mistakes whose line is told."""
        return [n for n, lines in self.file.lines.items() if set(lines) & set(self.told.get(n, ()))]


def read_facts(file=FACTS):
    with open(file, "rb") as stream:
        return [PublicFile(**facts) for facts in tomllib.load(stream)["file"]]


def check_public(file, folder):
    """What the command says of a file."""
    command = [
        sys.executable,
        "-m",
        "tinygraph",
        "check",
        str(folder / file.repository / file.path),
        "--json",
    ]
    begun = time.perf_counter()
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
        report = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        report = {"functions": [], "diagnoses": []}
    told = {}
    for d in report["diagnoses"]:
        told.setdefault(d["function"], []).append(d["line"])
    functions = {f["name"]: f["verdict"] for f in report["functions"]}
    return Answer(file, time.perf_counter() - begun, functions, told)


def tabulate_answers(answers):
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("file", overflow="fold")
    for name in ("expected", "judged", "said", "seconds"):
        table.add_column(name, justify="right" if name in ("judged", "seconds") else "left")
    for answer in answers:
        file = answer.file
        count = len(file.right) + len(file.wrong)
        judged = f"{len(answer.judged)} of {count}" if count else "-"
        name = f"{file.repository.partition('/')[0]}: {Path(file.path).name}"
        table.add_row(escape(name), file.expected, judged, said_of_answer(answer), f"{answer.seconds:.1f}")
    return table


def said_of_answer(answer):
    """Whether an answer is as it should be, or what is not."""
    missed = [n for n in answer.file.wrong if n not in answer.noticed]
    left = [n for n in answer.file.right if n not in answer.judged and n not in missed]
    elsewhere = [n for n in answer.file.lines if n not in answer.located]
    parts = [
        f"{word} {', '.join(names)}"
        for word, names in (
            ("FALSE ALARM", answer.alarms),
            ("missed", missed),
            ("left out", left),
            ("another line", elsewhere),
        )
        if names
    ]
    return escape("; ".join(parts)) or "as expected"


def sum_up(answers):
    """The figures in a few lines."""
    counted = [a for a in answers if a.file.right or a.file.wrong]
    functions = sum(len(a.file.right) + len(a.file.wrong) for a in counted)
    wrong, placed = (sum(len(getattr(a.file, x)) for a in answers) for x in ("wrong", "lines"))
    noticed, located = (sum(len(getattr(a, x)) for a in answers) for x in ("noticed", "located"))
    yield f"{sum(bool(a.judged) for a in counted)} of {len(counted)} files judged, of {len(answers)} in all"
    yield f"{sum(len(a.judged) for a in counted)} of {functions} backward functions judged"
    lacking = [a.functions.get(n) for a in answers for n in a.file.lacking]
    yield f"{lacking.count('not checked')} of {len(lacking)} that lack a module, data or Python 2 said so"
    yield f"{sum(len(a.alarms) for a in answers)} right functions called wrong"
    yield f"{noticed} of {wrong} wrong functions noticed; {located} of {placed} mistakes told with their line"


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.corpus", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the repositories lie, as owner/name")
    folder = parser.parse_args(arguments).folder.resolve()
    there = [f for f in read_facts() if (folder / f.repository / f.path).is_file()]
    if not there:
        parser.error(f"{folder} holds none of the files")
    answers = [check_public(file, folder) for file in there]
    console = make_console()
    console.print(tabulate_answers(answers))
    for line in sum_up(answers):
        console.print(line)


if __name__ == "__main__":
    main()
