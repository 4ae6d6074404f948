"""Arrays that remember each call: inside a compiled loss they do what NumPy's own do, or say why not."""

import numpy as np
import pytest

import tinygraph as tg
from tests.plan.symbols import random_array, recorded
from tinygraph.errors import GraphError
from tinygraph.plan.record import (
    Tape,
    Traced,
    function_name,
    nested_parts,
    settle_arrays,
    takes_by_mask,
    values_of,
)

X = random_array(4, 3)

METHODS = {
    "reshape(3, 4)": lambda x: x.reshape(3, 4),
    "reshape(2, 2, 3)": lambda x: x.reshape(2, 2, 3),
    "reshape((3, 4))": lambda x: x.reshape((3, 4)),
    "reshape(-1)": lambda x: x.reshape(-1),
    "reshape(2, -1)": lambda x: x.reshape(2, -1),
    "transpose()": lambda x: x.transpose(),
    "transpose(1, 0)": lambda x: x.transpose(1, 0),
    "transpose((1, 0))": lambda x: x.transpose((1, 0)),
    "T": lambda x: x.T,
    "ravel()": lambda x: x.ravel(),
    "sum()": lambda x: x.sum(),
    "sum(0)": lambda x: x.sum(0),
    "sum(axis=1)": lambda x: x.sum(axis=1, keepdims=True),
    "mean(0)": lambda x: x.mean(0),
    "max()": lambda x: x.max(),
    "min(1)": lambda x: x.min(1),
    "prod(axis=0)": lambda x: x.prod(axis=0),
    "clip(-1, 1)": lambda x: x.clip(-1, 1),
    "dot": lambda x: x.dot(x.T),
    "copy()": lambda x: x.copy(),
    "astype": lambda x: x.astype(np.float32),
    "astype, the same": lambda x: x.astype(np.float64),
    "swapaxes(0, 1)": lambda x: x.swapaxes(0, 1),
    "rows": lambda x: sum(row * i for i, row in enumerate(x, 1)),
    "len": lambda x: x * len(x),
    "one entry": lambda x: x[1, 2] * x,
    "np.sum, dtype second": lambda x: np.sum(x, 0, np.float32),
    "np.prod": lambda x: np.prod(x, axis=(0, 1)),
    "np.max": lambda x: np.max(x, 1),
    "np.min": lambda x: np.min(x, axis=0, keepdims=True),
}


def weighed(y):
    """A number in which each entry of y has a weight of its own."""
    return np.sum(y * np.arange(1.0, np.size(y) + 1).reshape(np.shape(y)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_an_input_of_a_compiled_loss_has_the_methods_of_an_array(method, dtype):
    W = tg.parameter(np.array(1.5, dtype), name="W")
    step = tg.compile(lambda x: weighed(W * method(x)), [W])

    for x in (X.astype(dtype), 2 - X.astype(dtype)):
        J = weighed(W * method(x))
        value, (dW,) = step(x)

        assert (value.dtype, value) == (J.value.dtype, J.value)
        assert dW == J.backward()[W]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_method_called_on_a_symbol_has_numpys_numbers_and_layout(method):
    for x in (X, np.asfortranarray(X)):
        _, [made], _ = recorded(method, x)
        expected = method(x)

        np.testing.assert_array_equal(made.value, expected)
        assert (made.shape, made.dtype) == (np.shape(expected), expected.dtype)


@pytest.mark.parametrize("exponent", [1, 2, 0.5, -1, 3, -2, 2.0, 1.0, 1.5])
@pytest.mark.parametrize("x", [np.float64(1.7), np.array([1.7, 0.3]), np.array([[1.7]], np.float32)])
def test_a_power_has_the_bits_that_numpy_gives(exponent, x):
    _, [made], _ = recorded(lambda x: x**exponent, x)

    assert made.value.dtype == (x**exponent).dtype
    np.testing.assert_array_equal(made.function(*values_of(made.args)), x**exponent)


def test_powers_of_whole_numbers_and_with_symbols_as_exponents():
    n = np.array([1, 2, 3])
    for f in (lambda x: x**2, lambda x: x**1, lambda x: 2**x, lambda x: 2.0**x, lambda x: x**x):
        _, [made], _ = recorded(f, n)

        np.testing.assert_array_equal(made.function(*values_of(made.args)), f(n))
        assert made.dtype == f(n).dtype


@pytest.mark.parametrize("name", ["tolist", "savez", "_private", "nonsense", "linspace"])
def test_what_an_array_does_not_have_is_refused_by_name(name):
    [x], _, _ = recorded(lambda x: x, X)

    with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
        getattr(x, name)
    assert not hasattr(x, name)


READINGS = {
    "bool": lambda x: 2.0 if x[0] > 0 else 3.0,
    "float": lambda x: float(x[0]),
    "int": lambda x: int(x[0]),
    "item": lambda x: x[0].item(),
    "sum().item()": lambda x: x[:1].sum().item(),
}


@pytest.mark.parametrize("read", READINGS.values(), ids=READINGS)
def test_a_number_read_from_an_array_is_asked_for_at_each_step(read):
    W, calls = tg.parameter(np.ones(2), name="W"), []

    def loss(x):
        calls.append(1)
        return np.sum(W * x) * read(x)

    step = tg.compile(loss, [W])
    for x in ([5.0, 1.0], [5.0, 2.0], [-3.0, 1.0], [-3.0, 4.0], [5.0, 1.0]):
        x = np.array(x)
        found, _ = step(x)

        assert found == np.sum(x) * read(x)
    assert len(calls) >= 3


def test_a_whole_number_read_from_an_array_is_an_index():
    W = tg.parameter(np.arange(4.0), name="W")
    step = tg.compile(lambda i: np.sum(W[: i[0]]) + np.arange(4.0)[i[0]], [W])

    for i in (1, 3, 2):
        assert step(np.array([i]))[0] == sum(range(i)) + i


def test_numbers_print_as_they_are_and_arrays_as_symbols():
    seen = []
    W = tg.parameter(np.ones(2), name="W")

    def loss(x):
        seen.append((f"{x[0]:.2f}", f"{x[0]}", f"{x}"))
        return np.sum(W * x)

    tg.compile(loss, [W])(np.array([0.5, 1.0]))

    assert seen[0][:2] == ("0.50", "0.5")
    assert "0.5" not in seen[0][2]


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: np.nonzero(x), "np.nonzero"),
        (lambda x: np.unique(x), "np.unique"),
        (lambda x: np.flatnonzero(x), "np.flatnonzero"),
        (lambda x: np.argwhere(x), "np.argwhere"),
        (lambda x: np.where(x > 0), "np.where"),
        (lambda x: x[x > 0], r"x\[\.\.\.\]"),
        (lambda x: x[x[:, 0] > 0, 1:], r"x\[\.\.\.\]"),
    ],
)
def test_a_shape_that_depends_on_numbers_is_refused(f, what):
    with pytest.raises(GraphError, match=f"^{what}.* whose shape depends on the numbers"):
        recorded(f, X)


