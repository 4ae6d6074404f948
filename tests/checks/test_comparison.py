"""compare: what must agree agrees, what is wrong is a row, and the factor m is handled as documented."""

import json

import numpy as np
import pytest

import tinygraph as tg
from tinygraph import layerwise as lw
from tinygraph.checks import compare
from tinygraph.errors import GraphError, ShapeError, UnknownNameError

M = 7
CARRYING = ("dA", "dZ")


def network(sizes=(5, 4, 3, 1), m=M, dtype=np.float64, seed=0):
    """The cost of relu layers with a sigmoid at the end, and the arrays it was made from."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((sizes[0], m)).astype(dtype)
    Y = (np.arange(m)[None] % 2 == np.zeros((sizes[-1], 1))).astype(dtype)
    arrays = {}
    for layer in range(1, len(sizes)):
        arrays[f"W{layer}"] = random.standard_normal((sizes[layer], sizes[layer - 1])).astype(dtype)
        arrays[f"b{layer}"] = random.standard_normal((sizes[layer], 1)).astype(dtype)
    A = tg.tensor(X, name="X")
    for layer in range(1, len(sizes)):
        W, b = (tg.parameter(arrays[f"{kind}{layer}"], name=f"{kind}{layer}") for kind in "Wb")
        A = (tg.sigmoid if layer == len(sizes) - 1 else tg.relu)(W @ A + b)
    return tg.binary_cross_entropy(A, Y), X, Y, arrays


@pytest.fixture(scope="module")
def net():
    return network()


@pytest.fixture(scope="module")
def J(net):
    return net[0]


@pytest.fixture(scope="module")
def by_hand(net):
    """What the lectures' functions give: an oracle that shares nothing with the engine."""
    _, X, Y, parameters = net
    AL, caches = lw.L_model_forward(X, parameters)
    return lw.L_model_backward(AL, Y, caches)


@pytest.fixture
def course(J):
    """All derivatives in the lectures' form, as fresh arrays."""
    return {name: value.copy() for name, value in J.backward().chain("course").items()}


@pytest.fixture
def true(J):
    return {name: value.copy() for name, value in J.backward().chain("true").items()}


def rows(report):
    return {row.name: row for row in report.rows}


def wrong(report):
    return [row.name for row in report.rows if not row.ok]


# Agreement and the factor m


def test_lectures_by_hand_agree_and_their_convention_is_seen(J, by_hand):
    report = compare(J, by_hand)

    assert report.ok
    assert report.convention == "course"
    assert report.m == M
    assert report.first_wrong is None
    assert report.diagnoses == []
    assert list(by_hand) != [row.name for row in report.rows]
    assert sorted(by_hand) == sorted(row.name for row in report.rows)


def test_true_derivatives_agree_and_are_seen(J, true):
    report = compare(J, true)

    assert report.ok
    assert report.convention == "true"


