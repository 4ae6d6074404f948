"""A compiled step does what the eager engine does, to the last bit."""

import cProfile
import functools
import importlib.util
import random
import subprocess
import sys
import time
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import tinygraph as tg
from tests.benchmarks.plans import peak_of
from tests.networks import OUTPUTS, make_network, parameters_of, record
from tests.plan.graphs import assert_same


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid"])
def test_training_a_network_gives_the_same_bits(hidden, output, dtype):
    X, Y, arrays = make_network([5, 4, 3, 2], output)
    X, Y = X.astype(dtype), Y.astype(dtype)
    eager, compiled = (parameters_of(arrays, dtype) for _ in range(2))
    descent = tg.optim.SGD(0.1)
    step = tg.compile(lambda X, Y: record(X, Y, compiled, hidden, output), compiled, optimizer=descent)

    for _ in range(5):
        J = record(X, Y, eager, hidden, output)
        descent.update(eager, J.backward())

        assert_same(J.value, step(X, Y))
        for name, p in eager.items():
            assert_same(p.value, compiled[name].value)


def weight(*shape, name="W1"):
    return tg.parameter(np.ones(shape), name=name)


def squares(W1, X):
    return np.sum((W1 @ X) ** 2)


needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")
BACKENDS = ["numpy", pytest.param("numba", marks=[needs_numba, pytest.mark.slow])]

# What it gives


def test_without_an_optimizer_it_gives_the_cost_and_the_derivatives():
    W1, X = weight(1, 2), np.ones((2, 3))
    d = squares(W1, X).backward()

    cost, (dW1,) = tg.compile(lambda X: squares(W1, X), [W1])(X)

    assert cost == 12
    assert_same(d[W1], dW1)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x**3, 2.0),
        (lambda x: np.sum(np.sin(x)), np.arange(3.0)),
        (
            lambda p: np.sum(p["W"] @ p["X"]) + p["more"][0] ** 2,
            {"W": np.eye(2), "X": np.eye(2), "more": [3.0, 4.0]},
        ),
    ],
)
def test_without_parameters_it_derives_by_the_first_argument(f, x):
    value, derivative = tg.value_and_grad(f)(x)
    compiled_value, compiled = tg.compile(f)(x)

    assert_same(value, compiled_value)
    np.testing.assert_equal(compiled, derivative)


def test_results_are_the_callers_own():
    """Neither the next call nor the caller changes them."""
    W1 = weight(2, 2)
    step = tg.compile(lambda X: np.sum(W1 * X), [W1])
    _, (first,) = step(np.ones((2, 2)))
    first += 1
    _, (second,) = step(np.full((2, 2), 3.0))

    np.testing.assert_array_equal(first, 2)
    np.testing.assert_array_equal(second, 3)
    np.testing.assert_array_equal(W1.value, 1)


def test_a_parameter_in_two_places_is_updated_once():
    W, eager = weight(2, 2, name="W"), weight(2, 2, name="W")
    X = np.arange(4.0).reshape(2, 2)
    step = tg.compile(lambda X: np.sum(np.tanh(W @ np.tanh(W @ X))), [W, W], optimizer=tg.optim.SGD(0.1))
    J = np.sum(np.tanh(eager @ np.tanh(eager @ X)))
    tg.optim.SGD(0.1).update([eager], J.backward())
    step(X)

    assert_same(eager.value, W.value)


# Recording, again where that is needed


def counted(loss):
    """`loss`, which counts its calls."""

    def count(*args):
        count.calls += 1
        return loss(*args)

    count.calls = 0
    return count


def test_it_is_recorded_once_for_each_signature():
    W1 = weight(1, 2)
    loss = counted(lambda X: squares(W1, X))
    step = tg.compile(loss, [W1])
    X = np.ones((2, 3))
    for x in (X, 2 * X, X[:, :2], X.astype(np.float32), np.asfortranarray(X), X, X[:, :2].copy()):
        d = squares(W1, x).backward()

        assert_same(d[W1], step(x)[1][0])
    assert loss.calls == 2 * 5  # once more to see that it does the same


