"""Every rule runs on symbols, which hold only shape and dtype, and gives the shape that numbers give."""

import numpy as np
import pytest

import tinygraph as tg
from tests.cases import CASES
from tinygraph.engine.sweep import recorded_order
from tinygraph.notation.symbols import Symbol
from tinygraph.rules import kernels as k
from tinygraph.rules.table import TABLE


def symbol_of(x, name):
    return Symbol(x.shape, x.dtype, name) if isinstance(x, np.ndarray | np.generic) else x


def recorded(case):
    """The tensors that a case records, leaves left out."""
    leaves = [tg.parameter(x) if i in case.wanted else x for i, x in enumerate(case.inputs)]
    out = case(*leaves)
    outs = out if isinstance(out, list) else [out]
    return [t for result in outs for t in recorded_order(result)]


def rules_checked(case):
    """Run every rule that a case needs on numbers and on symbols; how many, and where they differ."""
    checked, wrong = 0, []
    for t in recorded(case):
        node, dz = t.node, np.ones_like(t.value)
        symbols = tuple(symbol_of(x, f"x{j}") for j, x in enumerate(node.cache))
        for i in node.wanted:
            with np.errstate(all="ignore"):
                number = node.op.rules[i](dz, t.value, *node.cache, **node.settings)
            z, d = symbol_of(t.value, "z"), symbol_of(dz, "dz")
            symbol = node.op.rules[i](d, z, *symbols, **node.settings)
            checked += 1
            if (symbol.shape, symbol.dtype) != (number.shape, number.dtype) or not str(symbol):
                wrong.append(f"{case} input {i}: {symbol!r} but {number.shape} {number.dtype}")
    return checked, wrong


@pytest.mark.parametrize("function", TABLE, ids=lambda function: function.__name__)
def test_rules_run_on_symbols(function):
    counts, failures = zip(*map(rules_checked, CASES[function]), strict=True)

    assert [line for lines in failures for line in lines] == []
    assert sum(counts) > 0


def test_symbols_hold_no_numbers():
    """What a rule did with a symbol is a tree of symbols, numbers and settings, never an array."""
    x, z, dz = (Symbol((4, 5), float, name) for name in ("Z1", "A1", "dA1"))
    for op in (TABLE[k.relu], TABLE[np.tanh], TABLE[k.gelu], TABLE[k.elu]):
        pending = [op.rules[0](dz, z, x)]
        while pending:
            node = pending.pop()
            assert not isinstance(node, np.ndarray)
            pending += node.args if isinstance(node, Symbol) else ()


@pytest.mark.parametrize(
    ("expected", "function", "i", "shapes"),
    [
        ("dz", np.add, 0, [(2, 3), (2, 3)]),
        ("dz * y", np.multiply, 0, [(2, 3), (2, 3)]),
        ("-dz * z / y", np.divide, 1, [(2, 3), (2, 3)]),
        ("dz @ y.T", np.matmul, 0, [(2, 3), (3, 4)]),
        ("x.T @ dz", np.matmul, 1, [(2, 3), (3, 4)]),
        ("dz * (x > 0)", k.relu, 0, [(2, 3)]),
        ("dz * (1 - z * z)", np.tanh, 0, [(2, 3)]),
        ("dz * (z * (1 - z))", k.sigmoid, 0, [(2, 3)]),
        ("np.where(x > 0, dz, 0.01 * dz)", k.leaky_relu, 0, [(2, 3)]),
    ],
)
def test_rules_read_as_formulas(expected, function, i, shapes):
    inputs = tuple(Symbol(shape, float, name) for shape, name in zip(shapes, "xy", strict=False))
    z = function(*inputs)
    z = Symbol(z.shape, z.dtype, "z")

    assert expected == str(TABLE[function].rules[i](Symbol(z.shape, z.dtype, "dz"), z, *inputs))


@pytest.mark.parametrize(
    ("expected", "build"),
    [
        ("(a + b) * c", lambda a, b, c: (a + b) * c),
        ("a + b * c", lambda a, b, c: a + b * c),
        ("a - (b - c)", lambda a, b, c: a - (b - c)),
        ("a - b - c", lambda a, b, c: a - b - c),
        ("-a * b", lambda a, b, c: -a * b),
        ("(a ** b) ** c", lambda a, b, c: (a**b) ** c),
        ("a ** b ** c", lambda a, b, c: a**b**c),
        ("(a > b) > c", lambda a, b, c: (a > b) > c),
        ("-(a + b)", lambda a, b, c: -(a + b)),
        ("(a @ b).T", lambda a, b, c: (a @ b).T),
        ("2 / a", lambda a, b, c: 2 / a),
        ("a[1:, 0]", lambda a, b, c: a[1:, 0]),
        ("np.sum(a, axis=1, keepdims=True)", lambda a, b, c: np.add.reduce(a, axis=1, keepdims=True)),
        ("np.sum(a, axis=0)", lambda a, b, c: np.sum(a, axis=0)),
        ("sigmoid(a)", lambda a, b, c: k.sigmoid(a)),
        ("np.concatenate([a, b], axis=1)", lambda a, b, c: np.concatenate([a, b], axis=1)),
    ],
)
def test_expressions_have_the_brackets_they_need(expected, build):
    a, b, c = (Symbol((3, 3), float, name) for name in "abc")

    assert expected == str(build(a, b, c))


def test_float32_stays_float32():
    x = Symbol((2, 3), np.float32, "x")

    assert np.float32 == (2 * x / 3 + 1).dtype
    assert np.float64 == (x + Symbol((1,), np.float64, "y")).dtype


def test_a_call_that_would_warn_of_its_numbers_is_recorded():
    x = Symbol((2, 3), float, "x")

    assert [str(made) for made in (x / 0, np.log(x * 0 - 1))] == ["x / 0", "np.log(x * 0 - 1)"]
