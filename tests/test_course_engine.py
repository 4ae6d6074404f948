"""The course's published figures once more, from networks written with operators and the engine's chain."""

import numpy as np
import pytest

import tinygraph as tg
from tests.course import (
    OPTIMIZERS,
    assert_published,
    cases,
    central_differences,
    flatten,
    relative_difference,
    unflatten,
)
from tests.networks import HIDDEN, layers, parameters_of, record

NOT_OF_THE_ENGINE = {"identity"}  # initial weights: no graph
PUBLISHED = [case for case in cases() if case.function not in OPTIMIZERS | NOT_OF_THE_ENGINE]


def course_chain(J):
    return J.backward().chain(convention="course")


def linear(A_prev, W, b, dZ):
    """dA_prev, dW, db of the lectures from dZ, which leaves out the 1/m."""
    A_prev, W, b = tg.parameter(A_prev), tg.parameter(W), tg.parameter(b)
    m = dZ.shape[1]
    d = (W @ A_prev + b).backward(dZ / m)
    return {"dA_prev": d[A_prev] * m, "dW": d[W], "db": d[b]}


def activation(Z, dA, function):
    Z = tg.parameter(Z)
    return function(Z).backward(dA)[Z]


def cost_derivative(AL, Y):
    """dAL of the lectures."""
    AL = tg.parameter(AL)
    return tg.binary_cross_entropy(AL, Y).backward()[AL] * Y.shape[1]


def logistic_propagate(case):
    w, b, X, Y = (case.inputs[name] for name in ("w", "b", "X", "Y"))
    parameters = parameters_of({"W1": w.T, "b1": np.array([[b]], dtype=float)})
    J = record(X, Y, parameters)
    d = course_chain(J)
    return {"dw": d["dW1"].T, "db": d["db1"], "cost": J.value}


def tanh_net_forward(case):
    parameters = parameters_of(case.parameters)
    Z1 = parameters["W1"] @ case.inputs["X"] + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    values = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": tg.sigmoid(Z2)}
    return {f"mean_{name}": np.mean(t).value for name, t in values.items()}


def tanh_net_backward(case):
    X, Y, A1, A2, W1, b1, W2, b2 = (
        case.inputs[name] for name in ("X", "Y", "A1", "A2", "W1", "b1", "W2", "b2")
    )
    # Only the activations were published, so each step starts from them.
    dZ2 = activation(np.log(A2 / (1 - A2)), cost_derivative(A2, Y), tg.sigmoid)
    second = linear(A1, W2, b2, dZ2)
    first = linear(X, W1, b1, activation(np.arctanh(A1), second["dA_prev"], np.tanh))
    return {"dW1": first["dW"], "db1": first["db"], "dW2": second["dW"], "db2": second["db"]}


def cost(case):
    return {"cost": tg.binary_cross_entropy(tg.parameter(case.inputs["AL"]), case.inputs["Y"]).value}


def gd_update(case):
    """The derivatives were published: those of sum(dW * W)."""
    parameters = parameters_of(case.parameters)
    J = sum(np.sum(case.inputs["d" + name] * p) for name, p in parameters.items())
    tg.optim.SGD(case.settings["learning_rate"]).update(parameters, J.backward())
    return {name: p.value for name, p in parameters.items()}


def train(case, hidden):
    parameters = parameters_of(case.parameters)
    update = tg.optim.SGD(case.settings["learning_rate"]).update
    X, Y = case.inputs["X"], case.inputs["Y"]
    cost_0 = record(X, Y, parameters, hidden).value
    for _ in range(case.settings["num_iterations"]):
        update(parameters, record(X, Y, parameters, hidden).backward())
    return {name: p.value for name, p in parameters.items()} | {"cost_0": cost_0}


def tanh_net_train(case):
    return train(case, "tanh")


def L_layer_train(case):
    return train(case, case.settings["hidden"])


def linear_forward(case):
    return {"Z": (tg.parameter(case.inputs["W"]) @ case.inputs["A"] + case.inputs["b"]).value}


def linear_activation_forward(case):
    Z = tg.parameter(case.inputs["W"]) @ case.inputs["A"] + case.inputs["b"]
    return {"A": HIDDEN[case.settings["activation"]](Z).value}


def L_model_forward(case):
    return {"AL": tg.sigmoid(layers(case.inputs["X"], parameters_of(case.parameters), "relu")).value}


def linear_backward(case):
    return linear(*(case.inputs[name] for name in ("A_prev", "W", "b", "dZ")))


def linear_activation_backward(case):
    g = HIDDEN[case.settings["activation"]]
    dZ = activation(case.inputs["Z"], case.inputs["dA"], g)
    return linear(*(case.inputs[name] for name in ("A_prev", "W", "b")), dZ)


def L_model_backward(case):
    dAL = cost_derivative(case.inputs["AL"], case.inputs["Y"])
    dZ = activation(case.inputs["Z1"], dAL, tg.sigmoid)
    d = linear(*(case.inputs[name] for name in ("A_prev1", "W1", "b1")), dZ)
    return {"dA0": d["dA_prev"], "dW1": d["dW"], "db1": d["db"]}


def gradcheck_1d(case):
    x = case.inputs["x"]
    J, dtheta = tg.value_and_grad(lambda theta: np.sum(theta * x))(np.array([float(case.inputs["theta"])]))
    numeric = central_differences(
        lambda theta: np.sum(theta * x), np.array([float(case.inputs["theta"])]), case.settings["epsilon"]
    )
    return {"J": J, "dtheta": dtheta, "difference": relative_difference(dtheta, numeric)}


def gradcheck_n(case):
    X, Y, arrays = case.inputs["X"], case.inputs["Y"], case.parameters
    d = course_chain(record(X, Y, parameters_of(arrays)))
    for bug in case.settings["bugs"]:
        name, factor = bug.split("*")
        d[name] = d[name] * float(factor)
    numeric = central_differences(
        lambda theta: record(X, Y, unflatten(theta, arrays)), flatten(arrays), case.settings["epsilon"]
    )
    by_graph = flatten({name: d["d" + name] for name in arrays})
    return {"difference": relative_difference(by_graph, numeric)}


def l2_cost(case):
    parameters, Y = parameters_of(case.parameters), case.inputs["Y"]
    squares = sum(np.sum(p**2) for name, p in parameters.items() if name[0] == "W")
    J = tg.binary_cross_entropy(case.inputs["AL"], Y) + case.settings["lambd"] / (2 * Y.shape[1]) * squares
    return {"cost": J.value}


def softmax_two_layer(case):
    """Published with examples as rows, and written so."""
    X, y, W1, b1, W2, b2 = (case.inputs[name] for name in ("X", "y", "W1", "b1", "W2", "b2"))
    W1, W2 = tg.parameter(W1), tg.parameter(W2)
    scores = tg.relu(X @ W1 + b1) @ W2 + b2
    loss = tg.softmax_cross_entropy(scores, y.astype(int), axis=1)
    penalty = case.settings["reg_factor"] * (np.sum(W1**2) + np.sum(W2**2))
    return {"scores": scores.value, "loss_reg0": loss.value, "loss_reg1": (loss + penalty).value}


DRIVERS = {case.function: globals()[case.function] for case in PUBLISHED}


@pytest.mark.parametrize("case", PUBLISHED, ids=str)
def test_reproduces(case):
    assert_published(case, DRIVERS[case.function](case))
