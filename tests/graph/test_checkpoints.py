"""Checkpointed segments: the same derivatives to the last bit, of any order, with less memory."""

import tracemalloc

import numpy as np
import pytest

import tinygraph as tg
import viz

X = np.random.default_rng(1).standard_normal((4, 5))


def make_weights(n):
    random = np.random.default_rng(2)
    return [tg.parameter(random.standard_normal((4, 4)) / 2, name=f"W{i + 1}") for i in range(n)]


def cost(weights, X, wrap, b):
    A = X
    for W in weights:
        A = wrap(lambda A, W: np.tanh(W @ np.tanh(W @ A + b)) * A)(A, W)
    return np.sum(A * A)


def test_derivatives_are_the_same_to_the_last_bit():
    weights, b = make_weights(3), tg.parameter(np.full((4, 1), 0.1), name="b")

    expected = cost(weights, X, lambda f: f, b).backward()
    actual = cost(weights, X, tg.checkpoint, b).backward()

    for p in (*weights, b):  # b is used by the segments without being an argument
        np.testing.assert_array_equal(actual[p], expected[p])


def test_of_second_order_too():
    def f(x):
        return np.sum(np.tanh(x) ** 3)

    x = np.array([0.3, -0.8, 1.2])

    np.testing.assert_allclose(tg.hessian(tg.checkpoint(f))(x), tg.hessian(f)(x), rtol=1e-14)
    np.testing.assert_allclose(tg.hvp(tg.checkpoint(f), x, x), tg.hvp(f, x, x), rtol=1e-14)


def test_compiled_too():
    step = tg.compile(lambda p: np.sum(tg.checkpoint(lambda y: np.tanh(y) ** 3)(p)))

    for x in (np.array([0.3, -0.8]), np.array([0.5, 0.1])):
        np.testing.assert_allclose(step(x)[1], 3 * np.tanh(x) ** 2 * (1 - np.tanh(x) ** 2), rtol=1e-14)


def test_what_is_kept_between_both_passes_is_less():
    def kept(wrap):
        W, x = tg.parameter(np.ones(100_000)), np.ones(100_000)

        def segment(A):
            for _ in range(10):
                A = np.tanh(A * W)
            return A

        tracemalloc.start()
        A = x
        for _ in range(3):
            A = wrap(segment)(A)
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size

    assert kept(tg.checkpoint) < kept(lambda f: f) / 10


@pytest.mark.parametrize("shape", [3, ()])
def test_another_value_the_second_time_is_an_error(shape):
    random = np.random.default_rng(3)
    W = tg.parameter(np.ones(shape))
    J = np.sum(tg.checkpoint(lambda: W * random.standard_normal(shape))())

    with pytest.raises(
        tg.errors.GraphError, match=r"test_checkpoints.py:\d+ gave other values.*random numbers"
    ):
        J.backward()


def test_data_changed_meanwhile_are_caught():
    W, data = tg.parameter(np.ones(3)), np.ones(3)
    J = np.sum(tg.checkpoint(lambda: W * data * W)())
    data[0] = 5

    with pytest.raises(tg.errors.ChangedArrayError):
        J.backward()


def test_without_anything_to_derive_it_is_the_function():
    assert tg.checkpoint(np.sum)(X) == np.sum(X)
    assert tg.checkpoint(lambda W: W)(W := tg.parameter(1.0)) is W
    with tg.no_grad():
        assert tg.checkpoint(lambda W: W * 2)(W).node is None


def test_a_function_of_several_values_is_refused():
    with pytest.raises(tg.errors.DtypeError, match="gives one Tensor, not a tuple"):
        tg.checkpoint(lambda x: (x, x))(tg.parameter(1.0))


@pytest.mark.parametrize("view", ["layers", "ops", "compact"])
def test_it_can_be_drawn_and_written(view):
    J = cost(make_weights(2), X, tg.checkpoint, 0.0)

    assert "checkpoint" in viz.draw(J, view=view).source or view == "compact"
    assert "sweep" in J.backward().to_latex()
