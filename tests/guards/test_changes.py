"""Arrays changed between forward and backward are caught, whoever changed them; what is right goes on."""

import copy
import re

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.errors import ChangedArrayError, ChangedArrayWarning, GraphError


def network(x=None):
    """x (3, 4) as it was passed in, the parameters, and a cost in which every rule reads a cached array."""
    x = np.linspace(-1, 1, 12).reshape(3, 4) if x is None else x
    W1 = tg.parameter(np.linspace(-1, 1, 6).reshape(2, 3), name="W1")
    b1 = tg.parameter(np.zeros((2, 1)), name="b1")
    A1 = np.tanh(W1 @ tg.tensor(x, name="X") + b1)
    return x, W1, A1, np.sum(A1 * A1)


def add_to_data(x, W1, A1):
    x += 1


def write_through_a_view(x, W1, A1):
    x[1:, ::2][0, 0] = 7


def write_through_the_tensor(x, W1, A1):
    W1.value[1, 1] = 7


def add_to_a_parameter(x, W1, A1):
    W1.value -= 0.1


def change_a_result(x, W1, A1):
    A1.value[0, 3] *= 2


def change_a_view_of_a_result(x, W1, A1):
    np.ravel(A1).value[2] = 9


def make_nan(x, W1, A1):
    x[0, 0] = np.nan


