"""gradcheck: right derivatives pass, spoiled ones fail, kinks and noise are told from mistakes."""

import json

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.checks import gradcheck
from tinygraph.checks.differences import Differences, NumericFunction
from tinygraph.errors import DtypeError, GraphError, ShapeError
from tinygraph.rules.table import TABLE

X = np.random.default_rng(0).standard_normal((5, 7))
Y = (np.arange(7)[None] % 2).astype(float)


def parameters(dtype=np.float64):
    random = np.random.default_rng(1)
    shapes = {"W1": (4, 5), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}
    return {name: random.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}


def loss(W1, b1, W2, b2, g=tg.relu):
    return tg.binary_cross_entropy(tg.sigmoid(W2 @ g(W1 @ X + b1) + b2), Y)


# What is right passes


@pytest.mark.parametrize("g", [tg.relu, np.tanh, tg.gelu, tg.elu, tg.softplus, tg.leaky_relu])
def test_network_agrees_to_rounding_by_complex_step(g):
    report = gradcheck(lambda **p: loss(**p, g=g), parameters())

    assert report.ok
    assert report
    assert report.method == "complex step"
    assert [row.name for row in report.rows] == ["W1", "b1", "W2", "b2"]
    assert max(row.relative for row in report.rows) < 1e-14
    assert report.summary == "The gradient agrees by complex step for W1, b1, W2, b2."


def test_network_agrees_by_differences_where_an_operation_is_not_analytic():
    report = gradcheck(lambda **p: loss(**p, g=abs), parameters())

    assert report.ok
    assert report.method == "central differences"
    assert max(row.relative for row in report.rows) < 1e-8


def test_inputs_by_keyword_by_position_and_alone():
    f, x = (lambda a, b: (a * a * b).sum()), np.array([1.0, 2.0])

    assert [row.name for row in gradcheck(f, {"b": x, "a": x}).rows][::-1] == ["a", "b"]
    assert [row.name for row in gradcheck(f, [x, x]).rows] == ["a", "b"]
    assert [row.name for row in gradcheck(f, (x, 2.0)).rows] == ["a", "b"]
    assert [row.name for row in gradcheck(lambda *xs: f(*xs), [x, x]).rows] == ["x0", "x1"]
    assert [row.name for row in gradcheck(max, (2.0, 1.0)).rows] == ["x0", "x1"]  # max tells no names


def test_scalars_and_zero_dimensional_inputs():
    report = gradcheck(lambda x, y: x * y * y, [3.0, np.array(2.0)])

    assert report.ok
    assert [row.shape for row in report.rows] == [(), ()]


def test_second_derivatives():
    report = gradcheck(lambda x: (tg.grad(lambda y: (np.sin(y) * y).sum())(x) ** 2).sum(), X)

    assert report.ok
    assert report.method == "central differences"


def test_input_that_f_does_not_use_and_f_that_is_constant():
    assert gradcheck(lambda x, y: x.sum(), {"x": X, "y": X}).ok
    assert gradcheck(lambda x: 3.0, X).ok
    assert gradcheck(lambda x: tg.tensor(3.0), X).ok


def test_no_inputs_and_no_entries():
    empty = gradcheck(lambda x: x.sum(), np.ones((0, 3)))

    assert empty.ok
    assert empty.rows[0].verdict == "no entries"
    assert empty.worst is None
    assert not gradcheck(lambda: tg.tensor(1.0), {})
    assert gradcheck(lambda: tg.tensor(1.0), {}).summary == "Nothing was checked: there are no inputs."


def test_zero_gradients_pass_though_they_are_all_rounding():
    centred = gradcheck(lambda x: (x - x.mean()).sum(), X)
    differences = gradcheck(lambda x: (x - x.mean()).sum() + 0 * abs(x).sum(), X)

    assert centred.ok
    assert centred.rows[0].relative > 0.1
    assert differences.ok


def test_noise_of_f_is_no_mistake():
    report = gradcheck(lambda x: (x + 1e6).sum() - 1e6 * x.size + 0 * abs(x).sum(), X)

    assert report.ok


def test_large_and_small_inputs():
    for scale in (1e-8, 1e8):
        assert gradcheck(lambda x: (x * x * np.tanh(x)).sum(), X * scale).ok
        assert gradcheck(lambda x: (abs(x) * x).sum(), X * scale).ok


def test_small_entry_beside_large_ones_is_stepped_within_its_domain():
    report = gradcheck(lambda x: np.log(x).sum() + abs(x).sum(), np.array([0.5, 1.0, 1e-9]))

    assert report.ok
    assert report.method == "central differences"


