"""Which statements go back, which move parameters, and where one pass ends."""

import ast
import textwrap

import pytest

from tinygraph.debugger.outline import (
    BodyOutline,
    StatementLine,
    is_loss_label,
    reduces_to_number,
    says_derivative,
    says_labels,
)


@pytest.mark.parametrize(
    "label",
    ["grad", "grads_W1", "dW2", "d_out", "self.dW", "W_grad", "hiddenDelta", "delta3", "nabla_b", "dJ",
     "error_term",
     "layer2_error", "g_w", "D_W1", "up_date", "l1_delta", "dL", "d1", "adj_x"],
)  # fmt: skip
def test_names_of_derivatives(label):
    assert says_derivative(label, frozenset())


@pytest.mark.parametrize(
    "label", ["W", "data", "gamma", "decay", "digits", "h", "depth", "probs", "loss", "self.x"]
)
def test_names_of_other_things(label):
    assert not says_derivative(label, frozenset())


def test_a_d_before_another_name_or_a_role_says_so():
    assert says_derivative("dfoo", frozenset({"foo"}))
    assert not says_derivative("dfoo", frozenset({"bar"}))
    assert says_derivative("dscores", frozenset())  # scores are something that is derived by
    assert says_derivative("gfoo", frozenset({"foo"}))
    assert not says_derivative("gscores", frozenset())  # growths and greys are not


@pytest.mark.parametrize(
    ("label", "labels"),
    [("y", True), ("self.y", True), ("y_train", True), ("targets", True), ("ys", True), ("one_hot_y", True),
     ("training_set_outputs", True), ("X.T", False), ("y_hat", False), ("y_pred", False), ("t1", False),
     ("temp", False),
     ("tanh", False), ("x", False), ("self._y_", True)],
)  # fmt: skip
def test_names_of_labels(label, labels):
    assert says_labels(label) is labels


@pytest.mark.parametrize(
    ("label", "loss"),
    [("loss", True), ("J", True), ("self.cost", True), ("data_loss", True), ("totalcost", True),
     ("lossless", False),
     ("L", True), ("l", False), ("mse", True), ("x", False), ("calculate", False), ("losses", True)],
)  # fmt: skip
def test_names_of_losses(label, loss):
    assert is_loss_label(label) is loss


@pytest.mark.parametrize(
    ("text", "number"),
    [("np.mean(x)", True), ("-np.sum(x) / m", True), ("0.5 * x.sum()", True), ("1 / m * np.sum(x)", False),
     ("cross_entropy(p, y)", True), ("x - y", False), ("np.dot(a, b)", False), ("float(x)", True),
     ("loss_grad(x)", False),
     ("3.0", False)],
)  # fmt: skip
def test_what_reduces_to_a_number(text, number):
    assert reduces_to_number(ast.parse(text, mode="eval").body) is number


@pytest.mark.parametrize(
    ("text", "targets"),
    [("a, b = f()", ["a", "b"]), ("self.w[0] = 1", ["self.w"]), ("return x + 1", ["result"]),
     ("return x", []),
     ("return x, y", []), ("return x, y + 1", ["result"]), ("return {'a': x}", []),
     ("return {'a': -x}", ["result"]),
     ("return", []), ("xs.append(1)", ["xs"]), ("return 3", []), ("return self.w", [])],
)  # fmt: skip
def test_what_a_statement_gives_a_value(text, targets):
    assert StatementLine(ast.parse(text).body[0], ()).targets == targets


def outline_of(text, parameters=()):
    return BodyOutline(ast.parse(textwrap.dedent(text)).body, parameters)


def texts(lines):
    return [ast.unparse(x) for x in lines]


def sorted_lines(text, parameters=()):
    found = outline_of(text, parameters)
    return texts(found.derivatives), texts(found.updates)


SCRIPT = """
X, y, W, b = load()
for epoch in range(100):
    z = X @ W + b
    p = 1 / (1 + np.exp(-z))
    loss = -np.mean(y * np.log(p))
    err = p - y
    scaled = err / len(y)
    grad_W = X.T @ scaled
    grad_b = scaled.sum()
    W = W - 0.1 * grad_W
    b -= 0.1 * grad_b
    if epoch % 10 == 0:
        print(loss)
print(W)
"""


def test_what_goes_back_and_what_moves():
    back, moved = sorted_lines(SCRIPT)
    assert back == ["err = p - y", "scaled = err / len(y)", "grad_W = X.T @ scaled", "grad_b = scaled.sum()"]
    assert moved == ["W = W - 0.1 * grad_W", "b -= 0.1 * grad_b"]


def test_what_the_loss_is_computed_from_never_goes_back():
    text = SCRIPT.replace("loss = -np.mean(y * np.log(p))", "d_err = p - y\n    loss = np.sum(d_err ** 2)")
    assert "d_err = p - y" not in sorted_lines(text)[0]
    assert "d_err = p - y" in texts(outline_of(text).of_loss)


def test_a_loss_beside_something_else_is_one():
    text = "loss, picked = score(p, y)\ndz = p - y\n"
    assert texts(outline_of(text).of_loss) == ["loss, picked = score(p, y)"]


def test_labels_in_another_form_are_labels():
    text = "rows = np.eye(3)[y]\nloss = -np.sum(rows * np.log(p))\ndz = p - rows\nown = 2 * y\nda = p - own\n"
    found = outline_of(text, ["p", "y"])
    assert texts(found.derivatives) == ["dz = p - rows", "da = p - own"]
    assert not found.doubtful