CHANGES = {
    add_to_data: r"X \(3, 4\) was changed after x = W1 @ X|X \(3, 4\) was changed after W1 @ X",
    write_through_a_view: r"entry \[1, 0\] was .* and is 7\.0 now; 1 of 12 entries differ",
    change_a_result: r"A1 \(2, 4\) was changed after A1 = np\.tanh\(Z1\).*entry \[0, 3\]",
    change_a_view_of_a_result: r"A1 \(2, 4\) was changed .*entry \[0, 2\] was .* and is 9\.0 now",
    make_nan: r"entry \[0, 0\] was -1\.0 and is nan now",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_caught_and_named(change):
    x, W1, A1, J = network()
    change(x, W1, A1)

    with pytest.raises(ChangedArrayError, match=CHANGES[change]) as raised:
        J.backward()

    assert "test_changes.py:" in str(raised.value)
    assert W1.grad is None


@pytest.mark.parametrize("change", [add_to_a_parameter, write_through_the_tensor])
@pytest.mark.parametrize("given_out_before", [False, True])
def test_a_change_of_a_parameter_is_caught(change, given_out_before):
    W1 = tg.parameter(np.linspace(-1, 1, 6).reshape(2, 3), name="W1")
    if given_out_before:
        assert W1.value.size == 6
    J = np.sum(W1 * W1)
    change(None, W1, None)

    with pytest.raises(ChangedArrayError, match=r"W1 \(2, 3\) was changed after W1 \* W1"):
        J.backward()


@pytest.mark.parametrize("product", [np.dot, np.matmul, np.multiply])
def test_an_update_of_what_no_wanted_rule_reads_is_no_change(product):
    """The derivative by W1 reads X alone."""
    W1, X = tg.parameter(np.ones((3, 3)), name="W1"), np.arange(9.0).reshape(3, 3)
    J = np.sum(product(W1, X))
    expected = J.backward()["dW1"].copy()
    tg.optim.SGD(0.1).update([W1], J.backward())

    np.testing.assert_array_equal(J.backward()["dW1"], expected)


def test_an_alias_taken_before_recording_is_caught():
    W1 = tg.parameter(np.ones((2, 3)), name="W1")
    alias = W1.value[:1]
    J = np.sum(W1 * W1)
    alias[0, 2] = 5

    with pytest.raises(ChangedArrayError, match=r"entry \[0, 2\] was 1\.0 and is 5\.0 now"):
        J.backward()


@pytest.mark.parametrize(
    "optimizer", [tg.optim.SGD(0.1), tg.optim.Momentum(0.1), tg.optim.RMSProp(0.1), tg.optim.Adam(0.1)]
)
@pytest.mark.parametrize("given_out", ["never", "before", "after"])
def test_an_old_graph_is_refused_after_an_update(optimizer, given_out):
    W1 = tg.parameter(np.ones((2, 3)), name="W1")
    if given_out == "before":
        assert W1.value.size
    J = np.sum(W1 * W1)
    optimizer.update([W1], J.backward())
    if given_out == "after":
        assert W1.value.size

    with pytest.raises(ChangedArrayError, match=r"W1 \(2, 3\) was (updated|changed) after W1 \* W1"):
        J.backward()
    fresh = np.sum(W1 * W1)
    np.testing.assert_array_equal(fresh.backward()[W1], 2 * W1.value)
    np.testing.assert_array_equal(fresh.backward()[W1], 2 * W1.value)


def test_training_by_hand_goes_on():
    """Through `.value`, or through arrays taken once and for all."""
    W1, W2 = tg.parameter(np.ones((2, 3)), name="W1"), tg.parameter(np.ones((1, 2)), name="W2")
    arrays = {W1: W1.value, W2: W2.value}
    for _ in range(3):
        J = np.sum(np.square(W2 @ np.tanh(W1 @ np.ones((3, 4)))))
        d = J.backward()
        np.testing.assert_array_equal(J.backward()["dW1"], d["dW1"])
        W1.value -= 0.1 * d["dW1"]
        arrays[W2] -= 0.1 * d["dW2"]

    assert W1.value is arrays[W1]


def test_a_buffer_may_be_filled_again_while_the_last_graph_is_alive():
    W1, buffer, alive = tg.parameter(np.ones((1, 3)), name="W1"), np.empty((3, 2)), []
    for step in range(3):
        buffer[:] = step
        J = np.sum(np.square(W1 @ buffer))
        J.backward()
        alive.append(J)

    np.testing.assert_array_equal(W1.grad, np.full((1, 3), 2 * 6 * 2 * 2.0))
    with pytest.raises(ChangedArrayError, match=r"buffer \(3, 2\) was changed after W1 @ buffer"):
        alive[0].backward()


def test_a_new_array_for_a_parameter_is_no_change_of_the_old_one():
    W1 = tg.parameter(np.ones(3), name="W1")
    J = np.sum(W1 * W1)
    W1.value = np.full(3, 5.0)

    np.testing.assert_array_equal(J.backward()[W1], np.full(3, 2.0))


def test_what_no_rule_reads_may_change():
    """The derivative of a sum needs neither addend."""
    noise, b1 = np.ones(3), tg.parameter(np.ones(3), name="b1")
    J = np.sum(b1 + noise)
    noise += 1
    b1.value += 1

    np.testing.assert_array_equal(J.backward()[b1], np.ones(3))


def test_a_view_of_data_is_watched():
    x, W1 = np.ones((4, 3)), tg.parameter(np.ones((1, 3)), name="W1")
    J = np.sum(W1 @ tg.tensor(x, name="X").T)
    x[2, 1] = 3

    with pytest.raises(ChangedArrayError, match=r"entry \[1, 2\] was 1\.0 and is 3\.0 now"):
        J.backward()


def test_a_change_during_the_forward_pass_is_caught():
    x = tg.parameter(np.ones(2), name="x")
    factor = np.array([2.0, 3.0])
    first = x * factor
    factor += 1
    J = np.sum(first + x * factor)

    with pytest.raises(ChangedArrayError, match=r"factor \(2,\) was changed after first = x \* factor"):
        J.backward()


def test_masks_and_labels_belong_to_the_graph():
    mask, indices = np.array([True, False, True]), [0, 2]
    x = tg.parameter(np.ones(3), name="x")
    J = np.sum(x[mask]) + np.sum(x[indices]) + np.sum(np.take(x, indices))
    mask[:] = False
    indices[0] = 1

    np.testing.assert_array_equal(J.backward()[x], [3, 0, 3])


def laid_out(order, dtype):
    """Ones (300, 128) in an order."""
    x = np.ones((300, 128), dtype, order="F" if order == "F" else "C")
    return np.ones((300, 256), dtype)[:, ::2] if order == "strided" else x


def raised_by(x, change, **switch):
    """What `backward()` says to a change of x after it was used."""
    W1 = tg.parameter(np.ones((1, len(x)), np.float32), name="W1")
    with tg.errstate(**switch):
        J = np.sum(W1 @ x)
    change(x)
    with pytest.raises(ChangedArrayError) as raised:
        J.backward()
    return str(raised.value)


@pytest.mark.parametrize("order", ["C", "F", "strided"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int8, np.longdouble, bool])
def test_one_changed_entry_of_a_large_array_is_caught(order, dtype):
    for place in [(0, 0), (17, 3), (299, 127), (150, 64)]:
        told = raised_by(laid_out(order, dtype), lambda x, place=place: x.__setitem__(place, 0))

        assert "sums over its entries differ (tg.errstate(whole=True)" in told
    whole = raised_by(laid_out(order, dtype), lambda x: x.__setitem__((17, 3), 0), whole=True)
    assert "entry [17, 3] was" in whole
    assert "1 of 38400" in whole


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.random.default_rng(0).shuffle(x),
        lambda x: x.sort(axis=0),
        lambda x: x.__setitem__(slice(None), x[::-1].copy()),
        lambda x: x[:2].__imul__(-1),
        lambda x: x[:, :2].__imul__(-1),
        lambda x: x.__setitem__([0, 1], x[[1, 0]]),
        lambda x: x.__setitem__((0, 0), np.nextafter(x[0, 0], 9)),
    ],
)
def test_changes_that_leave_the_sum_as_it_is_are_caught(change):
    assert "differ" in raised_by(np.random.default_rng(1).standard_normal((300, 128)), change)


