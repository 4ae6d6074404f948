"""Reports made by hand, for the tests of how they are told."""

from tests.cells import show_lines
from tinygraph.checks.report import Diagnosis
from tinygraph.debugger.file_report import FileReport, FunctionVerdict

FILE = "/home/somebody/layers.py"
LINES = "def back(dout, cache):\n\tx, w = cache\n\tdw = x.T @ dout  # <b>\n\treturn dw, dout @ w.T\n"


def mistake(**more):
    """A mistake of layers.py, line 3, with its fix."""
    facts = {
        "function": "back",
        "file": FILE,
        "line": 3,
        "column": 6,
        "end_column": 9,
        "before": "\tdw = x.T @ dout  # <b>",
        "after": "\tdw = FIXED @ dout  # <b>",
        "verified": True,
        "kind": "a transpose",
        "said": "dw: SAID",
        "computed": "You computed THIS.",
        "tested": "tested: with it everything agrees",
        "wrong": ("dw",),
        "right": ("dx",),
    }
    return Diagnosis("dw", "transpose", "FIXED belongs here.", **facts | more)


def report(diagnoses=(), functions=None):
    """A report on layers.py, whose lines Python knows."""
    show_lines(FILE, LINES)
    if functions is None:
        functions = [
            FunctionVerdict("back", not diagnoses, "wrong" if diagnoses else "agrees", 1, "layers.py:1"),
            FunctionVerdict("loss", True, "agrees", 6, "layers.py:6"),
        ]
    return FileReport([], file=FILE, diagnoses=list(diagnoses), functions=functions)