def test_the_number_of_signatures_kept_is_bounded():
    W1 = weight(1, 2)
    step = tg.compile(lambda X: squares(W1, X), [W1])
    for m in range(1, 60):
        step(np.ones((2, m)))

    assert len(step._plans) == 16


def test_a_parameter_that_was_given_another_array_is_noticed():
    W1 = weight(1, 2)
    step = tg.compile(lambda X: squares(W1, X), [W1])
    step(np.ones((2, 3)))
    W1.value = np.full((1, 2), 3.0)

    assert step(np.ones((2, 3)))[0] == 108


def test_a_branch_is_taken_anew_where_the_data_ask_for_it():
    W1 = weight(1, 2)
    step = tg.compile(lambda X: squares(W1, X) if np.sum(X) > 3 else np.sum(W1), [W1])

    assert [step(x * np.ones((2, 3)))[0] for x in (0.1, 1.0, 0.1, 1.0)] == [2, 12, 2, 12]


def test_a_number_read_from_the_data_is_read_anew():
    W1 = weight(1, 2)
    step = tg.compile(lambda X, n: np.sum(W1) * int(n[0]) * float(np.max(X)), [W1])

    assert [step(np.full(3, x), np.array([n]))[0] for x, n in ((1.0, 1), (1.0, 2), (3.0, 2))] == [2, 4, 12]


def test_labels_out_of_range_are_refused_at_every_step():
    W1 = weight(3, 2)
    step = tg.compile(lambda X, Y: tg.softmax_cross_entropy(W1 @ X, Y), [W1])
    step(np.ones((2, 4)), np.array([0, 1, 2, 0]))

    with pytest.raises(tg.errors.ShapeError, match="labels lie between 0 and 3"):
        step(np.ones((2, 4)), np.array([0, 1, 3, 0]))


def test_a_plain_array_from_outside_is_read_at_each_step():
    W1, scale = weight(1, 2), np.ones((1, 2))
    step = tg.compile(lambda: np.sum(W1 * scale), [W1])
    first = step()[0]
    scale *= 3

    assert (first, step()[0]) == (2, 6)


CHANCE = {
    "a mask": (lambda Z, rng: Z * (rng.random((1, 2)) < 0.5), "draws random numbers"),
    "a number": (lambda Z, rng: Z * rng.random(), "draws random numbers"),
    "NumPy's own": (lambda Z, rng: Z * np.random.rand(), "draws random numbers"),  # noqa: NPY002
    "Python's": (lambda Z, rng: Z * random.random(), "draws random numbers"),
    "an index": (lambda Z, rng: Z[:, rng.integers(2)], "draws random numbers"),
    "a list of them": (lambda Z, rng: Z[:, random.sample(range(2), 1)], "draws random numbers"),
    "a slice": (lambda Z, rng: Z[:, rng.integers(2) :], "draws random numbers"),
    "a branch": (lambda Z, rng: Z if rng.random() < 0.5 else -Z, "draws random numbers"),
    "deep inside": (lambda Z, rng: Z * [[rng]][0][0].random((1, 2)), "draws random numbers"),
    "the clock": (
        lambda Z, rng: Z * time.perf_counter(),
        r"does something else when it runs again.*first, then",
    ),
    "made anew": (lambda Z, rng: Z * np.random.default_rng().random((1, 2)), "differs from call to call"),
}


@pytest.mark.parametrize("kind", CHANCE)
def test_chance_inside_the_loss_is_refused(kind):
    f, told = CHANCE[kind]
    W1, rng = weight(1, 2), np.random.default_rng(1)
    step = tg.compile(lambda: np.sum(f(W1 * 2, rng)), [W1])

    with pytest.raises(tg.errors.GraphError, match=told):
        step()


def test_a_loss_that_changes_what_it_reads_is_refused():
    W1, calls = weight(1, 2), 0

    def loss():
        nonlocal calls
        calls += 1
        return np.sum(W1) * calls

    with pytest.raises(tg.errors.GraphError, match="the loss changes calls, which it reads"):
        tg.compile(loss, [W1])()


