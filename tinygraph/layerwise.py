"""The lectures by hand: one forward and one backward function per layer, in NumPy alone.

Nothing here is recorded or derived by machine. Every line is a formula of the Deep Learning
Specialization (course 1, weeks 2 to 4), under the course's own names, for all m examples at once.

Examples are columns. Layer l has n_l units, and n_0 is the number of inputs:

    X = A0 (n_0, m)    W_l (n_l, n_(l-1))    b_l (n_l, 1)    Z_l, A_l (n_l, m)    Y (n_L, m)

`dW` stands for dJ/dW. The lectures average over the examples in dW and db and leave the 1/m out of
dA and dZ, which are therefore m times the derivatives of the cost J.

No function changes what it is given. float32 arrays give float32 results.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

__all__ = [
    "L_model_backward",
    "L_model_forward",
    "compute_cost",
    "initialize_parameters_deep",
    "linear_activation_backward",
    "linear_activation_forward",
    "linear_backward",
    "linear_forward",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
    "update_parameters",
]

Array = np.ndarray[Any, np.dtype[np.floating[Any]]]
LinearCache = tuple[Array, Array, Array]
Cache = tuple[LinearCache, Array]
_Row = TypeVar("_Row")


# Activations: A = g(Z) forward, dZ = dA * g'(Z) backward


def relu(Z: Array) -> Array:
    """max(0, Z), elementwise, of Z's shape.

    >>> relu(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """
    return np.maximum(0, Z)


def relu_backward(dA: Array, Z: Array) -> Array:
    """dZ = dA where Z > 0, else 0: the slope at the kink is taken as 0, as in the course.

    >>> relu_backward(np.array([[5.0, 5.0]]), np.array([[-1.0, 2.0]]))
    array([[0., 5.]])
    """
    return dA * (Z > 0)


def tanh(Z: Array) -> Array:
    """(e^Z - e^-Z) / (e^Z + e^-Z), elementwise, of Z's shape.

    >>> tanh(np.array([[0.0]]))
    array([[0.]])
    """
    return np.tanh(Z)


def tanh_backward(dA: Array, Z: Array) -> Array:
    """dZ = dA * (1 - A^2) with A = tanh(Z).

    >>> tanh_backward(np.array([[3.0]]), np.array([[0.0]]))
    array([[3.]])
    """
    A = tanh(Z)
    return dA * (1 - A * A)


def sigmoid(Z: Array) -> Array:
    """1 / (1 + e^-Z), elementwise, of Z's shape, never exactly 0 or 1.

    >>> sigmoid(np.array([[0.0]]))
    array([[0.5]])
    """
    with np.errstate(over="ignore"):  # e^-Z = inf gives 0, which is the right limit
        return _inside(1 / (1 + np.exp(-Z)))


def sigmoid_backward(dA: Array, Z: Array) -> Array:
    """dZ = dA * A * (1 - A) with A = sigmoid(Z).

    >>> sigmoid_backward(np.array([[8.0]]), np.array([[0.0]]))
    array([[2.]])
    """
    A = sigmoid(Z)
    return dA * A * (1 - A)


def softmax(Z: Array) -> Array:
    """e^Z / sum(e^Z) down each column, of Z's shape, never exactly 0 or 1.

    >>> softmax(np.array([[0.0, 1.0], [0.0, 1.0]]))
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    E = np.exp(Z - np.max(Z, axis=0, keepdims=True))  # the shift cancels, and no e^Z overflows
    return _inside(E / np.sum(E, axis=0, keepdims=True))


def softmax_backward(dA: Array, Z: Array) -> Array:
    """dZ = A * (dA - sum(A * dA)) down each column, with A = softmax(Z).

    This is the product of each column of dA with the full Jacobian, whose entry (i, j) is
    A_i (1 - A_i) on the diagonal and -A_i A_j off it.

    >>> softmax_backward(np.array([[4.0], [0.0]]), np.array([[0.0], [0.0]]))
    array([[ 1.],
           [-1.]])
    """
    A = softmax(Z)
    mean: Array = np.sum(A * dA, axis=0, keepdims=True)  # of dA, weighted by the probabilities A
    return A * (dA - mean)


_ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]] = {
    "relu": (relu, relu_backward),
    "sigmoid": (sigmoid, sigmoid_backward),
    "tanh": (tanh, tanh_backward),
    "softmax": (softmax, softmax_backward),
}


# The loss that belongs to each output activation, and its derivative dAL


def _binary_loss(A: Array, Y: Array) -> Array:
    A = _probabilities(A)
    return -(Y * np.log(A) + (1 - Y) * np.log(1 - A))


def _binary_loss_backward(A: Array, Y: Array) -> Array:
    A = _probabilities(A)
    return -(Y / A) + (1 - Y) / (1 - A)


