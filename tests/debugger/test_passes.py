"""A forward pass on made arguments: its results by name, its layouts, what makes it run."""

import numpy as np
import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.layouts import FIRST, LAYOUTS
from tinygraph.debugger.making import LEFT, Choice, Maker
from tinygraph.debugger.passes import (
    Global,
    Pass,
    arguments_of,
    changed_attributes,
    failure_of,
    gates_in,
    holds_arrays,
    invoke,
    layers_in,
    layouts_for,
    pass_with,
    play_forward,
    results_by_name,
    return_names,
    started_parameters,
    unique,
)

# What comes back, by name


def function_of(text):
    return list(program_of(text).functions.values())[-1]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("return out", ["out"]),
        ("return x @ w", ["result"]),
        ("return self.out, cache['h'], x[0], x + 1", ["out", "h", "x", "result 4"]),
        ("return [a, b]", ["a", "b"]),
        ("if x:\n        return a, b\n    return c", ["a", "b"]),
        ("if x:\n        return a\n    return c", ["c"]),
        ("def g():\n        return a, b\n    return c", ["c"]),
        ("return x, cache['x']", ["x", "result 2"]),
        ("x = 1", None),
        ("return", None),
    ],
)
def test_results_are_called_as_in_the_last_return_statement(body, names):
    assert return_names(function_of(f"def f(x, w, cache, self=0, a=0, b=0, c=0):\n    {body}\n")) == names


def test_names_that_come_again_are_numbered():
    assert unique(["x", "h", "x"]) == ["x", "h", "x (3)"]


@pytest.mark.parametrize(
    ("returned", "raw", "found"),
    [
        ("a, b", (1, 2), {"a": 1, "b": 2}),
        ("a, a", (1, 2), {"a": 1, "a (2)": 2}),
        ("a, b", (1, 2, 3), {"result 1": 1, "result 2": 2, "result 3": 3}),
        ("a", (1, 2), {"result 1": 1, "result 2": 2}),
        ("(a,)", (1,), {"a": 1}),
        ("a", [1], {"a": [1]}),
        ("[a, b]", [1, 2], {"a": 1, "b": 2}),
        ("a", 3, {"a": 3}),
        ("a, b", 3, {"result": 3}),
    ],
)
def test_results_by_name(returned, raw, found):
    assert results_by_name(function_of(f"def f(a, b):\n    return {returned}\n"), raw) == found


# The pass

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]])


def pass_of(text, name=None, layout="rows", **state):
    program = program_of(text)
    function = program.functions[name or next(reversed(program.functions))]
    if function.owner is not None:
        state["self"] = function.owner()
    return pass_with(program, function, state, Maker(layout))


NET = """
class Net:
    def __init__(self):
        self.W = np.ones((3, 2))
        self._inner = {"b": np.ones(2)}

    def forward(self, x):
        self.x = x
        self.z = x @ self.W
        self.activation = np.tanh(self.z)
"""


def test_where_nothing_comes_back_the_outputs_are_what_the_object_keeps():
    passed = pass_of(NET, "Net.forward", x=X)
    assert failure_of(passed) is None
    found = passed.outputs(passed.after, passed.raw)
    assert list(found) == ["z", "activation"]  # what is called an output, and not what was given
    assert np.array_equal(found["activation"], np.tanh(X @ np.ones((3, 2))))
    assert vars(passed.state["self"]).keys() == {"W", "_inner"}  # which is as it was


def test_what_is_known_after_a_pass():
    passed = pass_of(NET, "Net.forward", x=X)
    failure_of(passed)
    assert passed.known(passed.after, passed.raw).keys() == {"W", "inner", "x", "z", "activation", "result"}
    text = "def forward(x, params):\n    return x, {'h': x}\n"
    given = pass_of(text, x=X, params={"W": 1})
    failure_of(given)
    assert given.known(given.after, given.raw).keys() == {"x", "params", "W", "result 2", "h"}


