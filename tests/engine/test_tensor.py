"""Tensors: operators, NumPy's own functions, methods, what is recorded, and what is refused."""

import copy
import operator
import threading
import warnings
from fractions import Fraction

import numpy as np
import pytest

import tinygraph as tg
from tests.oracles import complex_step
from tinygraph.errors import DtypeError, GraphError, ShapeError, UnknownOperationError
from tinygraph.rules import kernels as k
from tinygraph.rules.table import TABLE

X = np.array([[1.5, -2.0, 0.5], [3.0, -0.25, 1.0]])
POSITIVE = np.abs(X)

# Operators ----------------------------------------------------------------------------------------

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
OTHERS = [
    2,
    2.5,
    np.float64(2.5),
    np.float32(2.5),
    np.int64(2),
    np.array([1.0, 2.0, 3.0]),
    np.array([[2.0], [0.5]]),
]


@pytest.mark.parametrize("op", BINARY)
@pytest.mark.parametrize("other", OTHERS, ids=repr)
@pytest.mark.parametrize("reflected", [False, True])
def test_operators_with_numbers_and_arrays_on_either_side(op, other, reflected):
    def f(x):
        return op(other, x) if reflected else op(x, other)

    x = tg.parameter(POSITIVE)
    z = f(x)

    assert isinstance(z, tg.Tensor)
    np.testing.assert_array_equal(z.value, f(POSITIVE))
    seed = np.cos(np.arange(z.size)).reshape(z.shape)
    expected = complex_step(lambda x: np.sum(seed * f(x)), POSITIVE)
    np.testing.assert_allclose(z.backward(seed)[x], expected, rtol=1e-12)


@pytest.mark.parametrize(
    "other", [np.ones((3, 2)), np.ones(3), np.ones((4, 3, 2))], ids=lambda a: str(a.shape)
)
def test_matrix_product_with_an_array_on_either_side(other):
    x = tg.parameter(X)

    np.testing.assert_array_equal((x @ other).value, X @ other)
    np.testing.assert_array_equal((X.T @ x).value, X.T @ X)
    assert isinstance(X.T @ x, tg.Tensor)


@pytest.mark.parametrize("reflected", [False, True])
@pytest.mark.parametrize("op", [*BINARY, operator.matmul])
def test_lists_count_as_arrays(op, reflected):
    other = [[1.0, 2.0], [3.0, 4.0]]
    x = tg.parameter([[0.5, 1.0], [2.0, 3.0]])

    z = op(other, x) if reflected else op(x, other)
    expected = op(np.array(other), x) if reflected else op(x, np.array(other))

    np.testing.assert_array_equal(z.value, expected.value)
    np.testing.assert_array_equal(z.backward(np.ones((2, 2)))[x], expected.backward(np.ones((2, 2)))[x])


def test_unary_operators():
    x = tg.parameter(X)

    for op, expected in ((operator.neg, -1), (operator.pos, 1), (abs, np.sign(X))):
        np.testing.assert_array_equal(op(x).value, op(X))
        np.testing.assert_array_equal(op(x).backward(np.ones(X.shape))[x], expected * np.ones(X.shape))


@pytest.mark.parametrize("op", [operator.gt, operator.ge, operator.lt, operator.le, operator.eq, operator.ne])
def test_comparisons_give_plain_arrays(op):
    x = tg.parameter(X)

    for other in (1.0, X.T[0][:1], tg.tensor(X)):
        plain = other.value if isinstance(other, tg.Tensor) else other
        assert type(op(x, other)) is np.ndarray
        np.testing.assert_array_equal(op(x, other), op(X, plain))


def test_tensors_are_keys_though_they_compare_by_entry():
    x, y = tg.tensor(1.0), tg.tensor(1.0)

    assert len({x, y}) == 2
    assert x == y


# NumPy's functions --------------------------------------------------------------------------------


def test_a_function_of_numpy_and_of_tinygraph_are_the_same_row():
    x = tg.parameter(X)

    assert tg.tanh is np.tanh
    assert np.tanh(x).node.op is tg.tanh(x).node.op is TABLE[np.tanh]
    for name in ("exp", "log", "sum", "mean", "where", "concatenate", "einsum", "matmul", "max", "abs"):
        assert getattr(tg, name) is getattr(np, name)


