"""What is recorded of a step: its arguments by name, in any nesting, and the comments of its text."""

import functools
import re

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tests.plan.symbols import random_array
from tinygraph.errors import GraphError
from tinygraph.plan.record import Traced
from tinygraph.plan.source import Section
from tinygraph.plan.trace import argument_name, flatten_inputs, rising_sections, trace_step
from tinygraph.rules.nests import unflatten_nest

X = random_array(3, 4)
NESTED = [
    (),
    (X,),
    (X, 2.0, 3),
    ({"W": X, "b": [1.0, (2.0, X)]}, X),
    ([[], {}, (X,)], "tanh", None, True),
    ((), X, np.float32(1)),
]


def leaves_by_hand(x):
    """The arrays and numbers in order."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, list | tuple):
        return [leaf for inner in x for leaf in leaves_by_hand(inner)]
    is_leaf = isinstance(x, np.ndarray | np.generic | float | int) and not isinstance(x, bool)
    return [x] if is_leaf else []


@pytest.mark.parametrize("inputs", NESTED, ids=range(len(NESTED)))
def test_nested_arguments_are_flattened_in_order_and_put_back(inputs):
    leaves, form = flatten_inputs(inputs)
    back = unflatten_nest(form, range(len(leaves)))

    assert [id(x) for x in leaves] == [id(x) for x in leaves_by_hand(inputs)]
    assert leaves_by_hand(back) == list(range(len(leaves)))
    assert flatten_inputs(back)[1] == form
    np.testing.assert_equal(unflatten_nest(form, iter(leaves)), inputs)


def test_a_tensor_is_given_as_its_array():
    leaves, form = flatten_inputs([tg.tensor(X), [tg.parameter(2.0)]])

    assert leaves[0] is X or np.array_equal(leaves[0], X)
    assert leaves[1] == 2
    assert unflatten_nest(form, iter("ab")) == ("a", ["b"])


def test_what_is_no_array_is_part_of_the_form():
    assert flatten_inputs([X, "relu"])[1] != flatten_inputs([X, "tanh"])[1]
    assert flatten_inputs([X, True])[1] != flatten_inputs([X, False])[1]
    assert flatten_inputs([X, 1.0])[1] == flatten_inputs([X, 2.0])[1]
    assert flatten_inputs([[X]])[1] != flatten_inputs([(X,)])[1]
    assert flatten_inputs([{"a": X}])[1] != flatten_inputs([{"b": X}])[1]


class Model:
    def loss(self, X, Y):
        return X

    @staticmethod
    def plain(X, Y):
        return X


@pytest.mark.parametrize(
    ("loss", "names"),
    [
        (lambda X, Y: X, ["X", "Y", "x2"]),
        (lambda: 0, ["x0", "x1"]),
        (Model().loss, ["X", "Y", "x2"]),
        (Model.plain, ["X", "Y", "x2"]),
        (functools.partial(lambda a, X, Y: X, 1), ["X", "Y", "x2"]),
        (functools.partial(functools.partial(lambda a, b, X: X, 1), 2), ["X", "x1"]),
        (functools.partial(Model().loss, 1), ["Y", "x1"]),
        (np.sum, ["x0", "x1"]),
        (lambda X, *more: X, ["X", "x1"]),
    ],
)
def test_arguments_are_named_after_those_of_the_loss(loss, names):
    assert [argument_name(loss, i) for i in range(len(names))] == names


def source_of(loss, parameters, *inputs, optimizer=None):
    step = tg.compile(loss, parameters, optimizer=optimizer)
    step(*inputs)
    return step.source, step


def arguments_of(source):
    """The names of the arguments of `step`, as its text has them."""
    return re.search(r"def step\(([^)]*)\)", source)[1].replace(" ", "").rstrip(",").split(",")


def test_arrays_in_containers_are_named_after_their_keys_and_numbers():
    def loss(data, more):
        return np.sum(np.tanh(W * data["X"] + data["Y"] + more[0] + more[1][0]))

    W = tg.parameter(X, name="W")
    source, _ = source_of(loss, [W], {"X": X, "Y": -X}, [X, (X + 1,)])

    assert arguments_of(source)[:5] == ["X", "Y", "more0", "more10", "W"]


def titles(source):
    return [line.strip(" #") for line in source.splitlines() if line.strip().startswith("#")]


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_text_goes_forward_layer_by_layer_then_backward_then_updates(layers):
    data, Y, arrays = make_network([*[5, 4, 3][:layers], 2], "softmax")
    parameters = parameters_of(arrays, np.float64)
    source, _ = source_of(
        lambda X, Y: record(X, Y, parameters, "relu", "softmax"),
        parameters,
        data,
        Y,
        optimizer=tg.optim.SGD(0.1),
    )
    L = len(parameters) // 2
    found = [re.sub(r" \(.*", "", title) for title in titles(source) if "ayer" in title or " " not in title]

    forward = [f"Layer {i}" for i in range(1, L + 1)]
    backward = [f"Layer {i}, backward" for i in range(L, 0, -1)]
    assert found == [*forward, "Cost", *backward, "Update"]


def test_a_loss_without_layers_goes_forward_and_backward():
    x = tg.parameter(X, name="x")
    source, _ = source_of(lambda: np.sum(np.sin(x)), [x])

    assert [t for t in titles(source) if t in ("Forward", "Cost", "Backward", "Update")] == [
        "Forward",
        "Backward",
    ]


def test_values_and_derivatives_have_the_lectures_names():
    data, Y, arrays = make_network([5, 4, 3], "sigmoid")
    parameters = parameters_of(arrays, np.float64)
    source, step = source_of(
        lambda X, Y: record(X, Y, parameters, "tanh", "sigmoid"),
        parameters,
        data,
        Y,
        optimizer=tg.optim.Adam(0.1),
    )

    for name in ("Z1", "A1", "dZ1", "dW1", "db1", "dW2"):
        assert re.search(rf"\b{name}\b", source), name
    assert [name for name in step.arguments if name.startswith("v_d")] == [
        f"v_d{name}" for name in parameters
    ]


def test_sections_rise_or_are_left_out():
    ends = [3, 1, 5, 5, 4, 9]
    sections = [Section(end, f"{i}") for i, end in enumerate(ends)]

    assert [s.end for s in rising_sections(sections)] == [3, 5, 9]
    assert [s.title for s in rising_sections(sections)] == ["0", "2", "5"]
    assert rising_sections([]) == []


def test_a_loss_that_is_no_tensor_is_refused_by_type():
    W = tg.parameter(X, name="W")

    with pytest.raises(GraphError, match="not a float"):
        tg.compile(lambda: 1.0, [W])()


def test_parameters_hold_their_arrays_again_whatever_happens():
    W = tg.parameter(X, name="W")

    def loss():
        assert isinstance(W.value, Traced)
        raise KeyError("stop")

    with pytest.raises(KeyError):
        trace_step(loss, [], None, [W], None)
    assert W.value is X or np.array_equal(W.value, X)
    assert not isinstance(W.value, Traced)


def test_a_parameter_that_the_loss_does_not_use_has_no_derivative_and_cannot_be_updated():
    W, V = tg.parameter(X, name="W"), tg.parameter(X[0], name="V")

    _, (dW, dV) = tg.compile(lambda: np.sum(W * W), [W, V])()
    np.testing.assert_array_equal(dW, 2 * X)
    np.testing.assert_array_equal(dV, np.zeros(4))
    with pytest.raises(GraphError, match="was not made from V"):
        tg.compile(lambda: np.sum(W * W), [W, V], optimizer=tg.optim.SGD(0.1))()
    bias = tg.parameter(X[0])
    with pytest.raises(GraphError, match="was not made from bias"):
        tg.compile(lambda: np.sum(W * W), [W, bias], optimizer=tg.optim.SGD(0.1))()
    with pytest.raises(GraphError, match=r"was not made from a \(4,\) parameter"):
        tg.compile(lambda: np.sum(W * W), [W, *map(tg.parameter, [X[0]])], optimizer=tg.optim.SGD(0.1))()


def test_a_trace_pairs_each_array_that_changes_with_its_new_value():
    W = tg.parameter(X.copy(), name="W")
    adam = tg.optim.Adam(0.1)
    adam.memory(W)  # which cannot be made of symbols
    recorded = trace_step(lambda A: np.sum(W * A), [X], None, [W], adam)

    olds = [old for old, _ in recorded.targets]
    assert [s.name for s in olds] == ["W", *(f"{letter}_dW" for letter in adam.remembers)]
    assert recorded.arguments == [recorded.arguments[0], *olds, *recorded.numbers]
    assert [s.name for s in recorded.numbers] == list(adam.numbers())
    assert recorded.arguments[0].name == "A"


def test_a_tensor_with_a_name_from_outside_of_the_loss_is_a_constant():
    W, c = tg.parameter(X, name="W"), tg.tensor(X + 1, name="c")
    J, (dW,) = tg.compile(lambda A: np.sum(W * A * c), [W])(X)

    np.testing.assert_allclose((J, dW[0, 0]), (np.sum(X * X * (X + 1)), (X * (X + 1))[0, 0]))
    assert dW.shape == (3, 4)
