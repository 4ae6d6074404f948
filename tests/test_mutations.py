"""Every rule of the table spoiled in turn: its row's cases notice. What passes is listed, right by nature."""

from functools import partial

import pytest

from tests.cases import CASES
from tests.laws import check_first, check_kinks, check_single, failures
from tests.mutants import edited_rules, spoiled, spoiled_rules
from tests.rules import test_table
from tinygraph.rules import kernels as k
from tinygraph.rules.table import TABLE

ROWS = [pytest.param(op, id=op.name) for op in TABLE.values()]
SHOWN = {
    k.sigmoid_cross_entropy: partial(test_table.test_dA_of_the_cross_entropy_behind_a_sigmoid, (3, 4)),
    k.softmax_cross_entropy: test_table.test_dA_of_the_cross_entropy_behind_a_softmax,
}


def passes(mutant):
    """Whether all cases of the mutant's row are content with it."""
    with spoiled(mutant):
        try:
            if mutant.op.bypass and mutant.i == mutant.op.bypass[0]:
                SHOWN[mutant.op.function](axis=0)
                SHOWN[mutant.op.function](axis=-1)
            cases = CASES[mutant.op.function]
            checks = (
                check_kinks(mutant.op.function),
                failures(check_first, cases),
                failures(check_single, cases),
            )
            return not any(map(any, checks))
        except Exception:
            return False


# The derivative is dz itself, at most in another shape.
PASSED_ON = {
    *("add, input 0", "add, input 1", "subtract, input 0", "positive, input 0", "cast_to, input 0"),
    *("sum, input 0", "reshape, input 0", "ravel, input 0", "expand_dims, input 0", "squeeze, input 0"),
    *("broadcast_to, input 0", "stack, input any", "remainder, input 0", "fmod, input 0", "real, input 0"),
    *("eigvalsh, input 0", "eigvals, input 0", "singular_values, input 0"),  # of a matrix of one entry
    *("windows, input 0", "fold, input 0"),  # of more or fewer entries than dz, which the slip then leaves
}
# A vector has nothing to transpose, and no examples.
VECTORS = {f"convolve, input {i}: {slip}" for i in (0, 1) for slip in ("transposed", "without_1_over_m")}


@pytest.mark.parametrize("op", ROWS)
def test_a_spoiled_rule_is_noticed(op):
    passed = {str(mutant) for mutant in spoiled_rules(op) if passes(mutant)}

    assert passed <= {f"{rule}: without_factors" for rule in PASSED_ON} | VECTORS


# Edits that change nothing: the same number by another line, or by another way.
EQUALS = {
    "power": {
        "int | float became int",  # as a base, a float takes the line for arrays
        "2 * x if y == 2 else y * x ** (y - 1) if y else np.zeros_like(x) became "
        "y * x ** (y - 1) if y else np.zeros_like(x)",
        "1 became 2",  # where y is 0, whatever is multiplied by it
    },
    "absolute": {
        "1 became 2",
        "0 became 1",
    },  # of complex numbers: where z is 0, x is 0, as test_functions says
    "hypot": {"1 became 2"},
    "sinc": {"1 became 2"},  # near 0 the series is taken
    "copysign": {  # 1 or -1 is its own reciprocal
        "np.sign(x) * np.copysign(np.ones_like(x), y) became np.sign(x) / np.copysign(np.ones_like(x), y)",
    },
    "tile": {"zip(z.shape, lengths, strict=True) became zip(z.shape, lengths)"},
    "cumprod": {"zip(before, reversed(after), strict=True) became zip(before, reversed(after))"},
    "general_eigenvectors": {"1 became 2"},  # what is divided by it is 0
    "logsumexp": {  # the shares add up to 1 but for rounding: test_functions has large x
        "x - back(z) became x + back(z)",
        "x - back(z) became x",
        "shares / np.sum(shares, axis=axis, keepdims=True) became shares",
        "shares / np.sum(shares, axis=axis, keepdims=True) became "
        "shares * np.sum(shares, axis=axis, keepdims=True)",
    },
    "irfft": {"1 became 2"},  # a length of -2 is the rest as well
    "gelu": {"20 became 21"},  # there 1 - t * t is 0 already
    "std": {"1 became 2"},  # where z is 0, x is its own mean
    "norm": {"1 became 2"},  # where z is 0, x is 0
    "cumsum": {  # all axes of a vector are its only one
        "np.flip(np.cumsum(np.flip(dz, axis=0), axis=0), axis=0) became "
        "np.flip(np.cumsum(np.flip(dz, axis=0), axis=0))",
        "np.cumsum(np.flip(dz, axis=0), axis=0) became np.cumsum(np.flip(dz, axis=0))",
        "np.flip(dz, axis=0) became np.flip(dz)",
    },
    "matmul": {  # .T and swapaxes agree on matrices
        "x.ndim == 2 became x.ndim != 2",
        "2 became 3",
        "np.dot(dz, y.T) if x.ndim == 2 and y.ndim == 2 else "
        "undo_broadcast(stack_dx(dz, x.ndim, y), x.shape) "
        "became undo_broadcast(stack_dx(dz, x.ndim, y), x.shape)",
        "np.dot(x.T, dz) if x.ndim == 2 and y.ndim == 2 else "
        "undo_broadcast(stack_dy(dz, x, y.ndim), y.shape) "
        "became undo_broadcast(stack_dy(dz, x, y.ndim), y.shape)",
    },
    "dot": {"x.ndim <= 2 became x.ndim > 2", "2 became 3"},  # einsum agrees with matmul
    "einsum": {
        "np.einsum(f'{','.join(letters)}->{want}', *arrays, optimize=optimize) became "
        "np.einsum(f'{','.join(letters)}->{want}', *arrays)",
        "zip(terms[i], xs[i].shape, strict=True) became zip(terms[i], xs[i].shape)",
        "zip(letters, arrays, strict=True) became zip(letters, arrays)",
        "zip(term, x.shape, strict=True) became zip(term, x.shape)",
        "''.join(terms) + out became ''.join(terms)",  # no letter of the output is only there
    },
}


@pytest.mark.parametrize("op", ROWS)
def test_an_edited_formula_is_noticed(op):
    passed = {mutant.slip for mutant in edited_rules(op) if passes(mutant)}

    assert passed == EQUALS.get(op.name, set())


def test_many_rules_are_spoiled():
    mutants = [
        mutant for op in TABLE.values() for edit in (spoiled_rules, edited_rules) for mutant in edit(op)
    ]
    print(f"{len(mutants)} spoiled rules")

    assert len(mutants) > 1000