def test_rows_follow_the_sweep_whatever_the_order_given(J, course):
    expected = ["dA3", "dZ3", "dW3", "db3", "dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]

    report = compare(J, dict(sorted(course.items())))

    assert expected == [row.name for row in report.rows]


@pytest.mark.parametrize(("asked", "given"), [("true", "course"), ("course", "true")])
def test_explicit_convention_refuses_the_other(J, asked, given):
    d = J.backward()

    report = compare(J, d.chain(given), convention=asked)

    assert compare(J, d.chain(asked), convention=asked).ok
    assert [name for name in d if name.startswith(CARRYING)] == wrong(report)
    assert report.convention == asked
    size = "small" if asked == "course" else "large"
    assert rows(report)["dZ2"].verdict == f"m = {M} times too {size}"


def test_mixed_conventions_are_wrong_and_said_to_be_mixed(J, true, course):
    report = compare(J, course | {"dZ1": true["dZ1"]})

    assert wrong(report) == ["dZ1"]
    assert report.convention == "course"
    assert "m = 7 times too small" in str(report)
    assert "Either all of dA and dZ carry the factor m" in str(report)


def test_mixture_of_equally_many_keeps_the_convention_of_the_first(J, true, course):
    one = compare(J, {"dZ1": true["dZ1"], "dZ2": course["dZ2"]})
    other = compare(J, {"dZ1": course["dZ1"], "dZ2": true["dZ2"]})

    assert (one.convention, one.first_wrong) == ("course", "dZ1")
    assert (other.convention, other.first_wrong) == ("true", "dZ1")


@pytest.mark.parametrize("name", ["dW1", "db2"])
def test_parameters_never_get_the_factor(J, course, name):
    report = compare(J, {name: course[name] * M})

    assert [name] == wrong(report)
    assert rows(report)[name].verdict == "wrong"


def test_both_conventions_where_nothing_tells_them_apart(J, course):
    single = network(m=1)[0]

    assert compare(single, single.backward().chain("course")).convention == "both"
    assert compare(J, {"dW1": course["dW1"]}).convention == "both"


def test_wrong_dz_alone_claims_no_convention(J, course):
    report = compare(J, {"dZ3": np.sin(course["dZ3"] * 100)})

    assert report.convention == "both"
    assert report.first_wrong == "dZ3"


# What was not derived by the engine


def test_derivative_by_the_input_under_both_its_names(J, by_hand):
    report = compare(
        J, {"dZ1": J.backward().chain("course")["dZ1"], "dA0": by_hand["dA0"], "dX": by_hand["dA0"]}
    )

    assert report.ok
    assert [row.name for row in report.rows] == ["dZ1", "dA0", "dX"]
    assert not compare(J, {"dX": by_hand["dA0"] * 2}).ok


def test_derivative_by_a_plain_array_used_twice():
    X = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]])
    W1 = tg.parameter(np.array([[0.3, -0.2]]), name="W1")
    J = (tg.tanh(W1 @ X) * W1.sum()).sum() + (W1.T * X).sum()
    expected = W1.value.T @ ((1 - np.tanh(W1.value @ X) ** 2) * W1.value.sum()) + W1.value.T * np.ones_like(X)

    assert compare(J, {"dX": expected}, convention="true").ok


def test_no_layers_no_input(J):
    x = tg.parameter([1.0, 2.0], name="x")

    report = compare((x * x).sum(), {"dX": [1.0]})

    assert rows(report)["dX"].verdict == "unknown name; known: dx"


def test_first_edition_stores_each_da_one_layer_up(J, by_hand):
    renamed = {f"dA{n + 1}": by_hand[f"dA{n}"] for n in range(3)}

    report = compare(J, {name: x for name, x in by_hand.items() if name[1] != "A"} | renamed)

    assert report.ok
    assert report.convention == "course"
    assert report.notes == [
        "dA1, dA2, dA3: each is the derivative one layer further down, under the first edition's name."
    ]
    assert wrong(compare(J, renamed | {"dA3": renamed["dA3"] * 2})) == ["dA3"]
    assert not compare(J, renamed | {"dA3": by_hand["dA1"]}).ok


# What is wrong


def test_one_wrong_value_is_the_first_wrong_and_no_other(J, course):
    course["dZ2"][1, 3] += 1e-3

    report = compare(J, course)

    assert report.first_wrong == "dZ2"
    assert wrong(report) == ["dZ2"]
    row = rows(report)["dZ2"]
    assert row.worst == (1, 3)
    assert row.largest == pytest.approx(1e-3)
    assert row.given - row.expected == pytest.approx(1e-3)
    a, b = course["dZ2"], J.backward().chain("course")["dZ2"]
    assert row.relative == pytest.approx(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x * 2,
        lambda x: -x,
        lambda x: x * (1 + 3e-7),
        lambda x: np.zeros_like(x),
        lambda x: x.ravel()[::-1].reshape(x.shape),
    ],
    ids=["x2", "sign", "3e-7", "zero", "permuted"],
)
@pytest.mark.parametrize("name", ["dA2", "dZ1", "dW2", "db3"])
def test_spoiled_values_are_caught(J, course, name, spoil):
    spoiled = spoil(course[name])
    if np.array_equal(spoiled, course[name]):
        spoiled = spoiled + 1

    assert [name] == wrong(compare(J, course | {name: spoiled}))