def test_turning_a_symbol_into_a_plain_array_is_refused():
    for f in (np.array, np.asarray, lambda x: np.asarray(x, float)):
        with pytest.raises(GraphError, match="would freeze its numbers"):
            recorded(f, X)


def test_whole_indices_are_no_masks():
    [x], [positive], _ = recorded(lambda x: x > 0, X)
    [i], _, _ = recorded(lambda i: i, np.array([0, 1]))

    getitem = recorded(lambda x: x[0], X)[1][0].function
    assert takes_by_mask(getitem, (x, positive))
    assert takes_by_mask(getitem, (x, (slice(None), positive)))
    assert not takes_by_mask(getitem, (x, i))
    assert not takes_by_mask(np.add, (x, positive))
    assert function_name(getitem) == "x[...]"
    assert function_name(np.exp) == "np.exp"


def test_writing_with_out_lets_the_target_hold_the_result():
    def f(x):
        kept = x.copy()
        np.multiply(kept, 2, out=kept)
        np.add(kept, x, out=kept)
        return kept

    _, [made], _ = recorded(f, X)

    assert settle_arrays(made).function is np.add
    np.testing.assert_array_equal(settle_arrays(made).value, 3 * X)
    np.testing.assert_array_equal(made.value, 3 * X)


def test_what_is_written_keeps_the_layout_and_dtype_of_where_it_is_written():
    def f(x):
        kept = x.copy()
        np.multiply(x.T.copy().T, 2.0, out=kept)
        return kept

    for x in (X.astype(np.float32), np.asfortranarray(X)):
        _, [made], _ = recorded(f, x)

        assert settle_arrays(made).dtype == x.dtype
        assert settle_arrays(made).value.strides == x.strides


def test_only_what_may_be_written_into_is():
    with pytest.raises(GraphError, match="cannot be written into"):
        recorded(lambda x: np.exp(x, out=x), X)
    with pytest.raises(GraphError, match="cannot be written into"):
        recorded(lambda x: np.exp(x, out=np.empty(X.shape)), X)


def test_everything_in_nested_containers_is_found():
    assert list(nested_parts((1, [2, {"a": 3, "b": (4,)}], slice(5, 6, 7)))) == [1, 2, 3, 4, 5, 6, 7]
    assert list(nested_parts("text")) == ["text"]


def test_values_take_the_place_of_symbols_in_nested_containers():
    s = Traced(X, Tape())
    held = s.held()
    held.now = t = Traced(-X, s.tape)

    assert values_of(s) is X
    found = values_of({"a": [s, (1, s)], "b": "c"})
    assert found["a"][0] is X
    assert (found["a"][1][0], found["a"][1][1] is X, found["b"]) == (1, True, "c")
    assert settle_arrays({"a": [held, (held,)]}) == {"a": [t, (t,)]}
    assert settle_arrays([s, 2]) == [s, 2]


def test_errors_that_the_code_ignores_are_told_from_those_ignored_outside():
    def f(x):
        with np.errstate(divide="ignore", over="ignore"):
            first = np.log(x)
        return first, np.log(x)

    with np.errstate(over="ignore"):
        _, [first, second], _ = recorded(f, abs(X))

    assert (first.quiet, second.quiet) == (("divide",), ())


def test_each_symbol_is_recorded_after_those_it_is_made_from_and_remembers_the_line():
    [x], [z], _ = recorded(lambda x: np.exp(x) + 1, X)

    assert x.serial < z.args[0].serial < z.serial
    assert z.place[0].co_filename == __file__
    assert x.place is None


def test_a_call_that_gives_no_array_cannot_be_compiled():
    with pytest.raises(GraphError, match="gives a tuple, which cannot be compiled"):
        recorded(np.modf, X)
