"""Operations of one's own: recorded, checked, drawn and compiled, or a told reason why not."""

import functools
import math

import numpy as np
import pytest

import tinygraph as tg
import viz
from tinygraph.errors import GraphError
from tinygraph.plan.plain import plain_code_of


def swish(x):
    return x / (1 + np.exp(-x))


def root(a, b=1.0):
    """x with x**3 + b * x = a, by bisection: for numbers, one at a time."""
    low, high = -10.0, 10.0
    while high - low > 1e-14:
        middle = (low + high) / 2
        low, high = (middle, high) if middle**3 + b * middle < a else (low, middle)
    return low


def multiply(x, y):
    return x * y


def d_swish(dz, z, x):
    return dz * (z + (1 - z) / (1 + np.exp(-x)))


# What is declared stays in the table for one test only, so that other tests find it as it was.
OPEN = functools.partial(tg.operation, swish, d_swish, formula="x * sigmoid(x)")
CLOSED = functools.partial(
    tg.operation,
    np.vectorize(root, otypes=[float]),
    lambda dz, z, a, b=1.0: dz / (3 * z * z + b),
    symbol="root",
)
NUMBERS = functools.partial(tg.operation, math.exp, lambda dz, z, x: dz * math.exp(x), symbol="power_of_e")


@pytest.fixture
def W1():
    return tg.parameter(np.random.default_rng(0).standard_normal((2, 3)), name="W1")


def test_it_records_and_computes():
    own, x = OPEN(), np.array([-1.0, 0.5, 30.0])
    h = 1e-200
    expected = swish(x + 1j * h).imag / h  # the derivative by complex step

    assert np.array_equal(own(x), swish(x))
    assert tg.grad(lambda x: np.sum(own(x)))(x) == pytest.approx(expected, rel=1e-13)
    assert tg.grad(lambda x: np.sum(own(x=x)))(x) == pytest.approx(expected, rel=1e-13)


def test_rules_of_numpy_calls_have_derivatives():
    x, h = 0.7, 1e-200
    slope = lambda x: swish(x) + (1 - swish(x)) / (1 + np.exp(-x))  # noqa: E731

    assert tg.grad(tg.grad(OPEN()))(x) == pytest.approx(slope(x + 1j * h).imag / h, rel=1e-13)
    # a = z**3 + z, so z' = 1 / (3 z**2 + 1), and z'' = -6 z z'**3: at a = 2 z is 1.
    assert tg.grad(tg.grad(CLOSED()))(2.0) == pytest.approx(-6 / 64, rel=1e-9)


def test_settings_reach_the_function_and_its_rules():
    own = CLOSED()
    report = tg.gradcheck(lambda a: np.sum(own(a, b=2.0) + own(a, 3.0)), [np.array([1.0, -2.0])])

    assert report.ok
    with pytest.raises(GraphError, match="root asks for the numbers"):
        own(1.0, b=tg.parameter(1.0))  # b has no rule, so it takes calls that have one


RULES = [lambda dz, z, x, y: dz * y, lambda dz, z, x, y: dz * x]
WRONG = [
    (
        [RULES[0], RULES[0]],
        r"the rule for y of multiply \(test_operations.py:\d+\) is wrong: it gives .* at y\[",
    ),
    ([RULES[1], RULES[1]], "the rule for x of multiply .* is wrong"),
    ([RULES[0], lambda dz, z, x, y: x], "the rule for y .* is wrong"),  # without dz
    ([lambda dz, z, x, y: None, None], "gave None: is the return missing"),
    ([lambda dz, z, x, y: np.sum(dz * y), None], r"gave the shape \(\), and its input has \(2, 3\)"),
    ([lambda dz, z, x, y: dz.nonsense, None], "the rule for x .* failed .* AttributeError"),
    ([lambda dz, z, x, y: dz.__imul__(y), None], "read-only"),
    ([lambda dz, z, x, y: [dz * y, 1], None], "one array or one number"),
]


@pytest.mark.parametrize(("rules", "message"), WRONG)
def test_a_wrong_rule_is_told_when_it_is_declared(rules, message):
    with pytest.raises(GraphError, match=message):
        tg.operation(multiply, *rules, check=[np.ones((2, 3)), np.array([1.0, 2.0, 4.0])])