def _softmax_loss(A: Array, Y: Array) -> Array:
    return -(Y * np.log(_probabilities(A)))


def _softmax_loss_backward(A: Array, Y: Array) -> Array:
    return -(Y / _probabilities(A))


def _squared_loss(A: Array, Y: Array) -> Array:
    return (A - Y) ** 2 / 2


def _squared_loss_backward(A: Array, Y: Array) -> Array:
    return A - Y


_LOSSES: dict[str, tuple[Callable[[Array, Array], Array], Callable[[Array, Array], Array]]] = {
    "sigmoid": (_binary_loss, _binary_loss_backward),
    "softmax": (_softmax_loss, _softmax_loss_backward),
    "tanh": (_squared_loss, _squared_loss_backward),
    "relu": (_squared_loss, _squared_loss_backward),
}


# The system of the lectures


def initialize_parameters_deep(layer_dims: Sequence[int], seed: int = 1) -> dict[str, Array]:
    """Random weights and zero biases for a network with layer_dims = [n_0, n_1, ..., n_L].

    W_l is standard normal times sqrt(1 / n_(l-1)), which keeps the size of Z_l the same from layer to
    layer (the scale of the course's deep network); b_l is zero. Returns {"W1", "b1", ..., "WL", "bL"}
    in float64. The generator is the one the course uses, whose stream NumPy has frozen, so a seed
    gives the course's own weights, today and later.

    Raises ValueError if layer_dims has fewer than two sizes or a size below 1.

    >>> parameters = initialize_parameters_deep([10, 5, 1])
    >>> {name: value.shape for name, value in parameters.items()}
    {'W1': (5, 10), 'b1': (5, 1), 'W2': (1, 5), 'b2': (1, 1)}
    """
    if len(layer_dims) < 2 or min(layer_dims) < 1:
        raise ValueError(
            f"layer_dims is {list(layer_dims)}; expected the sizes of at least two layers, each 1 or more, "
            "the inputs first: [n_0, n_1, ..., n_L]"
        )
    random = np.random.RandomState(seed)
    parameters = {}
    for layer, (n_prev, n) in enumerate(pairwise(layer_dims), start=1):
        parameters[f"W{layer}"] = random.randn(n, n_prev) * np.sqrt(1 / n_prev)
        parameters[f"b{layer}"] = np.zeros((n, 1))
    return parameters


def linear_forward(A_prev: Array, W: Array, b: Array) -> tuple[Array, LinearCache]:
    """Z = W A_prev + b, of shape (n, m), and the cache (A_prev, W, b) that the way back needs.

    A_prev is (n_prev, m), W is (n, n_prev), b is (n, 1).
    Raises ValueError, naming the array, where these shapes do not fit.

    >>> A_prev = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> Z, cache = linear_forward(A_prev, W=np.array([[10.0, 1.0]]), b=np.array([[5.0]]))
    >>> Z
    array([[18., 29.]])
    """
    _check_shapes(W=(W, "n", "n_prev"), A_prev=(A_prev, "n_prev", "m"), b=(b, "n", 1))
    return W @ A_prev + b, (A_prev, W, b)


def linear_activation_forward(A_prev: Array, W: Array, b: Array, activation: str) -> tuple[Array, Cache]:
    """A = g(W A_prev + b), of shape (n, m), and the cache ((A_prev, W, b), Z).

    activation is "relu", "sigmoid", "tanh" or "softmax"; the shapes are those of `linear_forward`.
    Raises ValueError for another activation or for shapes that do not fit.

    >>> A, cache = linear_activation_forward(np.eye(2), np.array([[3.0, -4.0]]), np.array([[0.5]]), "relu")
    >>> A
    array([[3.5, 0. ]])
    """
    g, _ = _find(_ACTIVATIONS, activation)
    Z, linear_cache = linear_forward(A_prev, W, b)
    return g(Z), (linear_cache, Z)


def L_model_forward(
    X: Array, parameters: Mapping[str, Array], hidden: str = "relu", output: str = "sigmoid"
) -> tuple[Array, list[Cache]]:
    """AL, of shape (n_L, m), from X, of shape (n_0, m), and the caches of layers 1 to L.

    parameters is {"W1", "b1", ..., "WL", "bL"}; layers 1 to L-1 have the activation `hidden`, layer L has
    `output`. Raises ValueError for a missing parameter, an unknown activation, or shapes that do not fit.

    >>> AL, caches = L_model_forward(np.zeros((3, 4)), initialize_parameters_deep([3, 2, 1]))
    >>> AL
    array([[0.5, 0.5, 0.5, 0.5]])
    >>> len(caches)
    2
    """
    L = _count_layers(parameters)
    A, caches = X, []
    for layer in range(1, L + 1):
        W, b = parameters[f"W{layer}"], parameters[f"b{layer}"]
        A, cache = linear_activation_forward(A, W, b, output if layer == L else hidden)
        caches.append(cache)
    return A, caches


