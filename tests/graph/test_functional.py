"""Derivatives of functions: Jacobians, products with them, arguments of any form, results that are none."""

import dataclasses
import math
from collections import namedtuple

import numpy as np
import pytest

import tinygraph as tg
from tests.oracles import complex_step
from tinygraph.errors import DtypeError, GraphError, ShapeError

A = np.array([[1.0, 2.0, -1.0], [0.5, -0.3, 0.8]])
X = np.array([0.3, -0.7, 1.1])
V = np.array([1.0, -2.0, 0.5])


def f(x):
    return np.tanh(A @ x) * x[:2]


def jacobian_by_complex_step(f, x):
    steps = [np.imag(f(x + 1e-30j * unit)) / 1e-30 for unit in np.eye(x.size)]
    return np.stack(steps, axis=-1)


def test_jacobian():
    np.testing.assert_allclose(tg.jacobian(f)(X), jacobian_by_complex_step(f, X), rtol=1e-14)
    assert tg.jacobian(lambda x: np.outer(x, x))(X).shape == (3, 3, 3)
    assert tg.jacobian(lambda x: x * x)(X.astype(np.float32)).dtype == np.float32


def test_jacobians_of_several_arguments_and_nests():
    by_x, by_y = tg.jacobian(lambda x, y: x * y, (0, 1))(X, V)
    np.testing.assert_array_equal(by_x, np.diag(V))
    np.testing.assert_array_equal(by_y, np.diag(X))

    found = tg.jacobian(lambda p: {"z": p["a"] * p["b"], "one": 1.0})({"a": X, "b": 2.0})
    np.testing.assert_array_equal(found["z"]["a"], 2 * np.eye(3))
    np.testing.assert_array_equal(found["z"]["b"], X)
    np.testing.assert_array_equal(found["one"]["a"], np.zeros(3))


def test_hessian():
    def g(x):
        return np.sum(np.sin(x) * x[0]) + x[1] ** 3

    expected = jacobian_by_complex_step(
        lambda x: np.cos(x) * x[0] + np.array([np.sum(np.sin(x)), 3 * x[1] ** 2, 0]), X
    )
    np.testing.assert_allclose(tg.hessian(g)(X), expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(tg.hvp(g, X, V), expected @ V, rtol=1e-13)
    (xx, xy), (yx, yy) = tg.hessian(lambda x, y: x * x * y, (0, 1))(2.0, 3.0)
    assert (xx, xy, yx, yy) == (6, 4, 4, 0)
    np.testing.assert_array_equal(tg.hessian(lambda x: np.sum(3 * x))(X), np.zeros((3, 3)))


def test_products_with_a_jacobian():
    jacobian, u = jacobian_by_complex_step(f, X), np.array([2.0, -1.0])

    value, moved = tg.jvp(f, (X,), (V,))
    again, pull = tg.vjp(f, X)

    np.testing.assert_array_equal(value, f(X))
    np.testing.assert_array_equal(again, f(X))
    np.testing.assert_allclose(moved, jacobian @ V, rtol=1e-14)
    np.testing.assert_allclose(pull(u)[0], u @ jacobian, rtol=1e-14)
    np.testing.assert_allclose(tg.jvp(f, X, V)[1], moved)  # a single argument needs no tuple
    np.testing.assert_allclose(pull(2 * u)[0], 2 * u @ jacobian, rtol=1e-14)


def test_products_where_the_jacobian_is_constant_or_zero():
    np.testing.assert_array_equal(tg.jvp(lambda x: A @ x, X, V)[1], A @ V)
    np.testing.assert_array_equal(tg.jvp(lambda x: x, X, V)[1], V)
    np.testing.assert_array_equal(tg.jvp(lambda x: np.ones(2), X, V)[1], np.zeros(2))
    np.testing.assert_array_equal(tg.jvp(lambda x: x**2, np.zeros(3), V)[1], np.zeros(3))
    np.testing.assert_array_equal(tg.hvp(np.sum, X, V), np.zeros(3))


def test_products_for_several_arguments_and_nests():
    assert tg.hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 0.0)) == (6, 4)
    product = tg.hvp(lambda p: np.sum(p["a"] ** 2) * p["b"], {"a": X, "b": 2.0}, {"a": V, "b": 0.0})
    np.testing.assert_allclose(product["a"], 4 * V)
    np.testing.assert_allclose(product["b"], 2 * X @ V)


def test_they_nest_and_follow_parameters_from_outside():
    inner = lambda x: tg.jvp(lambda y: y**3, x, np.ones(3))[1]  # noqa: E731
    np.testing.assert_allclose(tg.jacobian(inner)(X), np.diag(6 * X))
    w = tg.parameter(3.0, name="w")
    for found in (
        tg.jacobian(lambda x: w * x)(X),
        tg.jvp(lambda x: w * x, X, V)[1],
        tg.vjp(lambda x: w * x, X)[1](V)[0],
    ):
        assert isinstance(found, tg.Tensor)
        assert np.sum(found).backward()[w] != 0


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda: tg.jvp(f, X, V[:2]), ShapeError, "shapes of the arguments"),
        (lambda: tg.hvp(np.sum, X, V[:2]), ShapeError, "shapes of the arguments"),
        (lambda: tg.vjp(f, X)[1](V), ShapeError, "seed"),
        (lambda: tg.jacobian(lambda x: None)(X), DtypeError, "is the return missing"),
        (lambda: tg.jacobian(f)(np.arange(3)), DtypeError, "floating point"),
    ],
)
def test_what_does_not_fit(call, error, told):
    with pytest.raises(error, match=told):
        call()