@pytest.mark.parametrize(
    ("ufunc", "row"), [(np.add, np.sum), (np.multiply, np.prod), (np.maximum, np.max), (np.minimum, np.min)]
)
def test_reduce_is_the_row_of_the_reduction(ufunc, row):
    x = tg.parameter(X)

    for settings in ({}, {"axis": None}, {"axis": 1, "keepdims": True}, {"axis": (0, 1)}):
        z = ufunc.reduce(x, **settings)
        assert z.node.op is TABLE[row]
        np.testing.assert_array_equal(z.value, ufunc.reduce(X, **settings))
    np.testing.assert_array_equal(ufunc.reduce(x, 1).value, ufunc.reduce(X, 1))


def test_reduce_of_logaddexp_is_logsumexp():
    x = tg.parameter(X)

    np.testing.assert_allclose(
        np.logaddexp.reduce(x, axis=1).value, np.logaddexp.reduce(X, axis=1), rtol=1e-15
    )


REFUSED = {
    "np.fft.hfft": lambda x: np.fft.hfft(x),
    "np.spacing": lambda x: np.spacing(x),
    "np.subtract.accumulate": lambda x: np.subtract.accumulate(x),
    "np.subtract.reduce": lambda x: np.subtract.reduce(x),
    "np.multiply.outer": lambda x: np.multiply.outer(x, x, dtype=np.float32),
    "np.sort(..., stable=...)": lambda x: np.sort(x, stable=True),
    "np.add(..., out=...)": lambda x: np.add(x, 1, out=np.zeros(X.shape)),
    "np.exp(..., where=...)": lambda x: np.exp(x, where=X > 0),
    "np.sum(..., where=...)": lambda x: np.sum(x, where=X > 0),
    "np.sum(..., initial=...)": lambda x: np.sum(x, initial=1.0),
    "np.sum(..., out=...)": lambda x: np.sum(x, out=np.zeros(())),
    "np.var(..., mean=...)": lambda x: np.var(x, mean=np.zeros(())),
    "np.take(..., mode=...)": lambda x: np.take(x, [0], mode="wrap"),
    "np.reshape of a Tensor": lambda x: np.reshape(x, -1, order="A"),
}


@pytest.mark.parametrize("function", REFUSED)
def test_what_has_no_rule_is_refused_by_name(function):
    with pytest.raises(UnknownOperationError) as error:
        REFUSED[function](tg.parameter(X))

    assert str(error.value).startswith(function)


def test_writing_into_an_array_from_a_tensor_is_refused():
    a = np.ones(X.shape)

    with pytest.raises(UnknownOperationError, match="never written into"):
        np.multiply(tg.parameter(X), 2, out=a)
    with pytest.raises(UnknownOperationError, match="never written into"):
        a += tg.parameter(X)
    np.testing.assert_array_equal(a, 1)


def test_settings_left_at_their_defaults_are_no_matter():
    x = tg.parameter(X)

    assert np.sum(x, axis=None, dtype=None, out=None, keepdims=False).value == np.sum(X)
    assert np.mean(x, None, None, None).value == np.mean(X)


def test_ufuncs_with_a_dtype_cast_their_inputs():
    x = tg.parameter(X.astype(np.float32))

    z = np.add(x, 1, dtype=np.float64)

    assert z.dtype == np.float64
    assert z.backward(np.ones(X.shape))[x].dtype == np.float32