STEEP = {
    "pole": lambda x: (1 / x).sum(),
    "pole with abs": lambda x: (1 / abs(x)).sum(),
    "steep tanh": lambda x: np.tanh(1e5 * x).sum(),
    "steep tanh with abs": lambda x: np.tanh(1e5 * abs(x)).sum(),
    "steep tanh beside a line": lambda x: (np.tanh(1e5 * x) + abs(x)).sum(),
    "logarithm": lambda x: np.log(x * x + 0 * abs(x)).sum(),
    "root": lambda x: np.sqrt(abs(x)).sum(),
}
NEAR = [[1e-8, 1.0], [1.0, -1e-8, 30.0], [1e-12, 1e3], [1e-5], [0.1, 1e-6], [1e-5, 2e-5, -3e-6]]


@pytest.mark.parametrize("x", NEAR, ids=str)
@pytest.mark.parametrize("f", STEEP.values(), ids=STEEP)
def test_right_beside_a_pole_and_where_f_is_steep(f, x):
    assert gradcheck(f, np.array(x))


@pytest.mark.parametrize("x", NEAR, ids=str)
@pytest.mark.parametrize("f", STEEP.values(), ids=STEEP)
def test_wrong_beside_a_pole_and_where_f_is_steep(f, x):
    assert not gradcheck(lambda x: f(2 * x - x.value), np.array(x))  # f(x), and twice its derivative


@pytest.mark.parametrize(
    ("f", "x", "unjudged"),
    [
        (lambda x: np.sqrt(x).sum(), [0.0, 1.0], ["x[0]"]),
        (lambda x: np.sqrt(x).sum() + 0 * abs(x).sum(), [2.0, 0.0], ["x[1]"]),
        (lambda x: np.log(x).sum(), [-1.0, 1.0], ["x[0]", "x[1]"]),
        (lambda x: np.log(x).sum(), [0.0], ["x[0]"]),
        (lambda x: (x**1.5).sum(), [0.0, 4.0], ["x[0]"]),
    ],
)
def test_what_cannot_be_judged_is_said_to_be_so(f, x, unjudged):
    report = gradcheck(f, np.array(x))

    [note] = [note for note in report.notes if note.startswith("Cannot be judged here")]
    assert note.endswith(f": {', '.join(unjudged)}.")
    assert report.first_wrong is None
    assert "cannot be judged here" in report.rows[0].verdict
    assert report.ok == (len(unjudged) < len(x))
    assert ("agrees by" in report.summary) == report.ok


def test_entries_beside_one_that_cannot_be_judged_are_judged():
    report = gradcheck(lambda x: np.sqrt(2 * x - x.value).sum(), np.array([0.0, 4.0]))

    assert report.worst == ("x", (1,))
    assert (report.rows[0].given, report.rows[0].expected) == (pytest.approx(0.5), pytest.approx(0.25))
    assert report.rows[0].verdict == "wrong; 1 entry cannot be judged here"


# What is wrong fails


@pytest.fixture
def spoil(monkeypatch):
    """A function that replaces the rule of one input of a row until the test is over."""

    def replace(function, i, change):
        op = TABLE[function]
        rules, old = list(op.rules), op.rules
        rules[i] = lambda *args, **settings: change(old[i](*args, **settings))
        object.__setattr__(op, "rules", tuple(rules))
        undo.append((op, old))

    undo = []
    yield replace
    for op, old in undo:
        object.__setattr__(op, "rules", old)


CHANGES = {
    "x2": lambda dx: dx * 2,
    "sign": lambda dx: -dx,
    "zero": lambda dx: dx * 0,
    "1e-4": lambda dx: dx * 1.0001,
}
SPOILED = [
    (np.tanh, 0, lambda x, y: np.tanh(x) * y),
    (np.multiply, 1, lambda x, y: np.exp(x) * y),
    (np.divide, 1, lambda x, y: x / np.exp(y)),
    (np.matmul, 0, lambda x, y: x @ y.T),
    (np.matmul, 1, lambda x, y: x @ y.T),
    (np.absolute, 0, lambda x, y: abs(x) * y),
    (np.logaddexp, 0, lambda x, y: np.logaddexp(x, y)),
    (np.std, 0, lambda x, y: x.std(axis=1, keepdims=True) * y),
    (tg.relu, 0, lambda x, y: tg.relu(x) * y),
]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(("function", "i", "f"), SPOILED, ids=lambda x: getattr(x, "__name__", str(x)))
def test_spoiled_rule_is_caught(spoil, function, i, f, change):
    inputs = {"x": X, "y": X[::-1] + 0.5}
    assert gradcheck(lambda x, y: f(x, y).sum(), inputs).ok

    spoil(function, i, change)
    report = gradcheck(lambda x, y: f(x, y).sum(), inputs)

    assert not report.ok
    assert report.first_wrong in ("x", "y")
    assert report.worst[0] in [row.name for row in report.rows if not row.ok]


