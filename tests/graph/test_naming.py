"""Names in a graph: those that were given, those of the user's variables, and those from structure."""

import copy
import copyreg
import linecache
import pickle
import subprocess
import sys

import numpy as np
import pytest

import tinygraph as tg
from tests.cells import BEGIN, names_in, names_in_cell, run_cell
from tests.networks import make_network
from tinygraph.engine.sweep import recorded_order
from tinygraph.graph.naming import name_graph

X = np.ones((3, 4))


def weight(name=None, shape=(2, 3)):
    return tg.parameter(np.ones(shape), name=name)


def bias(name=None, rows=2):
    return tg.parameter(np.zeros((rows, 1)), name=name)


def tensors_named(J):
    """All names of tensors in the graph of J, in the order of recording."""
    return [name for x, name in name_graph(recorded_order(J), [J]).items() if isinstance(x, tg.Tensor)]


LINEAR_STEPS = {
    "W @ X + b": lambda W, b: W @ X + b,
    "b + W @ X": lambda W, b: b + W @ X,
    "W @ X - b": lambda W, b: W @ X - b,
    "np.dot": lambda W, b: np.dot(W, X) + b,
    "np.matmul": lambda W, b: np.matmul(W, X) + b,
    "np.add": lambda W, b: np.add(np.matmul(W, X), b),
    "einsum": lambda W, b: np.einsum("ij,jk->ik", W, X) + b,
    "rows": lambda W, b: X.T @ W.T + np.ones(2),
    "number": lambda W, b: W @ X + 1.0,
}


@pytest.mark.parametrize("step", LINEAR_STEPS.values(), ids=LINEAR_STEPS)
def test_a_linear_step_and_its_activation_are_named_after_the_weight(step):
    Z = step(weight("W1"), bias("b1"))

    assert Z.name == "Z1"
    assert tg.relu(Z).name == "A1"
    assert np.tanh(Z).name == "A1"


@pytest.mark.parametrize(
    "value",
    [
        weight("W1") @ X * 2 + weight("W2") @ X,
        weight("V1") @ X + bias("b1"),
        tg.tensor(np.ones((2, 3)), name="W1") @ X + bias("b1"),
        np.exp(weight("W1") @ X + bias("b1")),
        weight("W1") * 2,
        weight(),
        weight("W1") + bias("b1"),
    ],
)
def test_what_is_no_layer_has_no_name(value):
    assert value.name is None or value.name == value.given_name


def test_a_name_that_was_given_comes_first():
    Z = (weight("W1") @ X + bias("b1")).named("Z_hidden")

    assert Z.name == "Z_hidden"
    assert tg.relu(Z).name == "A_hidden"
    assert tg.relu(Z).named("H").name == "H"


