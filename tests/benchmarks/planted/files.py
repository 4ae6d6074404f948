"""Statements as the file that somebody hands in: one function, line by line, or those of the lectures."""

from .programs import COST, FORWARD, LINEAR, START, THROUGH, UPDATE, in_layer

__all__ = ["FUNCTIONS", "PLACES", "given_names", "homework", "line_by_line"]

PLACES = ("backward (all)", "backward (dW, db)", "L_model_backward")
# The functions of the lectures in which a quantity is made, and the names that are at hand there.
FUNCTIONS = {
    "linear_forward": ({"Z"}, {"A_prev", "W", "b"}),
    "linear_activation_forward": ({"A"}, {"A_prev", "W", "b", "Z"}),
    "linear_backward": ({"dW", "db", "dA_prev"}, {"A_prev", "W", "b", "m", "dZ", "dW", "db"}),
    "linear_activation_backward": ({"dZ"}, {"A_prev", "W", "b", "m", "Z", "A", "dA"}),
    "L_model_backward": ({"dA"}, {"A", "Y", "m"}),
    "compute_cost": ({"J"}, {"A", "Y", "m"}),
    "update_parameters": ({"W_new", "b_new"}, {"W", "b", "dW", "db", "lr"}),
}


def line_by_line(net, statements, place):
    """All layers in one function, a line for each quantity.

    `place` is one of PLACES.
    """
    function = place.split()[0]
    arguments, head = {
        "backward": ("parameters, X, Y", forward(net)),
        "L_model_backward": ("AL, Y, caches", caches_unpacked(net)),
    }[function]
    result = ", ".join(f'"{name}": {name}' for name in given_names(statements, place))
    lines = [*head, *(f"{name} = {code}" for name, code in statements.items()), f"return {{{result}}}"]
    return "\n    ".join([f"import numpy as np\n\n\ndef {function}({arguments}):", *lines]) + "\n"


def given_names(statements, place):
    """The names of what a function gives."""
    kinds = {"backward (all)": ("dA", "dZ", "dW", "db"), "L_model_backward": ("dA", "dW", "db")}
    _, *below = statements if place == "L_model_backward" else [None, *statements]  # dAL is not given there
    return [name for name in below if name[:2] in kinds.get(place, ("dW", "db"))]


def forward(net):
    """The lines of the forward pass."""
    lines = [f'W{k}, b{k} = parameters["W{k}"], parameters["b{k}"]' for k in range(1, net.L + 1)]
    lines += ["A0 = X", "m = X.shape[1]"]
    for layer, activation in enumerate(net.activations, start=1):
        lines += [in_layer("Z = W @ A_prev + b", layer), in_layer(f"A = {FORWARD[activation]}", layer)]
    return lines


def caches_unpacked(net):
    """The lines that take the forward pass out of the caches."""
    lines = [f"(A{k - 1}, W{k}, b{k}), Z{k} = caches[{k - 1}]" for k in range(1, net.L + 1)]
    return [*lines, f"A{net.L} = AL", "m = Y.shape[1]"]


def homework(net, planted):
    """The functions of the lectures; `planted` replaces formulas by name: {"dW": ..., "dZ relu": ...}."""
    output = net.activations[-1]
    formulas = LINEAR | UPDATE | {"Z": "W @ A_prev + b", "J": COST[output], "dA": START[output]}
    formulas |= {f"dZ {g}": code for g, code in THROUGH.items()}
    formulas |= {f"A {g}": code for g, code in FORWARD.items()}
    formulas |= {"hidden": net.activations[0], "output": output} | planted
    return HOMEWORK.format_map({name.replace(" ", "_"): code for name, code in formulas.items()})


HOMEWORK = """\
import numpy as np


def linear_forward(A_prev, W, b):
    Z = {Z}
    return Z, (A_prev, W, b)


def activate(Z, activation):
    if activation == "relu":
        A = {A_relu}
    elif activation == "tanh":
        A = {A_tanh}
    elif activation == "sigmoid":
        A = {A_sigmoid}
    else:
        A = {A_softmax}
    return A


def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    return activate(Z, activation), (linear_cache, Z)


def compute_cost(AL, Y):
    A, m = AL, Y.shape[1]
    return {J}


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = {dW}
    db = {db}
    dA_prev = {dA_prev}
    return dA_prev, dW, db


def activate_right(Z, activation):
    return {{
        "relu": lambda: np.maximum(Z, 0),
        "tanh": lambda: np.tanh(Z),
        "sigmoid": lambda: 1 / (1 + np.exp(-Z)),
        "softmax": lambda: np.exp(Z) / np.sum(np.exp(Z), axis=0, keepdims=True),
    }}[activation]()


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    A_prev, W, b = linear_cache
    A, m = activate_right(Z, activation), A_prev.shape[1]
    if activation == "relu":
        dZ = {dZ_relu}
    elif activation == "tanh":
        dZ = {dZ_tanh}
    elif activation == "sigmoid":
        dZ = {dZ_sigmoid}
    else:
        dZ = {dZ_softmax}
    return linear_backward(dZ, linear_cache)


def L_model_backward(AL, Y, caches):
    A, m, L = AL, Y.shape[1], len(caches)
    dA = {dA}
    grads = {{}}
    for l in range(L, 0, -1):
        activation = "{output}" if l == L else "{hidden}"
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], activation)
        grads[f"dA{{l - 1}}"], grads[f"dW{{l}}"], grads[f"db{{l}}"] = dA, dW, db
    return grads


def update_parameters(parameters, grads, learning_rate):
    lr = learning_rate
    new = {{}}
    for l in range(1, len(parameters) // 2 + 1):
        W, b = parameters[f"W{{l}}"], parameters[f"b{{l}}"]
        dW, db = grads[f"dW{{l}}"], grads[f"db{{l}}"]
        new[f"W{{l}}"] = {W_new}
        new[f"b{{l}}"] = {b_new}
    return new
"""
