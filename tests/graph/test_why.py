"""`why_no_gradient` names the call that cut the path, and its line."""

import re
import weakref
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.guards import cuts

X = np.linspace(-1, 1, 12).reshape(3, 4)


def start():
    W1 = tg.parameter(np.ones((2, 3)), name="W1")
    return W1, np.tanh(W1 @ X), tg.parameter(np.ones((1, 2)), name="W2")


def here(text):
    """A pattern for `text` and a line of this file."""
    return rf"{text} out of the graph \(test_why\.py:\d+\)"


def cut_by_value(W1, A1, W2):
    return np.sum(W2 @ (2 * A1.value))


def cut_by_value_of_the_parameter(W1, A1, W2):
    return np.sum(W2 @ (W1.value @ X))


def cut_by_float(W1, A1, W2):
    return float(np.mean(A1)) * np.sum(W2)


def cut_by_item(W1, A1, W2):
    return np.mean(A1).item() * np.sum(W2)


def cut_by_int(W1, A1, W2):
    return int(np.sum(A1)) * np.sum(W2)


def cut_by_rounding(W1, A1, W2):
    return np.sum(W2 @ np.round(A1))


def cut_by_integers(W1, A1, W2):
    return np.sum(W2 @ A1.value.astype(int))


def cut_by_a_comparison(W1, A1, W2):
    return np.sum(W2 @ (A1 > 0))


CUTS = {
    cut_by_value: here(r"\.value took A1"),
    cut_by_value_of_the_parameter: here(r"\.value took W1"),
    cut_by_float: here(r"float\(\) took a result of mean"),
    cut_by_item: here(r"\.item\(\) took a result of mean"),
    cut_by_int: here(r"int\(\) took a result of sum"),
    cut_by_rounding: here(r"np\.round took A1"),
    cut_by_integers: here(r"\.value took A1"),
    cut_by_a_comparison: here("the comparison > took A1"),
}


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.__name__)
def test_the_call_is_named(cut):
    W1, A1, W2 = start()
    J = cut(W1, A1, W2)

    actual = tg.why_no_gradient(J, W1)

    assert actual.startswith("J has no derivative with respect to W1: ")
    assert re.search(CUTS[cut], actual), actual


def test_a_value_used_in_J_comes_first():
    W1, A1, W2 = start()
    print(A1.value.shape)
    Z1 = W1 @ X
    inside = Z1.value
    J = np.sum(W2 @ inside)

    assert re.search(r"W1: \.value took Z1 out", tg.why_no_gradient(J, W1))


def test_a_result_that_is_gone_is_a_guess():
    W1, _, W2 = start()
    J = np.sum(W2 @ np.tanh(W1 @ X).value)

    assert re.search(here(r"perhaps \.value took a result of tanh"), tg.why_no_gradient(J, W1))


def test_no_grad():
    W1, _, W2 = start()
    with tg.no_grad():
        A1 = np.tanh(W1 @ X)
    J = np.sum(W2 @ A1)

    assert re.search(r"was computed under no_grad \(test_why\.py:\d+\)", tg.why_no_gradient(J, W1))


def test_J_itself_under_no_grad():
    W1, *_ = start()
    with tg.no_grad():
        J = np.sum(W1 @ X)

    assert "was computed under no_grad (test_why.py:" in tg.why_no_gradient(J, W1)


def test_a_condition_has_no_derivative():
    W1, A1, W2 = start()
    J = np.sum(np.where(A1, 1.0, 2.0) * W2[0, 0])

    actual = tg.why_no_gradient(J, W1)

    assert "no derivative flows through A1 in np.where(A1, 1.0, 2.0) (test_why.py:" in actual


def test_not_used_at_all_or_elsewhere():
    W1, _, W2 = start()
    lonely = tg.parameter(1.0, name="lonely")
    J = np.sum(W2)

    assert tg.why_no_gradient(J, lonely).endswith("lonely is not used in J")
    assert "W1 is used in W1 @ X (test_why.py:" in tg.why_no_gradient(J, W1)


def test_a_path_that_is_whole():
    W1, A1, _ = start()

    assert tg.why_no_gradient(np.sum(A1), W1) == "J has a derivative with respect to W1: no path is cut"


def test_data_has_no_derivative():
    assert "make it with tg.parameter" in tg.why_no_gradient(1.0, tg.tensor(X, name="X"))


def test_a_cost_that_is_a_number():
    W1, A1, _ = start()
    J = float(np.sum(A1))

    assert re.search(here(r"float\(\) took a result of sum"), tg.why_no_gradient(J, W1))


def test_cuts_are_bounded_and_keep_nothing_alive():
    x = tg.parameter(1.0)
    z = weakref.ref(x * 2)
    for _ in range(cuts.LIMIT + 100):
        assert float(x) == 1

    assert len(cuts._cuts) == cuts.LIMIT
    assert z() is None


@pytest.mark.parametrize(
    ("file", "expected"),
    [("tinygraph/losses.py", True), ("viz/entry.py", True), ("tinygraph_demo.py", False), ("viz.py", False)],
)
def test_a_file_beside_the_package_is_the_users(file, expected):
    path = Path(tg.__file__).parents[1] / file

    assert cuts.is_inside_package(compile("0", path, "exec")) == expected