def test_rounding_is_no_mistake(J, course):
    noise = np.random.default_rng(0)

    report = compare(J, {n: x * (1 + 1e-9 * noise.standard_normal(x.shape)) for n, x in course.items()})

    assert report.ok
    assert max(row.relative for row in report.rows) > 0


def test_size_of_a_gradient_does_not_matter(J, course):
    scaled = J * 1e-20

    assert compare(scaled, {n: x * 1e-20 for n, x in course.items()}).ok
    assert not compare(scaled, {"dW1": course["dW1"] * 2e-20}).ok
    assert not compare(scaled, {"dW1": course["dW1"] * 0}).ok


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_squares_neither_overflow_nor_vanish(scale):
    W1 = tg.parameter(np.ones((3, 2)), name="W1")
    J = (W1 * scale).sum()

    assert compare(J, {"dW1": np.full((3, 2), scale)}).ok
    assert compare(J, {"dW1": np.full((3, 2), 2 * scale)}).rows[0].relative == pytest.approx(1 / 3)


def test_one_small_entry_of_a_large_array_is_caught():
    weights = np.random.default_rng(0).standard_normal((500, 400))
    weights[123, 45] = 1e-5
    W1 = tg.parameter(np.ones_like(weights), name="W1")
    hand = weights.copy()
    hand[123, 45] = 0

    report = compare((W1 * weights).sum(), {"dW1": hand})

    row = report.rows[0]
    assert row.relative < 1e-7
    assert not row.ok
    assert (row.worst, row.given, row.expected) == ((123, 45), 0.0, 1e-5)


def test_worst_is_the_entry_that_fails_though_another_differs_more():
    weights, near = np.array([1e9, 1.0, 1.0, 0.0]), np.array([50.0, 0.0, 0.0, 0.0])
    far = np.array([50.0, 0.0, 0.0, 1e3])
    x = tg.parameter(np.ones(4), name="x")

    report = compare((x * weights).sum(), {"dx": weights + near})

    assert report.ok
    assert report.rows[0].worst == (0,)
    assert compare((x * weights).sum(), {"dx": weights + far}).rows[0].worst == (3,)


def test_zero_and_empty_agree_with_themselves():
    x, e = tg.parameter(np.ones(3), name="x"), tg.parameter(np.ones((0, 2)), name="e")
    J = (x * 0.0).sum() + e.sum()

    report = compare(J, {"dx": np.zeros(3), "de": np.ones((0, 2))})

    assert report.ok
    assert [row.relative for row in report.rows] == [0.0, 0.0]
    assert not compare(J, {"dx": [0.0, 1e-30, 0.0]}).ok


def normalised(dtype):
    """A cost through a normalisation, in which the derivative by b1 cancels to rounding."""
    random = np.random.default_rng(1)
    X, T = random.standard_normal((3, 40)).astype(dtype), random.standard_normal((2, 40)).astype(dtype)
    W1 = tg.parameter(random.standard_normal((2, 3)).astype(dtype), name="W1")
    b1 = tg.parameter(np.ones((2, 1), dtype), name="b1")
    Z1 = W1 @ X + b1
    centred = Z1 - Z1.mean(axis=1, keepdims=True)
    return ((centred / centred.std(axis=1, keepdims=True)) * T).sum()


def test_derivative_that_cancels_agrees_with_zero_and_with_other_rounding():
    J = normalised(np.float64)
    rounding = J.backward()["db1"]

    assert 0 < np.abs(rounding).max() < 1e-13
    assert compare(J, {"db1": np.zeros((2, 1))}).ok
    assert compare(J, {"db1": -rounding}).ok
    assert compare(J, {"db1": normalised(np.float32).backward()["db1"]}).ok
    assert not compare(J, {"db1": np.full((2, 1), 1e-9)}).ok


# Precision


def test_float32_agrees_within_its_precision(course):
    J32 = network(dtype=np.float32)[0]
    d32 = J32.backward()

    assert compare(J32, {n: x.astype(np.float32) for n, x in course.items()}).ok
    assert compare(network()[0], d32).ok
    assert not compare(J32, {"dW1": d32["dW1"] * np.float32(1.001)}).ok