def outside_values():
    """A loss, and the changes to what it reads from outside."""
    scale, number, labels, V = (
        np.ones((2, 3)),
        2.0,
        np.array([0, 1, 0]),
        tg.parameter(np.array([[0.5, 0.1], [-0.2, 0.3]]), name="V"),
    )
    data, settings, held = (
        tg.tensor(np.ones((2, 3))),
        {"rate": 3.0},
        SimpleNamespace(power=2, unit=tg.tensor(1.0)),
    )
    twice = lambda Z: Z * number  # noqa: E731

    def loss(W, X):
        Z = twice(V @ (W @ X)) * (scale * 2) + scale[0, 0] - data * settings["rate"]
        return tg.softmax_cross_entropy(Z, labels) + np.mean(Z**held.power) * held.unit * FACTOR

    def rebind(name):
        nonlocal scale, number, labels, V, data
        match name:
            case "scale":
                scale = scale * 3
            case "number":
                number = 5.0
            case "labels":
                labels = 1 - labels
            case "V":
                V = tg.parameter(np.eye(2))
            case "data":
                data = tg.tensor(np.full((2, 3), 4.0))

    return loss, {
        "a global": lambda: globals().update(FACTOR=FACTOR + 1.0),
        "in a dict": lambda: settings.update(rate=1.0),
        "an attribute": lambda: setattr(held, "power", 3),
        "an array in place": lambda: scale.__imul__(2),
        "labels in place": lambda: labels.__setitem__(0, 1),
        "a frozen parameter in place": lambda: V.value.__imul__(2),
        "a frozen parameter's array": lambda: setattr(V, "value", np.eye(2)),
        "data in place": lambda: data.value.__imul__(2),
        "data of a tensor": lambda: setattr(data, "value", np.zeros((2, 3))),
        **{name: functools.partial(rebind, name) for name in ("scale", "number", "labels", "V", "data")},
    }


FACTOR = 1.0


@pytest.mark.parametrize("optimizer", [None, tg.optim.SGD(0.1)])
@pytest.mark.parametrize("change", outside_values()[1])
def test_what_is_read_from_outside_is_read_anew(change, optimizer):
    loss, changes = outside_values()
    W, X = tg.parameter(np.arange(4.0).reshape(2, 2) / 4, name="W"), np.ones((2, 3))
    step = tg.compile(lambda X: loss(W, X), W, optimizer=optimizer)
    for _ in range(2):
        expected = float(loss(W, X).value)
        assert cost_of(step(X)) == expected
    before = float(loss(W, X).value)
    changes[change]()
    expected = float(loss(W, X).value)

    assert expected != before
    assert cost_of(step(X)) == expected


def cost_of(result):
    return float(result[0] if isinstance(result, tuple) else result)


@pytest.mark.parametrize("backend", BACKENDS)
def test_some_of_the_parameters_may_be_trained(backend):
    net, alike = (tg.nn.Network([3, 4, 1], seed=1) for _ in range(2))
    rng, rule = np.random.default_rng(0), tg.optim.SGD(0.5)
    X, Y = rng.standard_normal((3, 6)), rng.random((1, 6))
    step = tg.compile(net.cost, [net.parameters[k] for k in ("W2", "b2")], optimizer=rule, backend=backend)
    for _ in range(3):
        J = alike.cost(X, Y)
        rule.update([alike.parameters[k] for k in ("W2", "b2")], J.backward())

        np.testing.assert_allclose(step(X, Y), J.value, rtol=1e-12)
    for name, p in alike.parameters.items():
        np.testing.assert_allclose(net.parameters[name].value, p.value, rtol=1e-12)


