"""The published figures of the course (tests/data/course_cases.json), and how layerwise arrives at them.

`cases` and `assert_published` know nothing of any implementation. `DRIVERS` has one function for each kind
of published function: it takes a case and returns what tinygraph.layerwise computes for it, by name.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tinygraph import layerwise as lw

# Published for updates, not for derivatives: test_optim arrives at these.
OPTIMIZERS = {"momentum_update", "adam_update", "cs_momentum", "cs_rmsprop", "cs_adam"}


@dataclass(frozen=True)
class Case:
    """One published example; lists of numbers have become arrays."""

    name: str
    function: str
    published_in: list[str]
    inputs: dict[str, Any]
    settings: dict[str, Any]
    expected: dict[str, Any]
    tolerance: dict[str, float]
    notes: str

    def __str__(self) -> str:
        return self.name

    @property
    def parameters(self) -> dict[str, Any]:
        """W1, b1, W2, ... of the inputs, in this order."""
        return {name: value for name, value in self.inputs.items() if name[0] in "Wb" and name[1:].isdigit()}


def cases(function: str | None = None) -> list[Case]:
    """All published cases, or those of one function."""
    text = Path(__file__).with_name("data").joinpath("course_cases.json").read_text(encoding="utf-8")
    found = [_read(record) for record in json.loads(text)["cases"]]
    return [case for case in found if function in (None, case.function)]


def _read(record: dict[str, Any]) -> Case:
    arrays = {
        part: {
            name: np.array(value) if isinstance(value, list) else value
            for name, value in record[part].items()
        }
        for part in ("inputs", "expected")
    }
    return Case(**record | arrays)


def assert_published(case: Case, results: dict[str, Any]) -> None:
    """Each published figure is among the results, of its shape and within its tolerance.

    The course prints some (1, 1) arrays as plain numbers; such a result must have one element.
    """
    for name, expected in case.expected.items():
        actual = np.asarray(results[name])
        if np.ndim(expected) == 0:
            actual = actual.item()
        assert np.shape(expected) == np.shape(actual), f"{case.name}: shape of {name}"
        np.testing.assert_allclose(
            actual, expected, rtol=0, atol=case.tolerance[name], err_msg=f"{case.name}: {name}"
        )


def logistic_propagate(case: Case) -> dict[str, Any]:
    w, b, X, Y = (case.inputs[name] for name in ("w", "b", "X", "Y"))
    parameters = {"W1": w.T, "b1": np.array([[b]])}
    A, caches = lw.L_model_forward(X, parameters)
    grads = lw.L_model_backward(A, Y, caches)
    return {"dw": grads["dW1"].T, "db": grads["db1"], "cost": lw.compute_cost(A, Y)}


def tanh_net_forward(case: Case) -> dict[str, Any]:
    A2, (((_, _, _), Z1), ((A1, _, _), Z2)) = lw.L_model_forward(
        case.inputs["X"], case.parameters, hidden="tanh"
    )
    return {
        f"mean_{name}": np.mean(value) for name, value in {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}.items()
    }


def tanh_net_backward(case: Case) -> dict[str, Any]:
    X, Y, A1, A2, W1, b1, W2, b2 = (
        case.inputs[name] for name in ("X", "Y", "A1", "A2", "W1", "b1", "W2", "b2")
    )
    # Only the activations were published; Z follows from them.
    caches = [((X, W1, b1), np.arctanh(A1)), ((A1, W2, b2), np.log(A2 / (1 - A2)))]
    return lw.L_model_backward(A2, Y, caches, hidden="tanh")


def cost(case: Case) -> dict[str, Any]:
    return {"cost": lw.compute_cost(case.inputs["AL"], case.inputs["Y"])}


def gd_update(case: Case) -> dict[str, Any]:
    return lw.update_parameters(case.parameters, case.inputs, case.settings["learning_rate"])


def train(case: Case, hidden: str) -> dict[str, Any]:
    """Full-batch gradient descent; the trained parameters and the cost before the first step."""
    X, Y, parameters = case.inputs["X"], case.inputs["Y"], case.parameters
    cost_0 = lw.compute_cost(lw.L_model_forward(X, parameters, hidden)[0], Y)
    for _ in range(case.settings["num_iterations"]):
        AL, caches = lw.L_model_forward(X, parameters, hidden)
        grads = lw.L_model_backward(AL, Y, caches, hidden)
        parameters = lw.update_parameters(parameters, grads, case.settings["learning_rate"])
    return parameters | {"cost_0": cost_0}


def tanh_net_train(case: Case) -> dict[str, Any]:
    return train(case, "tanh")


def L_layer_train(case: Case) -> dict[str, Any]:
    return train(case, case.settings["hidden"])


def identity(case: Case) -> dict[str, Any]:
    """The initial weights of the first exercise: standard normal after seed 1, times 0.01."""
    W1, W2 = case.inputs["W1"], case.inputs["W2"]
    parameters = lw.initialize_parameters_deep([W1.shape[1], *(len(W) for W in (W1, W2))], seed=1)
    for W in ("W1", "W2"):
        parameters[W] = parameters[W] * np.sqrt(parameters[W].shape[1]) * 0.01
    return parameters


def linear_forward(case: Case) -> dict[str, Any]:
    Z, _ = lw.linear_forward(case.inputs["A"], case.inputs["W"], case.inputs["b"])
    return {"Z": Z}


def linear_activation_forward(case: Case) -> dict[str, Any]:
    A, _ = lw.linear_activation_forward(
        case.inputs["A"], case.inputs["W"], case.inputs["b"], case.settings["activation"]
    )
    return {"A": A}


def L_model_forward(case: Case) -> dict[str, Any]:
    AL, _ = lw.L_model_forward(case.inputs["X"], case.parameters)
    return {"AL": AL}


def linear_backward(case: Case) -> dict[str, Any]:
    cache = case.inputs["A_prev"], case.inputs["W"], case.inputs["b"]
    return dict(zip(("dA_prev", "dW", "db"), lw.linear_backward(case.inputs["dZ"], cache), strict=True))


def linear_activation_backward(case: Case) -> dict[str, Any]:
    cache = (case.inputs["A_prev"], case.inputs["W"], case.inputs["b"]), case.inputs["Z"]
    grads = lw.linear_activation_backward(case.inputs["dA"], cache, case.settings["activation"])
    return dict(zip(("dA_prev", "dW", "db"), grads, strict=True))


def L_model_backward(case: Case) -> dict[str, Any]:
    cache = (case.inputs["A_prev1"], case.inputs["W1"], case.inputs["b1"]), case.inputs["Z1"]
    return lw.L_model_backward(case.inputs["AL"], case.inputs["Y"], [cache])


def gradcheck_1d(case: Case) -> dict[str, Any]:
    """J = theta x as a layer of one weight and one example."""
    x, b = np.array([[case.inputs["x"]]]), np.zeros((1, 1))

    def J(theta: np.ndarray) -> float:
        return lw.linear_forward(x, theta.reshape(1, 1), b)[0].item()

    theta = np.array([float(case.inputs["theta"])])
    _, dtheta, _ = lw.linear_backward(np.ones((1, 1)), (x, theta.reshape(1, 1), b))
    difference = relative_difference(dtheta, central_differences(J, theta, case.settings["epsilon"]))
    return {"J": J(theta), "dtheta": dtheta, "difference": difference}


def gradcheck_n(case: Case) -> dict[str, Any]:
    X, Y, parameters = case.inputs["X"], case.inputs["Y"], case.parameters

    def J(theta: np.ndarray) -> float:
        AL, _ = lw.L_model_forward(X, unflatten(theta, parameters))
        return lw.compute_cost(AL, Y)

    AL, caches = lw.L_model_forward(X, parameters)
    grads = lw.L_model_backward(AL, Y, caches)
    for bug in case.settings["bugs"]:
        name, factor = bug.split("*")
        grads[name] = grads[name] * float(factor)
    by_hand = flatten({name: grads["d" + name] for name in parameters})
    numeric = central_differences(J, flatten(parameters), case.settings["epsilon"])
    return {"difference": relative_difference(by_hand, numeric)}


def l2_cost(case: Case) -> dict[str, Any]:
    Y = case.inputs["Y"]
    squares = sum(np.sum(value**2) for name, value in case.parameters.items() if name[0] == "W")
    penalty = case.settings["lambd"] / (2 * Y.shape[1]) * squares
    return {"cost": lw.compute_cost(case.inputs["AL"], Y) + penalty}


def softmax_two_layer(case: Case) -> dict[str, Any]:
    """Published with examples as rows: everything is turned into columns and the scores back."""
    X, y, W1, b1, W2, b2 = (case.inputs[name] for name in ("X", "y", "W1", "b1", "W2", "b2"))
    parameters = {"W1": W1.T, "b1": b1[:, np.newaxis], "W2": W2.T, "b2": b2[:, np.newaxis]}
    P, caches = lw.L_model_forward(X.T, parameters, output="softmax")
    _, Z2 = caches[-1]
    loss = lw.compute_cost(P, np.eye(len(P))[y.astype(int)].T, output="softmax")
    penalty = case.settings["reg_factor"] * (np.sum(W1**2) + np.sum(W2**2))
    return {"scores": Z2.T, "loss_reg0": loss, "loss_reg1": loss + penalty}


DRIVERS: dict[str, Callable[[Case], dict[str, Any]]] = {
    driver.__name__: driver
    for driver in (
        logistic_propagate,
        tanh_net_forward,
        tanh_net_backward,
        tanh_net_train,
        cost,
        gd_update,
        identity,
        linear_forward,
        linear_activation_forward,
        L_model_forward,
        linear_backward,
        linear_activation_backward,
        L_model_backward,
        L_layer_train,
        gradcheck_1d,
        gradcheck_n,
        l2_cost,
        softmax_two_layer,
    )
}


def flatten(parameters: dict[str, np.ndarray]) -> np.ndarray:
    """All parameters end to end, in their order."""
    return np.concatenate([value.ravel() for value in parameters.values()])


def unflatten(theta: np.ndarray, like: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """theta cut up again into arrays with the names and shapes of `like`."""
    ends = np.cumsum([0, *(value.size for value in like.values())])
    return {
        name: theta[start:end].reshape(value.shape)
        for (name, value), (start, end) in zip(like.items(), pairwise(ends), strict=True)
    }


def central_differences(J: Callable[[np.ndarray], float], theta: np.ndarray, epsilon: float) -> np.ndarray:
    """(J(theta + epsilon) - J(theta - epsilon)) / 2 epsilon for each element of theta, a vector."""
    steps = epsilon * np.eye(theta.size)
    return np.array([(J(theta + step) - J(theta - step)) / (2 * epsilon) for step in steps])


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """||a - b|| / (||a|| + ||b||), the measure of the course's gradient check."""
    a, b = np.ravel(a), np.ravel(b)
    return np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b))