def test_float16_is_coarser_still(course):
    J64 = network()[0]

    assert compare(J64, {"dW1": course["dW1"].astype(np.float16)}).ok
    assert not compare(J64, {"dW1": course["dW1"].astype(np.float16) * np.float16(1.3)}).ok
    assert compare(J64, {"dW1": course["dW1"].astype(np.longdouble)}).ok


def test_tolerance_is_the_users(J, course):
    near = {"dW1": course["dW1"] * 1.01}

    assert not compare(J, near).ok
    assert compare(J, near, tolerance=0.05).ok
    assert not compare(J, {"dW1": course["dW1"] * (1 + 1e-9)}, tolerance=1e-12).ok


# Rows rather than exceptions


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (None, "None instead of an array of numbers"),
        ("dW1", "'dW1' instead of an array of numbers"),
        ("x" * 50, "a text instead of an array of numbers"),
        ([[1.0], [1.0, 2.0]], "a list instead of an array of numbers"),
        (len, "a builtin_function_or_method instead of an array of numbers"),
        (np.ones((4, 5), complex), "an array of complex128 instead of an array of numbers"),
        (np.ones(4), "shape (4,) instead of (4, 5)"),
        (1.5, "shape () instead of (4, 5)"),
        (np.ones((5, 4)), "shape (5, 4) instead of (4, 5)"),
    ],
)
def test_what_cannot_be_compared_is_a_row(J, course, given, verdict):
    report = compare(J, course | {"dW1": given})

    assert wrong(report) == ["dW1"]
    assert rows(report)["dW1"].verdict == verdict
    assert "nan" not in report.to_json().lower()


def test_lists_integers_and_tensors_are_arrays():
    x = tg.parameter([1.0, 2.0], name="x")
    J = (x * x).sum()

    assert compare(J, {"dx": [2, 4]}).ok
    assert compare(J, {"dx": np.array([2, 4])}).ok
    assert compare(J, {"dx": tg.tensor([2.0, 4.0])}).ok
    assert compare(J, {"dx": x * 2}).ok
    assert not compare(J, {"dx": np.array([2, 3])}).ok


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_never_pass(J, course, value):
    course["dW2"][2, 1] = value

    report = compare(J, course, tolerance=1e300)

    assert wrong(report) == ["dW2"]
    row = rows(report)["dW2"]
    assert row.verdict == "1 of 12 entries NaN or infinite"
    assert row.worst == (2, 1)
    assert json.loads(report.to_json())["rows"][6]["largest"] is None
    assert "nan" in str(report)


def test_nan_of_the_graph_passes_for_nothing():
    x = tg.parameter([0.0, 1.0], name="x")
    with np.errstate(all="ignore"):
        J = np.log(x * 0).sum()
        report = compare(J, {"dx": [np.nan, np.nan]}), compare(J, {"dx": [1.0, 1.0]})

    assert not report[0].ok
    assert report[1].rows[0].verdict == "2 of 2 entries of the graph's own NaN or infinite"


def test_unknown_names_come_last_with_those_known(J, course):
    report = compare(J, {"dw1": course["dW1"], 3: 1.0} | course)

    assert ["dw1", "3"] == wrong(report) == [row.name for row in report.rows][-2:]
    assert report.rows[-1].verdict.startswith("unknown name; known: dA3, dZ3, dW3, db3")


def test_no_row_depends_on_another(J, course):
    report = compare(J, course | {"dA3": None, "dZ3": np.ones(2), "dW3": np.full((1, 3), np.nan), "d": 0})

    assert wrong(report) == ["dA3", "dZ3", "dW3", "d"]


# Missing names


def test_any_subset_may_be_compared(J, course):
    report = compare(J, {"dZ2": course["dZ2"], "dA1": course["dA1"]})

    assert report.ok
    assert [row.name for row in report.rows] == ["dZ2", "dA1"]


def test_other_parameters_are_reported_missing_without_being_wrong(J, course):
    report = compare(J, {"dW2": course["dW2"], "dZ2": course["dZ2"]})

    assert report.ok
    assert [row.name for row in report.rows if row.verdict == "missing"] == [
        "dW3",
        "db3",
        "db2",
        "dW1",
        "db1",
    ]
    assert report.summary == "All 2 derivatives agree (dA and dZ carry the lectures' factor m = 7)."