def test_a_norm_that_there_is_not_is_refused():
    with pytest.raises(ShapeError, match=r"no norm of \(2, 3\) over the axes \(0, 1\) has ord=3"):
        np.linalg.norm(tg.parameter(X), ord=3)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: np.clip(x, 0, 1), lambda: np.clip(X, 0, 1)),
        (lambda x: np.clip(x, a_min=0, a_max=None), lambda: np.clip(X, 0, None)),
        (lambda x: np.transpose(x, (1, 0)), lambda: X.T),
        (lambda x: np.transpose(x, axes=[1, 0]), lambda: X.T),
        (lambda x: np.reshape(x, (3, 2), order="C"), lambda: X.reshape(3, 2)),
        (lambda x: np.expand_dims(x, (0, -1)), lambda: np.expand_dims(X, (0, -1))),
        (lambda x: np.swapaxes(x, 0, 1), lambda: X.T),
        (lambda x: np.squeeze(x[:1], 0), lambda: X[0]),
        (lambda x: np.cumsum(x, 1), lambda: np.cumsum(X, 1)),
        (lambda x: np.take(x, [0, 0], 1), lambda: np.take(X, [0, 0], 1)),
        (lambda x: np.take(x, axis=1, indices=2), lambda: X[:, 2]),
        (lambda x: np.where(X > 0, x, 0), lambda: np.where(X > 0, X, 0)),
        (lambda x: np.stack([x, X], axis=1), lambda: np.stack([X, X], axis=1)),
        (lambda x: np.concatenate((X, x), 1), lambda: np.concatenate((X, X), 1)),
        (lambda x: np.broadcast_to(x, (4, 2, 3)), lambda: np.broadcast_to(X, (4, 2, 3))),
        (lambda x: np.flip(x, (0, 1)), lambda: np.flip(X, (0, 1))),
    ],
)
def test_arguments_by_position_and_by_name(call, expected):
    np.testing.assert_array_equal(call(tg.parameter(X)).value, expected())


# Methods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        *(lambda a: a.T, lambda a: a.sum(), lambda a: a.sum(axis=0, keepdims=True), lambda a: a.mean(1)),
        *(lambda a: a.max(), lambda a: a.min(axis=-1), lambda a: a.prod(0), lambda a: a.cumsum(axis=1)),
        *(lambda a: a.var(ddof=1), lambda a: a.std(axis=0), lambda a: a.ravel(), lambda a: a.reshape(3, 2)),
        *(
            lambda a: a.reshape((3, -1)),
            lambda a: a.reshape(-1),
            lambda a: a.transpose(),
            lambda a: a.transpose(1, 0),
        ),
        *(
            lambda a: a.transpose((1, 0)),
            lambda a: a.swapaxes(0, 1),
            lambda a: a[:1].squeeze(),
            lambda a: a.clip(0, 1),
        ),
        *(lambda a: a.take([0, 2], axis=1), lambda a: a.dot(X.T), lambda a: a[0, 1], lambda a: a[a > 0]),
    ],
)
def test_methods_are_those_of_arrays(call):
    z = call(tg.parameter(X))

    assert isinstance(z, tg.Tensor)
    np.testing.assert_array_equal(z.value, call(X))


def test_what_is_known_of_a_tensor():
    x = tg.parameter(X.astype(np.float32), name="x")

    assert (x.shape, x.ndim, x.size, x.dtype, x.name) == ((2, 3), 2, 6, np.float32, "x")
    assert (x.wants, x.is_parameter, x.node, x.grad) == (True, True, None, None)
    assert len(x) == 2
    assert [row.shape for row in x] == [(3,), (3,)]


@pytest.mark.parametrize("value", [2.5, [2.5], [[2.5]]])
def test_numbers_come_out(value):
    x = tg.parameter(value)

    assert (float(x), int(x), x.item(), bool(x)) == (2.5, 2, 2.5, True)
    assert f"{x:.1f}" == "2.5"


def test_several_entries_are_no_number():
    with pytest.raises(ValueError, match="size 1"):
        float(tg.parameter(X))


def test_repr():
    assert repr(tg.tensor([1, 2], name="labels")) == "Tensor([1, 2], name='labels')"
    assert f"{tg.tensor(1.0)}" == "Tensor(1.)"
    assert "..." in repr(tg.tensor(np.zeros((100, 100))))


def test_results_are_arrays_or_numpy_numbers_with_a_dtype():
    x = tg.parameter(X)

    for z in (x + 1, np.sum(x), x @ X.T, x[0, 0], tg.relu(x), tg.mse(x, X)):
        assert isinstance(z.value, np.ndarray | np.floating)
        assert z.dtype == np.float64


# Recording ----------------------------------------------------------------------------------------


def test_a_node_is_the_call():
    x = tg.parameter(X, name="x")
    z = np.sum(x, axis=0, keepdims=True)

    assert z.node.op is TABLE[np.sum]
    assert z.node.inputs == (x,)
    assert z.node.cache[0] is x.value
    assert z.node.settings == {"axis": 0, "keepdims": True}
    assert z.node.wanted == (0,)