A = np.linspace(-1, 1, 6).reshape(2, 3)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "f",
    [
        lambda W: A @ W,
        lambda W: A @ W @ A.T,
        lambda W: np.dot(A[0], W) @ (A.T @ W[:2]),
        lambda W: (A - W[0, 0]) / (A + 4) ** W[:2, :1],
        lambda W: np.matmul(A[None].repeat(2, 0), W),
    ],
)
def test_plain_arrays_stand_on_the_left(f, backend):
    W = tg.parameter(np.eye(3) + 0.5)
    J = np.sum(f(W))
    cost, (dW,) = tg.compile(lambda: np.sum(f(W)), [W], backend=backend)()

    np.testing.assert_allclose(cost, J.value, rtol=1e-13)
    np.testing.assert_allclose(dW, J.backward()[W], rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["W1"], "and a str is none"),
        ([np.ones(2)], "and a ndarray is none"),
        ({"a": [weight(1, 2)]}, "and a list is none"),
        ([tg.tensor(np.ones(2), name="X")], r"and X \(2,\) is none"),
        ([weight(1, 2) * 2], r"is none: give one made by tg\.parameter"),
        ([], "and none was given"),
    ],
)
def test_what_cannot_be_derived_by_is_refused(given, told):
    with pytest.raises(tg.errors.GraphError, match=told):
        tg.compile(lambda: np.sum(weight(1, 2)), given)


def test_one_parameter_needs_no_list():
    W1 = weight(1, 2)
    step = tg.compile(lambda X: squares(W1, X), W1, optimizer=tg.optim.SGD(0.1))

    assert step(np.ones((2, 1))) == 4
    np.testing.assert_array_equal(W1.value, [[0.6, 0.6]])


@pytest.mark.parametrize("f", [lambda x: x[x > 0], lambda x: x[np.nonzero(x)], lambda x: np.unique(x)])
def test_shapes_that_depend_on_numbers_are_refused(f):
    W1 = weight(1, 2)
    step = tg.compile(lambda x: np.sum(W1) * np.sum(f(x)), [W1])

    with pytest.raises(tg.errors.GraphError, match="shape depends on the numbers"):
        step(np.ones(3))


def test_numbers_cannot_leave_unseen():
    W1 = weight(1, 2)
    step = tg.compile(lambda x: np.sum(W1) * np.asarray(x).sum(), [W1])

    with pytest.raises(tg.errors.GraphError, match="would freeze its numbers"):
        step(np.ones(3))


def test_parameters_hold_their_arrays_after_an_error_in_the_loss():
    W1 = weight(1, 2)
    array = W1.value
    with pytest.raises(tg.errors.ShapeError):
        tg.compile(lambda x: squares(W1, x), [W1])(np.ones((3, 3)))

    assert W1.value is array


def test_what_cannot_be_compiled():
    W1, other = weight(1, 2), weight(1, 2)
    with pytest.raises(tg.errors.GraphError, match="an optimizer updates parameters"):
        tg.compile(lambda x: x, optimizer=tg.optim.SGD(1))
    with pytest.raises(tg.errors.GraphError, match="not a float64"):
        tg.compile(lambda: np.float64(1), [W1])()
    with pytest.raises(tg.errors.GraphError, match="not made from W1: leave it out"):
        tg.compile(lambda: np.sum(other), [W1, other], optimizer=tg.optim.SGD(1))()
    with pytest.raises(tg.errors.GraphError, match="has not run"):
        _ = tg.compile(lambda: np.sum(W1), [W1]).source
    with pytest.raises(ValueError, match="backend is 'numpy', 'numba' or 'auto', not 'fast'"):
        tg.compile(lambda: np.sum(W1), [W1], backend="fast")


# Failing


def logarithms(W1, X):
    Z1 = W1 @ X
    return np.mean(np.log(Z1))


def test_nan_is_named_with_both_lines_and_nothing_is_updated():
    W1, optimizer = weight(1, 2), tg.optim.Adam(0.1)
    step = tg.compile(lambda X: logarithms(W1, X), [W1], optimizer=optimizer, check_nan=True)
    step(np.ones((2, 3)))
    before, remembered = W1.value.copy(), [x.copy() for x in optimizer.memory(W1)]
    line = next(i for i, text in enumerate(step.source.splitlines(), start=1) if "np.log" in text)

    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match=rf"line {line} of the step, `np.log\(Z1, .*test_step.py:\d+"),
    ):
        step(-np.ones((2, 3)))

    assert_same(before, W1.value)
    assert optimizer.steps == 1
    for x, y in zip(remembered, optimizer.memory(W1), strict=True):
        assert_same(x, y)