def test_what_comes_of_no_function_is_called_out():
    passed = Pass(program_of(""), None, {"x": X}, Maker("rows"), False, lambda state: state["x"] * 2)
    assert failure_of(passed) is None
    assert passed.known(passed.after, passed.raw).keys() == {"x", "out"}
    assert list(passed.outputs(passed.after, passed.raw)) == ["out"]


def test_outputs_are_numbers_or_the_last_of_lists():
    text = "def forward(x):\n    acts, zs = [x, x + 1], [x, x + 2]\n    return RETURNED\n"
    last = pass_of(text.replace("RETURNED", "acts, zs, 'text'"), x=X)
    failure_of(last)
    found = last.outputs(last.after, last.raw)
    assert list(found) == ["zs", "acts"]
    assert np.array_equal(found["acts"], X + 1)
    plain = pass_of(text.replace("RETURNED", "x, acts"), x=X)
    failure_of(plain)
    assert list(plain.outputs(plain.after, plain.raw)) == ["x"]


@pytest.mark.parametrize(
    ("body", "error"),
    [("return x @ x", "ValueError"), ("return None", "ValueError"), ("return 'text'", "ValueError"),
     ("return x / 0", "ValueError"), ("return x[:0]", "ValueError"), ("return x, np.log(-x)", "ValueError"),
     ("raise KeyError(1)", "KeyError"), ("return x", None)],
)  # fmt: skip
def test_a_pass_runs_if_it_gives_finite_numbers(body, error):
    failed = failure_of(pass_of(f"def forward(x):\n    {body}\n", x=X))
    assert (None if failed is None else type(failed).__name__) == error


def test_a_method_that_gives_and_changes_nothing_does_not_run():
    still = NET.partition("    def forward")[0] + "    def forward(self, x):\n        self.W = self.W * 1\n"
    assert str(failure_of(pass_of(still, "Net.forward", x=X))) == "nothing"


@pytest.mark.parametrize(
    ("layout", "m", "degenerate"),
    [("rows", 7, False), ("columns", 7, False), ("one column", 1, True), ("one unit", 7, True),
     ("sequences", 2, False),
     ("images", 2, False), ("numbers", 1, True), ("flat weights", 7, False), ("one image", 1, True)],
)  # fmt: skip
def test_how_many_examples_a_layout_has(layout, m, degenerate):
    passed = pass_of("def forward(x):\n    return x\n", layout=layout, x=X)
    assert (passed.m, passed.is_degenerate) == (m, degenerate)


def test_with_a_single_output_some_mistakes_cannot_be_seen():
    passed = pass_of("def forward(x):\n    return x\n", x=X)
    passed.maker.sizes = FIRST.with_one_output()
    assert passed.is_degenerate


def test_each_pass_has_a_number_of_its_own():
    a, b = (pass_of("def forward(x):\n    return x\n", x=X) for _ in range(2))
    assert a.attempt != b.attempt


class Thing:
    def __init__(self, **attributes):
        vars(self).update(attributes)


def test_what_has_changed_in_an_object():
    same = np.ones(2)
    before = Thing(kept=same, equal=[1.0, 2.0], moved=np.ones(2), longer=[1.0], text="a", kind=(1.0,))
    after = Thing(
        kept=same, equal=[1.0, 2.0], moved=np.zeros(2), longer=[1.0, 1.0], text="a", kind=[1.0], new=None
    )
    assert changed_attributes(before, after).keys() == {"moved", "longer", "kind", "new"}


# Layouts


@pytest.mark.parametrize(
    ("text", "first"),
    [("x @ w + b", "rows"), ("W @ X + b", "columns"), ("np.sum(dZ, axis=1, keepdims=True)", "columns"),
     ("math.exp(-x)", "one vector"), ("def conv_forward(x)", "images"),
     ("conv(A_prev, n_H, n_W)", "images, channels last"),
     ("def rnn_step(x)", "rows"), ("hprev = np.zeros((H, 1)); lstm", "one column"),
     ("lstm: concat = np.concatenate((a_prev, xt))", "columns")],
)  # fmt: skip
def test_the_likeliest_layout_comes_first(text, first):
    found = layouts_for(text)
    assert found[0] == first
    assert sorted(found) == sorted(LAYOUTS)