def test_of_very_large_arrays_some_entries_are_compared():
    x = np.zeros((1100, 1000))  # 8.8 MB
    told = raised_by(x, lambda x: x.__setitem__((slice(None), 5), 1))

    assert re.search(r"one was 0\.0 and is 1\.0 now; \d+ of \d+ entries compared", told)
    assert "entry [17, 3]" in raised_by(x, lambda x: x.__setitem__((17, 3), 4), whole=True)


# Aliases ------------------------------------------------------------------------------------------


def cubes(W, x):
    """A cost whose derivatives read W and x."""
    return np.sum(np.tanh(W @ x) ** 2) + np.sum(W**3)


def under_no_grad(make):
    def made(W):
        with tg.no_grad():
            return make(W)

    return made


VIEWS = {
    "itself": lambda W: W,
    "squeezed": np.squeeze,
    "turned": lambda W: W.T,
    "a row": lambda W: W[0],
    "a vector": np.ravel,
    "einsum": lambda W: np.einsum("ij->ji", W),
    "a view of a view": lambda W: np.expand_dims(W.T[::-1], 0),
    "a copy": copy.copy,
}
VIEWS |= {f"{name}, not recorded": under_no_grad(make) for name, make in VIEWS.items()}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("when", ["before", "after", "array before"])
def test_a_parameter_changed_through_any_view_is_caught(view, when):
    W1, x = tg.parameter(np.eye(3), name="W1"), np.ones((3, 4))
    seen = VIEWS[view](W1) if when != "after" else None
    array = seen.value if when == "array before" else None
    J = cubes(W1, x)
    if when == "after":
        seen = VIEWS[view](W1)
    array = seen.value if array is None else array
    array[..., 0] = 7

    with pytest.raises(ChangedArrayError, match=r"W1 \(3, 3\) was changed"):
        J.backward()


@pytest.mark.parametrize("view", [name for name in VIEWS if "recorded" in name])
def test_a_result_changed_through_a_view_that_is_not_recorded_is_caught(view):
    _, _, A1, J = network()
    VIEWS[view](A1).value[..., 0] = 7

    with pytest.raises(ChangedArrayError, match=r"A1 \(2, 4\) was changed"):
        J.backward()


@pytest.mark.parametrize(
    "read",
    [
        lambda W: np.sum(W[0] ** 2),
        lambda W: np.sum(W.T * W.T[::-1]),
        lambda W: np.sum(np.broadcast_to(W, (2, 3, 3)) ** 2),
        lambda W: np.sum(np.reshape(W.T, (1, 3, 3))[0][1] ** 3),
        lambda W: np.sum(np.tanh(W[1:])[0] * W[:, 1]),
    ],
)
@pytest.mark.parametrize("change", [lambda W: W.value.__setitem__(..., 7.0), lambda W: descend(W)])
@pytest.mark.parametrize("given_out", [False, True])
def test_a_parameter_that_was_read_through_a_view_is_watched(read, change, given_out):
    W1 = tg.parameter(np.arange(9.0).reshape(3, 3), name="W1")
    if given_out:
        assert W1.value.size
    J = read(W1)
    change(W1)

    with pytest.raises(ChangedArrayError, match=r"W1 \(3, 3\) was"):
        J.backward()