def compute_cost(AL: Array, Y: Array, output: str = "sigmoid") -> np.floating[Any]:
    """The cost J: the loss summed over the n_L output units, averaged over the m examples.

    The loss belongs to the output activation:

        sigmoid      -(Y log AL + (1 - Y) log(1 - AL))     cross-entropy, course 1, week 2
        softmax      -Y log AL                             cross-entropy, course 2, week 3
        tanh, relu   (AL - Y)^2 / 2                        half the squared error

    AL and Y are (n_L, m); for softmax, Y is one-hot. Probabilities of exactly 0 or 1 count as the nearest
    floating-point number inside, so a cost is always finite. Returns a scalar of AL's dtype.
    Raises ValueError for another output, where Y has not AL's shape, or where AL holds no probabilities
    but the output is to be one.

    >>> print(compute_cost(np.array([[0.8, 0.9, 0.4]]), np.array([[1, 1, 1]])).round(6))
    0.414932
    """
    loss, _ = _find(_LOSSES, output)
    Y = _fit_labels(Y, AL)
    m = Y.shape[1]
    cost: np.floating[Any] = np.sum(loss(AL, Y)) / m
    return cost


def linear_backward(dZ: Array, cache: LinearCache) -> tuple[Array, Array, Array]:
    """dA_prev = W^T dZ,  dW = dZ A_prev^T / m,  db = (dZ summed over the examples) / m.

    dZ is (n, m); the results have the shapes of A_prev, W and b in cache = (A_prev, W, b).
    Raises ValueError where dZ does not fit the cache.

    >>> A_prev, W, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[10.0, 1.0]]), np.array([[5.0]])
    >>> dA_prev, dW, db = linear_backward(np.array([[2.0, 4.0]]), cache=(A_prev, W, b))
    >>> dA_prev
    array([[20., 40.],
           [ 2.,  4.]])
    >>> dW, db
    (array([[ 5., 11.]]), array([[3.]]))
    """
    A_prev, W, b = cache
    _check_shapes(W=(W, "n", "n_prev"), A_prev=(A_prev, "n_prev", "m"), b=(b, "n", 1), dZ=(dZ, "n", "m"))
    m = A_prev.shape[1]
    dA_prev = W.T @ dZ
    dW = dZ @ A_prev.T / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return dA_prev, dW, db


def linear_activation_backward(dA: Array, cache: Cache, activation: str) -> tuple[Array, Array, Array]:
    """dA_prev, dW, db of a whole layer from dA, of shape (n, m): first dZ = dA * g'(Z), then the linear step.

    cache is ((A_prev, W, b), Z), and activation the one of the forward pass.
    Raises ValueError for another activation or where dA does not fit the cache.

    >>> A, cache = linear_activation_forward(np.eye(2), np.array([[3.0, -4.0]]), np.array([[0.5]]), "relu")
    >>> dA_prev, dW, db = linear_activation_backward(np.array([[2.0, 2.0]]), cache, "relu")
    >>> dW, db
    (array([[1., 0.]]), array([[1.]]))
    """
    _, g_backward = _find(_ACTIVATIONS, activation)
    linear_cache, Z = cache
    _check_shapes(Z=(Z, "n", "m"), dA=(dA, "n", "m"))
    return linear_backward(g_backward(dA, Z), linear_cache)


def L_model_backward(
    AL: Array, Y: Array, caches: Sequence[Cache], hidden: str = "relu", output: str = "sigmoid"
) -> dict[str, Array]:
    """The whole way back: {"dA2", "dW3", "db3", "dA1", "dW2", "db2", "dA0", "dW1", "db1"} for three layers.

    dA_l is the derivative with respect to the output A_l of layer l, so layer l adds dA_(l-1), dW_l and
    db_l, and dA0 belongs to X. (The first edition of the course stores dA_(l-1) under the name dA_l.)
    The recursion starts from the loss of `compute_cost`:

        sigmoid      dAL = -(Y / AL) + (1 - Y) / (1 - AL)
        softmax      dAL = -(Y / AL)
        tanh, relu   dAL = AL - Y

    AL and Y are (n_L, m), caches the list from `L_model_forward`, and hidden and output its activations.
    Raises ValueError for an unknown activation, no caches, or shapes that do not fit.

    >>> X, Y = np.eye(3), np.array([[1, 0, 1]])
    >>> AL, caches = L_model_forward(X, initialize_parameters_deep([3, 4, 1]))
    >>> list(L_model_backward(AL, Y, caches))
    ['dA1', 'dW2', 'db2', 'dA0', 'dW1', 'db1']
    """
    if not caches:
        raise ValueError("caches is empty; expected one cache per layer, as L_model_forward returns them")
    _, loss_backward = _find(_LOSSES, output)
    dA = loss_backward(AL, _fit_labels(Y, AL))
    L = len(caches)
    grads: dict[str, Array] = {}
    for layer in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[layer - 1], output if layer == L else hidden)
        grads |= {f"dA{layer - 1}": dA, f"dW{layer}": dW, f"db{layer}": db}
    return grads


