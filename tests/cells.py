"""Cells: code that runs as in a notebook, with its lines where Python looks for those of a file."""

import itertools
import linecache

import numpy as np

import tinygraph as tg
from tinygraph.engine.sweep import recorded_order
from tinygraph.graph.naming import name_graph

__all__ = ["BEGIN", "names_in", "names_in_cell", "run_cell", "show_lines"]

BEGIN = "import numpy as np\nimport tinygraph as tg\nX, x = np.ones((3, 4)), tg.parameter(np.full(4, 0.5))\n"
numbers = itertools.count()


def show_lines(file, text):
    """Let Python find `text` as the lines of a file."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)


def run_cell(text, shown=None, change=lambda code: code, space=None):
    """The variables after a cell has run: X, x, and those of `text`.

    `shown` is what Python finds as its text, "" for nothing; `change` makes other code of it. A cell that is
    given the variables in `space` does not begin with those of all cells.
    """
    file, text = f"<cell {next(numbers)}>", text if space else BEGIN + text
    show_lines(file, text if shown is None else shown)
    space = {} if space is None else space
    exec(change(compile(text, file, "exec")), space)
    return space


def names_in(J, names=None):
    """All names in the graph of J, in the order of recording."""
    return [name for _, name in name_graph(recorded_order(J), [J], names).items()]


def names_in_cell(text, **how):
    """All names in the graph of a sum over what the cell calls `result`."""
    result = run_cell(text, **how)["result"]
    assert isinstance(result, tg.Tensor)
    return names_in(np.sum(result).named("J"))[:-1]