def test_nan_in_the_data_is_named():
    W1 = weight(1, 2)
    step = tg.compile(lambda X: squares(W1, X), [W1], check_nan=True)

    with pytest.raises(FloatingPointError, match="X holds NaN or infinity"):
        step(np.full((2, 3), np.nan))


def test_an_error_names_both_lines():
    W1, scale = weight(1, 2), np.ones((1, 2))
    step = tg.compile(lambda: np.sum(W1 * scale), [W1], optimizer=tg.optim.SGD(1))
    step()
    scale.resize((1, 3), refcheck=False)
    before = W1.value.copy()

    with pytest.raises(
        tg.errors.ShapeError, match=r"line \d+ of the step, `np.multiply\(W1, .*test_step.py:\d+"
    ):
        step()
    assert_same(before, W1.value)


# Text


def test_the_text_runs_alone(tmp_path):
    """Saved to a file and run where there is nothing but NumPy, it gives the same numbers."""
    X, Y, arrays = make_network([3, 4, 1])
    parameters = parameters_of(arrays)
    step = tg.compile(lambda X, Y: record(X, Y, parameters), parameters, optimizer=tg.optim.Momentum(0.1))
    step(X, Y)
    np.savez(tmp_path / "given.npz", X=X, Y=Y, **step.arguments)
    (tmp_path / "saved.py").write_text(step.source)
    (tmp_path / "run.py").write_text(
        "import sys, numpy as np, saved\n"
        "given = dict(np.load('given.npz'))\n"
        "cost = saved.step(**given)\n"
        "np.savez('after.npz', cost=cost, **given)\n"
        "assert not [name for name in sys.modules if name.startswith('tinygraph')]\n"
    )
    subprocess.run(
        [sys.executable, "-I", "-c", "import sys; sys.path.insert(0, '.'); import run"],
        cwd=tmp_path,
        check=True,
    )
    after = np.load(tmp_path / "after.npz")
    cost = step(X, Y)  # from the same parameters

    assert_same(cost, after["cost"])
    for name, array in step.arguments.items():
        assert_same(array, after[name])


@pytest.mark.parametrize(
    "name", ["W 1", "class", "np", "step", "1st", "import os", "\u00e9", "X", "W1\nboom()"]
)
def test_any_name_becomes_an_identifier(name):
    W = tg.parameter(np.ones((1, 2)), name=name)
    step = tg.compile(lambda X: np.sum(W @ X), [W], optimizer=tg.optim.SGD(0.5))
    step(np.ones((2, 1)))

    np.testing.assert_array_equal(W.value, 0.5)
    assert all(argument.isidentifier() for argument in step.arguments)


# Cost


def test_the_numpy_backend_allocates_scalars_alone():
    """Beyond what NumPy itself needs while it adds a column to a matrix, only views and numbers are made."""
    X, Y, arrays = make_network([30, 40, 20, 1], m=500)
    parameters = parameters_of(arrays)
    step = tg.compile(lambda X, Y: record(X, Y, parameters), parameters, optimizer=tg.optim.SGD(0.1))
    Z1, b1 = np.ones((40, 500)), np.ones((40, 1))
    by_numpy = peak_of(lambda: np.add(Z1, b1, out=Z1))

    assert peak_of(lambda: step(X, Y)) < by_numpy + 3_000  # the smallest array of a layer takes 4,000


