"""The reverse sweep: sums at a fan-out, what is visited, what is kept, how deep it goes, what it costs."""

import gc
import tracemalloc
import weakref
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.cases import CASES
from tests.laws import weights
from tests.networks import make_network, parameters_of, record
from tests.oracles import complex_step
from tinygraph.engine.sweep import recorded_order
from tinygraph.rules.table import TABLE

# Sums ---------------------------------------------------------------------------------------------


def test_a_value_used_twice_gets_both_contributions():
    x = tg.parameter(3.0, name="x")

    assert (x * x).backward()["dx"] == 6
    assert (x + x).backward()["dx"] == 2
    assert (x * x * x).backward()["dx"] == 27


def test_a_skip_connection_adds_up():
    x = tg.parameter(2.0, name="x")
    h = (x * x).named("h")
    J = h * 3 + h + x

    d = J.backward()

    assert (d["dh"], d["dx"]) == (4, 17)


def test_contributions_of_different_shapes_add_up():
    x = tg.parameter(np.array([[1.0], [2.0]]), name="x")
    J = np.sum(x * np.ones((2, 3))) + np.sum(x) + np.sum(x.T @ x)

    np.testing.assert_array_equal(J.backward()["dx"], [[3 + 1 + 2], [3 + 1 + 4]])


def test_shared_weights_get_the_sum_over_their_uses():
    rng = np.random.default_rng(0)
    W, h0, X = rng.standard_normal((3, 3)), rng.standard_normal((3, 2)), rng.standard_normal((4, 3, 2))

    def cost(W):
        return np.sum(reduce(lambda h, x: np.tanh(W @ h + x), X, h0) ** 2)

    parameter = tg.parameter(W, name="W")

    np.testing.assert_allclose(cost(parameter).backward()["dW"], complex_step(cost, W), rtol=1e-12)


OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - 2 * b,
    lambda a, b: a / (2 + b * b),
    lambda a, b: np.tanh(a) * b,
    lambda a, b: np.maximum(a, b - 10) + a,
    lambda a, b: np.sin(a + b[:1]),
    lambda a, b: np.sum(a, axis=-1, keepdims=True) * b,
    lambda a, b: np.where(np.array([True, False, True]), a, b),
    lambda a, b: (a[..., ::-1] + b).reshape(a.shape),
    lambda a, b: tg.softmax(a, axis=-1) + b,
    lambda a, b: np.concatenate([a, b], axis=-1)[..., 1:4],
]


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.lists(
        st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 99), st.integers(0, 99)),
        min_size=2,
        max_size=12,
    ),
    st.integers(0, 2**32 - 1),
)
def test_any_graph(steps, seed):
    """A random program: each step takes two earlier results, so values fan out and paths join."""
    arrays = np.random.default_rng(seed).standard_normal((3, 3))

    def run(*inputs):
        results = list(inputs)
        for operation, i, j in steps:
            results.append(operation(results[i % len(results)], results[j % len(results)]))
        return sum(np.sum(weights(r.shape) * r) for r in results)

    leaves = [tg.parameter(x) for x in arrays]
    d = run(*leaves).backward()

    for i, x in enumerate(arrays):
        expected = complex_step(lambda x, i=i: run(*arrays[:i], x, *arrays[i + 1 :]), x)
        np.testing.assert_allclose(d[leaves[i]], expected, rtol=1e-8, atol=1e-8 * np.abs(expected).max())


# What is visited ----------------------------------------------------------------------------------


class Counting(np.ndarray):
    """An array that counts the matrix products it takes part in."""

    products = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **settings):
        Counting.products += ufunc is np.matmul
        outputs = settings.pop("out", ())
        if outputs:
            settings["out"] = tuple(np.asarray(x) for x in outputs)
        inputs = [x.view(np.ndarray) if isinstance(x, Counting) else x for x in inputs]
        return counting(getattr(ufunc, method)(*inputs, **settings))

    def __array_function__(self, function, types, args, settings):
        Counting.products += function is np.dot
        return super().__array_function__(function, types, args, settings)

    def dot(self, other):
        return np.dot(self, other)


def counting(array):
    return np.asarray(array).view(Counting)


@pytest.mark.parametrize("layer_dims", [[4, 1], [4, 3, 1], [4, 5, 3, 1]])
def test_dX_is_never_computed(layer_dims):
    """L layers take L products forward, and L for dW and L - 1 for dA backward: none for dX."""
    X, Y, arrays = make_network(layer_dims)
    parameters = {name: tg.parameter(counting(a), name=name) for name, a in arrays.items()}
    L = len(layer_dims) - 1

    Counting.products = 0
    J = record(counting(X), Y, parameters)
    forward = Counting.products
    J.backward()

    assert (forward, Counting.products - forward) == (L, 2 * L - 1)


def test_only_what_is_wanted_is_computed():
    seen = []
    op = TABLE[np.multiply]
    rules = op.rules
    spied = tuple(lambda *args, i=i, rule=rule: seen.append(i) or rule(*args) for i, rule in enumerate(rules))
    object.__setattr__(op, "rules", spied)
    try:
        x, data = tg.parameter(2.0), tg.tensor(3.0)
        (x * data).backward()
        (data * x).backward()
        (data * data + x).backward()
    finally:
        object.__setattr__(op, "rules", rules)

    assert seen == [0, 1]


def test_recorded_order_is_a_topological_order_of_each_node_once():
    x = tg.parameter(1.0)
    h = x
    for _ in range(50):  # 2**50 paths
        h = h + h
    order = recorded_order(h)

    assert len(order) == 50
    assert order[-1] is h
    assert h.backward()[x] == 2.0**50


