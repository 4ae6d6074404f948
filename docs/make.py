"""Writes what is made in docs/: the pages of all operations and of all that `tinygraph check` can read, from
their tables, and the pictures that the snippets of the pages save: `python docs/make.py`. With `outputs`,
also what the snippets and commands of the pages print.
"""

import contextlib
import inspect
import operator
import re
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import scipy.special

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import tinygraph as tg  # noqa: E402 - found by the line above
from tests.cases import CASES  # noqa: E402
from tests.test_docs import PAGES, outputs_of, refreshed  # noqa: E402
from tinygraph import blocks  # noqa: E402
from tinygraph.debugger.examine import PROTOCOLS  # noqa: E402
from tinygraph.debugger.telling import TEMPLATE  # noqa: E402
from tinygraph.engine.sweep import recorded_order  # noqa: E402
from tinygraph.guards.stories import qualified_name  # noqa: E402
from tinygraph.notation.reads import values_read  # noqa: E402
from tinygraph.notation.symbols import Symbol  # noqa: E402
from tinygraph.rules import convolution as c  # noqa: E402
from tinygraph.rules import factors  # noqa: E402
from tinygraph.rules import kernels as k  # noqa: E402
from tinygraph.rules.table import COMPOSED, TABLE, Each  # noqa: E402

DOCS = ROOT / "docs"
INTRODUCTION = """\
# Every operation

What can be recorded, what it computes, and the rule for each derivative. This page is made from the table
of rules, `tinygraph/rules/`, so it says what runs.

To read it: z is the result and x, y, ... are the inputs; dz is the derivative of the cost with respect to z,
and dx that with respect to x. A rule gives dx from dz and from the values that it *reads*, which are what a
node has to cache. Shapes are those of an example. Where an input was stretched to a common shape, its
derivative is summed back to its own; so the bias of a layer comes to its sum over the examples.

Parameters are real, but inside a graph numbers may be complex, as Fourier transforms make them. The
derivative with respect to a complex z is then that with respect to its real part, less i times that with
respect to its imaginary part, as in JAX. Of a symmetric matrix, `np.linalg` reads one triangle, and the
derivative is in that one.
"""
WITH_ROWS = """\
## Written with these

These functions need no rule of their own: they are written with the operations above, which is what a
picture shows of them.
"""
BLOCKS = """\
## Blocks of networks

Of one name each, written with the operations above. In the view of layers each is one box, which opens.
`help(tg.conv2d)` says more of shapes, and of the conventions of other libraries.
"""
# Which NumPy has since 2.1 or 2.2, so that the page is the same for each.
SINCE = ["np.cumulative_prod", "np.cumulative_sum", "np.matvec", "np.unstack", "np.vecmat"]
KINKS = """\
## Kinks

What is chosen where there is no derivative, as at the corner of relu, and what PyTorch 2.13 and JAX 0.10
answer there.

| operation | chosen here | place | PyTorch | JAX |
| --- | --- | --- | --- | --- |"""
FIRST = {
    np.add: "Arithmetic",
    np.exp: "Functions of one variable",
    np.tanh: "Activations",
    np.maximum: "Choices",
    np.sum: "Sums and other reductions",
    np.reshape: "Shapes and parts",
    np.matmul: "Products",
    c.windows: "Images",
    np.linalg.inv: "Linear algebra",
    np.fft.fft: "Fourier transforms",
    scipy.special.erf: "Functions of SciPy, where it is installed",
    k.probability_cross_entropy: "Costs",
}
WRITTEN = {
    operator.getitem: "x[index]",
    k.cast_to: "x.astype",
    c.conv2d_filters: "Derivative of tg.conv2d by its filters",
    c.conv2d_transpose: "Derivative of tg.conv2d by its images",
    c.fold: "Derivative of windows",
    c.windows: "Windows of tg.max_pool2d and tg.avg_pool2d",
    factors.cofactors: "Derivative of np.linalg.det",
    factors.eigenvectors: "np.linalg.eigh, the vectors",
    factors.general_eigenvectors: "np.linalg.eig, the vectors",
    factors.left_vectors: "np.linalg.svd, U",
    factors.log_determinant: "np.linalg.slogdet, the logarithm",
    factors.orthogonal_factor: "np.linalg.qr, Q",
    factors.right_vectors: "np.linalg.svd, Vh",
    factors.singular_values: "np.linalg.svd, S",
    factors.triangular_factor: "np.linalg.qr, R",
    k.scatter: "Derivative of x[index]",
    k.probability_cross_entropy: "tg.binary_cross_entropy",
    k.sigmoid_cross_entropy: "tg.binary_cross_entropy after tg.sigmoid",
}

