"""What a backward pass gives, and the functional style of any order."""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tests.oracles import complex_step
from tinygraph.errors import DtypeError, GraphError, ShapeError, UnknownNameError

X = np.array([0.5, -1.5, 2.0])


def network():
    X, Y, arrays = make_network([4, 5, 3, 1])
    parameters = parameters_of(arrays)
    return record(X, Y, parameters), parameters


# The mapping --------------------------------------------------------------------------------------


def test_three_ways_to_the_same_array():
    J, parameters = network()

    d = J.backward()

    for name, p in parameters.items():
        assert d["d" + name] is d[p]
        assert d[p] is p.grad


def test_the_mapping_has_what_it_lists():
    J, parameters = network()
    d = J.backward()

    assert len(d) == 12
    assert len(d) == len(list(d)) == len(dict(d))
    assert all(name in d for name in d)
    assert all(p in d for p in parameters.values())
    for missing in ("W1", "dW4", "dJ", "", 1, None):
        assert missing not in d


def test_derivatives_have_shape_and_dtype_of_their_values():
    J, parameters = network()
    d = J.backward()

    for p in parameters.values():
        assert (d[p].shape, d[p].dtype) == (p.shape, p.dtype)


def test_repr_lists_names_and_shapes():
    x = tg.parameter(np.ones((2, 3)), name="x")

    assert repr(np.sum(x).backward()) == "Derivatives(dx (2, 3))"


def test_an_unknown_name_is_answered_with_those_there_are():
    J, _ = network()

    with pytest.raises(
        UnknownNameError, match=r"^no derivative 'dW7' here; there are: dA3, dZ3, dW3, db3, dA2"
    ):
        J.backward()["dW7"]


def test_a_parameter_of_another_graph_is_no_key():
    J, _ = network()

    with pytest.raises(UnknownNameError, match=r"no derivative with respect to other \(\) here"):
        J.backward()[tg.parameter(1.0, name="other")]


def test_dA_shown_is_part_of_the_sum_where_A_is_used_twice():
    """The cost goes past A to Z; another use of A does not."""
    rng = np.random.default_rng(0)
    z, Y = rng.standard_normal((1, 4)), np.array([[0.0, 1, 1, 0]])
    Z = tg.parameter(z, name="Z1")
    A = tg.sigmoid(Z).named("A1")
    d = (tg.binary_cross_entropy(A, Y) + np.sum(A * A)).backward()

    def cost(A):
        return -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / 4 + np.sum(A * A)

    np.testing.assert_allclose(d["dA1"], complex_step(cost, A.value), rtol=1e-12)
    np.testing.assert_allclose(d["dZ1"], complex_step(lambda z: cost(tg.sigmoid(z)), z), rtol=1e-12)


def test_two_costs_over_the_same_A_add_up():
    Z = tg.parameter(np.array([[0.5, -1.0]]), name="Z1")
    A = tg.sigmoid(Z).named("A1")
    Y = np.array([[1.0, 0.0]])
    once = tg.binary_cross_entropy(A, Y).backward()
    J = tg.binary_cross_entropy(A, Y) + tg.binary_cross_entropy(A, Y)

    twice = J.backward()

    np.testing.assert_allclose(twice["dA1"], 2 * once["dA1"], rtol=1e-15)
    np.testing.assert_allclose(twice["dZ1"], 2 * once["dZ1"], rtol=1e-15)


# The start ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_number_needs_no_seed(shape):
    x = tg.parameter(np.full(shape, 3.0))

    np.testing.assert_array_equal((x * x).backward()[x], np.full(shape, 6.0))


def test_several_numbers_need_a_seed():
    x = tg.parameter(X, name="x")

    with pytest.raises(
        ShapeError, match=r"backward\(\) starts from one number, but .* has 3 entries; take its sum"
    ):
        (x * x).backward()
    np.testing.assert_array_equal((x * x).backward([1, 2, 3])[x], 2 * X * [1, 2, 3])
    np.testing.assert_array_equal((x * x).backward(tg.tensor([1.0, 2, 3]))[x], 2 * X * [1, 2, 3])


def test_a_seed_of_another_shape_is_refused():
    x = tg.parameter(X, name="x")

    with pytest.raises(ShapeError, match=r"the seed of backward\(\) has shape \(2,\); .* needs \(3,\)"):
        (x * x).backward(np.ones(2))


def test_a_seed_takes_the_dtype_of_the_output():
    x = tg.parameter(np.ones(3, np.float32))

    assert (x * 2).backward(np.ones(3)).output.dtype == np.float32
    assert x.grad.dtype == np.float32


def test_backward_from_a_parameter_itself():
    x = tg.parameter(2.0, name="x")

    assert x.backward()[x] == 1


