"""How long large graphs take to draw: `python -m tests.benchmarks.pictures`, from the root of the project."""

import argparse
from time import perf_counter

import numpy as np
from rich import box
from rich.table import Table

import tinygraph as tg
import viz
from tinygraph.errors import GraphError

from .report import format_seconds, make_console


def layers(n):
    """The cost of n layers."""
    A = tg.tensor(np.ones((4, 5)), name="X")
    for i in range(1, n):
        W = tg.parameter(np.full((4, 4), 0.1), name=f"W{i}")
        A = np.tanh(W @ A + tg.parameter(np.zeros((4, 1)), name=f"b{i}"))
    W = tg.parameter(np.ones((1, 4)), name=f"W{n}")
    return tg.binary_cross_entropy(tg.sigmoid(W @ A), np.ones((1, 5)))


def chain(n):
    """n operations in a row, two kinds in turns."""
    x = tg.parameter(1.0, name="x")
    for _ in range(n // 2):
        x = np.sin(x) + 1.0
    return x


def tangle(n):
    """n operations in a row, in no order that repeats."""
    x = tg.parameter(0.5, name="x")
    for i in np.random.default_rng(0).integers(0, 4, n):
        x = (np.tanh, np.sin, np.cos, np.arctan)[i](x)
    return x


CASES = {
    "1,000 layers": lambda: layers(1_000),
    "100,000 operations": lambda: chain(100_000),
    "100,000 operations without repeats": lambda: tangle(100_000),
}


def drawn(J, format):
    """The seconds until the picture, and what it is: its size, or the sentence instead."""
    start = perf_counter()
    try:
        picture = viz.draw(J, view="auto").render(format)
    except GraphError as error:
        return perf_counter() - start, str(error)
    return perf_counter() - start, f"{len(picture) / 1e3:,.0f} kB"


def main(arguments=None):
    argparse.ArgumentParser(prog="python -m tests.benchmarks.pictures", description=__doc__).parse_args(
        arguments
    )
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("", "", "time", "what comes"):
        table.add_column(heading, justify="right" if heading == "time" else "left")
    for name, make in CASES.items():
        J = make()
        seconds, result = drawn(J, "svg")
        table.add_row(name, "picture", format_seconds(seconds), result)
        start = perf_counter()
        text = viz.draw(J, view="auto").source
        table.add_row("", "DOT text", format_seconds(perf_counter() - start), f"{len(text) / 1e3:,.0f} kB")
    make_console().print(table)


if __name__ == "__main__":
    main()