def test_a_node_knows_the_line_of_the_program():
    x = tg.parameter(X)
    calls = [
        lambda: x + 1,
        lambda: 1 + x,
        lambda: np.tanh(x),
        lambda: tg.relu(x),
        lambda: x.sum(),
        lambda: x[0],
    ]
    calls += [lambda: np.sum(x), lambda: tg.mse(x, X), lambda: np.concatenate([x, x]), lambda: x.T]
    calls += [lambda: tg.softmax_cross_entropy(x, [0, 1, 0]), lambda: np.split(x, 2)[0]]

    for call in calls:
        assert call().node.place == (__file__, call.__code__.co_firstlineno)
    assert repr(calls[0]().node) == f"<Node add at {__file__}:{calls[0].__code__.co_firstlineno}>"


def test_a_node_is_told_by_its_number():
    x = tg.parameter(X)
    z = x + 1

    assert z.node == z.node
    assert len({z.node, z.node}) == 1
    assert z.node != (x + 1).node
    assert z.node != tuple(z.node)


def test_later_nodes_have_larger_numbers():
    x = tg.parameter(1.0)
    first, second = x + 1, x * 2

    assert first.node.serial < second.node.serial


def test_nothing_flows_through_data():
    x, data = tg.parameter(X), tg.tensor(X)

    assert (x * data).node.wanted == (0,)
    assert (data * data).node.wanted == ()
    assert not (data * data).wants


def test_no_grad_records_nothing_inside():
    x = tg.parameter(X)

    with tg.no_grad():
        inside = [x + 1, np.tanh(x), tg.relu(x), x.sum(), x[0]]
    outside = x + 1

    assert all(z.node is None and not z.wants for z in inside)
    np.testing.assert_array_equal(inside[0].value, X + 1)
    assert outside.wants


def test_no_grad_nests_and_ends_with_an_error():
    x = tg.parameter(1.0)
    with tg.no_grad():
        with tg.no_grad():
            pass
        assert (x + 1).node is None
    with pytest.raises(KeyError), tg.no_grad():
        raise KeyError

    assert (x + 1).node is not None


def test_no_grad_belongs_to_its_thread():
    x, found = tg.parameter(1.0), []
    with tg.no_grad():
        thread = threading.Thread(target=lambda: found.append(x + 1))
        thread.start()
        thread.join()

    assert found[0].wants


# Parameters and data ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array", [3, [1, 2], np.arange(3), np.array([True]), np.array([1j]), np.array(["a"])]
)
def test_a_parameter_holds_floating_point_numbers(array):
    with pytest.raises(DtypeError) as error:
        tg.parameter(array, name="W1")

    assert f"W1 has dtype {np.asarray(array).dtype}" in str(error.value)
    assert "tg.parameter(W1.astype(np.float64))" in str(error.value)
    assert "1.0 for 1" in str(error.value)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_a_parameter_keeps_its_dtype(dtype):
    x = tg.parameter(X.astype(dtype))
    dx = np.sum(x * x).backward()[x]

    assert (x.dtype, dx.dtype) == (dtype, dtype)


def test_a_parameter_copies_and_data_does_not():
    mine = X.copy()

    assert not np.shares_memory(tg.parameter(mine).value, mine)
    assert tg.tensor(mine).value is mine


def test_a_tensor_of_a_tensor_is_a_leaf():
    z = tg.parameter(X) * 2

    assert tg.tensor(z).node is None
    assert not tg.tensor(z).wants
    assert tg.parameter(z).is_parameter


def test_data_may_be_integers():
    x = tg.parameter(X)

    z = x * tg.tensor([1, 2, 3])

    np.testing.assert_array_equal(z.backward(np.ones(X.shape))[x], np.ones((2, 1)) * [1, 2, 3])


def test_astype():
    x = tg.parameter(X)

    assert x.astype(np.float32).dtype == np.float32
    assert x.astype("float32").backward(np.ones(X.shape))[x].dtype == np.float64
    with pytest.raises(DtypeError, match="cannot become int64 and keep its derivative"):
        x.astype(int)


@pytest.mark.parametrize("number", [2, 0.5, np.float32(0.5)])
def test_float32_stays_float32_with_numbers(number):
    x = tg.parameter(np.full((2, 2), 1.5, np.float32))
    values = [
        x + number,
        number - x,
        x * number,
        x / number,
        number / x,
        x**number,
        number**x,
        np.maximum(x, number),
    ]

    assert {z.dtype for z in values} == {np.dtype(np.float32)}
    assert {z.backward(np.ones((2, 2)))[x].dtype for z in values} == {np.dtype(np.float32)}