@pytest.mark.parametrize("make", [lambda: tg.tensor(1.0), lambda: tg.tensor(1.0) * 2, lambda: untracked()])
def test_nothing_to_derive_by(make):
    with pytest.raises(GraphError, match=r"was not made from any parameter.*tg\.parameter"):
        make().backward()


def untracked():
    with tg.no_grad():
        return tg.parameter(1.0) * 2


# The functional style -----------------------------------------------------------------------------

FUNCTIONS = {
    "cubes": lambda x: np.sum(x**3),
    "product": lambda x: np.prod(x),
    "waves": lambda x: np.sum(np.sin(x) * np.cos(2 * x)),
    "logistic": lambda x: np.sum(tg.softplus(x) ** 2),
    "softmax": lambda x: np.sum(tg.softmax(x) * np.array([1.0, 2.0, 3.0])),
    "ratio": lambda x: x[0] / (1 + x[1] ** 2) + np.exp(x[2] / 2),
    "quadratic": lambda x: x @ (np.arange(9.0).reshape(3, 3) @ x),
    "norm": lambda x: np.sqrt(np.sum(x * x)),
    "constants first": lambda x: np.sum(x) + np.sum(3 * x) + np.sum(x**2),
    "constants last": lambda x: np.sum(x**2) + np.sum(3 * x) + np.sum(x),
    "constants in the middle": lambda x: np.sum((2 * x + x + np.tanh(x) + x) ** 2 + x) + x[0] + x[1],
}


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_grad(f):
    value, dx = tg.value_and_grad(f)(X)

    assert type(dx) is np.ndarray
    assert value == f(X)
    np.testing.assert_allclose(dx, complex_step(f, X), rtol=1e-12)
    np.testing.assert_array_equal(tg.grad(f)(X), dx)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_hessian_vector_products(f):
    """grad of <grad f, v> against the same by complex step of f's gradient, to 1e-8."""
    v = np.array([1.0, -2.0, 0.5])

    actual = tg.grad(lambda x: np.sum(tg.grad(f)(x) * v))(X)

    expected = hessian(f, X) @ v
    assert np.linalg.norm(actual - expected) <= 1e-8 * np.linalg.norm(expected)


def hessian(f, x, h=1e-4):
    """Second differences of complex steps, extrapolated: errors of order h^4."""
    columns = []
    for unit in np.eye(x.size):
        near, far = (
            (complex_step(f, x + s * unit) - complex_step(f, x - s * unit)) / (2 * s) for s in (h, 2 * h)
        )
        columns.append((4 * near - far) / 3)
    return np.stack(columns, axis=-1)


def test_hessian_vector_product_of_a_network_by_complex_step_of_the_gradient():
    """The rules are plain NumPy, so the gradient by hand takes complex numbers: exact to rounding."""
    rng = np.random.default_rng(0)
    A, v, x = rng.standard_normal((4, 3)), rng.standard_normal(3), rng.standard_normal(3)

    def f(x):
        return np.sum(np.tanh(A @ x) ** 2)

    def gradient(x):
        t = np.tanh(A @ x)
        return A.T @ (2 * t * (1 - t * t))

    actual = tg.grad(lambda x: np.sum(tg.grad(f)(x) * v))(x)
    expected = np.imag(gradient(x + 1e-30j * v)) / 1e-30

    np.testing.assert_allclose(actual, expected, rtol=1e-8)


@pytest.mark.parametrize(
    ("order", "expected"), [(0, 32), (1, 80), (2, 160), (3, 240), (4, 240), (5, 120), (6, 0)]
)
def test_any_order(order, expected):
    f = lambda x: x**5  # noqa: E731
    for _ in range(order):
        f = tg.grad(f)

    assert f(2.0) == pytest.approx(expected)


@pytest.mark.parametrize("order", range(5))
def test_any_order_of_a_sine(order):
    f = np.sin
    for _ in range(order):
        f = tg.grad(f)

    assert f(0.7) == pytest.approx(np.sin(0.7 + order * np.pi / 2), rel=1e-14)


def test_perturbations_are_not_confused():
    """d/dx (x * d/dy (x + y)) = 1: the inner derivative is 1, whatever x is."""
    assert tg.grad(lambda x: x * tg.grad(lambda y: x + y)(2.0))(1.0) == 1
    assert tg.grad(lambda x: x * tg.grad(lambda y: x * y)(2.0))(3.0) == 6
    assert tg.grad(lambda x: x * tg.grad(lambda y: x * y)(x))(3.0) == 6
    assert tg.grad(lambda x: x * tg.grad(lambda y: y)(x))(3.0) == 1
    assert tg.grad(lambda x: tg.grad(lambda y: y * y)(x) * x)(3.0) == 12


