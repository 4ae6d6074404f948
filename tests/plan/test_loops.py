"""Loops for numba: their text, run as plain Python, computes what the NumPy backend computes."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings

import tinygraph as tg
from tests.cases import CASES
from tests.networks import OUTPUTS, make_network, parameters_of, record
from tests.plan.graphs import recipes
from tests.plan.test_graphs import as_leaves, inputs_of, sum_of_squares
from tinygraph.plan.build import build_step
from tinygraph.plan.loops import HELPERS, helpers_of
from tinygraph.plan.trace import trace_step


def run_loops(loss, arrays, parameters, optimizer=None):
    """The results of the loops, compiled by nothing."""
    recorded = trace_step(loss, arrays, None, parameters, optimizer)
    built = build_step(recorded, loops=True)
    namespace = {}
    exec(compile(built.source.text, "<loops>", "exec"), namespace)
    given = [*arrays, *(p.value for p in parameters)]
    if optimizer is not None:
        optimizer.steps += 1
        given += [x for p in parameters for x in optimizer.memory(p)] + [*optimizer.numbers().values()]
    constants = [s.value for s in built.arguments[len(recorded.arguments) :]]
    with np.errstate(all="ignore"):
        return namespace["step"](*given, *constants), built.source.text


@pytest.fixture(autouse=True)
def _numba_that_compiles_nothing(monkeypatch):
    stand_in = SimpleNamespace(njit=lambda **options: lambda function: function)
    monkeypatch.setitem(sys.modules, "numba", stand_in)


def assert_near(expected, actual, share=1e-9):
    """Alike up to `share` of the largest entry."""
    expected, actual = np.asarray(expected), np.asarray(actual)
    if expected.dtype == np.float32:
        share = 1e-3
    size = np.max(np.abs(expected[np.isfinite(expected)]), initial=0)

    assert (expected.shape, expected.dtype) == (actual.shape, actual.dtype)
    np.testing.assert_allclose(actual, expected, rtol=share, atol=share * max(size, 1))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid"])
def test_networks(hidden, output, dtype):
    X, Y, arrays = make_network([5, 4, 3, 2], output)
    X, Y = X.astype(dtype), Y.astype(dtype)
    eager, looped = parameters_of(arrays, dtype), parameters_of(arrays, dtype)
    first, second = tg.optim.Adam(0.1), tg.optim.Adam(0.1)
    values = list(looped.values())
    for p in values:
        second.memory(p)
    for _ in range(3):
        J = record(X, Y, eager, hidden, output)
        first.update(eager, J.backward())
        cost, text = run_loops(lambda X, Y: record(X, Y, looped, hidden, output), [X, Y], values, second)

        assert "for i0 in range" in text
        assert abs(cost - J.value) <= (1e-12 if dtype == np.float64 else 1e-5) * abs(J.value)
        for name, p in eager.items():
            assert_near(p.value, looped[name].value, 1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::tinygraph.errors.BroadcastWarning")
@settings(max_examples=150, deadline=None)
@given(recipes())
def test_random_graphs(recipe):
    parameters, mix = as_leaves(recipe)
    inputs = inputs_of(recipe, 1)
    J = recipe.loss(mix(inputs))
    d = J.backward()
    (cost, *derivatives), _ = run_loops(lambda *inputs: recipe.loss(mix(inputs)), inputs, parameters)

    share = 1e-3 if any(dtype is np.float32 for _, dtype, _ in recipe.leaves) else 1e-9
    assert_near(J.value, cost, share)
    for p, derivative in zip(parameters, derivatives, strict=True):
        assert_near(d[p], derivative, share)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", CASES, ids=lambda function: function.__name__)
def test_every_row_of_the_table(function):
    for case in CASES[function][::5]:
        leaves = [tg.parameter(case.inputs[i]) for i in case.wanted]
        J = sum_of_squares(case, leaves)
        d = J.backward()
        (cost, *derivatives), _ = run_loops(
            lambda case=case, leaves=leaves: sum_of_squares(case, leaves), [], leaves
        )

        assert_near(J.value, cost)
        for p, derivative in zip(leaves, derivatives, strict=True):
            assert_near(d[p], derivative)


@pytest.mark.parametrize(
    ("name", "f", "share"),
    [
        ("exp", np.exp, 1e-14),
        ("expm1", np.expm1, 1e-14),
        ("tanh", np.tanh, 1e-14),
        ("log_of_sum", None, 1e-13),
    ],
)
def test_functions_without_branches(name, f, share):
    """Each is NumPy's, over the whole range and for what is no number."""
    from tinygraph.plan.loops import HELPERS, OPTIONS

    namespace = {"np": np}
    exec("\n".join(["import numba", OPTIONS, *HELPERS.values()]), namespace)
    own = namespace[name] if f is not None else lambda x: namespace[name](x, 0.0)
    f = f or (lambda x: np.logaddexp(x, 0.0))
    numbers = [*np.linspace(-40, 40, 1001), *10.0 ** np.arange(-12, 2), -1e-9, 700.0, 1e4, -700.0, -1e4, 0.0]
    with np.errstate(all="ignore"):
        for x in [*numbers, np.inf, -np.inf, np.nan]:
            x = np.float64(x)
            np.testing.assert_allclose(own(x), f(x), rtol=share, atol=1e-300, err_msg=f"{name}({x})")


def test_only_the_helpers_that_are_called_are_in_the_text():
    assert helpers_of("z = np.tanh(x) + tanhs(y)") == []
    assert helpers_of("z = larger(x, y)") == [HELPERS["larger"]]
    assert helpers_of("z = tanh(x)") == [HELPERS["scale_and_rest"], HELPERS["tanh"]]