# Where each kink is looked at, and what PyTorch 2.13 and JAX 0.10 answered there (float32, on a CPU).
# fmt: off
ELSEWHERE = {
    np.power:       ("dx at x = 3, y = 0 and dy at x = 0, y = 2", "0", "0"),
    np.absolute:    ("x = 0",                                      "0", "1"),
    np.hypot:       ("x = y = 0",                                  "nan", "0.5"),
    np.copysign:    ("x = 0, y = 1",                               "0", "1"),
    np.cbrt:        ("x = 0",                                      "inf", "inf"),
    np.fmax:        ("x = y = 1.5",                                "1, 0", "0, 1"),
    np.fmin:        ("x = y = 1.5",                                "1, 0", "0, 1"),
    np.sqrt:        ("x = 0",                                      "inf", "inf"),
    k.relu:         ("x = 0",                                      "0", "0"),
    k.leaky_relu:   ("x = 0, slope = 0.25",                        "0.25", "1"),
    k.elu:          ("x = 0, alpha = 2",                           "2", "2"),
    np.maximum:     ("x = y = 1.5",                                "0.5", "0.5"),
    np.minimum:     ("x = y = 1.5",                                "0.5", "0.5"),
    np.clip:        ("dx at x = low and at x = high",              "1", "0.5"),
    np.max:         ("x = (2, 1, 2)",                              "0.5, 0, 0.5", "0.5, 0, 0.5"),
    np.min:         ("x = (1, 1, 2)",                              "0.5, 0.5, 0", "0.5, 0.5, 0"),
    np.std:         ("x = (2, 2)",                                 "0", "nan"),
    np.linalg.norm: ("x = (0, 0)",                                 "0", "nan"),
}
# fmt: on
LETTERS = {
    np.where: "cxy",
    c.conv2d: "xw",
    np.clip: ("x", "low", "high"),
    k.probability_cross_entropy: "ay",
    k.sigmoid_cross_entropy: "ayx",
    k.softmax_cross_entropy: "ayx",
    k.mse: "ay",
}
LONGEST = 150  # characters of a rule

READABLE = """\
# What it can read

`tinygraph check FILE` looks for the ways in which people write a backward pass. Each is a row of a table,
`tinygraph/debugger/protocols/`, from which this page is made. No name is fixed: words in names, what comes
in, what goes out and the shapes decide, and where several readings are possible, the one is believed in which
most is right.

| | for example | how it is recognised |
| --- | --- | --- |"""
RECOGNISED = {
    "a pair of functions": (
        "A name with a word like backward, grad, prime or d_, and another with the same words but for it: "
        "`relu` and `relu_backward`, `mse` and `mse_prime`; or two that the file calls one after the "
        "other. The way back takes the derivative of the output, or gives the slope or the derivatives of "
        "a loss."
    ),
    "an object that goes forward and back": (
        "A class with a method that goes back, and one that goes forward, `forward`, `__call__` or "
        "`predict`. Derivatives are returned, or left in the object (`self.dW`, `self.grads`, "
        "`self.dinputs`), or show in how parameters are moved. Layers, activations, losses and whole "
        "networks (`backprop(x, y)`) are such objects; methods that are inherited count too."
    ),
    "a loss and its derivatives in one call": (
        "A function that returns a number, named like a loss or a cost, and derivatives: an array, "
        "several, or a dict under the names of the parameters."
    ),
    "statements that go forward and back": (
        "A script, a cell or the body of one function: a loss, then two statements or more that are named "
        "like derivatives (`dW2`, `grad_w`, `dlogits`) or move parameters."
    ),
    "a cost with its delta": (
        "A class with `delta` beside its cost, which is meant after the last activation."
    ),
    "the slope of a usual function": (
        "`tanh_derivative`, `dsigmoid` and the like, where the file has no `tanh` of its own, or has it "
        "in a dict."
    ),
    "functions named by hand": "By the names that you give; see below.",
}
AFTER_READABLE = """\

Besides these, functions with the names of the lectures are known, from `linear_backward` and
`linear_activation_backward` to `L_model_backward`, `backward_propagation` of week 3, `propagate` of week 2
and `update_parameters`, in both editions, and one `backward(parameters, X, Y)` that returns `{"dW1": ...}`.
They are held against the lectures' network, each by itself; all others against the derivative of the file's
own forward pass.

Examples may be rows or columns, one at a time, images or sequences. Notebooks are read like files. Of a file
only the definitions run, or one pass through the statements of a script, if those are what is judged: nothing
is trained to the end, drawn or written, and a module that is missing does not stop what does not need it.

## Where names do not say it

Nothing in this file is called forward or backward:

```python title="own.py"
import numpy as np


def go(v, U):
    return np.tanh(v @ U)


def undo(v, U, g):
    t = np.tanh(v @ U)
    e = g * (1 - t)
    return e @ U.T, v.T @ e
```

```sh
tinygraph check own.py --forward go --backward undo
```

```console
```

`--forward` is the function that goes forward, `--backward` the one that goes back, and `--loss` the loss of
what comes out. In a notebook, `tg.check(undo, forward=go)` says the same, and `tg.check_backward(go, undo,
*inputs)` takes inputs of yours besides, so that no argument has to be made up.

If nothing helps, `tinygraph check --template` prints a few lines that can always be read, for you to put
yours into:

```sh
tinygraph check --template
```

```console
{TEMPLATE}```

Next: [Debug your backward pass](debug.md), for what it says then."""