def test_the_inner_derivative_of_a_constant_is_zero():
    assert tg.grad(lambda x: 2.0)(1.0) == 0
    assert tg.grad(lambda x: x * tg.grad(lambda y: x)(2.0))(3.0) == 0
    np.testing.assert_array_equal(tg.grad(lambda x: np.sum(np.ones(2)))(X), np.zeros(3))


@pytest.mark.parametrize(
    ("x", "y", "expected"), [(2.0, 0.0, 0.5), (2.0, 1.0, 1 + np.log(2)), (0.5, 0.0, 2.0), (0.0, 0.0, 0.0)]
)
def test_the_mixed_derivative_of_a_power(x, y, expected):
    """d/dy d/dx x**y = x**(y - 1) (1 + y log x), in either order; 0 at 0**0, as both first ones."""
    power = lambda x, y: x**y  # noqa: E731

    assert tg.grad(lambda y: tg.grad(power, 0)(x, y))(y) == pytest.approx(expected)
    assert x == 0 or tg.grad(lambda x: tg.grad(power, 1)(x, y))(x) == pytest.approx(expected)


@pytest.mark.parametrize("f", [lambda x, p: np.sum(x) + p, lambda x, p: np.sum(3 * x + x) * p])
def test_a_recorded_derivative_has_the_dtype_of_its_input_and_memory_of_its_own(f):
    x, p = np.ones((2, 3), np.float32), tg.parameter(2.0)

    dx = tg.grad(f)(x, p)

    assert dx.dtype == np.float32
    assert isinstance(dx, tg.Tensor) or dx.flags.owndata


def test_a_parameter_from_outside_can_be_derived_by_again():
    w = tg.parameter(3.0, name="w")

    slope = tg.grad(lambda x: w * x * x)(2.0)

    assert isinstance(slope, tg.Tensor)
    assert slope.value == 12
    assert slope.backward()[w] == 4


def test_nested_forms_come_back_as_they_went_in():
    arguments = {"layers": [(X, 2.0), (2 * X, 3.0)]}

    d = tg.grad(lambda p: sum(np.sum(a * a) * b for a, b in p["layers"]))(arguments)

    assert list(d) == ["layers"]
    (da, db), (dc, dd) = d["layers"]
    np.testing.assert_array_equal(da, 4 * X)
    np.testing.assert_array_equal(dc, 12 * X)
    assert (db, dd) == (np.sum(X * X), np.sum(4 * X * X))


@pytest.mark.parametrize(("argnums", "expected"), [(0, 3.0), (1, 2.0), ((0, 1), (3.0, 2.0)), ((1,), (2.0,))])
def test_argnums(argnums, expected):
    actual = tg.grad(lambda x, y: x * y, argnums)(2.0, 3.0)

    assert type(actual) is type(expected) or not isinstance(expected, tuple)
    np.testing.assert_array_equal(actual, expected)


def test_keyword_arguments_are_passed_on():
    assert tg.grad(lambda x, power: x**power)(2.0, power=3) == 12


def test_arguments_are_left_alone():
    mine = X.copy()
    dx = tg.grad(lambda x: np.sum(x * x))(mine)
    dx[:] = 0

    np.testing.assert_array_equal(mine, X)


def test_a_function_of_several_values_is_refused():
    with pytest.raises(ShapeError, match="starts from one number"):
        tg.grad(lambda x: x * 2)(X)


def test_integers_are_refused_with_advice():
    with pytest.raises(DtypeError, match=r"astype\(np\.float64\).*1\.0 for 1"):
        tg.grad(lambda x: x * x)(3)


def test_float32_stays_float32():
    value, dx = tg.value_and_grad(lambda x: np.sum(x**2 / 3 + 1))(X.astype(np.float32))

    assert (value.dtype, dx.dtype) == (np.float32, np.float32)
    hvp = tg.grad(lambda x: np.sum(tg.grad(lambda x: np.sum(x**3))(x) * 2))(X.astype(np.float32))
    assert hvp.dtype == np.float32


def test_several_at_once_are_those_one_by_one():
    W = tg.parameter([[0.5, -0.3]], name="W1")
    Z = W @ np.ones((2, 3))
    A = tg.sigmoid(Z)
    d = tg.binary_cross_entropy(A, np.ones((1, 3))).backward()

    for several in ([W, Z, A], [A], []):
        for t, dx in zip(several, d.of(several), strict=True):
            np.testing.assert_array_equal(dx, d[t])
    with pytest.raises(UnknownNameError):
        d.of([tg.parameter(1.0)])