# No silent cuts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("convert", [np.asarray, np.array, lambda x: np.zeros(X.shape) + np.asarray(x), list])
def test_a_path_is_never_cut_silently(convert):
    x = tg.parameter(X, name="x")
    if convert is list:
        assert all(row.wants for row in convert(x))
        return
    with pytest.raises(GraphError, match=r"x \(2, 3\), which wants a derivative.*\.value"):
        convert(x)


def test_data_becomes_an_array_again():
    np.testing.assert_array_equal(np.asarray(tg.tensor(X)), X)
    assert np.asarray(tg.tensor(X), dtype=np.float32).dtype == np.float32


def test_assigning_to_entries_is_refused():
    with pytest.raises(GraphError, match=r"x \(2, 3\) cannot be changed in place.*np\.where"):
        tg.parameter(X, name="x")[0] = 1


def test_augmented_assignment_makes_a_new_tensor():
    x = tg.parameter(X)
    z = x
    z += 1
    z *= 2

    assert z is not x
    np.testing.assert_array_equal(x.value, X)
    np.testing.assert_array_equal(np.sum(z).backward()[x], np.full(X.shape, 2.0))


# Errors with a story ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x, y: x @ y, ShapeError, ["W2 @ A1 (test_tensor.py:", "W2 is (2, 3)", "3 and 2 must agree"]),
        (lambda x, y: x @ y, ShapeError, ["Did you mean W2.T @ A1?"]),
        (lambda x, y: x @ np.ones((4, 3)), ShapeError, ["Did you mean W2 @ y.T?"]),
        (lambda x, y: x @ np.ones((4, 5)), ShapeError, ["Should W2 be (2, 4)?"]),
        (lambda x, y: x @ tg.relu(y), ShapeError, ["y was made at test_tensor.py:"]),
        (lambda x, y: x + y.T, ShapeError, ["W2 + y", "W2 is (2, 3)", "y is (3, 2)"]),
        (lambda x, y: np.concatenate([x, y.T]), ShapeError, ["np.concatenate([W2, y], axis=0)", "(2, 3)"]),
        (lambda x, y: x[5], ShapeError, ["W2[5]", "W2 is (2, 3)", "out of bounds"]),
        (lambda x, y: np.reshape(x, (4, 4)), ShapeError, ["np.reshape(W2, shape=(4, 4))", "W2 is (2, 3)"]),
        (lambda x, y: np.sum(x, axis=7), ShapeError, ["np.sum(W2, axis=7)", "W2 is (2, 3)"]),
        (lambda x, y: x + "a", DtypeError, ["W2 + 'a'", "W2 is (2, 3)"]),
        (lambda x, y: tg.softmax(x, axis=2), ShapeError, ["tg.softmax(W2, axis=2)", "W2 is (2, 3)"]),
    ],
)
def test_an_error_says_what_was_computed_of_what(call, error, words):
    x, y = tg.parameter(X, name="W2"), tg.tensor(X, name="A1")

    with pytest.raises(error) as raised:
        call(x, y)

    for word in words:
        assert word in str(raised.value)


def test_a_missing_argument_is_named():
    with pytest.raises(
        UnknownOperationError, match=r"np\.where on a Tensor takes 3 inputs by position; 1 given"
    ):
        np.where(tg.parameter(X))


def test_recording_is_quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = tg.parameter(X)
        np.sum(tg.sigmoid(x * 1e4) + tg.softplus(x)).backward()
    assert isinstance(x, k.Recording)


# What stands beside a Tensor ----------------------------------------------------------------------


class Foreign:
    """An array of a package that knows nothing of NumPy's protocol, as JAX's and pandas' are."""

    def __init__(self, array):
        self.array = np.asarray(array)

    def __array__(self, dtype=None, copy=None):
        return self.array