def test_sequences_come_early_where_time_is_spoken_of():
    assert layouts_for("attention over time")[:3] == ["rows", "sequences", "one sequence"]


# Passes that run


def first_pass(text, name, objects=None, layouts=("rows", "columns"), **more):
    program = program_of(text)
    return next(play_forward(program, program.functions[name], objects, layouts, FIRST, 0, **more), None)


def test_a_pass_is_found_whose_arguments_fit_together():
    passed = first_pass("def forward(x, w, b):\n    return np.maximum(x @ w + b, 0), (x, w)\n", "forward")
    x, w, b = (passed.state[n] for n in "xwb")
    assert x.shape[1] == w.shape[0]
    assert b.shape == (w.shape[1],)
    assert np.array_equal(passed.raw[0], np.maximum(x @ w + b, 0))


def test_the_layout_is_one_in_which_it_runs():
    passed = first_pass("def forward(w, x, b):\n    return np.dot(w, x) + b\n", "forward")
    assert passed.maker.layout == "columns"
    assert passed.state["b"].shape[1] == 1


def test_what_runs_with_as_many_outputs_as_inputs_is_found():
    passed = first_pass("def forward(x, pred):\n    return np.stack([x, pred])\n", "forward")
    assert passed.state["x"].shape == passed.state["pred"].shape


def test_nothing_is_found_where_nothing_runs():
    assert first_pass("def forward(x):\n    raise ValueError\n", "forward") is None


def test_vectors_of_parameters_have_as_many_axes_as_each_other():
    passes = []
    program = program_of("def forward(x, gamma, beta):\n    return gamma * x + beta\n")
    for passed in play_forward(program, program.functions["forward"], None, ["rows"], FIRST, 0):
        passes.append((np.ndim(passed.state["gamma"]), np.ndim(passed.state["beta"])))
        if len(passes) == 2:
            break
    assert passes == [(1, 1), (2, 2)]


def test_weights_after_images_have_as_many_rows_as_these_have_numbers():
    text = "def conv_forward(x, W):\n    flat = x.reshape(x.shape[0], -1)\n    return flat @ W\n"
    passed = first_pass(text, "conv_forward", layouts=["images"], known=None)
    assert passed is None or passed.state["W"].shape[0] == passed.state["x"][0].size


@pytest.mark.parametrize("product", ["flat @ self.W", "np.dot(flat, self.W)"])
def test_weights_that_are_there_are_made_to_fit_images(product):
    text = f"""
    class Dense:
        def __init__(self):
            self.W = np.ones((4, 3))

        def forward(self, x):
            flat = x.reshape(len(x), -1)
            return {product}
    """
    program = program_of(text)
    make = program.namespace["Dense"]
    passes = play_forward(
        program, program.functions["Dense.forward"], lambda m: iter([make()]), ["images"], FIRST, 0
    )
    passed = next(passes)
    assert passed.state["self"].W.shape == (passed.state["x"][0].size, 3)
    assert make().W.shape == (4, 3)


def test_arguments_are_what_was_chosen():
    array = np.ones(2)
    choices = [
        Choice("x", None, [1, array]),
        Choice("p", "W", [2, 3]),
        Choice("p", "b", [LEFT, 4]),
        Choice("q", None, [LEFT]),
    ]
    found = arguments_of(choices, [1, 0, 0, 0])
    assert found.keys() == {"x", "p"}
    assert found["p"] == {"W": 2}
    assert found["x"] is not array
    assert arguments_of(choices, [0, 1, 1, 0]) == {"x": 1, "p": {"W": 3, "b": 4}}


def test_a_files_variables_are_those_of_the_state_while_it_is_called():
    text = "w = np.ones(2)\n\ndef forward(x):\n    global w\n    w = w + x\n    return w\n"
    program = program_of(text)
    state = {"x": 3.0, Global("w"): np.zeros(2)}
    assert invoke(program, program.functions["forward"], state, {"x": 3.0}).tolist() == [3.0, 3.0]
    assert state["w"].tolist() == [3.0, 3.0]
    assert program.namespace["w"].tolist() == [1.0, 1.0]


