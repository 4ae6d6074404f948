"""How a file calls its own functions: which result goes where, and what is made of what comes back."""

import pytest

from tests.debugger.somebody import LAYER, program_of
from tinygraph.debugger.callers import (
    Origin,
    divides_by_examples,
    goes_one_by_one,
    is_for_several,
    labels_given,
    names_unpacked,
    origins_of,
)

STEP = (
    LAYER
    + """
def loss_of(scores, labels):
    return 0.5 * np.sum((scores - labels) ** 2)

def step(batch, W1, b1, goal):
    fc_backward(batch, None)
    scores, kept = fc_forward(batch, W1, b=b1)
    cost = loss_of(scores, goal)
    return fc_backward(scores - goal, cache=kept)
"""
)


def test_arguments_come_from_results_and_arguments_of_the_forward_pass():
    program = program_of(STEP)
    forward, backward, loss = (program.functions[n] for n in ("fc_forward", "fc_backward", "loss_of"))
    # The first call of fc_backward is given the batch, an argument of the forward pass in that function.
    assert origins_of(program, forward, backward) == {"dout": Origin(argument="x")}
    assert origins_of(program, forward, loss) == {"scores": Origin(result=0)}


def test_a_result_that_is_not_unpacked_is_all_of_it():
    text = LAYER + "def step(x, w, b):\n    both = fc_forward(x, w, b)\n    return fc_backward(x, both)\n"
    program = program_of(text)
    found = origins_of(program, *(program.functions[n] for n in ("fc_forward", "fc_backward")))
    assert found == {"dout": Origin(argument="x"), "cache": Origin()}


def test_a_result_may_go_into_an_object():
    text = (
        LAYER
        + "def step(s, x, w, b):\n    s.h, kept = fc_forward(x, w, b)\n    return fc_backward(s.h, kept)\n"
    )
    program = program_of(text)
    found = origins_of(program, *(program.functions[n] for n in ("fc_forward", "fc_backward")))
    assert found == {"cache": Origin(result=1)}


def test_nothing_is_known_where_nobody_calls():
    program = program_of(LAYER)
    forward, backward = program.functions.values()
    assert origins_of(program, forward, backward) == {}
    assert names_unpacked(program, backward) == []
    assert not divides_by_examples(program, backward)


def test_labels_are_what_a_loss_is_given_as_labels():
    text = """
    def cost(guess, y):
        return np.mean((guess - y) ** 2)

    def back(x, first, second, w):
        return x.T @ (first - second)

    def step(x, w, wanted):
        guess = x @ w
        cost(guess, wanted)
        return back(x, guess, wanted, w)
    """
    program = program_of(text)
    functions = program.functions
    is_label = {"y"}.__contains__
    assert labels_given(program, functions["back"], [functions["cost"]], is_label) == ["second"]
    assert labels_given(program, functions["back"], [], is_label) == []


def test_what_is_unpacked_at_the_top_of_a_file_counts():
    text = LAYER + "gx, gw, gb = fc_backward(np.ones((2, 3)), (np.ones((2, 4)), np.ones((4, 3))))\n"
    program = program_of(text)
    assert names_unpacked(program, program.functions["fc_backward"]) == [["gx", "gw", "gb"]]
    assert names_unpacked(program, program.functions["fc_forward"]) == []


@pytest.mark.parametrize(
    ("count", "counts"),
    [("m", True), ("self.batch_size", True), ("X.shape[0]", True), ("len(X)", True), ("2", False),
     ("sigma", False), ("self.scale", False), ("float(X)", True), ("len()", False), ("std(X)", False),
     ("X[0]", False)],
)  # fmt: skip
def test_a_caller_divides_by_the_number_of_examples(count, counts):
    step = f"def step(X, m, self=None):\n    g = back(X)\n    return g / {count}\n"
    text = "def back(x):\n    return x.T @ x\n" + step
    program = program_of(text)
    assert divides_by_examples(program, program.functions["back"]) is counts
    assert divides_by_examples(program, program.functions["step"]) is False


@pytest.mark.parametrize(
    ("loop", "alone"),
    [("for x, y in data:\n        back(x, y)", True),
     ("for i in range(9):\n        back(X[i], Y[i])", True),
     ("for i in range(9):\n        a, b = X[i], Y[i]\n        back(a, b)", True),
     ("for i in range(9):\n        a = X[0]\n        back(a, Y)", False),
     ("for i in range(9):\n        a, b = X, Y\n        back(a, b)", False),
     ("for epoch in range(9):\n        back(X, Y)", False),
     ("for x, y in data:\n        print(x, y)", False),
     ("for i in range(9):\n        back(X[i], Y)", False),
     ("for i in range(9):\n        back(X[j], Y[j])", False)],
)  # fmt: skip
def test_examples_go_one_after_the_other(loop, alone):
    text = f"def back(x, y):\n    return x * y\ndef train(data, X, Y, j):\n    {loop}\n"
    program = program_of(text)
    assert goes_one_by_one(program, program.functions["back"]) is alone


def test_an_outer_product_is_of_one_example():
    program = program_of("def back(x, d):\n    return np.outer(x, d)\n")
    assert goes_one_by_one(program, program.functions["back"])
    program = program_of("def back(xs, d):\n    for x in xs:\n        d = d + np.outer(x, x)\n    return d\n")
    assert not goes_one_by_one(program, program.functions["back"])


def test_a_class_is_for_several_examples_if_any_of_its_methods_counts_them():
    text = """
    class Dense:
        def forward(self, x):
            self.x = x
            return x @ self.w

        def backward(self, d):
            self.dw = self.x.T @ d
            self.db = d.sum(axis=0)
            return d @ self.w.T

    def alone(x, d):
        return x * d

    def counted(x, d):
        return x.T @ d / len(x)
    """
    program = program_of(text)
    assert [is_for_several(program, f) for f in program.functions.values()] == [True, True, False, True]
