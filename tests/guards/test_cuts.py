"""Paths cut by a plain number: told where it comes back, or at once; looking at numbers stays allowed."""

import logging
import math
import re

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.errors import GraphError


def start():
    return tg.parameter(2.0, name="x"), tg.parameter([1.0, 2.0, 3.0], name="W")


def penalty(W):
    return 0.1 * float((W**2).sum())


def penalty_of_item(W):
    total = (W**2).sum().item()
    return total / 2


def by_itself(x, W):
    return x * float(x)


def by_item(x, W):
    return x * x.item()


def times_a_factor(x, W):
    return np.sum(W) + 0.1 * float((W**2).sum())


def by_a_name(x, W):
    scale = float(np.max(W))
    half = scale / 2
    return np.sum(W * half)


def by_a_function(x, W):
    return np.sum(W * W) + penalty(W)


def by_a_function_with_names(x, W):
    return np.sum(W * W) + penalty_of_item(W)


def by_a_list(x, W):
    parts = []
    for w in W:
        parts.append(float(w) ** 2)  # noqa: PERF401
    return np.sum(W * np.array(parts))


def by_a_comprehension(x, W):
    return W @ np.array([w.item() for w in W])


def by_an_array(x, W):
    out = np.zeros(3)
    for i in range(3):
        out[i] = float(W[i])
    return np.sum(W * out)


def by_an_augmented_name(x, W):
    total = 0.0
    for w in W:
        total += float(w)
    return x * total


def by_a_conversion(x, W):
    return x * np.float64(x)


CUTS = [
    by_itself, by_item, times_a_factor, by_a_name, by_a_function, by_a_function_with_names, by_a_list,
    by_a_comprehension, by_an_array, by_an_augmented_name, by_a_conversion,
]  # fmt: skip


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.__name__)
def test_a_number_that_comes_back_is_told_with_both_lines(cut):
    J = cut(*start())

    told = r"(float\(\)|\.item\(\)) \(test_cuts\.py:\d+\) takes.*\(test_cuts\.py:\d+\) uses it.*stop_gradient"
    for _ in range(2):  # and a second try does not pass
        with pytest.raises(GraphError, match=told):
            J.backward()


def test_without_the_source_the_number_itself_is_known():
    namespace = {"x": start()[0]}
    exec(compile("J = x * float(x)", "<no source>", "exec"), namespace)

    with pytest.raises(GraphError, match=r"float\(\) \(<no source>:1\)"):
        namespace["J"].backward()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda x, W: x * math.exp(x), "math.exp .*write np.exp"),
        (lambda x, W: math.fsum([x, x]), "math.fsum .*write np.sum"),
        (lambda x, W: math.gamma(x), "math.gamma .*functions of NumPy"),
        (lambda x, W: np.array([x, x]), r"np.array .*np\.stack"),
        (lambda x, W: np.mean([x, x]), r"np.mean .*np\.stack"),
        (lambda x, W: np.asarray(W), "np.asarray .*tg.stop_gradient"),
        (lambda x, W: np.random.default_rng(1).normal(W), "normal"),
        (lambda x, W: np.full(3, x), "np.full"),
        (lambda x, W: np.arange(x), "np.arange"),
    ],
)
def test_what_takes_numbers_unseen_is_refused_with_the_line(call, told):
    with pytest.raises(GraphError, match=told) as raised:
        call(*start())
    assert "test_cuts.py:" in str(raised.value)


def assign(out, value):
    out[0] = value


@pytest.mark.parametrize(
    "write",
    [
        lambda out, x: assign(out, x),
        lambda out, x: assign(out, np.sum(x**2)),
        lambda out, x: out.fill(x),
        lambda out, x: assign(out.astype(int), x),
        lambda out, x: np.fromiter([x], float),
    ],
)
def test_an_entry_of_an_array_takes_no_tensor(write):
    """NumPy says that in its own words; what we say is the cause."""
    with pytest.raises((ValueError, GraphError)) as raised:
        write(np.zeros(3), start()[0])
    told = raised.value if isinstance(raised.value, GraphError) else raised.value.__cause__
    assert isinstance(told, GraphError)
    assert "test_cuts.py:" in str(told)