def test_required_names_must_be_there(J, course):
    parameters = {name: course[name] for name in ("dW1", "db1", "dW2", "db2", "dW3")}

    report = compare(J, parameters, require="parameters")

    assert not report.ok
    assert report.first_wrong == "db3"
    assert report.summary.endswith("db3 is the first: missing.")
    assert compare(J, parameters, require=["dW3"]).ok
    assert wrong(compare(J, parameters, require=["dZ3"])) == ["dZ3"]


def test_requiring_an_unknown_name_is_refused(J):
    with pytest.raises(UnknownNameError, match="require asks for dW9, but the graph has dA3"):
        compare(J, {}, require=["dW9"])


def test_nothing_given_is_no_agreement(J):
    report = compare(J, {})

    assert not report.ok
    assert report.first_wrong is None
    assert str(report).endswith("Nothing was compared: no derivative was given.")


# The graph and the values stay as they are


def test_nothing_is_changed(J, course):
    before = {name: value.copy() for name, value in course.items()}
    for value in course.values():
        value.flags.writeable = False
    parameter = next(t for t in J.backward().names if t.is_parameter)
    parameter.grad = None

    compare(J, course)

    assert parameter.grad is None
    for name, value in before.items():
        np.testing.assert_array_equal(value, course[name])


def test_names_from_a_mapping():
    kernel, data = tg.parameter([1.0, 2.0]), np.array([3.0, 4.0])
    J = (kernel * data).sum()

    assert compare(J, {"dkernel": data}).ok
    assert compare(J, {"dk": data}, names={"k": kernel}).ok
    assert not compare(J, {"dk": data}).ok


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3.0, {}), TypeError, "takes the cost J as a Tensor; this is a float"),
        ((tg.parameter(1.0) * 2, [1]), TypeError, "by name.*this is a list"),
        ((tg.parameter(1.0) * 2, {}, "math"), ValueError, "'auto', 'true' or 'course', not 'math'"),
        ((tg.parameter([1.0, 2.0]) * 2, {}), ShapeError, "."),
        ((tg.tensor(1.0) * 2, {}), GraphError, "not made from any parameter"),
    ],
)
def test_what_is_not_about_the_values_raises(arguments, error, message):
    with pytest.raises(error, match=message):
        compare(*arguments)


# The search knows what the table knows


def first_edition(sizes, spoil):
    """A comparison under the first edition's names, with something spoiled."""
    J, X, Y, parameters = network(sizes)
    AL, caches = lw.L_model_forward(X, parameters)
    right = lw.L_model_backward(AL, Y, caches)
    hand = {name: x for name, x in right.items() if name[1] in "Wb"}
    hand |= {f"dA{n + 1}": right[f"dA{n}"] for n in range(len(sizes) - 1)}
    return compare(J, hand | spoil(hand, parameters))


@pytest.mark.parametrize("sizes", [(5, 4, 3, 1), (4, 4, 4, 1)], ids=["shapes tell", "square"])
@pytest.mark.parametrize(
    ("spoil", "name", "formula", "expected"),
    [
        (lambda h, p: {"dA2": -h["dA2"]}, "dA2", "-W2.T @ dZ2", "W2.T @ dZ2"),
        (lambda h, p: {"dW2": h["dW2"] * M}, "dW2", "dZ2 @ A1.T", "dZ2 @ A1.T / m"),
        (lambda h, p: {"dW3": -h["dW3"]}, "dW3", "-dZ3 @ A2.T / m", "dZ3 @ A2.T / m"),
        (
            lambda h, p: {"db1": h["db1"][:, 0]},
            "db1",
            "np.sum(dZ1, axis=1) / m",
            "np.sum(dZ1, axis=1, keepdims=True) / m",
        ),
    ],
)
def test_the_search_reads_the_first_edition_too(sizes, spoil, name, formula, expected):
    report = first_edition(sizes, spoil)

    assert wrong(report) == [name]
    assert [(d.name, d.formula, d.expected) for d in report.diagnoses] == [(name, formula, expected)]