def test_recorded_order_of_wanted_paths_leaves_out_the_others():
    x, data = tg.parameter(1.0), tg.tensor(1.0)
    useless = data * 2
    J = x * useless

    assert recorded_order(J) == [useless, J]
    assert recorded_order(J, wanted=True) == [J]
    assert recorded_order(x) == []


# What is kept -------------------------------------------------------------------------------------


def test_a_second_backward_gives_the_same_again():
    X, Y, arrays = make_network([4, 5, 1])
    J = record(X, Y, parameters_of(arrays))

    first, second = J.backward(), J.backward()

    assert list(first) == list(second)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
    assert not any(np.shares_memory(first[name], second[name]) for name in first if name[1] in "Wb")


def test_a_second_backward_from_another_output_of_the_same_graph():
    """The mistake is 72 for 24 or 48: nothing adds up from call to call."""
    x = tg.parameter(2.0, name="x")
    y = x * x
    z = y * 6

    assert y.backward()["dx"] == 4
    assert z.backward()["dx"] == 24
    assert x.grad == 24


def test_named_values_and_those_beside_a_leaf_are_kept():
    x, y = tg.parameter(2.0, name="x"), tg.parameter(3.0, name="y")
    hidden = x * y
    unnamed = (lambda x: x * x)(hidden)
    z = np.exp(unnamed * 0.01).named("z")
    d = (z * 2).backward()

    assert "dz" in d
    assert z in d
    assert unnamed not in d
    with pytest.raises(tg.errors.UnknownNameError, match="no derivative with respect to"):
        d[unnamed]


# Arrays are nobody else's -------------------------------------------------------------------------


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_derivatives_of_leaves_are_writable_and_share_no_memory(op):
    for case in CASES[op.function]:
        inputs = list(case.inputs)
        for i in case.wanted:
            inputs[i] = tg.parameter(inputs[i])
        leaves = [inputs[i] for i in case.wanted]
        z = case(*inputs).named("z")
        seed = np.array(weights(z.shape))
        d = z.backward(seed)
        found = [d[x] for x in leaves]
        others = [seed, np.asarray(z.value), *(x.value for x in leaves)]
        for n, dx in enumerate(found):
            assert type(dx) is np.ndarray, case
            assert dx.flags.writeable, case
            assert not any(np.shares_memory(dx, other) for other in [*found[:n], *others, d[z]]), case


def test_changing_a_derivative_changes_no_other():
    x, y = tg.parameter(np.ones(3), name="x"), tg.parameter(np.ones(3), name="y")
    z = (x + y).named("z")
    d = np.sum(z + x).backward()
    kept = {name: np.array(d[name]) for name in d}

    d["dx"][:] = 7

    np.testing.assert_array_equal(d["dx"], 7)
    np.testing.assert_array_equal(d["dy"], kept["dy"])
    np.testing.assert_array_equal(d["dz"], kept["dz"])


def test_the_seed_is_left_alone():
    x = tg.parameter(np.ones(3))
    seed = np.arange(3.0)

    d = (x + x).backward(seed)
    d[x][:] = 9

    np.testing.assert_array_equal(seed, [0, 1, 2])


# Depth and memory ---------------------------------------------------------------------------------

LINKS = 100_000


def chain(x, links):
    z = x
    for _ in range(links):
        z = z + x
    return z


@pytest.fixture
def no_collector():
    """Reference counts alone free what is freed here."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_100_000_operations_without_recursion():
    x = tg.parameter(np.ones((2, 2)))

    d = np.sum(chain(x, LINKS)).backward()

    np.testing.assert_array_equal(d[x], LINKS + 1)


def test_100_000_operations_in_a_line_of_functions():
    x = tg.parameter(1.0)
    z = x
    for _ in range(LINKS):
        z = np.positive(z)

    assert z.backward()[x] == 1


def test_memory_is_back_where_it_was_after_del(no_collector):
    x = tg.parameter(np.ones((2, 2)))
    np.sum(chain(x, 10)).backward()
    x.grad = None
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()

    J = np.sum(chain(x, 20_000))
    d = J.backward()
    during, _ = tracemalloc.get_traced_memory()
    del J, d
    x.grad = None
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert during - before > 1e6
    assert after - before < 2e4


def test_the_graph_is_freed_as_soon_as_its_last_result_is(no_collector):
    X, Y, arrays = make_network([4, 5, 3, 1])
    J = record(X, Y, parameters_of(arrays))
    tensors = [weakref.ref(t) for t in recorded_order(J)]
    d = J.backward()
    chain = d.chain(convention="course")
    assert all(ref() is not None for ref in tensors)

    del J, d, chain

    assert all(ref() is None for ref in tensors)


def test_a_second_derivative_leaves_nothing_behind(no_collector):
    made = []

    def f(x):
        z = np.tanh(x) * x
        made.append(weakref.ref(z))
        return np.sum(z)

    tg.grad(lambda x: np.sum(tg.grad(f)(x) ** 2))(np.ones(3))

    assert [ref() for ref in made] == [None]


def test_the_sweep_lets_go_of_what_is_spent():
    """At its peak the sweep holds a few derivatives, not one for each node."""
    x = tg.parameter(np.ones(100_000))
    z = x
    for _ in range(50):
        z = np.sin(z)
    J = np.sum(z)
    tracemalloc.start()
    J.backward()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8 * x.value.nbytes
