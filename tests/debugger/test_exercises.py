"""The course's exercises as people hand them in: right ones agree, of wrong ones the function is named."""

import json
import time

import pytest

from tests.debugger.homework import RIGHT
from tinygraph.debugger.runner import check_file

WEEK_2 = """
import numpy as np
import h5py_of_nowhere
from lr_utils_of_nowhere import load_dataset
%matplotlib inline

# ---
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

# ---
train_x, train_y, classes = load_dataset()

# ---
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -(1 / m) * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dw = np.dot(X, (A - Y).T) / m
    db = np.sum(A - Y) / m
    cost = np.squeeze(np.array(cost))
    return {"dw": dw, "db": db}, cost
"""

WEEK_3 = """
import copy
import numpy as np
import matplotlib_of_nowhere.pyplot as plt
from planar_utils_of_nowhere import plot_decision_boundary, sigmoid, load_planar_dataset
from testCases_of_nowhere import *

# ---
X, Y = load_planar_dataset()
plt.scatter(X[0, :], X[1, :], c=Y, s=40)

# ---
def forward_propagation(X, parameters):
    W1, b1, W2, b2 = [parameters[name] for name in ("W1", "b1", "W2", "b2")]
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)
    assert A2.shape == (1, X.shape[1])
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}

# ---
def compute_cost(A2, Y, parameters):
    m = Y.shape[1]
    logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
    return float(np.squeeze(-np.sum(logprobs) / m))

# ---
def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = np.dot(dZ2, cache["A1"].T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.dot(parameters["W2"].T, dZ2) * (1 - np.power(cache["A1"], 2))
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}

# ---
def update_parameters(parameters, grads, learning_rate=1.2):
    parameters = copy.deepcopy(parameters)
    W1, b1, W2, b2 = [parameters[name] for name in ("W1", "b1", "W2", "b2")]
    return {
        "W1": W1 - learning_rate * grads["dW1"],
        "b1": b1 - learning_rate * grads["db1"],
        "W2": W2 - learning_rate * grads["dW2"],
        "b2": b2 - learning_rate * grads["db2"],
    }

# ---
parameters = nn_model(X, Y, 4, num_iterations=10000)
"""

WEEK_4 = """
import copy
import numpy as np
from dnn_utils_of_nowhere import sigmoid, sigmoid_backward, relu, relu_backward
from public_tests_of_nowhere import *
%load_ext autoreload

# ---
def linear_forward(A, W, b):
    Z = W.dot(A) + b
    return Z, (A, W, b)

# ---
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    if activation == "sigmoid":
        A, activation_cache = sigmoid(Z)
    elif activation == "relu":
        A, activation_cache = relu(Z)
    return A, (linear_cache, activation_cache)

# ---
def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    caches.append(cache)
    return AL, caches

# ---
def compute_cost(AL, Y):
    m = Y.shape[1]
    cost = -1 / m * (np.dot(Y, np.log(AL).T) + np.dot(1 - Y, np.log(1 - AL).T))
    return np.squeeze(cost)

# ---
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

# ---
def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    if activation == "relu":
        dZ = relu_backward(dA, activation_cache)
    elif activation == "sigmoid":
        dZ = sigmoid_backward(dA, activation_cache)
    return linear_backward(dZ, linear_cache)

# ---
def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    Y = Y.reshape(AL.shape)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    dA_prev, dW, db = linear_activation_backward(dAL, caches[L - 1], "sigmoid")
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = dA_prev, dW, db
    for l in reversed(range(L - 1)):
        dA_prev, dW, db = linear_activation_backward(grads["dA" + str(l + 1)], caches[l], "relu")
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = dA_prev, dW, db
    return grads

# ---
def update_parameters(params, grads, learning_rate):
    parameters = copy.deepcopy(params)
    L = len(parameters) // 2
    for l in range(L):
        parameters["W" + str(l + 1)] = parameters["W" + str(l + 1)] - learning_rate * grads["dW" + str(l + 1)]
        parameters["b" + str(l + 1)] = parameters["b" + str(l + 1)] - learning_rate * grads["db" + str(l + 1)]
    return parameters
"""