VALUES = np.array([[1.0, -2.0, 0.5], [2.0, 3.0, -1.0]])
OPERANDS = {
    "list": VALUES.tolist(),
    "tuple": tuple(map(tuple, VALUES.tolist())),
    "foreign": Foreign(VALUES),
    "memory map": VALUES.view(np.memmap),
    "range": range(3),
    "fraction": Fraction(1, 2),
    "bool": True,
    "np.float32": np.float32(0.5),
    "0-d": np.array(2.0),
}


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=OPERANDS)
@pytest.mark.parametrize(
    "f", [operator.mul, operator.sub, np.maximum, lambda x, y: np.where(x > 0, x, y) * y]
)
def test_operands_of_any_kind_count_as_their_numbers(operand, f):
    plain = (
        float(operand) if isinstance(operand, Fraction) else np.asarray(getattr(operand, "array", operand))
    )
    x = tg.parameter(X, name="x")
    if isinstance(operand, range):
        operand = list(operand)

    for call in (f, lambda x, y: f(y, x) if f is operator.mul else f(x, y)):
        z = call(x, operand) if not isinstance(operand, np.memmap) or call is f else f(x, operand)
        np.testing.assert_array_equal(z.value, f(X, plain))
        np.testing.assert_allclose(
            np.sum(z).backward()[x], np.sum(f(tg.parameter(X, name="y"), plain)).backward()["dy"]
        )


@pytest.mark.parametrize(
    ("operand", "told"),
    [
        (np.ma.array(VALUES, mask=VALUES > 0), "masked array.*filled"),
        (np.array(VALUES, dtype=object), None),
        (Foreign(np.array(["a", None], dtype=object)), "array of objects.*np.stack"),
    ],
)
def test_operands_whose_kind_would_be_lost_are_refused(operand, told):
    x = tg.parameter(X, name="x")
    with pytest.raises(DtypeError, match=told):
        np.sum(x * operand).backward()


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix_is_refused():
    x = tg.parameter(X, name="x")
    for product in (
        lambda: x * np.matrix(VALUES),
        lambda: np.matrix(VALUES) * x,
        lambda: x + np.matrix(VALUES),
    ):
        with pytest.raises(DtypeError, match=r"np\.asarray\(M\), and @"):
            product()


@pytest.mark.parametrize(
    "cost",
    [
        lambda x: np.sum(x * 1j),
        lambda x: np.sum((x * 1j).astype(np.float64)),
    ],
)
def test_complex_costs_are_refused(cost):
    with pytest.raises(DtypeError, match="complex"):
        cost(tg.parameter(X, name="x")).backward()


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (tg.leaky_relu, lambda x: np.where(x > 0, 0, x)),
        (tg.elu, lambda x: np.where(x > 0, 0, np.expm1(x))),
    ],
)
def test_a_slope_may_be_learnt(f, slope, by_name):
    name = {tg.leaky_relu: "slope", tg.elu: "alpha"}[f]
    a = tg.parameter(0.3, name="a")
    for x in (tg.parameter(X, name="x"), X):
        z = f(x, **{name: a}) if by_name else f(x, a)
        np.testing.assert_allclose(np.sum(z).backward()["da"], np.sum(slope(X)), rtol=1e-14)
        np.testing.assert_allclose(z.value, f(X, 0.3))
    x = tg.parameter(X, name="x")
    expected = np.sum(f(x, 0.3)).backward()["dx"]
    np.testing.assert_allclose(np.sum(f(x, **{name: a})).backward()["dx"], expected)


@pytest.mark.parametrize(
    ("call", "setting"),
    [
        (lambda x, a: np.var(x, ddof=a), "ddof="),
        (lambda x, a: np.linalg.norm(x, ord=a), "ord="),
        (lambda x, a: np.take(x, a), "indices="),
    ],
)
def test_a_setting_that_has_no_derivative_is_told(call, setting):
    with pytest.raises(GraphError, match=rf"{setting} of np.*has no derivative.*stop_gradient"):
        call(tg.parameter(X, name="x"), tg.parameter(1.0, name="a"))


