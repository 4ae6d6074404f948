"""A compiled step does what the eager engine does, to the last bit."""

import cProfile
import subprocess
import sys
import warnings

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
    assert loss.calls == 5


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


def test_random_numbers_inside_the_loss_are_refused():
    W1, random = weight(1, 2), np.random.default_rng(1)
    step = tg.compile(lambda: np.sum(W1 * (random.random((1, 2)) < 0.5)), [W1])

    with pytest.raises(tg.errors.GraphError, match="differs from call to call"):
        step()


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
    assert capsys.readouterr().out == "Tensor(6., name='J') 6.0\n"
