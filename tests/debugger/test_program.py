"""Somebody's functions by name, and one changed for a moment."""

import ast

from tests.debugger.somebody import program_of
from tinygraph.debugger.program import code_of_function

TEXT = """
class Layer:
    def forward(self, x, *more, scale=1):
        return x * scale

    @staticmethod
    def double(x):
        return 2 * x

def half(x):
    return x / 2
"""


def test_functions_by_qualified_name():
    program = program_of(TEXT)
    assert list(program.functions) == ["Layer.forward", "Layer.double", "half"]
    forward = program.functions["Layer.forward"]
    assert (forward.parameters, forward.required, forward.rest) == (["x", "scale"], ["x"], "more")
    assert program.functions["Layer.double"].parameters == ["x"]


def test_a_function_is_changed_for_a_moment():
    program = program_of(TEXT)
    half = program.functions["half"]
    changed = ast.parse("def half(x):\n    return x / 4").body[0]
    with program.changed(half, code_of_function(half, changed)):
        assert program.namespace["half"](8) == 2
    assert program.namespace["half"](8) == 4