def test_a_value_of_another_shape_or_kind_is_refused():
    W = tg.parameter(X, name="W1")
    with pytest.raises(ShapeError, match=r"W1 \(2, 3\) cannot take a value of shape \(3,\)"):
        W.value = np.ones(3)
    with pytest.raises(DtypeError, match=r"W1 .* holds floating point numbers, not int64"):
        W.value = np.ones((2, 3), np.int64)
    np.testing.assert_array_equal(W.value, X)
    W.value = X.tolist()
    np.testing.assert_array_equal(W.value, X)


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (np.mean, 1 / 70_000),
        (np.max, 1 / 70_000),
        (lambda x: tg.mse(x, np.full(70_000, 0.9, np.float16)), 0.2 / 70_000),
        (lambda x: tg.binary_cross_entropy(tg.sigmoid(x), np.ones(70_000, np.float16)), -0.2689 / 70_000),
    ],
)
def test_means_of_many_numbers_of_half_precision(f, slope):
    x = tg.parameter(np.ones(70_000, np.float16), name="x")

    np.testing.assert_allclose(f(x).backward()["dx"][:3], np.full(3, slope), rtol=0.05)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_gelu_far_out(dtype):
    x = tg.parameter(np.array([300, -300, 0, float(np.finfo(dtype).max)], dtype), name="x")

    np.testing.assert_allclose(np.sum(tg.gelu(x)[:3] / 300).backward()["dx"] * 300, [1, 0, 0.5, 0], rtol=2e-3)
    np.testing.assert_allclose(tg.gelu(x)[3].backward()["dx"][3], 1)


def test_a_deep_copy_of_a_deep_graph_is_a_graph_of_its_own():
    x = tg.parameter(np.ones(3), name="x")
    y = z = x * 0.5
    for _ in range(3_000):
        y = np.sin(y) + z
    J, K = np.sum(y), copy.deepcopy(np.sum(y))
    expected = J.backward()[x]

    d = K.backward()
    [leaf] = [t for t in d._arrays if t.is_parameter]

    assert leaf is not x
    assert not np.shares_memory(leaf.value, x.value)
    np.testing.assert_array_equal(d[leaf], expected)
    x.value[:] = 9
    np.testing.assert_array_equal(K.backward()[leaf], expected)


def test_what_is_shared_is_shared_in_a_deep_copy():
    W = tg.parameter(np.ones(2), name="W")
    copies = copy.deepcopy({"enc": W, "dec": W, "J": np.sum(W * 2)})

    assert copies["enc"] is copies["dec"]
    assert copies["J"].backward()[copies["enc"]].tolist() == [2, 2]
    assert copies["enc"].name == "W"


# Operands and settings that are no arrays of numbers with a fraction ------------------------------


@pytest.mark.parametrize("dtype", [int, "int64", bool, complex])
@pytest.mark.parametrize(
    "f",
    [np.sum, np.prod, np.mean, np.cumsum, np.var, np.std, np.add.reduce, lambda x, dtype: x.sum(dtype=dtype)],
)
def test_a_result_that_is_rounded_is_refused(f, dtype):
    with pytest.raises(tg.errors.DtypeError, match="which have none; leave dtype out"):
        f(tg.parameter([1.5, 2.5]), dtype=dtype)
    assert f(tg.tensor([1.5, 2.5]), dtype=int).dtype == int


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda w: np.power([0.0, 2.0], w), [0, 8 * np.log(2)]),
        (lambda w: (0.0, 2.0) ** w, [0, 8 * np.log(2)]),
        (lambda w: np.power(w, [0.0, 2.0]), [0, 6]),
        (lambda w: np.maximum(w, [2.0, 2.0]), [0.5, 1]),
        (lambda w: np.clip(w, [0.0, 0.0], [1.0, 5.0]), [0, 1]),
        (lambda w: np.where([True, False], w, [1.0, 2.0]), [1, 0]),
        (lambda w: np.dot([[1.0, 2.0]], w), [1, 2]),
        (lambda w: np.outer((1.0, 2.0), w), [3, 3]),
        (lambda w: np.concatenate([[1.0], w]), [1, 1]),
        (lambda w: np.einsum("i,i->", [1.0, 2.0], w), [1, 2]),
        (lambda w: np.full_like(w, w[1]) * np.array([1.0, 2.0]), [0, 3]),
        (lambda w: np.full_like(w, fill_value=w[0], shape=(4,)), [4, 0]),
        (lambda w: np.full_like(w, w[0], dtype=np.float32), [2, 0]),
        (lambda w: np.full_like(w, 3.0) * w, [3, 3]),
    ],
)
def test_lists_and_fillings_are_derived_through(f, expected):
    w = tg.parameter([2.0, 3.0])

    np.testing.assert_allclose(np.sum(f(w)).backward()[w], expected, rtol=1e-14)
    _, dw = tg.compile(lambda w: np.sum(f(w)))(np.array([2.0, 3.0]))
    np.testing.assert_allclose(dw, expected, rtol=1e-14)