def test_rule_that_is_not_linear_in_dz_is_caught_where_dz_is_1(spoil):
    spoil(np.exp, 0, lambda dx: np.exp(X))

    assert not gradcheck(lambda x: np.exp(x).sum(), X).ok
    assert not gradcheck(lambda x: abs(np.exp(x)).sum(), X).ok


def test_dropped_factor_is_caught(spoil):
    spoil(tg.sigmoid, 0, lambda dx: dx / 0.25)

    assert not gradcheck(lambda x: tg.sigmoid(x).sum(), X).ok


def test_one_wrong_entry_is_named(spoil):
    def nudge(dx):
        dx = dx.copy()
        dx[2, 3] *= 1.01
        return dx

    spoil(np.square, 0, nudge)
    report = gradcheck(lambda W1: np.square(W1).sum(), {"W1": X})

    assert not report.ok
    assert report.worst == ("W1", (2, 3))
    assert report.rows[0].worst == (2, 3)
    assert report.rows[0].given == pytest.approx(2.02 * X[2, 3])
    assert report.rows[0].expected == pytest.approx(2 * X[2, 3])
    assert "the worst entry by complex step is W1[2, 3]:" in report.summary


@pytest.mark.parametrize("analytic", [True, False])
@pytest.mark.parametrize("size", [1e-6, 1e-9])
def test_small_gradient_wrong_by_a_factor_fails(size, analytic):
    """The other input's gradient is of size 1, and so is the cost: neither hides the small one."""

    def f(x, y):
        return 1.0 + y.sum() + size * (x * x.value).sum() + (0 if analytic else 0 * abs(x).sum())

    report = gradcheck(f, {"x": X, "y": X})

    assert [(row.name, row.ok) for row in report.rows] == [("x", False), ("y", True)]
    assert report.method == ("complex step" if analytic else "central differences")


def test_gradient_that_noise_hides_is_said_to_be_hidden():
    report = gradcheck(lambda x: 1e9 + 1e-9 * x.sum() + 0 * abs(x).sum(), X)

    assert report.ok
    assert "agrees within the noise of f" in report.rows[0].verdict


def test_path_cut_in_f_is_caught():
    assert not gradcheck(lambda x: tg.tensor(x.value * 2).sum(), X).ok
    assert not gradcheck(lambda x: float(np.real(x.value).sum()), X).ok


def test_complex_step_is_not_believed_against_differences():
    assert gradcheck(lambda x: (x * np.sign(x.value)).sum(), X).ok
    assert gradcheck(lambda x: (x * np.abs(x.value) / np.abs(x.value)).sum(), X).ok


def test_complex_step_is_not_believed_at_a_single_entry_either():
    weights = np.ones_like(X)
    weights[2, 3] = 1e-5

    def f(x):
        return (x * weights * np.where(weights < 1, np.sign(x.value), 1.0)).sum()

    report = gradcheck(f, X)

    assert report.ok
    assert report.method == "complex step"


def test_f_that_drops_the_imaginary_part_is_checked_by_differences():
    report = gradcheck(lambda x: (x * x).sum() + float(np.real(x.value[0, 0]) * 0), X)
    dropped = gradcheck(lambda x: tg.tensor(x.value.astype(np.float64)).sum() * 0 + (x * x).sum(), X)

    assert report.ok
    assert dropped.ok
    assert dropped.method == "central differences"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_never_pass(spoil, value):
    spoil(np.tanh, 0, lambda dx: dx + value)

    report = gradcheck(lambda x: np.tanh(x).sum(), X)

    assert not report.ok
    assert report.rows[0].verdict == "NaN or infinite"
    assert json.loads(report.to_json())["rows"][0]["given"] is None


def test_function_that_is_nan_never_passes():
    report = gradcheck(lambda x: np.log(x).sum(), np.array([-1.0, 2.0]))

    assert not report.ok
    assert report.worst == ("x", (0,))


# Kinks


def test_kink_names_entry_and_slopes():
    report = gradcheck(lambda x: tg.relu(x).sum(), np.array([[1.0, -1.0], [0.0, 2.0]]))

    assert report.ok
    assert report.kinks == [("x", (1, 0))]
    assert report.rows[0].verdict == "agrees; 1 kink"
    assert report.notes == ["At a kink, with a derivative between the two slopes: x[1, 0] (slopes 0 and 1)."]


