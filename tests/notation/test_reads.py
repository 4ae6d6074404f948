"""What rules read, against an oracle: whether another value changes what the rule gives."""

import numpy as np
import pytest

import tinygraph as tg
from tests.cases import CASES
from tests.laws import weights
from tinygraph.engine.sweep import recorded_order
from tinygraph.notation.reads import values_read
from tinygraph.rules import linear_algebra
from tinygraph.rules.table import TABLE, Operation

ROWS = [pytest.param(op, id=op.name) for op in TABLE.values()]


def matters(rule, given, j):
    """Whether another value of given[j] changes what the rule gives, whatever the rest is."""
    x = given[j]
    if not isinstance(x, np.ndarray):
        return False
    before = rule(*given)
    near = [x + step for step in (-3, -1, -0.5, 0.5, 1, 3)]  # between one bound and another, too
    others = [~x] if x.dtype == bool else [x + 100, x - 100, -x, 1 - 1.5 * x, *near, x * np.nan]
    try:
        changed = [rule(*given[:j], np.asarray(y, x.dtype), *given[j + 1 :]) for y in others]
    except np.linalg.LinAlgError:  # of what is no number
        return True
    return any(not np.array_equal(before, after, equal_nan=True) for after in changed)


def rescaled(x, scale):
    """An array as it is or in other places, so that no side of a kink is missed; other things as they are."""
    if not hasattr(x, "dtype"):
        return x
    return np.asarray(x * x.dtype.type(scale)) if x.dtype.kind in "fc" else np.asarray(x)


def read_by_rule(node, i, z):
    """Which of z and the inputs matter to rule i, at these values or at others of the same shapes."""
    dz = weights(z.shape).astype(z.dtype)
    with np.errstate(all="ignore"):
        given = [[rescaled(x, scale) for x in (z.value, *node.cache)] for scale in (1, -1, 0.01, 1000)]
        for k in range(len(given[0])):
            given.append([rescaled(x, -1) if j == k else x for j, x in enumerate(given[0])])
        rule = lambda *given: node.op.rules[i](dz, *given, **node.settings)  # noqa: E731
        return tuple(any(matters(rule, g, j) for g in given) for j in range(len(node.cache) + 1))


def vanishes(node):
    """Whether what is read does not matter: x in x ** 1, or between bounds that cross, and the like."""
    if node.op.function is np.power:
        return any(isinstance(x, int) and x == 1 for x in node.cache)
    if node.op.function in (np.fmax, np.fmin):
        return any(np.isnan(x).any() for x in node.cache)
    if node.op.function is np.clip:
        low, high = (np.nan if bound is None else bound for bound in node.cache[1:])
        return np.all(low > high)
    if node.op.function is np.var:
        return node.cache[0].shape[-1] == 1
    home = getattr(node.op.rules[0], "__module__", "")
    return home == linear_algebra.__name__ and node.cache[0].shape[-2:] == (1, 1)


@pytest.mark.parametrize("op", ROWS)
def test_what_is_read_is_what_matters(op):
    for case in CASES[op.function]:
        found = case(*(tg.parameter(x) if i in case.wanted else x for i, x in enumerate(case.inputs)))
        z = next(z for z in reversed(recorded_order(found)) if z.op is op)
        node = z.node
        if not all(np.size(x) for x in (z.value, *node.cache)) or vanishes(node):
            continue
        for i in node.wanted:
            actual = values_read(op, i, z, node.inputs, node.settings)
            assert actual == read_by_rule(node, i, z), f"{case!r}, input {i}"


def test_no_rule_reads_nothing():
    c, x = np.ones(3, bool), np.ones(3)

    assert values_read(TABLE[np.where], 0, x, [c, x, x], {}) == (False, False, False, False)


@pytest.mark.parametrize(
    "rule",
    [
        lambda dz, z, x, y: dz if x[0] > 0 else -dz,
        lambda dz, z, x, y: dz * float(x[0]),
        lambda dz, z, x, y: dz * sum(x),
        lambda dz, z, x, y: 0.0,
    ],
)
def test_a_rule_that_cannot_be_run_without_numbers_may_read_them_all(rule):
    op = Operation(np.sort, "", "", (rule, None))

    assert values_read(op, 0, np.ones(2), [np.ones(2), 1.0], {}) == (True, True, False)


def test_no_product_is_computed_to_find_what_is_read():
    x = np.broadcast_to(1.0, (10**6, 10**6))

    assert values_read(TABLE[np.matmul], 0, x, [x, x], {}) == (False, False, True)
