"""Functions that are there are checked where they are: of a cell, of a test, of a class; and stay so."""

import ast
import linecache
import textwrap

import numpy as np
import pytest

import tinygraph as tg
from tests.debugger.somebody import LAYER
from tests.snippets import run_snippet
from tinygraph.errors import UserFileError

BEGIN = "import numpy as np\nimport tinygraph as tg\n"
WRONG = LAYER.replace("axis=0", "axis=1")


def cells(*texts):
    """The variables after some cells."""
    space = {}
    for text in texts:
        run_snippet(textwrap.dedent(text), space)
    return space


def verdicts(report):
    return {f.name: f.verdict for f in report.functions}


def test_all_functions_of_the_caller_are_found():
    report = cells(BEGIN + LAYER, "report = tg.check()")["report"]
    assert verdicts(report) == {"fc_backward": "agrees"}
    assert report.ok


@pytest.mark.usefixtures("repairs")
def test_the_wrong_line_of_a_cell_is_shown_with_the_right_one():
    report = cells(BEGIN + WRONG, "report = tg.check()")["report"]
    (mistake,) = report.diagnoses
    assert not report.ok
    assert (mistake.line, mistake.before) == (12, "    db = dout.sum(axis=1)")
    assert mistake.after == "    db = dout.sum(axis=0)"
    assert mistake.after in str(report)
    assert mistake.after.strip() in report._repr_html_()


def test_one_function_is_checked_alone():
    both = WRONG + LAYER.replace("fc_", "good_")
    space = cells(BEGIN + both, "one = tg.check(good_backward)", "all = tg.check()")
    assert verdicts(space["one"]) == {"good_backward": "agrees"}
    assert verdicts(space["all"]) == {"fc_backward": "wrong", "good_backward": "agrees"}


@pytest.mark.usefixtures("repairs")
def test_functions_of_a_test_are_found():
    def square_forward(x):
        return x**2, x

    def square_backward(dout, x):
        return 3 * x * dout

    def test_of_a_loss():
        called.append(True)

    called = []
    report = tg.check(square_backward, forward=square_forward)
    assert verdicts(report) == {"square_backward": "wrong"}
    assert report.diagnoses[0].after == "        return 2 * x * dout"
    assert not called


@pytest.mark.usefixtures("repairs")
def test_the_functions_stay_as_they_were():
    space = cells(BEGIN + WRONG)
    function, code = space["fc_backward"], space["fc_backward"].__code__
    names = set(space)
    run_snippet("report = tg.check()", space)
    assert space["report"].diagnoses[0].after
    assert space["fc_backward"] is function
    assert function.__code__ is code
    assert set(space) == names | {"report"}


def test_variables_and_random_numbers_of_the_caller_stay_as_they_were():
    text = "calls = []\nstate = {'W': np.ones((2, 2))}\nnp.random.seed(3)"
    space = cells(BEGIN + text + LAYER.replace("x, w = cache", "calls.append(1); x, w = cache"))
    run_snippet("a = np.random.rand()\nnp.random.seed(3)\nreport = tg.check()\nb = np.random.rand()", space)
    assert space["a"] == space["b"]
    assert np.array_equal(space["state"]["W"], np.ones((2, 2)))


def test_the_cell_that_defined_a_function_last_counts():
    report = cells(BEGIN + WRONG, LAYER, "report = tg.check()")["report"]
    assert verdicts(report) == {"fc_backward": "agrees"}


@pytest.mark.usefixtures("repairs")
def test_a_class_and_an_object_of_it():
    text = """
    class Layer:
        def __init__(self, n_in, n_out):
            self.W = np.ones((n_in, n_out))

        def forward(self, x):
            self.x = x
            return x @ self.W

        def backward(self, dout):
            self.dW = self.x.T @ dout
            return dout @ self.W
    """
    space = cells(BEGIN, text, "a = tg.check(Layer)", "b = tg.check(Layer(3, 2))")
    for report in (space["a"], space["b"]):
        assert verdicts(report) == {"Layer.backward": "wrong"}
        assert report.diagnoses[0].after.strip() == "return dout @ self.W.T"


def test_no_repair_in_no_time():
    report = cells(BEGIN + WRONG, "report = tg.check(seconds=0)")["report"]
    assert report.diagnoses[0].after is None
    assert report.diagnoses[0].wrong == ("db",)


def test_without_source_it_says_so():
    space = {"np": np}
    exec(compile(LAYER, "<nowhere>", "exec"), space)
    assert not linecache.getlines("<nowhere>")
    with pytest.raises(UserFileError, match="does not know the source"):
        tg.check(space["fc_backward"])


def test_where_nothing_goes_back_it_says_so():
    report = cells(BEGIN + "def hello():\n    return 1\n", "report = tg.check()")["report"]
    assert not report.ok
    assert "No backward pass could be judged" in str(report)


def test_cells_with_magic_are_read():
    space = {}
    text = BEGIN + LAYER
    linecache.cache["<cell with magic>"] = (
        1,
        None,
        ["%matplotlib inline\n", *text.splitlines(True)],
        "<cell with magic>",
    )
    tree = ast.parse("\n" + text)
    exec(compile(tree, "<cell with magic>", "exec"), space)
    assert tg.check(space["fc_backward"]).ok


# On inputs of one's own


def forward(x, w):
    out = x @ w
    return out, (x, w)


def backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout


def wrong_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout * 2
    return dx, dw


X, W = np.arange(6.0).reshape(2, 3), np.linspace(-1, 1, 12).reshape(3, 4)


def test_own_inputs():
    assert tg.check_backward(forward, backward, X, W).ok
    report = tg.check_backward(forward, wrong_backward, X, W)
    assert not report.ok
    (mistake,) = report.diagnoses
    assert mistake.wrong == ("dw",)
    assert mistake.before.strip() == "dw = x.T @ dout * 2"
    assert mistake.after.strip() == "dw = x.T @ dout"


def test_own_inputs_stay_as_they_were():
    def greedy_backward(dout, x):
        dout *= 2 * x
        x[...] = 0
        return dout

    x = np.array([1.0, 2.0, 3.0])
    tg.check_backward(lambda x: x**2, greedy_backward, x)
    assert x.tolist() == [1, 2, 3]


def test_a_lambda_is_asked_for_by_name():
    with pytest.raises(UserFileError, match=r"source of .*<lambda>; write it with def"):
        tg.check_backward(forward, lambda dout, cache: dout, X, W)


def test_a_loss_alone_needs_no_derivative_from_above():
    def loss(x, w):
        return np.sum((x @ w) ** 2)

    def loss_backward(x, w):
        dx = 2 * x @ w @ w.T
        dw = x.T @ x @ w
        return dx, dw

    report = tg.check_backward(loss, loss_backward, X, W)
    assert report.diagnoses[0].wrong == ("dw",)
    assert not report.ok


def test_inputs_on_which_the_forward_pass_does_not_run():
    with pytest.raises(UserFileError, match=r"forward gives no number on these inputs: \(2, 3\), \(2, 3\)"):
        tg.check_backward(forward, backward, X, X)