# What f gives


@pytest.mark.parametrize("derive", [tg.grad, tg.value_and_grad])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        (lambda x: None, "None where a number was expected; is the return missing"),
        (lambda x: (x, x), "has_aux=True"),
        (lambda x: [x], "has_aux=True"),
        (lambda x: "J", "a str where"),
        (lambda x: 3j, "a complex where"),
        (lambda x: np.ones(3), r"plain array \(3,\)"),
    ],
)
def test_a_result_that_is_no_number_is_a_type_error(derive, given, told):
    with pytest.raises(TypeError, match=told):
        derive(given)(3.0)


def test_a_constant_has_derivative_zero():
    for constant in (2.0, 2, np.float64(2), np.array(2.0)):
        assert tg.grad(lambda x, constant=constant: constant)(1.0) == 0


def cut_whole(x):
    return float(x) ** 2


def cut_by_item(x):
    return math.exp(x.item())


def test_a_number_that_was_cut_out_is_no_constant():
    for cut in (cut_whole, cut_by_item):
        with pytest.raises(
            GraphError, match=r"(float\(\)|\.item\(\)) \(test_functional.py:\d+\).*plain number"
        ):
            tg.grad(cut)(3.0)


def test_has_aux():
    (value, aux), slope = tg.value_and_grad(lambda x: (x * x, {"x": x, "n": 3}), has_aux=True)(3.0)

    assert (value, slope, aux["n"]) == (9, 6, 3)
    assert type(aux["x"]) is np.ndarray
    assert tg.grad(lambda x: (x * x, "kept"), has_aux=True)(3.0) == (6, "kept")
    with pytest.raises(TypeError, match=r"gives a pair.*it gave a Tensor"):
        tg.grad(lambda x: x * x, has_aux=True)(3.0)


# The arguments


@pytest.mark.parametrize(
    ("argnums", "args", "kwargs", "expected"),
    [
        (-1, (3.0, 2.0), {}, 9),
        ((0, -1), (3.0, 2.0), {}, (12, 9)),
        ([0, 1], (3.0, 2.0), {}, (12, 9)),
        (np.int64(1), (3.0, 2.0), {}, 9),
        (0, (), {"x": 3.0, "y": 2.0}, 12),
        (1, (3.0,), {"y": 2.0}, 9),
        (-1, (3.0,), {"y": 2.0}, 9),
        (-2, (3.0,), {"y": 2.0}, 12),
        ((1, 0), (), {"y": 2.0, "x": 3.0}, (9, 12)),
    ],
)
def test_which_argument(argnums, args, kwargs, expected):
    assert tg.grad(lambda x, y: x * x * y, argnums)(*args, **kwargs) == expected


@pytest.mark.parametrize("argnums", [5, -3, (0, 2)])
def test_an_argument_that_is_not_there(argnums):
    with pytest.raises(ValueError, match="there is no argument number"):
        tg.grad(lambda x, y: x * y, argnums)(1.0, 2.0)
    with pytest.raises(ValueError, match="given 0 by position"):
        tg.grad(lambda x: x)()


Layer = namedtuple("Layer", "W b")


@dataclasses.dataclass(frozen=True)
class Settings:
    W: object
    b: object
    activation: str = "tanh"


def test_arguments_of_any_form():
    for made in (Layer(X, 2.0), Settings(X, 2.0), Settings(Layer(X, 1.0), 2.0)):
        first = (lambda p: p.W.W) if isinstance(made.W, Layer) else (lambda p: p.W)
        d = tg.grad(lambda p, first=first: np.sum(first(p) * p.b))(made)
        assert type(d) is type(made)
        np.testing.assert_array_equal(first(d), np.full(3, 2.0))
        assert d.b == pytest.approx(np.sum(X))
    assert d.activation is None
    assert made.activation == "tanh"


def test_mixed_leaves():
    d = tg.grad(lambda p: np.sum(p["W"] * p["b"]))(
        {"W": X, "b": 2.0, "name": "relu", "none": None, "on": True}
    )

    np.testing.assert_array_equal(d["W"], np.full(3, 2.0))
    assert (d["name"], d["none"], d["on"]) == (None, None, None)
    with pytest.raises(DtypeError, match="floating point"):
        tg.grad(lambda p: np.sum(p["W"] * p["n"]))({"W": X, "n": 3})
    for nothing in ("text", None):
        with pytest.raises(DtypeError, match="a derivative is one by numbers"):
            tg.grad(lambda x: 1.0)(nothing)


def test_by_complex_step():
    def g(x):
        return np.sum(np.exp(np.sin(x)) * V)

    np.testing.assert_allclose(tg.grad(g)(x=X), complex_step(g, X), rtol=1e-14)