WEEKS = {
    "week 2": (WEEK_2, ["propagate"]),
    "week 3": (
        WEEK_3,
        ["forward_propagation", "compute_cost", "backward_propagation", "update_parameters"],
    ),
    "week 4": (
        WEEK_4,
        [
            "linear_forward",
            "linear_activation_forward",
            "L_model_forward",
            "compute_cost",
            "linear_backward",
            "linear_activation_backward",
            "L_model_backward",
            "update_parameters",
        ],
    ),
}


@pytest.fixture
def check_apart(tmp_path):
    """A function that checks a text as a notebook with a cell between every two marks, in a process."""

    def check_text(text, **options):
        sources = text.split("# ---\n")
        cells = [{"cell_type": "code", "source": source.splitlines(True)} for source in sources]
        file = tmp_path / "work.ipynb"
        file.write_text(json.dumps({"cells": cells}))
        return check_file(file, **options)

    return check_text


@pytest.fixture
def check(check_apart, here):
    """The same in this process."""
    return check_apart


def verdicts(report):
    return {f.name: f.verdict for f in report.functions}


@pytest.mark.parametrize(
    "options", [{}, {"sizes": (7, 6, 5, 4, 1), "seed": 5}, {"sizes": (4, 3, 1)}], ids=str
)
@pytest.mark.parametrize(("text", "functions"), WEEKS.values(), ids=WEEKS)
def test_right_exercises_agree(check, text, functions, options):
    begun = time.monotonic()

    report = check(text, **options)

    assert time.monotonic() - begun < 10
    assert report.errors == []
    assert [row for row in report.rows if not row.ok] == []
    assert verdicts(report) == dict.fromkeys(functions, "agrees")
    assert report.status == 0


def test_what_stands_in_is_told(check):
    assert check(WEEK_4).notes == [
        "dnn_utils_of_nowhere, public_tests_of_nowhere: not found; what needs it cannot run here.",
        "relu, relu_backward, sigmoid, sigmoid_backward: not found; "
        "tinygraph's own of the same name stands in.",
    ]


def test_names_of_the_first_edition(check):
    text = WEEK_4.replace('grads["dA" + str(L - 1)], ', 'grads["dA" + str(L)], ')
    text = text.replace('grads["dA" + str(l + 1)], caches', 'grads["dA" + str(l + 2)], caches')
    text = text.replace('grads["dA" + str(l)], ', 'grads["dA" + str(l + 1)], ')

    report = check(text)

    assert report.status == 0
    assert "dA3, dA2, dA1: each is the derivative one layer further down" in " ".join(report.notes)


def test_an_argument_more(check):
    text = WEEK_3.replace(
        "def forward_propagation(X, parameters):", "def forward_propagation(X, parameters, kept):"
    )

    assert check(text).status == 0