def title(function):
    """What one writes for a function."""
    return WRITTEN.get(function) or qualified_name(function)


def link(function):
    """To the section of a function, by the anchor that the site and others give its heading."""
    return f"[{title(function)}](#{re.sub(r'[^a-z0-9_ -]', '', title(function).lower()).replace(' ', '-')})"


def example_of(op):
    """A case of two axes or the first there is, with the largest number of wanted inputs."""
    cases = [case for case in CASES[op.function] if all(np.size(x) for x in case.inputs)]
    return max(cases, key=lambda case: (len(case.wanted), np.ndim(case.inputs[0]) == 2, not case.settings))


def recorded_example(op):
    """The symbols of the example's inputs, those of z and dz, and the settings of the recorded call."""
    case = example_of(op)
    found = case(*(tg.parameter(x) if i in case.wanted else x for i, x in enumerate(case.inputs)))
    z = next(z for z in reversed(recorded_order(found)) if z.op is op)
    inputs = tuple(
        Symbol(value.shape, value.dtype, letter) if hasattr(value, "shape") else value
        for value, letter in zip(z.node.cache, LETTERS.get(op.function, "xyuvw"), strict=False)
    )
    return inputs, Symbol(z.shape, z.dtype, "z"), Symbol(z.shape, z.dtype, "dz"), z.node.settings


def lines_of(op):
    """The section of one operation."""
    inputs, z, dz, settings = recorded_example(op)
    yield f"### {title(op.function)}\n"
    yield f"`z = {op.formula}`\n"
    rules = range(1) if isinstance(op.rules, Each) else range(op.arity)
    for i in rules:
        if op.rules[i] is not None and isinstance(inputs[i], Symbol):
            formula = str(op.rules[i](dz, z, *inputs, **settings))
            rule = formula if len(formula) <= LONGEST else f"{op.rules[i].__name__}(...)"
            yield f"- `d{inputs[i].name} = {rule}` reads {read_by(op, i, z, inputs, settings)}"
    notes = [example_of_rules(op, inputs, z, settings), op.kink and f"[Kink](#kinks): {op.kink}."]
    yield "\n".join(["", *filter(None, notes), ""]) if any(notes) else ""


def example_of_rules(op, inputs, z, settings):
    """The shapes and settings for which rules are shown, unless they say nothing; and further settings."""
    shapes = [f"{x.name} {x.shape}" if isinstance(x, Symbol) else repr(x) for x in inputs]
    given = [f"`{key}={getattr(value, '__name__', repr(value))}`" for key, value in settings.items()]
    others = ", ".join(name for name in op.settings if name not in settings)
    if not given and {getattr(x, "shape", None) for x in inputs} == {z.shape}:
        return others and f"Settings: {others}."
    line = f"Shown for {', '.join([*shapes, *given])}, which gives z {z.shape}."
    return f"{line} More settings: {others}." if others else line