def test_the_first_editions_names_stand_in_its_messages():
    report = first_edition((5, 4, 3, 1), lambda h, p: {"dA3": h["dA3"] * 3, "dW2": h["dW2"] * 2})

    assert [d.name for d in report.diagnoses] == ["dA3", "dW2"]
    assert report.diagnoses[0].message.startswith("Layer 3, dA3: you computed W3.T @ dZ3 * 3;")


@pytest.mark.parametrize(
    ("one", "other"), [("dW2", "db2"), ("dW1", "dW2"), ("dZ2", "dA2")], ids=["shapes", "layers", "dA and dZ"]
)
def test_swapped_results_are_told_as_swapped_and_the_rest_is_judged(one, other):
    J = network((4, 4, 4, 1))[0]
    right = J.backward().chain("course")
    hand = {**right, one: right[other], other: right[one], "db1": -right["db1"]}

    first, second = compare(J, hand).diagnoses

    assert {first.name, *first.also} == {one, other}
    assert first.cause == "swapped"
    assert (second.name, second.cause) == ("db1", "sign")


# Reports that were crashes

W0, X0 = np.arange(6.0).reshape(2, 3) / 7, np.arange(12.0).reshape(3, 4) / 5


@pytest.mark.parametrize("name", ["W", "W.1", "A.1", "b'", "δ", "a b"])
@pytest.mark.parametrize(
    "cost",
    [
        lambda W: (0.5 * (W @ X0 - 1.0) ** 2).sum(),
        lambda W: np.exp(-1 * (W @ X0)).sum(),
        lambda W: (3 * W).sum(),
        lambda W: np.max(W @ X0, axis=1).sum(),
        lambda W: np.max(W, axis=0, keepdims=True).sum() * 2.5,
        lambda W: np.concatenate([W @ X0, W @ X0], axis=1).sum(),
        lambda W: np.min(2 * W) - 7.0,
    ],
)
@pytest.mark.parametrize("spoil", [lambda x: 2 * x + 1, lambda x: x * 0 + 0.5, np.transpose])
def test_numbers_times_arrays_and_maxima_are_explained(name, cost, spoil):
    W = tg.parameter(W0, name=name)
    J = cost(W)
    report = compare(J, {f"d{name}": spoil(J.backward()[W])}, seconds=0.2)

    assert [d.name for d in report.diagnoses] == [f"d{name}"]
    assert f"d{name}" in str(report)


# What was given need not be NumPy's


class Foreign:
    """A tensor as PyTorch's: it gives its array only once it is cut off from its graph, on this machine."""

    def __init__(self, array, requires_grad=True, device="gpu"):
        self.array, self.requires_grad, self.device = array, requires_grad, device

    def detach(self):
        return Foreign(self.array, False, self.device)

    def cpu(self):
        return Foreign(self.array, self.requires_grad, "cpu")

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        if self.device != "cpu":
            raise TypeError("can't convert device type tensor to numpy.")
        return self.array


class Capsule:
    """Something with DLPack alone."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **settings):
        return self.array.__dlpack__(**settings)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize(
    "wrap",
    [
        Foreign,
        lambda x: Foreign(x, False),
        lambda x: Foreign(x, True, "cpu"),
        lambda x: [Foreign(row) for row in x],
        Capsule,
        tg.tensor,
        lambda x: x.tolist(),
    ],
)
def test_tensors_of_others_are_read(wrap, dtype):
    x = tg.parameter(np.array([[1.0, 2.0], [3.0, 4.0]]), name="x")
    J = (x * x).sum()
    right = 2 * x.value.astype(dtype)

    assert compare(J, {"dx": wrap(right)}).ok
    assert [d.name for d in compare(J, {"dx": wrap(right * 3)}).diagnoses] == ["dx"]


@pytest.mark.parametrize(
    "bad", [Foreign("no array"), Foreign(np.array(["a"])), Foreign(np.array([1j])), object()]
)
def test_what_is_no_array_of_numbers_is_said_to_be_none(bad):
    x = tg.parameter(np.ones(2), name="x")

    [row] = compare((x * x).sum(), {"dx": bad}).rows

    assert row.verdict == f"a {type(bad).__name__} instead of an array of numbers"