def update_parameters(
    parameters: Mapping[str, Array], grads: Mapping[str, Array], learning_rate: float
) -> dict[str, Array]:
    """One step of gradient descent, W - learning_rate dW and b - learning_rate db, as new arrays.

    parameters is {"W1", "b1", ...}, and grads holds at least {"dW1", "db1", ...} of the same shapes.
    Raises ValueError where one is missing or has another shape.

    >>> parameters = {"W1": np.array([[1.0, 2.0]]), "b1": np.array([[3.0]])}
    >>> update_parameters(parameters, {"dW1": np.array([[10.0, 20.0]]), "db1": np.array([[30.0]])}, 0.1)
    {'W1': array([[0., 0.]]), 'b1': array([[0.]])}
    """
    _count_layers(parameters)
    missing = ["d" + name for name in parameters if "d" + name not in grads]
    if missing:
        raise ValueError(f"grads has no {', '.join(missing)}; expected one for each parameter")
    for name, value in parameters.items():
        _check_shapes(**{name: (value, "n", "n_prev"), "d" + name: (grads["d" + name], "n", "n_prev")})
    return {name: value - float(learning_rate) * grads["d" + name] for name, value in parameters.items()}


# Help for the functions above


def _inside(P: Array) -> Array:
    """Probabilities of exactly 0 or 1 moved to the nearest number between.

    Then Y / A, (1 - Y) / (1 - A) and both logarithms are finite, and dZ comes out as A - Y even there.
    """
    limits = np.finfo(np.result_type(P, 0.5))
    return np.clip(P, limits.tiny, 1 - limits.epsneg)


def _probabilities(AL: Array) -> Array:
    if np.any((AL < 0) | (AL > 1)):
        raise ValueError(
            f"AL reaches from {np.min(AL):.6g} to {np.max(AL):.6g}; expected probabilities between 0 and 1: "
            "is the output layer a sigmoid or a softmax?"
        )
    return _inside(AL)


def _fit_labels(Y: Array, AL: Array) -> Array:
    """Y in the precision of AL (integer labels would turn float32 into float64), once the shapes agree."""
    _check_shapes(AL=(AL, "n_L", "m"), Y=(Y, "n_L", "m"))
    return np.asarray(Y, dtype=np.result_type(AL, 0.5))


def _find(table: Mapping[str, _Row], activation: str) -> _Row:
    if activation not in table:
        raise ValueError(f"unknown activation {activation!r}; expected one of {', '.join(table)}")
    return table[activation]


def _count_layers(parameters: Mapping[str, Array]) -> int:
    L = max(1, len(parameters) // 2)
    expected = {f"{kind}{layer}" for layer in range(1, L + 1) for kind in "Wb"}
    if parameters.keys() != expected:
        raise ValueError(
            f"parameters holds {', '.join(parameters) or 'nothing'}; expected W1, b1, W2, b2, ..."
        )
    return L


def _check_shapes(**arrays: tuple[Any, ...]) -> None:
    """Each name=(array, *axes): an axis is a size or a letter, and a letter means one size throughout."""
    sizes: dict[str | int, int] = {1: 1}
    for name, (array, *axes) in arrays.items():
        shape = np.shape(array)
        expected = tuple(sizes.get(axis, axis) for axis in axes)
        sizes |= {axis: size for axis, size in zip(axes, shape, strict=False) if axis not in sizes}
        if shape != tuple(sizes.get(axis) for axis in axes):
            wanted = ", ".join(map(str, expected))
            raise ValueError(
                f"{name} has shape {shape}; expected ({wanted}){_suggest(name, shape, expected)}"
            )


def _suggest(name: str, shape: tuple[int, ...], expected: tuple[int | str, ...]) -> str:
    rows, columns = expected
    if shape == (rows,) and columns in (1, "m"):
        return f": write {name}.reshape({rows}, 1)"
    if shape == (columns,) and rows == 1:
        return f": write {name}.reshape(1, {columns})"
    if shape == (columns,) and name == "Y":
        return f": integer labels become one-hot columns with np.eye({rows})[Y].T"
    if len(shape) == 2 and shape[1] == rows and columns in (shape[0], "m"):
        return f": examples are columns, write {name}.T"
    return ": units are rows, examples are columns"