MISTAKES = {
    "week 2 dw": (WEEK_2, "(A - Y).T) / m", "(A - Y).T)", "propagate", "dw"),
    "week 2 cost": (WEEK_2, "cost = -(1 / m)", "cost = (1 / m)", "propagate", "J"),
    "week 2 db": (WEEK_2, "np.sum(A - Y) / m", "np.sum(Y - A) / m", "propagate", "db"),
    "week 3 forward": (WEEK_3, "np.tanh(Z1)", "np.tanh(Z1) * 2", "forward_propagation", "A1"),
    "week 3 tanh": (WEEK_3, "1 - np.power", "2 - np.power", "backward_propagation", "dW1"),
    "week 3 axis": (WEEK_3, "dZ2, axis=1", "dZ2, axis=0", "backward_propagation", "db2"),
    "week 3 cost": (WEEK_3, "-np.sum(logprobs) / m", "-np.sum(logprobs)", "compute_cost", "J"),
    "week 3 update": (WEEK_3, "b2 - learning", "b2 + learning", "update_parameters", "b2"),
    "week 4 linear": (WEEK_4, "W.dot(A) + b", "W.dot(A) - b", "linear_forward", "Z3"),
    "week 4 cost": (WEEK_4, "np.dot(Y, np.log(AL).T)", "np.dot(Y.T, np.log(AL)).sum()", "compute_cost", "J"),
    "week 4 activation": (WEEK_4, "A, activation_cache = relu(Z)", "A, activation_cache = relu(-Z)",
                          "linear_activation_forward", "Z2"),
    "week 4 output": (WEEK_4, '"sigmoid")\n    caches', '"relu")\n    caches', "L_model_forward", "A3"),
    "week 4 cached A": (WEEK_4, "A, activation_cache = sigmoid(Z)",
                        "A, activation_cache = sigmoid(Z)\n        activation_cache = A",
                        "linear_activation_forward", "Z3"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "function", "name"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_located(check, text, old, new, function, name):
    assert old in text

    report = check(text.replace(old, new))

    assert report.status == 1
    wrong = [(step.function, row.name) for step, row in report.judged_rows if not row.ok]
    assert (function, name) == wrong[0]
    assert verdicts(report)[function] == "wrong"
    assert report.diagnoses[0].function == function


def test_lines_are_those_of_the_cell(check):
    report = check(WEEK_3.replace("dZ2 = cache", "dZ2 = nothing"))

    assert [f.reason for f in report.functions if f.verdict == "could not run"] == [
        "backward_propagation raised NameError: name 'nothing' is not defined (work.ipynb, cell 5, line 3)"
    ]
    assert report.status == 1
    assert {f.name: f.place for f in report.functions}["update_parameters"] == ("work.ipynb, cell 6, line 1")


@pytest.mark.parametrize("activations", [("tanh", "tanh", "sigmoid"), ("sigmoid", "sigmoid")])
def test_networks_of_other_activations(check, activations):
    text = WEEK_4.replace('"relu"', f'"{activations[0]}"').replace("relu", activations[0])

    assert check(text, activations=activations).status == 0
    assert check(WEEK_4, activations=activations).status != 0


def test_softmax(check):
    text = (
        WEEK_4.replace("sigmoid", "softmax")
        .replace("np.dot(Y, np.log(AL).T) + np.dot(1 - Y, np.log(1 - AL).T)", "np.sum(Y * np.log(AL))")
        .replace("dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))", "dAL = -Y / AL")
    )

    report = check(text, activations=["relu", "relu", "softmax"])

    assert [row for row in report.rows if not row.ok] == []
    assert report.status == 0


# Whatever one function does, the others are judged

HARM = {
    "exit": ("sys.exit(1)", "called sys.exit"),
    "crash": ("ctypes.string_at(0)", "ended the process by SIGSEGV"),
    "memory": ("np.ones(10 * 2**27)", "asked for more memory than --memory allows"),
    "nothing": ("return print()", "returned None; expected a dict of arrays by name"),
    "keys": ('return {"W_1": 3}', None),
}


@pytest.mark.parametrize(("body", "said"), HARM.values(), ids=HARM)
def test_harm_is_a_sentence_and_the_others_are_judged(check_apart, body, said):
    text = (
        RIGHT.split("def update_parameters")[0]
        + f"import ctypes, sys\ndef update_parameters(p, g, r):\n    {body}\n"
    )

    report = check_apart(text, timeout=6)

    assert verdicts(report) == {
        "linear_backward": "agrees",
        "linear_activation_backward": "agrees",
        "L_model_backward": "agrees",
        "update_parameters": "could not run" if said else "wrong",
    }
    assert (report.status, report.errors) == (1, [])
    if said:
        [reason] = [f.reason for f in report.functions if f.reason]
        assert reason.startswith(f"update_parameters {said}")
        assert reason in " ".join(str(report).replace("│", "").split())
    else:
        assert [row.verdict for row in report.rows if not row.ok] == ["missing"] * 6