def descend(W):
    tg.optim.SGD(0.1).update([W], np.sum(W).backward())


def test_a_view_that_no_rule_reads_is_no_reason():
    W1 = tg.parameter(np.ones((3, 3)), name="W1")
    J = np.sum(W1.T[0]) + np.sum(np.ones((2, 3)) @ W1.T)
    expected = J.backward()[W1].copy()
    descend(W1)

    np.testing.assert_array_equal(J.backward()[W1], expected)


class Kept(np.ndarray):
    """Behaves as its base."""


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: tg.tensor(x, name="X")])
@pytest.mark.parametrize("kind", [np.memmap, Kept])
def test_an_array_of_any_class_is_watched(kind, wrap, tmp_path):
    np.ones((3, 4)).tofile(tmp_path / "x")
    x = np.memmap(tmp_path / "x", dtype=float, mode="r+", shape=(3, 4))
    x = x if kind is np.memmap else np.ones((3, 4)).view(Kept)
    W1 = tg.parameter(np.eye(3), name="W1")
    J = np.sum(W1 @ wrap(x))
    x[1, 1] = 7

    with pytest.raises(ChangedArrayError, match=r"entry \[1, 1\] was 1\.0 and is 7\.0 now"):
        J.backward()


def test_a_parameter_made_of_a_memory_map_is_watched(tmp_path):
    np.ones((3, 3)).tofile(tmp_path / "W")
    W1 = tg.parameter(np.memmap(tmp_path / "W", dtype=float, mode="r", shape=(3, 3)), name="W1")
    J = cubes(W1, np.ones((3, 2)))
    W1.value[0, 0] = 7

    with pytest.raises(ChangedArrayError, match=r"W1 \(3, 3\) was changed"):
        J.backward()


def test_a_derivative_of_a_derivative_is_watched_too():
    """`grad` inside `grad` uses the outer parameter's array again."""
    x, outer = np.ones(2), tg.parameter(2.0, name="w")

    def f(z):
        return np.sum(z * z * x * outer)

    d = np.sum(tg.grad(f)(np.ones(2)))
    x += 1

    with pytest.raises(ChangedArrayError):
        d.backward()


def test_it_can_be_switched_off_or_made_a_warning():
    x, W1, _, J = network()
    before = J.backward()[W1]
    x[0, 0] = 100

    with tg.errstate(changed="ignore"):
        assert not np.array_equal(J.backward()[W1], before)
    with tg.errstate(changed="warn"), pytest.warns(ChangedArrayWarning, match=r"X \(3, 4\) was changed"):
        J.backward()
    with pytest.raises(GraphError):
        J.backward()


def test_a_condition_made_of_a_parameter_is_watched():
    """No derivative flows to it, but the rule reads it."""
    c, x = tg.parameter(np.array([0.0, 1.0]), name="c"), tg.parameter(np.ones(2), name="x")
    J = np.sum(np.where(c, x, 0.0))
    c.value[0] = 1

    with pytest.raises(ChangedArrayError, match=r"c \(2,\) was changed"):
        J.backward()


def test_what_is_recorded_with_the_check_off_is_never_compared():
    x, W1 = np.ones((3, 2)), tg.parameter(np.ones((1, 3)), name="W1")
    with tg.errstate(changed="ignore"):
        J = np.sum(W1 @ x)
    x += 1

    np.testing.assert_array_equal(J.backward()[W1], np.full((1, 3), 4.0))


def test_another_reaction_is_refused():
    with pytest.raises(ValueError, match="changed is 'ignore', 'warn' or 'raise', not 'never'"):
        tg.errstate(changed="never")


def test_a_change_back_is_none():
    x, W1, _, J = network()
    before = J.backward()[W1]
    x *= 2
    x /= 2

    np.testing.assert_array_equal(J.backward()[W1], before)


def test_a_long_chain_of_views_is_given_out_without_recursion():
    x = tg.parameter(np.ones(3), name="x")
    z = x
    for _ in range(3000):
        z = z[:]
    J = np.sum(z * z)
    z.value[0] = 2

    with pytest.raises(ChangedArrayError):
        J.backward()
