"""Somebody's programs, from texts."""

import ast
import textwrap

from tests.cells import show_lines
from tinygraph.debugger.examine import examine_program
from tinygraph.debugger.program import Program

FILE = "<somebody>"
LAYER = """
def fc_forward(x, w, b):
    out = x @ w + b
    return out, (x, w)

def fc_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
"""


# A network whose layers are a loop, forward and back.
LOOP = """
import numpy as np
y = np.array([0.3, -0.2])
Ws = [np.array([[0.5, 0.1], [0.2, -0.3]]), np.array([[0.4, -0.6], [0.7, 0.2]])]
h = np.array([1.0, -2.0])
hs = []
for W in Ws:
    hs.append(h)
    h = np.tanh(h @ W)
loss = np.sum((h - y) ** 2)
dh = 2 * (h - y)
grads = []
for W, before in zip(reversed(Ws), reversed(hs)):
    dz = dh * (1 - np.tanh(before @ W) ** 2)
    grads.append(np.outer(before, dz))
    dh = dz @ W.T
"""


def program_of(text):
    """A program whose only file is a text; NumPy is there."""
    text = "import numpy as np\n" + textwrap.dedent(text)
    show_lines(FILE, text)
    tree = ast.parse(text, FILE)
    space = {"__name__": "somebody"}
    exec(compile(tree, FILE, "exec", dont_inherit=True), space)
    return Program(space, {FILE: tree}, FILE)


def verdicts_of(text):
    """The verdicts on the functions that go back."""
    return {e.function.name: e.verdict for e in examine_program(program_of(text))}


def examined(text, name):
    """What came of one function."""
    return next(e for e in examine_program(program_of(text)) if e.function.name == name)