def test_a_whole_array_neither():
    out = np.zeros(3)
    with pytest.raises(GraphError, match=r"W \(3,\) is written into a plain array \(test_cuts.py.*np\.stack"):
        out[:] = start()[1]


def write_entries(W):
    out = np.zeros(3)
    for i in range(3):
        out[i] = np.sum(W[i] ** 2)
    return np.sum(out)


def test_inside_of_grad_it_is_our_error():
    with pytest.raises(GraphError, match="is written into a plain array"):
        tg.grad(write_entries)(np.ones(3))


def test_looking_at_numbers_stays_allowed(caplog):
    _, W = start()
    costs, kept = [], np.zeros(3)
    for i in range(3):
        J = np.sum(W * W) * 2.0
        costs.append(float(J))
        kept[i] = float(J)
        texts = f"{J:.3f} {float(J)} {J.item()}", "%.2f" % J, str(J), repr(J)  # noqa: UP031
        logging.getLogger("training").warning("cost %.3f", J)
        assert not math.isnan(J)
        assert math.isfinite(J)
        assert int(np.argmax(W)) == 2
        assert list(map(float, W)) == [1, 2, 3]
        best = min(costs)
        if float(J) > best:
            break
        d = J.backward()
    assert texts[0] == "28.000 28.0 28.0"
    assert "28.000" in caplog.text
    np.testing.assert_array_equal(d["dW"], [4, 8, 12])


def test_what_a_later_line_assigns_is_of_the_step_before():
    _, W = start()
    factor = 1.0
    for _ in range(3):
        J = np.sum(W * W) * factor
        J.backward()
        factor = 1.0 / float(J)


def test_steps_that_do_not_change_with_small_changes_are_no_cuts():
    x, W = start()
    J = np.sum(W * (float(x) > 1)) + (x if float(x) > 1 else x * 2) + x * int(x) + W[int(x)]
    assert J.backward()["dx"] == 3


def test_stop_gradient_says_that_none_shall_come_back():
    x, W = start()
    assert (x * math.exp(tg.stop_gradient(x))).backward()["dx"] == pytest.approx(math.exp(2))
    J = np.sum(W) * float(tg.stop_gradient(x))
    np.testing.assert_array_equal(J.backward()["dW"], np.full(3, 2.0))
    stopped = tg.stop_gradient(W)
    stopped[0] = 7  # a copy
    assert W.value[0] == 1


def test_stop_gradient_is_computed_anew_by_a_compiled_step():
    step = tg.compile(lambda p: np.sum(p * tg.stop_gradient(p)))

    for x in (np.array([1.0, 2.0]), np.array([3.0, 4.0])):
        cost, slope = step(x)
        assert cost == np.sum(x * x)
        np.testing.assert_array_equal(slope, x)


def by_value(x, W):
    return np.sum(W * (2 * W.value))


def by_stop_gradient(x, W):
    return np.sum(W * tg.stop_gradient(W))


@pytest.mark.parametrize(
    ("cut", "told"),
    [
        (by_itself, r"float\(\) took x"),
        (by_a_function, r"float\(\) took a result of sum"),
        (by_value, r"\.value took W"),
        (by_stop_gradient, r"tg\.stop_gradient took W"),
    ],
)
def test_why_no_gradient_tells_of_paths_that_are_cut_beside_others(cut, told):
    x, W = start()
    told = rf"but not along every path: (perhaps )?{told} out of the graph \(test_cuts\.py:\d+\)"
    p = x if cut is by_itself else W

    assert tg.why_no_gradient(p * p if p is x else np.sum(p), p).endswith("no path is cut")
    assert re.search(told, tg.why_no_gradient(cut(x, W), p))


def test_why_no_gradient_of_what_is_no_parameter():
    assert "is data" in tg.why_no_gradient(start()[0] * 2, np.ones(2))