def test_a_loss_that_goes_back_is_one_by_its_name_alone_if_it_is_a_number():
    text = "loss_grad = p - y\nloss = p * 2\nerror = np.mean(p)\nerror_rate = p - y\n"
    assert set(texts(outline_of(text).of_loss)) == {"loss = p * 2", "error = np.mean(p)"}


def test_one_pass_is_the_body_of_the_loop_that_trains():
    found = outline_of(SCRIPT)
    assert found.block is found.body[1].body
    assert ast.unparse(found.seed) == "err = p - y"
    assert ast.unparse(found.stop) == "b -= 0.1 * grad_b"


def test_a_loss_after_the_moves_is_waited_for():
    text = SCRIPT.replace("    if epoch % 10", "    cost = np.mean(p)\n    if epoch % 10")
    assert ast.unparse(outline_of(text).stop) == "cost = np.mean(p)"
    twice = text.replace("    if epoch % 10", "    if epoch:\n        total_loss = cost\n    if epoch % 10")
    assert ast.unparse(outline_of(twice).stop).startswith("if epoch:")


LAYERS = """
def nothing():
    dz = 1
class Layer:
    dw = 0
out = forward(X)
dout = out - y
grads = []
for W, a in zip(reversed(Ws), reversed(acts)):
    dW = a.T @ dout
    grads.append(dW)
    dout = dout @ W.T
"""


def test_a_loop_over_layers_is_part_of_one_pass():
    found = outline_of(LAYERS)
    assert found.block is found.body
    back = ["dout = out - y", "grads = []", "dW = a.T @ dout", "grads.append(dW)", "dout = dout @ W.T"]
    assert texts(found.derivatives) == back
    assert ast.unparse(found.seed) == "dout = out - y"  # an empty list is no beginning
    assert isinstance(found.stop, ast.For)


def test_a_loop_that_is_called_one_or_moves_parameters_trains():
    steps = outline_of("for W, a in steps:\n    dout = a - y\n    dW = a.T @ dout\n")
    assert steps.block is steps.body[0].body
    moving = "p = X @ W\nfor i in things:\n    dW = X.T @ (p - y)\n    W -= dW\n    p = X @ W\n"
    found = outline_of(moving)
    assert found.block is found.body[1].body
    still = outline_of(moving.replace("    W -= dW\n", ""))
    assert still.block is still.body
    while_loop = outline_of(moving.replace("for i in things", "while going").replace("    W -= dW\n", ""))
    assert while_loop.block is while_loop.body[1].body


def test_a_condition_around_all_is_gone_into():
    found = outline_of("if train:\n    p = X @ W\n    dW = X.T @ (p - y)\nelse:\n    p = 0\n")
    assert texts(found.block) == ["p = X @ W", "dW = X.T @ (p - y)"]
    tried = outline_of("try:\n    pass\nexcept ValueError:\n    dW = X.T @ (p - y)\n")
    assert texts(tried.block) == ["dW = X.T @ (p - y)"]


def test_without_labels_names_must_do():
    back, _ = sorted_lines("h = x @ w\ndh = 2 * h\ndw = x.T @ dh\n", ["x", "w"])
    assert back == ["dh = 2 * h", "dw = x.T @ dh"]


def test_a_slope_beside_labels_is_doubtful():
    text = "h = np.tanh(x)\ndh_slope = 1 - h ** 2\nd_tanh = 1 - h ** 2\ndout = h - y\ndx = dout * d_tanh\n"
    found = outline_of(text, ["x", "y"])
    assert "d_tanh = 1 - h ** 2" in texts(found.doubtful)
    assert ast.unparse(found.seed) == "dout = h - y"
    assert "dx = dout * d_tanh" in texts(found.derivatives)
    assert "dx = dout * d_tanh" not in texts(found.doubtful)


def test_a_parameter_that_is_replaced_is_moved():
    text = "p = x @ w\ndw = x.T @ (p - y)\nw = better(dw)\nk = dw * 2\n"
    back, moved = sorted_lines(text, ["x", "y", "w"])
    assert moved == ["w = better(dw)"]
    assert back == ["dw = x.T @ (p - y)", "k = dw * 2"]


@pytest.mark.parametrize("move", ["W = W - 0.1 * dW", "W = np.clip(W - 0.1 * dW, -1, 1)", "W -= 0.1 * dW"])
def test_a_parameter_that_is_made_in_the_same_lines_is_moved(move):
    text = f"W = start()\np = X @ W\ndW = X.T @ (p - y)\n{move}\nV = W - dW\n"
    back, moved = sorted_lines(text, ["X", "y"])
    assert moved == [move]
    assert "V = W - dW" in back  # which is read nowhere, and no parameter


def test_room_for_a_derivative_belongs_to_it():
    back, _ = sorted_lines(
        "dw = np.zeros(3)\np = x @ w\nfor i in range(3):\n    dw += x[i] * (p - y)[i]\n", ["x", "y", "w"]
    )
    assert back == ["dw = np.zeros(3)", "dw += x[i] * (p - y)[i]"]


def test_a_loss_is_no_update():
    text = "loss = np.sum((p - y) ** 2)\nloss += np.sum(w * w)\ndw = x.T @ (p - y)\n"
    assert sorted_lines(text)[1] == []
    assert outline_of("print(1)\n").stop is None
    assert outline_of("print(1)\n").seed is None