def test_a_long_graph_is_planned_in_linear_time():
    def calls_for(n):
        x = tg.parameter(np.ones((2, 2)), name="x")

        def loss():
            y = x
            for _ in range(n // 4):
                y = np.tanh(y) * 0.5 + x
            return np.sum(y)

        with cProfile.Profile() as profile:
            tg.compile(loss, [x])()
        return sum(entry.callcount for entry in profile.getstats())

    assert calls_for(2_000) < 4.2 * calls_for(500)


def test_overflow_that_a_kernel_ignores_is_ignored_and_other_is_not():
    W1 = weight(1, 1)
    step = tg.compile(lambda X: np.sum(tg.sigmoid(W1 @ X)), [W1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        step(np.full((1, 1), -1e4))
    step = tg.compile(lambda X: np.sum(np.exp(W1 @ X)), [W1])
    with np.errstate(all="ignore"):
        step(np.full((1, 1), 1e4))
    with pytest.warns(RuntimeWarning, match="overflow"):
        step(np.full((1, 1), 1e4))


# Which plan serves which arrays


FITTING = np.arange(12.0).reshape(3, 4)
UNFITTING = {
    "another shape": FITTING[:2].copy(),
    "another order": np.asfortranarray(FITTING),
    "every other column": np.repeat(FITTING, 2, axis=1)[:, ::2],
    "another dtype": FITTING.astype(np.float32),
    "another kind": FITTING.view(np.matrix),
    "a list": FITTING.tolist(),
}


def plan_for(x):
    step = tg.compile(lambda X: np.sum(np.tanh(weight(3, 4).value * X)), None)
    step(x)
    return step.plan


def test_a_plan_fits_arrays_of_its_shape_strides_and_dtype():
    plan = plan_for(FITTING)

    assert plan.fits([FITTING])
    assert plan.fits([FITTING + 1])
    assert [name for name, x in UNFITTING.items() if plan.fits([x])] == []
    assert not plan.fits([])
    assert not plan.fits([FITTING, FITTING])


def test_a_plan_for_strides_fits_no_array_in_order():
    plan = plan_for(UNFITTING["every other column"])

    assert plan.fits([np.repeat(FITTING + 1, 2, axis=1)[:, ::2]])
    assert not plan.fits([FITTING])
    assert not plan.fits([UNFITTING["another order"]])


def test_a_plan_fits_no_longer_when_a_parameter_holds_another_array():
    W = weight(3, 4)
    step = tg.compile(lambda X: np.sum(W * X), [W])
    step(FITTING)
    plan = step.plan
    W.value[0] = 2

    assert plan.fits([FITTING])
    assert plan.holds()
    W.value = np.ones((3, 4))
    assert not plan.fits([FITTING])
    assert not plan.holds()
    np.testing.assert_array_equal(step(FITTING)[0], FITTING.sum())


def test_what_a_loss_prints_is_what_the_recorded_run_computes(capsys):
    W = tg.parameter(np.ones((1, 2)), name="W1")

    def loss(X):
        J = np.sum(W @ X)
        print(J, f"{J:.1f}")
        return J

    step = tg.compile(loss, [W])
    assert [step(np.full((2, 3), x))[0] for x in (1.0, 2.0)] == [6, 12]
    assert set(capsys.readouterr().out.splitlines()) == {"Tensor(6., name='J') 6.0"}


# What shares memory


def trained(loss, W, given, compiled, backend="numpy"):
    """The costs of three steps, and the parameter after them; `given` makes the inputs from its array."""
    p, rule, costs = tg.parameter(W), tg.optim.Adam(0.25), []
    inputs = given(p.value)
    step = tg.compile(lambda *xs: loss(p, *xs), [p], optimizer=rule, backend=backend)
    for _ in range(3):
        if compiled:
            costs.append(float(step(*inputs)))
        else:
            J = loss(p, *inputs)
            costs.append(float(J.value))
            rule.update([p], J.backward())
    return costs, p.value


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "loss",
    [
        lambda W: np.sum(np.einsum("ij->ji", np.exp(W)) * np.sin(np.tanh(W))),
        lambda W: np.sum(np.sin(np.einsum("ij->ji", W * 2)) @ np.exp(np.cos(W * 2))),
        lambda W: np.sum(np.einsum("ii->i", np.exp(W)) * np.sum(np.cos(np.sin(W)), axis=0)),
        lambda W: np.reshape(W[:1, :1], ()),
        lambda W: np.squeeze(W[0, :1]),
        lambda W: np.einsum("ij->ji", W)[0, 1] * 1,
    ],
)
def test_views_are_not_written_over(loss, backend):
    W = np.random.default_rng(0).standard_normal((3, 3))
    expected, found = trained(loss, W, lambda _: (), False), trained(loss, W, lambda _: (), True, backend)

    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "given", [lambda W: (W,), lambda W: (W.T,), lambda W: (W[::-1],), lambda W: (W[:, [0, 0, 1]],)]
)
def test_an_input_may_lie_in_the_memory_of_a_parameter(given, backend):
    W = np.random.default_rng(0).standard_normal((3, 3))
    loss = lambda W, X: np.sum(W * X) + np.sum(np.tanh(W))  # noqa: E731
    expected, found = trained(loss, W, given, False), trained(loss, W, given, True, backend)

    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)