def read_by(op, i, z, inputs, settings):
    """The cache of one rule."""
    names = ["z", *(getattr(x, "name", "") for x in inputs)]
    read = [
        name
        for name, reads in zip(names, values_read(op, i, z, inputs, settings), strict=False)
        if reads and name
    ]
    return ", ".join(read) or "nothing but shapes"


def kinks():
    """The derivatives chosen where there is none, beside those of others."""
    yield KINKS
    for op in TABLE.values():
        if op.kink:
            yield f"| {link(op.function)} | {op.kink} | {' | '.join(ELSEWHERE[op.function])} |"
    yield ""


def groups():
    """The operations of each part of the table, by its title."""
    found = {}
    for function, op in TABLE.items():
        if function in FIRST:
            ops = found[FIRST[function]] = []
        ops.append(op)
    return {name: found[name] for name in FIRST.values()}


def contents():
    """Links to all sections, by group."""
    for name, ops in groups().items():
        yield f"- **{name}**: {', '.join(link(op.function) for op in ops)}"
    yield "- [Blocks of networks](#blocks-of-networks): convolutions, pools, norms, cells, attention"
    yield "- [Written with these](#written-with-these): functions that need no rule of their own"
    yield "- [Kinks](#kinks): what is chosen where there is no derivative\n"


def described_blocks():
    """The calls of blocks, and what each is."""
    yield BLOCKS
    for name in blocks.__all__:
        function = getattr(tg, name)
        parameters = inspect.signature(function).parameters.values()
        shown = ", ".join(str(p.replace(annotation=inspect.Parameter.empty)) for p in parameters)
        yield f"- `tg.{name}({shown})`: {inspect.getdoc(function).partition(chr(10))[0]}"
    yield ""


def compositions():
    """The names of what is written with rows, in the order of the alphabet."""
    yield WITH_ROWS
    written = COMPOSED.keys() - TABLE.keys() - {getattr(tg, name) for name in blocks.__all__}
    names = {qualified_name(f) for f in written if f.__name__ != "sum_pieces"}
    yield ", ".join(f"`{name}`" for name in sorted(names.union(SINCE, ["np.add.reduceat"]))) + ".\n"


def said(answers):
    """Derivatives as the table of kinks has them: one number if all are alike."""
    numbers = [f"{x:g}" for x in np.ravel(answers)]
    return numbers[0] if len(set(numbers)) == 1 else ", ".join(numbers)


def page():
    """The whole page as text."""
    lines = [INTRODUCTION, *contents()]
    for name, ops in groups().items():
        lines += [f"## {name}\n", *(line for op in ops for line in lines_of(op))]
    return "\n".join([*lines, *described_blocks(), *compositions(), *kinks()])


def readable():
    """The page of all that can be read, without what its commands print."""
    rows = [
        f"| **{p.name}** | `{p.example}` | {RECOGNISED[p.name]} |"
        for p in sorted(PROTOCOLS, key=lambda p: [*RECOGNISED].index(p.name))
    ]
    return "\n".join([READABLE, *rows, AFTER_READABLE.replace("{TEMPLATE}", TEMPLATE)])


def refresh(pages):
    """Writes what the snippets and commands of some pages print now."""
    for name in pages:
        page = DOCS / name
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            new = refreshed(text)
        if new != text:
            page.write_text(new, encoding="utf-8")


def draw():
    """Runs the snippets of the pages, and keeps the pictures that they save."""
    for source in sorted(DOCS.glob("*.md")):
        text = source.read_text(encoding="utf-8")
        if "](pictures/" in text:
            with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                list(outputs_of(text))
                for picture in Path().glob("*.svg"):
                    shutil.copy(picture, DOCS / "pictures")


if __name__ == "__main__":
    (DOCS / "operations.md").write_text(page(), encoding="utf-8")
    (DOCS / "readable.md").write_text(readable(), encoding="utf-8")
    refresh(PAGES if "outputs" in sys.argv[1:] else ["readable.md"])
    draw()