def test_a_variable_that_was_not_there_is_not_there_afterwards():
    program = program_of("def forward(x):\n    return x * scale\n")
    assert invoke(program, program.functions["forward"], {Global("scale"): 2.0}, {"x": 3.0}) == 6.0
    assert "scale" not in program.namespace


def test_a_missing_variable_is_made_and_a_present_one_drawn_anew():
    text = "W, unused = np.zeros((5, 4)), np.ones(2)\n\ndef forward(x):\n    return x @ W + bias\n"
    passed = first_pass(text, "forward")
    held = {str(n): v for n, v in passed.state.items() if isinstance(n, Global)}
    assert held.keys() == {"W", "bias"}
    assert held["W"].shape == (5, 4)
    assert held["W"].all()  # zeros would hide mistakes


def test_sizes_follow_the_weights_that_a_file_has():
    text = "weights = np.zeros((3, 2))\n\ndef forward(x):\n    return x @ weights\n"
    assert first_pass(text, "forward").state["x"].shape == (FIRST.m, 3)


# What the texts say


@pytest.mark.parametrize(
    ("text", "layers"),
    [("x @ W1 + b2", (1, 1)), ("W1 W2 W_3", (1, 3)), ("Theta0 Theta1", (0, 1)), ("x1 x2", (1, 1))],
)
def test_the_numbers_of_the_weights(text, layers):
    assert layers_in(function_of(f"def f():\n    '{text}'\n"), []) == layers


def test_weights_of_the_functions_around_count_too():
    around = function_of("def g(W3):\n    return W3\n")
    assert layers_in(function_of("def f(W2):\n    return W2\n"), [around]) == (2, 3)


@pytest.mark.parametrize(
    ("name", "text", "gates"),
    [("lstm_step", "a[:, :H]", 4), ("gru_step", "np.split(a, 3)", 3), ("lstm_step", "x @ w", 1),
     ("step", "np.split(a, 4)", 1),
     ("gru", "x @ w", 1)],
)  # fmt: skip
def test_gates_that_stand_side_by_side(name, text, gates):
    assert gates_in(text, function_of(f"def {name}(a):\n    pass\n")) == gates


MODEL = """
SIZES = [5, 4, 3]
LAYER_DIMS = [6, 4, 2]

def initialize_parameters(layer_dims):
    params = {}
    for l in range(1, len(layer_dims)):
        params["W" + str(l)] = np.zeros((layer_dims[l], layer_dims[l - 1]))
        params["b" + str(l)] = np.zeros((layer_dims[l], 1))
    return params

def init_three(n_x, n_h, hidden, n_y, seed):
    return [np.zeros((n_x, n_h)), np.zeros((hidden, n_y))], seed

def create_nothing(layers):
    raise ValueError

def forward(X, parameters, sizes=None):
    A = X
    for l in range(1, len(parameters) // 2 + 1):
        A = np.tanh(parameters["W" + str(l)] @ A + parameters["b" + str(l)])
    return A
"""


def test_parameters_are_what_the_file_itself_starts_with():
    program = program_of(MODEL)
    maker = Maker("columns", program=program)
    found = started_parameters(program, program.functions["forward"], maker)
    made = found["parameters"]
    assert made[0]["W1"].shape == (4, 6)  # of the file's own sizes
    assert all(part.all() for part in made[0].values())  # no zeros
    assert made[1][0].shape == (5, 4)
    assert len(made) == 2
    assert found["sizes"] == [[5, 4, 3]]
    assert (maker.sizes.n, maker.sizes.k) == (6, 2)


@pytest.mark.parametrize(
    ("value", "holds"),
    [(np.ones(2), True), ([np.ones(2), np.ones((2, 2))], True), ({"W": np.ones(2)}, True),
     (np.arange(3), False),
     ([np.ones(2), 3], False), ([], False), (np.float64(1.0), False), (np.array(1.0), False), (len, False),
     (np, False)],
)  # fmt: skip
def test_what_holds_arrays(value, holds):
    assert holds_arrays(value) is holds