def test_right_rules_pass_and_undo_what_was_stretched():
    own = tg.operation(multiply, *RULES, check={"x": np.ones((2, 3)), "y": np.array([1.0, 2.0, 4.0])})
    labels = tg.operation(multiply, RULES[0], None, check=[np.ones(2), np.array([1, 2])])
    y = tg.parameter(np.ones(3))

    assert own(np.full((2, 3), 2.0), y).sum().backward()[y].tolist() == [4, 4, 4]
    assert labels(tg.parameter(np.ones(2), name="x"), [3, 4]).sum().backward()["dx"].tolist() == [3, 4]


UNFIT = [
    ([RULES[0]], "1 given, 2 expected"),
    ([], "none given"),
    ([None, None], "none given"),
    ([lambda dz, z, x: dz, None], r"takes \(dz, z, x, y\)"),
    ([np.sin, None], "is a Python function"),
]


@pytest.mark.parametrize(("rules", "message"), UNFIT)
def test_rules_that_do_not_fit_the_function_are_refused(rules, message):
    with pytest.raises(TypeError, match=message):
        tg.operation(multiply, *rules)


def test_a_name_and_examples_are_asked_for():
    with pytest.raises(TypeError, match="needs a name"):
        tg.operation(lambda x: x, lambda dz, z, x: dz)
    with pytest.raises(TypeError, match="an example of each input: x, y; 1 given"):
        tg.operation(multiply, *RULES, check=[1.0])


def test_nothing_of_the_users_is_shared_or_changed(W1):
    same = tg.operation(lambda x: x, lambda dz, z, x: x, symbol="same")
    before = W1.value.copy()
    d = (same(W1).sum() + W1.sum()).backward()

    assert np.array_equal(W1.value, before)
    assert d["dW1"] == pytest.approx(before + 1)
    with pytest.raises(GraphError, match="reads a Tensor that is no input"):
        tg.operation(lambda x: x * W1, lambda dz, z, x: dz, symbol="outside")(1.0 * W1)


def test_numpy_calls_are_compiled_and_written_as_code(W1):
    own, X = OPEN(), np.ones((3, 4))
    J = np.sum(own(W1 @ X))
    expected = J.backward()["dW1"]
    namespace = {}
    exec(plain_code_of(J), namespace)

    assert tg.compile(lambda W, X: np.sum(own(W @ X)))(W1.value, X)[1] == pytest.approx(expected)
    assert namespace["backward"]({"W1": W1.value}, X)["dW1"] == pytest.approx(expected)


def test_what_asks_for_numbers_is_told_where_numpy_calls_are_needed():
    own, x = NUMBERS(), tg.parameter(1.0, name="x")
    for ask in (
        lambda: tg.compile(own)(np.array(1.0)),
        lambda: plain_code_of(own(x) * 2),
        lambda: tg.grad(tg.grad(own))(1.0),
    ):
        with pytest.raises(GraphError, match=r"power_of_e .*asks for the numbers.* NumPy's functions alone"):
            ask()
    assert tg.grad(own)(1.0) == math.e
    with pytest.raises(GraphError, match=r"power_of_e failed on arrays of shapes \(2,\)"):
        own(tg.parameter([1.0, 2.0]))


def test_what_calls_another_package_is_told():
    special = pytest.importorskip("scipy.special")
    own = tg.operation(
        special.gammainc, None, lambda dz, z, a, x: dz * np.exp(-x) * x ** (a - 1) / special.gamma(a)
    )
    x = np.array([0.5, 2.0])

    assert tg.gradcheck(lambda x: np.sum(own(2.5, x)), [x]).ok
    with pytest.raises(GraphError, match=r"gammainc calls scipy\.special\.gammainc"):
        tg.compile(lambda x: np.sum(own(2.5, x)))(x)
    with pytest.raises(GraphError, match=r"scipy\.special\.erf is no function of NumPy"):  # it has a row
        plain_code_of(np.sum(special.erf(tg.parameter(x, name="W1")) ** 2))


@pytest.mark.parametrize("declare", [OPEN, CLOSED, NUMBERS])
def test_it_is_drawn_and_told_by_its_name(declare):
    own, x = declare(), tg.parameter(0.5, name="x")
    J = own(x) * 3
    d = J.backward()
    report = tg.compare(J, {"dx": 2 * d["dx"]})

    assert own.__name__ in viz.draw(J, view="ops").source
    assert own.__name__ in viz.page(J)._repr_html_()
    assert not report.ok
    assert "factor" in str(report)
    with pytest.raises(tg.errors.TinygraphError, match=rf"\b{own.__name__}"):
        own(x, x)