def test_a_network_reads_as_in_the_lectures():
    W1, b1, W2, b2 = weight("W1"), bias("b1"), weight("W2", (1, 2)), bias("b2", 1)
    J = tg.binary_cross_entropy(tg.sigmoid(W2 @ tg.relu(W1 @ X + b1) + b2), np.ones((1, 4)))

    assert tensors_named(J) == ["W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "A2", "J"]


def test_parameters_without_names_are_numbered_in_the_order_of_their_use():
    W2, b2, W1, b1 = weight(shape=(1, 2)), bias(rows=1), weight(), bias()
    J = tg.binary_cross_entropy(tg.sigmoid(W2 @ tg.relu(W1 @ X + b1) + b2), np.ones((1, 4)))

    d = J.backward()

    assert list(d) == ["dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]
    assert d["dW1"] is d[W1]
    assert d["db2"] is d[b2]


def test_a_step_without_bias_is_named_in_a_graph():
    J = np.sum(tg.relu(weight("W1") @ X))

    assert tensors_named(J) == ["W1", "Z1", "A1", "J"]


def test_with_a_bias_the_product_alone_is_not_the_linear_step():
    J = np.sum(weight("W1") @ X + bias("b1"))

    assert tensors_named(J) == ["W1", "b1", "Z1", "J"]


def test_a_name_for_two_values_is_told_apart():
    W1, b1 = weight("W1"), bias("b1")
    J = np.sum((W1 @ X + b1) * (W1 @ (2 * X) + b1))

    assert tensors_named(J) == ["W1", "b1", "Z1", "Z1_2", "J"]
    assert {"dZ1", "dZ1_2"} <= set(J.backward())


def test_two_parameters_of_one_name_are_told_apart():
    first, second = tg.parameter(2.0, name="x"), tg.parameter(3.0, name="x")

    d = (first * second).backward()

    assert (d["dx"], d["dx_2"]) == (3, 2)
    assert (d[first], d[second]) == (3, 2)


def test_a_number_that_is_taken_is_passed_over():
    x, y, z = (tg.parameter(1.0, name=name) for name in ("x", "x", "x_2"))

    assert tensors_named((x * y * z).named("J")) == ["x", "x_2", "x_2_2", "J"]


def test_names_of_locals():
    rate = tg.parameter(2.0)
    scale = tg.parameter(3.0)
    result = rate * scale
    J = result + 1

    d = J.backward(names=locals())

    assert list(d) == ["dresult", "drate", "dscale"]
    assert rate.given_name is None


def test_names_of_locals_leave_given_names_and_underscores_alone():
    x, _y = tg.parameter(2.0, name="X"), tg.parameter(3.0)
    J = x * _y

    names = name_graph(recorded_order(J), [J], {"other": x, "_z": _y, "cost": J})

    assert dict(names.items()) == {x: "X", _y: "_y", J: "cost"}


def test_names_of_locals_find_the_layers():
    data, _, arrays = make_network([4, 5, 1])
    W1, b1, W2, b2 = (tg.parameter(a) for a in arrays.values())
    J = np.sum(W2 @ np.tanh(W1 @ data + b1) + b2)

    assert list(J.backward(names=locals())) == ["dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]


def test_repr_shows_the_name():
    assert repr(tg.parameter([1.0], name="W1")) == "Tensor([1.], name='W1')"
    assert repr(tg.parameter([1.0])) == "Tensor([1.])"


# What the user's lines say

VARIABLES = {  # lines after X and x are made, and the names of what is in the graph of `result`
    "leaf": ("W2 = tg.parameter(np.ones((2, 3)))\nresult = W2 @ X * 1", "W2 X Z2 result"),
    "method": ("mu = x.mean()\nresult = mu * x", "x mu result"),
    "pairs": ("a, b = x * 2, x * 3\nresult = a * b", "x a b result"),
    "lists": ("[a, b] = [np.exp(x), np.sin(x)]\nresult = a * b", "x a b result"),
    "a pair with a number": ("a, b = x * 2, 3\nresult = a * b", "x a result"),
    "a pair of pairs": ("(a, b), c = (x * 2, x * 3), 4\nresult = a * b", "x result"),
    "starred": ("a, *b = x * 2, x * 3, x * 4\nresult = a * b[0]", "x result"),
    "starred values": ("a, b = *[x * 2], x * 3\nresult = a * b", "x result"),
    "a row for one": ("row = x * 2, x * 3\nresult = row[0] * row[1]", "x result"),
    "attributes": (
        "class Net: pass\nself = Net()\nself.V = tg.parameter(np.ones((2, 3)))\nresult = np.exp(self.V @ X)",
        "V X Z_V result",
    ),
    "a value in a wrapper": (
        "class Box: pass\nV = Box()\nV.value = tg.parameter(np.ones(4))\nresult = V.value * x",
        "V x result",
    ),
    "keys": ("p = {}\np['W1'] = tg.parameter(np.ones((2, 3)))\nresult = p['W1'] @ X * 1", "W1 X Z1 result"),
    "keys that are no names": (
        "p = {}\np['W 1'] = x * 2\np[0] = x * 3\nresult = p['W 1'] * p[0]",
        "x result",
    ),
    "dict()": ("p = dict(u=x * 2)\nresult = p['u'] * 1", "x u result"),
    "another call": ("keep = lambda **p: p\np = keep(u=x * 2)\nresult = p['u'] * 1", "x result"),
    "keywords spread": ("p = dict(**{'u': x * 2})\nresult = p['u'] * 1", "x u result"),
    "braces": ("p = {'u': x * 2, **{}}\nresult = p['u'] * 1", "x u result"),
    "walrus": ("result = (y := np.exp(x)) * y", "x y result"),
    "augmented": ("y = x * 2\ny += x\nresult = y / 2", "x y1 y2 result"),
    "annotated": ("y: tg.Tensor = x * 2\nresult: tg.Tensor = y / 2", "x y result"),
    "two targets": ("first = second = x * 2\nresult = second / 2", "x first result"),
    "the first target that is a name": ("_ = second = x * 2\nresult = second / 2", "x second result"),
    "underscores": ("_ = x * 2\n__ = _ * 2\nresult = __ / 2", "x result"),
    "a private name": ("_y = x * 2\nresult = _y / 2", "x _y result"),
    "one line": ("y = x * 2; z = np.exp(y); result = z / y", "x y z result"),
    "several lines": ("y = (\n    np.exp(\n        x\n    )\n)\nresult = (y\n  / 2)", "x y result"),
    "part of an expression": ("y = np.exp(np.sin(x))\nresult = y / 2", "x y result"),
    "signs": ("a = -x\nb = 2 - a\nc = b**2\nd = c / 2\ne = +d\nresult = e.T", "x a b c d e result"),
    "other names of one function": ("a = abs(x)\nb = np.fabs(a)\nresult = np.amax(b)", "x a b result"),
    "index": ("y = x[:2]\nresult = y * 2", "x y result"),
    "function": ("def f(a):\n    t = a * 2\n    return np.exp(t)\nresult = f(x)", "x t"),
    "lambda": ("f = lambda a: a * 2\ny = f(x)\nresult = y / 2", "x result"),
    "comprehension": ("ys = [x * i for i in (2, 3)]\nresult = ys[0] * ys[1]", "x result"),
    "composite": ("s = np.std(x)\nresult = s * x", "x s result"),
    "a library's network": (
        "net = tg.nn.Network([3, 2, 1])\nresult = net(X)",
        "W1 X b1 Z1 A1 W2 b2 Z2 result",
    ),
    "layers in the user's words": (
        "V, c = tg.parameter(np.ones((2, 3))), tg.parameter(np.ones((2, 1)))\n"
        "pre = V @ X + c\nact = tg.relu(pre)\nresult = act * 2",
        "V X c pre act result",
    ),
    "layers in the lectures' words": (
        "W1 = tg.parameter(np.ones((2, 3)))\nZ = W1 @ X\nA = tg.relu(Z)\nresult = A * 2",
        "W1 X Z1 A1 result",
    ),
}


@pytest.mark.parametrize(("text", "expected"), VARIABLES.values(), ids=VARIABLES)
def test_what_is_assigned_to_a_variable_is_called_like_it(text, expected):
    assert names_in_cell(text) == expected.split()


LOOPS = {
    "from an array": ("h = np.zeros((3, 1))", "W h0 Z h1 Z_2 h2 result"),
    "from a tensor": ("h = tg.tensor(np.zeros((3, 1)))", "W h0 Z h1 Z_2 h2 result"),
    "from a result": ("h = W * 2", "W h1 Z h2 Z_2 h3 result"),
    "beside a name that is taken": ("h = h1 = np.zeros((3, 1)).T.T", "W h0 Z h1 Z_2 h2 result"),
}


@pytest.mark.parametrize(("begin", "expected"), LOOPS.values(), ids=LOOPS)
def test_what_a_loop_assigns_is_numbered(begin, expected):
    text = f"W = tg.parameter(np.eye(3))\n{begin}\nfor t in range(2):\n    h = np.tanh(W @ h)\nresult = h * 2"

    assert names_in_cell(text) == expected.split()


def test_steps_of_a_loop_that_are_layers_count_with_their_layer():
    text = (
        "Ws = [tg.parameter(np.eye(3)) for _ in range(2)]\nA = X\n"
        "for W in Ws:\n    Z = W @ A\n    A = np.tanh(Z)\nresult = A * 2"
    )

    assert names_in_cell(text) == ["W1", "A0", "Z1", "A1", "W2", "Z2", "A2", "result"]


def test_a_number_that_a_loop_would_give_is_passed_over_where_it_is_taken():
    text = "h2 = np.exp(x)\nh = h2 * 2\nh = h * 2\nh = h * 2\nresult = h / 2"

    assert names_in_cell(text) == ["x", "h2", "h1", "h3", "h4", "result"]


def test_a_numbered_name_that_is_assigned_again_is_told_apart():
    assert names_in_cell("x1 = x * 2\nx1 = x1 * 2\nresult = x1 / 2") == ["x", "x1", "x1_2", "result"]


def test_names_that_were_given_and_those_of_a_mapping_come_before_variables():
    space = run_cell("y = tg.parameter(np.ones(4), name='given')\nz = (x * y).named('called')\nw = z * 2")
    J = np.sum(space["w"])

    assert names_in(J) == ["x", "given", "called", "w", "J"]
    assert names_in(J, {"q": space["w"], "r": space["z"], "s": space["x"]}) == [
        "s",
        "given",
        "called",
        "q",
        "J",
    ]


ARRAYS = {
    "operand": ("D = np.ones(4)\nresult = np.tanh(x) * D", "x D result"),
    "the first operand": ("D = np.ones(4)\nresult = D * x", "D x result"),
    "a method's argument": ("M = np.ones((4, 2))\nresult = x.dot(M)", "x M result"),
    "an attribute": ("class S: pass\ns = S()\ns.D = np.ones(4)\nresult = x * s.D", "x D result"),
    "a key": ("p = {'D': np.ones(4)}\nresult = x * p['D']", "x D result"),
    "an expression": ("D = np.ones(4)\nresult = x * (D + 1)", "x result"),
    "a transpose": ("D = np.ones(4)\nresult = x * D.T", "x result"),
    "a row": ("D, E = np.ones(4), np.ones(4)\nresult = np.concatenate([x, D, E])", "x D E result"),
    "a mask": ("mask = np.ones(4) > 0\nresult = np.where(mask, x, 0)", "mask x result"),
    "augmented": ("D = np.ones(4)\ny = x * 2\ny *= D\nresult = y / 2", "x y1 D y2 result"),
    "a number": ("D = np.float64(3)\nresult = x * D", "x result"),
    "function": ("D = np.ones(4)\nresult = tg.mse(x, D)", "x D result"),
    "labels": (
        "W1, t = tg.parameter(np.ones((1, 3))), np.ones((1, 4))\n"
        "result = tg.binary_cross_entropy(tg.sigmoid(W1 @ X), t)",
        "W1 X Z1 A1 t result",
    ),
    "labels of logits": (
        "W1, t = tg.parameter(np.ones((1, 3))), np.ones((1, 4))\n"
        "result = tg.binary_cross_entropy_with_logits(W1 @ X, t)",
        "W1 X Z1 A1 t result",
    ),
    "labels that are numbers": (
        "W1, t = tg.parameter(np.ones((2, 3))), np.array([0, 1, 1, 0])\n"
        "result = tg.softmax_cross_entropy(W1 @ X, t)",
        "W1 X Z1 A1 Y result",
    ),
    "labels without a name": (
        "W1 = tg.parameter(np.ones((1, 3)))\nresult = tg.mse(W1 @ X, np.ones((1, 4)))",
        "W1 X Z1 Y result",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ARRAYS.values(), ids=ARRAYS)
def test_a_plain_array_is_called_like_the_operand(text, expected):
    assert names_in_cell(text) == expected.split()


def test_data_and_labels_without_a_name_are_x_and_y_beside_other_names():
    W1, X = tg.parameter(np.ones((1, 3)), name="W1"), tg.parameter(np.ones(4), name="X")
    J = tg.mse(W1 @ (np.ones((3, 4)) + 0) * X, np.zeros((1, 4)) + 0)

    assert names_in(J) == ["W1", "X_2", "Z1", "X", "Y", "J"]


def test_several_outputs_are_numbered():
    outputs = [np.sum(x * 2) for x in [tg.parameter(1.0, name="x")] for _ in range(2)]
    order = sorted({t for J in outputs for t in recorded_order(J)}, key=lambda t: t.node.serial)

    assert [name_graph(order, outputs)[J] for J in outputs] == ["J1", "J2"]


# Where there is no source

LINES = "W1 = tg.parameter(np.ones((2, 3)))\npre = W1 @ X\nresult = np.tanh(pre)"


def test_without_its_text_a_cell_has_the_names_of_structure():
    assert names_in_cell(LINES) == ["W1", "X", "pre", "result"]
    assert names_in_cell(LINES, shown="") == ["W1", "X", "Z1", "A1"]
    assert names_in_cell(LINES, shown="%matplotlib inline\n") == ["W1", "X", "Z1", "A1"]
    assert names_in_cell(LINES) == ["W1", "X", "pre", "result"]


def test_names_that_the_running_code_does_not_have_are_not_taken_from_an_edited_file():
    edited = (BEGIN + LINES).replace("pre", "aft").replace("W1", "V1")

    assert names_in_cell(LINES, shown=edited) == ["W1", "X", "Z1", "result"]


def test_code_without_columns_has_the_names_of_structure():
    assert names_in_cell(LINES, change=lambda code: code.replace(co_linetable=b"")) == ["W1", "X", "Z1", "A1"]


def test_a_file_that_runs_without_columns_has_the_names_of_structure(tmp_path):
    (tmp_path / "net.py").write_text(BEGIN + LINES + "\nprint(*np.sum(result).backward())\n")
    command = [sys.executable, "-X", "no_debug_ranges", str(tmp_path / "net.py")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (run.stdout.split(), run.stderr) == (["dA1", "dZ1", "dW1"], "")


def test_a_file_that_runs_has_the_names_of_its_variables(tmp_path):
    (tmp_path / "net.py").write_text(BEGIN + LINES + "\nprint(*np.sum(result).backward())\n")
    run = subprocess.run([sys.executable, tmp_path / "net.py"], capture_output=True, text=True, timeout=60)

    assert (run.stdout.split(), run.stderr) == (["dresult", "dpre", "dW1"], "")


def test_a_copy_keeps_the_name_of_its_variable():
    space = run_cell("V = tg.parameter(np.ones(4))\nresult = V * x")
    linecache.clearcache()
    V = space["V"]

    for copied in (copy.copy(V), copy.deepcopy(V), pickle.loads(pickle.dumps(V))):
        assert copied.name == V.name


def test_variables_of_pythons_own_library_are_nobodys_names(monkeypatch):
    """copy.py keeps what it makes in variables x and y."""
    monkeypatch.setitem(copyreg.dispatch_table, tg.Tensor, lambda x: (tg.parameter, (x.value,)))

    assert copy.copy(run_cell("V = tg.parameter(np.ones(4))", shown="")["V"]).name is None


def test_parameters_of_several_layers_are_counted_and_name_their_layers():
    class Layer:
        def __init__(self, n, m):
            self.W = tg.parameter(np.ones((m, n)))
            self.b = tg.parameter(np.zeros((m, 1)))

        def __call__(self, A):
            return tg.relu(self.W @ A + self.b)

    A = np.ones((3, 5))
    for layer in [Layer(3, 4), Layer(4, 2)]:
        A = layer(A)
    J = tg.mse(A, np.zeros((2, 5)))

    assert list(J.backward()) == ["dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]


def test_a_choice_between_two_values_is_assigned():
    x = tg.parameter(2.0)
    doubled = x * 2.0 if x.ndim == 0 else x + 1.0

    assert doubled.name == "doubled"
