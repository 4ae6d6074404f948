"""Writes docs/operations.md, the page of all operations, from the table of rules: `python docs/make.py`."""

import operator
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import tinygraph as tg  # noqa: E402 - found by the line above
from tests.cases import CASES  # noqa: E402
from tinygraph import kernels as k  # noqa: E402
from tinygraph.ops import TABLE, Each  # noqa: E402
from tinygraph.stories import qualified  # noqa: E402
from tinygraph.symbols import Symbol, formula_of_rule  # noqa: E402

PAGE = ROOT / "docs" / "operations.md"
INTRODUCTION = """\
# All operations

Made from the table of rules, `tinygraph/ops.py`, by `python docs/make.py`.

z is the result, x, y, ... are the inputs, dz is the derivative of the cost with respect to z, and dx that
with respect to x. The cache of an operation is what its rules read of z and of the inputs. Where inputs
were stretched to a common shape, the derivative is summed back to the shape of the input. Each rule is shown
on one example, whose shapes stand beside it.
"""

# Where each kink is looked at, and what PyTorch 2.13 and JAX 0.10 answered there (float32, on a CPU).
# fmt: off
ELSEWHERE = {
    np.power:       ("dx at x = 3, y = 0 and dy at x = 0, y = 2", "0", "0"),
    np.absolute:    ("x = 0",                                      "0", "1"),
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
    np.clip: ("x", "low", "high"),
    k.probability_cross_entropy: "ay",
    k.sigmoid_cross_entropy: "ayx",
    k.softmax_cross_entropy: "ayx",
    k.mse: "ay",
}
LONGEST = 150  # characters of a rule


def title(function):
    """What one writes for a function."""
    return "x[index]" if function is operator.getitem else qualified(function)


def example_of(op):
    """A case of two axes or the first there is, with the largest number of wanted inputs."""
    cases = [case for case in CASES[op.function] if all(np.size(x) for x in case.inputs)]
    return max(cases, key=lambda case: (len(case.wanted), np.ndim(case.inputs[0]) == 2, not case.settings))


def recorded_example(op):
    """The symbols of the example's inputs, those of z and dz, and the settings of the recorded call."""
    case = example_of(op)
    z = case(*(tg.parameter(x) if i in case.wanted else x for i, x in enumerate(case.inputs)))
    inputs = tuple(
        Symbol(value.shape, value.dtype, letter) if hasattr(value, "shape") else value
        for value, letter in zip(z.node.cache, LETTERS.get(op.function, "xyuvw"), strict=False)
    )
    return inputs, Symbol(z.shape, z.dtype, "z"), Symbol(z.shape, z.dtype, "dz"), z.node.settings


def lines_of(op):
    """The section of one operation."""
    inputs, z, dz, settings = recorded_example(op)
    shapes = ", ".join(str(getattr(x, "shape", x)) for x in inputs)
    yield f"## {title(op.function)}\n"
    yield f"z = {op.formula}\n"
    if op.settings:
        yield f"Settings: {', '.join(op.settings)}.\n"
    yield "| derivative | rule | reads | example |"
    yield "| --- | --- | --- | --- |"
    given = ", ".join(f"{key}={getattr(value, '__name__', repr(value))}" for key, value in settings.items())
    example = f"{shapes} → {z.shape}" + (f", {given}" if given else "")
    rules = range(1) if isinstance(op.rules, Each) else range(op.arity)
    for i in rules:
        if op.rules[i] is not None and isinstance(inputs[i], Symbol):
            formula = str(formula_of_rule(op, i, inputs, z, dz, settings))
            rule = f"`{formula}`" if len(formula) <= LONGEST else f"see `{op.rules[i].__name__}` there"
            yield f"| d{inputs[i].name} | {rule} | {read_by(op, i, inputs)} | {example} |"
    if op.kink:
        yield f"\nKink: {op.kink}."
    yield ""


def read_by(op, i, inputs):
    """The cache of one rule."""
    names = ["z", *(getattr(x, "name", "") for x in inputs)]
    read = [name for name, reads in zip(names, op.uses(i, len(inputs)), strict=False) if reads and name]
    return ", ".join(read) or "shapes alone"


def kinks():
    """The derivatives chosen where there is none, beside those of others."""
    yield "# Kinks\n"
    yield "What is chosen where there is no derivative, and what PyTorch 2.13 and JAX 0.10 answer.\n"
    yield "| operation | chosen here | place | PyTorch | JAX |"
    yield "| --- | --- | --- | --- | --- |"
    for op in TABLE.values():
        if op.kink:
            yield f"| {title(op.function)} | {op.kink} | {' | '.join(ELSEWHERE[op.function])} |"


def said(answers):
    """Derivatives as the table of kinks has them: one number if all are alike."""
    numbers = [f"{x:g}" for x in np.ravel(answers)]
    return numbers[0] if len(set(numbers)) == 1 else ", ".join(numbers)


def page():
    """The whole page as text."""
    return "\n".join([INTRODUCTION, *kinks(), "", *(line for op in TABLE.values() for line in lines_of(op))])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