def test_derivative_outside_the_slopes_of_a_kink_fails(spoil):
    spoil(tg.relu, 0, lambda dx: dx + np.array([[0.0, 0.0], [1.5, 0.0]]) * dx.max())

    report = gradcheck(lambda x: tg.relu(x).sum(), np.array([[1.0, -1.0], [0.0, 2.0]]))

    assert not report.ok
    assert report.worst == ("x", (1, 0))
    assert report.kinks == []


@pytest.mark.parametrize("distance", [1e-2, 3e-4, 1e-5, 1e-6, -1e-6, -3e-4])
@pytest.mark.parametrize("f", [tg.relu, abs])
def test_kink_inside_the_step_is_stepped_around(f, distance):
    report = gradcheck(lambda x: f(x).sum() + 0 * abs(x).sum(), np.array([distance, 1.0, -1.0]))

    assert report.ok
    assert report.method == "central differences"


def test_kink_nearer_than_any_step_is_a_kink():
    report = gradcheck(lambda x: abs(x).sum(), np.array([1e-12, 1.0]))

    assert report.ok
    assert report.kinks == [("x", (0,))]


def test_many_kinks_are_counted():
    report = gradcheck(lambda x: tg.relu(x).sum(), np.zeros(9))

    assert report.ok
    assert len(report.kinks) == 9
    assert report.rows[0].verdict == "agrees; 9 kinks"
    assert report.notes[0].endswith("and 4 more.")
    assert report.notes[0].count("(slopes ") == 5


# Inputs


def test_float32_is_checked_in_float64_with_a_note():
    report = gradcheck(loss, parameters(np.float32))

    assert report.ok
    assert max(row.relative for row in report.rows) < 1e-14
    assert "W1 holds float32 and was checked in float64." in report.notes


@pytest.mark.parametrize("x", [np.array([1, 2]), [1, 2], np.array([True]), "text", np.array([1j])])
def test_inputs_that_are_no_floating_point_numbers_are_refused(x):
    with pytest.raises(DtypeError, match=r"labels holds .*tg\.tensor\(labels\) to pass it on as data"):
        gradcheck(lambda labels: labels.sum(), {"labels": x})


def test_data_are_passed_on_as_they_are():
    labels = tg.tensor(np.array([0, 2, 1]))

    report = gradcheck(lambda Z, labels: tg.softmax_cross_entropy(Z, labels), [X[:3, :3], labels])

    assert report.ok
    assert [row.name for row in report.rows] == ["Z"]


def test_large_inputs_are_sampled_by_seed():
    calls = []

    def f(x, y):
        calls.append(1)
        return (x * x).sum() + y.sum()

    report = gradcheck(f, {"x": np.ones((100, 100)), "y": np.ones(3)}, entries=20, seed=4)

    assert report.ok
    assert len(calls) < 40
    assert report.notes == ["Checked in part, drawn with seed 4: x (20 of 10000 entries)."]


def test_inputs_are_not_changed():
    before = parameters()
    given = parameters()
    for x in given.values():
        x.flags.writeable = False

    gradcheck(loss, given)

    for name, x in before.items():
        np.testing.assert_array_equal(x, given[name])


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: x * 2, ShapeError, r"one number, and got one of shape \(5, 7\); sum or average it"),
        (lambda x: None, ShapeError, "one number, and got a NoneType"),
        (lambda x: x.sum() * np.random.default_rng().random(), GraphError, "turn off dropout"),
    ],
)
def test_functions_that_cannot_be_checked_are_refused(f, error, message):
    with pytest.raises(error, match=message):
        gradcheck(f, X)


# The report


def test_report_reads_well():
    report = gradcheck(lambda x: (x * x.value).sum(), {"x": np.array([1.0, 2.0])})

    assert str(report).splitlines()[3].split() == ["x", "(2,)", "2.0e+00", "3.3e-01", "[1]", "wrong"]
    assert repr(report).startswith("<GradientReport: The gradient is wrong for x;")
    facts = json.loads(report.to_json())
    assert facts["ok"] is False
    assert facts["worst"] == ["x", [1]]
    assert facts["method"] == "complex step"
    assert "<pre" in report._repr_html_()


def test_quick_slope_by_differences_is_accurate():
    function = NumericFunction.read(lambda x: np.exp(x).sum(), np.array([0.3, 1.0]))

    slope = Differences(function, float(np.exp([0.3, 1.0]).sum()), analytic=False).quick_slope("x", (0,))

    assert slope == pytest.approx(np.exp(0.3), rel=1e-9)