# What is given


class Kept(np.ndarray):
    """Behaves as its base."""


def memory_map(x, folder):
    np.asarray(x).tofile(folder / "x")
    return np.memmap(folder / "x", dtype=x.dtype, mode="r", shape=x.shape)


def numba_case(kind):
    return pytest.param("numba", kind, marks=[needs_numba, pytest.mark.slow])


OTHER_KINDS = {
    "a memory map": memory_map,
    "a subclass": lambda x, _: x.view(Kept),
    "a subclass, turned": lambda x, _: np.asfortranarray(x).view(Kept),
    "a part of a subclass": lambda x, _: np.repeat(x, 2, axis=-1).view(Kept)[..., ::2],
    "backwards": lambda x, _: x[::-1].copy()[::-1],
    "one row for all": lambda x, _: np.broadcast_to(x[:1], x.shape),
    "read only": lambda x, _: np.frombuffer(x.tobytes()).reshape(x.shape),
    "not aligned": lambda x, _: np.frombuffer(b"0" + x.tobytes(), offset=1).reshape(x.shape),
    "float32": lambda x, _: x.astype(np.float32),
    "integers": lambda x, _: np.round(x).astype(np.int64),
    "the other end first": lambda x, _: x.astype(">f8"),
    "a tensor": lambda x, _: tg.tensor(x),
}


LOOPED = ("a memory map", "a part of a subclass", "not aligned")


@pytest.mark.parametrize(
    ("backend", "kind"), [*(("numpy", k) for k in OTHER_KINDS), *(numba_case(k) for k in LOOPED)]
)
def test_inputs_of_any_kind_whose_shape_changes(kind, backend, tmp_path):
    rng = np.random.default_rng(1)
    W1 = tg.parameter(rng.standard_normal((2, 3)))
    loss = lambda X: np.mean(np.tanh(W1 @ X) ** 2 + np.sum(X, axis=0))  # noqa: E731
    step = tg.compile(loss, [W1], backend=backend)

    for m in (5, 2, 5) if backend == "numba" else (5, 2, 5, 1, 0, 7):
        x = rng.standard_normal((3, m))
        given = OTHER_KINDS[kind](x, tmp_path) if m else x
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            J, (cost, (dW1,)) = loss(given), step(given)

        single = 1e-5 if kind == "float32" else 1e-12
        np.testing.assert_allclose(cost, J.value, rtol=single)
        np.testing.assert_allclose(dW1, J.backward()[W1], rtol=single, atol=single)


class Foreign:
    shape = (3, 4)

    def __array__(self, dtype=None, copy=None):
        return np.ones((3, 4))


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (np.ma.masked_array(FITTING, FITTING > 3), r"shape \(3, 4\) is a MaskedArray"),
        (FITTING.view(np.matrix), r"shape \(3, 4\) is a matrix"),
        (Foreign(), r"shape \(3, 4\) is a Foreign"),
        (FITTING.astype(object), r"shape \(3, 4\) is an array of objects"),
    ],
)
def test_arrays_with_arithmetic_of_their_own_are_refused(x, told):
    W = weight(3, 4)
    with pytest.raises(tg.errors.GraphError, match=told):
        tg.compile(lambda X: np.sum(W * X), [W])(x)


@needs_numba
@pytest.mark.slow
def test_loops_do_not_go_where_no_array_is():
    W1 = weight(2, 3)
    step = tg.compile(lambda X: squares(W1, np.tanh(X) + 1), [W1], backend="numba")
    X = np.ones((3, 4))
    step(X)

    for other in (X[:, :2].copy(), X[:2], np.ones((3, 5)), np.ones((1, 4))):
        with pytest.raises(ValueError, match="another shape"):
            step.plan.function(other, *step.arguments.values())
